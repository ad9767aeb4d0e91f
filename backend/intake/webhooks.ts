/**
 * The webhook route: verify the signature over the raw bytes, store, answer. It knows nothing else, and it does not go
 * through Express, whose request machinery costs four fifths of the requests a second.
 *
 * Group commit: while one flush is in flight, requests gather; all of them go into the next statement.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { hubId as toHubId, type HubId } from '@tallystick/shared/ids';
import type { Problem } from '@tallystick/shared/messages';
import type { Logger } from 'pino';
import { verifySignature } from '../hubspot/signature.ts';
import type { Meter } from '../meter.ts';
import type { Signals } from '../signals.ts';
import { openDeliveryStore, type Delivery } from '../store/deliveries.ts';
import { splitByHub } from './events.ts';

const BODY_MAX_BYTES = 1_048_576;
const BODY_TIMEOUT_MS = 10_000;
const WAITING_MAX_REQUESTS = 2_000;
const WAITING_MAX_BYTES = 64 * 1_048_576;
const RETRY_AFTER_S = 5;
/** A burst of bad signatures is logged once in this time. */
const ALARM_EVERY_MS = 60_000;

export interface IntakeDeps {
  databaseUrl: string;
  signals: Signals;
  now: () => number;
  /** The app's client secrets, newest first. */
  secrets: readonly string[];
  /** The webhook address as configured in the app. */
  publicUrl: string;
  log: Logger;
  at: (step: string) => void;
  meter?: Meter;
}

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
  const turnAway = (res: ServerResponse, ...refusal: Refusal): void => {
    deps.meter?.turnedAway(refusal[1]);
    refuse(res, ...refusal);
  };

  function accept(req: IncomingMessage, res: ServerResponse, body: Buffer): void {
    const judged = judge(req, body);
    if (Array.isArray(judged)) return turnAway(res, ...judged);
    if (waiting.length >= WAITING_MAX_REQUESTS || waitingBytes + body.length > WAITING_MAX_BYTES) {
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
    for (const { res } of group) res.writeHead(200, ACCEPTED).end();
    for (const [hubId, ids] of stored)
      deps.signals.arrived(hubId, { ids, deliveries: deliveries.filter((one) => one.hubId === hubId) });
  }

  return {
    handle: (req, res) => {
      const refusal = closing ? STOPPING : unreadable(req);
      if (refusal !== null) return turnAway(res, ...refusal);
      readBody(req, res, (body) => accept(req, res, body));
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
    const signature = req.headers['x-hubspot-signature-v3'];
    const timestamp = req.headers['x-hubspot-request-timestamp'];
    const signed = { method: req.method ?? '', url: deps.publicUrl, body, signature, timestamp };
    const verdict = verifySignature(signed, deps.secrets, now);
    if (!verdict.ok) {
      if (now - alarmedAt > ALARM_EVERY_MS) {
        deps.log.error({ code: verdict.code }, `A webhook was refused: ${verdict.detail}`);
      }
      alarmedAt = now;
      return [401, verdict.code, verdict.detail];
    }
    const split = splitByHub(body.toString('utf8'));
    if (!split.ok) return [400, split.code, split.detail];
    return {
      deliveries: split.parts.map(({ hubId, events }) => ({
        hubId: toHubId(hubId),
        receivedAt: now,
        events,
      })),
    };
  };
}

type Refusal = [status: number, code: string, detail: string];

const ACCEPTED = { 'content-length': '0' };
const STOPPING: Refusal = [503, 'stopping', 'The service is stopping; please send it again.'];
const TOO_LARGE: Refusal = [413, 'too-large', `A webhook body has at most ${BODY_MAX_BYTES} bytes.`];

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

function readBody(req: IncomingMessage, res: ServerResponse, done: (body: Buffer) => void): void {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const timer = setTimeout(
    () => stop([408, 'too-slow', 'The body did not arrive in time.']),
    BODY_TIMEOUT_MS,
  );
  const stop = (refusal: Refusal): void => {
    clearTimeout(timer);
    req.removeAllListeners('data').removeAllListeners('end');
    res.setHeader('connection', 'close');
    refuse(res, ...refusal);
    req.resume();
  };
  req.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > BODY_MAX_BYTES) return stop(TOO_LARGE);
    chunks.push(chunk);
  });
  req.on('end', () => {
    clearTimeout(timer);
    done(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks));
  });
  req.on('error', () => clearTimeout(timer)); // the sender went away: nobody is left to answer
}

function refuse(res: ServerResponse, status: number, code: string, detail: string): void {
  const problem: Problem = { type: 'about:blank', title: 'Webhook refused', status, code, detail };
  const body = JSON.stringify(problem);
  const headers: Record<string, string> = {
    'content-type': 'application/problem+json',
    'content-length': String(Buffer.byteLength(body)),
  };
  if (status === 503) headers['retry-after'] = String(RETRY_AFTER_S);
  if (status === 405) headers.allow = 'POST';
  res.writeHead(status, headers).end(body);
}
