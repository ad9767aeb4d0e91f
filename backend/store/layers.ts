/** The layers that bring changes, in the order in which they are expected to, and what goes wrong with them. */
import type { HubId } from '@tallystick/shared/ids';
import { sql } from 'kysely';
import type { Db } from './database.ts';
import type { WarningDetail } from './layerTables.ts';

export const LAYERS = ['webhooks', 'journal', 'reconcile'] as const;
export type Layer = (typeof LAYERS)[number];
export const layerNumber = (layer: Layer): number => LAYERS.indexOf(layer);

/** Something that whoever runs the service should hear of. Raised again, it is counted. */
export interface Warning {
  code: 'missed-by-webhooks' | 'missed-by-journal' | 'journal-horizon' | 'mirror-differs';
  count: number;
  detail: WarningDetail | null;
}

/** The one place where warnings are raised; whoever tells people of them reads the table. */
export async function raise(db: Db, hubId: HubId, warnings: readonly Warning[], now: number): Promise<void> {
  for (const { code, count, detail } of warnings) {
    await sql`
      insert into warnings as w (hub_id, code, count, detail, first_at, last_at)
      values (${hubId}, ${code}, ${count}, ${detail === null ? null : JSON.stringify(detail)}::jsonb, ${new Date(now)}, ${new Date(now)})
      on conflict (hub_id, code) do update set
        count = w.count + excluded.count, detail = excluded.detail, last_at = excluded.last_at`.execute(db);
  }
}

export interface RaisedWarning {
  code: string;
  count: number;
  lastAt: number;
}

export async function raisedWarnings(db: Db, hubId: HubId): Promise<RaisedWarning[]> {
  const rows = await db
    .selectFrom('warnings')
    .select(['code', 'count', 'last_at'])
    .where('hub_id', '=', hubId)
    .orderBy('code')
    .execute();
  return rows.map((row) => ({ code: row.code, count: Number(row.count), lastAt: row.last_at.getTime() }));
}

/** How far the webhooks journal was read. */
export interface Place {
  /** Null: from the earliest file there is. */
  offset: string | null;
  /** Everything HubSpot published until then was read. */
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
