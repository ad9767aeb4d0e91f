import { Signature } from '@hubspot/api-client';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { signatureV3 } from '../simulator/signature.ts';
import { openReceiver, type Event, type Receiver } from './receiver.ts';
import { stage, until, type Stage } from './target.ts';

const PHONE = { subscriptionType: 'contact.propertyChange', propertyName: 'phone' };
const IMPORT = { sourceType: 'IMPORT', sourceId: '1' };

test('the published vectors of the v3 signature come out', () => {
  const sign = (timestamp: number) =>
    signatureV3(
      'yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy',
      'POST',
      'https://www.example.com/webhook_uri',
      "{'example_field':'example_value'}",
      timestamp,
    );
  expect(sign(1693657560000)).toBe('K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y=');
  expect(sign(1700000300000)).toBe('RnbPH7+UMKVkbV32P8bz450N4M56aPmcru1+D3kSDtw=');
});

describe('webhooks', () => {
  let at: Stage;
  let receiver: Receiver;
  beforeEach(async () => {
    receiver = await openReceiver();
    at = await stage({ webhookTarget: receiver.url });
  });
  afterEach(async () => {
    await at.sim.close();
    await receiver.close();
  });

  const subscribe = (...subscriptions: object[]) => at.control('PUT', 'webhooks', { subscriptions });
  const contact = (email = 'a@example.com'): string => at.sim.world.create('contacts', { email }, IMPORT).id;
  const change = (id: string, phone: string): void =>
    void at.sim.world.update('contacts', id, { phone }, IMPORT);
  const received = (count: number) => until(`${count} events`, () => receiver.events().length >= count);
  const idle = () => until('everything is delivered', () => at.sim.webhooks.counters().idle);

  test('a change is sent as recorded: ids as numbers, the source, the attempt, signed over the target', async () => {
    await subscribe(PHONE, {
      subscriptionType: 'object.propertyChange',
      objectTypeId: '0-1',
      propertyName: 'phone',
    });
    const id = contact();
    await at.http('PATCH', `/crm/v3/objects/contacts/${id}`, { properties: { phone: '2' } });
    await received(2);
    const [classic, generic] = receiver.events() as [Event, Event];
    expect(classic).toMatchObject({
      ...{
        portalId: at.sim.hubId,
        appId: at.sim.appId,
        subscriptionType: 'contact.propertyChange',
        attemptNumber: 0,
      },
      ...{
        objectId: Number(id),
        propertyName: 'phone',
        propertyValue: '2',
        changeSource: 'INTEGRATION',
        sourceId: String(at.sim.appId),
      },
    });
    expect(classic.occurredAt).toBeGreaterThan(1_700_000_000_000);
    expect(generic).toMatchObject({
      subscriptionType: 'object.propertyChange',
      objectTypeId: '0-1',
      isSensitive: false,
    });
    const { headers, raw } = receiver.requests[0]!;
    const timestamp = headers['x-hubspot-request-timestamp'] as string;
    const expected = signatureV3(
      at.sim.clientSecret,
      'POST',
      receiver.url.replace('%40', '@'),
      raw,
      timestamp,
    );
    expect(headers['x-hubspot-signature-v3']).toBe(expected);
    const v1 = {
      signature: headers['x-hubspot-signature'] as string,
      clientSecret: at.sim.clientSecret,
      requestBody: raw,
    };
    expect(Signature.isValid({ ...v1, signatureVersion: 'v1' })).toBe(true);
  });

  test('a creation by an app tells the creation and each subscribed property', async () => {
    await subscribe(PHONE, { subscriptionType: 'contact.creation' });
    await at.http('POST', '/crm/v3/objects/contacts', {
      properties: { email: 'n@example.com', phone: '1', jobtitle: 'x' },
    });
    await received(2);
    expect(receiver.events().map((event) => event.subscriptionType)).toEqual([
      'contact.creation',
      'contact.propertyChange',
    ]);
    expect(receiver.events()[0]!.changeFlag).toBe('CREATED');
  });

  test('what is not subscribed, paused, unchanged or never fires is not sent', async () => {
    await subscribe(
      PHONE,
      { subscriptionType: 'contact.propertyChange', propertyName: 'lastmodifieddate' },
      { subscriptionType: 'contact.deletion', active: false },
    );
    const id = contact();
    at.sim.world.update('contacts', id, { jobtitle: 'x' }, IMPORT);
    change(id, '1');
    change(id, '1');
    at.sim.world.archive('contacts', id, IMPORT);
    await received(1);
    await idle();
    expect(receiver.events().map((event) => event.propertyValue)).toEqual(['1']);
  });

  test('an association tells both sides, a primary one twice, and carries no objectId', async () => {
    await subscribe(
      { subscriptionType: 'contact.associationChange' },
      { subscriptionType: 'company.associationChange' },
    );
    const id = contact();
    const company = at.sim.world.create('companies', { name: 'x' }, IMPORT).id;
    const primary = [{ category: 'HUBSPOT_DEFINED', typeId: 1 }];
    await at.control('POST', 'act', {
      as: 'colleague',
      do: 'associate',
      objectType: 'contacts',
      id,
      to: { objectType: 'companies', id: company },
      types: primary,
    });
    await received(4);
    const events = receiver.events();
    expect(events.map((event) => event.associationType).sort()).toEqual([
      'COMPANY_TO_CONTACT',
      'COMPANY_TO_CONTACT',
      'CONTACT_TO_COMPANY',
      'CONTACT_TO_COMPANY',
    ]);
    expect(events.filter((event) => event.isPrimaryAssociation)).toHaveLength(2);
    expect(
      events.every(
        (event) =>
          !Object.hasOwn(event, 'objectId') && event.changeSource === 'USER' && !event.associationRemoved,
      ),
    ).toBe(true);
  });

  test('merge, restore, deletion and privacy deletion are told', async () => {
    await subscribe(
      ...['merge', 'restore', 'deletion', 'privacyDeletion'].map((what) => ({
        subscriptionType: `contact.${what}`,
      })),
    );
    const [first, second, third] = [
      contact('1@example.com'),
      contact('2@example.com'),
      contact('3@example.com'),
    ];
    const merged = at.sim.world.merge('contacts', first, second, IMPORT).id;
    at.sim.world.archive('contacts', third, IMPORT);
    at.sim.world.restore('contacts', third, IMPORT);
    at.sim.world.privacyDelete('contacts', third, IMPORT);
    await received(5);
    const of = (what: string) =>
      receiver.events().filter((event) => event.subscriptionType === `contact.${what}`);
    expect(of('merge')[0]).toMatchObject({
      primaryObjectId: Number(first),
      mergedObjectIds: [Number(second)],
      newObjectId: Number(merged),
    });
    expect([of('restore').length, of('deletion').length, of('privacyDeletion').length]).toEqual([1, 2, 1]);
  });

  test('a thousand changes at once travel in requests of at most a hundred', async () => {
    await subscribe(PHONE);
    const id = contact();
    for (let count = 1; count <= 1_000; count += 1) change(id, String(count));
    await received(1_000);
    expect(Math.max(...receiver.requests.map((request) => request.events.length))).toBe(100);
    expect(receiver.requests).toHaveLength(10);
  });

  test.each([500, 404, 0])(
    'an answer of %i is tried again with a higher attempt and a signature of its own',
    async (status) => {
      await subscribe(PHONE);
      await at.control('PUT', 'faults', { webhooks: { retryBackoffMs: 60_000 } });
      receiver.answer = status;
      change(contact(), '1');
      await received(1);
      await until('it waits for its retry', () => at.sim.webhooks.deliveries()[0]!.state === 'waiting');
      receiver.answer = 200;
      at.sim.world.clock.advance(120_000);
      await received(2);
      expect(receiver.events().map((event) => event.attemptNumber)).toEqual([0, 1]);
      const [first, second] = receiver.requests.map((request) => request.headers['x-hubspot-signature-v3']);
      expect(first).not.toBe(second);
      await until('it is delivered', () => at.sim.webhooks.deliveries()[0]!.state === 'delivered');
    },
  );

  test('after ten retries within a day it is given up, and with the switch off a 4xx at once', async () => {
    await subscribe(PHONE);
    receiver.answer = 500;
    const id = contact();
    const begun = at.sim.world.clock.now();
    change(id, '1');
    await until(
      'it is given up',
      () => {
        at.sim.world.clock.advance(60_000);
        return at.sim.webhooks.deliveries()[0]?.state === 'given up';
      },
      20_000,
    );
    expect(receiver.requests).toHaveLength(11);
    const last = at.sim.webhooks.deliveries()[0]!.attempts.at(-1)!;
    expect(last.at - begun).toBeLessThan(24 * 3_600_000);
    receiver.answer = 400;
    await at.control('PUT', 'faults', { webhooks: { retry4xx: false } });
    change(id, '2');
    await until('the second is given up', () => at.sim.webhooks.deliveries()[1]?.state === 'given up');
    expect(receiver.requests).toHaveLength(12);
  });

  test('drops, duplicates and disorder come at their rates', async () => {
    await subscribe(PHONE);
    await at.control('PUT', 'faults', {
      webhooks: { dropRate: 0.2, duplicateRate: 0.2, reorderRate: 0.3, spreadMs: 5_000 },
    });
    const id = contact();
    for (let count = 1; count <= 500; count += 1) {
      change(id, String(count));
      at.sim.world.clock.advance(10);
    }
    at.sim.world.clock.advance(20_000);
    await idle();
    const values = receiver.events().map((event) => Number(event.propertyValue));
    const { dropped, events } = at.sim.webhooks.counters();
    expect(events).toBe(500);
    expect(dropped).toBeGreaterThan(50);
    expect(new Set(values).size).toBe(500 - dropped);
    expect(values.length).toBeGreaterThan(new Set(values).size + 40);
    expect(values.some((value, index) => index > 0 && value < values[index - 1]!)).toBe(true);
    // A duplicate is the same event again: one eventId, one value.
    const pairs = new Set(receiver.events().map((event) => `${event.eventId} ${event.propertyValue}`));
    expect(pairs.size).toBe(new Set(values).size);
  });

  test('reordered events arrive after later ones, and all of them once', async () => {
    await subscribe(PHONE);
    await at.control('PUT', 'faults', { webhooks: { reorderRate: 0.3, spreadMs: 5_000 } });
    const id = contact();
    for (let count = 1; count <= 50; count += 1) {
      change(id, String(count));
      at.sim.world.clock.advance(100);
    }
    at.sim.world.clock.advance(20_000);
    await received(50);
    const values = at.sim.webhooks
      .deliveries()
      .flatMap((delivery) => delivery.events.map((event) => Number(event['propertyValue'])));
    const inOrder = Array.from({ length: 50 }, (_, index) => index + 1);
    expect(values).not.toEqual(inOrder);
    expect([...values].sort((a, b) => a - b)).toEqual(inOrder);
  });

  test('paused, everything waits and then comes; delayed, it waits for the clock', async () => {
    await subscribe(PHONE);
    await at.control('PUT', 'faults', { webhooks: { paused: true, delayMs: 30_000 } });
    change(contact(), '1');
    at.sim.world.clock.advance(30_000);
    expect(at.sim.webhooks.counters().queued).toBe(1);
    await at.control('PUT', 'faults', { webhooks: { paused: false } });
    await received(1);
    expect(receiver.events()[0]!.occurredAt).toBeLessThanOrEqual(at.sim.world.clock.now() - 30_000);
  });

  test('a changed target goes unnoticed while the settings are cached', async () => {
    await subscribe(PHONE);
    await at.control('PUT', 'faults', { webhooks: { settingsCacheMs: 300_000 } });
    const other = await openReceiver();
    await at.control('PUT', 'webhooks', { target: other.url });
    const id = contact();
    change(id, '1');
    await received(1);
    at.sim.world.clock.advance(300_000);
    change(id, '2');
    await until('the new target hears', () => other.events().length === 1);
    expect(receiver.events()).toHaveLength(1);
    await other.close();
  });

  test('the settings of a classic app are reached with its developer key by the official client', async () => {
    const { Client } = await import('@hubspot/api-client');
    const client = new Client({ developerApiKey: 'key', basePath: at.url, numberOfApiCallRetries: 0 });
    await client.webhooks.settingsApi.configure(at.sim.appId, {
      targetUrl: receiver.url,
      throttling: { maxConcurrentRequests: 5 },
    });
    const made = await client.webhooks.subscriptionsApi.create(at.sim.appId, {
      eventType: 'contact.propertyChange' as never,
      propertyName: 'phone',
    });
    expect(made.active).toBe(false);
    await client.webhooks.subscriptionsApi.update(Number(made.id), at.sim.appId, { active: true });
    change(contact(), '1');
    await received(1);
    expect(String(receiver.events()[0]!.subscriptionId)).toBe(made.id);
  });
});
