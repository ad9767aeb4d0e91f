/** The tables of operating as Kysely sees them. */
import type { EditId, HubId } from '@tallystick/shared/ids';
import type { ColumnType, Generated } from 'kysely';
import type { MaybeStamp, Stamp } from './database.ts';
import type { Layer } from './layers.ts';

/** Where people are told of warnings. */
export type AlertChannel = 'mail' | 'webhook' | 'task';
/** What is told: a warning began, it still stands, it is over. */
export type AlertKind = 'begun' | 'stands' | 'over';

/** Never personal data, and no value of a field. */
export interface AlertMessage {
  kind: AlertKind;
  code: string;
  subject: string;
  title: string;
  text: string;
  /** ISO instant since when it stands. */
  since: string;
}

export interface OperatingTables {
  alerts: {
    hub_id: HubId;
    code: string;
    subject: string;
    channel: AlertChannel;
    /** What the channel knows: that it stands, or not. */
    stage: ColumnType<'none' | 'begun', 'none' | 'begun' | undefined, 'none' | 'begun'>;
    told_at: MaybeStamp;
    /** When it was last told that it began. */
    begun_at: MaybeStamp;
    /** How many messages the channel took. */
    number: Generated<number>;
    attempts: Generated<number>;
    not_before: Stamp;
    error: string | null;
    /** Of the channel that the hub's worker tells: what it is to tell next. */
    message: ColumnType<AlertMessage | null, string | null | undefined, string | null>;
    task_id: string | null;
  };
  canaries: {
    hub_id: HubId;
    /** The round trip under way, or the last one. */
    edit_id: EditId | null;
    value: string | null;
    asked_at: MaybeStamp;
    /** When it was proven in the CRM. */
    proven_at: MaybeStamp;
    /** When a layer told of the change, and which. */
    told_at: MaybeStamp;
    told_by: Layer | null;
    /** Of the last round trip that came to its end. */
    out_ms: number | null;
    in_ms: number | null;
    /** Why it is not made or did not arrive; null: all is well. */
    problem: string | null;
  };
}
