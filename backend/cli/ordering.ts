/** An order from the command line: stored, carried out by the hub's worker, waited for. */
import { setTimeout as pause } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import type { Order, OrderOutcome } from '../store/database.ts';
import { COMMAND_LINE, orderByKey, storeOrder } from '../store/orders.ts';
import type { Command } from './commands.ts';

const LOOK_MS = 250;

/** As `ordered`, and says so where nobody has carried it out. */
export async function carriedOut(
  command: Command,
  order: Order,
  withinMs: number,
): Promise<OrderOutcome | null> {
  const outcome = await ordered(command, order, withinMs);
  if (outcome === null)
    command.terminal.complain('No worker has carried it out yet: is the service running? The order stays.');
  return outcome;
}

/** Null: nobody has carried it out within this time; it stays ordered. */
export async function ordered(
  { db, hubId, terminal }: Pick<Command, 'db' | 'hubId' | 'terminal'>,
  order: Order,
  withinMs: number,
): Promise<OrderOutcome | null> {
  const key = randomUUID();
  const until = terminal.now() + withinMs;
  await storeOrder(db, hubId, { userId: COMMAND_LINE, key, order, now: terminal.now() });
  for (;;) {
    const { outcome } = await orderByKey(db, hubId, COMMAND_LINE, key);
    if (outcome !== null || terminal.now() >= until) return outcome;
    await pause(LOOK_MS);
  }
}
