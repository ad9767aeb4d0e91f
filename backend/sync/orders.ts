/** Carrying out what staff order: each order once, attributed in the journal. */
import { staffId, type EditId } from '@tallystick/shared/ids';
import { OBJECTS, type AppObject } from '@tallystick/shared/ownership';
import type { Db, Order, OrderOutcome } from '../store/database.ts';
import { markDue } from '../store/due.ts';
import { undecidedOf } from '../store/edits.ts';
import { endJobs, orderJobs } from '../store/jobs.ts';
import { draft, type Draft } from '../store/journal.ts';
import {
  COMMAND_LINE,
  endOrder,
  loadPauses,
  recordsWithWaitingEdits,
  waitingOrders,
  type OrderRow,
} from '../store/orders.ts';
import type { Fix } from '../store/schemaTables.ts';
import type { HubChange } from '../signals.ts';
import { saveDesk, setRole } from '../store/staff.ts';
import { moveEdits } from '../store/visits.ts';
import { settleIdentity } from './claims.ts';
import { settleSet } from './heldSets.ts';
import { storing, type Context } from './context.ts';
import { acceptFinding } from './drifted.ts';
import { makeFixes } from './fixing.ts';
import { paid } from './round.ts';

/**
 * Before anything else is done for the hub: what was ordered while nobody spoke for it counts from the beginning, so that
 * a pause holds back the first edit too.
 */
export async function carryOutStored(ctx: Context): Promise<void> {
  for (;;) {
    const waiting = (await waitingOrders(ctx.db, ctx.hubId)).filter(isInTurn);
    if (waiting.length === 0) return;
    await inTurn(ctx, waiting);
  }
}

/** Those that do not ask the CRM. */
const isInTurn = ({ order }: OrderRow): boolean => order.do !== 'address' && order.do !== 'fix';

/** Answers with how many there were. */
export async function carryOutOrders(ctx: Context): Promise<number> {
  const waiting = await waitingOrders(ctx.db, ctx.hubId);
  await Promise.all([
    inTurn(ctx, waiting.filter(isInTurn)),
    ...waiting.map((row) => (row.order.do === 'address' ? address(ctx, row, row.order.fileId) : undefined)),
    ...waiting.map((row) => (row.order.do === 'fix' ? fix(ctx, row, row.order.fixes) : undefined)),
  ]);
  return waiting.length;
}

async function inTurn(ctx: Context, rows: readonly OrderRow[]): Promise<void> {
  for (const row of rows) {
    const { order } = row;
    const done = await storing(ctx, async ({ trx, next, journal }) => {
      const done: CarriedOut =
        order.do === 'accept' ? await acceptFinding(ctx, trx, journal, order) : await carryOut(ctx, trx, row);
      const { ended = [], drafts = [], ...outcome } = done;
      await journal([entryOf(row, outcome), ...drafts]);
      await endOrder(trx, ctx.hubId, row.orderId, outcome, ctx.clock.now());
      // Read here, so that no visit runs between the order and what it means.
      const pauses = order.do === 'pause' || order.do === 'resume' ? await loadPauses(trx, ctx.hubId) : null;
      return { seq: next + drafts.length, ended, pauses };
    });
    if (done.pauses !== null) ctx.pauses = done.pauses;
    const records = 'recordId' in order ? [{ object: order.object, recordId: order.recordId }] : [];
    ctx.signals.changed({ hubId: ctx.hubId, seq: done.seq, records, edits: done.ended });
    ctx.signals.wake(ctx.hubId);
  }
}

/** Where a customer's file can be fetched, for a moment. The CRM is asked, so it has a turn of its own. */
async function address(ctx: Context, row: OrderRow, fileId: string): Promise<void> {
  const answer = await paid(ctx, 'read', () => ctx.crm.readAddress(fileId));
  const outcome: OrderOutcome = answer.ok
    ? { ok: true, code: 'done', value: answer.value.url }
    : { ok: false, code: answer.failure.is };
  const seq = await storing(ctx, async ({ trx, next, journal }) => {
    await journal([entryOf(row, outcome)]);
    await endOrder(trx, ctx.hubId, row.orderId, outcome, ctx.clock.now());
    return next;
  });
  ctx.signals.changed({ hubId: ctx.hubId, seq, records: [], edits: [] });
}

/** Making what is missing in the CRM's schema: the CRM is asked, so it has a turn of its own. */
async function fix(ctx: Context, row: OrderRow, fixes: readonly Fix[]): Promise<void> {
  const outcome = await makeFixes(ctx, fixes);
  const seq = await storing(ctx, async ({ trx, next, journal }) => {
    await journal([entryOf(row, outcome)]);
    await endOrder(trx, ctx.hubId, row.orderId, outcome, ctx.clock.now());
    return next;
  });
  ctx.signals.changed({ hubId: ctx.hubId, seq, records: [], edits: [] });
}

const DONE: OrderOutcome = { ok: true, code: 'done' };
const NOTHING_THERE: OrderOutcome = { ok: false, code: 'nothing-there' };

/** What became of an order, and what it did to edits by itself. */
export interface CarriedOut extends OrderOutcome {
  ended?: HubChange['edits'];
  drafts?: Draft[];
}

