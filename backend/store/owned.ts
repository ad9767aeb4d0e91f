/** Records with fields that another system owns, as the mirror holds them. */
import type { HubId, PersonId, RecordId } from '@tallystick/shared/ids';
import type { AppObject } from '@tallystick/shared/ownership';
import type { Value } from '@tallystick/shared/values';
import { sql } from 'kysely';
import type { Db, Kept } from './database.ts';
import { unpack, type Packed } from './kept.ts';

export interface OwnedRow {
  recordId: RecordId;
  /** Only the fields that were asked for. */
  fields: Record<string, Kept>;
  /** What this person's open edits ask for, by field. */
  asking: Record<string, Value>;
}

/** Present records that hold one of these fields: all, page by page, or some of them. */
export async function ownedRecords(
  db: Db,
  hubId: HubId,
  object: AppObject,
  fields: readonly string[],
  person: PersonId,
  which: { after: RecordId | null; limit: number } | { ids: readonly RecordId[] },
): Promise<OwnedRow[]> {
  const some =
    'ids' in which
      ? sql`m.record_id = any(${[...which.ids]}::text[])`
      : sql`(${which.after}::text is null or m.record_id > ${which.after}::text)`;
  const limit = 'ids' in which ? which.ids.length : which.limit;
  const { rows } = await sql<{
    record_id: RecordId;
    fields: Record<string, Packed> | null;
    asking: Record<string, Value> | null;
  }>`
    select m.record_id,
      (select jsonb_object_agg(f, m.fields->f) from unnest(${[...fields]}::text[]) f where m.fields ? f) as fields,
      (select jsonb_object_agg(o.field, o.wanted) from (
        select distinct on (f.field) f.field, f.wanted from edit_fields f
        join edits e on e.hub_id = f.hub_id and e.edit_id = f.edit_id
        where f.hub_id = m.hub_id and f.object = m.object and f.record_id = m.record_id
          and f.state in ('accepted', 'written', 'held') and e.person = ${person}
        order by f.field, e.number desc) o) as asking
    from mirror m
    where m.hub_id = ${hubId} and m.object = ${object} and m.life = 'present' and ${some}
      and exists (select from unnest(${[...fields]}::text[]) f where m.fields->f->>0 is not null)
    order by m.record_id limit ${limit}`.execute(db);
  return rows.map((row) => ({
    recordId: row.record_id,
    fields: unpack(row.fields ?? {}),
    asking: row.asking ?? {},
  }));
}
