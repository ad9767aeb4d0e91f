/**
 * One visit to one record: what the CRM answered, what customers asked and what we promised go in, everything that
 * has to be written comes out. Pure: the law is applied here and nowhere else.
 *
 *   1. observe the answer      2. settle what was promised      3. decide what was asked
 *   4. void what was decided on something else
 */
import { decide, fold, type Decision, type Rule, type Standing } from '@tallystick/shared/decide';
import { observeField, type Held } from '@tallystick/shared/observe';
import { isOurs, type Entry } from '@tallystick/shared/settle';
import { equal, type Kind } from '@tallystick/shared/values';
import { applyMove, guardsNow, later, LOOK_AGAIN_MS, move, moveOf, NEVER_SET, NOBODY } from './moves.ts';
import { asked as noteAsked, byUs, decided, sent } from './notes.ts';
import {
  endHeld,
  holdAgain,
  isLate,
  settleConflict,
  SETTLED_BEFORE,
  settlementOf,
  sharing,
  takenBy,
  takeUp,
} from './rulings.ts';
import { lateWrites } from './late.ts';
import { settlePromise } from './settling.ts';
import { voidDecisions } from './voiding.ts';
import type { OpenEdit, Situation, Visit } from './situation.ts';

/** The schema is read within this time when an answer puts it in doubt. */
const SCHEMA_LOOK_MS = 2_500;

export function visit(situation: Situation): Visit {
  const plan: Visit = {
    observed: {},
    notes: [],
    moves: [],
    conflicts: [],
    rulings: [],
    settled: [],
    looked: [],
    promises: [],
    again: null,
  };
  for (const field of Object.keys(situation.rules)) visitField(situation, field, plan);
  voidDecisions(situation, situation.object, plan);
  return { ...plan, notes: plan.notes.map((note) => byUs(note, situation.appId)) };
}

function visitField(situation: Situation, field: string, plan: Visit): void {
  const rule = situation.rules[field];
  if (rule === undefined) return;
  const history = (situation.read.history[field] ?? []).map((entry) =>
    attributed(situation, field, rule.kind, entry),
  );
  const crm: Standing = history[0] ?? NEVER_SET;
  const believed = observeAnswer(situation, field, rule.kind, crm, plan);

  const edits = situation.edits.filter((edit) => edit.field === field);
  plan.notes.push(...edits.filter((edit) => !edit.journaled).map(noteAsked));
  if (!believed) return; // O5: nothing is settled or decided over an answer that is older than what we know, or in doubt
  const promise = situation.promises.find((open) => open.field === field);
  const carried = edits.filter((edit) => promise?.editIds.includes(edit.editId));
  if (!carried.every((edit) => guardsBelieved(situation, edit)))
    return later(plan, 'observe', situation.now + LOOK_AGAIN_MS);
  const reopened = promise === undefined ? [] : settlePromise(situation, rule, promise, history, edits, plan);
  if (reopened === null) return; // still open, or owed: nothing else is decided for the field meanwhile
  const isGivenBack = lateWrites(situation, field, rule, promise, history, plan);
  // Its write did not arrive, and nothing may go out now: it waits like every other edit.
  if (isGivenBack || situation.isPaused?.(field, 'out') === true) {
    for (const editId of reopened)
      plan.moves.push({ editId, field, state: 'accepted', rule: 'S4', reason: null, crm: null });
    return;
  }
  const waiting = edits.filter((edit) =>
    carried.includes(edit) ? reopened.includes(edit.editId) : isDecidable(situation, edit),
  );
  if (waiting.length > 0) decideField(situation, field, rule, crm, waiting, plan);
}

/** An edit is not decided over an answer that was asked for before it, nor while a guard's answer is not believed. */
function isDecidable(situation: Situation, edit: OpenEdit): boolean {
  const drift = situation.driftOf?.(edit.field) ?? null;
  if (drift === 'waits' || drift === 'asking') return false;
  return edit.state === 'accepted' && edit.at <= situation.read.begunAt && guardsBelieved(situation, edit);
}

