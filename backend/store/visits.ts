/** What a visit loads and stores besides the mirror: edits, promises, conflicts. Inside the lease only. */
import { recordId, type EditId, type HubId, type PersonId, type RecordId } from '@tallystick/shared/ids';
import type { EditState } from '@tallystick/shared/messages';
import type { Standing } from '@tallystick/shared/decide';
import type { AppObject } from '@tallystick/shared/ownership';
import type { Value } from '@tallystick/shared/values';
import { sql } from 'kysely';
import type { Db, KeptGuard, KeptRuling } from './database.ts';

export interface OpenEditRow {
  recordId: RecordId;
  editId: EditId;
  person: PersonId;
  audience: string;
  askedAt: number;
  field: string;
  seen: Value;
  wanted: Value;
  state: EditState;
  journaled: boolean;
  guards: KeptGuard[];
  ruling: OpenRuling | null;
}
/** A member of staff's decision that waits to be carried out. */
export interface OpenRuling extends KeptRuling {
  /** The held edit it answers. */
  held: HeldEdit | null;
}
export interface HeldEdit {
  kind: 'conflict' | 'proposal';
  editId: EditId;
  person: PersonId;
  wanted: Value;
  /** Another ruling settled it before. */
  isSettled: boolean;
}
/** A write that is promised. */
export interface NewPromise {
  field: string;
  value: Value;
  base: Standing;
  editIds: EditId[];
  person: PersonId | null;
  /** Gives a foreign value back: the edits that overwrote it have come to their end. */
  restores: boolean;
  /** Makes good what an earlier write overtook. If it does not arrive it is owed again, and not decided anew. */
  owed: boolean;
}
export interface OpenPromiseRow extends NewPromise {
  recordId: RecordId;
  promiseId: string;
  epoch: number;
  promisedAt: number;
  answeredAt: number | null;
}
export interface OwnWriteRow {
  recordId: RecordId;
  field: string;
  value: Value;
  person: PersonId | null;
}

export async function loadOpenEdits(
  db: Db,
  hubId: HubId,
  object: AppObject,
  ids: readonly RecordId[],
): Promise<OpenEditRow[]> {
  const rows = await db
    .selectFrom('edit_fields as f')
    .innerJoin('edits as e', (join) =>
      join.onRef('e.hub_id', '=', 'f.hub_id').onRef('e.edit_id', '=', 'f.edit_id'),
    )
    .leftJoin('conflicts as c', (join) =>
      join
        .onRef('c.hub_id', '=', 'e.hub_id')
        .on(sql<boolean>`c.conflict_id = (e.ruling->>'conflictId')::bigint`),
    )
    .select([
      'f.record_id',
      'f.edit_id',
      'e.person',
      'e.audience',
      'e.asked_at',
      'f.field',
      'f.seen',
      'f.wanted',
    ])
    .select(['f.state', 'f.journaled', 'e.guards', 'e.ruling'])
    .select(['c.kind', 'c.edit_id as held_edit', 'c.person as held_person', 'c.wanted as held_wanted'])
    .select(
      sql<boolean>`c.settled_at is not null and c.settlement->>'editId' <> e.edit_id::text`.as('settled'),
    )
    .where('f.hub_id', '=', hubId)
    .where('f.object', '=', object)
    .where('f.record_id', 'in', [...ids])
    .where('f.state', 'in', ['accepted', 'written'])
    .orderBy('e.number')
    .execute();
  return rows.map((row) => ({
    recordId: recordId(row.record_id ?? ''),
    editId: row.edit_id,
    person: row.person,
    audience: row.audience,
    askedAt: row.asked_at.getTime(),
    field: row.field,
    seen: row.seen,
    wanted: row.wanted,
    state: row.state,
    journaled: row.journaled,
    guards: row.guards,
    ruling: row.ruling === null ? null : { ...row.ruling, held: heldOf(row) },
  }));
}

function heldOf(row: {
  kind: 'conflict' | 'proposal' | null;
  held_edit: EditId | null;
  held_person: PersonId | null;
  held_wanted: Value;
  settled: boolean;
}): HeldEdit | null {
  const { kind, held_edit: editId, held_person: person, held_wanted: wanted, settled } = row;
  return kind === null || editId === null || person === null
    ? null
    : { kind, editId, person, wanted, isSettled: settled };
}

