/** Outbound: how much of the legal rate is used, and that no window ever holds more. */
import { hubId as toHubId, recordId } from '@tallystick/shared/ids';
import { openDatabase } from '../../backend/store/connection.ts';
import { markDue } from '../../backend/store/due.ts';
import { startCrm } from './crm.ts';
import { benchDatabase, report } from './report.ts';
import { benchWorker } from './worker.ts';

/** More than the limit lets us read in this time, 50 a call. */
const RECORDS = 70_000;
const MEASURED_MS = 60_000;
const WARM_UP_MS = 11_000;
const LATENCY_MS = 80;
const LIMIT = 190;
const WINDOW_MS = 10_000;

export async function main(): Promise<void> {
  const database = await benchDatabase();
  const crm = await startCrm({ content: RECORDS, latencyMs: LATENCY_MS });
  const hubId = toHubId(crm.hubId);
  const db = openDatabase(database.url, hubId, () => undefined);
  await db
    .insertInto('hubs')
    .values({ hub_id: hubId, app_id: String(crm.appId), time_zone: 'UTC', connected_at: new Date() })
    .execute();
  const first = 410_000_000_001;
  const records = Array.from({ length: RECORDS }, (_, i) => ({
    object: 'company' as const,
    recordId: recordId(first + i),
  }));
  await markDue(db, hubId, 'read', records, { now: Date.now() });
  const { worker } = benchWorker({
    hubId,
    appId: crm.appId,
    databaseUrl: database.url,
    db,
    crmUrl: crm.url,
    accessToken: crm.accessToken,
  });
  await new Promise((resolve) => setTimeout(resolve, WARM_UP_MS));
  const before = await crm.audit();
  await new Promise((resolve) => setTimeout(resolve, MEASURED_MS));
  const after = await crm.audit();
  const used = (after.counters.total - before.counters.total) / ((LIMIT * MEASURED_MS) / WINDOW_MS);
  report(`outbound over 60 s at ${LATENCY_MS} ms latency, of the legal rate`, '%', [used * 100], {
    atLeast: 98,
  });
  report('  most calls in any window of 10 s', 'calls', [after.maxInAnyTenSeconds], { atMost: LIMIT });
  report('  answered 429', 'calls', [after.counters.byStatus['429'] ?? 0], { atMost: 0 });
  await worker.stop();
  crm.stop();
  await db.destroy();
  await database.drop();
}