async function carryOut(ctx: Context, trx: Db, { order, userId }: OrderRow): Promise<CarriedOut> {
  const now = ctx.clock.now();
  switch (order.do) {
    case 'look':
    case 'retry':
      await markDue(trx, ctx.hubId, 'read', [{ ...order, links: order.object !== 'company' }], { now });
      return DONE;
    case 'discard': {
      const gone = await trx
        .deleteFrom('due')
        .where('hub_id', '=', ctx.hubId)
        .where('object', '=', order.object)
        .where('record_id', '=', order.recordId)
        .where('parked_at', 'is not', null)
        .executeTakeFirst();
      return gone.numDeletedRows > 0n ? DONE : NOTHING_THERE;
    }
    case 'discard-edit':
      return discardEdit(ctx, trx, order.editId, userId);
    case 'pause': {
      const { object, field, direction, reason } = order;
      const pause = { object, field, direction, reason, user_id: userId, begun_at: new Date(now) };
      await trx
        .insertInto('pauses')
        .values({ hub_id: ctx.hubId, ...pause })
        .execute();
      return DONE;
    }
    case 'resume':
      return resume(ctx, trx, order.pauseId, now);
    case 'role':
      await setRole(trx, ctx.hubId, order.userId, order.role);
      return DONE;
    case 'everybody':
      await saveDesk(trx, ctx.hubId, { everybody: order.role });
      return DONE;
    case 'link':
    case 'refuse':
    case 'unlink':
      return (await settleIdentity(ctx, trx, order, userId)) ? DONE : NOTHING_THERE;
    case 'release':
    case 'discard-set':
      return settleSet(ctx, trx, order, userId);
    case 'address':
    case 'fix':
    case 'accept':
      throw new Error(`The order “${order.do}” has a turn of its own.`);
    default:
      return order satisfies never;
  }
}

/** What is promised already is left to its proof. */
async function discardEdit(ctx: Context, trx: Db, editId: EditId, userId: string): Promise<CarriedOut> {
  const open = await undecidedOf(trx, ctx.hubId, editId);
  const [first] = open;
  if (first === undefined) return NOTHING_THERE;
  const ending = { editId, state: 'refused', rule: null, reason: 'declined', crm: null } as const;
  await moveEdits(
    trx,
    ctx.hubId,
    open.map(({ field }) => ({ ...ending, field })),
    ctx.clock.now(),
  );
  const drafts = open.map(({ wanted, ...place }) =>
    draft({
      ...{ kind: 'decided', ...place, editId, actor: actorOf(userId), after: wanted },
      detail: { outcome: 'refuse: declined' },
    }),
  );
  const { object, recordId } = first;
  return { ...DONE, ended: [{ editId, object, recordId }], drafts };
}

/** What waited outwards is due again; what was not let in is read again. */
async function resume(ctx: Context, trx: Db, pauseId: string, now: number): Promise<OrderOutcome> {
  const pause = await trx
    .deleteFrom('pauses')
    .where('hub_id', '=', ctx.hubId)
    .where('pause_id', '=', pauseId)
    .returning(['object', 'direction'])
    .executeTakeFirst();
  if (pause === undefined) return NOTHING_THERE;
  const covered: readonly AppObject[] = pause.object === null ? OBJECTS : [pause.object];
  if (pause.direction !== 'in') {
    await markDue(trx, ctx.hubId, 'edit', await recordsWithWaitingEdits(trx, ctx.hubId, covered), { now });
  }
  if (pause.direction !== 'out') {
    await endJobs(trx, ctx.hubId, covered, now); // what it read during the pause was not let in
    await orderJobs(trx, ctx.hubId, 'backfill', covered, now);
  }
  return DONE;
}

/** Who ordered what; the words people wrote stay with the order, where they can be erased. */
function entryOf({ order, userId }: OrderRow, outcome: OrderOutcome): Draft {
  const at = 'recordId' in order ? { object: order.object, recordId: order.recordId } : {};
  const actor = order.do === 'address' ? { via: 'CUSTOMER', id: null, person: userId } : actorOf(userId);
  return draft({ kind: 'ordered', ...at, actor, detail: { outcome: outcome.code, ...detailOf(order) } });
}

const actorOf = (userId: string): NonNullable<Draft['actor']> =>
  userId === COMMAND_LINE
    ? { via: 'STAFF', id: 'command line', person: null }
    : { via: 'STAFF', id: 'staff', person: staffId(userId) };

function detailOf(order: Order): Record<string, string | null> {
  switch (order.do) {
    case 'pause':
      return { do: order.do, on: order.object, field: order.field, direction: order.direction };
    case 'resume':
      return { do: order.do, pause: order.pauseId };
    case 'role':
      return { do: order.do, user: order.userId, role: order.role };
    case 'everybody':
      return { do: order.do, role: order.role };
    case 'link':
    case 'refuse':
      return { do: order.do, claim: order.claimId };
    case 'unlink':
      return { do: order.do, tie: order.tieId };
    case 'release':
    case 'discard-set':
      return { do: order.do, set: order.setId };
    case 'look':
    case 'retry':
    case 'discard':
    case 'address':
    case 'fix':
      return { do: order.do };
    case 'discard-edit':
      return { do: order.do, edit: order.editId };
    case 'accept':
      return { do: order.do, code: order.code, subject: order.subject };
    default:
      return order satisfies never;
  }
}
