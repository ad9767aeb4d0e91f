/** Sets of edits that the breaker holds back (K3, K4). Only the hub's worker writes them. */
import type { EditId, HubId, RecordId } from '@tallystick/shared/ids';
import type { AppObject } from '@tallystick/shared/ownership';
import type { Value } from '@tallystick/shared/values';
import { sql } from 'kysely';
import type { Db } from './database.ts';

/** What the journal says of an edit that joined a set. */
export const HELD_BACK = 'held back';

export interface Member {
  setId: string;
  object: AppObject;
  recordId: RecordId;
  field: string;
  editIds: EditId[];
}

/** What is known of the sets when these records are visited. */
export interface StandingSets {
  /** The open sets, by key. */
  open: Map<string, string>;
  /** Of these records, those in open sets. */
  members: Member[];
  /** Edits that staff have let through: they never trip again. */
  released: Set<EditId>;
}

export async function standingSets(
  db: Db,
  hubId: HubId,
  object: AppObject,
  ids: readonly RecordId[],
): Promise<StandingSets> {
  const [open, members] = await Promise.all([
    db
      .selectFrom('held_sets')
      .select(['set_id', 'key'])
      .where('hub_id', '=', hubId)
      .where('closed_at', 'is', null)
      .execute(),
    db
      .selectFrom('held_edits as e')
      .innerJoin('held_sets as s', (join) =>
        join.onRef('s.hub_id', '=', 'e.hub_id').onRef('s.set_id', '=', 'e.set_id'),
      )
      .select(['e.set_id', 'e.object', 'e.record_id', 'e.field', 'e.edit_ids', 's.outcome'])
      .where('e.hub_id', '=', hubId)
      .where('e.object', '=', object)
      .where('e.record_id', 'in', [...ids])
      .execute(),
  ]);
  return {
    open: new Map(open.flatMap(({ key, set_id: setId }) => (key === null ? [] : [[key, setId]]))),
    members: members
      .filter(({ outcome }) => outcome === null)
      .map(({ set_id: setId, object: of, record_id: recordId, field, edit_ids: editIds }) => ({
        ...{ setId, object: of, recordId, field, editIds },
      })),
    released: new Set(members.filter(({ outcome }) => outcome === 'released').flatMap((row) => row.edit_ids)),
  };
}

export interface NewSet {
  key: string;
  pattern: string;
  object: AppObject | null;
  field: string | null;
  who: string | null;
  of: number | null;
  /** The edits like these that had gone out before. */
  editIds: readonly EditId[];
}

export async function openSet(db: Db, hubId: HubId, set: NewSet, now: number): Promise<string> {
  const { key, pattern, object, field, who, of, editIds } = set;
  const row = await db
    .insertInto('held_sets')
    .values({
      ...{ hub_id: hubId, key, pattern, object, field, who, records: of },
      ...{ written: [...editIds], opened_at: new Date(now), closed_by: null, outcome: null },
    })
    .returning('set_id')
    .executeTakeFirstOrThrow();
  return row.set_id;
}

/** Takes more into open sets; each set gets a new version, so that nobody decides over more than they saw. */
export async function joinSets(db: Db, hubId: HubId, members: readonly Member[], now: number): Promise<void> {
  if (members.length === 0) return;
  await sql`
    insert into held_edits as h (hub_id, object, record_id, field, set_id, edit_ids, joined_at)
    select ${hubId}::bigint, object, record_id, field, set_id, string_to_array(ids, ',')::uuid[], ${new Date(now)}::timestamptz
    from unnest(
      ${members.map((one) => one.object)}::text[], ${members.map((one) => one.recordId)}::text[],
      ${members.map((one) => one.field)}::text[], ${members.map((one) => one.setId)}::bigint[],
      ${members.map((one) => one.editIds.join(','))}::text[]) as u (object, record_id, field, set_id, ids)
    on conflict (hub_id, object, record_id, field, set_id) do update set edit_ids = excluded.edit_ids`.execute(
    db,
  );
  await sql`update held_sets set version = version + 1
    where hub_id = ${hubId} and set_id = any(${members.map((one) => one.setId)}::bigint[])`.execute(db);
}

/** Still waiting, and nothing of it promised: a later edit of the same field may have taken it along. */
const isWaiting = (hubId: HubId) => sql<boolean>`f.state = 'accepted' and not exists (
  select from promises p where p.hub_id = ${hubId} and p.object = h.object and p.record_id = h.record_id
    and p.field = h.field and p.settled_at is null and f.edit_id = any(p.edit_ids))`;

