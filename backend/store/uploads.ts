/** Files on their way: kept in pieces until HubSpot has them, then erased. */
import type { HubId, PersonId } from '@tallystick/shared/ids';
import { sql } from 'kysely';
import type { Db } from './database.ts';

export interface Upload {
  uploadId: string;
  person: PersonId;
  name: string;
  sizeBytes: number;
  receivedBytes: number;
  /** By content; null until the file is complete and was looked at. */
  type: string | null;
  /** SHA-256, hex; null like the type. */
  digest: string | null;
  /** Why it was not taken; null while it may be. */
  refused: string | null;
}

export async function openUpload(
  db: Db,
  hubId: HubId,
  upload: Pick<Upload, 'uploadId' | 'person' | 'name' | 'sizeBytes'> & { now: number },
): Promise<void> {
  const { uploadId, person, name, sizeBytes, now } = upload;
  await db
    .insertInto('uploads')
    .values({
      hub_id: hubId,
      ...{ upload_id: uploadId, person, name, size_bytes: sizeBytes, created_at: new Date(now) },
    })
    .execute();
}

export async function findUpload(db: Db, hubId: HubId, uploadId: string): Promise<Upload | null> {
  const row = await db
    .selectFrom('uploads')
    .selectAll()
    .where('hub_id', '=', hubId)
    .where('upload_id', '=', uploadId)
    .executeTakeFirst();
  if (row === undefined) return null;
  return {
    uploadId: row.upload_id,
    person: row.person,
    name: row.name,
    sizeBytes: Number(row.size_bytes),
    receivedBytes: Number(row.received_bytes),
    type: row.type,
    digest: row.digest,
    refused: row.refused,
  };
}

/** How many files the person has under way. */
export async function countUploadsOf(db: Db, hubId: HubId, persons: readonly PersonId[]): Promise<number> {
  const row = await db
    .selectFrom('uploads')
    .select((eb) => eb.fn.countAll().as('count'))
    .where('hub_id', '=', hubId)
    .where('person', 'in', [...persons])
    .where('erased_at', 'is', null)
    .executeTakeFirst();
  return Number(row?.count ?? 0);
}

/** Adds a piece where the file ends; false when it ends elsewhere by now. One statement: both or neither. */
export async function addPiece(
  db: Db,
  hubId: HubId,
  uploadId: string,
  at: number,
  bytes: Uint8Array,
): Promise<boolean> {
  const { rows } = await sql`
    with moved as (
      update uploads set received_bytes = received_bytes + ${bytes.length}
      where hub_id = ${hubId} and upload_id = ${uploadId} and received_bytes = ${at} and erased_at is null
        and received_bytes + ${bytes.length} <= size_bytes
      returning upload_id
    )
    insert into upload_pieces (hub_id, upload_id, at_byte, bytes)
    select ${hubId}::bigint, upload_id, ${at}::bigint, ${Buffer.from(bytes)}::bytea from moved
    returning at_byte`.execute(db);
  return rows.length > 0;
}

export async function bytesOfUpload(
  db: Db,
  hubId: HubId,
  uploadId: string,
): Promise<Uint8Array<ArrayBuffer>> {
  const rows = await db
    .selectFrom('upload_pieces')
    .select('bytes')
    .where('hub_id', '=', hubId)
    .where('upload_id', '=', uploadId)
    .orderBy('at_byte')
    .execute();
  const whole = new Uint8Array(rows.reduce((sum, { bytes }) => sum + bytes.length, 0));
  let at = 0;
  for (const { bytes } of rows) {
    whole.set(bytes, at);
    at += bytes.length;
  }
  return whole;
}

/** The whole file was looked at: what it is, or why it is not taken. What is not taken is erased at once. */
export async function judgeUpload(
  db: Db,
  hubId: HubId,
  uploadId: string,
  judged: { type: string; digest: string } | { refused: string },
  now: number,
): Promise<void> {
  await db
    .updateTable('uploads')
    .set(judged)
    .where('hub_id', '=', hubId)
    .where('upload_id', '=', uploadId)
    .execute();
  if ('refused' in judged) await eraseUploads(db, hubId, [uploadId], now);
}

export async function eraseUploads(
  db: Db,
  hubId: HubId,
  uploadIds: readonly string[],
  now: number,
): Promise<void> {
  if (uploadIds.length === 0) return;
  await db
    .deleteFrom('upload_pieces')
    .where('hub_id', '=', hubId)
    .where('upload_id', 'in', [...uploadIds])
    .execute();
  await db
    .updateTable('uploads')
    .set({ erased_at: new Date(now) })
    .where('hub_id', '=', hubId)
    .where('upload_id', 'in', [...uploadIds])
    .execute();
}

/** Begun before this time and asked for by nothing. */
export async function abandonedUploads(db: Db, hubId: HubId, before: number): Promise<string[]> {
  const { rows } = await sql<{ upload_id: string }>`
    select u.upload_id from uploads u
    where u.hub_id = ${hubId} and u.erased_at is null and u.created_at < ${new Date(before)}
      and not exists (select 1 from creations c where c.hub_id = u.hub_id and c.upload_id = u.upload_id and c.ended_at is null)`.execute(
    db,
  );
  return rows.map((row) => row.upload_id);
}
