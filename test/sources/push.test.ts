/** Another system's word over the real loop: from its database into the CRM, and back when somebody changes it there. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyJournal } from '../../backend/store/journal.ts';
import { eventually } from '../harness/eventually.ts';
import { startLoop, type LoopHarness } from '../harness/loop.ts';
import { sourceOf } from '../simulator/acting.ts';
import { seedDefinitions } from '../simulator/seedSchema.ts';
import { startBillingWorld, type BillingWorld } from './world.ts';

const LOOK_MS = 250;
const COLLEAGUE = sourceOf('colleague', 7);

describe('what billing says, in the CRM', () => {
  let books: BillingWorld;
  let loop: LoopHarness;
  const prepare = ({ world }: LoopHarness['sim']): void => world.quietly(() => seedDefinitions(world));
  /** Linked to K-10001, K-10002, K-10003, K-10004 in this order, and one that is linked to nothing. */
  let companies: string[];

  beforeEach(async () => {
    books = await startBillingWorld();
    loop = await startLoop({ sources: [books.open()], sourceLookMs: LOOK_MS, prepare });
    const { world } = loop.sim;
    companies = ['K-10001', 'K-10002', 'K-10003', 'K-10004', ''].map(
      (billing_customer, i) =>
        world.create('companies', { name: `Firm ${i}`, billing_customer }, COLLEAGUE).id,
    );
    await loop.deliver(companies.map((id) => event(id)));
  });
  afterEach(async () => {
    await loop.close();
    await books.close();
  });

  const event = (id: string, property?: { name: string; value: string }) => ({
    subscriptionType: property === undefined ? 'company.creation' : 'company.propertyChange',
    objectId: Number(id),
    portalId: loop.sim.hubId,
    occurredAt: Date.now(),
    changeSource: 'CRM_UI',
    sourceId: 'userId:7',
    ...(property === undefined ? {} : { propertyName: property.name, propertyValue: property.value }),
  });
  const balance = async (customer: string): Promise<string> => {
    const [row] = await books.billing.run<{ open: string }>(
      `select sum(total - paid)::float8::text as open from books.invoice where customer = $1`,
      [customer],
    );
    return row!.open;
  };
  const inCrm = (id: string, name = 'open_balance'): string | null =>
    loop.sim.world.get('companies', id).cells.get(name)?.[0]?.value ?? null;
  const written = (id: string, name = 'open_balance'): string[] =>
    (loop.sim.world.get('companies', id).cells.get(name) ?? [])
      .filter(({ by }) => by.sourceType === 'INTEGRATION')
      .map(({ value }) => value);
  const isInCrm = async (id: string, customer: string) => {
    const wanted = await balance(customer);
    await eventually(
      () => Number(inCrm(id) ?? NaN) === Number(wanted),
      `the CRM has ${wanted} for ${customer}`,
    );
  };
  /** A colleague changes it in the CRM, and HubSpot tells us. */
  const change = async (id: string, name: string, value: string) => {
    loop.sim.world.update('companies', id, { [name]: value }, COLLEAGUE);
    await loop.deliver([event(id, { name, value })]);
  };
  const edits = () =>
    loop.db
      .selectFrom('edits as e')
      .innerJoin('edit_fields as f', (join) =>
        join.onRef('f.hub_id', '=', 'e.hub_id').onRef('f.edit_id', '=', 'e.edit_id'),
      )
      .select(['e.person', 'e.record_id', 'f.field', 'f.state', 'f.rule', 'f.seen', 'f.wanted', 'f.reason'])
      .where('e.hub_id', '=', loop.hubId)
      .orderBy('e.number')
      .execute();
  const allVerified = () =>
    eventually(async () => {
      const all = await edits();
      return all.length > 0 && all.every(({ state }) => state === 'verified') ? all : undefined;
    }, 'every edit of the source is verified');
  const health = async () => {
    const hub = await loop.db
      .selectFrom('hubs')
      .select('health')
      .where('hub_id', '=', loop.hubId)
      .executeTakeFirstOrThrow();
    return hub.health.sources?.billing;
  };
  /** A whole look that began after this moment is over. */
  const looked = async () => {
    const since = Date.now();
    await eventually(async () => {
      const now = await health();
      return now !== undefined && Date.parse(now.lookedAt) > since + LOOK_MS ? now : undefined;
    }, 'billing was looked at again');
  };
  const allFour = async () => {
    for (const [i, id] of companies.slice(0, 4).entries()) await isInCrm(id, `K-1000${i + 1}`);
    return allVerified();
  };

  it('is written once for each linked company, proven, and causes no echo, whatever HubSpot tells of it', async () => {
    const first = await allFour();
    expect(first.every(({ person }) => person === 'source:billing')).toBe(true);
    expect(first).toHaveLength(8);
    expect(first.every(({ rule }) => rule === 'S1')).toBe(true);
    for (const id of companies.slice(0, 4)) {
      expect(written(id)).toHaveLength(1);
      await loop.deliver([event(id, { name: 'open_balance', value: written(id)[0]! })]);
    }
    expect(inCrm(companies[4]!)).toBeNull();
    await loop.restart();
    await looked();
    expect((await edits()).length).toBe(first.length);
    for (const id of companies.slice(0, 4)) expect(written(id)).toHaveLength(1);
    const rows = await loop.db
      .selectFrom('journal')
      .select(['kind', 'actor', 'rule'])
      .where('hub_id', '=', loop.hubId)
      .where('field', '=', 'openBalance')
      .execute();
    expect(rows.find(({ kind }) => kind === 'asked')?.actor).toEqual({
      via: 'SOURCE',
      id: 'source:billing',
      person: 'source:billing',
    });
    expect(rows.filter(({ kind }) => kind === 'decided').map(({ rule }) => rule)).toEqual(
      Array(4).fill('D3'),
    );
    expect((await verifyJournal(loop.db, loop.hubId)).broken).toBeNull();
  });

  it('follows a change in billing, and only that company is written', async () => {
    await allFour();
    await books.billing.run(`update books.invoice set paid = 0 where customer = 'K-10002'`);
    await isInCrm(companies[1]!, 'K-10002');
    await allVerified();
    expect(companies.slice(0, 4).map((id) => written(id).length)).toEqual([1, 2, 1, 1]);
  });

  it('comes back when a colleague changes it in the CRM: reverted, the other value kept and attributed', async () => {
    await allFour();
    const [id] = companies;
    await change(id!, 'open_balance', '1');
    await isInCrm(id!, 'K-10001');
    const all = await allVerified();
    expect(all.at(-1)).toMatchObject({ record_id: id, field: 'openBalance', rule: 'S1' });
    const decided = await loop.db
      .selectFrom('journal')
      .select(['rule', 'before', 'actor'])
      .where('hub_id', '=', loop.hubId)
      .where('record_id', '=', all.at(-1)!.record_id)
      .where('field', '=', 'openBalance')
      .where('kind', '=', 'decided')
      .orderBy('seq', 'desc')
      .executeTakeFirstOrThrow();
    expect(decided).toMatchObject({ rule: 'D6', before: '1', actor: { id: 'userId:7' } });
    expect(written(id!)).toHaveLength(2);
    expect(await loop.mirrored('company', id!, 'openBalance')).toBe(await balance('K-10001'));
  });

  it('does not answer blow for blow where something keeps changing it back: then it waits for the next look', async () => {
    await allFour();
    await loop.close();
    loop = await startLoop({ sources: [books.open()], sourceLookMs: 60_000, prepare });
    const { world } = loop.sim;
    const { id } = world.create('companies', { name: 'Firm', billing_customer: 'K-10003' }, COLLEAGUE);
    await loop.deliver([event(id)]);
    for (let blow = 1; blow <= 3; blow += 1) {
      await isInCrm(id, 'K-10003');
      await allVerified();
      expect(written(id)).toHaveLength(blow);
      await change(id, 'open_balance', String(blow));
    }
    await eventually(
      async () => (await loop.mirrored('company', id, 'openBalance')) === '3',
      'it is mirrored',
    );
    await loop.restart();
    await isInCrm(id, 'K-10003');
    await allVerified();
    expect(written(id)).toHaveLength(4);
  });

  it('moves with the link: a company that is linked anew, wrongly, or no longer', async () => {
    await allFour();
    const [first, , , , unlinked] = companies;
    await change(unlinked!, 'billing_customer', 'K-10009');
    await isInCrm(unlinked!, 'K-10009');
    await change(first!, 'billing_customer', 'K-10010');
    await isInCrm(first!, 'K-10010');
    await change(first!, 'billing_customer', '');
    await eventually(
      () => (inCrm(first!) ?? '') === '',
      'the balance of a company that is not linked is gone',
    );
    await eventually(() => (inCrm(first!, 'payment_status') ?? '') === '', 'and so is its status');
  });

  it('is not touched by a query that fails: nothing is pushed, never a blank, and it goes on when billing is back', async () => {
    await allFour();
    const before = (await edits()).length;
    books.billing.gate.shut();
    await books.billing.run(`update books.invoice set paid = 0 where customer = 'K-10001'`);
    await change(companies[1]!, 'open_balance', '5');
    await eventually(async () => (await health())?.failure?.code === 'unreachable', 'health says so');
    await looked();
    expect((await edits()).length).toBe(before);
    expect(inCrm(companies[1]!)).toBe('5');
    for (const id of companies.slice(0, 4)) expect(inCrm(id)).not.toBe('');
    books.billing.gate.open();
    await isInCrm(companies[0]!, 'K-10001');
    await isInCrm(companies[1]!, 'K-10002');
    await eventually(async () => (await health())?.failure === null, 'health says that it is back');
  });

  it('is not touched by an answer without a row: it is withheld, and staff are shown why', async () => {
    await allFour();
    const before = (await edits()).length;
    await books.billing.run('create schema kept');
    await books.billing.run('create table kept.invoice as select * from books.invoice');
    await books.billing.run('truncate books.customer, books.invoice, books.subscription');
    const said = await eventually(async () => {
      const now = await health();
      return now?.withheld == null ? undefined : now;
    }, 'health says that the answer was not believed');
    expect(said).toMatchObject({ withheld: 'Its answer would empty 4 of 4 records.', keys: 4, found: 0 });
    await looked();
    expect((await edits()).length).toBe(before);
    for (const id of companies.slice(0, 4)) expect(Number(inCrm(id))).not.toBeNaN();
  });

  it('does not wait where the CRM refuses a value: it is refused with its reason and not sent again and again', async () => {
    await allFour();
    await books.billing.run(`create or replace view portal_customer as
      select number as customer, 7.5::numeric as open_balance, 'bankrupt' as payment_status from books.customer`);
    await eventually(() => inCrm(companies[0]!) === '7.5', 'the value that fits is written');
    const refused = await eventually(async () => {
      const some = (await edits()).filter(({ state }) => state === 'refused');
      return some.length === 4 ? some : undefined;
    }, 'the ones that do not fit are refused');
    expect(refused[0]).toMatchObject({ field: 'paymentStatus', wanted: 'bankrupt', reason: 'not-an-option' });
    await looked();
    expect((await edits()).filter(({ state }) => state === 'refused')).toHaveLength(4);
  });
});
