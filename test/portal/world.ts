/** The small world of the portal's tests: two companies, four people, one record of each kind that matters. */
import { expect } from 'vitest';
import { eventually as within } from '../harness/eventually.ts';
import { HUB, OTHER_HUB, startPortal, type Answer, type PortalHarness } from '../harness/portal.ts';

export interface World extends PortalHarness {
  /** Of company 100, its own direct customer. */
  ann: string;
  /** Also of company 100. */
  bob: string;
  /** Of company 200. */
  cleo: string;
  /** A partner: reaches company 100 by the label, although 300 is the primary one. */
  pia: string;
}

/**
 * Contacts 1 Ann and 2 Bob (company 100), 3 Cleo (company 200), 4 Pia (partner of 100, primary 300), 5 nobody signs in.
 * Tickets 11 (100), 12 (200), 13 (100, archived), 14 (merged into 11), 15 (merged into 12), 17 (100 and 200).
 * Quote 21, deal 31, sites 12 and 41 of company 100. Ticket 16 exists in another hub only. Note 91 is on ticket 12.
 * Numbers are given twice, as the CRM does: ticket 3 (100, archived) has that of Cleo, site 12 that of a case of 200.
 */
export async function startWorld(options: Parameters<typeof startPortal>[0] = {}): Promise<World> {
  const portal = await startPortal({
    ...options,
    limits: { requestsPerMinute: 100_000, writesPerMinute: 100_000, ...options.limits },
  });
  const { crm } = portal;
  await crm.find({
    object: 'company',
    id: '100',
    fields: {
      name: 'Acme',
      country: 'Germany',
      phone: '+4930123456',
      creditLimit: '5000',
      internalRisk: 'high',
      street: 'Main Road 1',
    },
  });
  await crm.find({ object: 'company', id: '200', fields: { name: 'Beta' } });
  await crm.find({ object: 'company', id: '300', fields: { name: 'Partner & Co' } });
  const acme = [{ id: '100' }];
  const beta = [{ id: '200' }];
  await crm.find({
    object: 'contact',
    id: '1',
    fields: {
      firstName: 'Ann',
      lastName: 'Ash',
      email: 'ann@acme.example',
      phone: '+4930111111',
      newsletterTopics: 'energy;service',
    },
    companies: acme,
  });
  await crm.find({
    object: 'contact',
    id: '2',
    fields: { firstName: 'Bob', lastName: 'Birch', email: 'bob@acme.example' },
    companies: acme,
  });
  await crm.find({
    object: 'contact',
    id: '3',
    fields: { firstName: 'Cleo', lastName: 'Cedar', email: 'cleo@beta.example' },
    companies: beta,
  });
  await crm.find({
    object: 'contact',
    id: '4',
    fields: { firstName: 'Pia', lastName: 'Pine', email: 'pia@partner.example' },
    companies: [
      { id: '300' },
      { id: '100', primary: false, labels: ['Portal partner'] },
      { id: '200', primary: false, labels: ['Supplier'] },
    ],
  });
  await crm.find({
    object: 'ticket',
    id: '11',
    fields: { subject: 'Cold radiator', description: 'It is cold.', reference: 'A-1', priority: 'LOW' },
    companies: acme,
  });
  await crm.find({ object: 'ticket', id: '12', fields: { subject: 'Secret of Beta' }, companies: beta });
  await crm.find({
    object: 'ticket',
    id: '13',
    fields: { subject: 'Old case' },
    companies: acme,
    life: 'archived',
  });
  await crm.find({
    object: 'ticket',
    id: '14',
    fields: { subject: 'Doubled case' },
    companies: acme,
    life: 'merged:11',
  });
  await crm.find({
    object: 'ticket',
    id: '15',
    fields: { subject: 'Doubled elsewhere' },
    companies: acme,
    life: 'merged:12',
  });
  await crm.find({
    object: 'ticket',
    id: '17',
    fields: { subject: 'Shared case' },
    companies: [{ id: '100' }, { id: '200', primary: false }],
  });
  await crm.find({
    object: 'quote',
    id: '21',
    fields: {
      title: 'New boiler',
      amount: '1200',
      currency: 'EUR',
      expiresOn: '2027-01-31',
      terms: 'Net 30',
      status: 'APPROVED',
    },
    companies: acme,
  });
  await crm.find({
    object: 'deal',
    id: '31',
    fields: { name: 'Boiler order', amount: '1200' },
    companies: acme,
  });
  await crm.find({
    object: 'site',
    id: '41',
    fields: { name: 'Plant North', address: 'North 1' },
    companies: acme,
  });
  await crm.find({ object: 'site', id: '12', fields: { name: 'Plant East' }, companies: acme });
  await crm.find({ object: 'ticket', id: '3', companies: acme, life: 'archived' });
  await crm.find({
    object: 'note',
    id: '91',
    fields: { text: 'On a case of Beta', shared: 'true' },
    on: [{ object: 'ticket', id: '12' }],
  });
  await crm.find({
    object: 'contact',
    id: '1',
    fields: { firstName: 'Other', lastName: 'Hub', email: 'x@y.example' },
    companies: acme,
    hub: OTHER_HUB,
  });
  await crm.find({ object: 'company', id: '100', fields: { name: 'Other Acme' }, hub: OTHER_HUB });
  await crm.find({
    object: 'ticket',
    id: '16',
    fields: { subject: 'Case of another hub' },
    companies: acme,
    hub: OTHER_HUB,
  });
  return {
    ...portal,
    ann: await portal.token({ contactId: '1' }),
    bob: await portal.token({ contactId: '2' }),
    cleo: await portal.token({ contactId: '3' }),
    pia: await portal.token({ contactId: '4', audience: 'partner' }),
  };
}

