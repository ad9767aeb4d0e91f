/** What the worker's functions need, over a real database and the stand-in, for tests that step them by hand. */
import { hubId as toHubId, type HubId } from '@tallystick/shared/ids';
import { pino } from 'pino';
import { openCrm } from '../../backend/hubspot/crm.ts';
import { createSignals } from '../../backend/signals.ts';
import { openDatabase } from '../../backend/store/connection.ts';
import type { Db, Definition } from '../../backend/store/database.ts';
import type { Clock } from '../../backend/sync/budget.ts';
import type { Context } from '../../backend/sync/context.ts';
import { acquireLease, type Lease } from '../../backend/sync/lease.ts';
import { contextOf } from '../../backend/sync/worker.ts';
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
      const at = (step: string): void => {
        steps.push(step);
        const then = meanwhile.get(step);
        meanwhile.delete(step);
        then?.();
      };
      const crm = openCrm({ baseUrl, accessToken, typeIds: () => ({}), requestTimeoutMs: 15_000 });
      const telling = { signals: createSignals(), log: pino({ level: 'silent' }), at };
      const deps = { hubId, appId, db, crm, clock, ...telling, windowLimit: 190, onTypeIds: () => undefined };
      const ctx = await contextOf(deps, lease);
      return { ...ctx, definitions, health: { ...ctx.health, lastSuccessAt: clock.now() } };
    },
    close: async () => {
      await lease.release();
      await Promise.all([sim.close(), db.destroy()]);
      await database.drop();
    },
  };
}
