/**
 * The whole service over real HTTP, beside a CRM with the demo's definitions and a handful of records: what the
 * portal's journeys are tested on. Webhooks are delivered by the stand-in.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { HubId } from '@tallystick/shared/ids';
import { recordId } from '@tallystick/shared/ids';
import type { AppAudience } from '@tallystick/shared/ownership';
import { pino } from 'pino';
import { parseConfig } from '../../backend/config.ts';
import { neededSubscriptions } from '../../backend/hubspot/subscriptions.ts';
import { INTAKE_PATH, startService, type Overrides, type Service } from '../../backend/main.ts';
import { freePort } from '../../backend/store/embedded.ts';
import type { Db } from '../../backend/store/database.ts';
import { addPerson } from '../../backend/store/people.ts';
import { seedDefinitions, type PortalLabels } from '../simulator/seedSchema.ts';
import { startSimulator, type Simulator, type SimulatorOptions } from '../simulator/simulator.ts';
import { createTestDatabase } from './postgres.ts';
import { eventually } from './eventually.ts';
import type { Body } from './portal.ts';

export const REP = { sourceType: 'CRM_UI', sourceId: 'userId:51446676' };
const PUBLIC_URL = 'https://sync.example.com';
const PRIMARY = { category: 'HUBSPOT_DEFINED' as const, typeId: 1 };

export interface Whole {
  sim: Simulator;
  service: Service;
  db: Db;
  hubId: HubId;
  labels: PortalLabels;
  /** Companies and their people; a quote with two lines and a ticket hang on the first one. */
  ids: {
    acme: string;
    beta: string;
    ada: string;
    bob: string;
    cleo: string;
    pia: string;
    quote: string;
    lines: string[];
    ticket: string;
    foreign: string;
  };
  token(contactId: string, audience: AppAudience): Promise<string>;
  call(token: string | null, method: string, path: string, options?: Calling): Promise<Answered>;
  /** Waits for the receipt to come to its end. */
  settled(token: string, editId: string): Promise<Body>;
  close(): Promise<void>;
}
export interface Calling {
  body?: unknown;
  bytes?: Uint8Array;
  headers?: Record<string, string>;
}
export interface Answered {
  status: number;
  headers: Headers;
  body: Body;
  bytes: Uint8Array;
}

