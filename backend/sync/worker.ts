/**
 * The hub's worker: takes the lease, then keeps its loops going until it is lost or the service stops.
 *   events: deliveries into the mirror
 *   people, machines: due records, most urgent lane first, as fast as the budget lets
 *   heart: says that this worker lives; keeping: definitions
 *   jobs: everything of an object: backfill, reconcile
 *   lookout: where many hubs are served, one look for what nobody told of, instead of one a loop
 *   beside: what other systems say of fields they own, and the webhooks journal
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { setMaxListeners } from 'node:events';
import type { HubId } from '@tallystick/shared/ids';
import type { Logger } from 'pino';
import { readJournal } from '../intake/journal.ts';
import { Bell, isAborted, pause } from '../bell.ts';
import type { Meter } from '../meter.ts';
import type { Crm } from '../hubspot/crm.ts';
import type { WebhooksJournal } from '../hubspot/webhooksJournal.ts';
import type { Signals } from '../signals.ts';
import type { Db } from '../store/database.ts';
import { readHead } from '../store/journal.ts';
import type { Source } from '../sources/source.ts';
import { loadPauses } from '../store/orders.ts';
import type { Translate } from './apply.ts';
import { loadBreaker } from './breakerMemory.ts';
import { Budget, BudgetClosed, type Clock } from './budget.ts';
import type { Context } from './context.ts';
import { loadDefinitions } from './definitions.ts';
import { loadDrift } from './drift.ts';
import { BATCH_BYTES, Inbox, LOOK_MS, type Look } from './inbox.ts';
import { canaryLoop, type CanaryPlace } from './canary.ts';
import { taskLoop } from './alertTasks.ts';
import { heartLoop, keepingLoop } from './keeping.ts';
import { acquireLease, whileProving, type Lease } from './lease.ts';
import {
  askedLoop,
  eventLoop,
  jobLoop,
  lookout,
  MACHINE_LANES,
  PEOPLE_LANES,
  ringDue,
  workLoop,
  type Bells,
  type Rest,
} from './loops.ts';
import { MirrorCache } from './mirrorCache.ts';
import { eraseWaiting } from './erasure.ts';
import { makeCreations } from './creations.ts';
import { linkIdentities } from './identities.ts';
import { carryOutOrders, carryOutStored } from './orders.ts';
import { PATIENCE, type Patience } from './situation.ts';
import { sourceLoop, SOURCE_LOOK_MS } from './sources.ts';

const LEASE_RETRY_MS = 250;
const RESTART_MS = 500;
const JOBS_LOOK_MS = 1_000;
const ASKED_LOOK_MS = 1_000;
/** Where there is a lookout, a loop looks for itself this seldom. */
const OWN_LOOK_MS = 30_000;
const OFF = { on: false, failure: null };
const NO_REST: Rest = () => Promise.resolve();

export interface WorkerDeps {
  hubId: HubId;
  appId: string;
  databaseUrl: string;
  db: Db;
  crm: Crm;
  /** Hears the type ids of custom objects when they were read. */
  onTypeIds: (typeIds: Record<string, string>) => void;
  translate: Translate;
  signals: Signals;
  clock: Clock;
  windowLimit: number;
  holder: string;
  log: Logger;
  at?: (step: string) => void;
  patience?: Patience;
  sign?: Context['sign'];
  /** Other systems that own fields; their values are written to the CRM. */
  sources?: readonly Source[];
  sourceLookMs?: number;
  /** Null: the layer is off, because its settings are missing. */
  webhooksJournal?: WebhooksJournal | null;
  /** Under the lease, before anything else is done for the hub. */
  prepare?: () => Promise<void>;
  /** Ends with its first term, also where another worker has the lease, instead of waiting for the next one. */
  oneTerm?: boolean;
  /** Of events that are applied in one go: the less, the sooner other hubs of this process have their turn. */
  batchBytes?: number;
  /** How often one look is taken for what nobody told of; absent: each loop looks for itself, and more often. */
  lookoutMs?: number;
  /** Between full batches of events and of records, so that others have their turn; absent: it goes on at once. */
  rest?: Rest;
  meter?: Meter | undefined;
  /** Null: no round trips are made. */
  canary?: CanaryPlace | null;
  /** The CRM user who gets alerts as tasks; null: nobody. */
  alertTaskOwner?: string | null;
  /** Runs while this worker speaks for the hub, and holds up none of its loops; ends when `term` is aborted. */
  beside?: (term: { epoch: number; signal: AbortSignal }) => Promise<void>;
}

