import { expect, test } from 'vitest';
import { contract, thrown } from './target.ts';

contract('objects, one at a time', (at) => {
  test('a created contact answers 201 with an id, what was written and what the system keeps, in strings', async () => {
    const { client, tidy, unique } = at();
    const email = `${unique('Ada')}@Example.com`;
    const made = await client.crm.contacts.basicApi.create({
      properties: { email, firstname: 'Ada' },
      associations: [],
    });
    tidy('contacts', made.id);
    expect(made.id).toMatch(/^\d+$/);
    expect(made.properties).toMatchObject({
      email: email.toLowerCase(),
      firstname: 'Ada',
      hs_object_id: made.id,
    });
    expect(made.properties['lastmodifieddate']).toBeTruthy();
    expect(made.createdAt).toBeInstanceOf(Date);
  });

  test('unknown names in properties are left out, defined but never set is null, cleared is empty', async () => {
    const { client, http, tidy, unique } = at();
    const made = await client.crm.contacts.basicApi.create({
      properties: { email: `${unique('b')}@example.com`, jobtitle: 'x' },
      associations: [],
    });
    tidy('contacts', made.id);
    await client.crm.contacts.basicApi.update(made.id, { properties: { jobtitle: '' } });
    const { body } = await http(
      'GET',
      `/crm/v3/objects/contacts/${made.id}?properties=jobtitle,mobilephone,no_such_thing`,
    );
    expect(body.properties).toMatchObject({ jobtitle: '', mobilephone: null });
    expect(body.properties).not.toHaveProperty('no_such_thing');
  });

  test('a read without a list of properties answers the default ones', async () => {
    const { client, http, tidy, unique } = at();
    const properties = { email: `${unique('e')}@example.com`, jobtitle: 'x' };
    const made = await client.crm.contacts.basicApi.create({ properties, associations: [] });
    tidy('contacts', made.id);
    const { body } = await http('GET', `/crm/v3/objects/contacts/${made.id}`);
    const names = ['createdate', 'email', 'firstname', 'hs_object_id', 'lastmodifieddate', 'lastname'];
    expect(Object.keys(body.properties).sort()).toEqual(names);
  });

  test('repeated and comma-separated parameters mean the same', async () => {
    const { http, client, tidy, unique } = at();
    const made = await client.crm.contacts.basicApi.create({
      properties: { email: `${unique('c')}@example.com` },
      associations: [],
    });
    tidy('contacts', made.id);
    const commas = await http('GET', `/crm/v3/objects/contacts/${made.id}?properties=email,phone`);
    const repeated = await http(
      'GET',
      `/crm/v3/objects/contacts/${made.id}?properties=email&properties=phone`,
    );
    expect(repeated.body.properties).toEqual(commas.body.properties);
  });

  test('every write is in the history, newest first, with this app as its source', async () => {
    const { client, tidy, unique } = at();
    const api = client.crm.companies.basicApi;
    const made = await api.create({
      properties: { name: unique('History Ltd'), phone: '1' },
      associations: [],
    });
    tidy('companies', made.id);
    await api.update(made.id, { properties: { phone: '2' } });
    await api.update(made.id, { properties: { phone: '3' } });
    const read = await api.getById(made.id, ['phone'], ['phone']);
    const history = read.propertiesWithHistory!['phone']!;
    expect(history.map((entry) => entry.value)).toEqual(['3', '2', '1']);
    expect(
      history.every((entry) => entry.sourceType === 'INTEGRATION' && /^\d+$/.test(entry.sourceId ?? '')),
    ).toBe(true);
    expect(history[0]!.timestamp.getTime()).toBeGreaterThanOrEqual(history[2]!.timestamp.getTime());
  });

  test('numbers and booleans come back as strings, a date given to a datetime without milliseconds', async () => {
    const { http, tidy, unique } = at();
    const sent = {
      dealname: unique('deal'),
      dealstage: 'appointmentscheduled',
      pipeline: 'default',
      amount: 15000,
      closedate: '2026-12-31',
    };
    const { status, body } = await http('POST', '/crm/v3/objects/deals', { properties: sent });
    tidy('deals', body.id);
    expect(status).toBe(201);
    expect(body.properties).toMatchObject({ amount: '15000', closedate: '2026-12-31T00:00:00Z' });
  });

  test('an unknown property refuses the whole record, with JSON inside the message', async () => {
    const { client, http, tidy, unique } = at();
    const made = await client.crm.contacts.basicApi.create({
      properties: { email: `${unique('d')}@example.com`, jobtitle: 'before' },
      associations: [],
    });
    tidy('contacts', made.id);
    const { status, body } = await http('PATCH', `/crm/v3/objects/contacts/${made.id}`, {
      properties: { jobtitle: 'after', no_such_thing: 'x' },
    });
    expect(status).toBe(400);
    expect(body).toMatchObject({ status: 'error', category: 'VALIDATION_ERROR' });
    expect(body.correlationId).toMatch(/^[0-9a-f-]{36}$/);
    expect(body.errors[0]).toMatchObject({
      code: 'PROPERTY_DOESNT_EXIST',
      context: { propertyName: ['no_such_thing'] },
    });
    const inner = JSON.parse(/^Property values were not valid: (.*)$/s.exec(body.message)![1]!) as {
      name: string;
    }[];
    expect(inner[0]!.name).toBe('no_such_thing');
    expect((await client.crm.contacts.basicApi.getById(made.id, ['jobtitle'])).properties['jobtitle']).toBe(
      'before',
    );
  });

  test('a value that does not fit is named by property and code', async () => {
    const { http, unique } = at();
    const email = await http('POST', '/crm/v3/objects/contacts', { properties: { email: 'not an address' } });
    expect(email.status).toBe(400);
    expect(email.body.errors[0]).toMatchObject({
      code: 'INVALID_EMAIL',
      context: { propertyName: ['email'] },
    });
    const option = await http('POST', '/crm/v3/objects/companies', {
      properties: { name: unique('x'), lifecyclestage: 'LEAD?' },
    });
    expect(option.body.errors[0]!.code).toBe('INVALID_OPTION');
    const number = await http('POST', '/crm/v3/objects/companies', {
      properties: { name: unique('x'), numberofemployees: 'many' },
    });
    expect(number.body.errors[0]!.code).toMatch(/^INVALID_(LONG|INTEGER|DOUBLE|NUMBER)$/);
    const readOnly = await http('POST', '/crm/v3/objects/companies', {
      properties: { name: unique('x'), hs_object_id: '1' },
    });
    expect(readOnly.status).toBe(400);
  });

  test('an e-mail address that is taken is 409 and names its owner', async () => {
    const { client, tidy, unique } = at();
    const email = `${unique('twin')}@example.com`;
    const first = await client.crm.contacts.basicApi.create({ properties: { email }, associations: [] });
    tidy('contacts', first.id);
    const { code, body } = await thrown(
      client.crm.contacts.basicApi.create({ properties: { email }, associations: [] }),
    );
    expect(code).toBe(409);
    expect(body).toMatchObject({ category: 'CONFLICT' });
    expect(/Existing ID:\s*(\d+)/.exec(body.message)![1]).toBe(first.id);
  });

  test('two companies may have one domain', async () => {
    const { client, tidy, unique } = at();
    const domain = `${unique('shared').toLowerCase()}.example.com`;
    for (const name of ['A', 'B']) {
      const made = await client.crm.companies.basicApi.create({
        properties: { name, domain },
        associations: [],
      });
      tidy('companies', made.id);
      expect(made.properties['domain']).toBe(domain);
    }
  });

  test('a contact can be read and changed by its e-mail address', async () => {
    const { client, http, tidy, unique } = at();
    const email = `${unique('by')}@example.com`;
    const made = await client.crm.contacts.basicApi.create({ properties: { email }, associations: [] });
    tidy('contacts', made.id);
    const path = `/crm/v3/objects/contacts/${encodeURIComponent(email)}?idProperty=email`;
    expect((await http('PATCH', path, { properties: { jobtitle: 'Buyer' } })).body.id).toBe(made.id);
    expect((await http('GET', `${path}&properties=jobtitle`)).body.properties.jobtitle).toBe('Buyer');
  });

  test('an archived record is 404, listed only among the archived, and archiving it again is 204', async () => {
    const { client, http, unique } = at();
    const made = await client.crm.companies.basicApi.create({
      properties: { name: unique('Gone') },
      associations: [],
    });
    await client.crm.companies.basicApi.archive(made.id);
    const { code, body } = await thrown(client.crm.companies.basicApi.getById(made.id));
    expect(code).toBe(404);
    expect(body.category).toBe('OBJECT_NOT_FOUND');
    const archived = await http('GET', `/crm/v3/objects/companies/${made.id}?archived=true`);
    expect(archived.body).toMatchObject({ id: made.id, archived: true });
    await client.crm.companies.basicApi.archive(made.id);
  });

  test('pages go on by the id they name, and a page with history holds at most 50', async () => {
    const { client, http, tidy, unique } = at();
    for (let count = 0; count < 3; count += 1)
      tidy(
        'companies',
        (
          await client.crm.companies.basicApi.create({
            properties: { name: unique('Page') },
            associations: [],
          })
        ).id,
      );
    const first = await client.crm.companies.basicApi.getPage(2);
    expect(first.results).toHaveLength(2);
    const second = await client.crm.companies.basicApi.getPage(2, first.paging!.next!.after);
    expect(second.results[0]!.id).not.toBe(first.results[1]!.id);
    const long = await http('GET', '/crm/v3/objects/companies?limit=51&propertiesWithHistory=name');
    expect(long.status).toBe(400);
    expect(long.body.message).toContain(
      'The maximum number of inputs supported in a batch request for property histories is 50',
    );
  });

  test('the dated path answers like the numbered one', async () => {
    const { client, http, tidy, unique } = at();
    const made = await client.crm.companies.basicApi.create({
      properties: { name: unique('Dated') },
      associations: [],
    });
    tidy('companies', made.id);
    const numbered = await http('GET', `/crm/v3/objects/companies/${made.id}?properties=name`);
    const dated = await http('GET', `/crm/objects/2026-09/companies/${made.id}?properties=name`);
    const byTypeId = await http('GET', `/crm/objects/2026-03/0-2/${made.id}?properties=name`);
    expect(dated.body.properties.name).toBe(numbered.body.properties.name);
    expect(byTypeId.body.properties.name).toBe(numbered.body.properties.name);
  });

  test('without credentials 401, with unknown ones 401, an unknown route is an HTML page', async () => {
    const { url, http } = at();
    const none = await fetch(`${url}/crm/v3/objects/contacts`);
    expect(none.status).toBe(401);
    expect(((await none.json()) as { category: string }).category).toBe('INVALID_AUTHENTICATION');
    const wrong = await fetch(`${url}/crm/v3/objects/contacts`, {
      headers: { authorization: 'Bearer nobody' },
    });
    expect(wrong.status).toBe(401);
    const nowhere = await http('GET', '/crm/v3/no-such-thing/at-all');
    expect(nowhere.status).toBe(404);
    expect(nowhere.headers.get('content-type')).toContain('text/html');
  });

  test('a body that is no JSON is 400 with a place', async () => {
    const { url, token } = at();
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const response = await fetch(`${url}/crm/v3/objects/contacts`, {
      method: 'POST',
      headers,
      body: '{"properties": ',
    });
    expect(response.status).toBe(400);
    expect(((await response.json()) as { message: string }).message).toContain('Invalid input JSON');
  });

  test('ordinary answers carry the limits of the window and the day', async () => {
    const { headers } = await at().http('GET', '/crm/v3/objects/contacts?limit=1');
    expect(headers.get('x-hubspot-ratelimit-interval-milliseconds')).toBe('10000');
    expect(Number(headers.get('x-hubspot-ratelimit-remaining'))).toBeLessThan(
      Number(headers.get('x-hubspot-ratelimit-max')),
    );
    expect(headers.get('x-hubspot-correlation-id')).toBeTruthy();
  });
});
