/** The dial, the holds and acting as others: what only the stand-in can be told to do. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { stage, until, type Stage } from './target.ts';

describe('the fault dial', () => {
  let at: Stage;
  beforeEach(async () => {
    at = await stage();
  });
  afterEach(() => at.sim.close());

  const contact = (): string =>
    at.sim.world.create(
      'contacts',
      { email: `a${Math.random()}@example.com`, phone: '1' },
      { sourceType: 'IMPORT', sourceId: '1' },
    ).id;
  const phone = (id: string): string | null => at.sim.world.value('contacts', id, 'phone');
  const patch = (id: string, value: string) =>
    at.http('PATCH', `/crm/v3/objects/contacts/${id}`, { properties: { phone: value } });
  /** A write that is given up after a while, as a client with a time-out does. */
  const patchWithin = async (id: string, value: string, ms: number): Promise<number | 'no answer'> => {
    const headers = { authorization: `Bearer ${at.token}`, 'content-type': 'application/json' };
    const init = {
      method: 'PATCH',
      headers,
      body: JSON.stringify({ properties: { phone: value } }),
      signal: AbortSignal.timeout(ms),
    };
    return fetch(`${at.url}/crm/v3/objects/contacts/${id}`, init).then(
      (response) => response.status,
      () => 'no answer' as const,
    );
  };

  test('a 502 is an HTML page and nothing was applied; the other 502 was applied', async () => {
    const id = contact();
    await at.control('PUT', 'faults', { api: { error502Rate: 1 } });
    const gateway = await patch(id, '2');
    expect([gateway.status, gateway.headers.get('content-type'), phone(id)]).toEqual([502, 'text/html', '1']);
    await at.control('PUT', 'faults', { api: { error502Rate: 0, error502AfterApplyRate: 1 } });
    expect((await patch(id, '3')).status).toBe(502);
    expect(phone(id)).toBe('3');
  });

  test('500 and 423 apply nothing, and 423 strikes writes only', async () => {
    const id = contact();
    await at.control('PUT', 'faults', { api: { locked423Rate: 1 } });
    expect((await patch(id, '2')).status).toBe(423);
    expect((await at.http('GET', `/crm/v3/objects/contacts/${id}`)).status).toBe(200);
    await at.control('PUT', 'faults', { api: { locked423Rate: 0, error500Rate: 1 } });
    expect((await patch(id, '2')).status).toBe(500);
    expect(phone(id)).toBe('1');
  });

  test('a lost answer may have been applied or not, and a broken connection was', async () => {
    const id = contact();
    await at.control('PUT', 'faults', { api: { timeoutBeforeApplyRate: 1 } });
    expect(await patchWithin(id, '2', 150)).toBe('no answer');
    expect(phone(id)).toBe('1');
    await at.control('PUT', 'faults', { api: { timeoutBeforeApplyRate: 0, timeoutAfterApplyRate: 1 } });
    expect(await patchWithin(id, '3', 150)).toBe('no answer');
    expect(phone(id)).toBe('3');
    await at.control('PUT', 'faults', { api: { timeoutAfterApplyRate: 0, resetAfterApplyRate: 1 } });
    expect(await patchWithin(id, '4', 5_000)).toBe('no answer');
    expect(phone(id)).toBe('4');
  });

  test('latency delays an answer, down cuts it, revoked is 401, and a reset turns everything back', async () => {
    const id = contact();
    await at.control('PUT', 'faults', { api: { latencyMs: 80 } });
    const begun = performance.now();
    await patch(id, '2');
    expect(performance.now() - begun).toBeGreaterThan(75);
    await at.control('PUT', 'faults', { api: { latencyMs: 0, down: true } });
    await expect(patch(id, '3')).rejects.toThrow('fetch failed');
    await at.control('PUT', 'faults', { api: { down: false, revoked: true } });
    expect((await patch(id, '3')).body.category).toBe('INVALID_AUTHENTICATION');
    await at.control('POST', 'faults/reset');
    expect((await patch(id, '3')).status).toBe(200);
  });

  test('a read by id can be made to lag', async () => {
    const id = contact();
    at.sim.world.clock.advance(60_000);
    await at.control('PUT', 'faults', { readLagMs: 5_000 });
    await patch(id, '2');
    const read = async () =>
      (await at.http('GET', `/crm/v3/objects/contacts/${id}?properties=phone`)).body.properties
        .phone as string;
    expect(await read()).toBe('1');
    at.sim.world.clock.advance(5_001);
    expect(await read()).toBe('2');
  });

  test('an archived record can stay in the association lists for a while', async () => {
    const id = contact();
    const company = at.sim.world.create(
      'companies',
      { name: 'x' },
      { sourceType: 'IMPORT', sourceId: '1' },
    ).id;
    at.sim.world.associate(['contacts', id], ['companies', company], { sourceType: 'IMPORT', sourceId: '1' });
    await at.control('PUT', 'faults', { associationLagMs: 1_000 });
    await at.http('DELETE', `/crm/v3/objects/companies/${company}`);
    const links = async () =>
      (await at.http('GET', `/crm/v4/objects/contacts/${id}/associations/companies`)).body.results;
    expect(await links()).toHaveLength(1);
    at.sim.world.clock.advance(1_001);
    expect(await links()).toHaveLength(0);
  });

  test("an admin's validation rule is enforced on the newest dated path, and can be read", async () => {
    const id = contact();
    await at.control('PUT', 'rules', [
      { objectType: 'contacts', property: 'phone', ruleType: 'MAX_LENGTH', ruleArguments: ['5'] },
    ]);
    const write = (path: string) =>
      at.http('PATCH', `${path}/contacts/${id}`, { properties: { phone: '1234567' } });
    expect((await write('/crm/objects/2026-09')).status).toBe(400);
    expect((await write('/crm/v3/objects')).status).toBe(200);
    const { body } = await at.http('GET', '/crm/v3/property-validations/0-1');
    expect(body.results[0]!.propertyValidationRules[0]!.ruleType).toBe('MAX_LENGTH');
  });

  test('an unchanged value leaves no trace, unless the dial says so', async () => {
    const id = contact();
    const entries = async () => (await at.control('GET', `record/contacts/${id}`)).history['phone']!.length;
    await patch(id, '1');
    expect(await entries()).toBe(1);
    await at.control('PUT', 'faults', { recordUnchanged: true });
    await patch(id, '1');
    expect(await entries()).toBe(2);
  });

  test('a merge answers with a new record, or with the primary one when the dial says so', async () => {
    const [first, second, third] = [contact(), contact(), contact()];
    const merge = async (primaryObjectId: string, objectIdToMerge: string) =>
      (await at.http('POST', '/crm/v3/objects/contacts/merge', { primaryObjectId, objectIdToMerge })).body.id;
    const merged = await merge(first, second);
    expect([first, second]).not.toContain(merged);
    await at.control('PUT', 'faults', { mergeMakesNewId: false });
    expect(await merge(merged, third)).toBe(merged);
  });

  test('an address with too many properties in it is 414', async () => {
    const names = Array.from({ length: 900 }, (_, index) => `property_${index}`).join(',');
    expect((await at.http('GET', `/crm/v3/objects/contacts?properties=${names}`)).status).toBe(414);
  });

  test('a setting that does not exist is refused by name', async () => {
    await expect(at.control('PUT', 'faults', { api: { latency: 5 } })).rejects.toThrow(/latency/);
    await expect(at.control('PUT', 'faults', { api: { error502Rate: 2 } })).rejects.toThrow(/error502Rate/);
  });

  test("a held write waits while a colleague's change goes before it", async () => {
    const id = contact();
    const { holdId } = await at.control('POST', 'hold', {
      on: 'write',
      objectType: 'contacts',
      id,
      count: 1,
    });
    const ours = at.http('POST', '/crm/objects/2026-09/contacts/batch/update', {
      inputs: [{ id, properties: { phone: 'ours' } }],
    });
    await until(
      'the write is held',
      async () => (await at.control('GET', 'holds')).holds[0]!.waiting.length === 1,
    );
    await at.control('POST', 'act', {
      as: 'colleague',
      userId: 7,
      do: 'update',
      objectType: 'contacts',
      id,
      properties: { phone: 'theirs' },
    });
    expect(await at.control('POST', 'release', { holdId })).toEqual({ released: 1 });
    expect((await ours).status).toBe(200);
    const { body } = await at.http('GET', `/crm/v3/objects/contacts/${id}?propertiesWithHistory=phone`);
    expect(
      body.propertiesWithHistory['phone']!.map((entry) => [entry.value, entry.sourceType, entry.sourceId]),
    ).toEqual([
      ['ours', 'INTEGRATION', String(at.sim.appId)],
      ['theirs', 'CRM_UI', 'userId:7'],
      ['1', 'IMPORT', '1'],
    ]);
  });

  test('a hold after the write has applied it, and lets other records and further calls pass', async () => {
    const [id, other] = [contact(), contact()];
    await at.control('POST', 'hold', { on: 'write', objectType: 'contacts', id, after: true });
    const held = patch(id, '2');
    await until('it is applied', () => phone(id) === '2');
    expect((await patch(other, '2')).status).toBe(200);
    expect((await patch(id, '3')).status).toBe(200);
    await at.control('POST', 'release', {});
    expect((await held).status).toBe(200);
  });

  test('each who acts is told apart in history', async () => {
    const id = contact();
    const acts = [
      ['colleague', 'CRM_UI', /^userId:\d+$/],
      ['import', 'IMPORT', /^\d+$/],
      ['workflow', 'AUTOMATION_PLATFORM', /enrollmentId/],
      ['app:77', 'INTEGRATION', /^77$/],
    ] as const;
    for (const [as, sourceType, sourceId] of acts) {
      await at.control('POST', 'act', {
        as,
        do: 'update',
        objectType: 'contacts',
        id,
        properties: { phone: as },
      });
      const { history } = await at.control('GET', `record/contacts/${id}`);
      expect(history['phone']![0]).toMatchObject({ value: as.replace(/ /g, ''), sourceType });
      expect(history['phone']![0]!.sourceId).toMatch(sourceId);
    }
  });

  test('the call log names operations and counts them, and the control plane is open to pages of any origin', async () => {
    const id = contact();
    await at.http('POST', '/crm/objects/2026-09/contacts/batch/read', {
      inputs: [{ id }],
      properties: ['phone'],
    });
    await patch(id, '2');
    const { calls, counters } = await at.control('GET', 'calls?since=0');
    expect(calls.map((call) => [call.operation, call.status, call.ids])).toEqual([
      ['batchRead:contacts', 200, 1],
      ['update:contacts', 200, 1],
    ]);
    expect(counters.total).toBe(2);
    const control = await fetch(`${at.url}/_sim/state`);
    expect(control.headers.get('access-control-allow-origin')).toBe('*');
    const api = await at.http('GET', '/crm/v3/objects/contacts');
    expect(api.headers.get('access-control-allow-origin')).toBeNull();
  });

  test('the live stream tells every change', async () => {
    const id = contact();
    const response = await fetch(`${at.url}/_sim/events`);
    const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
    await reader.read(); // the greeting: from here on we are listened to
    await patch(id, '2');
    let text = '';
    while (!text.includes('\n\n')) text += (await reader.read()).value ?? '';
    expect(JSON.parse(text.slice('data: '.length, text.indexOf('\n\n')))).toMatchObject({
      is: 'changed',
      objectType: 'contacts',
      id,
      property: 'phone',
      value: '2',
      sourceType: 'INTEGRATION',
    });
    await reader.cancel();
  });
});
