/**
 * The append-only account of what was seen, asked, decided, sent and proven.
 *
 * Each entry carries the hash of the one before it, so a changed, missing or inserted entry is found. Values stand
 * beside the chain: only a salted digest of them is in it, so they can be erased later and the chain still verifies.
 */
import { createHash } from 'node:crypto';
import type { EditId, HubId, RecordId } from '@tallystick/shared/ids';
import type { Source } from '@tallystick/shared/observe';
import type { AppObject } from '@tallystick/shared/ownership';
import type { Value } from '@tallystick/shared/values';
import { sql } from 'kysely';
import type { Db, Detail, JournalKind } from './database.ts';

export interface Draft {
  kind: JournalKind;
  object: AppObject | null;
  recordId: RecordId | null;
  field: string | null;
  editId: EditId | null;
  actor: Source | null;
  rule: string | null;
  /** CRM clock, ms. */
  crmAt: number | null;
  before: Value;
  after: Value;
  /** Never personal data: it cannot be erased. */
  detail: Detail | null;
}

/** An entry that says only what is given. */
export function draft(facts: Partial<Draft> & Pick<Draft, 'kind'>): Draft {
  const nothing = {
    object: null,
    recordId: null,
    field: null,
    editId: null,
    actor: null,
    rule: null,
    crmAt: null,
    before: null,
    after: null,
    detail: null,
  };
  return { ...nothing, ...facts };
}

export interface Head {
  seq: number;
  hash: Buffer;
}

interface Link extends Omit<Draft, 'before' | 'after'> {
  seq: number;
  at: number;
  digest: Buffer;
}
interface Row extends Draft, Link {
  salt: Buffer;
  hash: Buffer;
}

export const SALT_BYTES = 16;
const HASH_BYTES = 32;
const FIRST: Head = { seq: 0, hash: Buffer.alloc(32) };

/** The newest entry of a hub. */
export async function readHead(db: Db, hubId: HubId): Promise<Head> {
  const row = await db
    .selectFrom('journal')
    .select(['seq', 'hash'])
    .where('hub_id', '=', hubId)
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? FIRST : { seq: Number(row.seq), hash: row.hash };
}

/** Chains drafts onto a head. `salts` holds `SALT_BYTES` of randomness for each draft. */
export function chain(hubId: HubId, head: Head, at: number, drafts: readonly Draft[], salts: Buffer): Row[] {
  let previous = head;
  return drafts.map((draft, index) => {
    const salt = salts.subarray(index * SALT_BYTES, (index + 1) * SALT_BYTES);
    const digest = digestOf(salt, draft.before, draft.after);
    const link = { ...draft, seq: previous.seq + 1, at, digest };
    const hash = hashOf(hubId, previous.hash, link);
    previous = { seq: link.seq, hash };
    return { ...link, salt, hash };
  });
}

/** Appends rows in one statement; a second worker writing the same numbers fails on the primary key. */
export async function append(db: Db, hubId: HubId, rows: readonly Row[]): Promise<void> {
  if (rows.length === 0) return;
  await insertRows(hubId, rows).execute(db);
}

/**
 * The insert as a fragment, so that the hot path can put it beside others in one statement. Bytes of a fixed length go
 * as one buffer a column and are cut apart in the server: in an array each would be written out in hex.
 */
