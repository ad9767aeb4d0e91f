/** One port: the webhook route is dispatched ahead of Express, everything else goes through it. */
import { createServer, type Server } from 'node:http';
import type { Problem } from '@tallystick/shared/messages';
import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Router } from 'express';
import helmet from 'helmet';
import type { Logger } from 'pino';
import type { Intake } from './intake/webhooks.ts';

const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_TIMEOUT_MS = 65_000;
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
}): Promise<RunningServer> {
  const { intakePath, intake, app } = options;
  let closing = false;
  const server = createServer(
    {
      maxHeaderSize: HEADERS_MAX_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    },
    (req, res) => {
      if (closing) res.setHeader('connection', 'close');
      const isWebhook = req.url === intakePath || req.url?.startsWith(`${intakePath}?`) === true;
      if (intake !== null && isWebhook) intake.handle(req, res);
      else app(req, res);
    },
  );
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
  app.get('/healthz', (_req, res) => void res.json({ alive: true }));
  app.get('/readyz', (_req, res) =>
    options.ready().then((ready) => void res.status(ready ? 200 : 503).json({ ready })),
  );
  // What else is said of the process itself (metrics) belongs here: every role has it.
  for (const router of options.routers) app.use(router);
  app.use((_req, res) => problem(res, 404, 'not-found', 'There is nothing at this address.'));
  app.use(lastResort(options.log));
  return app;
}

/** A bug crashes the request and is seen here; its text stays inside. */
function lastResort(log: Logger): ErrorRequestHandler {
  return (error: unknown, req, res, next) => {
    log.error({ err: error, method: req.method, path: req.path }, 'A request failed.');
    if (res.headersSent) next(error);
    else problem(res, 500, 'internal', 'Something went wrong on our side.');
  };
}

function problem(res: express.Response, status: number, code: string, detail: string): void {
  const body: Problem = {
    type: 'about:blank',
    title: status === 404 ? 'Not found' : 'Internal error',
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
