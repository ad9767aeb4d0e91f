/** Reading records for the portal: mirror, links and the person's own open edits in one statement each. */
import type { EditId, HubId, PersonId, RecordId } from '@tallystick/shared/ids';
import type { EditState } from '@tallystick/shared/messages';
import type { AppObject } from '@tallystick/shared/ownership';
import { sql } from 'kysely';
import type { Db, Definition, Kept } from './database.ts';
import { unpack, type Packed } from './kept.ts';
import { keyOf } from './mirror.ts';
import type { Stopped } from './schema.ts';

export interface LinkRow {
  companyId: RecordId;
  isPrimary: boolean;
  labels: string[];
}

export interface OpenEditOfField {
  editId: EditId;
  person: PersonId;
  field: string;
  wanted: string | null;
  state: EditState;
}

export interface Parent {
  object: AppObject;
  recordId: RecordId;
  life: string;
  fields: Record<string, Kept>;
  companies: RecordId[];
}

export interface RecordRow {
  object: AppObject;
  recordId: RecordId;
  life: string;
  fields: Record<string, Kept>;
  foundSeq: number;
  changedSeq: number;
  companies: RecordId[];
  /** The records of other objects that it hangs on. */
  parents: Parent[];
  /** Oldest first: accepted, written or held. */
  openEdits: OpenEditOfField[];
  /** Its fields that are held back because the CRM's schema no longer fits the rules. */
  stopped: StoppedField[];
}

export type StoppedField = Pick<Stopped, 'code' | 'field' | 'stops' | 'since'>;

/** The companies a contact is linked to. */
export async function linksOf(db: Db, hubId: HubId, contactId: RecordId): Promise<LinkRow[]> {
  const rows = await db
    .selectFrom('links')
    .select(['company_id', 'is_primary', 'labels'])
    .where('hub_id', '=', hubId)
    .where('object', '=', 'contact')
    .where('record_id', '=', contactId)
    .execute();
  return rows.map((row) => ({ companyId: row.company_id, isPrimary: row.is_primary, labels: row.labels }));
}

/** What a person's standing follows from. */
export interface ContactRow {
  life: string;
  email: string | null;
  links: LinkRow[];
}

/** Many contacts at once, in one statement; unknown ones are simply not in the answer. */
export async function contactsOf(
  db: Db,
  hubId: HubId,
  ids: readonly RecordId[],
): Promise<Map<RecordId, ContactRow>> {
  if (ids.length === 0) return new Map();
  const { rows } = await sql<{
    record_id: RecordId;
    life: string;
    email: string | null;
    links: LinkRow[] | null;
  }>`
    select m.record_id, m.life, m.fields -> 'email' ->> 0 as email,
      (select json_agg(json_build_object('companyId', l.company_id, 'isPrimary', l.is_primary, 'labels', l.labels))
        from links l where l.hub_id = m.hub_id and l.object = m.object and l.record_id = m.record_id) as links
    from mirror m
    where m.hub_id = ${hubId} and m.object = 'contact' and m.record_id = any(${[...ids]}::text[])`.execute(
    db,
  );
  return new Map(
    rows.map(({ record_id: id, life, email, links }) => [id, { life, email, links: links ?? [] }]),
  );
}

