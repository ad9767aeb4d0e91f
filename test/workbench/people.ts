/** Who the demo's people are: an administrator and a colleague of one well-filled company, and a partner. */
import { audienceOf, type CompanyLink } from '@tallystick/shared/audience';
import type { HubId, RecordId } from '@tallystick/shared/ids';
import type { AppAudience } from '@tallystick/shared/ownership';
import { sql } from 'kysely';
import type { Db } from '../../backend/store/database.ts';

export interface Chosen {
  name: string;
  email: string;
  audience: AppAudience;
  contactId: RecordId;
}

type Candidate = Omit<Chosen, 'audience'> & { links: CompanyLink[] };

/** Chosen from the mirror, by the rule that decides the same when somebody signs in. */
export async function choosePeople(db: Db, hubId: HubId): Promise<Chosen[]> {
  const { rows } = await sql<Candidate>`
    with filled as (
      select company_id from links
      where hub_id = ${hubId} and object in ('quote', 'ticket', 'site', 'contact')
      group by company_id having count(distinct object) = 4
      order by count(*) desc, company_id limit 1
    )
    select m.record_id as "contactId", m.fields->'email'->>0 as email,
      concat_ws(' ', m.fields->'firstName'->>0, m.fields->'lastName'->>0) as name,
      json_agg(json_build_object('companyId', l.company_id, 'isPrimary', l.is_primary, 'labels', l.labels)) as links
    from links l
    join mirror m on m.hub_id = l.hub_id and m.object = 'contact' and m.record_id = l.record_id and m.life = 'present'
    where l.hub_id = ${hubId} and l.object = 'contact' and m.fields->'email'->>0 is not null
      and m.fields->'firstName'->>0 is not null and m.fields->'lastName'->>0 is not null
    group by m.hub_id, m.record_id, m.fields
    order by bool_or(l.company_id in (select company_id from filled)) desc, m.record_id`.execute(db);
  const people = rows.map(({ links, ...person }) => ({ ...person, audience: audienceOf(links) }));
  return (['direct', 'member', 'partner'] as const).map((audience) => {
    const found = people.find((person) => person.audience === audience);
    if (found === undefined) throw new Error(`The mirror has nobody who would sign in as "${audience}".`);
    return { ...found, audience };
  });
}
