/**
 * The control plane below `/_sim/`: no part of HubSpot. Not authenticated, loopback only, open to pages of any origin.
 * The fault dial, acting as others, holding calls, the logs, the clock and a live stream of changes.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { z, ZodError } from 'zod';
import { perform } from './acting.ts';
import { linked } from './associations.ts';
import type { CallLog } from './calls.ts';
import { iso } from './clock.ts';
import { define, definition } from './defining.ts';
import type { Courier } from './delivery.ts';
import { ApiError, notFound } from './errors.ts';
import { noFaults, turn } from './faults.ts';
import type { Holds } from './holds.ts';
import type { Journal } from './journal.ts';
import type { Limiter } from './limits.ts';
import type { Tokens } from './oauth.ts';
import { findType, resolve, typeOf } from './objectTypes.ts';
import type { Change } from './state.ts';
import { subscribe, subscription } from './webhooks.ts';
import type { World } from './world.ts';

const STREAM_BEAT_MS = 15_000;

export interface ControlParts {
  world: World;
  courier: Courier;
  limiter: Limiter;
  calls: CallLog;
  holds: Holds;
  tokens: Tokens;
  journal: Journal;
  save(): Promise<void>;
}
type Handler = (parts: ControlParts, body: unknown, url: URL) => unknown;

const holdBody = z.strictObject({
  on: z.enum(['write', 'read']),
  objectType: z.string().optional(),
  id: z.string().optional(),
  count: z.number().int().min(1).default(1),
  after: z.boolean().default(false),
});
const hooksBody = z.strictObject({
  target: z.string().nullable().optional(),
  subscriptions: z.array(subscription).optional(),
});
const ruleBody = z.array(
  z.strictObject({
    objectType: z.string(),
    property: z.string(),
    ruleType: z.enum(['REQUIRED', 'REGEX', 'MIN_LENGTH', 'MAX_LENGTH', 'MIN_NUMBER', 'MAX_NUMBER']),
    ruleArguments: z.array(z.string()).default([]),
  }),
);

const HANDLERS: Record<string, Handler> = {
  'POST act': ({ world }, body) => perform(world, body),
  'GET faults': ({ world }) => world.faults,
  'PUT faults': ({ world, courier }, body) => {
    turn(world.faults, body);
    courier.nudge();
    return world.faults;
  },
  'POST faults/reset': ({ world, courier }) => {
    turn(world.faults, noFaults());
    courier.nudge();
    return world.faults;
  },
  'POST hold': ({ world, holds }, body) => {
    const { on, objectType, id, count, after } = holdBody.parse(body);
    const typeId = objectType === undefined ? null : typeOf(world.state, objectType).typeId;
    return { holdId: holds.add({ on, typeId, id: id ?? null, count, after }) };
  },
  'POST release': ({ holds }, body) => {
    const { holdId } = z.strictObject({ holdId: z.string().optional() }).parse(body ?? {});
    return { released: holds.release(holdId) };
  },
  'GET holds': ({ holds }) => ({ holds: holds.list() }),
  'GET calls': ({ calls }, _, url) => ({
    calls: calls.since(Number(url.searchParams.get('since') ?? 0)),
    counters: calls.counters(),
  }),
  'GET audit': ({ limiter, calls }) => ({
    ...limiter.audit(),
    limits: limiter.limits,
    counters: calls.counters(),
  }),
  'GET deliveries': ({ courier }) => ({ deliveries: courier.deliveries(), counters: courier.counters() }),
  'GET webhooks': ({ courier }) => courier.settings,
  'PUT webhooks': ({ world, courier }, body) => {
    const { target, subscriptions } = hooksBody.parse(body);
    if (subscriptions !== undefined) {
      courier.settings.subscriptions = [];
      for (const each of subscriptions) subscribe(world.state, courier.settings, each);
    }
    if (target !== undefined) courier.change(target);
    return courier.settings;
  },
  'PUT rules': ({ world }, body) => {
    world.state.data.rules = ruleBody.parse(body).map(({ objectType, ...rule }) => ({
      ...rule,
      typeId: typeOf(world.state, objectType).typeId,
    }));
    return { rules: world.state.data.rules };
  },
  'POST define': ({ world }, body) => {
    define(world.state, definition.parse(body));
    return {};
  },
  'POST tokens': ({ tokens }, body) => {
    const { appId, code } = z
      .strictObject({ appId: z.number().optional(), code: z.array(z.string()).optional() })
      .parse(body);
    return code === undefined
      ? { accessToken: tokens.issueStatic(appId ?? tokens.app.appId) }
      : { code: tokens.issueCode(code) };
  },
  // Spec: installs and uninstalls are told by the journal alone; there is no push event for them.
  'POST lifecycle': ({ world, journal }, body) => {
    const { event } = z.strictObject({ event: z.enum(['install', 'uninstall']) }).parse(body);
    const eventTypeId = event === 'install' ? '4-1909196' : '4-1916193';
    const { hubId: portalId, appId } = world.state;
    journal.write({
      type: 'app_lifecycle_event',
      portalId,
      appId,
      occurredAt: iso(world.clock.now()),
      eventTypeId,
    });
    world.faults.api.revoked = event === 'uninstall';
    return { event };
  },
  'GET clock': ({ world }) => ({
    now: world.clock.now(),
    iso: iso(world.clock.now()),
    offsetMs: world.clock.offsetMs(),
  }),
  'POST clock': ({ world }, body) => {
    world.clock.advance(z.strictObject({ advanceMs: z.number().min(0) }).parse(body).advanceMs);
    return { now: world.clock.now() };
  },
  'GET state': (parts) => stateOf(parts),
  'POST snapshot': async (parts) => {
    await parts.save();
    return { saved: true };
  },
};

export function createControl(parts: ControlParts) {
  return async (req: IncomingMessage, res: ServerResponse, url: URL, body: Buffer): Promise<void> => {
    if (!isLoopback(req.socket.remoteAddress)) {
      res.writeHead(403).end();
      return;
    }
    res.setHeader('access-control-allow-origin', '*');
    res.setHeader('access-control-allow-methods', 'GET, PUT, POST, OPTIONS');
    res.setHeader('access-control-allow-headers', 'content-type');
    if (req.method === 'OPTIONS') {
      res.writeHead(204).end();
      return;
    }
    const path = url.pathname.slice('/_sim/'.length).replace(/\/$/, '');
    if (path === 'events') {
      stream(parts.world, res);
      return;
    }
    try {
      const text = body.toString('utf8');
      const answer = await answerTo(
        parts,
        `${req.method ?? 'GET'} ${path}`,
        text === '' ? undefined : JSON.parse(text),
        url,
      );
      reply(res, 200, answer);
    } catch (error) {
      const [status, message] = problem(error);
      if (status === 500) console.error('simulator control:', error);
      reply(res, status, error instanceof ApiError ? error.body : { message });
    }
  };
}

function answerTo(parts: ControlParts, what: string, body: unknown, url: URL): unknown {
  const record = /^GET record\/([^/]+)\/([^/]+)$/.exec(what);
  if (record !== null) return wholeRecord(parts.world, decodeURIComponent(record[1]!), record[2]!);
  const handler = HANDLERS[what];
  if (handler === undefined) throw notFound(`no such control: ${what}`);
  return handler(parts, body, url);
}

function problem(error: unknown): [number, string] {
  if (error instanceof ApiError) return [error.status, error.message];
  if (error instanceof ZodError) return [400, z.prettifyError(error)];
  if (error instanceof SyntaxError) return [400, error.message];
  return [500, error instanceof Error ? error.message : 'unknown'];
}

/** Everything the CRM holds of one record: archived and merged-away ones too. */
function wholeRecord({ state }: World, typeName: string, id: string) {
  const type = typeOf(state, typeName);
  const record = resolve(state, type, id);
  if (record === null) throw notFound(`no ${type.singular} ${id}`);
  const history = Object.fromEntries(
    [...record.cells].map(([name, entries]) => [
      name,
      entries.map((entry) => ({ value: entry.value, timestamp: iso(entry.at), ...entry.by })),
    ]),
  );
  const properties = Object.fromEntries(
    [...record.cells].map(([name, entries]) => [name, entries[0]!.value]),
  );
  const associations = [...(state.data.links.get(`${type.typeId}/${record.id}`)?.keys() ?? [])].map(
    (toTypeId) => ({
      objectType: findType(state, toTypeId)?.name ?? toTypeId,
      to: linked(state, type.typeId, record.id, toTypeId).map((link) => ({
        id: link.id,
        types: link.types.map(({ category, typeId, label }) => ({ category, typeId, label })),
      })),
    }),
  );
  return {
    ...{ objectType: type.name, typeId: type.typeId, id: record.id, archived: record.archivedAt !== null },
    ...{
      createdAt: iso(record.createdAt),
      updatedAt: iso(record.updatedAt),
      properties,
      history,
      associations,
    },
  };
}

