import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { buildExtensions, extensionEntries, nameOf, type Bundle } from './build.ts';
import { ROOT } from './copy.ts';

const SRC = join(ROOT, 'hubspot-project/src');
const module_ = z.object({ module: z.string() });
const manifest = z.object({
  entry: z.string(),
  modules: z.object({ internal: z.array(module_), external: z.array(module_) }),
  dataDeps: z.array(z.unknown()),
  package: z.object({ name: z.string() }),
});

describe("the extensions, built by HubSpot's own bundler", () => {
  let outDir: string;
  let bundles: Bundle[];
  beforeAll(async () => {
    outDir = await mkdtemp(join(tmpdir(), 'tallystick-built-'));
    bundles = await buildExtensions(outDir);
  }, 180_000);
  afterAll(() => rm(outDir, { recursive: true }));

  it('are all there, each with code in it', async () => {
    const entries = await extensionEntries(SRC);
    expect(bundles.map(({ name }) => name).sort()).toEqual(entries.map(nameOf).sort());
    for (const { file, bytes } of bundles) {
      expect(bytes).toBeGreaterThan(1_000);
      // The handle by which HubSpot starts a bundle, and the React it lends it.
      const code = await readFile(file, 'utf8');
      expect(code).toContain('extend_V2');
      expect(code).toMatch(/\(React|React[,)]/);
    }
  });

  it('have a manifest that names the entry', async () => {
    for (const { name } of bundles) expect((await manifestOf(name)).entry).toBe(`${name}.tsx`);
  });

  it('hold no zod and nothing of the backend', async () => {
    for (const { name } of bundles) {
      const { internal, external } = (await manifestOf(name)).modules;
      const modules = [...internal, ...external].map((one) => one.module);
      expect(modules.filter((one) => /node_modules\/zod|shared\/schemas|\/backend\//.test(one))).toEqual([]);
    }
  });

  it('come out of the cache the second time', async () => {
    const before = performance.now();
    await buildExtensions(outDir);
    expect(performance.now() - before).toBeLessThan(1_000);
  });

  const manifestOf = async (name: string) =>
    manifest.parse(JSON.parse(await readFile(join(outDir, `${name}-manifest.json`), 'utf8')));
});