export function insertRows(hubId: HubId, rows: readonly Row[]) {
  const column = <T>(pick: (row: Row) => T): T[] => rows.map(pick);
  const bytes = (pick: (row: Row) => Buffer): Buffer => Buffer.concat(rows.map(pick));
  const cut = (all: Buffer, length: number) =>
    sql`substring(${all}::bytea from ((n - 1) * ${length}::int + 1)::int for ${length}::int)`;
  return sql`
    insert into journal (hub_id, seq, at, kind, object, record_id, field, edit_id, actor, rule, crm_at,
                         before, after, salt, digest, detail, hash)
    select ${hubId}::bigint, seq, at, kind, object, record_id, field, edit_id,
      case when via is not null then jsonb_build_object('via', via, 'id', by_id, 'person', person) end,
      rule, crm_at, before, after, ${cut(
        bytes((r) => r.salt),
        SALT_BYTES,
      )}, ${cut(
        bytes((r) => r.digest),
        HASH_BYTES,
      )},
      detail, ${cut(
        bytes((r) => r.hash),
        HASH_BYTES,
      )}
    from unnest(
      ${column((r) => r.seq)}::bigint[], ${column((r) => new Date(r.at))}::timestamptz[], ${column((r) => r.kind)}::text[],
      ${column((r) => r.object)}::text[], ${column((r) => r.recordId)}::text[], ${column((r) => r.field)}::text[],
      ${column((r) => r.editId)}::uuid[], ${column((r) => r.actor?.via ?? null)}::text[],
      ${column((r) => r.actor?.id ?? null)}::text[], ${column((r) => r.actor?.person ?? null)}::text[],
      ${column((r) => r.rule)}::text[], ${column((r) => (r.crmAt === null ? null : new Date(r.crmAt)))}::timestamptz[],
      ${column((r) => r.before)}::text[], ${column((r) => r.after)}::text[],
      ${column((r) => (r.detail === null ? null : JSON.stringify(r.detail)))}::jsonb[]
    ) with ordinality as j (seq, at, kind, object, record_id, field, edit_id, via, by_id, person, rule, crm_at, before,
      after, detail, n)`;
}

export interface Verified {
  entries: number;
  erased: number;
  /** The first entry that does not fit, with the reason; null when all do. */
  broken: { seq: number; why: string } | null;
}

const VERIFY_PAGE_ROWS = 5_000;

/** Walks a hub's chain from its first entry. */
export async function verifyJournal(db: Db, hubId: HubId): Promise<Verified> {
  const tally: Verified = { entries: 0, erased: 0, broken: null };
  let previous = FIRST;
  for (;;) {
    const rows = await pageAfter(db, hubId, previous.seq, VERIFY_PAGE_ROWS);
    for (const row of rows) {
      const seq = Number(row.seq);
      const why = whyBroken(hubId, previous, row);
      if (why !== null) return { ...tally, broken: { seq, why } };
      tally.entries += 1;
      if (row.salt === null) tally.erased += 1;
      previous = { seq, hash: row.hash };
    }
    if (rows.length < VERIFY_PAGE_ROWS) return tally;
  }
}

type Stored = Awaited<ReturnType<typeof pageAfter>>[number];

function pageAfter(db: Db, hubId: HubId, seq: number, limit: number) {
  return db
    .selectFrom('journal')
    .selectAll()
    .where('hub_id', '=', hubId)
    .where('seq', '>', String(seq))
    .orderBy('seq')
    .limit(limit)
    .execute();
}

function whyBroken(hubId: HubId, previous: Head, row: Stored): string | null {
  const seq = Number(row.seq);
  if (seq !== previous.seq + 1) return `entry ${previous.seq + 1} is missing`;
  if (row.salt !== null && !digestOf(row.salt, row.before, row.after).equals(row.digest)) {
    return 'a value was changed';
  }
  const link: Link = {
    seq,
    at: row.at.getTime(),
    kind: row.kind,
    object: row.object,
    recordId: row.record_id,
    field: row.field,
    editId: row.edit_id,
    actor: row.actor,
    rule: row.rule,
    crmAt: row.crm_at?.getTime() ?? null,
    digest: row.digest,
    detail: row.detail,
  };
  return hashOf(hubId, previous.hash, link).equals(row.hash)
    ? null
    : 'the entry, or one before it, was changed';
}

function digestOf(salt: Buffer, before: Value, after: Value): Buffer {
  return createHash('sha256')
    .update(salt)
    .update(JSON.stringify([before, after]))
    .digest();
}

function hashOf(hubId: HubId, previous: Buffer, link: Link): Buffer {
  const { seq, at, kind, object, recordId, field, editId, actor, rule, crmAt, digest, detail } = link;
  const by = actor === null ? null : [actor.via, actor.id, actor.person];
  const details = detail === null ? null : Object.entries(detail).sort(([a], [b]) => (a < b ? -1 : 1));
  const text = JSON.stringify([
    hubId,
    seq,
    at,
    kind,
    object,
    recordId,
    field,
    editId,
    by,
    rule,
    crmAt,
    details,
  ]);
  return createHash('sha256').update(previous).update(digest).update(text).digest();
}
