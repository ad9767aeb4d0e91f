/**
 * Fairness between the hubs of one process: a hub that has more waiting than it takes in one go rests between its batches
 * while others have something to do, so that they find processor, connections and disk free. What waits is stored.
 */
import type { HubId } from '@tallystick/shared/ids';
import { pause } from '../bell.ts';
import type { Signals } from '../signals.ts';

/** Who heard of something this long ago counts as having something to do. */
const ACTIVE_WITHIN_MS = 2_000;
/** Of what a batch took: so a busy hub has a third of the time. */
const REST_SHARE = 2;
const REST_MAX_MS = 200;

interface Clock {
  now(): number;
  after(delayMs: number, work: () => void): () => void;
}

export interface Turns {
  /** Resolves when the hub may go on after a batch that took so long. */
  rest(hubId: HubId, tookMs: number, term: AbortSignal): Promise<void>;
  close(): void;
}

export function fairTurns(signals: Signals, clock: Clock): Turns {
  const heardAt = new Map<HubId, number>();
  const close = signals.onArrived((hubId) => void heardAt.set(hubId, clock.now()));
  return {
    rest: async (hubId, tookMs, term) => {
      const ms = restMs(hubId, tookMs, heardAt, clock.now());
      if (ms > 0) await pause(clock, ms, term);
    },
    close,
  };
}

/** Pure. */
export function restMs(
  hubId: HubId,
  tookMs: number,
  heardAt: ReadonlyMap<HubId, number>,
  now: number,
): number {
  const isAlone = ![...heardAt].some(([other, at]) => other !== hubId && now - at < ACTIVE_WITHIN_MS);
  return isAlone ? 0 : Math.min(REST_MAX_MS, tookMs * REST_SHARE);
}
