/**
 * The hub's worker: takes the lease, then keeps its loops going until it is lost or the service stops.
 *   events: deliveries into the mirror
 *   people, machines: due records, most urgent lane first, as fast as the budget lets
 *   heart: says that this worker lives; keeping: definitions
 *   jobs: everything of an object: backfill, reconcile
 *   beside: what other systems say of fields they own, and the webhooks journal
 */
import { randomBytes, randomUUID } from 'node:crypto';
import type { HubId } from '@tallystick/shared/ids';
import type { Logger } from 'pino';
import { workOnJobs } from '../intake/jobs.ts';
import { readJournal } from '../intake/journal.ts';
import { Bell, pause } from '../bell.ts';
import type { Meter } from '../meter.ts';
import { READ_MAX_RECORDS, type Crm } from '../hubspot/crm.ts';
import type { WebhooksJournal } from '../hubspot/webhooksJournal.ts';
import type { Arrived, Signals } from '../signals.ts';
import type { Db } from '../store/database.ts';
import { readHead } from '../store/journal.ts';
import type { Lane } from '../store/lanes.ts';
import { keyOf } from '../store/mirror.ts';
import type { Source } from '../sources/source.ts';
import { loadPauses } from '../store/orders.ts';
import { nextWork, nextWorkAt, type Work } from '../store/work.ts';
import { applyBatch, type Translate } from './apply.ts';
import { loadBreaker } from './breakerMemory.ts';
import { Budget, BudgetClosed, type Clock, type Ticket } from './budget.ts';
import type { Context } from './context.ts';
import { loadDefinitions } from './definitions.ts';
import { loadDrift } from './drift.ts';
import { BATCH_BYTES, Inbox, LOOK_MS } from './inbox.ts';
import { canaryLoop, type CanaryPlace } from './canary.ts';
import { taskLoop } from './alertTasks.ts';
import { heartLoop, keepingLoop } from './keeping.ts';
import { acquireLease, type Lease } from './lease.ts';
import { MirrorCache } from './mirrorCache.ts';
import { eraseWaiting } from './erasure.ts';
import { makeCreations } from './creations.ts';
import { linkIdentities } from './identities.ts';
import { carryOutOrders, carryOutStored } from './orders.ts';
import { PATIENCE, type Patience } from './situation.ts';
import { round } from './round.ts';
import { sourceLoop, SOURCE_LOOK_MS } from './sources.ts';

const LEASE_RETRY_MS = 250;
const RESTART_MS = 500;
const JOBS_LOOK_MS = 1_000;
const ASKED_LOOK_MS = 1_000;
const MAX_ROUNDS_IN_FLIGHT = 20;
const OFF = { on: false, failure: null };
const PEOPLE_LANES: readonly Lane[] = ['edit', 'read', 'settle'];
const MACHINE_LANES: readonly Lane[] = ['observe', 'reconcile', 'backfill'];

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
  /** How often is looked for what nobody told of; the worker then tells itself what it marks as due. */
  lookMs?: number;
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
        await deps.prepare?.();
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

/** Asked through a function, because it changes while we wait. */
const isAborted = (signal: AbortSignal): boolean => signal.aborted;

