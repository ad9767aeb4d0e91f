/**
 * The hubs that this process may serve, kept in step with the directory: which there are is asked at the door, what is
 * sealed of each through a connection that is bound to it. One that cannot be opened, or whose settings are wrong, is
 * left out and named in the log; the others are served.
 */
import type { HubId } from '@tallystick/shared/ids';
import type { Logger } from 'pino';
import { pause } from '../bell.ts';
import { ConfigError, type Config } from '../config.ts';
import { configOf, moreSettings, type Environment } from './settings.ts';
import { openDatabase } from '../store/connection.ts';
import type { Db } from '../store/database.ts';
import { listHubs, sealedOf, type ListedHub } from '../store/directory.ts';
import type { HubPool } from '../store/hubPool.ts';
import type { Clock } from '../sync/budget.ts';
import { unseal, VaultError, type Keyring } from './vault.ts';

/** A hub that was added, changed or removed is noticed within this time. */
const LOOK_MS = 1_000;

export interface Entry {
  hubId: HubId;
  appId: string;
  config: Config;
  version: string;
}

export interface HubDirectory {
  entries: () => ReadonlyMap<HubId, Entry>;
  /** Which hubs there are; nothing else can be read with it. */
  door: Db;
  close(): Promise<void>;
}

export interface DirectoryDeps {
  databaseUrl: string;
  pool: HubPool;
  keyring: Keyring;
  env: Environment;
  /** False: this process never calls HubSpot, and does not open the tokens either. */
  withToken: boolean;
  /** Hears of every hub whose entry is new, another one, or gone; `null` is gone. */
  onEntry: (hubId: HubId, entry: Entry | null) => Promise<void>;
  clock: Clock;
  log: Logger;
  onIdleError: (error: Error) => void;
}

/** Resolves when the directory was read once. */
export async function watchDirectory(deps: DirectoryDeps): Promise<HubDirectory> {
  const { clock, log } = deps;
  const door = openDatabase(deps.databaseUrl, 'door', deps.onIdleError, 1);
  const stopping = new AbortController();
  const seen = new Map<HubId, string>();
  const entries = new Map<HubId, Entry>();
  const look = (): Promise<void> => lookThrough(deps, door, seen, entries);
  await look().catch(async (error: unknown) => {
    await door.destroy();
    throw error;
  });
  const looking = (async () => {
    for (;;) {
      await pause(clock, LOOK_MS, stopping.signal);
      if (stopping.signal.aborted) return;
      await look().catch((error: unknown) =>
        log.warn({ err: error }, 'The directory of hubs could not be looked at.'),
      );
    }
  })();
  return {
    entries: () => entries,
    door,
    close: async () => {
      stopping.abort();
      await looking;
      await door.destroy();
    },
  };
}

async function lookThrough(
  deps: DirectoryDeps,
  door: Db,
  seen: Map<HubId, string>,
  entries: Map<HubId, Entry>,
): Promise<void> {
  const listed = await listHubs(door);
  const there = new Set(listed.map(({ hubId }) => hubId));
  for (const hubId of [...seen.keys()]) {
    if (there.has(hubId)) continue;
    seen.delete(hubId);
    if (entries.delete(hubId)) await tell(deps, hubId, null);
  }
  for (const hub of listed) {
    if (seen.get(hub.hubId) === hub.version) continue;
    const entry = await opened(deps, hub, listed);
    seen.set(hub.hubId, hub.version);
    const wasThere = entries.delete(hub.hubId);
    if (entry !== null) entries.set(hub.hubId, entry);
    if (wasThere || entry !== null) await tell(deps, hub.hubId, entry);
  }
}

/** What one hub has wrong holds up no other. */
async function tell({ onEntry, log }: DirectoryDeps, hubId: HubId, entry: Entry | null): Promise<void> {
  try {
    await onEntry(hubId, entry);
  } catch (error) {
    log.error({ err: error, hub: hubId }, 'A hub cannot be served.');
  }
}

/** Null: it cannot be served as it is. */
async function opened(
  deps: DirectoryDeps,
  { hubId, appId, portalUrl, version }: ListedHub,
  listed: readonly ListedHub[],
): Promise<Entry | null> {
  const row = await sealedOf(deps.pool.of(hubId), hubId, deps.withToken);
  if (row?.version !== version) return null; // it has just been changed: the next look finds it
  try {
    const first = listed.find((each) => portalUrl !== null && each.portalUrl === portalUrl);
    if (first !== undefined && first.hubId !== hubId)
      throw new ConfigError(`Its portal’s address is hub ${first.hubId}’s.`);
    const text = (column: string, sealed: string): string =>
      unseal(deps.keyring, { hubId, column }, sealed).reveal();
    const accessToken = row.access_token === null ? null : text('access_token', row.access_token);
    const config = configOf(deps.env, {
      hubspot: { accessToken, clientSecrets: text('client_secrets', row.client_secrets) },
      ...{ appId, portalUrl },
      more: moreSettings.parse(JSON.parse(text('settings', row.settings))),
    });
    return { hubId, appId, config, version };
  } catch (error) {
    if (!(error instanceof VaultError) && !(error instanceof ConfigError)) throw error;
    deps.log.error({ hub: hubId, reason: error.message }, 'A hub cannot be served as the directory has it.');
    return null;
  }
}
