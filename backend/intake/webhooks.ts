/**
 * The webhook route: verify the signature over the raw bytes, store, answer. It knows nothing else, and it does not go
 * through Express, whose request machinery costs four fifths of the requests a second.
 *
 * Group commit: while one flush is in flight, requests gather; all of them go into the next statement.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { hubId as toHubId, isHubId, type HubId } from '@tallystick/shared/ids';
import type { Problem } from '@tallystick/shared/messages';
import type { Logger } from 'pino';
import { verifySignature, type Signed, type Verdict } from '../hubspot/signature.ts';
import type { Meter } from '../meter.ts';
import type { Signals } from '../signals.ts';
import { openDeliveryStore, type Delivery } from '../store/deliveries.ts';
import { splitByHub } from './events.ts';

export const INTAKE_PATH = '/webhooks/hubspot';
const BODY_MAX_BYTES = 1_048_576;
const BODY_TIMEOUT_MS = 10_000;
/** Of bodies that are still being read: nobody knows yet whether they are HubSpot's. */
const READING_MAX_BYTES = 64 * 1_048_576;
const WAITING_MAX_REQUESTS = 2_000;
const WAITING_MAX_BYTES = 64 * 1_048_576;
const RETRY_AFTER_S = 5;
/** The first event names its hub within these. */
const HUB_WITHIN_BYTES = 16_384;
/** A burst of bad signatures is logged once in this time. */
const ALARM_EVERY_MS = 60_000;

export interface IntakeDeps {
  databaseUrl: string;
  signals: Signals;
  now: () => number;
  trust: Trust;
  log: Logger;
  at: (step: string) => void;
  /** Who was refused too often is not read any more; absent: everybody is. */
  strikes?: { outForS(req: IncomingMessage): number | null; note(req: IncomingMessage): void };
  /** Tests set it shorter. */
  bodyTimeoutMs?: number;
  /** What may wait to be stored. */
  waitingMaxBytes?: number;
  meter?: Meter;
  /** How long the answer waits to a hub that has sent so much; absent: not at all. */
  answerAfterMs?: (hubId: HubId, bytes: number) => number;
}

/**
 * Whose signature counts. One app: its client secrets (newest first) and the webhook address as configured in it, for
 * whatever hub it speaks of. Many hubs, each with an app of its own: what counts for the hub; one that is not served gets
 * secrets that nobody knows, so that it is answered like a wrong signature.
 */
export type Trust =
  | { is: 'one-app'; secrets: readonly string[]; publicUrl: string }
  | { is: 'by-hub'; of: (hubId: HubId | null) => { secrets: readonly string[]; publicUrl: string } };

export interface Intake {
  handle(req: IncomingMessage, res: ServerResponse): void;
  /** Refuses what comes from now on and finishes what is under way. */
  close(): Promise<void>;
}

interface Waiting {
  deliveries: Delivery[];
  res: ServerResponse;
}

