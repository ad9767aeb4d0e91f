/** What goes into a visit to one record, and what comes out of it. */
import type { Asked, Property, Rule, Standing } from '@tallystick/shared/decide';
import type { EditId, PersonId } from '@tallystick/shared/ids';
import type { EditState } from '@tallystick/shared/messages';
import type { Held, Mirror } from '@tallystick/shared/observe';
import type { Entry, Settlement } from '@tallystick/shared/settle';
import type { AppObject } from '@tallystick/shared/ownership';
import type { Value } from '@tallystick/shared/values';
import type { SettledConflict } from '../store/conflicts.ts';
import type { EditMove, NewPromise, OpenRuling } from '../store/visits.ts';
import type { FieldDrift } from './drift.ts';
import type { Note } from './notes.ts';

export type { EditMove, NewPromise };

/** How long a write that the history does not show is looked for again before it is decided anew, in ms. */
export interface Patience {
  /** HubSpot said yes to it. */
  answeredMs: number;
  /** Nobody answered; it may still be applied. Later than this it is found as a late write of our own (S6, S7). */
  ambiguousMs: number;
}
export const PATIENCE: Patience = { answeredMs: 10_000, ambiguousMs: 5_000 };

export interface OpenEdit extends Asked {
  editId: EditId;
  person: PersonId;
  field: string;
  state: EditState;
  /** The journal has already been told that this was asked. */
  journaled: boolean;
  /** The edit of a member of staff: what they decided. */
  ruling?: OpenRuling;
}

export interface OpenPromise extends NewPromise {
  promiseId: string;
  /** Our clock: the latest moment at which the call may have gone out. */
  sentAt: number;
  /** Our clock: when HubSpot said yes; null while nobody knows. */
  answeredAt: number | null;
}

/**
 * A promise that was settled without its write having been seen: it may yet be applied. `from`: the CRM's instant up to
 * which the history is known not to hold it.
 */
export interface GivenUp {
  promiseId: string;
  field: string;
  value: Value;
  from: number;
}

export interface Situation {
  object: AppObject;
  now: number;
  patience: Patience;
  appId: string;
  mirror: Mirror;
  /** When the read began, and every mapped field's history, newest first. */
  read: { begunAt: number; history: Readonly<Record<string, readonly Entry[]>> };
  /** Oldest first. */
  edits: readonly OpenEdit[];
  promises: readonly OpenPromise[];
  givenUp: readonly GivenUp[];
  /** Whose edit our own writes were, newest first: HubSpot knows only that our app wrote. Null: a value was given back. */
  ownWrites: readonly { field: string; value: Value; person: PersonId | null }[];
  /** Staff let nothing go out to the CRM, or nothing come in from it, for this field. */
  isPaused?: (field: string, direction: 'out' | 'in') => boolean;
  /** The CRM's schema does not fit the field, or it is not known whether it does. */
  driftOf?: (field: string) => FieldDrift | null;
  rules: Readonly<Record<string, Rule>>;
  properties: (field: string) => Property;
}

export interface NewConflict {
  kind: 'conflict' | 'proposal';
  field: string;
  edit: OpenEdit;
  crm: Standing;
}
export interface Visit {
  /** Fields whose mirror moved, in value or in what is known of it. */
  observed: Record<string, Held>;
  notes: Note[];
  moves: EditMove[];
  conflicts: NewConflict[];
  /** Conflicts that a ruling of staff settled. */
  rulings: SettledConflict[];
  /** `watchedFrom`: its write was not seen and may yet come; null when it was, or never went out. */
  settled: { promiseId: string; outcome: Settlement['is']; watchedFrom: number | null }[];
  /** Until when the history was looked through for the writes that were given up. */
  looked: { promiseId: string; from: number }[];
  promises: NewPromise[];
  /** When the record has to be looked at again, and why; null when it is done. */
  again: { lane: 'settle' | 'observe'; notBefore: number } | null;
}
