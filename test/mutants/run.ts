/**
 * Plants every fault of the rooms, one at a time, and runs tests over it until one notices: first the tests that are
 * closest to the file, then the room's stages, quick ones first. Prints the list with who was found by what; fails when
 * one was not. A control runs the same tests without a fault: where they fail by themselves, nothing is proven.
 *
 *   npm run mutants                                    all
 *   npm run mutants -- <id> <id>                       only these
 *   npm run mutants -- --room sync --minutes 10 --seed 7 --at-once 2
 *
 * `--near` tries the closest tests only: quick, but who survives that may be found by others.
 * `--seed` tries them in an order of chance, `--minutes` ends after that time with what was not tried.
 */
import { fork, type ChildProcess } from 'node:child_process';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { setup as startPostgres } from '../harness/postgres.ts';
import { createRandom } from '../simulator/random.ts';
import { ensurePages } from '../workbench/pages.ts';
import { CONTROL, type Mutant, type Room } from './mutant.ts';
import { ROOMS } from './rooms.ts';

/** A fault that keeps the tests from ending has been found. */
const MUTANT_MAX_MS = 300_000;
const CONTROL_MAX_MS = 1_200_000;
const TIME = { stage: 'time', test: 'the tests did not end' };
const Message = z.object({ found: z.object({ stage: z.string(), test: z.string() }).nullable() });
type Found = z.infer<typeof Message>['found'];

interface Trial {
  room: Room;
  mutant: Mutant;
}
interface Verdict extends Trial {
  found: Found;
  seconds: number;
}
interface Wanted {
  ids: readonly string[];
  room: string | null;
  atOnce: number;
  until: number;
  near: boolean;
  seed: number | null;
}

process.exitCode = (await main(wantedOf(process.argv.slice(2)))) ? 0 : 1;

function wantedOf(args: string[]): Wanted {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      room: { type: 'string' },
      minutes: { type: 'string', default: '600' },
      seed: { type: 'string' },
      near: { type: 'boolean', default: false },
      'at-once': { type: 'string', default: '2' },
    },
  });
  return {
    ids: positionals,
    room: values.room ?? null,
    atOnce: Number(values['at-once']),
    until: performance.now() + Number(values.minutes) * 60_000,
    near: values.near,
    seed: values.seed === undefined ? null : Number(values.seed),
  };
}

async function main(wanted: Wanted): Promise<boolean> {
  const trials = trialsOf(wanted);
  if (trials.length === 0) throw new Error('There is no such fault, and no such room.');
  const stop = await surroundings(trials);
  try {
    return await tryAll(trials, wanted);
  } finally {
    await stop();
  }
}

function trialsOf({ ids, room, seed }: Wanted): Trial[] {
  const all = ROOMS.filter(({ name }) => room === null || room === name).flatMap((each) =>
    each.mutants.map((mutant) => ({ room: each, mutant })),
  );
  const named = ids.map((id) => {
    const trial = all.find(({ mutant }) => mutant.id === id);
    if (trial === undefined) throw new Error(`There is no fault "${id}".`);
    return trial;
  });
  const some = ids.length === 0 ? all : named;
  return seed === null ? some : shuffled(some, seed);
}

function shuffled(trials: readonly Trial[], seed: number): Trial[] {
  const chance = createRandom(seed, 'order');
  return trials
    .map((trial) => ({ trial, at: chance.next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ trial }) => trial);
}

/** One Postgres for everybody; the law needs none. */
async function surroundings(trials: readonly Trial[]): Promise<() => Promise<void>> {
  if (!trials.some(({ room }) => room.needsDatabase)) return () => Promise.resolve();
  const [stop] = await Promise.all([startPostgres(), ensurePages()]);
  return stop;
}