export interface Worker {
  /** Resolves when this worker holds the lease. */
  leading: Promise<void>;
  /** Resolves when it has stopped, or its only term is over. */
  ended: Promise<void>;
  stop(): Promise<void>;
}

export function startWorker(deps: WorkerDeps): Worker {
  const stopping = new AbortController();
  let lead: () => void = () => undefined;
  const leading = new Promise<void>((resolve) => (lead = resolve));
  const running = terms(deps, stopping.signal, lead);
  return {
    leading,
    ended: running,
    stop: async () => {
      stopping.abort();
      await running;
    },
  };
}

/** One term after the other: wait for the lease, serve, lose it, wait again. */
async function terms(deps: WorkerDeps, stopping: AbortSignal, lead: () => void): Promise<void> {
  for (let term = 1; !stopping.aborted && (term === 1 || deps.oneTerm !== true); term += 1) {
    try {
      const lease = await acquireLease(deps.databaseUrl, deps.hubId, deps.holder, deps.clock.now());
      if (lease === null) {
        if (deps.oneTerm !== true) await pause(deps.clock, LEASE_RETRY_MS, stopping);
        continue;
      }
      deps.log.info({ hub: deps.hubId, epoch: lease.epoch }, 'This worker speaks for the hub now.');
      try {
        await whileProving(lease, deps.clock, async () => deps.prepare?.());
        await serve(deps, lease, stopping, lead);
      } finally {
        await lease.release();
      }
    } catch (error) {
      if (isAborted(stopping)) return;
      deps.log.error({ err: error, hub: deps.hubId }, 'The worker lost its hub and will try again.');
      if (deps.oneTerm !== true) await pause(deps.clock, RESTART_MS, stopping);
    }
  }
}

