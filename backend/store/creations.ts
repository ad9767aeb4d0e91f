/** What customers have made: stored with the edit that asks for it, and how far the worker is with it. */
import type { EditId, HubId, PersonId, RecordId } from '@tallystick/shared/ids';
import type { EditState } from '@tallystick/shared/messages';
import type { AppObject } from '@tallystick/shared/ownership';
import type { Value } from '@tallystick/shared/values';
import { sql } from 'kysely';
import type { Db, WorkError } from './database.ts';

export interface NewCreation {
  editId: EditId;
  name: string;
  object: AppObject;
  person: PersonId;
  audience: string;
  askedAt: number;
  idempotencyKey: string;
  fingerprint: string;
  fields: { field: string; wanted: Value }[];
  on: { object: AppObject; recordId: RecordId };
  companies: readonly RecordId[];
  uploadId: string | null;
}

/** Stores it, all or nothing. False when the person has already used the key; then nothing was stored. */
export async function storeCreation(db: Db, hubId: HubId, made: NewCreation): Promise<boolean> {
  const at = new Date(made.askedAt);
  const { rows } = await sql`
    with e as (
      insert into edits (hub_id, edit_id, object, person, audience, asked_at, creation, idempotency_key, fingerprint)
      values (${hubId}, ${made.editId}, ${made.object}, ${made.person}, ${made.audience}, ${at}, ${made.name},
        ${made.idempotencyKey}, ${made.fingerprint})
      on conflict (hub_id, person, idempotency_key) do nothing
      returning edit_id
    ), c as (
      insert into creations (hub_id, edit_id, on_object, on_id, companies, upload_id, not_before)
      select ${hubId}::bigint, e.edit_id, ${made.on.object}, ${made.on.recordId}, ${[...made.companies]}::text[],
        ${made.uploadId}::uuid, ${at}::timestamptz from e
    )
    insert into edit_fields (hub_id, edit_id, field, object, wanted, state, changed_at)
    select ${hubId}::bigint, e.edit_id, f.field, ${made.object}, f.wanted, 'accepted', ${at}::timestamptz
    from e cross join unnest(
      ${made.fields.map((each) => each.field)}::text[], ${made.fields.map((each) => each.wanted)}::text[]
    ) as f (field, wanted)
    returning field`.execute(db);
  return rows.length > 0;
}

export interface Creation {
  editId: EditId;
  name: string;
  object: AppObject;
  /** Once the CRM said which record it is. */
  recordId: RecordId | null;
  person: PersonId;
  audience: string;
  askedAt: number;
  fields: { field: string; wanted: Value; state: EditState; journaled: boolean }[];
  on: { object: AppObject; recordId: RecordId };
  companies: RecordId[];
  uploadId: string | null;
  fileId: string | null;
  /** When a call that may have made it went out; null when none did. */
  sentAt: number | null;
  attempts: number;
}

/** What waits and may be tried now, oldest first. */
export async function waitingCreations(
  db: Db,
  hubId: HubId,
  now: number,
  limit: number,
): Promise<Creation[]> {
  const { rows } = await sql<{
    edit_id: EditId;
    creation: string;
    object: AppObject;
    record_id: RecordId | null;
    person: PersonId;
    audience: string;
    asked_at: Date;
    fields: Creation['fields'];
    on_object: AppObject;
    on_id: RecordId;
    companies: RecordId[];
    upload_id: string | null;
    file_id: string | null;
    sent_at: Date | null;
    attempts: number;
  }>`
    select e.edit_id, e.creation, e.object, e.record_id, e.person, e.audience, e.asked_at, c.on_object, c.on_id,
      c.companies, c.upload_id, c.file_id, c.sent_at, c.attempts,
      (select json_agg(json_build_object('field', f.field, 'wanted', f.wanted, 'state', f.state, 'journaled', f.journaled))
        from edit_fields f where f.hub_id = e.hub_id and f.edit_id = e.edit_id) as fields
    from creations c join edits e on e.hub_id = c.hub_id and e.edit_id = c.edit_id
    where c.hub_id = ${hubId} and c.ended_at is null and c.not_before <= ${new Date(now)}
    order by e.number limit ${limit}`.execute(db);
  return rows.map((row) => ({
    editId: row.edit_id,
    name: row.creation,
    object: row.object,
    recordId: row.record_id,
    person: row.person,
    audience: row.audience,
    askedAt: row.asked_at.getTime(),
    fields: row.fields,
    on: { object: row.on_object, recordId: row.on_id },
    companies: row.companies,
    uploadId: row.upload_id,
    fileId: row.file_id,
    sentAt: row.sent_at?.getTime() ?? null,
    attempts: row.attempts,
  }));
}

/** When the next one that waits for its time may be tried; null when there is none. */
export async function nextCreationAt(db: Db, hubId: HubId): Promise<number | null> {
  const row = await db
    .selectFrom('creations')
    .select((eb) => eb.fn.min('not_before').as('at'))
    .where('hub_id', '=', hubId)
    .where('ended_at', 'is', null)
    .executeTakeFirst();
  return row?.at == null ? null : new Date(row.at).getTime();
}

export interface Progress {
  sentAt?: number | null;
  fileId?: string;
  notBefore?: number;
  error?: WorkError | null;
  endedAt?: number;
  /** Counts an attempt. */
  tried?: true;
}

export async function moveCreation(db: Db, hubId: HubId, editId: EditId, progress: Progress): Promise<void> {
  const { sentAt, fileId, notBefore, error, endedAt, tried } = progress;
  await db
    .updateTable('creations')
    .set((eb) => ({
      edit_id: editId,
      ...(sentAt === undefined ? {} : { sent_at: sentAt === null ? null : new Date(sentAt) }),
      ...(fileId === undefined ? {} : { file_id: fileId }),
      ...(notBefore === undefined ? {} : { not_before: new Date(notBefore) }),
      ...(error === undefined ? {} : { error: error === null ? null : JSON.stringify(error) }),
      ...(endedAt === undefined ? {} : { ended_at: new Date(endedAt) }),
      ...(tried === undefined ? {} : { attempts: eb('attempts', '+', 1) }),
    }))
    .where('hub_id', '=', hubId)
    .where('edit_id', '=', editId)
    .execute();
}

/** The CRM has said which record it is. */
export async function nameRecord(db: Db, hubId: HubId, editId: EditId, recordId: RecordId): Promise<void> {
  for (const table of ['edits', 'edit_fields'] as const)
    await db
      .updateTable(table)
      .set({ record_id: recordId })
      .where('hub_id', '=', hubId)
      .where('edit_id', '=', editId)
      .execute();
}
