/**
 * One visit to one record: what the CRM answered, what customers asked and what we promised go in, everything that
 * has to be written comes out. Pure: the law is applied here and nowhere else.
 *
 *   1. observe the answer      2. settle what was promised      3. decide what was asked
 */
import {
  fold,
  type Asked,
  type Decision,
  type Property,
  type Rule,
  type Standing,
} from '@tallystick/shared/decide';
import type { EditId, RecordId } from '@tallystick/shared/ids';
import type { EditState } from '@tallystick/shared/messages';
import { observeField, type Held, type Mirror, type Source } from '@tallystick/shared/observe';
import { makeGood, settle, type Entry, type Settlement } from '@tallystick/shared/settle';
import { equal, type Kind, type Value } from '@tallystick/shared/values';
import { asked as noteAsked, decided, proven, sent, type Note } from './notes.ts';

/** How long a write that the history does not show is looked for again before it is decided anew, in ms. */
export interface Patience {
  /** HubSpot said yes to it. */
  answeredMs: number;
  /** Nobody answered; it may still be applied. Later than this it is found as a late write of our own (S6). */
  ambiguousMs: number;
}
export const PATIENCE: Patience = { answeredMs: 10_000, ambiguousMs: 5_000 };

export interface OpenEdit extends Asked {
  editId: EditId;
  person: RecordId;
  field: string;
  state: EditState;
  /** The journal has already been told that this was asked. */
  journaled: boolean;
}

export interface OpenPromise {
  promiseId: string;
  field: string;
  value: Value;
  base: Standing;
  editIds: EditId[];
  restores: boolean;
  /** Our clock: the latest moment at which the call may have gone out. */
  sentAt: number;
  /** Our clock: when HubSpot said yes; null while nobody knows. */
  answeredAt: number | null;
}

export interface Situation {
  now: number;
  patience: Patience;
  appId: string;
  mirror: Mirror;
  /** When the read began, and every mapped field's history, newest first. */
  read: { begunAt: number; history: Readonly<Record<string, readonly Entry[]>> };
  /** Oldest first. */
  edits: readonly OpenEdit[];
  promises: readonly OpenPromise[];
  /** Whose edit our own writes were, newest first: HubSpot knows only that our app wrote. */
  ownWrites: readonly { field: string; value: Value; person: RecordId }[];
  rules: Readonly<Record<string, Rule>>;
  properties: (field: string) => Property;
}

export interface EditMove {
  editId: EditId;
  field: string;
  state: EditState;
  rule: string | null;
  reason: string | null;
  crm: Standing | null;
}
export interface NewPromise {
  field: string;
  value: Value;
  base: Standing;
  editIds: EditId[];
  person: RecordId | null;
  restores: boolean;
}
export interface NewConflict {
  kind: 'conflict' | 'proposal';
  field: string;
  edit: OpenEdit;
  crm: Standing;
}
export interface Visit {
  /** Fields whose mirror moved, in value or in what is known of it. */
  observed: Record<string, Held>;
  notes: Note[];
  moves: EditMove[];
  conflicts: NewConflict[];
  settled: { promiseId: string; outcome: Settlement['is'] }[];
  promises: NewPromise[];
  /** When the record has to be looked at again, and why; null when it is done. */
  again: { lane: 'settle' | 'observe'; notBefore: number } | null;
}

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
  observeAnswer(situation, field, rule.kind, crm, plan);

  const edits = situation.edits.filter((edit) => edit.field === field);
  plan.notes.push(...edits.filter((edit) => !edit.journaled).map(noteAsked));
  const promise = situation.promises.find((open) => open.field === field);
  const reopened = promise === undefined ? [] : settlePromise(situation, rule, promise, history, edits, plan);
  if (reopened === null) return; // the promise is still open: nothing is decided meanwhile
  const waiting = edits.filter((edit) => edit.state === 'accepted' || reopened.includes(edit.editId));
  if (waiting.length > 0) decideField(situation, field, rule, crm, waiting, plan);
}

const NOBODY: Source = { via: 'UNKNOWN', id: null, person: null };
const NEVER_SET: Standing = { value: null, at: 0, by: NOBODY };

function observeAnswer(situation: Situation, field: string, kind: Kind, crm: Standing, plan: Visit): void {
  const { begunAt } = situation.read;
  const held = situation.mirror[field] ?? null;
  const after = observeField(held, { how: 'read', value: crm.value, at: crm.at, by: crm.by, begunAt }, kind);
  if (after !== held) plan.observed[field] = after;
  // O5: the answer was older than an event and is not believed yet: look again.
  if (!equal(kind, after.value, crm.value)) later(plan, 'observe', situation.now + LOOK_AGAIN_MS);
}

const LOOK_AGAIN_MS = 1_000;

/**
 * Returns the edits that have to be decided anew, or null while the outcome is still open.
 */
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
      overtaken(situation, rule, promise, settlement.theirs, history, edits, plan);
      return [];
    case 'missing':
      if (!promise.restores) return promise.editIds;
      restoreAgain(situation, promise, history, plan);
      return [];
    default:
      return settlement satisfies never;
  }
}

function mayStillCome(situation: Situation, promise: OpenPromise): boolean {
  const { now, patience } = situation;
  return promise.answeredAt === null
    ? now < promise.sentAt + patience.ambiguousMs
    : now < promise.answeredAt + patience.answeredMs;
}

/** S2: their value was overwritten inside the window; the rule decides once more over it. */
function overtaken(
  situation: Situation,
  rule: Rule,
  promise: OpenPromise,
  theirs: Entry,
  history: readonly Entry[],
  edits: readonly OpenEdit[],
  plan: Visit,
): void {
  const { field } = promise;
  const base: Standing = history[0] ?? NEVER_SET;
  const edit = edits.findLast((open) => promise.editIds.includes(open.editId));
  if (edit === undefined || promise.restores) {
    // A restore overtook a still newer foreign value: that one is owed instead.
    plan.promises.push({
      field,
      value: theirs.value,
      base,
      editIds: promise.editIds,
      person: null,
      restores: true,
    });
    return;
  }
  const { decision, restore } = makeGood(rule, situation.properties(field), theirs, edit, promise.value);
  plan.notes.push(decided(edit, decision, theirs));
  const keepsOurs = decision.do === 'write' || decision.do === 'already';
  if (restore !== null) {
    const person = keepsOurs ? edit.person : null;
    plan.promises.push({
      field,
      value: restore.value,
      base,
      editIds: promise.editIds,
      person,
      restores: !keepsOurs,
    });
    plan.notes.push(sent(field, promise.editIds, base, restore.value));
  }
  if (keepsOurs) {
    if (restore === null) endAll(promise, 'verified', decision.rule, null, plan);
    return;
  }
  for (const carried of edits) {
    if (promise.editIds.includes(carried.editId)) applyMove(carried, decision, theirs, plan);
  }
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
  plan.promises.push({ field, value: write.value, base: crm, editIds, person: last.person, restores: false });
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

/** A value we owe back was not written: it is owed still, unless somebody else has moved on meanwhile. */
function restoreAgain(
  situation: Situation,
  promise: OpenPromise,
  history: readonly Entry[],
  plan: Visit,
): void {
  const top = history[0];
  if (top === undefined || top.by.id !== situation.appId) return;
  const { field, value, editIds } = promise;
  plan.promises.push({ field, value, base: top, editIds, person: null, restores: true });
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
