/** Two processes on one database: one goes, the other takes over, under load. Then a backup, and the service over it. */
import { randomUUID } from 'node:crypto';
import { hubId as toHubId, recordId } from '@tallystick/shared/ids';
import { OBJECTS } from '@tallystick/shared/ownership';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { certificateOf, type Certificate } from '../../backend/cli/certificate.ts';
import { neededSubscriptions } from '../../backend/hubspot/subscriptions.ts';
import { INTAKE_PATH } from '../../backend/main.ts';
import { openDatabase } from '../../backend/store/connection.ts';
import type { Db } from '../../backend/store/database.ts';
import { freePort } from '../../backend/store/embedded.ts';
import { orderJobs } from '../../backend/store/jobs.ts';
import { verifyJournal } from '../../backend/store/journal.ts';
import { journalPlace } from '../../backend/store/layers.ts';
import { addPerson } from '../../backend/store/people.ts';
import { eventually } from '../harness/eventually.ts';
import { killableService, type Killable, type Running } from '../harness/killable.ts';
import { createTestDatabase, type TestDatabase } from '../harness/postgres.ts';
import { seedDefinitions } from '../simulator/seedSchema.ts';
import { startSimulator, type Simulator } from '../simulator/simulator.ts';

const COLLEAGUE = { sourceType: 'CRM_UI', sourceId: 'userId:7' };
const HUB = toHubId(24_710_001);
const PUBLIC_URL = 'https://sync.example.com';
const PEOPLE = 4;
const EVERY_MS = 20;
/** What the journal tells waits until webhooks have had their 20 s. */
const GRACE_WITHIN_MS = 40_000;

