import { mkdir, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { buildEntries, extensionEntries, nameOf } from './build.ts';
import { copyProject, ROOT, type Copy } from './copy.ts';
import { filesBelow } from './hsmeta.ts';
import { outsidePackages, stageUpload, uploadedFiles } from './upload.ts';

const SRC = 'hubspot-project/src';
const LEFT_BEHIND = [
  'app/dist/PortalSync.js',
  'app/cards/dist/PortalSync.js',
  'app/pages/dist/SyncPages-manifest.json',
  'app/settings/dist/SyncSettings.js',
  'app/local.json',
  'app/README.md',
  'app/cards/README.md',
  'app/packages/kit/test/kit.tsx',
  'app/packages/kit/verdict.test.ts',
  'app/packages/kit/verdict.test.tsx',
  'app/functions/.env',
  'app/cards/npm-debug.log',
];
const TAKEN_ALONG = [
  'app/functions/dist/tried.js',
  'app/functions/package-lock.json',
  'app/cards/package-lock.json',
];

describe('.hsignore', () => {
  let copy: Copy;
  beforeEach(async () => (copy = await copyProject()));
  afterEach(() => copy.remove());

  it.each(['', SRC, 'hubspot-project'])(
    'lets exactly the project go up, whether the CLI starts in "%s"',
    async (cwd) => {
      const real = (await filesBelow(join(copy.root, SRC))).filter(
        (file) => !/^app\/((cards|pages|settings)\/)?dist\//.test(file),
      );
      for (const file of [...LEFT_BEHIND, ...TAKEN_ALONG]) await copy.write(`${SRC}/${file}`, '');
      const wanted = [...new Set([...real, ...TAKEN_ALONG])].sort();
      expect((await uploadedFiles(copy.root, join(copy.root, cwd))).sort()).toEqual(wanted);
    },
  );

  it('is needed: without it the build output would go up as well', async () => {
    for (const file of LEFT_BEHIND) await copy.write(`${SRC}/${file}`, '');
    await rm(join(copy.root, '.hsignore'));
    const up = await uploadedFiles(copy.root, copy.root);
    expect(up).toContain('app/cards/dist/PortalSync.js');
    expect(up).toContain('app/local.json');
    expect(up).not.toContain('app/functions/.env');
  });
});

const packageJson = z.object({
  name: z.string(),
  dependencies: z.record(z.string(), z.string()).default({}),
});

describe('packages in the upload', () => {
  // The CLI rewrites an outside `file:` path in the first package.json that has it, and leaves the others dangling.
  it('come by workspaces alone, never by a path out of srcDir', async () => {
    const { srcDir, files, external } = await outsidePackages(ROOT);
    expect(files.filter(({ localPath }) => !localPath.startsWith(srcDir))).toEqual([]);
    expect(external.map(({ workspaceDir }) => workspaceDir)).toEqual([join(ROOT, 'shared')]);
  });

  it('are enough: the staged upload builds with nothing but public packages beside it', async () => {
    const out = realpathSync(await mkdtemp(join(tmpdir(), 'tallystick-upload-')));
    try {
      const members = await stageUpload(ROOT, out);
      expect([...members.keys()]).toEqual(
        expect.arrayContaining(['@tallystick/shared', '@tallystick/kit', 'cards', 'pages', 'settings']),
      );
      await install(out, members);
      const entries = await extensionEntries(out);
      const built = join(out, '.built');
      await mkdir(built);
      await buildEntries(entries, built);
      const names = entries.map(nameOf).flatMap((name) => [`${name}-manifest.json`, `${name}.js`]);
      expect(await filesBelow(built)).toEqual(names.sort());
      const manifests = await Promise.all(
        entries.map((entry) => readFile(join(built, `${nameOf(entry)}-manifest.json`), 'utf8')),
      );
      expect(manifests.join('')).not.toContain(join(ROOT, 'shared'));
    } finally {
      await rm(out, { recursive: true });
    }
  }, 180_000);

  it('ask for each other by the version that stands in the workspace', async () => {
    const { internal, external } = await outsidePackages(ROOT);
    const members = await Promise.all(
      [...internal, ...external].map(async ({ workspaceDir }) =>
        packageJson.parse(JSON.parse(await readFile(join(workspaceDir, 'package.json'), 'utf8'))),
      ),
    );
    const names = members.map(({ name }) => name);
    const asked = members.flatMap(({ dependencies }) =>
      Object.entries(dependencies).filter(([name]) => names.includes(name)),
    );
    expect(asked.filter(([, version]) => version !== '0.1.0')).toEqual([]);
  });
});

/** What `npm ci` does in the workspace `app`, without the network: members as links, public packages from here. */
async function install(out: string, members: Map<string, string>): Promise<void> {
  const link = async (name: string, target: string): Promise<void> => {
    const at = join(out, 'app/node_modules', name);
    await mkdir(dirname(at), { recursive: true });
    await symlink(target, at);
  };
  for (const [name, folder] of members) await link(name, folder);
  const installed = new Set<string>();
  for (const folder of members.values()) {
    const json = packageJson.parse(JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')));
    for (const name of Object.keys(json.dependencies)) if (!members.has(name)) installed.add(name);
  }
  for (const name of installed) await link(name, join(ROOT, 'node_modules', name));
}
