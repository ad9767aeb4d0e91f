/** The tables as Kysely sees them. */
import type { Held } from '@tallystick/shared/observe';
import type { Standing } from '@tallystick/shared/decide';
import type { EditId, HubId, PersonId, RecordId, StaffId } from '@tallystick/shared/ids';
import type { AppObject } from '@tallystick/shared/ownership';
import type { EditState, StatementEvidence } from '@tallystick/shared/messages';
import type { ColumnType, Generated, GeneratedAlways, JSONColumnType, Kysely } from 'kysely';
import type { DirectoryTable } from './directory.ts';
import type { HeldTables } from './heldTables.ts';
import type { HooksTable } from './hooksTable.ts';
import type { LayerTables } from './layerTables.ts';
import type { Packed } from './kept.ts';
import type { OperatingTables } from './operatingTables.ts';
import type { PortalTables } from './portalTables.ts';
import type { Fix, SchemaTables } from './schemaTables.ts';
import type { SourceHealth } from './sourceHealth.ts';
import type { SignInTables } from './signInTables.ts';

/** Rows never mix with domain values: bigint ids are strings in rows, instants are Dates. */
export type Stamp = ColumnType<Date, Date, Date>;
export type MaybeStamp = ColumnType<Date | null, Date | null | undefined, Date | null>;
export type Big = ColumnType<string, string | number, string | number>;

/** What a mirror row keeps of a field: what was held, and the journal number under which it got its value. */
export type Kept = Held & { seq: number };
export interface KeptGuard {
  field: string;
  seen: string | null;
}
export interface Definition {
  type: string;
  readOnly: boolean;
  /** Null where any value may stand. */
  options: { value: string; label: string; hidden: boolean }[] | null;
  /** No two records have the same value in it; absent: it was not asked for when this was read. */
  unique?: boolean;
  /** The CRM has no such property any more; the rest is what it last said of it. */
  gone?: true;
  /** It is of a type that cannot hold the field's kind. */
  unfit?: true;
}
export interface WorkError {
  /** For the machine. */
  code: string;
  /** One plain sentence. */
  message: string;
}
export interface BudgetState {
  windowLimit: number;
  windowUsed: number;
  dailyLimit: number | null;
  dailyRemaining: number | null;
  at: string;
}

/** What a member of staff decided about one field. */
export interface KeptRuling {
  /** `keep` the CRM's value, `take` the held edit, `write` another value. */
  choice: 'keep' | 'take' | 'write';
  /** The conflict it answers; null for a value that is restored or set by itself. */
  conflictId: string | null;
  /** What staff tell the customer. */
  note: string | null;
  /** It puts back what stood before a write of ours; all that were put back together have the same name. */
  undo?: string;
}
/** How a conflict was settled: by which ruling. */
export interface KeptSettlement {
  choice: KeptRuling['choice'];
  value: string | null;
  by: StaffId;
  editId: EditId;
  note: string | null;
}
/** What the worker last found out about its way to the CRM. */
export interface HubHealth {
  /** ISO instant of the last call that went through; null: none since the worker began. */
  heardAt?: string | null;
  /** Why the last call did not go through; null when it did. */
  failure?: WorkError | null;
  /** ISO instant since when calls have failed; null: they do not. */
  failingSince?: string | null;
  /** The token's scopes, as the CRM told them. */
  scopes?: string[];
  /** What it last found out about the other systems, by name. */
  sources?: Record<string, SourceHealth>;
  /** The webhooks journal. Off: there is no HUBSPOT_CLIENT_ID. */
  journal?: { on: boolean; failure: WorkError | null };
}
export type Direction = 'out' | 'in' | 'both';
export type Role = 'none' | 'viewer' | 'admin';
export interface DeskSettings {
  /** The role of a colleague who has none of their own; `viewer` where nothing is said. */
  everybody?: Role;
}
/** What staff order the hub's worker to do. */
export type Order =
  | { do: 'look'; object: AppObject; recordId: RecordId }
  | { do: 'retry'; object: AppObject; recordId: RecordId }
  | { do: 'discard'; object: AppObject; recordId: RecordId; reason: string }
  /** Ends what of an edit is still undecided. */
  | { do: 'discard-edit'; editId: EditId }
  | {
      do: 'pause';
      object: AppObject | null;
      field: string | null;
      direction: Direction;
      reason: string;
    }
  | { do: 'resume'; pauseId: string }
  | { do: 'role'; userId: string; role: Role | null }
  | { do: 'everybody'; role: Role }
  /** A customer downloads a file of this record. */
  | { do: 'address'; object: AppObject; recordId: RecordId; fileId: string }
  /** Settles a claim: the person is this contact. */
  | { do: 'link'; object: AppObject; recordId: RecordId; claimId: string }
  /** Settles a claim: the person is nobody of ours. */
  | { do: 'refuse'; claimId: string }
  | { do: 'unlink'; object: AppObject; recordId: RecordId; tieId: string }
  /** A finding about the CRM's schema is as it should be; `shown` names what was looked at. */
  | { do: 'accept'; code: string; subject: string; shown: string }
  /** Makes in the CRM's schema what the rules need and is not there. */
  | { do: 'fix'; fixes: Fix[] }
  /** What the breaker held back goes out, or ends; `version` is the set as it was shown. */
  | { do: 'release'; setId: string; version: number }
  | { do: 'discard-set'; setId: string; version: number };
