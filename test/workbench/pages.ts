/** Builds the portal's pages where they are not built, or not of the present sources. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';

const ROOT = join(import.meta.dirname, '../..');
const WEB = join(ROOT, 'backend/portal/web');
const DIST = join(WEB, 'dist');
const VITE = join(dirname(createRequire(import.meta.url).resolve('vite/package.json')), 'bin/vite.js');
/** Which sources `dist` was built of. */
const STAMP = join(DIST, 'sources.txt');

export async function ensurePages(): Promise<void> {
  const digest = await digestOfSources();
  const built = await readFile(STAMP, 'utf8').catch(() => '');
  if (built === digest) return;
  // Beside its place and moved there at the end, so that nobody is served half of it.
  const outDir = await mkdtemp(join(WEB, 'dist-'));
  const old = `${outDir}.old`;
  try {
    // In a process of its own: Vite and React look at NODE_ENV, and a test's is not production.
    await promisify(execFile)(
      process.execPath,
      [VITE, 'build', WEB, '--outDir', outDir, '--logLevel', 'error'],
      {
        cwd: ROOT,
        env: { ...process.env, NODE_ENV: 'production' },
      },
    );
    await writeFile(join(outDir, 'sources.txt'), digest);
    await rename(DIST, old).catch(() => undefined);
    await rename(outDir, DIST);
  } finally {
    await rm(outDir, { recursive: true, force: true });
    await rm(old, { recursive: true, force: true });
  }
}

/** For vitest, before the tests that run in several processes. */
export default ensurePages;

async function digestOfSources(): Promise<string> {
  const web = await readdir(WEB, { recursive: true, withFileTypes: true });
  const shared = await readdir(join(ROOT, 'shared'), { withFileTypes: true });
  const files = [...web, ...shared]
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => !/\/(dist[^/]*|node_modules)\//.test(path))
    .sort();
  const digest = createHash('sha256');
  for (const path of [...files, join(ROOT, 'package-lock.json')])
    digest
      .update(relative(ROOT, path))
      .update('\0')
      .update(await readFile(path));
  return digest.digest('hex');
}
