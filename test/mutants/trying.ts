/**
 * Tries the faults it is sent, one after the other, in one vitest that stays: starting one takes longer than the tests.
 * The fault is planted while the module is loaded; no file is touched. Whoever starts it has started Postgres, if needed.
 */
import { resolve } from 'node:path';
import { createVitest, type TestModule } from 'vitest/node';
import { CONTROL, planted, stagesOf, testsOf, type Mutant, type Room } from './mutant.ts';
import { ROOMS } from './rooms.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const pathOf = (test: string): string => resolve(ROOT, 'test', `${test}.test.ts`);

/** What a fault was found by; null: by nothing. */
export interface Found {
  stage: string;
  /** The first test that failed. */
  test: string;
}

class AsNamed {
  shard<T>(files: T): T {
    return files;
  }
  sort<T>(files: T): T {
    return files;
  }
}

const onlyNear = process.argv.includes('--near');
let mutant: Mutant | null = null;
const vitest = await createVitest(
  'test',
  {
    root: ROOT,
    config: false,
    watch: false,
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    bail: 1,
    pool: 'threads',
    maxWorkers: 1,
    fileParallelism: false,
    isolate: false,
    reporters: [{}],
    // In the order in which they are named: the quick ones are to find what they can.
    sequence: { sequencer: AsNamed },
    // A fault may break what no test waits for: that is the tests' business only where one of them fails.
    dangerouslyIgnoreUnhandledErrors: true,
  },
  {
    plugins: [
      {
        name: 'planted fault',
        enforce: 'pre',
        transform(code: string, id: string) {
          if (mutant === null || id !== resolve(ROOT, mutant.file)) return undefined;
          return planted(mutant, code);
        },
      },
    ],
  },
);
await vitest.standalone();

process.on('message', (id: string) => {
  void tried(id).then((found) => process.send?.({ id, found }));
});
process.on('disconnect', () => void vitest.close().then(() => process.exit()));

async function tried(id: string): Promise<Found | null> {
  for (const room of ROOMS) {
    if (id === `${CONTROL}${room.name}`) return control(room);
    const one = room.mutants.find((each) => each.id === id);
    if (one !== undefined) return finder(one, room);
  }
  throw new Error(`There is no fault "${id}".`);
}

async function control(room: Room): Promise<Found | null> {
  const failed = await failing(null, testsOf(room).map(pathOf));
  return failed === null ? null : { stage: 'control', test: failed.test };
}

async function finder(one: Mutant, room: Room): Promise<Found | null> {
  for (const { name, tests } of stagesOf(one, room).slice(0, onlyNear ? 1 : undefined)) {
    let left = tests.map(pathOf);
    while (left.length > 0) {
      const failed = await failing(one, left);
      if (failed === null) break;
      // Twice: once may be a busy machine, and then the tests behind it have their turn.
      if ((await failing(one, [failed.path])) !== null) return { stage: name, test: failed.test };
      left = left.slice(left.indexOf(failed.path) + 1);
    }
  }
  return null;
}

/** The first test that fails over the fault. */
async function failing(
  one: Mutant | null,
  tests: readonly string[],
): Promise<{ path: string; test: string } | null> {
  if (mutant !== null) vitest.invalidateFile(resolve(ROOT, mutant.file));
  mutant = one;
  if (one !== null) vitest.invalidateFile(resolve(ROOT, one.file));
  for (const test of tests) vitest.invalidateFile(test);
  const all = await vitest.globTestSpecifications();
  const specifications = tests.flatMap((test) => all.find(({ moduleId }) => moduleId === test) ?? []);
  if (specifications.length !== tests.length)
    throw new Error(`Not all tests were found: ${specifications.length} of ${tests.length}.`);
  const { testModules } = await vitest.runTestSpecifications(specifications, true);
  // The answer holds the modules of earlier runs too.
  const failed = testModules.find((each) => tests.includes(each.moduleId) && each.state() === 'failed');
  return failed === undefined ? null : { path: failed.moduleId, test: titleOf(failed) };
}

function titleOf(module: TestModule): string {
  for (const test of module.children.allTests('failed')) return test.fullName;
  return `${module.relativeModuleId} as a whole`;
}