function guardsBelieved(situation: Situation, edit: OpenEdit): boolean {
  return (edit.guards ?? []).every(({ field, kind }) => {
    const crm = situation.read.history[field]?.[0] ?? NEVER_SET;
    return equal(kind, observed(situation, field, kind, crm).value, crm.value);
  });
}

/** False when the answer is older than an event or another answer, and not believed yet (O5). */
function observeAnswer(situation: Situation, field: string, kind: Kind, crm: Standing, plan: Visit): boolean {
  const drift = situation.driftOf?.(field) ?? null;
  if (drift === 'unsure' || drift === 'asking') later(plan, 'observe', situation.now + SCHEMA_LOOK_MS);
  if (drift === 'unsure') return false;
  if (drift === 'apart') return true; // it keeps its last value, and is decided over what the CRM has: nothing
  const after = observed(situation, field, kind, crm);
  const isPaused = situation.isPaused?.(field, 'in') === true;
  if (after !== situation.mirror[field] && !isPaused) plan.observed[field] = after;
  if (equal(kind, after.value, crm.value)) return true;
  later(plan, 'observe', situation.now + LOOK_AGAIN_MS);
  return false;
}

function observed(situation: Situation, field: string, kind: Kind, { value, at, by }: Standing): Held {
  const times = { begunAt: situation.read.begunAt, answeredAt: situation.now };
  return observeField(situation.mirror[field] ?? null, { how: 'read', value, at, by, ...times }, kind);
}

function decideField(
  situation: Situation,
  field: string,
  rule: Rule,
  crm: Standing,
  waiting: readonly OpenEdit[],
  plan: Visit,
): void {
  const writing = waiting.filter(
    (edit) =>
      takenBy(waiting, edit) === undefined && !ruleWithoutWrite(situation, rule, crm, edit, waiting, plan),
  );
  const asked = writing.map((edit) => ({ ...edit, guards: guardsNow(situation, edit) }));
  const { decisions, write } = fold(rule, situation.properties(field), crm, asked);
  const carried: OpenEdit[] = [];
  writing.forEach((edit, index) => {
    const decision = decisions[index];
    if (decision === undefined) return;
    plan.notes.push(decided(edit, decision, crm));
    if (decision.do !== 'refuse') settleConflict(edit, crm, plan);
    if (decision.do === 'refuse') refuseRuling(edit, waiting, crm, plan);
    // R1: what staff chose stands for itself, so what was merged before it is not in it.
    const isOverruled = decisions
      .slice(index + 1)
      .some((later) => later.do === 'write' && later.rule === 'R1');
    const end = endInFold(rule, crm, edit, decision, write, isOverruled);
    if (end === 'itself') applyMove(edit, decision, crm, plan);
    else if (end === 'carried') carried.push(edit);
    else if (end === 'verified') move(plan, edit, 'verified', decision.rule, null);
    else
      move(plan, edit, 'superseded', 'F1', {
        value: write === null ? crm.value : write.value,
        at: edit.at,
        by: NOBODY,
      });
  });
  const last = carried.at(-1);
  if (write === null || last === undefined) return;
  const editIds = carried.flatMap(sharing);
  for (const edit of carried) takeUp(edit, crm, plan);
  plan.promises.push({
    field,
    value: write.value,
    base: crm,
    editIds,
    person: last.ruling?.choice === 'take' ? (last.ruling.held?.person ?? last.person) : last.person,
    restores: false,
    owed: false,
  });
  plan.notes.push(sent(field, editIds, crm, write.value));
}

/**
 * F1: what becomes of an edit of several. Its decision was made over what the edits before it would leave; in the CRM is
 * only what stood there, and what is written in the end.
 */
