import { sql } from 'kysely';
import { hubId as toHubId } from '@tallystick/shared/ids';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../backend/store/connection.ts';
import type { Db } from '../../backend/store/database.ts';
import { freePort } from '../../backend/store/embedded.ts';
import { orderJobs } from '../../backend/store/jobs.ts';
import { verifyJournal } from '../../backend/store/journal.ts';
import { eventually } from '../harness/eventually.ts';
import { killableService, type Killable } from '../harness/killable.ts';
import { createTestDatabase, type TestDatabase } from '../harness/postgres.ts';
import { seedDefinitions } from '../simulator/seedSchema.ts';
import { startSimulator, type Simulator } from '../simulator/simulator.ts';
import { COLLEAGUE } from './kit.ts';

const CONTACTS = 5;
const WITHIN_MS = 30_000;

describe('a service that is killed while it completes', () => {
  let database: TestDatabase;
  let db: Db;
  let sim: Simulator;
  let killable: Killable;
  const ids: string[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    sim = await startSimulator();
    db = openDatabase(database.url, toHubId(sim.hubId), () => undefined);
    seedDefinitions(sim.world);
    for (let i = 0; i < CONTACTS; i += 1)
      ids.push(
        sim.world.create('contacts', { email: `p${i}@example.com`, jobtitle: 'Analyst' }, COLLEAGUE).id,
      );
    // Set long ago, so that a difference in it cannot be in flight.
    for (const id of ids)
      for (const entry of sim.world.get('contacts', id).cells.get('email') ?? []) entry.at -= 3_600_000;
    const port = await freePort();
    killable = await killableService({
      DATABASE_URL: database.url,
      HUBSPOT_ACCESS_TOKEN: sim.accessToken,
      HUBSPOT_CLIENT_ID: sim.clientId,
      HUBSPOT_CLIENT_SECRET: sim.clientSecret,
      HUBSPOT_APP_ID: String(sim.appId),
      HUBSPOT_BASE_URL: sim.url,
      PUBLIC_URL: `http://127.0.0.1:${port}`,
      PORT: String(port),
    });
    const first = await killable.start(null);
    await eventually(
      async () =>
        sim.world.state.data.journal.subscriptions.length > 8 &&
        (await db.selectFrom('jobs').selectAll().where('finished_at', 'is', null).execute()).length === 0 &&
        (await db.selectFrom('mirror').selectAll().execute()).length === CONTACTS,
      'the first backfill',
      WITHIN_MS,
    );
    await first.stop();
  }, 60_000);
  afterAll(async () => {
    await sim.close();
    await db.destroy();
    await database.drop();
    await killable.dispose();
  });

  const killedAt = async (step: string): Promise<void> => {
    const running = await killable.start(`${step}:1`);
    const signal = await Promise.race([
      running.ended,
      new Promise<'late'>((resolve) => setTimeout(() => resolve('late'), WITHIN_MS)),
    ]);
    if (signal === 'late') running.process.kill('SIGKILL');
    expect(signal).toBe('SIGKILL');
  };

  it(
    'between fetching and storing the journal, and after it, loses and doubles no event',
    { timeout: 90_000 },
    async () => {
      for (const [round, step] of [
        'journal.fetched',
        'journal.stored',
        'journal.fetched',
        'journal.stored',
      ].entries()) {
        for (const id of ids) sim.world.update('contacts', id, { jobtitle: `Title ${round}` }, COLLEAGUE);
        await killedAt(step);
      }
      const last = await killable.start(null);
      const told = () => sim.world.state.data.journal.files.flatMap((file) => file.events);
      const stored = await eventually(
        async () => {
          const rows = await db
            .selectFrom('deliveries')
            .select('events')
            .where('layer', '=', 'journal')
            .where('applied_at', 'is not', null)
            .execute();
          return rows.length >= 4 && rows;
        },
        'the journal is read and applied',
        WITHIN_MS,
      );
      await last.stop();
      const text = (events: readonly unknown[]) => events.map((event) => JSON.stringify(event)).sort();
      expect(text(stored.flatMap((row) => JSON.parse(row.events) as unknown[]))).toEqual(text(told()));
      expect(told()).toHaveLength(4 * CONTACTS);
    },
  );

  it(
    'at any step of a comparison goes on where it stood, and counts nothing twice',
    { timeout: 90_000 },
    async () => {
      await sql`update mirror set fields = jsonb_set(fields, '{email,0}', '"Nobody"') where record_id = ${ids[1]!}`.execute(
        db,
      );
      const [job] = await orderJobs(db, toHubId(sim.hubId), 'reconcile', ['contact'], Date.now());
      for (const step of ['reconcile.compared', 'reconcile.page']) await killedAt(step);
      const last = await killable.start(null);
      const row = await eventually(
        async () => {
          const found = await db
            .selectFrom('jobs')
            .selectAll()
            .where('job_id', '=', job!)
            .executeTakeFirstOrThrow();
          return found.finished_at !== null && found;
        },
        'the comparison has ended',
        WITHIN_MS,
      );
      expect(row).toMatchObject({ done: String(CONTACTS) });
      expect(row.comparison).toMatchObject({ records: CONTACTS, differences: 1 });
      expect(row.comparison?.named).toMatchObject([{ recordId: ids[1], field: 'email' }]);
      await last.stop();
      expect((await verifyJournal(db, toHubId(sim.hubId))).broken).toBeNull();
    },
  );
});
