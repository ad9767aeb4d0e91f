/** Delivering webhooks: batches, signatures, retries, and all that may go wrong with them. */
import { Agent, request } from 'node:http';
import { request as secureRequest } from 'node:https';
import type { Random } from './random.ts';
import { signatureV1, signatureV3 } from './signature.ts';
import type { Change, State } from './state.ts';
import { eventsOf, type WebhookEvent, type WebhookSettings } from './webhooks.ts';

const TIMEOUT_MS = 5_000; // docs
const RETRIES_MAX = 10; // docs: spread over 24 hours, with jitter
const RETRY_DELAY_MAX_MS = 24 * 3_600_000;
const LOG_MAX_DELIVERIES = 2_000;

export interface Attempt {
  at: number;
  /** 0: no answer. */
  status: number;
  tookMs: number;
  error: string | null;
}
export interface Delivery {
  id: number;
  target: string;
  events: WebhookEvent[];
  attempts: Attempt[];
  state: 'sending' | 'waiting' | 'delivered' | 'given up';
}
/** An event on its way to be sent: what a snapshot keeps of the queue. */
export interface Pending {
  event: WebhookEvent;
  dueAt: number;
}

export interface Courier {
  settings: WebhookSettings;
  hear: (change: Change) => void;
  /** Looks again at what is due: after the dial or the settings changed. */
  nudge(): void;
  change(target: string | null): void;
  deliveries(): Delivery[];
  /** What was not yet delivered nor given up. */
  pending(): Pending[];
  counters(): {
    events: number;
    dropped: number;
    delivered: number;
    givenUp: number;
    queued: number;
    inFlight: number;
    idle: boolean;
  };
  close(): void;
}

export interface CourierOptions {
  state: State;
  settings: WebhookSettings;
  clientSecret: string;
  random: Random;
  /** Public origins that stand on this machine: called here, signed as public. */
  local?: Readonly<Record<string, string>>;
  /** Left over from before a restart. */
  pending?: readonly Pending[];
}

