/**
 * The hub's worker without its loops: the same functions over a real Postgres and the stand-in over real HTTP, one at a
 * time, in an order that somebody else chooses. So one seed gives one history.
 */
import {
  editId as toEditId,
  hubId as toHubId,
  type EditId,
  type HubId,
  type PersonId,
  type RecordId,
} from '@tallystick/shared/ids';
import { OBJECTS, type AppObject } from '@tallystick/shared/ownership';
import { pino } from 'pino';
import { openCrm, type Crm } from '../../backend/hubspot/crm.ts';
import type { Answer } from '../../backend/hubspot/transport.ts';
import { openWebhooksJournal } from '../../backend/hubspot/webhooksJournal.ts';
import { workOnJobs } from '../../backend/intake/jobs.ts';
import { readToItsEnd } from '../../backend/intake/journal.ts';
import { translator } from '../../backend/intake/translate.ts';
import { createSignals } from '../../backend/signals.ts';
import { openDatabase } from '../../backend/store/connection.ts';
import type { Db, Order } from '../../backend/store/database.ts';
import { storeCreation, type NewCreation } from '../../backend/store/creations.ts';
import { storeEdit, type NewEdit } from '../../backend/store/edits.ts';
import { storeOrder } from '../../backend/store/orders.ts';
import { orderJobs } from '../../backend/store/jobs.ts';
import { applyBatch, type Translate } from '../../backend/sync/apply.ts';
import type { Context } from '../../backend/sync/context.ts';
import { loadDefinitions, refreshDefinitions } from '../../backend/sync/definitions.ts';
import { makeCreations } from '../../backend/sync/creations.ts';
import { eraseWaiting } from '../../backend/sync/erasure.ts';
import { carryOutOrders } from '../../backend/sync/orders.ts';
import { Inbox } from '../../backend/sync/inbox.ts';
import { acquireLease, type Lease } from '../../backend/sync/lease.ts';
import { contextOf } from '../../backend/sync/worker.ts';
import { oneRound } from '../harness/stepped.ts';
import type { Random } from '../simulator/random.ts';
import type { Simulator } from '../simulator/simulator.ts';
import { PatientBudget, type VirtualClock } from './time.ts';

const WINDOW_LIMIT = 190;

/** The process died at a named step, or in a call. */
export class Crash extends Error {
  override name = 'Crash';
}

/** What may happen around a call to the CRM; the history decides. */
export interface Around {
  /** Before the call goes out. */
  before(name: string): 'go' | 'lost' | 'late' | 'answer-lost' | 'crash' | 'crash-after';
  /** At a named step of the worker: true means that the process dies here. */
  diesAt(step: string): boolean;
}

export interface SimulatedService {
  hubId: HubId;
  db: Db;
  ctx: () => Context;
  /** Applies a batch of what was delivered; false when nothing waits. */
  apply(): Promise<boolean>;
  /** One round of due work of the most urgent lane; false when nothing may be done now. */
  work(): Promise<boolean>;
  /** A page of reading or comparing everything; false when nothing is to be done now. */
  jobs(): Promise<boolean>;
  erase(): Promise<boolean>;
  /** Everything is read, or compared with the CRM. */
  order(kind: 'backfill' | 'reconcile'): Promise<void>;
  /** A webhook request, stored as the intake stores it. */
  store(events: readonly object[]): Promise<void>;
  ask(edit: AskedEdit): Promise<EditId>;
  /** Something new, as the portal stores what a customer raises. */
  raise(made: Pick<NewCreation, 'name' | 'object' | 'person' | 'fields' | 'on' | 'companies'>): Promise<void>;
  /** What a member of staff orders. */
  command(userId: string, order: Order): Promise<void>;
  /** Carries out what was ordered. */
  orders(): Promise<boolean>;
  /** Makes what was raised. */
  make(): Promise<boolean>;
  /** Reads the webhooks journal to its end. */
  journal(): Promise<boolean>;
  /** One of the calls that were given up is carried out after all; `which` in [0, 1). False when there is none. */
  lateCall(which: number): Promise<boolean>;
  /** A new process: nothing but the database is left. */
  restart(): Promise<void>;
  close(): Promise<void>;
}

export interface AskedEdit {
  object: AppObject;
  recordId: RecordId;
  person: PersonId;
  /** Where nothing is said, a customer's own. */
  as?: Partial<Pick<NewEdit, 'audience' | 'action' | 'guards' | 'ruling'>>;
  fields: Readonly<Record<string, { seen: string | null; wanted: string | null }>>;
}