export async function loadOpenPromises(
  db: Db,
  hubId: HubId,
  object: AppObject,
  ids: readonly RecordId[],
): Promise<OpenPromiseRow[]> {
  const rows = await db
    .selectFrom('promises')
    .selectAll()
    .where('hub_id', '=', hubId)
    .where('object', '=', object)
    .where('record_id', 'in', [...ids])
    .where('settled_at', 'is', null)
    .execute();
  return rows.map((row) => ({
    recordId: row.record_id,
    promiseId: row.promise_id,
    field: row.field,
    value: row.value,
    base: row.base,
    editIds: row.edit_ids,
    person: row.person,
    restores: row.restores,
    owed: row.owed,
    epoch: Number(row.epoch),
    promisedAt: row.promised_at.getTime(),
    answeredAt: row.answered_at?.getTime() ?? null,
  }));
}

/** A call that was given up longer ago than this is not expected any more. */
const WATCHED_FOR_MS = 24 * 60 * 60 * 1_000;

export interface GivenUpRow {
  recordId: RecordId;
  promiseId: string;
  field: string;
  value: Value;
  from: number;
}

/** Writes that were given up and may yet be applied. */
export async function loadGivenUp(
  db: Db,
  hubId: HubId,
  object: AppObject,
  ids: readonly RecordId[],
  now: number,
): Promise<GivenUpRow[]> {
  const rows = await db
    .selectFrom('promises')
    .select(['record_id', 'promise_id', 'field', 'value', 'watched_from'])
    .where('hub_id', '=', hubId)
    .where('object', '=', object)
    .where('record_id', 'in', [...ids])
    .where('watched_from', 'is not', null)
    .where('settled_at', '>', new Date(now - WATCHED_FOR_MS))
    .execute();
  return rows.map((row) => ({
    recordId: row.record_id,
    promiseId: row.promise_id,
    field: row.field,
    value: row.value,
    from: row.watched_from?.getTime() ?? 0,
  }));
}

/** The history of each was looked through until `from`, by the CRM's clock. */
export async function lookedThrough(
  db: Db,
  hubId: HubId,
  looked: readonly { promiseId: string; from: number }[],
): Promise<void> {
  if (looked.length === 0) return;
  await sql`
    update promises p set watched_from = l.watched_from
    from unnest(${looked.map((l) => l.promiseId)}::bigint[], ${looked.map((l) => new Date(l.from))}::timestamptz[])
      as l (promise_id, watched_from)
    where p.hub_id = ${hubId} and p.promise_id = l.promise_id`.execute(db);
}

const OWN_WRITES_PER_FIELD = 3;

/** For whom our latest writes of each field were, newest first. */
export async function loadOwnWrites(
  db: Db,
  hubId: HubId,
  object: AppObject,
  ids: readonly RecordId[],
): Promise<OwnWriteRow[]> {
  const { rows } = await sql<{ record_id: RecordId; field: string; value: Value; person: PersonId | null }>`
    select record_id, field, value, person from (
      select *, row_number() over (partition by record_id, field order by promise_id desc) as n
      from promises where hub_id = ${hubId} and object = ${object} and record_id = any(${[...ids]})
    ) p where n <= ${OWN_WRITES_PER_FIELD} order by n`.execute(db);
  return rows.map((row) => ({
    recordId: row.record_id,
    field: row.field,
    value: row.value,
    person: row.person,
  }));
}

export interface EditMove {
  editId: EditId;
  field: string;
  state: EditState;
  rule: string | null;
  reason: string | null;
  crm: Standing | null;
  /** What staff tell the customer about it. */
  note?: string | null;
}

