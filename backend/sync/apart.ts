/**
 * A delivery that cannot be stored must not hold up the others, nor the hub: it is taken by itself, and where it fails
 * there too, the records it names are read instead, which tells what they are. Nothing of it is lost but its values.
 */
import type { AppObject } from '@tallystick/shared/ownership';
import type { RecordId } from '@tallystick/shared/ids';
import type { Heard } from '../intake/heard.ts';
import type { Arrived } from '../signals.ts';
import { deliveryById, deliveryApplied } from '../store/deliveries.ts';
import { markDue } from '../store/due.ts';
import { draft } from '../store/journal.ts';
import { keyOf } from '../store/mirror.ts';
import { storing, type Context } from './context.ts';

const SET_ASIDE = 'a delivery that could not be stored';
/** Postgres says the same to the same data again: 22 is data, of 23 what a row is and not that it is there already. */
const DATA_CODES = /^(22...|23502|23514)$/;

export function isOfTheData(error: unknown): boolean {
  if (error instanceof RangeError || error instanceof TypeError || error instanceof SyntaxError) return true;
  return error instanceof Error && 'code' in error && DATA_CODES.test(String(error.code));
}

/** From the database, where ids and events are surely of each other. */
export async function applyApart(
  ctx: Context,
  ids: readonly string[],
  apply: (one: Arrived) => Promise<void>,
  translate: (events: string) => Heard[],
): Promise<void> {
  for (const id of ids) {
    const delivery = await deliveryById(ctx.db, ctx.hubId, id);
    if (delivery === null) continue;
    try {
      await apply({ ids: [id], deliveries: [delivery] });
    } catch (error) {
      await ctx.lease.prove();
      if (!isOfTheData(error)) throw error;
      ctx.log.error({ err: error, hub: ctx.hubId, delivery: id }, 'A delivery could not be stored.');
      await setAside(ctx, id, named(translate, delivery.events));
    }
  }
}

async function setAside(
  ctx: Context,
  id: string,
  records: readonly { object: AppObject; recordId: RecordId }[],
): Promise<void> {
  const now = ctx.clock.now();
  await storing(ctx, async ({ trx, journal }) => {
    await journal([draft({ kind: 'ignored', detail: { [SET_ASIDE]: 1 } })]);
    await markDue(trx, ctx.hubId, 'observe', [...records], { now });
    await deliveryApplied(trx, ctx.hubId, id, now);
  });
  ctx.signals.wake(ctx.hubId);
}

function named(
  translate: (events: string) => Heard[],
  events: string,
): { object: AppObject; recordId: RecordId }[] {
  let heard: Heard[];
  try {
    heard = translate(events);
  } catch {
    return []; // it cannot even be read; comparing everything finds what it told of
  }
  const records = heard.flatMap((one) =>
    one.is === 'ignored' || one.is === 'line' ? [] : [{ object: one.object, recordId: one.recordId }],
  );
  return [...new Map(records.map((record) => [keyOf(record), record])).values()];
}
