/** The health page: how far behind we are, what is on its way, what the budget holds, and the last day by hours. */
import type { DeskRole, HealthAnswer } from '@tallystick/shared/deskMessages';
import type { HubId } from '@tallystick/shared/ids';
import type { Db } from '../store/database.ts';
import { hourCounts, lastDelivery, recentRoundTrips } from '../store/figures.ts';
import { hookChannels } from './hooks.ts';
import { layerChannels, layerNumbers } from './layers.ts';
import { canaryText, inWords } from './show.ts';
import { barredSentence } from './words.ts';
import { sourceChannels } from './sources.ts';
import { sentenceOf } from './schema.ts';
import { hubStatus, type HubStatus } from './status.ts';

const HOUR_MS = 3_600_000;
const HOURS_SHOWN = 24;
/** A worker that has not said for this long that it is there is not. */
const HEARTBEAT_MAX_AGE_MS = 10_000;
const LAG_WELL_MS = 30_000;

export interface Hours {
  /** The last 24 hours, oldest first. */
  counts(db: Db, hubId: HubId, now: number): Promise<HealthAnswer['hours']>;
}

/** An hour that is over never changes again, because the journal only grows: it is counted once. */
export function createHours(): Hours {
  const closed = new Map<string, { changes: number; conflicts: number }>();
  return {
    counts: async (db, hubId, now) => {
      const current = Math.floor(now / HOUR_MS) * HOUR_MS;
      const starts = Array.from({ length: HOURS_SHOWN }, (_, i) => current - (HOURS_SHOWN - 1 - i) * HOUR_MS);
      const missing = starts.filter((start) => !closed.has(`${hubId}:${start}`));
      const counted = await hourCounts(db, hubId, missing, HOUR_MS);
      for (const key of closed.keys()) {
        if (Number(key.split(':')[1]) < (starts[0] ?? 0)) closed.delete(key);
      }
      return starts.map((start) => {
        const key = `${hubId}:${start}`;
        const count = closed.get(key) ?? counted.get(start) ?? { changes: 0, conflicts: 0 };
        if (start !== current) closed.set(key, count);
        return { hour: new Date(start).toISOString(), ...count };
      });
    },
  };
}

export async function healthAnswer(
  db: Db,
  hubId: HubId,
  role: DeskRole,
  hours: Hours,
  now: number,
): Promise<HealthAnswer> {
  const [status, delivered, trips, counts] = await Promise.all([
    hubStatus(db, hubId, now),
    lastDelivery(db, hubId),
    recentRoundTrips(db, hubId),
    hours.counts(db, hubId, now),
  ]);
  const isLed = status.worker !== null && status.worker.heartbeatAgeMs < HEARTBEAT_MAX_AGE_MS;
  const lagMs = status.oldestDueMs ?? 0;
  const { failure = null } = status.health;
  const [barred] = status.barredCreations;
  const broken = status.drift.findings.find(({ finding }) => finding.severity === 'breaks');
  const sentence = !isLed
    ? 'No worker speaks for this hub: changes are kept, and nothing is passed on.'
    : failure !== null
      ? `The CRM did not answer the last call: ${failure.message}`
      : lagMs > LAG_WELL_MS
        ? `The oldest work has waited for ${inWords(lagMs)}.`
        : barred !== undefined
          ? barredSentence(barred)
          : broken !== undefined
            ? sentenceOf(broken.finding)
            : 'All is well: portal and CRM are kept in agreement.';
  return {
    role,
    sentence,
    well: isLed && failure === null && lagMs <= LAG_WELL_MS && barred === undefined && broken === undefined,
    numbers: numbersOf(status, trips),
    channels: [
      ...channelsOf(status, isLed, delivered, now),
      ...status.barredCreations.map((each) => ({
        label: each.label,
        ok: false,
        text: barredSentence(each),
      })),
      schemaChannel(status, now),
      ...(status.canary === null
        ? []
        : [
            {
              label: 'Canary',
              ok: status.canary.problem === null,
              text: canaryText(status.canary, now),
            },
          ]),
      ...layerChannels(status.layers, now),
      ...sourceChannels(status.health.sources ?? {}, now),
      ...hookChannels(status.hooks, status.journalEntries, now),
    ],
    hours: counts,
  };
}

function schemaChannel(
  { drift: { readAt, findings } }: HubStatus,
  now: number,
): HealthAnswer['channels'][number] {
  const label = 'Schema of the CRM';
  if (readAt === null) return { label, ok: false, text: 'not read yet' };
  const broken = findings.filter(({ finding }) => finding.severity === 'breaks');
  const read = `read ${inWords(now - readAt)} ago`;
  const [first, ...more] = broken;
  if (first === undefined)
    return {
      label,
      ok: true,
      text: findings.length === 0 ? `fits, ${read}` : `${findings.length} changes to look at, ${read}`,
    };
  const others = more.length === 0 ? '' : ` And ${more.length} more: see the page Schema.`;
  return { label, ok: false, text: `${sentenceOf(first.finding)}${others}` };
}

function numbersOf(
  status: HubStatus,
  trips: { count: number; medianMs: number | null; p95Ms: number | null },
): HealthAnswer['numbers'] {
  const { budget } = status;
  const records = Object.values(status.records).reduce((sum, count) => sum + count, 0);
  return [
    {
      label: 'Oldest work waiting',
      text: status.oldestDueMs === null ? 'none' : inWords(status.oldestDueMs),
    },
    { label: 'Edits on their way', text: String(status.openEdits) },
    {
      label: `Edit to proven in the CRM, last ${trips.count}`,
      text:
        trips.medianMs === null || trips.p95Ms === null
          ? 'none yet'
          : `${inWords(trips.medianMs)} (median), ${inWords(trips.p95Ms)} (95 %)`,
    },
    { label: 'Waiting for a decision', text: String(status.openConflicts) },
    { label: 'Parked', text: String(status.parked) },
    { label: 'Records kept', text: String(records) },
    { label: 'Journal entries', text: String(status.journalEntries) },
    {
      label: 'Calls in the last 10 s',
      text: budget === null ? 'unknown' : `${budget.windowUsed} of ${budget.windowLimit}`,
    },
    {
      label: 'Calls left today',
      text:
        budget?.dailyRemaining == null
          ? 'not told by the CRM'
          : `${budget.dailyRemaining} of ${budget.dailyLimit ?? '?'}`,
    },
    ...layerNumbers(status.layers),
  ];
}

function channelsOf(
  status: HubStatus,
  isLed: boolean,
  delivered: number | null,
  now: number,
): HealthAnswer['channels'] {
  const { failure = null, heardAt = null } = status.health;
  return [
    {
      label: 'Worker',
      ok: isLed,
      text:
        status.worker === null ? 'none' : `last sign of life ${inWords(status.worker.heartbeatAgeMs)} ago`,
    },
    {
      label: 'Calls to the CRM',
      ok: failure === null,
      text:
        failure?.message ??
        (heardAt === null ? 'none yet' : `last answer ${inWords(now - Date.parse(heardAt))} ago`),
    },
    {
      label: 'Webhooks from the CRM',
      ok: delivered !== null,
      text:
        delivered === null
          ? 'none has arrived yet'
          : `last one ${inWords(now - delivered)} ago, ${status.deliveriesWaiting} waiting`,
    },
  ];
}
