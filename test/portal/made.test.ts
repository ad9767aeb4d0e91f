/** A creation is made once, stepped by hand: what the worker does with a call that arrived without its answer. */
import { randomUUID } from 'node:crypto';
import { editId, recordId, type EditId, type HubId } from '@tallystick/shared/ids';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { storeCreation } from '../../backend/store/creations.ts';
import type { Db, Definition } from '../../backend/store/database.ts';
import type { Clock } from '../../backend/sync/budget.ts';
import type { Context } from '../../backend/sync/context.ts';
import { makeCreations } from '../../backend/sync/creations.ts';
import { PATIENCE } from '../../backend/sync/situation.ts';
import { startStepped, type Stepped } from '../harness/stepped.ts';
import { seedDefinitions } from '../simulator/seedSchema.ts';
import type { Simulator } from '../simulator/simulator.ts';

const OURS = { sourceType: 'INTEGRATION', sourceId: '99' };
const KEY = 'portal_request_key';
const unique = (is: boolean): Map<string, Definition> =>
  new Map([[`ticket:${KEY}`, { unique: is } as Definition]]);

describe('a creation', () => {
  let stepped: Stepped;
  let sim: Simulator;
  let db: Db;
  let hubId: HubId;
  let clock: Clock;
  let meanwhile: Stepped['meanwhile'];
  let steps: Stepped['steps'];
  let ctx: Context;
  let company: string;
  let contact: string;

  beforeAll(async () => {
    stepped = await startStepped(({ world }) => {
      world.quietly(() => void seedDefinitions(world));
      company = world.create('companies', { name: 'Engines' }, OURS).id;
      contact = world.create('contacts', { email: 'ada@engines.example' }, OURS).id;
    });
    ({ sim, db, hubId, clock, meanwhile, steps } = stepped);
  });
  afterAll(() => stepped.close());
  beforeEach(async () => {
    sim.faults.api.resetAfterApplyRate = 0;
    ctx = await stepped.context();
    ctx.definitions = unique(true);
  });

  async function asked(): Promise<EditId> {
    const id = editId(randomUUID());
    await storeCreation(db, hubId, {
      ...{ editId: id, name: 'raiseCase', object: 'ticket', person: recordId(contact), audience: 'direct' },
      ...{ askedAt: clock.now(), idempotencyKey: id, fingerprint: id, uploadId: null },
      fields: [
        { field: 'subject', wanted: 'Cold' },
        { field: 'description', wanted: 'Very' },
      ],
      on: { object: 'company', recordId: recordId(company) },
      companies: [recordId(company)],
    });
    return id;
  }
  /** What is due within so many ms is tried. */
  async function step(withinMs = 0): Promise<void> {
    stepped.pass(withinMs);
    await makeCreations(ctx);
  }
  const madeOf = (id: EditId): string[] =>
    [...(sim.world.state.data.records.get('0-5')?.values() ?? [])]
      .map((ticket) => ticket.id)
      .filter((ticket) => sim.world.value('tickets', ticket, KEY) === id);
  const calls = (): number => steps.filter((one) => one === 'creation.sending').length;
  const stateOf = async (id: EditId) =>
    db
      .selectFrom('edit_fields as f')
      .innerJoin('creations as c', 'c.edit_id', 'f.edit_id')
      .select(['f.state', 'f.record_id', 'c.error', 'c.ended_at'])
      .where('f.hub_id', '=', hubId)
      .where('f.edit_id', '=', id)
      .where('f.field', '=', 'subject')
      .executeTakeFirstOrThrow();
  /** The call arrives, and its answer is lost. */
  async function madeUnheard(): Promise<EditId> {
    const id = await asked();
    meanwhile.set('creation.sending', () => void (sim.faults.api.resetAfterApplyRate = 1));
    meanwhile.set('creation.answered', () => void (sim.faults.api.resetAfterApplyRate = 0));
    await step();
    expect([madeOf(id).length, calls()]).toEqual([1, 1]);
    expect(await stateOf(id)).toMatchObject({ state: 'accepted', record_id: null, ended_at: null });
    return id;
  }

  it('that was made without an answer is found by its key, and no second call goes out', async () => {
    const id = await madeUnheard();
    await step(2_000);
    expect(await stateOf(id)).toMatchObject({ state: 'verified', record_id: madeOf(id)[0], error: null });
    expect([madeOf(id).length, calls()]).toEqual([1, 1]);
  });

  it('that was made without an answer is no refusal where its key has stopped being unique since', async () => {
    const id = await madeUnheard();
    ctx.definitions = unique(false);
    await step(2_000);
    expect(await stateOf(id)).toMatchObject({ state: 'verified', record_id: madeOf(id)[0] });
  });

  it('is not called for again while the first call may still arrive', async () => {
    const id = await asked();
    sim.faults.api.error502Rate = 1;
    await step();
    sim.faults.api.error502Rate = 0;
    await step(2_000);
    expect([madeOf(id).length, calls()]).toEqual([0, 1]);
    await step(PATIENCE.ambiguousMs + 60_000);
    expect(await stateOf(id)).toMatchObject({ state: 'verified', record_id: madeOf(id)[0] });
    expect([madeOf(id).length, calls()]).toEqual([1, 2]);
  });

  it('whose key is taken by its own earlier call, which arrived at last, is made and not refused', async () => {
    const id = await asked();
    meanwhile.set('creation.sending', () => {
      sim.world.create(
        'tickets',
        { subject: 'Cold', hs_pipeline: '0', hs_pipeline_stage: '1', [KEY]: id },
        OURS,
      );
    });
    await step();
    expect(await stateOf(id)).toMatchObject({ state: 'verified', record_id: madeOf(id)[0] });
    expect(madeOf(id)).toHaveLength(1);
  });

  it('waits while the CRM has not said whether its key is unique, and is made then', async () => {
    const id = await asked();
    ctx.definitions = new Map();
    await step();
    expect(await stateOf(id)).toMatchObject({ state: 'accepted', error: { code: 'key-unknown' } });
    expect([madeOf(id).length, calls()]).toEqual([0, 0]);
    ctx.definitions = unique(true);
    await step(2_000);
    expect(await stateOf(id)).toMatchObject({ state: 'verified', record_id: madeOf(id)[0] });
  });
});
