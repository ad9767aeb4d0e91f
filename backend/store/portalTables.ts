/** The tables behind what customers do besides editing fields, as Kysely sees them. */
import type { EditId, HubId, PersonId, RecordId } from '@tallystick/shared/ids';
import type { AppObject } from '@tallystick/shared/ownership';
import type { ColumnType, Generated } from 'kysely';
import type { Big, MaybeStamp, Stamp, WorkError } from './database.ts';

export interface PortalTables {
  parents: {
    hub_id: HubId;
    object: AppObject;
    record_id: RecordId;
    parent_object: AppObject;
    parent_id: RecordId;
  };
  lines: {
    hub_id: HubId;
    line_id: RecordId;
    object: AppObject;
    record_id: RecordId;
  };
  creations: {
    hub_id: HubId;
    edit_id: EditId;
    on_object: AppObject;
    on_id: RecordId;
    companies: RecordId[];
    upload_id: string | null;
    file_id: string | null;
    sent_at: MaybeStamp;
    not_before: Stamp;
    attempts: Generated<number>;
    error: ColumnType<WorkError | null, string | null | undefined, string | null>;
    ended_at: MaybeStamp;
  };
  uploads: {
    hub_id: HubId;
    upload_id: string;
    person: PersonId;
    name: string;
    size_bytes: Big;
    received_bytes: Generated<string>;
    type: string | null;
    digest: string | null;
    refused: string | null;
    created_at: Stamp;
    erased_at: MaybeStamp;
  };
  upload_pieces: {
    hub_id: HubId;
    upload_id: string;
    at_byte: Big;
    bytes: Buffer;
  };
}
