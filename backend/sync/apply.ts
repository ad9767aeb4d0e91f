/**
 * Applying what came in by webhook: the values reach the mirror at once, and the record becomes due for the read
 * that proves them. One statement stores everything that follows from a batch of deliveries.
 */
import type { RecordId } from '@tallystick/shared/ids';
import { observeField, type Held, type Told } from '@tallystick/shared/observe';
import type { AppObject } from '@tallystick/shared/ownership';
import { sql } from 'kysely';
import type { Heard } from '../intake/heard.ts';
import type { Arrived } from '../signals.ts';
import { dueRows, type DueRecord } from '../store/due.ts';
import { chain, draft, insertRows, SALT_BYTES, type Draft } from '../store/journal.ts';
import type { Layer } from '../store/layers.ts';
import { keyOf, upsertMirror, type MirrorRow } from '../store/mirror.ts';
import { eraseDeliveries } from '../store/erasing.ts';
import { recordsOfLines } from '../store/hanging.ts';
import { isPaused } from '../store/orders.ts';
import { raise } from '../store/warnings.ts';
import { kindOf, type Context } from './context.ts';
import { isApart, isUnknownOption } from './drift.ts';
import { heard as countedAlike } from './holding.ts';
import { WEBHOOKS_GRACE_MS } from './missed.ts';
import { applyApart, isOfTheData } from './apart.ts';
import { ERASED, isMergedAway, LIFE } from './life.ts';
import { assemble, type RecordMove } from './record.ts';

/** The proving read waits this long, so that a storm of events on one record costs one or two reads. */
export const OBSERVE_DELAY_MS = 500;

/** Lives and lines have no history: their times are ours. */
const BY_OUR_CLOCK = 'READ';

export type Translate = (events: string) => Heard[];

/** Stores everything that follows from a batch, and tells the live streams. What cannot be stored stands alone. */
export async function applyBatch(ctx: Context, translate: Translate, batch: Arrived): Promise<void> {
  try {
    await applyTogether(ctx, translate, batch);
  } catch (error) {
    await ctx.lease.prove(); // not ours any more: nothing to isolate
    if (!isOfTheData(error)) throw error;
    await applyApart(ctx, batch.ids, (one) => applyTogether(ctx, translate, one), translate);
  }
}

async function applyTogether(ctx: Context, translate: Translate, batch: Arrived): Promise<void> {
  ctx.at('apply.loaded');
  const begunAt = ctx.clock.now();
  const heard = batch.deliveries.flatMap(({ receivedAt, events, layer = 'webhooks' }) =>
    translate(events).map((one) => ({ one, receivedAt, layer })),
  );
  const change = await ctx.lease.exclusive(async (db) => {
    const mirror = await ctx.mirror.load(db, touched(heard));
    const { moves, due, erased } = listen(ctx, heard, mirror, ctx.clock.now());
    const lined = await recordsOfLines(
      db,
      ctx.hubId,
      heard.flatMap(({ one }) => (one.is === 'line' ? one.lineId : [])),
    );
    for (const record of lined)
      if (!due.some((each) => keyOf(each) === keyOf(record))) due.push({ ...record, told: 'webhooks' });
    const all = assemble(moves, ctx.head.seq + 1);
    const drafts = [...all.drafts, ...ignoredDrafts(heard)];
    const now = ctx.clock.now();
    const rows = chain(ctx.hubId, ctx.head, now, drafts, ctx.randomBytes(drafts.length * SALT_BYTES));
    const stored = sql`
      with m as (${upsertMirror(ctx.hubId, all.patches)}), j as (${insertRows(ctx.hubId, rows)}),
        d as (${dueRows(ctx.hubId, 'observe', due, { now, notBefore: now + OBSERVE_DELAY_MS })})
      update deliveries set applied_at = ${new Date(now)}
      where hub_id = ${ctx.hubId} and delivery_id = any(${[...batch.ids]}::bigint[])`.execute(db);
    await stored.catch((error: unknown) => {
      ctx.mirror.clear();
      throw error;
    });
    ctx.mirror.applied(all.patches);
    await raise(db, ctx.hubId, countedAlike(ctx.breaker, all.drafts, ctx.appId, now), now);
    if (erased.length > 0) await eraseDeliveries(db, ctx.hubId, batch.ids, erased);
    const last = rows.at(-1);
    if (last !== undefined) ctx.head = { seq: last.seq, hash: last.hash };
    return { moved: all.moved, seq: ctx.head.seq };
  });
  ctx.at('apply.committed');
  const endedAt = ctx.clock.now();
  const waits = batch.deliveries.map(({ receivedAt }) => endedAt - receivedAt);
  ctx.meter?.applied(ctx.hubId, heard.length, endedAt - begunAt, waits);
  if (change.moved.length > 0) {
    ctx.signals.changed({ hubId: ctx.hubId, seq: change.seq, records: change.moved, edits: [] });
  }
}

interface HeardAt {
  one: Heard;
  receivedAt: number;
  layer: Layer;
}

function touched(heard: readonly HeardAt[]): { object: AppObject; recordId: RecordId }[] {
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

/** The law over every event in the order of arrival. Pure. */
function listen(
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
    // What was erased stays erased: late events bring nothing back, and nothing of them is kept.
    if (row?.life === ERASED || working.get(key)?.latest.get(LIFE)?.value === ERASED) {
      erased.add(recordId);
      continue;
    }
    if (one.is === 'life' && isMergedAway(row?.life) && !isMergedAway(one.life) && one.life !== ERASED)
      continue;
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

/**
 * The whole record was read since: by the CRM's own clock, because the read brought a value that is as new. A value that
 * an event set again proves nothing.
 */
function isKnown(row: MirrorRow | null, { how, at }: Extract<Heard, { is: 'touched' }>): boolean {
  if (row === null) return false;
  if (how === 'gone') return row.life !== 'present';
  return Object.values(row.fields).some(
    (held) =>
      held.how === 'read' && held.at >= at && held.asOf === held.begunAt && held.by.via !== BY_OUR_CLOCK,
  );
}

function told(one: Extract<Heard, { is: 'value' | 'life' }>, receivedAt: number): Told {
  const value = one.is === 'life' ? one.life : one.value;
  return { how: 'event', value, at: one.at, by: one.by, receivedAt };
}

/** Events that are none of ours are counted, not kept one by one. */
function ignoredDrafts(heard: readonly HeardAt[]): Draft[] {
  const counts = new Map<string, number>(); // whoever sends events chooses the names
  for (const { one } of heard) if (one.is === 'ignored') counts.set(one.why, (counts.get(one.why) ?? 0) + 1);
  return counts.size === 0 ? [] : [draft({ kind: 'ignored', detail: Object.fromEntries(counts) })];
}
