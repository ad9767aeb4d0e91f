/** What a visit leaves behind: whom it tells, what it keeps of associations, what a crash right after it finds. */
import { randomUUID } from 'node:crypto';
import { STAFF } from '@tallystick/shared/decide';
import { editId, recordId, staffId } from '@tallystick/shared/ids';
import type { AppObject } from '@tallystick/shared/ownership';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { HubChange } from '../../backend/signals.ts';
import { markDue } from '../../backend/store/due.ts';
import { loadParents } from '../../backend/store/hanging.ts';
import { loadLinks } from '../../backend/store/mirror.ts';
import type { OpenEditRow } from '../../backend/store/visits.ts';
import { endingOf, intentsOf, openPromise, type Visited } from '../../backend/sync/commit.ts';
import type { Context } from '../../backend/sync/context.ts';
import { PATIENCE, type NewPromise } from '../../backend/sync/situation.ts';
import { startStepped, type Stepped } from '../harness/stepped.ts';
import { seedDefinitions } from '../simulator/seedSchema.ts';

const COLLEAGUE = { sourceType: 'CRM_UI', sourceId: 'userId:7' };
const INTEGRATION = { sourceType: 'INTEGRATION', sourceId: '4711' };

describe('a visit', () => {
  let stepped: Stepped;
  let ctx: Context;
  let told: HubChange[];
  beforeAll(async () => {
    stepped = await startStepped(({ world }) => world.quietly(() => void seedDefinitions(world)));
  });
  afterAll(() => stepped.close());
  beforeEach(async () => {
    await stepped.db.deleteFrom('due').where('hub_id', '=', stepped.hubId).execute();
    ctx = await stepped.context();
    told = [];
    ctx.signals.onChange((change) => told.push(change));
  });

  type Type = Parameters<Stepped['sim']['world']['create']>[0];
  const create = (type: Type, properties: Record<string, string>): string =>
    stepped.sim.world.create(type, properties, COLLEAGUE).id;
  const contact = (): string =>
    create('contacts', { email: `${randomUUID()}@example.com`, firstname: 'Ada' });
  const company = (): string => create('companies', { name: 'Engines', address: 'Old Street 1' });
  async function look(object: 'contact' | 'company' | 'note', ...ids: string[]): Promise<void> {
    const due = ids.map((id) => ({ object, recordId: recordId(id), links: object !== 'company' }));
    await markDue(stepped.db, stepped.hubId, 'read', due, { now: stepped.clock.now() });
    await stepped.round(ctx);
  }
  const journal = (object: AppObject, id: string) =>
    stepped.db
      .selectFrom('journal')
      .selectAll()
      .where('hub_id', '=', stepped.hubId)
      .where('object', '=', object)
      .where('record_id', '=', recordId(id))
      .orderBy('seq')
      .execute();
  const reasons = async (edit: string) =>
    (
      await stepped.db
        .selectFrom('edit_fields')
        .select('reason')
        .where('hub_id', '=', stepped.hubId)
        .where('edit_id', '=', editId(edit))
        .execute()
    ).map(({ reason }) => reason);

  it('tells of the record that moved and of the edit that came to its end, under the newest number', async () => {
    const id = contact();
    await look('contact', id);
    expect(told).toMatchObject([{ records: [{ recordId: id }], edits: [] }]);
    expect(told[0]?.seq).toBe(Number((await journal('contact', id)).at(-1)?.seq));
    const edit = await stepped.ask('contact', id, { firstName: ['Ada', 'Ada'] });
    await stepped.round(ctx);
    expect(await stepped.states(edit)).toEqual({ firstName: 'verified' });
    expect(told.slice(1)).toMatchObject([{ records: [], edits: [{ editId: edit, recordId: id }] }]);
    expect(told[1]?.seq).toBe(Number((await journal('contact', id)).at(-1)?.seq));
  });

  it('says once that something was asked, however often it is looked at', async () => {
    const id = contact();
    const first = await stepped.ask('contact', id, { firstName: ['Ada', 'Augusta'] });
    stepped.meanwhile.set('write.sending', () => void Object.assign(stepped.sim.faults.api, { down: true }));
    await stepped.round(ctx);
    Object.assign(stepped.sim.faults.api, { down: false });
    const second = await stepped.ask('contact', id, { firstName: ['Ada', 'Grace'] });
    for (let n = 0; n < 2; n += 1) await look('contact', id); // nobody knows yet what became of the first
    expect(await stepped.states(second)).toEqual({ firstName: 'accepted' });
    const asked = (await journal('contact', id)).filter(({ kind }) => kind === 'asked');
    expect(asked.map(({ edit_id: edit }) => edit)).toEqual([first, second]);
  });

  it('keeps the companies of a record and what it hangs on, and says what they were before', async () => {
    const [id, first, second, ticket] = [
      contact(),
      company(),
      company(),
      create('tickets', { subject: 'Leak', hs_pipeline: '0', hs_pipeline_stage: '1' }),
    ];
    const links = async (): Promise<string[]> =>
      (await loadLinks(stepped.db, stepped.hubId, 'contact', [recordId(id)])).map((link) => link.companyId);
    stepped.sim.world.associate(['contacts', id], ['companies', first], COLLEAGUE);
    await look('contact', id);
    expect(await links()).toEqual([first]);
    stepped.sim.world.associate(['contacts', id], ['companies', second], COLLEAGUE);
    await look('contact', id);
    expect((await links()).sort()).toEqual([first, second].sort());
    const [entry] = (await journal('contact', id)).filter(({ kind }) => kind === 'links');
    expect([entry?.before, entry?.after]).toEqual([first, expect.stringContaining(second)]);
    const note = create('notes', {
      portal_text: 'It leaks.',
      portal_shared: 'true',
      hs_timestamp: '1800000000000',
    });
    stepped.sim.world.associate(['notes', note], ['tickets', ticket], COLLEAGUE);
    await look('note', note);
    expect(await loadParents(stepped.db, stepped.hubId, 'note', [recordId(note)])).toEqual([
      { recordId: note, parent: { object: 'ticket', recordId: ticket } },
    ]);
  });

  it('tells who asked for a record that is gone from one that lives on in another', async () => {
    const [archived, merged, survivor] = [contact(), contact(), contact()];
    await look('contact', archived, merged);
    const edits = [
      await stepped.ask('contact', archived, { firstName: ['Ada', 'Augusta'] }),
      await stepped.ask('contact', merged, { firstName: ['Ada', 'Augusta'] }),
    ];
    stepped.sim.world.archive('contacts', archived, COLLEAGUE);
    stepped.sim.world.merge('contacts', survivor, merged, COLLEAGUE);
    await stepped.round(ctx);
    expect(await Promise.all(edits.map(reasons))).toEqual([['record-gone'], ['record-merged']]);
  });

  it('leaves no trace of a record that never was here and is not there', async () => {
    await look('contact', '999999999');
    expect(await journal('contact', '999999999')).toEqual([]);
    const row = await stepped.db
      .selectFrom('mirror')
      .select('life')
      .where('hub_id', '=', stepped.hubId)
      .where('record_id', '=', recordId('999999999'))
      .executeTakeFirst();
    expect(row).toBeUndefined();
  });

  it('K6: counts a mass change that only a read brought', async () => {
    const ids = Array.from({ length: 60 }, (_, n) =>
      create('companies', { name: 'Works', phone: `+44207946${1000 + n}` }),
    );
    await look('company', ...ids);
    for (const id of ids.slice(0, 40)) stepped.sim.world.update('companies', id, { phone: '' }, INTEGRATION);
    await look('company', ...ids);
    const warnings = await stepped.db
      .selectFrom('warnings')
      .select('code')
      .where('hub_id', '=', stepped.hubId)
      .execute();
    expect(warnings.map(({ code }) => code)).toContain('mass-change');
  });
});

