/** What one hub needs in a process that people reach: the portal's API and the desk's. Nothing here calls HubSpot. */
import { randomBytes, randomUUID } from 'node:crypto';
import type { HubId } from '@tallystick/shared/ids';
import type { Router } from 'express';
import { channelNames } from './alerts/channels.ts';
import type { Logger } from 'pino';
import { ConfigError, type Config } from './config.ts';
import { nudgeRouter } from './desk/nudge.ts';
import { deskRouter } from './desk/router.ts';
import { portalRouter } from './portal/router.ts';
import { openMailer, type Mailer } from './portal/signIn/mailer.ts';
import type { SignInSettings } from './portal/signIn/settings.ts';
import type { Process } from './process.ts';
import { revealed } from './secret.ts';
import { toldSource } from './sources/cache.ts';
import { openSources, SourceRefused } from './sources/open.ts';
import type { Source } from './sources/source.ts';
import type { Db } from './store/database.ts';

/** A hub that is served: its settings, and connections that reach its rows. */
export interface ServedHub {
  hubId: HubId;
  appId: string;
  config: Config;
  db: Db;
  /** Other systems that own fields or lists of this hub. */
  sources: readonly Source[];
}

export interface HubWeb {
  portal: Router;
  desk: Router;
  /** Nudges are signed by our own function, everything else at the desk by HubSpot: they have a gate each. */
  nudges: Router;
  endStreams: () => void;
  /** How many live streams are open. */
  streams: () => number;
  /** After the last request. */
  close(): Promise<void>;
}

export function openHubWeb(hub: ServedHub, shared: Process): HubWeb {
  const { hubId, appId, config, db, sources } = hub;
  const { signals, clock, now, log, at } = shared;
  const both = { db, signals, now, hubId };
  const { mailer, ...signIn } = signInOf(hub, shared);
  const portal = portalRouter({
    ...signIn,
    keys: shared.signer.keys,
    ...shared.scan,
    ...{ db, signals, now, newId: randomUUID, log, at },
    limits: shared.limits,
    sources: { hubId, told: sources.map((source) => toldSource(source, clock)) },
  });
  return {
    portal: portal.router,
    nudges: nudgeRouter({ ...both, secrets: config.nudgeSecrets }),
    desk: deskRouter({
      ...both,
      newId: randomUUID,
      appId,
      secrets: revealed(config.hubspot.clientSecrets),
      publicUrl: config.publicUrl,
      admins: config.deskAdmins,
      limits: shared.deskLimits,
      alertChannels: channelNames(config.alerts),
    }),
    endStreams: portal.close,
    streams: portal.streams,
    close: async () => mailer?.close(),
  };
}

/** Nothing where customers do not sign in. */
function signInOf(
  { config, hubId }: ServedHub,
  { log }: Process,
): { signIn?: SignInSettings; mailer: Mailer | null } {
  if (config.signIn === null) return { mailer: null };
  const { mail, portalUrl, providers, idleMs, absoluteMs } = config.signIn;
  const mailer = mail === null ? null : openMailer({ ...mail, log });
  return { signIn: { hubId, portalUrl, mailer, providers, idleMs, absoluteMs, randomBytes }, mailer };
}

export async function openOrRefuse(config: Config, log: Logger): Promise<Source[]> {
  // Not the error itself: the driver hangs its whole connection on it.
  const onTrouble = (source: string, { message }: { message: string }): void =>
    log.warn({ source, reason: message }, 'Another system does not answer.');
  try {
    return await openSources(config.sourceUrls, { now: Date.now, onTrouble });
  } catch (error) {
    throw error instanceof SourceRefused ? new ConfigError(error.message) : error;
  }
}
