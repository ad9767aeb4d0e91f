/** Work set aside after its last attempt, waiting for a person. */
import type { HubId, RecordId } from '@tallystick/shared/ids';
import type { AppObject } from '@tallystick/shared/ownership';
import type { Db, WorkError } from './database.ts';

export interface ParkedRow {
  object: AppObject;
  recordId: RecordId;
  parkedAt: number;
  attempts: number;
  error: WorkError;
}

const parked = (db: Db, hubId: HubId) =>
  db
    .selectFrom('due')
    .select(['object', 'record_id', 'parked_at', 'attempts', 'error'])
    .where('hub_id', '=', hubId)
    .where('parked_at', 'is not', null);

type Row = Awaited<ReturnType<ReturnType<typeof parked>['execute']>>[number];

const rowOf = (row: Row): ParkedRow => ({
  object: row.object,
  recordId: row.record_id,
  parkedAt: row.parked_at?.getTime() ?? 0,
  attempts: row.attempts,
  error: row.error ?? { code: 'unknown', message: 'The reason was not kept.' },
});

export async function parkedOf(
  db: Db,
  hubId: HubId,
  { object, recordId }: { object: AppObject; recordId: RecordId },
): Promise<ParkedRow | null> {
  const row = await parked(db, hubId)
    .where('object', '=', object)
    .where('record_id', '=', recordId)
    .executeTakeFirst();
  return row === undefined ? null : rowOf(row);
}

/** The longest parked first. */
export async function listParked(db: Db, hubId: HubId, limit: number): Promise<ParkedRow[]> {
  const rows = await parked(db, hubId).orderBy('parked_at').limit(limit).execute();
  return rows.map(rowOf);
}
