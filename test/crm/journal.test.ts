import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openTarget, stage, type Stage, type Target } from './target.ts';

/** Every member of a journal event that some test looks at. */
interface Event {
  type: string;
  action: string;
  objectId: number;
  propertyChanges: Record<string, string>;
}
const JOURNAL = '/webhooks-journal/journal/2026-09';
const SUBSCRIPTIONS = '/webhooks-journal/subscriptions/2026-09';
const IMPORT = { sourceType: 'IMPORT', sourceId: '1' };
const DAY_MS = 86_400_000;

describe('the webhooks journal', () => {
  let at: Stage;
  let reader: Target;
  beforeEach(async () => {
    at = await stage();
    const scopes = ['read', 'subscriptions.read', 'subscriptions.write', 'snapshots.read'].map(
      (name) => `developer.webhooks_journal.${name}`,
    );
    const form = {
      grant_type: 'client_credentials',
      client_id: at.sim.clientId,
      client_secret: at.sim.clientSecret,
      scope: scopes.join(' '),
    };
    const response = await fetch(`${at.url}/oauth/2026-09/token`, {
      method: 'POST',
      body: new URLSearchParams(form),
    });
    reader = openTarget(at.url, ((await response.json()) as { access_token: string }).access_token, false);
  });
  afterEach(() => at.sim.close());

  const subscribe = (more: object = {}) =>
    reader.http('POST', SUBSCRIPTIONS, {
      subscriptionType: 'OBJECT',
      portalId: at.sim.hubId,
      objectTypeId: '0-1',
      actions: ['CREATE', 'UPDATE', 'DELETE', 'MERGE', 'RESTORE'],
      properties: [],
      ...more,
    });
  const contact = (email: string) => at.sim.world.create('contacts', { email, phone: '1' }, IMPORT).id;
  /** Everything after an offset, as a consumer reads it. */
  const readAll = async (from: string | null): Promise<{ events: Event[]; offset: string | null }> => {
    const events: Event[] = [];
    let offset = from;
    for (;;) {
      const { status, body } = await reader.http(
        'GET',
        offset === null ? `${JOURNAL}/earliest` : `${JOURNAL}/offset/${offset}/next`,
      );
      if (status === 204) return { events, offset };
      expect(status).toBe(200);
      const file = (await (await fetch(body.url)).json()) as { offset: string; journalEvents: Event[] };
      expect(file.offset).toBe(body.currentOffset);
      events.push(...file.journalEvents);
      offset = body.currentOffset;
    }
  };

  test('changes come in order, grouped by write, and an offset goes on where it stood', async () => {
    await subscribe();
    const id = contact('a@example.com');
    at.sim.world.update('contacts', id, { phone: '2', jobtitle: 'x' }, IMPORT);
    const first = await readAll(null);
    expect(first.events.map((event) => event.action)).toEqual(['CREATE', 'UPDATE', 'UPDATE']);
    expect(first.events[2]).toMatchObject({
      type: 'crmObject',
      portalId: at.sim.hubId,
      objectTypeId: '0-1',
      objectId: Number(id),
      propertyChanges: { phone: '2', jobtitle: 'x' },
    });
    at.sim.world.archive('contacts', id, IMPORT);
    const second = await readAll(first.offset);
    expect(second.events.map((event) => event.action)).toEqual(['DELETE']);
    expect((await readAll(second.offset)).events).toEqual([]);
  });

  test('only subscribed properties, actions and filtered records are told', async () => {
    const { body } = await subscribe({ actions: ['UPDATE'], properties: ['phone'] });
    await reader.http('POST', `${SUBSCRIPTIONS}/filters`, {
      subscriptionId: body.id,
      filter: {
        conditions: [
          { filterType: 'CRM_OBJECT_PROPERTY', property: 'jobtitle', operator: 'EQ', value: 'Buyer' },
        ],
      },
    });
    const [buyer, seller] = [contact('b@example.com'), contact('s@example.com')];
    at.sim.world.update('contacts', buyer, { jobtitle: 'Buyer' }, IMPORT);
    for (const id of [buyer, seller]) at.sim.world.update('contacts', id, { phone: '9' }, IMPORT);
    const { events } = await readAll(null);
    expect(events.map((event) => [event.objectId, event.propertyChanges])).toEqual([
      [Number(buyer), { phone: '9' }],
    ]);
  });

  test('associations, privacy deletions and uninstalls are told when asked for', async () => {
    for (const subscriptionType of ['ASSOCIATION', 'GDPR_PRIVACY_DELETION', 'APP_LIFECYCLE_EVENT'])
      await subscribe({ subscriptionType, objectTypeId: undefined });
    const id = contact('a@example.com');
    const company = at.sim.world.create('companies', { name: 'x' }, IMPORT).id;
    at.sim.world.associate(['contacts', id], ['companies', company], IMPORT);
    at.sim.world.privacyDelete('contacts', id, IMPORT);
    await at.control('POST', 'lifecycle', { event: 'uninstall' });
    at.sim.faults.api.revoked = false;
    const { events } = await readAll(null);
    expect(events.map((event) => event.type)).toEqual([
      'association',
      'association',
      'gdprPrivacyDeletion',
      'app_lifecycle_event',
    ]);
    expect(events[0]).toMatchObject({
      fromObjectTypeId: '0-1',
      toObjectTypeId: '0-2',
      associationTypeId: 279,
      isPrimary: false,
    });
  });

  test('after three days a file is gone and its offset is unknown', async () => {
    await subscribe();
    contact('a@example.com');
    const { offset } = await readAll(null);
    at.sim.world.clock.advance(2 * DAY_MS);
    contact('b@example.com');
    const later = await reader.http('GET', `${JOURNAL}/latest`);
    // The token lives for half an hour only: look with the world, not with the reader.
    expect(later.status).toBe(401);
    at.sim.world.clock.advance(2 * DAY_MS);
    const form = {
      grant_type: 'client_credentials',
      client_id: at.sim.clientId,
      client_secret: at.sim.clientSecret,
      scope: 'developer.webhooks_journal.read',
    };
    const response = await fetch(`${at.url}/oauth/2026-09/token`, {
      method: 'POST',
      body: new URLSearchParams(form),
    });
    const again = openTarget(
      at.url,
      ((await response.json()) as { access_token: string }).access_token,
      false,
    );
    expect((await again.http('GET', `${JOURNAL}/offset/${offset!}/next`)).status).toBe(404);
  });

  test("it takes a token of its own, and costs nothing of the app's window", async () => {
    expect((await at.http('GET', `${JOURNAL}/earliest`)).body.category).toBe('MISSING_SCOPES');
    const before = (await at.control('GET', 'audit')).maxInAnyTenSeconds;
    for (let count = 0; count < 5; count += 1) await reader.http('GET', `${JOURNAL}/earliest`);
    expect((await at.control('GET', 'audit')).maxInAnyTenSeconds).toBe(before);
  });

  test('a snapshot of a record appears in the journal', async () => {
    const id = contact('a@example.com');
    const request = {
      portalId: at.sim.hubId,
      objectId: Number(id),
      objectTypeId: '0-1',
      properties: ['phone'],
    };
    await reader.http('POST', '/webhooks-journal/snapshots/2026-09/crm', { snapshotRequests: [request] });
    const { events } = await readAll(null);
    expect(events[0]).toMatchObject({ action: 'SNAPSHOT', objectId: Number(id), properties: { phone: '1' } });
  });
});
