/** Who rests between batches, and for how long, so that a flood of one hub leaves room to the others. */
import { describe, expect, it } from 'vitest';
import { hubId } from '@tallystick/shared/ids';
import { SHARED_BATCH_BYTES, fairTurns, restMs } from '../../backend/hubs/turns.ts';
import { createSignals } from '../../backend/signals.ts';

const [flooded, other] = [hubId(1), hubId(2)];
const NOW = 100_000;

describe('a hub that has much waiting', () => {
  it.each([
    ['not at all while no other hub hears of anything', [], 30, 0],
    ['not at all because of what it hears itself', [[flooded, NOW]], 30, 0],
    ['not at all because of what another heard long ago', [[other, NOW - 2_000]], 30, 0],
    [
      'five times as long as its batch took, while another has something to do',
      [[other, NOW - 1_999]],
      30,
      150,
    ],
    ['a quarter of a second at most', [[other, NOW]], 5_000, 250],
  ] as const)('rests %s', (_, heard, tookMs, rests) => {
    expect(restMs(flooded, tookMs, new Map(heard), NOW)).toBe(rests);
  });

  it('hears of others by their signals, goes on when its term is over, and hears nothing any more once closed', async () => {
    const signals = createSignals();
    let waits = 0;
    const clock = {
      now: () => NOW,
      after: () => {
        waits += 1;
        return () => undefined;
      },
    };
    const turns = fairTurns(signals, clock);
    const term = new AbortController();
    await turns.rest(flooded, 10, term.signal);
    expect(waits).toBe(0);
    signals.arrived(other, null);
    const resting = turns.rest(flooded, 10, term.signal);
    expect(waits).toBe(1);
    term.abort();
    await resting;
    turns.close();
    signals.arrived(hubId(3), null);
    await turns.rest(other, 10, new AbortController().signal);
    expect(waits).toBe(1);
  });

  it('is answered later once it has sent more than a batch within a second, while another has something to do', () => {
    const signals = createSignals();
    let now = NOW;
    const turns = fairTurns(signals, { now: () => now, after: () => () => undefined });
    expect(turns.answerAfterMs(flooded, SHARED_BATCH_BYTES)).toBe(0);
    expect(turns.answerAfterMs(flooded, 1)).toBe(0); // alone
    signals.arrived(other, null);
    expect(turns.answerAfterMs(flooded, 1)).toBe(200);
    expect(turns.answerAfterMs(other, SHARED_BATCH_BYTES)).toBe(0);
    now += 1_000;
    expect(turns.answerAfterMs(flooded, SHARED_BATCH_BYTES)).toBe(0);
    expect(turns.answerAfterMs(flooded, 1)).toBe(200);
    turns.close();
  });
});