async function serve(deps: WorkerDeps, lease: Lease, stopping: AbortSignal, lead: () => void): Promise<void> {
  const ctx = await contextOf(deps, lease);
  const term = new AbortController();
  const end = (): void => {
    term.abort();
    ctx.budget.close();
  };
  stopping.addEventListener('abort', end);
  if (stopping.aborted) end();
  const bell = (): Bell => new Bell(deps.clock, term.signal);
  // `asked` is rung by people alone, not at the end of every round.
  const bells = { arrived: bell(), due: bell(), asked: bell() };
  const lookMs = deps.lookMs ?? LOOK_MS;
  const askedMs = Math.max(lookMs, ASKED_LOOK_MS);
  const inbox = new Inbox(deps.hubId, deps.db, deps.clock, {
    lookMs,
    batchBytes: deps.batchBytes ?? BATCH_BYTES,
  });
  const offWake = deps.signals.onWake((hubId) => {
    if (hubId !== deps.hubId) return;
    bells.due.ring();
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
    const busy = new Set<string>();
    const loops = [
      eventLoop(ctx, deps.translate, inbox, bells, term.signal, lookMs),
      workLoop(ctx, busy, PEOPLE_LANES, bells.due, term.signal, lookMs),
      workLoop(ctx, busy, MACHINE_LANES, bells.due, term.signal, lookMs),
      heartLoop(ctx, term.signal),
      keepingLoop(ctx, deps.onTypeIds, term.signal),
      jobLoop(ctx, term.signal, Math.max(lookMs, JOBS_LOOK_MS)),
      askedLoop(bells.asked, term.signal, askedMs, () => carryOutOrders(ctx)),
      askedLoop(bells.asked, term.signal, askedMs, () => makeCreations(ctx)),
      askedLoop(bells.asked, term.signal, askedMs, () => linkIdentities(ctx)),
      askedLoop(bells.asked, term.signal, askedMs, () => eraseWaiting(ctx)),
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

async function contextOf(deps: WorkerDeps, lease: Lease): Promise<Context> {
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

async function eventLoop(
  ctx: Context,
  translate: Translate,
  inbox: Inbox,
  { arrived: bell, due }: { arrived: Bell; due: Bell },
  term: AbortSignal,
  lookMs: number,
): Promise<void> {
  let ahead: Arrived | null = null;
  while (!term.aborted) {
    const { rings } = bell;
    const batch: Arrived | null = ahead ?? (await inbox.next([]));
    ahead = null;
    if (batch === null) await bell.after(rings, lookMs);
    else if (!inbox.isBehind) await applyBatch(ctx, translate, batch);
    else [ahead] = await Promise.all([inbox.next(batch.ids), applyBatch(ctx, translate, batch)]);
    if (batch !== null && lookMs > LOOK_MS) due.ring();
  }
}

/**
 * Where places in the budget are scarce, one is waited for before work is claimed: the scarcer the places, the larger
 * the batches. People's lanes have a loop of their own, so that they never wait behind a machine's place.
 */
async function workLoop(
  ctx: Context,
  busy: Set<string>,
  lanes: readonly Lane[],
  bell: Bell,
  term: AbortSignal,
  lookMs: number,
): Promise<void> {
  const inFlight = new Set<Promise<void>>();
  const failures: unknown[] = [];
  while (!term.aborted && failures.length === 0) {
    const rings = bell.rings;
    let works = await claim(ctx, busy, lanes);
    const lane = works[0]?.lane;
    if (lane === undefined || inFlight.size >= MAX_ROUNDS_IN_FLIGHT) {
      const at = await nextWorkAt(ctx.db, ctx.hubId, ctx.clock.now());
      await bell.after(rings, Math.max(1, Math.min(lookMs, (at ?? Infinity) - ctx.clock.now())));
      continue;
    }
    const mustWait = !ctx.budget.isFree(lane);
    const ticket = await ctx.budget.acquire(lane);
    if (mustWait) works = await claim(ctx, busy, lanes);
    const running = runRound(ctx, busy, works, ticket)
      .catch((error: unknown) => void failures.push(error))
      .finally(() => {
        inFlight.delete(running);
        bell.ring();
      });
    inFlight.add(running);
  }
  await Promise.all(inFlight);
  if (failures.length > 0) throw failures[0];
}

async function runRound(
  ctx: Context,
  busy: Set<string>,
  works: readonly Work[],
  ticket: Ticket,
): Promise<void> {
  const keys = works.map((work) => keyOf(work));
  for (const key of keys) busy.add(key);
  try {
    const object = works[0]?.object;
    if (object !== undefined) await round(ctx, object, works, ticket);
  } finally {
    ticket.unused(); // has no effect once the ticket was used
    for (const key of keys) busy.delete(key);
  }
}

/** Up to one batch of one object type, none of it being worked on already. */
async function claim(ctx: Context, busy: ReadonlySet<string>, lanes: readonly Lane[]): Promise<Work[]> {
  const works = await nextWork(ctx.db, ctx.hubId, ctx.clock.now(), lanes, [...busy], READ_MAX_RECORDS);
  return works.filter((work) => !busy.has(keyOf(work))); // the other loop may have been faster
}

async function jobLoop(ctx: Context, term: AbortSignal, lookMs: number): Promise<void> {
  while (!term.aborted) if (!(await workOnJobs(ctx))) await pause(ctx.clock, lookMs, term);
}

/** What people ask for besides edits: looked for at every ring, so that a click is answered at once. */
async function askedLoop(
  bell: Bell,
  term: AbortSignal,
  lookMs: number,
  work: () => Promise<number>,
): Promise<void> {
  while (!term.aborted) {
    const { rings } = bell;
    const done = await work();
    if (done === 0) await bell.after(rings, lookMs);
  }
}
