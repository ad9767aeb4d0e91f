/**
 * The small world that is explored: one record of a CRM, its customers, a colleague, webhooks, and the worker between.
 *
 * Everything that a crash destroys stands in `worker`; everything else is durable, or is the CRM's. Instants are ms of
 * one logical clock that both sides share: it moves by 1 with every event of interest and by minutes when somebody waits.
 */
import type { Property, Rule, Standing } from '@tallystick/shared/decide';
import type { EditState } from '@tallystick/shared/messages';
import { observeField, type Held } from '@tallystick/shared/observe';
import type { Entry } from '@tallystick/shared/settle';
import type { Value } from '@tallystick/shared/values';
import type { AppObject } from '@tallystick/shared/ownership';

export const APP_ID = '777';
export const ANY_PROPERTY: Property = { exists: true, readOnly: false, options: null };

export interface FieldPlan {
  rule: Rule;
  /** What the CRM's property takes (D2); where nothing is said, anything. */
  property?: Property;
  initial: Value;
  /** The values a colleague may set, given what the CRM holds. */
  colleague: (current: Value) => readonly Value[];
}

export interface EditPlan {
  field: string;
  person: string;
  audience?: string;
  wanted: (seen: Value) => Value;
  /** A field that this edit depends on (D11). */
  guard?: string;
  /** Fields that this edit sets as well, in the same request, from what the guard was seen to hold (A1). */
  with?: { field: string; wanted: (guardSeen: Value) => Value };
}

/** How often each thing may happen in one history of the world. */
export interface Budget {
  /** Faults of any kind together. */
  faults: number;
  colleague: number;
  duplicate: number;
  drop: number;
  /** A write call that nobody answers. */
  timeout: number;
  /** Of those, how many the CRM applies after the caller gave up waiting. */
  late: number;
  /** The CRM was too busy and certainly did nothing. */
  unsent: number;
  crash: number;
  /** Some seconds pass. */
  pass: number;
  /** A workflow of the CRM answers a write of ours at once. */
  workflow?: number;
  /** A member of staff decides about a field. */
  ruling?: number;
  /** Staff let nothing in or nothing out for a while. */
  pause?: number;
}

export interface WorldPlan {
  name: string;
  fields: Readonly<Record<string, FieldPlan>>;
  edits: readonly EditPlan[];
  budget: Budget;
  /** Edits are asked in the order given: a smaller world. */
  inOrder?: boolean;
  /** A late write may be applied even after the worker waited for it and gave it up (S6, S7). */
  veryLate?: boolean;
  /** The customer may also have looked at the value that was shown before this one. */
  stalePages?: boolean;
  /** The CRM adds to the history even when the value is the same: nobody knows whether it does. */
  repeats?: boolean;
  /** The object whose actions count (A3). */
  object?: AppObject;
  /** What the CRM's clock is ahead of ours, in ms. */
  skewMs?: number;
  /** What was received is stored first and applied some time later. */
  inbox?: boolean;
  /** What else must hold in the end. */
  wrongAtRest?: (state: State) => string | null;
  /** Hears the id of each rule that was applied. */
  met?: (rule: string) => void;
}

/** One entry of the CRM's history, oldest first, with what only we know of it. */
export interface Fact extends Entry {
  /** Our clock, ms: when it was. */
  ours: number;
  /** The promise that wrote it; null for somebody else. */
  promise: number | null;
}

export interface FieldState {
  history: readonly Fact[];
  mirror: Held;
  /** What the mirror showed before. */
  before: { value: Value; at: number } | null;
  /** The earliest place in the history that what was shown so far can have come to; -1 when it went backwards. */
  shown: number;
  /** Instants of the CRM's values that the journal names. */
  named: readonly number[];
}

/** Something held for staff, and the ruling that settled it. */
export interface Conflict {
  edit: number;
  kind: 'conflict' | 'proposal';
  settledBy: number | null;
}

export interface Edit {
  /** -1: nobody planned it, a member of staff decided. */
  plan: number;
  audience: string;
  ruling: { choice: 'keep' | 'take' | 'write'; conflict: number | null } | null;
  field: string;
  person: string;
  seen: Value;
  /** The CRM's instant of what was seen. */
  seenAt: number;
  wanted: Value;
  at: number;
  guard: { field: string; seen: Value } | null;
  state: EditState;
  rule: string | null;
  reason: string | null;
  /** The value that stands instead, where the edit ended so. */
  crm: Value;
}

export interface Promised {
  id: number;
  field: string;
  value: Value;
  base: Standing;
  edits: readonly number[];
  person: string | null;
  restores: boolean;
  /** It makes good an overtaken write (S2): both values together. */
  owed: boolean;
  sentAt: number;
  answeredAt: number | null;
}

export type Worker =
  | { is: 'idle' }
  | { is: 'reading'; begunAt: number }
  /** `lengths`: how much of each field's history the answer holds. */
  | { is: 'answered'; begunAt: number; lengths: readonly number[] }
  /** The promises are durable, the call has not gone out. */
  | { is: 'promised'; promises: readonly Promised[] }
  /** The call is over for the worker, which has not stored how. */
  | { is: 'called'; promises: readonly Promised[]; answer: 'yes' | 'nobody-knows' | 'unsent' };