async function tryAll(trials: readonly Trial[], wanted: Wanted): Promise<boolean> {
  const startedAt = performance.now();
  const waiting = [...trials];
  const verdicts: Verdict[] = [];
  const broken: string[] = [];
  const controls = wanted.ids.length > 0 || wanted.near ? [] : [...new Set(trials.map(({ room }) => room))];
  const isOver = (): boolean => performance.now() > wanted.until;
  await Promise.all(
    Array.from({ length: wanted.atOnce }, async () => {
      let trying = start(wanted.near);
      const tries = async (id: string, withinMs: number): Promise<Found> => {
        const found = await trying.tries(id, withinMs);
        if (found === TIME) trying = start(wanted.near);
        return found;
      };
      for (let room = controls.shift(); room !== undefined && !isOver(); room = controls.shift()) {
        const found = await tries(`${CONTROL}${room.name}`, CONTROL_MAX_MS);
        if (found !== null) broken.push(`${room.name}: ${found.test}`);
        console.log(
          `${room.name}, without a fault: ${found === null ? 'all tests pass' : `FAILS ${found.test}`}`,
        );
      }
      for (let trial = waiting.shift(); trial !== undefined && !isOver(); trial = waiting.shift()) {
        const begunAt = performance.now();
        const found = await tries(trial.mutant.id, MUTANT_MAX_MS);
        const verdict = { ...trial, found, seconds: (performance.now() - begunAt) / 1_000 };
        verdicts.push(verdict);
        console.log(`${String(verdicts.length)}/${String(trials.length)} ${lineOf(verdict)}`);
      }
      trying.stop();
    }),
  );
  report(trials, verdicts, (performance.now() - startedAt) / 1_000);
  return broken.length === 0 && verdicts.length > 0 && verdicts.every(isAsListed);
}

function start(near: boolean) {
  const child: ChildProcess = fork(resolve(import.meta.dirname, 'trying.ts'), near ? ['--near'] : [], {
    execArgv: ['--import', 'tsx'],
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  return {
    tries: (id: string, withinMs: number): Promise<Found> =>
      new Promise((done, fail) => {
        const timer = setTimeout(() => {
          child.removeAllListeners();
          child.kill('SIGKILL');
          done(TIME);
        }, withinMs);
        child.once('message', (message) => {
          clearTimeout(timer);
          child.removeAllListeners('exit');
          done(Message.parse(message).found);
        });
        child.once('exit', (code) =>
          fail(new Error(`The tests ended with ${String(code)} at the fault "${id}".`)),
        );
        child.send(id);
      }),
    stop: () => child.disconnect(),
  };
}

/** Found, or known to be equivalent; never both. */
function isAsListed({ mutant, found }: Verdict): boolean {
  return (found === null) === (mutant.equivalent !== undefined);
}

function lineOf(verdict: Verdict): string {
  const { room, mutant, found, seconds } = verdict;
  const name = `${room.name} ${mutant.id} (${mutant.file}, ${seconds.toFixed(0)} s)`;
  const change = `\n  - ${mutant.find}\n  + ${mutant.replace}`;
  if (isAsListed(verdict))
    return found === null
      ? `equivalent: ${name}: ${mutant.equivalent ?? ''}`
      : `found: ${name} ${found.stage}: ${found.test}`;
  return found === null
    ? `SURVIVED: ${name}${change}`
    : `FOUND, though listed as equivalent: ${name} ${found.stage}: ${found.test}`;
}

function report(trials: readonly Trial[], verdicts: readonly Verdict[], seconds: number): void {
  console.log('');
  for (const room of new Set(trials.map((trial) => trial.room))) {
    const own = verdicts.filter((verdict) => verdict.room === room);
    const found = own.filter((verdict) => verdict.found !== null);
    const stages = [...new Set(found.map((verdict) => verdict.found?.stage ?? ''))]
      .map((stage) => `${stage} ${found.filter((one) => one.found?.stage === stage).length}`)
      .join(', ');
    console.log(`${room.name}: ${own.length} tried, ${found.length} found (${stages})`);
  }
  for (const verdict of verdicts) if (!isAsListed(verdict)) console.log(lineOf(verdict));
  const found = verdicts.filter((verdict) => verdict.found !== null);
  const equivalent = verdicts.filter((verdict) => verdict.found === null && isAsListed(verdict));
  console.log(
    `${trials.length} planted faults: ${found.length} found, ${verdicts.length - found.length - equivalent.length} survived, ${equivalent.length} equivalent, ${trials.length - verdicts.length} not tried; ${seconds.toFixed(0)} s`,
  );
}
