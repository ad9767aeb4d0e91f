/** Reading the journal: pages of it, newest first, and where it stood at a moment. */
import type { HubId, RecordId } from '@tallystick/shared/ids';
import type { AppObject } from '@tallystick/shared/ownership';
import { sql, type Selectable } from 'kysely';
import { canaryPlaces } from './canaries.ts';
import type { Database, Db, JournalKind } from './database.ts';
import { headOf } from './records.ts';

export type EntryRow = Selectable<Database['journal']>;

export interface EntryFilter {
  object?: AppObject | undefined;
  recordId?: RecordId | undefined;
  field?: string | undefined;
  kinds?: readonly JournalKind[] | undefined;
  /** Only entries with a smaller number: the next page. */
  before?: number | undefined;
  limit: number;
}

/** Newest first. Of all records together, the canary's entries are left out: a few every minute, of nobody's. */
export function entriesOf(db: Db, hubId: HubId, filter: EntryFilter): Promise<EntryRow[]> {
  const { object, recordId, field, kinds, before, limit } = filter;
  const isOfAll = recordId === undefined && field === undefined;
  const canaries = canaryPlaces().map((place) => `${place.object}.${place.field}`);
  return db
    .selectFrom('journal')
    .selectAll()
    .where('hub_id', '=', hubId)
    .$if(object !== undefined, (query) => query.where('object', '=', object ?? null))
    .$if(recordId !== undefined, (query) => query.where('record_id', '=', recordId ?? null))
    .$if(field !== undefined, (query) => query.where('field', '=', field ?? null))
    .$if(kinds !== undefined, (query) => query.where('kind', 'in', [...(kinds ?? [])]))
    .$if(isOfAll, (query) =>
      query.where(sql<boolean>`concat(object, '.', field) <> all(${canaries}::text[])`),
    )
    .$if(before !== undefined, (query) => query.where('seq', '<', String(before ?? 0)))
    .orderBy('seq', 'desc')
    .limit(limit)
    .execute();
}

/** The newest journal number at a moment (ms, our clock); 0 when there was none. Numbers follow the clock. */
export async function seqAt(db: Db, hubId: HubId, at: number): Promise<number> {
  let low = 0;
  let high = await headOf(db, hubId);
  // By halves over the primary key: about twenty look-ups in a million entries.
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    const row = await db
      .selectFrom('journal')
      .select('at')
      .where('hub_id', '=', hubId)
      .where('seq', '=', String(middle))
      .executeTakeFirst();
    if (row !== undefined && row.at.getTime() <= at) low = middle;
    else high = middle - 1;
  }
  return low;
}
