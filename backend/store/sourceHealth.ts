/** What the worker keeps about another system, in the hub's health. */
import type { WorkError } from './database.ts';

/** How another system that owns fields stands. */
export interface SourceHealth {
  /** ISO instant of the last look over everything. */
  lookedAt: string;
  /** Why it did not answer; null when it did. */
  failure: WorkError | null;
  /** Why its answer was not believed; null when it was. */
  withheld: string | null;
  /** Records with a key, and how many of the keys it knows. */
  keys: number;
  found: number;
  /** Keys that several records share. */
  shared: number;
  /** Values that do not fit their field, and keys with several rows. */
  unfit: number;
}
