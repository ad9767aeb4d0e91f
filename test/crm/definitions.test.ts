import { expect, test } from 'vitest';
import { contract, thrown } from './target.ts';

contract('definitions that are only read', (at) => {
  test('a property says by modificationMetadata whether its value may be written', async () => {
    const { http } = at();
    const { body } = await http('GET', '/crm/properties/2026-09/contacts');
    const of = (name: string) => body.results.find((property) => property.name === name)!;
    expect(of('email').modificationMetadata.readOnlyValue).toBe(false);
    expect(of('hs_object_id').modificationMetadata.readOnlyValue).toBe(true);
    expect(of('createdate')).toMatchObject({ type: 'datetime', fieldType: 'date' });
  });

  test('an owner property has no options of its own and refers to the owners', async () => {
    const property = await at().client.crm.properties.coreApi.getByName('companies', 'hubspot_owner_id');
    expect(property).toMatchObject({ externalOptions: true, referencedObjectType: 'OWNER', options: [] });
  });

  test('an unknown property is 404', async () => {
    const { code } = await thrown(at().client.crm.properties.coreApi.getByName('companies', 'no_such_thing'));
    expect(code).toBe(404);
  });

  test('deals have the default pipeline with a probability for each stage, tickets a state', async () => {
    const { client } = at();
    const deals = await client.crm.pipelines.pipelinesApi.getAll('deals');
    expect(
      deals.results
        .find((one) => one.id === 'default')!
        .stages.every((stage) => 'probability' in stage.metadata!),
    ).toBe(true);
    const tickets = await client.crm.pipelines.pipelinesApi.getAll('tickets');
    expect(
      tickets.results
        .find((one) => one.id === '0')!
        .stages.every((stage) => 'ticketState' in stage.metadata!),
    ).toBe(true);
  });

  test('the account names its id and time zone', async () => {
    const { body } = await at().http('GET', '/account-info/2026-03/details');
    expect(Number(body.portalId)).toBeGreaterThan(0);
    expect(() => new Intl.DateTimeFormat('en', { timeZone: body.timeZone })).not.toThrow();
  });

  test('owners can be listed', async () => {
    const { results } = await at().client.crm.owners.ownersApi.getPage();
    expect(results.every((owner) => !owner.archived)).toBe(true);
  });
});

const CHANGES = { unsafe: "it changes the account's definitions" };

contract(
  'property definitions',
  (at) => {
    const topics = (name: string) => ({
      ...{
        name,
        label: 'Topics',
        type: 'enumeration' as never,
        fieldType: 'checkbox' as never,
        groupName: 'companyinformation',
      },
      options: ['a', 'b', 'c'].map((value, displayOrder) => ({
        label: value.toUpperCase(),
        value,
        displayOrder,
        hidden: false,
      })),
    });

    test('a multiple choice is replaced by a list, added to by a leading semicolon, and refuses other values', async () => {
      const { client, http } = at();
      await client.crm.properties.coreApi.create('companies', topics('topics_1'));
      const { id } = await client.crm.companies.basicApi.create({
        properties: { name: 'x', topics_1: 'b' },
        associations: [],
      });
      const write = async (value: string) =>
        (await http('PATCH', `/crm/v3/objects/companies/${id}`, { properties: { topics_1: value } })).body;
      expect((await write(';a')).properties.topics_1).toBe('a;b');
      expect((await write('c')).properties.topics_1).toBe('c');
      expect((await write('c;A')).errors[0]!.code).toBe('INVALID_OPTION');
    });

    test('the options of a PATCH replace the whole list', async () => {
      const { client } = at();
      const api = client.crm.properties.coreApi;
      await api.create('companies', topics('topics_2'));
      const changed = await api.update('companies', 'topics_2', {
        options: [{ label: 'Z', value: 'z', displayOrder: 0, hidden: false }],
      });
      expect(changed.options.map((option) => option.value)).toEqual(['z']);
    });

    test('a taken name is 409, an archived one comes back', async () => {
      const { client } = at();
      const api = client.crm.properties.coreApi;
      await api.create('companies', topics('topics_3'));
      const { code, body } = await thrown(api.create('companies', topics('topics_3')));
      expect([code, body.subCategory]).toEqual([409, 'Properties.PROPERTY_WITH_NAME_EXISTS']);
      await api.archive('companies', 'topics_3');
      expect((await thrown(api.getByName('companies', 'topics_3'))).code).toBe(404);
      expect((await api.create('companies', topics('topics_3'))).archived).not.toBe(true);
    });

    test('the value of a unique property is refused a second time, naming who has it, and upserts find by it', async () => {
      const { client, http } = at();
      const key = {
        name: 'customer_no',
        label: 'No',
        type: 'string' as never,
        fieldType: 'text' as never,
        groupName: 'companyinformation',
        hasUniqueValue: true,
      };
      await client.crm.properties.coreApi.create('companies', key);
      const first = await client.crm.companies.basicApi.create({
        properties: { name: 'x', customer_no: '7' },
        associations: [],
      });
      const { status, body } = await http('POST', '/crm/v3/objects/companies', {
        properties: { name: 'y', customer_no: '7' },
      });
      expect(status).toBe(400);
      expect(/on (\d+)\. (\d+) already has that value/.exec(body.message)![2]).toBe(first.id);
      const { results } = await client.crm.companies.batchApi.upsert({
        inputs: [{ id: '7', idProperty: 'customer_no', properties: { phone: '5' } }],
      });
      expect(results[0]).toMatchObject({ id: first.id, _new: false });
    });

    test('dates are kept as days, date-times as instants, and what is neither is refused', async () => {
      const { client, http } = at();
      const api = client.crm.properties.coreApi;
      await api.create('companies', {
        name: 'on',
        label: 'On',
        type: 'date' as never,
        fieldType: 'date' as never,
        groupName: 'companyinformation',
      });
      await api.create('companies', {
        name: 'at',
        label: 'At',
        type: 'datetime' as never,
        fieldType: 'date' as never,
        groupName: 'companyinformation',
      });
      const make = async (properties: object) =>
        (await http('POST', '/crm/v3/objects/companies', { properties: { name: 'x', ...properties } })).body;
      const midnight = Date.UTC(2026, 11, 24);
      expect((await make({ on: midnight })).properties.on).toBe('2026-12-24');
      expect((await make({ on: midnight + 1 })).errors[0]!.code).toBe('INVALID_DATE');
      expect((await make({ on: '2026-02-30' })).errors[0]!.code).toBe('INVALID_DATE');
      expect((await make({ at: midnight + 1 })).properties.at).toBe('2026-12-24T00:00:00.001Z');
      expect((await make({ at: 'soon' })).errors[0]!.code).toBe('INVALID_DATE');
    });
  },
  CHANGES,
);

