/**
 * What only one process does at a time without being the hub's worker: a session-level advisory lock, and the one
 * connection that holds it. Whoever lost the lock can no longer write, however late it wakes.
 */
import type { HubId } from '@tallystick/shared/ids';
import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { sessionConfig } from './connection.ts';
import type { Database, Db } from './database.ts';

export interface Hold {
  /** Over the connection that holds the lock, and no other. */
  db: Db;
  release(): Promise<void>;
}

/** Null: another process has it. */
export async function takeHold(url: string, hubId: HubId, lockClass: number): Promise<Hold | null> {
  const client = new pg.Client(sessionConfig(url, hubId));
  client.on('error', () => undefined); // the next statement fails, and says so
  await client.connect();
  const connection = { query: client.query.bind(client), release: () => undefined };
  const db = new Kysely<Database>({
    dialect: new PostgresDialect({
      pool: { connect: () => Promise.resolve(connection), end: () => client.end() },
    }),
  });
  const release = (): Promise<void> => client.end().catch(() => undefined);
  try {
    const { rows } = await sql<{ held: boolean }>`
      select pg_try_advisory_lock(${lockClass}, hashtext(${hubId})) as held`.execute(db);
    if (rows[0]?.held === true) return { db, release };
    await release();
    return null;
  } catch (error) {
    await release();
    throw error;
  }
}
