/** What staff order the hub's worker to do, and what is paused. */
import type { HubId, RecordId } from '@tallystick/shared/ids';
import type { AppObject } from '@tallystick/shared/ownership';
import { sql } from 'kysely';
import type { Db, Direction, Order, OrderOutcome } from './database.ts';

/** Who orders where nobody is known: whoever can reach the database. */
export const COMMAND_LINE = 'command line';

export interface OrderRow {
  orderId: string;
  userId: string;
  order: Order;
  outcome: OrderOutcome | null;
}

/** Stores an order, or finds the one stored before under the same key. */
export async function storeOrder(
  db: Db,
  hubId: HubId,
  asked: { userId: string; key: string; order: Order; now: number },
): Promise<OrderRow> {
  const { userId, key, order, now } = asked;
  await db
    .insertInto('orders')
    .values({
      hub_id: hubId,
      user_id: userId,
      idempotency_key: key,
      ordered: JSON.stringify(order),
      ordered_at: new Date(now),
    })
    .onConflict((conflict) => conflict.columns(['hub_id', 'user_id', 'idempotency_key']).doNothing())
    .execute();
  return orderByKey(db, hubId, userId, key);
}

export async function orderByKey(db: Db, hubId: HubId, userId: string, key: string): Promise<OrderRow> {
  const row = await db
    .selectFrom('orders')
    .selectAll()
    .where('hub_id', '=', hubId)
    .where('user_id', '=', userId)
    .where('idempotency_key', '=', key)
    .executeTakeFirstOrThrow();
  return { orderId: row.order_id, userId: row.user_id, order: row.ordered, outcome: row.outcome };
}

const ORDERS_AT_ONCE = 20;

export async function waitingOrders(db: Db, hubId: HubId): Promise<OrderRow[]> {
  const rows = await db
    .selectFrom('orders')
    .selectAll()
    .where('hub_id', '=', hubId)
    .where('done_at', 'is', null)
    .orderBy('order_id')
    .limit(ORDERS_AT_ONCE)
    .execute();
  return rows.map((row) => ({
    orderId: row.order_id,
    userId: row.user_id,
    order: row.ordered,
    outcome: null,
  }));
}

export async function endOrder(
  db: Db,
  hubId: HubId,
  orderId: string,
  outcome: OrderOutcome,
  now: number,
): Promise<void> {
  await db
    .updateTable('orders')
    .set({ done_at: new Date(now), outcome: JSON.stringify(outcome) })
    .where('hub_id', '=', hubId)
    .where('order_id', '=', orderId)
    .execute();
}

export interface Pause {
  pauseId: string;
  /** Null: every object. */
  object: AppObject | null;
  /** Null: every field. */
  field: string | null;
  direction: Direction;
  reason: string;
  userId: string;
  begunAt: number;
}

export async function loadPauses(db: Db, hubId: HubId): Promise<Pause[]> {
  const rows = await db
    .selectFrom('pauses')
    .selectAll()
    .where('hub_id', '=', hubId)
    .orderBy('pause_id')
    .execute();
  return rows.map((row) => ({
    pauseId: row.pause_id,
    object: row.object,
    field: row.field,
    direction: row.direction,
    reason: row.reason,
    userId: row.user_id,
    begunAt: row.begun_at.getTime(),
  }));
}

/** True while one of the pauses covers the field in this direction. */
export function isPaused(
  pauses: readonly Pick<Pause, 'object' | 'field' | 'direction'>[],
  object: AppObject,
  field: string,
  direction: 'out' | 'in',
): boolean {
  return pauses.some(
    (pause) =>
      (pause.direction === 'both' || pause.direction === direction) &&
      (pause.object === null || pause.object === object) &&
      (pause.field === null || pause.field === field),
  );
}

/** The records of these objects with edits that wait: after a pause they are due again. */
export async function recordsWithWaitingEdits(
  db: Db,
  hubId: HubId,
  objects: readonly AppObject[],
): Promise<{ object: AppObject; recordId: RecordId }[]> {
  const rows = await db
    .selectFrom('edit_fields')
    .select(['object', 'record_id'])
    .distinct()
    .where('hub_id', '=', hubId)
    .where('state', '=', 'accepted')
    .where(sql<boolean>`object = any(${[...objects]}::text[])`)
    .execute();
  return rows.flatMap(({ object, record_id: recordId }) => (recordId === null ? [] : [{ object, recordId }]));
}
