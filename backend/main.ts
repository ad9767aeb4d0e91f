/**
 * The composition root: only here and in `process.ts` the clock, the environment and the random source are read and the
 * rooms are put together. `startService` is also what the demo and the tests start.
 */
import type { HubId } from '@tallystick/shared/ids';
import { ConfigError, parseConfig, type Config } from './config.ts';
import { connectHub, meetHub } from './connectHub.ts';
import { openHubWeb, openOrRefuse, type HubWeb, type ServedHub } from './hubWeb.ts';
import { startHubWorker, type SpokenHub } from './hubWorker.ts';
import { manyHubs } from './hubSettings.ts';
import { openCrm } from './hubspot/crm.ts';
import { createIntake, INTAKE_PATH, type Intake } from './intake/webhooks.ts';
import { pageRoutes } from './portal/pages.ts';
import { openProcess, writeRunning, type Overrides, type Process } from './process.ts';
import { revealed } from './secret.ts';
import { serveHubs } from './serveHubs.ts';
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
  const crm = openCrm({ baseUrl, accessToken: accessToken.reveal(), typeIds: () => typeIds });
  const { hub, db } = await connectHub({ databaseUrl, crm, appId, now, onError });
  typeIds = hub.typeIds;
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
  const app = createApp({ routers, log, ready: () => isReady(db, hubId), ...bounds.app });
  const place = { host, port, intakePath: INTAKE_PATH };
  const server = await startServer({ ...place, intake: web?.intake ?? null, app, ...bounds.server });
  const worker: Worker | null = spoken === null ? null : startHubWorker(spoken, shared);
  // One process that does everything has nobody to tell.
  const relay = config.role === 'all' ? null : relaySignals(shared);
  await writeRunning(config, { databaseUrl, url: server.url, hubId });
  log.info({ url: server.url, hub: hubId, role: config.role }, 'Tallystick is listening.');
  return {
    ...{ url: server.url, port: server.port, hubId, databaseUrl, db },
    leading: worker?.leading ?? new Promise(() => undefined),
    close: async () => {
      web?.hub.endStreams();
      await server.close();
      await web?.hub.close();
      await web?.intake.close();
      await worker?.stop();
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
    ...{ databaseUrl, signals, now, log, at },
    trust: {
      is: 'one-app',
      secrets: revealed(config.hubspot.clientSecrets),
      publicUrl: `${config.publicUrl}${INTAKE_PATH}`,
    },
  });
  const hub = openHubWeb(served, shared);
  return { hub, intake, routers: [hub.portal, hub.nudges, hub.desk, pageRoutes({ log })] };
}

/** Runs until a signal asks it to stop; a second signal stops it at once. */
export async function runService(env: Readonly<Record<string, string | undefined>>): Promise<void> {
  try {
    const many = manyHubs(env);
    const service = await (many === null ? startService(parseConfig(env)) : serveHubs({ ...many, env }));
    const stop = (): void => {
      process.once('SIGINT', () => process.exit(130));
      void service.close().then(() => process.exit(0));
    };
    process.once('SIGINT', stop);
    process.once('SIGTERM', stop);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 2;
  }
}
