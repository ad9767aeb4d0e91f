/** From webhook to browser at a steady load, and from a portal edit to the CRM with nothing else to do. */
import { Agent, request } from 'node:http';
import { pino } from 'pino';
import { sql } from 'kysely';
import type { RecordId } from '@tallystick/shared/ids';
import type { StreamMessage } from '@tallystick/shared/messages';
import { parseConfig } from '../../backend/config.ts';
import { sign } from '../../backend/hubspot/signature.ts';
import { startService } from '../../backend/main.ts';
import { freePort } from '../../backend/store/embedded.ts';
import { addPerson } from '../../backend/store/people.ts';
import { eventually } from '../harness/eventually.ts';
import { askChild, serveParent } from './child.ts';
import { startCrm } from './crm.ts';
import { benchDatabase, percentile, report } from './report.ts';

const RUNS = 3;
const RUN_MS = 8_000;
const EVENTS_PER_S = 1_000;
/** Three calls each: to read, to write, to prove. */
const EDITS_PER_S = 4;
const EDITS_MS = 15_000;
/** Until the calls that the events cost have left the window of the limit. */
const BUDGET_FREE_MS = 11_000;
const WATCHERS = 20;

interface Job {
  portal: string;
  secret: string;
  hubId: number;
  /** A company each, with the token of somebody who sees it and that person's contact. */
  watched: { company: string; contact: string; token: string }[];
}
interface Measured {
  live: number[];
  edits: { contact: string; at: number }[];
}

export async function main(): Promise<void> {
  const database = await benchDatabase();
  const crm = await startCrm({ content: 'demo', latencyMs: 0 });
  const port = await freePort();
  const portal = `http://127.0.0.1:${port}`;
  const service = await startService(
    parseConfig({
      DATABASE_URL: database.url,
      HUBSPOT_ACCESS_TOKEN: crm.accessToken,
      HUBSPOT_CLIENT_SECRET: crm.clientSecret,
      HUBSPOT_BASE_URL: crm.url,
      PUBLIC_URL: portal,
      PORT: String(port),
      TALLYSTICK_STATE_DIR: database.stateDir,
    }),
    { log: pino({ level: 'silent' }) },
  );
  const { db, hubId } = service;
  await eventually(
    async () =>
      (await db.selectFrom('jobs').select('job_id').where('finished_at', 'is', null).execute()).length === 0,
    'the first backfill',
  );
  const { rows } = await sql<{ company_id: string; record_id: RecordId }>`
    select company_id, min(record_id) as record_id from links
    where hub_id = ${hubId} and object = 'contact' and is_primary group by company_id order by company_id limit ${WATCHERS}`.execute(
    db,
  );
  const watched = await Promise.all(
    rows.map(async ({ company_id, record_id }, i) => ({
      company: company_id,
      contact: record_id,
      token: await addPerson(db, {
        hubId,
        contactId: record_id,
        audience: 'direct',
        secret: `bench-token-number-${i}-of-many`,
        now: Date.now(),
      }),
    })),
  );
  const live: number[][] = [];
  const edits: number[][] = [];
  for (let run = 0; run <= RUNS; run += 1) {
    const since = (await crm.audit()).counters.total;
    const measured = await client({ portal, secret: crm.clientSecret, hubId: crm.hubId, watched });
    const { calls } = await crm.calls(since);
    const writes = calls.filter((call) => call.operation === 'update:contacts');
    const took = measured.edits.flatMap(({ contact, at }) => {
      const write = writes.find((call) => call.path.endsWith(`/${contact}`) && call.at >= at);
      return write === undefined ? [] : [write.at - at];
    });
    if (run === 0) continue;
    live.push(measured.live.sort((a, b) => a - b));
    edits.push(took.sort((a, b) => a - b));
  }
  const each = (runs: number[][], share: number): number[] => runs.map((run) => percentile(run, share));
  report(`webhook to browser, ${EVENTS_PER_S} events/s, ${WATCHERS} streams, p50`, 'ms', each(live, 0.5), {
    atMost: 3,
  });
  report('  p99', 'ms', each(live, 0.99), { atMost: 10 });
  report('portal edit to the CRM’s write (a read comes first), p50', 'ms', each(edits, 0.5), { atMost: 5 });
  report('  p99', 'ms', each(edits, 0.99), { atMost: 15 });
  console.log(
    `  samples a run: ${live.map((run) => run.length).join(', ')} on streams, ${edits.map((run) => run.length).join(', ')} edits`,
  );
  await service.close();
  crm.stop();
  await database.drop();
}

