/** What hangs on what besides companies: the case of a comment, the quote that a line item stands on. */
import type { HubId, RecordId } from '@tallystick/shared/ids';
import type { AppObject } from '@tallystick/shared/ownership';
import { sql } from 'kysely';
import type { Db } from './database.ts';

export interface Parent {
  object: AppObject;
  recordId: RecordId;
}
export interface RecordParents extends Parent {
  parents: readonly Parent[];
}
export interface RecordLines extends Parent {
  lines: readonly RecordId[];
}

/** Replaces what these records hang on. */
export async function saveParents(db: Db, hubId: HubId, records: readonly RecordParents[]): Promise<void> {
  if (records.length === 0) return;
  const rows = records.flatMap(({ object, recordId, parents }) =>
    parents.map((parent) => ({
      ...{ object, record_id: recordId },
      ...{ parent_object: parent.object, parent_id: parent.recordId },
    })),
  );
  await sql`
    with wanted as (
      select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as w (
        object text, record_id text, parent_object text, parent_id text)
    ), gone as (
      delete from parents d using ${given(records)}
      where d.hub_id = ${hubId} and d.object = s.object and d.record_id = s.record_id
        and not exists (select 1 from wanted w where (w.object, w.record_id, w.parent_object, w.parent_id)
          = (d.object, d.record_id, d.parent_object, d.parent_id))
    )
    insert into parents (hub_id, object, record_id, parent_object, parent_id)
    select ${hubId}::bigint, object, record_id, parent_object, parent_id from wanted
    on conflict do nothing`.execute(db);
}

/** What these records hang on besides companies. */
export async function loadParents(
  db: Db,
  hubId: HubId,
  object: AppObject,
  ids: readonly RecordId[],
): Promise<{ recordId: RecordId; parent: Parent }[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .selectFrom('parents')
    .select(['record_id', 'parent_object', 'parent_id'])
    .where('hub_id', '=', hubId)
    .where('object', '=', object)
    .where('record_id', 'in', [...ids])
    .execute();
  return rows.map((row) => ({
    recordId: row.record_id,
    parent: { object: row.parent_object, recordId: row.parent_id },
  }));
}

/** Replaces the line items that stand on these records. */
export async function saveLines(db: Db, hubId: HubId, records: readonly RecordLines[]): Promise<void> {
  if (records.length === 0) return;
  const rows = records.flatMap(({ object, recordId, lines }) =>
    lines.map((line) => ({ object, record_id: recordId, line_id: line })),
  );
  await sql`
    with wanted as (
      select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as w (object text, record_id text, line_id text)
    ), gone as (
      delete from lines d using ${given(records)}
      where d.hub_id = ${hubId} and d.object = s.object and d.record_id = s.record_id
        and not exists (select 1 from wanted w where (w.object, w.record_id, w.line_id) = (d.object, d.record_id, d.line_id))
    )
    insert into lines (hub_id, line_id, object, record_id)
    select ${hubId}::bigint, line_id, object, record_id from wanted
    on conflict do nothing`.execute(db);
}

const given = (records: readonly Parent[]) => sql`(
  select * from unnest(${records.map((one) => one.object)}::text[], ${records.map((one) => one.recordId)}::text[])
    as s (object, record_id)) s`;

/** The records that these line items stand on. */
export async function recordsOfLines(db: Db, hubId: HubId, lines: readonly RecordId[]): Promise<Parent[]> {
  if (lines.length === 0) return [];
  const rows = await db
    .selectFrom('lines')
    .select(['object', 'record_id'])
    .distinct()
    .where('hub_id', '=', hubId)
    .where(sql<boolean>`line_id = any(${[...lines]}::text[])`)
    .execute();
  return rows.map((row) => ({ object: row.object, recordId: row.record_id }));
}
