/** What stands around every page: the name, the way, how the connection is, what is said to those who listen. */
import { useEffect, useState, type ReactNode } from 'react';
import { useAddress } from '../address.ts';
import { LISTS, MESSAGES, SOURCES } from '../layout.ts';
import { WORDS } from '../words.ts';
import { useAccount, useMe } from '../world.tsx';
import { Link } from './basics.tsx';

export function Shell({ children }: { children: ReactNode }) {
  const address = useAddress();
  const [isOpen, setOpen] = useState(false);
  useEffect(() => {
    setOpen(false);
    scrollTo(0, 0);
  }, [address.path]);
  return (
    <div className="shell">
      <a className="skip" href="#main" onClick={(event) => focusMain(event)}>
        {WORDS.skip}
      </a>
      <header className="head">
        <Brand />
        <button
          type="button"
          className="menu"
          aria-expanded={isOpen}
          aria-controls="nav"
          onClick={() => setOpen(!isOpen)}
        >
          {WORDS.menu}
        </button>
      </header>
      <nav id="nav" aria-label={WORDS.portal} className={isOpen ? 'open' : ''}>
        <Ways />
      </nav>
      <main id="main" tabIndex={-1}>
        <Connection />
        {children}
      </main>
      <Said />
    </div>
  );
}

/** A page of somebody who is not signed in. */
export function Bare({ children }: { children: ReactNode }) {
  return (
    <div className="bare">
      <header>
        <Brand />
      </header>
      <main>{children}</main>
      <Said />
    </div>
  );
}

function Brand() {
  return (
    <Link to="/" className="brand">
      <img src="logo.svg" alt="" width="28" height="28" />
      <span>{WORDS.portal}</span>
    </Link>
  );
}

function Ways() {
  const me = useMe();
  const { steps } = useAddress();
  const lists = Object.values(LISTS).flatMap(({ page, object }) => {
    const label = me.objects[object]?.label.many;
    return label === undefined ? [] : [{ page, label }];
  });
  const ways = [
    { page: '', label: WORDS.nav.overview },
    ...lists,
    ...(me.objects[MESSAGES.object] === undefined ? [] : [{ page: 'documents', label: WORDS.nav.documents }]),
    ...me.sources.flatMap(({ name, label }) => {
      const page = SOURCES[name]?.page;
      return page === undefined ? [] : [{ page, label }];
    }),
    { page: 'company', label: me.companies.length > 1 ? WORDS.nav.companies : WORDS.nav.company },
    { page: 'details', label: WORDS.nav.details },
    { page: 'activity', label: WORDS.nav.activity },
    { page: 'sessions', label: WORDS.nav.sessions },
  ];
  return (
    <ul>
      {ways.map(({ page, label }) => (
        <li key={page}>
          <Link to={`/${page}`} current={(steps[0] ?? '') === page}>
            {label}
          </Link>
        </li>
      ))}
    </ul>
  );
}

/** Short breaks are nobody's business. */
const SHOWN_AFTER_MS = 2_500;

function Connection() {
  const live = useAccount((state) => state.live);
  const again = useAccount((state) => state.again);
  const { path } = useAddress();
  const isBroken = live === 'waiting' || live === 'connecting';
  const [isLong, setLong] = useState(false);
  useEffect(() => {
    if (!isBroken) {
      setLong(false);
      return;
    }
    const timer = setTimeout(() => setLong(true), SHOWN_AFTER_MS);
    return () => clearTimeout(timer);
  }, [isBroken]);
  if (again !== null)
    return (
      <div className="notice" role="alert">
        {WORDS.again[again]} <Link to={`/sign-in?next=${path}`}>{WORDS.signInAgain}</Link>
      </div>
    );
  const text = live === 'offline' ? WORDS.offline : isBroken && isLong ? WORDS.reconnecting : null;
  return (
    <div role="status" className="connection" data-live={live}>
      {text !== null && <p className="notice">{text}</p>}
    </div>
  );
}

/** For screen readers: ends of receipts and what was asked for, never ages. */
function Said() {
  const { text, count } = useAccount((state) => state.said);
  return (
    <div className="hidden" role="status">
      <span key={count}>{text}</span>
    </div>
  );
}

function focusMain(event: { preventDefault: () => void }): void {
  event.preventDefault(); // with a <base> the address would change
  document.getElementById('main')?.focus();
}
