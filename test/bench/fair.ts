/**
 * Fairness: a flood of 100,000 events on one hub, and single changes on another one that the same process serves. What is
 * measured is the other hub, from its webhook to a live stream, so it has stored, applied and told in it: before the flood,
 * and from its first event until its last one is applied. TALLYSTICK_FLOOD_EVENTS sets another number.
 */
import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { hubId as toHubId } from '@tallystick/shared/ids';
import type { Db } from '../../backend/store/database.ts';
import { asOwner } from '../harness/postgres.ts';
import { startChild } from './child.ts';
import { addToDirectory, PUBLIC_URL, startCrms } from './hubs.ts';
import { fillHubs } from './hubsFill.ts';
import { runHubsLoad, type HubsLoad, type HubsLoaded } from './hubsLoad.ts';
import { benchDatabase, percentile, report } from './report.ts';
import { notMirrored } from './scale.ts';

const FLOOD_EVENTS = Number(process.env.TALLYSTICK_FLOOD_EVENTS ?? 100_000);
const EVENTS_PER_S = 40;
const WARM_MS = 3_000;
const FOR_MS = 20_000;
const EACH = { companies: 1_000, contacts: 200 };
const WATCHERS = 10;
const APPLIED_WITHIN_MS = 60_000;

export async function main(): Promise<void> {
  const database = await benchDatabase();
  const crms = await startCrms(2, EACH);
  const env: Record<string, string> = {
    ...{ DATABASE_URL: database.url, TALLYSTICK_STATE_DIR: database.stateDir, PUBLIC_URL, PORT: '0' },
    TALLYSTICK_KEYS: `k1:${randomBytes(32).toString('base64')}`,
  };
  for (const hub of crms.hubs) await addToDirectory(env, hub);
  const { watchers } = await fillHubs(database.url, crms.hubs, WATCHERS);
  const service = await startChild(`${import.meta.dirname}/hubsMain.ts`, { env });
  const owner = asOwner(database.url);
  const [flooded, other] = crms.hubs.map(({ hubId }) => hubId) as [number, number];
  const load: HubsLoad = {
    ...{ port: (service.answer as { port: number }).port, changesPort: crms.port, hubs: crms.hubs, seed: 1 },
    ...{ watchers: watchers.filter(({ hubId }) => hubId === other), on: [other], flood: null },
    ...{ eventsPerSecond: EVENTS_PER_S, warmMs: WARM_MS, forMs: FOR_MS },
  };
  const quiet = await runHubsLoad(load);
  const [during, appliedAt] = await Promise.all([
    runHubsLoad({ ...load, seed: 2, flood: { hubId: flooded, events: FLOOD_EVENTS } }),
    applied(owner, flooded),
  ]);
  const { beganAt, answeredAt } = during.flood!;
  const within = { from: beganAt, to: appliedAt };
  const alone = lines('another hub, alone', quiet);
  const beside = lines(
    `another hub, during a flood of ${FLOOD_EVENTS.toLocaleString('en')} events`,
    during,
    within,
  );
  report('  … against alone, p99', '', [beside / alone]);
  report('the flood was answered after', 's', [(answeredAt - beganAt) / 1_000]);
  report('  and applied after', 's', [(appliedAt - beganAt) / 1_000]);
  // Of a record that was changed in both runs the later value counts.
  const last = new Map(
    [...quiet.last, ...during.last].map((one) => [`${one.hubId}:${one.change.object}:${one.change.id}`, one]),
  );
  const lost = await notMirrored(owner, crms.hubs, [...last.values()], APPLIED_WITHIN_MS);
  report('events lost', '', [lost + quiet.untold + during.untold], { atMost: 0 });
  service.stop();
  crms.stop();
  await owner.destroy();
  await database.drop();
}

/** The p99 of what was sent in that time. */
function lines(what: string, { told, answered }: HubsLoaded, within?: { from: number; to: number }): number {
  const sorted = (samples: HubsLoaded['told']): number[] =>
    samples
      .filter(({ at }) => within === undefined || (at >= within.from && at <= within.to))
      .map(({ ms }) => ms)
      .sort((a, b) => a - b);
  const ms = sorted(told);
  const p99 = percentile(ms, 0.99);
  report(`${what} (${ms.length} messages), webhook to stream, p50`, 'ms', [percentile(ms, 0.5)]);
  report('  p99', 'ms', [p99], within === undefined ? undefined : { atMost: 25 });
  report('  webhook answered, p99', 'ms', [percentile(sorted(answered), 0.99)]);
  return p99;
}

/** When nothing of the flood waits any more. */
async function applied(owner: Db, flooded: number): Promise<number> {
  const hubId = toHubId(flooded);
  let events = 0;
  for (;;) {
    const { rows } = await sql<{ waiting: number; count: number }>`
      select count(*) filter (where applied_at is null)::int as waiting, count(*)::int as count
      from deliveries where hub_id = ${hubId}::bigint`.execute(owner);
    events = rows[0]!.count * 100;
    if (events >= FLOOD_EVENTS && rows[0]!.waiting === 0) return Date.now();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
