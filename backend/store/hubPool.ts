/**
 * One pool of connections for the rows of many hubs, so that their number does not grow with the hubs'. A connection is
 * bound to a hub before it is lent for it, and stays bound to exactly one; the walls hold as they do for a pool that is
 * one hub's own. Where the last statement was for another hub, binding goes out together with the first one for this hub:
 * it costs no round trip of its own.
 */
import type { HubId } from '@tallystick/shared/ids';
import { Kysely, PostgresDialect, type PostgresPoolClient } from 'kysely';
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
    pipeline: true,
    max: maxConnections,
    connectionTimeoutMillis: WAIT_MAX_MS,
  });
  hear(pool, onError);
  const boundTo = new WeakMap<pg.PoolClient, HubId>();
  const bind = async (client: pg.PoolClient, hubId: HubId): Promise<void> => {
    boundTo.delete(client);
    await client.query({
      name: 'bind',
      text: `select set_config('tallystick.hub', $1, false)`,
      values: [hubId],
    });
    boundTo.set(client, hubId);
  };
  const share = Math.max(1, Math.floor(maxConnections * HUB_SHARE));
  return {
    of: (hubId) => {
      const turns = turnstile(share);
      const connect = async () => {
        await turns.enter();
        const client = await pool.connect().catch((error: unknown) => {
          turns.leave();
          throw error;
        });
        const binding = boundTo.get(client) === hubId ? null : bind(client, hubId);
        binding?.catch(() => undefined); // whoever asks hears of it
        const release = (): void => {
          client.release(boundTo.get(client) !== hubId); // whatever it is bound to now, nobody works with it
          turns.leave();
        };
        return { query: withBinding(client, binding), release };
      };
      const dialect = new PostgresDialect({ pool: { connect, end: () => Promise.resolve() } });
      return new Kysely<Database>({ dialect });
    },
    close: () => pool.end(),
  };
}

/** Bound to another hub still, a statement would reach nothing, and nobody would know: its answer counts with the binding. */
function withBinding(client: pg.PoolClient, binding: Promise<void> | null): PostgresPoolClient['query'] {
  const plain: PostgresPoolClient['query'] = client.query.bind(client);
  if (binding === null) return plain;
  function query<R>(text: string, values: readonly unknown[]): ReturnType<typeof plain<R>>;
  function query(): never;
  function query(text?: unknown, values: readonly unknown[] = []): unknown {
    if (typeof text !== 'string') throw new Error('A pool of many hubs has no cursors.');
    return Promise.all([plain(text, values), binding]).then(([answer]) => answer);
  }
  return query;
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
