/** The breaker's memory: read back from promises, sets and journal when a worker begins, and kept true while it serves. */
import { isStaffId, type EditId, type HubId, type PersonId, type RecordId } from '@tallystick/shared/ids';
import { breaker as spec, OBJECTS, type AppObject } from '@tallystick/shared/ownership';
import type { Value } from '@tallystick/shared/values';
import { sql } from 'kysely';
import type { Db } from '../store/database.ts';
import { seqAt } from '../store/entries.ts';
import { forgetKeys } from '../store/heldSets.ts';
import { draft } from '../store/journal.ts';
import { endWarning } from '../store/warnings.ts';
import { count, seed } from './breaker.ts';
import { kindOf, type Context } from './context.ts';
import { emptyBreaker, heard, quiet, WINDOW_MS, type Breaker } from './holding.ts';

/** Of each direction; older ones are of patterns that have tripped already, or never will. */
const REMEMBERED_MAX = 20_000;
const isPattern = (name: string): name is Parameters<typeof seed>[1]['pattern'] =>
  name in spec.out || name in spec.in;

export async function loadBreaker(db: Db, hubId: HubId, appId: string, now: number): Promise<Breaker> {
  const records = await countRecords(db, hubId);
  const breaker: Breaker = { ...emptyBreaker(), records: { ...records } };
  const [promises, members, seq, standing] = await Promise.all([
    lately(db, hubId, now - WINDOW_MS),
    keyedMembers(db, hubId),
    seqAt(db, hubId, now - WINDOW_MS),
    db
      .selectFrom('warnings')
      .select(['subject', 'last_at'])
      .where('hub_id', '=', hubId)
      .where('code', '=', 'mass-change')
      .where('ended_at', 'is', null)
      .execute(),
  ]);
  for (const { object, recordId, field, before, value, person, editIds, at } of promises) {
    if (isStaffId(person)) continue;
    const by = { via: 'CUSTOMER', id: null, person };
    const facts = { object, recordId, field, kind: kindOf(object, field), before, after: value, by };
    const limits = { spec, direction: 'out' as const, records: breaker.records };
    count(breaker.out, { ...facts, editId: editIds.at(-1) ?? null }, limits, at.getTime());
  }
  for (const { key, pattern, object, field, who, record, at } of members)
    if (isPattern(pattern))
      seed(breaker.out, { key, pattern, object, field, who }, record, spec, at.getTime());
  const rows = await db
    .selectFrom('journal')
    .select(['at', 'kind', 'object', 'record_id', 'field', 'actor', 'crm_at', 'before', 'after'])
    .where('hub_id', '=', hubId)
    .where('seq', '>', String(seq))
    .where('kind', 'in', ['changed', 'life'])
    .where('salt', 'is not', null)
    .orderBy('seq', 'desc')
    .limit(REMEMBERED_MAX)
    .execute();
  for (const { record_id: recordId, crm_at: crmAt, at, ...row } of rows.reverse())
    heard(breaker, [draft({ ...row, recordId, crmAt: crmAt?.getTime() ?? null })], appId, at.getTime());
  const told = new Map(standing.map((row) => [row.subject, row.last_at.getTime()]));
  return { ...breaker, records, told };
}

/** Every so often: how many records there are, what is over, and what need not be remembered any more. */
export async function tendBreaker(ctx: Context): Promise<void> {
  const now = ctx.clock.now();
  for (const subject of quiet(ctx.breaker, now))
    await ctx.lease.exclusive((db) => endWarning(db, ctx.hubId, { code: 'mass-change', subject }, now));
}

export async function tidyBreaker(ctx: Context): Promise<void> {
  ctx.breaker.records = await countRecords(ctx.db, ctx.hubId);
  await ctx.lease.exclusive((db) => forgetKeys(db, ctx.hubId, ctx.clock.now() - WINDOW_MS));
}

async function countRecords(db: Db, hubId: HubId): Promise<Breaker['records']> {
  const rows = await db
    .selectFrom('mirror')
    .select((eb) => ['object', eb.fn.countAll<string>().as('n')])
    .where('hub_id', '=', hubId)
    .where('life', '=', 'present')
    .where('object', 'in', OBJECTS)
    .groupBy('object')
    .execute();
  return Object.fromEntries(rows.map(({ object, n }) => [object, Number(n)]));
}

/** What was promised lately, oldest first; not what staff have let through, which never counts again. */
async function lately(db: Db, hubId: HubId, since: number) {
  const { rows } = await sql<{
    object: AppObject;
    recordId: RecordId;
    field: string;
    before: Value;
    value: Value;
    person: PersonId;
    editIds: EditId[];
    at: Date;
  }>`
    select object, record_id as "recordId", field, base->>'value' as before, value, person, edit_ids as "editIds",
      promised_at as at
    from promises p
    where p.hub_id = ${hubId} and p.promised_at > ${new Date(since)} and p.person is not null
      and not p.restores and not p.owed and not exists (
        select from held_edits h join held_sets s on s.hub_id = h.hub_id and s.set_id = h.set_id
        where h.hub_id = p.hub_id and h.object = p.object and h.record_id = p.record_id and h.field = p.field
          and s.outcome = 'released' and h.edit_ids @> p.edit_ids)
      and not exists (
        select from held_sets s where s.hub_id = p.hub_id and s.outcome = 'released' and s.written && p.edit_ids)
    order by promise_id desc limit ${REMEMBERED_MAX}`.execute(db);
  return rows.reverse();
}

/** What waits in open sets, and what staff have just turned down: more of the same is not believed either. */
async function keyedMembers(db: Db, hubId: HubId) {
  const { rows } = await sql<{
    key: string;
    pattern: string;
    object: AppObject | null;
    field: string | null;
    who: string | null;
    record: string;
    at: Date;
  }>`
    select s.key, s.pattern, s.object, s.field, s.who, h.object || ':' || h.record_id as record,
      coalesce(s.closed_at, h.joined_at) as at
    from held_sets s join held_edits h on h.hub_id = s.hub_id and h.set_id = s.set_id
    where s.hub_id = ${hubId} and s.key is not null
    order by at limit ${REMEMBERED_MAX}`.execute(db);
  return rows;
}
