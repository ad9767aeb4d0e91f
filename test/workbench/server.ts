/** Serves the workbench: the page, the journal as a stream, and the portal and the stand-in behind one origin. */
import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { HubId } from '@tallystick/shared/ids';
import { objects } from '@tallystick/shared/ownership';
import { build } from 'esbuild';
import { who } from '@tallystick/shared/words';
import type { Db } from '../../backend/store/database.ts';
import type { DemoPerson } from './demo.ts';

const JOURNAL_LOOK_MS = 200;
const JOURNAL_FIRST_ENTRIES = 100;
const PAGE = join(import.meta.dirname, 'page');

export interface WorkbenchOptions {
  port: number;
  db: Db;
  hubId: HubId;
  portalUrl: string;
  simulatorUrl: string;
  people: readonly DemoPerson[];
}

export async function startWorkbench(
  options: WorkbenchOptions,
): Promise<{ url: string; close(): Promise<void> }> {
  const app = await bundle();
  const server = createServer((req, res) => {
    serve(options, app, req, res).catch((error: unknown) => {
      console.error('workbench:', error);
      if (!res.headersSent) res.writeHead(500);
      res.end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(options.port, '127.0.0.1', resolve);
  });
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : options.port;
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function bundle(): Promise<string> {
  const built = await build({
    entryPoints: [join(PAGE, 'app.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
  });
  return built.outputFiles[0]?.text ?? '';
}

async function serve(
  options: WorkbenchOptions,
  app: string,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  const path = new URL(req.url ?? '/', 'http://workbench').pathname;
  res.setHeader(
    'Content-Security-Policy',
    "default-src 'self'; img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  );
  res.setHeader('X-Content-Type-Options', 'nosniff');
  if (path.startsWith('/portal/')) {
    proxy(options.portalUrl, req, res);
    return;
  }
  if (path.startsWith('/_sim/')) {
    proxy(options.simulatorUrl, req, res);
    return;
  }
  switch (path) {
    case '/': {
      send(res, 'text/html; charset=utf-8', await readFile(join(PAGE, 'index.html'), 'utf8'));
      return;
    }
    case '/app.css': {
      send(res, 'text/css; charset=utf-8', await readFile(join(PAGE, 'app.css'), 'utf8'));
      return;
    }
    case '/app.js': {
      send(res, 'text/javascript; charset=utf-8', app);
      return;
    }
    case '/config.json': {
      send(res, 'application/json', JSON.stringify({ people: options.people, objects }));
      return;
    }
    case '/journal':
      return journal(options, req, res);
    default:
      res.writeHead(404).end();
  }
}

function send(res: ServerResponse, type: string, body: string): void {
  res.writeHead(200, { 'Content-Type': type, 'Cache-Control': 'no-store' }).end(body);
}

/** Streams in both directions, so that server-sent events pass unbuffered. */
function proxy(target: string, req: IncomingMessage, res: ServerResponse): void {
  const url = new URL(req.url ?? '/', target);
  const onward = request(
    url,
    { method: req.method, headers: { ...req.headers, host: url.host } },
    (answer) => {
      res.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(res);
    },
  );
  onward.on('error', () => {
    if (!res.headersSent) res.writeHead(502);
    res.end();
  });
  res.on('close', () => onward.destroy());
  req.pipe(onward);
}

/** The newest entries, then each new one as it is appended. */
async function journal(
  { db, hubId }: WorkbenchOptions,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  res.writeHead(200, { 'Content-Type': 'text/event-stream', 'Cache-Control': 'no-store' });
  const closed = new AbortController();
  res.on('close', () => closed.abort());
  const newest = db.selectFrom('journal').selectAll().where('hub_id', '=', hubId);
  const resumed = Number(req.headers['last-event-id'] ?? NaN);
  let last = Number.isSafeInteger(resumed) ? resumed : -1;
  if (last < 0) {
    const first = await newest.orderBy('seq', 'desc').limit(JOURNAL_FIRST_ENTRIES).execute();
    last = Number(first[0]?.seq ?? 0) - first.length;
  }
  while (!closed.signal.aborted) {
    for (const row of await newest.where('seq', '>', String(last)).orderBy('seq').limit(1_000).execute()) {
      const { kind, object, field, rule, before, after, detail } = row;
      const outcome = detail?.outcome ?? null;
      const entry = {
        seq: Number(row.seq),
        at: row.at.getTime(),
        kind,
        object,
        id: row.record_id,
        field,
        rule,
        before,
        after,
        outcome,
        who: who(row.actor),
      };
      res.write(`id: ${row.seq}\ndata: ${JSON.stringify(entry)}\n\n`);
      last = entry.seq;
    }
    await new Promise((resolve) => setTimeout(resolve, JOURNAL_LOOK_MS));
  }
}