/** Records of any objects with their companies and open edits; unknown ones are simply not in the answer. */
export async function loadRecords(
  db: Db,
  hubId: HubId,
  wanted: readonly { object: AppObject; recordId: RecordId }[],
): Promise<RecordRow[]> {
  const { rows } = await sql<{
    object: AppObject;
    record_id: RecordId;
    life: string;
    fields: Record<string, Packed>;
    found_seq: string;
    changed_seq: string;
    companies: RecordId[] | null;
    parents:
      | {
          object: AppObject;
          recordId: RecordId;
          life: string;
          fields: Record<string, Packed>;
          companies: RecordId[] | null;
        }[]
      | null;
    stopped: (Omit<StoppedField, 'since'> & { since: string })[] | null;
    open_edits:
      { editId: EditId; person: PersonId; field: string; wanted: string | null; state: EditState }[] | null;
  }>`
    select m.object, m.record_id, m.life, m.fields, m.found_seq, m.changed_seq,
      (select array_agg(l.company_id) from links l
        where l.hub_id = m.hub_id and l.object = m.object and l.record_id = m.record_id) as companies,
      (select json_agg(json_build_object('object', p.object, 'recordId', p.record_id, 'life', p.life,
          'fields', p.fields, 'companies', (select json_agg(pl.company_id) from links pl
            where pl.hub_id = p.hub_id and pl.object = p.object and pl.record_id = p.record_id)))
        from parents c join mirror p on p.hub_id = c.hub_id and p.object = c.parent_object and p.record_id = c.parent_id
        where c.hub_id = m.hub_id and c.object = m.object and c.record_id = m.record_id) as parents,
      (select json_agg(json_build_object('editId', f.edit_id, 'person', e.person, 'field', f.field,
          'wanted', f.wanted, 'state', f.state) order by e.number)
        from edit_fields f join edits e on e.hub_id = f.hub_id and e.edit_id = f.edit_id
        where f.hub_id = m.hub_id and f.object = m.object and f.record_id = m.record_id
          and f.state in ('accepted', 'written', 'held')) as open_edits,
      (select json_agg(json_build_object('code', d.code, 'field', d.field, 'stops', d.stops, 'since', d.since))
        from findings d where d.hub_id = m.hub_id and d.object = m.object and d.stops <> 'none') as stopped
    from mirror m
    where m.hub_id = ${hubId} and (m.object, m.record_id) in (
      select * from unnest(${wanted.map((one) => one.object)}::text[], ${wanted.map((one) => one.recordId)}::text[]))`.execute(
    db,
  );
  return rows.map((row) => ({
    object: row.object,
    recordId: row.record_id,
    life: row.life,
    fields: unpack(row.fields),
    foundSeq: Number(row.found_seq),
    changedSeq: Number(row.changed_seq),
    companies: row.companies ?? [],
    parents: (row.parents ?? []).map((parent) => ({
      ...parent,
      fields: unpack(parent.fields),
      companies: parent.companies ?? [],
    })),
    openEdits: row.open_edits ?? [],
    stopped: (row.stopped ?? []).map((stop) => ({ ...stop, since: Date.parse(stop.since) })),
  }));
}

/** The same, by `keyOf`. */
export async function recordsByKey(
  db: Db,
  hubId: HubId,
  wanted: readonly { object: AppObject; recordId: RecordId }[],
): Promise<Map<string, RecordRow>> {
  return new Map((await loadRecords(db, hubId, wanted)).map((row) => [keyOf(row), row]));
}

/**
 * A page of the ids of present records that hang on these companies (for companies: they themselves), by id. Starts
 * from the links: as an `or` over the mirror it read all of it (12 ms at 50,000 records, against 1.3).
 */
export async function idsInReach(
  db: Db,
  hubId: HubId,
  object: AppObject,
  reach: { companies: readonly RecordId[]; self: RecordId | null },
  page: { after: RecordId | null; limit: number },
): Promise<RecordId[]> {
  const own = object === 'company' ? reach.companies : reach.self === null ? [] : [reach.self];
  const { rows } = await sql<{ record_id: RecordId }>`
    select m.record_id from (
      select unnest(${[...own]}::text[]) as record_id
      union
      select record_id from links
      where hub_id = ${hubId} and company_id = any(${[...reach.companies]}::text[]) and object = ${object}
      union
      select p.record_id from parents p
      join links l on l.hub_id = p.hub_id and l.object = p.parent_object and l.record_id = p.parent_id
      where p.hub_id = ${hubId} and p.object = ${object} and l.company_id = any(${[...reach.companies]}::text[])
    ) r join mirror m on m.hub_id = ${hubId} and m.object = ${object} and m.record_id = r.record_id
    where m.life = 'present'
      and (${page.after}::text is null or (length(m.record_id), m.record_id) > (length(${page.after}::text), ${page.after}::text))
    order by length(m.record_id), m.record_id limit ${page.limit}`.execute(db);
  return rows.map((row) => row.record_id);
}

