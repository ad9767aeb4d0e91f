/** A Postgres that may be killed: of its own, durable as in use, always on the same port. */
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import pg from 'pg';
import { freePort, startEmbeddedPostgres, type EmbeddedPostgres } from '../../backend/store/embedded.ts';
import { migrateToLatest } from '../../backend/store/migrate.ts';
import { eventually } from '../harness/eventually.ts';

const SETTINGS = {
  ...{ fsync: 'on', synchronous_commit: 'on', shared_buffers: '32MB', max_connections: '60' },
  ...{ max_wal_size: '48MB', min_wal_size: '32MB' },
};
const SMALL_DISK = '160m';
const GONE_WITHIN_MS = 20_000;
const BALLAST_STEP_BYTES = 65_536;
const run = promisify(execFile);

export interface KillablePostgres {
  url: string;
  /** `kill -9` of the server and, as in a power cut, of all that belongs to it. */
  kill(): Promise<void>;
  start(): Promise<void>;
  isUp(): Promise<boolean>;
  query(text: string, values?: unknown[]): Promise<Record<string, unknown>[]>;
  /** A connection of its own, to hold something. */
  connect(): Promise<pg.Client>;
  /** Leaves no byte free on its disk; null where the disk is not a small one of its own. */
  fillDisk: (() => Promise<void>) | null;
  freeDisk(): Promise<void>;
  dispose(): Promise<void>;
}

/** `smallDisk`: its data lies on a file system of its own; mounting one needs root. */
export async function killablePostgres(options: { smallDisk?: boolean } = {}): Promise<KillablePostgres> {
  const dir = await mkdtemp(join(tmpdir(), 'tallystick-chaos-'));
  await chmod(dir, 0o711);
  if (options.smallDisk === true) {
    await run('mount', ['-t', 'tmpfs', '-o', `size=${SMALL_DISK},mode=0711`, 'tmpfs', dir]);
  }
  const port = await freePort();
  const ballast = join(dir, 'ballast');
  const open = (): Promise<EmbeddedPostgres> =>
    startEmbeddedPostgres({
      dataDir: join(dir, 'postgres'),
      port,
      database: 'chaos',
      log: () => undefined,
      settings: SETTINGS,
    });
  let server = await open();
  const { url } = server;
  await migrateToLatest(url);

  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  };
  const query = async (text: string, values: unknown[] = []): Promise<Record<string, unknown>[]> => {
    const client = await connect();
    try {
      return (await client.query<Record<string, unknown>>(text, values)).rows;
    } finally {
      await client.end().catch(() => undefined);
    }
  };
  const isUp = (): Promise<boolean> =>
    query('select 1').then(
      () => true,
      () => false,
    );
  return {
    url,
    connect,
    query,
    isUp,
    kill: async () => {
      const [pid = ''] = (await readFile(join(server.dataDir, 'postmaster.pid'), 'utf8')).split('\n');
      process.kill(Number(pid), 'SIGKILL');
      await eventually(async () => !(await isUp()), 'Postgres is gone', GONE_WITHIN_MS);
    },
    start: async () => {
      server = await open();
    },
    fillDisk: options.smallDisk === true ? () => fill(ballast) : null,
    freeDisk: () => rm(ballast, { force: true }),
    dispose: async () => {
      await server.stop().catch(() => undefined);
      if (options.smallDisk === true) await run('umount', ['-l', dir]);
      await rm(dir, { recursive: true, force: true });
    },
  };
}

async function fill(ballast: string): Promise<void> {
  const piece = Buffer.alloc(BALLAST_STEP_BYTES);
  for (;;) {
    try {
      await writeFile(ballast, piece, { flag: 'a' });
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOSPC') return;
      throw error;
    }
  }
}
