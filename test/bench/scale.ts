/** Many hubs, records and live streams over a web and a worker process: what is measured, and what must not be lost. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { sql } from 'kysely';
import { hubId as toHubId } from '@tallystick/shared/ids';
import type { Db } from '../../backend/store/database.ts';
import { asOwner } from '../harness/postgres.ts';
import { startChild } from './child.ts';
import { addToDirectory, CHANGED, PUBLIC_URL, startCrms, type BenchHub } from './hubs.ts';
import { fillHubs } from './hubsFill.ts';
import { runHubsLoad, type HubsLoaded } from './hubsLoad.ts';
import type { BenchDatabase } from './report.ts';

export interface ScalePlan {
  seed: number;
  hubs: number;
  /** Totals over all hubs. */
  records: number;
  streams: number;
  eventsPerSecond: number;
  warmMs: number;
  /** The fill leaves away what does not fit into this. */
  fillMs: number;
  loadMs: number;
  /** Of the whole: what starting and opening took more ends the load sooner. */
  budgetMs: number;
  log: (line: string) => void;
}
export interface Scaled {
  records: number;
  streams: number;
  fillS: number;
  takenS: number;
  openedS: number;
  loaded: HubsLoaded;
  /** Records whose mirror does not hold their last change in the end. */
  lost: number;
  connections: number;
  memoryMb: Record<Part, number>;
  /** Of the processors' time, from the first stream to the last change: unlike latencies it does not depend on neighbours. */
  cpuS: Record<Part, number>;
}
type Part = 'web' | 'worker' | 'standIns' | 'postgres';

const COMPANIES_SHARE = 0.1;
const TAKEN_WITHIN_MS = 300_000;
/** After the last change was sent. */
const MIRRORED_WITHIN_MS = 60_000;

export async function runScale(
  plan: ScalePlan,
  database: Pick<BenchDatabase, 'url' | 'stateDir'>,
): Promise<Scaled> {
  const began = performance.now();
  const seconds = (since: number): number => (performance.now() - since) / 1_000;
  const perHub = Math.ceil(plan.records / plan.hubs);
  const companies = Math.ceil(perHub * COMPANIES_SHARE);
  const people = Math.ceil(plan.streams / plan.hubs);
  const crms = await startCrms(plan.hubs, { companies, contacts: Math.max(people, perHub - companies) });
  plan.log(`${plan.hubs} stand-ins hold their records after ${seconds(began).toFixed(0)} s`);
  const env: Record<string, string> = {
    ...{ DATABASE_URL: database.url, TALLYSTICK_STATE_DIR: database.stateDir, PUBLIC_URL, PORT: '0' },
    TALLYSTICK_KEYS: `k1:${randomBytes(32).toString('base64')}`,
  };
  const stops = [crms.stop];
  const owner = asOwner(database.url);
  try {
    for (const hub of crms.hubs) await addToDirectory(env, hub);
    const { records, watchers } = await fillHubs(
      database.url,
      crms.hubs,
      people,
      () => performance.now() - began > plan.fillMs,
    );
    const fillS = seconds(began);
    plan.log(`${records.toLocaleString('en')} mirror rows are there after ${fillS.toFixed(0)} s`);
    const start = async (role: string) => {
      const child = await startChild(`${import.meta.dirname}/hubsMain.ts`, {
        env: { ...env, TALLYSTICK_ROLE: role },
      });
      stops.push(child.stop);
      return child;
    };
    const [web, worker] = [await start('web'), await start('worker')];
    const startedAt = performance.now();
    await held(owner, plan.hubs);
    const takenS = seconds(startedAt);
    const streams = watchers.slice(0, plan.streams);
    const pids = { web: [web.pid], worker: [worker.pid], standIns: [crms.pid] };
    const cpuBefore = await eachPart(owner, pids, cpuOf);
    const loaded = await runHubsLoad({
      ...{ port: (web.answer as { port: number }).port, changesPort: crms.port, hubs: crms.hubs },
      ...{ seed: plan.seed, watchers: streams, on: crms.hubs.map(({ hubId }) => hubId), flood: null },
      ...{ eventsPerSecond: plan.eventsPerSecond, warmMs: plan.warmMs, forMs: plan.loadMs },
      endsAt: Date.now() + plan.budgetMs - (performance.now() - began),
    });
    const cpuAfter = await eachPart(owner, pids, cpuOf);
    const memoryMb = await eachPart(owner, pids, memoryOf);
    const lost = await notMirrored(owner, crms.hubs, loaded.last, MIRRORED_WITHIN_MS);
    return {
      ...{ records, streams: streams.length, fillS, takenS, openedS: loaded.openedMs / 1_000, loaded, lost },
      ...{ connections: await connections(owner), memoryMb },
      cpuS: mapParts((part) => cpuAfter[part] - cpuBefore[part]),
    };
  } finally {
    for (const stop of stops) stop();
    await owner.destroy();
  }
}

