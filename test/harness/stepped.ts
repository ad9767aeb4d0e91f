/** What the worker's functions need, over a real database and the stand-in, for tests that step them by hand. */
import { randomBytes } from 'node:crypto';
import { hubId as toHubId, type HubId } from '@tallystick/shared/ids';
import { pino } from 'pino';
import { openCrm } from '../../backend/hubspot/crm.ts';
import { createSignals } from '../../backend/signals.ts';
import { openDatabase } from '../../backend/store/connection.ts';
import type { Db, Definition } from '../../backend/store/database.ts';
import { readHead } from '../../backend/store/journal.ts';
import { loadBreaker } from '../../backend/sync/breakerMemory.ts';
import { Budget, type Clock } from '../../backend/sync/budget.ts';
import type { Context } from '../../backend/sync/context.ts';
import { loadDrift } from '../../backend/sync/drift.ts';
import { acquireLease, type Lease } from '../../backend/sync/lease.ts';
import { MirrorCache } from '../../backend/sync/mirrorCache.ts';
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
  const { accessToken, url: baseUrl } = sim;
  return {
    ...{ database, sim, db, hubId, lease, clock, meanwhile, steps },
    pass: (ms) => void (ahead += ms),
    context: async (definitions = new Map<string, Definition>()) => {
      meanwhile.clear();
      steps.length = 0;
      return {
        ...{ hubId, appId, db, lease, clock, randomBytes, signals: createSignals() },
        crm: openCrm({ baseUrl, accessToken, typeIds: () => ({}), requestTimeoutMs: 15_000 }),
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
        drift: await loadDrift(db, hubId, () => undefined),
      };
    },
    close: async () => {
      await lease.release();
      await Promise.all([sim.close(), db.destroy()]);
      await database.drop();
    },
  };
}
