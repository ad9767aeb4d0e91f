/** What the worker's functions need, over a real database and the stand-in, for tests that step them by hand. */
import { randomUUID } from 'node:crypto';
import {
  editId as toEditId,
  hubId as toHubId,
  recordId,
  type EditId,
  type HubId,
} from '@tallystick/shared/ids';
import type { AppObject } from '@tallystick/shared/ownership';
import { pino } from 'pino';
import { openCrm, READ_MAX_RECORDS } from '../../backend/hubspot/crm.ts';
import { createSignals } from '../../backend/signals.ts';
import { openDatabase } from '../../backend/store/connection.ts';
import type { Db } from '../../backend/store/database.ts';
import { storeEdit } from '../../backend/store/edits.ts';
import { LANES } from '../../backend/store/lanes.ts';
import { nextWork } from '../../backend/store/work.ts';
import type { Clock } from '../../backend/sync/budget.ts';
import type { Context } from '../../backend/sync/context.ts';
import { acquireLease, type Lease } from '../../backend/sync/lease.ts';
import { round } from '../../backend/sync/round.ts';
import { contextOf } from '../../backend/sync/worker.ts';
import { startSimulator, type Simulator, type SimulatorOptions } from '../simulator/simulator.ts';
import { clock as realClock, mirroredValue } from './loop.ts';
import { createTestDatabase, type TestDatabase } from './postgres.ts';

export interface Stepped {
  database: TestDatabase;
  sim: Simulator;
  db: Db;
  hubId: HubId;
  lease: Lease;
  clock: Clock;
  /** What happens at a named step, once. */
  meanwhile: Map<string, () => void>;
  /** The steps that were passed since the newest context was made. */
  steps: string[];
  /** The worker's clock goes on by so many ms. */
  pass(ms: number): void;
  /** As at the beginning of a term; nothing happens meanwhile any more. */
  context(): Promise<Context>;
  /** Stores an edit of a record as the portal does, by a contact of the audience `direct`. */
  ask: (
    object: AppObject,
    id: string,
    fields: Record<string, [seen: string | null, wanted: string | null]>,
  ) => Promise<EditId>;
  /** One round of what is due now, or within so many ms. */
  round: (ctx: Context, withinMs?: number) => Promise<void>;
  /** What the mirror holds of a field; undefined: nothing is known of it. */
  mirrored: (object: AppObject, id: string, field: string) => Promise<string | null | undefined>;
  /** Of an edit, by field. */
  states: (id: EditId) => Promise<Record<string, string>>;
  close(): Promise<void>;
}

/** A round of the most urgent work that is due; false when nothing is. */
export async function oneRound(ctx: Context): Promise<boolean> {
  const works = await nextWork(ctx.db, ctx.hubId, ctx.clock.now(), LANES, [], READ_MAX_RECORDS);
  const [first] = works;
  if (first === undefined) return false;
  await round(ctx, first.object, works, await ctx.budget.acquire(first.lane));
  return true;
}

/** `prepare` changes the stand-in before anything reads it. */
export async function startStepped(
  prepare: (sim: Simulator) => void = () => undefined,
  options: SimulatorOptions = {},
): Promise<Stepped> {
  const [database, sim] = await Promise.all([createTestDatabase(), startSimulator(options)]);
  prepare(sim);
  const hubId = toHubId(sim.hubId);
  const appId = String(sim.appId);
  let ahead = 0;
  const clock: Clock = { ...realClock, now: () => Date.now() + ahead };
  const db = openDatabase(database.url, hubId, () => undefined);
  const hub = { hub_id: hubId, app_id: appId, time_zone: 'UTC', connected_at: new Date() };
  await db.insertInto('hubs').values(hub).execute();
  const lease = await acquireLease(database.url, hubId, 'test', clock.now());
  if (lease === null) throw new Error('The lease is held.');
  const meanwhile = new Map<string, () => void>();
  const steps: string[] = [];
  let typeIds: Record<string, string> = {};
  const { accessToken, url: baseUrl } = sim;
  return {
    ...{ database, sim, db, hubId, lease, clock, meanwhile, steps },
    pass: (ms) => void (ahead += ms),
    context: async () => {
      meanwhile.clear();
      steps.length = 0;
      const at = (step: string): void => {
        steps.push(step);
        const then = meanwhile.get(step);
        meanwhile.delete(step);
        then?.();
      };
      const crm = openCrm({ baseUrl, accessToken, typeIds: () => typeIds, requestTimeoutMs: 15_000 });
      const telling = { signals: createSignals(), log: pino({ level: 'silent' }), at };
      const onTypeIds = (ids: Record<string, string>): void => void (typeIds = ids);
      const deps = { hubId, appId, db, crm, clock, ...telling, windowLimit: 190, onTypeIds };
      const ctx = await contextOf(deps, lease);
      return { ...ctx, health: { ...ctx.health, lastSuccessAt: clock.now() } };
    },
    ask: async (object, id, fields) => {
      const editId = toEditId(randomUUID());
      await storeEdit(db, hubId, {
        ...{ editId, object, recordId: recordId(id), person: recordId('410'), audience: 'direct' },
        ...{ askedAt: clock.now(), action: null, guards: [], idempotencyKey: editId, fingerprint: editId },
        fields: Object.entries(fields).map(([field, [seen, wanted]]) => ({ field, seen, wanted })),
      });
      return editId;
    },
    round: async (ctx, withinMs = 0) => {
      ahead += withinMs;
      await oneRound(ctx);
    },
    mirrored: (object, id, field) => mirroredValue(db, hubId, object, id, field),
    states: async (id) => {
      const rows = await db
        .selectFrom('edit_fields')
        .select(['field', 'state'])
        .where('hub_id', '=', hubId)
        .where('edit_id', '=', id)
        .execute();
      return Object.fromEntries(rows.map(({ field, state }) => [field, state]));
    },
    close: async () => {
      await lease.release();
      await Promise.all([sim.close(), db.destroy()]);
      await database.drop();
    },
  };
}
