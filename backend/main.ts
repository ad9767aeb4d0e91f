/**
 * The composition root: only here the clock, the environment and the random source are read and the rooms are put
 * together. `startService` is also what the demo and the tests start.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { HubId } from '@tallystick/shared/ids';
import type { Express, Router } from 'express';
import { pino, type Logger } from 'pino';
import { startWatch, type WatchDeps } from './alerts/watch.ts';
import { askClamd } from './clamd.ts';
import { ConfigError, parseConfig, type Config } from './config.ts';
import { connectHub } from './connectHub.ts';
import { nudgeRouter } from './desk/nudge.ts';
import { deskRouter } from './desk/router.ts';
import { dispatchHooks } from './hooks/dispatch.ts';
import { openCrm, type Crm } from './hubspot/crm.ts';
import { openWebhooksJournal, type WebhooksJournal } from './hubspot/webhooksJournal.ts';
import { translator } from './intake/translate.ts';
import { createIntake } from './intake/webhooks.ts';
import type { Limits } from './portal/limits.ts';
import { pageRoutes } from './portal/pages.ts';
import { portalRouter } from './portal/router.ts';
import { toldSource } from './sources/cache.ts';
import { openSources, SourceRefused } from './sources/open.ts';
import type { Source } from './sources/source.ts';
import type { Scan } from './portal/uploads.ts';
import { openMailer, type Mailer } from './portal/signIn/mailer.ts';
import type { SignInSettings } from './portal/signIn/settings.ts';
import { keptKey } from './receiptKeys.ts';
import { createApp, startServer } from './server.ts';
import { openSigner, type Signer } from './statement.ts';
import { createSignals, type Signals } from './signals.ts';
import type { Db } from './store/database.ts';
import { startEmbeddedPostgres } from './store/embedded.ts';
import type { KnownHub } from './store/hubs.ts';
import { migrateToLatest } from './store/migrate.ts';
import { WallsRefused } from './store/walls.ts';
import type { Clock } from './sync/budget.ts';
import { PATIENCE, type Patience } from './sync/situation.ts';
import { startWorker } from './sync/worker.ts';

export const INTAKE_PATH = '/webhooks/hubspot';

export interface Service {
  url: string;
  port: number;
  hubId: HubId;
  databaseUrl: string;
  db: Db;
  /** Resolves when this process speaks for the hub. */
  leading: Promise<void>;
  /** Stops taking in, finishes what is under way, lets the lease go; an embedded database is stopped too. */
  close(): Promise<void>;
}

export interface Overrides {
  log?: Logger;
  /** Named steps of the loop; tests kill the process there. */
  at?: (step: string) => void;
  patience?: Patience;
  limits?: Partial<Limits>;
  alertPace?: NonNullable<WatchDeps['pace']>;
}

const clock: Clock = {
  now: Date.now,
  after: (delayMs, work) => {
    const timer = setTimeout(work, delayMs);
    return () => clearTimeout(timer);
  },
};

export async function startService(config: Config, overrides: Overrides = {}): Promise<Service> {
  const log = overrides.log ?? pino({ level: config.logLevel });
  const database = await openOrEmbed(config, log);
  let sources: Source[] = [];
  let connected: Connected | null = null;
  try {
    await migrateOrRefuse(config.databaseOwnerUrl ?? database.url);
    sources = await openOrRefuse(config, log);
    connected = await connect(config, database.url, log);
    return await compose(config, overrides, log, database, connected, sources);
  } catch (error) {
    await Promise.all(sources.map((source) => source.close()));
    await connected?.db.destroy();
    await database.stop();
    throw error;
  }
}

async function migrateOrRefuse(ownerUrl: string): Promise<void> {
  try {
    await migrateToLatest(ownerUrl);
  } catch (error) {
    throw error instanceof WallsRefused ? new ConfigError(error.message) : error;
  }
}

