/** One round after the other, stepped by hand: what the worker makes of each kind of answer. */
import { randomUUID } from 'node:crypto';
import { recordId, type HubId } from '@tallystick/shared/ids';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Db } from '../../backend/store/database.ts';
import { Bell } from '../../backend/bell.ts';
import { READ_MAX_RECORDS } from '../../backend/hubspot/crm.ts';
import { workOnJobs } from '../../backend/intake/jobs.ts';
import { markDue } from '../../backend/store/due.ts';
import { orderJobs } from '../../backend/store/jobs.ts';
import { Budget, type Clock } from '../../backend/sync/budget.ts';
import type { Context } from '../../backend/sync/context.ts';
import { LEASE_CLASS } from '../../backend/sync/lease.ts';
import { MACHINE_LANES, workLoop } from '../../backend/sync/loops.ts';
import { sendWrites } from '../../backend/sync/send.ts';
import { PATIENCE } from '../../backend/sync/situation.ts';
import { eventually } from '../harness/eventually.ts';
import { asOwner, endLocksOf } from '../harness/postgres.ts';
import { startStepped, type Stepped } from '../harness/stepped.ts';
import type { Faults } from '../simulator/faults.ts';
import type { Simulator } from '../simulator/simulator.ts';

const COLLEAGUE = { sourceType: 'CRM_UI', sourceId: 'userId:7' };

