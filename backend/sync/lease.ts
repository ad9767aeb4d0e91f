/**
 * The right of one worker to speak with one hub.
 *
 * The lease is a session-level advisory lock: it lives and dies with one database connection, and every write of the
 * worker goes through that same connection. Whoever has lost the lease can therefore not write, however late it wakes.
 * Calls to HubSpot are fenced by `fence`: just before one is sent the connection must have answered.
 */
import type { HubId } from '@tallystick/shared/ids';
import { sql } from 'kysely';
import pg from 'pg';
import { pause } from '../bell.ts';
import { overOneConnection, sessionConfig } from '../store/connection.ts';
import type { Db } from '../store/database.ts';

/** "tall" in ASCII: keeps our advisory locks apart from anybody else's in the same database. */
export const LEASE_CLASS = 0x74616c6c;
/**
 * A process that is stopped, or hangs, keeps its connection and so its lock. The worker's heart beats through this
 * connection every two seconds; when it has not for so long, Postgres ends it and another worker takes over.
 */
const SILENCE_S = 15;
/** A proof of the lease this young is good enough for the next call. */
const PROOF_MAX_AGE_MS = 1_000;
/** A connection that answers later than that so often in a row proves nothing, and is given up with its lease. */
const PROOFS_MAX = 10;

/** So often while nothing else goes through the connection yet. */
const PROVE_EVERY_MS = 2_000;

/** All or nothing. Statements of `work` that do not wait for each other cost one round trip together. */
export type Transaction = <T>(work: (trx: Db) => Promise<T>) => Promise<T>;

export interface Lease {
  hubId: HubId;
  epoch: number;
  acquiredAt: number;
  /** Work with the connection that holds the lease, one at a time in the order asked for; rejects once it is lost. */
  exclusive<T>(work: (db: Db, transaction: Transaction) => Promise<T>): Promise<T>;
  /** Asks: resolves while the lease is held, rejects when it is lost. */
  prove(): Promise<void>;
  /** Just before a call: resolves when a proof is at most `PROOF_MAX_AGE_MS` old at the moment it resolves. */
  fence(clock: { now(): number }): Promise<void>;
  lost: Promise<Error>;
  release(): Promise<void>;
}

/** Takes the hub's lease, or answers null when another worker holds it. */
export async function acquireLease(
  url: string,
  hubId: HubId,
  holder: string,
  now: number,
): Promise<Lease | null> {
  // Statements that do not wait for each other go out together.
  const client = new pg.Client({ ...sessionConfig(url, hubId, SILENCE_S), pipeline: true });
  const lost = new Promise<Error>((resolve) => {
    client.on('error', resolve);
    client.on('end', () => resolve(new Error('The database connection that held the lease has ended.')));
  });
  await client.connect();
  const db = overOneConnection(client).db;
  const locked = await sql<{ locked: boolean }>`
    select pg_try_advisory_lock(${LEASE_CLASS}, hashtext(${hubId})) as locked`.execute(db);
  if (locked.rows[0]?.locked !== true) {
    await client.end();
    return null;
  }
  const row = await db
    .updateTable('hubs')
    .set({ epoch: sql`epoch + 1`, holder, heartbeat_at: new Date(now) })
    .where('hub_id', '=', hubId)
    .returning('epoch')
    .executeTakeFirst();
  if (row === undefined) {
    await client.end();
    throw new Error(`Hub ${hubId} is not connected: there is no row for it in the table "hubs".`);
  }
  return held(client, db, lost, { hubId, epoch: Number(row.epoch), acquiredAt: now });
}

/** What comes before the worker's heart beats may take long where many hubs are taken at once. */
export async function whileProving<T>(
  lease: Pick<Lease, 'prove'>,
  clock: Parameters<typeof pause>[0],
  work: () => Promise<T>,
): Promise<T> {
  const over = new AbortController();
  const isOver = (): boolean => over.signal.aborted;
  const proving = (async () => {
    for (;;) {
      await pause(clock, PROVE_EVERY_MS, over.signal);
      if (isOver()) return;
      await lease.prove();
    }
  })().catch(() => undefined); // that it is lost is heard by `lost`
  try {
    return await work();
  } finally {
    over.abort();
    await proving;
  }
}

function held(
  client: pg.Client,
  db: Db,
  lost: Promise<Error>,
  facts: Pick<Lease, 'hubId' | 'epoch' | 'acquiredAt'>,
): Lease {
  let queue: Promise<unknown> = Promise.resolve();
  let gone: Error | null = null;
  let provenAt = facts.acquiredAt;
  void lost.then((error) => (gone = error));
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = queue.then(() => {
      if (gone !== null) throw gone;
      return work();
    });
    queue = turn.catch(() => undefined);
    return turn;
  };
  const prove = async (): Promise<void> => {
    await inTurn(() => sql`select 1`.execute(db));
  };
  return {
    ...facts,
    lost,
    exclusive: (work) => inTurn(() => work(db, (trxWork) => inTransaction(client, trxWork))),
    prove,
    fence: async (clock) => {
      for (let proofs = 0; ; proofs += 1) {
        const askedAt = clock.now();
        const age = askedAt - provenAt;
        if (gone === null && age >= 0 && age < PROOF_MAX_AGE_MS) return;
        if (proofs === PROOFS_MAX) {
          void client.end().catch(() => undefined);
          throw new Error('The database answers too slowly to prove that the hub is still ours.');
        }
        await prove();
        // It counts from when it was asked: a process that is stopped meanwhile finds an answer that is long out of date.
        provenAt = askedAt;
      }
    },
    release: async () => {
      await queue;
      await client.end().catch(() => undefined);
    },
  };
}

/** Kysely's own transactions send one statement at a time and wait for `begin`; this one sends what it is given. */
async function inTransaction<T>(client: pg.Client, work: (trx: Db) => Promise<T>): Promise<T> {
  const { db, close } = overOneConnection(client);
  const begun = client.query('begin');
  try {
    const [result] = await Promise.all([work(db), begun]);
    const { command } = await client.query('commit');
    if (command !== 'COMMIT') throw new Error('A statement failed, and nobody heard of it.');
    return result;
  } catch (error) {
    close(); // whatever still runs of `work` must not store anything outside of the transaction
    await client.query('rollback').catch(() => undefined);
    throw error;
  }
}
