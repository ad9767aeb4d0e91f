/** A process that serves the hubs of the directory: answers their people, speaks for its share of them, or both. */
import { randomUUID } from 'node:crypto';
import { OBJECTS } from '@tallystick/shared/ownership';
import type { HubId } from '@tallystick/shared/ids';
import type { WatchedHub } from '../alerts/watch.ts';
import { NEVER, pause } from '../bell.ts';
import type { ProcessConfig } from '../config.ts';
import { watchDirectory, type Entry, type HubDirectory } from './directory.ts';
import type { Environment } from './settings.ts';
import { openHubsWeb, servedOf } from './web.ts';
import { openCrm, type Crm } from '../hubspot/crm.ts';
import { startHubWorker } from '../hubWorker.ts';
import { SHARED_BATCH_BYTES, fairTurns, type Turns } from './turns.ts';
import { spreadHubs, type HubWorkers } from './workers.ts';
import { INTAKE_PATH } from '../intake/webhooks.ts';
import { meteredCrm, serveMetrics, watchHubs } from '../operating.ts';
import { requestLog } from '../requestLog.ts';
import { openProcess, writeRunning, type Overrides, type Process } from '../process.ts';
import { createApp, startServer } from '../server.ts';
import { relaySignals } from '../signalRelay.ts';
import type { Db } from '../store/database.ts';
import { isProven, noteProven } from '../store/directory.ts';
import { openHubPool, type HubPool } from '../store/hubPool.ts';
import { isReady, saveHub, typeIdsOf } from '../store/hubs.ts';
import { orderFirstJobs } from '../store/jobs.ts';
import type { Keyring } from './vault.ts';

/**
 * Beside these a process has one connection each for the intake, the directory, the roster of workers and the signals
 * between processes, and one a hub that it speaks for: its lease.
 */
const POOL_MAX_CONNECTIONS = 16;
/**
 * Of many workers in one process: small batches, and one look a hub now and then finds what nobody told of, because other
 * processes tell at once.
 */
const MANNERS = { batchBytes: SHARED_BATCH_BYTES, lookoutMs: 2_000 };

export interface HubsService {
  url: string;
  port: number;
  databaseUrl: string;
  /** The hubs that this process has the lease of. */
  speaksFor(): HubId[];
  close(): Promise<void>;
}

export interface Serving {
  config: ProcessConfig;
  keyring: Keyring;
  env: Environment;
}

export async function serveHubs(serving: Serving, overrides: Overrides = {}): Promise<HubsService> {
  const shared = await openProcess(serving.config, overrides);
  const pool = openHubPool(shared.databaseUrl, POOL_MAX_CONNECTIONS, shared.onIdleError);
  try {
    return await compose(serving, shared, pool);
  } catch (error) {
    await pool.close();
    await shared.stopDatabase();
    throw error;
  }
}

