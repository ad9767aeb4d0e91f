/**
 * The watch: finds out what stands, and tells each channel of it once. It needs no worker, because one that is gone
 * cannot say so. Of all processes of a hub one keeps the watch, under a lock of its own, and another takes over when it dies.
 *
 *   1. read the facts, and store what stands and what is over      2. write down that a channel is about to be told
 *   3. tell it      4. write down that it took it
 *
 * A crash between 2 and 4 repeats a message under the same id. Tasks in HubSpot are left to the hub's worker and its budget.
 */
import type { HubId } from '@tallystick/shared/ids';
import type { Logger } from 'pino';
import { pause } from '../bell.ts';
import { loadAlerts, noteAttempt, noteFailed, noteTold, orderAlert, type Alert } from '../store/alerts.ts';
import type { Db } from '../store/database.ts';
import { readFacts } from '../store/facts.ts';
import { takeHold } from '../store/hold.ts';
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

export interface WatchDeps {
  hubId: HubId;
  databaseUrl: string;
  settings: AlertSettings;
  clock: { now(): number; after(delayMs: number, work: () => void): () => void };
  log: Logger;
  /** Tests want it sooner. */
  pace?: Partial<typeof PACE & { lookMs: number; holdRetryMs: number; databasePatienceMs: number }>;
}

export interface Watch {
  stop(): Promise<void>;
}

export function startWatch(deps: WatchDeps): Watch {
  const stopping = new AbortController();
  const channels = openChannels(deps.hubId, deps.settings);
  const outage = outageOf(deps, channels, stopping.signal);
  const running = keep(deps, channels, outage, stopping.signal);
  return {
    stop: async () => {
      stopping.abort();
      await running;
      for (const channel of channels) channel.close();
    },
  };
}

async function keep(
  deps: WatchDeps,
  channels: readonly Channel[],
  outage: Outage,
  stopping: AbortSignal,
): Promise<void> {
  const { clock, hubId, databaseUrl, log } = deps;
  while (!stopping.aborted) {
    try {
      const hold = await takeHold(databaseUrl, hubId, WATCH_LOCK_CLASS);
      await outage.over();
      if (hold !== null) {
        try {
          while (!isAborted(stopping)) {
            await look(deps, hold.db, channels, stopping);
            await outage.over();
            await pause(clock, deps.pace?.lookMs ?? LOOK_MS, stopping);
          }
        } finally {
          await hold.release();
        }
      }
    } catch (error) {
      if (!isAborted(stopping)) log.error({ err: error, hub: hubId }, 'The watch could not look.');
      await outage.stands();
    }
    const { lookMs = LOOK_MS, holdRetryMs = Math.min(HOLD_RETRY_MS, lookMs) } = deps.pace ?? {};
    await pause(clock, holdRetryMs, stopping);
  }
}

const isAborted = (signal: AbortSignal): boolean => signal.aborted;

async function look(
  deps: WatchDeps,
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
  await forgetWarnings(db, hubId, now - FORGET_AFTER_MS);
  const warnings = await knownWarnings(db, hubId);
  const alerts = await loadAlerts(db, hubId);
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
  { hubId, clock, log }: WatchDeps,
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
function outageOf(deps: WatchDeps, channels: readonly Channel[], stopping: AbortSignal): Outage {
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
