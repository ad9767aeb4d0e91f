/** Small parts that every page is made of. */
import { Component, useEffect, useRef, type MouseEvent, type ReactNode } from 'react';
import { go, hrefOf } from '../address.ts';
import { WORDS } from '../words.ts';

interface LinkProps {
  to: string;
  className?: string;
  current?: boolean;
  children: ReactNode;
}

export function Link({ to, className, current = false, children }: LinkProps) {
  const click = (event: MouseEvent): void => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.altKey || event.button !== 0) return;
    event.preventDefault();
    go(to);
  };
  return (
    <a href={hrefOf(to)} className={className} aria-current={current ? 'page' : undefined} onClick={click}>
      {children}
    </a>
  );
}

/** A page's heading takes the focus when the page changes, so that everybody notices; not with the first page. */
let pagesShown = 0;

export function Title({ children, lead }: { children: string; lead?: ReactNode }) {
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    document.title = `${children} · ${WORDS.portal}`;
  }, [children]);
  useEffect(() => {
    pagesShown += 1;
    if (pagesShown > 1) heading.current?.focus({ preventScroll: true });
  }, []);
  return (
    <header className="title">
      <h1 ref={heading} tabIndex={-1}>
        {children}
      </h1>
      {lead !== undefined && <p className="lead">{lead}</p>}
    </header>
  );
}

export function Card({
  title,
  action,
  children,
}: {
  title?: string;
  action?: ReactNode;
  children: ReactNode;
}) {
  return (
    <section className="card">
      {title !== undefined && (
        <div className="card-head">
          <h2>{title}</h2>
          {action}
        </div>
      )}
      {children}
    </section>
  );
}

export function Loading() {
  return <p className="soft loading">{WORDS.loading}</p>;
}

/** A mistake of ours in one part leaves the others alone. */
export class Boundary extends Component<{ children: ReactNode }, { broke: boolean }> {
  override state = { broke: false };
  static getDerivedStateFromError(): { broke: boolean } {
    return { broke: true };
  }
  override render(): ReactNode {
    return this.state.broke ? (
      <p className="problem" role="alert">
        {WORDS.broken}
      </p>
    ) : (
      this.props.children
    );
  }
}
