/** A worker over a bench database, without the rest of the service. */
import type { HubId, RecordId } from '@tallystick/shared/ids';
import type { AppObject } from '@tallystick/shared/ownership';
import { pino } from 'pino';
import { openCrm } from '../../backend/hubspot/crm.ts';
import { translator } from '../../backend/intake/translate.ts';
import { createSignals, type Signals } from '../../backend/signals.ts';
import type { Db } from '../../backend/store/database.ts';
import type { Packed } from '../../backend/store/kept.ts';
import { startWorker, type Worker } from '../../backend/sync/worker.ts';
import { clock } from '../harness/loop.ts';

export function benchWorker(options: {
  hubId: HubId;
  appId: number;
  databaseUrl: string;
  db: Db;
  crmUrl: string;
  accessToken: string;
}): { worker: Worker; signals: Signals } {
  const signals = createSignals();
  const worker = startWorker({
    ...{
      hubId: options.hubId,
      appId: String(options.appId),
      databaseUrl: options.databaseUrl,
      db: options.db,
    },
    crm: openCrm({ baseUrl: options.crmUrl, accessToken: options.accessToken, typeIds: () => ({}) }),
    onTypeIds: () => undefined,
    translate: translator(() => ({})),
    ...{ signals, clock, windowLimit: 190, holder: 'bench', log: pino({ level: 'silent' }) },
  });
  return { worker, signals };
}

/** Mirror rows as a backfill would leave them. */
export async function fillMirror(
  db: Db,
  hubId: HubId,
  object: AppObject,
  ids: readonly RecordId[],
  fields: readonly string[],
): Promise<void> {
  const kept = (value: string): Packed => [value, 1, 'CRM_UI', 'userId:7', null, 1, 1, 1, 1];
  const packed = JSON.stringify({
    ...Object.fromEntries(fields.map((field) => [field, kept('a value')])),
    $life: kept('present'),
  });
  for (let i = 0; i < ids.length; i += 1_000) {
    const rows = ids.slice(i, i + 1_000).map((recordId) => ({
      hub_id: hubId,
      object,
      record_id: recordId,
      life: 'present',
      fields: packed,
      found_seq: '1',
      changed_seq: '1',
    }));
    await db.insertInto('mirror').values(rows).execute();
  }
}
