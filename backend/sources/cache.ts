/**
 * What customers are told of a source: its own answer where it comes in time, else its last one with its age.
 *
 * Kept in memory and not in a table, on purpose: it is another system's data. A table would be a second copy that has to
 * be secured, erased and explained; what is here is a few hours old at most, says so, and is gone with the process.
 */
import type { Source, SourceAnswer, SourceFailure, SourceLists } from './source.ts';

/** Customers wait this long for the source. */
export const DEADLINE_MS = 800;
/** So young an answer is given again without asking. */
const FRESH_MS = 2_000;
/** Older than this nothing is shown. */
const KEPT_MAX_AGE_MS = 12 * 3_600_000;
/** After a failure nobody waits for it again within this time. */
const REST_MS = 1_000;
const KEPT_MAX_ROWS = 100_000;
const READS_MAX = 30;

export type Told =
  | { state: 'fresh' | 'aged'; asOf: number; lists: SourceLists }
  | { state: 'down'; failure: SourceFailure | null };

export interface Clock {
  now(): number;
  /** Runs `work` after a delay; the answer takes it back. */
  after(delayMs: number, work: () => void): () => void;
}

export interface ToldSource {
  source: Source;
  /** Never rejects, and never takes longer than `DEADLINE_MS`. */
  lists(key: string): Promise<Told>;
}

interface Kept {
  asOf: number;
  lists: SourceLists;
  rows: number;
}

export function toldSource(source: Source, clock: Clock): ToldSource {
  /** The oldest first. */
  const kept = new Map<string, Kept>();
  const reading = new Map<string, Promise<SourceAnswer<SourceLists>>>();
  let rows = 0;
  let failure: SourceFailure | null = null;
  let restsUntil = -Infinity;

  const keep = (key: string, entry: Kept): void => {
    rows += entry.rows - (kept.get(key)?.rows ?? 0);
    kept.delete(key);
    kept.set(key, entry);
    for (const [oldest, { rows: less }] of kept) {
      if (rows <= KEPT_MAX_ROWS) break;
      kept.delete(oldest);
      rows -= less;
    }
  };

  /** Everybody who asks for one key meanwhile waits for one read; a read that is too late still fills the cache. */
  const read = (key: string): Promise<SourceAnswer<SourceLists>> => {
    const under = reading.get(key);
    if (under !== undefined) return under;
    const asOf = clock.now();
    const answering = source.readLists(key).then((answer) => {
      reading.delete(key);
      failure = answer.ok ? null : answer.failure;
      if (answer.ok) keep(key, { asOf, lists: answer.value, rows: 1 + rowsIn(answer.value) });
      else restsUntil = clock.now() + REST_MS;
      return answer;
    });
    reading.set(key, answering);
    return answering;
  };

  const told = (key: string): Told => {
    const entry = kept.get(key);
    const age = entry === undefined ? Infinity : clock.now() - entry.asOf;
    if (entry === undefined || age > KEPT_MAX_AGE_MS) return { state: 'down', failure };
    return { state: age < FRESH_MS ? 'fresh' : 'aged', asOf: entry.asOf, lists: entry.lists };
  };

  return {
    source,
    lists: async (key) => {
      const before = told(key);
      if (before.state === 'fresh' || clock.now() < restsUntil) return before;
      if (reading.size >= READS_MAX && !reading.has(key)) return before;
      await within(clock, DEADLINE_MS, read(key));
      return told(key);
    },
  };
}

const rowsIn = ({ lists }: SourceLists): number =>
  Object.values(lists).reduce((sum, items) => sum + items.length, 0);

/** Resolves when the work is done, or at the deadline. */
function within(clock: Clock, deadlineMs: number, work: Promise<unknown>): Promise<void> {
  return new Promise((resolve, reject) => {
    const cancel = clock.after(deadlineMs, resolve);
    work.then(() => resolve(), reject).finally(cancel);
  });
}
