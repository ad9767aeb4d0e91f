import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { staffId, type EditId } from '@tallystick/shared/ids';
import { receiptOf } from '../../backend/portal/receipts.ts';
import { editById } from '../../backend/store/edits.ts';
import { entriesOf } from '../../backend/store/entries.ts';
import { raisedWarnings } from '../../backend/store/warnings.ts';
import { NORA, TOMASZ } from '../harness/desk.ts';
import { eventually } from '../harness/eventually.ts';
import { COLLEAGUE, startHub, type Hub } from './kit.ts';

describe('what the breaker holds back', () => {
  let hub: Hub;
  beforeAll(async () => {
    hub = await startHub(60);
  }, 60_000);
  afterAll(() => hub.close());

  const warned = async (code: string) =>
    (await raisedWarnings(hub.loop.db, hub.loop.hubId)).filter((one) => one.code === code);
  const emptied = async (from: number, to: number, field = 'city'): Promise<EditId[]> => {
    const edits: EditId[] = [];
    for (let n = from; n < to; n += 1)
      edits.push(await hub.ask(n, field, field === 'city' ? `Town ${n}` : `Street ${n}`, null));
    return edits;
  };

  it('K3: the edit that makes too many waits with all that are like it; everything else goes on', async () => {
    const first = await emptied(0, 9);
    await eventually(
      async () => (await hub.states(first, 'city')).verified === 9,
      'nine are proven, as on an ordinary day',
    );
    const more = await emptied(9, 30);
    const other = await hub.ask(9, 'phone', '+442079460019', '+442079469999');
    await eventually(async () => (await hub.held()).sets[0]?.edits === 21, 'all 21 wait');
    await eventually(
      async () => (await hub.loop.fieldState(other, 'phone')).state === 'verified',
      'it went on',
    );
    expect(await hub.states(more, 'city')).toEqual({ accepted: 21 });
    for (let n = 9; n < 30; n += 1) expect(hub.inCrm(hub.companies[n]!, 'city')).toBe(`Town ${n}`);

    const { sets, role } = await hub.held(TOMASZ);
    expect(role).toBe('viewer');
    expect(sets[0]).toMatchObject({
      ...{ title: 'City of Companies would be emptied on many records', edits: 21, records: 21, written: 9 },
      ...{ closed: null, of: 60 },
    });
    expect(sets[0]?.samples[0]).toMatchObject({
      title: 'Works 9',
      label: 'City',
      now: 'Town 9',
      wanted: '—',
    });
    expect(await warned('held-set')).toMatchObject([{ subject: sets[0]?.setId, count: 21 }]);
    const [edit] = await editById(hub.loop.db, hub.loop.hubId, more[0]!);
    expect(receiptOf(edit!)).toMatchObject({ state: 'accepted', final: false });
    expect(receiptOf(edit!).message).toMatch(/our team looks at them first/);
  });

  it('K3: a restart forgets none of it, and a set is not opened twice', async () => {
    await hub.loop.restart();
    const [late] = await emptied(30, 31);
    await eventually(async () => (await hub.held()).sets[0]?.edits === 22, 'it joined');
    expect((await hub.held()).sets).toHaveLength(1);
    expect((await hub.loop.fieldState(late!, 'city')).rule).toBe('K3');
  });

  it('K4: only an administrator decides, and only over what they saw', async () => {
    const [set] = (await hub.held()).sets;
    const { setId, version } = set!;
    const release = { do: 'release', setId, version };
    expect(await hub.order(release, TOMASZ)).toMatchObject({ ok: false, code: 'admins-only' });
    expect(await hub.order({ ...release, version: version - 1 })).toMatchObject({
      ok: false,
      code: 'set-grew',
    });
  });

  it('K4: released, each edit is decided anew over the CRM as it is then, and none trips again', async () => {
    const { world } = hub.loop.sim;
    // Since then a colleague moved one (rule ask: held), and emptied another (already).
    world.update('companies', hub.companies[10]!, { city: 'Colleague Town' }, COLLEAGUE);
    world.update('companies', hub.companies[11]!, { city: '' }, COLLEAGUE);
    const [set] = (await hub.held()).sets;
    expect(await hub.order({ do: 'release', setId: set!.setId, version: set!.version })).toMatchObject({
      ok: true,
    });
    await eventually(
      () => hub.companies.slice(12, 31).every((id) => (hub.inCrm(id, 'city') ?? '') === ''),
      'they are written',
    );
    await hub.quiet();
    expect(hub.inCrm(hub.companies[10]!, 'city')).toBe('Colleague Town');
    expect((await hub.held()).sets[0]?.closed).toMatchObject({
      outcome: 'released',
      who: 'nora@tallyheat.example',
    });
    expect(await warned('held-set')).toEqual([]);
    expect(await hub.order({ do: 'release', setId: set!.setId, version: set!.version })).toMatchObject({
      code: 'nothing-there',
    });
    // Nine more are an ordinary day again, for the worker that let them through and for the next one.
    const after = await emptied(31, 35);
    await eventually(async () => (await hub.states(after, 'city')).verified === 4, 'four more go out');
    await hub.loop.restart();
    after.push(...(await emptied(35, 40)));
    await eventually(async () => (await hub.states(after, 'city')).verified === 9, 'nine more go out');
  });

  it('K4: discarded, each ends refused in words, and more of the same waits at once for another window', async () => {
    const edits: EditId[] = [];
    for (let n = 0; n < 20; n += 1) edits.push(await hub.ask(n, 'street', `Street ${n}`, 'n/a'));
    await eventually(async () => {
      const { accepted = 0 } = await hub.states(edits, 'street');
      return (
        (await hub.held()).sets[0]?.edits === accepted &&
        accepted > 0 &&
        (await hub.states(edits, 'street')).written === undefined
      );
    }, 'the rest wait');
    const [set] = (await hub.held()).sets;
    expect(set?.title).toBe('Street of Companies would get one and the same value on many records');
    expect(set!.edits + set!.written).toBe(20);
    await hub.order({ do: 'discard-set', setId: set!.setId, version: set!.version });
    expect((await hub.states(edits, 'street')).refused).toBe(set!.edits);
    const [refused] = await editById(hub.loop.db, hub.loop.hubId, edits[19]!);
    expect(receiptOf(refused!)).toMatchObject({ state: 'refused', final: true });
    expect(receiptOf(refused!).message).toMatch(/did not let them through/);
    // The journal names each of them, and who turned it down.
    const told = (await entriesOf(hub.loop.db, hub.loop.hubId, { kinds: ['decided'], limit: 200 })).filter(
      ({ detail }) => detail?.['outcome'] === 'refuse: held-back',
    );
    expect(new Set(told.map((entry) => entry.edit_id)).size).toBe(set!.edits);
    expect(told.find((entry) => entry.edit_id === edits[19])).toMatchObject({
      ...{ object: 'company', record_id: hub.companies[19], field: 'street', rule: 'K4', after: 'n/a' },
      actor: { via: 'STAFF', person: staffId(NORA.id) },
    });
    for (const restarted of [false, true]) {
      if (restarted) await hub.loop.restart();
      const n = restarted ? 41 : 40;
      const again = await hub.ask(n, 'street', `Street ${n}`, 'n/a');
      await eventually(
        async () => (await hub.loop.fieldState(again, 'street')).rule === 'K3',
        'it waits at once',
      );
      expect(hub.inCrm(hub.companies[n]!, 'address')).toBe(`Street ${n}`);
    }
    expect((await hub.held()).sets.filter(({ closed }) => closed === null)).toHaveLength(1);
  });

  it('K3: a later edit of the same field takes one along, so that nothing is written out of order', async () => {
    const again = await hub.ask(41, 'street', `Street 41`, 'Right Street 41', '700041');
    await eventually(
      async () => (await hub.loop.fieldState(again, 'street')).state === 'verified',
      'it went out',
    );
    expect(hub.inCrm(hub.companies[41]!, 'address')).toBe('Right Street 41');
    const [open] = (await hub.held()).sets.filter(({ closed }) => closed === null);
    expect(open?.edits).toBe(1);
  });

  it('K6: what an integration does to many is let in and told once, by its type and id', async () => {
    const { world } = hub.loop.sim;
    const events = hub.companies.slice(0, 40).map((id) => {
      world.update('companies', id, { phone: '' }, { sourceType: 'INTEGRATION', sourceId: '4711' });
      return {
        ...{
          subscriptionType: 'company.propertyChange',
          objectId: Number(id),
          propertyName: 'phone',
          propertyValue: '',
        },
        ...{
          portalId: hub.loop.sim.hubId,
          occurredAt: Date.now(),
          changeSource: 'INTEGRATION',
          sourceId: '4711',
        },
      };
    });
    for (const event of events) await hub.loop.deliver([event]);
    await eventually(async () => (await warned('mass-change'))[0]?.count === 40, 'all forty are told of');
    expect(await warned('mass-change')).toMatchObject([{ subject: 'emptied company phone' }]);
    const row = await hub.loop.db
      .selectFrom('warnings')
      .select('detail')
      .where('hub_id', '=', hub.loop.hubId)
      .where('code', '=', 'mass-change')
      .executeTakeFirstOrThrow();
    expect(row.detail).toMatchObject({ pattern: 'emptied', via: 'INTEGRATION', id: '4711', of: 60 });
    expect(await hub.loop.mirrored('company', hub.companies[39]!, 'phone')).toBeNull();
  });
});
