/** Storing what customers ask for, and reading it back for their receipts. */
import type { EditId, HubId, PersonId, RecordId } from '@tallystick/shared/ids';
import type { EditState, StatementEvidence } from '@tallystick/shared/messages';
import type { AppObject } from '@tallystick/shared/ownership';
import type { Value } from '@tallystick/shared/values';
import { sql } from 'kysely';
import type { Db, KeptGuard, KeptRuling } from './database.ts';
import { dueRows } from './due.ts';
import type { Lane } from './lanes.ts';

export interface NewEdit {
  editId: EditId;
  object: AppObject;
  recordId: RecordId;
  person: PersonId;
  audience: string;
  askedAt: number;
  action: string | null;
  guards: KeptGuard[];
  idempotencyKey: string;
  /** Tells a repeated request from another one under the same key. */
  fingerprint: string;
  fields: { field: string; seen: Value; wanted: Value }[];
  /** A member of staff asks: what they decided. */
  ruling?: KeptRuling;
  /** Who decides, of an action that is bound to what was shown. */
  evidence?: StatementEvidence;
  /** Where no person waits for it. */
  lane?: Lane;
}

/**
 * Stores the edit and makes its record due, in one statement: both or neither. False when the person has already used
 * the key; then no edit was stored.
 */
export async function storeEdit(db: Db, hubId: HubId, edit: NewEdit): Promise<boolean> {
  const at = new Date(edit.askedAt);
  const due = dueRows(hubId, edit.lane ?? 'edit', [{ object: edit.object, recordId: edit.recordId }], {
    now: edit.askedAt,
  });
  const { rows } = await sql`
      with e as (
        insert into edits (hub_id, edit_id, object, record_id, person, audience, asked_at, action, guards, idempotency_key, fingerprint, ruling, evidence)
        values (${hubId}, ${edit.editId}, ${edit.object}, ${edit.recordId}, ${edit.person}, ${edit.audience}, ${at},
          ${edit.action}, ${JSON.stringify(edit.guards)}::jsonb, ${edit.idempotencyKey}, ${edit.fingerprint},
          ${edit.ruling === undefined ? null : JSON.stringify(edit.ruling)}::jsonb,
          ${edit.evidence === undefined ? null : JSON.stringify(edit.evidence)}::jsonb)
        on conflict (hub_id, person, idempotency_key) do nothing
        returning edit_id
      ), d as (${due})
      insert into edit_fields (hub_id, edit_id, field, object, record_id, seen, wanted, state, changed_at)
      select ${hubId}::bigint, e.edit_id, f.field, ${edit.object}, ${edit.recordId}, f.seen, f.wanted, 'accepted', ${at}::timestamptz
      from e cross join unnest(
        ${edit.fields.map((each) => each.field)}::text[], ${edit.fields.map((each) => each.seen)}::text[],
        ${edit.fields.map((each) => each.wanted)}::text[]) as f (field, seen, wanted)
      returning field`.execute(db);
  return rows.length > 0;
}

export interface EditRow {
  editId: EditId;
  person: PersonId;
  object: AppObject;
  /** Null: a record that is still to be made. */
  recordId: RecordId | null;
  askedAt: number;
  action: string | null;
  creation: string | null;
  fingerprint: string;
  /** Signed; null: none was made. */
  statement: string | null;
  fields: EditFieldRow[];
}
export interface EditFieldRow {
  field: string;
  seen: Value;
  wanted: Value;
  state: EditState;
  rule: string | null;
  reason: string | null;
  crmValue: Value;
  /** What staff told the customer. */
  note: string | null;
}

export function editById(db: Db, hubId: HubId, editId: EditId): Promise<EditRow[]> {
  return edits(db, hubId, sql`e.edit_id = ${editId}`, 1);
}
export function editsByIds(db: Db, hubId: HubId, editIds: readonly EditId[]): Promise<EditRow[]> {
  return edits(db, hubId, sql`e.edit_id = any(${[...editIds]}::uuid[])`, editIds.length);
}
/** `person`: every contact id the person has had. */
export function editByKey(
  db: Db,
  hubId: HubId,
  person: readonly PersonId[],
  key: string,
): Promise<EditRow[]> {
  return edits(db, hubId, sql`e.person = any(${[...person]}::text[]) and e.idempotency_key = ${key}`, 1);
}
/** The person's newest edits, newest first. */
export function recentEdits(
  db: Db,
  hubId: HubId,
  person: readonly RecordId[],
  limit: number,
): Promise<EditRow[]> {
  return edits(db, hubId, sql`e.person = any(${[...person]}::text[])`, limit);
}
/** Those that have not come to their end, oldest first; what customers make is not among them. */
export async function openEdits(db: Db, hubId: HubId, limit: number): Promise<EditRow[]> {
  const { rows } = await sql<{ edit_id: EditId }>`
    select e.edit_id from edits e where e.hub_id = ${hubId} and e.creation is null and exists (
      select from edit_fields f where f.hub_id = e.hub_id and f.edit_id = e.edit_id
        and f.state in ('accepted', 'written', 'held'))
    order by e.number limit ${limit}`.execute(db);
  const found = await editsByIds(
    db,
    hubId,
    rows.map((row) => row.edit_id),
  );
  return found.reverse();
}

/** Of one edit: what is undecided, and in no promise. */
export async function undecidedOf(
  db: Db,
  hubId: HubId,
  editId: EditId,
): Promise<{ object: AppObject; recordId: RecordId; field: string; wanted: Value }[]> {
  const { rows } = await sql<{ object: AppObject; recordId: RecordId; field: string; wanted: Value }>`
    select f.object, f.record_id as "recordId", f.field, f.wanted
    from edit_fields f join edits e on e.hub_id = f.hub_id and e.edit_id = f.edit_id
    where f.hub_id = ${hubId} and e.hub_id = ${hubId} and f.edit_id = ${editId} and e.creation is null
      and f.record_id is not null and f.state = 'accepted' and not exists (
        select from promises p where p.hub_id = ${hubId} and p.object = f.object and p.record_id = f.record_id
          and p.field = f.field and p.settled_at is null and f.edit_id = any(p.edit_ids))
    order by f.field`.execute(db);
  return rows;
}

async function edits(db: Db, hubId: HubId, which: ReturnType<typeof sql>, limit: number): Promise<EditRow[]> {
  const { rows } = await sql<{
    edit_id: EditId;
    person: PersonId;
    object: AppObject;
    record_id: RecordId | null;
    asked_at: Date;
    action: string | null;
    creation: string | null;
    fingerprint: string;
    statement: string | null;
    fields: EditFieldRow[];
  }>`
    select e.edit_id, e.person, e.object, e.record_id, e.asked_at, e.action, e.creation, e.fingerprint, e.statement,
      (select json_agg(json_build_object('field', f.field, 'seen', f.seen, 'wanted', f.wanted, 'state', f.state,
          'rule', f.rule, 'reason', f.reason, 'crmValue', f.crm_value, 'note', f.note) order by f.field)
        from edit_fields f where f.hub_id = e.hub_id and f.edit_id = e.edit_id) as fields
    from edits e where e.hub_id = ${hubId} and ${which} order by e.number desc limit ${limit}`.execute(db);
  return rows.map((row) => ({
    editId: row.edit_id,
    person: row.person,
    object: row.object,
    recordId: row.record_id,
    askedAt: row.asked_at.getTime(),
    action: row.action,
    creation: row.creation,
    fingerprint: row.fingerprint,
    statement: row.statement,
    fields: row.fields,
  }));
}
