import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { MUTANTS } from './mutants/mutants.ts';

const SHARED = resolve(import.meta.dirname, '../../shared');

describe('the planted faults of the law', () => {
  it.each(MUTANTS)('$file: $id has its place exactly once', async ({ file, find, replace }) => {
    const source = await readFile(resolve(SHARED, file), 'utf8');
    expect(source.split(find)).toHaveLength(2);
    expect(replace).not.toBe(find);
  });

  it('are many, and have names of their own', () => {
    expect(MUTANTS.length).toBeGreaterThanOrEqual(70);
    expect(new Set(MUTANTS.map(({ id }) => id)).size).toBe(MUTANTS.length);
  });
});
