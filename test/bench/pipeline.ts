/** Sustained pipeline: stored deliveries through law, mirror, journal and due marks; and the same against bare inserts. */
import { hubId as toHubId, recordId } from '@tallystick/shared/ids';
import { sql } from 'kysely';
import { openDatabase } from '../../backend/store/connection.ts';
import type { Db } from '../../backend/store/database.ts';
import { asOwner } from '../harness/postgres.ts';
import { benchDatabase, report } from './report.ts';
import { benchWorker, fillMirror } from './worker.ts';

const RUNS = 3;
const RECORDS = 5_000;
const EVENTS = 60_000;
const PER_DELIVERY = 100;
const HUB = toHubId(1);
const FIELDS = [
  'firstName',
  'lastName',
  'email',
  'phone',
  'mobile',
  'jobTitle',
  'newsletterTopics',
  'preferredChannel',
  'outOfOfficeUntil',
  'accountManager',
];
const PROPERTIES = ['jobtitle', 'firstname', 'lastname'];

export async function main(): Promise<void> {
  const database = await benchDatabase();
  const db = openDatabase(database.url, HUB, () => undefined);
  await db
    .insertInto('hubs')
    .values({ hub_id: HUB, app_id: '9', time_zone: 'UTC', connected_at: new Date() })
    .execute();
  await fillMirror(
    db,
    HUB,
    'contact',
    Array.from({ length: RECORDS }, (_, i) => recordId(100_000 + i)),
    FIELDS,
  );
  const owner = asOwner(database.url);
  const rates: number[] = [];
  const ratios: number[] = [];
  for (let run = 0; run <= RUNS; run += 1) {
    const rate = await through(db, database.url, run);
    const bare = await bareRate(owner);
    if (run > 0) {
      rates.push(rate);
      ratios.push(rate / bare);
    }
  }
  report('pipeline, 5,000 records, deliveries of 100 events', 'events/s', rates, { atLeast: 20_000 });
  report('  ours : one bare unnest insert of the same events', '', ratios);
  await owner.destroy();
  await db.destroy();
  await database.drop();
}

async function through(db: Db, url: string, run: number): Promise<number> {
  const at = Date.now();
  const rows = Array.from({ length: EVENTS / PER_DELIVERY }, (_, i) => ({
    hub_id: HUB,
    received_at: new Date(),
    events: JSON.stringify(
      Array.from({ length: PER_DELIVERY }, (__, j) => event(run, i * PER_DELIVERY + j, at)),
    ),
  }));
  for (let i = 0; i < rows.length; i += 100)
    await db
      .insertInto('deliveries')
      .values(rows.slice(i, i + 100))
      .execute();
  const { worker } = benchWorker({
    hubId: HUB,
    appId: 9,
    databaseUrl: url,
    db,
    crmUrl: 'http://127.0.0.1:1',
    accessToken: 'none',
  });
  await worker.leading;
  const startedAt = performance.now();
  while (await isWaiting(db)) await new Promise((resolve) => setTimeout(resolve, 20));
  const seconds = (performance.now() - startedAt) / 1_000;
  await worker.stop();
  return EVENTS / seconds;
}

async function isWaiting(db: Db): Promise<boolean> {
  const row = await db
    .selectFrom('deliveries')
    .select('delivery_id')
    .where('hub_id', '=', HUB)
    .where('applied_at', 'is', null)
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
}

function event(run: number, n: number, at: number) {
  return {
    ...{
      eventId: n,
      subscriptionId: 1,
      portalId: 1,
      appId: 9,
      occurredAt: at + Math.floor(n / 100),
      attemptNumber: 0,
      isSensitive: false,
    },
    ...{
      subscriptionType: 'object.propertyChange',
      objectTypeId: '0-1',
      objectId: 100_000 + ((n * 7_919) % RECORDS),
    },
    ...{
      propertyName: PROPERTIES[n % PROPERTIES.length],
      propertyValue: `value ${run} ${n}`,
      changeSource: 'CRM_UI',
      sourceId: 'userId:7',
    },
  };
}

async function bareRate(db: Db): Promise<number> {
  await sql`create table if not exists bare (hub_id bigint, object_id bigint, property text, value text, at timestamptz, id bigint generated always as identity, primary key (hub_id, id))`.execute(
    db,
  );
  const n = 1_500;
  const ids = Array.from({ length: n }, (_, i) => i);
  const texts = ids.map((i) => `value ${i}`);
  const startedAt = performance.now();
  for (let i = 0; i < EVENTS / n; i += 1) {
    await sql`insert into bare (hub_id, object_id, property, value, at) select 1, o, 'jobtitle', v, now() from unnest(${ids}::bigint[], ${texts}::text[]) as u (o, v)`.execute(
      db,
    );
  }
  return EVENTS / ((performance.now() - startedAt) / 1_000);
}
