/** What HubSpot's app functions answer to a card. Types only. An expected failure is an answer, never an error. */
import type { Decision, Refusal } from './decide.ts';
import type { Value } from './values.ts';

export type FunctionCode =
  | 'bad-request'
  | 'unknown-object'
  | 'unknown-record'
  /** A secret is missing, or the other side does not accept it. */
  | 'not-configured'
  | 'too-many-calls'
  /** HubSpot or our service could not be reached, failed, or took too long. */
  | 'no-answer'
  | 'unexpected';

export interface FunctionRefusal {
  ok: false;
  code: FunctionCode;
  sentence: string;
}
export type FunctionAnswer<T> = (T & { ok: true }) | FunctionRefusal;

/** A record as HubSpot named it: `recordId` differs from the id asked for when that one was merged away. */
export interface ReadRecord {
  object: string;
  label: string;
  recordId: string;
  title: string;
  /** ISO instant. */
  readAt: string;
}

export interface OwnedField {
  name: string;
  label: string;
  owner: 'crm' | 'customer' | 'both' | 'source';
  /** Whose word counts, in words. */
  ownerSentence: string;
  /** The value as people read it. */
  text: string;
  /** Who last set it, and when (ISO instant); empty and null where HubSpot does not say. */
  who: string;
  at: string | null;
}

/** What the CRM alone tells: no edits under way, no conflicts, no journal. */
export interface RecordStatusAnswer extends ReadRecord {
  reduced: true;
  sentence: string;
  fields: OwnedField[];
}

export interface CheckedField {
  name: string;
  label: string;
  /** The value as people read it. */
  text: string;
  fits: boolean;
  problem: Refusal | null;
  sentence: string;
}

export interface CheckedEdit {
  field: string;
  /** In canonical form, where it could be read. */
  wanted: Value;
  decision: Decision['do'];
  /** The rule of SPEC.md; null where the portal refuses before the law is asked. */
  rule: Decision['rule'] | null;
  reason: Refusal | 'no-such-field' | 'one-value-only' | null;
  sentence: string;
  /** What becomes of it when the CRM moves meanwhile; null where nothing would be written. */
  collision: string | null;
}

export interface CheckRecordAnswer extends ReadRecord {
  ruleVersion: string;
  /** Whose edits were judged. */
  audience: string;
  /** Every mapped field fits. */
  fits: boolean;
  fields: CheckedField[];
  edits: CheckedEdit[];
}

export interface NudgeAnswer {
  queued: true;
  sentence: string;
}
