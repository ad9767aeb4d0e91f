/** Conflicts and proposals: what waits for staff, and how it was settled. */
import type { Standing } from '@tallystick/shared/decide';
import type { EditId, HubId, PersonId, RecordId } from '@tallystick/shared/ids';
import type { AppObject } from '@tallystick/shared/ownership';
import type { Value } from '@tallystick/shared/values';
import { sql } from 'kysely';
import type { Db, KeptSettlement } from './database.ts';

export interface ConflictRow {
  kind: 'conflict' | 'proposal';
  object: AppObject;
  recordId: RecordId;
  field: string;
  editId: EditId;
  person: PersonId;
  seen: Value;
  wanted: Value;
  crm: Standing;
}

export async function openConflicts(
  db: Db,
  hubId: HubId,
  rows: readonly ConflictRow[],
  now: number,
): Promise<void> {
  if (rows.length === 0) return;
  await db
    .insertInto('conflicts')
    .values(
      rows.map((row) => ({
        hub_id: hubId,
        kind: row.kind,
        object: row.object,
        record_id: row.recordId,
        field: row.field,
        edit_id: row.editId,
        person: row.person,
        seen: row.seen,
        wanted: row.wanted,
        crm: JSON.stringify(row.crm),
        opened_at: new Date(now),
      })),
    )
    // Taken by a ruling that fell: the same edit is held anew.
    .onConflict((conflict) =>
      conflict.columns(['hub_id', 'edit_id', 'field']).doUpdateSet((eb) => ({
        crm: eb.ref('excluded.crm'),
        opened_at: eb.ref('excluded.opened_at'),
        settled_at: null,
        settlement: null,
      })),
    )
    .execute();
}

export interface SettledConflict extends KeptSettlement {
  conflictId: string;
}

export async function settleConflicts(
  db: Db,
  hubId: HubId,
  settled: readonly SettledConflict[],
  now: number,
): Promise<void> {
  if (settled.length === 0) return;
  await sql`
    update conflicts c set settled_at = ${new Date(now)}, settlement = s.settlement
    from unnest(${settled.map((one) => one.conflictId)}::bigint[],
      ${settled.map(({ conflictId: _, ...settlement }) => JSON.stringify(settlement))}::jsonb[]) as s (conflict_id, settlement)
    where c.hub_id = ${hubId} and c.conflict_id = s.conflict_id and c.settled_at is null`.execute(db);
}

export interface KeptConflict extends ConflictRow {
  conflictId: string;
  openedAt: number;
  settledAt: number | null;
  settlement: KeptSettlement | null;
}

const conflictsFrom = (db: Db, hubId: HubId) =>
  db.selectFrom('conflicts').selectAll().where('hub_id', '=', hubId);

type Row = Awaited<ReturnType<ReturnType<typeof conflictsFrom>['execute']>>[number];

const kept = (row: Row): KeptConflict => ({
  conflictId: row.conflict_id,
  kind: row.kind,
  object: row.object,
  recordId: row.record_id,
  field: row.field,
  editId: row.edit_id,
  person: row.person,
  seen: row.seen,
  wanted: row.wanted,
  crm: row.crm,
  openedAt: row.opened_at.getTime(),
  settledAt: row.settled_at?.getTime() ?? null,
  settlement: row.settlement,
});

/** A record's conflicts, open ones first, then the newest. */
export async function conflictsOfRecord(
  db: Db,
  hubId: HubId,
  object: AppObject,
  recordId: RecordId,
  limit: number,
): Promise<KeptConflict[]> {
  const rows = await conflictsFrom(db, hubId)
    .where('object', '=', object)
    .where('record_id', '=', recordId)
    .orderBy(sql`settled_at is null`, 'desc')
    .orderBy('conflict_id', 'desc')
    .limit(limit)
    .execute();
  return rows.map(kept);
}

export async function conflictById(db: Db, hubId: HubId, conflictId: string): Promise<KeptConflict | null> {
  const row = await conflictsFrom(db, hubId).where('conflict_id', '=', conflictId).executeTakeFirst();
  return row === undefined ? null : kept(row);
}

export interface ConflictFilter {
  open: boolean;
  kind: 'conflict' | 'proposal' | null;
  object: AppObject | null;
  field: string | null;
  /** Only conflicts with a smaller number: the next page. */
  before: string | null;
  limit: number;
}

/** A hub's conflicts, newest first. */
export async function listConflicts(db: Db, hubId: HubId, filter: ConflictFilter): Promise<KeptConflict[]> {
  const { open, kind, object, field, before, limit } = filter;
  const rows = await conflictsFrom(db, hubId)
    .where('settled_at', open ? 'is' : 'is not', null)
    .$if(kind !== null, (query) => query.where('kind', '=', kind ?? 'conflict'))
    .$if(object !== null, (query) => query.where('object', '=', object ?? 'contact'))
    .$if(field !== null, (query) => query.where('field', '=', field ?? ''))
    .$if(before !== null, (query) => query.where('conflict_id', '<', before ?? ''))
    .orderBy('conflict_id', 'desc')
    .limit(limit)
    .execute();
  return rows.map(kept);
}
