import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { contract, stage, thrown, type Stage } from './target.ts';

const find = (propertyName: string, operator: string, more: object = {}) => ({
  ...{ filterGroups: [{ filters: [{ propertyName, operator: operator as never, ...more }] }] },
  ...{ properties: ['name', 'phone', 'numberofemployees'], limit: 100, after: '0', sorts: [] as string[] },
});

contract('search', (at) => {
  test('limits on pages, groups, filters and the ten thousandth result are enforced', async () => {
    const { http } = at();
    const ask = async (body: object) => (await http('POST', '/crm/v3/objects/companies/search', body)).status;
    const filter = { propertyName: 'name', operator: 'EQ', value: 'nobody has this name' };
    expect(await ask({ filterGroups: [{ filters: [filter] }], limit: 200 })).toBe(200);
    expect(await ask({ limit: 201 })).toBe(400);
    expect(await ask({ after: 'x' })).toBe(400);
    expect(await ask({ limit: 100, after: '10000' })).toBe(400);
    expect(await ask({ filterGroups: Array(6).fill({ filters: [filter] }) })).toBe(400);
    expect(await ask({ filterGroups: [{ filters: Array(7).fill(filter) }] })).toBe(400);
    expect(
      await ask({
        filterGroups: [{ filters: [{ propertyName: 'no_such_thing', operator: 'EQ', value: '1' }] }],
      }),
    ).toBe(400);
    expect(await ask({ query: 'x'.repeat(3_001) })).toBe(400);
  });
});

describe('search in the stand-in', () => {
  let at: Stage;
  beforeAll(async () => {
    at = await stage({ limits: { perTenSeconds: 100_000, searchPerSecond: 1_000 } });
  });
  afterAll(() => at.sim.close());

  const names = async (body: ReturnType<typeof find>): Promise<(string | null)[]> => {
    const { results } = await at.client.crm.companies.searchApi.doSearch(body);
    return results.map((record) => record.properties['name'] ?? null);
  };
  const company = async (properties: Record<string, string>): Promise<string> =>
    (await at.client.crm.companies.basicApi.create({ properties, associations: [] })).id;

  test('operators compare numbers as numbers, text without case, and lists with IN', async () => {
    at.sim.faults.searchLagMs = 0;
    for (const [name, numberofemployees] of [
      ['Ops Nine', '9'],
      ['Ops Ten', '10'],
      ['Other', '11'],
    ] as const)
      await company({ name, numberofemployees });
    expect(await names(find('numberofemployees', 'GT', { value: '9' }))).toEqual(['Ops Ten', 'Other']);
    expect(await names(find('numberofemployees', 'BETWEEN', { value: '9', highValue: '10' }))).toEqual([
      'Ops Nine',
      'Ops Ten',
    ]);
    expect(await names(find('name', 'EQ', { value: 'ops nine' }))).toEqual(['Ops Nine']);
    expect(await names(find('name', 'CONTAINS_TOKEN', { value: 'op*' }))).toEqual(['Ops Nine', 'Ops Ten']);
    expect(await names(find('name', 'IN', { values: ['other', 'Ops Ten'] }))).toEqual(['Other']);
    expect(await names(find('phone', 'HAS_PROPERTY'))).toEqual([]);
    expect(await names({ ...find('name', 'HAS_PROPERTY'), sorts: ['-numberofemployees'] })).toEqual([
      'Other',
      'Ops Ten',
      'Ops Nine',
    ]);
  });

  test('matching is stale, the answered values are fresh, and an archived record is a ghost in the total', async () => {
    at.sim.faults.searchLagMs = 10_000;
    const id = await company({ name: 'Stale', phone: '1' });
    const ask = () => at.client.crm.companies.searchApi.doSearch(find('phone', 'EQ', { value: '1' }));
    expect((await ask()).total).toBe(0);
    at.sim.world.clock.advance(10_001);
    expect((await ask()).total).toBe(1);
    await at.client.crm.companies.basicApi.update(id, { properties: { phone: '2' } });
    expect((await ask()).results[0]!.properties['phone']).toBe('2');
    at.sim.world.clock.advance(10_001);
    expect((await ask()).total).toBe(0);
    await at.client.crm.companies.basicApi.update(id, { properties: { phone: '1' } });
    at.sim.world.clock.advance(10_001);
    await at.client.crm.companies.basicApi.archive(id);
    expect(await ask()).toMatchObject({ total: 1, results: [] });
  });

  test('search has five calls a second, its own words for it, and only the daily headers', async () => {
    const strict = await stage({ now: () => Date.UTC(2026, 10, 23) });
    const ask = () => strict.http('POST', '/crm/v3/objects/companies/search', { limit: 1 });
    for (let count = 0; count < 5; count += 1) expect((await ask()).status).toBe(200);
    const { status, body, headers } = await ask();
    expect(status).toBe(429);
    expect(body.message).toBe('You have reached your secondly limit.');
    expect(headers.get('x-hubspot-ratelimit-daily')).toBe('625000');
    expect(headers.get('x-hubspot-ratelimit-max')).toBeNull();
    strict.sim.world.clock.advance(1_000);
    expect((await ask()).status).toBe(200);
    await strict.sim.close();
  });

  test('search past the ten thousandth result is refused', async () => {
    const { code } = await thrown(
      at.client.crm.companies.searchApi.doSearch({ ...find('name', 'HAS_PROPERTY'), after: '9950' }),
    );
    expect(code).toBe(400);
  });
});