contract(
  'pipelines and custom objects',
  (at) => {
    test('a pipeline is made with its stages; a stage in use cannot go', async () => {
      const { client } = at();
      const { pipelinesApi, pipelineStagesApi } = client.crm.pipelines;
      const stages = ['Open', 'Won'].map((label, displayOrder) => ({
        label,
        displayOrder,
        metadata: { probability: displayOrder === 0 ? '0.5' : '1.0' },
      }));
      const pipeline = await pipelinesApi.create('deals', { label: 'Renewals', displayOrder: 1, stages });
      const [open, won] = pipeline.stages;
      await client.crm.deals.basicApi.create({
        properties: { dealname: 'x', pipeline: pipeline.id, dealstage: open!.id },
        associations: [],
      });
      const { code, body } = await thrown(pipelineStagesApi.archive('deals', pipeline.id, open!.id));
      expect([code, body.subCategory]).toEqual([400, 'PipelineError.STAGE_ID_IN_USE']);
      await pipelineStagesApi.archive('deals', pipeline.id, won!.id);
      const wrong = await thrown(
        client.crm.deals.basicApi.create({
          properties: { dealname: 'x', pipeline: pipeline.id, dealstage: 'closedwon' },
          associations: [],
        }),
      );
      expect(wrong.body.errors[0]!.code).toBe('INVALID_OPTION');
    });

    test('a custom object is made by a schema, and answers to its name, its full name and its type id', async () => {
      const { client, http } = at();
      const schema = await client.crm.schemas.coreApi.create({
        name: 'machine',
        labels: { singular: 'Machine', plural: 'Machines' },
        primaryDisplayProperty: 'serial',
        requiredProperties: ['serial'],
        searchableProperties: ['serial'],
        properties: [{ name: 'serial', label: 'Serial', type: 'string' as never, fieldType: 'text' }],
        associatedObjects: ['COMPANY'],
      });
      expect(schema.objectTypeId).toMatch(/^2-\d+$/);
      expect(schema.fullyQualifiedName).toMatch(/^p\d+_machine$/);
      const api = client.crm.objects.basicApi;
      const made = await api.create(schema.objectTypeId!, { properties: { serial: 'S1' }, associations: [] });
      expect((await api.getById(schema.fullyQualifiedName!, made.id, ['serial'])).properties['serial']).toBe(
        'S1',
      );
      const missing = await http('POST', `/crm/v3/objects/${schema.objectTypeId!}`, { properties: {} });
      expect(missing.status).toBe(400);
      const { results } = await client.crm.schemas.coreApi.getAll();
      expect(results.map((each) => each.name)).toContain('machine');
      expect((await thrown(client.crm.schemas.coreApi.archive(schema.objectTypeId!))).code).toBe(400);
      await api.archive(schema.objectTypeId!, made.id);
      await client.crm.schemas.coreApi.archive(schema.objectTypeId!);
    });
  },
  CHANGES,
);
