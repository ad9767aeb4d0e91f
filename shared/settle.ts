/**
 * The third law: what became of one written field, told from the property's history. Rules S1 to S6 in SPEC.md.
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
  const since = entriesSince(written, history);
  const top = since[0];
  if (top === undefined) return { is: 'missing', rule: 'S4' };
  const ours = since.findIndex(
    (entry) => isOurs(written, entry) && equal(written.kind, entry.value, written.value),
  );
  const own = since[ours];
  if (own === undefined) return withoutOurs(written, top);
  const theirs = since.slice(ours + 1).find((entry) => !isOurs(written, entry)) ?? null;
  if (ours > 0 && !equal(written.kind, top.value, written.value)) {
    // S6: a late write of our own lies on top: one that timed out and was applied after all. Decide again.
    return isOurs(written, top)
      ? { is: 'missing', rule: 'S6' }
      : { is: 'superseded', rule: 'S3', by: top, theirs };
  }
  if (theirs !== null && !equal(written.kind, theirs.value, written.value)) {
    // Somebody set our very value on top since: nothing of theirs may be written back over that newer word.
    if (!isOurs(written, top)) return { is: 'superseded', rule: 'S3', by: top, theirs };
    return { is: 'overtaken', rule: 'S2', theirs, at: own.at };
  }
  return { is: 'confirmed', rule: 'S1', at: own.at };
}

/**
 * Foreign values that writes of ours covered: by the one that is settled, and by late ones of which nobody heard (S6).
 * What somebody else covered is not ours to tell.
 */
export function covered(written: Written, history: readonly Entry[]): { theirs: Entry; by: Entry }[] {
  const since = entriesSince(written, history);
  return since.flatMap((theirs, i) => {
    const by = since[i - 1];
    const isCovered =
      by !== undefined &&
      isOurs(written, by) &&
      !isOurs(written, theirs) &&
      !equal(written.kind, by.value, theirs.value);
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

function isOurs(written: Written, entry: Entry): boolean {
  return entry.by.via === 'INTEGRATION' && entry.by.id === written.appId;
}

/**
 * S2: a colleague's value was overwritten inside the window, so the field's rule decides once more, over that value:
 * keep what we wrote, write their value back, or (union) write both together.
 */
export function makeGood(
  rule: Rule,
  property: Property,
  theirs: Entry,
  asked: Asked,
  ours: Value,
): { decision: Decision; restore: { value: Value } | null } {
  const decision = decide(rule, property, theirs, asked);
  const stands = decision.do === 'write' ? decision.value : theirs.value;
  return { decision, restore: equal(rule.kind, stands, ours) ? null : { value: stands } };
}
