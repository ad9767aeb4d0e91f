/**
 * The service's log, and what never gets into it: values of people and secrets. Errors are written by what they are and
 * where they arose; of what others say in them (Postgres, parsers, the CRM) only the part that quotes nothing is kept.
 *
 * Three nets, each for what slips through the one before: errors are taken apart, members are known by name, and texts
 * are searched for what looks like an address or a secret.
 */
import { pino, stdSerializers, type DestinationStream, type Logger } from 'pino';

const MESSAGE_MAX_CHARS = 300;
const FRAMES_MAX = 12;
const CAUSES_MAX = 3;
const CENSOR = '[left out]';

/** By class: what proves who somebody is; who somebody is; what they wrote. */
const SECRETS = [
  ...['authorization', 'cookie', 'cookies', 'set-cookie', 'token', 'accessToken', 'refreshToken', 'secret'],
  ...['secrets', 'clientSecret', 'password', 'signature', 'x-hubspot-signature-v3', 'databaseUrl', 'smtpUrl'],
];
const PERSONAL = ['email', 'address', 'to', 'phone', 'firstname', 'lastname', 'firstName', 'lastName', 'ip'];
const CONTENT = [
  ...['value', 'values', 'wanted', 'seen', 'crmValue', 'fields', 'properties', 'body', 'events', 'note'],
  ...['text', 'subject', 'fileName', 'headers', 'query', 'params', 'parameters', 'detail'],
];
const NAMED = [...SECRETS, ...PERSONAL, ...CONTENT];

export function openLog(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    serializers: { err: toldError, error: toldError, req: toldRequest, res: stdSerializers.res },
    redact: { paths: NAMED.flatMap((name) => [`["${name}"]`, `*["${name}"]`]), censor: CENSOR },
    hooks: {
      logMethod(this: Logger, args: Parameters<Logger['info']>, method: (...args: unknown[]) => void) {
        const told: unknown[] = args.map((each: unknown) =>
          typeof each === 'string' ? scrubbed(each) : each,
        );
        method.apply(this, told);
      },
    },
  };
  return destination === undefined ? pino(options) : pino(options, destination);
}

interface ToldError {
  type: string;
  code?: string;
  message: string;
  /** Of Postgres: names of ours, never values. */
  table?: string;
  constraint?: string;
  routine?: string;
  at: string[];
  cause?: ToldError;
}

/** An error by its kind, its code and where it arose. Its own enumerable members (Postgres' detail, say) stay out. */
export function toldError(error: unknown, depth = 0): ToldError {
  if (!(error instanceof Error)) return { type: typeof error, message: CENSOR, at: [] };
  const member = (name: string): string | undefined => {
    const value: unknown = Reflect.get(error, name);
    return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
  };
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  const isPostgres = member('severity') !== undefined && member('routine') !== undefined;
  const told = { code: member('code'), ...(isPostgres && postgresNames(member)) };
  return {
    type: error.name,
    ...Object.fromEntries(Object.entries(told).filter(([, value]) => value !== undefined)),
    message: isPostgres ? unquotedTail(error.message) : unquoted(error.message),
    at: frames.slice(0, FRAMES_MAX).map((line) => line.trim()),
    ...(error.cause instanceof Error && depth < CAUSES_MAX
      ? { cause: toldError(error.cause, depth + 1) }
      : {}),
  };
}

const postgresNames = (member: (name: string) => string | undefined) => ({
  table: member('table'),
  constraint: member('constraint'),
  routine: member('routine'),
});

/** Postgres names things of ours in quotes, and puts a value that it quotes behind a colon. */
const unquotedTail = (message: string): string =>
  scrubbed(message.split(': ')[0] ?? '').slice(0, MESSAGE_MAX_CHARS);
/** Parsers quote what they could not read. */
const unquoted = (message: string): string =>
  scrubbed(message.replace(/(["'`])(?:(?!\1)[^\\]|\\.)*\1/gs, '"…"')).slice(0, MESSAGE_MAX_CHARS);

/** The way a request took, without its query: a query may say who somebody is. */
function toldRequest(request: unknown): unknown {
  if (typeof request !== 'object' || request === null) return {};
  const url: unknown = Reflect.get(request, 'url');
  return {
    method: String(Reflect.get(request, 'method')),
    path: typeof url === 'string' ? scrubbed(url.split('?')[0] ?? '') : '',
  };
}

const LOOKS_LIKE: readonly (readonly [RegExp, string])[] = [
  [/[^\s@<>"'=:,/]+@[^\s@<>"'=:,/]+\.[^\s@<>"'=:,/]+/g, '[address]'],
  [/[^\s@<>"'=:,/]+%40[^\s@<>"'=:,/]+/gi, '[address]'],
  [/\b(Bearer|Basic)\s+\S+/gi, '$1 [secret]'],
  [/\b(whsec_|pat-[a-z0-9]+-)[\w+/=-]{8,}/g, '[secret]'],
  [/\beyJ[\w-]{8,}\.[\w-]+\.[\w-]*/g, '[secret]'],
  [/(\w+:\/\/)[^\s/@:]+:[^\s/@]+@/g, '$1[secret]@'],
];

/** A text without what looks like an address of a person or a secret. */
export function scrubbed(text: string): string {
  return LOOKS_LIKE.reduce((rest, [pattern, put]) => rest.replace(pattern, put), text);
}
