import { expect, test } from 'vitest';
import { contract, thrown, type Target } from './target.ts';

contract('batches', (at) => {
  async function companies(target: Target, count: number): Promise<string[]> {
    const inputs = Array.from({ length: count }, () => ({
      properties: { name: target.unique('Batch'), phone: '1' },
      associations: [],
    }));
    const { results } = await target.client.crm.companies.batchApi.create({ inputs });
    return results.map((record) => target.tidy('companies', record.id));
  }

  test('a batch read answers what it finds, and names what it does not', async () => {
    const target = at();
    const [id] = await companies(target, 1);
    const all = await target.http('POST', '/crm/v3/objects/companies/batch/read', {
      inputs: [{ id }],
      properties: ['phone'],
      propertiesWithHistory: ['phone'],
    });
    expect(all.status).toBe(200);
    expect(all.body.results[0]!.propertiesWithHistory['phone']![0]!.value).toBe('1');
    const some = await target.http('POST', '/crm/v3/objects/companies/batch/read', {
      inputs: [{ id }, { id: '999' }],
      properties: ['phone'],
    });
    expect(some.body.results).toHaveLength(1);
    expect(some.body.numErrors).toBe(1);
    expect(some.status).toBe(207);
  });

  test('a batch read with history takes 50 records, without it 100', async () => {
    const { http } = at();
    const inputs = (count: number) =>
      Array.from({ length: count }, (_, index) => ({ id: String(index + 1) }));
    const read = (body: object) => http('POST', '/crm/v3/objects/companies/batch/read', body);
    expect((await read({ inputs: inputs(51), properties: [], propertiesWithHistory: ['name'] })).status).toBe(
      400,
    );
    expect((await read({ inputs: inputs(101), properties: ['name'] })).status).toBe(400);
    expect((await read({ inputs: inputs(100), properties: ['name'] })).status).toBe(207);
  });

  test('a batch update changes all, and gives all the same modified date', async () => {
    const target = at();
    const ids = await companies(target, 3);
    const { results } = await target.client.crm.companies.batchApi.update({
      inputs: ids.map((id) => ({ id, properties: { phone: '2' } })),
    });
    expect(results.map((record) => record.properties['phone'])).toEqual(['2', '2', '2']);
    expect(new Set(results.map((record) => record.properties['hs_lastmodifieddate'])).size).toBe(1);
  });

  test('one bad row refuses a batch create without trace ids, and nothing is made', async () => {
    const { client, http, unique } = at();
    const mark = unique('All or nothing');
    const inputs = [
      { properties: { name: mark }, associations: [] },
      { properties: { name: mark, no_such_thing: '1' }, associations: [] },
    ];
    expect((await thrown(client.crm.companies.batchApi.create({ inputs }))).code).toBe(400);
    const { body } = await http('POST', '/crm/v3/objects/companies/search', {
      filterGroups: [{ filters: [{ propertyName: 'name', operator: 'EQ', value: mark }] }],
    });
    expect(body.total).toBe(0);
  });

  test('two rows with one e-mail address refuse the batch, and neither is made', async () => {
    const { client, http, unique } = at();
    const email = `${unique('same').toLowerCase()}@example.com`;
    const inputs = [1, 2].map(() => ({ properties: { email }, associations: [] }));
    expect((await thrown(client.crm.contacts.batchApi.create({ inputs }))).code).toBeGreaterThanOrEqual(400);
    const read = await http('GET', `/crm/v3/objects/contacts/${encodeURIComponent(email)}?idProperty=email`);
    expect(read.status).toBe(404);
  });

  test('with a trace id for every row a batch create fails in part: 207', async () => {
    const { http, tidy, unique } = at();
    const { status, body } = await http('POST', '/crm/v3/objects/companies/batch/create', {
      inputs: [
        { properties: { name: unique('good') }, objectWriteTraceId: 'one' },
        { properties: { name: unique('bad'), no_such_thing: '1' }, objectWriteTraceId: 'two' },
      ],
    });
    for (const record of body.results) tidy('companies', record.id);
    expect(status).toBe(207);
    expect(body.results).toHaveLength(1);
    expect(body.results[0]!.objectWriteTraceId).toBe('one');
    expect(body).toMatchObject({
      numErrors: 1,
      errors: [{ category: 'VALIDATION_ERROR', context: { objectWriteTraceId: ['two'] } }],
    });
  });

  test('an upsert by e-mail makes what is new, changes what is there and says which', async () => {
    const { client, tidy, unique } = at();
    const email = `${unique('up').toLowerCase()}@example.com`;
    const input = (jobtitle: string) => ({
      inputs: [{ id: email, idProperty: 'email', properties: { jobtitle } }],
    });
    const first = await client.crm.contacts.batchApi.upsert(input('one'));
    tidy('contacts', first.results[0]!.id);
    const second = await client.crm.contacts.batchApi.upsert(input('two'));
    expect(first.results[0]!._new).toBe(true);
    expect(second.results[0]!._new).toBe(false);
    expect(second.results[0]!.id).toBe(first.results[0]!.id);
  });

  test('a batch archive is 204 whatever the state', async () => {
    const target = at();
    const [id] = await companies(target, 1);
    const archive = () =>
      target.http('POST', '/crm/v3/objects/companies/batch/archive', { inputs: [{ id }] });
    expect((await archive()).status).toBe(204);
    expect((await archive()).status).toBe(204);
  });
});
