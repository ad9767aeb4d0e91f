/** The ways in that this portal offers. */
import { useEffect, useState, type FormEvent } from 'react';
import type { SignInWays } from '@tallystick/shared/messages';
import { useAddress } from '../address.ts';
import { Card, Loading, Title } from '../parts/basics.tsx';
import { Bare } from '../parts/Shell.tsx';
import { WORDS } from '../words.ts';
import { useAccount, useWorld } from '../world.tsx';

export function SignIn() {
  const { account } = useWorld();
  const { query } = useAddress();
  const again = useAccount((state) => state.again);
  const [ways, setWays] = useState<SignInWays | 'loading' | 'none'>('loading');
  useEffect(() => {
    account.client.signInWays().then(setWays, () => setWays('none'));
  }, [account]);
  return (
    <Bare>
      {query.get('out') !== null && <p role="status">{WORDS.signedOut}</p>}
      {again !== null && <p role="status">{WORDS.again[again]}</p>}
      <Title>{WORDS.signIn}</Title>
      <Card>
        {ways === 'loading' && <Loading />}
        {(ways === 'none' || (ways !== 'loading' && !ways.mail && ways.providers.length === 0)) && (
          <p>{WORDS.noWays}</p>
        )}
        {typeof ways !== 'string' && (
          <>
            {ways.mail && <Mail />}
            <div className="providers">
              {ways.providers.map(({ name, label }) => (
                <a key={name} className="button" href={account.client.providerAddress(name)}>
                  {WORDS.signInWith(label)}
                </a>
              ))}
            </div>
          </>
        )}
      </Card>
    </Bare>
  );
}

function Mail() {
  const { account } = useWorld();
  const [email, setEmail] = useState('');
  const [state, setState] = useState<'asking' | 'busy' | 'sent'>('asking');
  const [problem, setProblem] = useState<string | null>(null);
  const send = async (event: FormEvent): Promise<void> => {
    event.preventDefault();
    setState('busy');
    try {
      await account.client.mailLink(email.trim());
      setState('sent');
      account.say(WORDS.mailbox);
    } catch (error) {
      setProblem(account.failed(error));
      setState('asking');
    }
  };
  if (state === 'sent')
    return (
      <div role="status">
        <h2>{WORDS.mailbox}</h2>
        <p>{WORDS.mailboxLead(email.trim())}</p>
        <button type="button" className="quiet" onClick={() => setState('asking')}>
          {WORDS.anotherEmail}
        </button>
      </div>
    );
  return (
    <form className="creation" onSubmit={(event) => void send(event)}>
      <p className="soft">{WORDS.signInLead}</p>
      <div className="form-field">
        <label htmlFor="email">{WORDS.email}</label>
        <input
          id="email"
          type="email"
          autoComplete="email"
          required
          value={email}
          onChange={(event) => setEmail(event.target.value)}
        />
        {problem !== null && (
          <p className="problem" role="alert">
            {problem}
          </p>
        )}
      </div>
      <button type="submit" className="main" disabled={state === 'busy'}>
        {WORDS.sendLink}
      </button>
    </form>
  );
}
