/** What the journal says of who may see what: the entries on which that hangs, and no others. */
import type { HubId, RecordId } from '@tallystick/shared/ids';
import { objects, OBJECTS, type AppObject } from '@tallystick/shared/ownership';
import type { Value } from '@tallystick/shared/values';
import { sql } from 'kysely';
import type { Db, JournalKind } from './database.ts';

export interface PlacingEntry {
  kind: JournalKind;
  object: AppObject;
  recordId: RecordId;
  field: string | null;
  before: Value;
}

const CONDITIONS = OBJECTS.flatMap((object) => {
  const field = objects[object].shownWhen?.field;
  return field === undefined ? [] : [{ object, field }];
});

/** After this number and in order: lives, companies, ties and erasures, and changes of what a record is shown by. */
export async function placingSince(db: Db, hubId: HubId, after: number): Promise<PlacingEntry[]> {
  const { rows } = await sql<PlacingEntry>`
    select kind, object, record_id as "recordId", field, before from journal
    where hub_id = ${hubId} and seq > ${after} and object is not null and record_id is not null and (
      kind in ('life', 'links', 'linked', 'erased') or kind = 'changed' and (object, field) in (
        select * from unnest(${CONDITIONS.map((one) => one.object)}::text[], ${CONDITIONS.map((one) => one.field)}::text[])))
    order by seq`.execute(db);
  return rows;
}
