/**
 * One visit to one record: what the CRM answered, what customers asked and what we promised go in, everything that
 * has to be written comes out. Pure: the law is applied here and nowhere else.
 *
 *   1. observe the answer      2. settle what was promised      3. decide what was asked
 */
import { fold, type Asked, type Decision, type Rule, type Standing } from '@tallystick/shared/decide';
import type { EditId } from '@tallystick/shared/ids';
import type { EditState } from '@tallystick/shared/messages';
import { observeField, type Held, type Source } from '@tallystick/shared/observe';
import { makeGood, settle, type Entry } from '@tallystick/shared/settle';
import { equal, type Kind } from '@tallystick/shared/values';
import { asked as noteAsked, decided, proven, sent } from './notes.ts';
import type { EditMove, NewPromise, OpenEdit, OpenPromise, Situation, Visit } from './situation.ts';

export function visit(situation: Situation): Visit {
  const plan: Visit = {
    observed: {},
    notes: [],
    moves: [],
    conflicts: [],
    settled: [],
    promises: [],
    again: null,
  };
  for (const field of Object.keys(situation.rules)) visitField(situation, field, plan);
  return plan;
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
  if (!believed) return; // O5: nothing is settled or decided over an answer that is older than what we know
  const promise = situation.promises.find((open) => open.field === field);
  const carried = edits.filter((edit) => promise?.editIds.includes(edit.editId));
  if (!carried.every((edit) => guardsBelieved(situation, edit)))
    return later(plan, 'observe', situation.now + LOOK_AGAIN_MS);
  const reopened = promise === undefined ? [] : settlePromise(situation, rule, promise, history, edits, plan);
  if (reopened === null) return; // still open, or owed: nothing else is decided for the field meanwhile
  const waiting = edits.filter((edit) =>
    carried.includes(edit) ? reopened.includes(edit.editId) : isDecidable(situation, edit),
  );
  if (waiting.length > 0) decideField(situation, field, rule, crm, waiting, plan);
}

const NOBODY: Source = { via: 'UNKNOWN', id: null, person: null };
const NEVER_SET: Standing = { value: null, at: 0, by: NOBODY };

/** An edit is not decided over an answer that was asked for before it, nor while a guard's answer is not believed. */
function isDecidable(situation: Situation, edit: OpenEdit): boolean {
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
  const after = observed(situation, field, kind, crm);
  if (after !== situation.mirror[field]) plan.observed[field] = after;
  if (equal(kind, after.value, crm.value)) return true;
  later(plan, 'observe', situation.now + LOOK_AGAIN_MS);
  return false;
}

function observed(situation: Situation, field: string, kind: Kind, { value, at, by }: Standing): Held {
  const { begunAt } = situation.read;
  return observeField(situation.mirror[field] ?? null, { how: 'read', value, at, by, begunAt }, kind);
}

const LOOK_AGAIN_MS = 1_000;

/** Returns the edits that have to be decided anew; null while the outcome is open, or something is owed instead. */
function settlePromise(
  situation: Situation,
  rule: Rule,
  promise: OpenPromise,
  history: readonly Entry[],
  edits: readonly OpenEdit[],
  plan: Visit,
): EditId[] | null {
  const written = { kind: rule.kind, value: promise.value, base: promise.base, appId: situation.appId };
  const settlement = settle(written, history);
  if (settlement.is === 'missing' && settlement.rule === 'S4' && mayStillCome(situation, promise)) {
    later(plan, 'settle', situation.now + Math.min(LOOK_AGAIN_MS, situation.patience.ambiguousMs));
    return null;
  }
  plan.settled.push({ promiseId: promise.promiseId, outcome: settlement.is });
  plan.notes.push(...proven(promise, settlement));
  switch (settlement.is) {
    case 'confirmed':
      endAll(promise, 'verified', settlement.rule, null, plan);
      return [];
    case 'superseded':
      endAll(promise, 'superseded', settlement.rule, settlement.by, plan);
      return [];
    case 'overtaken':
      return overtaken(situation, rule, promise, settlement.theirs, history, edits, plan);
    case 'missing':
      if (promise.owed && history[0]?.by.id === situation.appId) return oweAgain(promise, history[0], plan);
      return promise.restores ? [] : promise.editIds; // somebody has moved on: nothing is owed to them any more
    default:
      return settlement satisfies never;
  }
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
  const edit = edits.findLast((open) => promise.editIds.includes(open.editId));
  if (edit === undefined || promise.restores) {
    // A restore overtook a still newer foreign value: that one is owed instead.
    owe(promise, base, { value: theirs.value, restores: true, person: null }, plan);
    return null;
  }
  const asked = madeGood(situation, rule, promise, edit);
  const { decision, restore } = makeGood(
    rule,
    situation.properties(promise.field),
    theirs,
    asked,
    promise.value,
  );
  plan.notes.push(decided(edit, decision, theirs));
  const keepsOurs = decision.do === 'write' || decision.do === 'already';
  if (restore !== null) {
    owe(
      promise,
      base,
      { value: restore.value, restores: !keepsOurs, person: keepsOurs ? edit.person : null },
      plan,
    );
  } else if (keepsOurs) {
    endAll(promise, 'verified', decision.rule, null, plan);
  }
  if (!keepsOurs) {
    for (const carried of edits) {
      if (promise.editIds.includes(carried.editId)) applyMove(carried, decision, theirs, plan);
    }
  }
  return restore === null ? [] : null;
}

