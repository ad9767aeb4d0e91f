/**
 * Erasing a person: every table that may hold something of theirs, and what is left of it. What stays are ids, times,
 * states and the salted digests of the journal, which tell nothing without their salt.
 */
import type { EditId, HubId, RecordId } from '@tallystick/shared/ids';
import type { AppObject } from '@tallystick/shared/ownership';
import { sql, type RawBuilder } from 'kysely';
import type { Db } from './database.ts';

export interface Subject {
  object: AppObject;
  /** The record and those that were merged into it. */
  ids: readonly RecordId[];
}

/** How many rows were emptied or removed, by table. */
export type Counts = Record<string, number>;

interface Waiting {
  object: AppObject;
  recordId: RecordId;
}

/** Records that HubSpot has erased for privacy, and of which more than that is still kept here. */
export async function waitingErasures(
  db: Db,
  hubId: HubId,
  after: Waiting | null,
  limit: number,
): Promise<Waiting[]> {
  const { rows } = await sql<Waiting>`
    select m.object, m.record_id as "recordId" from mirror m
    where m.hub_id = ${hubId} and m.life = 'erased'
      and (m.object, m.record_id) > (${after?.object ?? ''}, ${after?.recordId ?? ''}) and not exists (
      select from erasures e where e.hub_id = m.hub_id and e.object = m.object and e.record_id = m.record_id)
    order by m.object, m.record_id limit ${limit}`.execute(db);
  return rows;
}

/** The record and all that were ever merged into it, in however many steps. */
export async function withMerged(
  db: Db,
  hubId: HubId,
  object: AppObject,
  recordId: RecordId,
): Promise<RecordId[]> {
  const { rows } = await sql<{ record_id: RecordId }>`
    with recursive one (record_id) as (
      select ${recordId}::text
      union select m.record_id from mirror m join one on m.life = 'merged:' || one.record_id
      where m.hub_id = ${hubId} and m.object = ${object})
    select record_id from one`.execute(db);
  return rows.map((row) => row.record_id);
}

/** What they asked for and what has not come to its end; `sent` says that the CRM may have it already. */
export async function openRequests(
  db: Db,
  hubId: HubId,
  { object, ids }: Subject,
): Promise<{ editId: EditId; object: AppObject; recordId: RecordId | null; field: string; sent: boolean }[]> {
  if (object !== 'contact') return [];
  const { rows } = await sql<{
    editId: EditId;
    object: AppObject;
    recordId: RecordId | null;
    field: string;
    sent: boolean;
  }>`
    select f.edit_id as "editId", f.object, f.record_id as "recordId", f.field,
      f.state = 'written' or c.sent_at is not null as sent
    from edit_fields f
    join edits e on e.hub_id = f.hub_id and e.edit_id = f.edit_id
    left join creations c on c.hub_id = f.hub_id and c.edit_id = f.edit_id and c.ended_at is null
    where f.hub_id = ${hubId} and e.person = any(${[...ids]}::text[])
      and f.state in ('accepted', 'written', 'held')`.execute(db);
  return rows;
}

/** Everything at once, in the caller's transaction; asking twice does no harm. */
export async function erase(db: Db, hubId: HubId, subject: Subject, now: number): Promise<Counts> {
  const addresses = await addressesOf(db, hubId, subject);
  const counts: Counts = {};
  for (const [table, statement] of statements(hubId, subject, addresses, new Date(now))) {
    const { numAffectedRows } = await statement.execute(db);
    counts[table] = (counts[table] ?? 0) + Number(numAffectedRows ?? 0);
  }
  return counts;
}

export async function saveErasure(
  db: Db,
  hubId: HubId,
  { object, ids }: Subject,
  counts: Counts,
  now: number,
): Promise<void> {
  const rows = ids.map((record_id) => ({
    ...{ hub_id: hubId, object, record_id },
    ...{ done_at: new Date(now), counts: JSON.stringify(counts) },
  }));
  await db
    .insertInto('erasures')
    .values(rows)
    .onConflict((conflict) => conflict.doNothing())
    .execute();
}

export interface Erasure {
  object: AppObject;
  recordId: RecordId;
  doneAt: number;
  counts: Counts;
}