export async function startWhole(
  options: {
    sim?: SimulatorOptions;
    overrides?: Overrides;
    env?: (url: string) => Promise<Record<string, string>>;
    /** Changes the seeded CRM before the service starts. */
    prepare?: (sim: Simulator) => void;
  } = {},
): Promise<Whole> {
  const stateDir = await mkdtemp(join(tmpdir(), 'tallystick-whole-'));
  const database = await createTestDatabase();
  const port = await freePort();
  const local = { [PUBLIC_URL]: `http://127.0.0.1:${port}` };
  const sim = await startSimulator({ local, ...options.sim });
  const seeded = seed(sim);
  options.prepare?.(sim);
  const config = parseConfig({
    DATABASE_URL: database.url,
    TALLYSTICK_STATE_DIR: stateDir,
    HUBSPOT_ACCESS_TOKEN: sim.accessToken,
    HUBSPOT_CLIENT_SECRET: sim.clientSecret,
    HUBSPOT_BASE_URL: sim.url,
    PUBLIC_URL,
    PORT: String(port),
    ...(await options.env?.(`http://127.0.0.1:${port}`)),
  });
  const service = await startService(config, {
    log: pino({ level: process.env.TALLYSTICK_LOG ?? 'silent' }),
    limits: { requestsPerMinute: 100_000, writesPerMinute: 100_000 },
    patience: { answeredMs: 2_000, ambiguousMs: 1_000 },
    ...options.overrides,
  });
  await service.leading;
  await fetch(`${sim.url}/_sim/webhooks`, {
    method: 'PUT',
    body: JSON.stringify({
      target: `${PUBLIC_URL}${INTAKE_PATH}`,
      subscriptions: neededSubscriptions({ installed_site: sim.world.type('installed_site').typeId }),
    }),
  });
  const { db, hubId } = service;
  await eventually(
    async () => {
      const open = await db
        .selectFrom('jobs')
        .select('job_id')
        .where('hub_id', '=', hubId)
        .where('finished_at', 'is', null)
        .execute();
      return open.length === 0;
    },
    'the first backfill',
    30_000,
  );
  const call: Whole['call'] = (token, method, path, calling) =>
    answered(service.url, token, method, path, calling);
  return {
    ...{ sim, service, db, hubId, call, ...seeded },
    token: (contactId, audience) =>
      addPerson(db, {
        ...{ hubId, contactId: recordId(contactId), audience, now: Date.now() },
        secret: randomBytes(24).toString('base64url'),
      }),
    settled: (token, editId) =>
      eventually(
        async () => {
          const { body } = await call(token, 'GET', `/edits/${editId}`);
          return body.final ? body : undefined;
        },
        `the receipt ${editId} ends`,
        20_000,
      ),
    close: async () => {
      await service.close();
      await sim.close();
      await database.drop();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

export const freshKey = (): Record<string, string> => ({ 'idempotency-key': randomUUID() });

function seed({ world }: Simulator): Pick<Whole, 'labels' | 'ids'> {
  let labels: PortalLabels | undefined;
  const ids = {} as Whole['ids'];
  world.quietly(() => {
    labels = seedDefinitions(world);
    const company = (name: string): string => world.create('companies', { name, country: 'Germany' }, REP).id;
    const person = (firstname: string, lastname: string, at: string): string => {
      const email = `${firstname}@${lastname}.example`.toLowerCase();
      const { id } = world.create('contacts', { firstname, lastname, email }, REP);
      world.associate(['contacts', id], ['companies', at], REP, [PRIMARY]);
      return id;
    };
    Object.assign(ids, { acme: company('Acme'), beta: company('Beta') });
    Object.assign(ids, {
      ada: person('Ada', 'Byron', ids.acme),
      bob: person('Bob', 'Stone', ids.acme),
      cleo: person('Cleo', 'Wood', ids.beta),
      pia: person('Pia', 'Lund', ids.beta),
    });
    world.associate(['contacts', ids.ada], ['companies', ids.acme], REP, [labels.admin]);
    world.associate(['contacts', ids.pia], ['companies', ids.acme], REP, [labels.partner]);
    ids.quote = world.create(
      'quotes',
      {
        ...{
          hs_title: 'Heat pump',
          hs_expiration_date: '2099-01-31',
          hs_quote_amount: 3_000,
          hs_currency: 'EUR',
        },
        ...{ hs_terms: 'Net 30', hs_status: 'APPROVED', customer_decision: 'open' },
      },
      REP,
    ).id;
    ids.lines = [
      { name: 'Heat pump', price: 1_000, quantity: 2 },
      { name: 'Installation', price: 500, quantity: 2 },
    ].map((line) => {
      const { id } = world.create('line_items', line, REP);
      world.associate(['quotes', ids.quote], ['line_items', id], REP);
      return id;
    });
    const ticket = (subject: string, at: string): string => {
      const { id } = world.create('tickets', { subject, hs_pipeline: '0', hs_pipeline_stage: '1' }, REP);
      world.associate(['tickets', id], ['companies', at], REP, [{ category: 'HUBSPOT_DEFINED', typeId: 26 }]);
      return id;
    };
    Object.assign(ids, { ticket: ticket('Cold radiator', ids.acme), foreign: ticket('Foreign', ids.beta) });
    world.associate(['quotes', ids.quote], ['companies', ids.acme], REP);
  });
  if (labels === undefined) throw new Error('The world was not seeded.');
  return { labels, ids };
}

async function answered(
  url: string,
  token: string | null,
  method: string,
  path: string,
  { body, bytes, headers = {} }: Calling = {},
): Promise<Answered> {
  const sent = bytes ?? (body === undefined ? undefined : JSON.stringify(body));
  const answer = await fetch(`${url}/portal/v1${path}`, {
    method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(sent === undefined
        ? {}
        : { 'content-type': bytes === undefined ? 'application/json' : 'application/octet-stream' }),
      ...headers,
    },
    ...(sent === undefined ? {} : { body: sent as BodyInit }),
  });
  const whole = new Uint8Array(await answer.arrayBuffer());
  const isJson = /json/.test(answer.headers.get('content-type') ?? '');
  const parsed: unknown = isJson && whole.length > 0 ? JSON.parse(Buffer.from(whole).toString('utf8')) : {};
  return { status: answer.status, headers: answer.headers, body: parsed as Body, bytes: whole };
}
