/**
 * The hubs that a worker process speaks for: its fair share of those in the directory. Whoever else lives and what they
 * hold is looked at several times a second; the lease alone decides, so two that choose the same hub do no harm.
 */
import { randomInt } from 'node:crypto';
import type { HubId } from '@tallystick/shared/ids';
import { pause } from '../bell.ts';
import type { Entry } from './directory.ts';
import type { Process } from '../process.ts';
import { share } from './share.ts';
import { enterRoster, type Roster } from '../store/roster.ts';
import { LEASE_CLASS } from '../sync/lease.ts';
import type { Worker } from '../sync/worker.ts';

const LOOK_MS = 200;
/** A hub whose worker ended by itself is left to others, or to time, for this long, unless its entry changes. */
const AVOID_MS = 1_000;
const ROSTER_RETRY_MS = 500;
const NUMBER_MAX = 2 ** 31 - 1;

export interface HubWorkersDeps {
  shared: Process;
  entries: () => ReadonlyMap<HubId, Entry>;
  /** Begins to speak for the hub, for one term. */
  start: (entry: Entry) => Promise<{ worker: Worker; close: () => Promise<void> }>;
}

export interface HubWorkers {
  /** The hubs that this process has the lease of. */
  speaksFor(): HubId[];
  stop(): Promise<void>;
}

interface Own {
  version: string;
  leading: boolean;
  leaving: boolean;
  leave: () => void;
  ended: Promise<void>;
}

interface State {
  own: Map<HubId, Own>;
  avoided: Map<HubId, { until: number; version: string }>;
}

export function spreadHubs(deps: HubWorkersDeps): HubWorkers {
  const state: State = { own: new Map(), avoided: new Map() };
  const stopping = new AbortController();
  const running = keepSpreading(deps, state, stopping.signal);
  return {
    speaksFor: () => [...state.own].flatMap(([hubId, { leading }]) => (leading ? [hubId] : [])),
    stop: async () => {
      stopping.abort();
      await running;
      const all = [...state.own.values()];
      for (const own of all) own.leave();
      await Promise.all(all.map(({ ended }) => ended));
    },
  };
}

async function keepSpreading(deps: HubWorkersDeps, state: State, stopping: AbortSignal): Promise<void> {
  const { shared } = deps;
  const { clock, log } = shared;
  let roster: Roster | null = null;
  const onError = (error: Error): void => log.warn({ err: error }, 'The roster of workers broke off.');
  while (!stopping.aborted) {
    try {
      roster ??= await enterRoster(shared.databaseUrl, LEASE_CLASS, randomInt(NUMBER_MAX), onError);
      await spread(deps, state, roster);
      await pause(clock, LOOK_MS, stopping);
    } catch (error) {
      log.warn({ err: error }, 'Which workers live could not be looked at; what is held stays held.');
      await roster?.close().catch(() => undefined);
      roster = null;
      await pause(clock, ROSTER_RETRY_MS, stopping);
    }
  }
  await roster?.close().catch(() => undefined);
}

async function spread(deps: HubWorkersDeps, state: State, roster: Roster): Promise<void> {
  const entries = deps.entries();
  const hubs = [...entries.keys()];
  const { workers, rank, held } = await roster.look(hubs);
  const now = deps.shared.clock.now();
  for (const [hubId, { until, version }] of state.avoided)
    if (until <= now || entries.get(hubId)?.version !== version) state.avoided.delete(hubId);
  for (const [hubId, own] of state.own) {
    const entry = entries.get(hubId);
    if (entry !== undefined && entry.version !== own.version) own.leave(); // and comes back with its new settings
  }
  const leaving = new Set([...state.own].flatMap(([hubId, own]) => (own.leaving ? [hubId] : [])));
  const starting = [...state.own.values()].filter(({ leading, leaving: goes }) => !leading && !goes).length;
  const seen = { hubs, held, workers, rank, starting, own: new Set(state.own.keys()), leaving };
  const { take, handOver } = share({ ...seen, avoided: new Set(state.avoided.keys()) }, shuffled);
  for (const hubId of handOver) state.own.get(hubId)?.leave();
  for (const hubId of take) {
    const entry = entries.get(hubId);
    if (entry !== undefined) state.own.set(hubId, begin(deps, state, entry));
  }
}

function begin(deps: HubWorkersDeps, state: State, entry: Entry): Own {
  const { hubId, version } = entry;
  const { log, clock } = deps.shared;
  const leaving = new AbortController();
  const own: Own = {
    ...{ version, leading: false, leaving: false },
    leave: () => {
      own.leaving = true;
      leaving.abort();
    },
    ended: Promise.resolve(),
  };
  const serve = async (): Promise<void> => {
    const { worker, close } = await deps.start(entry);
    try {
      void worker.leading.then(() => (own.leading = true));
      leaving.signal.addEventListener('abort', () => void worker.stop());
      if (leaving.signal.aborted) void worker.stop();
      await worker.ended;
    } finally {
      own.leading = false;
      await close();
    }
  };
  own.ended = serve()
    .catch((error: unknown) => log.error({ err: error, hub: hubId }, 'A hub could not be spoken for.'))
    .finally(() => {
      state.own.delete(hubId);
      if (!own.leaving) state.avoided.set(hubId, { until: clock.now() + AVOID_MS, version });
    });
  return own;
}

function shuffled(hubs: HubId[]): HubId[] {
  const keyed = hubs.map((hub) => ({ hub, at: Math.random() }));
  return keyed.sort((a, b) => a.at - b.at).map(({ hub }) => hub);
}
