/**
 * HubSpot's side of `hubspot.fetch`: what stands between a card and the app's own service.
 *
 * [docs] developers.hubspot.com, "Fetching data": https and permitted addresses only, identity in the query, one
 * retry, 15 s, 1 MB, 20 at once. [sdk] @hubspot/ui-extensions-dev-server 2.1.2, AppProxyService: the answers, which
 * its own comments say mirror the backend's. Where neither speaks, the comment says "guess".
 */
import { randomUUID } from 'node:crypto';
import { signatureV3 } from './signature.ts';

const DEFAULT_TIMEOUT_MS = 15_000;
const LONGEST_TIMEOUT_MS = 120_000;
const MOST_BYTES = 1_048_576;
const MOST_AT_ONCE = 20;
const WITH_BODY = ['POST', 'PUT', 'PATCH', 'DELETE'];

export interface CardProxyOptions {
  clientSecret: string;
  appId: number | string;
  hubId: number | string;
  /** Milliseconds, for the timestamp that is signed. */
  now: () => number;
  /** permittedUrls.fetch of the app. */
  permitted: readonly string[];
  /** A public origin, and the address that is really called for it. What is signed is the public one. */
  local: Readonly<Record<string, string>>;
}

export interface CardRequest {
  url: string;
  method?: string;
  timeout?: number;
  body?: unknown;
  headers?: Record<string, string>;
}

export interface CardUser {
  id: number;
  email: string;
}

export interface CardAnswer {
  status: number;
  body: unknown;
}

/** What the proxy itself says. [sdk] */
export type ProxyAnswer = {
  context: Record<string, string[]>;
  responseBody?: unknown;
} & (
  | { status: 'success' }
  | { status: 'error'; category: string; message: string; errors?: { message: string }[] }
);

export interface CardProxy {
  /** As it arrives at the card. */
  fetch(request: CardRequest, user: CardUser): Promise<CardAnswer>;
  /** As the proxy answers HubSpot's page: 200 with an error inside when the service answered 3xx to 5xx. */
  proxy(request: CardRequest, user: CardUser): Promise<{ status: number; body: ProxyAnswer }>;
}

interface Call {
  method: string;
  publicUrl: string;
  target: string;
  /** Empty for GET: that is what is signed then. */
  body: string;
  authorization: string | undefined;
}

interface Refusal {
  status: number;
  category: string;
  message: string;
}

export function createCardProxy(options: CardProxyOptions): CardProxy {
  let running = 0;

  const proxy: CardProxy['proxy'] = async (request, user) => {
    const method = (request.method ?? 'GET').toUpperCase();
    const context = {
      correlationId: [randomUUID()],
      httpMethod: [method],
      portalId: [String(options.hubId)],
      requestUri: [request.url],
    };
    const refuse = ({ status, category, message }: Refusal): { status: number; body: ProxyAnswer } => ({
      status,
      body: { status: 'error', category, message, context },
    });
    const call = prepare(options, request, method, user);
    if ('category' in call) return refuse(call);
    // [docs] the number and the 429; the wording is a guess.
    if (running >= MOST_AT_ONCE) return refuse(TOO_MANY);
    running += 1;
    try {
      return wrap(await callTwice(options, call, request.timeout), request.url, context);
    } finally {
      running -= 1;
    }
  };

  return { proxy, fetch: async (request, user) => unwrap(await proxy(request, user)) };
}

const TOO_MANY: Refusal = {
  status: 429,
  category: 'RATE_LIMITS',
  message: 'Too many concurrent requests for this account and app',
};

const invalid = (message: string, status = 400): Refusal => ({
  status,
  category: 'VALIDATION_ERROR',
  message,
});

/** The call to be made, or why it is refused before it is. */
function prepare(
  options: CardProxyOptions,
  request: CardRequest,
  method: string,
  user: CardUser,
): Call | Refusal {
  const headers = Object.entries(request.headers ?? {});
  // [sdk] both sentences, and that the number of headers is looked at first.
  if (headers.length > 1) return invalid("Only 'Authorization' header is allowed");
  if (headers.some(([name]) => name.toLowerCase() !== 'authorization')) {
    return invalid(
      "Invalid Request Headers provided. Only 'Authorization' header is allowed from hubspot.fetch()",
    );
  }
  if (!URL.canParse(request.url)) return invalid('URL is malformed');
  const url = new URL(request.url);
  // [docs] the rule; its wording is a guess.
  if (url.protocol !== 'https:' || !isPermitted(url, options.permitted)) {
    return invalid(`'${url.origin}' is not one of the app's permittedUrls.fetch`);
  }
  const hasBody = WITH_BODY.includes(method) && request.body !== undefined && request.body !== null;
  const body = hasBody ? JSON.stringify(request.body) : '';
  // [docs] the limit; the status is a guess.
  if (Buffer.byteLength(body) > MOST_BYTES) return invalid('The request is larger than 1 MB', 413);
  const publicUrl = withIdentity(url, options, user);
  return {
    method,
    publicUrl,
    target: targetOf(publicUrl, options.local),
    body,
    authorization: headers[0]?.[1],
  };
}

