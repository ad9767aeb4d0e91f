/**
 * Real Postgres for tests. `vitest.config.ts` must hold `globalSetup: ['test/harness/postgres.ts']`: `setup` runs
 * once a run, in the main process, and starts an embedded server in the temp directory, or uses the one named by
 * TALLYSTICK_TEST_DATABASE_URL (its user must be allowed to create databases and roles). The workers learn of it by an
 * environment variable, which the processes they start inherit too.
 *
 * A test file asks for a database of its own: `const { url, drop } = await createTestDatabase()`.
 */
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { z } from 'zod';
import type { Database, Db } from '../../backend/store/database.ts';
import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../backend/store/embedded.ts';
import { migrateToLatest } from '../../backend/store/migrate.ts';

const VARIABLE = 'TALLYSTICK_TEST_SERVER';
const DIR_PREFIX = 'tallystick-test-';
const CONNECT_TIMEOUT_MS = 10_000;

/** Nothing here has to survive a power cut. */
const SETTINGS = {
  fsync: 'off',
  synchronous_commit: 'off',
  full_page_writes: 'off',
  max_connections: '200',
  shared_buffers: '128MB',
  autovacuum_naptime: '5s',
};

const Server = z.object({
  /** Leads to a database from which others can be made. */
  url: z.string(),
  /** The migrated database that every test database is a clone of. */
  template: z.string(),
  /** Begins the name of every database of this run. */
  prefix: z.string(),
});
type Server = z.infer<typeof Server>;

export interface TestDatabase {
  url: string;
  /** Ends connections that are still open, too. */
  drop: () => Promise<void>;
}

/** Safe from several workers at once: each clone has a name of its own, and Postgres lets many copy one template. */
export async function createTestDatabase(): Promise<TestDatabase> {
  const server = announcedServer();
  const name = `${server.prefix}${process.pid}_${randomName()}`;
  await run(server.url, [`create database ${name} template ${server.template}`]);
  return {
    url: withDatabase(server.url, name),
    drop: () => run(server.url, [`drop database if exists ${name} with (force)`]),
  };
}

/** What the service never has: a connection that no wall holds, for tests that arrange or look across hubs. */
export function asOwner(url: string): Db {
  const pool = new pg.Pool({ connectionString: url, max: 2 });
  pool.on('error', () => undefined); // the database is dropped under it
  return new Kysely<Database>({ dialect: new PostgresDialect({ pool }) });
}

/** Ends the connections that hold advisory locks of that class, in this database alone: tests share the server. */
export async function endLocksOf(owner: Db, lockClass: number): Promise<void> {
  await sql`select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and classid = ${lockClass}
    and database = (select oid from pg_database where datname = current_database())`.execute(owner);
}

/** Called by vitest before the first test. */
export async function setup(): Promise<() => Promise<void>> {
  const given = process.env.TALLYSTICK_TEST_DATABASE_URL;
  const started = given === undefined || given === '' ? await startServer() : undefined;
  const run = randomName();
  const server = {
    url: started?.embedded.url ?? given ?? '',
    template: `tally_${run}_template`,
    prefix: `tally_${run}_`,
  };
  const teardown = async (): Promise<void> => {
    if (started === undefined) await dropAll(server);
    else await started.remove();
  };
  try {
    await makeTemplate(server);
  } catch (error) {
    await teardown().catch(() => undefined);
    const whose = started === undefined ? 'TALLYSTICK_TEST_DATABASE_URL' : 'the embedded Postgres';
    throw new Error(`No test can run: the test database could not be made on ${whose}: ${String(error)}`, {
      cause: error,
    });
  }
  process.env[VARIABLE] = JSON.stringify(server);
  return teardown;
}

function announcedServer(): Server {
  const announced = process.env[VARIABLE];
  if (announced === undefined)
    throw new Error(
      "No Postgres was started for the tests: vitest.config.ts needs globalSetup: ['test/harness/postgres.ts'].",
    );
  return Server.parse(JSON.parse(announced));
}

async function startServer(): Promise<{ embedded: EmbeddedPostgres; remove: () => Promise<void> }> {
  await removeAbandoned();
  const dir = await mkdtemp(join(tmpdir(), `${DIR_PREFIX}${process.pid}-`));
  /* Under root the server runs as another user, who must be able to pass. */
  await chmod(dir, 0o711);
  try {
    const embedded = await startIn(dir);
    return { embedded, remove: () => stopAndRemove(embedded, dir) };
  } catch (error) {
    await rm(dir, { recursive: true, force: true });
    throw new Error(
      `No test can run: the embedded Postgres did not start (TALLYSTICK_TEST_DATABASE_URL may name another server). ${String(error)}`,
      { cause: error },
    );
  }
}

function startIn(dir: string): Promise<EmbeddedPostgres> {
  const dataDir = join(dir, 'postgres');
  return startEmbeddedPostgres({
    dataDir,
    port: 0,
    database: 'postgres',
    log: () => undefined,
    settings: SETTINGS,
  });
}

async function stopAndRemove(embedded: EmbeddedPostgres, dir: string): Promise<void> {
  await embedded.stop();
  await rm(embedded.dataDir, { recursive: true, force: true });
  await rm(dir, { recursive: true, force: true });
}

/** A run that was killed leaves its server behind: its directory names the process that is gone. */
async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(tmpdir())) {
    const pid = Number(/^tallystick-test-(\d+)-/.exec(name)?.[1]);
    if (!Number.isInteger(pid) || isAlive(pid)) continue;
    const dir = join(tmpdir(), name);
    /* In a directory of somebody else anything may wait for us. */
    if ((await stat(dir).catch(() => undefined))?.uid !== process.getuid?.()) continue;
    /* Starting on it adopts the server that still runs; what cannot even start is only removed. */
    await startIn(dir)
      .then((embedded) => embedded.stop())
      .catch(() => undefined);
    await rm(dir, { recursive: true, force: true }).catch(() => undefined);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

async function makeTemplate(server: Server): Promise<void> {
  await run(server.url, [`create database ${server.template}`]);
  await migrateToLatest(withDatabase(server.url, server.template));
  /* A connection to the template would make cloning fail for everybody. */
  await run(server.url, [`alter database ${server.template} with allow_connections false`]);
}

/** On a server that outlives the run. */
async function dropAll(server: Server): Promise<void> {
  await withClient(server.url, async (client) => {
    const made = await client.query<{ datname: string }>(
      'select datname from pg_database where starts_with(datname, $1)',
      [server.prefix],
    );
    for (const { datname } of made.rows)
      await client.query(`drop database if exists ${datname} with (force)`);
  });
}

async function run(url: string, statements: string[]): Promise<void> {
  await withClient(url, async (client) => {
    for (const statement of statements) await client.query(statement);
  });
}

async function withClient(url: string, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

function withDatabase(url: string, database: string): string {
  const changed = new URL(url);
  changed.pathname = `/${database}`;
  return changed.toString();
}

function randomName(): string {
  return randomBytes(5).toString('hex');
}
