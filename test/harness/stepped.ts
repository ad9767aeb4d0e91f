/** What the worker's functions need, over a real database and the stand-in, for tests that step them by hand. */
import { randomBytes, randomUUID } from 'node:crypto';
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
import type { Db, Definition } from '../../backend/store/database.ts';
import { storeEdit } from '../../backend/store/edits.ts';
import { readHead } from '../../backend/store/journal.ts';
import { LANES } from '../../backend/store/lanes.ts';
import { nextWork } from '../../backend/store/work.ts';
import { loadBreaker } from '../../backend/sync/breakerMemory.ts';
import { Budget, type Clock } from '../../backend/sync/budget.ts';
import type { Context } from '../../backend/sync/context.ts';
import { loadDrift } from '../../backend/sync/drift.ts';
import { acquireLease, type Lease } from '../../backend/sync/lease.ts';
import { MirrorCache } from '../../backend/sync/mirrorCache.ts';
import { round } from '../../backend/sync/round.ts';
import { PATIENCE } from '../../backend/sync/situation.ts';
import { startSimulator, type Simulator } from '../simulator/simulator.ts';
import { clock as realClock } from './loop.ts';
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
  context(definitions?: Map<string, Definition>): Promise<Context>;
  /** Stores an edit of a record as the portal does, by a contact of the audience `direct`. */
  ask: (
    object: AppObject,
    id: string,
    fields: Record<string, [seen: string | null, wanted: string | null]>,
  ) => Promise<EditId>;
  /** One round of what is due now, or within so many ms. */
  round: (ctx: Context, withinMs?: number) => Promise<void>;
  /** Of an edit, by field. */
  states: (id: EditId) => Promise<Record<string, string>>;
  close(): Promise<void>;
}

/** `prepare` changes the stand-in before anything reads it. */
export async function startStepped(prepare: (sim: Simulator) => void = () => undefined): Promise<Stepped> {
  const [database, sim] = await Promise.all([createTestDatabase(), startSimulator()]);
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
    context: async (definitions = new Map<string, Definition>()) => {
      meanwhile.clear();
      steps.length = 0;
      return {
        ...{ hubId, appId, db, lease, clock, randomBytes, signals: createSignals() },
        crm: openCrm({ baseUrl, accessToken, typeIds: () => typeIds, requestTimeoutMs: 15_000 }),
        budget: new Budget(clock, { windowLimit: 190 }),
        log: pino({ level: 'silent' }),
        at: (step) => {
          steps.push(step);
          const then = meanwhile.get(step);
          meanwhile.delete(step);
          then?.();
        },
        patience: PATIENCE,
        health: {
          ...{ failures: 0, lastSuccessAt: clock.now(), failure: null, scopes: [], sources: {} },
          journal: { on: false, failure: null },
        },
        mirror: new MirrorCache(hubId),
        head: await readHead(db, hubId),
        pauses: [],
        breaker: await loadBreaker(db, hubId, appId, clock.now()),
        definitions,
        drift: await loadDrift(db, hubId, (ids) => (typeIds = ids)),
      };
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
      const works = await nextWork(db, hubId, clock.now(), LANES, [], READ_MAX_RECORDS);
      const [first] = works;
      if (first !== undefined) await round(ctx, first.object, works, await ctx.budget.acquire(first.lane));
    },
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