describe('what a visit promises', () => {
  const [EDIT, RULING] = [editId(randomUUID()), editId(randomUUID())];
  const promise = (facts: Partial<NewPromise>): NewPromise => ({
    ...{ field: 'f', value: 'a', base: { value: null, at: 0, by: { via: '', id: null, person: null } } },
    ...{ editIds: [EDIT], restores: false, owed: false, person: null, ...facts },
  });

  it('K5: is held back unless it makes good, or staff decided it', () => {
    const one = recordId('1');
    const asked: OpenEditRow = {
      ...{ recordId: one, editId: EDIT, person: one, audience: 'direct', askedAt: 1, field: 'f', seen: null },
      ...{ wanted: 'a', state: 'accepted', journaled: true, guards: [], ruling: null },
    };
    const ruled: OpenEditRow = {
      ...{ ...asked, editId: RULING, person: staffId('7'), audience: STAFF },
      ruling: { choice: 'write', conflictId: null, note: null, held: null },
    };
    const exempt = (facts: Partial<NewPromise>): boolean[] => {
      const visited = { move: { recordId: one }, plan: { promises: [promise(facts)] } } as Visited;
      return intentsOf([visited], { edits: new Map([[one, [asked, ruled]]]) }).map((each) => each.isExempt);
    };
    expect(exempt({})).toEqual([false]);
    expect(exempt({ restores: true })).toEqual([true]);
    expect(exempt({ owed: true })).toEqual([true]);
    expect(exempt({ editIds: [EDIT, RULING] })).toEqual([true]);
  });

  it('by a worker before this one may have gone out as late as this one took over', () => {
    const lease = { epoch: 3, acquiredAt: 900 } as Context['lease'];
    const sentAt = (epoch: number, promisedAt: number): number =>
      openPromise(
        { lease },
        { ...promise({}), recordId: recordId('1'), promiseId: '1', epoch, promisedAt, answeredAt: null },
      ).sentAt;
    expect([sentAt(3, 500), sentAt(2, 500), sentAt(2, 950)]).toEqual([500, 900, 950]);
  });

  it('is due for when its call is sure to be over, should nobody come back from it', () => {
    const NOW = 1_000_000;
    const again = { lane: 'observe', notBefore: NOW + 1 } as const;
    const endsWith = (promises: NewPromise[]): unknown => {
      const move = { object: 'contact', recordId: recordId('1') };
      const visited = { move, seen: { work: null }, plan: { promises, again } } as unknown as Visited;
      return endingOf({ patience: PATIENCE }, visited, NOW).again;
    };
    expect(endsWith([promise({})])).toEqual({ lane: 'settle', notBefore: NOW + PATIENCE.ambiguousMs });
    expect(endsWith([])).toEqual(again);
  });
});