/** Moves edits on. An edit that has come to its end never moves again; a held one moves when staff have decided. */
export async function moveEdits(db: Db, hubId: HubId, all: readonly EditMove[], now: number): Promise<void> {
  if (all.length === 0) return;
  // An update takes any one of several rows that fit: of the moves of one edit the last counts.
  const moves = [...new Map(all.map((move) => [`${move.editId} ${move.field}`, move])).values()];
  await sql`
    update edit_fields f set state = m.state, rule = coalesce(m.rule, f.rule), reason = m.reason,
      crm_value = m.crm_value, crm_by = m.crm_by, note = coalesce(m.note, f.note), journaled = true, changed_at = ${new Date(now)}
    from unnest(
      ${moves.map((move) => move.editId)}::uuid[], ${moves.map((move) => move.field)}::text[],
      ${moves.map((move) => move.state)}::text[], ${moves.map((move) => move.rule)}::text[],
      ${moves.map((move) => move.reason)}::text[], ${moves.map((move) => move.crm?.value ?? null)}::text[],
      ${moves.map((move) => (move.crm === null ? null : JSON.stringify(move.crm.by)))}::jsonb[],
      ${moves.map((move) => move.note ?? null)}::text[]
    ) as m (edit_id, field, state, rule, reason, crm_value, crm_by, note)
    where f.hub_id = ${hubId} and f.edit_id = m.edit_id and f.field = m.field
      and f.state in ('accepted', 'written', 'held')`.execute(db);
}

export async function markJournaled(
  db: Db,
  hubId: HubId,
  edits: readonly { editId: EditId; field: string }[],
): Promise<void> {
  if (edits.length === 0) return;
  await sql`
    update edit_fields f set journaled = true
    from unnest(${edits.map((edit) => edit.editId)}::uuid[], ${edits.map((edit) => edit.field)}::text[]) as m (edit_id, field)
    where f.hub_id = ${hubId} and f.edit_id = m.edit_id and f.field = m.field`.execute(db);
}

export interface PromiseRow extends NewPromise {
  object: AppObject;
  recordId: RecordId;
}

/** Records what is about to be written; answers with the ids in the order given. */
export async function addPromises(
  db: Db,
  hubId: HubId,
  epoch: number,
  rows: readonly PromiseRow[],
  now: number,
): Promise<string[]> {
  if (rows.length === 0) return [];
  const added = await db
    .insertInto('promises')
    .values(
      rows.map((row) => ({
        hub_id: hubId,
        object: row.object,
        record_id: row.recordId,
        field: row.field,
        value: row.value,
        base: JSON.stringify(row.base),
        edit_ids: row.editIds,
        person: row.person,
        restores: row.restores,
        owed: row.owed,
        epoch,
        promised_at: new Date(now),
      })),
    )
    .returning(['promise_id'])
    .execute();
  return added.map((row) => row.promise_id);
}

export async function settlePromises(
  db: Db,
  hubId: HubId,
  settled: readonly { promiseId: string; outcome: string; watchedFrom: number | null }[],
  now: number,
): Promise<void> {
  if (settled.length === 0) return;
  await sql`
    update promises p set settled_at = ${new Date(now)}, outcome = s.outcome, watched_from = s.watched_from
    from unnest(
      ${settled.map((s) => s.promiseId)}::bigint[], ${settled.map((s) => s.outcome)}::text[],
      ${settled.map((s) => (s.watchedFrom === null ? null : new Date(s.watchedFrom)))}::timestamptz[]
    ) as s (promise_id, outcome, watched_from)
    where p.hub_id = ${hubId} and p.promise_id = s.promise_id`.execute(db);
}

/**
 * The call is over. `yes`: HubSpot said so. `unknown`: it may have been applied, this late at most. `unsent`: it was
 * certainly not; the promise stays, so that what is owed stays owed, and the next visit need not wait for it.
 */
export async function markSent(
  db: Db,
  hubId: HubId,
  promiseIds: readonly string[],
  now: number,
  outcome: 'yes' | 'unknown' | 'unsent',
): Promise<void> {
  if (promiseIds.length === 0) return;
  await db
    .updateTable('promises')
    .set({
      promised_at: new Date(outcome === 'unsent' ? 0 : now),
      ...(outcome === 'yes' ? { answered_at: new Date(now) } : {}),
    })
    .where('hub_id', '=', hubId)
    .where('promise_id', 'in', [...promiseIds])
    .where('settled_at', 'is', null)
    .execute();
}
