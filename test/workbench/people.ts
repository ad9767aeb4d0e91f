/** Who the demo signs in: two people of one well-filled company, and a partner. Chosen from the mirror. */
import type { HubId, RecordId } from '@tallystick/shared/ids';
import type { AppAudience } from '@tallystick/shared/ownership';
import { sql } from 'kysely';
import type { Db } from '../../backend/store/database.ts';

export interface Chosen {
  name: string;
  audience: AppAudience;
  contactId: RecordId;
}

export async function choosePeople(db: Db, hubId: HubId): Promise<Chosen[]> {
  const { rows: direct } = await sql<{ record_id: RecordId; name: string }>`
    with filled as (
      select company_id from links
      where hub_id = ${hubId} and object in ('quote', 'ticket', 'site', 'contact')
      group by company_id having count(distinct object) = 4
      order by count(*) desc, company_id limit 1
    )
    select m.record_id, ${NAME} as name from links l
    join filled f on f.company_id = l.company_id
    join mirror m on m.hub_id = l.hub_id and m.object = 'contact' and m.record_id = l.record_id and m.life = 'present'
    where l.hub_id = ${hubId} and l.object = 'contact' and l.is_primary and ${NAMED}
    order by m.record_id limit 2`.execute(db);
  const { rows: partners } = await sql<{ record_id: RecordId; name: string }>`
    select m.record_id, ${NAME} as name from links l
    join mirror m on m.hub_id = l.hub_id and m.object = 'contact' and m.record_id = l.record_id and m.life = 'present'
    where l.hub_id = ${hubId} and l.object = 'contact' and 'Portal partner' = any(l.labels) and ${NAMED}
    order by m.record_id limit 1`.execute(db);
  if (direct.length === 0) throw new Error('No contact with a company is in the mirror: nobody can sign in.');
  return [
    ...direct.map((row) => ({ name: row.name, audience: 'direct' as const, contactId: row.record_id })),
    ...partners.map((row) => ({ name: row.name, audience: 'partner' as const, contactId: row.record_id })),
  ];
}

const NAME = sql`concat_ws(' ', m.fields->'firstName'->>0, m.fields->'lastName'->>0)`;
const NAMED = sql`m.fields->'firstName'->>0 is not null and m.fields->'lastName'->>0 is not null`;
