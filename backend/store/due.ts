/** Marking records due: what every room may do, and all it does to make the worker look. */
import type { HubId, RecordId } from '@tallystick/shared/ids';
import type { AppObject } from '@tallystick/shared/ownership';
import { sql } from 'kysely';
import type { Db } from './database.ts';
import { laneNumber, type Lane } from './lanes.ts';
import { layerNumber, type Layer } from './layers.ts';
import { keyOf } from './mirror.ts';

export interface DueRecord {
  object: AppObject;
  recordId: RecordId;
  /** The associations have to be read as well. */
  links?: boolean;
  /** The layer that tells of it; nobody does where nothing is said. */
  told?: Layer;
  /** Later than all others of the same call. */
  notBefore?: number;
}

export async function markDue(
  db: Db,
  hubId: HubId,
  lane: Lane,
  records: readonly DueRecord[],
  times: { now: number; notBefore?: number },
): Promise<void> {
  if (records.length > 0) await dueRows(hubId, lane, records, times).execute(db);
}

/**
 * The upsert as a fragment, so that it can stand beside others in one statement. The more urgent lane and the earlier
 * time win; a parked record is tried again. Rows are locked in one order, so that two writers cannot block each other.
 */
export function dueRows(
  hubId: HubId,
  lane: Lane,
  records: readonly DueRecord[],
  { now, notBefore = now }: { now: number; notBefore?: number },
) {
  const sorted = [...records].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  return sql`
    insert into due as d (hub_id, object, record_id, lane, not_before, since, links, told)
    select ${hubId}::bigint, object, record_id, ${laneNumber(lane)}::smallint,
      not_before, ${new Date(now)}::timestamptz, links, told
    from unnest(
      ${sorted.map((record) => record.object)}::text[], ${sorted.map((record) => record.recordId)}::text[],
      ${sorted.map((record) => record.links ?? false)}::boolean[],
      ${sorted.map((record) => layerNumber(record.told ?? 'reconcile'))}::smallint[],
      ${sorted.map((record) => new Date(record.notBefore ?? notBefore))}::timestamptz[]
    ) as u (object, record_id, links, told, not_before)
    on conflict (hub_id, object, record_id) do update set
      lane = least(d.lane, excluded.lane), not_before = least(d.not_before, excluded.not_before),
      links = d.links or excluded.links, told = least(d.told, excluded.told), version = d.version + 1,
      attempts = case when d.parked_at is null then d.attempts else 0 end, parked_at = null`;
}