async function openOrRefuse(config: Config, log: Logger): Promise<Source[]> {
  // Not the error itself: the driver hangs its whole connection on it.
  const onTrouble = (source: string, { message }: { message: string }): void =>
    log.warn({ source, reason: message }, 'Another system does not answer.');
  try {
    return await openSources(config.sourceUrls, { now: Date.now, onTrouble });
  } catch (error) {
    throw error instanceof SourceRefused ? new ConfigError(error.message) : error;
  }
}

interface OpenedDatabase {
  url: string;
  stop: () => Promise<void>;
}

async function openOrEmbed(config: Config, log: Logger): Promise<OpenedDatabase> {
  if (config.databaseUrl !== null) return { url: config.databaseUrl, stop: () => Promise.resolve() };
  const dataDir = join(config.stateDir, 'postgres');
  const embedded = await startEmbeddedPostgres({
    dataDir,
    port: 0,
    database: 'tallystick',
    log: (line) => log.debug(line),
  });
  log.info(
    { dataDir: embedded.dataDir, adopted: embedded.adopted },
    'Embedded Postgres: for evaluation and development.',
  );
  return { url: embedded.url, stop: () => embedded.stop() };
}

interface Connected {
  hub: KnownHub;
  /** Reaches the rows of this hub. */
  db: Db;
  crm: Crm;
  typeIds: () => Readonly<Record<string, string>>;
  onTypeIds: (typeIds: Record<string, string>) => void;
}

async function connect(config: Config, databaseUrl: string, log: Logger): Promise<Connected> {
  let typeIds: Readonly<Record<string, string>> = {};
  const { baseUrl, accessToken } = config.hubspot;
  const crm = openCrm({ baseUrl, accessToken, typeIds: () => typeIds });
  const onError = (error: Error): void => log.warn({ err: error }, 'An idle database connection broke.');
  const { hub, db } = await connectHub({ databaseUrl, crm, config, now: Date.now, onError });
  typeIds = hub.typeIds;
  return { hub, db, crm, typeIds: () => typeIds, onTypeIds: (ids) => (typeIds = ids) };
}

async function compose(
  config: Config,
  overrides: Overrides,
  log: Logger,
  database: OpenedDatabase,
  { hub, db, crm, typeIds, onTypeIds }: Connected,
  sources: readonly Source[],
): Promise<Service> {
  const signals = createSignals();
  const at = overrides.at ?? (() => undefined);
  const intake = createIntake({
    ...{ databaseUrl: database.url, signals, now: Date.now, log, at },
    secrets: config.hubspot.clientSecrets,
    publicUrl: `${config.publicUrl}${INTAKE_PATH}`,
  });
  const { mailer, ...signIn } = signInOf(config, hub.hubId, log);
  const signer = await signerOf(config);
  const portal = portalRouter({
    ...signIn,
    keys: signer.keys,
    ...scanOf(config, log),
    ...{ db, signals, now: Date.now, newId: randomUUID, log, at },
    ...(overrides.limits && { limits: overrides.limits }),
    sources: { hubId: hub.hubId, told: sources.map((source) => toldSource(source, clock)) },
  });
  const desk = desksOf(config, hub, { db, signals });
  const app = appOf(config, [portal.router, ...desk, pageRoutes({ log })], db, log);
  const { host, port } = config;
  const server = await startServer({ host, port, intakePath: INTAKE_PATH, intake, app });
  const telling = { db, signals, clock, random: Math.random, log, at };
  const worker = startWorker({
    hubId: hub.hubId,
    appId: hub.appId,
    databaseUrl: database.url,
    db,
    crm,
    onTypeIds,
    translate: translator(typeIds),
    signals,
    clock,
    windowLimit: config.hubspot.windowLimit,
    holder: `${hostname()}:${process.pid}`,
    log,
    at,
    patience: overrides.patience ?? PATIENCE,
    sign: signer.sign,
    ...{ sources, sourceLookMs: config.sourceLookMs, webhooksJournal: journalOf(config) },
    alertTaskOwner: config.alerts.taskOwner,
    beside: (term) => dispatchHooks({ ...telling, hubId: hub.hubId, hooks: config.hooks }, term),
  });
  const watch = startWatch({
    ...{ hubId: hub.hubId, databaseUrl: database.url, settings: config.alerts, clock, log },
    ...(overrides.alertPace && { pace: overrides.alertPace }),
  });
  await writeRunning(config, { databaseUrl: database.url, url: server.url, hubId: hub.hubId });
  log.info({ url: server.url, hub: hub.hubId }, 'Tallystick is listening.');
  return {
    url: server.url,
    port: server.port,
    hubId: hub.hubId,
    databaseUrl: database.url,
    db,
    leading: worker.leading,
    close: async () => {
      portal.close();
      await server.close();
      await mailer?.close();
      await intake.close();
      await worker.stop();
      await watch.stop();
      await Promise.all(sources.map((source) => source.close()));
      await db.destroy();
      await database.stop();
    },
  };
}

