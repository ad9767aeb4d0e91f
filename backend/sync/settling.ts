/** What became of a promise, and what is owed because of it. Rules S1 to S6 of SPEC.md, applied to one field. Pure. */
import { merge, type Asked, type Rule, type Standing } from '@tallystick/shared/decide';
import type { EditId } from '@tallystick/shared/ids';
import { covered, isOurs, makeGood, settle, type Entry, type Written } from '@tallystick/shared/settle';
import { equal, type Value } from '@tallystick/shared/values';
import { applyMove, endAll, guardsNow, later, LOOK_AGAIN_MS, NEVER_SET } from './moves.ts';
import { decided, lost, proven, sent } from './notes.ts';
import { holdAgain, sharing, takenBy } from './rulings.ts';
import type { NewPromise, OpenEdit, OpenPromise, Situation, Visit } from './situation.ts';

/** Returns the edits that have to be decided anew; null while the outcome is open, or something is owed instead. */
export function settlePromise(
  situation: Situation,
  rule: Rule,
  promise: OpenPromise,
  history: readonly Entry[],
  edits: readonly OpenEdit[],
  plan: Visit,
): EditId[] | null {
  const written = writtenBy(situation, rule, promise);
  const settlement = settle(written, history);
  // S5: somebody set the same value, but a call that nobody answered may yet arrive on top of what they set next.
  const isOpen = settlement.rule === 'S4' || (settlement.rule === 'S5' && promise.answeredAt === null);
  if (isOpen && mayStillCome(situation, promise)) {
    later(plan, 'settle', situation.now + Math.min(LOOK_AGAIN_MS, situation.patience.ambiguousMs));
    return null;
  }
  const isUnseen = settlement.is === 'missing' || settlement.rule === 'S5';
  const watchedFrom = isUnseen && promise.sentAt > 0 ? (history[0]?.at ?? 0) : null;
  plan.settled.push({ promiseId: promise.promiseId, outcome: settlement.is, watchedFrom });
  plan.notes.push(...proven(promise, settlement), ...lost(promise, settlement, covered(written, history)));
  switch (settlement.is) {
    case 'confirmed':
      confirmed(situation, promise, settlement.rule, history, edits, plan);
      return [];
    case 'superseded':
      endAll(promise, 'superseded', settlement.rule, settlement.by, plan);
      return [];
    case 'overtaken':
      return overtaken(situation, rule, promise, settlement.theirs, history, edits, plan);
    case 'missing':
      if (isOweStill(situation, promise, settlement.rule, history))
        return oweAgain(promise, history[0] ?? NEVER_SET, promise.value, plan);
      if (promise.owed && rule.conflict === 'union')
        return oweBesides(rule, promise, history[0] ?? NEVER_SET, plan);
      return promise.restores ? [] : promise.editIds; // somebody has moved on: nothing is owed to them any more
    default:
      return settlement satisfies never;
  }
}

/** Of what was owed nothing is decided anew while nobody else has come; of what a late write covered neither (S6). */
function isOweStill(
  situation: Situation,
  promise: OpenPromise,
  rule: string,
  [top]: readonly Entry[],
): boolean {
  return rule === 'S6' || (promise.owed && top !== undefined && isOurs(situation.appId, top));
}

export function writtenBy(situation: Situation, { kind }: Rule, { value, base }: OpenPromise): Written {
  return { kind, value, base, appId: situation.appId };
}

/** What one write carried is proven together, but an edit whose guards moved is not what was approved (A2). */
function confirmed(
  situation: Situation,
  promise: OpenPromise,
  rule: string,
  history: readonly Entry[],
  edits: readonly OpenEdit[],
  plan: Visit,
): void {
  const moved = new Set(
    edits
      .filter((edit) => promise.editIds.includes(edit.editId) && hasMovedUnder(situation, edit))
      .flatMap((edit) => [edit.editId, ...sharing(takenBy(edits, edit) ?? edit)]),
  );
  const part = (which: boolean): OpenPromise => ({
    ...promise,
    editIds: promise.editIds.filter((editId) => moved.has(editId) === which),
  });
  endAll(part(true), 'superseded', 'A2', history[0] ?? null, plan);
  endAll(part(false), 'verified', rule, null, plan);
}

/** A2: what the edit depends on moved between our read and our write. (A ruling's guard is its own field, which it wrote.) */
function hasMovedUnder(situation: Situation, edit: OpenEdit): boolean {
  return guardsNow(situation, edit).some(
    ({ field, kind, seen, crm }) => field !== edit.field && !equal(kind, seen, crm),
  );
}

