/**
 * A stand-in for HubSpot: the CRM API over real HTTP, webhooks, and a dial for everything that can go wrong.
 * Composition only: the CRM is world.ts, the HTTP side server.ts, webhooks delivery.ts, the dial faults.ts.
 */
import { createCallLog, type CallLog } from './calls.ts';
import { createControl } from './control.ts';
import { createCourier, type Courier, type Pending } from './delivery.ts';
import type { Faults } from './faults.ts';
import { createHolds, type Holds } from './holds.ts';
import { createJournal } from './journal.ts';
import { createLimiter, type Limits } from './limits.ts';
import { createTokens } from './oauth.ts';
import { createRandom } from './random.ts';
import { createRouter } from './router.ts';
import { accountRoutes } from './routesAccount.ts';
import { associationBatchRoutes } from './routesAssociationBatch.ts';
import { associationRoutes } from './routesAssociations.ts';
import { batchRoutes } from './routesBatch.ts';
import { ownerRoutes, pipelineRoutes, propertyRoutes } from './routesDefinitions.ts';
import { fileRoutes } from './routesFiles.ts';
import { journalRoutes } from './routesJournal.ts';
import { labelRoutes } from './routesLabels.ts';
import { objectRoutes } from './routesObjects.ts';
import { schemaRoutes } from './routesSchemas.ts';
import { searchRoutes } from './routesSearch.ts';
import { webhookRoutes } from './routesWebhooks.ts';
import { listen } from './server.ts';
import { createSaver, loadSnapshot } from './snapshot.ts';
import type { Data } from './state.ts';
import { noWebhooks, subscribe, type Subscription, type WebhookSettings } from './webhooks.ts';
import { openWorld, type World } from './world.ts';

export interface SimulatorOptions {
  /** 0: any free port. */
  port?: number;
  seed?: number;
  hubId?: number;
  appId?: number;
  accessToken?: string;
  clientId?: string;
  clientSecret?: string;
  /** Ms since 1970; world time is this plus an offset that only the control plane moves. */
  now?: () => number;
  webhookTarget?: string;
  /** Public origins that stand on this machine: called here, signed as public. */
  local?: Readonly<Record<string, string>>;
  /** What the access token may do; everything where nothing is said. */
  scopes?: readonly string[];
  subscriptions?: readonly Subscription[];
  limits?: Partial<Limits>;
  snapshotFile?: string;
}

export interface Simulator {
  url: string;
  hubId: number;
  appId: number;
  accessToken: string;
  clientId: string;
  clientSecret: string;
  world: World;
  faults: Faults;
  holds: Holds;
  calls: CallLog;
  webhooks: Courier;
  /** Whether the state came from a snapshot: then a seed is not wanted. */
  restored: boolean;
  close(): Promise<void>;
}

const DEFAULT_SEED = 1;
const DEFAULT_HUB_ID = 24_710_001;
const DEFAULT_APP_ID = 31_337_001;

interface Snapshot {
  data: Data;
  offsetMs: number;
  settings: WebhookSettings;
  pending: Pending[];
}

export async function startSimulator(options: SimulatorOptions = {}): Promise<Simulator> {
  const { seed = DEFAULT_SEED, hubId = DEFAULT_HUB_ID, appId = DEFAULT_APP_ID } = options;
  const {
    accessToken = 'pat-na1-simulator',
    clientId = 'simulator-client',
    clientSecret = 'simulator-client-secret',
  } = options;
  const snapshot = loadSnapshot(options.snapshotFile) as Snapshot | null;
  const world = openWorld({
    seed,
    hubId,
    appId,
    now: options.now,
    data: snapshot?.data,
    offsetMs: snapshot?.offsetMs,
  });
  const { state, clock } = world;
  const settings = snapshot?.settings ?? noWebhooks();
  if (options.webhookTarget !== undefined) settings.target = options.webhookTarget;
  if (options.subscriptions !== undefined) settings.subscriptions = [];
  for (const each of options.subscriptions ?? []) subscribe(state, settings, each);

  const courier = createCourier({
    state,
    settings,
    clientSecret,
    random: createRandom(seed, 'webhooks'),
    ...(options.local === undefined ? {} : { local: options.local }),
    pending: snapshot?.pending ?? [],
  });
  const limiter = createLimiter(clock, state.timeZone, options.limits);
  const calls = createCallLog();
  const holds = createHolds();
  const tokens = createTokens(
    clock,
    createRandom(seed, 'tokens'),
    { appId, clientId, clientSecret },
    accessToken,
    options.scopes ?? 'all',
  );
  const saver = createSaver(options.snapshotFile, (): Snapshot => ({
    data: state.data,
    offsetMs: clock.offsetMs(),
    settings,
    pending: courier.pending(),
  }));
  const journal = createJournal(state, state.data.journal, createRandom(seed, 'journal'));
  world.listen(courier.hear);
  world.listen(journal.hear);
  world.listen(() => saver.dirty());

  const router = createRouter([
    ...objectRoutes(state),
    ...batchRoutes(state),
    ...associationRoutes(state),
    ...associationBatchRoutes(state),
    ...labelRoutes(state),
    ...propertyRoutes(state),
    ...pipelineRoutes(state),
    ...ownerRoutes(state),
    ...accountRoutes(state, tokens),
    ...searchRoutes(state),
    ...schemaRoutes(state),
    ...fileRoutes(state, clientSecret),
    ...journalRoutes(state, journal, clientSecret),
    ...webhookRoutes(state, courier),
  ]);
  const control = createControl({ world, courier, limiter, calls, holds, tokens, journal, save: saver.save });
  const server = await listen(
    {
      ...{ world, router, limiter, calls, holds, control },
      chance: createRandom(seed, 'api'),
      ids: createRandom(seed, 'correlation'),
      authenticate: tokens.authenticate,
    },
    options.port ?? 0,
  );
  return {
    ...{ url: server.url, hubId, appId, accessToken, clientId, clientSecret },
    ...{ world, faults: world.faults, holds, calls, webhooks: courier, restored: snapshot !== null },
    close: async () => {
      holds.release();
      courier.close();
      await server.close();
      await saver.close();
      world.close();
    },
  };
}
