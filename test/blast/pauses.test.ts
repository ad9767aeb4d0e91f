import type { SettingsAnswer } from '@tallystick/shared/deskMessages';
import type { EditId } from '@tallystick/shared/ids';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NORA } from '../harness/desk.ts';
import { eventually } from '../harness/eventually.ts';
import { COLLEAGUE, startHub, type Hub } from './kit.ts';

const DAY_MS = 86_400_000;

describe('pausing for days, at every level', () => {
  let hub: Hub;
  let onStep: (step: string) => void = () => undefined;
  beforeAll(async () => {
    hub = await startHub(12, { worldTime: true, at: (step) => onStep(step) });
  }, 60_000);
  afterAll(() => hub.close());

  /** Staff pause; answers with the number of the pause. */
  const pause = async (object: string | null, field: string | null, direction: string): Promise<string> => {
    const before = new Set((await standing()).map(({ pauseId }) => pauseId));
    expect(await hub.order({ do: 'pause', object, field, direction, reason: 'A test' })).toMatchObject({
      ok: true,
    });
    return (await standing()).find(({ pauseId }) => !before.has(pauseId))!.pauseId;
  };
  const resume = async (pauseId: string): Promise<void> => {
    expect(await hub.order({ do: 'resume', pauseId })).toMatchObject({ ok: true });
  };
  const standing = async (): Promise<SettingsAnswer['pauses']> => {
    const answer = await hub.desk.ask<SettingsAnswer>(NORA, '/desk/v1/settings');
    return answer.ok ? answer.pauses : [];
  };
  /** Days go by: whatever is due is done meanwhile. */
  const days = async (n: number): Promise<void> => {
    for (let day = 0; day < n; day += 1) {
      hub.loop.sim.world.clock.advance(DAY_MS);
      await settled();
    }
  };
  /** Time goes on until nothing is due and no job is open. */
  const settled = async (): Promise<void> => {
    await eventually(
      async () => {
        hub.loop.sim.world.clock.advance(500);
        const { db, hubId } = hub.loop;
        const due = await db.selectFrom('due').select('lane').where('hub_id', '=', hubId).execute();
        // Of other objects the stand-in may know nothing.
        const jobs = db
          .selectFrom('jobs')
          .select('job_id')
          .where('hub_id', '=', hubId)
          .where('object', '=', 'company')
          .where('finished_at', 'is', null);
        return due.length === 0 && (await jobs.execute()).length === 0;
      },
      'everything is done',
      20_000,
    );
  };
  const writesOf = async (n: number, field: string): Promise<(string | null)[]> => {
    const rows = await hub.loop.db
      .selectFrom('promises')
      .select('value')
      .where('hub_id', '=', hub.loop.hubId)
      .where('record_id', '=', hub.companies[n] as never)
      .where('field', '=', field)
      .orderBy('promise_id')
      .execute();
    return rows.map(({ value }) => value);
  };

  it.each([
    ['everything', null, null],
    ['an object', 'company', null],
    ['a field', 'company', 'phone'],
  ])(
    'out, of %s: what is asked for over days is decided once at the end, in order, and nothing is lost',
    async (_, object, field) => {
      const n = field !== null ? 2 : object !== null ? 1 : 0;
      const first = `+4420794600${10 + n}`;
      const id = await pause(object, field, 'out');
      const edits: EditId[] = [];
      let seen = first;
      for (const day of [1, 2, 3]) {
        const wanted = `+44207946${n}${n}0${day}`;
        edits.push(await hub.ask(n, 'phone', seen, wanted, '700500'));
        seen = wanted;
        await days(1);
        if (day === 2) await hub.loop.restart();
      }
      expect(await hub.states(edits, 'phone')).toEqual({ accepted: 3 });
      expect(hub.inCrm(hub.companies[n]!, 'phone')).toBe(first);
      const other = await hub.ask(n, 'city', `Town ${n}`, `City ${n}`);
      await settled();
      expect((await hub.loop.fieldState(other, 'city')).state).toBe(field === null ? 'accepted' : 'verified');
      await resume(id);
      await settled();
      expect(await writesOf(n, 'phone')).toEqual([seen]);
      expect(hub.inCrm(hub.companies[n]!, 'phone')).toBe(seen);
      expect(await hub.states(edits, 'phone')).toEqual({ superseded: 2, verified: 1 });
      expect((await hub.loop.fieldState(other, 'city')).state).toBe('verified');
    },
  );

  it.each([
    ['everything', null, null],
    ['an object', 'company', null],
    ['a field', 'company', 'street'],
  ])(
    'in, of %s: what changed over days is read anew at the end, also what a backfill passed by meanwhile',
    async (_, object, field) => {
      const n = field !== null ? 5 : object !== null ? 4 : 3;
      const { world } = hub.loop.sim;
      const id = await pause(object, field, 'in');
      for (const day of [1, 2]) {
        world.update('companies', hub.companies[n]!, { address: `Day ${n}${day}` }, COLLEAGUE);
        await hub.loop.deliver([moved(n, `Day ${n}${day}`)]);
        await days(1);
      }
      expect(await hub.loop.mirrored('company', hub.companies[n]!, 'street')).toBe(`Street ${n}`);
      // A backfill that is under way when the pause ends has passed the record by: it begins anew.
      const resumed: Promise<void>[] = [];
      onStep = (step) => {
        if (step === 'backfill.page' && resumed.length === 0) resumed.push(resume(id));
      };
      const at = new Date(world.clock.now());
      const job = {
        hub_id: hub.loop.hubId,
        kind: 'backfill' as const,
        object: 'company' as const,
        created_at: at,
      };
      await hub.loop.db.insertInto('jobs').values(job).execute();
      await eventually(() => {
        world.clock.advance(500);
        return resumed.length > 0;
      }, 'the backfill is under way');
      onStep = () => undefined;
      await Promise.all(resumed);
      await settled();
      expect(await hub.loop.mirrored('company', hub.companies[n]!, 'street')).toBe(`Day ${n}2`);
    },
  );

  it('pauses that overlap: what one still covers waits on, in both directions', async () => {
    const { world } = hub.loop.sim;
    const [all, one] = [await pause(null, null, 'both'), await pause('company', 'street', 'both')];
    const edits = [
      await hub.ask(6, 'street', 'Street 6', 'Customer Lane 6'),
      await hub.ask(6, 'city', 'Town 6', 'Customer City'),
    ];
    world.update(
      'companies',
      hub.companies[7]!,
      { address: 'Colleague Road 7', city: 'Colleague City' },
      COLLEAGUE,
    );
    await days(1);
    await resume(all);
    await settled();
    const states = [
      await hub.loop.fieldState(edits[0]!, 'street'),
      await hub.loop.fieldState(edits[1]!, 'city'),
    ];
    expect(states.map(({ state }) => state)).toEqual(['accepted', 'verified']);
    expect(await hub.loop.mirrored('company', hub.companies[7]!, 'city')).toBe('Colleague City');
    expect(await hub.loop.mirrored('company', hub.companies[7]!, 'street')).toBe('Street 7');
    await resume(one);
    await settled();
    expect((await hub.loop.fieldState(edits[0]!, 'street')).state).toBe('verified');
    expect(await hub.loop.mirrored('company', hub.companies[7]!, 'street')).toBe('Colleague Road 7');
  });

  it.each(['lost on the way', 'arrived'])(
    'a pause while a promise is open (%s): it is settled, and written again only after the end',
    async (what) => {
      const n = what === 'arrived' ? 9 : 8;
      const { world } = hub.loop.sim;
      let paused: Promise<string> | null = null;
      onStep = (step) => {
        if (step === 'write.answered') world.faults.api.error502Rate = 0;
        if (step !== 'write.sending' || paused !== null) return;
        // The pause is ordered while the call is on its way.
        paused = pause('company', null, 'out');
        if (what === 'lost on the way') world.faults.api.error502Rate = 1;
      };
      const edit = await hub.ask(n, 'city', `Town ${n}`, `Paused City ${n}`);
      await eventually(() => {
        world.clock.advance(200);
        return paused !== null;
      }, 'the write is on its way');
      const id = await paused!;
      onStep = () => undefined;
      await days(1);
      const open = await hub.loop.db
        .selectFrom('promises')
        .select('promise_id')
        .where('hub_id', '=', hub.loop.hubId)
        .where('settled_at', 'is', null)
        .execute();
      expect(open).toEqual([]);
      expect((await hub.loop.fieldState(edit, 'city')).state).toBe(
        what === 'arrived' ? 'verified' : 'accepted',
      );
      await resume(id);
      await settled();
      expect((await hub.loop.fieldState(edit, 'city')).state).toBe('verified');
      expect(hub.inCrm(hub.companies[n]!, 'city')).toBe(`Paused City ${n}`);
    },
  );

  const moved = (n: number, propertyValue: string) => ({
    ...{
      subscriptionType: 'company.propertyChange',
      objectId: Number(hub.companies[n]),
      propertyName: 'address',
      propertyValue,
    },
    ...{
      portalId: hub.loop.sim.hubId,
      occurredAt: hub.loop.sim.world.clock.now(),
      changeSource: 'CRM_UI',
      sourceId: 'userId:51446677',
    },
  });
});