function stateOf({ world, courier, limiter, holds }: ControlParts) {
  const { data, hubId, appId, timeZone } = world.state;
  const records = Object.fromEntries(
    [...data.types.values()].map((type) => [type.name, data.records.get(type.typeId)?.size ?? 0]),
  );
  return {
    ...{ hubId, appId, timeZone, now: world.clock.now(), offsetMs: world.clock.offsetMs() },
    ...{ records, owners: data.owners.length, faults: world.faults, limits: limiter.limits },
    webhooks: { ...courier.settings, ...courier.counters() },
    holds: holds.list().length,
  };
}

/** Server-sent events: every change, as it happens. */
function stream(world: World, res: ServerResponse): void {
  res.writeHead(200, {
    'content-type': 'text/event-stream',
    'cache-control': 'no-store',
    connection: 'keep-alive',
  });
  res.write(': listening\n\n');
  const stop = world.listen((change) => res.write(`data: ${JSON.stringify(viewChange(world, change))}\n\n`));
  const beat = setInterval(() => res.write(': beat\n\n'), STREAM_BEAT_MS);
  beat.unref();
  res.on('close', () => {
    clearInterval(beat);
    stop();
  });
}

function viewChange(world: World, change: Change) {
  const { by, ...rest } = change;
  const shown = {
    objectType: world.type(change.typeId).name,
    sourceType: by.sourceType,
    sourceId: by.sourceId,
    at: iso(change.at),
  };
  return { ...rest, ...shown };
}

function reply(res: ServerResponse, status: number, body: unknown): void {
  res.writeHead(status, { 'content-type': 'application/json' });
  res.end(JSON.stringify(body));
}

function isLoopback(address: string | undefined): boolean {
  return address === '127.0.0.1' || address === '::1' || address === '::ffff:127.0.0.1';
}
