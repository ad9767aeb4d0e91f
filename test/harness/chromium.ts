/**
 * A browser for tests of pages: the one that TALLYSTICK_CHROMIUM names, else one that is installed, else (on Linux) the
 * one that npm brought, with the few libraries it needs. `npm` as name asks for that one.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import packed from '@sparticuz/chromium';
import { chromium, type Browser } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const MAC = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';
const FROM_NPM = 'npm';
/** In a single process a page that closes takes the browser with it. */
const PACKED_ARGS = packed.args.filter((arg) => arg !== '--single-process');
/** Where the package unpacks the libraries of its own. */
const LIBRARIES = join(tmpdir(), 'al2023', 'lib');
/** What `setup` found out, for the processes of the tests. */
const LIBRARY_PATH = 'TALLYSTICK_CHROMIUM_LIBRARIES';
const UNUSABLE = 'TALLYSTICK_CHROMIUM_UNUSABLE';

/** Unpacks npm's browser once, before tests in several processes want it, and tries it; vitest calls this. */
export default async function setup(): Promise<void> {
  if (chosen() !== FROM_NPM) return;
  // The package unpacks its libraries only where it takes itself to be on such a machine; ours must not be told so.
  const unpack = `import('@sparticuz/chromium').then((chromium) => chromium.default.executablePath())`;
  await promisify(execFile)(process.execPath, ['-e', unpack], {
    cwd: import.meta.dirname,
    env: { ...process.env, AWS_LAMBDA_JS_RUNTIME: 'nodejs22.x' },
  });
  const attempts = ['', LIBRARIES];
  for (const [index, libraries] of attempts.entries()) {
    process.env[LIBRARY_PATH] = libraries;
    try {
      await (await openChromium(FROM_NPM)).close();
      return;
    } catch (error) {
      if (index === attempts.length - 1) process.env[UNUSABLE] = String(error).slice(0, 300);
    }
  }
}

/** Null, and why in a printed line, when there is none. */
export function findChromium(): string | null {
  const found = chosen();
  const unusable = process.env[UNUSABLE];
  if (found !== null && unusable === undefined) return found;
  const why = unusable === undefined ? 'no Chromium is installed here' : `npm’s does not start: ${unusable}`;
  console.log(`Skipped: ${why} (TALLYSTICK_CHROMIUM may name one), so no page is opened.`);
  return null;
}

function chosen(): string | null {
  const named = process.env.TALLYSTICK_CHROMIUM;
  if (named !== undefined && named !== '') return named;
  const folders = (process.env.PATH ?? '').split(delimiter);
  const candidates = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  const found = [...candidates, MAC, chromium.executablePath()].find(
    (path) => path !== '' && existsSync(path),
  );
  return found ?? (process.platform === 'linux' ? FROM_NPM : null);
}

/** Without its sandbox only under root, where Chromium refuses to start with it; npm's has none. */
export async function openChromium(executable: string): Promise<Browser> {
  if (executable !== FROM_NPM)
    return chromium.launch({ executablePath: executable, chromiumSandbox: process.getuid?.() !== 0 });
  const libraries = process.env[LIBRARY_PATH] ?? '';
  return chromium.launch({
    executablePath: await packed.executablePath(),
    args: PACKED_ARGS,
    env: { ...process.env, ...(libraries === '' ? {} : { LD_LIBRARY_PATH: libraries }) },
  });
}