/** What became of an order; `code` is for the machine. */
export interface OrderOutcome {
  ok: boolean;
  code: string;
  /** What was asked for; good for a moment only. */
  value?: string;
}

/** Never personal data: a journal entry's detail cannot be erased. */
export type Detail = Record<string, string | number | boolean | null>;

export const JOURNAL_KINDS = [
  /** A record was seen for the first time. */
  'found',
  /** The CRM's value of a field moved: `before` to `after`. */
  'changed',
  /** A record was archived, restored, merged or erased. */
  'life',
  /** The companies it hangs on moved: `before` to `after`. */
  'links',
  /** A customer asked for a change: `before` is what was seen, `after` what is wanted. */
  'asked',
  /** The law decided: `before` is what the CRM held. */
  'decided',
  /** A write was promised and sent: `before` is what it replaces. */
  'sent',
  /** The history told what became of a write; a foreign value it met is in `before`. */
  'proven',
  /** The CRM refused a write, or work was parked. */
  'failed',
  /** A member of staff ordered something of the worker. */
  'ordered',
  /** Everything that was kept of a record was erased; how many rows, by table. */
  'erased',
  /** Somebody who signed in was linked to a contact, or could not be, or no longer is. */
  'linked',
  /** Events that map to no rule of ours. */
  'ignored',
  /** A change that a layer should have brought was found by a later one. */
  'missed',
  /** All records of an object were compared with the CRM's: the certificate. */
  'compared',
  /** The CRM's schema no longer fits the rules in one point, or fits again. */
  'drift',
] as const;
export type JournalKind = (typeof JOURNAL_KINDS)[number];

