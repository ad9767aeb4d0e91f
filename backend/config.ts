/** The environment, parsed once. Every wrong or missing setting is named in one line. */
import { isRecordId, type RecordId } from '@tallystick/shared/ids';
import { canaryField, isObject, sources, type AppObject } from '@tallystick/shared/ownership';
import { z } from 'zod';
import { alertEnvironment, alertSettingsOf, mistakesInAlerts } from './alertConfig.ts';
import type { AlertSettings } from './alerts/channels.ts';
import { clamdPlace, type ClamdPlace } from './clamd.ts';
import { parseHooks, type Hook } from './hooks/hook.ts';
import { receiptKey } from './statement.ts';
import { Secret } from './secret.ts';
import { settingOf } from './sources/open.ts';
import { mistakesInSignIn, signInConfigOf, signInEnvironment, type SignInConfig } from './signInConfig.ts';

const DEFAULT_PORT = 8787;
const SOURCE_LOOK_S = 30;
const CANARY_EVERY_S = 60;
const CANARY_EVERY_MAX_S = 3_600;
const METRICS_TOKEN_MIN_CHARS = 24;
const STOP_DRAIN_MAX_S = 120;
const SOURCE_LOOK_MAX_S = 3_600;
/** Until an answer's headers say otherwise: the lowest of HubSpot's limits for private apps (docs: usage guidelines). */
const DEFAULT_WINDOW_LIMIT = 100;

/** What a process does: answer people and take in webhooks, speak with HubSpot, or both. */
export const ROLES = ['all', 'web', 'worker'] as const;
export type ProcessRole = (typeof ROLES)[number];

/** What a process has once, however many hubs it serves. */
export interface ProcessConfig {
  role: ProcessRole;
  /** Null: start the embedded Postgres (for evaluation and development). */
  databaseUrl: string | null;
  /** Who makes and changes the tables; null: `databaseUrl` does. */
  databaseOwnerUrl: string | null;
  stateDir: string;
  /** The address HubSpot calls, as configured in the app: signatures are made over it. A hub may have its own. */
  publicUrl: string;
  /** Where the virus scanner is; null: documents are not scanned. */
  clamd: ClamdPlace | null;
  /** Private keys in PEM that sign statements, the present one first; none: one is made and kept in `stateDir`. */
  receiptKeys: readonly string[];
  /** How many proxies before us may say where a request comes from. */
  trustedProxies: number;
  host: string;
  port: number;
  logLevel: string;
  /** Null: no metrics are served. */
  metricsPort: number | null;
  /** Null: the service's own. */
  metricsHost: string | null;
  metricsToken: Secret | null;
  /** How long a service that stops says so before it takes no more connections. */
  stopDrainMs: number;
}

/** What one hub is served with. */
export interface Config extends ProcessConfig {
  hubspot: {
    baseUrl: string;
    /** Null: this process never calls HubSpot. */
    accessToken: Secret | null;
    /** Newest first; several while a secret is being rotated. */
    clientSecrets: Secret[];
    /** Of the webhooks journal; null: it is not read. */
    clientId: string | null;
    /** Null: asked of HubSpot. */
    appId: string | null;
    windowLimit: number;
  };
  /** Where each other system's database is; one that is not here is not used. */
  sourceUrls: Readonly<Record<string, string>>;
  /** How often everything is compared with what the other systems say. */
  sourceLookMs: number;
  /** User ids and e-mail addresses (in lower case) that are administrators of the desk whatever is stored. */
  deskAdmins: string[];
  /** Endpoints that are told of changes. */
  hooks: readonly Hook[];
  /** Of the app's function `nudge`, newest first; none: nobody may nudge. */
  nudgeSecrets: string[];
  /** Null: customers do not sign in here; bearer tokens work. */
  signIn: SignInConfig | null;
  /** Where people are told of warnings. */
  alerts: AlertSettings;
  /** Where the canary sings, and how often; null: nowhere. */
  canary: { object: AppObject; recordId: RecordId; everyMs: number } | null;
}

