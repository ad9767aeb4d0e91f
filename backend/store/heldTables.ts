/** The tables of what the breaker holds back, as Kysely sees them. */
import type { EditId, HubId, RecordId } from '@tallystick/shared/ids';
import type { AppObject } from '@tallystick/shared/ownership';
import type { ColumnType, Generated, GeneratedAlways } from 'kysely';
import type { MaybeStamp, Stamp } from './database.ts';

export interface HeldTables {
  held_sets: {
    hub_id: HubId;
    set_id: GeneratedAlways<string>;
    /** What joins it; taken away when it is closed, because it may hold the digest of a value. */
    key: string | null;
    pattern: string;
    object: AppObject | null;
    field: string | null;
    who: string | null;
    records: ColumnType<string | null, number | null, never>;
    version: Generated<number>;
    written: EditId[];
    opened_at: Stamp;
    closed_at: MaybeStamp;
    closed_by: string | null;
    outcome: 'released' | 'discarded' | null;
  };
  held_edits: {
    hub_id: HubId;
    object: AppObject;
    record_id: RecordId;
    field: string;
    set_id: string;
    edit_ids: EditId[];
    joined_at: Stamp;
  };
}
