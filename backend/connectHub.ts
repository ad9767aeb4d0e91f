/** At the start: which hub this process is for, and a database whose connections reach that hub only. */
import { hubId as toHubId, type HubId } from '@tallystick/shared/ids';
import { OBJECTS } from '@tallystick/shared/ownership';
import { ConfigError } from './config.ts';
import type { Crm } from './hubspot/crm.ts';
import { openDatabase } from './store/connection.ts';
import type { Db } from './store/database.ts';
import { knownHubs, saveHub, type KnownHub } from './store/hubs.ts';
import { orderJobs } from './store/jobs.ts';
import { wallMissing } from './store/walls.ts';
import type { Clock } from './sync/budget.ts';

/** A worker that starts at the same time has this long to connect the hub. */
const WAIT_FOR_WORKER_MS = 60_000;
const LOOK_MS = 500;

export interface Connecting {
  databaseUrl: string;
  crm: Crm;
  /** Null: asked of HubSpot. */
  appId: string | null;
  now: () => number;
  onError: (error: Error) => void;
}

/**
 * HubSpot is asked; while it cannot be reached, a hub that was connected before is taken from the store, so that the
 * service starts and waits. Whoever calls closes the database.
 */
export async function connectHub(connecting: Connecting): Promise<{ hub: KnownHub; db: Db }> {
  const { databaseUrl, now, onError } = connecting;
  const { hub, timeZone } = await hubOf(connecting);
  const db = openDatabase(databaseUrl, hub.hubId, onError);
  try {
    await refuseWithoutWall(db, hub.hubId);
    if (timeZone !== null) {
      await saveHub(db, { ...hub, timeZone, now: now() });
      await orderFirstBackfill(db, hub, now());
    }
    return { hub, db };
  } catch (error) {
    await db.destroy();
    throw error;
  }
}

/**
 * For a process that never calls HubSpot: the hub that a worker has connected, waited for if need be. Whoever calls
 * closes the database.
 */
export async function meetHub(
  databaseUrl: string,
  clock: Clock,
  onError: (error: Error) => void,
): Promise<{ hub: KnownHub; db: Db }> {
  const until = clock.now() + WAIT_FOR_WORKER_MS;
  for (;;) {
    const [hub, ...more] = await knownHubs(databaseUrl, onError);
    if (more.length > 0)
      throw new ConfigError('Several hubs are in the database: a process serves them with TALLYSTICK_KEYS.');
    if (hub !== undefined) {
      const db = openDatabase(databaseUrl, hub.hubId, onError);
      await refuseWithoutWall(db, hub.hubId).catch(async (error: unknown) => {
        await db.destroy();
        throw error;
      });
      return { hub, db };
    }
    if (clock.now() > until)
      throw new ConfigError('No hub is connected yet: start a process with the role "worker" first.');
    await new Promise<void>((resolve) => void clock.after(LOOK_MS, resolve));
  }
}

export async function refuseWithoutWall(db: Db, hubId: HubId): Promise<void> {
  const missing = await wallMissing(db, hubId);
  if (missing !== null) throw new ConfigError(`The database cannot be used: ${missing}.`);
}

/** Without a time zone: as it is known from before. */
async function hubOf({
  databaseUrl,
  crm,
  appId: given,
  onError,
}: Connecting): Promise<{ hub: KnownHub; timeZone: string | null }> {
  const account = await crm.readAccount();
  const known = await knownHubs(databaseUrl, onError);
  if (account.ok) {
    const hubId = toHubId(account.value.hubId);
    const appId = given ?? (await askAppId(crm));
    const typeIds = known.find((row) => row.hubId === hubId)?.typeIds ?? {};
    return { hub: { hubId, appId, typeIds }, timeZone: account.value.timeZone };
  }
  const [only] = known;
  if (only === undefined || known.length > 1 || account.failure.is === 'barred') {
    throw new ConfigError(
      `HubSpot could not be asked which account the token is for: ${account.failure.message}`,
    );
  }
  return { hub: only, timeZone: null };
}

async function askAppId(crm: Crm): Promise<string> {
  const answer = await crm.readToken();
  if (answer.ok && answer.value.appId !== null) return answer.value.appId;
  throw new ConfigError('HubSpot does not say which app the token belongs to: set HUBSPOT_APP_ID.');
}

/** A hub seen for the first time is read from nothing. */
async function orderFirstBackfill(db: Db, { hubId }: KnownHub, now: number): Promise<void> {
  const any = await db
    .selectFrom('jobs')
    .select('job_id')
    .where('hub_id', '=', hubId)
    .limit(1)
    .executeTakeFirst();
  if (any === undefined) await orderJobs(db, hubId, 'backfill', OBJECTS, now);
}
