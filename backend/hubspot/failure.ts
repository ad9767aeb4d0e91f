/**
 * The one classifier of everything that can go wrong in a call to HubSpot.
 * Sources: docs "error handling", "usage guidelines"; recorded 429s carry no Retry-After.
 */
import { z } from 'zod';

export type Failure =
  /** Nothing was applied: too many calls, or the record is locked. Wait, then do the same again. */
  | { is: 'throttled'; by: 'burst' | 'daily' | 'lock'; retryAfterMs: number; message: string }
  /** Nobody knows whether it was applied: time-out, broken connection, gateway error. Look before doing it again. */
  | { is: 'ambiguous'; message: string }
  /** HubSpot says no to these values; `properties` is empty when it does not say to which. */
  | {
      is: 'refused';
      code: string;
      message: string;
      properties: { property: string; code: string; message: string }[];
    }
  | { is: 'gone'; message: string }
  /** The token is not valid (nothing works until a person helps), or lacks a scope: one of these would do. */
  | { is: 'barred'; code: 'token' | 'scope'; message: string; scopes?: string[] }
  /** An answer we do not understand: a bug here or a change there. */
  | { is: 'unexpected'; message: string };

const LOCK_WAIT_MS = 2_000; // docs: a 423 lock lasts two seconds
const BURST_WAIT_MS = 1_000;
const DAILY_WAIT_MS = 300_000; // the hour of reset is known only roughly: ask again now and then

const errorBody = z.object({
  message: z.string().optional(),
  category: z.string().optional(),
  policyName: z.string().optional(),
  errors: z
    .array(
      z.object({
        message: z.string().optional(),
        code: z.string().optional(),
        context: z
          .object({
            propertyName: z.array(z.string()).optional(),
            requiredGranularScopes: z.array(z.string()).optional(),
          })
          .loose()
          .optional(),
      }),
    )
    .optional(),
});
type ErrorBody = z.infer<typeof errorBody>;

export function failureOf(status: number, text: string): Failure {
  const body = parsed(text);
  const message = body.message ?? `HubSpot answered ${status}.`;
  if (status === 429) return throttled(body, message);
  if (status === 423) return { is: 'throttled', by: 'lock', retryAfterMs: LOCK_WAIT_MS, message };
  if (status === 401) return { is: 'barred', code: 'token', message };
  if (status === 403) return { is: 'barred', code: 'scope', message, scopes: scopesIn(body) };
  if (status === 404 || status === 410) return { is: 'gone', message };
  // Not its own sentence: this one is logged, and theirs may quote a value.
  if (status >= 500 || status === 408 || status === 477)
    return { is: 'ambiguous', message: `HubSpot answered ${status}.` };
  if (status >= 400)
    return { is: 'refused', code: body.category ?? String(status), message, properties: perProperty(body) };
  return { is: 'unexpected', message };
}

export function failureOfError(error: unknown): Failure {
  const cause = error instanceof Error ? error.cause : undefined;
  const why = cause instanceof Error ? cause.message : error instanceof Error ? error.message : 'unknown';
  return { is: 'ambiguous', message: `HubSpot could not be reached: ${why}.` };
}

function throttled(body: ErrorBody, message: string): Failure {
  const daily = body.policyName === 'DAILY' || message.includes('daily limit');
  return {
    is: 'throttled',
    by: daily ? 'daily' : 'burst',
    retryAfterMs: daily ? DAILY_WAIT_MS : BURST_WAIT_MS,
    message,
  };
}

const scopesIn = (body: ErrorBody): string[] =>
  (body.errors ?? []).flatMap((error) => error.context?.requiredGranularScopes ?? []);

function perProperty(body: ErrorBody): { property: string; code: string; message: string }[] {
  const told = (body.errors ?? []).flatMap((error) =>
    (error.context?.propertyName ?? []).map((property) => ({
      property,
      code: error.code ?? body.category ?? 'VALIDATION_ERROR',
      message: error.message ?? body.message ?? '',
    })),
  );
  return told.length > 0 ? told : inMessage(body.message ?? '');
}

const told = z.array(z.object({ name: z.string(), error: z.string(), message: z.string().default('') }));

/** Docs, error handling: the message holds the same list as JSON. It is all there is where `errors` is left out. */
function inMessage(message: string): { property: string; code: string; message: string }[] {
  try {
    const list = told.parse(JSON.parse(message.slice(message.indexOf('['))));
    return list.map(({ name, error, message: text }) => ({ property: name, code: error, message: text }));
  } catch {
    return [];
  }
}

function parsed(text: string): ErrorBody {
  try {
    return errorBody.parse(JSON.parse(text));
  } catch {
    return {}; // gateways answer in HTML
  }
}
