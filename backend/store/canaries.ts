/** The canary's newest round trip: one row a hub. */
import type { EditId, HubId } from '@tallystick/shared/ids';
import { canaryField, OBJECTS, type AppObject } from '@tallystick/shared/ownership';
import { sql } from 'kysely';
import type { Db } from './database.ts';
import type { Layer } from './layers.ts';

/** The name under which it asks, as another system would: `source:canary`. */
export const CANARY = 'canary';
export const CANARY_PERSON = `source:${CANARY}`;

/** What the canary does there is nobody's: lists and figures of people's changes leave it out. */
export const canaryPlaces = (): { object: AppObject; field: string }[] =>
  OBJECTS.flatMap((object) => {
    const field = canaryField(object);
    return field === undefined ? [] : [{ object, field }];
  });

/** All instants in ms. */
export interface Canary {
  editId: EditId | null;
  value: string | null;
  askedAt: number | null;
  provenAt: number | null;
  toldAt: number | null;
  toldBy: Layer | null;
  outMs: number | null;
  inMs: number | null;
  problem: string | null;
}

export async function loadCanary(db: Db, hubId: HubId): Promise<Canary | null> {
  const row = await db.selectFrom('canaries').selectAll().where('hub_id', '=', hubId).executeTakeFirst();
  if (row === undefined) return null;
  return {
    editId: row.edit_id,
    value: row.value,
    askedAt: row.asked_at?.getTime() ?? null,
    provenAt: row.proven_at?.getTime() ?? null,
    toldAt: row.told_at?.getTime() ?? null,
    toldBy: row.told_by,
    outMs: row.out_ms,
    inMs: row.in_ms,
    problem: row.problem,
  };
}

export async function saveCanary(db: Db, hubId: HubId, canary: Canary): Promise<void> {
  const stamp = (ms: number | null): Date | null => (ms === null ? null : new Date(ms));
  const row = {
    edit_id: canary.editId,
    value: canary.value,
    asked_at: stamp(canary.askedAt),
    proven_at: stamp(canary.provenAt),
    told_at: stamp(canary.toldAt),
    told_by: canary.toldBy,
    out_ms: canary.outMs,
    in_ms: canary.inMs,
    problem: canary.problem,
  };
  await db
    .insertInto('canaries')
    .values({ hub_id: hubId, ...row })
    .onConflict((conflict) => conflict.column('hub_id').doUpdateSet(row))
    .execute();
}

/** Edits of the canary that came to their end: the journal keeps what happened, receipts nobody looks at are not kept. */
export async function forgetCanaryEdits(db: Db, hubId: HubId, askedBefore: number): Promise<void> {
  await sql`
    with old as (
      select e.edit_id from edits e where e.hub_id = ${hubId} and e.person = ${CANARY_PERSON}
        and e.asked_at < ${new Date(askedBefore)} and not exists (
          select from edit_fields f where f.hub_id = ${hubId} and f.edit_id = e.edit_id
            and f.state in ('accepted', 'written'))),
    p as (delete from promises where hub_id = ${hubId} and settled_at is not null
        and edit_ids && (select coalesce(array_agg(edit_id), '{}') from old)),
    f as (delete from edit_fields where hub_id = ${hubId} and edit_id in (select edit_id from old))
    delete from edits where hub_id = ${hubId} and edit_id in (select edit_id from old)`.execute(db);
}
