/** Which page is shown: by who is signed in, and by the address. */
import { useEffect, type ReactElement } from 'react';
import { go, ownPath, useAddress, type Address } from './address.ts';
import { COMPANY, LISTS, PERSON, SOURCES } from './layout.ts';
import { Activity } from './pages/Activity.tsx';
import { Case, RaiseCase } from './pages/Cases.tsx';
import { Companies } from './pages/Companies.tsx';
import { Confirm } from './pages/Confirm.tsx';
import { Documents } from './pages/Documents.tsx';
import { ListOf } from './pages/ListOf.tsx';
import { Overview } from './pages/Overview.tsx';
import { Quote } from './pages/Quote.tsx';
import { RecordPage } from './pages/RecordPage.tsx';
import { Sessions } from './pages/Sessions.tsx';
import { SignIn } from './pages/SignIn.tsx';
import { SourcePage } from './pages/SourcePage.tsx';
import { Unlinked } from './pages/Unlinked.tsx';
import { Boundary, Link, Loading, Title } from './parts/basics.tsx';
import { Bare, Shell } from './parts/Shell.tsx';
import { WORDS } from './words.ts';
import { useAccount, useMe, useWorld } from './world.tsx';

export function App() {
  const address = useAddress();
  const phase = useAccount((state) => state.phase);
  const again = useAccount((state) => state.again);
  const [first, second] = address.steps;
  const signsIn = first === 'sign-in';
  useEffect(() => {
    if (phase === 'signed-out' && !signsIn)
      go(`/sign-in${address.path === '/' ? '' : `?next=${address.path}`}`, { replace: true });
    if (phase === 'signed-in' && again === null && signsIn && second !== 'confirm')
      go(ownPath(address.query.get('next')), { replace: true });
  }, [phase, again, signsIn, second, address]);
  if (signsIn && second === 'confirm') return <Confirm />;
  if (signsIn) return phase === 'starting' ? <Waiting /> : <SignIn />;
  switch (phase) {
    case 'starting':
    case 'signed-out':
      return <Waiting />;
    case 'unreachable':
      return <Unreachable />;
    case 'unlinked':
      return <Unlinked />;
    case 'signed-in':
      return (
        <Shell>
          <Boundary key={address.path}>
            <Page address={address} />
          </Boundary>
        </Shell>
      );
    default:
      return phase satisfies never;
  }
}

function Page({ address }: { address: Address }): ReactElement {
  const me = useMe();
  const [page = '', id, ...rest] = address.steps;
  const list = Object.values(LISTS).find((each) => each.page === page);
  if (rest.length > 0) return <NotHere />;
  if (list !== undefined && me.objects[list.object] !== undefined) {
    if (id === undefined) return <ListOf key={page} list={list} />;
    if (page === LISTS.cases.page) return id === 'new' ? <RaiseCase /> : <Case key={id} id={id} />;
    if (page === LISTS.quotes.page) return <Quote key={id} id={id} />;
    return <RecordPage key={`${page}/${id}`} object={list.object} id={id} />;
  }
  if (page === 'company') {
    if (id !== undefined) return <RecordPage key={id} object={COMPANY} id={id} />;
    return <Companies />;
  }
  if (id !== undefined) return <NotHere />;
  const source = me.sources.find(({ name }) => SOURCES[name]?.page === page);
  if (source !== undefined) return <SourcePage key={page} source={source} />;
  switch (page) {
    case '':
      return <Overview />;
    case 'details':
      return <RecordPage object={PERSON} id={me.contactId} title={WORDS.nav.details} />;
    case 'documents':
      return <Documents />;
    case 'activity':
      return <Activity />;
    case 'sessions':
      return <Sessions />;
    default:
      return <NotHere />;
  }
}

export function NotHere() {
  return (
    <>
      <Title>{WORDS.notHere}</Title>
      <p>
        <Link to="/">{WORDS.home}</Link>
      </p>
    </>
  );
}

function Waiting() {
  return (
    <Bare>
      <Loading />
    </Bare>
  );
}

const RETRY_MS = 3_000;

function Unreachable() {
  const { account } = useWorld();
  useEffect(() => {
    const timer = setInterval(() => void account.start(), RETRY_MS);
    return () => clearInterval(timer);
  }, [account]);
  return (
    <Bare>
      <p role="status">{WORDS.unreachable}</p>
    </Bare>
  );
}
