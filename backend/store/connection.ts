/** The two ways to reach the tables: the shared pool and one held connection. */
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Database, Db } from './database.ts';

const POOL_MAX_CONNECTIONS = 10;
const CONNECT_TIMEOUT_MS = 5_000;
/** A cached generic plan made while a table was small cost 48 times the custom one after growth. */
const SESSION =
  '-c plan_cache_mode=force_custom_plan -c idle_in_transaction_session_timeout=30s -c statement_timeout=30s -c lock_timeout=5s';

/** One connection's settings: keep-alive lets a dead host be noticed, the session limits keep one from holding others up. */
export function sessionConfig(url: string): pg.ClientConfig {
  return { connectionString: url, keepAlive: true, options: SESSION };
}

/** Opens the pool. `onError` hears of connections that die while idle: without a listener the process would die too. */
export function openDatabase(url: string, onError: (error: Error) => void): Db {
  const pool = new pg.Pool({
    ...sessionConfig(url),
    max: POOL_MAX_CONNECTIONS,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
  });
  pool.on('error', onError);
  return new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
}
