/** A browser for tests of pages: TALLYSTICK_CHROMIUM, or one that is installed. None is downloaded. */
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { chromium, type Browser } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome'];
const MAC = '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome';

/** Null, and why in a printed line, when there is none. */
export function findChromium(): string | null {
  const named = process.env.TALLYSTICK_CHROMIUM;
  if (named !== undefined && named !== '') return named;
  const folders = (process.env.PATH ?? '').split(delimiter);
  const candidates = folders.flatMap((folder) => NAMES.map((name) => join(folder, name)));
  const found = [...candidates, MAC, chromium.executablePath()].find(
    (path) => path !== '' && existsSync(path),
  );
  if (found === undefined)
    console.log(
      'Skipped: no Chromium is installed here (TALLYSTICK_CHROMIUM may name one), so no page is opened.',
    );
  return found ?? null;
}

/** Without its sandbox only under root, where Chromium refuses to start with it. */
export function openChromium(executablePath: string): Promise<Browser> {
  return chromium.launch({ executablePath, chromiumSandbox: process.getuid?.() !== 0 });
}