export function createCourier({
  state,
  settings,
  clientSecret,
  random,
  local = {},
  pending = [],
}: CourierOptions): Courier {
  const { clock } = state;
  const dial = state.faults.webhooks;
  const agent = new Agent({ keepAlive: true, maxSockets: settings.maxConcurrentRequests });
  const log: Delivery[] = [];
  const ready: Delivery[] = [];
  const count = { events: 0, dropped: 0, delivered: 0, givenUp: 0 };
  const waiting = new Set<Pending>();
  const retrying = new Set<Delivery>();
  const sending = new Set<Delivery>();
  let due: WebhookEvent[] = [];
  let packing = false;
  let nextDelivery = 1;
  let closed = false;
  let settled = { target: settings.target, changedAt: -Infinity, before: settings.target };

  const target = (): string | null =>
    clock.now() >= settled.changedAt + dial.settingsCacheMs ? settled.target : settled.before;

  const enqueue = (event: WebhookEvent, dueAt: number): void => {
    const one = { event, dueAt };
    waiting.add(one);
    clock.at(dueAt, () => {
      waiting.delete(one);
      due.push(event);
      nudge();
    });
  };
  const spread = (): number => 1 + random.next() * dial.spreadMs;
  const hear = (change: Change): void => {
    if (settings.target === null) return;
    for (const event of eventsOf(state, settings, change, () => 1 + random.int(4_294_967_295))) {
      count.events += 1;
      if (random.chance(dial.dropRate)) {
        count.dropped += 1;
        continue;
      }
      let dueAt =
        clock.now() + dial.delayMs + (dial.delayJitterMs > 0 ? random.next() * dial.delayJitterMs : 0);
      if (random.chance(dial.reorderRate)) dueAt += spread();
      enqueue(event, dueAt);
      if (random.chance(dial.duplicateRate)) enqueue(event, dueAt + spread());
    }
  };
  /** Packs whatever is due once the events of this moment are all in. */
  const nudge = (): void => {
    if (packing) return;
    packing = true;
    clock.at(clock.now(), () => {
      packing = false;
      pack();
    });
  };
  const pack = (): void => {
    const url = target();
    if (closed || dial.paused || url === null) return;
    for (let at = 0; at < due.length; at += dial.batchSize) {
      const events = due.slice(at, at + dial.batchSize);
      const delivery: Delivery = { id: nextDelivery++, target: url, events, attempts: [], state: 'sending' };
      log.push(delivery);
      if (log.length > LOG_MAX_DELIVERIES) log.shift();
      ready.push(delivery);
    }
    due = [];
    drain();
  };
  const drain = (): void => {
    while (!closed && !dial.paused && sending.size < settings.maxConcurrentRequests) {
      const delivery = ready.shift();
      if (delivery === undefined) return;
      void send(delivery).then(drain);
    }
  };
  const send = async (delivery: Delivery): Promise<void> => {
    delivery.state = 'sending';
    sending.add(delivery);
    // Recorded: attemptNumber counts from 0. Inference: every attempt has a fresh timestamp and signature.
    const body = JSON.stringify(
      delivery.events.map((event) => ({ ...event, attemptNumber: delivery.attempts.length })),
    );
    const attempt = await post(agent, delivery.target, body, { clientSecret, now: clock.now(), local });
    delivery.attempts.push(attempt);
    sending.delete(delivery);
    if (attempt.status >= 200 && attempt.status < 300) {
      delivery.state = 'delivered';
      count.delivered += 1;
      return;
    }
    const refused = attempt.status >= 400 && attempt.status < 500;
    if (delivery.attempts.length > RETRIES_MAX || (refused && !dial.retry4xx)) {
      delivery.state = 'given up';
      count.givenUp += 1;
      return;
    }
    delivery.state = 'waiting';
    retrying.add(delivery);
    const waitMs = dial.retryBackoffMs * 2 ** (delivery.attempts.length - 1) * (0.75 + random.next() * 0.5);
    clock.at(clock.now() + Math.min(waitMs, RETRY_DELAY_MAX_MS), () => {
      retrying.delete(delivery);
      ready.push(delivery);
      drain();
    });
  };

  for (const { event, dueAt } of pending) enqueue(event, dueAt);
  return {
    settings,
    hear,
    nudge,
    change: (next) => {
      settled = { target: next, changedAt: clock.now(), before: target() };
      settings.target = next;
      clock.at(clock.now() + dial.settingsCacheMs, nudge);
    },
    deliveries: () => [...log],
    pending: () => {
      const now = clock.now();
      const late = [...due, ...[...ready, ...retrying, ...sending].flatMap((delivery) => delivery.events)];
      return [...late.map((event) => ({ event, dueAt: now })), ...waiting];
    },
    counters: () => {
      const queued = waiting.size + due.length + ready.length + retrying.size;
      return { ...count, queued, inFlight: sending.size, idle: queued + sending.size === 0 };
    },
    close: () => {
      closed = true;
      agent.destroy();
    },
  };
}

/** One POST of a batch. Signed over the configured target (docs); the v1 header is still sent (docs). */
function post(
  agent: Agent,
  target: string,
  body: string,
  by: { clientSecret: string; now: number; local: Readonly<Record<string, string>> },
): Promise<Attempt> {
  const startedAt = performance.now();
  const timestamp = Math.round(by.now);
  return new Promise((resolve) => {
    const done = (status: number, error: string | null): void =>
      resolve({ at: timestamp, status, tookMs: Math.round(performance.now() - startedAt), error });
    const { origin } = new URL(target);
    const called = target.replace(origin, by.local[origin] ?? origin);
    const secure = called.startsWith('https:');
    const open = secure ? secureRequest : request;
    const req = open(
      called,
      {
        method: 'POST',
        ...(secure ? {} : { agent }),
        headers: {
          'content-type': 'application/json',
          'content-length': Buffer.byteLength(body),
          'user-agent': 'HubSpot Connect 2.0 (http://dev.hubspot.com/) (namespace: webhooks-nio-http-client)',
          'x-hubspot-request-timestamp': String(timestamp),
          'x-hubspot-signature-v3': signatureV3(by.clientSecret, 'POST', target, body, timestamp),
          'x-hubspot-signature': signatureV1(by.clientSecret, body),
          'x-hubspot-signature-version': 'v1',
          'x-hubspot-timeout-millis': String(TIMEOUT_MS),
        },
      },
      (res) => {
        res.resume();
        res.on('end', () => done(res.statusCode ?? 0, null));
        res.on('error', (error) => done(0, error.message));
      },
    );
    req.setTimeout(TIMEOUT_MS, () => req.destroy(new Error(`no answer within ${TIMEOUT_MS} ms`)));
    req.on('error', (error) => done(0, error.message));
    req.end(body);
  });
}