async function compose(
  { config, keyring, env }: Serving,
  shared: Process,
  pool: HubPool,
): Promise<HubsService> {
  const { databaseUrl, clock, log, onIdleError, bounds } = shared;
  const { host, port, role } = config;
  const turns = fairTurns(shared.signals, clock);
  const web = role === 'worker' ? null : openHubsWeb(config, shared, pool, turns);
  const measure = (hubId: HubId, entry: Entry | null): void => {
    const { measured } = shared;
    const others = measured.filter((each) => each.hubId !== hubId);
    const own = { hubId, db: pool.of(hubId), streams: () => web?.streams(hubId) ?? 0 };
    measured.splice(0, measured.length, ...others, ...(entry === null ? [] : [own]));
  };
  const directory = await watchDirectory({
    ...{ databaseUrl, pool, keyring, env, clock, log, onIdleError },
    withToken: role !== 'web',
    onEntry: async (hubId, entry) => {
      await web?.put(hubId, entry);
      measure(hubId, entry);
    },
  });
  const watched = (): WatchedHub[] =>
    [...directory.entries()].map(([hubId, { config: own }]) => ({ hubId, settings: own.alerts }));
  const watch = watchHubs('directory', watched, shared);
  const workers = role === 'web' ? null : workersOf(shared, pool, directory, turns);
  const routers = web === null ? [] : [web.router];
  let stopping = false;
  const ready = async (): Promise<boolean> => !stopping && (await isReady(directory.door, 'door'));
  const logged = requestLog({ log, now: shared.now, newId: randomUUID, meter: shared.metrics.meter });
  const app = createApp({ routers, log, ready, ...bounds.app, logged });
  const relay = relaySignals(shared);
  const close = async (server: { close(): Promise<void> } | null): Promise<void> => {
    web?.endStreams();
    await server?.close();
    await web?.intake.close();
    await workers?.stop();
    await relay.close();
    await directory.close();
    await watch.stop();
    await web?.close();
    turns.close();
  };
  try {
    const intake = web?.intake ?? null;
    const place = { host, port, intakePath: INTAKE_PATH };
    const server = await startServer({ ...place, intake, app, ...bounds.server });
    const metrics = await serveMetrics(config, shared);
    await writeRunning(config, { databaseUrl, url: server.url });
    log.info({ url: server.url, role, hubs: directory.entries().size }, 'Tallystick is listening.');
    return {
      ...{ url: server.url, port: server.port, databaseUrl },
      speaksFor: () => workers?.speaksFor() ?? [],
      close: async () => {
        stopping = true; // nobody is sent here any more
        await pause(clock, config.stopDrainMs, NEVER);
        await close(server);
        await metrics?.close();
        await pool.close();
        await shared.stopDatabase();
      },
    };
  } catch (error) {
    await close(null);
    throw error;
  }
}

function workersOf(shared: Process, pool: HubPool, directory: HubDirectory, turns: Turns): HubWorkers {
  return spreadHubs({
    shared,
    entries: directory.entries,
    start: async (entry) => {
      const served = await servedOf(entry, shared, pool);
      const { hubId, db, config } = served;
      let typeIds: Readonly<Record<string, string>> = await typeIdsOf(db, hubId);
      const { baseUrl, accessToken } = config.hubspot;
      if (accessToken === null) throw new Error('A worker was started without a token.');
      const plain = openCrm({ baseUrl, accessToken: accessToken.reveal(), typeIds: () => typeIds });
      const crm = meteredCrm(plain, shared, () => hubId);
      const spoken = { ...served, crm, typeIds: () => typeIds };
      const onTypeIds = (ids: Record<string, string>): void => void (typeIds = ids);
      const prepare = (): Promise<void> => meetAccount(crm, db, entry, shared.clock.now());
      return {
        worker: startHubWorker({ ...spoken, onTypeIds }, shared, {
          ...{ ...MANNERS, prepare, oneTerm: true },
          rest: (tookMs, term) => turns.rest(hubId, tookMs, term),
        }),
        close: async () => {
          await Promise.all(served.sources.map((source) => source.close()));
        },
      };
    },
  });
}

/**
 * A token is proven to be its hub's before anything else is asked with it: with another hub's, that one's records would
 * be mirrored here. Once that is proven, the worker starts while HubSpot is away too.
 */
async function meetAccount(crm: Crm, db: Db, { hubId, appId, version }: Entry, now: number): Promise<void> {
  const account = await crm.readAccount();
  if (!account.ok) {
    if (await isProven(db, hubId, version)) return;
    throw new Error(`HubSpot could not be asked which account the token is for: ${account.failure.message}`);
  }
  if (account.value.hubId !== hubId)
    throw new Error(`The token in the directory is of another hub (${account.value.hubId}).`);
  await saveHub(db, { hubId, appId, typeIds: {}, timeZone: account.value.timeZone, now });
  await noteProven(db, hubId, version, now);
  await orderFirstJobs(db, hubId, OBJECTS, now);
}
