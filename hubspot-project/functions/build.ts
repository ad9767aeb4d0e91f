/**
 * Bundles each function, `shared` included, into one CommonJS file: HubSpot uploads nothing from outside `src` and
 * compiles no TypeScript for functions. The result is committed; a test compares it with a fresh build.
 */
import { build, type BuildOptions } from 'esbuild';

const NAMES = ['recordStatus', 'checkRecord', 'nudge'];

const OPTIONS = {
  // The paths in the bundles' comments are told from here, whoever builds.
  absWorkingDir: `${import.meta.dirname}/../..`,
  entryPoints: NAMES.map((name) => `hubspot-project/functions/${name}.ts`),
  outdir: 'hubspot-project/src/app/functions/dist',
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  charset: 'utf8',
} satisfies BuildOptions;

/** The bundles as they would be written, by file name. */
export async function freshBundles(): Promise<Map<string, string>> {
  const { outputFiles } = await build({ ...OPTIONS, write: false });
  return new Map(outputFiles.map(({ path, text }) => [path.replace(/^.*[\\/]/, ''), text]));
}

if (process.argv[1] === import.meta.filename) await build(OPTIONS);
