/** The endpoints of outgoing webhooks: how far each was told, and how its last attempt went. */
import type { EditId, HubId, RecordId } from '@tallystick/shared/ids';
import { sql, type Selectable } from 'kysely';
import type { Database, Db } from './database.ts';
import type { EntryRow } from './entries.ts';

export interface HookRow {
  hookId: string;
  url: string;
  /** Null: every audience of customers. */
  audience: string | null;
  cursorSeq: number;
  batchSeq: number | null;
  sentSeq: number;
  failingSince: number | null;
  attempts: number;
  notBefore: number;
  lastStatus: number | null;
  lastError: string | null;
  deliveredAt: number | null;
  disabledAt: number | null;
}

/** Makes the endpoint known; a new one begins with what happens from now on. */
export async function addHook(
  db: Db,
  hubId: HubId,
  hook: Pick<HookRow, 'hookId' | 'url' | 'audience'>,
  now: number,
): Promise<void> {
  await sql`
    insert into hooks (hub_id, hook_id, url, audience, cursor_seq, not_before, created_at)
    select ${hubId}::bigint, ${hook.hookId}::text, ${hook.url}::text, ${hook.audience}::text,
      (select coalesce(max(seq), 0) from journal where hub_id = ${hubId}), ${new Date(now)}::timestamptz, ${new Date(now)}::timestamptz
    on conflict (hub_id, hook_id) do nothing`.execute(db);
}

export async function hookById(db: Db, hubId: HubId, hookId: string): Promise<HookRow | null> {
  const rows = await db
    .selectFrom('hooks')
    .selectAll()
    .where('hub_id', '=', hubId)
    .where('hook_id', '=', hookId)
    .execute();
  return rows.map(rowOf)[0] ?? null;
}

export async function hooksOf(db: Db, hubId: HubId): Promise<HookRow[]> {
  const rows = await db
    .selectFrom('hooks')
    .selectAll()
    .where('hub_id', '=', hubId)
    .orderBy('created_at')
    .orderBy('hook_id')
    .execute();
  return rows.map(rowOf);
}

type HookPatch = Partial<{
  cursor_seq: number;
  batch_seq: number | null;
  sent_seq: number | null;
  failing_since: Date | null;
  attempts: number;
  not_before: Date;
  last_status: number | null;
  last_error: string | null;
  delivered_at: Date;
  disabled_at: Date;
}>;

/** False when another worker speaks for the hub meanwhile: then nothing was written. */
export async function saveHook(
  db: Db,
  hubId: HubId,
  hookId: string,
  epoch: number,
  patch: HookPatch,
): Promise<boolean> {
  const done = await db
    .updateTable('hooks')
    .set(patch)
    .where('hub_id', '=', hubId)
    .where('hook_id', '=', hookId)
    .where((eb) =>
      eb(eb.selectFrom('hubs').select('epoch').where('hubs.hub_id', '=', hubId), '=', String(epoch)),
    )
    .executeTakeFirst();
  return done.numUpdatedRows > 0n;
}

function rowOf(row: Selectable<Database['hooks']>): HookRow {
  const cursorSeq = Number(row.cursor_seq);
  return {
    hookId: row.hook_id,
    url: row.url,
    audience: row.audience,
    cursorSeq,
    batchSeq: row.batch_seq === null ? null : Number(row.batch_seq),
    sentSeq: row.sent_seq === null ? cursorSeq : Number(row.sent_seq),
    failingSince: row.failing_since?.getTime() ?? null,
    attempts: row.attempts,
    notBefore: row.not_before.getTime(),
    lastStatus: row.last_status,
    lastError: row.last_error,
    deliveredAt: row.delivered_at?.getTime() ?? null,
    disabledAt: row.disabled_at?.getTime() ?? null,
  };
}

/** Endpoints that are no longer configured are forgotten, with how far they were told. */
export async function keepOnlyHooks(db: Db, hubId: HubId, hookIds: readonly string[]): Promise<void> {
  await sql`delete from hooks where hub_id = ${hubId} and hook_id <> all(${[...hookIds]}::text[])`.execute(
    db,
  );
}

/** The journal after one number, up to another where one is given, in order. */
export async function entriesAfter(
  db: Db,
  hubId: HubId,
  after: number,
  upTo: number | null,
  limit: number,
): Promise<EntryRow[]> {
  return db
    .selectFrom('journal')
    .selectAll()
    .where('hub_id', '=', hubId)
    .where('seq', '>', String(after))
    .$if(upTo !== null, (query) => query.where('seq', '<=', String(upTo ?? 0)))
    .orderBy('seq')
    .limit(limit)
    .execute();
}

/** Of which audience the askers of these edits are. */
export async function audiencesOf(
  db: Db,
  hubId: HubId,
  editIds: readonly EditId[],
): Promise<Map<EditId, string>> {
  if (editIds.length === 0) return new Map();
  const rows = await db
    .selectFrom('edits')
    .select(['edit_id', 'audience'])
    .where('hub_id', '=', hubId)
    .where('edit_id', 'in', [...editIds])
    .execute();
  return new Map(rows.map((row) => [row.edit_id, row.audience]));
}

/** Contacts' links to these companies, and the links of these contacts. */
export async function contactLinks(
  db: Db,
  hubId: HubId,
  companies: readonly RecordId[],
  contacts: readonly RecordId[],
): Promise<{ contactId: RecordId; companyId: RecordId; isPrimary: boolean; labels: string[] }[]> {
  const { rows } = await sql<{
    record_id: RecordId;
    company_id: RecordId;
    is_primary: boolean;
    labels: string[];
  }>`
    select distinct on (company_id, is_primary, labels) record_id, company_id, is_primary, labels from links
    where hub_id = ${hubId} and object = 'contact' and company_id = any(${[...companies]}::text[])
    union
    select record_id, company_id, is_primary, labels from links
    where hub_id = ${hubId} and object = 'contact' and record_id = any(${[...contacts]}::text[])`.execute(db);
  return rows.map((row) => ({
    contactId: row.record_id,
    companyId: row.company_id,
    isPrimary: row.is_primary,
    labels: row.labels,
  }));
}
