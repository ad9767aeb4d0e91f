/** Which hubs are connected: asked before a hub is known, through the door. */
import type { HubId } from '@tallystick/shared/ids';
import { openDatabase } from './connection.ts';
import type { Db } from './database.ts';

export interface KnownHub {
  hubId: HubId;
  appId: string;
  typeIds: Record<string, string>;
}

export async function knownHubs(databaseUrl: string, onError: (error: Error) => void): Promise<KnownHub[]> {
  const door = openDatabase(databaseUrl, 'door', onError);
  try {
    const rows = await door
      .selectFrom('hubs')
      .select(['hub_id', 'app_id', 'type_ids'])
      .orderBy('hub_id')
      .execute();
    return rows.map((row) => ({ hubId: row.hub_id, appId: row.app_id, typeIds: row.type_ids }));
  } finally {
    await door.destroy();
  }
}

export async function saveHub(db: Db, hub: KnownHub & { timeZone: string; now: number }): Promise<void> {
  const told = { app_id: hub.appId, time_zone: hub.timeZone };
  await db
    .insertInto('hubs')
    .values({ hub_id: hub.hubId, ...told, connected_at: new Date(hub.now) })
    .onConflict((conflict) => conflict.column('hub_id').doUpdateSet(told))
    .execute();
}

/** The type ids of the account's custom objects, as they were last read. */
export async function typeIdsOf(db: Db, hubId: HubId): Promise<Record<string, string>> {
  const row = await db.selectFrom('hubs').select('type_ids').where('hub_id', '=', hubId).executeTakeFirst();
  return row?.type_ids ?? {};
}

/** Whether the database answers: for the hub, or at the door. */
export async function isReady(db: Db, hubId: HubId | 'door'): Promise<boolean> {
  try {
    const any = db.selectFrom('hubs').select('hub_id').limit(1);
    await (hubId === 'door' ? any : any.where('hub_id', '=', hubId)).execute();
    return true;
  } catch {
    return false;
  }
}
