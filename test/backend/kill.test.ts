/**
 * `kill -9` of the service at every named step of the loop, again and again, under load: every webhook that was
 * acknowledged and every edit that was accepted has to be accounted for.
 */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordId } from '@tallystick/shared/ids';
import { hubId as toHubId } from '@tallystick/shared/ids';
import { neededSubscriptions } from '../../backend/hubspot/subscriptions.ts';
import { INTAKE_PATH } from '../../backend/main.ts';
import { openDatabase } from '../../backend/store/connection.ts';
import type { Db } from '../../backend/store/database.ts';
import { freePort } from '../../backend/store/embedded.ts';
import { verifyJournal } from '../../backend/store/journal.ts';
import { addPerson } from '../../backend/store/people.ts';
import { startSimulator, type Simulator } from '../simulator/simulator.ts';
import { killableService, STEPS, type Killable, type Running } from '../harness/killable.ts';
import { eventually } from '../harness/eventually.ts';
import { createTestDatabase, type TestDatabase } from '../harness/postgres.ts';

const KILLS = Number(process.env.TALLYSTICK_KILLS ?? 200);
const CONTACTS = 6;
const COLLEAGUE = { sourceType: 'CRM_UI', sourceId: 'userId:7' };
const KILL_WITHIN_MS = 15_000;
/** Enough for every step; more would meet the portal's own limit of requests a minute. */
const LOADS_PER_LIFE = 8;