export interface Database
  extends HeldTables, LayerTables, OperatingTables, PortalTables, SchemaTables, SignInTables {
  hubs: {
    hub_id: HubId;
    app_id: string;
    time_zone: string;
    epoch: Generated<string>;
    holder: string | null;
    heartbeat_at: MaybeStamp;
    type_ids: ColumnType<Record<string, string>, string | undefined, string>;
    budget: ColumnType<BudgetState | null, string | null | undefined, string | null>;
    desk: ColumnType<DeskSettings, string | undefined, string>;
    health: ColumnType<HubHealth, string | undefined, string>;
    connected_at: Stamp;
  };
  properties: {
    hub_id: HubId;
    object: AppObject;
    property: string;
    definition: JSONColumnType<Definition>;
    read_at: Stamp;
  };
  deliveries: {
    hub_id: HubId;
    delivery_id: GeneratedAlways<string>;
    received_at: Stamp;
    events: string;
    applied_at: MaybeStamp;
    layer: ColumnType<'webhooks' | 'journal', 'webhooks' | 'journal' | undefined, never>;
  };
  mirror: {
    hub_id: HubId;
    object: AppObject;
    record_id: RecordId;
    life: string;
    fields: JSONColumnType<Record<string, Packed>>;
    found_seq: Big;
    changed_seq: Big;
    read_at: MaybeStamp;
    /** When it was last compared with the CRM's lists. */
    compared_at: MaybeStamp;
  };
  links: {
    hub_id: HubId;
    object: AppObject;
    record_id: RecordId;
    company_id: RecordId;
    is_primary: boolean;
    labels: string[];
  };
  due: {
    hub_id: HubId;
    object: AppObject;
    record_id: RecordId;
    lane: number;
    not_before: Stamp;
    since: Stamp;
    links: Generated<boolean>;
    /** The number of the first layer that told of it. */
    told: Generated<number>;
    version: Generated<number>;
    attempts: Generated<number>;
    parked_at: MaybeStamp;
    error: ColumnType<WorkError | null, string | null | undefined, string | null>;
  };
  edits: {
    hub_id: HubId;
    edit_id: EditId;
    number: GeneratedAlways<string>;
    object: AppObject;
    /** Null: a record that is still to be made. */
    record_id: RecordId | null;
    person: PersonId;
    audience: string;
    asked_at: Stamp;
    action: string | null;
    /** The creation's name; null for a change of a record that is there. */
    creation: ColumnType<string | null, string | null | undefined, never>;
    guards: JSONColumnType<KeptGuard[]>;
    idempotency_key: string;
    fingerprint: string;
    ruling: ColumnType<KeptRuling | null, string | null | undefined, never>;
    /** Of an action that is bound to what was shown. */
    evidence: ColumnType<StatementEvidence | null, string | null | undefined, never>;
    statement: ColumnType<string | null, never, string>;
  };
  edit_fields: {
    hub_id: HubId;
    edit_id: EditId;
    field: string;
    object: AppObject;
    record_id: RecordId | null;
    seen: string | null;
    wanted: string | null;
    state: EditState;
    rule: string | null;
    reason: string | null;
    crm_value: string | null;
    crm_by: ColumnType<Standing['by'] | null, string | null | undefined, string | null>;
    journaled: Generated<boolean>;
    note: string | null;
    changed_at: Stamp;
  };
  promises: {
    hub_id: HubId;
    promise_id: GeneratedAlways<string>;
    object: AppObject;
    record_id: RecordId;
    field: string;
    value: string | null;
    base: JSONColumnType<Standing>;
    edit_ids: EditId[];
    person: PersonId | null;
    restores: boolean;
    owed: boolean;
    epoch: Big;
    promised_at: Stamp;
    answered_at: MaybeStamp;
    settled_at: MaybeStamp;
    outcome: string | null;
    /** CRM clock. Settled without having been seen; until here the history does not hold it. */
    watched_from: MaybeStamp;
  };
  conflicts: {
    hub_id: HubId;
    conflict_id: GeneratedAlways<string>;
    kind: 'conflict' | 'proposal';
    object: AppObject;
    record_id: RecordId;
    field: string;
    edit_id: EditId;
    person: PersonId;
    seen: string | null;
    wanted: string | null;
    crm: JSONColumnType<Standing>;
    opened_at: Stamp;
    settled_at: MaybeStamp;
    settlement: ColumnType<KeptSettlement | null, string | null | undefined, string | null>;
  };
  erasures: {
    hub_id: HubId;
    object: AppObject;
    record_id: RecordId;
    done_at: Stamp;
    counts: ColumnType<Record<string, number>, string, never>;
  };
  journal: {
    hub_id: HubId;
    seq: Big;
    at: Stamp;
    kind: JournalKind;
    object: AppObject | null;
    record_id: RecordId | null;
    field: string | null;
    edit_id: EditId | null;
    actor: ColumnType<Standing['by'] | null, string | null, never>;
    rule: string | null;
    crm_at: MaybeStamp;
    before: string | null;
    after: string | null;
    salt: Buffer | null;
    digest: Buffer;
    detail: ColumnType<Detail | null, string | null, never>;
    hash: Buffer;
  };
  people: {
    hub_id: HubId;
    token_hash: Buffer;
    contact_id: RecordId;
    audience: string;
    created_at: Stamp;
    revoked_at: MaybeStamp;
  };
  staff: {
    hub_id: HubId;
    user_id: string;
    name: Generated<string>;
    email: string;
    role: Role | null;
    seen_at: MaybeStamp;
  };
  orders: {
    hub_id: HubId;
    order_id: GeneratedAlways<string>;
    user_id: string;
    idempotency_key: string;
    ordered: JSONColumnType<Order>;
    ordered_at: Stamp;
    done_at: MaybeStamp;
    outcome: ColumnType<OrderOutcome | null, string | null | undefined, string | null>;
  };
  directory: DirectoryTable;
  hooks: HooksTable;
  pauses: {
    hub_id: HubId;
    pause_id: GeneratedAlways<string>;
    object: AppObject | null;
    field: string | null;
    direction: Direction;
    reason: string;
    user_id: string;
    begun_at: Stamp;
  };
}

export type Db = Kysely<Database>;
