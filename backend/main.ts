/**
 * The composition root: only here and in `process.ts` the clock, the environment and the random source are read and the
 * rooms are put together. `startService` is also what the demo and the tests start.
 */
import { randomUUID } from 'node:crypto';
import type { HubId } from '@tallystick/shared/ids';
import { NEVER, pause } from './bell.ts';
import { ConfigError, parseConfig, type Config } from './config.ts';
import { connectHub, meetHub } from './connectHub.ts';
import { openHubWeb, openOrRefuse, type HubWeb, type ServedHub } from './hubWeb.ts';
import { startHubWorker, type SpokenHub } from './hubWorker.ts';
import { manyHubs } from './hubs/settings.ts';
import { openCrm } from './hubspot/crm.ts';
import { createIntake, INTAKE_PATH, type Intake } from './intake/webhooks.ts';
import { meteredCrm, serveMetrics, watchHubs } from './operating.ts';
import { pageRoutes } from './portal/pages.ts';
import { openProcess, writeRunning, type Overrides, type Process } from './process.ts';
import { requestLog } from './requestLog.ts';
import { revealed } from './secret.ts';
import { serveHubs } from './hubs/serve.ts';
import { createApp, startServer } from './server.ts';
import { relaySignals } from './signalRelay.ts';
import type { Source } from './sources/source.ts';
import type { Db } from './store/database.ts';
import { isReady } from './store/hubs.ts';
import type { Worker } from './sync/worker.ts';

export { INTAKE_PATH } from './intake/webhooks.ts';
export type { Overrides } from './process.ts';

export interface Service {
  url: string;
  port: number;
  hubId: HubId;
  databaseUrl: string;
  db: Db;
  /** Resolves when this process speaks for the hub; never, where its role is `web`. */
  leading: Promise<void>;
  /** Stops taking in, finishes what is under way, lets the lease go; an embedded database is stopped too. */
  close(): Promise<void>;
}

/** One hub, which the environment names. */
export async function startService(config: Config, overrides: Overrides = {}): Promise<Service> {
  const shared = await openProcess(config, overrides);
  let sources: Source[] = [];
  let hub: Hub | null = null;
  try {
    sources = await openOrRefuse(config, shared.log);
    hub = await connect(config, shared, sources);
    return await compose(config, shared, hub);
  } catch (error) {
    await Promise.all(sources.map((source) => source.close()));
    await hub?.served.db.destroy();
    await shared.stopDatabase();
    throw error;
  }
}

interface Hub {
  served: ServedHub;
  /** Null: this process does not speak with HubSpot. */
  spoken: SpokenHub | null;
}

async function connect(config: Config, shared: Process, sources: readonly Source[]): Promise<Hub> {
  const { databaseUrl, clock, now, onIdleError: onError } = shared;
  const { baseUrl, accessToken, appId } = config.hubspot;
  if (accessToken === null) {
    const { hub, db } = await meetHub(databaseUrl, clock, onError);
    return { served: { hubId: hub.hubId, appId: appId ?? hub.appId, config, db, sources }, spoken: null };
  }
  let typeIds: Readonly<Record<string, string>> = {};
  let hubId: HubId | null = null;
  const plain = openCrm({ baseUrl, accessToken: accessToken.reveal(), typeIds: () => typeIds });
  const crm = meteredCrm(plain, shared, () => hubId);
  const { hub, db } = await connectHub({ databaseUrl, crm, appId, now, onError });
  ({ hubId, typeIds } = hub);
  const served = { hubId: hub.hubId, appId: hub.appId, config, db, sources };
  const onTypeIds = (ids: Record<string, string>): void => void (typeIds = ids);
  return { served, spoken: { ...served, crm, typeIds: () => typeIds, onTypeIds } };
}

async function compose(config: Config, shared: Process, { served, spoken }: Hub): Promise<Service> {
  const { hubId, db } = served;
  const web = config.role === 'worker' ? null : openWeb(config, shared, served);
  const { databaseUrl, log, bounds } = shared;
  const { host, port } = config;
  const routers = web?.routers ?? [];
  let stopping = false;
  const ready = async (): Promise<boolean> => !stopping && (await isReady(db, hubId));
  const logged = requestLog({ log, now: shared.now, newId: randomUUID, meter: shared.metrics.meter });
  const app = createApp({ routers, log, ready, ...bounds.app, logged });
  const place = { host, port, intakePath: INTAKE_PATH };
  const server = await startServer({ ...place, intake: web?.intake ?? null, app, ...bounds.server });
  const worker: Worker | null = spoken === null ? null : startHubWorker(spoken, shared);
  // One process that does everything has nobody to tell.
  const relay = config.role === 'all' ? null : relaySignals(shared);
  shared.measured.push({ hubId, db, streams: web?.hub.streams ?? (() => 0) });
  const watched = [{ hubId, settings: config.alerts }];
  const watch = watchHubs(hubId, () => watched, shared);
  const metrics = await serveMetrics(config, shared);
  await writeRunning(config, { databaseUrl, url: server.url, hubId });
  log.info({ url: server.url, hub: hubId, role: config.role }, 'Tallystick is listening.');
  return {
    ...{ url: server.url, port: server.port, hubId, databaseUrl, db },
    leading: worker?.leading ?? new Promise(() => undefined),
    close: async () => {
      // 1. Nobody is sent here any more.
      stopping = true;
      await pause(shared.clock, config.stopDrainMs, NEVER);
      // 2. Live streams go elsewhere, and the lease to the next worker, while what was begun here is answered.
      web?.hub.endStreams();
      const stopped = [worker, watch].map(async (each) => each?.stop());
      await server.close();
      await web?.hub.close();
      await web?.intake.close();
      await Promise.all([...stopped, metrics?.close()]);
      await relay?.close();
      await Promise.all(served.sources.map((source) => source.close()));
      await db.destroy();
      await shared.stopDatabase();
    },
  };
}

function openWeb(
  config: Config,
  shared: Process,
  served: ServedHub,
): { hub: HubWeb; intake: Intake; routers: Parameters<typeof createApp>[0]['routers'] } {
  const { databaseUrl, signals, now, log, at } = shared;
  const intake = createIntake({
    ...shared.bounds.intake,
    ...{ databaseUrl, signals, now, log, at, meter: shared.metrics.meter },
    trust: {
      is: 'one-app',
      secrets: revealed(config.hubspot.clientSecrets),
      publicUrl: `${config.publicUrl}${INTAKE_PATH}`,
    },
  });
  const hub = openHubWeb(served, shared);
  return { hub, intake, routers: [hub.portal, hub.nudges, hub.desk, pageRoutes({ log })] };
}

/** Whatever is not over by then is answered by whoever comes after: nothing that was acknowledged depends on it. */
const STOP_DEADLINE_MS = 30_000;

/** The first signal stops in order, within a deadline; a second one at once. */
export function stopOnSignal(service: { close(): Promise<void> }): void {
  const signals = ['SIGINT', 'SIGTERM'] as const;
  const stop = (): void => {
    for (const signal of signals) process.removeListener(signal, stop).once(signal, () => process.exit(130));
    setTimeout(() => process.exit(1), STOP_DEADLINE_MS).unref();
    service.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  for (const signal of signals) process.on(signal, stop);
}

/** Runs until a signal asks it to stop; a second signal stops it at once. */
export async function runService(env: Readonly<Record<string, string | undefined>>): Promise<void> {
  try {
    const many = manyHubs(env);
    stopOnSignal(await (many === null ? startService(parseConfig(env)) : serveHubs({ ...many, env })));
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  }
}
