/**
 * One pool of connections for the rows of many hubs, so that their number does not grow with the hubs'. A connection is
 * bound to a hub before it is lent for it, and stays bound to exactly one; the walls hold as they do for a pool that is
 * one hub's own. Binding costs a round trip, where the last statement was for another hub.
 */
import type { HubId } from '@tallystick/shared/ids';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { CONNECT_TIMEOUT_MS, sessionConfig } from './connection.ts';
import type { Database, Db } from './database.ts';

export interface HubPool {
  /** Reaches the rows of this hub. Destroying it closes nothing. */
  of(hubId: HubId): Db;
  close(): Promise<void>;
}

export function openHubPool(url: string, maxConnections: number, onError: (error: Error) => void): HubPool {
  const pool = new pg.Pool({
    ...sessionConfig(url, 'unbound'),
    max: maxConnections,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  pool.on('error', onError);
  const boundTo = new WeakMap<pg.PoolClient, HubId>();
  const bound = async (hubId: HubId): Promise<pg.PoolClient> => {
    const client = await pool.connect();
    if (boundTo.get(client) === hubId) return client;
    try {
      boundTo.delete(client);
      await client.query({
        name: 'bind',
        text: `select set_config('tallystick.hub', $1, false)`,
        values: [hubId],
      });
      boundTo.set(client, hubId);
      return client;
    } catch (error) {
      client.release(true); // whatever it is bound to now, nobody works with it
      throw error;
    }
  };
  // A hub never has more than half of the connections, so that a busy one leaves some to the others.
  const share = Math.max(1, Math.floor(maxConnections / 2));
  return {
    of: (hubId) => {
      const turns = turnstile(share);
      const connect = async () => {
        await turns.enter();
        const client = await bound(hubId).catch((error: unknown) => {
          turns.leave();
          throw error;
        });
        const release = (): void => {
          client.release();
          turns.leave();
        };
        return { query: client.query.bind(client), release };
      };
      const dialect = new PostgresDialect({ pool: { connect, end: () => Promise.resolve() } });
      return new Kysely<Database>({ dialect });
    },
    close: () => pool.end(),
  };
}

/** Lets `limit` in at a time, the others in the order in which they came. */
function turnstile(limit: number): { enter(): Promise<void>; leave(): void } {
  let inside = 0;
  const waiting: (() => void)[] = [];
  return {
    enter: () => {
      if (inside < limit) {
        inside += 1;
        return Promise.resolve();
      }
      return new Promise((resolve) => waiting.push(resolve));
    },
    leave: () => {
      const next = waiting.shift();
      if (next === undefined) inside -= 1;
      else next();
    },
  };
}