function endInFold(
  rule: Rule,
  crm: Standing,
  edit: OpenEdit,
  decision: Decision,
  write: Extract<Decision, { do: 'write' }> | null,
  isOverruled: boolean,
): 'itself' | 'carried' | 'verified' | 'superseded' {
  if (decision.do !== 'write' && decision.do !== 'already') return 'itself';
  const value = decision.do === 'write' ? decision.value : edit.wanted;
  const isThere = equal(rule.kind, value, crm.value);
  if (decision.do === 'already' && (isThere || (write === null && decision.rule === 'D8' && !isOverruled)))
    return 'itself';
  if (write === null) return isThere ? 'verified' : 'superseded';
  return (isMerged(rule, write) && !isOverruled) || equal(rule.kind, value, write.value)
    ? 'carried'
    : 'superseded';
}

/** The value put together from all edits holds each of them; one that staff chose holds only itself. */
function isMerged(rule: Rule, write: Extract<Decision, { do: 'write' }>): boolean {
  return rule.conflict === 'union' && write.rule !== 'R1';
}

/** R2, R5: a ruling that writes nothing is decided by itself, over what the CRM holds. False for every other edit. */
function ruleWithoutWrite(
  situation: Situation,
  rule: Rule,
  crm: Standing,
  edit: OpenEdit,
  waiting: readonly OpenEdit[],
  plan: Visit,
): boolean {
  const late = isLate(edit) || comesSecond(situation, rule, crm, edit, waiting);
  if (!late && edit.ruling?.choice !== 'keep') return false;
  const asked = { ...edit, guards: guardsNow(situation, edit) };
  const decision = late ? SETTLED_BEFORE : decide(rule, situation.properties(edit.field), crm, asked);
  plan.notes.push(decided(edit, decision, crm));
  if (decision.do === 'refuse') refuseRuling(edit, waiting, crm, plan);
  else settleConflict(edit, crm, plan);
  applyMove(edit, decision, crm, plan);
  return true;
}

/** R5, in one visit: an earlier ruling about the same conflict counts. It does unless it is refused, whatever is folded. */
function comesSecond(
  situation: Situation,
  rule: Rule,
  crm: Standing,
  edit: OpenEdit,
  waiting: readonly OpenEdit[],
): boolean {
  const conflictId = edit.ruling?.conflictId ?? null;
  if (conflictId === null) return false;
  const earlier = waiting.slice(0, waiting.indexOf(edit));
  return earlier.some((other) => {
    if (other.ruling?.conflictId !== conflictId) return false;
    const asked = { ...other, guards: guardsNow(situation, other) };
    return decide(rule, situation.properties(edit.field), crm, asked).do !== 'refuse';
  });
}

function refuseRuling(ruling: OpenEdit, waiting: readonly OpenEdit[], crm: Standing, plan: Visit): void {
  const taken = waiting.find((edit) => takenBy([ruling], edit) !== undefined);
  if (taken !== undefined) holdAgain(taken, ruling, crm, plan);
}

/** The promise knows for whom our app wrote (D4). */
function attributed(situation: Situation, field: string, kind: Kind, entry: Entry): Entry {
  if (!isOurs(situation.appId, entry)) return entry;
  const own = situation.ownWrites.find(
    (write) => write.field === field && equal(kind, write.value, entry.value),
  );
  return own === undefined ? entry : { ...entry, by: { ...entry.by, person: own.person } };
}

/** The record is no longer there, or lives on under another id: what was asked of it ends with that reason. */
export function visitGone(
  edits: readonly OpenEdit[],
  reason: 'record-gone' | 'record-merged',
): Pick<Visit, 'notes' | 'moves' | 'rulings'> {
  const refusal: Decision = { do: 'refuse', rule: 'D2', reason, field: null };
  return {
    notes: [
      ...edits.filter((edit) => !edit.journaled).map(noteAsked),
      ...edits.map((edit) => decided(edit, refusal, NEVER_SET)),
    ],
    moves: edits
      .flatMap((edit) => [moveOf(edit, 'refused', 'D2', null), ...endHeld(edit)])
      .map((each) => ({ ...each, reason })),
    rulings: edits.flatMap(settlementOf),
  };
}
