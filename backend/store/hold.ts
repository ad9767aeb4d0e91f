/**
 * What only one process does at a time without being the hub's worker: a session-level advisory lock, and the one
 * connection that holds it. Whoever lost the lock can no longer write, however late it wakes.
 */
import type { HubId } from '@tallystick/shared/ids';
import { sql } from 'kysely';
import pg from 'pg';
import { overOneConnection, sessionConfig } from './connection.ts';
import type { Db } from './database.ts';

/** Who holds it looks every few seconds, but may wait for a mail server in between: so long for a process that hangs. */
const SILENCE_S = 120;

export interface Hold {
  /** Over the connection that holds the lock, and no other; bound to this hub until another one is asked for. */
  of(hubId: HubId): Promise<Db>;
  /** Rejects once the lock is lost. */
  prove(): Promise<void>;
  release(): Promise<void>;
}

/** Null: another process has it. */
export async function takeHold(url: string, lockClass: number, lock: string): Promise<Hold | null> {
  const client = new pg.Client({ ...sessionConfig(url, 'unbound', SILENCE_S), pipeline: true });
  client.on('error', () => undefined); // the next statement fails, and says so
  await client.connect();
  const { db } = overOneConnection(client);
  const release = (): Promise<void> => client.end().catch(() => undefined);
  try {
    const { rows } = await sql<{ held: boolean }>`
      select pg_try_advisory_lock(${lockClass}, hashtext(${lock})) as held`.execute(db);
    if (rows[0]?.held !== true) {
      await release();
      return null;
    }
    return {
      of: async (hubId) => {
        await sql`select set_config('tallystick.hub', ${hubId}, false)`.execute(db);
        return db;
      },
      prove: async () => {
        await sql`select 1`.execute(db);
      },
      release,
    };
  } catch (error) {
    await release();
    throw error;
  }
}
