/** A fault that is planted in the code to see whether the tests notice, and where they are tried first. */
export interface Mutant {
  id: string;
  /** From the repository's root. */
  file: string;
  /** Occurs exactly once in the file. */
  find: string;
  replace: string;
  /** Why no test can tell the mutant from the code. */
  equivalent?: string;
  /** The test files that are closest to the file: tried before the room's stages. */
  near: readonly string[];
}

/** A fault without its place; `near` where others than its file's tests are closest. */
export type Fault = Omit<Mutant, 'file' | 'near'> & Partial<Pick<Mutant, 'near'>>;

/** Faults of one file. `near`: test files, from `test/` and without `.test.ts`. */
export function inFile(file: string, near: readonly string[], faults: readonly Fault[]): Mutant[] {
  return faults.map((fault) => ({ near, ...fault, file }));
}

/** Test files that are run together; quick ones come before slow ones. */
export interface Stage {
  name: string;
  /** From `test/` and without `.test.ts`. */
  tests: readonly string[];
}

export interface Room {
  name: string;
  mutants: readonly Mutant[];
  stages: readonly Stage[];
  /** Its tests need Postgres. */
  needsDatabase: boolean;
}

/** What is tried over a fault, in this order. What no test can tell apart needs nothing but the quick ones. */
export function stagesOf({ near, equivalent }: Mutant, room: Room): Stage[] {
  const rest = room.stages.map(({ name, tests }) => ({
    name,
    tests: tests.filter((test) => !near.includes(test)),
  }));
  const all = [{ name: 'near', tests: near }, ...rest].filter(({ tests }) => tests.length > 0);
  return equivalent === undefined ? all : all.slice(0, QUICK_STAGES);
}

const QUICK_STAGES = 2;

/** The file with its fault in it. Throws where the fault has no place, or several. */
export function planted(mutant: Mutant, code: string): string {
  const parts = code.split(mutant.find);
  if (parts.length !== 2)
    throw new Error(
      `The fault "${mutant.id}" has ${parts.length - 1} places in ${mutant.file}, not one: ${mutant.find}`,
    );
  return parts.join(mutant.replace);
}

/** Before a room's name: its tests without a fault. */
export const CONTROL = 'control:';

/** Every test that is tried over a fault of the room. */
export function testsOf(room: Room): string[] {
  return [
    ...new Set([...room.mutants.flatMap(({ near }) => near), ...room.stages.flatMap(({ tests }) => tests)]),
  ];
}
