/** What staff order is carried out once, in its turn, said in the journal under their name, and told. */
import { randomUUID } from 'node:crypto';
import { recordId } from '@tallystick/shared/ids';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { HubChange } from '../../backend/signals.ts';
import type { Order, OrderOutcome } from '../../backend/store/database.ts';
import { markDue } from '../../backend/store/due.ts';
import { orderJobs } from '../../backend/store/jobs.ts';
import { COMMAND_LINE, orderByKey, storeOrder } from '../../backend/store/orders.ts';
import { staffOf } from '../../backend/store/staff.ts';
import type { Context } from '../../backend/sync/context.ts';
import { carryOutOrders, carryOutStored } from '../../backend/sync/orders.ts';
import { startStepped, type Stepped } from '../harness/stepped.ts';
import { storeFile } from '../simulator/files.ts';

const COLLEAGUE = { sourceType: 'CRM_UI', sourceId: 'userId:7' };
const [STAFF_ID, OTHER_ID] = ['51', '52'];

describe('an order', () => {
  let stepped: Stepped;
  let ctx: Context;
  let told: HubChange[];
  let woken: number;
  beforeAll(async () => {
    stepped = await startStepped();
  });
  afterAll(() => stepped.close());
  beforeEach(async () => {
    for (const table of ['due', 'pauses', 'jobs'] as const)
      await stepped.db.deleteFrom(table).where('hub_id', '=', stepped.hubId).execute();
    ctx = await stepped.context();
    [told, woken] = [[], 0];
    ctx.signals.onChange((change) => told.push(change));
    ctx.signals.onWake(() => (woken += 1));
  });

  const contact = (): string =>
    stepped.sim.world.create(
      'contacts',
      { email: `${randomUUID()}@example.com`, firstname: 'Ada' },
      COLLEAGUE,
    ).id;
  async function store(order: Order, userId = STAFF_ID): Promise<() => Promise<OrderOutcome | null>> {
    const key = randomUUID();
    await storeOrder(stepped.db, stepped.hubId, { userId, key, order, now: stepped.clock.now() });
    return async () => (await orderByKey(stepped.db, stepped.hubId, userId, key)).outcome;
  }
  async function order(of: Order, userId = STAFF_ID): Promise<OrderOutcome | null> {
    const outcome = await store(of, userId);
    expect(await carryOutOrders(ctx)).toBe(1);
    return outcome();
  }
  const newest = () =>
    stepped.db
      .selectFrom('journal')
      .selectAll()
      .where('hub_id', '=', stepped.hubId)
      .orderBy('seq', 'desc')
      .executeTakeFirstOrThrow();
  const due = () =>
    stepped.db
      .selectFrom('due')
      .selectAll()
      .where('hub_id', '=', stepped.hubId)
      .orderBy('record_id')
      .execute();
  const park = async (...ids: string[]): Promise<void> => {
    const records = ids.map((id) => ({ object: 'contact' as const, recordId: recordId(id) }));
    await markDue(stepped.db, stepped.hubId, 'observe', records, { now: stepped.clock.now() });
    await stepped.db
      .updateTable('due')
      .set({ parked_at: new Date() })
      .where('hub_id', '=', stepped.hubId)
      .where('record_id', 'in', [recordId('1'), recordId('2')])
      .execute();
  };
  const pause = (facts: Partial<Extract<Order, { do: 'pause' }>> = {}): Order => ({
    ...{ do: 'pause', object: 'contact', field: null, direction: 'out', reason: 'try', ...facts },
  });
  const pauseIds = (): string[] => ctx.pauses.map(({ pauseId }) => pauseId);

  it('to look at a record reads it with its associations, is said under their name, told, and done once', async () => {
    const id = contact();
    expect(await order({ do: 'look', object: 'contact', recordId: recordId(id) })).toMatchObject({
      code: 'done',
    });
    expect(await due()).toMatchObject([{ record_id: id, links: true, lane: expect.any(Number) as number }]);
    const entry = await newest();
    expect(entry).toMatchObject({
      ...{ kind: 'ordered', object: 'contact', record_id: id, detail: { do: 'look', outcome: 'done' } },
      actor: { via: 'STAFF', id: 'staff', person: expect.stringContaining(STAFF_ID) as string },
    });
    expect(told).toEqual([
      {
        hubId: stepped.hubId,
        seq: Number(entry.seq),
        records: [{ object: 'contact', recordId: id }],
        edits: [],
      },
    ]);
    expect(woken).toBe(1);
    expect(await carryOutOrders(ctx)).toBe(0);
    expect((await newest()).seq).toBe(entry.seq);
  });

  it('from the command line is nobody’s, and says so', async () => {
    await order({ do: 'look', object: 'company', recordId: recordId('1') }, COMMAND_LINE);
    expect((await newest()).actor).toMatchObject({ via: 'STAFF', id: 'command line', person: null });
    expect(await due()).toMatchObject([{ links: false }]); // of a company nothing hangs on companies
  });

  it('to discard ends what is parked of that record, and nothing else', async () => {
    await park('1', '2', '3');
    const discard = (id: string): Promise<OrderOutcome | null> =>
      order({ do: 'discard', object: 'contact', recordId: recordId(id), reason: 'gone' });
    expect(await discard('3')).toMatchObject({ code: 'nothing-there' });
    expect(await discard('1')).toMatchObject({ code: 'done' });
    expect((await due()).map((row) => row.record_id)).toEqual(['2', '3']);
  });

  it('to pause holds from the moment it is done, and is the first thing that counts in a term', async () => {
    await order(pause());
    expect(ctx.pauses).toMatchObject([{ object: 'contact', direction: 'out', userId: STAFF_ID }]);
    const outcome = await store(pause({ object: null, direction: 'in' }));
    await carryOutStored(ctx);
    expect(await outcome()).toMatchObject({ code: 'done' });
    expect(ctx.pauses).toHaveLength(2);
  });

  it('to resume ends that pause alone; what waited outwards is due, what was not let in is read anew', async () => {
    await order(pause());
    await order(pause({ object: null, direction: 'in' }));
    const [out, inwards] = pauseIds();
    const id = contact();
    const edit = await stepped.ask('contact', id, { firstName: ['Ada', 'Augusta'] });
    await stepped.db.deleteFrom('due').where('hub_id', '=', stepped.hubId).execute();
    expect(await order({ do: 'resume', pauseId: out! })).toMatchObject({ code: 'done' });
    expect(pauseIds()).toEqual([inwards]);
    expect((await due()).map((row) => row.record_id)).toContain(id);
    const jobs = () =>
      stepped.db
        .selectFrom('jobs')
        .select(['object', 'kind', 'cursor'])
        .where('hub_id', '=', stepped.hubId)
        .where('finished_at', 'is', null)
        .execute();
    expect(await jobs()).toEqual([]);
    await orderJobs(stepped.db, stepped.hubId, 'backfill', ['contact'], stepped.clock.now());
    await stepped.db.updateTable('jobs').set({ cursor: '500' }).where('hub_id', '=', stepped.hubId).execute();
    await stepped.db.deleteFrom('due').where('hub_id', '=', stepped.hubId).execute();
    expect(await order({ do: 'resume', pauseId: inwards! })).toMatchObject({ code: 'done' });
    expect(await due()).toEqual([]);
    const all = await jobs();
    expect(all.length).toBeGreaterThan(3);
    expect(all.map(({ kind, cursor }) => [kind, cursor])).toEqual(all.map(() => ['backfill', null]));
    expect(await order({ do: 'resume', pauseId: inwards! })).toMatchObject({ code: 'nothing-there' });
    expect(await stepped.states(edit)).toEqual({ firstName: 'accepted' });
  });

  it('to discard an edit ends it as refused, says what was wanted, and tells who asked', async () => {
    const id = contact();
    const edit = await stepped.ask('contact', id, { firstName: ['Ada', 'Augusta'] });
    expect(await order({ do: 'discard-edit', editId: edit })).toMatchObject({ code: 'done' });
    expect(await stepped.states(edit)).toEqual({ firstName: 'refused' });
    const entry = await newest();
    expect(entry).toMatchObject({ kind: 'decided', edit_id: edit, after: 'Augusta' });
    expect(told).toMatchObject([{ seq: Number(entry.seq), edits: [{ editId: edit, recordId: id }] }]);
    expect(await order({ do: 'discard-edit', editId: edit })).toMatchObject({ code: 'nothing-there' });
  });

  it('for a file answers with an address that is good for a moment, or with what the CRM says', async () => {
    const file = {
      fullName: 'plan.pdf',
      folder: '/portal',
      access: 'PRIVATE',
      contentType: 'application/pdf',
    };
    const { id } = storeFile(stepped.sim.world.state, { ...file, data: Buffer.from('plan') });
    const on = { do: 'address', object: 'contact', recordId: recordId('1') } as const;
    const outcome = await store({ ...on, fileId: id });
    await carryOutOrders(ctx);
    expect(await outcome()).toMatchObject({ ok: true, value: expect.stringContaining(id) as string });
    expect((await newest()).actor).toMatchObject({ via: 'CUSTOMER', person: STAFF_ID });
    expect((await order({ ...on, fileId: '999' }))?.ok).toBe(false);
  });

  it('to give a role gives it to the one it names', async () => {
    await order({ do: 'role', userId: OTHER_ID, role: 'admin' });
    expect((await staffOf(stepped.db, stepped.hubId)).map(({ userId, role }) => [userId, role])).toEqual([
      [OTHER_ID, 'admin'],
    ]);
  });
});
