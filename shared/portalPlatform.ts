/**
 * What the portal's client needs of the place it runs in: a browser, or Node 20. The only file of this room that
 * touches the world; everything else here gets it as a parameter.
 */

export interface Platform {
  fetch: (address: string, init: RequestInit) => Promise<Response>;
  /** Milliseconds since 1970. */
  now: () => number;
  /** From 0 up to 1. */
  random: () => number;
  /** Unique and not to be guessed. */
  newId: () => string;
  /** Does the work once, later; answers with a way to call it off. */
  after: (delayMs: number, work: () => void) => () => void;
  /** False only when it is certain that there is no network. */
  isOnline: () => boolean;
  /** Tells when that changes; answers with a way to stop. */
  onOnlineChange: (listener: () => void) => () => void;
}

const ID_BYTES = 16;

export function platformHere(): Platform {
  return {
    fetch: (address, init) => fetch(address, init),
    now: () => Date.now(),
    random: () => Math.random(),
    newId: () =>
      Array.from(crypto.getRandomValues(new Uint8Array(ID_BYTES)), (byte) =>
        byte.toString(16).padStart(2, '0'),
      ).join(''),
    after: (delayMs, work) => {
      const timer = setTimeout(work, delayMs);
      return () => clearTimeout(timer);
    },
    // Node 20 has no navigator, and that of later ones does not say.
    isOnline: () =>
      !('navigator' in globalThis) || !('onLine' in globalThis.navigator) || globalThis.navigator.onLine,
    onOnlineChange: (listener) => {
      if (!('addEventListener' in globalThis)) return () => undefined;
      for (const event of ['online', 'offline']) globalThis.addEventListener(event, listener);
      return () => {
        for (const event of ['online', 'offline']) globalThis.removeEventListener(event, listener);
      };
    },
  };
}
