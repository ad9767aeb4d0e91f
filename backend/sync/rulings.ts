/** What a ruling of staff means for the held edit it answers. Rules R2 to R5 of SPEC.md. Pure. */
import type { Decision, Standing } from '@tallystick/shared/decide';
import { isStaffId, type EditId } from '@tallystick/shared/ids';
import type { SettledConflict } from '../store/conflicts.ts';
import { ruled } from './notes.ts';
import type { EditMove, OpenEdit, Visit } from './situation.ts';

/**
 * The ruling, among these edits, that took this one: from then on the two share one fate (R3). One that came too late
 * took nothing (R5), so its refusal holds nothing again either.
 */
export function takenBy(edits: readonly OpenEdit[], { editId, field }: OpenEdit): OpenEdit | undefined {
  return edits.find(
    ({ ruling, ...by }) =>
      ruling?.choice === 'take' &&
      ruling.held?.editId === editId &&
      !ruling.held.isSettled &&
      by.field === field,
  );
}

/** The edits that share this one's fate, its own last. */
export function sharing({ editId, ruling }: OpenEdit): EditId[] {
  return ruling?.choice === 'take' && ruling.held !== null ? [ruling.held.editId, editId] : [editId];
}

/** R5: the conflict was settled by another ruling before. */
export const isLate = ({ ruling }: OpenEdit): boolean => ruling?.held?.isSettled === true;

export const SETTLED_BEFORE: Decision = { do: 'refuse', rule: 'R5', reason: 'settled-before', field: null };

/** The ruling counts: its conflict is settled, and the held edit comes to its end unless it was taken (R2, R4). */
export function settleConflict(edit: OpenEdit, crm: Standing, plan: Visit): void {
  const { ruling, field, wanted } = edit;
  const [settlement] = settlementOf(edit);
  if (settlement === undefined || ruling?.held == null) return;
  const { choice, held, note } = ruling;
  plan.rulings.push(settlement);
  plan.notes.push(ruled(edit, held, crm));
  const ending = { editId: held.editId, field, note };
  switch (choice) {
    case 'take':
      return; // it shares the fate of the ruling's own write
    case 'write': {
      const by = { via: 'STAFF', id: null, person: edit.person };
      const theirs = { value: wanted, at: edit.at, by };
      plan.moves.push({ ...ending, state: 'superseded', rule: 'R4', reason: null, crm: theirs });
      return;
    }
    case 'keep': {
      const isProposal = held.kind === 'proposal';
      const end = isProposal ? ('refused' as const) : ('superseded' as const);
      plan.moves.push({ ...ending, state: end, rule: 'R2', reason: isProposal ? 'declined' : null, crm });
      return;
    }
    default:
      return choice satisfies never;
  }
}

/** How a ruling settles the conflict it answers; nothing where it answers none, or is too late. */
export function settlementOf({ ruling, person, editId, wanted }: OpenEdit): SettledConflict[] {
  if (ruling?.held == null || ruling.held.isSettled || ruling.conflictId === null || !isStaffId(person))
    return [];
  const { conflictId, choice, note } = ruling;
  return [{ conflictId, choice, value: wanted, by: person, editId, note }];
}

/** R3: the ruling fell, so the edit it had taken is held again, over what the CRM holds now. */
export function holdAgain(taken: OpenEdit, by: OpenEdit, crm: Standing, plan: Visit): void {
  const kind = by.ruling?.held?.kind ?? 'conflict';
  const { editId, field } = taken;
  plan.conflicts.push({ kind, field, edit: taken, crm });
  const rule = kind === 'proposal' ? 'D10' : 'D9';
  plan.moves.push({ editId, field, state: 'held', rule, reason: null, crm });
}

/** R3: the held edit is on its way again, with the ruling that took it. */
export function takeUp({ ruling, field }: OpenEdit, crm: Standing, plan: Visit): void {
  if (ruling?.choice !== 'take' || ruling.held === null) return;
  const { note, held } = ruling;
  plan.moves.push({ editId: held.editId, field, state: 'accepted', rule: 'R3', reason: null, crm, note });
}

/** The record is gone: what was held of it is refused together with the ruling. */
export function endHeld({ ruling, field }: OpenEdit): EditMove[] {
  if (ruling?.held == null || ruling.held.isSettled) return [];
  const { editId } = ruling.held;
  return [{ editId, field, state: 'refused', rule: 'D2', reason: null, crm: null }];
}
