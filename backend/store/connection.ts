/**
 * The ways to reach the tables: the shared pool and single connections. Each runs as a role that the walls hold
 * (`walls.ts`), and is bound to its hub when it is opened: nothing has to be set before a statement, nothing can be
 * forgotten, and it costs no round trip.
 */
import type { HubId } from '@tallystick/shared/ids';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Database, Db } from './database.ts';
import { DOOR, SERVICE } from './walls.ts';

const POOL_MAX_CONNECTIONS = 10;
const CONNECT_TIMEOUT_MS = 5_000;
/** A cached generic plan made while a table was small cost 48 times the custom one after growth. */
const SESSION =
  '-c plan_cache_mode=force_custom_plan -c idle_in_transaction_session_timeout=30s -c statement_timeout=30s -c lock_timeout=5s';

/**
 * The hub whose rows a connection reaches; `door`: no hub is known yet, and next to nothing is reached; `unbound`: it is
 * bound when it is lent (`hubPool.ts`), and until then every statement on a hub's table is an error.
 */
export type Bound = HubId | 'door' | 'unbound';

const WALLS: Readonly<Record<string, string>> = { door: `-c role=${DOOR}`, unbound: `-c role=${SERVICE}` };

/**
 * One connection's settings: keep-alive lets a dead host be noticed, the session limits keep one from holding others up;
 * what the address says of them counts over ours. `silenceS`: Postgres ends it, and with it every lock that it holds, when
 * nothing came through it for so long, be it within a transaction.
 */
export function sessionConfig(url: string, bound: Bound, silenceS: number | null = null): pg.ClientConfig {
  const wall = WALLS[bound] ?? `-c role=${SERVICE} -c tallystick.hub=${bound}`;
  const { connectionString, options } = withoutOptions(url);
  const parts = [SESSION, silenceS === null ? '' : silence(silenceS), options, wall];
  return { connectionString, keepAlive: true, options: parts.filter((part) => part !== '').join(' ') };
}

/** A process that is stopped keeps its connection: at rest, or wherever in a transaction it was. */
const silence = (seconds: number): string =>
  `-c idle_session_timeout=${seconds}s -c idle_in_transaction_session_timeout=${seconds}s`;

/** Opens the pool. `onError` hears of connections that die. */
export function openDatabase(
  url: string,
  bound: HubId | 'door',
  onError: (error: Error) => void,
  maxConnections = POOL_MAX_CONNECTIONS,
): Db {
  const pool = new pg.Pool({
    ...sessionConfig(url, bound),
    max: maxConnections,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  hear(pool, onError);
  return new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
}

/**
 * Kysely over exactly this connection: a pool would open another one, without its lock or transaction, when it dies. Once
 * it is closed nothing is sent any more.
 */
export function overOneConnection(client: pg.Client): { db: Db; close: () => void } {
  let connect = (): Promise<typeof connection> => Promise.resolve(connection);
  const connection = { query: client.query.bind(client), release: () => undefined };
  const db = new Kysely<Database>({
    dialect: new PostgresDialect({ pool: { connect: () => connect(), end: () => client.end() } }),
  });
  return { db, close: () => (connect = () => Promise.reject(new Error('This transaction is over.'))) };
}

/** The pool listens to a connection only while nobody has it: one that ends in between would end the process. */
export function hear(pool: pg.Pool, onError: (error: Error) => void): void {
  pool.on('error', onError);
  pool.on('connect', (client) => client.on('error', onError));
}

/** The driver lets options of the address replace ours, and the wall with them. */
function withoutOptions(url: string): { connectionString: string; options: string } {
  const address = new URL(url);
  const options = address.searchParams.get('options');
  if (options === null) return { connectionString: url, options: '' };
  address.searchParams.delete('options');
  return { connectionString: address.href, options };
}
