import { AssociationTypes } from '@hubspot/api-client';
import { expect, test } from 'vitest';
import { contract, type Target } from './target.ts';

const HUBSPOT = 'HUBSPOT_DEFINED' as never; // the client's enum is declared, not exported

contract('associations', (at) => {
  async function pair({ client, tidy, unique }: Target): Promise<{ contact: string; company: string }> {
    const contact = await client.crm.contacts.basicApi.create({
      properties: { email: `${unique('link')}@example.com` },
      associations: [],
    });
    const company = await client.crm.companies.basicApi.create({
      properties: { name: unique('Link') },
      associations: [],
    });
    return { contact: tidy('contacts', contact.id), company: tidy('companies', company.id) };
  }
  const typeIds = async ({ client }: Target, from: string, id: string, to: string): Promise<number[][]> => {
    const { results } = await client.crm.associations.v4.basicApi.getPage(from, id, to);
    return results.map((link) => link.associationTypes.map((type) => type.typeId).sort((a, b) => a - b));
  };

  test('the default association is plain and shows from both sides', async () => {
    const target = at();
    const { contact, company } = await pair(target);
    await target.client.crm.associations.v4.basicApi.createDefault('contacts', contact, 'companies', company);
    expect((await typeIds(target, 'contacts', contact, 'companies'))[0]).toContain(
      AssociationTypes.contactToCompany,
    );
    expect((await typeIds(target, 'companies', company, 'contacts'))[0]).toContain(
      AssociationTypes.companyToContact,
    );
  });

  test('a primary association makes the plain one too, and a second primary takes the first one away', async () => {
    const target = at();
    const { contact, company } = await pair(target);
    const other = await pair(target);
    const primary = [
      { associationCategory: HUBSPOT, associationTypeId: AssociationTypes.primaryContactToCompany },
    ];
    const api = target.client.crm.associations.v4.basicApi;
    await api.create('contacts', contact, 'companies', company, primary);
    expect(await typeIds(target, 'contacts', contact, 'companies')).toEqual([[1, 279]]);
    await api.create('contacts', contact, 'companies', other.company, primary);
    const { results } = await api.getPage('contacts', contact, 'companies');
    const of = (id: string) =>
      results.find((link) => link.toObjectId === id)!.associationTypes.map((type) => type.typeId);
    expect(of(company)).not.toContain(1);
    expect(of(other.company)).toContain(1);
  });

  test('a batch read answers per record, and names records without associations', async () => {
    const target = at();
    const { contact, company } = await pair(target);
    const lonely = await pair(target);
    await target.client.crm.associations.v4.basicApi.createDefault('contacts', contact, 'companies', company);
    const { status, body } = await target.http('POST', '/crm/v4/associations/contacts/companies/batch/read', {
      inputs: [{ id: contact }, { id: lonely.contact }],
    });
    expect(status).toBe(207);
    expect(body.results).toHaveLength(1);
    expect(String(body.results[0]!.from.id)).toBe(contact);
    expect(String(body.results[0]!.to[0]!.toObjectId)).toBe(company);
    expect(body.errors[0]!.subCategory).toBe('crm.associations.NO_ASSOCIATIONS_FOUND');
  });

  test('removing an association removes it from both sides', async () => {
    const target = at();
    const { contact, company } = await pair(target);
    const api = target.client.crm.associations.v4.basicApi;
    await api.createDefault('contacts', contact, 'companies', company);
    await api.archive('contacts', contact, 'companies', company);
    expect(await typeIds(target, 'companies', company, 'contacts')).toEqual([]);
  });

  test('a record is made with its associations, and a read can show them', async () => {
    const target = at();
    const { contact, company } = await pair(target);
    const { client, tidy, unique } = target;
    const ticket = await client.crm.tickets.basicApi.create({
      properties: { subject: unique('case'), hs_pipeline: '0', hs_pipeline_stage: '1' },
      associations: [
        {
          to: { id: contact },
          types: [{ associationCategory: HUBSPOT, associationTypeId: AssociationTypes.ticketToContact }],
        },
        {
          to: { id: company },
          types: [{ associationCategory: HUBSPOT, associationTypeId: AssociationTypes.ticketToCompany }],
        },
      ],
    });
    tidy('tickets', ticket.id);
    const read = await client.crm.tickets.basicApi.getById(ticket.id, undefined, undefined, [
      'contacts',
      'companies',
    ]);
    expect(read.associations!['contacts']!.results[0]!.id).toBe(contact);
    expect(read.associations!['companies']!.results[0]!.id).toBe(company);
  });

  test('the default batch shows both directions', async () => {
    const target = at();
    const { contact, company } = await pair(target);
    const { results } = await target.client.crm.associations.v4.batchApi.createDefault(
      'contacts',
      'companies',
      {
        inputs: [{ _from: { id: contact }, to: { id: company } }],
      },
    );
    expect(results.map((result) => result._from.id).sort()).toEqual([contact, company].sort());
  });
});

contract(
  'association labels',
  (at) => {
    test('a label stands beside the plain type, a new one replaces it, and removing it keeps the plain one', async () => {
      const { client, unique } = at();
      const labels = client.crm.associations.v4.schema.definitionsApi;
      const make = async (label: string) =>
        (await labels.create('contacts', 'companies', { label, name: label.replace(/\W/g, '_') }))
          .results[0]!;
      const [first, second] = [await make(unique('Partner')), await make(unique('Adviser'))];
      const contact = await client.crm.contacts.basicApi.create({
        properties: { email: `${unique('l')}@example.com` },
        associations: [],
      });
      const company = await client.crm.companies.basicApi.create({
        properties: { name: unique('L') },
        associations: [],
      });
      const api = client.crm.associations.v4;
      const put = (typeId: number) =>
        api.basicApi.create('contacts', contact.id, 'companies', company.id, [
          { associationCategory: 'USER_DEFINED' as never, associationTypeId: typeId },
        ]);
      const seen = async () =>
        (await api.basicApi.getPage('contacts', contact.id, 'companies')).results[0]!.associationTypes.map(
          (type) => type.label ?? null,
        );
      expect((await put(first.typeId)).labels).toEqual([first.label]);
      expect(await seen()).toEqual([null, first.label]);
      await put(second.typeId);
      expect(await seen()).toEqual([null, second.label]);
      await api.batchApi.archiveLabels('contacts', 'companies', {
        inputs: [
          {
            _from: { id: contact.id },
            to: { id: company.id },
            types: [{ associationCategory: 'USER_DEFINED' as never, associationTypeId: second.typeId }],
          },
        ],
      });
      expect(await seen()).toEqual([null]);
      await labels.remove('contacts', 'companies', first.typeId);
      expect((await labels.getAll('contacts', 'companies')).results.map((type) => type.label)).not.toContain(
        first.label,
      );
    });
  },
  { unsafe: "it changes the account's association labels" },
);
