/** Which of many sessions are still what they were opened with: in one statement for tokens and one for cookies. */
import type { HubId } from '@tallystick/shared/ids';
import { livingTokens } from '../store/people.ts';
import { livingSessions } from '../store/sessions.ts';
import type { Session, SessionDeps } from './session.ts';

export async function stillOpen(
  { db, now, signIn }: SessionDeps,
  hubId: HubId,
  sessions: readonly Session[],
): Promise<Set<Session['by']>> {
  const keys = sessions.map(({ by }) => by);
  const tokens = keys.flatMap((by) => (by.is === 'token' ? [by.token] : []));
  const ids = keys.flatMap((by) => (by.is === 'cookie' ? [by.sessionId] : []));
  const [goodTokens, goodIds] = await Promise.all([
    livingTokens(db, hubId, tokens),
    signIn === undefined
      ? new Set<string>()
      : livingSessions(db, hubId, ids, { now: now(), idleMs: signIn.idleMs }),
  ]);
  return new Set(
    keys.filter((by) => (by.is === 'token' ? goodTokens.has(by.token) : goodIds.has(by.sessionId))),
  );
}
