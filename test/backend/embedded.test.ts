import { spawn, execFileSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  chmod,
  chown,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readFile,
  readdir,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import pg from 'pg';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import {
  startEmbeddedPostgres,
  type EmbeddedOptions,
  type EmbeddedPostgres,
} from '../../backend/store/embedded.ts';
import { findPackage, keptPassword } from '../../backend/store/embeddedPlaces.ts';
import { createTestDatabase } from '../harness/postgres.ts';

const NOBODY = { uid: 65534, gid: 65534 };
const CONDITION_TIMEOUT_MS = 10_000;
const isRoot = process.getuid?.() === 0;
const launcher = fileURLToPath(new URL('../../backend/store/embedded.ts', import.meta.url));
const tsx = createRequire(import.meta.url).resolve('tsx');

let root: string;
let started: { stop: () => Promise<void> }[] = [];
let children: ChildProcess[] = [];
let said: string[] = [];

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'tallystick-embedded-'));
  await chmod(root, 0o711);
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  for (const server of started) await server.stop();
  children = [];
  started = [];
  said = [];
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe('the embedded Postgres', () => {
  it('starts from nothing: a version 18 server with UTF8, locale C and passwords in scram, on the loopback only', async () => {
    const server = await start('fresh');
    expect(server.adopted).toBe(false);
    expect(server.dataDir).toBe(join(root, 'fresh'));
    const [facts] = await query(
      server.url,
      `select current_database() as name, current_setting('server_version_num')::int / 10000 as version,
        current_setting('server_encoding') as encoding, (select datcollate from pg_database where datname = 'app') as locale,
        current_setting('listen_addresses') as addresses, current_setting('fsync') as fsync,
        current_setting('unix_socket_directories') as sockets, current_setting('max_wal_size') as wal,
        (select string_agg(distinct auth_method, ',') from pg_hba_file_rules) as methods`,
    );
    expect(facts).toEqual({
      name: 'app',
      version: 18,
      encoding: 'UTF8',
      locale: 'C',
      addresses: '127.0.0.1',
      fsync: 'on',
      sockets: '',
      wal: '2GB',
      methods: 'scram-sha-256',
    });
    const password = await stat(join(root, 'fresh.password'));
    expect(password.mode & 0o777).toBe(0o600);
    expect((await readFile(join(root, 'fresh.password'), 'utf8')).trim()).toBe(new URL(server.url).password);
    expect(await readFile(join(root, 'fresh.log'), 'utf8')).toContain('ready to accept connections');
    expect((await readdir(root)).filter((name) => name.startsWith('fresh')).sort()).toEqual([
      'fresh',
      'fresh.log',
      'fresh.password',
    ]);
    if (isRoot) expect((await stat(join(root, 'fresh'))).uid).not.toBe(0);
  });

  it('keeps its data and its password over a stop, and a stop leaves no process and may be repeated', async () => {
    const first = await start('kept');
    await query(first.url, 'create table t as select 7 as n');
    const pid = await postmasterPid('kept');
    expect(processesIn(first.dataDir)).toContain(pid);
    await first.stop();
    expect(processesIn(first.dataDir)).toEqual([]);
    await first.stop();

    const second = await start('kept');
    expect(second.adopted).toBe(false);
    expect(new URL(second.url).password).toBe(new URL(first.url).password);
    expect(await query(second.url, 'select n from t')).toEqual([{ n: 7 }]);
  });

  it('is adopted, on its old port, after the service that started it was killed', async () => {
    const service = await startInChild('orphan');
    const pid = await postmasterPid('orphan');
    service.child.kill('SIGKILL');
    await once(service.child, 'exit');

    const server = await start('orphan', { port: await unusedPort() });
    expect(server.adopted).toBe(true);
    expect(server.url).toBe(service.url);
    expect(await postmasterPid('orphan')).toBe(pid);
    expect(said.join()).toContain('still running');
    await server.stop();
    expect(processesIn(server.dataDir)).toEqual([]);
  });

  it('does not hear the Ctrl-C that the terminal sends to the whole process group of the service', async () => {
    const service = await startInChild('ctrl-c');
    process.kill(-service.child.pid!, 'SIGINT');
    await once(service.child, 'exit');
    expect(await query(service.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect((await start('ctrl-c')).adopted).toBe(true);
  });

  it('starts clean over the lock file of a server that was killed, although its last statement is still running', async () => {
    const first = await start('crashed');
    await query(first.url, 'create table t as select 7 as n');
    const busy = new pg.Client(first.url);
    busy.on('error', () => undefined);
    await busy.connect();
    const statement = busy.query('select count(*) from generate_series(1, 8000000)').catch(() => undefined);
    const pid = await postmasterPid('crashed');
    await condition(async () => (await activeStatements(first.url)) > 1);
    process.kill(pid, 'SIGKILL');

    const second = await start('crashed');
    expect(second.adopted).toBe(false);
    expect(await query(second.url, 'select n from t')).toEqual([{ n: 7 }]);
    await statement;
    await busy.end().catch(() => undefined);
  });

  /* Of the server's own user: Postgres looks through the lock file of any other. */
  it.runIf(process.platform === 'linux').each([
    { whose: 'a zombie', make: makeZombie },
    { whose: 'another program', make: makeProgram },
  ])(
    'starts clean when the process number in the lock file is now that of $whose',
    async ({ whose, make }) => {
      const name = `stale-${whose.replace(' ', '-')}`;
      const first = await start(name);
      const lockFile = join(first.dataDir, 'postmaster.pid');
      const lock = await readFile(lockFile, 'utf8');
      const { uid, gid } = await stat(first.dataDir);
      await first.stop();
      const pid = await make({ uid, gid });
      expect(() => process.kill(pid, 0)).not.toThrow();
      await writeFile(lockFile, lock.replace(/^\d+/, String(pid)));
      await chown(lockFile, uid, gid);

      const second = await start(name);
      expect(second.adopted).toBe(false);
      expect(await query(second.url, 'select 1 as one')).toEqual([{ one: 1 }]);
      expect(await postmasterPid(name)).not.toBe(pid);
    },
  );

  it('keeps one password, never half written, when twenty ask for it while it is being made', async () => {
    const asked = join(root, 'asked');
    const ask = async (stepsLater: number): Promise<string> => {
      for (let step = 0; step < stepsLater; step += 1) await stat(root);
      return keptPassword(asked, asked);
    };
    const passwords = await Promise.all(Array.from({ length: 20 }, (_, stepsLater) => ask(stepsLater)));
    expect(new Set(passwords).size).toBe(1);
    expect(passwords[0]).toHaveLength(48);
    expect((await readdir(root)).filter((name) => name.startsWith('asked'))).toEqual(['asked.password']);
  });

  it('is started once when three services start at the same moment on no data: the others adopt it', async () => {
    const servers = await Promise.all([start('rush'), start('rush'), start('rush')]);
    expect(servers.filter(({ adopted }) => !adopted)).toHaveLength(1);
    expect(new Set(servers.map(({ url }) => url)).size).toBe(1);
    expect(await query(servers[0].url, 'select 1 as one')).toEqual([{ one: 1 }]);
    expect((await readdir(root)).filter((name) => name.startsWith('rush.')).sort()).toEqual([
      'rush.log',
      'rush.password',
    ]);
  });

  it('names an occupied port in one sentence and leaves nothing running', async () => {
    const occupant = createServer().listen(0, '127.0.0.1');
    await once(occupant, 'listening');
    const { port } = occupant.address() as AddressInfo;
    await expect(start('occupied', { port })).rejects.toThrow(
      `Port ${port} is in use by another program: choose another port for Postgres, or 0.`,
    );
    expect(processesIn(join(root, 'occupied'))).toEqual([]);
    await new Promise((done) => occupant.close(done));
    const server = await start('occupied', { port });
    expect(new URL(server.url).port).toBe(String(port));
  });

  it('shows the last lines of its log when it cannot start', async () => {
    const failing = start('refused', { settings: { ...QUICK, shared_buffers: 'plenty' } });
    await expect(failing).rejects.toThrow(
      /Postgres did not start[^]*refused\.log:[^]*invalid value.*"shared_buffers".*plenty/,
    );
  });

  it('refuses a folder with other files, data of another version and data whose password is lost, with a sentence each', async () => {
    await mkdir(join(root, 'papers'));
    await writeFile(join(root, 'papers/letter.txt'), 'Dear');
    await expect(start('papers')).rejects.toThrow('holds files that are no Postgres database');
    await mkdir(join(root, 'old'));
    await writeFile(join(root, 'old.password'), 'x');
    await writeFile(join(root, 'old/PG_VERSION'), '15\n');
    await expect(start('old')).rejects.toThrow('is of Postgres 15, but this is Postgres 18');
    await rm(join(root, 'old.password'));
    await expect(start('old')).rejects.toThrow(/password file .*old\.password .* is missing/);
  });

  it('runs from a copy with the links made when npm was not allowed to run the install script', async () => {
    const packageDir = join(root, 'unlinked-package');
    await copyPackage(packageDir);
    const cacheDir = join(root, 'unlinked-cache');
    const server = await start('unlinked', { places: { packageDir, cacheDir } });
    expect(await query(server.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    const [copy, ...rest] = await readdir(cacheDir);
    expect(rest).toEqual([]);
    const links = JSON.parse(await readFile(join(packageDir, 'native/pg-symlinks.json'), 'utf8')) as {
      target: string;
    }[];
    expect(links).toHaveLength(14);
    for (const { target } of links)
      expect((await lstat(join(cacheDir, copy!, target))).isSymbolicLink()).toBe(true);
    expect(processPrograms(server.dataDir)).toEqual([join(cacheDir, copy!, 'native/bin/postgres')]);
  });

  it.runIf(isRoot)(
    'runs as root below a folder that only root can enter, with data and programs elsewhere',
    async () => {
      const closed = join(root, 'closed');
      await mkdir(closed, { mode: 0o700 });
      await cp(findPackage(), join(closed, 'package'), { recursive: true, verbatimSymlinks: true });
      const places = {
        packageDir: join(closed, 'package'),
        cacheDir: join(root, 'closed-cache'),
        outsideDir: join(root, 'closed-data'),
      };
      const first = await start('closed/state/postgres', { places });
      expect(dirname(first.dataDir)).toBe(places.outsideDir);
      expect((await lstat(join(closed, 'state/postgres'))).isSymbolicLink()).toBe(true);
      expect((await readdir(join(closed, 'state'))).sort()).toEqual([
        'postgres',
        'postgres.log',
        'postgres.password',
      ]);
      expect(said.join()).toContain(`the data is kept in ${first.dataDir}`);
      await query(first.url, 'create table t as select 7 as n');
      await first.stop();

      const [second, third] = await Promise.all([
        start('closed/state/postgres', { places }),
        start('closed/state/postgres', { places }),
      ]);
      expect([second.adopted, third.adopted].sort()).toEqual([false, true]);
      expect(await query(second.url, 'select n from t')).toEqual([{ n: 7 }]);
      expect(await readdir(places.outsideDir)).toHaveLength(1);
    },
  );
  if (!isRoot)
    console.info(
      'Not tested: the start below a closed folder, because only root can make one for another user.',
    );

  it('runs as an ordinary user, and root serves data of that user as that user', async ({ skip }) => {
    if (isRoot && !canRead(NOBODY, launcher))
      skip('The repository lies in a folder that an ordinary user cannot enter.');
    const state = join(root, 'ordinary');
    await mkdir(state);
    if (isRoot) await chown(state, NOBODY.uid, NOBODY.gid);
    const service = await startInChild('ordinary/postgres', isRoot ? NOBODY : {});
    expect(await query(service.url, 'select 1 as one')).toEqual([{ one: 1 }]);
    const owner = (await stat(join(state, 'postgres'))).uid;
    expect(owner).toBe(isRoot ? NOBODY.uid : process.getuid?.());
    const adopted = await start('ordinary/postgres');
    expect(adopted.adopted).toBe(true);
    await adopted.stop();
    const again = await start('ordinary/postgres');
    expect((await stat(join(again.dataDir, 'postmaster.pid'))).uid).toBe(owner);
  });
});

describe('the test databases', () => {
  it('are migrated, apart from one another, and gone when dropped', async () => {
    const [one, two] = await Promise.all([createTestDatabase(), createTestDatabase()]);
    await query(one.url, 'create table mine (n int)');
    expect(
      await query(two.url, `select to_regclass('mine') as mine, to_regclass('mirror') as mirror`),
    ).toEqual([{ mine: null, mirror: 'mirror' }]);
    await Promise.all([one.drop(), two.drop()]);
    await expect(query(one.url, 'select 1')).rejects.toThrow('does not exist');
  });
});

const QUICK = { fsync: 'off' };

async function start(name: string, more: Partial<EmbeddedOptions> = {}): Promise<EmbeddedPostgres> {
  const server = await startEmbeddedPostgres({
    dataDir: join(root, name),
    port: 0,
    database: 'app',
    log: (sentence) => said.push(sentence),
    ...more,
  });
  started.push(server);
  return server;
}

/** A service of its own process group, as a shell on a terminal would start it. */
async function startInChild(name: string, as: Partial<Ids> = {}) {
  const program = `
    import { startEmbeddedPostgres } from ${JSON.stringify(launcher)};
    const server = await startEmbeddedPostgres({ dataDir: process.argv[1], port: 0, database: 'app', log: () => {} });
    console.log(server.url);
    setInterval(() => {}, 1000);`;
  const child = spawn(
    process.execPath,
    ['--import', pathToFileURL(tsx).href, '--input-type=module', '--eval', program, join(root, name)],
    { ...as, cwd: dirname(launcher), detached: true, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  children.push(child);
  for await (const url of createInterface({ input: child.stdout })) return { child, url };
  throw new Error('The child ended before its server was ready.');
}

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONDITION_TIMEOUT_MS });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

async function activeStatements(url: string): Promise<number> {
  const rows = await query(
    url,
    `select pid from pg_stat_activity where state = 'active' and backend_type = 'client backend'`,
  );
  return rows.length;
}

async function postmasterPid(name: string): Promise<number> {
  return Number.parseInt(await readFile(join(root, name, 'postmaster.pid'), 'utf8'), 10);
}

/** Processes started on this data directory: the postmaster shows it in its arguments, and so does initdb. */
function processesIn(dataDir: string): number[] {
  return postgresProcesses()
    .filter(({ args }) => args.includes(`-D ${dataDir} `) || args.includes(`--pgdata=${dataDir}`))
    .map(({ pid }) => pid);
}

function processPrograms(dataDir: string): string[] {
  const pids = processesIn(dataDir);
  return postgresProcesses()
    .filter(({ pid }) => pids.includes(pid))
    .map(({ args }) => args.split(' ')[0]!);
}

function postgresProcesses(): { pid: number; args: string }[] {
  return execFileSync('ps', ['-A', '-ww', '-o', 'pid=,stat=,args='], { encoding: 'utf8' })
    .split('\n')
    .map((line) => /^\s*(\d+)\s+([^Z]\S*)\s+(.*)$/.exec(line))
    .flatMap((found) => (found === null ? [] : [{ pid: Number(found[1]), args: found[3]! }]));
}

interface Ids {
  uid: number;
  gid: number;
}

/** A shell starts a process, then becomes a program that never asks for its children. */
async function makeZombie(as: Ids): Promise<number> {
  const pid = Number(await firstLine('sleep 0.2 & echo $!; exec sleep 60', as));
  await condition(async () => (await readFile(`/proc/${pid}/stat`, 'utf8')).includes(') Z '));
  return pid;
}

async function makeProgram(as: Ids): Promise<number> {
  return Number(await firstLine('echo $$; exec sleep 60', as));
}

async function firstLine(script: string, as: Ids): Promise<string> {
  const child = spawn('sh', ['-c', script], { ...as, cwd: '/', stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  for await (const line of createInterface({ input: child.stdout })) return line;
  throw new Error(`"${script}" said nothing.`);
}

async function condition(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + CONDITION_TIMEOUT_MS;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error(`${holds.toString()} did not come true in time.`);
    await pause(10);
  }
}

async function unusedPort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  await new Promise((done) => probe.close(done));
  return port;
}

/** The package as npm leaves it when it runs no install scripts. */
async function copyPackage(to: string): Promise<void> {
  await cp(findPackage(), to, {
    recursive: true,
    verbatimSymlinks: true,
    filter: async (from) => !(await lstat(from)).isSymbolicLink(),
  });
}

function canRead(as: Ids, file: string): boolean {
  try {
    execFileSync('test', ['-r', file], { ...as, cwd: '/' });
    return true;
  } catch {
    return false;
  }
}
