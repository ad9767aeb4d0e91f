/** What staff decide of a set that the breaker holds back (K4). */
import { staffId } from '@tallystick/shared/ids';
import type { Db, Order } from '../store/database.ts';
import { markDue } from '../store/due.ts';
import { closeSet, waitingIn, type WaitingEdit } from '../store/heldSets.ts';
import { draft, type Draft } from '../store/journal.ts';
import { keyOf } from '../store/mirror.ts';
import { moveEdits, type EditMove } from '../store/visits.ts';
import { endWarning } from '../store/warnings.ts';
import { forget } from './breaker.ts';
import type { Context } from './context.ts';
import type { CarriedOut } from './orders.ts';

type OfSets = Extract<Order, { do: 'release' | 'discard-set' }>;

export async function settleSet(ctx: Context, trx: Db, order: OfSets, userId: string): Promise<CarriedOut> {
  const { hubId } = ctx;
  const { setId, version } = order;
  const now = ctx.clock.now();
  const waiting = await waitingIn(trx, hubId, setId, null);
  const outcome = order.do === 'release' ? 'released' : 'discarded';
  const closed = await closeSet(trx, hubId, { setId, version, outcome, by: userId, now });
  if (closed === null) return { ok: false, code: 'nothing-there' };
  if (closed === 'moved') return { ok: false, code: 'set-grew' };
  await endWarning(trx, hubId, { code: 'held-set', subject: setId }, now);
  if (order.do === 'release') {
    // Decided anew over the CRM as it is now, in turn behind what people wait for.
    forget(ctx.breaker.out, closed.key);
    const records = new Map(
      waiting.map(({ object, recordId }) => [`${object}:${recordId}`, { object, recordId }]),
    );
    await markDue(trx, hubId, 'observe', [...records.values()], { now });
    return { ok: true, code: 'done' };
  }
  await moveEdits(trx, hubId, waiting.map(refused), now);
  const ended = new Map(waiting.map((one) => [`${keyOf(one)}:${one.editId}`, one]));
  const drafts = waiting.map((one) => refusal(one, userId));
  return { ok: true, code: 'done', ended: [...ended.values()].map(placeOf), drafts };
}

const refused = ({ editId, field }: WaitingEdit): EditMove => ({
  ...{ editId, field, state: 'refused', rule: 'K4', reason: 'held-back', crm: null },
});

const placeOf = ({ editId, object, recordId }: WaitingEdit) => ({ editId, object, recordId });

function refusal({ editId, object, recordId, field, wanted }: WaitingEdit, userId: string): Draft {
  const actor = { via: 'STAFF', id: 'staff', person: staffId(userId) };
  const place = { object, recordId, field, editId };
  return draft({
    kind: 'decided',
    ...place,
    actor,
    rule: 'K4',
    after: wanted,
    detail: { outcome: 'refuse: held-back' },
  });
}
