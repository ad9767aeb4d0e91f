/** What a process has once, however many hubs it serves: the database, the log, the key that signs, the scanner. */
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HubId } from '@tallystick/shared/ids';
import type { Logger } from 'pino';
import type { WatchDeps } from './alerts/watch.ts';
import { askClamd } from './clamd.ts';
import { ConfigError, type ProcessConfig } from './config.ts';
import type { DeskLimits } from './desk/router.ts';
import { openLog } from './log.ts';
import { createMetrics, type MeasuredHub, type Metrics } from './metrics.ts';
import type { Limits } from './portal/limits.ts';
import type { Scan } from './portal/uploads.ts';
import { keptKey } from './receiptKeys.ts';
import type { ServerLimits } from './server.ts';
import { createSignals, type Signals } from './signals.ts';
import { openSigner, type Signer } from './statement.ts';
import { startEmbeddedPostgres } from './store/embedded.ts';
import { countStrikes, STRIKES_PER_MINUTE } from './strikes.ts';
import { migrateToLatest } from './store/migrate.ts';
import { WallsRefused } from './store/walls.ts';
import type { Clock } from './sync/budget.ts';
import { PATIENCE, type Patience } from './sync/situation.ts';

export interface Overrides {
  log?: Logger;
  /** Named steps of the loop; tests kill the process there. */
  at?: (step: string) => void;
  patience?: Patience;
  limits?: Partial<Limits>;
  desk?: Partial<DeskLimits>;
  server?: Partial<ServerLimits & { bodyTimeoutMs: number; strikesPerMinute: number }>;
  alertPace?: WatchDeps['pace'];
}

export interface Process {
  databaseUrl: string;
  log: Logger;
  signals: Signals;
  clock: Clock;
  now: () => number;
  at: (step: string) => void;
  patience: Patience;
  limits: Partial<Limits>;
  deskLimits: Partial<DeskLimits>;
  bounds: ReturnType<typeof boundsOf>;
  signer: Signer;
  metrics: Metrics;
  /** The hubs that metrics tell of: whoever opens one puts it in. */
  measured: MeasuredHub[];
  alertPace: WatchDeps['pace'];
  scan: { scan?: Scan };
  /** Hears of connections that die while idle. */
  onIdleError: (error: Error) => void;
  /** An embedded database is stopped. */
  stopDatabase: () => Promise<void>;
}

export const clock: Clock = {
  now: Date.now,
  after: (delayMs, work) => {
    const timer = setTimeout(work, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Opens the database and brings it to the present schema. Whoever calls stops the database. */
export async function openProcess(config: ProcessConfig, overrides: Overrides): Promise<Process> {
  const log = overrides.log ?? openLog(config.logLevel);
  const database = await openOrEmbed(config, log);
  try {
    await migrateOrRefuse(config.databaseOwnerUrl ?? database.url);
    const measured: MeasuredHub[] = [];
    return {
      ...{ measured, metrics: createMetrics(Date.now, () => measured), alertPace: overrides.alertPace },
      databaseUrl: database.url,
      log,
      signals: createSignals(),
      clock,
      now: Date.now,
      at: overrides.at ?? (() => undefined),
      patience: overrides.patience ?? PATIENCE,
      limits: overrides.limits ?? {},
      deskLimits: overrides.desk ?? {},
      bounds: boundsOf(config, overrides),
      signer: await signerOf(config),
      scan: scanOf(config, log),
      onIdleError: (error) => log.warn({ err: error }, 'An idle database connection broke.'),
      stopDatabase: database.stop,
    };
  } catch (error) {
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

interface OpenedDatabase {
  url: string;
  stop: () => Promise<void>;
}

async function openOrEmbed(config: ProcessConfig, log: Logger): Promise<OpenedDatabase> {
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

/** What a stranger may take up, before anything is known of them. */
function boundsOf({ trustedProxies }: ProcessConfig, { server = {} }: Overrides) {
  const { strikesPerMinute = STRIKES_PER_MINUTE, bodyTimeoutMs, ...limits } = server;
  const strikes = countStrikes({ perMinute: strikesPerMinute, trustedProxies, now: Date.now });
  return {
    intake: { strikes, ...(bodyTimeoutMs !== undefined && { bodyTimeoutMs }) },
    app: { strikes, trustedProxies },
    server: { limits },
  };
}

function scanOf({ clamd }: ProcessConfig, log: Logger): { scan?: Scan } {
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

async function signerOf({ receiptKeys, stateDir }: ProcessConfig): Promise<Signer> {
  const [first, ...more] = receiptKeys;
  return openSigner([first ?? (await keptKey(stateDir, Date.now)), ...more]);
}

/** Tells the command line where the database is; readable by this user only, written whole or not at all. */
export async function writeRunning(
  { stateDir }: Pick<ProcessConfig, 'stateDir'>,
  facts: { databaseUrl: string; url: string; hubId?: HubId },
): Promise<void> {
  await mkdir(stateDir, { recursive: true });
  const file = join(stateDir, 'running.json');
  await rm(`${file}.new`, { force: true });
  await writeFile(`${file}.new`, JSON.stringify(facts), { mode: 0o600 });
  await rename(`${file}.new`, file);
}
