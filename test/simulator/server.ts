/** The HTTP side: reads a call, lets the fault dial have its way with it, answers as HubSpot does. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { CallLog } from './calls.ts';
import {
  ApiError,
  badToken,
  internalError,
  invalidJson,
  locked,
  missingScopes,
  noCredentials,
  rateLimited,
} from './errors.ts';
import type { Holds, Target } from './holds.ts';
import type { Call, Caller, Reply, Route } from './http.ts';
import type { Limiter } from './limits.ts';
import { findType } from './objectTypes.ts';
import type { Random } from './random.ts';
import type { Router } from './router.ts';
import { neededScopes } from './scopes.ts';
import type { World } from './world.ts';

const BODY_MAX_BYTES = 50_000_000;
const URL_MAX_CHARS = 8_000; // docs: 414 for long lists of properties. GUESS at the number
const HANG_MAX_MS = 100_000; // docs: a gateway gives up after 100 s with 524
const GATEWAY_PAGE =
  '<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr><center>cloudflare</center>\r\n</body>\r\n</html>\r\n';
const TOO_LONG_PAGE = '<html><head><title>414 Request-URI Too Large</title></head></html>\n';
const NOT_FOUND_PAGE =
  '<!DOCTYPE html>\n<html><head><title>404</title></head><body>Not found</body></html>\n';

export interface Parts {
  world: World;
  router: Router;
  limiter: Limiter;
  calls: CallLog;
  holds: Holds;
  /** Decides the API's faults. */
  chance: Random;
  /** Makes correlation ids; apart, so that faults do not depend on how many answers were given. */
  ids: Random;
  /** Who a bearer token belongs to; null when nobody. */
  authenticate(token: string): Caller | 'expired' | null;
  /** `/_sim/…` and its preflights. */
  control(req: IncomingMessage, res: ServerResponse, url: URL, body: Buffer): Promise<void>;
}

export interface Listening {
  url: string;
  close(): Promise<void>;
}