describe('a service that is stopped, replaced and restored', () => {
  let sim: Simulator;
  let database: TestDatabase;
  let db: Db;
  let killable: Killable;
  const urls: string[] = [];
  const local: Record<string, string> = {};
  const people: { id: string; token: string }[] = [];
  const accepted = new Map<string, string>();
  let n = 0;

  beforeAll(async () => {
    database = await createTestDatabase();
    db = openDatabase(database.url, HUB, () => undefined);
    sim = await startSimulator({ hubId: Number(HUB), local });
    seedDefinitions(sim.world);
    const company = sim.world.create('companies', { name: 'Engines Ltd' }, COLLEAGUE);
    for (let i = 0; i < PEOPLE; i += 1) {
      const { id } = sim.world.create('contacts', { email: `p${i}@example.com`, firstname: 'P' }, COLLEAGUE);
      sim.world.associate(['contacts', id], ['companies', company.id], COLLEAGUE, [
        { category: 'HUBSPOT_DEFINED', typeId: 1 },
      ]);
      people.push({ id, token: '' });
    }
    for (let i = 0; i < 2; i += 1) urls.push(`http://127.0.0.1:${await freePort()}`);
    killable = await killableService({
      DATABASE_URL: database.url,
      HUBSPOT_ACCESS_TOKEN: sim.accessToken,
      HUBSPOT_CLIENT_SECRET: sim.clientSecret,
      HUBSPOT_APP_ID: String(sim.appId),
      HUBSPOT_CLIENT_ID: sim.clientId,
      HUBSPOT_BASE_URL: sim.url,
      PUBLIC_URL,
      STOP_DRAIN_S: '0.3',
    });
    sim.faults.webhooks.retryBackoffMs = 20;
  });
  afterAll(async () => {
    await sim.close();
    await db.destroy();
    await database.drop();
    await killable.dispose();
  });

  const portOf = (url: string) => ({ PORT: new URL(url).port });
  /** Where the public address leads is the balancer's business. */
  const webhooksTo = async (url: string) => {
    local[PUBLIC_URL] = url;
    await fetch(`${sim.url}/_sim/webhooks`, {
      method: 'PUT',
      body: JSON.stringify({
        target: `${PUBLIC_URL}${INTAKE_PATH}`,
        subscriptions: neededSubscriptions({}),
      }),
    });
  };

  /** A careful client behind a balancer: the other address where one does not answer, under the same key. */
  async function ask(to: readonly string[]): Promise<void> {
    n += 1;
    const person = people[n % PEOPLE]!;
    sim.world.update('contacts', people[(n + 1) % PEOPLE]!.id, { jobtitle: `Title ${n}` }, COLLEAGUE);
    const key = randomUUID();
    const { rows } = await sqlOf(database.url, 'select coalesce(max(seq), 0) as seq from journal');
    for (const url of to) {
      const answer = await fetch(`${url}/portal/v1/records/contact/${person.id}`, {
        method: 'PATCH',
        headers: {
          authorization: `Bearer ${person.token}`,
          'content-type': 'application/json',
          'idempotency-key': key,
          'if-match': `j${rows[0]?.seq}`,
        },
        body: JSON.stringify({ fields: { firstName: `Name ${n}` } }),
      }).catch(() => null);
      if (answer === null) continue;
      expect(answer.status, await answer.clone().text()).toBeLessThan(300);
      accepted.set(((await answer.json()) as { editId: string }).editId, `Name ${n}`);
      return;
    }
    throw new Error('Nobody answered.');
  }

  async function underLoad<T>(to: readonly string[], work: () => Promise<T>): Promise<T> {
    const over = { is: false };
    const loading = (async () => {
      while (!over.is) {
        await ask(to);
        await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
      }
    })();
    try {
      return await work();
    } finally {
      over.is = true;
      await loading;
    }
  }

  const epoch = async (): Promise<number> => {
    const { rows } = await sqlOf(database.url, `select epoch from hubs where hub_id = ${HUB}`);
    return Number(rows[0]?.epoch ?? 0);
  };
  const verified = async (of: Db): Promise<string[]> => {
    const rows = await of.selectFrom('edit_fields').select(['edit_id', 'state']).execute();
    expect(rows.filter(({ state }) => state === 'refused')).toEqual([]);
    return rows.filter(({ state }) => state !== 'accepted' && state !== 'written').map((row) => row.edit_id);
  };

  let second: Running;

  it('says first that it goes, loses nothing that was accepted, and the other leads', async () => {
    const first = await killable.start(null, portOf(urls[0]!));
    await eventually(
      async () => (await db.selectFrom('mirror').selectAll().execute()).length === PEOPLE + 1,
      'the first backfill',
    );
    for (const person of people) {
      const told = { hubId: HUB, contactId: recordId(person.id), audience: 'direct' as const };
      person.token = await addPerson(db, { ...told, secret: randomUUID(), now: Date.now() });
    }
    await webhooksTo(urls[0]!);
    await eventually(
      () => sim.world.state.data.journal.subscriptions.length > 8,
      'the journal is subscribed',
    );
    await eventually(async () => (await journalPlace(db, HUB)) !== null, 'the journal was read');
    // As a rolling deploy does: the new one is ready before the old one goes.
    second = await killable.start(null, portOf(urls[1]!));
    const before = await epoch();
    await underLoad(urls, async () => {
      await eventually(() => accepted.size >= 10, 'some load');
      first.process.kill('SIGTERM');
      const signalledAt = Date.now();
      await eventually(
        async () => (await fetch(`${urls[0]}/readyz`).catch(() => null))?.status === 503,
        'it says that it is not ready',
        2_000,
      );
      await eventually(async () => (await epoch()) > before, 'the other one leads');
      const leadMs = Date.now() - signalledAt;
      await first.ended;
      console.log(
        `next leads after ${leadMs} ms, 300 ms of them draining; ended ${Date.now() - signalledAt} ms`,
      );
      expect(first.process.exitCode).toBe(0);
      const sofar = accepted.size;
      await eventually(() => accepted.size >= sofar + 5, 'load on the other one', 20_000);
    });
    await webhooksTo(urls[1]!);
    await eventually(
      async () => (await verified(db)).length === accepted.size,
      'every edit is settled',
      20_000,
    );
    expect(await verified(db)).toEqual(expect.arrayContaining([...accepted.keys()]));
    expect((await verifyJournal(db, HUB)).broken).toBeNull();
  }, 120_000);

  it('over an older backup knows nothing of what was accepted later, and ends equal with the CRM', async () => {
    // Killed at any moment under load, its database is what a backup of that moment holds.
    await underLoad([urls[1]!, urls[0]!], async () => {
      const sofar = accepted.size;
      await eventually(() => accepted.size >= sofar + 5, 'load');
    });
    second.process.kill('SIGKILL');
    await second.ended;
    const known = new Set(accepted.keys());
    const name = `copy_${randomUUID().replaceAll('-', '')}`;
    const original = new URL(database.url).pathname.slice(1);
    await eventually(async () => {
      // Postgres copies a database only while nobody is in it.
      await admin(`select pg_terminate_backend(pid) from pg_stat_activity where datname = '${original}'`);
      return admin(`create database ${name} template ${original}`).catch(() => undefined);
    }, 'the copy is made');
    const copyUrl = new URL(database.url);
    copyUrl.pathname = `/${name}`;
    // Life goes on after the backup …
    const third = await killable.start(null, portOf(urls[1]!));
    await underLoad([urls[1]!], async () => eventually(() => accepted.size >= known.size + 5, 'later edits'));
    await eventually(async () => (await verified(db)).length === accepted.size, 'they are settled', 20_000);
    await third.stop();
    sim.world.update('contacts', people[0]!.id, { jobtitle: 'While nobody listened' }, COLLEAGUE);
    // … and then only the backup is left.
    const copy = openDatabase(copyUrl.href, HUB, () => undefined);
    const fourth = await killable.start(null, { ...portOf(urls[1]!), DATABASE_URL: copyUrl.href });
    try {
      await eventually(
        async () => (await verified(copy)).length >= known.size,
        'what was open is settled',
        GRACE_WITHIN_MS,
      );
      const asked = (await copy.selectFrom('edits').select('edit_id').execute()).map((row) => row.edit_id);
      expect([...asked].sort()).toEqual([...known].sort());
      // No webhook tells of the gap again: HubSpot's webhooks journal does, from where the backup was.
      const mirrored = async (id: string) =>
        (
          await copy
            .selectFrom('mirror')
            .select('fields')
            .where('object', '=', 'contact') // a company may have the same id
            .where('record_id', '=', recordId(id))
            .executeTakeFirstOrThrow()
        ).fields;
      await eventually(
        async () => {
          const held = await Promise.all(people.map(async ({ id }) => (await mirrored(id)).firstName?.[0]));
          return people.every(({ id }, at) => held[at] === sim.world.value('contacts', id, 'firstname'));
        },
        'what happened in the gap is known',
        GRACE_WITHIN_MS,
      );
      expect((await mirrored(people[0]!.id)).jobTitle?.[0]).toBe('While nobody listened');
      expect(await certified(copy)).toMatchObject({ equal: true });
      expect((await verifyJournal(copy, HUB)).broken).toBeNull();
    } finally {
      await fourth.stop();
      await copy.destroy();
      await admin(`drop database ${name} with (force)`);
    }
  }, 120_000);

  /** As `tally verify`, once nothing is under way: a difference would be looked at again for a minute. */
  async function certified(of: Db): Promise<Certificate> {
    await eventually(
      async () => {
        const due = await of.selectFrom('due').select('record_id').execute();
        const waiting = of.selectFrom('deliveries').select('delivery_id').where('applied_at', 'is', null);
        return due.length + (await waiting.execute()).length === 0;
      },
      'nothing is under way',
      GRACE_WITHIN_MS,
    );
    const jobs = await orderJobs(of, HUB, 'reconcile', OBJECTS, Date.now());
    const rows = await eventually(
      async () => {
        const found = await of.selectFrom('jobs').selectAll().where('job_id', 'in', jobs).execute();
        return found.every((job) => job.finished_at !== null) && found;
      },
      'everything is compared',
      20_000,
    );
    const found = rows.map(({ object, comparison }) => ({ object, comparison: comparison!, tookMs: 0 }));
    return certificateOf(HUB, found, Date.now());
  }

  const admin = (statement: string) => sqlOf(database.url.replace(/\/[^/]*$/, '/postgres'), statement);
});

async function sqlOf(url: string, statement: string): Promise<{ rows: Record<string, string>[] }> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await client.query<Record<string, string>>(statement);
  } finally {
    await client.end();
  }
}
