/** Whoever is not HubSpot cannot bring an event in, and what HubSpot itself sends can do no harm. */
import { recordId } from '@tallystick/shared/ids';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLog } from '../../backend/log.ts';
import type { Db } from '../../backend/store/database.ts';
import { eventually } from '../harness/eventually.ts';
import { asOwner } from '../harness/postgres.ts';
import { FORGERIES, forgeries } from './forgeries.ts';
import { HOSTILE_NAMES, HOSTILE_VALUES } from './hostile.ts';
import { HOOK_PATH, say, signed, startTarget, type Target } from './kit.ts';

const SEED = Number(process.env.TALLYSTICK_SECURITY_SEED ?? 1);
const ROUNDS = Number(process.env.TALLYSTICK_SECURITY_ROUNDS ?? 6);

describe('webhooks', () => {
  let target: Target;
  let owner: Db;
  let lines = '';
  beforeAll(async () => {
    const log = openLog('info', { write: (line) => void (lines += line) });
    target = await startTarget({ overrides: { log, server: { strikesPerMinute: 1e6 } } });
    owner = asOwner(target.whole.service.databaseUrl);
  });
  afterAll(async () => {
    await owner.destroy();
    await target.close();
  });

  const stored = async (): Promise<number> =>
    (await owner.selectFrom('deliveries').select('delivery_id').execute()).length;
  const event = (more: Record<string, unknown> = {}): Record<string, unknown> => ({
    ...{ eventId: 1, portalId: target.whole.sim.hubId, appId: target.whole.sim.appId, attemptNumber: 0 },
    ...{
      subscriptionType: 'object.propertyChange',
      objectTypeId: '0-2',
      objectId: Number(target.whole.ids.acme),
    },
    ...{ occurredAt: Date.now(), propertyName: 'city', propertyValue: 'Bonn', changeSource: 'CRM_UI' },
    ...more,
  });
  const cityOf = async (): Promise<string | null | undefined> => {
    const { db, hubId, ids } = target.whole;
    const row = await db
      .selectFrom('mirror')
      .select('fields')
      .where('hub_id', '=', hubId)
      .where('object', '=', 'company')
      .where('record_id', '=', recordId(ids.acme))
      .executeTakeFirst();
    // As it is stored: the value first.
    return (row?.fields as unknown as Record<string, [string | null]> | undefined)?.city?.[0];
  };
  const applied = (): Promise<true> =>
    eventually(async () => {
      const rows = await owner
        .selectFrom('deliveries')
        .select('delivery_id')
        .where('hub_id', '=', target.whole.hubId)
        .where('applied_at', 'is', null)
        .execute();
      return rows.length === 0;
    }, 'every delivery is applied');
  /** A genuine event is still heard, by the worker that spoke for the hub from the beginning. */
  async function wellAfterwards(city: string): Promise<void> {
    expect((await target.hook(JSON.stringify([event({ propertyValue: city })]))).status).toBe(200);
    await eventually(async () => (await cityOf()) === city, 'a genuine event is applied');
    expect(lines).not.toMatch(/lost its hub|"epoch":2/);
    expect(Reflect.get({}, 'polluted')).toBeUndefined();
  }

  it('that are forged are refused, each with a clear word, and nothing of them is stored', async () => {
    const { sim } = target.whole;
    const body = JSON.stringify([event()]);
    const accepted: string[] = [];
    const seen = new Set<string>();
    const before = await stored();
    const facts = { secret: sim.clientSecret, body, now: Date.now() };
    for (const { kind, what, path, sending } of forgeries(SEED, ROUNDS, facts)) {
      seen.add(kind);
      const answer = await target.raw(path, sending);
      if (answer.status < 400 || answer.status >= 500) accepted.push(`${kind} (${what}): ${answer.status}`);
      expect(answer.headers['content-type']).toBe('application/problem+json');
      expect(answer.json).toMatchObject({
        status: answer.status,
        code: expect.stringMatching(/^[a-z-]+$/) as string,
      });
    }
    say(
      `Seed ${SEED}: ${ROUNDS * FORGERIES.length} forgeries of ${FORGERIES.length} kinds, ${accepted.length} accepted.`,
    );
    expect(accepted).toEqual([]);
    expect([...seen]).toEqual(FORGERIES);
    expect(await stored()).toBe(before);
    // The genuine one, beside which all of them were made.
    expect((await target.hook(body)).status).toBe(200);
    expect(await stored()).toBe(before + 1);
  });

  it('that are repeated within five minutes are accepted and change nothing more', async () => {
    const body = JSON.stringify([event({ propertyValue: 'Erfurt', eventId: 77 })]);
    const headers = signed(target.whole.sim.clientSecret, body);
    const send = async () => (await target.hook(body, { headers })).status;
    expect(await send()).toBe(200);
    await eventually(async () => (await cityOf()) === 'Erfurt', 'it is applied');
    const observed = async (): Promise<number> => {
      const rows = await owner
        .selectFrom('journal')
        .select('seq')
        .where('hub_id', '=', target.whole.hubId)
        .where('field', '=', 'city')
        .execute();
      return rows.length;
    };
    const before = await observed();
    for (let n = 0; n < 5; n += 1) expect(await send()).toBe(200);
    await applied();
    expect(await observed()).toBe(before);
  });

  it('that name another hub, rightly signed, do nothing to ours, alone or in one body with our own', async () => {
    const foreign = event({ portalId: 999, propertyValue: 'Stolen' });
    expect((await target.hook(JSON.stringify([foreign]))).status).toBe(200);
    expect((await target.hook(JSON.stringify([foreign, event({ propertyValue: 'Gera' })]))).status).toBe(200);
    await eventually(async () => (await cityOf()) === 'Gera', 'our own is applied');
    const rows = await owner.selectFrom('deliveries').select(['hub_id', 'events', 'applied_at']).execute();
    const others = rows.filter(({ hub_id }) => String(hub_id) === '999');
    expect(others).toHaveLength(2);
    expect(others.every(({ applied_at, events }) => applied_at === null && !events.includes('Gera'))).toBe(
      true,
    );
    const ours = await owner.selectFrom('mirror').select('fields').execute();
    expect(JSON.stringify(ours)).not.toContain('Stolen');
  });

  it('may bear any name and any value: none spoils the others, stops the worker or reaches a prototype', async () => {
    const { ids, sim } = target.whole;
    const events = [
      ...HOSTILE_NAMES.flatMap((name) => [
        event({ propertyName: name }),
        event({ subscriptionType: `${name}.propertyChange` }),
        event({ subscriptionType: `object.${name}`, objectTypeId: name, [name]: name }),
        event({ subscriptionType: `${name}.associationChange`, associationType: `${name}_to_${name}` }),
        event({ objectId: name }),
        event({ changeSource: name, sourceId: name, propertyValue: `by ${name.length}` }),
        { type: name, portalId: sim.hubId, occurredAt: 1, subscriptionType: 'x', objectTypeId: name },
      ]),
      ...HOSTILE_VALUES.map((value) => event({ propertyName: 'delivery_notes', propertyValue: value })),
      ...[-1, 1e15, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER].map((occurredAt) =>
        event({ occurredAt }),
      ),
      ...[null, {}, [], 7].flatMap((odd) => [
        event({ propertyValue: odd }),
        event({ objectId: odd }),
        event({ sourceId: odd }),
      ]),
      event({
        subscriptionType: 'object.merge',
        primaryObjectId: '__proto__',
        mergedObjectIds: ['constructor', ids.acme.length],
      }),
    ];
    for (let at = 0; at < events.length; at += 60) {
      const body = JSON.stringify(events.slice(at, at + 60)).replace(
        '{"eventId"',
        '{"__proto__":{"polluted":1},"eventId"',
      );
      expect((await target.hook(body)).status).toBe(200);
    }
    await applied();
    await wellAfterwards('Halle');
  });

  it('that Postgres cannot store stand alone: the record is read instead, the others are applied', async () => {
    await owner.schema
      .alterTable('mirror')
      .addCheckConstraint('poison', sql`fields::text not like '%POISON%'`)
      .execute();
    const { ids } = target.whole;
    const poison = event({ propertyName: 'delivery_notes', propertyValue: 'POISON' });
    await target.hook(JSON.stringify([poison]));
    await target.hook(JSON.stringify([event({ objectId: Number(ids.beta), propertyValue: 'Jena' })]));
    await applied();
    expect(lines).toContain('A delivery could not be stored.');
    await wellAfterwards('Weimar');
  });

  it('of a path close to theirs are nobody’s', async () => {
    const body = JSON.stringify([event()]);
    for (const path of [
      `${HOOK_PATH}/`,
      `${HOOK_PATH}/x`,
      HOOK_PATH.toUpperCase(),
      '/webhooks//hubspot',
      `/.${HOOK_PATH}`,
    ]) {
      const answer = await target.raw(path, {
        method: 'POST',
        body,
        headers: signed(target.whole.sim.clientSecret, body),
      });
      expect(answer).toMatchObject({ status: 404, json: { code: 'not-found' } });
    }
  });
});