export async function listen(parts: Parts, port: number): Promise<Listening> {
  const sockets = new Set<Socket>();
  const server = createServer((req, res) => {
    serve(parts, req, res).catch((error: unknown) => {
      // A client that hung up is no news. A fault of the stand-in itself is: a test would hunt it for hours.
      if (req.complete) console.error('simulator:', error);
      res.destroy();
    });
  });
  server.keepAliveTimeout = 60_000;
  server.on('connection', (socket: Socket) => {
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => closeAll(server, sockets),
  };
}

async function serve(parts: Parts, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const url = new URL(req.url ?? '/', `http://${req.headers.host ?? '127.0.0.1'}`);
  const body = await readBody(req);
  if (url.pathname.startsWith('/_sim/')) return parts.control(req, res, url, body);
  if (parts.world.faults.api.down) {
    req.socket.destroy();
    return;
  }
  if ((req.url ?? '').length > URL_MAX_CHARS) {
    html(res, 414, TOO_LONG_PAGE);
    return;
  }
  const found = parts.router(req.method ?? 'GET', url.pathname);
  // Recorded 2026-04: an unknown route answers an HTML page.
  if (found === null || found === 'wrong method') {
    html(res, found === null ? 404 : 405, NOT_FOUND_PAGE);
    return;
  }
  const { route, params } = found;
  const call: Call = {
    ...{
      method: route.method,
      path: url.pathname,
      params,
      query: url.searchParams,
      body: undefined,
      raw: body,
    },
    contentType: req.headers['content-type'] ?? '',
    caller: { appId: parts.world.state.appId, oauth: false, scopes: 'all' },
    origin: url.origin,
    rules: url.pathname.includes('/2026-09/'),
  };
  let headers: Record<string, string> = {};
  let target: Target = { access: route.access, typeId: null, ids: [], operation: route.name };
  let status = 0;
  const at = parts.world.clock.now();
  try {
    if (route.open !== true) call.caller = authenticated(parts, req.headers.authorization);
    const admitted = admit(parts, route, call);
    headers = admitted.headers;
    if (admitted.refusal !== null) throw admitted.refusal;
    call.body = parseJson(call);
    target = targetOf(parts.world, route, call);
    const reply = await withFaults(parts, route, call, target, res);
    if (reply === null) return;
    status = reply.status;
    send(parts, res, reply, headers);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    status = error.status;
    send(parts, res, { status, body: error.body }, headers);
  } finally {
    const { operation, ids } = target;
    const path = url.pathname + url.search;
    parts.calls.add({
      at,
      method: route.method,
      path,
      operation,
      appId: call.caller.appId,
      status,
      ids: ids.length,
    });
  }
}

/** The dial, in the order in which a call meets its fate. Null: the call was left without an answer. */
async function withFaults(
  parts: Parts,
  route: Route,
  call: Call,
  target: Target,
  res: ServerResponse,
): Promise<Reply | null> {
  const { world, chance, holds } = parts;
  const dial = world.faults.api;
  if (dial.latencyMs + dial.latencyJitterMs > 0)
    await sleep(dial.latencyMs + chance.next() * dial.latencyJitterMs);
  if (chance.chance(dial.error502Rate)) return badGateway();
  if (chance.chance(dial.error500Rate)) throw internalError();
  if (route.access === 'write' && chance.chance(dial.locked423Rate)) throw locked();
  await holds.wait(target, false, world.clock.now());
  if (chance.chance(dial.timeoutBeforeApplyRate)) return hang(res);
  const reply = route.handle(call);
  await holds.wait(target, true, world.clock.now());
  if (chance.chance(dial.error502AfterApplyRate)) return badGateway();
  if (chance.chance(dial.timeoutAfterApplyRate)) return hang(res);
  if (chance.chance(dial.resetAfterApplyRate)) {
    res.destroy();
    return null;
  }
  return reply;
}

function authenticated(parts: Parts, header: string | undefined): Caller {
  const token = /^Bearer (.+)$/i.exec(header ?? '')?.[1];
  if (token === undefined) throw noCredentials();
  if (parts.world.faults.api.revoked) throw badToken(false);
  const caller = parts.authenticate(token);
  if (caller === null || caller === 'expired') throw badToken(caller === 'expired');
  return caller;
}

/** Limits are counted at arrival, whatever becomes of the call. Scopes: docs "error handling". */
function admit(
  parts: Parts,
  route: Route,
  call: Call,
): { headers: Record<string, string>; refusal: ApiError | null } {
  const { refused, headers } = parts.limiter.take(route.limit, call.caller);
  const forced =
    route.limit === 'burst' || route.limit === 'search' ? parts.world.faults.api.forced429 : null;
  const policy = refused ?? forced;
  // No Retry-After: absent in all 69 recorded 429s.
  if (policy !== null) return { headers, refusal: rateLimited(policy, parts.ids.uuid()) };
  const missing = parts.world.faults.api.missingScopes;
  const needed = route.open === true ? [] : neededScopes(parts.world.state, route, call);
  const { scopes } = call.caller;
  // Docs: the journal's own scopes are given to client-credentials tokens only.
  const has = (scope: string): boolean =>
    scopes === 'all' ? !scope.startsWith('developer.') : scopes.includes(scope);
  const granted = (scope: string): boolean => !missing.includes(scope) && has(scope);
  const lacking = needed.find((oneOf) => !oneOf.some(granted));
  return { headers, refusal: lacking === undefined ? null : missingScopes(lacking) };
}

function targetOf(world: World, route: Route, call: Call): Target {
  const name = call.params['type'];
  const type = name === undefined ? null : findType(world.state, name);
  const inputs = (
    call.body as { inputs?: { id?: string | number; from?: { id?: string | number } }[] } | undefined
  )?.inputs;
  const one = call.params['id'];
  const many = Array.isArray(inputs) ? inputs.map((input) => String(input.id ?? input.from?.id ?? '')) : [];
  const operation = name === undefined ? route.name : `${route.name}:${type?.name ?? name}`;
  return {
    access: route.access,
    typeId: type?.typeId ?? null,
    ids: one === undefined ? many : [one],
    operation,
  };
}

function parseJson(call: Call): unknown {
  if (call.raw.length === 0 || !/json/.test(call.contentType || 'application/json')) return undefined;
  try {
    return JSON.parse(call.raw.toString('utf8')) as unknown;
  } catch (error) {
    throw invalidJson(error instanceof Error ? error.message : 'not JSON');
  }
}

function send(parts: Parts, res: ServerResponse, reply: Reply, headers: Record<string, string>): void {
  const correlationId = parts.ids.uuid();
  const trace = {
    'x-hubspot-correlation-id': correlationId,
    'x-trace': correlationId.replaceAll('-', '').toUpperCase(),
  };
  if (reply.raw !== undefined || reply.body === undefined) {
    res.writeHead(reply.status, { ...headers, ...trace, ...reply.headers });
    res.end(reply.raw);
    return;
  }
  const body =
    reply.status >= 400 && typeof reply.body === 'object' ? { ...reply.body, correlationId } : reply.body;
  const text = JSON.stringify(body);
  const length = {
    'content-type': 'application/json;charset=utf-8',
    'content-length': Buffer.byteLength(text),
  };
  res.writeHead(reply.status, { ...length, ...headers, ...trace, ...reply.headers });
  res.end(text);
}

function badGateway(): Reply {
  // Docs: 502 and 504 may come from the edge, in HTML.
  return { status: 502, raw: GATEWAY_PAGE, headers: { 'content-type': 'text/html' } };
}

function html(res: ServerResponse, status: number, page: string): void {
  res.writeHead(status, {
    'content-type': 'text/html;charset=utf-8',
    'content-length': Buffer.byteLength(page),
  });
  res.end(page);
}

/** Leaves the client waiting, as a lost answer does; cut off in the end so that nothing leaks. */
function hang(res: ServerResponse): null {
  const timer = setTimeout(() => res.destroy(), HANG_MAX_MS);
  timer.unref();
  res.on('close', () => clearTimeout(timer));
  return null;
}

async function readBody(req: IncomingMessage): Promise<Buffer> {
  if (req.method === 'GET' || req.method === 'HEAD') return Buffer.alloc(0);
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of req as AsyncIterable<Buffer>) {
    bytes += part.length;
    if (bytes > BODY_MAX_BYTES) throw new Error(`a body of more than ${BODY_MAX_BYTES} bytes`);
    parts.push(part);
  }
  return parts.length === 1 ? parts[0]! : Buffer.concat(parts);
}

const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

function closeAll(server: Server, sockets: Set<Socket>): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    for (const socket of sockets) socket.destroy();
  });
}
