/**
 * The watch: finds out what stands, and tells each channel of it once. It needs no worker, because one that is gone
 * cannot say so. Of all processes one keeps the watch, under a lock of its own, and another takes over when it dies.
 *
 *   1. read the facts, and store what stands and what is over      2. write down that a channel is about to be told
 *   3. tell it      4. write down that it took it
 *
 * A crash between 2 and 4 repeats a message under the same id. Tasks in HubSpot are left to the hub's worker and its budget.
 */
import type { HubId } from '@tallystick/shared/ids';
import type { Logger } from 'pino';
import { isAborted, pause } from '../bell.ts';
import { loadAlerts, noteAttempt, noteFailed, noteTold, orderAlert, type Alert } from '../store/alerts.ts';
import type { Db } from '../store/database.ts';
import { readFacts } from '../store/facts.ts';
import { takeHold, type Hold } from '../store/hold.ts';
import type { AlertChannel } from '../store/operatingTables.ts';
import {
  endWarning,
  forgetWarnings,
  keepStanding,
  knownWarnings,
  type KnownWarning,
} from '../store/warnings.ts';
import { channelNames, openChannels, type AlertSettings, type Channel } from './channels.ts';
import { nextAlert, PACE, retryAt, settledNow } from './next.ts';
import { standing } from './standing.ts';
import { messageOf } from './words.ts';

/** "watc" in ASCII. */
export const WATCH_LOCK_CLASS = 0x77617463;
const LOOK_MS = 5_000;
const HOLD_RETRY_MS = 2_000;
/** The database may be started again, or fail over, without anybody being called. */
const DATABASE_PATIENCE_MS = 60_000;
const FORGET_AFTER_MS = 30 * 86_400_000;

export interface WatchedHub {
  hubId: HubId;
  settings: AlertSettings;
}

export interface WatchDeps {
  databaseUrl: string;
  /** Names what this watch is over: of all processes with the same name one keeps it. */
  lock: string;
  hubs: () => readonly WatchedHub[];
  clock: { now(): number; after(delayMs: number, work: () => void): () => void };
  log: Logger;
  /** Tests want it sooner. */
  pace?: Partial<typeof PACE & { lookMs: number; databasePatienceMs: number }>;
}

export interface Watch {
  stop(): Promise<void>;
}

export function startWatch(deps: WatchDeps): Watch {
  const stopping = new AbortController();
  const opened = openedHubs(deps, stopping.signal);
  const running = keep(deps, opened.now, stopping.signal);
  return {
    stop: async () => {
      stopping.abort();
      await running;
      opened.close();
    },
  };
}

async function keep(
  deps: WatchDeps,
  opened: () => readonly OpenedHub[],
  stopping: AbortSignal,
): Promise<void> {
  const { clock, databaseUrl, lock, log } = deps;
  const { lookMs = LOOK_MS } = deps.pace ?? {};
  while (!isAborted(stopping)) {
    try {
      const hold = await takeHold(databaseUrl, WATCH_LOCK_CLASS, lock);
      for (const { outage } of opened()) await outage.over();
      while (hold !== null && !isAborted(stopping)) {
        await lookAtAll(deps, hold, opened(), stopping);
        await pause(clock, lookMs, stopping);
      }
      await hold?.release();
    } catch (error) {
      if (!isAborted(stopping)) log.error({ err: error }, 'The watch could not look.');
      for (const { outage } of opened()) await outage.stands();
    }
    await pause(clock, Math.min(HOLD_RETRY_MS, lookMs), stopping);
  }
}

/** What is wrong with one hub keeps nobody from looking at the others. */
async function lookAtAll(
  deps: WatchDeps,
  hold: Hold,
  hubs: readonly OpenedHub[],
  stopping: AbortSignal,
): Promise<void> {
  for (const hub of hubs) {
    if (isAborted(stopping)) return;
    try {
      await look({ ...deps, ...hub }, await hold.of(hub.hubId), hub.channels, stopping);
      await hub.outage.over();
    } catch (error) {
      await hold.prove().catch(async (lost: unknown) => {
        await hold.release();
        throw lost;
      });
      deps.log.error({ err: error, hub: hub.hubId }, 'The watch could not look at a hub.');
    }
  }
}

interface OpenedHub extends WatchedHub {
  channels: readonly Channel[];
  outage: Outage;
}

