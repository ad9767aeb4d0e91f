/** The cards, pages and settings, built as HubSpot builds them: with the bundler HubSpot publishes. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, extname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { z } from 'zod';
import { filesBelow } from './hsmeta.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const SRC = join(ROOT, 'hubspot-project/src');
const CACHE = join(ROOT, 'node_modules/.cache/tallystick-extensions');
const AT_ONCE = 2;

export interface Bundle {
  name: string;
  file: string;
  bytes: number;
}

/** Leaves `<Name>.js` and `<Name>-manifest.json` of every extension in `outDir`. */
export async function buildExtensions(outDir: string): Promise<Bundle[]> {
  const entries = await extensionEntries(SRC);
  const cached = join(CACHE, await hashOfSources());
  if (!(await exists(cached))) await fill(cached, entries);
  await mkdir(outDir, { recursive: true });
  await cp(cached, outDir, { recursive: true });
  return Promise.all(
    entries.map(async (entry) => {
      const name = nameOf(entry);
      const file = join(outDir, `${name}.js`);
      return { name, file, bytes: (await stat(file)).size };
    }),
  );
}

async function fill(cached: string, entries: readonly string[]): Promise<void> {
  const fresh = await mkdtemp(join(tmpdir(), 'tallystick-extensions-'));
  try {
    await buildEntries(entries, fresh);
    await mkdir(CACHE, { recursive: true });
    const beside = `${cached}.${String(process.pid)}`;
    await cp(fresh, beside, { recursive: true });
    // Somebody else may have built the same sources meanwhile: theirs is as good.
    await rename(beside, cached).catch(() => rm(beside, { recursive: true }));
  } finally {
    await rm(fresh, { recursive: true });
  }
}

const withEntry = z.object({ config: z.object({ entrypoint: z.string() }) });

/** The entry files that the hsmeta files of cards, pages and settings name. */
export async function extensionEntries(srcDir: string): Promise<string[]> {
  const metas = (await filesBelow(srcDir)).filter((file) =>
    /^app\/(cards|pages|settings)\/[^/]+-hsmeta\.json$/.test(file),
  );
  return Promise.all(
    metas.map(async (file) => {
      const meta = withEntry.parse(JSON.parse(await readFile(join(srcDir, file), 'utf8')));
      return join(srcDir, meta.config.entrypoint);
    }),
  );
}

export async function buildEntries(entries: readonly string[], outDir: string): Promise<void> {
  const waiting = [...entries];
  const line = async (): Promise<void> => {
    for (let entry = waiting.shift(); entry !== undefined; entry = waiting.shift()) {
      await buildEntry(entry, outDir);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, line));
}

const SCRIPT = `
const [bundler, root, entryPoint, outputDir] = process.argv.slice(1);
const { remoteBuild } = await import(bundler);
await remoteBuild({ root, entryPoint, outputDir, logLevel: 'warn' });`;

/** In a process of its own: the bundler bakes in NODE_ENV, which is another one under a test runner. */
async function buildEntry(entry: string, outDir: string): Promise<void> {
  const own = await mkdtemp(join(tmpdir(), 'tallystick-extension-'));
  const bundler = import.meta.resolve('@hubspot/ui-extensions-dev-server/build');
  const args = ['--input-type=module', '-e', SCRIPT, bundler, dirname(entry), entry, own];
  try {
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, {
      cwd: dirname(entry),
      env: { ...process.env, NODE_ENV: 'production' },
    });
    if (/not supported/.test(stdout + stderr)) throw new Error(`${entry}: ${stdout}${stderr}`);
    for (const file of await readdir(own)) await cp(join(own, file), join(outDir, file));
  } finally {
    await rm(own, { recursive: true });
  }
}

async function hashOfSources(): Promise<string> {
  const folders = [join(SRC, 'app'), join(ROOT, 'shared')];
  const files = (
    await Promise.all(
      folders.map(async (folder) => (await filesBelow(folder)).map((file) => join(folder, file))),
    )
  )
    .flat()
    .filter((file) => /\.(tsx?|json)$/.test(file) && !file.includes('/dist/'));
  const tools = ['@hubspot/ui-extensions-dev-server/build', '@hubspot/ui-extensions'].map((name) =>
    packageJsonAbove(fileURLToPath(import.meta.resolve(name))),
  );
  const hash = createHash('sha256');
  for (const file of [...files, ...(await Promise.all(tools))]) {
    hash
      .update(file)
      .update('\0')
      .update(await readFile(file))
      .update('\0');
  }
  return hash.digest('hex').slice(0, 16);
}

/** A package.json with a version: some packages hold a smaller one beside their code. */
async function packageJsonAbove(file: string): Promise<string> {
  const candidate = join(dirname(file), 'package.json');
  if ((await exists(candidate)) && (await readFile(candidate, 'utf8')).includes('"version"'))
    return candidate;
  return packageJsonAbove(dirname(file));
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

export const nameOf = (entry: string): string => basename(entry, extname(entry));
