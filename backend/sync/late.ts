/** Writes of our own that were given up and come after all. Rules S6 and S7 of SPEC.md, applied to one field. Pure. */
import type { Rule } from '@tallystick/shared/decide';
import { coveredIn, isOurs, lateOnTop, leading, type Entry } from '@tallystick/shared/settle';
import { equal } from '@tallystick/shared/values';
import { NEVER_SET } from './moves.ts';
import { covering } from './notes.ts';
import { giveBack, writtenBy } from './settling.ts';
import type { OpenPromise, Situation, Visit } from './situation.ts';

/**
 * What lies below a late write on top is given back. `promise`: the one that was open until this visit, by which the
 * late ones are told; without it they are told by those that were given up. False when nothing is owed.
 */
export function lateWrites(
  situation: Situation,
  field: string,
  rule: Rule,
  promise: OpenPromise | undefined,
  history: readonly Entry[],
  plan: Visit,
): boolean {
  const top = history[0] ?? NEVER_SET;
  const watched = situation.givenUp.filter((one) => one.field === field);
  for (const { promiseId, from } of watched) if (top.at > from) plan.looked.push({ promiseId, from: top.at });
  const isLate = (entry: Entry): boolean =>
    isOurs(situation.appId, entry) &&
    watched.some(({ value, from }) => entry.at > from && equal(rule.kind, value, entry.value));
  if (promise === undefined)
    for (const one of coveredIn(rule.kind, situation.appId, history))
      if (isLate(one.by)) plan.notes.push(covering('S7', field, null, one));
  const count =
    promise === undefined
      ? leading(history, isLate)
      : lateOnTop(writtenBy(situation, rule, promise), history);
  return count > 0 && giveBack(field, rule, top, history[count] ?? NEVER_SET, plan);
}
