/** What a batch of deliveries leaves behind, stored in one statement; and the delivery that cannot be stored. */
import { randomUUID } from 'node:crypto';
import { recordId } from '@tallystick/shared/ids';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Heard } from '../../backend/intake/heard.ts';
import type { Arrived, HubChange } from '../../backend/signals.ts';
import { markDue } from '../../backend/store/due.ts';
import { saveLines } from '../../backend/store/hanging.ts';
import { verifyJournal } from '../../backend/store/journal.ts';
import { applyBatch } from '../../backend/sync/apply.ts';
import type { Context } from '../../backend/sync/context.ts';
import { startStepped, type Stepped } from '../harness/stepped.ts';

const COLLEAGUE = { sourceType: 'CRM_UI', sourceId: 'userId:7' };
const by = { via: 'INTEGRATION', id: '4711', person: null };
/** What Postgres keeps in no text. */
const POISON = 'a\0b';

describe('a batch of deliveries', () => {
  let stepped: Stepped;
  let ctx: Context;
  let told: HubChange[];
  beforeAll(async () => {
    stepped = await startStepped();
  });
  afterAll(() => stepped.close());
  beforeEach(async () => {
    await stepped.db.deleteFrom('due').where('hub_id', '=', stepped.hubId).execute();
    ctx = await stepped.context();
    told = [];
    ctx.signals.onChange((change) => told.push(change));
  });

  async function companies(count: number): Promise<string[]> {
    const ids = Array.from(
      { length: count },
      () => stepped.sim.world.create('companies', { name: 'Works', phone: '+442079460000' }, COLLEAGUE).id,
    );
    const due = ids.map((id) => ({ object: 'company' as const, recordId: recordId(id) }));
    await markDue(stepped.db, stepped.hubId, 'read', due, { now: stepped.clock.now() });
    await stepped.round(ctx);
    told.length = 0;
    return ids;
  }
  const city = (id: string, value: string | null): Heard => ({
    ...{ is: 'value', object: 'company', recordId: recordId(id), field: 'city', value },
    ...{ at: stepped.clock.now(), by },
  });
  /** A delivery each, applied together. */
  async function apply(...deliveries: Heard[][]): Promise<string[]> {
    const rows = await stepped.db
      .insertInto('deliveries')
      .values(
        deliveries.map((events) => ({
          ...{ hub_id: stepped.hubId, received_at: new Date(stepped.clock.now()) },
          events: JSON.stringify(events),
        })),
      )
      .returning(['delivery_id', 'events'])
      .execute();
    const batch: Arrived = {
      ids: rows.map((row) => row.delivery_id),
      deliveries: rows.map(({ events }) => ({ receivedAt: stepped.clock.now(), events })),
    };
    await applyBatch(ctx, (events) => JSON.parse(events) as Heard[], batch);
    return [...batch.ids];
  }
  const due = (...ids: string[]) =>
    stepped.db
      .selectFrom('due')
      .select(['record_id', 'lane', 'told'])
      .where('hub_id', '=', stepped.hubId)
      .where(
        'record_id',
        'in',
        ids.map((id) => recordId(id)),
      )
      .execute();
  const applied = async (ids: readonly string[]): Promise<boolean[]> =>
    (
      await stepped.db
        .selectFrom('deliveries')
        .select('applied_at')
        .where('hub_id', '=', stepped.hubId)
        .where('delivery_id', 'in', [...ids])
        .execute()
    ).map((row) => row.applied_at !== null);
  const cityOf = (id: string): Promise<unknown> => stepped.mirrored('company', id, 'city');
  const ignored = () =>
    stepped.db
      .selectFrom('journal')
      .select('detail')
      .where('hub_id', '=', stepped.hubId)
      .where('kind', '=', 'ignored')
      .orderBy('seq')
      .execute();

  it('is stored as a whole, batch after batch, and told of under the newest number of an unbroken journal', async () => {
    const [one, two] = await companies(2);
    for (const place of ['Bath', 'Ulm']) {
      const ids = await apply([city(one!, place)], [city(two!, place)]);
      expect(await applied(ids)).toEqual([true, true]);
    }
    expect([await cityOf(one!), await cityOf(two!)]).toEqual(['Ulm', 'Ulm']);
    const { seq } = await stepped.db
      .selectFrom('journal')
      .select(({ fn }) => fn.max('seq').as('seq'))
      .where('hub_id', '=', stepped.hubId)
      .executeTakeFirstOrThrow();
    expect(told).toHaveLength(2);
    expect(told[1]).toMatchObject({ seq: Number(seq), records: [{ recordId: one }, { recordId: two }] });
    expect((await verifyJournal(stepped.db, stepped.hubId)).broken).toBeNull();
    const lanes = await due(one!, two!);
    expect(lanes.map(({ lane }) => lane)).toEqual(Array(2).fill(lanes[0]?.lane));
    await markDue(stepped.db, stepped.hubId, 'observe', [{ object: 'contact', recordId: recordId('1') }], {
      now: stepped.clock.now(),
    });
    expect(lanes[0]?.lane).toBe((await due('1'))[0]?.lane);
  });

  it('that tells nothing new tells nobody', async () => {
    const [id] = await companies(1);
    await apply([city(id!, 'Bath')]);
    told.length = 0;
    await apply([city(id!, 'Bath')]);
    expect(told).toEqual([]);
  });

  it('has a record read that a line item stands on, once, whatever else is told of it', async () => {
    const [one, two] = await companies(2);
    const on = [one!, two!].map((id) => ({
      ...{ object: 'company' as const, recordId: recordId(id) },
      lines: [recordId('77')],
    }));
    await saveLines(stepped.db, stepped.hubId, on);
    await apply([{ is: 'line', lineId: recordId('77') }, city(one!, 'Bath')]);
    expect(await due(one!, two!)).toHaveLength(2);
  });

  it('K6: counts a mass change while it lets it in', async () => {
    const ids = await companies(60);
    await apply(ids.slice(0, 40).map((id) => ({ ...city(id, null), field: 'phone' }) as Heard));
    const warnings = await stepped.db
      .selectFrom('warnings')
      .select('code')
      .where('hub_id', '=', stepped.hubId)
      .execute();
    expect(warnings.map(({ code }) => code)).toContain('mass-change');
  });

  it('keeps nothing of a record that is erased', async () => {
    const [id] = await companies(1);
    const own = { object: 'company', recordId: recordId(id!), objectId: Number(id) } as const;
    await apply([{ ...own, is: 'life', life: 'erased', at: stepped.clock.now(), by }]);
    const [late] = await apply([{ ...city(id!, 'SECRET'), ...own }]);
    const row = await stepped.db
      .selectFrom('deliveries')
      .select('events')
      .where('hub_id', '=', stepped.hubId)
      .where('delivery_id', '=', late!)
      .executeTakeFirst();
    expect(row?.events).toBe('[]');
  });

  it('in which one cannot be stored stores the others; what that one names is read, and it is said', async () => {
    const [one, two] = await companies(2);
    const before = (await ignored()).length;
    const ids = await apply(
      [city(one!, 'Bath')],
      [city(two!, POISON)],
      [{ is: 'ignored', why: randomUUID() }],
    );
    expect(await applied(ids)).toEqual([true, true, true]);
    expect([await cityOf(one!), await cityOf(two!)]).toEqual(['Bath', null]);
    expect(await due(two!)).toHaveLength(1);
    expect((await ignored()).slice(before).map(({ detail }) => Object.keys(detail ?? {}))).toEqual([
      ['a delivery that could not be stored'],
      [expect.any(String)],
    ]);
    expect((await verifyJournal(stepped.db, stepped.hubId)).broken).toBeNull();
  });

  it('that cannot even be read is set aside, and names nothing', async () => {
    const [ok] = await companies(1);
    const rows = await stepped.db
      .insertInto('deliveries')
      .values({ hub_id: stepped.hubId, received_at: new Date(), events: '[' })
      .returning('delivery_id')
      .execute();
    const ids = rows.map((row) => row.delivery_id);
    await applyBatch(ctx, (events) => JSON.parse(events) as Heard[], {
      ids,
      deliveries: [{ receivedAt: stepped.clock.now(), events: '[' }],
    });
    expect(await applied(ids)).toEqual([true]);
    await apply([city(ok!, 'Bath')]);
    expect(await cityOf(ok!)).toBe('Bath');
  });
});