export function createIntake(deps: IntakeDeps): Intake {
  const store = openDeliveryStore(deps.databaseUrl, (error) =>
    deps.log.warn({ err: error }, 'The intake lost its database connection.'),
  );
  let waiting: Waiting[] = [];
  let waitingBytes = 0;
  let flushing: Promise<void> | null = null;
  let closing = false;
  const judge = judgeOf(deps);
  const { bodyTimeoutMs = BODY_TIMEOUT_MS, waitingMaxBytes = WAITING_MAX_BYTES } = deps;
  const read = readerOf(bodyTimeoutMs);

  const turnAway = (res: ServerResponse, ...refusal: Refusal): void => {
    deps.meter?.turnedAway(refusal[1]);
    refuse(res, ...refusal);
  };

  function accept(req: IncomingMessage, res: ServerResponse, body: Buffer): void {
    const judged = judge(req, body);
    if (Array.isArray(judged)) {
      if (judged[0] === 401) deps.strikes?.note(req);
      return turnAway(res, ...judged);
    }
    if (waiting.length >= WAITING_MAX_REQUESTS || waitingBytes + body.length > waitingMaxBytes) {
      return turnAway(res, 503, 'overloaded', 'Too much is waiting to be stored; please send it again.');
    }
    waiting.push({ ...judged, res });
    waitingBytes += body.length;
    flushing ??= flush().finally(() => (flushing = null));
  }

  async function flush(): Promise<void> {
    while (waiting.length > 0) {
      const group = waiting;
      waiting = [];
      waitingBytes = 0;
      await storeGroup(group);
    }
  }

  async function storeGroup(group: readonly Waiting[]): Promise<void> {
    const deliveries = group.flatMap((each) => each.deliveries);
    deps.at('intake.received');
    const begunAt = deps.now();
    let stored: Map<HubId, string[]>;
    try {
      stored = await store.store(deliveries);
    } catch (error) {
      deps.log.error(
        { err: error, requests: group.length },
        'Webhooks could not be stored; HubSpot is asked to send them again.',
      );
      for (const { res } of group)
        turnAway(res, 503, 'cannot-store', 'The events could not be stored; please send them again.');
      return;
    }
    deps.at('intake.stored');
    deps.meter?.stored(group.length, deps.now() - begunAt);
    for (const one of group) answer(one, deps.answerAfterMs);
    for (const [hubId, ids] of stored)
      deps.signals.arrived(hubId, { ids, deliveries: deliveries.filter((one) => one.hubId === hubId) });
  }

  return {
    handle: (req, res) => {
      const outForS = deps.strikes?.outForS(req) ?? null;
      if (outForS !== null) res.setHeader('retry-after', outForS);
      const refusal = closing ? STOPPING : outForS !== null ? STRUCK_OUT : unreadable(req);
      if (refusal === null) return read(req, res, (body) => accept(req, res, body));
      deps.meter?.turnedAway(refusal[1]);
      leave(req, res, refusal);
    },
    close: async () => {
      closing = true;
      await flushing;
      await store.close();
    },
  };
}

/** The signature first, over the bytes as they came; then the light check that makes the events storable. */
function judgeOf(
  deps: IntakeDeps,
): (req: IncomingMessage, body: Buffer) => Refusal | { deliveries: Delivery[] } {
  let alarmedAt = -Infinity;
  return (req, body) => {
    const now = deps.now();
    const signature = req.headers['x-hubspot-signature-v3']; // two of them come as one that is none
    const timestamp = req.headers['x-hubspot-request-timestamp'];
    const signed = { method: req.method ?? '', body, signature, timestamp };
    const first = deps.trust.is === 'one-app' ? null : firstHub(body);
    const verdict = verify(deps.trust, first, signed, now);
    if (!verdict.ok) {
      if (now - alarmedAt > ALARM_EVERY_MS) {
        deps.log.error({ code: verdict.code }, `A webhook was refused: ${verdict.detail}`);
      }
      alarmedAt = now;
      return [401, verdict.code, verdict.detail];
    }
    const split = splitByHub(body.toString('utf8'));
    if (!split.ok) return [400, split.code, split.detail];
    // An app may speak only of hubs for which its own signature counts.
    for (const { hubId } of split.parts) {
      const also =
        deps.trust.is === 'one-app' || first === hubId
          ? verdict
          : verify(deps.trust, toHubId(hubId), signed, now);
      if (!also.ok) return [401, also.code, also.detail];
    }
    return {
      deliveries: split.parts.map(({ hubId, events }) => ({
        hubId: toHubId(hubId),
        receivedAt: now,
        events,
      })),
    };
  };
}

type Unaddressed = Omit<Signed, 'url'>;

function verify(trust: Trust, hubId: HubId | null, signed: Unaddressed, now: number): Verdict {
  const { secrets, publicUrl } = trust.is === 'one-app' ? trust : trust.of(hubId);
  return verifySignature({ ...signed, url: publicUrl }, secrets, now);
}

