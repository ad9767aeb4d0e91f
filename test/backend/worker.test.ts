/** The hub's worker from outside: whom it hears, what it begins with, how its terms end and follow one another. */
import { randomUUID } from 'node:crypto';
import { hubId as toHubId, recordId } from '@tallystick/shared/ids';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { READ_MAX_RECORDS } from '../../backend/hubspot/crm.ts';
import type { Heard } from '../../backend/intake/heard.ts';
import { createSignals, type Signals } from '../../backend/signals.ts';
import { markDue } from '../../backend/store/due.ts';
import { storeOrder } from '../../backend/store/orders.ts';
import type { Context } from '../../backend/sync/context.ts';
import { acquireLease, LEASE_CLASS } from '../../backend/sync/lease.ts';
import { startWorker, type Worker, type WorkerDeps } from '../../backend/sync/worker.ts';
import { eventually } from '../harness/eventually.ts';
import { clock } from '../harness/loop.ts';
import { asOwner, endLocksOf } from '../harness/postgres.ts';
import { startStepped, type Stepped } from '../harness/stepped.ts';

const COLLEAGUE = { sourceType: 'CRM_UI', sourceId: 'userId:7' };

describe('the worker', () => {
  let stepped: Stepped;
  let ctx: Context;
  let signals: Signals;
  /** Listeners that were not taken away again. */
  let ears: number;
  let said: string[];
  let workers: Worker[];
  beforeAll(async () => {
    stepped = await startStepped();
    ctx = await stepped.context();
    await stepped.lease.release();
  });
  afterAll(() => stepped.close());
  beforeEach(() => {
    [ears, said, workers] = [0, [], []];
    const all = createSignals();
    const counted = (off: () => void): (() => void) => {
      ears += 1;
      return () => {
        ears -= 1;
        off();
      };
    };
    signals = {
      ...all,
      onWake: (listener) => counted(all.onWake(listener)),
      onArrived: (listener) => counted(all.onArrived(listener)),
    };
  });
  afterEach(async () => {
    await Promise.all(workers.map((worker) => worker.stop()));
  });

  function start(facts: Partial<WorkerDeps> = {}): Worker {
    const { hubId, db, database, sim } = stepped;
    const log = pino({ level: 'info' }, { write: (line: string) => void said.push(line) });
    const worker = startWorker({
      ...{ hubId, db, databaseUrl: database.url, appId: String(sim.appId), crm: ctx.crm, signals, clock },
      ...{ onTypeIds: ctx.drift.onTypeIds, windowLimit: 190, holder: 'test', log },
      translate: (events) => JSON.parse(events) as Heard[],
      ...facts,
    });
    workers.push(worker);
    return worker;
  }
  async function company(): Promise<string> {
    const { id } = stepped.sim.world.create('companies', { name: 'Works', city: 'Ulm' }, COLLEAGUE);
    const due = [{ object: 'company' as const, recordId: recordId(id) }];
    await markDue(stepped.db, stepped.hubId, 'read', due, { now: Date.now() });
    signals.wake(stepped.hubId);
    await eventually(async () => (await cityOf(id)) === 'Ulm', 'it is read');
    return id;
  }
  const cityOf = (id: string): Promise<unknown> => stepped.mirrored('company', id, 'city');
  const city = (id: string, value: string): string => {
    const by = { via: 'CRM_UI', id: 'userId:7', person: null };
    const heard: Heard = {
      is: 'value',
      object: 'company',
      recordId: recordId(id),
      field: 'city',
      value,
      at: Date.now(),
      by,
    };
    return JSON.stringify([heard]);
  };
  async function deliver(events: string, to = stepped.hubId): Promise<void> {
    const row = await stepped.db
      .insertInto('deliveries')
      .values({ hub_id: stepped.hubId, received_at: new Date(), events })
      .returning('delivery_id')
      .executeTakeFirstOrThrow();
    signals.arrived(to, { ids: [row.delivery_id], deliveries: [{ receivedAt: Date.now(), events }] });
  }
  const isFree = async (): Promise<boolean> => {
    const lease = await acquireLease(stepped.database.url, stepped.hubId, 'test', Date.now());
    await lease?.release();
    return lease !== null;
  };

  it('hears its own hub and no other, and takes its ears and its lease with it when it stops', async () => {
    const worker = start();
    await worker.leading;
    const id = await company();
    const [other, events] = [toHubId('999'), city(id, 'Elsewhere')];
    signals.arrived(other, { ids: ['0'], deliveries: [{ receivedAt: Date.now(), events }] });
    await deliver(city(id, 'Bath'));
    await eventually(async () => (await cityOf(id)) !== 'Ulm', 'what is its own is applied');
    expect(await cityOf(id)).toBe('Bath');
    await worker.stop();
    expect(ears).toBe(0);
    expect(await isFree()).toBe(true);
  });

  it('begins with what was ordered while nobody spoke for the hub', async () => {
    const { id } = stepped.sim.world.create(
      'contacts',
      { email: `${randomUUID()}@example.com`, firstname: 'Ada' },
      COLLEAGUE,
    );
    const order = { do: 'look', object: 'company', recordId: recordId('1') } as const;
    for (let n = 0; n < 45; n += 1)
      await storeOrder(stepped.db, stepped.hubId, {
        userId: '51',
        key: randomUUID(),
        order,
        now: Date.now(),
      });
    const edit = await stepped.ask('contact', id, { firstName: ['Ada', 'Augusta'] });
    await start().leading;
    await eventually(async () => (await stepped.states(edit)).firstName === 'verified', 'it is written');
    const entries = await stepped.db
      .selectFrom('journal')
      .select('kind')
      .where('hub_id', '=', stepped.hubId)
      .where('kind', 'in', ['ordered', 'asked'])
      .orderBy('seq')
      .execute();
    expect(entries.map(({ kind }) => kind)).toEqual([...Array<string>(45).fill('ordered'), 'asked']);
  });

  it('ends its term as a whole when one loop fails, says so, and serves again', async () => {
    let fails = 1;
    const translate = (events: string): Heard[] => {
      if (events.includes('Bath') && fails-- > 0) throw new Error('It cannot go on.');
      return JSON.parse(events) as Heard[];
    };
    await start({ translate }).leading;
    const id = await company();
    await deliver(city(id, 'Bath'));
    await eventually(async () => (await cityOf(id)) === 'Bath', 'it is applied in the next term');
    expect(said.filter((line) => line.includes('lost its hub'))).toHaveLength(1);
    expect(said.filter((line) => line.includes('speaks for the hub now'))).toHaveLength(2);
  });

  it('serves again after it lost its lease, and in its only term ends with it', async () => {
    await start().leading;
    const owner = asOwner(stepped.database.url);
    await endLocksOf(owner, LEASE_CLASS);
    await eventually(
      () => said.filter((line) => line.includes('speaks for the hub now')).length === 2,
      'a second term',
    );
    await workers[0]?.stop();
    const once = start({ oneTerm: true });
    await once.leading;
    await endLocksOf(owner, LEASE_CLASS);
    await once.ended;
    await owner.destroy();
  });

  it('of one term does not wait for a lease that another has', async () => {
    const lease = await acquireLease(stepped.database.url, stepped.hubId, 'another', Date.now());
    await start({ oneTerm: true }).ended;
    expect(said.join('')).not.toContain('speaks for the hub now');
    await lease?.release();
  });

  it('lets machines rest after full batches, and people never', async () => {
    const ids = Array.from({ length: READ_MAX_RECORDS + 3 }, () =>
      recordId(stepped.sim.world.create('contacts', { email: `${randomUUID()}@example.com` }, COLLEAGUE).id),
    );
    const due = ids.map((id) => ({ object: 'contact' as const, recordId: id }));
    await markDue(stepped.db, stepped.hubId, 'read', due, { now: Date.now() });
    await start({
      rest: (_, term) => new Promise((resolve) => term.addEventListener('abort', () => resolve())),
    }).leading;
    await eventually(
      async () =>
        (
          await stepped.db
            .selectFrom('due')
            .select('record_id')
            .where('hub_id', '=', stepped.hubId)
            .where('record_id', 'in', ids)
            .execute()
        ).length === 0,
      'all are read',
    );
  });
});
