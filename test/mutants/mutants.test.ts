import { fork } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { planted, stagesOf, testsOf, type Mutant } from './mutant.ts';
import { ROOMS } from './rooms.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const ALL = ROOMS.flatMap(({ mutants }) => mutants);
/** One of the law, one that needs no database, two in statements. */
const DOSE_FOUND = [
  ['number-infinity', 'values'],
  ['one-too-many', 'the budget'],
  ['count-goes-on-after-the-end', 'a warning'],
  ['news-unnoticed', 'a record that is due'],
] as const;
const DOSE_EQUIVALENT = 'number-minus-zero-double';
const codeOf = (file: string): Promise<string> => readFile(resolve(ROOT, file), 'utf8');

/** The compiler keeps what it could not read in a member that its types do not name. */
function isCode(code: string): boolean {
  const file = ts.createSourceFile('x.ts', code, ts.ScriptTarget.ES2023);
  return (file as unknown as { parseDiagnostics: readonly unknown[] }).parseDiagnostics.length === 0;
}

describe('the planted faults', () => {
  it.each(ROOMS)('of $name have one place each, and leave code that can be run', async ({ mutants }) => {
    const wrong: string[] = [];
    for (const mutant of mutants) {
      try {
        const code = planted(mutant, await codeOf(mutant.file));
        if (!isCode(code)) wrong.push(`${mutant.id} leaves ${mutant.file} in no language.`);
        if (mutant.replace === mutant.find) wrong.push(`${mutant.id} changes nothing.`);
      } catch (error) {
        wrong.push(String(error));
      }
    }
    expect(wrong).toEqual([]);
  });

  it('are many, in every room, and have names of their own', () => {
    const beyondTheLaw = ROOMS.filter(({ name }) => name !== 'law').flatMap(({ mutants }) => mutants);
    expect(beyondTheLaw.length).toBeGreaterThanOrEqual(120);
    expect(new Set(ALL.map(({ id }) => id)).size).toBe(ALL.length);
  });

  it('are held against tests that are there, the closest first', async () => {
    for (const room of ROOMS) {
      await Promise.all(testsOf(room).map((test) => codeOf(`test/${test}.test.ts`)));
      for (const mutant of room.mutants) expect(stagesOf(mutant, room)[0]?.tests).not.toEqual([]);
    }
  });

  it('that have no place, or several, are refused by name', () => {
    const mutant: Mutant = { id: 'lost', file: 'x.ts', find: 'a', replace: 'b', near: [] };
    expect(() => planted(mutant, 'c')).toThrow('The fault "lost" has 0 places in x.ts, not one: a');
    expect(() => planted(mutant, 'a a')).toThrow('has 2 places');
    expect(planted(mutant, 'c a c')).toBe('c b c');
  });
});

/** `npm run mutants` tries all; these show that a fault is really planted, and really missed where no test notices. */
describe('a small dose', () => {
  const child = { is: undefined as ReturnType<typeof fork> | undefined };
  beforeAll(() => {
    child.is = fork(resolve(import.meta.dirname, 'trying.ts'), ['--near'], {
      execArgv: ['--import', 'tsx'],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
  });
  afterAll(() => child.is?.disconnect());
  const tried = (id: string): Promise<unknown> =>
    new Promise((done, fail) => {
      child.is?.on('message', (answer: { id: string }) => {
        if (answer.id === id) done(answer);
      });
      child.is?.once('exit', (code) => fail(new Error(`The tests ended with ${String(code)}.`)));
      child.is?.send(id);
    });

  it.each(DOSE_FOUND)('%s is found by a test of %s', { timeout: 120_000 }, async (id, tests) => {
    expect(await tried(id)).toMatchObject({ id, found: { test: expect.stringContaining(tests) as string } });
  });
  it('what no test can tell apart is not found', { timeout: 120_000 }, async () => {
    expect(await tried(DOSE_EQUIVALENT)).toEqual({ id: DOSE_EQUIVALENT, found: null });
  });
});
