/** Many hubs for a load run: stand-ins in one process of their own, the directory, and mirrors filled with set-based SQL. */
import { createHash, randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { hubId as toHubId, type HubId } from '@tallystick/shared/ids';
import { OBJECTS } from '@tallystick/shared/ownership';
import { sign } from '../../backend/hubspot/signature.ts';
import { runCommand } from '../../backend/cli/commands.ts';
import { INTAKE_PATH } from '../../backend/intake/webhooks.ts';
import type { Db } from '../../backend/store/database.ts';
import { asOwner } from '../harness/postgres.ts';
import { seedDefinitions } from '../simulator/seedSchema.ts';
import { startSimulator } from '../simulator/simulator.ts';
import { serveParent, startChild } from './child.ts';

export const PUBLIC_URL = 'https://sync.example.com';
const REP = { sourceType: 'CRM_UI', sourceId: 'userId:7' };
/** Each has people who watch it; events are on these. */
const WATCHED_COMPANIES = 10;

export interface BenchHub {
  hubId: number;
  appId: number;
  url: string;
  accessToken: string;
  clientSecret: string;
  companies: string[];
}

/** Stand-ins for so many hubs, each with the definitions and a few companies that are really there. */
export async function startCrms(count: number): Promise<{ hubs: BenchHub[]; stop: () => void }> {
  const { answer, stop } = await startChild(import.meta.filename, { count });
  return { hubs: answer as BenchHub[], stop };
}

async function serve({ count }: { count: number }): Promise<BenchHub[]> {
  const hubs: BenchHub[] = [];
  for (let n = 1; n <= count; n += 1) {
    const sim = await startSimulator({
      ...{ hubId: 500_000 + n, appId: 600_000 + n },
      ...{ accessToken: `pat-bench-${n}`, clientSecret: `client-secret-${n}` },
    });
    const companies: string[] = [];
    sim.world.quietly(() => {
      seedDefinitions(sim.world);
      for (let c = 0; c < WATCHED_COMPANIES; c += 1)
        companies.push(sim.world.create('companies', { name: `Company ${c}`, city: 'Ulm' }, REP).id);
    });
    const { hubId, appId, url, accessToken, clientSecret } = sim;
    hubs.push({ hubId, appId, url, accessToken, clientSecret, companies });
  }
  return hubs;
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

/**
 * Mirror rows as a backfill would leave them, so many a hub, with set-based SQL and no reading of a CRM; people with a
 * token each, spread over the watched companies. Answers with the tokens.
 */
export async function fillHubs(
  url: string,
  hubs: readonly BenchHub[],
  recordsPerHub: number,
  peoplePerHub: number,
): Promise<Map<number, { token: string; company: string }[]>> {
  const owner = asOwner(url);
  const people = new Map<number, { token: string; company: string }[]>();
  for (const { hubId: id, companies } of hubs) {
    const hubId = toHubId(id);
    await fillOne(owner, hubId, companies, recordsPerHub, peoplePerHub);
    const own = Array.from({ length: peoplePerHub }, (_, n) => ({
      token: `tsp_${id}_${randomBytes(24).toString('base64url')}`,
      company: companies[n % companies.length]!,
    }));
    await sql`
      insert into people (hub_id, token_hash, contact_id, audience, created_at)
      select ${hubId}::bigint, hash, (1000000 + n)::text, 'direct', now()
      from unnest(${own.map(({ token }) => createHash('sha256').update(token).digest())}::bytea[]) with ordinality u(hash, n)`.execute(
      owner,
    );
    people.set(id, own);
  }
  await sql`analyze`.execute(owner);
  await owner.destroy();
  return people;
}

async function fillOne(
  owner: Db,
  hubId: HubId,
  companies: readonly string[],
  records: number,
  people: number,
): Promise<void> {
  const kept = ['a value', 1, 'CRM_UI', 'userId:7', null, 1, 1, 1, 1];
  const fields = JSON.stringify({
    $life: ['present', ...kept.slice(1)],
    name: kept,
    city: kept,
    street: kept,
  });
  const contact = JSON.stringify({ $life: ['present', ...kept.slice(1)], firstName: kept, lastName: kept });
  await sql`
    insert into mirror (hub_id, object, record_id, life, fields, found_seq, changed_seq, read_at, compared_at)
    select ${hubId}::bigint, 'company', id, 'present', ${fields}::jsonb, 1, 1, now(), now() from unnest(${[...companies]}::text[]) id
    union all
    select ${hubId}::bigint, 'contact', (1000000 + n)::text, 'present', ${contact}::jsonb, 1, 1, now(), now()
    from generate_series(1, ${Math.max(people, records - companies.length)}::int) n`.execute(owner);
  await sql`
    insert into links (hub_id, object, record_id, company_id, is_primary, labels)
    select ${hubId}::bigint, 'contact', (1000000 + n)::text, (${[...companies]}::text[])[1 + (n - 1) % ${companies.length}::int], true, '{}'
    from generate_series(1, ${people}::int) n`.execute(owner);
  // Read from nothing and compared just now: a load run is not about that.
  await sql`
    insert into jobs (hub_id, kind, object, created_at, started_at, finished_at)
    select ${hubId}::bigint, kind, object, now(), now(), now()
    from unnest(${[...OBJECTS]}::text[]) object, unnest(array['backfill', 'reconcile']) kind`.execute(owner);
}

/** A webhook's HTTP request, as it goes over a raw socket. */
export function webhookRequest(
  hub: Pick<BenchHub, 'hubId' | 'clientSecret'>,
  port: number,
  events: readonly { company: string; value: string }[],
): string {
  const body = JSON.stringify(
    events.map(({ company, value }) => ({
      ...{ portalId: hub.hubId, objectId: Number(company), occurredAt: Date.now(), objectTypeId: '0-2' },
      ...{ subscriptionType: 'object.propertyChange', propertyName: 'city', propertyValue: value },
      ...{ changeSource: 'CRM_UI', sourceId: 'userId:7' },
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
