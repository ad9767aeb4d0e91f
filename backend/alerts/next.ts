/** What a channel is to be told next of a warning, and when a warning that nobody ends is over. Pure. */
import type { Alert } from '../store/alerts.ts';
import type { AlertKind } from '../store/operatingTables.ts';
import type { KnownWarning } from '../store/warnings.ts';
import { STATE_CODES } from './standing.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** A state that comes and goes is one problem: it is over when it was not there for this long. */
export const SETTLED_AFTER_MS = 2 * MINUTE_MS;
/** A channel is not told more often than this that a warning began. */
export const QUIET_MS = 15 * MINUTE_MS;
export const REMIND_AFTER_MS = 24 * HOUR_MS;
const RETRY_FIRST_MS = 5 * SECOND_MS;
const RETRY_MAX_MS = 10 * MINUTE_MS;
const DOUBLINGS_MAX = 10;

/** Warnings that are counted are over when nothing was counted for so long. Others are ended by whoever raised them. */
const COUNTED: Readonly<Record<string, number>> = {
  'missed-by-webhooks': HOUR_MS,
  'missed-by-journal': HOUR_MS,
  'journal-horizon': HOUR_MS,
  // Everything is compared every six hours.
  'mirror-differs': 7 * HOUR_MS,
  test: MINUTE_MS,
};
const STATES: ReadonlySet<string> = new Set(STATE_CODES);

type Pace = Record<'settledAfterMs' | 'quietMs' | 'remindAfterMs', number>;
export const PACE: Pace = {
  settledAfterMs: SETTLED_AFTER_MS,
  quietMs: QUIET_MS,
  remindAfterMs: REMIND_AFTER_MS,
};

/** Of those that stand: what is over now, because it has been quiet for its time. */
export function settledNow(
  warnings: readonly KnownWarning[],
  now: number,
  { settledAfterMs }: Pace = PACE,
): KnownWarning[] {
  return warnings.filter(({ code, lastAt, endedAt }) => {
    const quietFor = STATES.has(code) ? settledAfterMs : COUNTED[code];
    return endedAt === null && quietFor !== undefined && now - lastAt >= quietFor;
  });
}

export function nextAlert(
  warning: Pick<KnownWarning, 'endedAt'>,
  alert: Pick<Alert, 'stage' | 'toldAt' | 'begunAt' | 'notBefore'> | null,
  now: number,
  { quietMs, remindAfterMs }: Pace = PACE,
): AlertKind | null {
  if (alert !== null && alert.notBefore > now) return null;
  const knows = alert?.stage === 'begun';
  if (warning.endedAt !== null) return knows ? 'over' : null;
  if (!knows) return now - (alert?.begunAt ?? -Infinity) >= quietMs ? 'begun' : null;
  return now - (alert.toldAt ?? now) >= remindAfterMs ? 'stands' : null;
}

export const retryAt = (attempts: number, now: number): number =>
  now + Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** Math.min(attempts, DOUBLINGS_MAX));
