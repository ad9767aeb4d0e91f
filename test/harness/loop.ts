/** A hub's worker over a real database and the simulator over real HTTP: what the loop's tests drive. */
import { randomUUID } from 'node:crypto';
import {
  editId as toEditId,
  hubId as toHubId,
  recordId as toRecordId,
  type EditId,
  type HubId,
  type RecordId,
} from '@tallystick/shared/ids';
import type { EditState } from '@tallystick/shared/messages';
import type { AppObject } from '@tallystick/shared/ownership';
import { pino } from 'pino';
import { openCrm } from '../../backend/hubspot/crm.ts';
import { openWebhooksJournal } from '../../backend/hubspot/webhooksJournal.ts';
import { translator } from '../../backend/intake/translate.ts';
import { createSignals, type Signals } from '../../backend/signals.ts';
import { openDeliveryStore } from '../../backend/store/deliveries.ts';
import { openDatabase } from '../../backend/store/connection.ts';
import type { Source } from '../../backend/sources/source.ts';
import type { Db } from '../../backend/store/database.ts';
import type { Clock } from '../../backend/sync/budget.ts';
import { startWorker, type Worker, type WorkerDeps } from '../../backend/sync/worker.ts';
import { startSimulator, type Simulator, type SimulatorOptions } from '../simulator/simulator.ts';
import { createTestDatabase, type TestDatabase } from './postgres.ts';

export const clock: Clock = {
  now: Date.now,
  after: (delayMs, work) => {
    const timer = setTimeout(work, delayMs);
    return () => clearTimeout(timer);
  },
};

export interface LoopHarness {
  sim: Simulator;
  db: Db;
  hubId: HubId;
  signals: Signals;
  database: TestDatabase;
  worker: Worker;
  /** Stops the worker and starts another one, as after a restart. */
  restart(): Promise<void>;
  /** Stores an edit as the portal does: durable, then due. */
  ask(edit: Ask): Promise<EditId>;
  fieldState(
    id: EditId,
    field: string,
  ): Promise<{ state: EditState; rule: string | null; reason: string | null; crm_value: string | null }>;
  /** Stores webhook events as the intake does. */
  deliver(events: readonly unknown[]): Promise<void>;
  mirrored(object: AppObject, id: string, field: string): Promise<string | null | undefined>;
  close(): Promise<void>;
}

export interface Ask {
  object: AppObject;
  id: string;
  person: string;
  audience?: string;
  at?: number;
  fields: Record<string, { seen: string | null; wanted: string | null }>;
  guards?: { field: string; seen: string | null }[];
}

export async function startLoop(
  options: SimulatorOptions & {
    log?: boolean;
    at?: (step: string) => void;
    sources?: readonly Source[];
    sourceLookMs?: number;
    /** Reads the stand-in's webhooks journal too. */
    journal?: boolean;
    /** The worker lives by the stand-in's clock, which a test can move on. */
    worldTime?: boolean;
    /** Made when the hub is there; runs beside every worker that is started. */
    beside?: (facts: { db: Db; hubId: HubId; signals: Signals }) => WorkerDeps['beside'];
    /** Changes the stand-in before the worker reads its schema. */
    prepare?: (sim: Simulator) => void;
    /** The CRM user who gets alerts as tasks. */
    alertTaskOwner?: string;
    /** Of a benchmark; the tests have theirs. */
    database?: TestDatabase;
  } = {},
): Promise<LoopHarness> {
  const sim = await startSimulator(options);
  options.prepare?.(sim);
  const database = options.database ?? (await createTestDatabase());
  const deliveries = openDeliveryStore(database.url, () => undefined);
  const hubId = toHubId(sim.hubId);
  const db = openDatabase(database.url, hubId, () => undefined);
  const signals = createSignals();
  await db
    .insertInto('hubs')
    .values({
      hub_id: hubId,
      app_id: String(sim.appId),
      time_zone: 'UTC',
      connected_at: new Date(sim.world.clock.now()),
    })
    .execute();
  let typeIds: Record<string, string> = {};
  const crm = openCrm({
    baseUrl: sim.url,
    accessToken: sim.accessToken,
    typeIds: () => typeIds,
    requestTimeoutMs: 2_000,
  });
  const time = options.worldTime === true ? worldClock(sim) : clock;
  const { url: baseUrl, clientId, clientSecret } = sim;
  const webhooksJournal =
    options.journal === true
      ? openWebhooksJournal({ baseUrl, clientId, clientSecrets: [clientSecret], now: () => time.now() })
      : null;
  const start = (): Worker =>
    startWorker({
      hubId,
      appId: String(sim.appId),
      databaseUrl: database.url,
      db,
      crm,
      onTypeIds: (ids) => (typeIds = ids),
      translate: translator(() => typeIds),
      signals,
      clock: time,
      webhooksJournal,
      windowLimit: 190,
      holder: 'test',
      log: pino({ level: options.log === true ? 'debug' : 'silent' }),
      ...(options.at === undefined ? {} : { at: options.at }),
      alertTaskOwner: options.alertTaskOwner ?? null,
      sources: options.sources ?? [],
      sourceLookMs: options.sourceLookMs ?? 60_000,
      ...besideOf(options.beside?.({ db, hubId, signals })),
    });
  const harness: LoopHarness = {
    sim,
    db,
    hubId,
    signals,
    database,
    worker: start(),
    restart: async () => {
      await harness.worker.stop();
      harness.worker = start();
      await harness.worker.leading;
    },
    ask: async (edit) => {
      const id = await storeEdit(db, hubId, edit);
      signals.wake(hubId);
      return id;
    },
    fieldState: (id, field) =>
      db
        .selectFrom('edit_fields')
        .select(['state', 'rule', 'reason', 'crm_value'])
        .where('hub_id', '=', hubId)
        .where('edit_id', '=', id)
        .where('field', '=', field)
        .executeTakeFirstOrThrow(),
    deliver: async (events) => {
      const delivery = { hubId, receivedAt: time.now(), events: JSON.stringify(events) };
      for (const [hub, ids] of await deliveries.store([delivery]))
        signals.arrived(hub, { ids, deliveries: [delivery] });
    },
    mirrored: (object, id, field) => mirroredValue(db, hubId, object, id, field),
    close: async () => {
      await harness.worker.stop();
      await sim.close();
      await deliveries.close();
      await db.destroy();
      await database.drop();
    },
  };
  await harness.worker.leading;
  return harness;
}