/** Of a union it is what the write changed that is put together with theirs: it may have carried several edits. */
function madeGood(situation: Situation, rule: Rule, promise: OpenPromise, edit: OpenEdit): Asked {
  const asked = { ...edit, guards: guardsNow(situation, edit) };
  return rule.conflict === 'union' ? { ...asked, seen: promise.base.value, wanted: promise.value } : asked;
}

function owe(
  promise: OpenPromise,
  base: Standing,
  what: Pick<NewPromise, 'value' | 'restores' | 'person'>,
  plan: Visit,
): void {
  const { field, editIds } = promise;
  plan.promises.push({ field, editIds, base, owed: true, ...what });
  plan.notes.push(sent(field, editIds, base, what.value));
}

/** A value that was owed was not written: it is owed still. */
function oweAgain(promise: OpenPromise, base: Standing, plan: Visit): null {
  const { value, restores, person } = promise;
  owe(promise, base, { value, restores, person }, plan);
  return null;
}

function decideField(
  situation: Situation,
  field: string,
  rule: Rule,
  crm: Standing,
  waiting: readonly OpenEdit[],
  plan: Visit,
): void {
  const asked = waiting.map((edit) => ({ ...edit, guards: guardsNow(situation, edit) }));
  const { decisions, write } = fold(rule, situation.properties(field), crm, asked);
  const carried: OpenEdit[] = [];
  waiting.forEach((edit, index) => {
    const decision = decisions[index];
    if (decision === undefined) return;
    plan.notes.push(decided(edit, decision, crm));
    if (decision.do !== 'write') applyMove(edit, decision, crm, plan);
    else if (write === null)
      move(plan, edit, 'verified', decision.rule, null); // F1: the edits cancel out
    else if (rule.conflict === 'union' || equal(rule.kind, decision.value, write.value)) carried.push(edit);
    else move(plan, edit, 'superseded', 'F1', { value: write.value, at: edit.at, by: NOBODY });
  });
  const last = carried.at(-1);
  if (write === null || last === undefined) return;
  const editIds = carried.map((edit) => edit.editId);
  plan.promises.push({
    field,
    value: write.value,
    base: crm,
    editIds,
    person: last.person,
    restores: false,
    owed: false,
  });
  plan.notes.push(sent(field, editIds, crm, write.value));
}

/** What a decision other than `write` makes of an edit. */
function applyMove(edit: OpenEdit, decision: Decision, crm: Standing, plan: Visit): void {
  switch (decision.do) {
    case 'already':
      return move(plan, edit, 'verified', decision.rule, null);
    case 'refuse':
      plan.moves.push({ ...moveOf(edit, 'refused', decision.rule, crm), reason: decision.reason });
      return;
    case 'yield':
      return move(plan, edit, 'superseded', decision.rule, decision.to);
    case 'hold':
      plan.conflicts.push({ kind: 'conflict', field: edit.field, edit, crm: decision.against });
      return move(plan, edit, 'held', decision.rule, decision.against);
    case 'propose':
      plan.conflicts.push({ kind: 'proposal', field: edit.field, edit, crm });
      return move(plan, edit, 'held', decision.rule, crm);
    case 'write':
      return;
    default:
      return decision satisfies never;
  }
}

function guardsNow(situation: Situation, edit: OpenEdit): NonNullable<Asked['guards']> {
  return (edit.guards ?? []).map((guard) => ({
    ...guard,
    crm: situation.read.history[guard.field]?.[0]?.value ?? null,
  }));
}

/** HubSpot knows only that our app wrote; the promise knows for whom (D4). */
function attributed(situation: Situation, field: string, kind: Kind, entry: Entry): Entry {
  if (entry.by.via !== 'INTEGRATION' || entry.by.id !== situation.appId) return entry;
  const own = situation.ownWrites.find(
    (write) => write.field === field && equal(kind, write.value, entry.value),
  );
  return own === undefined ? entry : { ...entry, by: { ...entry.by, person: own.person } };
}

function endAll(
  promise: OpenPromise,
  state: EditState,
  rule: string,
  crm: Standing | null,
  plan: Visit,
): void {
  for (const editId of promise.editIds) {
    if (promise.restores) continue; // these edits came to their end when their value was taken back
    plan.moves.push({ editId, field: promise.field, state, rule, reason: null, crm });
  }
}

function move(plan: Visit, edit: OpenEdit, state: EditState, rule: string, crm: Standing | null): void {
  plan.moves.push(moveOf(edit, state, rule, crm));
}

function moveOf(edit: OpenEdit, state: EditState, rule: string, crm: Standing | null): EditMove {
  return { editId: edit.editId, field: edit.field, state, rule, reason: null, crm };
}

function later(plan: Visit, lane: 'settle' | 'observe', notBefore: number): void {
  const first = plan.again;
  if (first === null || notBefore < first.notBefore) plan.again = { lane, notBefore };
}

/** The record is no longer there, or lives on under another id: what was asked of it ends with that reason. */
export function visitGone(
  edits: readonly OpenEdit[],
  reason: 'record-gone' | 'record-merged',
): Pick<Visit, 'notes' | 'moves'> {
  const refusal: Decision = { do: 'refuse', rule: 'D2', reason, field: null };
  return {
    notes: [
      ...edits.filter((edit) => !edit.journaled).map(noteAsked),
      ...edits.map((edit) => decided(edit, refusal, NEVER_SET)),
    ],
    moves: edits.map((edit) => ({ ...moveOf(edit, 'refused', 'D2', null), reason })),
  };
}