const url = (name: string) =>
  z
    .string({ error: `${name} is missing` })
    .refine((text) => URL.canParse(text), { error: `${name} is not an address` });
const postgres = (name: string) =>
  z.string().regex(/^postgres(ql)?:\/\//, `${name} does not start with postgres://`);
const wholePort = (name: string) =>
  z.coerce
    .number({ error: `${name} is not a number` })
    .int(`${name} is not a whole number`)
    .min(0, `${name} is below 0`)
    .max(65_535, `${name} is above 65535`);
const id = (name: string) => z.string().regex(/^\d+$/, `${name} is not a number`);
const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** Several while one is being rotated, separated by commas; line ends may be written as \n. */
export const parseReceiptKeys = (text: string): string[] => listOf(text.replaceAll('\\n', '\n'));
function areReceiptKeys(text: string): boolean {
  try {
    parseReceiptKeys(text).forEach(receiptKey);
    return true;
  } catch {
    return false;
  }
}

const environment = z.object({
  ...signInEnvironment,
  ...alertEnvironment,
  TALLYSTICK_ROLE: z
    .enum(ROLES, { error: `TALLYSTICK_ROLE is not one of ${ROLES.join(', ')}` })
    .default('all'),
  DATABASE_URL: postgres('DATABASE_URL').optional(),
  DATABASE_OWNER_URL: postgres('DATABASE_OWNER_URL').optional(),
  TALLYSTICK_STATE_DIR: z.string().min(1, 'TALLYSTICK_STATE_DIR is empty').default('.tallystick'),
  HUBSPOT_ACCESS_TOKEN: z
    .string({ error: 'HUBSPOT_ACCESS_TOKEN is missing' })
    .min(1, 'HUBSPOT_ACCESS_TOKEN is empty'),
  HUBSPOT_CLIENT_SECRET: z
    .string({ error: 'HUBSPOT_CLIENT_SECRET is missing' })
    .min(1, 'HUBSPOT_CLIENT_SECRET is empty'),
  HUBSPOT_CLIENT_ID: z.string().min(1, 'HUBSPOT_CLIENT_ID is empty').optional(),
  HUBSPOT_APP_ID: id('HUBSPOT_APP_ID').optional(),
  HUBSPOT_BASE_URL: url('HUBSPOT_BASE_URL').default('https://api.hubapi.com'),
  HUBSPOT_WINDOW_LIMIT: z.coerce
    .number({ error: 'HUBSPOT_WINDOW_LIMIT is not a number' })
    .int('HUBSPOT_WINDOW_LIMIT is not a whole number')
    .min(1, 'HUBSPOT_WINDOW_LIMIT is below 1')
    .default(DEFAULT_WINDOW_LIMIT),
  SOURCE_LOOK_S: z.coerce
    .number({ error: 'SOURCE_LOOK_S is not a number' })
    .min(1, 'SOURCE_LOOK_S is below 1')
    .max(SOURCE_LOOK_MAX_S, `SOURCE_LOOK_S is above ${SOURCE_LOOK_MAX_S}`)
    .default(SOURCE_LOOK_S),
  ...Object.fromEntries(
    Object.keys(sources).map((name) => [settingOf(name), postgres(settingOf(name)).optional()]),
  ),
  DESK_ADMINS: z.string().default(''),
  NUDGE_SECRETS: z
    .string()
    .regex(
      /^$|^whsec_[\w+/=]{32,}(,\s*whsec_[\w+/=]{32,})*$/,
      'NUDGE_SECRETS is not a list of whsec_… secrets',
    )
    .default(''),
  HOOKS: z.string().default('[]'),
  HOOKS_ALLOW_PRIVATE: z
    .enum(['true', 'false'], { error: 'HOOKS_ALLOW_PRIVATE is not true or false' })
    .default('false'),
  CLAMD: z
    .string()
    .refine((text) => clamdPlace(text) !== null, 'CLAMD is neither tcp://host:port nor unix:/path')
    .optional(),
  RECEIPT_KEY: z
    .string()
    .default('')
    .refine(areReceiptKeys, 'RECEIPT_KEY is not an Ed25519 private key in PEM'),
  PUBLIC_URL: url('PUBLIC_URL'),
  HOST: z.string().min(1, 'HOST is empty').default('127.0.0.1'),
  PORT: wholePort('PORT').default(DEFAULT_PORT),
  CANARY: z
    .string()
    .refine(
      (text) => canaryOf(text) !== null,
      'CANARY is not object:record id of an object with a canary field',
    )
    .optional(),
  CANARY_EVERY_S: z.coerce
    .number({ error: 'CANARY_EVERY_S is not a number' })
    .min(1, 'CANARY_EVERY_S is below 1')
    .max(CANARY_EVERY_MAX_S, `CANARY_EVERY_S is above ${CANARY_EVERY_MAX_S}`)
    .default(CANARY_EVERY_S),
  METRICS_PORT: wholePort('METRICS_PORT').optional(),
  METRICS_HOST: z.string().min(1, 'METRICS_HOST is empty').optional(),
  METRICS_TOKEN: z
    .string()
    .min(METRICS_TOKEN_MIN_CHARS, `METRICS_TOKEN has less than ${METRICS_TOKEN_MIN_CHARS} characters`)
    .optional(),
  STOP_DRAIN_S: z.coerce
    .number({ error: 'STOP_DRAIN_S is not a number' })
    .min(0, 'STOP_DRAIN_S is below 0')
    .max(STOP_DRAIN_MAX_S, `STOP_DRAIN_S is above ${STOP_DRAIN_MAX_S}`)
    .default(0),
  LOG_LEVEL: z.enum(LEVELS, { error: `LOG_LEVEL is not one of ${LEVELS.join(', ')}` }).default('info'),
});

/** A process that only answers people is better off without the token. */
const webEnvironment = environment.extend({
  HUBSPOT_ACCESS_TOKEN: environment.shape.HUBSPOT_ACCESS_TOKEN.optional(),
});

/** A setting that is wrong or missing; the message names every one of them in one line. */
export class ConfigError extends Error {
  override name = 'ConfigError';
}

export function parseConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const parsed = (env.TALLYSTICK_ROLE === 'web' ? webEnvironment : environment).safeParse(env);
  if (!parsed.success) {
    throw new ConfigError(`Settings: ${parsed.error.issues.map((issue) => issue.message).join('; ')}.`);
  }
  const settings = parsed.data;
  const mistakes = [
    ...mistakesInSignIn(settings, settings.ALERT_MAIL_TO !== undefined),
    ...mistakesInAlerts(settings),
  ];
  if (mistakes.length > 0) throw new ConfigError(`Settings: ${mistakes.join('; ')}.`);
  return Object.freeze({
    ...processConfigOf(settings),
    hubspot: {
      baseUrl: settings.HUBSPOT_BASE_URL.replace(/\/$/, ''),
      accessToken: tokenOf(settings),
      clientSecrets: settings.HUBSPOT_CLIENT_SECRET.split(',').map((secret) => new Secret(secret.trim())),
      clientId: settings.HUBSPOT_CLIENT_ID ?? null,
      appId: settings.HUBSPOT_APP_ID ?? null,
      windowLimit: settings.HUBSPOT_WINDOW_LIMIT,
    },
    sourceUrls: sourceUrlsOf(settings),
    sourceLookMs: settings.SOURCE_LOOK_S * 1_000,
    deskAdmins: listOf(settings.DESK_ADMINS.toLowerCase()),
    hooks: hooksOf(settings.HOOKS, settings.HOOKS_ALLOW_PRIVATE === 'true'),
    nudgeSecrets: listOf(settings.NUDGE_SECRETS),
    signIn: signInConfigOf(settings),
    alerts: alertSettingsOf(settings),
    canary: canarySettings(settings.CANARY, settings.CANARY_EVERY_S),
  });
}