describe('a round with the CRM', () => {
  let stepped: Stepped;
  let sim: Simulator;
  let db: Db;
  let hubId: HubId;
  let clock: Clock;
  let meanwhile: Stepped['meanwhile'];
  let ask: Stepped['ask'];
  let states: Stepped['states'];
  let ctx: Context;

  beforeAll(async () => {
    stepped = await startStepped();
    ({ sim, db, hubId, clock, meanwhile, ask, states } = stepped);
  });
  afterAll(() => stepped.close());
  beforeEach(async () => {
    faulty({ down: false, error502Rate: 0, forced429: null });
    await db.deleteFrom('due').where('hub_id', '=', hubId).execute();
    ctx = await stepped.context();
  });

  const faulty = (api: Partial<Faults['api']>): void => void Object.assign(sim.faults.api, api);
  const contact = (properties: Record<string, string> = {}): string =>
    sim.world.create(
      'contacts',
      { email: `${randomUUID()}@example.com`, firstname: 'Ada', ...properties },
      COLLEAGUE,
    ).id;
  const company = (): string =>
    sim.world.create('companies', { name: 'Engines', address: 'Old Street 1' }, COLLEAGUE).id;
  const step = (withinMs = 0): Promise<void> => stepped.round(ctx, withinMs);
  const dueOf = (id: string) =>
    db
      .selectFrom('due')
      .select(['links', 'attempts', 'parked_at'])
      .where('hub_id', '=', hubId)
      .where('record_id', '=', recordId(id))
      .executeTakeFirst();
  const lifeOf = async (id: string) =>
    (
      await db
        .selectFrom('mirror')
        .select('life')
        .where('hub_id', '=', hubId)
        .where('record_id', '=', recordId(id))
        .executeTakeFirst()
    )?.life;
  const held = (type: string, id: string, property: string) => sim.world.value(type, id, property);
  const timesWritten = (type: string, id: string, property: string): number =>
    (sim.world.get(type, id).cells.get(property) ?? []).filter(({ by }) => by.sourceId === String(sim.appId))
      .length;

  it('lets others have their turn after a round as full as it can be, and after no other', async () => {
    const ids = Array.from({ length: READ_MAX_RECORDS + 3 }, () => recordId(contact()));
    const due = ids.map((id) => ({ object: 'contact' as const, recordId: id }));
    await markDue(db, hubId, 'observe', due, { now: clock.now() });
    const end = new AbortController();
    const bell = (): Bell => new Bell(clock, end.signal);
    const waiting: number[] = [];
    let goOn: () => void = () => undefined;
    const term = {
      ...{
        signal: end.signal,
        look: <T>(work: (of: Db) => Promise<T>) => work(db),
        lookMs: 50,
        busy: new Set<string>(),
      },
      bells: { arrived: bell(), people: bell(), machines: bell(), asked: bell(), jobs: bell() },
      rest: () => {
        waiting.push(term.busy.size);
        return new Promise<void>((resolve) => (goOn = resolve));
      },
    };
    const left = async (): Promise<number> =>
      (await db.selectFrom('due').select('record_id').where('hub_id', '=', hubId).execute()).length;
    const loop = workLoop(ctx, term, MACHINE_LANES, term.bells.machines);
    await eventually(async () => (await left()) === 3, 'a full batch is read, and the others wait');
    expect(waiting).toEqual([READ_MAX_RECORDS]);
    goOn();
    await eventually(async () => (await left()) === 0, 'the others are read');
    expect(waiting).toHaveLength(1);
    end.abort();
    await loop;
  });

  it('writes what the CRM takes, and refuses only what it names, of the same record and of others in the same call', async () => {
    const [one, two] = [contact(), contact()];
    const good = await ask('contact', one, { firstName: ['Ada', 'Augusta'] });
    const mixed = await ask('contact', two, {
      firstName: ['Ada', 'Grace'],
      preferredChannel: [null, 'PIGEON'],
    });
    await step();
    expect(await states(good)).toEqual({ firstName: 'written' });
    expect(await states(mixed)).toMatchObject({ preferredChannel: 'refused' });
    await step(PATIENCE.ambiguousMs);
    await step(PATIENCE.ambiguousMs);
    expect(held('contacts', two, 'firstname')).toBe('Grace');
    expect((await states(mixed)).firstName).not.toBe('refused');
  });

  it('empties a property where the customer took the value away', async () => {
    const id = contact({ jobtitle: 'Analyst' });
    await ask('contact', id, { jobTitle: ['Analyst', null] });
    await step();
    expect(held('contacts', id, 'jobtitle') ?? '').toBe('');
  });

  it('leaves an edit with staff whose value was taken back for a colleague’s', async () => {
    const id = company();
    const edit = await ask('company', id, { street: ['Old Street 1', 'Third Way 3'] });
    meanwhile.set('write.sending', () =>
      sim.world.update('companies', id, { address: 'New Road 2' }, COLLEAGUE),
    );
    await step();
    await step(100);
    expect(held('companies', id, 'address')).toBe('New Road 2');
    expect(await states(edit)).toEqual({ street: 'held' });
  });

  it('sends nothing again while a call that nobody answered may still arrive', async () => {
    const id = contact();
    const edit = await ask('contact', id, { firstName: ['Ada', 'Augusta'] });
    meanwhile.set('write.sending', () => faulty({ down: true }));
    await step();
    faulty({ down: false });
    await step(1_500);
    expect(timesWritten('contacts', id, 'firstname')).toBe(0);
    await step(PATIENCE.ambiguousMs);
    expect(timesWritten('contacts', id, 'firstname')).toBe(1);
    await step(PATIENCE.ambiguousMs);
    expect(await states(edit)).toEqual({ firstName: 'verified' });
  });

  it('S7: gives back what a write covers that was given up and comes after all, and the journal names it', async () => {
    const id = company();
    const edit = await ask('company', id, { street: ['Old Street 1', 'Third Way 3'] });
    meanwhile.set('write.sending', () => faulty({ down: true }));
    await step();
    faulty({ down: false });
    await step(PATIENCE.ambiguousMs); // given up, and written once more
    await step(PATIENCE.ambiguousMs);
    expect(await states(edit)).toEqual({ street: 'verified' });
    const look = async (street: string, by: { sourceType: string; sourceId: string }): Promise<void> => {
      sim.world.update('companies', id, { address: street }, by);
      await markDue(db, hubId, 'read', [{ object: 'company', recordId: recordId(id) }], { now: clock.now() });
      await step(1_000);
    };
    await look('New Road 2', COLLEAGUE);
    await look('Third Way 3', { sourceType: 'INTEGRATION', sourceId: String(sim.appId) });
    expect(held('companies', id, 'address')).toBe('New Road 2');
    const told = await db
      .selectFrom('journal')
      .select(['before', 'after'])
      .where('hub_id', '=', hubId)
      .where('record_id', '=', recordId(id))
      .where('rule', '=', 'S7')
      .execute();
    expect(told).toEqual([{ before: 'New Road 2', after: 'Third Way 3' }]);
    const written = timesWritten('companies', id, 'address');
    await step(PATIENCE.ambiguousMs);
    await look('Third Way 4', COLLEAGUE);
    await step(PATIENCE.ambiguousMs);
    expect(timesWritten('companies', id, 'address')).toBe(written);
    expect(held('companies', id, 'address')).toBe('Third Way 4');
  });

  it('has what reading everything brought it to write due until it is proven, though nothing was due', async () => {
    const id = contact();
    const edit = await ask('contact', id, { firstName: ['Ada', 'Augusta'] });
    await db.deleteFrom('due').where('hub_id', '=', hubId).execute();
    await orderJobs(db, hubId, 'backfill', ['contact'], clock.now());
    while (await workOnJobs(ctx));
    expect([held('contacts', id, 'firstname'), await states(edit)]).toEqual([
      'Augusta',
      { firstName: 'written' },
    ]);
    await step();
    expect(await states(edit)).toEqual({ firstName: 'verified' });
  });

  it.each(['round.reading', 'write.sending'])(
    'holds everybody back when the CRM says at %s that it is too much',
    async (at) => {
      const id = contact();
      await ask('contact', id, { firstName: ['Ada', 'Augusta'] });
      meanwhile.set(at, () => faulty({ forced429: 'burst' }));
      await step();
      expect(ctx.budget.isFree('edit')).toBe(false);
    },
  );

  it('takes no record for gone, and forgets no association, because a call was not answered', async () => {
    const id = contact();
    await markDue(db, hubId, 'read', [{ object: 'contact', recordId: recordId(id), links: true }], {
      now: clock.now(),
    });
    meanwhile.set('round.read', () => faulty({ error502Rate: 1 }));
    await step();
    expect(await dueOf(id)).toMatchObject({ links: true, parked_at: null });
    faulty({ error502Rate: 0 });
    await step(60_000);
    expect(await lifeOf(id)).toBe('present');
    sim.world.archive('contacts', id, COLLEAGUE);
    await markDue(db, hubId, 'read', [{ object: 'contact', recordId: recordId(id) }], { now: clock.now() });
    meanwhile.set('round.read', () => faulty({ error502Rate: 1 }));
    await step();
    expect(await lifeOf(id)).toBe('present');
    faulty({ error502Rate: 0 });
    await step(60_000);
    expect(await lifeOf(id)).toBe('archived');
  });

  it('leads from a record that was merged away to the one it lives on in', async () => {
    const [primary, other] = [contact(), contact()];
    await markDue(db, hubId, 'read', [{ object: 'contact', recordId: recordId(other) }], {
      now: clock.now(),
    });
    await step();
    sim.world.merge('contacts', primary, other, COLLEAGUE);
    await markDue(db, hubId, 'read', [{ object: 'contact', recordId: recordId(other) }], {
      now: clock.now(),
    });
    await step();
    expect(await lifeOf(other)).toBe(`merged:${sim.world.get('contacts', primary).id}`);
  });

  it('parks a record after several failures of its own, and none because the whole CRM is away', async () => {
    const id = contact();
    await markDue(db, hubId, 'read', [{ object: 'contact', recordId: recordId(id) }], { now: clock.now() });
    faulty({ error502Rate: 1 });
    ctx.health.lastSuccessAt = 0;
    for (let n = 0; n < 8; n += 1) {
      ctx.budget = new Budget(clock, { windowLimit: 190 });
      await step(60_000);
    }
    expect(await dueOf(id)).toMatchObject({ attempts: 0, parked_at: null });
    for (let n = 0; n < 6; n += 1) {
      expect(await dueOf(id)).toMatchObject({ attempts: n, parked_at: null });
      ctx.health.lastSuccessAt = clock.now() + 60_000;
      await step(60_000);
    }
    expect((await dueOf(id))?.parked_at).not.toBeNull();
  });

  it('ends what was promised of a record that is gone, and knows when it was read', async () => {
    const id = contact();
    const edit = await ask('contact', id, { firstName: ['Ada', 'Augusta'] });
    meanwhile.set('write.sending', () => faulty({ down: true }));
    await step();
    const mirrored = await db
      .selectFrom('mirror')
      .select('read_at')
      .where('hub_id', '=', hubId)
      .where('record_id', '=', recordId(id))
      .executeTakeFirst();
    expect(mirrored?.read_at).not.toBeNull();
    faulty({ down: false });
    sim.world.archive('contacts', id, COLLEAGUE);
    await step(1_500);
    expect(await states(edit)).toEqual({ firstName: 'refused' });
    const open = await db
      .selectFrom('promises')
      .select('field')
      .where('hub_id', '=', hubId)
      .where('record_id', '=', recordId(id))
      .where('settled_at', 'is', null)
      .execute();
    expect(open).toEqual([]);
  });

  it('sends nothing once the lease is lost', async () => {
    const id = contact();
    const owner = asOwner(stepped.database.url);
    await endLocksOf(owner, LEASE_CLASS);
    await stepped.lease.lost;
    const promise = { promiseId: '1', field: 'firstName', value: 'Augusta', editIds: [], restores: false };
    const write = { recordId: recordId(id), work: null, promises: [promise] };
    await expect(sendWrites(ctx, 'contact', [write])).rejects.toThrow();
    expect(timesWritten('contacts', id, 'firstname')).toBe(0);
    await owner.destroy();
  });
});