async function serve(deps: WorkerDeps, lease: Lease, stopping: AbortSignal, lead: () => void): Promise<void> {
  const ctx = await whileProving(lease, deps.clock, () => contextOf(deps, lease));
  const term = new AbortController();
  setMaxListeners(0, term.signal); // every loop waits for its end
  const end = (): void => {
    term.abort();
    ctx.budget.close();
  };
  stopping.addEventListener('abort', end);
  if (stopping.aborted) end();
  const bell = (): Bell => new Bell(deps.clock, term.signal);
  // `asked` is rung by people alone, not at the end of every round.
  const bells: Bells = { arrived: bell(), people: bell(), machines: bell(), asked: bell(), jobs: bell() };
  const hasLookout = deps.lookoutMs !== undefined;
  const lookMs = hasLookout ? OWN_LOOK_MS : LOOK_MS;
  const askedMs = hasLookout ? OWN_LOOK_MS : ASKED_LOOK_MS;
  // Where many hubs share a pool, the lease's own connection is the one that is bound to this hub already.
  const look: Look = hasLookout ? (work) => lease.exclusive((db) => work(db)) : (work) => work(deps.db);
  const inbox = new Inbox(deps.hubId, look, deps.clock, {
    lookMs,
    batchBytes: deps.batchBytes ?? BATCH_BYTES,
  });
  const offWake = deps.signals.onWake((hubId) => {
    if (hubId !== deps.hubId) return;
    ringDue(bells);
    bells.asked.ring();
  });
  const offArrived = deps.signals.onArrived((hubId, arrived) => {
    if (hubId !== deps.hubId) return;
    if (arrived === null) inbox.lookSoon();
    else inbox.put(arrived);
    bells.arrived.ring();
  });
  void lease.lost.then(end);
  lead();
  const beside = runBeside(ctx, deps, term.signal);
  try {
    await carryOutStored(ctx);
    const { signal } = term;
    const shared = { signal, bells, look, lookMs, rest: deps.rest ?? NO_REST, busy: new Set<string>() };
    const loops = [
      eventLoop(ctx, deps.translate, inbox, shared),
      workLoop(ctx, { ...shared, rest: NO_REST }, PEOPLE_LANES, bells.people),
      workLoop(ctx, shared, MACHINE_LANES, bells.machines),
      heartLoop(ctx, term.signal),
      keepingLoop(ctx, deps.onTypeIds, term.signal),
      jobLoop(ctx, bells.jobs, term.signal, hasLookout ? OWN_LOOK_MS : JOBS_LOOK_MS),
      askedLoop(bells.asked, term.signal, askedMs, () => carryOutOrders(ctx)),
      askedLoop(bells.asked, term.signal, askedMs, () => makeCreations(ctx)),
      askedLoop(bells.asked, term.signal, askedMs, () => linkIdentities(ctx)),
      askedLoop(bells.asked, term.signal, askedMs, () => eraseWaiting(ctx)),
      ...(deps.lookoutMs === undefined ? [] : [lookout(ctx, inbox, shared, deps.lookoutMs)]),
    ];
    const ends = await Promise.allSettled(loops.map((loop) => loop.finally(end)));
    const failed = ends.find((loop) => loop.status === 'rejected' && !(loop.reason instanceof BudgetClosed));
    if (failed?.status === 'rejected') throw failed.reason;
  } finally {
    await beside;
    offWake();
    offArrived();
    stopping.removeEventListener('abort', end);
  }
}

/** What may end, or fail, without ending the term. */
async function runBeside(ctx: Context, deps: WorkerDeps, term: AbortSignal): Promise<void> {
  const works = [
    sourceLoop(ctx, deps.sources ?? [], deps.sourceLookMs ?? SOURCE_LOOK_MS, term),
    readJournal(ctx, deps.webhooksJournal ?? null, term),
    canaryLoop(ctx, deps.canary ?? null, randomUUID, term),
    taskLoop(ctx, deps.alertTaskOwner ?? null, term),
    deps.beside?.({ epoch: ctx.lease.epoch, signal: term }) ?? Promise.resolve(),
  ];
  for (const ended of await Promise.allSettled(works)) {
    if (ended.status === 'rejected')
      deps.log.error({ err: ended.reason, hub: deps.hubId }, 'Work beside the worker ended.');
  }
}

type ContextDeps = Pick<
  WorkerDeps,
  'hubId' | 'appId' | 'db' | 'crm' | 'onTypeIds' | 'signals' | 'clock' | 'windowLimit' | 'log'
> &
  Partial<WorkerDeps>;

/** As at the beginning of a term. */
export async function contextOf(deps: ContextDeps, lease: Lease): Promise<Context> {
  return {
    hubId: deps.hubId,
    appId: deps.appId,
    db: deps.db,
    lease,
    crm: deps.crm,
    budget: new Budget(deps.clock, { windowLimit: deps.windowLimit }),
    clock: deps.clock,
    randomBytes,
    signals: deps.signals,
    log: deps.log,
    at: deps.at ?? (() => undefined),
    patience: deps.patience ?? PATIENCE,
    sign: deps.sign,
    meter: deps.meter,
    health: { failures: 0, lastSuccessAt: 0, failure: null, scopes: [], sources: {}, journal: OFF },
    mirror: new MirrorCache(deps.hubId),
    head: await readHead(deps.db, deps.hubId),
    pauses: await loadPauses(deps.db, deps.hubId),
    breaker: await loadBreaker(deps.db, deps.hubId, deps.appId, deps.clock.now()),
    definitions: await loadDefinitions(deps.db, deps.hubId),
    drift: await loadDrift(deps.db, deps.hubId, deps.onTypeIds),
  };
}