/** A process that only answers people forgets it, should it have been told. */
function tokenOf(settings: {
  TALLYSTICK_ROLE: ProcessRole;
  HUBSPOT_ACCESS_TOKEN?: string | undefined;
}): Secret | null {
  const { TALLYSTICK_ROLE: role, HUBSPOT_ACCESS_TOKEN: token } = settings;
  return role === 'web' || token === undefined ? null : new Secret(token);
}

/** Of a process that serves many hubs; each hub's own settings are in the directory. */
export function parseProcessConfig(env: Readonly<Record<string, string | undefined>>): ProcessConfig {
  const parsed = environment
    .pick({
      ...{ TALLYSTICK_ROLE: true, DATABASE_URL: true, DATABASE_OWNER_URL: true, TALLYSTICK_STATE_DIR: true },
      ...{ CLAMD: true, RECEIPT_KEY: true, TRUSTED_PROXIES: true, PUBLIC_URL: true },
      ...{ HOST: true, PORT: true, LOG_LEVEL: true, STOP_DRAIN_S: true },
      ...{ METRICS_PORT: true, METRICS_HOST: true, METRICS_TOKEN: true },
    })
    .safeParse(env);
  if (!parsed.success)
    throw new ConfigError(`Settings: ${parsed.error.issues.map((issue) => issue.message).join('; ')}.`);
  return Object.freeze(processConfigOf(parsed.data));
}