describe('a service that is killed', () => {
  let database: TestDatabase;
  let db: Db;
  let sim: Simulator;
  let killable: Killable;
  let url: string;
  const hub = toHubId(24_710_001);
  const people: { id: string; token: string }[] = [];
  const acknowledged = new Set<string>();
  const accepted = new Set<string>();
  const unanswered: { person: { id: string; token: string }; key: string; seen: string; body: string }[] = [];
  let counter = 0;

  beforeAll(async () => {
    database = await createTestDatabase();
    db = openDatabase(database.url, hub, () => undefined);
    sim = await startSimulator({ hubId: Number(hub) });
    const { world } = sim;
    const company = world.create('companies', { name: 'Engines Ltd' }, COLLEAGUE);
    for (let i = 0; i < CONTACTS; i += 1) {
      const contact = world.create(
        'contacts',
        { email: `p${i}@example.com`, firstname: `First ${i}`, jobtitle: 'Analyst' },
        COLLEAGUE,
      );
      world.associate(['contacts', contact.id], ['companies', company.id], COLLEAGUE, [
        { category: 'HUBSPOT_DEFINED', typeId: 1 },
      ]);
      people.push({ id: contact.id, token: '' });
    }
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    killable = await killableService({
      DATABASE_URL: database.url,
      HUBSPOT_ACCESS_TOKEN: sim.accessToken,
      HUBSPOT_CLIENT_SECRET: sim.clientSecret,
      HUBSPOT_APP_ID: String(sim.appId),
      HUBSPOT_BASE_URL: sim.url,
      PUBLIC_URL: url,
      PORT: String(port),
    });
    const first = await killable.start(null);
    await eventually(
      async () =>
        (await db.selectFrom('mirror').selectAll().where('object', '=', 'contact').execute()).length ===
        CONTACTS,
      'the first backfill',
    );
    for (const person of people) {
      person.token = await addPerson(db, {
        hubId: hub,
        contactId: recordId(person.id),
        audience: 'direct',
        secret: randomUUID(),
        now: Date.now(),
      });
    }
    sim.faults.webhooks.retryBackoffMs = 20;
    await fetch(`${sim.url}/_sim/webhooks`, {
      method: 'PUT',
      body: JSON.stringify({ target: `${url}${INTAKE_PATH}`, subscriptions: neededSubscriptions({}) }),
    });
    await first.stop();
  });
  afterAll(async () => {
    await sim.close();
    await db.destroy();
    await database.drop();
    await killable.dispose();
  });

  /** A colleague changes a field, a customer another one: every value occurs once. */
  async function load(): Promise<void> {
    counter += 1;
    const person = people[counter % people.length]!;
    sim.world.update('contacts', person.id, { jobtitle: `Title ${counter}` }, COLLEAGUE);
    const other = people[(counter * 7 + 3) % people.length]!;
    await send({
      person: other,
      key: `edit-${counter}`,
      seen: await headVersion(),
      body: JSON.stringify({
        fields: { firstName: `Name ${counter}`, mobile: `+44207946${String(counter).padStart(4, '0')}` },
      }),
    });
  }

  /** As a careful client: what was not answered is sent again under the same key. */
  async function send(request: (typeof unanswered)[number]): Promise<void> {
    try {
      const answer = await fetch(`${url}/portal/v1/records/contact/${request.person.id}`, {
        method: 'PATCH',
        headers: {
          authorization: `Bearer ${request.person.token}`,
          'content-type': 'application/json',
          'idempotency-key': request.key,
          'if-match': request.seen,
        },
        body: request.body,
        signal: AbortSignal.timeout(5_000),
      });
      if (answer.status !== 200 && answer.status !== 202)
        throw new Error(`status ${answer.status}: ${await answer.text()}`);
      accepted.add(((await answer.json()) as { editId: string }).editId);
    } catch (error) {
      if (error instanceof Error && error.message.startsWith('status 4')) throw error;
      unanswered.push(request);
    }
  }
  async function headVersion(): Promise<string> {
    const row = await db
      .selectFrom('journal')
      .select((eb) => eb.fn.max('seq').as('seq'))
      .executeTakeFirst();
    return `j${String(row?.seq ?? 0)}`;
  }

  async function untilKilled(running: Running): Promise<void> {
    const life = { over: false };
    void running.ended.then(() => (life.over = true));
    const deadline = Date.now() + KILL_WITHIN_MS;
    for (const request of unanswered.splice(0)) await send(request);
    for (let n = 0; !life.over && Date.now() < deadline; n += 1) {
      if (n < LOADS_PER_LIFE) await load();
      else await Promise.race([running.ended, new Promise((resolve) => setTimeout(resolve, 50))]);
    }
    if (!life.over) running.process.kill('SIGKILL');
    await running.ended;
    for (const delivery of sim.webhooks.deliveries()) {
      if (delivery.attempts.some((attempt) => attempt.status === 200)) {
        for (const event of delivery.events) acknowledged.add(eventKey(event));
      }
    }
  }
  /** From the webhooks: the history itself keeps only the newest entries. */
  function firstNamesWritten(id: string): unknown[] {
    const events = sim.webhooks
      .deliveries()
      .flatMap((delivery) => delivery.events)
      .filter((event) => String(event.objectId) === id && event.propertyName === 'firstname');
    const once = new Map(events.map((event) => [eventKey(event), event.propertyValue]));
    return [...once.values()];
  }
  const eventKey = (event: Record<string, unknown>) =>
    JSON.stringify([
      event.eventId,
      event.subscriptionType,
      event.objectId,
      event.propertyName,
      event.occurredAt,
    ]);

  it(
    `at every step of the loop, ${KILLS} times, loses no acknowledged webhook and no accepted edit`,
    { timeout: 900_000 },
    async () => {
      const kills = new Map<string, number>();
      for (let n = 0; n < KILLS; n += 1) {
        const step = STEPS[n % STEPS.length]!;
        const running = await killable.start(`${step}:${1 + (Math.floor(n / STEPS.length) % 4)}`);
        await untilKilled(running);
        if ((await running.ended) === 'SIGKILL') kills.set(step, (kills.get(step) ?? 0) + 1);
      }
      const last = await killable.start(null);
      for (const request of unanswered.splice(0)) await send(request);
      expect(unanswered).toEqual([]);
      await eventually(() => sim.webhooks.counters().idle, 'every webhook is delivered', 60_000);
      await eventually(async () => (await waiting()) === 0, 'the service has come to rest', 60_000);

      const stored = new Set<string>();
      for (const row of await db.selectFrom('deliveries').select('events').execute()) {
        for (const event of JSON.parse(row.events) as Record<string, unknown>[]) stored.add(eventKey(event));
      }
      const lost = [...acknowledged].filter((key) => !stored.has(key));
      const fields = await db.selectFrom('edit_fields').selectAll().execute();
      const open = fields.filter((field) => field.state === 'accepted' || field.state === 'written');
      const forgotten = [...accepted].filter((id) => !fields.some((field) => field.edit_id === id));
      console.log(
        `kills: ${[...kills.values()].reduce((a, b) => a + b, 0)} (${[...kills].map(([step, n]) => `${step} ${n}`).join(', ')}); webhooks acknowledged: ${acknowledged.size}, lost: ${lost.length}; edits accepted: ${accepted.size}, lost: ${forgotten.length + open.length}`,
      );
      expect(lost).toEqual([]);
      expect(forgotten).toEqual([]);
      expect(open).toEqual([]);
      expect([...kills.values()].reduce((a, b) => a + b, 0)).toBeGreaterThanOrEqual(KILLS);

      for (const { id } of people) {
        const row = await db
          .selectFrom('mirror')
          .select('fields')
          .where('object', '=', 'contact')
          .where('record_id', '=', recordId(id))
          .executeTakeFirstOrThrow();
        expect(row.fields.jobTitle?.[0]).toBe(sim.world.value('contacts', id, 'jobtitle'));
        expect(row.fields.firstName?.[0]).toBe(sim.world.value('contacts', id, 'firstname'));
        const writes = firstNamesWritten(id);
        expect(new Set(writes).size, 'no edit was written twice').toBe(writes.length);
      }
      for (const edit of fields.filter(({ field, state }) => field === 'firstName' && state === 'verified')) {
        expect(firstNamesWritten(edit.record_id!)).toContain(edit.wanted);
      }
      expect((await verifyJournal(db, hub)).broken).toBeNull();
      await last.stop();
    },
  );

  async function waiting(): Promise<number> {
    const [due, deliveries, promises] = await Promise.all([
      db.selectFrom('due').select('record_id').execute(),
      db.selectFrom('deliveries').select('delivery_id').where('applied_at', 'is', null).execute(),
      db.selectFrom('promises').select('promise_id').where('settled_at', 'is', null).execute(),
    ]);
    return due.length + deliveries.length + promises.length;
  }
});
