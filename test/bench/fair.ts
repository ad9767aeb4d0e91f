/**
 * Fairness: a flood of 100,000 events on one hub, and single webhooks on another one that the same process serves. What
 * is measured is the other hub, from its webhook to a live stream, so it has stored, applied and told in it.
 * TALLYSTICK_FLOOD_EVENTS sets another number.
 */
import { randomBytes } from 'node:crypto';
import { startChild } from './child.ts';
import { addToDirectory, fillHubs, PUBLIC_URL, startCrms } from './hubs.ts';
import { runHubsLoad, type HubsLoad, type HubsLoaded } from './hubsLoad.ts';
import { benchDatabase, report } from './report.ts';

const FLOOD_EVENTS = Number(process.env.TALLYSTICK_FLOOD_EVENTS ?? 100_000);
const EVENTS_PER_S = 20;
const FOR_MS = 10_000;
const RECORDS_PER_HUB = 1_000;

export async function main(): Promise<void> {
  const database = await benchDatabase();
  const crms = await startCrms(2);
  const env: Record<string, string> = {
    ...{ DATABASE_URL: database.url, TALLYSTICK_STATE_DIR: database.stateDir, PUBLIC_URL, PORT: '0' },
    TALLYSTICK_KEYS: `k1:${randomBytes(32).toString('base64')}`,
  };
  for (const hub of crms.hubs) await addToDirectory(env, hub);
  const people = await fillHubs(database.url, crms.hubs, RECORDS_PER_HUB, crms.hubs[0]!.companies.length);
  const service = await startChild(`${import.meta.dirname}/hubsMain.ts`, { env });
  const { port } = service.answer as { port: number };
  const [flooded, other] = crms.hubs.map(({ hubId }) => hubId) as [number, number];
  const load: HubsLoad = {
    ...{ port, hubs: crms.hubs, on: [other], eventsPerSecond: EVENTS_PER_S, forMs: FOR_MS, flood: null },
    streams: (people.get(other) ?? []).map((person) => ({ hubId: other, ...person })),
  };
  await runHubsLoad({ ...load, forMs: 2_000 }); // warm, and the leases are taken
  const quiet = await runHubsLoad(load);
  const during = await runHubsLoad({ ...load, flood: { hubId: flooded, events: FLOOD_EVENTS } });
  const lines = (
    what: string,
    { p50Ms, p99Ms, ackP99Ms, missing }: HubsLoaded,
    goal?: { atMost: number },
  ): void => {
    report(`${what}, webhook to stream, p50`, 'ms', [p50Ms]);
    report('  p99', 'ms', [p99Ms], goal);
    report('  webhook answered, p99', 'ms', [ackP99Ms]);
    if (missing > 0) console.log(`  ${missing} events were told to nobody`);
  };
  lines('another hub, alone', quiet);
  lines(`another hub, during a flood of ${FLOOD_EVENTS.toLocaleString('en')} events`, during, { atMost: 25 });
  report('the flood was answered after', 's', [during.floodAnsweredMs / 1_000]);
  service.stop();
  crms.stop();
  await database.drop();
}