function mayStillCome(situation: Situation, promise: OpenPromise): boolean {
  // What a look may conclude depends on when it was asked, not on when its answer came.
  const { patience, read } = situation;
  return promise.answeredAt === null
    ? read.begunAt < promise.sentAt + patience.ambiguousMs
    : read.begunAt < promise.answeredAt + patience.answeredMs;
}

/** S2: their value was overwritten inside the window; the rule decides once more over it. Null when a value is owed. */
function overtaken(
  situation: Situation,
  rule: Rule,
  promise: OpenPromise,
  theirs: Entry,
  history: readonly Entry[],
  edits: readonly OpenEdit[],
  plan: Visit,
): EditId[] | null {
  const base: Standing = history[0] ?? NEVER_SET;
  const carried = edits.filter(({ editId }) => promise.editIds.includes(editId));
  const verdicts = carried
    .filter((edit) => takenBy(edits, edit) === undefined)
    .map((edit) => ({ edit, ...madeGoodFor(situation, rule, promise, theirs, base.value, edit) }));
  // Who is refused ends alone: what one write carried need not have been asked by the same people under the same guards.
  const last = verdicts.findLast(({ decision }) => decision.do !== 'refuse') ?? verdicts.at(-1);
  if (last === undefined || promise.restores) {
    // A restore overtook a still newer foreign value: that one is owed instead.
    if (equal(rule.kind, theirs.value, base.value)) return [];
    owe(promise, base, { value: theirs.value, restores: true, person: null }, plan);
    return null;
  }
  const { edit, decision, restore } = last;
  const keepsOurs = decision.do === 'write' || decision.do === 'already';
  const ended = verdicts.filter((one) => !keepsOurs || one.decision.do === 'refuse');
  plan.notes.push(
    ...[...ended.filter((one) => one !== last), last].map((one) => decided(one.edit, one.decision, theirs)),
  );
  for (const one of ended) {
    applyMove(one.edit, one.decision.do === 'refuse' ? one.decision : decision, theirs, plan);
    const taken = carried.find((other) => takenBy([one.edit], other) !== undefined);
    if (taken !== undefined) holdAgain(taken, one.edit, theirs, plan);
  }
  const gone = keepsOurs ? ended.flatMap((one) => sharing(one.edit)) : [];
  const kept = { ...promise, editIds: promise.editIds.filter((editId) => !gone.includes(editId)) };
  if (restore !== null) {
    const person = keepsOurs ? edit.person : null;
    owe(kept, base, { value: restore.value, restores: !keepsOurs, person }, plan);
  } else if (keepsOurs) {
    endAll(kept, 'verified', decision.rule, null, plan);
  }
  return restore === null ? [] : null;
}

/** Of a union it is what the write changed that is put together with theirs: it may have carried several edits. */
function madeGoodFor(
  situation: Situation,
  rule: Rule,
  promise: OpenPromise,
  theirs: Entry,
  now: Value,
  edit: OpenEdit,
): ReturnType<typeof makeGood> {
  const asked: Asked = { ...edit, guards: guardsNow(situation, edit) };
  const union = { ...asked, seen: promise.base.value, wanted: promise.value };
  const property = situation.properties(promise.field);
  return makeGood(rule, property, theirs, rule.conflict === 'union' ? union : asked, now);
}

/** S6, S7: a late write of our own lies on top, so what stands below it is given back. False when it is the same. */
export function giveBack(
  field: string,
  { kind }: Rule,
  top: Standing,
  below: Standing,
  plan: Visit,
): boolean {
  if (equal(kind, top.value, below.value)) return false;
  owe({ field, editIds: [] }, top, { value: below.value, restores: true, person: null }, plan);
  return true;
}

function owe(
  { field, editIds }: Pick<NewPromise, 'field' | 'editIds'>,
  base: Standing,
  what: Pick<NewPromise, 'value' | 'restores' | 'person'>,
  plan: Visit,
): void {
  plan.promises.push({ field, editIds, base, owed: true, ...what });
  plan.notes.push(sent(field, editIds, base, what.value));
}

/** Of a union, what was owed is owed besides what somebody chose meanwhile, who could not see it. */
function oweBesides(rule: Rule, promise: OpenPromise, base: Standing, plan: Visit): EditId[] | null {
  const value = merge(promise.base.value, base.value, promise.value);
  const isThere = equal(rule.kind, value, base.value) || (value === null && rule.required);
  if (isThere) return promise.restores ? [] : promise.editIds;
  return oweAgain(promise, base, value, plan);
}

/** A value that was owed was not written: it is owed still. */
function oweAgain(promise: OpenPromise, base: Standing, value: Value, plan: Visit): null {
  const { restores, person } = promise;
  owe(promise, base, { value, restores, person }, plan);
  return null;
}