/** The newest first. */
export async function listErasures(db: Db, hubId: HubId, limit: number): Promise<Erasure[]> {
  const rows = await db
    .selectFrom('erasures')
    .selectAll()
    .where('hub_id', '=', hubId)
    .orderBy('done_at', 'desc')
    .limit(limit)
    .execute();
  return rows.map(({ object, record_id, done_at, counts }) => ({
    ...{ object, recordId: record_id, doneAt: done_at.getTime(), counts },
  }));
}

/** Of these deliveries nothing is kept that tells of one of the records; they count as applied. */
export async function eraseDeliveries(
  db: Db,
  hubId: HubId,
  deliveryIds: readonly string[],
  ids: readonly RecordId[],
): Promise<void> {
  await sql`update deliveries set events = '[]' where hub_id = ${hubId}
    and delivery_id = any(${[...deliveryIds]}::bigint[]) and events ~ ${mentionsOf(ids)}`.execute(db);
}

/** As HubSpot writes events: `"objectId": 12`, `"fromObjectId": 12`. */
const mentionsOf = (ids: readonly RecordId[]): string =>
  `"[A-Za-z]*[oO]bjectId" *: *"?(${ids.join('|')})[^0-9]`;

/** Every address by which they may have signed in, in lower case. */
async function addressesOf(db: Db, hubId: HubId, { object, ids }: Subject): Promise<string[]> {
  if (object !== 'contact') return [];
  const all = [...ids];
  const { rows } = await sql<{ address: string }>`
    select distinct lower(a) as address from (
      select fields->'email'->>0 as a from mirror
        where hub_id = ${hubId} and object = 'contact' and record_id = any(${all}::text[])
      union all select unnest(array[before, after]) from journal
        where hub_id = ${hubId} and object = 'contact' and record_id = any(${all}::text[]) and field = 'email'
      union all select unnest(array[address, contact_email]) from ties
        where hub_id = ${hubId} and contact_id = any(${all}::text[])
      union all select i.address from identities i
        join ties t on t.hub_id = i.hub_id and t.identity_id = i.identity_id
        where i.hub_id = ${hubId} and t.contact_id = any(${all}::text[])
    ) found where a is not null and a <> ''`.execute(db);
  return rows.map((row) => row.address);
}

type Statement = [table: string, statement: RawBuilder<unknown>];

function* statements(
  hubId: HubId,
  subject: Subject,
  addresses: readonly string[],
  now: Date,
): Generator<Statement> {
  yield* ofRecords(hubId, subject, now);
  if (subject.object === 'contact') yield* ofPerson(hubId, subject.ids, addresses, now);
}

/** What the records held, and what was asked of them, or by the person whose they are. */
function* ofRecords(hubId: HubId, { object, ids }: Subject, now: Date): Generator<Statement> {
  const all = [...ids];
  const isRecord = sql`object = ${object} and record_id = any(${all}::text[])`;
  // A person is a contact: a company may have the number of somebody else.
  const people = object === 'contact' ? all : [];
  const isTheirs = sql`(person = any(${people}::text[]) or (${isRecord}))`;
  const theirEdits = sql`(select edit_id from edits where hub_id = ${hubId} and ${isTheirs})`;

  yield [
    'mirror',
    sql`update mirror set fields = jsonb_strip_nulls(jsonb_build_object('$life', fields->'$life'))
    where hub_id = ${hubId} and ${isRecord} and (fields - '$life') <> '{}'`,
  ];
  yield ['links', sql`delete from links where hub_id = ${hubId} and ${isRecord}`];
  yield ['parents', sql`delete from parents where hub_id = ${hubId} and ${isRecord}`];
  yield [
    'journal',
    sql`update journal set before = null, after = null, salt = null
    where hub_id = ${hubId} and salt is not null and (${isRecord} or edit_id in ${theirEdits})`,
  ];
  yield [
    'edit_fields',
    sql`update edit_fields set seen = null, wanted = null, crm_value = null, note = null
    where hub_id = ${hubId} and edit_id in ${theirEdits}`,
  ];
  yield [
    'conflicts',
    sql`update conflicts set seen = null, wanted = null, crm = crm || '{"value": null}',
      settlement = settlement || '{"value": null, "note": null}'
    where hub_id = ${hubId} and (${isRecord} or edit_id in ${theirEdits})`,
  ];
  yield [
    'promises',
    sql`update promises set value = null, base = base || '{"value": null}'
    where hub_id = ${hubId} and (${isRecord} or edit_ids && array${theirEdits})`,
  ];
  yield ['held_edits', sql`delete from held_edits where hub_id = ${hubId} and ${isRecord}`];
  yield [
    'creations',
    sql`update creations set error = null, ended_at = coalesce(ended_at, ${now})
    where hub_id = ${hubId} and edit_id in ${theirEdits}`,
  ];
  yield [
    'edits',
    sql`update edits set guards = '[]', fingerprint = '', idempotency_key = edit_id::text,
      ruling = ruling || '{"note": null}', evidence = null, statement = null
    where hub_id = ${hubId} and ${isTheirs}`,
  ];
  yield [
    'due',
    sql`update due set error = null where hub_id = ${hubId} and ${isRecord} and error is not null`,
  ];
  // Digests of values that few could have are as good as the values.
  yield [
    'jobs',
    sql`update jobs set comparison = jsonb_set(comparison, '{named}', coalesce((select jsonb_agg(one)
      from jsonb_array_elements(comparison->'named') one where one->>'recordId' <> all(${all}::text[])), '[]'))
    where hub_id = ${hubId} and object = ${object} and comparison is not null`,
  ];
  yield [
    'orders',
    sql`update orders set ordered = jsonb_build_object('do', ordered->'do', 'object', ordered->'object',
      'recordId', ordered->'recordId'), outcome = outcome - 'value'
    where hub_id = ${hubId} and ordered->>'object' = ${object} and ordered->>'recordId' = any(${all}::text[])`,
  ];
  yield [
    'deliveries',
    sql`update deliveries set events = '[]'
    where hub_id = ${hubId} and applied_at is not null and events ~ ${mentionsOf(ids)}`,
  ];
}

