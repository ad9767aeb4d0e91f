/** What the drawn components share: the page's actions, the layer overlays stand in, and which of them are open. */
import { createContext, useContext, type ReactNode } from 'react';
import type { PageLocation } from './protocol.ts';

export type AlertType = 'info' | 'warning' | 'success' | 'danger' | 'tip';

export interface Notice {
  type?: AlertType | undefined;
  title?: string | undefined;
  message: string;
}

/** Opened and closed by the id of its Modal or Panel. */
export interface Overlay {
  open?: () => void;
  close: () => void;
}

export interface Surface {
  addAlert: (notice: Notice) => void;
  navigate: (to: string, params?: Record<string, string>) => void;
  properties: (names: readonly string[]) => Promise<Record<string, string | null>>;
  /** Tells when the record moved; returns how to stop. */
  onRecord: (listener: () => void) => () => void;
  overlays: Map<string, Overlay>;
  /** The element overlays are drawn in. */
  layer: () => HTMLElement | null;
}

const SurfaceContext = createContext<Surface | null>(null);
export const SurfaceProvider = SurfaceContext.Provider;

export function useSurface(): Surface {
  const surface = useContext(SurfaceContext);
  if (surface === null) throw new Error('Components are drawn inside a host only.');
  return surface;
}

/** Calls what the extension gave. It may be gone by then, or throw: neither is the page's error. */
export function tell<A extends unknown[]>(callback: ((...args: A) => unknown) | undefined, ...args: A): void {
  if (typeof callback !== 'function') return;
  try {
    Promise.resolve(callback(...args)).catch(report);
  } catch (error) {
    report(error);
  }
}

const report = (error: unknown): void => console.warn('The extension’s callback failed:', error);

let events = 0;

/** The SDK's ExtensionEvent, as it crosses the thread. */
export function eventOf(type: string): { type: string; bubbles: boolean; timeStamp: number; id: string } {
  events += 1;
  return { type, bubbles: true, timeStamp: performance.now(), id: `event-${events}` };
}

/** The second argument of click handlers. */
export function reactionsOf({ overlays }: Surface): {
  openPanel: (id: string) => void;
  closePanel: (id: string) => void;
  openModal: (id: string) => void;
  closeModal: (id: string) => void;
} {
  const open = (id: string): void => overlays.get(id)?.open?.();
  const close = (id: string): void => overlays.get(id)?.close();
  return { openPanel: open, closePanel: close, openModal: open, closeModal: close };
}

/** `:name` parts of the path are filled in, what is left of the parameters becomes the query. */
export function locate(to: string, given: Record<string, string> = {}): PageLocation {
  const [path = '/', query = ''] = to.split('?', 2);
  const used = new Set<string>();
  const filled = path.replace(/:([A-Za-z0-9_]+)/g, (token, name: string) => {
    const value = given[name];
    if (value === undefined) return token;
    used.add(name);
    return encodeURIComponent(value);
  });
  const rest = Object.entries(given).filter(([name]) => !used.has(name));
  return {
    path: filled.startsWith('/') ? filled : `/${filled}`,
    params: { ...Object.fromEntries(new URLSearchParams(query)), ...Object.fromEntries(rest) },
  };
}

/** An address that may be followed: scripts are none. */
export function safeHref(href: string): string | undefined {
  if (!URL.canParse(href, window.location.href)) return undefined;
  const { protocol } = new URL(href, window.location.href);
  return ['https:', 'http:', 'mailto:', 'tel:'].includes(protocol) ? href : undefined;
}

export const classes = (...names: (string | false | undefined)[]): string =>
  names.filter((name) => typeof name === 'string' && name !== '').join(' ');

/** `testId` where a test looks for it. */
export const tested = (testId: string | undefined): { 'data-test-id'?: string } =>
  testId === undefined ? {} : { 'data-test-id': testId };

const SIZES: Record<string, string> = {
  'extra-small': 'xs',
  small: 'sm',
  medium: 'md',
  large: 'lg',
  'extra-large': 'xl',
  default: 'md',
};

/** The SDK has two names for each size. */
export const sizeOf = (size: string | undefined, otherwise: string): string =>
  size === undefined ? otherwise : (SIZES[size] ?? size);

export interface Children {
  children?: ReactNode;
  testId?: string;
}
