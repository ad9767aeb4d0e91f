/**
 * Where many hubs are served, each has in the directory what a single hub has in the environment, under the same names.
 * So a hub's settings are the process's with the hub's own laid over them, and everything else is as with a single hub.
 */
import { sources } from '@tallystick/shared/ownership';
import { z } from 'zod';
import { ConfigError, parseConfig, parseProcessConfig, type Config, type ProcessConfig } from '../config.ts';
import { settingOf } from '../sources/open.ts';
import { parseKeys, VaultError, type Keyring } from './vault.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export const TOKEN = 'HUBSPOT_ACCESS_TOKEN';
export const CLIENT_SECRETS = 'HUBSPOT_CLIENT_SECRET';
const APP_ID = 'HUBSPOT_APP_ID';
const PORTAL_URL = 'PORTAL_URL';
/** A hub has these of its own or not at all: of the process they would count for every hub. */
const NEVER_SHARED = [
  TOKEN,
  CLIENT_SECRETS,
  APP_ID,
  PORTAL_URL,
  'HUBSPOT_CLIENT_ID',
  'NUDGE_SECRETS',
  'HOOKS',
  'HOOKS_ALLOW_PRIVATE',
  'DESK_ADMINS',
  'SIGN_IN_PROVIDERS',
  'CANARY',
  'ALERT_TASK_OWNER',
  ...Object.keys(sources).map(settingOf),
];
/** A hub may have its own; without one the process's counts. */
const MAY_BE_SHARED = [
  'PUBLIC_URL',
  'HUBSPOT_BASE_URL',
  'HUBSPOT_WINDOW_LIMIT',
  'SOURCE_LOOK_S',
  'SMTP_URL',
  'MAIL_FROM',
  'SESSION_IDLE_MINUTES',
  'SESSION_MAX_HOURS',
  'CANARY_EVERY_S',
  'ALERT_MAIL_TO',
  'ALERT_WEBHOOK',
];
/** What the directory keeps of a hub. */
export const HUB_SETTINGS: readonly string[] = [...NEVER_SHARED, ...MAY_BE_SHARED];
/** Wrong where nothing is mailed: neither links to sign in nor alerts. */
const MAIL_ONLY = ['SMTP_URL', 'MAIL_FROM'];

export interface HubSettings {
  hubspot: { accessToken: string; clientSecrets: string };
  appId: string;
  /** An origin. */
  portalUrl: string | null;
  /** Everything else, by the setting's name. */
  more: Record<string, string>;
}

/** Null: this process serves the one hub that its environment names. Throws `ConfigError`. */
export function manyHubs(env: Environment): { config: ProcessConfig; keyring: Keyring } | null {
  if (env.TALLYSTICK_KEYS === undefined) return null;
  if (env[TOKEN] !== undefined)
    throw new ConfigError(
      `Settings: with TALLYSTICK_KEYS the hubs are in the directory: add this one with "tally hub add", and leave ${TOKEN} away.`,
    );
  return { config: parseProcessConfig(env), keyring: keyringOf(env) };
}

export function keyringOf({ TALLYSTICK_KEYS: keys }: Environment): Keyring {
  if (keys === undefined) throw new ConfigError('Settings: TALLYSTICK_KEYS is missing.');
  try {
    return parseKeys(keys);
  } catch (error) {
    throw error instanceof VaultError ? new ConfigError(`Settings: ${error.message}`) : error;
  }
}

/** The hub's settings as whoever adds it gives them. Throws `ConfigError` for what is wrong or missing. */
export function settingsFrom(given: Environment, env: Environment): HubSettings {
  const own = Object.fromEntries(
    HUB_SETTINGS.flatMap((name): [string, string][] => {
      const value = given[name];
      return value === undefined || value === '' ? [] : [[name, value]];
    }),
  );
  const config = parseConfig(overlay(env, own, 'all'));
  const { appId } = config.hubspot;
  if (appId === null) throw new ConfigError(`Settings: ${APP_ID} is missing.`);
  const { [TOKEN]: accessToken = '', [CLIENT_SECRETS]: clientSecrets = '', ...rest } = own;
  const { [APP_ID]: _app, [PORTAL_URL]: _portal, ...more } = rest;
  const portalUrl = config.signIn?.portalUrl ?? null;
  return { hubspot: { accessToken, clientSecrets }, appId, portalUrl, more };
}

/** As `parseConfig` makes it for a single hub. Without a token: of a process that never calls HubSpot. */
export function configOf(
  env: Environment,
  settings: Omit<HubSettings, 'hubspot'> & { hubspot: { accessToken: string | null; clientSecrets: string } },
): Config {
  const { hubspot, appId, portalUrl, more } = settings;
  const own = {
    ...more,
    ...(hubspot.accessToken === null ? {} : { [TOKEN]: hubspot.accessToken }),
    [CLIENT_SECRETS]: hubspot.clientSecrets,
    [APP_ID]: appId,
    ...(portalUrl === null ? {} : { [PORTAL_URL]: portalUrl }),
  };
  return parseConfig(overlay(env, own, hubspot.accessToken === null ? 'web' : 'worker'));
}

/** What is kept beside the token and the client secrets, as it is sealed. */
export const moreSettings = z.record(z.string(), z.string());

function overlay(env: Environment, own: Readonly<Record<string, string>>, role: Config['role']): Environment {
  const mails = own[PORTAL_URL] !== undefined || (own.ALERT_MAIL_TO ?? env.ALERT_MAIL_TO) !== undefined;
  const left = mails ? NEVER_SHARED : [...NEVER_SHARED, ...MAIL_ONLY];
  const shared = Object.fromEntries(Object.entries(env).filter(([name]) => !left.includes(name)));
  return { ...shared, ...own, TALLYSTICK_ROLE: role };
}
