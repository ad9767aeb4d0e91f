/** Serves the workbench: the page, the journal as a stream, and the portal and the stand-in behind one origin. */
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import type { HubId } from '@tallystick/shared/ids';
import { objects } from '@tallystick/shared/ownership';
import { build } from 'esbuild';
import { who } from '@tallystick/shared/words';
import { canaryPlaces } from '../../backend/store/canaries.ts';
import type { Db } from '../../backend/store/database.ts';
import { buildExtensions } from '../project/build.ts';
import type { Mailbox } from '../harness/mailbox.ts';
import type { CardProxy, CardRequest } from '../simulator/cardProxy.ts';
import type { Billing } from './billing.ts';
import type { DemoPerson } from './demo.ts';
import { bundleHost } from './host/bundle.ts';
import { FRAME, framed, proxy } from './onward.ts';

const JOURNAL_LOOK_MS = 200;
const JOURNAL_FIRST_ENTRIES = 100;
const BILLING_SLOW_MS = 3_000;
const PAGE = join(import.meta.dirname, 'page');

export interface WorkbenchOptions {
  port: number;
  db: Db;
  hubId: HubId;
  portalUrl: string;
  simulatorUrl: string;
  people: readonly DemoPerson[];
  mailbox: Mailbox;
  crm: CrmSide;
  /** The second system, and whose invoices a click changes. */
  billing: { billing: Billing; customer: string };
}

/** HubSpot's side of a card: who looks at it, and the two roads out of it. */
export interface CrmSide {
  hubId: number;
  appId: number;
  /** The service's public address. */
  backend: string;
  colleagues: readonly { id: number; email: string; firstName: string; lastName: string; role: string }[];
  /** HubSpot's type ids of the custom objects, by schema name. */
  typeIds: Readonly<Record<string, string>>;
  proxy: CardProxy;
  runFunction: (name: string, parameters: unknown) => Promise<unknown>;
}

export async function startWorkbench(
  options: WorkbenchOptions,
): Promise<{ url: string; close(): Promise<void> }> {
  const files = await builtFiles();
  const server = createServer((req, res) => {
    serve(options, files, req, res).catch((error: unknown) => {
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

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
};

/** The page, the host of the cards, and the cards themselves as HubSpot's own bundler makes them; all by address. */
async function builtFiles(): Promise<Map<string, string>> {
  const [page, host, extensions] = await Promise.all([bundle('app.ts'), bundleHost(), builtExtensions()]);
  return new Map([
    ['/', await readFile(join(PAGE, 'index.html'), 'utf8')],
    ['/app.css', await readFile(join(PAGE, 'app.css'), 'utf8')],
    ['/host.css', await readFile(join(import.meta.dirname, 'host/host.css'), 'utf8')],
    ['/app.js', page],
    ['/host.js', host.host],
    ['/thread.js', host.thread],
    ...extensions,
  ]);
}

async function bundle(entry: string): Promise<string> {
  const built = await build({
    entryPoints: [join(PAGE, entry)],
    bundle: true,
    write: false,
    format: 'esm',
    target: 'es2022',
    external: ['/host.js'],
  });
  return built.outputFiles[0]?.text ?? '';
}

async function builtExtensions(): Promise<[string, string][]> {
  const outDir = await mkdtemp(join(tmpdir(), 'tallystick-workbench-'));
  try {
    const bundles = await buildExtensions(outDir);
    return await Promise.all(
      bundles.map(async ({ name, file }): Promise<[string, string]> => [
        `/extensions/${name}.js`,
        await readFile(file, 'utf8'),
      ]),
    );
  } finally {
    await rm(outDir, { recursive: true });
  }
}

async function serve(
  options: WorkbenchOptions,
  files: ReadonlyMap<string, string>,
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
  const frame = FRAME.exec(path);
  if (frame !== null) {
    framed(options, frame[1] ?? '', req, res);
    return;
  }
  if (path.startsWith('/_sim/')) {
    proxy(options.simulatorUrl, req, res);
    return;
  }
  const file = files.get(path);
  if (file !== undefined) {
    send(res, TYPES[extname(path)] ?? TYPES['.html'] ?? '', file);
    return;
  }
  switch (path) {
    case '/config.json': {
      const { hubId, appId, backend, colleagues, typeIds } = options.crm;
      const crm = { hubId, appId, backend, colleagues, typeIds };
      send(
        res,
        'application/json',
        JSON.stringify({ people: options.people, objects, crm, portal: options.portalUrl }),
      );
      return;
    }
    case '/mails.json': {
      const mails = options.mailbox.mails.map(({ to, subject, link, at }) => ({ to, subject, link, at }));
      send(res, 'application/json', JSON.stringify(mails));
      return;
    }
    case '/hubspot/fetch':
    case '/hubspot/function':
      return hubspot(options.crm, path, req, res);
    case '/billing/down':
    case '/billing/slow':
    case '/billing/up':
    case '/billing/change':
      return act(options.billing, path, req, res);
    case '/journal':
      // While the service is down its embedded database may be too: the page asks again.
      return journal(options, req, res).catch(() => void res.end());
    default:
      res.writeHead(404).end();
  }
}

const BODY_MAX_BYTES = 2_097_152;

/** What HubSpot's page asks HubSpot for on behalf of a card: its proxy, and the app's functions. */
async function hubspot(crm: CrmSide, path: string, req: IncomingMessage, res: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of req as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    if (chunks.reduce((sum, each) => sum + each.length, 0) > BODY_MAX_BYTES) {
      res.writeHead(413).end();
      return;
    }
  }
  const asked = JSON.parse(Buffer.concat(chunks).toString('utf8')) as {
    userId: number;
    request: CardRequest;
    name: string;
    parameters: unknown;
  };
  if (path === '/hubspot/function') {
    const answer = await crm.runFunction(asked.name, asked.parameters).then(
      (value) => ({ ok: true, value }),
      (error: unknown) => ({ ok: false, message: error instanceof Error ? error.message : String(error) }),
    );
    send(res, 'application/json', JSON.stringify(answer));
    return;
  }
  const user = crm.colleagues.find(({ id }) => id === asked.userId);
  if (user === undefined) {
    res.writeHead(400).end();
    return;
  }
  send(res, 'application/json', JSON.stringify(await crm.proxy.fetch(asked.request, user)));
}

/** Takes the second system down, slows it, lets it be, or changes an invoice in it. */
async function act(
  { billing, customer }: WorkbenchOptions['billing'],
  path: string,
  req: IncomingMessage,
  res: ServerResponse,
): Promise<void> {
  if (req.method !== 'POST') {
    res.writeHead(405).end();
    return;
  }
  let sentence = '';
  if (path === '/billing/down') billing.gate.shut();
  else if (path === '/billing/slow') billing.gate.slow(BILLING_SLOW_MS);
  else if (path === '/billing/up') billing.gate.open();
  else sentence = await billing.changeInvoice(customer);
  send(res, 'application/json', JSON.stringify({ sentence }));
}

function send(res: ServerResponse, type: string, body: string): void {
  res.writeHead(200, { 'Content-Type': type, 'Cache-Control': 'no-store' }).end(body);
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
        isCanary: canaryPlaces().some((place) => place.object === object && place.field === field),
      };
      res.write(`id: ${row.seq}\ndata: ${JSON.stringify(entry)}\n\n`);
      last = entry.seq;
    }
    await new Promise((resolve) => setTimeout(resolve, JOURNAL_LOOK_MS));
  }
}
