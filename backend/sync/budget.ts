/**
 * How fast we may speak with one hub: never more than the limit in any sliding window, people before machines.
 *
 * HubSpot counts a call when it arrives, which is somewhere between our sending it and its answer. A place is
 * therefore taken when the call is sent and freed one window after its *answer*: whatever the network did, no window
 * of HubSpot's clock holds more than the limit. The cost is one latency in a window (1 % at 100 ms).
 */
import type { LimitHeaders } from '../hubspot/transport.ts';
import { laneNumber, LANES, type Lane } from '../store/lanes.ts';

export interface Ticket {
  /** The call is over; `limits` are its answer's headers. */
  done(limits: LimitHeaders | null): void;
  /** The call was never made. */
  unused(): void;
}

export interface Clock {
  now(): number;
  /** Runs `work` after `delayMs`; the function returned cancels it. */
  after(delayMs: number, work: () => void): () => void;
}

export interface BudgetOptions {
  /** Used until an answer's headers say otherwise (docs: 190 for Professional and Enterprise, 100 below). */
  windowLimit: number;
  windowMs?: number;
}

const WINDOW_MS = 10_000;
/** This part of the window is kept for the lanes of people. */
const PEOPLE_RESERVE = 0.1;
/** A machine's call that has waited this long goes first, so that the lower lanes never starve. */
const STARVED_MS = 5_000;
/** Below this part of the day's calls the lower lanes rest, so that people are served to the day's end. */
const DAILY_RESERVE: Readonly<Record<Lane, number>> = {
  edit: 0,
  read: 0.01,
  settle: 0,
  observe: 0.02,
  reconcile: 0.1,
  backfill: 0.1,
};

interface Waiter {
  lane: Lane;
  since: number;
  grant: (ticket: Ticket) => void;
  refuse: (why: BudgetClosed) => void;
}

/** The worker is stopping: whoever waited for a place gets none. */
export class BudgetClosed extends Error {
  override name = 'BudgetClosed';
}

export class Budget {
  readonly #clock: Clock;
  readonly #windowMs: number;
  #windowLimit: number;
  #dailyLimit: number | null = null;
  #dailyRemaining: number | null = null;
  #inFlight = 0;
  /** Every call that was ever counted, ours and others'. */
  #everCounted = 0;
  /** Places given to each lane since the beginning. */
  readonly #given = LANES.map(() => 0);
  #heldUntil = 0;
  /** When each finished call was answered, oldest first. */
  readonly #answered: number[] = [];
  readonly #waiters = LANES.map((): Waiter[] => []);
  #cancelTimer: (() => void) | null = null;
  #closed = false;

  constructor(clock: Clock, options: BudgetOptions) {
    this.#clock = clock;
    this.#windowMs = options.windowMs ?? WINDOW_MS;
    this.#windowLimit = options.windowLimit;
  }

