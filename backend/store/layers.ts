/** The layers that bring changes, in the order in which they are expected to. */
import type { HubId } from '@tallystick/shared/ids';
import type { Db } from './database.ts';

export const LAYERS = ['webhooks', 'journal', 'reconcile'] as const;
export type Layer = (typeof LAYERS)[number];
export const layerNumber = (layer: Layer): number => LAYERS.indexOf(layer);

/** How far the webhooks journal was read. */
export interface Place {
  /** Null: from the earliest file there is. */
  offset: string | null;
  /** Everything HubSpot published until then was read, or is compared besides; it never goes back. */
  caughtUpAt: number;
}

export async function journalPlace(db: Db, hubId: HubId): Promise<Place | null> {
  const row = await db
    .selectFrom('webhooks_journal')
    .selectAll()
    .where('hub_id', '=', hubId)
    .executeTakeFirst();
  return row === undefined ? null : { offset: row.read_offset, caughtUpAt: row.caught_up_at.getTime() };
}

export async function saveJournalPlace(db: Db, hubId: HubId, place: Place): Promise<void> {
  const row = { read_offset: place.offset, caught_up_at: new Date(place.caughtUpAt) };
  await db
    .insertInto('webhooks_journal')
    .values({ hub_id: hubId, ...row })
    .onConflict((conflict) => conflict.column('hub_id').doUpdateSet(row))
    .execute();
}
