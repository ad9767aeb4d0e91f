/** The public face of an edit: each field's state in words, and the whole edit's as its least advanced. Pure. */
import type { Refusal } from '@tallystick/shared/decide';
import type { EditedField, EditState, Receipt } from '@tallystick/shared/messages';
import type { EditFieldRow, EditRow } from '../store/edits.ts';
import { HELD_BACK, RECEIPT_SENTENCES, REFUSALS, RULE_SENTENCES } from './words.ts';

/** From the state that needs the person most to the one that needs them least. */
const ORDER: readonly EditState[] = ['refused', 'held', 'superseded', 'accepted', 'written', 'verified'];
const MOVING: readonly EditState[] = ['accepted', 'written'];

export function receiptOf(edit: EditRow): Receipt {
  const fields = Object.fromEntries(edit.fields.map((row) => [row.field, fieldOf(row)]));
  const states = edit.fields.map((row) => row.state);
  const moving = MOVING.find((state) => states.includes(state));
  const state = moving ?? ORDER.find((each) => states.includes(each)) ?? 'accepted';
  const speaking = edit.fields.find((row) => row.state === state);
  return {
    editId: edit.editId,
    kind: edit.creation !== null ? 'creation' : edit.action !== null ? 'action' : 'edit',
    name: edit.creation ?? edit.action,
    object: edit.object,
    id: edit.recordId,
    acceptedAt: new Date(edit.askedAt).toISOString(),
    state,
    final: moving === undefined,
    message: speaking === undefined ? RECEIPT_SENTENCES.accepted : sentenceOf(speaking),
    fields,
    ...(edit.statement === null ? {} : { statement: edit.statement }),
  };
}

function fieldOf(row: EditFieldRow): EditedField {
  const { wanted, seen, state, rule, reason, crmValue, note } = row;
  const stands = state === 'held' || state === 'superseded';
  return {
    wanted,
    seen,
    state,
    rule,
    message: sentenceOf(row),
    ...(reason === null ? {} : { reason }),
    ...(stands ? { crmValue } : {}),
    ...(note === null ? {} : { note }),
  };
}

function sentenceOf({ state, rule, reason }: EditFieldRow): string {
  if (state === 'accepted' && rule === 'K3') return HELD_BACK;
  if (state === 'refused') return isRefusal(reason) ? REFUSALS[reason] : REFUSALS['crm-refused'];
  return (MOVING.includes(state) ? undefined : RULE_SENTENCES[rule ?? '']) ?? RECEIPT_SENTENCES[state];
}

const isRefusal = (reason: string | null): reason is Refusal =>
  reason !== null && Object.hasOwn(REFUSALS, reason);
