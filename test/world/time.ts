/** Time that passes only when it is told to: of the service, and of the CRM, which is some minutes off. */
import { Budget, type BudgetOptions, type Clock, type Ticket } from '../../backend/sync/budget.ts';
import type { Lane } from '../../backend/store/lanes.ts';

interface Timer {
  at: number;
  order: number;
  work: () => void;
}

export class VirtualClock implements Clock {
  #now: number;
  #order = 0;
  #timers: Timer[] = [];
  readonly #onPass: (ms: number) => void;

  /** `onPass`: other clocks that go with this one. */
  constructor(now: number, onPass: (ms: number) => void) {
    this.#now = now;
    this.#onPass = onPass;
  }

  now = (): number => this.#now;

  after = (delayMs: number, work: () => void): (() => void) => {
    const timer = { at: this.#now + Math.max(0, delayMs), order: (this.#order += 1), work };
    this.#timers.push(timer);
    this.#timers.sort((a, b) => a.at - b.at || a.order - b.order);
    return () => (this.#timers = this.#timers.filter((each) => each !== timer));
  };

  pass(ms: number): void {
    const until = this.#now + ms;
    for (let next = this.#timers[0]; next !== undefined && next.at <= until; next = this.#timers[0]) {
      this.#timers.shift();
      this.#move(next.at);
      next.work();
    }
    this.#move(until);
  }

  /** To the next moment somebody waits for. */
  toNextTimer(): void {
    const [next] = this.#timers;
    if (next === undefined) throw new Error('Somebody waits, and nothing will ever happen.');
    this.pass(next.at - this.#now);
  }

  #move(to: number): void {
    const ms = to - this.#now;
    if (ms <= 0) return;
    this.#now = to;
    this.#onPass(ms);
  }
}

/** Whoever waits for a place lets time pass. */
export class PatientBudget extends Budget {
  readonly #time: VirtualClock;

  constructor(time: VirtualClock, options: BudgetOptions) {
    super(time, options);
    this.#time = time;
  }

  override async acquire(lane: Lane): Promise<Ticket> {
    let ended = false;
    const place = super.acquire(lane).finally(() => (ended = true));
    const isOver = (): boolean => ended;
    for (;;) {
      for (let turns = 0; turns < 5 && !isOver(); turns += 1) await Promise.resolve();
      if (isOver()) return place;
      this.#time.toNextTimer();
    }
  }
}
