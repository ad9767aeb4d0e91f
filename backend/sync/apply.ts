/**
 * Applying what came in by webhook: the values reach the mirror at once, and the record becomes due for the read
 * that proves them. One statement stores everything that follows from a batch of deliveries.
 */
import { sql } from 'kysely';
import type { Heard } from '../intake/heard.ts';
import type { Arrived } from '../signals.ts';
import { dueRows } from '../store/due.ts';
import { eraseDeliveries } from '../store/erasing.ts';
import { recordsOfLines } from '../store/hanging.ts';
import { chain, insertRows, SALT_BYTES } from '../store/journal.ts';
import { keyOf, upsertMirror } from '../store/mirror.ts';
import { raise } from '../store/warnings.ts';
import { applyApart, isOfTheData } from './apart.ts';
import type { Context } from './context.ts';
import { heard as countedAlike } from './holding.ts';
import { ignoredDrafts, listen, OBSERVE_DELAY_MS, touched } from './listen.ts';
import { assemble } from './record.ts';

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
