/**
 * The canary: now and then an edit of our own, on a record of the operator's own, by the road of everybody's edits. How
 * long until it is proven in the CRM, and how long from the CRM's answer until a layer tells us of the change, say how
 * customers fare before they do.
 *
 *   1. ask      2. wait until it is proven, and until a delivery brings the value      3. rest
 */
import { editId, sourceId, type EditId, type RecordId } from '@tallystick/shared/ids';
import { canaryField, type AppObject } from '@tallystick/shared/ownership';
import { sourceAudience } from '@tallystick/shared/sourceSpec';
import { sql } from 'kysely';
import { isAborted, pause } from '../bell.ts';
import { CANARY, forgetCanaryEdits, loadCanary, saveCanary, type Canary } from '../store/canaries.ts';
import { storeEdit } from '../store/edits.ts';
import type { Layer } from '../store/layers.ts';
import { loadRecords } from '../store/records.ts';
import type { Context } from './context.ts';

const LOOK_MS = 250;
const TROUBLE_PAUSE_MS = 5_000;
/** What did not come by then is left, and the next one is made. */
const GIVE_UP_MS = 120_000;
const KEPT_MS = 3_600_000;
const VALUE_BYTES = 12;

export interface CanaryPlace {
  object: AppObject;
  recordId: RecordId;
  everyMs: number;
}

/** Runs until the term ends, and holds up none of the worker's loops. */
export async function canaryLoop(
  ctx: Context,
  place: CanaryPlace | null,
  newId: () => string,
  term: AbortSignal,
): Promise<void> {
  const field = place === null ? undefined : canaryField(place.object);
  while (place !== null && field !== undefined && !term.aborted) {
    try {
      await roundTrip(ctx, place, field, editId(newId()), term);
      await ctx.lease.exclusive((db) => forgetCanaryEdits(db, ctx.hubId, ctx.clock.now() - KEPT_MS));
    } catch (error) {
      if (isAborted(term)) return;
      ctx.log.error({ err: error, hub: ctx.hubId }, 'The canary could not sing.');
      await pause(ctx.clock, TROUBLE_PAUSE_MS, term);
    }
  }
}

async function roundTrip(
  ctx: Context,
  place: CanaryPlace,
  field: string,
  id: EditId,
  term: AbortSignal,
): Promise<void> {
  const { hubId, clock, lease } = ctx;
  const { object, recordId, everyMs } = place;
  const before = await loadCanary(ctx.db, hubId);
  const waitMs = (before?.askedAt ?? -Infinity) + everyMs - clock.now();
  if (waitMs > 0) await pause(clock, Math.min(waitMs, everyMs), term);
  if (isAborted(term)) return;
  const save = (canary: Canary): Promise<void> => lease.exclusive((db) => saveCanary(db, hubId, canary));
  const [record] = await loadRecords(ctx.db, hubId, [{ object, recordId }]);
  const askedAt = clock.now();
  const value = `${new Date(askedAt).toISOString()} ${ctx.randomBytes(VALUE_BYTES).toString('hex')}`;
  const last = { outMs: before?.outMs ?? null, inMs: before?.inMs ?? null };
  let now: Canary = {
    ...{ editId: id, value, askedAt, provenAt: null, toldAt: null, toldBy: null, problem: null },
    ...last,
  };
  if (record === undefined && (await isLoading(ctx, object))) return pause(clock, LOOK_MS, term);
  if (record === undefined) {
    await save({ ...now, editId: null, problem: `The mirror holds no ${object} ${recordId}.` });
    return;
  }
  // 1.
  const since = await newestDelivery(ctx);
  const fields = [{ field, seen: record.fields[field]?.value ?? null, wanted: value }];
  await lease.exclusive(async (db) => {
    await saveCanary(db, hubId, now);
    await storeEdit(db, hubId, {
      ...{ editId: id, object, recordId, person: sourceId(CANARY), audience: sourceAudience(CANARY) },
      ...{ askedAt, action: null, guards: [], idempotencyKey: id, fingerprint: id, fields },
    });
  });
  ctx.signals.wake(hubId);
  // 2.
  while (!isAborted(term) && (now.provenAt === null || now.toldAt === null)) {
    if (clock.now() - askedAt > GIVE_UP_MS) break; // late for a while first: that is what people are told of
    await pause(clock, LOOK_MS, term);
    const next = await seen(ctx, now, since, value);
    if (next.provenAt !== now.provenAt || next.toldAt !== now.toldAt || next.problem !== now.problem)
      await save(next);
    now = next;
    if (now.problem !== null) break;
  }
}

/** What has become of it meanwhile. */
async function seen(ctx: Context, canary: Canary, since: string, value: string): Promise<Canary> {
  const { hubId } = ctx;
  const { rows } = await sql<{
    state: string;
    reason: string | null;
    changed: Date;
    answered: Date | null;
    told: Date | null;
    layer: Layer | null;
  }>`
    select f.state, f.reason, f.changed_at as changed, p.answered_at as answered,
      d.received_at as told, d.layer
    from edit_fields f
    left join lateral (
      select answered_at from promises where hub_id = ${hubId} and object = f.object and record_id = f.record_id
        and field = f.field and f.edit_id = any(edit_ids) order by promise_id desc limit 1) p on true
    left join lateral (
      select received_at, layer from deliveries where hub_id = ${hubId} and delivery_id > ${since}
        and position(${value} in events) > 0 order by delivery_id limit 1) d on true
    where f.hub_id = ${hubId} and f.edit_id = ${canary.editId}`.execute(ctx.db);
  const [row] = rows;
  if (row === undefined) return { ...canary, problem: 'Its edit is gone.' };
  const { state, answered, told, layer } = row;
  const isOpen = state === 'accepted' || state === 'written';
  if (!isOpen && state !== 'verified')
    return {
      ...canary,
      problem: `Its edit ended as ${state}${row.reason === null ? '' : ` (${row.reason})`}.`,
    };
  const provenAt = state === 'verified' ? row.changed.getTime() : null;
  const outMs = provenAt === null ? canary.outMs : provenAt - (canary.askedAt ?? provenAt);
  const inMs =
    told === null || answered === null ? canary.inMs : Math.max(0, told.getTime() - answered.getTime());
  return { ...canary, provenAt, outMs, toldAt: told?.getTime() ?? null, toldBy: layer, inMs };
}

/** Before the first backfill is over nothing is amiss when the record is not there. */
async function isLoading({ db, hubId }: Context, object: AppObject): Promise<boolean> {
  const open = await db
    .selectFrom('jobs')
    .select('job_id')
    .where('hub_id', '=', hubId)
    .where('kind', '=', 'backfill')
    .where('object', '=', object)
    .where('finished_at', 'is', null)
    .limit(1)
    .execute();
  return open.length > 0;
}

async function newestDelivery({ db, hubId }: Context): Promise<string> {
  const row = await db
    .selectFrom('deliveries')
    .select('delivery_id')
    .where('hub_id', '=', hubId)
    .orderBy('delivery_id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.delivery_id ?? '0';
}
