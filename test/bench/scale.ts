/**
 * Many hubs, records and live streams over a web and a worker process. The whole: `npm run scale`; smaller by
 * TALLYSTICK_HUBS, TALLYSTICK_RECORDS, TALLYSTICK_STREAMS (totals), TALLYSTICK_EVENTS_PER_S and TALLYSTICK_LOAD_S.
 */
import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { asOwner } from '../harness/postgres.ts';
import { startChild } from './child.ts';
import { addToDirectory, fillHubs, PUBLIC_URL, startCrms } from './hubs.ts';
import { runHubsLoad } from './hubsLoad.ts';
import { benchDatabase, report } from './report.ts';

const set = (name: string, otherwise: number): number =>
  Number(process.env[`TALLYSTICK_${name}`] ?? otherwise);
const HUBS = set('HUBS', 50);
const RECORDS = set('RECORDS', 1_000_000);
const STREAMS = set('STREAMS', 10_000);
const EVENTS_PER_S = set('EVENTS_PER_S', 100);
const LOAD_S = set('LOAD_S', 20);
const TAKEN_WITHIN_MS = 120_000;

export async function main(): Promise<void> {
  const database = await benchDatabase();
  const crms = await startCrms(HUBS);
  const env: Record<string, string> = {
    ...{ DATABASE_URL: database.url, TALLYSTICK_STATE_DIR: database.stateDir, PUBLIC_URL, PORT: '0' },
    TALLYSTICK_KEYS: `k1:${randomBytes(32).toString('base64')}`,
  };
  for (const hub of crms.hubs) await addToDirectory(env, hub);
  const filledAt = performance.now();
  const people = await fillHubs(
    database.url,
    crms.hubs,
    Math.ceil(RECORDS / HUBS),
    Math.ceil(STREAMS / HUBS),
  );
  report(`${RECORDS.toLocaleString('en')} mirror rows inserted with SQL`, 's', [
    (performance.now() - filledAt) / 1_000,
  ]);
  const start = (role: string) =>
    startChild(`${import.meta.dirname}/hubsMain.ts`, { env: { ...env, TALLYSTICK_ROLE: role } });
  const [web, worker] = [await start('web'), await start('worker')];
  const startedAt = performance.now();
  await held(database.url, HUBS);
  report(`${HUBS} hubs taken by the worker after`, 's', [(performance.now() - startedAt) / 1_000]);
  const loaded = await runHubsLoad({
    port: (web.answer as { port: number }).port,
    ...{ hubs: crms.hubs, on: crms.hubs.map(({ hubId }) => hubId), flood: null },
    ...{ eventsPerSecond: EVENTS_PER_S, forMs: LOAD_S * 1_000 },
    streams: [...people]
      .flatMap(([hubId, own]) => own.map((person) => ({ hubId, ...person })))
      .slice(0, STREAMS),
  });
  report(`${loaded.streams.toLocaleString('en')} streams opened in`, 's', [loaded.openedMs / 1_000]);
  report(`${EVENTS_PER_S} webhooks/s over ${HUBS} hubs: messages on streams`, '', [loaded.told]);
  report('  webhook to stream, p50', 'ms', [loaded.p50Ms]);
  report('  p99', 'ms', [loaded.p99Ms]);
  report('  webhook answered, p99', 'ms', [loaded.ackP99Ms]);
  report('  events that no stream was told of', '', [loaded.missing], { atMost: 0 });
  report('connections to Postgres', '', [await connections(database.url)]);
  web.stop();
  worker.stop();
  crms.stop();
  await database.drop();
}

/** Until every hub is spoken for. */
async function held(url: string, hubs: number): Promise<void> {
  const owner = asOwner(url);
  const until = performance.now() + TAKEN_WITHIN_MS;
  for (;;) {
    const { rows } = await sql<{ count: number }>`
      select count(*)::int as count from hubs where hub_id > 0 and heartbeat_at is not null`.execute(owner);
    if (rows[0]!.count >= hubs) break;
    if (performance.now() > until) throw new Error(`Only ${rows[0]!.count} hubs were taken.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await owner.destroy();
}

async function connections(url: string): Promise<number> {
  const owner = asOwner(url);
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`.execute(
    owner,
  );
  await owner.destroy();
  return rows[0]!.count;
}
