/** Storing what came in by webhook: one statement for everything that waits, over a connection of its own. */
import type { HubId } from '@tallystick/shared/ids';
import pg from 'pg';
import { hear, sessionConfig } from './connection.ts';
import type { Db } from './database.ts';

export interface Delivery {
  hubId: HubId;
  receivedAt: number;
  /** The events as they came, a JSON array. */
  events: string;
}

export interface DeliveryStore {
  /** Resolves when the rows are durable, with the ids by hub, in no certain order. */
  store(deliveries: readonly Delivery[]): Promise<Map<HubId, string[]>>;
  close(): Promise<void>;
}

/**
 * JSON holds no bare control character, so this one parts the texts. As one parameter they are sent as they are; in an
 * array every quote of every event would be escaped here and unescaped there.
 */
const PART = '\u001e';
const INSERT = {
  name: 'store-deliveries',
  text: `insert into deliveries (hub_id, received_at, events)
         select * from unnest($1::bigint[], $2::timestamptz[], string_to_array($3, chr(30)))
         returning hub_id, delivery_id`,
};
const CONNECT_TIMEOUT_MS = 2_000;

export function openDeliveryStore(url: string, onError: (error: Error) => void): DeliveryStore {
  const pool = new pg.Pool({
    ...sessionConfig(url, 'door'),
    max: 1,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  hear(pool, onError);
  return {
    store: async (deliveries) => {
      const hubs = deliveries.map((delivery) => delivery.hubId);
      const times = deliveries.map((delivery) => new Date(delivery.receivedAt));
      const { rows } = await pool.query<{ hub_id: HubId; delivery_id: string }>({
        ...INSERT,
        values: [hubs, times, deliveries.map((delivery) => delivery.events).join(PART)],
      });
      const ids = new Map<HubId, string[]>();
      for (const row of rows) {
        const own = ids.get(row.hub_id);
        if (own === undefined) ids.set(row.hub_id, [row.delivery_id]);
        else own.push(row.delivery_id);
      }
      return ids;
    },
    close: () => pool.end(),
  };
}

export async function deliveryById(
  db: Db,
  hubId: HubId,
  deliveryId: string,
): Promise<{ receivedAt: number; events: string; layer: 'webhooks' | 'journal' } | null> {
  const row = await db
    .selectFrom('deliveries')
    .select(['received_at', 'events', 'layer'])
    .where('hub_id', '=', hubId)
    .where('delivery_id', '=', deliveryId)
    .executeTakeFirst();
  return row === undefined
    ? null
    : { receivedAt: row.received_at.getTime(), events: row.events, layer: row.layer };
}

export async function deliveryApplied(db: Db, hubId: HubId, deliveryId: string, now: number): Promise<void> {
  await db
    .updateTable('deliveries')
    .set({ applied_at: new Date(now) })
    .where('hub_id', '=', hubId)
    .where('delivery_id', '=', deliveryId)
    .execute();
}
