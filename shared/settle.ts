/**
 * The third law: what became of one written field, told from the property's history. Rules S1 to S7 in SPEC.md.
 *
 * HubSpot has no conditional write, so a colleague's change between our read and our write cannot be prevented. It
 * leaves a trace in the history, and that is how it is found.
 */
import { decide, type Asked, type Decision, type Property, type Rule, type Standing } from './decide.ts';
import type { Source } from './observe.ts';
import { equal, type Kind, type Value } from './values.ts';

/** One entry of a property's history, as the CRM gives it. */
export interface Entry {
  value: Value;
  /** CRM clock, ms. */
  at: number;
  by: Source;
}

/** What we said we would write: recorded before the call. */
export interface Written {
  kind: Kind;
  value: Value;
  /** What our read found just before; `at` is 0 when the property had never been set. */
  base: Standing;
  /** The id of the app whose token writes. */
  appId: string;
}

export type Settlement =
  | { is: 'confirmed'; rule: 'S1' | 'S5'; at: number }
  | { is: 'overtaken'; rule: 'S2'; theirs: Entry; at: number }
  | { is: 'superseded'; rule: 'S3'; by: Entry; theirs: Entry | null }
  | { is: 'missing'; rule: 'S4' | 'S6' };

/** Reads the outcome from `history`, newest first, taken after the write. */
export function settle(written: Written, history: readonly Entry[]): Settlement {
  const late = lateOnTop(written, history);
  const settlement = settleBelow(written, entriesSince(written, history).slice(late));
  // S6: ours was there, and a late write of our own lies on top of it.
  return late > 0 && settlement.is === 'confirmed' ? { is: 'missing', rule: 'S6' } : settlement;
}

/**
 * How many of the newest entries are late writes of our own: they timed out, were given up, and were applied after all.
 * A field has one promise at a time, so what we wrote since and did not promise is one.
 */
export function lateOnTop(written: Written, history: readonly Entry[]): number {
  const isLate = (entry: Entry): boolean =>
    isOurs(written.appId, entry) && !equal(written.kind, entry.value, written.value);
  return leading(entriesSince(written, history), isLate);
}

/** How many entries at the beginning are such. */
export function leading(entries: readonly Entry[], isSuch: (entry: Entry) => boolean): number {
  const first = entries.findIndex((entry) => !isSuch(entry));
  return first === -1 ? entries.length : first;
}

function settleBelow(written: Written, since: readonly Entry[]): Settlement {
  const top = since[0];
  if (top === undefined) return { is: 'missing', rule: 'S4' };
  const ours = since.findIndex(
    (entry) => isOurs(written.appId, entry) && equal(written.kind, entry.value, written.value),
  );
  const own = since[ours];
  if (own === undefined) return withoutOurs(written, top);
  const theirs = since.slice(ours + 1).find((entry) => !isOurs(written.appId, entry)) ?? null;
  if (!equal(written.kind, top.value, written.value))
    return { is: 'superseded', rule: 'S3', by: top, theirs };
  if (theirs !== null && !equal(written.kind, theirs.value, written.value)) {
    // Somebody set our very value on top since: nothing of theirs may be written back over that newer word.
    if (!isOurs(written.appId, top)) return { is: 'superseded', rule: 'S3', by: top, theirs };
    return { is: 'overtaken', rule: 'S2', theirs, at: own.at };
  }
  return { is: 'confirmed', rule: 'S1', at: own.at };
}

/**
 * Foreign values that writes of ours covered: by the one that is settled, and by late ones of which nobody heard (S6).
 * What somebody else covered is not ours to tell.
 */
export function covered(written: Written, history: readonly Entry[]): { theirs: Entry; by: Entry }[] {
  return coveredIn(written.kind, written.appId, entriesSince(written, history));
}

export function coveredIn(
  kind: Kind,
  appId: string,
  entries: readonly Entry[],
): { theirs: Entry; by: Entry }[] {
  return entries.flatMap((theirs, i) => {
    const by = entries[i - 1];
    const isCovered =
      by !== undefined && isOurs(appId, by) && !isOurs(appId, theirs) && !equal(kind, by.value, theirs.value);
    return isCovered ? [{ theirs, by }] : [];
  });
}

/** Our write is not in the history: either it never arrived, or somebody had already set the same value (S5). */
function withoutOurs(written: Written, top: Entry): Settlement {
  if (equal(written.kind, top.value, written.value)) return { is: 'confirmed', rule: 'S5', at: top.at };
  return { is: 'missing', rule: 'S4' };
}

/** The entries newer than what our read found. The CRM keeps a recent history only, so the base may be gone from it. */
function entriesSince(written: Written, history: readonly Entry[]): readonly Entry[] {
  const { base, kind } = written;
  const found = history.findIndex((entry) => entry.at === base.at && equal(kind, entry.value, base.value));
  return found === -1 ? history.filter((entry) => entry.at > base.at) : history.slice(0, found);
}

/** HubSpot knows only that our app wrote. */
export function isOurs(appId: string, { by }: Pick<Entry, 'by'>): boolean {
  return by.via === 'INTEGRATION' && by.id === appId;
}

/**
 * S2: a colleague's value was overwritten inside the window, so the field's rule decides once more, over that value:
 * keep what we wrote, write their value back, or (union) write both together. `now` is what the CRM holds.
 */
export function makeGood(
  rule: Rule,
  property: Property,
  theirs: Entry,
  asked: Asked,
  now: Value,
): { decision: Decision; restore: { value: Value } | null } {
  const decision = decide(rule, property, theirs, asked);
  const stands = decision.do === 'write' ? decision.value : theirs.value;
  return { decision, restore: equal(rule.kind, stands, now) ? null : { value: stands } };
}