/** A page of the ids of present records that hang on this one, by id. */
export async function childrenOf(
  db: Db,
  hubId: HubId,
  object: AppObject,
  parent: { object: AppObject; recordId: RecordId },
  page: { after: RecordId | null; limit: number },
): Promise<RecordId[]> {
  const { rows } = await sql<{ record_id: RecordId }>`
    select m.record_id from parents p
    join mirror m on m.hub_id = p.hub_id and m.object = p.object and m.record_id = p.record_id
    where p.hub_id = ${hubId} and p.object = ${object} and p.parent_object = ${parent.object} and p.parent_id = ${parent.recordId}
      and m.life = 'present'
      and (${page.after}::text is null or (length(m.record_id), m.record_id) > (length(${page.after}::text), ${page.after}::text))
    order by length(m.record_id), m.record_id limit ${page.limit}`.execute(db);
  return rows.map((row) => row.record_id);
}

/** The CRM's property definitions of an object, by property. */
export async function definitionsOf(db: Db, hubId: HubId): Promise<Map<string, Definition>> {
  const rows = await db
    .selectFrom('properties')
    .select(['object', 'property', 'definition'])
    .where('hub_id', '=', hubId)
    .execute();
  return new Map(rows.map((row) => [`${row.object}:${row.property}`, row.definition]));
}

export async function headOf(db: Db, hubId: HubId): Promise<number> {
  const row = await db
    .selectFrom('journal')
    .select((eb) => eb.fn.max('seq').as('seq'))
    .where('hub_id', '=', hubId)
    .executeTakeFirst();
  return Number(row?.seq ?? 0);
}

/**
 * The values fields had as of a journal number: the first change after it says what was there before. Fields that did
 * not change since are not in the answer. `erased` names fields whose old value is no longer kept.
 */
export async function valuesAsOf(
  db: Db,
  hubId: HubId,
  record: { object: AppObject; recordId: RecordId },
  asked: readonly { field: string; seq: number }[],
): Promise<{ changed: Map<string, string | null>; erased: string[] }> {
  const { rows } = await sql<{ field: string; before: string | null; erased: boolean }>`
    select a.field, j.before, j.salt is null as erased
    from unnest(${asked.map((one) => one.field)}::text[], ${asked.map((one) => one.seq)}::bigint[]) as a (field, seq)
    cross join lateral (
      select before, salt from journal
      where hub_id = ${hubId} and object = ${record.object} and record_id = ${record.recordId}
        and kind = 'changed' and field = a.field and seq > a.seq
      order by seq limit 1
    ) j`.execute(db);
  return {
    changed: new Map(rows.map((row) => [row.field, row.before])),
    erased: rows.filter((row) => row.erased).map((row) => row.field),
  };
}

export interface Moved {
  object: AppObject;
  /** Null: an edit whose record is still to be made. */
  recordId: RecordId | null;
  /** Null: the record itself; else an edit of it. */
  editId: EditId | null;
  /** Where the journal mentions it last. */
  seq: number;
}

/** The records and edits that the journal mentions after this number, and its head then. */
export async function movedSince(
  db: Db,
  hubId: HubId,
  after: number,
): Promise<{ head: number; moved: Moved[] }> {
  const { rows } = await sql<{
    object: AppObject | null;
    record_id: RecordId | null;
    edit_id: EditId | null;
    seq: string;
    head: string;
  }>`
    select object, record_id, edit_id, max(seq) as seq, max(max(seq)) over () as head from journal
    where hub_id = ${hubId} and seq > ${after}
    group by object, record_id, edit_id`.execute(db);
  return {
    head: Math.max(after, Number(rows[0]?.head ?? 0)),
    moved: rows.flatMap(({ object, record_id: recordId, edit_id: editId, seq }) =>
      object === null ? [] : [{ object, recordId, editId, seq: Number(seq) }],
    ),
  };
}

/** Up to `limit` records that hang on these companies, by themselves or by what they hang on. */
export async function linkedTo(
  db: Db,
  hubId: HubId,
  companies: readonly RecordId[],
  limit: number,
): Promise<{ object: AppObject; recordId: RecordId; companyId: RecordId }[]> {
  const { rows } = await sql<{ object: AppObject; record_id: RecordId; company_id: RecordId }>`
    with l as (
      select object, record_id, company_id from links
      where hub_id = ${hubId} and company_id = any(${[...companies]}::text[])
    )
    select * from l
    union
    select p.object, p.record_id, l.company_id from parents p join l on l.object = p.parent_object and l.record_id = p.parent_id
    where p.hub_id = ${hubId}
    limit ${limit}`.execute(db);
  return rows.map((row) => ({ object: row.object, recordId: row.record_id, companyId: row.company_id }));
}
