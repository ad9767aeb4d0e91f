/** One call of the portal API: repeated while that is safe and the service cannot be reached; problems become one error. */
import type { Problem } from './messages.ts';
import type { Platform } from './portalPlatform.ts';
import { isProblem } from './portalShapes.ts';

/** Every way in which a call can fail. `code` is the problem's, or `unreachable`, or `not-understood`. */
export class PortalError extends Error {
  override name = 'PortalError';
  readonly code: string;
  readonly detail: string;
  /** 0: there was no answer. */
  readonly status: number;
  /** One message for each field that was not taken. */
  readonly fields: NonNullable<Problem['fields']>;

  constructor(code: string, detail: string, status = 0, fields: Problem['fields'] = {}) {
    super(detail);
    this.code = code;
    this.detail = detail;
    this.status = status;
    this.fields = fields;
  }

  /** Nobody is signed in, or not as somebody who may ask. */
  get isSignIn(): boolean {
    return this.status === 401 || this.status === 403;
  }
}

export interface Call {
  method: string;
  path: string;
  headers?: Readonly<Record<string, string>>;
  json?: unknown;
  bytes?: Blob;
  signal?: AbortSignal | undefined;
  /** 0: tried once. */
  patienceMs?: number | undefined;
  timeoutMs?: number;
}

export interface Wire {
  platform: Platform;
  /** The address before `/portal/v1`, without a slash at its end. */
  base: string;
  token: string | null;
}

export const PATIENCE_MS = 30_000;
const TRY_TIMEOUT_MS = 20_000;
const FIRST_PAUSE_MS = 400;
const PAUSE_MAX_MS = 15_000;
const PASSING = [429, 502, 503, 504];

/** Sends it. A write must carry an Idempotency-Key to be given any patience. */
export async function send(wire: Wire, call: Call): Promise<Response> {
  const { platform } = wire;
  const { patienceMs = PATIENCE_MS, signal } = call;
  const until = platform.now() + patienceMs;
  for (let tries = 0; ; tries += 1) {
    const answer = await once(wire, call);
    if (answer instanceof Response && answer.ok) return answer;
    signal?.throwIfAborted();
    const error = answer instanceof Response ? await errorOf(answer) : answer;
    const isPassing = error.status === 0 || PASSING.includes(error.status);
    const pauseMs = Math.max(
      backOffMs(platform, tries),
      answer instanceof Response ? askedPauseMs(answer) : 0,
    );
    if (!isPassing || platform.now() + pauseMs > until) throw error;
    await pause(platform, pauseMs, signal);
  }
}

/** The JSON of an answer, which must be what it should be. */
export async function understood<T>(answer: Response, is: (value: unknown) => value is T): Promise<T> {
  const value: unknown = await answer.json().catch(() => null);
  if (is(value)) return value;
  throw new PortalError(
    'not-understood',
    'The portal answered in a way that is not understood.',
    answer.status,
  );
}

/** Doubles with every try, by half at random, so that many clients do not come back at once. */
export function backOffMs({ random }: Platform, tries: number): number {
  const fullMs = Math.min(PAUSE_MAX_MS, FIRST_PAUSE_MS * 2 ** Math.min(tries, 10));
  return fullMs / 2 + (random() * fullMs) / 2;
}

/** Ends early when the network comes back, or with an error when the signal is used. */
export function pause(platform: Platform, forMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      stop();
      offOnline();
      signal?.removeEventListener('abort', abort);
    };
    const abort = (): void => {
      end();
      reject(abortOf(signal));
    };
    const done = (): void => {
      end();
      resolve();
    };
    const stop = platform.after(forMs, done);
    const offOnline = platform.onOnlineChange(() => (platform.isOnline() ? done() : undefined));
    signal?.addEventListener('abort', abort);
    if (signal?.aborted === true) abort();
  });
}

const abortOf = (signal?: AbortSignal): Error =>
  signal?.reason instanceof Error ? signal.reason : new DOMException('Called off.', 'AbortError');

export function addressOf({ base }: Wire, path: string): string {
  return `${base}/portal/v1${path}`;
}

export function headersOf({ token }: Wire): Record<string, string> {
  return token === null ? {} : { Authorization: `Bearer ${token}` };
}

async function once(wire: Wire, call: Call): Promise<Response | PortalError> {
  const { method, path, headers, json, bytes, signal, timeoutMs = TRY_TIMEOUT_MS } = call;
  const tooLate = new AbortController();
  const stop = wire.platform.after(timeoutMs, () => tooLate.abort());
  const body = json === undefined ? bytes : JSON.stringify(json);
  try {
    const answer = await wire.platform.fetch(addressOf(wire, path), {
      method,
      credentials: 'same-origin',
      headers: {
        Accept: 'application/json',
        ...headersOf(wire),
        ...(json === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body }),
      signal: signal === undefined ? tooLate.signal : AbortSignal.any([signal, tooLate.signal]),
    });
    if (answer.status === 204 || method === 'HEAD') return answer;
    // Read while the time limit counts: an answer that breaks off is a lost answer.
    const text = await answer.text();
    return new Response(text, { status: answer.status, headers: answer.headers });
  } catch {
    if (signal?.aborted === true) throw abortOf(signal);
    return new PortalError('unreachable', 'The portal cannot be reached at the moment.');
  } finally {
    stop();
  }
}

async function errorOf(answer: Response): Promise<PortalError> {
  const problem: unknown = await answer.json().catch(() => null);
  if (isProblem(problem)) return new PortalError(problem.code, problem.detail, answer.status, problem.fields);
  return new PortalError('unreachable', 'The portal cannot be reached at the moment.', answer.status);
}

/** `Retry-After` in seconds; dates are not used by this service. */
function askedPauseMs(answer: Response): number {
  const seconds = Number(answer.headers.get('Retry-After') ?? '0');
  return Number.isFinite(seconds) ? seconds * 1_000 : 0;
}
