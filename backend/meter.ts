/** What the rooms count while they work; `metrics.ts` gives it to Prometheus. A seam, so that no room knows of metrics. */
import type { HubId } from '@tallystick/shared/ids';

/** Durations in ms. Labels are names of ours, never a value and never an id of a record. */
export interface Meter {
  /** A group of webhook requests was stored. */
  stored(requests: number, ms: number): void;
  /** A webhook request was refused. */
  turnedAway(code: string): void;
  /** A batch of deliveries reached the mirror; `waits`: how long each had waited since it was stored. */
  applied(hubId: HubId, events: number, ms: number, waits: readonly number[]): void;
  /** The CRM answered a call, or did not. */
  called(hubId: HubId, operation: string, outcome: string, ms: number): void;
  /** A request was answered; `code` is that of its problem, where it had one. */
  answered(facts: { method: string; route: string; status: number; code: string | null; ms: number }): void;
}
