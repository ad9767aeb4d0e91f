/** Several hubs, a stand-in each, on one database, in its directory; and the processes that serve them, each with signals of its own. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hubId as toHubId, recordId, type HubId } from '@tallystick/shared/ids';
import { pino } from 'pino';
import { runCommand } from '../../backend/cli/commands.ts';
import { manyHubs } from '../../backend/hubs/settings.ts';
import { sign } from '../../backend/hubspot/signature.ts';
import { INTAKE_PATH } from '../../backend/main.ts';
import { serveHubs, type HubsService } from '../../backend/hubs/serve.ts';
import { openDatabase } from '../../backend/store/connection.ts';
import type { Db } from '../../backend/store/database.ts';
import { addPerson } from '../../backend/store/people.ts';
import { seedDefinitions } from '../simulator/seedSchema.ts';
import { startSimulator, type Simulator } from '../simulator/simulator.ts';
import { createTestDatabase, type TestDatabase } from './postgres.ts';

export const PUBLIC_URL = 'https://sync.example.com';
const REP = { sourceType: 'CRM_UI', sourceId: 'userId:7' };
const PRIMARY = { category: 'HUBSPOT_DEFINED' as const, typeId: 1 };

export interface OneHub {
  hubId: HubId;
  sim: Simulator;
  db: Db;
  company: string;
  contact: string;
  host: string;
  token: string;
}

export interface Hubs {
  database: TestDatabase;
  hubs: OneHub[];
  env: Record<string, string>;
  tally(words: string[], more?: { env?: Record<string, string>; input?: string }): Promise<Printed>;
  add(hub: OneHub, more?: Record<string, string>): Promise<Printed>;
  serve(role: 'all' | 'web' | 'worker', env?: Record<string, string>): Promise<HubsService>;
  close(): Promise<void>;
}
export interface Printed {
  code: number;
  out: string;
  complaints: string;
}

export const newKey = (): string => randomBytes(32).toString('base64');

export async function startHubs(count: number): Promise<Hubs> {
  const database = await createTestDatabase();
  const stateDir = await mkdtemp(join(tmpdir(), 'tallystick-hubs-'));
  const env: Record<string, string> = {
    DATABASE_URL: database.url,
    TALLYSTICK_STATE_DIR: stateDir,
    TALLYSTICK_KEYS: `k1:${newKey()}`,
    PUBLIC_URL,
    PORT: '0',
  };
  const hubs: OneHub[] = [];
  for (let n = 1; n <= count; n += 1) hubs.push(await startHub(database.url, n));
  const services: HubsService[] = [];
  const tally: Hubs['tally'] = async ([command = '', ...words], { env: also = {}, input = '' } = {}) => {
    const out: string[] = [];
    const complaints: string[] = [];
    const flags = { stdin: words.includes('--stdin'), json: words.includes('--json') };
    const code = await runCommand([command, ...words.filter((word) => !word.startsWith('--'))], flags, {
      env: { ...env, ...also },
      print: (line) => out.push(line),
      complain: (line) => complaints.push(line),
      rewrite: null,
      now: Date.now,
      readInput: () => Promise.resolve(input),
    });
    return { code, out: out.join('\n'), complaints: complaints.join('\n') };
  };
  return {
    ...{ database, hubs, env, tally },
    add: ({ hubId, sim, host }, more = {}) =>
      tally(['hub', 'add', '--stdin', hubId], {
        input: Object.entries({
          HUBSPOT_ACCESS_TOKEN: sim.accessToken,
          HUBSPOT_CLIENT_SECRET: sim.clientSecret,
          HUBSPOT_APP_ID: String(sim.appId),
          HUBSPOT_BASE_URL: sim.url,
          PORTAL_URL: `https://${host}`,
          ...more,
        })
          .map(([name, value]) => `${name}=${value}`)
          .join('\n'),
      }),
    serve: async (role, more = {}) => {
      const own: Record<string, string> = { ...env, ...more, TALLYSTICK_ROLE: role };
      const many = manyHubs(own);
      if (many === null) throw new Error('There are no keys.');
      const service = await serveHubs(
        { ...many, env: own },
        {
          log: pino({ level: process.env.TALLYSTICK_LOG ?? 'silent' }),
          limits: { requestsPerMinute: 100_000, writesPerMinute: 100_000 },
          patience: { answeredMs: 2_000, ambiguousMs: 1_000 },
        },
      );
      let closing: Promise<void> | null = null;
      const once = { ...service, close: () => (closing ??= service.close()) };
      services.push(once);
      return once;
    },
    close: async () => {
      await Promise.all(services.map((service) => service.close()));
      for (const { sim, db } of hubs) {
        await sim.close();
        await db.destroy();
      }
      await database.drop();
      await rm(stateDir, { recursive: true, force: true });
    },
  };
}

async function startHub(databaseUrl: string, n: number): Promise<OneHub> {
  const sim = await startSimulator({
    hubId: 24_710_000 + n,
    appId: 31_337_000 + n,
    accessToken: `pat-of-hub-${n}`,
    clientSecret: `client-secret-of-hub-${n}`,
  });
  const hubId = toHubId(sim.hubId);
  const made = { company: '', contact: '' };
  sim.world.quietly(() => {
    seedDefinitions(sim.world);
    made.company = sim.world.create('companies', { name: `Company of ${n}`, city: 'Ulm' }, REP).id;
    made.contact = sim.world.create('contacts', { firstname: 'Ada', email: `ada@${n}.example` }, REP).id;
    sim.world.associate(['contacts', made.contact], ['companies', made.company], REP, [PRIMARY]);
  });
  const db = openDatabase(databaseUrl, hubId, () => undefined);
  const secret = randomBytes(24).toString('base64url');
  const token = await addPerson(db, {
    ...{ hubId, contactId: recordId(made.contact), audience: 'direct', secret, now: Date.now() },
  });
  return { hubId, sim, db, ...made, host: `portal${n}.example`, token };
}

/** A colleague changes the company's city: the stand-in holds it, so that what proves the webhook finds it there. */
export function changeCity(service: { url: string }, hub: OneHub, value: string): Promise<Response> {
  const { world } = hub.sim;
  world.quietly(() => world.update('companies', hub.company, { city: value }, REP));
  return webhook(service, hub, value);
}

/** A webhook as the hub's app sends it, of a change that the stand-in knows nothing of; `secret` and `portalIds` may be another's. */
export function webhook(
  service: { url: string },
  { sim, company }: OneHub,
  value: string,
  as: { secret?: string; portalIds?: readonly number[] } = {},
): Promise<Response> {
  const events = (as.portalIds ?? [sim.hubId]).map((portalId) => ({
    ...{ portalId, objectId: Number(company), occurredAt: Date.now(), objectTypeId: '0-2' },
    ...{ subscriptionType: 'object.propertyChange', propertyName: 'city', propertyValue: value },
    ...{ changeSource: 'CRM_UI', sourceId: 'userId:7' },
  }));
  const body = JSON.stringify(events);
  const timestamp = Date.now();
  const url = `${PUBLIC_URL}${INTAKE_PATH}`;
  return fetch(`${service.url}${INTAKE_PATH}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-hubspot-signature-v3': sign(
        as.secret ?? sim.clientSecret,
        'POST',
        url,
        Buffer.from(body),
        timestamp,
      ),
      'x-hubspot-request-timestamp': String(timestamp),
    },
    body,
  });
}