/** By what they signed in, and what they sent. Ties and identities come last: the others are found by them. */
function* ofPerson(
  hubId: HubId,
  ids: readonly RecordId[],
  addresses: readonly string[],
  now: Date,
): Generator<Statement> {
  const [all, mails] = [[...ids], [...addresses]];
  const known = sql`(select identity_id from identities where hub_id = ${hubId}
    and (lower(address) = any(${mails}::text[]) or identity_id in
      (select identity_id from ties where hub_id = ${hubId} and contact_id = any(${all}::text[]))))`;
  // Whoever went on from a session of theirs, and was nobody's yet, is they.
  const theirIdentities = sql`(select identity_id from identities where hub_id = ${hubId} and (identity_id in ${known}
    or (continues in ${known} and identity_id not in (select identity_id from ties where hub_id = ${hubId}))))`;

  yield [
    'uploads',
    sql`delete from upload_pieces where hub_id = ${hubId} and upload_id in
    (select upload_id from uploads where hub_id = ${hubId} and person = any(${all}::text[]))`,
  ];
  yield [
    'uploads',
    sql`update uploads set name = '', digest = null, erased_at = coalesce(erased_at, ${now})
    where hub_id = ${hubId} and person = any(${all}::text[])`,
  ];
  yield [
    'people',
    sql`update people set revoked_at = coalesce(revoked_at, ${now})
    where hub_id = ${hubId} and contact_id = any(${all}::text[])`,
  ];
  yield ['sessions', sql`delete from sessions where hub_id = ${hubId} and identity_id in ${theirIdentities}`];
  yield [
    'sign_ins',
    sql`delete from sign_ins where hub_id = ${hubId} and lower(address) = any(${mails}::text[])`,
  ];
  yield [
    'claims',
    sql`update claims set address = null, settled_at = coalesce(settled_at, ${now}),
      settled_by = coalesce(settled_by, 'worker')
    where hub_id = ${hubId} and identity_id in ${theirIdentities}`,
  ];
  yield [
    'identities',
    sql`update identities set address = null, subject = 'erased:' || identity_id, look_at = null
    where hub_id = ${hubId} and identity_id in ${theirIdentities}`,
  ];
  yield [
    'ties',
    sql`update ties set address = null, contact_email = null, ended_at = coalesce(ended_at, ${now}),
      ended_by = coalesce(ended_by, 'worker'), ended_why = coalesce(ended_why, 'erased')
    where hub_id = ${hubId} and (contact_id = any(${all}::text[]) or lower(address) = any(${mails}::text[]))`,
  ];
}
