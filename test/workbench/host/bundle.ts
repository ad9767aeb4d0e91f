/** The host as two files a page can load: the worker's as a classic script, the page's as a module of its own. */
import { join } from 'node:path';
import { build, type BuildOptions } from 'esbuild';

const common: BuildOptions = {
  bundle: true,
  write: false,
  target: 'es2022',
  jsx: 'automatic',
  minify: true,
  legalComments: 'none',
  define: { 'process.env.NODE_ENV': '"production"' },
};

/** Both import nothing. */
export async function bundleHost(): Promise<{ thread: string; host: string }> {
  const [thread, host] = await Promise.all([
    textOf({ ...common, entryPoints: [join(import.meta.dirname, 'thread.ts')], format: 'iife' }),
    textOf({ ...common, entryPoints: [join(import.meta.dirname, 'host.tsx')], format: 'esm' }),
  ]);
  return { thread, host };
}

async function textOf(options: BuildOptions): Promise<string> {
  const { outputFiles = [] } = await build(options);
  return outputFiles[0]?.text ?? '';
}
