/** Where the person is signed in, and the ways out. */
import { useEffect, useState } from 'react';
import type { SessionEntry } from '@tallystick/shared/messages';
import { go } from '../address.ts';
import { Card, Loading, Title } from '../parts/basics.tsx';
import { browserOf, instantOf } from '../values.ts';
import { otherWindows } from '../windows.ts';
import { WORDS } from '../words.ts';
import { useWorld } from '../world.tsx';

export function Sessions() {
  const { account } = useWorld();
  const [sessions, setSessions] = useState<readonly SessionEntry[] | 'loading' | 'failed'>('loading');
  const load = (): void => {
    account.client.sessions().then(setSessions, (error: unknown) => {
      account.failed(error);
      setSessions('failed');
    });
  };
  useEffect(load, [account]);
  const end = async (sessionId: string): Promise<void> => {
    try {
      await account.client.endSession(sessionId);
      load();
    } catch (error) {
      account.say(account.failed(error));
    }
  };
  return (
    <>
      <Title lead={WORDS.sessionsLead}>{WORDS.nav.sessions}</Title>
      <Card>
        {sessions === 'loading' && <Loading />}
        {sessions === 'failed' && <p className="soft">{WORDS.sessionsUnavailable}</p>}
        {typeof sessions !== 'string' && (
          <ul className="messages">
            {sessions.map((session) => (
              <li key={session.sessionId} className="session">
                <div>
                  <p>
                    {browserOf(session.browser)}{' '}
                    {session.current && <span className="tag">{WORDS.thisOne}</span>}
                  </p>
                  <p className="soft">
                    {session.address} · {WORDS.since(instantOf(session.createdAt))} ·{' '}
                    {WORDS.seenAt(instantOf(session.seenAt))}
                  </p>
                </div>
                {!session.current && (
                  <button
                    type="button"
                    aria-label={WORDS.endSessionOf(browserOf(session.browser))}
                    onClick={() => void end(session.sessionId)}
                  >
                    {WORDS.endSession}
                  </button>
                )}
              </li>
            ))}
          </ul>
        )}
      </Card>
      <SignOut />
    </>
  );
}

export function SignOut() {
  const { account } = useWorld();
  const [problem, setProblem] = useState<string | null>(null);
  const leave = async (everywhere: boolean): Promise<void> => {
    try {
      await account.signOut({ everywhere });
      otherWindows.tell('signed-out');
      go('/sign-in?out=1', { replace: true });
    } catch (error) {
      setProblem(account.failed(error));
    }
  };
  return (
    <>
      <div className="buttons">
        <button type="button" onClick={() => void leave(false)}>
          {WORDS.signOut}
        </button>
        <button type="button" className="quiet" onClick={() => void leave(true)}>
          {WORDS.signOutEverywhere}
        </button>
      </div>
      {problem !== null && (
        <p className="problem" role="alert">
          {problem}
        </p>
      )}
    </>
  );
}
