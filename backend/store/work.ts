/** What waits for the hub's worker: claiming it, finishing it, putting it off, parking it. */
import type { HubId, RecordId } from '@tallystick/shared/ids';
import type { AppObject } from '@tallystick/shared/ownership';
import { sql } from 'kysely';
import type { Db, WorkError } from './database.ts';
import { markDue } from './due.ts';
import { laneNumber, LANES, type Lane } from './lanes.ts';
import { layerNumber, LAYERS, type Layer } from './layers.ts';

export interface Work {
  object: AppObject;
  recordId: RecordId;
  lane: Lane;
  /** The associations have to be read as well. */
  links: boolean;
  /** The first layer that told of it; `reconcile`: nobody did. */
  told: Layer;
  version: number;
  attempts: number;
}

/**
 * The most urgent work in these lanes, and whatever else of the same object type is due: it rides along in the same
 * call. What is due at one instant comes in the order of its records, so that one seed gives one history. Records in
 * `busy` (keys as of `keyOf`) are being worked on.
 */
export async function nextWork(
  db: Db,
  hubId: HubId,
  now: number,
  lanes: readonly Lane[],
  busy: readonly string[],
  limit: number,
): Promise<Work[]> {
  const isFree = sql`hub_id = ${hubId} and parked_at is null and not_before <= ${new Date(now)}
    and object || ':' || record_id not in (select unnest(${busy}::text[]))`;
  const { rows } = await sql<{
    object: AppObject;
    record_id: RecordId;
    lane: number;
    links: boolean;
    told: number;
    version: number;
    attempts: number;
  }>`
    with first as (
      select object from due where ${isFree} and lane = any(${lanes.map(laneNumber)}::smallint[])
      order by lane, not_before, object, record_id limit 1
    )
    select object, record_id, lane, links, told, version, attempts from due
    where ${isFree} and object = (select object from first)
    order by lane, not_before, object, record_id limit ${limit}`.execute(db);
  return rows.map((row) => ({
    object: row.object,
    recordId: row.record_id,
    lane: LANES[row.lane] ?? 'backfill',
    links: row.links,
    told: LAYERS[row.told] ?? 'reconcile',
    version: row.version,
    attempts: row.attempts,
  }));
}

/** When the next work in these lanes that waits for its time is due; null when there is none. */
export async function nextWorkAt(
  db: Db,
  hubId: HubId,
  now: number,
  lanes: readonly Lane[],
): Promise<number | null> {
  const row = await db
    .selectFrom('due')
    .select((eb) => eb.fn.min('not_before').as('at'))
    .where('hub_id', '=', hubId)
    .where('parked_at', 'is', null)
    .where('not_before', '>', new Date(now))
    .where('lane', 'in', lanes.map(laneNumber))
    .executeTakeFirst();
  return row?.at == null ? null : new Date(row.at).getTime();
}

export interface Ending {
  object: AppObject;
  recordId: RecordId;
  /** Null: none was claimed, so that only what has to be looked at again becomes due. */
  work: Work | null;
  /** Null: done. Otherwise look again, in this lane, not before this time. */
  again: { lane: Lane; notBefore: number } | null;
}

/**
 * Ends claimed work. Where something new came meanwhile (the version moved) the row stays due as it is.
 * `again` overrides the lane: the reason it was first claimed for has been served.
 */
export async function endWork(db: Db, hubId: HubId, endings: readonly Ending[], now: number): Promise<void> {
  const claimed = endings.flatMap(({ work, again }) => (work === null ? [] : [{ work, again }]));
  const others = endings.flatMap(({ object, recordId, work, again }) =>
    work === null && again !== null ? [{ object, recordId, ...again }] : [],
  );
  await endClaimed(db, hubId, claimed);
  for (const lane of new Set(others.map((one) => one.lane)))
    await markDue(
      db,
      hubId,
      lane,
      others.filter((one) => one.lane === lane),
      { now },
    );
}

async function endClaimed(
  db: Db,
  hubId: HubId,
  endings: readonly { work: Work; again: Ending['again'] }[],
): Promise<void> {
  if (endings.length === 0) return;
  const objects = endings.map(({ work }) => work.object);
  const ids = endings.map(({ work }) => work.recordId);
  const versions = endings.map(({ work }) => work.version);
  const lanes = endings.map(({ again }) => (again === null ? null : laneNumber(again.lane)));
  const times = endings.map(({ again }) => (again === null ? null : new Date(again.notBefore)));
  await sql`
    with ended as (
      select * from unnest(${objects}::text[], ${ids}::text[], ${versions}::int[], ${lanes}::smallint[], ${times}::timestamptz[])
        as e (object, record_id, version, lane, not_before)
    ), done as (
      delete from due d using ended e
      where d.hub_id = ${hubId} and d.object = e.object and d.record_id = e.record_id
        and d.version = e.version and e.lane is null
    )
    update due d set
      lane = case when d.version = e.version then e.lane else least(d.lane, e.lane) end,
      not_before = case when d.version = e.version then e.not_before else least(d.not_before, e.not_before) end,
      links = case when d.version = e.version then false else d.links end,
      told = case when d.version = e.version then ${layerNumber('reconcile')} else d.told end,
      attempts = 0, error = null
    from ended e
    where d.hub_id = ${hubId} and d.object = e.object and d.record_id = e.record_id and e.lane is not null`.execute(
    db,
  );
}

/** Puts failed work off, counting the attempt; `park` sets it aside for a person. */
export async function failWork(
  db: Db,
  hubId: HubId,
  failures: readonly { work: Work; error: WorkError; notBefore: number; counts: boolean; park: boolean }[],
  now: number,
): Promise<void> {
  if (failures.length === 0) return;
  await sql`
    update due d set
      not_before = f.not_before, attempts = d.attempts + f.counts, error = f.error,
      parked_at = case when f.park then ${new Date(now)}::timestamptz end
    from unnest(
      ${failures.map((f) => f.work.object)}::text[], ${failures.map((f) => f.work.recordId)}::text[],
      ${failures.map((f) => new Date(f.notBefore))}::timestamptz[], ${failures.map((f) => (f.counts ? 1 : 0))}::int[],
      ${failures.map((f) => f.park)}::boolean[], ${failures.map((f) => JSON.stringify(f.error))}::jsonb[]
    ) as f (object, record_id, not_before, counts, park, error)
    where d.hub_id = ${hubId} and d.object = f.object and d.record_id = f.record_id`.execute(db);
}
