/** Durable ingest: signed webhooks over HTTP, answered after the commit, against a bare server doing one insert. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pg from 'pg';
import { pino } from 'pino';
import { sign } from '../../backend/hubspot/signature.ts';
import { createIntake } from '../../backend/intake/webhooks.ts';
import { createApp, startServer } from '../../backend/server.ts';
import { createSignals } from '../../backend/signals.ts';
import { runLoad, type Loaded } from './load.ts';
import { benchDatabase, report } from './report.ts';

const PATH = '/webhooks/hubspot';
const PUBLIC = `https://tally.example.com${PATH}`;
const SECRET = 'secret';
const RUNS = 3;
const RUN_MS = 4_000;
const BODIES = 400;

export async function main(): Promise<void> {
  const database = await benchDatabase();
  const log = pino({ level: 'silent' });
  const intake = createIntake({
    databaseUrl: database.url,
    signals: createSignals(),
    now: Date.now,
    trust: { is: 'one-app', secrets: [SECRET], publicUrl: PUBLIC },
    log,
    at: () => undefined,
  });
  const ours = await startServer({
    host: '127.0.0.1',
    port: 0,
    intakePath: PATH,
    intake,
    app: createApp({ routers: [], log, ready: () => Promise.resolve(true) }),
  });
  const bare = await bareServer(database.url);
  for (const events of [100, 1]) {
    const connections = events === 100 ? 10 : 50;
    const runs: { ours: Loaded; bare: Loaded }[] = [];
    for (let run = 0; run <= RUNS; run += 1) {
      const load = { connections, forMs: run === 0 ? 1_000 : RUN_MS, requests: requests(events) };
      const pair = {
        ours: await runLoad({ ...load, port: ours.port }),
        bare: await runLoad({ ...load, port: bare.port }),
      };
      if (run > 0) runs.push(pair); // the first is the warm-up
    }
    const rate = (which: 'ours' | 'bare'): number[] => runs.map((each) => each[which].perSecond * events);
    report(`ingest, ${events} events a request, ${connections} connections`, 'events/s', rate('ours'), {
      atLeast: events === 100 ? 100_000 : 10_000,
    });
    report(
      '  acknowledged, p50',
      'ms',
      runs.map((each) => each.ours.p50Ms),
    );
    report(
      '  acknowledged, p99',
      'ms',
      runs.map((each) => each.ours.p99Ms),
      { atMost: events === 100 ? 20 : 10 },
    );
    report('  bare node:http and one unnest insert', 'events/s', rate('bare'));
    report(
      '  ours : bare',
      '',
      runs.map((each) => each.ours.perSecond / each.bare.perSecond),
      { atLeast: 0.8 },
    );
    const failures = runs.reduce((sum, each) => sum + each.ours.failures + each.bare.failures, 0);
    if (failures > 0) console.log(`  ${failures} requests were not answered 200`);
  }
  await ours.close();
  await intake.close();
  await bare.close();
  await database.drop();
}

/** Signed now: a signature is five minutes old at most. */
function requests(events: number): string[] {
  const timestamp = Date.now();
  return Array.from({ length: BODIES }, (_, n) => {
    const body = JSON.stringify(Array.from({ length: events }, (__, i) => event(n * events + i)));
    const signature = sign(SECRET, 'POST', PUBLIC, Buffer.from(body), timestamp);
    return `POST ${PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nX-HubSpot-Signature-v3: ${signature}\r\nX-HubSpot-Request-Timestamp: ${timestamp}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  });
}

function event(n: number) {
  return {
    ...{
      eventId: n,
      subscriptionId: 7_662_269,
      portalId: 247_279_312,
      appId: 51_879_189,
      occurredAt: 1_788_597_072_520 + n,
    },
    ...{
      subscriptionType: 'object.propertyChange',
      attemptNumber: 0,
      objectId: 546_500_000_000 + (n % 5_000),
      objectTypeId: '0-1',
    },
    ...{
      propertyName: 'jobtitle',
      propertyValue: `Title ${n}`,
      changeSource: 'CRM_UI',
      sourceId: 'userId:98499705',
      isSensitive: false,
    },
  };
}

/** What anybody would write first: parse, one unnest insert of a row an event, answer. No signature, no group commit. */
async function bareServer(url: string): Promise<{ port: number; close(): Promise<void> }> {
  const pool = new pg.Pool({ connectionString: url, max: 10 });
  await pool.query(
    'create table bare (hub_id bigint, object_id bigint, property text, value text, at bigint, event_id bigint, id bigint generated always as identity, primary key (hub_id, id))',
  );
  const text =
    'insert into bare (hub_id, object_id, property, value, at, event_id) select * from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::bigint[])';
  const server = createServer((req, res) => {
    const chunks: Buffer[] = [];
    req.on('data', (chunk: Buffer) => chunks.push(chunk));
    req.on('end', () => {
      const events = JSON.parse(Buffer.concat(chunks).toString()) as ReturnType<typeof event>[];
      const values = [
        events.map((e) => e.portalId),
        events.map((e) => e.objectId),
        events.map((e) => e.propertyName),
        events.map((e) => e.propertyValue),
        events.map((e) => e.occurredAt),
        events.map((e) => e.eventId),
      ];
      pool.query({ name: 'bare', text, values }).then(
        () => res.writeHead(200, { 'content-length': '0' }).end(),
        () => res.writeHead(500).end(),
      );
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: async () => {
      await new Promise((resolve) => server.close(resolve));
      await pool.end();
    },
  };
}