/** Closes an open set as it was shown; null when it is closed already, `moved` when more has joined since. */
export async function closeSet(
  db: Db,
  hubId: HubId,
  closing: { setId: string; version: number; outcome: 'released' | 'discarded'; by: string; now: number },
): Promise<{ key: string } | 'moved' | null> {
  const { setId, version, outcome, by, now } = closing;
  const set = await db
    .selectFrom('held_sets')
    .select(['version', 'key'])
    .where('hub_id', '=', hubId)
    .where('set_id', '=', setId)
    .where('closed_at', 'is', null)
    .executeTakeFirst();
  if (set === undefined || set.key === null) return null;
  if (set.version !== version) return 'moved';
  await db
    .updateTable('held_sets')
    // A pattern that was turned down is remembered until its window is over (`forgetKeys`).
    .set({
      closed_at: new Date(now),
      closed_by: by,
      outcome,
      ...(outcome === 'released' ? { key: null } : {}),
    })
    .where('hub_id', '=', hubId)
    .where('set_id', '=', setId)
    .execute();
  return { key: set.key };
}

export async function forgetKeys(db: Db, hubId: HubId, closedBefore: number): Promise<void> {
  await db
    .updateTable('held_sets')
    .set({ key: null })
    .where('hub_id', '=', hubId)
    .where('key', 'is not', null)
    .where('closed_at', '<', new Date(closedBefore))
    .execute();
}

export interface WaitingEdit {
  editId: EditId;
  object: AppObject;
  recordId: RecordId;
  field: string;
  person: string;
  wanted: Value;
}

/** The edits of a set that still wait, in the order in which they joined. */
export async function waitingIn(
  db: Db,
  hubId: HubId,
  setId: string,
  limit: number | null,
): Promise<WaitingEdit[]> {
  const { rows } = await sql<WaitingEdit>`
    select f.edit_id as "editId", h.object, h.record_id as "recordId", h.field, e.person, f.wanted
    from held_edits h
    join edit_fields f on f.hub_id = h.hub_id and f.edit_id = any(h.edit_ids) and f.field = h.field
    join edits e on e.hub_id = f.hub_id and e.edit_id = f.edit_id
    where h.hub_id = ${hubId} and h.set_id = ${setId} and ${isWaiting(hubId)}
    order by h.joined_at, h.object, h.record_id, e.number
    limit ${limit}`.execute(db);
  return rows;
}

export interface HeldSetRow {
  setId: string;
  version: number;
  pattern: string;
  object: AppObject | null;
  field: string | null;
  who: string | null;
  records: number | null;
  written: EditId[];
  openedAt: number;
  closedAt: number | null;
  closedBy: string | null;
  outcome: 'released' | 'discarded' | null;
  /** Edits that wait, and the records they are of. */
  waiting: number;
  waitingRecords: number;
}

/** Open ones first, then the newest. */
export async function listSets(db: Db, hubId: HubId, limit: number): Promise<HeldSetRow[]> {
  const { rows } = await sql<
    Omit<HeldSetRow, 'openedAt' | 'closedAt'> & { openedAt: Date; closedAt: Date | null }
  >`
    select s.set_id as "setId", s.version, s.pattern, s.object, s.field, s.who, s.records::int, s.written,
      s.opened_at as "openedAt", s.closed_at as "closedAt", s.closed_by as "closedBy", s.outcome,
      coalesce(w.n, 0)::int as waiting, coalesce(w.records, 0)::int as "waitingRecords"
    from held_sets s
    left join lateral (
      select count(*) as n, count(distinct h.object || ':' || h.record_id) as records
      from held_edits h join edit_fields f on f.hub_id = h.hub_id and f.edit_id = any(h.edit_ids) and f.field = h.field
      where h.hub_id = ${hubId} and h.set_id = s.set_id and s.closed_at is null and ${isWaiting(hubId)}
    ) w on true
    where s.hub_id = ${hubId}
    order by s.closed_at is null desc, s.set_id desc limit ${limit}`.execute(db);
  return rows.map((row) => ({
    ...row,
    openedAt: row.openedAt.getTime(),
    closedAt: row.closedAt?.getTime() ?? null,
  }));
}

export async function setById(db: Db, hubId: HubId, setId: string): Promise<{ written: EditId[] } | null> {
  const row = await db
    .selectFrom('held_sets')
    .select('written')
    .where('hub_id', '=', hubId)
    .where('set_id', '=', setId)
    .executeTakeFirst();
  return row ?? null;
}
