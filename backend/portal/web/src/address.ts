/** The router: which page the address means. Pages are mounted wherever the document's base is. */
import { useSyncExternalStore } from 'react';

export interface Address {
  /** Below the base, without slashes at its ends: ["cases", "410"]. */
  steps: readonly string[];
  query: URLSearchParams;
  /** What the address bar shows below the base: "/cases/410". */
  path: string;
}

const base = new URL(document.baseURI).pathname.replace(/\/$/, '');
const listeners = new Set<() => void>();
let current = read();

addEventListener('popstate', changed);

export function useAddress(): Address {
  return useSyncExternalStore(listen, () => current);
}

export const addressNow = (): Address => current;

/** For a link's `href`. */
export const hrefOf = (path: string): string => `${base}${path}`;

export function go(path: string, { replace = false } = {}): void {
  if (replace) history.replaceState(null, '', hrefOf(path));
  else history.pushState(null, '', hrefOf(path));
  changed();
}

/** Only a page of ours: an address from outside must not lead away. */
export const ownPath = (path: string | null): string =>
  path !== null && /^\/(?![/\\])[\w\-./?=&%]*$/.test(path) ? path : '/';

/** The service's address: the base, without a slash at its end. */
export const serviceBase = base;

function listen(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function changed(): void {
  current = read();
  for (const listener of listeners) listener();
}

function read(): Address {
  const path = location.pathname.startsWith(base) ? location.pathname.slice(base.length) : '/';
  const steps = path.split('/').filter((step) => step !== '');
  return { steps: steps.map(plain), query: new URLSearchParams(location.search), path: path || '/' };
}

function plain(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    return step;
  }
}
