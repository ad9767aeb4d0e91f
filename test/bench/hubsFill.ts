/** The mirrors of many hubs as a backfill of the stand-ins would leave them, with set-based SQL and no reading of a CRM. */
import { createHash, randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { hubId as toHubId, type HubId } from '@tallystick/shared/ids';
import { objects, OBJECTS } from '@tallystick/shared/ownership';
import type { Db } from '../../backend/store/database.ts';
import { asOwner } from '../harness/postgres.ts';
import type { BenchHub, Ids } from './hubs.ts';

/** Each has people who watch it, as far as there are so many companies. */
const WATCHED_COMPANIES = 10;
/** Records a statement: small enough to keep to a budget of time. */
const SLICE_RECORDS = 20_000;

/** Somebody with a token, who sees this company. */
export interface Watcher {
  hubId: number;
  token: string;
  company: number;
}
export interface Filled {
  records: number;
  watchers: Watcher[];
}

/** People a hub, the first of its contacts, spread over the watched companies. Stops between hubs when time is up. */
export async function fillHubs(
  url: string,
  hubs: readonly BenchHub[],
  peoplePerHub: number,
  isTimeUp: () => boolean = () => false,
): Promise<Filled> {
  const owner = asOwner(url);
  const filled: Filled = { records: 0, watchers: [] };
  for (const hub of hubs) {
    const hubId = toHubId(hub.hubId);
    // Whatever is left away for want of time: everybody who watches has what they watch.
    const least = [hub.companies, { ...hub.contacts, count: Math.min(peoplePerHub, hub.contacts.count) }];
    const [companies, contacts] = isTimeUp() ? least : [hub.companies, hub.contacts];
    filled.records += await fillRecords(owner, hubId, companies!, contacts!);
    filled.watchers.push(...(await addPeople(owner, hub, peoplePerHub)));
  }
  await sql`analyze`.execute(owner);
  await owner.destroy();
  return filled;
}

async function fillRecords(owner: Db, hubId: HubId, companies: Ids, contacts: Ids): Promise<number> {
  const filled = [
    { object: 'company', ids: companies, first: ['name', 'Company '], second: ['city', 'Ulm'] },
    { object: 'contact', ids: contacts, first: ['lastName', 'Person '], second: ['firstName', 'Ada'] },
  ] as const;
  for (const { object, ids, first, second } of filled)
    for (let from = 0; from < ids.count; from += SLICE_RECORDS) {
      const upTo = Math.min(ids.count, from + SLICE_RECORDS) - 1;
      const kept = [1, 'CRM_UI', 'userId:7', null, 1, 1, 1, 1];
      const blank = Object.keys(objects[object].fields).map((name) => [name, [null, ...kept]]);
      const row = JSON.stringify({ $life: ['present', ...kept], ...Object.fromEntries(blank) });
      await sql`
        insert into mirror (hub_id, object, record_id, life, fields, found_seq, changed_seq, read_at, compared_at)
        select ${hubId}::bigint, ${object}, (${ids.first}::bigint + n)::text, 'present', r.blank || jsonb_build_object(
            ${second[0]}::text, jsonb_build_array(${second[1]}::text) || r.kept,
            ${first[0]}::text, jsonb_build_array(${first[1]}::text || n) || r.kept), 1, 1, now(), now()
        from generate_series(${from}::int, ${upTo}::int) n,
          (select ${row}::jsonb as blank, ${JSON.stringify(kept)}::jsonb as kept) r`.execute(owner);
    }
  // Read from nothing and compared just now: a load run is not about that.
  await sql`
    insert into jobs (hub_id, kind, object, created_at, started_at, finished_at)
    select ${hubId}::bigint, kind, object, now(), now(), now()
    from unnest(${[...OBJECTS]}::text[]) object, unnest(array['backfill', 'reconcile']) kind`.execute(owner);
  return companies.count + contacts.count;
}

async function addPeople(
  owner: Db,
  { hubId, companies, contacts }: BenchHub,
  people: number,
): Promise<Watcher[]> {
  const watched = Math.min(WATCHED_COMPANIES, companies.count);
  await sql`
    insert into links (hub_id, object, record_id, company_id, is_primary, labels)
    select ${hubId}::bigint, 'contact', (${contacts.first}::bigint + n)::text, (${companies.first}::bigint + n % ${watched}::int)::text, true, '{}'
    from generate_series(0, ${people - 1}::int) n`.execute(owner);
  const own = Array.from({ length: people }, (_, n) => ({
    hubId,
    token: `tsp_${hubId}_${randomBytes(24).toString('base64url')}`,
    company: companies.first + (n % watched),
  }));
  await sql`
    insert into people (hub_id, token_hash, contact_id, audience, created_at)
    select ${hubId}::bigint, hash, (${contacts.first}::bigint + n - 1)::text, 'direct', now()
    from unnest(${own.map(({ token }) => createHash('sha256').update(token).digest())}::bytea[]) with ordinality u(hash, n)`.execute(
    owner,
  );
  return own;
}
