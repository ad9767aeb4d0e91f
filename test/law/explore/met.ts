/** What drawn histories have to meet: every rule that can occur over the pure law, and every fault of its world. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';

const SPEC = join(import.meta.dirname, '../../../shared/SPEC.md');

/** Rules that no drawn history meets, and what proves them instead. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  O1: 'every history begins with it, before anybody counts; observe.test.ts',
  O4: 'no two changes of a drawn world fall into one instant; observe.test.ts, properties.test.ts',
  K: 'it counts over many records, and a drawn world has one: breaker.test.ts, test/blast',
  B: 'the source’s loop, over real tables: push.test.ts, test/sources',
  V: 'values.test.ts and properties.test.ts',
};

/** Faults and events, by how their step begins. */
export const EVENTS: Readonly<Record<string, RegExp>> = {
  customer: /^(ann|ben) saw/,
  colleague: /^a colleague sets/,
  ruling: /^user:\d decides/,
  pause: /^staff let nothing/,
  resume: /^staff let everything/,
  time: /^some seconds pass/,
  stored: /is stored$/,
  heard: /arrives$/,
  duplicate: /and will again$/,
  lost: /is lost$/,
  'given-up': /^the call is given up/,
  'late-write': /^the given-up call of .* is applied/,
  'call-lost': /^the call is lost/,
  'answer-lost': /its answer is lost$/,
  busy: /^the CRM is too busy/,
  workflow: /and a workflow sets/,
  crash: /^a crash \((reading|answered|promised|called)/,
  'crash-after-call': /^a crash \(the call/,
  wait: /^the worker waits/,
  reconcile: /^reconcile/,
};

export function eventsOf(step: string): string[] {
  return Object.entries(EVENTS).flatMap(([name, form]) => (form.test(step) ? [name] : []));
}

/** The ids of SPEC.md that are applied by a visit or an observation. */
export async function rulesToMeet(): Promise<string[]> {
  const spec = await readFile(SPEC, 'utf8');
  const ids = [...spec.matchAll(/^- \*\*([A-Z]\d+)\*\*/gm)].flatMap(([, id]) => id ?? []);
  return [...new Set(ids)].filter(
    (id) => ELSEWHERE[id] === undefined && ELSEWHERE[id[0] ?? ''] === undefined,
  );
}

export type Counts = Record<string, number>;

export const add = (counts: Counts, what: string, by = 1): void =>
  void (counts[what] = (counts[what] ?? 0) + by);
