import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Budget, BudgetClosed, type Clock } from '../../backend/sync/budget.ts';
import type { LimitHeaders } from '../../backend/hubspot/transport.ts';
import type { Lane } from '../../backend/store/lanes.ts';

/** A clock that moves only when told; what is due runs in its order. */
function handClock() {
  let now = 0;
  let timers: { at: number; work: () => void }[] = [];
  const clock: Clock = {
    now: () => now,
    after: (delayMs, work) => {
      const timer = { at: now + delayMs, work };
      timers.push(timer);
      return () => (timers = timers.filter((each) => each !== timer));
    },
  };
  const settle = async (): Promise<void> => {
    for (let i = 0; i < 10; i += 1) await Promise.resolve();
  };
  return {
    clock,
    advance: async (ms: number): Promise<void> => {
      const end = now + ms;
      for (;;) {
        await settle();
        const next = timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
        if (next === undefined) break;
        timers = timers.filter((timer) => timer !== next);
        now = Math.max(now, next.at);
        next.work();
      }
      now = end;
      await settle();
    },
  };
}

const WINDOW_MS = 10_000;
const NO_HEADERS: LimitHeaders = {
  windowLimit: null,
  windowRemaining: null,
  dailyLimit: null,
  dailyRemaining: null,
};

describe('the budget', () => {
  it('never lets a window of the CRM’s clock hold more than the limit, whatever the network does (P8)', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 12 }),
        fc.array(fc.record({ gapMs: fc.nat(900), outMs: fc.nat(1_500), backMs: fc.nat(1_500) }), {
          minLength: 1,
          maxLength: 60,
        }),
        async (limit, calls) => {
          const { clock, advance } = handClock();
          const budget = new Budget(clock, { windowLimit: limit });
          const arrivals: number[] = [];
          for (const { gapMs, outMs, backMs } of calls) {
            void budget.acquire('edit').then((ticket) => {
              // HubSpot counts the call when it arrives, somewhere between our sending it and its answer.
              clock.after(outMs, () => {
                arrivals.push(clock.now());
                clock.after(backMs, () => ticket.done(NO_HEADERS));
              });
            });
            await advance(gapMs);
          }
          await advance(200_000);
          expect(arrivals).toHaveLength(calls.length);
          arrivals.sort((a, b) => a - b);
          for (const from of arrivals) {
            expect(arrivals.filter((at) => at >= from && at < from + WINDOW_MS).length).toBeLessThanOrEqual(
              limit,
            );
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  async function granted(
    asked: readonly Lane[],
    limit: number,
    options: { headers?: Partial<LimitHeaders>; forMs: number },
  ): Promise<Lane[]> {
    const { clock, advance } = handClock();
    const budget = new Budget(clock, { windowLimit: limit });
    if (options.headers !== undefined) {
      const first = await budget.acquire('edit');
      first.done({ ...NO_HEADERS, ...options.headers });
    }
    const order: Lane[] = [];
    for (const lane of asked)
      void budget.acquire(lane).then(
        () => order.push(lane),
        () => undefined,
      );
    await advance(options.forMs);
    return order;
  }

  it('lets people go before machines, and keeps a part of the window for them', async () => {
    const asked: Lane[] = ['backfill', 'backfill', 'backfill', 'observe', 'edit', 'read'];
    const order = await granted(asked, 4, { forMs: 0 });
    expect(order).toContain('edit');
    const tenth = await granted(
      Array.from({ length: 20 }, (): Lane => 'backfill'),
      10,
      { forMs: 0 },
    );
    expect(tenth).toHaveLength(9);
  });

  it('lets a machine’s call that has waited long go first, so that the lower lanes never starve', async () => {
    const { clock, advance } = handClock();
    // The one place there is belongs to people: without its turn a machine would never get it.
    const budget = new Budget(clock, { windowLimit: 1 });
    const order: Lane[] = [];
    void budget.acquire('backfill').then(() => order.push('backfill'));
    for (let i = 0; i < 30; i += 1) {
      void budget.acquire('edit').then((ticket) => {
        order.push('edit');
        ticket.done(NO_HEADERS);
      });
      await advance(1_000);
    }
    expect(order).toContain('backfill');
  });

  it('counts what HubSpot’s headers say that others used, and takes the limit from them', async () => {
    const order = await granted(
      Array.from({ length: 10 }, (): Lane => 'edit'),
      100,
      {
        headers: { windowLimit: 5, windowRemaining: 2 },
        forMs: 0,
      },
    );
    expect(order).toHaveLength(2);
  });

  it('rests the lower lanes when the day’s calls run out, and still serves edits', async () => {
    const order = await granted(['backfill', 'reconcile', 'edit', 'settle'], 100, {
      headers: { dailyLimit: 1_000, dailyRemaining: 50 },
      forMs: 60_000,
    });
    expect(order.sort()).toEqual(['edit', 'settle']);
  });

  it('lets nobody through while HubSpot refuses calls, and everybody afterwards', async () => {
    const { clock, advance } = handClock();
    const budget = new Budget(clock, { windowLimit: 10 });
    budget.hold(3_000);
    budget.hold(500); // the longer one counts
    let at = -1;
    void budget.acquire('edit').then(() => (at = clock.now()));
    await advance(2_999);
    expect(at).toBe(-1);
    await advance(10);
    expect(at).toBeGreaterThanOrEqual(3_000);
  });

  it('takes no call of its own for somebody else’s because it left the window while an answer was under way', async () => {
    const { clock, advance } = handClock();
    const limit = 20;
    const budget = new Budget(clock, { windowLimit: limit });
    const arrivals: number[] = [];
    const answers: number[] = [];
    const within = (times: readonly number[]): number =>
      times.filter((at) => at > clock.now() - WINDOW_MS).length;
    for (let n = 0; n < 60; n += 1) {
      const ticket = await budget.acquire('edit');
      clock.after(40, () => {
        arrivals.push(clock.now());
        const answer = { ...NO_HEADERS, windowLimit: limit, windowRemaining: limit - within(arrivals) };
        clock.after(n % 20 < 10 ? 10 : 100, () => {
          ticket.done(answer);
          answers.push(clock.now());
        });
      });
      await advance(999);
      expect(budget.snapshot().windowUsed).toBe(within(answers));
    }
  });

  it('gives an unused place back, and refuses whoever waits when it closes', async () => {
    const { clock, advance } = handClock();
    const budget = new Budget(clock, { windowLimit: 1 });
    (await budget.acquire('edit')).unused();
    const used = await budget.acquire('edit');
    let refused: unknown;
    budget.acquire('edit').catch((error: unknown) => (refused = error));
    await advance(0);
    budget.close();
    await advance(0);
    expect(refused).toBeInstanceOf(BudgetClosed);
    await expect(budget.acquire('edit')).rejects.toBeInstanceOf(BudgetClosed);
    used.done(NO_HEADERS);
  });

  it('counts a call once, whatever is said of it after its end', async () => {
    const { clock } = handClock();
    const budget = new Budget(clock, { windowLimit: 5 });
    const ticket = await budget.acquire('edit');
    ticket.done(NO_HEADERS);
    ticket.unused();
    expect(budget.snapshot().windowUsed).toBe(1);
  });
});
