/** The tables of completeness as Kysely sees them. */
import type { HubId, RecordId } from '@tallystick/shared/ids';
import type { AppObject } from '@tallystick/shared/ownership';
import type { ColumnType, Generated, GeneratedAlways } from 'kysely';
import type { MaybeStamp, Stamp } from './database.ts';

export type WarningDetail = Record<string, string | number | null>;

/** `dry-run`: a backfill that only says what it would do. */
export type JobKind = 'backfill' | 'reconcile' | 'dry-run';

/** One field in which mirror and CRM differ; values only as digests, because a certificate is shown around. */
export interface NamedDifference {
  recordId: RecordId;
  /** A field, or `$life`, `$companies`, `$parents`. */
  field: string;
  mirror: string | null;
  crm: string | null;
}

/** Why nothing of an object can be read: what is gone from the CRM, or what the app may not read without the scope. */
export interface Unreadable {
  code: 'object-gone' | 'scope-lost';
  object: AppObject;
  scope: string | null;
}

/** What a comparison found so far. Sums and digests are hex. */
export interface Comparison {
  /** All pages were read; what is left is what nobody listed. */
  listed: boolean;
  records: number;
  fields: number;
  associations: number;
  calls: number;
  /** Sums of the records' SHA-256, so that neither order nor pages count. */
  mirror: string;
  crm: string;
  /** Records the mirror lacks, that differ, that the CRM no longer holds. */
  added: number;
  changed: number;
  gone: number;
  /** Differences in all; the first of them by name. */
  differences: number;
  named: NamedDifference[];
  /** Differ now and may be in flight: looked at again. */
  suspects: { recordId: RecordId; since: number; lookAt: number }[];
  /** Never stood still: in neither digest. */
  moving: number;
  /** Fields that were not compared because staff paused them, or because the CRM's schema no longer fits them. */
  paused: string[];
  /** It ended without having been made; what was found until then counts for nothing. */
  notCompared?: Unreadable;
}

export interface LayerTables {
  webhooks_journal: { hub_id: HubId; read_offset: string | null; caught_up_at: Stamp };
  warnings: {
    hub_id: HubId;
    code: string;
    /** What of several it is about; empty: there is only one. */
    subject: Generated<string>;
    count: ColumnType<string, number, number>;
    detail: ColumnType<WarningDetail | null, string | null, string | null>;
    first_at: Stamp;
    last_at: Stamp;
    /** When people were told of it. */
    told_at: MaybeStamp;
    ended_at: MaybeStamp;
  };
  jobs: {
    hub_id: HubId;
    job_id: GeneratedAlways<string>;
    kind: JobKind;
    object: AppObject;
    cursor: string | null;
    done: Generated<string>;
    created_at: Stamp;
    started_at: MaybeStamp;
    finished_at: MaybeStamp;
    error: string | null;
    /** How many records the CRM says there are. */
    expected: ColumnType<string | null, number | null | undefined, number | null>;
    comparison: ColumnType<Comparison | null, string | null | undefined, string | null>;
  };
}
