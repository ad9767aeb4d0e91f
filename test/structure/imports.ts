/** The import rules of ARCHITECTURE.md, section "The house", and how a file is held against them. */
import { readdir, readFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import ts from 'typescript';

const ROOT = resolve(import.meta.dirname, '../..');

export interface Import {
  /** The file that imports, from the root: "backend/portal/router.ts". */
  from: string;
  /** What is imported: a file from the root, or a package ("npm:pg", "node:fs"). */
  to: string;
}

interface Room {
  name: string;
  holds: (file: string) => boolean;
  may: (to: string) => boolean;
}

const starts =
  (...prefixes: string[]) =>
  (text: string): boolean =>
    prefixes.some((prefix) => text.startsWith(prefix));
const isNode = starts('node:');
const isShared = (to: string): boolean => to.startsWith('shared/') && to !== 'shared/schemas.ts';
const any =
  (...tests: ((to: string) => boolean)[]) =>
  (to: string): boolean =>
    tests.some((test) => test(to));
const npm =
  (...names: string[]) =>
  (to: string): boolean =>
    names.some((name) => to === `npm:${name}`);
const SYNC_SIDE = [
  'backend/intake/backfill.ts',
  'backend/intake/compare.ts',
  'backend/intake/jobs.ts',
  'backend/intake/journal',
  'backend/intake/reconcile.ts',
  'backend/intake/heard.ts',
  'backend/intake/translate.ts',
  'backend/intake/wire.ts',
];
const isSyncSide = starts('backend/sync/', ...SYNC_SIDE);

export const ROOMS: readonly Room[] = [
  { name: 'shared', holds: (file) => isShared(file), may: isShared },
  {
    name: 'shared/schemas.ts',
    holds: (file) => file === 'shared/schemas.ts',
    may: any(isShared, npm('zod')),
  },
  {
    name: 'backend/store',
    holds: starts('backend/store/'),
    may: any(isShared, starts('backend/store/'), npm('kysely', 'pg', 'zod'), isNode),
  },
  {
    name: 'backend/drift',
    holds: starts('backend/drift/'),
    may: any(isShared, starts('backend/drift/', 'backend/store/'), isNode),
  },
  {
    name: 'backend/hubspot',
    holds: starts('backend/hubspot/'),
    may: any(isShared, starts('backend/hubspot/'), npm('zod', '@hubspot/api-client'), isNode),
  },
  {
    name: 'backend/sources',
    holds: starts('backend/sources/'),
    may: any(isShared, starts('backend/sources/'), npm('kysely', 'pg', 'zod'), isNode),
  },
  {
    name: 'backend/sync and its intake',
    holds: isSyncSide,
    may: any(
      isShared,
      isSyncSide,
      starts(
        'backend/store/',
        'backend/drift/',
        'backend/sources/',
        'backend/hubspot/',
        'backend/signals.ts',
        'backend/bell.ts',
        'backend/meter.ts',
      ),
      npm('kysely', 'pg', 'pino'),
      isNode,
    ),
  },
  {
    name: 'backend/portal/web',
    holds: starts('backend/portal/web/src/'),
    may: any(isShared, starts('backend/portal/web/src/'), npm('react', 'react-dom', 'react-dom/client')),
  },
  {
    name: 'the build of the pages',
    holds: starts('backend/portal/web/'),
    may: any(npm('vite'), isNode),
  },
  {
    name: 'backend/portal, backend/desk and the webhook route',
    holds: (file) => starts('backend/portal/', 'backend/desk/', 'backend/intake/')(file) && !isSyncSide(file),
    may: any(
      starts('shared/'),
      starts('backend/portal/', 'backend/store/', 'backend/signals.ts', 'backend/hubspot/signature.ts'),
      starts('backend/drift/', 'backend/sources/', 'backend/standardWebhook.ts', 'backend/meter.ts'),
      (to) => starts('backend/desk/', 'backend/intake/')(to) && !isSyncSide(to),
      npm(
        'kysely',
        'pg',
        'zod',
        'express',
        'express-rate-limit',
        'libphonenumber-js',
        'nodemailer',
        'openid-client',
        'libphonenumber-js/max',
        'libphonenumber-js/core',
        'file-type',
        'yauzl',
        'pino',
      ),
      isNode,
    ),
  },
  {
    name: 'backend/hooks',
    holds: starts('backend/hooks/'),
    // What customers see is decided where the portal decides it, by the same pure functions.
    may: any(
      isShared,
      starts('backend/hooks/', 'backend/store/', 'backend/signals.ts', 'backend/bell.ts'),
      starts('backend/standardWebhook.ts', 'backend/portal/visibility.ts', 'backend/portal/before.ts'),
      starts('backend/portal/versions.ts', 'backend/portal/receipts.ts'),
      npm('kysely', 'pino', 'zod'),
      isNode,
    ),
  },
  {
    name: 'backend/alerts',
    holds: starts('backend/alerts/'),
    may: any(
      isShared,
      starts('backend/alerts/', 'backend/store/', 'backend/bell.ts', 'backend/standardWebhook.ts'),
      // A message to an endpoint is sent by the same road, and held to the same rules.
      starts('backend/hooks/hook.ts', 'backend/hooks/post.ts'),
      npm('pino', 'nodemailer'),
      isNode,
    ),
  },
  { name: 'backend', holds: starts('backend/'), may: (to) => !starts('test/', 'hubspot-project/')(to) },
  {
    name: 'hubspot-project',
    holds: starts('hubspot-project/'),
    may: any(isShared, starts('hubspot-project/'), (to) => to.startsWith('npm:') && !to.includes('backend')),
  },
];

/** The rule an import breaks, in words; null when it keeps them all. */
export function broken({ from, to }: Import): string | null {
  const room = ROOMS.find(({ holds }) => holds(from));
  if (room === undefined || room.may(to)) return null;
  return `${from} is in ${room.name}, which may not import ${to}`;
}

/** Every import of every source file. */
export async function allImports(): Promise<Import[]> {
  const files = (await Promise.all(['shared', 'backend', 'hubspot-project'].map(sourcesBelow))).flat();
  return (await Promise.all(files.map(importsOf))).flat();
}

async function sourcesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(join(ROOT, folder), { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile() && /\.tsx?$/.test(entry.name))
    .map((entry) => relative(ROOT, join(entry.parentPath, entry.name)))
    .filter((file) => !file.includes('node_modules') && !file.includes('dist/'));
}

async function importsOf(file: string): Promise<Import[]> {
  const { importedFiles } = ts.preProcessFile(await readFile(join(ROOT, file), 'utf8'), true, true);
  return importedFiles.map(({ fileName }) => ({ from: file, to: resolved(file, fileName) }));
}

function resolved(from: string, specifier: string): string {
  if (specifier.startsWith('.')) return relative(ROOT, resolve(ROOT, dirname(from), specifier));
  if (specifier.startsWith('@tallystick/kit/'))
    return `hubspot-project/src/app/packages/kit/${specifier.slice('@tallystick/kit/'.length)}.tsx`;
  if (specifier.startsWith('@tallystick/')) return `${specifier.slice('@tallystick/'.length)}.ts`;
  if (specifier.startsWith('node:')) return specifier;
  return `npm:${specifier}`;
}
