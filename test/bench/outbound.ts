/** Outbound: how much of the legal rate is used, and that no window ever holds more. */
import { hubId as toHubId, recordId } from '@tallystick/shared/ids';
import { openDatabase } from '../../backend/store/database.ts';
import { markDue } from '../../backend/store/due.ts';
import { startSimulator } from '../simulator/simulator.ts';
import { benchDatabase, report } from './report.ts';
import { benchWorker } from './worker.ts';

const RECORDS = 30_000;
const MEASURED_MS = 30_000;
const WARM_UP_MS = 11_000;
const LATENCY_MS = 80;
const LIMIT = 190;
const WINDOW_MS = 10_000;

export async function main(): Promise<void> {
  const database = await benchDatabase();
  const db = openDatabase(database.url, () => undefined);
  const sim = await startSimulator();
  const hubId = toHubId(sim.hubId);
  const by = { sourceType: 'CRM_UI', sourceId: 'userId:7' };
  sim.world.quietly(() => {
    for (let i = 0; i < RECORDS; i += 1) sim.world.create('companies', { name: `Company ${i}` }, by);
  });
  sim.faults.api.latencyMs = LATENCY_MS;
  await db
    .insertInto('hubs')
    .values({ hub_id: hubId, app_id: String(sim.appId), time_zone: 'UTC', connected_at: new Date() })
    .execute();
  const first = 410_000_000_001;
  const records = Array.from({ length: RECORDS }, (_, i) => ({
    object: 'company' as const,
    recordId: recordId(first + i),
  }));
  await markDue(db, hubId, 'read', records, { now: Date.now() });
  const { worker } = benchWorker({
    hubId,
    appId: sim.appId,
    databaseUrl: database.url,
    db,
    crmUrl: sim.url,
    accessToken: sim.accessToken,
  });
  await new Promise((resolve) => setTimeout(resolve, WARM_UP_MS));
  const before = sim.calls.counters();
  await new Promise((resolve) => setTimeout(resolve, MEASURED_MS));
  const after = sim.calls.counters();
  const audit = (await (await fetch(`${sim.url}/_sim/audit`)).json()) as { maxInAnyTenSeconds: number };
  const used = (after.total - before.total) / ((LIMIT * MEASURED_MS) / WINDOW_MS);
  report(`outbound over 30 s at ${LATENCY_MS} ms latency, of the legal rate`, '%', [used * 100], {
    atLeast: 98,
  });
  report('  most calls in any window of 10 s', 'calls', [audit.maxInAnyTenSeconds], { atMost: LIMIT });
  report('  answered 429', 'calls', [after.byStatus['429'] ?? 0], { atMost: 0 });
  await worker.stop();
  await sim.close();
  await db.destroy();
  await database.drop();
}