/** By origin and by the beginning of the path, so that api.example.com.evil.example is another place. */
function isPermitted(url: URL, permitted: readonly string[]): boolean {
  return permitted.some((entry) => {
    const allowed = new URL(entry);
    return url.origin === allowed.origin && url.pathname.startsWith(allowed.pathname);
  });
}

/** Appended as text: what the card wrote in its query stays as it wrote it. */
function withIdentity(url: URL, { hubId, appId }: CardProxyOptions, user: CardUser): string {
  const email = encodeURIComponent(user.email);
  const identity = `userId=${user.id}&portalId=${hubId}&userEmail=${email}&appId=${appId}`;
  return `${url.origin}${url.pathname}${url.search === '' ? '?' : `${url.search}&`}${identity}`;
}

/** [sdk] keys with or without the slash at the end; a path in the target is put in front. */
function targetOf(publicUrl: string, local: Readonly<Record<string, string>>): string {
  const { origin, pathname, search } = new URL(publicUrl);
  const target = local[origin] ?? local[`${origin}/`];
  return target === undefined ? publicUrl : `${target.replace(/\/$/, '')}${pathname}${search}`;
}

type Outcome = { answered: true; status: number; body: unknown } | { answered: false; status: number };

/** [docs] one retry, on a failed connection or a 5xx. That both share the time given is a guess. */
async function callTwice(
  options: CardProxyOptions,
  call: Call,
  timeout = DEFAULT_TIMEOUT_MS,
): Promise<Outcome> {
  const signal = AbortSignal.timeout(Math.min(timeout, LONGEST_TIMEOUT_MS));
  const first = await callOnce(options, call, signal);
  if (first.status < 500 || signal.aborted) return first;
  return callOnce(options, call, signal);
}

async function callOnce(
  { clientSecret, now }: CardProxyOptions,
  { method, publicUrl, target, body, authorization }: Call,
  signal: AbortSignal,
): Promise<Outcome> {
  const timestamp = now();
  try {
    const answer = await fetch(target, {
      method,
      headers: {
        'X-HubSpot-Signature-v3': signatureV3(clientSecret, method, publicUrl, body, timestamp),
        'X-HubSpot-Request-Timestamp': String(timestamp),
        ...(body === '' ? {} : { 'Content-Type': 'application/json' }),
        ...(authorization === undefined ? {} : { Authorization: authorization }),
      },
      ...(body === '' ? {} : { body }),
      // [sdk] maxRedirects: 0
      redirect: 'manual',
      signal,
    });
    const text = await readAtMost(answer);
    // [docs] the limit; 502 is a guess.
    return text === null
      ? { answered: false, status: 502 }
      : { answered: true, status: answer.status, body: parsed(text) };
  } catch {
    // [sdk] 504 for a call that took too long, 500 for every other one that failed.
    return { answered: false, status: signal.aborted ? 504 : 500 };
  }
}

async function readAtMost(answer: Response): Promise<string | null> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  if (answer.body !== null) {
    for await (const part of answer.body as unknown as AsyncIterable<Uint8Array>) {
      bytes += part.byteLength;
      if (bytes > MOST_BYTES) return null;
      parts.push(part);
    }
  }
  return Buffer.concat(parts).toString('utf8');
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** [sdk] 2xx as it came; 3xx to 5xx, or a call that failed, as HTTP 200 with an error inside. */
function wrap(
  outcome: Outcome,
  requestUri: string,
  called: Record<string, string[]>,
): { status: number; body: ProxyAnswer } {
  const context = { ...called, appServerStatusCode: [String(outcome.status)] };
  const responseBody = outcome.answered ? outcome.body : undefined;
  if (outcome.status < 300) {
    return { status: outcome.status, body: { status: 'success', responseBody, context } };
  }
  return {
    status: 200,
    body: {
      status: 'error',
      category: 'BAD_GATEWAY',
      message: 'Error returned from Request Uri',
      ...(responseBody === undefined ? {} : { responseBody }),
      context,
      errors: [{ message: `Unacceptable HTTP status ${outcome.status} calling ${requestUri}` }],
    },
  };
}

/**
 * Guess: the card sees the service's own status and body, where there was an answer; else the proxy's status and
 * words. The documentation says only that hubspot.fetch resolves to a standard Response.
 */
function unwrap({ status, body }: { status: number; body: ProxyAnswer }): CardAnswer {
  if (body.status === 'success') return { status, body: body.responseBody };
  const appStatus = body.context.appServerStatusCode?.[0];
  if (appStatus === undefined) return { status, body };
  return { status: Number(appStatus), body: 'responseBody' in body ? body.responseBody : body };
}
