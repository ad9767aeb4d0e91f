/** What waits for a hub's worker, of whatever kind: one statement, so that it can be asked often for many hubs. */
import type { HubId } from '@tallystick/shared/ids';
import { sql } from 'kysely';
import type { Db } from './database.ts';

export interface Waiting {
  deliveries: boolean;
  due: boolean;
  /** What people ask for besides edits: orders, creations, links of identities, erasures. */
  asked: boolean;
  jobs: boolean;
}

export async function whatWaits(db: Db, hubId: HubId, now: number): Promise<Waiting> {
  const at = new Date(now);
  const { rows } = await sql<Waiting>`
    select
      exists (select from deliveries where hub_id = ${hubId} and applied_at is null) as deliveries,
      exists (select from due where hub_id = ${hubId} and parked_at is null and not_before <= ${at}) as due,
      exists (select from orders where hub_id = ${hubId} and done_at is null)
        or exists (select from creations where hub_id = ${hubId} and ended_at is null and not_before <= ${at})
        or exists (select from identities where hub_id = ${hubId} and look_at <= ${at})
        or exists (select from mirror m where m.hub_id = ${hubId} and m.life = 'erased' and not exists (
          select from erasures e where e.hub_id = m.hub_id and e.object = m.object and e.record_id = m.record_id))
        as asked,
      exists (select from jobs where hub_id = ${hubId} and finished_at is null) as jobs`.execute(db);
  return rows[0] ?? { deliveries: false, due: false, asked: false, jobs: false };
}
