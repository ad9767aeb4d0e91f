/** The mirror and the links. Written by the hub's worker alone, inside its lease. */
import type { HubId, RecordId } from '@tallystick/shared/ids';
import type { AppObject } from '@tallystick/shared/ownership';
import { sql } from 'kysely';
import type { Db, Kept } from './database.ts';
import { pack, unpack } from './kept.ts';

/** `present`, `archived`, `erased`, or `merged:<id of the survivor>`. */
export type Life = 'present' | 'archived' | 'erased' | `merged:${string}`;

export interface MirrorRow {
  object: AppObject;
  recordId: RecordId;
  life: string;
  fields: Record<string, Kept>;
  foundSeq: number;
  changedSeq: number;
}

/** What is to be written of one record; fields not named stay as they are. */
export interface MirrorPatch {
  object: AppObject;
  recordId: RecordId;
  life: string;
  fields: Record<string, Kept>;
  foundSeq: number;
  changedSeq: number;
  /** When the whole record was last read, or null when this patch comes from events. */
  readAt: number | null;
}

export async function loadMirror(
  db: Db,
  hubId: HubId,
  records: readonly { object: AppObject; recordId: RecordId }[],
): Promise<Map<string, MirrorRow>> {
  const objects = records.map((record) => record.object);
  const ids = records.map((record) => record.recordId);
  const rows = await db
    .selectFrom('mirror')
    .select(['object', 'record_id', 'life', 'fields', 'found_seq', 'changed_seq'])
    .where('hub_id', '=', hubId)
    .where(sql<boolean>`(object, record_id) in (select * from unnest(${objects}::text[], ${ids}::text[]))`)
    .execute();
  return new Map(
    rows.map((row) => [
      keyOf(row.object, row.record_id),
      {
        object: row.object,
        recordId: row.record_id,
        life: row.life,
        fields: unpack(row.fields),
        foundSeq: Number(row.found_seq),
        changedSeq: Number(row.changed_seq),
      },
    ]),
  );
}

export const keyOf = (object: AppObject, recordId: RecordId): string => `${object}:${recordId}`;

export async function saveMirror(db: Db, hubId: HubId, patches: readonly MirrorPatch[]): Promise<void> {
  if (patches.length > 0) await upsertMirror(hubId, patches).execute(db);
}

/**
 * The upsert as a fragment, so that the hot path can put it beside others in one statement. The rows go as one JSON
 * text: in arrays every quote of every patch would be escaped here and unescaped there.
 */
export function upsertMirror(hubId: HubId, patches: readonly MirrorPatch[]) {
  const rows = patches.map((patch) => ({
    object: patch.object,
    record_id: patch.recordId,
    life: patch.life,
    fields: pack(patch.fields),
    found_seq: patch.foundSeq,
    changed_seq: patch.changedSeq,
    read_at: patch.readAt === null ? null : new Date(patch.readAt),
  }));
  return sql`
    insert into mirror as m (hub_id, object, record_id, life, fields, found_seq, changed_seq, read_at)
    select ${hubId}::bigint, p.* from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as p (
      object text, record_id text, life text, fields jsonb, found_seq bigint, changed_seq bigint, read_at timestamptz)
    on conflict (hub_id, object, record_id) do update set
      life = excluded.life, fields = m.fields || excluded.fields, changed_seq = excluded.changed_seq,
      read_at = coalesce(excluded.read_at, m.read_at)`;
}

export interface RecordLinks {
  object: AppObject;
  recordId: RecordId;
  links: readonly { companyId: RecordId; isPrimary: boolean; labels: string[] }[];
}

/** Replaces the links of these records; says which records' links moved. */
export async function saveLinks(db: Db, hubId: HubId, records: readonly RecordLinks[]): Promise<Set<string>> {
  if (records.length === 0) return new Set();
  const rows = records.flatMap(({ object, recordId, links }) =>
    links.map((link) => ({ object, recordId, ...link })),
  );
  const moved = await sql<{ object: AppObject; record_id: RecordId }>`
    with wanted as (
      select * from unnest(
        ${rows.map((row) => row.object)}::text[], ${rows.map((row) => row.recordId)}::text[],
        ${rows.map((row) => row.companyId)}::text[], ${rows.map((row) => row.isPrimary)}::boolean[],
        ${rows.map((row) => JSON.stringify(row.labels))}::jsonb[]) as w (object, record_id, company_id, is_primary, labels_json)
    ), labelled as (
      select object, record_id, company_id, is_primary,
        coalesce((select array_agg(l order by l) from jsonb_array_elements_text(labels_json) as l), '{}') as labels
      from wanted
    ), gone as (
      delete from links d using (
        select * from unnest(${records.map((r) => r.object)}::text[], ${records.map((r) => r.recordId)}::text[]) as s (object, record_id)
      ) s
      where d.hub_id = ${hubId} and d.object = s.object and d.record_id = s.record_id
        and not exists (select 1 from labelled l where (l.object, l.record_id, l.company_id) = (d.object, d.record_id, d.company_id))
      returning d.object, d.record_id
    ), put as (
      insert into links as d (hub_id, object, record_id, company_id, is_primary, labels)
      select ${hubId}::bigint, object, record_id, company_id, is_primary, labels from labelled
      on conflict (hub_id, object, record_id, company_id) do update
        set is_primary = excluded.is_primary, labels = excluded.labels
        where (d.is_primary, d.labels) is distinct from (excluded.is_primary, excluded.labels)
      returning d.object, d.record_id
    )
    select object, record_id from gone union select object, record_id from put`.execute(db);
  return new Set(moved.rows.map((row) => keyOf(row.object, row.record_id)));
}