let keys = 0;
export const freshKey = (): string => `key-${(keys += 1)}`;

export interface Edit {
  fields: Record<string, unknown>;
  version?: string;
  seen?: Record<string, string>;
  key?: string;
  prefer?: string;
}

export function patch(world: PortalHarness, token: string, path: string, edit: Edit): Promise<Answer> {
  const { fields, version, seen, key = freshKey(), prefer } = edit;
  return world.call('PATCH', `/portal/v1/records/${path}`, {
    token,
    body: { fields, ...(seen === undefined ? {} : { seen }) },
    headers: {
      'idempotency-key': key,
      ...(version === undefined ? {} : { 'if-match': version }),
      ...(prefer === undefined ? {} : { prefer }),
    },
  });
}

/** Reads the record and edits it as of what was read. */
export async function edit(
  world: PortalHarness,
  token: string,
  path: string,
  fields: Record<string, unknown>,
): Promise<Answer> {
  const { headers } = await read(world, token, path);
  const answer = await patch(world, token, path, { fields, version: headers.get('etag') ?? '' });
  expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 202 });
  return answer;
}

export async function read(world: PortalHarness, token: string, path: string): Promise<Answer> {
  const answer = await world.call('GET', `/portal/v1/records/${path}`, { token });
  expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 200 });
  return answer;
}

export function expectProblem(answer: Answer, status: number, code: string): void {
  expect(answer, JSON.stringify(answer.body)).toMatchObject({ status, body: { status, code } });
  expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/);
  for (const text of [answer.body.type, answer.body.title, answer.body.detail]) expect(text).toMatch(/\S/);
}

/** What of an answer could tell one cause from another. */
export function face({ status, headers, body }: Answer): unknown {
  const telling = [
    'etag',
    'content-type',
    'content-location',
    'location',
    'cache-control',
    'preference-applied',
    'allow',
    'vary',
    'content-length',
  ];
  return { status, body, headers: Object.fromEntries(telling.map((name) => [name, headers.get(name)])) };
}

/** Every record of the hub whose work waits, with its lane. */
export async function dueOf(
  world: PortalHarness,
): Promise<{ object: string; record_id: string; lane: number }[]> {
  return world.db
    .selectFrom('due')
    .select(['object', 'record_id', 'lane'])
    .where('hub_id', '=', HUB)
    .orderBy('object')
    .orderBy('record_id')
    .execute();
}

export const storedEdits = async (world: PortalHarness): Promise<number> => {
  const rows = await world.db.selectFrom('edits').select('edit_id').where('hub_id', '=', HUB).execute();
  return rows.length;
};

/** Everything here happens in this process: sooner than in the loop. */
export const eventually = <T>(
  condition: () => Promise<T | undefined | false>,
  what: string,
  withinMs = 5_000,
): Promise<T> => within(condition, what, withinMs);
