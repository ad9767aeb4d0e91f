/** Many hubs for a load run: a stand-in each, all of them in one process of their own, and their place in the directory. */
import { createServer, request, Agent } from 'node:http';
import type { AddressInfo } from 'node:net';
import { runCommand } from '../../backend/cli/commands.ts';
import { sign } from '../../backend/hubspot/signature.ts';
import { INTAKE_PATH } from '../../backend/intake/webhooks.ts';
import { seedDefinitions } from '../simulator/seedSchema.ts';
import { startSimulator, type Simulator } from '../simulator/simulator.ts';
import { serveParent, startChild } from './child.ts';

export const PUBLIC_URL = 'https://sync.example.com';
const REP = { sourceType: 'CRM_UI', sourceId: 'userId:7' };
/** A million records of the stand-ins take two gigabytes. */
const CRMS_HEAP_MB = 8_192;

export interface BenchHub {
  hubId: number;
  appId: number;
  url: string;
  accessToken: string;
  clientSecret: string;
  /** Ids as the stand-in gave them: one after the other. */
  companies: Ids;
  contacts: Ids;
}
export interface Ids {
  first: number;
  count: number;
}

/** One change of one record, by a colleague in the CRM; `at` by the CRM's clock. */
export interface Change {
  object: 'company' | 'contact';
  id: number;
  value: string;
  at: number;
}
/** What a change is of: the CRM's property, and our field. */
export const CHANGED = {
  company: { type: 'companies', typeId: '0-2', property: 'city', field: 'city' },
  contact: { type: 'contacts', typeId: '0-1', property: 'firstname', field: 'firstName' },
} as const;

export interface Crms {
  hubs: BenchHub[];
  /** Where changes are made: see `changer`. */
  port: number;
  pid: number;
  stop: () => void;
}

/** Stand-ins for so many hubs, each with the definitions and so many records. */
export async function startCrms(count: number, each: { companies: number; contacts: number }): Promise<Crms> {
  const { answer, pid, stop } = await startChild(import.meta.filename, { count, each }, [
    `--max-old-space-size=${CRMS_HEAP_MB}`,
  ]);
  return { ...(answer as Pick<Crms, 'hubs' | 'port'>), pid, stop };
}

interface Job {
  count: number;
  each: { companies: number; contacts: number };
}

async function serve({ count, each }: Job): Promise<Pick<Crms, 'hubs' | 'port'>> {
  const sims = new Map<number, Simulator>();
  const hubs: BenchHub[] = [];
  for (let n = 1; n <= count; n += 1) {
    const sim = await startSimulator({
      ...{ hubId: 500_000 + n, appId: 600_000 + n },
      ...{ accessToken: `pat-bench-${n}`, clientSecret: `client-secret-${n}` },
    });
    const { hubId, appId, url, accessToken, clientSecret } = sim;
    sims.set(hubId, sim);
    hubs.push({ hubId, appId, url, accessToken, clientSecret, ...filled(sim, each) });
  }
  return { hubs, port: await takeChanges(sims) };
}

/** The past: no clock is set for any of it, and nobody is told. */
function filled({ world }: Simulator, each: Job['each']): Pick<BenchHub, 'companies' | 'contacts'> {
  const at = world.clock.now() - 86_400_000;
  const make = (type: string, total: number, properties: (n: number) => Record<string, string>): Ids => {
    let first = 0;
    for (let n = 0; n < total; n += 1) {
      const { id } = world.create(type, properties(n), REP, { at });
      if (n === 0) first = Number(id);
    }
    return { first, count: total };
  };
  let made = { companies: { first: 0, count: 0 }, contacts: { first: 0, count: 0 } };
  world.quietly(() => {
    seedDefinitions(world);
    made = {
      companies: make('companies', each.companies, (n) => ({ name: `Company ${n}`, city: 'Ulm' })),
      contacts: make('contacts', each.contacts, (n) => ({ firstname: 'Ada', lastname: `Person ${n}` })),
    };
  });
  return made;
}

/** What a webhook says has to be so in the CRM, or the read that proves it takes the value back. */
function takeChanges(sims: ReadonlyMap<number, Simulator>): Promise<number> {
  const server = createServer((req, res) => {
    let text = '';
    req.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
    req.on('end', () => {
      const { hubId, changes } = JSON.parse(text) as { hubId: number; changes: Change[] };
      const world = sims.get(hubId)!.world;
      world.quietly(() => {
        for (const { object, id, value, at } of changes)
          world.update(CHANGED[object].type, String(id), { [CHANGED[object].property]: value }, REP, { at });
      });
      res.end();
    });
  });
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => resolve((server.address() as AddressInfo).port)),
  );
}

/** Makes changes in the stand-ins; a webhook for them is the caller's. */
export function changer(port: number): (hubId: number, changes: readonly Change[]) => Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  return (hubId, changes) =>
    new Promise((resolve, reject) => {
      const req = request({ port, host: '127.0.0.1', method: 'POST', agent }, (res) => {
        res.resume();
        res.on('end', () => (res.statusCode === 200 ? resolve() : reject(new Error('No change was made.'))));
      });
      req.on('error', reject);
      req.end(JSON.stringify({ hubId, changes }));
    });
}

export async function addToDirectory(env: Record<string, string>, hub: BenchHub): Promise<void> {
  const settings = {
    ...{ HUBSPOT_ACCESS_TOKEN: hub.accessToken, HUBSPOT_CLIENT_SECRET: hub.clientSecret },
    ...{ HUBSPOT_APP_ID: String(hub.appId), HUBSPOT_BASE_URL: hub.url },
  };
  const complaints: string[] = [];
  const code = await runCommand(
    ['hub', 'add', String(hub.hubId)],
    {},
    {
      env: { ...env, ...settings },
      ...{
        print: () => undefined,
        complain: (line: string) => complaints.push(line),
        rewrite: null,
        now: Date.now,
      },
    },
  );
  if (code !== 0) throw new Error(complaints.join(' '));
}

/** A webhook's HTTP request, as it goes over a raw socket. */
export function webhookRequest(
  hub: Pick<BenchHub, 'hubId' | 'clientSecret'>,
  port: number,
  changes: readonly Change[],
): string {
  const body = JSON.stringify(
    changes.map(({ object, id, value, at }) => ({
      ...{ portalId: hub.hubId, objectId: id, occurredAt: at, objectTypeId: CHANGED[object].typeId },
      ...{ subscriptionType: 'object.propertyChange', propertyName: CHANGED[object].property },
      ...{ propertyValue: value, changeSource: 'CRM_UI', sourceId: 'userId:7' },
    })),
  );
  const at = Date.now();
  const signature = sign(hub.clientSecret, 'POST', `${PUBLIC_URL}${INTAKE_PATH}`, Buffer.from(body), at);
  return [
    `POST ${INTAKE_PATH} HTTP/1.1`,
    `Host: 127.0.0.1:${port}`,
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-HubSpot-Signature-v3: ${signature}`,
    `X-HubSpot-Request-Timestamp: ${at}`,
    '',
    body,
  ].join('\r\n');
}

serveParent(import.meta.filename, serve);
