/**
 * Where the link of the mail leads. Nothing happens before the button: programs that look at the links of mails must
 * not use them up. The token stands behind the #, so no server and no log ever sees it in an address.
 */
import { useEffect, useState } from 'react';
import { go, hrefOf } from '../address.ts';
import { Card, Link, Title } from '../parts/basics.tsx';
import { Bare } from '../parts/Shell.tsx';
import { otherWindows } from '../windows.ts';
import { WORDS } from '../words.ts';
import { useWorld } from '../world.tsx';

export function Confirm() {
  const { account } = useWorld();
  const [token] = useState(() => location.hash.slice(1));
  const [state, setState] = useState<'asking' | 'busy' | 'failed'>('asking');
  const [problem, setProblem] = useState<string>(WORDS.confirmFailed);
  useEffect(() => {
    // It has been read: it need not stand in the history.
    if (token !== '') history.replaceState(null, '', hrefOf('/sign-in/confirm'));
  }, [token]);
  const confirm = async (): Promise<void> => {
    setState('busy');
    try {
      await account.client.confirmMail(token);
    } catch (error) {
      setProblem(account.failed(error));
      setState('failed');
      return;
    }
    otherWindows.tell('signed-in');
    await account.signedInAnew();
    go('/', { replace: true });
  };
  return (
    <Bare>
      <Title>{WORDS.confirmTitle}</Title>
      <Card>
        {token === '' && <p>{WORDS.noToken}</p>}
        {token !== '' && state !== 'failed' && (
          <>
            <p>{WORDS.confirmLead}</p>
            <button type="button" className="main" disabled={state === 'busy'} onClick={() => void confirm()}>
              {WORDS.confirm}
            </button>
          </>
        )}
        {state === 'failed' && (
          <p className="problem" role="alert">
            {problem} <Link to="/sign-in">{WORDS.newLink}</Link>
          </p>
        )}
      </Card>
    </Bare>
  );
}