  /** Resolves when a call may be sent; rejects when the budget is closed first. */
  acquire(lane: Lane): Promise<Ticket> {
    if (this.#closed) return Promise.reject(new BudgetClosed());
    return new Promise((grant, refuse) => {
      this.#waiters[laneNumber(lane)]?.push({ since: this.#clock.now(), lane, grant, refuse });
      this.#grant();
    });
  }

  /** True when a call of this lane would not have to wait. */
  isFree(lane: Lane): boolean {
    const now = this.#clock.now();
    const reserve = PEOPLE.includes(lane) ? 0 : Math.ceil(this.#windowLimit * PEOPLE_RESERVE);
    return now >= this.#heldUntil && this.#windowLimit - this.#used(now) > reserve && this.#dayAllows(lane);
  }

  /** HubSpot refused a call for its rate: nobody is let through for so long. */
  hold(forMs: number): void {
    this.#heldUntil = Math.max(this.#heldUntil, this.#clock.now() + forMs);
    this.#grant();
  }

  /** How many places this lane was ever given. */
  calls(lane: Lane): number {
    return this.#given[laneNumber(lane)] ?? 0;
  }

  snapshot(): {
    windowLimit: number;
    windowUsed: number;
    dailyLimit: number | null;
    dailyRemaining: number | null;
  } {
    const windowUsed = this.#used(this.#clock.now());
    return {
      windowLimit: this.#windowLimit,
      windowUsed,
      dailyLimit: this.#dailyLimit,
      dailyRemaining: this.#dailyRemaining,
    };
  }

  close(): void {
    this.#closed = true;
    this.#cancelTimer?.();
    for (const waiter of this.#waiters.flat()) waiter.refuse(new BudgetClosed());
  }

  #grant(): void {
    const now = this.#clock.now();
    if (now >= this.#heldUntil) {
      for (let next = this.#next(now); next !== null; next = this.#next(now)) {
        this.#given[laneNumber(next.lane)] = this.calls(next.lane) + 1;
        next.grant(this.#ticket());
      }
    }
    this.#schedule(now);
  }

  #next(now: number): Waiter | null {
    const free = this.#windowLimit - this.#used(now);
    if (free <= 0) return null;
    const reserve = Math.ceil(this.#windowLimit * PEOPLE_RESERVE);
    const waiting = this.#waiters.filter((lane) => lane[0] !== undefined && this.#dayAllows(lane[0].lane));
    // Whoever has waited longest of them: where people alone fill the window, they too have waited that long.
    const starved = waiting
      .filter((lane) => (lane[0]?.since ?? now) + STARVED_MS <= now)
      .sort((a, b) => (a[0]?.since ?? now) - (b[0]?.since ?? now))[0];
    const next =
      starved ?? waiting.find((lane) => free > reserve || PEOPLE.includes(lane[0]?.lane ?? 'backfill'));
    return next?.shift() ?? null;
  }

  #dayAllows(lane: Lane): boolean {
    if (this.#dailyLimit === null || this.#dailyRemaining === null) return true;
    return this.#dailyRemaining > this.#dailyLimit * DAILY_RESERVE[lane];
  }

  /** One timer, for the moment at which somebody who waits could be let through. */
  #schedule(now: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    if (this.#waiters.every((lane) => lane.length === 0)) return;
    const isHeld = now < this.#heldUntil;
    const placeAt = (this.#answered[0] ?? now) + this.#windowMs;
    const delayMs = (isHeld ? this.#heldUntil : placeAt) - now;
    this.#cancelTimer = this.#clock.after(Math.max(1, Math.min(delayMs, STARVED_MS)), () => this.#grant());
  }

  #ticket(): Ticket {
    const usedBefore = this.#used(this.#clock.now());
    const countedBefore = this.#everCounted;
    this.#inFlight += 1;
    this.#everCounted += 1;
    let open = true;
    const close = (answered: boolean, limits: LimitHeaders | null): void => {
      if (!open) return;
      open = false;
      this.#inFlight -= 1;
      if (answered) this.#answered.push(this.#clock.now());
      if (limits !== null) this.#heed(limits, usedBefore + this.#everCounted - countedBefore);
      this.#grant();
    };
    return { done: (limits) => close(true, limits), unused: () => close(false, null) };
  }

  /**
   * Others may use the same limit (another process of the same app): what HubSpot counts beyond ours counts too. `ours`
   * is the most it can have counted of ours when it looked, which was some time before its answer reached us.
   */
  #heed(limits: LimitHeaders, ours: number): void {
    if (limits.windowLimit !== null) this.#windowLimit = limits.windowLimit;
    if (limits.windowRemaining !== null) {
      const unknown = this.#windowLimit - limits.windowRemaining - ours;
      for (let i = 0; i < unknown; i += 1) this.#answered.push(this.#clock.now());
      this.#everCounted += Math.max(0, unknown);
    }
    this.#dailyLimit = limits.dailyLimit ?? this.#dailyLimit;
    this.#dailyRemaining = limits.dailyRemaining ?? this.#dailyRemaining;
  }

  #used(now: number): number {
    while (this.#answered.length > 0 && (this.#answered[0] ?? 0) + this.#windowMs <= now)
      this.#answered.shift();
    return this.#inFlight + this.#answered.length;
  }
}

const PEOPLE: readonly Lane[] = ['edit', 'read', 'settle'];
