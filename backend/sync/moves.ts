/** What a visit makes of edits: the moves they take, and when the record is looked at again. Pure. */
import type { Asked, Decision, Standing } from '@tallystick/shared/decide';
import type { EditState } from '@tallystick/shared/messages';
import type { Source } from '@tallystick/shared/observe';
import { sharing } from './rulings.ts';
import type { EditMove, OpenEdit, OpenPromise, Situation, Visit } from './situation.ts';

export const NOBODY: Source = { via: 'UNKNOWN', id: null, person: null };
export const NEVER_SET: Standing = { value: null, at: 0, by: NOBODY };
export const LOOK_AGAIN_MS = 1_000;

/** What a decision other than `write` makes of an edit. */
export function applyMove(edit: OpenEdit, decision: Decision, crm: Standing, plan: Visit): void {
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

export function guardsNow(situation: Situation, edit: OpenEdit): NonNullable<Asked['guards']> {
  return (edit.guards ?? []).map((guard) => ({
    ...guard,
    crm: situation.read.history[guard.field]?.[0]?.value ?? null,
  }));
}

export function endAll(
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

export function move(
  plan: Visit,
  edit: OpenEdit,
  state: EditState,
  rule: string,
  crm: Standing | null,
): void {
  for (const editId of sharing(edit)) plan.moves.push({ ...moveOf(edit, state, rule, crm), editId });
}

export function moveOf(edit: OpenEdit, state: EditState, rule: string, crm: Standing | null): EditMove {
  return { editId: edit.editId, field: edit.field, state, rule, reason: null, crm };
}

export function later(plan: Visit, lane: 'settle' | 'observe', notBefore: number): void {
  const first = plan.again;
  if (first === null || notBefore < first.notBefore) plan.again = { lane, notBefore };
}
