import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifyJournal } from '../../backend/store/journal.ts';
import { eventually } from '../harness/eventually.ts';
import { startLoop, type LoopHarness } from '../harness/loop.ts';
import type { LoggedCall } from '../simulator/calls.ts';

const COLLEAGUE = { sourceType: 'CRM_UI', sourceId: 'userId:7' };

describe('the loop', () => {
  let loop: LoopHarness;
  let contact: string;
  let company: string;

  beforeEach(async () => {
    loop = await startLoop();
    await createProperty('contacts', 'portal_newsletter_topics', [
      'product',
      'events',
      'security',
      'billing',
    ]);
    const { world } = loop.sim;
    contact = world.create(
      'contacts',
      {
        email: 'ada@example.com',
        firstname: 'Ada',
        lastname: 'Byron',
        jobtitle: 'Analyst',
        portal_newsletter_topics: 'product;events',
      },
      COLLEAGUE,
    ).id;
    company = world.create(
      'companies',
      { name: 'Engines Ltd', address: 'Old Street 1', website: 'https://engines.example' },
      COLLEAGUE,
    ).id;
    await loop.deliver([created('contact', contact), created('company', company)]);
    await eventually(
      async () => (await loop.mirrored('contact', contact, 'firstName')) === 'Ada',
      'the contact is mirrored',
    );
    await eventually(
      async () => (await loop.mirrored('company', company, 'street')) === 'Old Street 1',
      'the company is mirrored',
    );
  });
  afterEach(() => loop.close());

  const created = (type: string, id: string) => ({
    subscriptionType: `${type}.creation`,
    objectId: Number(id),
    portalId: loop.sim.hubId,
    occurredAt: Date.now(),
    changeSource: 'CRM_UI',
    sourceId: 'userId:7',
  });
  const changed = (
    type: string,
    id: string,
    propertyName: string,
    propertyValue: string,
    occurredAt = Date.now(),
  ) => ({
    ...created(type, id),
    subscriptionType: `${type}.propertyChange`,
    propertyName,
    propertyValue,
    occurredAt,
  });

  async function createProperty(object: string, name: string, options: string[]): Promise<void> {
    const answer = await fetch(`${loop.sim.url}/crm/properties/2026-09/${object}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${loop.sim.accessToken}`, 'content-type': 'application/json' },
      body: JSON.stringify({
        name,
        label: name,
        type: 'enumeration',
        fieldType: 'checkbox',
        groupName: 'contactinformation',
        options: options.map((value, displayOrder) => ({ value, label: value, displayOrder, hidden: false })),
      }),
    });
    expect(answer.status, await answer.text()).toBe(201);
  }

  const settled = (edit: Awaited<ReturnType<LoopHarness['ask']>>, field: string, withinMs = 10_000) =>
    eventually(
      async () => {
        const state = await loop.fieldState(edit, field);
        return ['accepted', 'written'].includes(state.state) ? undefined : state;
      },
      `the edit of ${field} ends`,
      withinMs,
    );
  const sources = (type: string, id: string, property: string) =>
    (loop.sim.world.get(type, id).cells.get(property) ?? []).map(
      (entry) => `${entry.value}<${entry.by.sourceId ?? ''}`,
    );
  const journal = (field: string) =>
    loop.db
      .selectFrom('journal')
      .selectAll()
      .where('hub_id', '=', loop.hubId)
      .where('field', '=', field)
      .orderBy('seq')
      .execute();
  const callsOf = (operation: string) => loop.sim.calls.counters().byOperation[operation] ?? 0;

  /** Lets a colleague change a property after our read and before our write is applied. */
  async function insideTheWindow(
    type: string,
    id: string,
    properties: Record<string, string>,
  ): Promise<void> {
    await eventually(
      () => loop.sim.holds.list().some((hold) => hold.waiting.length > 0),
      'our write is held',
    );
    loop.sim.world.update(type, id, properties, COLLEAGUE);
    loop.sim.holds.release();
  }
  const holdNextWrite = () =>
    loop.sim.holds.add({ on: 'write', typeId: null, id: null, after: false, count: 1 });

  describe('an edit', () => {
    it('is written once, with our app as its source, and proven from the history', async () => {
      const edit = await loop.ask({
        object: 'contact',
        id: contact,
        person: contact,
        fields: { firstName: { seen: 'Ada', wanted: 'Augusta' } },
      });
      expect(await settled(edit, 'firstName')).toMatchObject({ state: 'verified', rule: 'S1' });
      expect(sources('contacts', contact, 'firstname')[0]).toBe(`Augusta<${loop.sim.appId}`);
      expect(callsOf('update:contacts')).toBe(1);
      expect((await journal('firstName')).map((entry) => entry.kind)).toEqual([
        'asked',
        'decided',
        'sent',
        'changed',
        'proven',
      ]);
    });

    it('that the CRM already holds is verified without a write', async () => {
      const edit = await loop.ask({
        object: 'contact',
        id: contact,
        person: contact,
        fields: { firstName: { seen: 'x', wanted: 'Ada' } },
      });
      expect(await settled(edit, 'firstName')).toMatchObject({ state: 'verified', rule: 'D1' });
      expect(callsOf('update:contacts')).toBe(0);
    });

    it('causes no second write when its own webhook comes back, twice', async () => {
      const edit = await loop.ask({
        object: 'contact',
        id: contact,
        person: contact,
        fields: { firstName: { seen: 'Ada', wanted: 'Augusta' } },
      });
      await settled(edit, 'firstName');
      const echo = {
        ...changed('contact', contact, 'firstname', 'Augusta'),
        changeSource: 'INTEGRATION',
        sourceId: String(loop.sim.appId),
      };
      await loop.deliver([echo]);
      await loop.deliver([echo]);
      await eventually(
        async () => (await loop.db.selectFrom('due').selectAll().execute()).length === 0,
        'nothing is due',
      );
      expect(callsOf('update:contacts')).toBe(1);
      expect((await journal('firstName')).filter((entry) => entry.kind === 'changed')).toHaveLength(1);
    });

    it('of a field that nobody of this audience may write is refused', async () => {
      const edit = await loop.ask({
        object: 'company',
        id: company,
        person: contact,
        audience: 'partner',
        fields: { street: { seen: 'Old Street 1', wanted: 'Elsewhere' } },
      });
      expect(await settled(edit, 'street')).toMatchObject({
        state: 'refused',
        reason: 'not-yours-to-change',
      });
      expect(loop.sim.world.value('companies', company, 'address')).toBe('Old Street 1');
    });

    it('with a value that is no option of the CRM’s property is refused without a call', async () => {
      const edit = await loop.ask({
        object: 'contact',
        id: contact,
        person: contact,
        fields: { newsletterTopics: { seen: 'events;product', wanted: 'gossip' } },
      });
      expect((await settled(edit, 'newsletterTopics')).state).toBe('refused');
    });

    it('wanting approval is held as a proposal', async () => {
      const edit = await loop.ask({
        object: 'contact',
        id: contact,
        person: contact,
        fields: { email: { seen: 'ada@example.com', wanted: 'augusta@example.com' } },
      });
      expect(await settled(edit, 'email')).toMatchObject({ state: 'held', rule: 'D10' });
      expect(await loop.db.selectFrom('conflicts').select(['kind', 'field', 'wanted']).execute()).toEqual([
        { kind: 'proposal', field: 'email', wanted: 'augusta@example.com' },
      ]);
    });

    it('of two fields goes out in one call', async () => {
      const edit = await loop.ask({
        object: 'contact',
        id: contact,
        person: contact,
        fields: { firstName: { seen: 'Ada', wanted: 'A' }, lastName: { seen: 'Byron', wanted: 'B' } },
      });
      await settled(edit, 'firstName');
      await settled(edit, 'lastName');
      expect(callsOf('update:contacts')).toBe(1);
    });
  });

  describe('a collision before our read', () => {
    it('under "ask" is held, and the CRM’s value stands', async () => {
      loop.sim.world.update('companies', company, { address: 'New Road 2' }, COLLEAGUE);
      const edit = await loop.ask({
        object: 'company',
        id: company,
        person: contact,
        fields: { street: { seen: 'Old Street 1', wanted: 'Third Way 3' } },
      });
      expect(await settled(edit, 'street')).toMatchObject({
        state: 'held',
        rule: 'D9',
        crm_value: 'New Road 2',
      });
      expect(loop.sim.world.value('companies', company, 'address')).toBe('New Road 2');
    });

    it('under "crm" yields to the CRM', async () => {
      loop.sim.world.update('companies', company, { website: 'https://new.example' }, COLLEAGUE);
      const edit = await loop.ask({
        object: 'company',
        id: company,
        person: contact,
        fields: { website: { seen: 'https://engines.example', wanted: 'https://mine.example' } },
      });
      expect(await settled(edit, 'website')).toMatchObject({
        state: 'superseded',
        rule: 'D5',
        crm_value: 'https://new.example',
      });
    });

    it('under "customer" is written, and the overwritten value is in the journal', async () => {
      loop.sim.world.update('contacts', contact, { firstname: 'Adelaide' }, COLLEAGUE);
      const edit = await loop.ask({
        object: 'contact',
        id: contact,
        person: contact,
        fields: { firstName: { seen: 'Ada', wanted: 'Augusta' } },
      });
      expect((await settled(edit, 'firstName')).state).toBe('verified');
      const decided = (await journal('firstName')).find((entry) => entry.kind === 'decided');
      expect(decided).toMatchObject({ rule: 'D6', before: 'Adelaide', after: 'Augusta' });
    });

    it('under "union" keeps what both sides added', async () => {
      loop.sim.world.update(
        'contacts',
        contact,
        { portal_newsletter_topics: 'product;events;security' },
        COLLEAGUE,
      );
      const edit = await loop.ask({
        object: 'contact',
        id: contact,
        person: contact,
        fields: { newsletterTopics: { seen: 'events;product', wanted: 'billing;product' } },
      });
      expect((await settled(edit, 'newsletterTopics')).state).toBe('verified');
      expect(await loop.mirrored('contact', contact, 'newsletterTopics')).toBe('billing;product;security');
    });
  });

  describe('a colleague’s change inside the read–write window', () => {
    it('under "ask" is restored, and the edit becomes an open conflict', async () => {
      holdNextWrite();
      const edit = await loop.ask({
        object: 'company',
        id: company,
        person: contact,
        fields: { street: { seen: 'Old Street 1', wanted: 'Third Way 3' } },
      });
      await insideTheWindow('companies', company, { address: 'New Road 2' });
      expect(await settled(edit, 'street')).toMatchObject({ state: 'held', rule: 'D9' });
      await eventually(
        () => loop.sim.world.value('companies', company, 'address') === 'New Road 2',
        'the colleague’s value is back',
      );
      const entries = await journal('street');
      expect(entries.find((entry) => entry.kind === 'proven' && entry.rule === 'S2')).toMatchObject({
        before: 'New Road 2',
        after: 'Third Way 3',
      });
    });

    it('under "customer" is overwritten for good, and kept in the journal with its author', async () => {
      holdNextWrite();
      const edit = await loop.ask({
        object: 'contact',
        id: contact,
        person: contact,
        fields: { firstName: { seen: 'Ada', wanted: 'Augusta' } },
      });
      await insideTheWindow('contacts', contact, { firstname: 'Adelaide' });
      expect((await settled(edit, 'firstName')).state).toBe('verified');
      expect(loop.sim.world.value('contacts', contact, 'firstname')).toBe('Augusta');
      expect((await journal('firstName')).find((entry) => entry.rule === 'S2')).toMatchObject({
        before: 'Adelaide',
        actor: { id: 'userId:7' },
      });
    });

    it('under "union" is put together with ours', async () => {
      holdNextWrite();
      const edit = await loop.ask({
        object: 'contact',
        id: contact,
        person: contact,
        fields: { newsletterTopics: { seen: 'events;product', wanted: 'billing;events;product' } },
      });
      await insideTheWindow('contacts', contact, { portal_newsletter_topics: 'product;events;security' });
      expect((await settled(edit, 'newsletterTopics')).state).toBe('verified');
      await eventually(
        () => sources('contacts', contact, 'portal_newsletter_topics')[0]?.includes('security') === true,
        'the union is written',
      );
      expect(await loop.mirrored('contact', contact, 'newsletterTopics')).toBe(
        'billing;events;product;security',
      );
    });
  });

  describe('a write that nobody answered', () => {
    it('but was applied is proven from history and not sent again', async () => {
      loop.sim.holds.add({ on: 'write', typeId: null, id: null, after: true, count: 1 });
      const edit = await loop.ask({
        object: 'contact',
        id: contact,
        person: contact,
        fields: { firstName: { seen: 'Ada', wanted: 'Augusta' } },
      });
      await eventually(
        () => loop.sim.world.value('contacts', contact, 'firstname') === 'Augusta',
        'the write is applied',
      );
      expect((await settled(edit, 'firstName', 15_000)).state).toBe('verified');
      expect(
        sources('contacts', contact, 'firstname').filter((entry) => entry.startsWith('Augusta')),
      ).toHaveLength(1);
    });

    it('and never arrived is decided again after a while', async () => {
      const holdId = loop.sim.holds.add({ on: 'read', typeId: null, id: null, after: false, count: 1 });
      const edit = await loop.ask({
        object: 'contact',
        id: contact,
        person: contact,
        fields: { firstName: { seen: 'Ada', wanted: 'Augusta' } },
      });
      await eventually(() => loop.sim.holds.list()[0]?.waiting.length === 1, 'the read is held');
      loop.sim.faults.api.error502Rate = 1;
      loop.sim.holds.release(holdId);
      const isLost = (call: LoggedCall): boolean =>
        call.operation === 'update:contacts' && call.status === 502;
      await eventually(() => loop.sim.calls.since(0).some(isLost), 'the write is lost');
      loop.sim.faults.api.error502Rate = 0;
      expect((await settled(edit, 'firstName', 25_000)).state).toBe('verified');
    }, 40_000);
  });

  it('applies a webhook’s value at once and confirms it by a read soon after', async () => {
    const at = Date.now() + 5;
    loop.sim.world.update('contacts', contact, { jobtitle: 'Countess' }, COLLEAGUE);
    await loop.deliver([changed('contact', contact, 'jobtitle', 'Countess', at)]);
    await eventually(
      async () => (await loop.mirrored('contact', contact, 'jobTitle')) === 'Countess',
      'the value is mirrored',
    );
    await eventually(async () => {
      const row = await loop.db
        .selectFrom('mirror')
        .select('fields')
        .where('object', '=', 'contact')
        .executeTakeFirstOrThrow();
      return row.fields.jobTitle?.[5] === 1;
    }, 'the value is proven');
  });

  it('costs at most two reads for a thousand changes to one record', async () => {
    await eventually(
      async () => (await loop.db.selectFrom('due').selectAll().execute()).length === 0,
      'nothing is due',
    );
    const before = callsOf('batchRead:contacts');
    const at = Date.now();
    for (let i = 0; i < 10; i += 1) {
      await loop.deliver(
        Array.from({ length: 100 }, (_, j) =>
          changed('contact', contact, 'jobtitle', `Title ${i * 100 + j}`, at + i * 100 + j),
        ),
      );
    }
    loop.sim.world.update('contacts', contact, { jobtitle: 'Title 999' }, COLLEAGUE);
    await eventually(
      async () =>
        (await loop.db.selectFrom('deliveries').selectAll().where('applied_at', 'is', null).execute())
          .length === 0,
      'all are applied',
    );
    await eventually(
      async () => (await loop.db.selectFrom('due').selectAll().execute()).length === 0,
      'nothing is due',
    );
    expect(callsOf('batchRead:contacts') - before).toBeLessThanOrEqual(2);
    expect(await loop.mirrored('contact', contact, 'jobTitle')).toBe('Title 999');
  });

  it('refuses an edit of a record that was archived, and marks the record', async () => {
    loop.sim.world.archive('contacts', contact, COLLEAGUE);
    const edit = await loop.ask({
      object: 'contact',
      id: contact,
      person: contact,
      fields: { firstName: { seen: 'Ada', wanted: 'Augusta' } },
    });
    expect(await settled(edit, 'firstName')).toMatchObject({ state: 'refused', reason: 'record-gone' });
    const row = await loop.db
      .selectFrom('mirror')
      .select('life')
      .where('object', '=', 'contact')
      .executeTakeFirstOrThrow();
    expect(row.life).toBe('archived');
  });

  it('keeps edits through an outage of the CRM and writes them when it is back', async () => {
    loop.sim.faults.api.down = true;
    const edit = await loop.ask({
      object: 'contact',
      id: contact,
      person: contact,
      fields: { firstName: { seen: 'Ada', wanted: 'Augusta' } },
    });
    await eventually(
      async () =>
        (await loop.db.selectFrom('due').select('error').execute()).some((row) => row.error !== null),
      'the failure is noted',
    );
    expect((await loop.fieldState(edit, 'firstName')).state).toBe('accepted');
    loop.sim.faults.api.down = false;
    expect((await settled(edit, 'firstName', 20_000)).state).toBe('verified');
  }, 30_000);

  it('goes on after a restart of the worker, with a new epoch and an unbroken journal', async () => {
    await loop.restart();
    const edit = await loop.ask({
      object: 'contact',
      id: contact,
      person: contact,
      fields: { firstName: { seen: 'Ada', wanted: 'Augusta' } },
    });
    expect((await settled(edit, 'firstName')).state).toBe('verified');
    const hub = await loop.db.selectFrom('hubs').select('epoch').executeTakeFirstOrThrow();
    expect(Number(hub.epoch)).toBe(2);
    expect((await verifyJournal(loop.db, loop.hubId)).broken).toBeNull();
  });

  it('refuses every change of the journal but the erasure of values, after which the chain still verifies', async () => {
    await expect(loop.db.deleteFrom('journal').execute()).rejects.toThrow('append-only');
    await expect(loop.db.updateTable('journal').set({ after: 'forged' }).execute()).rejects.toThrow(
      'append-only',
    );
    await loop.db.updateTable('journal').set({ before: null, after: null, salt: null }).execute();
    const verified = await verifyJournal(loop.db, loop.hubId);
    expect(verified.broken).toBeNull();
    expect(verified.erased).toBe(verified.entries);
  });
});