export interface State {
  now: number;
  fields: Readonly<Record<string, FieldState>>;
  /** Webhooks on their way: the field and the place in its history; `receivedAt` when they wait to be applied. */
  events: readonly { field: string; index: number; receivedAt?: number }[];
  /** Writes that their caller has given up, and the CRM may yet apply. */
  adrift: readonly (readonly Promised[])[];
  edits: readonly Edit[];
  conflicts: readonly Conflict[];
  paused: 'in' | 'out' | null;
  promises: readonly Promised[];
  /** Settled without having been seen: they may yet be applied. */
  givenUp: readonly { id: number; field: string; value: Value; from: number }[];
  /** Whose edit our writes were, newest first. */
  ownWrites: readonly { field: string; value: Value; person: string | null }[];
  worker: Worker;
  /** `later`: due, but not before some time has passed or something has happened. */
  due: 'no' | 'now' | 'later';
  /** When the present worker took over. */
  leaseAt: number;
  left: Budget;
  /** Nothing new happens any more: the worker finishes, beginning with a reconciling read. */
  closing: boolean;
  counts: {
    promised: number;
    repeated: number;
    overtaken: number;
    /** Promises that nobody asked for: a decision of ours had become void (A3). */
    voided: number;
    movedTwice: boolean;
  };
}

/** A step is worked out when it is taken. */
export interface Step {
  name: string;
  next: () => State;
}

export function firstState(plan: WorldPlan): State {
  const fields = Object.fromEntries(
    Object.entries(plan.fields).map(([name, { initial }]) => {
      const by = { via: 'CRM_UI', id: 'userId:1', person: null };
      const at = START_AT + (plan.skewMs ?? 0);
      const read = { how: 'read' as const, value: initial, at, by, begunAt: START_AT, answeredAt: START_AT };
      const mirror = observeField(null, read, plan.fields[name]!.rule.kind);
      const fact: Fact = { value: initial, at, ours: START_AT, by, promise: null };
      return [name, { history: [fact], mirror, before: null, shown: 0, named: [] }];
    }),
  );
  return {
    now: START_AT,
    fields,
    events: [],
    adrift: [],
    edits: [],
    conflicts: [],
    paused: null,
    promises: [],
    givenUp: [],
    ownWrites: [],
    worker: { is: 'idle' },
    due: 'no',
    leaseAt: START_AT,
    left: plan.budget,
    closing: false,
    counts: { promised: 0, repeated: 0, overtaken: 0, voided: 0, movedTwice: false },
  };
}

/** Far from 0, so that no clock that is behind shows an instant before the beginning of time. */
export const START_AT = 1_000_000;

/** A name under which a state is known: states with equal names have equal futures. */
export function nameOf(state: State): string {
  const { left, counts, worker } = state;
  let name = `${state.now} ${state.leaseAt} ${state.due} ${state.closing} ${left.faults} ${left.colleague} ${left.duplicate} ${left.drop} ${left.timeout} ${left.late} ${left.unsent} ${left.crash} ${left.pass} ${left.workflow} ${left.ruling} ${left.pause} ${state.paused} ${counts.promised} ${counts.repeated} ${counts.overtaken} ${counts.voided}`;
  for (const field of Object.values(state.fields)) {
    const { mirror, before } = field;
    name += `|m ${mirror.value} ${mirror.at} ${mirror.by.via} ${mirror.how === 'read' ? mirror.begunAt : 'claim'} ${mirror.learnedAt} ${mirror.asOf} ${before?.value} ${before?.at} n${field.named.join()} ${field.shown}`;
    for (const fact of field.history) name += `/${fact.value} ${fact.at} ${fact.promise}`;
  }
  for (const event of state.events) name += `|e${event.field} ${event.index} ${event.receivedAt}`;
  for (const call of state.adrift) name += `|a${call.map(({ id }) => id).join()}`;
  for (const edit of state.edits)
    name += `|q${edit.plan} ${edit.seen} ${edit.seenAt} ${edit.wanted} ${edit.at} ${edit.guard?.seen} ${edit.state} ${edit.rule} ${edit.reason} ${edit.crm}`;
  for (const { edit, kind, settledBy } of state.conflicts) name += `|c${edit} ${kind} ${settledBy}`;
  for (const one of state.promises) name += `|p${nameOfPromise(one)}`;
  for (const one of state.givenUp) name += `|g${one.field} ${one.value} ${one.from}`;
  for (const own of state.ownWrites) name += `|o${own.field} ${own.value} ${own.person}`;
  return `${name}|w${worker.is} ${nameOfWork(worker)}`;
}

const nameOfPromise = ({
  id,
  field,
  value,
  base,
  edits,
  restores,
  owed,
  sentAt,
  answeredAt,
}: Promised): string =>
  `${id} ${field} ${value} ${base.value} ${base.at} ${edits.join()} ${restores} ${owed} ${sentAt} ${answeredAt}`;

function nameOfWork(worker: Worker): string {
  switch (worker.is) {
    case 'idle':
      return '';
    case 'reading':
      return String(worker.begunAt);
    case 'answered':
      return `${worker.begunAt} ${worker.lengths.join()}`;
    case 'promised':
      return worker.promises.map(({ id }) => id).join();
    case 'called':
      return `${worker.promises.map(({ id }) => id).join()} ${worker.answer}`;
    default:
      return worker satisfies never;
  }
}