/** The hubs of this moment, each with its channels; those of a hub that left or has other settings are closed. */
function openedHubs(
  deps: WatchDeps,
  stopping: AbortSignal,
): { now: () => readonly OpenedHub[]; close: () => void } {
  let opened: OpenedHub[] = [];
  const closeAll = (hubs: readonly OpenedHub[]): void => {
    for (const { channels } of hubs) for (const channel of channels) channel.close();
  };
  return {
    now: () => {
      const hubs = deps.hubs().map((hub) => {
        const before = opened.find(({ hubId, settings }) => hubId === hub.hubId && settings === hub.settings);
        if (before !== undefined) return before;
        const channels = openChannels(hub.hubId, hub.settings);
        return { ...hub, channels, outage: outageOf({ ...deps, ...hub }, channels, stopping) };
      });
      closeAll(opened.filter((hub) => !hubs.includes(hub)));
      opened = hubs;
      return opened;
    },
    close: () => closeAll(opened),
  };
}

async function look(
  deps: WatchDeps & WatchedHub,
  db: Db,
  channels: readonly Channel[],
  stopping: AbortSignal,
): Promise<void> {
  const { hubId, clock, settings } = deps;
  const pace = { ...PACE, ...deps.pace };
  const now = clock.now();
  // 1.
  await keepStanding(db, hubId, standing(await readFacts(db, hubId, now), now), now);
  for (const warning of settledNow(await knownWarnings(db, hubId), now, pace))
    await endWarning(db, hubId, warning, now);
  const [warnings, alerts] = await Promise.all([
    knownWarnings(db, hubId),
    loadAlerts(db, hubId),
    forgetWarnings(db, hubId, now - FORGET_AFTER_MS),
  ]);
  for (const name of channelNames(settings)) {
    const channel = channels.find((each) => each.name === name) ?? null;
    for (const warning of warnings) {
      if (isAborted(stopping)) return;
      const alert = alerts.find((each) => isOf(each, warning, name)) ?? null;
      const kind = nextAlert(warning, alert, now, pace);
      if (kind === null) continue;
      if (channel !== null) await tell(deps, db, channel, warning, { alert, kind, stopping });
      else if (alert?.message == null)
        await orderAlert(db, hubId, { ...keyOf(warning), channel: name }, messageOf(warning, kind), now);
    }
  }
}

const isOf = (alert: Alert, { code, subject }: KnownWarning, channel: AlertChannel): boolean =>
  alert.code === code && alert.subject === subject && alert.channel === channel;

const keyOf = ({ code, subject }: KnownWarning) => ({ code, subject });

async function tell(
  { hubId, clock, log }: WatchDeps & WatchedHub,
  db: Db,
  channel: Channel,
  warning: KnownWarning,
  next: { alert: Alert | null; kind: ReturnType<typeof messageOf>['kind']; stopping: AbortSignal },
): Promise<void> {
  const { alert, kind, stopping } = next;
  const key = { ...keyOf(warning), channel: channel.name };
  const attempts = alert?.attempts ?? 0;
  // 2.
  await noteAttempt(db, hubId, key, { attempts: attempts + 1, notBefore: retryAt(attempts, clock.now()) });
  // 3.
  const reason = await channel.send(messageOf(warning, kind), alert?.number ?? 0, clock.now(), stopping);
  // 4.
  if (reason === null) await noteTold(db, hubId, key, { kind, now: clock.now() });
  else {
    log.warn({ hub: hubId, channel: channel.name, code: warning.code }, `An alert was not taken: ${reason}`);
    await noteFailed(db, hubId, key, reason);
  }
}

interface Outage {
  stands(): Promise<void>;
  over(): Promise<void>;
}

/** Where nothing can be stored, each process remembers for itself what it told. */
function outageOf(deps: WatchDeps & WatchedHub, channels: readonly Channel[], stopping: AbortSignal): Outage {
  const { clock, hubId, log } = deps;
  const patienceMs = deps.pace?.databasePatienceMs ?? DATABASE_PATIENCE_MS;
  let since: number | null = null;
  const told = new Set<Channel>();
  const say = async (channel: Channel, kind: 'begun' | 'over', firstAt: number): Promise<boolean> => {
    const message = messageOf({ code: 'database-failing', subject: '', count: 1, firstAt }, kind);
    const reason = await channel.send(message, Math.floor(firstAt / 1_000), clock.now(), stopping);
    if (reason !== null) log.warn({ hub: hubId, channel: channel.name }, `An alert was not taken: ${reason}`);
    return reason === null;
  };
  return {
    stands: async () => {
      since ??= clock.now();
      if (clock.now() - since < patienceMs || isAborted(stopping)) return;
      for (const channel of channels)
        if (!told.has(channel) && (await say(channel, 'begun', since))) told.add(channel);
    },
    over: async () => {
      if (since === null) return;
      for (const channel of told) if (await say(channel, 'over', since)) told.delete(channel);
      if (told.size === 0) since = null;
    },
  };
}
