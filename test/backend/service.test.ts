/** The main job, as a newcomer would see it: the demo running, the official client on one side, a customer on the other. */
import { Client } from '@hubspot/api-client';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordId } from '@tallystick/shared/ids';
import type { Receipt, RecordView, StreamMessage } from '@tallystick/shared/messages';
import { startDemo, type Demo, type DemoPerson } from '../workbench/demo.ts';
import { eventually } from '../harness/eventually.ts';
import { createTestDatabase, type TestDatabase } from '../harness/postgres.ts';

const COLLEAGUE = { sourceType: 'CRM_UI', sourceId: 'userId:7' };

describe('with the demo running', () => {
  let database: TestDatabase;
  let stateDir: string;
  let demo: Demo;
  let client: Client;
  let me: DemoPerson;

  const start = () =>
    startDemo({
      ports: { portal: 0, simulator: 0, workbench: 0 },
      stateDir,
      databaseUrl: database.url,
      log: pino({ level: 'silent' }),
    });
  beforeAll(async () => {
    database = await createTestDatabase();
    stateDir = await mkdtemp(join(tmpdir(), 'tallystick-demo-'));
    demo = await start();
    client = new Client({ accessToken: demo.sim.accessToken, basePath: demo.simulator });
    me = demo.people[0]!;
  });
  afterAll(async () => {
    await demo.stop();
    await database.drop();
    await rm(stateDir, { recursive: true, force: true });
  });

  const auth = () => ({ authorization: `Bearer ${me.token}` });
  async function read(object: string, id: string): Promise<RecordView> {
    const answer = await fetch(`${demo.portal}/portal/v1/records/${object}/${id}`, { headers: auth() });
    expect(answer.status).toBe(200);
    return (await answer.json()) as RecordView;
  }
  function patch(
    object: string,
    id: string,
    fields: Record<string, unknown>,
    seen: string,
    key: string,
    wait = 10,
  ) {
    return fetch(`${demo.portal}/portal/v1/records/${object}/${id}`, {
      method: 'PATCH',
      headers: {
        ...auth(),
        'content-type': 'application/json',
        'if-match': seen,
        'idempotency-key': key,
        prefer: `wait=${wait}`,
      },
      body: JSON.stringify({ fields }),
    });
  }
  async function ownCompany(): Promise<RecordView> {
    const answer = await fetch(`${demo.portal}/portal/v1/records/company`, { headers: auth() });
    return ((await answer.json()) as { records: RecordView[] }).records[0]!;
  }

  /** Listens to the live stream until a message fits. */
  async function heard(
    fits: (message: StreamMessage) => boolean,
    doing: () => Promise<unknown>,
  ): Promise<StreamMessage> {
    const stop = new AbortController();
    const answer = await fetch(`${demo.portal}/portal/v1/stream`, { headers: auth(), signal: stop.signal });
    const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = '';
    await doing();
    try {
      for (;;) {
        const { value, done } = await reader.read();
        if (done) throw new Error('The stream ended.');
        text += value;
        for (const [, data] of text.matchAll(/^data: (.*)\n\n/gm)) {
          const message = JSON.parse(data!) as StreamMessage;
          if (fits(message)) return message;
        }
      }
    } finally {
      stop.abort();
    }
  }

  it('shows a property changed through the CRM’s API with the official client, in the portal API and on the stream', async () => {
    const message = await heard(
      (each) =>
        each.type === 'record' &&
        each.record.id === me.contactId &&
        each.record.fields.jobTitle?.value === 'Chief of boilers',
      () =>
        client.crm.contacts.basicApi.update(me.contactId, { properties: { jobtitle: 'Chief of boilers' } }),
    );
    expect(message.type).toBe('record');
    expect((await read('contact', me.contactId)).fields.jobTitle?.value).toBe('Chief of boilers');
  });

  it('learns that a contact was erased, and erases it', async () => {
    const { id } = await client.crm.contacts.basicApi.create({
      properties: { email: 'erase.me@example.com', firstname: 'Erased' },
    });
    const { db } = demo.service;
    const row = () =>
      db
        .selectFrom('mirror')
        .selectAll()
        .where('object', '=', 'contact')
        .where('record_id', '=', recordId(id));
    await eventually(
      async () => (await row().executeTakeFirst())?.life === 'present',
      'the contact is mirrored',
    );
    await client.crm.contacts.basicApi.purge({ objectId: id });
    await eventually(async () => {
      const now = await row().executeTakeFirstOrThrow();
      return now.life === 'erased' && now.fields.firstName === undefined;
    }, 'nothing of them is left');
  });

  it('writes a portal edit to the CRM with our app as its source, and the receipt reaches verified', async () => {
    const before = await read('contact', me.contactId);
    const answer = await patch(
      'contact',
      me.contactId,
      { mobile: '+44 20 7946 0018' },
      before.version,
      'edit-mobile',
    );
    expect(answer.status).toBe(200);
    expect(((await answer.json()) as Receipt).state).toBe('verified');
    const inCrm = await client.crm.contacts.basicApi.getById(me.contactId, undefined, ['mobilephone']);
    const [newest] = inCrm.propertiesWithHistory!.mobilephone!;
    expect(newest).toMatchObject({
      value: '+442079460018',
      sourceType: 'INTEGRATION',
      sourceId: String(demo.sim.appId),
    });
  });

  it('ends a colleague’s change inside the read–write window by the field’s rule, with both values in the journal', async () => {
    const company = await ownCompany();
    await fetch(`${demo.simulator}/_sim/hold`, {
      method: 'POST',
      body: JSON.stringify({ on: 'write', count: 1 }),
    });
    const answer = patch(
      'company',
      company.id,
      { street: 'Customer Street 1' },
      company.version,
      'edit-street',
    );
    await eventually(
      () => demo.sim.holds.list().some((hold) => hold.waiting.length > 0),
      'our write is held',
    );
    demo.sim.world.update('companies', company.id, { address: 'Colleague Road 2' }, COLLEAGUE);
    await fetch(`${demo.simulator}/_sim/release`, { method: 'POST', body: '{}' });
    const receipt = (await (await answer).json()) as Receipt;
    expect(receipt).toMatchObject({
      state: 'held',
      fields: { street: { rule: 'D9', crmValue: 'Colleague Road 2' } },
    });
    await eventually(
      () => demo.sim.world.value('companies', company.id, 'address') === 'Colleague Road 2',
      'the colleague’s value is back',
    );
    const entries = await demo.service.db
      .selectFrom('journal')
      .select(['rule', 'before', 'after'])
      .where('field', '=', 'street')
      .where('rule', '=', 'S2')
      .execute();
    expect(entries).toEqual([{ rule: 'S2', before: 'Colleague Road 2', after: 'Customer Street 1' }]);
  });

  it('changes nothing when a webhook and an edit are repeated', async () => {
    demo.sim.faults.webhooks.duplicateRate = 1;
    const before = await read('contact', me.contactId);
    const first = (await (
      await patch('contact', me.contactId, { firstName: 'Once' }, before.version, 'edit-once')
    ).json()) as Receipt;
    const again = await patch('contact', me.contactId, { firstName: 'Once' }, before.version, 'edit-once');
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect(((await again.json()) as Receipt).editId).toBe(first.editId);
    await eventually(() => demo.sim.webhooks.counters().idle, 'every webhook is delivered');
    await eventually(
      async () => (await demo.service.db.selectFrom('due').select('record_id').execute()).length === 0,
      'nothing is due',
    );
    demo.sim.faults.webhooks.duplicateRate = 0;
    const changes = await demo.service.db
      .selectFrom('journal')
      .select('seq')
      .where('kind', '=', 'changed')
      .where('after', '=', 'Once')
      .execute();
    expect(changes).toHaveLength(1);
    const history = demo.sim.world.get('contacts', me.contactId).cells.get('firstname') ?? [];
    expect(history.filter((entry) => entry.value === 'Once')).toHaveLength(1);
  });

  it('reads a record when its function is nudged, though every webhook is lost', async () => {
    demo.sim.faults.webhooks.dropRate = 1;
    demo.sim.world.update('contacts', me.contactId, { jobtitle: 'Unheard of' }, COLLEAGUE);
    const answer = await demo.runFunction('nudge', { objectTypeId: '0-1', objectId: me.contactId });
    expect(answer).toMatchObject({ ok: true, queued: true });
    await eventually(
      async () => (await read('contact', me.contactId)).fields.jobTitle?.value === 'Unheard of',
      'the nudge had it read',
    );
    demo.sim.faults.webhooks.dropRate = 0;
  });

  it('keeps its state over a restart, the CRM’s as well', async () => {
    const before = await read('contact', me.contactId);
    await demo.stop();
    demo = await start();
    me = demo.people[0]!;
    client = new Client({ accessToken: demo.sim.accessToken, basePath: demo.simulator });
    const after = await read('contact', me.contactId);
    expect(after.fields.firstName?.value).toBe('Once');
    expect(after.version).toBe(before.version);
  });
});
