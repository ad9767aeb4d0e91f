/** Signed in, but it is not certain as which customer: who are you, what happens next, the way out. */
import { Card, Title } from '../parts/basics.tsx';
import { Bare } from '../parts/Shell.tsx';
import { WORDS } from '../words.ts';
import { useAccount, useWorld } from '../world.tsx';
import { SignOut } from './Sessions.tsx';

export function Unlinked() {
  const { account } = useWorld();
  const unlinked = useAccount((state) => state.unlinked);
  if (unlinked === null) return null;
  return (
    <Bare>
      <Title>{WORDS.unlinkedTitle}</Title>
      <Card>
        <p>{WORDS.unlinkedAs(unlinked.email)}</p>
        <p>{unlinked.message}</p>
        <p>
          <button type="button" className="main" onClick={() => void account.start()}>
            {WORDS.lookAgain}
          </button>
        </p>
        <SignOut />
      </Card>
    </Bare>
  );
}
