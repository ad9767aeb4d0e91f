/**
 * Tries the faults it is sent, one after the other, in one vitest that stays: starting one takes longer than the tests.
 * The fault is planted while the module is loaded; no file is touched.
 */
import { resolve } from 'node:path';
import { createVitest } from 'vitest/node';
import { MUTANTS, type Mutant } from './mutants.ts';

const ROOT = resolve(import.meta.dirname, '../../..');
const law = (name: string): string => resolve(ROOT, 'test/law', `${name}.test.ts`);
/** What is quick and finds most comes first. */
export const STAGES = [
  { name: 'tables', tests: ['values', 'observe', 'decide', 'rulings', 'settle', 'ownership'].map(law) },
  { name: 'properties', tests: [law('properties')] },
  { name: 'exploration', tests: [law('explore')] },
] as const;

let planted: Mutant | null = null;
const vitest = await createVitest(
  'test',
  {
    root: ROOT,
    config: false,
    watch: false,
    include: ['test/law/*.test.ts'],
    testTimeout: 60_000,
    bail: 1,
    pool: 'threads',
    fileParallelism: false,
    isolate: false,
    reporters: [{}],
  },
  {
    plugins: [
      {
        name: 'planted fault',
        enforce: 'pre',
        transform(code: string, id: string) {
          if (planted === null || id !== resolve(ROOT, 'shared', planted.file)) return undefined;
          return code.replace(planted.find, () => planted?.replace ?? '');
        },
      },
    ],
  },
);
await vitest.standalone();

process.on('message', (id: string) => {
  const mutant = MUTANTS.find((one) => one.id === id);
  if (mutant === undefined) throw new Error(`There is no mutant "${id}".`);
  void killer(mutant).then((by) => process.send?.({ id, by }));
});
process.on('disconnect', () => void vitest.close().then(() => process.exit()));

async function killer(mutant: Mutant): Promise<string | null> {
  // What no test can tell apart needs no exploration; the quick tests must still agree that it is so.
  const stages = mutant.equivalent === undefined ? STAGES : STAGES.slice(0, 2);
  for (const { name, tests } of stages) {
    if (await isFound(mutant, tests)) return name;
  }
  return null;
}

async function isFound(mutant: Mutant, tests: readonly string[]): Promise<boolean> {
  planted = mutant;
  vitest.invalidateFile(resolve(ROOT, 'shared', mutant.file));
  for (const test of tests) vitest.invalidateFile(test);
  const specifications = (await vitest.globTestSpecifications()).filter(({ moduleId }) =>
    tests.includes(moduleId),
  );
  if (specifications.length !== tests.length)
    throw new Error(`Not all tests were found: ${specifications.length} of ${tests.length}.`);
  const { testModules, unhandledErrors } = await vitest.runTestSpecifications(specifications, true);
  if (unhandledErrors.length > 0) throw new Error(`The tests did not run: ${String(unhandledErrors[0])}`);
  // The answer holds the modules of earlier runs too.
  return testModules.some((module) => tests.includes(module.moduleId) && module.state() === 'failed');
}
