/** What waits to be applied: handed over in memory or found in the database, each delivery once and none forgotten. */
import { hubId as toHubId } from '@tallystick/shared/ids';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Arrived } from '../../backend/signals.ts';
import type { Db } from '../../backend/store/database.ts';
import { Inbox } from '../../backend/sync/inbox.ts';
import { openHubDatabase } from '../harness/hubDatabase.ts';
import { clock as realClock } from '../harness/loop.ts';

const HUB = toHubId('1');
const LOOK_MS = 250;
const BATCH_BYTES = 100;
const LARGE = 17 * 1_048_576;

describe('the inbox', () => {
  let db: Db;
  let close: () => Promise<void>;
  let now: number;
  let looks: number;
  let inbox: Inbox;
  /** While the database is looked through. */
  let meanwhile: () => void;
  beforeAll(async () => {
    ({ db, close } = await openHubDatabase(HUB));
  });
  afterAll(() => close());
  beforeEach(async () => {
    [now, looks] = [1_000_000, 0];
    await db.deleteFrom('deliveries').where('hub_id', '=', HUB).execute();
    const clock = { ...realClock, now: () => now };
    meanwhile = () => undefined;
    const look = <T>(work: (of: Db) => Promise<T>): Promise<T> => {
      looks += 1;
      meanwhile();
      return work(db);
    };
    inbox = new Inbox(HUB, look, clock, { lookMs: LOOK_MS, batchBytes: BATCH_BYTES });
  });

  /** As the webhook route does: together, in one statement. */
  async function stored(...events: string[]): Promise<Arrived> {
    const rows = await db
      .insertInto('deliveries')
      .values(events.map((each) => ({ hub_id: HUB, received_at: new Date(now), events: each })))
      .returning('delivery_id')
      .execute();
    return {
      ids: rows.map((row) => row.delivery_id),
      deliveries: events.map((each) => ({ receivedAt: now, events: each })),
    };
  }
  const apply = (batch: Arrived | null): Promise<unknown> =>
    db
      .updateTable('deliveries')
      .set({ applied_at: new Date(now) })
      .where('hub_id', '=', HUB)
      .where('delivery_id', 'in', [...(batch?.ids ?? ['0'])])
      .execute();
  const next = async (applying: readonly string[] = []): Promise<string[] | null> => {
    const batch = await inbox.next(applying);
    await apply(batch);
    return batch?.deliveries.map(({ events }) => events) ?? null;
  };
  /** Nothing is in the database that is not in memory. */
  const caughtUp = async (): Promise<void> => expect(await next()).toBeNull();
  const batch = (of: string): string => `["${of.repeat(BATCH_BYTES)}"]`;

  it('finds at the beginning what was stored before, the oldest first, and looks no more when it has it', async () => {
    await stored('["1"]', '["2"]');
    await stored('["3"]');
    expect(inbox.isBehind).toBe(true);
    expect(await next()).toEqual(['["1"]', '["2"]', '["3"]']);
    expect(inbox.isBehind).toBe(false);
    await caughtUp();
    expect(looks).toBe(1);
  });

  it('hands over what this process stored without a look, in the order in which it came, a batch at a time', async () => {
    await caughtUp();
    for (const of of ['a', 'b', 'c']) inbox.put(await stored(batch(of)));
    expect([await next(), await next(), await next(), await next()]).toEqual([
      ...[[batch('a')], [batch('b')], [batch('c')]],
      null,
    ]);
    inbox.put(await stored('["d"]'));
    inbox.put(await stored('["e"]'));
    expect(await next()).toEqual(['["d"]', '["e"]']);
    expect(looks).toBe(1);
  });

  it('takes a delivery that is larger than a batch by itself, from memory and from the database', async () => {
    await stored(batch('a').repeat(3), '["b"]');
    expect(await next()).toEqual([batch('a').repeat(3)]);
    expect(await next()).toEqual(['["b"]']);
    await caughtUp();
    inbox.put(await stored(batch('c').repeat(3)));
    inbox.put(await stored('["d"]'));
    expect(await next()).toEqual([batch('c').repeat(3)]);
    expect(await next()).toEqual(['["d"]']);
  });

  it('finds what nobody told of at the next look, which comes in its time or when it is asked for', async () => {
    await caughtUp();
    await stored('["1"]');
    await caughtUp();
    now += LOOK_MS;
    expect(await next()).toEqual(['["1"]']);
    await stored('["2"]');
    inbox.lookSoon();
    expect(await next()).toEqual(['["2"]']);
  });

  it('does not take twice what is found and handed over too, whichever comes first', async () => {
    await caughtUp();
    const first = await stored('["1"]');
    now += LOOK_MS;
    expect(await next()).toEqual(['["1"]']);
    inbox.put(first);
    await caughtUp();
    inbox.put(await stored('["2"]'));
    now += LOOK_MS; // what waits in memory is not looked for
    expect(await next()).toEqual(['["2"]']);
    const third = await stored('["3"]');
    now += LOOK_MS;
    meanwhile = () => inbox.put(third);
    expect(await next()).toEqual(['["3"]']);
    await caughtUp();
  });

  it('does not find again what is being applied meanwhile', async () => {
    const { ids } = await stored('["1"]');
    await stored('["2"]');
    expect(await next(ids)).toEqual(['["2"]']);
  });

  it('takes everything from the database, in order, while more is there than a batch', async () => {
    await stored(batch('a'), batch('b'), batch('c'));
    expect(await next()).toEqual([batch('a')]);
    expect(inbox.isBehind).toBe(true);
    inbox.put(await stored(batch('d'))); // is in the database too, behind the others
    await stored(batch('e'));
    expect([await next(), await next(), await next(), await next()]).toEqual(
      ['b', 'c', 'd', 'e'].map((of) => [batch(of)]),
    );
    await caughtUp();
    expect(inbox.isBehind).toBe(false);
  });

  it('begins with the oldest of more than one look brings', async () => {
    await stored(...Array.from({ length: 201 }, (_, i) => `[${i}]`));
    expect((await next())?.[0]).toBe('[0]');
  });

  it('keeps no more than its limit in memory: the rest waits in the database', async () => {
    await caughtUp();
    const large = await stored('[]');
    inbox.put({ ...large, deliveries: [{ receivedAt: now, events: ' '.repeat(LARGE) }] });
    expect(inbox.isBehind).toBe(true);
    expect(await next()).toEqual(['[]']);
  });
});
