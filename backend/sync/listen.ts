/** What a batch of events tells: what the mirror holds then, which records have to be read, and which are erased already. */
import type { RecordId } from '@tallystick/shared/ids';
import { observeField, type Held, type Told } from '@tallystick/shared/observe';
import type { AppObject } from '@tallystick/shared/ownership';
import type { Heard } from '../intake/heard.ts';
import type { DueRecord } from '../store/due.ts';
import { draft, type Draft } from '../store/journal.ts';
import type { Layer } from '../store/layers.ts';
import { keyOf, type MirrorRow } from '../store/mirror.ts';
import { isPaused } from '../store/orders.ts';
import { kindOf, type Context } from './context.ts';
import { isApart, isUnknownOption } from './drift.ts';
import { ERASED, isMergedAway, LIFE } from './life.ts';
import { WEBHOOKS_GRACE_MS } from './missed.ts';
import type { RecordMove } from './record.ts';

/** The proving read waits this long, so that a storm of events on one record costs one or two reads. */
export const OBSERVE_DELAY_MS = 500;

/** Lives and lines have no history: their times are ours. */
const BY_OUR_CLOCK = 'READ';

export interface HeardAt {
  one: Heard;
  receivedAt: number;
  layer: Layer;
}

export function touched(heard: readonly HeardAt[]): { object: AppObject; recordId: RecordId }[] {
  const records = new Map<string, { object: AppObject; recordId: RecordId }>();
  for (const { one } of heard) {
    if (one.is !== 'ignored' && one.is !== 'line')
      records.set(keyOf(one), { object: one.object, recordId: one.recordId });
  }
  return [...records.values()];
}

interface Working extends Pick<RecordMove, 'object' | 'recordId' | 'row'> {
  observed: { field: string; held: Held }[];
  latest: Map<string, Held>;
}

/** The law over every event in the order of arrival. */
export function listen(
  ctx: Pick<Context, 'pauses' | 'drift' | 'clock' | 'definitions'>,
  heard: readonly HeardAt[],
  mirror: Map<string, MirrorRow>,
  now: number,
): { moves: RecordMove[]; due: DueRecord[]; erased: RecordId[] } {
  const working = new Map<string, Working>();
  const due = new Map<string, DueRecord>();
  const erased = new Set<RecordId>();
  for (const { one, receivedAt, layer } of heard) {
    if (one.is === 'ignored' || one.is === 'line') continue;
    const { object, recordId } = one;
    const key = keyOf({ object, recordId });
    const row = mirror.get(key) ?? null;
    const marked = mark(due.get(key), { object, recordId, links: row === null }, layer);
    const life = working.get(key)?.latest.get(LIFE)?.value ?? row?.life;
    // What was erased stays erased: late events bring nothing back, and nothing of them is kept.
    if (life === ERASED) {
      erased.add(recordId);
      continue;
    }
    if (one.is === 'life' && isMergedAway(life) && !isMergedAway(one.life) && one.life !== ERASED) continue;
    if (one.is === 'links') due.set(key, { ...marked, links: true });
    if (one.is === 'touched' && !isKnown(row, one))
      due.set(key, afterGrace(marked, due.get(key), one.at, now));
    if (one.is === 'links' || one.is === 'touched') continue;
    const isErasure = one.is === 'life' && one.life === ERASED;
    // A record not yet in the mirror is read as a whole: one value of it would be half a record. An erasure is kept
    // at once, because its read may still find the record.
    if (row === null && !isErasure) {
      due.set(key, marked);
      continue;
    }
    const work: Working = working.get(key) ?? { object, recordId, row, observed: [], latest: new Map() };
    working.set(key, work);
    const field = one.is === 'life' ? LIFE : one.field;
    // What is paused is not let in; when the pause ends it is read again.
    if (isPaused(ctx.pauses, object, field, 'in') && field !== LIFE) continue;
    if (isApart(ctx, object, field)) continue;
    if (one.is === 'value') isUnknownOption(ctx, object, field, one.value); // then the schema is read at once
    const before = work.latest.get(field) ?? row?.fields[field] ?? null;
    const after = observeField(
      before,
      told(one, receivedAt),
      field === LIFE ? 'choice' : kindOf(object, field),
    );
    if (after === before && after.how === 'read') continue; // an echo, a repetition: proven already
    due.set(key, marked);
    if (after === before) continue;
    work.latest.set(field, after);
    work.observed.push({ field, held: after });
  }
  const moves = [...working.values()]
    .filter(({ observed }) => observed.length > 0)
    .map(({ latest: _, ...move }) => ({ ...move, notes: [], links: null, readAt: null }));
  return { moves, due: [...due.values()], erased: [...erased] };
}

/** The first layer counts, and a webhook never waits. */
function mark(before: DueRecord | undefined, fresh: DueRecord, layer: Layer): DueRecord {
  if (before === undefined) return { ...fresh, told: layer };
  if (layer !== 'webhooks') return before;
  const { notBefore: _, ...rest } = before;
  return { ...rest, told: layer };
}

/** What the journal tells waits until the webhook for it has had its time: then one read serves both. */
function afterGrace(marked: DueRecord, before: DueRecord | undefined, at: number, now: number): DueRecord {
  if (before !== undefined && before.notBefore === undefined) return marked;
  const notBefore = Math.max(now + OBSERVE_DELAY_MS, Math.min(at, now) + WEBHOOKS_GRACE_MS);
  return { ...marked, notBefore: Math.max(notBefore, before?.notBefore ?? 0) };
}

/** The whole record was read since: by the CRM's own clock, because the read brought a value that is as new. */
function isKnown(row: MirrorRow | null, { how, at }: Extract<Heard, { is: 'touched' }>): boolean {
  if (row === null) return false;
  if (how === 'gone') return row.life !== 'present';
  return Object.values(row.fields).some(
    (held) => held.at >= at && isToldByRead(held) && held.by.via !== BY_OUR_CLOCK,
  );
}

/** Not where an event told the instant: before the read, whose answer was older, or since. */
const isToldByRead = (held: Held): boolean =>
  held.how === 'read' && held.learnedAt >= held.begunAt && held.asOf === held.begunAt;

function told(one: Extract<Heard, { is: 'value' | 'life' }>, receivedAt: number): Told {
  const value = one.is === 'life' ? one.life : one.value;
  return { how: 'event', value, at: one.at, by: one.by, receivedAt };
}

/** Events that are none of ours are counted, not kept one by one. */
export function ignoredDrafts(heard: readonly HeardAt[]): Draft[] {
  const counts = new Map<string, number>(); // whoever sends events chooses the names
  for (const { one } of heard) if (one.is === 'ignored') counts.set(one.why, (counts.get(one.why) ?? 0) + 1);
  return counts.size === 0 ? [] : [draft({ kind: 'ignored', detail: Object.fromEntries(counts) })];
}
