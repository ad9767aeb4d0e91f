/**
 * Fairness between the hubs of one process: while others have something to do, a hub that has more than it takes in one go
 * rests between its batches, and what it goes on sending is answered later, so that they find processor, connections and
 * disk free. What waits is stored.
 */
import type { HubId } from '@tallystick/shared/ids';
import { pause } from '../bell.ts';
import type { Signals } from '../signals.ts';

/**
 * What many workers in one process take of a hub's events in one go, about 100: a flood of one holds the others up for
 * milliseconds.
 */
export const SHARED_BATCH_BYTES = 20_000;
/** Who heard of something this long ago counts as having something to do. */
const ACTIVE_WITHIN_MS = 2_000;
/** Of what a batch took: so a busy hub has a sixth of the time. */
const REST_SHARE = 5;
const REST_MAX_MS = 250;
/** A hub that sends more than a batch in this time floods. */
const WINDOW_MS = 1_000;
/** Then HubSpot, which has a few requests under way at a time, waits so long for each answer. */
const ANSWER_AFTER_MS = 200;

interface Clock {
  now(): number;
  after(delayMs: number, work: () => void): () => void;
}

export interface Turns {
  /** Resolves when the hub may go on after a batch that took so long. */
  rest(hubId: HubId, tookMs: number, term: AbortSignal): Promise<void>;
  /** How long the answer waits to a hub that has sent so much. */
  answerAfterMs(hubId: HubId, bytes: number): number;
  close(): void;
}

export function fairTurns(signals: Signals, clock: Clock): Turns {
  const heardAt = new Map<HubId, number>();
  const sent = new Map<HubId, Window>();
  const close = signals.onArrived((hubId) => void heardAt.set(hubId, clock.now()));
  return {
    rest: async (hubId, tookMs, term) => {
      const ms = restMs(hubId, tookMs, heardAt, clock.now());
      if (ms > 0) await pause(clock, ms, term);
    },
    answerAfterMs: (hubId, bytes) => {
      const now = clock.now();
      const window = counted(sent.get(hubId), bytes, now);
      sent.set(hubId, window);
      return window.bytes > SHARED_BATCH_BYTES && !isAlone(hubId, heardAt, now) ? ANSWER_AFTER_MS : 0;
    },
    close,
  };
}

interface Window {
  since: number;
  bytes: number;
}

function counted(window: Window | undefined, bytes: number, now: number): Window {
  return window === undefined || now - window.since >= WINDOW_MS
    ? { since: now, bytes }
    : { ...window, bytes: window.bytes + bytes };
}

/** Pure. */
export function restMs(
  hubId: HubId,
  tookMs: number,
  heardAt: ReadonlyMap<HubId, number>,
  now: number,
): number {
  return isAlone(hubId, heardAt, now) ? 0 : Math.min(REST_MAX_MS, tookMs * REST_SHARE);
}

const isAlone = (hubId: HubId, heardAt: ReadonlyMap<HubId, number>, now: number): boolean =>
  ![...heardAt].some(([other, at]) => other !== hubId && now - at < ACTIVE_WITHIN_MS);