export async function openService(options: {
  databaseUrl: string;
  sim: Simulator;
  time: VirtualClock;
  random: Random;
  around: Around;
}): Promise<SimulatedService> {
  const { databaseUrl, sim, time, random, around } = options;
  const hubId = toHubId(sim.hubId);
  const db = openDatabase(databaseUrl, hubId, () => undefined);
  await db
    .insertInto('hubs')
    .values({
      hub_id: hubId,
      app_id: String(sim.appId),
      time_zone: 'UTC',
      connected_at: new Date(time.now()),
    })
    .execute();
  let typeIds: Record<string, string> = {};
  const term = new AbortController().signal;
  const webhooksJournal = openWebhooksJournal({
    ...{ baseUrl: sim.url, clientId: sim.clientId, clientSecrets: [sim.clientSecret] },
    now: () => time.now(),
  });
  const translate: Translate = translator(() => typeIds);
  const plain = openCrm({ baseUrl: sim.url, accessToken: sim.accessToken, typeIds: () => typeIds });
  let ctx: Context;
  let inbox: Inbox;
  let lease: Lease;

  const die = (where: string): never => {
    void lease.release();
    throw new Crash(where);
  };
  const late: (() => Promise<unknown>)[] = [];
  const crm = disturbed(plain, time, random, around, die, late);

  const start = async (): Promise<void> => {
    const taken = await acquireLease(databaseUrl, hubId, 'simulated', time.now());
    if (taken === null) throw new Error('The lease is still held.');
    lease = taken;
    const deps = {
      ...{ hubId, appId: String(sim.appId), db, crm, clock: time, windowLimit: WINDOW_LIMIT },
      onTypeIds: (ids: Record<string, string>) => void (typeIds = ids),
      signals: createSignals(),
      log: pino({ level: process.env.TALLYSTICK_LOG ?? 'silent' }),
      at: (step: string) => {
        if (around.diesAt(step)) die(step);
      },
    };
    ctx = {
      ...(await contextOf(deps, lease)),
      budget: new PatientBudget(time, { windowLimit: WINDOW_LIMIT }),
      randomBytes: (count) => Buffer.from(Array.from({ length: count }, () => random.int(256))),
    };
    inbox = new Inbox(hubId, (work) => work(db), time);
  };
  await start();
  // The beginning is undisturbed: definitions are read, and everything once.
  ctx!.crm = plain;
  await refreshDefinitions(ctx!, (ids) => (typeIds = ids));
  ctx!.crm = crm;
  ctx!.definitions = await loadDefinitions(db, hubId);

  return {
    hubId,
    db,
    ctx: () => ctx,
    apply: async () => {
      const batch = await inbox.next([]);
      if (batch !== null) await applyBatch(ctx, translate, batch);
      return batch !== null;
    },
    work: () => oneRound(ctx),
    jobs: () => workOnJobs(ctx),
    erase: async () => (await eraseWaiting(ctx)) > 0,
    order: async (kind) => {
      await orderJobs(db, hubId, kind, OBJECTS, time.now());
    },
    store: async (events) => {
      await db
        .insertInto('deliveries')
        .values({ hub_id: hubId, received_at: new Date(time.now()), events: JSON.stringify(events) })
        .execute();
    },
    ask: async ({ object, recordId, person, fields, as = {} }) => {
      const editId = toEditId(random.uuid());
      const asked = Object.entries(fields).map(([field, one]) => ({ field, ...one }));
      const keys = { idempotencyKey: editId, fingerprint: editId, askedAt: time.now() };
      const edit = { editId, object, recordId, person, ...keys, fields: asked };
      await storeEdit(db, hubId, { ...edit, audience: 'direct', action: null, guards: [], ...as });
      return editId;
    },
    raise: async (made) => {
      const editId = toEditId(random.uuid());
      const keys = { idempotencyKey: editId, fingerprint: editId, askedAt: time.now() };
      await storeCreation(db, hubId, { ...made, ...keys, editId, audience: 'direct', uploadId: null });
    },
    command: async (userId, order) => {
      await storeOrder(db, hubId, { userId, key: random.uuid(), order, now: time.now() });
    },
    orders: async () => (await carryOutOrders(ctx)) > 0,
    make: async () => (await makeCreations(ctx)) > 0,
    journal: async () => {
      await readToItsEnd(ctx, webhooksJournal, term);
      return true;
    },
    lateCall: async (which) => {
      const [call] = late.splice(Math.floor(which * late.length), 1);
      await call?.();
      return call !== undefined;
    },
    restart: async () => {
      await lease.release();
      await start();
    },
    close: async () => {
      await lease.release();
      await db.destroy();
    },
  };
}

/** Each call takes time, may get lost before or after it was carried out, come much later, and may be the process's last. */
function disturbed(
  crm: Crm,
  time: VirtualClock,
  random: Random,
  around: Around,
  die: (where: string) => never,
  late: (() => Promise<unknown>)[],
): Crm {
  const lost: Answer<never> = {
    limits: { windowLimit: null, windowRemaining: null, dailyLimit: null, dailyRemaining: null },
    ok: false,
    failure: { is: 'ambiguous', message: 'The line broke.' },
  };
  return new Proxy(crm, {
    get: (target, name) => {
      const call = Reflect.get(target, name) as (...given: unknown[]) => Promise<Answer<unknown>>;
      return async (...given: unknown[]): Promise<Answer<unknown>> => {
        const what = around.before(String(name));
        if (what === 'crash') die(String(name));
        time.pass(1 + random.int(60));
        if (what === 'late') late.push(() => call(...given));
        if (what === 'lost' || what === 'late') return lost;
        const answer = await call(...given);
        time.pass(1 + random.int(60));
        if (what === 'crash-after') die(String(name));
        return what === 'answer-lost' ? lost : answer;
      };
    },
  });
}
