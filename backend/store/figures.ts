/** Figures for the health page, each from one statement. */
import type { HubId } from '@tallystick/shared/ids';
import { sql } from 'kysely';
import { CANARY_PERSON, canaryPlaces } from './canaries.ts';
import type { Db } from './database.ts';

/** Changes and opened conflicts of these hours; an hour without any is not in the answer. */
export async function hourCounts(
  db: Db,
  hubId: HubId,
  starts: readonly number[],
  hourMs: number,
): Promise<Map<number, { changes: number; conflicts: number }>> {
  const [first] = starts;
  const last = starts.at(-1);
  if (first === undefined || last === undefined) return new Map();
  const [from, to] = [new Date(first), new Date(last + hourMs)];
  const canaries = canaryPlaces().map(({ object, field }) => `${object}.${field}`);
  const { rows } = await sql<{ hour: string; changes: string; conflicts: string }>`
    select hour, sum(changes) as changes, sum(conflicts) as conflicts from (
      select floor(extract(epoch from at) * 1000 / ${hourMs}::bigint) as hour, count(*) as changes, 0 as conflicts
      from journal where hub_id = ${hubId} and at >= ${from} and at < ${to} and kind = 'changed'
        and concat(object, '.', field) <> all(${canaries}::text[]) group by 1
      union all
      select floor(extract(epoch from opened_at) * 1000 / ${hourMs}::bigint), 0, count(*)
      from conflicts where hub_id = ${hubId} and opened_at >= ${from} and opened_at < ${to} group by 1
    ) h group by hour`.execute(db);
  return new Map(
    rows.map((row) => [
      Number(row.hour) * hourMs,
      { changes: Number(row.changes), conflicts: Number(row.conflicts) },
    ]),
  );
}

/** When the newest webhook arrived, ms; null: none is kept. */
export async function lastDelivery(db: Db, hubId: HubId): Promise<number | null> {
  const row = await db
    .selectFrom('deliveries')
    .select('received_at')
    .where('hub_id', '=', hubId)
    .where('layer', '=', 'webhooks')
    .orderBy('delivery_id', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row?.received_at.getTime() ?? null;
}

const TRIPS_LOOKED_AT = 100;

/** How long the newest edits took from being asked to being proven. */
export async function recentRoundTrips(
  db: Db,
  hubId: HubId,
): Promise<{ count: number; medianMs: number | null; p95Ms: number | null }> {
  const { rows } = await sql<{ count: string; median: number | null; p95: number | null }>`
    select count(*) as count, percentile_cont(0.5) within group (order by ms) as median,
      percentile_cont(0.95) within group (order by ms) as p95
    from (
      select extract(epoch from f.changed_at - e.asked_at) * 1000 as ms
      from (select * from edits where hub_id = ${hubId} and person <> ${CANARY_PERSON} order by number desc limit ${TRIPS_LOOKED_AT}) e
      join edit_fields f on f.hub_id = e.hub_id and f.edit_id = e.edit_id
      where f.state = 'verified'
    ) t`.execute(db);
  const [row] = rows;
  return { count: Number(row?.count ?? 0), medianMs: row?.median ?? null, p95Ms: row?.p95 ?? null };
}
