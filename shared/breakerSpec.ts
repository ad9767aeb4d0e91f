/**
 * The part of the ownership language that speaks of the breaker: how many changes of one kind, in how short a time, are
 * not believed before a person has looked. Rules K1 to K6 of SPEC.md.
 */

/** Records, in one window. */
export interface Limit {
  /** Fewer than this are never too many. */
  least: number;
  /** Of the object's records, 0 to 1: the limit grows with the business. */
  share: number;
  /** As many as this are too many in any business. It also bounds what is remembered. */
  most: number;
}

export const OUT_PATTERNS = ['emptied', 'oneValue', 'oneOption', 'person', 'source'] as const;
export const IN_PATTERNS = ['emptied', 'oneValue', 'oneOption', 'gone', 'integration'] as const;
/** What goes out to the CRM: a field emptied, one value or one option written to many, a burst by one person or source. */
export type OutPattern = (typeof OUT_PATTERNS)[number];
/** What comes in from it; `gone`: archived, merged away or erased. */
export type InPattern = (typeof IN_PATTERNS)[number];

export interface BreakerSpec<O extends string = string> {
  windowMinutes: number;
  out: Readonly<Record<OutPattern, Limit>>;
  in: Readonly<Record<InPattern, Limit>>;
  /** Where an object's records are of another number or worth. */
  objects?: Readonly<Partial<Record<O, SomeLimits>>>;
}
interface SomeLimits {
  out?: Readonly<Partial<Record<OutPattern, Limit>>>;
  in?: Readonly<Partial<Record<InPattern, Limit>>>;
}

/** In force where `ownership.ts` says nothing. */
export const BREAKER: BreakerSpec = {
  windowMinutes: 60,
  out: {
    emptied: { least: 10, share: 0.05, most: 200 },
    oneValue: { least: 15, share: 0.05, most: 200 },
    oneOption: { least: 50, share: 0.3, most: 1_000 },
    person: { least: 100, share: 0, most: 1_000 },
    source: { least: 500, share: 0.9, most: 5_000 },
  },
  in: {
    emptied: { least: 25, share: 0.1, most: 1_000 },
    oneValue: { least: 25, share: 0.1, most: 1_000 },
    oneOption: { least: 200, share: 0.5, most: 5_000 },
    gone: { least: 25, share: 0.1, most: 500 },
    integration: { least: 500, share: 0.5, most: 5_000 },
  },
};

/** This many of so many records trip. */
export function limitOf({ least, share, most }: Limit, records: number): number {
  return Math.min(most, Math.max(least, Math.ceil(share * records)));
}

const LEAST_MIN = 2;
const MOST_MAX = 10_000;
const WINDOW_MAX_MINUTES = 1_440;

/** One clause for each mistake. */
export function mistakesInBreaker({
  breaker,
  objects,
}: {
  breaker?: BreakerSpec | undefined;
  objects: Readonly<Record<string, unknown>>;
}): string[] {
  if (breaker === undefined) return [];
  const mistakes: string[] = [];
  const { windowMinutes } = breaker;
  if (!Number.isInteger(windowMinutes) || windowMinutes < 1 || windowMinutes > WINDOW_MAX_MINUTES)
    mistakes.push(`breaker: its window is not of 1 to ${WINDOW_MAX_MINUTES} whole minutes`);
  const each = (where: string, spec: SomeLimits): void => {
    const limits: [string, Limit][] = [
      ...OUT_PATTERNS.flatMap((name) => named(`${where}.out.${name}`, spec.out?.[name])),
      ...IN_PATTERNS.flatMap((name) => named(`${where}.in.${name}`, spec.in?.[name])),
    ];
    for (const [name, limit] of limits) mistakes.push(...mistakesInLimit(name, limit));
  };
  each('breaker', breaker);
  for (const [name, spec] of Object.entries(breaker.objects ?? {})) {
    if (!Object.hasOwn(objects, name)) mistakes.push(`breaker: there is no object "${name}"`);
    if (spec !== undefined) each(`breaker.${name}`, spec);
  }
  return mistakes;
}

const named = (name: string, limit: Limit | undefined): [string, Limit][] =>
  limit === undefined ? [] : [[name, limit]];

function mistakesInLimit(where: string, { least, share, most }: Limit): string[] {
  const mistakes: string[] = [];
  if (!Number.isInteger(least) || least < LEAST_MIN)
    mistakes.push(`${where}: the least is not a whole number from ${LEAST_MIN}`);
  if (!Number.isInteger(most) || most < least || most > MOST_MAX)
    mistakes.push(`${where}: the most is not a whole number from the least to ${MOST_MAX}`);
  if (!(share >= 0 && share <= 1)) mistakes.push(`${where}: the share is not from 0 to 1`);
  return mistakes;
}
