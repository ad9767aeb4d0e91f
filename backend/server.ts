/** One port: the webhook route is dispatched ahead of Express, everything else goes through it. */
import { createServer, type Server } from 'node:http';
import type { Problem } from '@tallystick/shared/messages';
import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Router } from 'express';
import helmet from 'helmet';
import type { Logger } from 'pino';
import type { Intake } from './intake/webhooks.ts';
import type { Strikes } from './strikes.ts';

/** What one connection, and all of them, may take up. Tests set them smaller. */
export const SERVER_LIMITS = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 30_000,
  keepAliveTimeoutMs: 65_000,
  /** How often connections are held against the two time-outs. */
  checkEveryMs: 2_000,
  /** 10,000 live streams, and as many that come and go. */
  connectionsMax: 20_000,
};
export type ServerLimits = typeof SERVER_LIMITS;
const HEADERS_MAX_BYTES = 16_384;
const CLOSE_DEADLINE_MS = 5_000;
const IDLE_LOOK_MS = 50;

export interface RunningServer {
  url: string;
  port: number;
  /** Takes no new connection, lets requests finish until the deadline, ends what is left. */
  close(): Promise<void>;
}

export async function startServer(options: {
  host: string;
  port: number;
  intakePath: string;
  /** Null: this process takes no webhooks in. */
  intake: Intake | null;
  app: Express;
  limits?: Partial<ServerLimits>;
}): Promise<RunningServer> {
  const { intakePath, intake, app } = options;
  const limits = { ...SERVER_LIMITS, ...options.limits };
  let closing = false;
  const server = createServer(
    {
      maxHeaderSize: HEADERS_MAX_BYTES,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      connectionsCheckingInterval: limits.checkEveryMs,
    },
    (req, res) => {
      if (closing) res.setHeader('connection', 'close');
      const isWebhook = req.url === intakePath || req.url?.startsWith(`${intakePath}?`) === true;
      if (intake !== null && isWebhook) intake.handle(req, res);
      else app(req, res);
    },
  );
  server.maxConnections = limits.connectionsMax;
  await listen(server, options.host, options.port);
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return { url: `http://${options.host}:${port}`, port, close };

  function close(): Promise<void> {
    closing = true;
    return closeServer(server);
  }
}

export function createApp(options: {
  /** None: the process answers only how it is. */
  routers: readonly Router[];
  log: Logger;
  ready: () => Promise<boolean>;
  /** How many proxies before us may say where a request comes from; none is believed where nothing is said. */
  trustedProxies?: number;
  /** Who was refused too often is not listened to; absent: everybody is. */
  strikes?: Strikes;
  /** Logs each request, and gives it an id. */
  logged?: RequestHandler;
}): Express {
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.set('trust proxy', options.trustedProxies ?? 0);
  if (options.logged !== undefined) app.use(options.logged);
  app.use(
    helmet({
      contentSecurityPolicy: {
        useDefaults: false,
        directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] },
      },
    }),
  );
  app.use((_req, res, next) => {
    res.setHeader('Cache-Control', 'no-store'); // what may be kept says so itself
    next();
  });
  // Nobody asks from another origin, so nothing is to be told of what might be sent; Express would answer by itself.
  app.use((req, res, next) => {
    if (req.method !== 'OPTIONS') {
      next();
      return;
    }
    res.setHeader('Allow', 'GET, HEAD, POST, PATCH, DELETE');
    problem(res, 405, 'method-not-allowed', 'This address does not take that method.');
  });
  const { strikes } = options;
  if (strikes !== undefined) app.use(struckOut(strikes));
  app.get('/healthz', (_req, res) => void res.json({ alive: true }));
  app.get('/readyz', (_req, res) =>
    options.ready().then((ready) => void res.status(ready ? 200 : 503).json({ ready })),
  );
  // What else is said of the process itself (metrics) belongs here: every role has it.
  app.all(['/healthz', '/readyz'], (_req, res) => {
    res.setHeader('Allow', 'GET, HEAD');
    problem(res, 405, 'method-not-allowed', 'This address takes GET only.');
  });
  for (const router of options.routers) app.use(router);
  app.use((_req, res) => problem(res, 404, 'not-found', 'There is nothing at this address.'));
  app.use(lastResort(options.log));
  return app;
}

/** Counts what is answered 401, and turns away whoever has had too many of it. */
function struckOut(strikes: Strikes): RequestHandler {
  return (req, res, next) => {
    const outForS = strikes.outForS(req);
    if (outForS !== null) {
      res.setHeader('Retry-After', outForS);
      problem(res, 429, 'too-many-refused', 'Too many requests of yours were refused. Please wait a minute.');
      return;
    }
    res.on('finish', () => {
      if (res.statusCode === 401) strikes.note(req);
    });
    next();
  };
}

const TITLES: Readonly<Record<number, string>> = {
  400: 'Bad request',
  404: 'Not found',
  405: 'Method not allowed',
  429: 'Too many requests',
};

/** A bug crashes the request and is seen here; its text stays inside. */
function lastResort(log: Logger): ErrorRequestHandler {
  return (error: unknown, req, res, next) => {
    const isTheirs = error instanceof URIError; // an address with a broken escape
    if (isTheirs && !res.headersSent) {
      problem(res, 400, 'bad-request', 'The request could not be read.');
      return;
    }
    log.error({ err: error, method: req.method, path: req.path }, 'A request failed.');
    if (res.headersSent) next(error);
    else problem(res, 500, 'internal', 'Something went wrong on our side.');
  };
}

function problem(res: express.Response, status: number, code: string, detail: string): void {
  const body: Problem = {
    type: 'about:blank',
    title: TITLES[status] ?? 'Internal error',
    status,
    code,
    detail,
    ...instanceOf(res),
  };
  res.locals.code = code;
  res.status(status).type('application/problem+json').send(JSON.stringify(body));
}

/** RFC 9457: which time of it this is; our log has the same id. */
function instanceOf({ locals }: express.Response): Pick<Problem, 'instance'> {
  const id: unknown = locals.requestId;
  return typeof id === 'string' ? { instance: `urn:uuid:${id}` } : {};
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) =>
      reject(
        'code' in error && error.code === 'EADDRINUSE'
          ? new Error(`Port ${port} on ${host} is in use.`)
          : error,
      ),
    );
    server.listen(port, host, resolve);
  });
}

function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const deadline = setTimeout(() => server.closeAllConnections(), CLOSE_DEADLINE_MS);
    // A connection that was answering when we began is idle soon.
    const idling = setInterval(() => server.closeIdleConnections(), IDLE_LOOK_MS);
    server.close(() => {
      clearTimeout(deadline);
      clearInterval(idling);
      resolve();
    });
    server.closeIdleConnections();
  });
}
