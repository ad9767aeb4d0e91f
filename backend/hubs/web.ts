/** The web side of many hubs in one process: each hub's routers, the intake for all of them, and who answers for nobody. */
import { randomBytes, randomUUID } from 'node:crypto';
import { hubId as toHubId, type HubId } from '@tallystick/shared/ids';
import type { Router } from 'express';
import type { ProcessConfig } from '../config.ts';
import { refuseWithoutWall } from '../connectHub.ts';
import { nudgeRouter } from '../desk/nudge.ts';
import { deskRouter } from '../desk/router.ts';
import type { Entry } from './directory.ts';
import { hubRouter } from './router.ts';
import type { Turns } from './turns.ts';
import { openHubWeb, openOrRefuse, type HubWeb, type ServedHub } from '../hubWeb.ts';
import { createIntake, INTAKE_PATH, type Intake } from '../intake/webhooks.ts';
import { pageRoutes } from '../portal/pages.ts';
import type { Process } from '../process.ts';
import { revealed } from '../secret.ts';
import type { HubPool } from '../store/hubPool.ts';

const UNKNOWABLE_BYTES = 32;
/** HubSpot gives this id to nobody. */
const NOBODY = toHubId('9999999999999999');

export interface HubsWeb {
  router: Router;
  intake: Intake;
  put(hubId: HubId, entry: Entry | null): Promise<void>;
  /** Of this hub, in this process. */
  streams(hubId: HubId): number;
  endStreams(): void;
  close(): Promise<void>;
}

interface OpenHub {
  served: ServedHub;
  web: HubWeb;
}

export function openHubsWeb(
  config: ProcessConfig,
  shared: Process,
  pool: HubPool,
  turns: Pick<Turns, 'answerAfterMs'>,
): HubsWeb {
  const { databaseUrl, signals, now, log, at } = shared;
  const open = new Map<HubId, OpenHub>();
  const hosts = new Map<string, HubId>();
  const unknowable = randomBytes(UNKNOWABLE_BYTES).toString('base64url');
  const intake = createIntake({
    ...shared.bounds.intake,
    ...{ databaseUrl, signals, now, log, at, meter: shared.metrics.meter },
    answerAfterMs: turns.answerAfterMs,
    trust: {
      is: 'by-hub',
      of: (hubId) => {
        const hub = hubId === null ? undefined : open.get(hubId)?.served.config;
        return {
          secrets: hub === undefined ? [unknowable] : revealed(hub.hubspot.clientSecrets),
          publicUrl: `${(hub ?? config).publicUrl}${INTAKE_PATH}`,
        };
      },
    },
  });
  const remove = async (hubId: HubId): Promise<void> => {
    const hub = open.get(hubId);
    if (hub === undefined) return;
    open.delete(hubId);
    for (const [host, of] of hosts) if (of === hubId) hosts.delete(host);
    hub.web.endStreams(); // people come again by themselves
    await closeHub(hub);
  };
  const noOne = nobody(config, shared, pool, unknowable);
  const router = hubRouter({
    byId: (hubId) => open.get(hubId)?.web,
    byHost: (host) => {
      const hubId = hosts.get(host);
      return hubId === undefined ? undefined : open.get(hubId)?.web;
    },
    nobody: noOne,
    pages: pageRoutes({ log }),
  });
  return {
    router,
    intake,
    put: async (hubId, entry) => {
      await remove(hubId);
      if (entry === null) return;
      const served = await servedOf(entry, shared, pool);
      const web = openHubWeb(served, shared);
      // One that takes no nudges must not be told from one that is not there.
      const { nudges } = entry.config.nudgeSecrets.length === 0 ? noOne : web;
      open.set(hubId, { served, web: { ...web, nudges } });
      const { signIn } = entry.config;
      if (signIn !== null) hosts.set(new URL(signIn.portalUrl).host, hubId);
    },
    streams: (hubId) => open.get(hubId)?.web.streams() ?? 0,
    endStreams: () => {
      for (const { web } of open.values()) web.endStreams();
    },
    close: async () => {
      for (const hub of open.values()) await closeHub(hub);
    },
  };
}

async function closeHub({ served, web }: OpenHub): Promise<void> {
  await web.close();
  await Promise.all(served.sources.map((source) => source.close()));
}

export async function servedOf(entry: Entry, { log }: Process, pool: HubPool): Promise<ServedHub> {
  const { hubId, appId, config } = entry;
  const db = pool.of(hubId);
  await refuseWithoutWall(db, hubId);
  return { hubId, appId, config, db, sources: await openOrRefuse(config, log) };
}

/** Answers for every hub that is not served; nothing gets past its gates. */
function nobody(
  { publicUrl }: ProcessConfig,
  { signals, now }: Process,
  pool: HubPool,
  unknowable: string,
): Pick<HubWeb, 'desk' | 'nudges'> {
  const both = { db: pool.of(NOBODY), signals, now, hubId: NOBODY };
  return {
    nudges: nudgeRouter({ ...both, secrets: [`whsec_${Buffer.from(unknowable).toString('base64')}`] }),
    desk: deskRouter({ ...both, newId: randomUUID, appId: '', secrets: [unknowable], publicUrl, admins: [] }),
  };
}
