/** A decision that has come to its end well gets its signed statement, in the transaction in which it does. */
import { editId } from '@tallystick/shared/ids';
import { ownership, type AppObject } from '@tallystick/shared/ownership';
import type { Statement } from '@tallystick/shared/messages';
import type { Db } from '../store/database.ts';
import { keepStatement, verifiedDecisions, type Decision } from '../store/statements.ts';
import type { EditMove } from '../store/visits.ts';
import type { Context } from './context.ts';

/** One that was refused, superseded (A2) or held gets none; and none is signed again. */
export async function signDecisions(
  ctx: Context,
  trx: Db,
  object: AppObject,
  moves: readonly EditMove[],
  now: number,
): Promise<void> {
  const { sign, hubId } = ctx;
  const fields = new Set(boundFields(object));
  const ended = moves.filter(({ state, field }) => state === 'verified' && fields.has(field));
  if (sign === undefined || ended.length === 0) return;
  const ids = [...new Set(ended.map((move) => editId(move.editId)))];
  for (const decision of await verifiedDecisions(trx, hubId, ids)) {
    const statement = statementOf(decision, hubId, now);
    if (statement !== null) await keepStatement(trx, hubId, decision.editId, await sign(statement));
  }
}

function statementOf(decision: Decision, hubId: string, now: number): Statement | null {
  const { editId: id, object, recordId, person, audience, askedAt, guards, fields, evidence } = decision;
  const action = actions.find((each) => each.name === decision.action && each.object === object);
  const digest = fields.find(({ field }) => field === action?.digest)?.wanted ?? null;
  if (action === undefined || digest === null || evidence === null) return null;
  const value = fields.filter(({ field }) => action.sets.includes(field));
  return {
    ...{ version: 1, hubId, editId: id, object, recordId, action: action.name, label: action.label },
    decided: Object.fromEntries(value.map(({ field, wanted }) => [field, wanted])),
    who: { contactId: person, audience, ...evidence },
    shown: { digest, content: Object.fromEntries(guards.map(({ field, seen }) => [field, seen])) },
    decidedAt: new Date(askedAt).toISOString(),
    result: { state: 'verified', at: new Date(now).toISOString() },
  };
}

const boundFields = (object: AppObject): string[] =>
  actions.flatMap((action) => (action.object === object ? [...action.sets, action.digest] : []));

const actions = Object.entries(ownership.actions).flatMap(([name, { object, label, sets, binds }]) =>
  binds === undefined ? [] : [{ name, object, label, sets: Object.keys(sets), digest: binds.digest }],
);