/** What the mirror holds of a field; undefined: nothing is known of it. */
export async function mirroredValue(
  db: Db,
  hubId: HubId,
  object: AppObject,
  id: string,
  field: string,
): Promise<string | null | undefined> {
  const row = await db
    .selectFrom('mirror')
    .select('fields')
    .where('hub_id', '=', hubId)
    .where('object', '=', object)
    .where('record_id', '=', toRecordId(id))
    .executeTakeFirst();
  return row?.fields[field]?.[0];
}

/** Moved on by `sim.world.clock.advance`; whatever became due runs at once. */
function worldClock({ world }: Simulator): Clock {
  return {
    now: () => world.clock.now(),
    after: (delayMs, work) => {
      let wanted = true;
      world.clock.at(world.clock.now() + delayMs, () => {
        if (wanted) work();
      });
      return () => (wanted = false);
    },
  };
}

const besideOf = (beside: WorkerDeps['beside']): Pick<WorkerDeps, 'beside'> =>
  beside === undefined ? {} : { beside };

async function storeEdit(db: Db, hubId: HubId, edit: Ask): Promise<EditId> {
  const id = toEditId(randomUUID());
  const recordId = toRecordId(edit.id);
  const at = new Date(edit.at ?? Date.now());
  await db.transaction().execute(async (trx) => {
    await trx
      .insertInto('edits')
      .values({
        hub_id: hubId,
        edit_id: id,
        object: edit.object,
        record_id: recordId,
        person: toRecordId(edit.person),
        audience: edit.audience ?? 'direct',
        asked_at: at,
        action: null,
        guards: JSON.stringify(edit.guards ?? []),
        idempotency_key: id,
        fingerprint: id,
      })
      .execute();
    await trx
      .insertInto('edit_fields')
      .values(
        Object.entries(edit.fields).map(([field, { seen, wanted }]) => ({
          hub_id: hubId,
          edit_id: id,
          field,
          object: edit.object,
          record_id: recordId,
          seen,
          wanted,
          state: 'accepted' as const,
          rule: null,
          reason: null,
          crm_value: null,
          changed_at: at,
        })),
      )
      .execute();
    await markDueNow(trx, hubId, edit.object, recordId, 0);
  });
  return id;
}

export async function markDueNow(
  db: Db,
  hubId: HubId,
  object: AppObject,
  recordId: RecordId,
  lane: number,
): Promise<void> {
  await db
    .insertInto('due')
    .values({ hub_id: hubId, object, record_id: recordId, lane, not_before: new Date(), since: new Date() })
    .onConflict((conflict) =>
      conflict.columns(['hub_id', 'object', 'record_id']).doUpdateSet((eb) => ({
        lane: eb.fn('least', ['due.lane', 'excluded.lane']),
        not_before: eb.fn('least', ['due.not_before', 'excluded.not_before']),
        version: eb('due.version', '+', 1),
        parked_at: null,
      })),
    )
    .execute();
}
