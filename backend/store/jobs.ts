/** Work over all records of an object: reading everything from nothing, comparing everything. One open job a kind and object. */
import type { HubId } from '@tallystick/shared/ids';
import type { AppObject } from '@tallystick/shared/ownership';
import { sql } from 'kysely';
import type { Db } from './database.ts';
import type { Comparison, JobKind } from './layerTables.ts';

export interface Job {
  jobId: string;
  kind: JobKind;
  object: AppObject;
  cursor: string | null;
  /** Ms; null: not yet begun. */
  startedAt: number | null;
  comparison: Comparison | null;
}

/** Orders the work unless it is ordered already; answers with the open jobs. */
export async function orderJobs(
  db: Db,
  hubId: HubId,
  kind: JobKind,
  wanted: readonly AppObject[],
  now: number,
): Promise<string[]> {
  await db
    .insertInto('jobs')
    .values(wanted.map((object) => ({ hub_id: hubId, kind, object, created_at: new Date(now) })))
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const open = await db
    .selectFrom('jobs')
    .select('job_id')
    .where('hub_id', '=', hubId)
    .where('kind', '=', kind)
    .where('object', 'in', [...wanted])
    .where('finished_at', 'is', null)
    .execute();
  return open.map((row) => row.job_id);
}

/** Ends what is under way for these objects: a job that is ordered next begins from nothing. */
export async function endJobs(
  db: Db,
  hubId: HubId,
  wanted: readonly AppObject[],
  now: number,
  kind?: JobKind,
): Promise<void> {
  await db
    .updateTable('jobs')
    .set({ finished_at: new Date(now), error: 'It was begun anew.' })
    .where('hub_id', '=', hubId)
    .where('object', 'in', [...wanted])
    .where('finished_at', 'is', null)
    .$if(kind !== undefined, (query) => query.where('kind', '=', kind ?? 'backfill'))
    .execute();
}

/** Reading from nothing goes first; one that cannot go on does not hold up the others. */
export async function openJobs(db: Db, hubId: HubId): Promise<Job[]> {
  const rows = await db
    .selectFrom('jobs')
    .selectAll()
    .where('hub_id', '=', hubId)
    .where('finished_at', 'is', null)
    .orderBy(sql`error is not null`)
    .orderBy(sql`kind <> 'backfill'`)
    .orderBy('job_id')
    .execute();
  return rows.map((row) => ({
    jobId: row.job_id,
    kind: row.kind,
    object: row.object,
    cursor: row.cursor,
    startedAt: row.started_at?.getTime() ?? null,
    comparison: row.comparison,
  }));
}

export interface Step {
  /** Records dealt with. */
  done: number;
  cursor: string | null;
  comparison?: Comparison;
  isFinished: boolean;
}

/** Stores how far the job has come; one that was ended meanwhile stays ended. */
export async function saveStep(
  db: Db,
  hubId: HubId,
  jobId: string,
  now: number,
  step: Step | { error: string },
): Promise<void> {
  const at = new Date(now);
  await db
    .updateTable('jobs')
    .set((eb) =>
      'error' in step
        ? { error: step.error }
        : {
            error: null,
            cursor: step.cursor,
            done: eb('done', '+', String(step.done)),
            ...(step.comparison === undefined ? {} : { comparison: JSON.stringify(step.comparison) }),
            ...(step.isFinished ? { finished_at: at } : {}),
          },
    )
    .where('hub_id', '=', hubId)
    .where('job_id', '=', jobId)
    .where('finished_at', 'is', null)
    .execute();
}

/** Ends a comparison that cannot be made; it counts as no comparison. */
export async function giveUpComparing(
  db: Db,
  hubId: HubId,
  jobId: string,
  now: number,
  { comparison, error }: { comparison: Comparison; error: string },
): Promise<void> {
  await db
    .updateTable('jobs')
    .set({ error, comparison: JSON.stringify(comparison), finished_at: new Date(now) })
    .where('hub_id', '=', hubId)
    .where('job_id', '=', jobId)
    .where('finished_at', 'is', null)
    .execute();
}

export async function beginJob(
  db: Db,
  hubId: HubId,
  jobId: string,
  now: number,
  expected: number | null,
): Promise<void> {
  await db
    .updateTable('jobs')
    .set({ started_at: new Date(now), expected })
    .where('hub_id', '=', hubId)
    .where('job_id', '=', jobId)
    .where('started_at', 'is', null)
    .execute();
}

/**
 * The object that was not read or compared as a whole for the longest time, if that was before `since`, and if it was not
 * tried in vain after `triedSince`; null: none.
 */
export async function overdueObject(
  db: Db,
  hubId: HubId,
  all: readonly AppObject[],
  { since, triedSince }: { since: number; triedSince: number },
): Promise<AppObject | null> {
  const [hub, rows] = await Promise.all([
    db.selectFrom('hubs').select('connected_at').where('hub_id', '=', hubId).executeTakeFirstOrThrow(),
    db
      .selectFrom('jobs')
      .select((eb) => [
        'object',
        eb.fn.max('finished_at').filterWhere('error', 'is', null).as('at'),
        eb.fn.max('finished_at').as('triedAt'),
      ])
      .where('hub_id', '=', hubId)
      .where('kind', '<>', 'dry-run')
      .groupBy('object')
      .execute(),
  ]);
  const rowOf = (object: AppObject) => rows.find((row) => row.object === object);
  const lastAt = (object: AppObject): number => new Date(rowOf(object)?.at ?? hub.connected_at).getTime();
  const triedAt = (object: AppObject): number => new Date(rowOf(object)?.triedAt ?? 0).getTime();
  const [oldest] = all.filter((object) => triedAt(object) < triedSince).sort((a, b) => lastAt(a) - lastAt(b));
  return oldest !== undefined && lastAt(oldest) < since ? oldest : null;
}

/** A hub seen for the first time is read from nothing. */
export async function orderFirstJobs(
  db: Db,
  hubId: HubId,
  objects: readonly AppObject[],
  now: number,
): Promise<void> {
  const any = await db
    .selectFrom('jobs')
    .select('job_id')
    .where('hub_id', '=', hubId)
    .limit(1)
    .executeTakeFirst();
  if (any === undefined) await orderJobs(db, hubId, 'backfill', objects, now);
}
