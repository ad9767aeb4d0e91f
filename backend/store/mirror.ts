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
      keyOf({ object: row.object, recordId: row.record_id }),
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

/** A record's name in maps and sets. */
export const keyOf = ({ object, recordId }: { object: AppObject; recordId: RecordId | null }): string =>
  `${object}:${recordId ?? ''}`;

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

/** These records were met in the CRM's lists. */
export async function markCompared(
  db: Db,
  hubId: HubId,
  object: AppObject,
  ids: readonly RecordId[],
  now: number,
): Promise<void> {
  if (ids.length === 0) return;
  await db
    .updateTable('mirror')
    .set({ compared_at: new Date(now) })
    .where('hub_id', '=', hubId)
    .where('object', '=', object)
    .where('record_id', 'in', [...ids])
    .execute();
}

/** Records that are here and were neither met in a list nor read since. */
export async function notCompared(
  db: Db,
  hubId: HubId,
  object: AppObject,
  since: number,
  limit: number,
): Promise<RecordId[]> {
  const rows = await db
    .selectFrom('mirror')
    .select('record_id')
    .where('hub_id', '=', hubId)
    .where('object', '=', object)
    .where('life', '=', 'present')
    .where((eb) => eb.or([eb('compared_at', 'is', null), eb('compared_at', '<', new Date(since))]))
    .where((eb) => eb.or([eb('read_at', 'is', null), eb('read_at', '<', new Date(since))]))
    .limit(limit)
    .execute();
  return rows.map((row) => row.record_id);
}

/** A company that a record hangs on. */
export interface Link {
  companyId: RecordId;
  isPrimary: boolean;
  labels: string[];
}
export interface RecordLinks {
  object: AppObject;
  recordId: RecordId;
  links: readonly Link[];
}

/** The companies that these records hang on. */
export async function loadLinks(
  db: Db,
  hubId: HubId,
  object: AppObject,
  ids: readonly RecordId[],
): Promise<(Link & { recordId: RecordId })[]> {
  if (ids.length === 0) return [];
  const rows = await db
    .selectFrom('links')
    .select(['record_id', 'company_id', 'is_primary', 'labels'])
    .where('hub_id', '=', hubId)
    .where('object', '=', object)
    .where('record_id', 'in', [...ids])
    .execute();
  return rows.map((row) => ({
    recordId: row.record_id,
    companyId: row.company_id,
    isPrimary: row.is_primary,
    labels: row.labels,
  }));
}

/** Replaces the links of these records. */
export async function saveLinks(db: Db, hubId: HubId, records: readonly RecordLinks[]): Promise<void> {
  if (records.length === 0) return;
  const rows = records.flatMap(({ object, recordId, links }) =>
    links.map(({ companyId, isPrimary, labels }) => ({
      object,
      record_id: recordId,
      company_id: companyId,
      is_primary: isPrimary,
      labels,
    })),
  );
  await sql`
    with wanted as (
      select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as w (
        object text, record_id text, company_id text, is_primary boolean, labels text[])
    ), gone as (
      delete from links d using (
        select * from unnest(${records.map((r) => r.object)}::text[], ${records.map((r) => r.recordId)}::text[]) as s (object, record_id)
      ) s
      where d.hub_id = ${hubId} and d.object = s.object and d.record_id = s.record_id
        and not exists (select 1 from wanted w where (w.object, w.record_id, w.company_id) = (d.object, d.record_id, d.company_id))
    )
    insert into links (hub_id, object, record_id, company_id, is_primary, labels)
    select ${hubId}::bigint, object, record_id, company_id, is_primary, labels from wanted
    on conflict (hub_id, object, record_id, company_id) do update
      set is_primary = excluded.is_primary, labels = excluded.labels`.execute(db);
}