function appOf(config: Config, routers: readonly Router[], db: Db, log: Logger): Express {
  const { trustedProxies } = config;
  return createApp({ routers, log, ready: () => isReady(db), trustedProxies });
}

function scanOf({ clamd }: Config, log: Logger): { scan?: Scan } {
  if (clamd === null) return {};
  const scan: Scan = async (bytes) => {
    try {
      return await askClamd(clamd, bytes);
    } catch (error) {
      log.error({ err: error }, 'The virus scanner cannot be asked: no document is taken.');
      throw error;
    }
  };
  return { scan };
}

async function signerOf({ receiptKeys, stateDir }: Config): Promise<Signer> {
  const [first, ...more] = receiptKeys;
  return openSigner([first ?? (await keptKey(stateDir, Date.now)), ...more]);
}

/** Null without a client id: the layer is off, and the status says so. */
function journalOf({ hubspot }: Config): WebhooksJournal | null {
  const { baseUrl, clientId, clientSecrets } = hubspot;
  return clientId === null ? null : openWebhooksJournal({ baseUrl, clientId, clientSecrets, now: Date.now });
}

/** Nothing where customers do not sign in. */
function signInOf(
  config: Config,
  hubId: HubId,
  log: Logger,
): { signIn?: SignInSettings; mailer: Mailer | null } {
  if (config.signIn === null) return { mailer: null };
  const { mail, portalUrl, providers, idleMs, absoluteMs } = config.signIn;
  const mailer = mail === null ? null : openMailer({ ...mail, log });
  return { signIn: { hubId, portalUrl, mailer, providers, idleMs, absoluteMs, randomBytes }, mailer };
}

/** Nudges are signed by our own function, everything else at the desk by HubSpot: they have a gate each. */
function desksOf(
  config: Config,
  hub: { hubId: HubId; appId: string },
  shared: { db: Db; signals: Signals },
): Router[] {
  const both = { ...shared, now: Date.now, hubId: hub.hubId };
  const nudges = nudgeRouter({ ...both, secrets: config.nudgeSecrets });
  const desk = deskRouter({
    ...both,
    newId: randomUUID,
    appId: hub.appId,
    secrets: config.hubspot.clientSecrets,
    publicUrl: config.publicUrl,
    admins: config.deskAdmins,
  });
  return [nudges, desk];
}

async function isReady(db: Db): Promise<boolean> {
  try {
    await db.selectFrom('hubs').select('hub_id').limit(1).execute();
    return true;
  } catch {
    return false;
  }
}

/** Tells the command line where the database is; readable by this user only, written whole or not at all. */
async function writeRunning(
  config: Config,
  facts: { databaseUrl: string; url: string; hubId: HubId },
): Promise<void> {
  await mkdir(config.stateDir, { recursive: true });
  const file = join(config.stateDir, 'running.json');
  await rm(`${file}.new`, { force: true });
  await writeFile(`${file}.new`, JSON.stringify(facts), { mode: 0o600 });
  await rename(`${file}.new`, file);
}

/** Runs until a signal asks it to stop; a second signal stops it at once. */
export async function runService(env: Readonly<Record<string, string | undefined>>): Promise<void> {
  try {
    const service = await startService(parseConfig(env));
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
