/**
 * One pool of connections for the rows of many hubs, so that their number does not grow with the hubs'. A connection is
 * bound to a hub before it is lent for it, and stays bound to exactly one; the walls hold as they do for a pool that is
 * one hub's own. Binding costs a round trip, where the last statement was for another hub.
 */
import type { HubId } from '@tallystick/shared/ids';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { hear, sessionConfig } from './connection.ts';
import type { Database, Db } from './database.ts';

/** Also for a turn: when many hubs are taken on at once, each has to wait for the others. */
const WAIT_MAX_MS = 30_000;
/** Of the connections, the most that one hub has at a time, so that a busy one leaves some to the others. */
const HUB_SHARE = 0.25;

export interface HubPool {
  /** Reaches the rows of this hub. Destroying it closes nothing. */
  of(hubId: HubId): Db;
  close(): Promise<void>;
}

export function openHubPool(url: string, maxConnections: number, onError: (error: Error) => void): HubPool {
  const pool = new pg.Pool({
    ...sessionConfig(url, 'unbound'),
    max: maxConnections,
    connectionTimeoutMillis: WAIT_MAX_MS,
  });
  hear(pool, onError);
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
  const share = Math.max(1, Math.floor(maxConnections * HUB_SHARE));
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
