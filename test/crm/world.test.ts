/** Time, memory and chance of the stand-in: its clock, its snapshot, its determinism, its demo data. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { seedDemo } from '../simulator/seed.ts';
import { startSimulator } from '../simulator/simulator.ts';
import { openReceiver } from './receiver.ts';
import { stage, until } from './target.ts';

const NOW = Date.UTC(2026, 10, 23, 12);
const IMPORT = { sourceType: 'IMPORT', sourceId: '1' };

test('a new record is touched by nobody 3 to 22 seconds later', async () => {
  const at = await stage({ now: () => NOW });
  const { body } = await at.http('POST', '/crm/v3/objects/contacts', {
    properties: { email: 'a@example.com' },
  });
  const modified = async () =>
    (await at.http('GET', `/crm/v3/objects/contacts/${body.id}`)).body.properties.lastmodifieddate as string;
  await at.control('POST', 'clock', { advanceMs: 2_600 });
  expect(await modified()).toBe(body.properties.lastmodifieddate);
  await at.control('POST', 'clock', { advanceMs: 20_000 });
  expect(await modified()).not.toBe(body.properties.lastmodifieddate);
  await at.sim.close();
});

test('a stage of life only moves forward unless it is cleared first', async () => {
  const at = await stage();
  const id = at.sim.world.create(
    'contacts',
    { email: 'a@example.com', lifecyclestage: 'customer' },
    IMPORT,
  ).id;
  const write = async (lifecyclestage: string) => {
    await at.http('PATCH', `/crm/v3/objects/contacts/${id}`, { properties: { lifecyclestage } });
    return at.sim.world.value('contacts', id, 'lifecyclestage');
  };
  expect(await write('lead')).toBe('customer');
  expect(await write('evangelist')).toBe('evangelist');
  expect(await write('')).toBe('');
  expect(await write('lead')).toBe('lead');
  await at.sim.close();
});

test('with the setting on, a contact is linked to the company of its domain, unasked', async () => {
  const at = await stage();
  at.sim.faults.autoAssociateByDomain = true;
  const company = at.sim.world.create('companies', { name: 'x', domain: 'x.example' }, IMPORT).id;
  const id = at.sim.world.create('contacts', { email: 'a@x.example' }, IMPORT).id;
  expect(at.sim.world.linked('contacts', id, 'companies').map((link) => link.id)).toEqual([company]);
  await at.sim.close();
});

test('a snapshot brings back records, histories, associations, settings and undelivered events', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'stand-in-'));
  const snapshotFile = join(dir, 'state.json');
  const receiver = await openReceiver();
  const options = { snapshotFile, seed: 3 };
  const first = await startSimulator({
    ...options,
    webhookTarget: receiver.url,
    subscriptions: [{ subscriptionType: 'contact.propertyChange', propertyName: 'phone' }],
  });
  const made = seedDemo(first.world, { seed: 3 });
  first.faults.webhooks.paused = true;
  const id = made.contacts[0]!;
  first.world.update('contacts', id, { phone: '77' }, IMPORT);
  const before: unknown = await (await fetch(`${first.url}/_sim/record/contacts/${id}`)).json();
  await first.close();

  const second = await startSimulator(options);
  expect(second.restored).toBe(true);
  expect(await (await fetch(`${second.url}/_sim/record/contacts/${id}`)).json()).toEqual(before);
  await until('the waiting event arrives', () =>
    receiver.events().some((event) => event.propertyValue === '77'),
  );
  expect(
    second.world.create('contacts', { email: 'next@example.com' }, IMPORT).id > made.contacts.at(-1)!,
  ).toBe(true);
  await second.close();
  await receiver.close();
  rmSync(dir, { recursive: true });
});

test('the same seed and the same calls give the same ids, faults, answers and webhooks', async () => {
  const run = async (seed: number): Promise<string> => {
    const receiver = await openReceiver();
    const subscriptions = [{ subscriptionType: 'contact.propertyChange', propertyName: 'phone' }];
    const at = await stage({ seed, now: () => NOW, webhookTarget: 'http://127.0.0.1:9/', subscriptions });
    await at.control('PUT', 'webhooks', { target: receiver.url });
    seedDemo(at.sim.world, { seed });
    await at.control('PUT', 'faults', {
      webhooks: { dropRate: 0.2, duplicateRate: 0.2, reorderRate: 0.2, delayJitterMs: 500 },
      api: { error502Rate: 0.2, error500Rate: 0.1, locked423Rate: 0.1 },
    });
    const seen: string[] = [];
    for (let count = 0; count < 60; count += 1) {
      const { status, text } = await at.http('POST', '/crm/v3/objects/contacts', {
        properties: { email: `c${count}@example.com`, phone: String(count) },
      });
      seen.push(`${status} ${text}`);
      await at.control('POST', 'clock', { advanceMs: 100 });
      await until('it is quiet', () => at.sim.webhooks.counters().inFlight === 0);
    }
    at.sim.world.clock.advance(10_000);
    await until('everything is delivered', () => at.sim.webhooks.counters().idle);
    // Which of several requests in flight arrives first is the network's business.
    const events = at.sim.webhooks.deliveries().flatMap((delivery) => delivery.events);
    await at.sim.close();
    await receiver.close();
    return JSON.stringify([seen, events]);
  };
  const [one, same, other] = [await run(5), await run(5), await run(6)];
  expect(same).toBe(one);
  expect(other).not.toBe(one);
});

test('the demo business has what the ownership file names, and the mess of a real CRM', async () => {
  const at = await stage({ now: () => NOW });
  const made = seedDemo(at.sim.world, { seed: 1 });
  const sizes = [made.companies, made.deals, made.tickets, made.quotes, made.sites].map((ids) => ids.length);
  expect(sizes).toEqual([40, 90, 120, 60, 80]);
  expect(made.contacts.length).toBeGreaterThanOrEqual(150);
  const { world } = at.sim;
  expect(world.type('installed_site')).toMatchObject({
    typeId: '2-77001',
    fullyQualifiedName: `p${at.sim.hubId}_installed_site`,
  });
  for (const id of made.quotes)
    for (const to of ['deals', 'companies', 'line_items'])
      expect(world.linked('quotes', id, to).length).toBeGreaterThan(0);
  for (const id of made.partners) {
    const labels = world
      .linked('contacts', id, 'companies')
      .map((link) => link.types.map((type) => type.label));
    const labelled = labels.filter((each) => each.includes('Portal partner')).length;
    expect(labelled).toBeGreaterThanOrEqual(2);
    expect(labelled).toBeLessThanOrEqual(4);
    expect(labels.filter((each) => each.includes('Primary'))).toHaveLength(1);
  }
  const empty = made.companies.filter((id) => world.linked('companies', id, 'contacts').length === 0);
  const lonely = made.contacts.filter((id) => world.linked('contacts', id, 'companies').length === 0);
  expect([empty.length > 0, lonely.length > 0]).toEqual([true, true]);
  const lastNames = made.contacts.map((id) => world.value('contacts', id, 'lastname'));
  expect(lastNames).toContain("O'Brien <b>");
  expect(world.state.data.mergedInto.get('0-1')?.size).toBe(2);
  await at.sim.close();
});