function client(job: Job): Promise<Measured> {
  return askChild(import.meta.filename, job) as Promise<Measured>;
}

/** In a process of its own: sender, browsers and clock. */
async function generate({ portal, secret, hubId, watched }: Job): Promise<Measured> {
  const measured: Measured = { live: [], edits: [] };
  const sentAt = new Map<string, number>();
  const stop = new AbortController();
  await Promise.all(
    watched.map((one) =>
      watch(`${portal}/portal/v1/stream`, one.token, stop.signal, (message) => {
        if (message.type !== 'record') return;
        const value = message.record.fields.city?.value ?? '';
        const at = sentAt.get(value);
        if (at === undefined) return;
        measured.live.push(performance.now() - at);
        sentAt.delete(value);
      }),
    ),
  );
  const agent = new Agent({ keepAlive: true, maxSockets: 20 });
  const startedAt = performance.now();
  await atRate(EVENTS_PER_S, RUN_MS, (sent) => {
    const value = `c${startedAt}-${sent}`;
    sentAt.set(value, performance.now());
    postEvent(agent, portal, secret, {
      portalId: hubId,
      objectId: Number(watched[sent % watched.length]!.company),
      value,
    });
  });
  await new Promise((resolve) => setTimeout(resolve, BUDGET_FREE_MS));
  await atRate(EDITS_PER_S, EDITS_MS, (edited) => {
    const one = watched[edited % watched.length]!;
    measured.edits.push({ contact: one.contact, at: Date.now() });
    void edit(portal, one, `${startedAt}-${edited}`);
  });
  await new Promise((resolve) => setTimeout(resolve, 500));
  stop.abort();
  agent.destroy();
  return measured;
}

async function atRate(perSecond: number, forMs: number, each: (n: number) => void): Promise<void> {
  const startedAt = performance.now();
  for (let n = 0, elapsed = 0; elapsed < forMs; elapsed = performance.now() - startedAt) {
    for (; n < (elapsed / 1_000) * perSecond; n += 1) each(n);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

function postEvent(
  agent: Agent,
  portal: string,
  secret: string,
  { portalId, objectId, value }: { portalId: number; objectId: number; value: string },
): void {
  const body = JSON.stringify([
    {
      portalId,
      objectId,
      occurredAt: Date.now(),
      subscriptionType: 'object.propertyChange',
      objectTypeId: '0-2',
      propertyName: 'city',
      propertyValue: value,
      changeSource: 'CRM_UI',
      sourceId: 'userId:7',
    },
  ]);
  const url = `${portal}/webhooks/hubspot`;
  const timestamp = Date.now();
  const headers = {
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    'x-hubspot-signature-v3': sign(secret, 'POST', url, Buffer.from(body), timestamp),
    'x-hubspot-request-timestamp': String(timestamp),
  };
  request(url, { method: 'POST', agent, headers }, (res) => res.resume()).end(body);
}

async function edit(portal: string, { contact, token }: Job['watched'][number], tag: string): Promise<void> {
  const address = `${portal}/portal/v1/records/contact/${contact}`;
  await fetch(address, {
    method: 'PATCH',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      'idempotency-key': tag,
      'if-match': 'j600',
    },
    body: JSON.stringify({ fields: { firstName: `Name ${tag}` } }),
  });
}

async function watch(
  url: string,
  token: string,
  signal: AbortSignal,
  hear: (message: StreamMessage) => void,
): Promise<void> {
  const answer = await fetch(url, { headers: { authorization: `Bearer ${token}` }, signal });
  const reader = answer.body!.pipeThrough(new TextDecoderStream()).getReader();
  void (async () => {
    let rest = '';
    for (;;) {
      const { value, done } = await reader.read().catch(() => ({ value: '', done: true }));
      if (done) return;
      const parts = (rest + value).split('\n\n');
      rest = parts.pop() ?? '';
      for (const part of parts) {
        const data = /^data: (.*)$/m.exec(part)?.[1];
        if (data !== undefined) hear(JSON.parse(data) as StreamMessage);
      }
    }
  })();
}

serveParent(import.meta.filename, generate);