/** Only to find the secrets: whether the body is what it says is known when its signature is. */
function firstHub(body: Buffer): HubId | null {
  const head = body.toString('latin1', 0, HUB_WITHIN_BYTES);
  const hubId = /"portalId"\s*:\s*(\d{1,16})\b/.exec(head)?.[1] ?? '';
  return isHubId(hubId) ? hubId : null;
}

type Refusal = [status: number, code: string, detail: string];

/** As the rest of the service has them from helmet; nothing here is ever shown or kept. */
const HEADERS = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000; includeSubDomains',
  'x-content-type-options': 'nosniff',
};
const STOPPING: Refusal = [503, 'stopping', 'The service is stopping; please send it again.'];
const STRUCK_OUT: Refusal = [429, 'too-many-refused', 'Too many requests from there were refused.'];
const TOO_LARGE: Refusal = [413, 'too-large', `A webhook body has at most ${BODY_MAX_BYTES} bytes.`];
const TOO_SLOW: Refusal = [408, 'too-slow', 'The body did not arrive in time.'];
const TOO_MUCH: Refusal = [503, 'overloaded', 'Too much is being read; please send it again.'];

/** What can be refused before a byte of the body is read. */
function unreadable(req: IncomingMessage): Refusal | null {
  if (req.method !== 'POST') return [405, 'method-not-allowed', 'Webhooks are sent with POST.'];
  if (req.headers['content-encoding'] !== undefined)
    return [415, 'encoded', 'An encoded body cannot be verified.'];
  if (!/^application\/json\b/i.test(req.headers['content-type'] ?? ''))
    return [415, 'not-json', 'Webhooks are sent as application/json.'];
  if (Number(req.headers['content-length'] ?? 0) > BODY_MAX_BYTES) return TOO_LARGE;
  return null;
}

/** Without waiting for a body that nobody will look at. */
function leave(req: IncomingMessage, res: ServerResponse, refusal: Refusal): void {
  res.setHeader('connection', 'close');
  refuse(res, ...refusal);
  req.resume();
}

type Reader = (req: IncomingMessage, res: ServerResponse, done: (body: Buffer) => void) => void;

function readerOf(timeoutMs: number): Reader {
  let readingBytes = 0;
  return (req, res, done) => {
    const chunks: Buffer[] = [];
    let bytes = 0;
    const timer = setTimeout(() => stop(TOO_SLOW), timeoutMs);
    const over = (): void => {
      clearTimeout(timer);
      readingBytes -= bytes;
      bytes = 0;
    };
    const stop = (refusal: Refusal): void => {
      over();
      req.removeAllListeners('data').removeAllListeners('end');
      leave(req, res, refusal);
    };
    req.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      readingBytes += chunk.length;
      if (bytes > BODY_MAX_BYTES) return stop(TOO_LARGE);
      if (readingBytes > READING_MAX_BYTES) return stop(TOO_MUCH);
      chunks.push(chunk);
    });
    req.on('end', () => {
      over();
      done(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks));
    });
    req.on('close', over);
    req.on('error', over); // the sender went away: nobody is left to answer
  };
}

function answer({ deliveries, res }: Waiting, afterMs: IntakeDeps['answerAfterMs'] = () => 0): void {
  const end = (): void => void res.writeHead(200, { ...HEADERS, 'content-length': '0' }).end();
  const waitMs = Math.max(...deliveries.map(({ hubId, events }) => afterMs(hubId, events.length)));
  if (waitMs > 0) setTimeout(end, waitMs);
  else end();
}

function refuse(res: ServerResponse, status: number, code: string, detail: string): void {
  const problem: Problem = { type: 'about:blank', title: 'Webhook refused', status, code, detail };
  const body = JSON.stringify(problem);
  const headers: Record<string, string> = {
    ...HEADERS,
    'content-type': 'application/problem+json',
    'content-length': String(Buffer.byteLength(body)),
  };
  if (status === 503) headers['retry-after'] = String(RETRY_AFTER_S);
  if (status === 405) headers.allow = 'POST';
  res.writeHead(status, headers).end(body);
}
