/**
 * The hubs that are served and their sealed secrets. At the door only the columns that say which hubs there are can be
 * read; what is sealed is read through a connection that is bound to the hub it is of.
 */
import type { HubId } from '@tallystick/shared/ids';
import { sql } from 'kysely';
import type { Big, Db, MaybeStamp, Stamp } from './database.ts';

export interface DirectoryTable {
  hub_id: HubId;
  app_id: string;
  /** The origin of the hub's portal. */
  portal_url: string | null;
  version: Big;
  /** Sealed, as is what follows. */
  access_token: string;
  client_secrets: string;
  settings: string;
  proven_at: MaybeStamp;
  changed_at: Stamp;
}

export const SEALED = ['access_token', 'client_secrets', 'settings'] as const;
export type SealedColumn = (typeof SEALED)[number];

export interface ListedHub {
  hubId: HubId;
  appId: string;
  portalUrl: string | null;
  version: string;
}

/** Through the door. */
export async function listHubs(door: Db): Promise<ListedHub[]> {
  const rows = await door
    .selectFrom('directory')
    .select(['hub_id', 'app_id', 'portal_url', 'version'])
    .orderBy('hub_id')
    .execute();
  return rows.map((row) => ({
    hubId: row.hub_id,
    appId: row.app_id,
    portalUrl: row.portal_url,
    version: row.version,
  }));
}

export interface SealedRow {
  version: string;
  client_secrets: string;
  settings: string;
  /** Null: it was not asked for. */
  access_token: string | null;
}

/** What is stored of the hub; null: it is not served any more. Who never calls HubSpot does not read the token either. */
export async function sealedOf(db: Db, hubId: HubId, withToken: boolean): Promise<SealedRow | null> {
  const row = await db
    .selectFrom('directory')
    .select(['version', 'client_secrets', 'settings'])
    .$if(withToken, (query) => query.select('access_token'))
    .where('hub_id', '=', hubId)
    .executeTakeFirst();
  if (row === undefined) return null;
  const { version, client_secrets, settings, access_token: token } = row;
  return { version, client_secrets, settings, access_token: token ?? null };
}

export interface DirectoryRow extends Record<SealedColumn, string> {
  appId: string;
  portalUrl: string | null;
}

/** Adds the hub, or replaces what was kept of it; a hub seen for the first time gets its row in `hubs`. */
export async function saveDirectoryRow(db: Db, hubId: HubId, row: DirectoryRow, now: number): Promise<void> {
  const { appId, portalUrl, ...sealed } = row;
  const at = new Date(now);
  const told = { app_id: appId, portal_url: portalUrl, ...sealed, proven_at: null, changed_at: at };
  await db
    .insertInto('directory')
    .values({ hub_id: hubId, version: now, ...told })
    .onConflict((conflict) =>
      conflict
        .column('hub_id')
        .doUpdateSet({ ...told, version: sql<string>`greatest(directory.version + 1, ${now})` }),
    )
    .execute();
  await db
    .insertInto('hubs')
    .values({ hub_id: hubId, app_id: appId, time_zone: 'UTC', connected_at: at })
    .onConflict((conflict) => conflict.column('hub_id').doUpdateSet({ app_id: appId }))
    .execute();
}

/** What is kept of the hub besides stays. False: it was not there. */
export async function removeDirectoryRow(db: Db, hubId: HubId): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom('directory').where('hub_id', '=', hubId).executeTakeFirst();
  return numDeletedRows > 0n;
}

/** Stores values that were sealed anew, unless the row has changed meanwhile; who serves the hub need not notice. */
export async function reseal(
  db: Db,
  hubId: HubId,
  sealed: Record<SealedColumn, string>,
  version: string,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('directory')
    .set(sealed)
    .where('hub_id', '=', hubId)
    .where('version', '=', version)
    .executeTakeFirst();
  return numUpdatedRows > 0n;
}

/** Whether the token was seen to be this hub's. */
export async function isProven(db: Db, hubId: HubId, version: string): Promise<boolean> {
  const row = await db
    .selectFrom('directory')
    .select('proven_at')
    .where('hub_id', '=', hubId)
    .where('version', '=', version)
    .executeTakeFirst();
  return row !== undefined && row.proven_at !== null;
}

export async function noteProven(db: Db, hubId: HubId, version: string, now: number): Promise<void> {
  await db
    .updateTable('directory')
    .set({ proven_at: new Date(now) })
    .where('hub_id', '=', hubId)
    .where('version', '=', version)
    .execute();
}
