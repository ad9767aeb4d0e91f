/**
 * Gap detection: a change that a read found, and that an earlier layer should have brought by then. Pure.
 *
 * Nothing is held against the webhooks that happened before this worker spoke for the hub: while nobody listened they
 * could not come.
 */
import type { RecordId } from '@tallystick/shared/ids';
import { fieldOf, type AppObject } from '@tallystick/shared/ownership';
import { equal } from '@tallystick/shared/values';
import { draft, type Draft } from '../store/journal.ts';
import type { Layer } from '../store/layers.ts';
import type { Warning } from '../store/warnings.ts';
import type { Work } from '../store/work.ts';
import { kindOf, type Context } from './context.ts';
import { LIFE } from './life.ts';
import type { RecordMove } from './record.ts';

/** How long each layer has; HubSpot promises no times, so a late one is called missed, and costs nothing. */
export const WEBHOOKS_GRACE_MS = 20_000;
export const JOURNAL_GRACE_MS = 120_000;

export interface Missed {
  drafts: Draft[];
  warnings: Warning[];
}

type Facts = Pick<Context, 'appId' | 'definitions' | 'health'> & { since: number };

export function missedIn(
  facts: Facts,
  visits: readonly { move: RecordMove; seen: { begunAt: number; work: Work | null } }[],
): Missed {
  const missed: Missed = { drafts: [], warnings: [] };
  const counts = { webhooks: 0, journal: 0 };
  for (const { move, seen } of visits) {
    const { work, begunAt } = seen;
    if (work === null || work.told === 'webhooks') continue; // read from nothing, or told in time
    const times = newsOf(facts, move, begunAt);
    const late = lateFor(facts, work, times, begunAt);
    if (late.webhooks === 0) continue;
    counts.webhooks += late.webhooks;
    counts.journal += late.journal;
    missed.drafts.push(noteOf(move.object, move.recordId, work.told, late, times));
  }
  for (const [layer, code] of CODES)
    if (counts[layer] > 0) missed.warnings.push({ code, count: counts[layer], detail: null });
  return missed;
}

const CODES = [
  ['webhooks', 'missed-by-webhooks'],
  ['journal', 'missed-by-journal'],
] as const;

/** When each thing happened that this read was the first to tell; null: the CRM does not say when. */
function newsOf(facts: Facts, { object, row, observed }: RecordMove, begunAt: number): (number | null)[] {
  if (observed.length === 0) return [];
  if (row === null) {
    const times = observed.flatMap(({ field, held }) => (field === LIFE || held.at <= 0 ? [] : held.at));
    const madeAt = times.length === 0 ? begunAt : Math.min(...times);
    return madeAt > facts.since ? [madeAt] : [];
  }
  const knownAt = Math.max(0, ...Object.values(row.fields).map((held) => held.asOf));
  return observed.flatMap(({ field, held }) => {
    const before = row.fields[field];
    if (held.how !== 'read' || equal(kindOf(object, field), before?.value, held.value)) return [];
    if (field === LIFE) return before !== undefined && knownAt > facts.since ? [null] : [];
    const isOurs = held.by.via === 'INTEGRATION' && held.by.id === facts.appId;
    const isNews = held.at > Math.max(facts.since, before?.at ?? 0);
    return isNews && !isOurs && isTold(facts, object, field) ? [held.at] : [];
  });
}

/** HubSpot does not tell of what it calculates itself. */
function isTold(facts: Facts, object: AppObject, field: string): boolean {
  const spec = fieldOf(object, field);
  if (spec === undefined || spec.kind === 'lines') return false;
  return facts.definitions.get(`${object}:${spec.property}`)?.readOnly !== true;
}

/** What nobody dates counts where it was waited for before this read: behind the journal's word and in reconciling. */
function lateFor(
  facts: Facts,
  { told, lane }: Work,
  times: readonly (number | null)[],
  begunAt: number,
): { webhooks: number; journal: number } {
  const hasWaited = told === 'journal' || lane === 'reconcile';
  const late = (graceMs: number): number =>
    times.filter((at) => (at === null ? hasWaited : begunAt - at >= graceMs)).length;
  const isJournalsTurn = told === 'reconcile' && facts.health.journal.on;
  return { webhooks: late(WEBHOOKS_GRACE_MS), journal: isJournalsTurn ? late(JOURNAL_GRACE_MS) : 0 };
}

function noteOf(
  object: AppObject,
  recordId: RecordId,
  told: Layer,
  late: { webhooks: number; journal: number },
  times: readonly (number | null)[],
): Draft {
  const known = times.flatMap((at) => at ?? []);
  const by = late.journal > 0 ? 'webhooks and the journal' : 'webhooks';
  return draft({
    ...{ kind: 'missed', object, recordId },
    crmAt: known.length === 0 ? null : Math.min(...known),
    detail: { by, foundBy: told, changes: late.webhooks },
  });
}
