/**
 * What the desk and the cards say to each other. Types only. Every answer is HTTP 200 with `ok`: an expected refusal
 * carries a code for the machine and one sentence for the reader; 5xx is only for real faults (HubSpot repeats those).
 */
import type { RecordView } from './messages.ts';
import type { Value } from './values.ts';

export type DeskRole = 'viewer' | 'admin';
export type Choice = 'keep' | 'take' | 'write';
export type PauseDirection = 'out' | 'in' | 'both';

export interface DeskRefusal {
  ok: false;
  code: string;
  sentence: string;
  /** The record as it is now, where what was shown is out of date. */
  fresh?: DeskRecord;
}
export type DeskAnswer<T> = (T & { ok: true }) | DeskRefusal;

/** From the one that needs a person most to the one that needs nobody. */
export type DeskStatus = 'gone' | 'needs-you' | 'paused' | 'moving' | 'nobody' | 'agree';

/** A value as people read it, and by whom and when it came to be. */
export interface DeskValue {
  text: string;
  who: string;
  /** ISO instant; null: not known. */
  at: string | null;
}

export interface DeskField {
  name: string;
  label: string;
  /** Whose word counts. */
  owner: 'crm' | 'customer' | 'both' | 'source';
  crm: DeskValue;
  /** What the portal shows; null: no audience sees it. */
  portal: string | null;
  differs: boolean;
  state: 'agree' | 'reported' | 'saving' | 'held' | 'paused' | 'unkept' | 'hidden';
  /** Why it is held back, where the CRM's schema no longer fits it. */
  note?: string;
  /** Opaque: what was shown; goes back with a ruling. */
  version: string;
  /** The audiences that see it, as they are called. */
  seenBy: string[];
  /** The CRM's own options, where only these may stand. */
  options?: { value: string; label: string }[];
}

export interface DeskConflict {
  conflictId: string;
  kind: 'conflict' | 'proposal';
  object: string;
  recordId: string;
  /** The record's title. */
  title: string;
  field: string;
  label: string;
  openedAt: string;
  /** What the CRM held when it opened, and before that. */
  crm: DeskValue & { before: string | null };
  /** What the customer asked for, and what they were looking at. */
  customer: DeskValue & { saw: string };
  /** What the CRM holds now, with the version a ruling has to name. */
  now: string;
  version: string;
  /** The CRM has moved since the conflict opened. */
  moved: boolean;
  /** The customer's value, to be restored later; null where it is too long to be sent here. */
  lost: Value;
  /** A ruling is being carried out. */
  pending: boolean;
  settled: (DeskValue & { choice: Choice; note: string | null; outcome: string }) | null;
  options?: { value: string; label: string }[];
}

export interface DeskPerson {
  contactId: string;
  name: string;
  /** As the audience is called. */
  audience: string;
}

export interface DeskParked {
  object: string;
  recordId: string;
  title: string;
  since: string;
  attempts: number;
  error: string;
  /** What to do about it. */
  advice: string;
}

export interface DeskPause {
  pauseId: string;
  /** What is paused, in words. */
  what: string;
  direction: PauseDirection;
  reason: string;
  who: string;
  since: string;
}

export interface DeskRecord {
  object: string;
  label: string;
  recordId: string;
  title: string;
  status: DeskStatus;
  sentence: string;
  /** When the whole record was last read and compared; null: not yet. */
  provenAt: string | null;
  onTheirWay: number;
  people: DeskPerson[];
  fields: DeskField[];
  /** Open ones first. */
  conflicts: DeskConflict[];
  parked: DeskParked | null;
  pauses: DeskPause[];
  /** Open claims of people who may be this contact; of other objects none. */
  claims: DeskClaim[];
  /** Who signs in as this contact. */
  signIns: DeskSignIn[];
}

/** Somebody signed in, and which contact they are is not certain. */
export interface DeskClaim {
  claimId: string;
  /** The address they have proven to read. */
  address: string;
  openedAt: string;
  /** For the machine, and in words: why it is not certain. */
  reason: string;
  sentence: string;
  candidates: DeskCandidate[];
  settled: { who: string; at: string; contactId: string | null } | null;
}

/** A contact that the person may be, and what they would see as it. */
export interface DeskCandidate {
  contactId: string;
  name: string;
  /** As the audience is called; null: of none, so that they would see nothing. */
  audience: string | null;
  /** Names and numbers, ready to be shown; only objects of which there is something to see. */
  sees: { label: string; text: string }[];
  /** The same in one sentence. */
  sentence: string;
}

export interface DeskSignIn {
  tieId: string;
  address: string;
  since: string;
  /** By whom it was linked, in words. */
  who: string;
}

export interface ClaimsAnswer {
  role: DeskRole;
  claims: DeskClaim[];
  /** Pass as `before` for the next page. */
  next: string | null;
}

/** Edits that wait because many like one another were to go out at once. */
export interface DeskHeldSet {
  setId: string;
  /** What was shown: goes back with the decision. */
  version: number;
  /** What is too much, in words. */
  title: string;
  openedAt: string;
  windowMinutes: number;
  /** What waits now. */
  edits: number;
  records: number;
  /** Of how many records; null: that says nothing. */
  of: number | null;
  /** Edits like these that had gone out before: they can be undone. */
  written: number;
  samples: {
    object: string;
    recordId: string;
    title: string;
    label: string;
    /** What the CRM holds, and what would be written. */
    now: string;
    wanted: string;
    who: string;
  }[];
  advice: string | null;
  closed: { outcome: 'released' | 'discarded'; who: string; at: string } | null;
}
export interface HeldAnswer {
  role: DeskRole;
  /** Open ones first. */
  sets: DeskHeldSet[];
}

