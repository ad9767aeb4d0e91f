/**
 * Plants every fault of `mutants.ts` in the law, one at a time, and runs the law's tests over it: first the tables,
 * then the properties, last the exploration of the small worlds. Prints who was found by what; fails when one was not.
 *
 *   npm run mutants                 all
 *   npm run mutants -- <id> <id>    only these
 */
import { fork } from 'node:child_process';
import { resolve } from 'node:path';
import { z } from 'zod';
import { MUTANTS, type Mutant } from './mutants.ts';

const AT_ONCE = 2;
/** A fault that keeps the tests from ending has been found. */
const MUTANT_MAX_MS = 120_000;
const Found = z.object({ id: z.string(), by: z.string().nullable() });

interface Verdict {
  mutant: Mutant;
  by: string | null;
}

process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1;

async function main(only: string[]): Promise<boolean> {
  const startedAt = performance.now();
  const waiting = MUTANTS.filter(({ id }) => only.length === 0 || only.includes(id));
  const verdicts: Verdict[] = [];
  await Promise.all(
    Array.from({ length: AT_ONCE }, async () => {
      let trying = start();
      for (let mutant = waiting.shift(); mutant !== undefined; mutant = waiting.shift()) {
        const by = await trying.tries(mutant.id);
        if (by === 'time') trying = start();
        verdicts.push({ mutant, by });
        tell(mutant, by);
      }
      trying.stop();
    }),
  );
  return report(verdicts, (performance.now() - startedAt) / 1_000);
}

function start() {
  const child = fork(resolve(import.meta.dirname, 'worker.ts'), [], {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  return {
    tries: (id: string): Promise<string | null> =>
      new Promise((done, fail) => {
        const timer = setTimeout(() => {
          child.removeAllListeners();
          child.kill('SIGKILL');
          done('time');
        }, MUTANT_MAX_MS);
        child.once('message', (message) => {
          clearTimeout(timer);
          child.removeAllListeners('exit');
          done(Found.parse(message).by);
        });
        child.once('exit', (code) =>
          fail(new Error(`The tests ended with ${String(code)} at the fault "${id}".`)),
        );
        child.send(id);
      }),
    stop: () => child.disconnect(),
  };
}

function tell(mutant: Mutant, by: string | null): void {
  if (by === null && mutant.equivalent === undefined)
    console.log(`SURVIVED ${mutant.file} ${mutant.id}\n  - ${mutant.find}\n  + ${mutant.replace}`);
  if (by !== null && mutant.equivalent !== undefined)
    console.log(`FOUND by the ${by}, though listed as equivalent: ${mutant.file} ${mutant.id}`);
}

function report(verdicts: readonly Verdict[], seconds: number): boolean {
  const killed = verdicts.filter(({ by }) => by !== null);
  const equivalent = verdicts.filter(({ mutant, by }) => by === null && mutant.equivalent !== undefined);
  for (const { mutant } of equivalent)
    console.log(`equivalent: ${mutant.file} ${mutant.id}: ${mutant.equivalent ?? ''}`);
  for (const by of new Set(killed.map((one) => one.by))) {
    console.log(`found by the ${String(by)}: ${killed.filter((one) => one.by === by).length}`);
  }
  const survived = verdicts.length - killed.length - equivalent.length;
  console.log(
    `${verdicts.length} planted faults: ${killed.length} found, ${survived} survived, ${equivalent.length} equivalent; ${seconds.toFixed(0)} s`,
  );
  return (
    verdicts.length > 0 && survived === 0 && killed.every(({ mutant }) => mutant.equivalent === undefined)
  );
}
