/** Starting the service as a process of its own, to be killed at a named step. */
import { fork, type ChildProcess } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';

/** The steps of the loop at which the service can be killed: before and after every commit, call and answer. */
export const STEPS = [
  'intake.received',
  'intake.stored',
  'apply.loaded',
  'apply.committed',
  'edit.stored',
  'round.reading',
  'round.read',
  'visit.committed',
  'write.sending',
  'write.answered',
  'write.stored',
] as const;

const START_TIMEOUT_MS = 60_000;

export interface Killable {
  /** `env` is laid over what every process has. */
  start(killAt: string | null, env?: Readonly<Record<string, string>>): Promise<Running>;
  dispose(): Promise<void>;
}
export interface Running {
  process: ChildProcess;
  /** Resolves with the signal that ended it. */
  ended: Promise<NodeJS.Signals | null>;
  stop(): Promise<void>;
}

/** Bundles the service once, so that each start costs half a second and not two. */
export async function killableService(env: Record<string, string>): Promise<Killable> {
  const dir = await mkdtemp(join(tmpdir(), 'tallystick-kill-'));
  const bundle = join(dir, 'service.mjs');
  await build({
    entryPoints: [join(import.meta.dirname, 'killableMain.ts')],
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    external: ['pg-native'],
    outfile: bundle,
    logLevel: 'error',
    banner: {
      js: "import { createRequire as requireFrom } from 'node:module'; const require = requireFrom(import.meta.url);",
    },
  });
  return {
    start: (killAt, own = {}) =>
      start(bundle, {
        ...env,
        TALLYSTICK_STATE_DIR: dir,
        ...own,
        ...(killAt === null ? {} : { TALLYSTICK_KILL_AT: killAt }),
      }),
    dispose: () => rm(dir, { recursive: true, force: true }),
  };
}

async function start(bundle: string, env: Record<string, string>): Promise<Running> {
  const child = fork(bundle, {
    env: { PATH: process.env.PATH ?? '', ...env },
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ended = new Promise<NodeJS.Signals | null>((resolve) =>
    child.once('exit', (_code, signal) => resolve(signal)),
  );
  const ready = new Promise<void>((resolve) => child.once('message', () => resolve()));
  const late = new Promise<never>((_, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`The service did not start within ${START_TIMEOUT_MS} ms.`)),
      START_TIMEOUT_MS,
    );
    void Promise.race([ready, ended]).then(() => clearTimeout(timer));
  });
  await Promise.race([ready, ended, late]); // a kill at an early step ends it before it is ready
  return {
    process: child,
    ended,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