/** Writes of ours, chosen by what is said; what is left out chooses all. */
export interface UndoFilter {
  editId?: string | undefined;
  /** A contact id, `user:` and a user id, or `source:` and a name. */
  person?: string | undefined;
  object?: string | undefined;
  field?: string | undefined;
  /** ISO instants. */
  since?: string | undefined;
  until?: string | undefined;
  /** What went out before a held set was opened. */
  setId?: string | undefined;
  /** An undo, to be undone. */
  undoId?: string | undefined;
}
export interface UndoAnswer {
  role: DeskRole;
  /** How many values would be put back, of how many records. */
  fields: number;
  records: number;
  /** The end of what was looked at: goes back with the decision. */
  until: string;
  samples: { object: string; recordId: string; title: string; label: string; now: string; back: string }[];
  /** What is left as it is, and why. */
  left: { text: string; samples: string[] }[];
  /** More was written than can be put back at once. */
  cut: boolean;
}
export interface UndoStarted {
  undoId: string;
  sentence: string;
}
export interface UndoProgress {
  waiting: number;
  done: number;
  refused: number;
  sentence: string;
}

export interface RecordAnswer {
  role: DeskRole;
  /** Opaque: send it as `known` with the next question. */
  version: string;
  /** Ask again after this many ms. */
  againMs: number;
  /** Null: nothing has changed since `known`. */
  record: DeskRecord | null;
}

/** One entry of the journal, in words. */
export interface DeskEntry {
  seq: number;
  at: string;
  kind: string;
  object: string | null;
  recordId: string | null;
  /** How the record is called now. */
  title: string | null;
  field: string | null;
  label: string | null;
  who: string;
  rule: string | null;
  sentence: string;
  /** The value that lost, where one did: it can be restored. */
  lost: Value;
}

export interface WhyAnswer {
  label: string;
  sentence: string;
  owner: string;
  conflictRule: string;
  ruleVersion: string;
  /** When it was last known to be the CRM's, and whether a read has proven it. */
  asOf: string;
  proven: boolean;
  /** The field's version now: what a restoration has to name. */
  version: string;
  evidence: DeskEntry[];
}

export interface HistoryAnswer {
  entries: DeskEntry[];
  /** Pass as `before` for the next page. */
  next: number | null;
}

export interface AsOfAnswer {
  at: string;
  /** Null: the record was not known then. */
  fields: { name: string; label: string; crm: string; portal: string | null }[] | null;
}

export interface ViewAsAnswer {
  person: DeskPerson;
  /** The portal API's own answer to this person; null: they do not see the record. */
  record: RecordView | null;
  fields: {
    name: string;
    label: string;
    access: 'editable' | 'read-only' | 'hidden';
    text: string | null;
    reason: string;
  }[];
}

export interface RulingAnswer {
  outcome: 'done' | 'on its way';
  sentence: string;
  fresh: DeskRecord;
}
export interface BulkAnswer {
  results: { conflictId: string; ok: boolean; sentence: string }[];
}
export interface OrderAnswer {
  sentence: string;
}

export interface HealthAnswer {
  role: DeskRole;
  sentence: string;
  well: boolean;
  /** Names and values in words, ready to be shown. */
  numbers: { label: string; text: string }[];
  /** `ok`: null where there is nothing to judge yet. */
  channels: { label: string; ok: boolean | null; text: string }[];
  /** The last 24 hours, oldest first. */
  hours: { hour: string; changes: number; conflicts: number }[];
}
export interface ConflictsAnswer {
  role: DeskRole;
  conflicts: DeskConflict[];
  next: string | null;
}
export interface ParkedAnswer {
  role: DeskRole;
  parked: DeskParked[];
}
export interface RulesAnswer {
  version: string;
  objects: {
    name: string;
    label: string;
    fields: {
      label: string;
      property: string;
      owner: string;
      conflict: string;
      seenBy: string;
      editedBy: string;
    }[];
  }[];
}
/** A point in which the CRM's schema does not fit the rules, or has changed. */
export interface DeskFinding {
  code: string;
  subject: string;
  /** `breaks`: something does not work. `warns`: it may. `tells`: nothing has to be done. */
  severity: 'breaks' | 'warns' | 'tells';
  sentence: string;
  since: string;
  /** What of the portal it touches, a sentence each. */
  impact: string[];
  advice: string;
  acceptable: boolean;
  /** Opaque: what was shown; goes back when it is accepted. */
  shown: string;
}
export interface SchemaAnswer {
  role: DeskRole;
  /** ISO instant; null: the CRM was never asked. */
  readAt: string | null;
  /** The worst first. */
  findings: DeskFinding[];
  /** How many there are besides. */
  more: number;
}
export interface SettingsAnswer {
  role: DeskRole;
  checks: { label: string; state: 'ok' | 'wrong' | 'unknown'; text: string; advice?: string }[];
  pauses: DeskPause[];
  staff: { userId: string; name: string; role: 'none' | DeskRole | null; fixed: boolean }[];
  everybody: 'none' | DeskRole;
  /** What can be paused. */
  objects: { name: string; label: string; fields: { name: string; label: string }[] }[];
}