type ProcessSettings = Pick<
  z.infer<typeof environment>,
  | 'TALLYSTICK_ROLE'
  | 'DATABASE_URL'
  | 'DATABASE_OWNER_URL'
  | 'TALLYSTICK_STATE_DIR'
  | 'CLAMD'
  | 'RECEIPT_KEY'
  | 'TRUSTED_PROXIES'
  | 'PUBLIC_URL'
  | 'HOST'
  | 'PORT'
  | 'LOG_LEVEL'
  | 'STOP_DRAIN_S'
  | 'METRICS_PORT'
  | 'METRICS_HOST'
  | 'METRICS_TOKEN'
>;

function processConfigOf(settings: ProcessSettings): ProcessConfig {
  return {
    role: settings.TALLYSTICK_ROLE,
    databaseUrl: settings.DATABASE_URL ?? null,
    databaseOwnerUrl: settings.DATABASE_OWNER_URL ?? null,
    stateDir: settings.TALLYSTICK_STATE_DIR,
    publicUrl: settings.PUBLIC_URL.replace(/\/$/, ''),
    clamd: settings.CLAMD === undefined ? null : clamdPlace(settings.CLAMD),
    receiptKeys: parseReceiptKeys(settings.RECEIPT_KEY),
    trustedProxies: settings.TRUSTED_PROXIES,
    host: settings.HOST,
    port: settings.PORT,
    logLevel: settings.LOG_LEVEL,
    metricsPort: settings.METRICS_PORT ?? null,
    metricsHost: settings.METRICS_HOST ?? null,
    metricsToken: settings.METRICS_TOKEN === undefined ? null : new Secret(settings.METRICS_TOKEN),
    stopDrainMs: settings.STOP_DRAIN_S * 1_000,
  };
}

function canaryOf(text: string): { object: AppObject; recordId: RecordId } | null {
  const [object = '', recordId = ''] = text.split(':');
  if (!isObject(object) || !isRecordId(recordId)) return null;
  return canaryField(object) === undefined ? null : { object, recordId };
}

function canarySettings(text: string | undefined, everyS: number): Config['canary'] {
  const place = text === undefined ? null : canaryOf(text);
  return place === null ? null : { ...place, everyMs: everyS * 1_000 };
}

function hooksOf(text: string, allowPrivate: boolean): Hook[] {
  try {
    return parseHooks(text, allowPrivate);
  } catch (error) {
    throw new ConfigError(`Settings: ${error instanceof Error ? error.message : 'HOOKS is wrong'}.`);
  }
}

function sourceUrlsOf(settings: Readonly<Record<string, unknown>>): Record<string, string> {
  const urls = Object.keys(sources).flatMap((name): [string, string][] => {
    const url = settings[settingOf(name)];
    return typeof url === 'string' ? [[name, url]] : [];
  });
  return Object.fromEntries(urls);
}

const listOf = (text: string): string[] => text.split(',').flatMap((each) => each.trim() || []);
