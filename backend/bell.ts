/** Waiting inside a worker's term: for a ring, or for a time. */

interface Clock {
  /** Runs `work` after a delay; the answer takes it back. */
  after(delayMs: number, work: () => void): () => void;
}

/** Wakes whoever waits for work; a ring after `rings` was read is not missed. */
export class Bell {
  rings = 0;
  readonly #clock: Clock;
  readonly #term: AbortSignal;
  readonly #waiting = new Set<() => void>();

  constructor(clock: Clock, term: AbortSignal) {
    this.#clock = clock;
    this.#term = term;
    term.addEventListener('abort', () => this.#wakeAll());
  }

  ring(): void {
    this.rings += 1;
    this.#wakeAll();
  }

  /** Resolves at the first ring after `rings`, or after `ms`. */
  after(rings: number, ms: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.rings !== rings || this.#term.aborted) return resolve();
      const end = (): void => {
        cancel();
        this.#waiting.delete(end);
        resolve();
      };
      const cancel = this.#clock.after(ms, end);
      this.#waiting.add(end);
    });
  }

  #wakeAll(): void {
    for (const wake of this.#waiting) wake();
  }
}

/** Resolves after `ms`, or at once when `signal` is aborted. */
export function pause(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = (): void => {
      cancel();
      signal.removeEventListener('abort', end);
      resolve();
    };
    const cancel = clock.after(ms, end);
    signal.addEventListener('abort', end);
  });
}

/** Asked anew: TypeScript believes that what it was before an `await` it still is. */
export const isAborted = (signal: AbortSignal): boolean => signal.aborted;

/** For a pause that nothing cuts short. */
export const NEVER = new AbortController().signal;