/** Until every hub is spoken for, and its schema was read: what comes with starting is over. */
async function held(owner: Db, hubs: number): Promise<void> {
  const until = performance.now() + TAKEN_WITHIN_MS;
  for (;;) {
    const { rows } = await sql<{ count: number }>`
      select count(*)::int as count from hubs h
      where hub_id > 0 and heartbeat_at is not null and exists (select from crm_schema c where c.hub_id = h.hub_id)`.execute(
      owner,
    );
    if (rows[0]!.count >= hubs) return;
    if (performance.now() > until) throw new Error(`Only ${rows[0]!.count} hubs were taken.`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** How many of the changed records do not hold what the CRM holds, once there was time for it. */
export async function notMirrored(
  owner: Db,
  hubs: readonly BenchHub[],
  last: HubsLoaded['last'],
  withinMs: number,
): Promise<number> {
  const until = performance.now() + withinMs;
  for (;;) {
    let missing = 0;
    for (const { hubId } of hubs) {
      const own = last.filter((each) => each.hubId === hubId).map(({ change }) => change);
      const { rows } = await sql<{ count: number }>`
        select count(*)::int as count from unnest(
          ${own.map(({ object }) => object)}::text[], ${own.map(({ id }) => String(id))}::text[],
          ${own.map(({ object }) => CHANGED[object].field)}::text[], ${own.map(({ value }) => value)}::text[]
        ) as c (object, record_id, field, value)
        left join mirror m on m.hub_id = ${toHubId(hubId)}::bigint and m.object = c.object and m.record_id = c.record_id
        where m.fields -> c.field ->> 0 is distinct from c.value`.execute(owner);
      missing += rows[0]!.count;
    }
    if (missing === 0 || performance.now() > until) return missing;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

async function connections(owner: Db): Promise<number> {
  const { rows } = await sql<{ count: number }>`
    select count(*)::int as count from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()`.execute(owner);
  return rows[0]!.count;
}

async function eachPart(
  owner: Db,
  pids: Record<Exclude<Part, 'postgres'>, number[]>,
  read: (pid: number) => Promise<number>,
): Promise<Record<Part, number>> {
  // The connections' processes, and those of the server itself.
  const { rows } = await sql<{ pid: number }>`
    select pid from pg_stat_activity where datname = current_database() or datname is null`.execute(owner);
  const all = { ...pids, postgres: rows.map(({ pid }) => pid) };
  const sums = new Map<string, number>();
  for (const [part, own] of Object.entries(all)) {
    const each = await Promise.all(own.map(read));
    sums.set(
      part,
      each.reduce((sum, n) => sum + n, 0),
    );
  }
  return mapParts((part) => sums.get(part) ?? NaN);
}

const mapParts = (figure: (part: Part) => number): Record<Part, number> => ({
  ...{ web: figure('web'), worker: figure('worker') },
  ...{ standIns: figure('standIns'), postgres: figure('postgres') },
});

/** MB that are this process's alone, and its share of what it shares; 0 where the system does not tell. */
async function memoryOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
  return Number(/^Pss:\s+(\d+) kB/m.exec(status)?.[1] ?? 0) / 1_024;
}

/** Seconds; Linux counts in hundredths. */
async function cpuOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / 100;
}
