/** Our own writes, to be undone: found by who asked, where, when; and the rulings that put values back, stored at once. */
import type { Standing } from '@tallystick/shared/decide';
import type { EditId, HubId, PersonId, RecordId, StaffId } from '@tallystick/shared/ids';
import type { AppObject } from '@tallystick/shared/ownership';
import type { Value } from '@tallystick/shared/values';
import { sql } from 'kysely';
import { CANARY_PERSON } from './canaries.ts';
import type { Db } from './database.ts';
import { dueRows } from './due.ts';
import { keyOf } from './mirror.ts';

export interface WriteFilter {
  editIds?: readonly EditId[];
  person?: PersonId;
  object?: AppObject;
  field?: string;
  /** Ms, our clock. */
  since?: number;
  until?: number;
  undoId?: string;
}

export interface OwnWriteRow {
  object: AppObject;
  recordId: RecordId;
  field: string;
  value: Value;
  base: Standing;
  editIds: EditId[];
  selected: boolean;
  isAction: boolean;
  isOpen: boolean;
  /** Somebody's edit of the field waits for its decision. */
  isAsked: boolean;
}

/**
 * Every write of ours of each field in which one is chosen, oldest first; at most `limit` fields. What the CRM refused, or
 * never had, is no write; what the canary wrote is nothing to put back.
 */
export async function ownWrites(
  db: Db,
  hubId: HubId,
  filter: WriteFilter,
  limit: number,
): Promise<OwnWriteRow[]> {
  const { editIds, person, object, field, since, until, undoId } = filter;
  const all = sql`true`;
  const undo = sql`exists (select from edits e where e.hub_id = p.hub_id and e.edit_id = any(p.edit_ids)
    and e.ruling->>'undo' = ${undoId ?? ''})`;
  const chosen = sql`not p.restores
    and ${editIds === undefined ? all : sql`p.edit_ids && ${[...editIds]}::uuid[]`}
    and ${
      person === undefined
        ? all
        : sql`(p.person = ${person} or exists (select from edits e
      where e.hub_id = p.hub_id and e.edit_id = any(p.edit_ids) and e.person = ${person}))`
    }
    and ${object === undefined ? all : sql`p.object = ${object}`}
    and ${field === undefined ? all : sql`p.field = ${field}`}
    and ${since === undefined ? all : sql`p.promised_at >= ${new Date(since)}`}
    and ${until === undefined ? all : sql`p.promised_at <= ${new Date(until)}`}
    and ${undoId === undefined ? all : undo}`;
  const inCrm = sql`(p.settled_at is null or p.outcome in ('confirmed', 'overtaken', 'superseded'))
    and p.person is distinct from ${CANARY_PERSON}`;
  const { rows } = await sql<OwnWriteRow>`
    with places as (
      select p.object, p.record_id, p.field from promises p
      where p.hub_id = ${hubId} and ${inCrm} and ${chosen}
      group by p.object, p.record_id, p.field order by max(p.promise_id) desc limit ${limit}
    )
    select p.object, p.record_id as "recordId", p.field, p.value, p.base, p.edit_ids as "editIds",
      ${chosen} as selected, p.settled_at is null as "isOpen",
      exists (select from edits e where e.hub_id = p.hub_id and e.edit_id = any(p.edit_ids) and e.action is not null) as "isAction",
      exists (select from edit_fields f where f.hub_id = p.hub_id and f.object = p.object and f.record_id = p.record_id
        and f.field = p.field and f.state in ('accepted', 'written')) as "isAsked"
    from promises p join places using (object, record_id, field)
    where p.hub_id = ${hubId} and ${inCrm}
    order by p.object, p.record_id, p.field, p.promise_id`.execute(db);
  return rows;
}

export interface PutBack {
  editId: EditId;
  object: AppObject;
  recordId: RecordId;
  field: string;
  seen: Value;
  wanted: Value;
}

const AT_ONCE = 500;

/** Each value as a ruling of its own, all of one undo; what was stored under the same name before is left alone. */
export async function storePutBacks(
  db: Db,
  hubId: HubId,
  by: { person: StaffId; audience: string; undoId: string; now: number },
  all: readonly PutBack[],
): Promise<void> {
  for (let from = 0; from < all.length; from += AT_ONCE)
    await storePage(db, hubId, by, all.slice(from, from + AT_ONCE));
}

async function storePage(
  db: Db,
  hubId: HubId,
  { person, audience, undoId, now }: Parameters<typeof storePutBacks>[2],
  page: readonly PutBack[],
): Promise<void> {
  const at = new Date(now);
  const ruling = JSON.stringify({ choice: 'write', conflictId: null, note: null, undo: undoId });
  const records = new Map(
    page.map(({ object, recordId }) => [keyOf({ object, recordId }), { object, recordId }]),
  );
  // Nobody waits for one of them: people's own edits go first.
  const due = dueRows(hubId, 'observe', [...records.values()], { now });
  const keys = page.map(
    ({ object, recordId, field }) => `${undoPrefix(undoId)}${object}:${recordId}:${field}`,
  );
  await sql`
    with u as (
      select * from unnest(${page.map((one) => one.editId)}::uuid[], ${page.map((one) => one.object)}::text[],
        ${page.map((one) => one.recordId)}::text[], ${page.map((one) => one.field)}::text[],
        ${page.map((one) => one.seen)}::text[], ${page.map((one) => one.wanted)}::text[], ${keys}::text[])
        as t (edit_id, object, record_id, field, seen, wanted, key)
    ), e as (
      insert into edits (hub_id, edit_id, object, record_id, person, audience, asked_at, action, guards, idempotency_key, fingerprint, ruling)
      select ${hubId}::bigint, edit_id, object, record_id, ${person}, ${audience}, ${at}::timestamptz, null,
        jsonb_build_array(jsonb_build_object('field', field, 'seen', seen)), key, key, ${ruling}::jsonb from u
      on conflict (hub_id, person, idempotency_key) do nothing
      returning edit_id
    ), d as (${due})
    insert into edit_fields (hub_id, edit_id, field, object, record_id, seen, wanted, state, changed_at)
    select ${hubId}::bigint, u.edit_id, u.field, u.object, u.record_id, u.seen, u.wanted, 'accepted', ${at}::timestamptz
    from u join e using (edit_id)`.execute(db);
}

const undoPrefix = (undoId: string): string => `undo:${undoId}:`;

/** How an undo stands: fields by state. */
export async function undoStates(
  db: Db,
  hubId: HubId,
  person: StaffId,
  undoId: string,
): Promise<Record<string, number>> {
  const { rows } = await sql<{ state: string; n: number }>`
    select f.state, count(*)::int as n from edits e
    join edit_fields f on f.hub_id = e.hub_id and f.edit_id = e.edit_id
    where e.hub_id = ${hubId} and e.person = ${person} and starts_with(e.idempotency_key, ${undoPrefix(undoId)})
    group by f.state`.execute(db);
  return Object.fromEntries(rows.map(({ state, n }) => [state, n]));
}
