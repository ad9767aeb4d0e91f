/**
 * The worker as a state machine over the shipped functions. What one visit does is the shipped `visit`, which calls
 * observe, fold, decide, settle and makeGood; here is only what the rest of the worker does around it: claim, read,
 * store, call, crash.
 */
import { observeField, type Held, type Told } from '@tallystick/shared/observe';
import type { EditId, RecordId } from '@tallystick/shared/ids';
import { equal } from '@tallystick/shared/values';
import type { EditState } from '@tallystick/shared/messages';
import { visit } from '../../../backend/sync/plan.ts';
import { rulesOfVisit, ruleOfObservation } from './rulesMet.ts';
import { PATIENCE, type OpenEdit, type Situation, type Visit } from '../../../backend/sync/situation.ts';
import type { Fault } from './faults.ts';
import {
  ANY_PROPERTY,
  APP_ID,
  type Conflict,
  type Edit,
  type FieldState,
  type Promised,
  type State,
  type Worker,
  type WorldPlan,
} from './model.ts';

/** A webhook arrived: the mirror learns of it, and the record is due unless it told nothing. */
export function hear(plan: WorldPlan, state: State, index: number, fault: Fault): State {
  const event = state.events[index]!;
  const field = state.fields[event.field]!;
  const fact = field.history[event.index]!;
  const by = { ...fact.by, person: null };
  const receivedAt = event.receivedAt ?? state.now;
  const told: Told = { how: 'event', value: fact.value, at: fact.at, by, receivedAt };
  const kind = plan.fields[event.field]!.rule.kind;
  const after =
    fault === 'believe-every-event'
      ? { ...field.mirror, value: fact.value, at: fact.at, by, how: 'event' as const, learnedAt: state.now }
      : observeField(field.mirror, told, kind);
  if (state.paused === 'in') return { ...state, due: 'now' };
  plan.met?.(ruleOfObservation(field.mirror, told, kind));
  const quiet = after === field.mirror && after.how === 'read';
  const due = quiet || fault === 'never-due-by-event' ? state.due : 'now';
  return withMirror({ ...state, due }, plan, event.field, after);
}

/** One visit, stored in one transaction. */
export function commit(plan: WorldPlan, state: State, fault: Fault): State {
  const worker = state.worker as Extract<Worker, { is: 'answered' }>;
  const situation = situationOf(plan, state, worker, fault);
  const visited = visit(situation);
  if (plan.met !== undefined) for (const rule of rulesOfVisit(situation, visited)) plan.met(rule);
  // Asked while the visit was under way: that marked the record as due anew.
  const waiting = state.edits.some((edit) => edit.state === 'accepted' && edit.at > worker.begunAt);
  const due = waiting ? 'now' : visited.again === null ? 'no' : 'later';
  let next: State = { ...state, due, worker: { is: 'idle' } };
  for (const [field, held] of Object.entries(visited.observed)) next = withMirror(next, plan, field, held);
  if (fault === 'believe-every-read') {
    for (const [field, history] of Object.entries(situation.read.history)) {
      const { value, at, by } = history[0]!;
      const { begunAt } = worker;
      const times = { begunAt, learnedAt: state.now, asOf: begunAt };
      next = withMirror(next, plan, field, { value, at, by, how: 'read', ...times });
    }
  }
  next = named(next, visited, fault);
  const moved = visited.moves.map((move) => ({ ...move, edit: Number(move.editId) }));
  next = { ...next, edits: moveEdits(next.edits, moved), conflicts: conflictsAfter(state, visited) };
  return promise(next, state, visited, fault);
}

export function storeAnswer(state: State, fault: Fault): State {
  const { promises, answer } = state.worker as Extract<Worker, { is: 'called' }>;
  const called = (one: Promised): boolean => promises.some(({ id }) => id === one.id);
  const idle = { ...state, worker: { is: 'idle' } as const };
  if (answer === 'unsent') {
    // What was owed is still owed: the next look finds it missing, and need not wait for it.
    const kept = state.promises.map((one) => (called(one) ? { ...one, sentAt: NEVER_SENT } : one));
    return { ...idle, promises: kept, due: 'now' };
  }
  const answeredAt = answer === 'yes' ? state.now : null;
  const stored = state.promises.map((one) => (called(one) ? { ...one, sentAt: state.now, answeredAt } : one));
  const done = promises.flatMap((one) => (one.restores ? [] : one.edits));
  const to: EditState = fault === 'trust-the-answer' ? 'verified' : 'written';
  const moved = done.map((edit) => ({ edit, state: to, rule: null, reason: null, crm: null }));
  if (fault === 'trust-the-answer' && answer === 'yes') {
    return {
      ...idle,
      promises: state.promises.filter((one) => !called(one)),
      due: 'no',
      edits: moveEdits(state.edits, moved),
    };
  }
  if (answer !== 'yes') {
    if (fault === 'send-again-at-once') {
      const counts = { ...state.counts, repeated: state.counts.repeated + promises.length };
      return { ...idle, promises: state.promises.filter((one) => !called(one)), due: 'now', counts };
    }
    return { ...idle, promises: stored, due: 'now' };
  }
  return { ...idle, promises: stored, due: 'now', edits: moveEdits(state.edits, moved) };
}

/** What was in memory is gone; a worker takes over. What was promised may have gone out until this moment. */
export function crash(state: State, fault: Fault): State {
  const wasPromised = state.worker.is === 'promised' || state.worker.is === 'called';
  const next: State = {
    ...state,
    worker: { is: 'idle' },
    leaseAt: state.now,
    due: wasPromised ? 'later' : 'now',
  };
  if (fault === 'promises-in-memory') {
    return { ...next, promises: [], due: 'now' };
  }
  if (fault === 'edits-in-memory') {
    return {
      ...next,
      edits: state.edits.map((edit) =>
        edit.state === 'accepted' ? { ...edit, state: 'lost' as EditState } : edit,
      ),
    };
  }
  return next;
}

function situationOf(
  plan: WorldPlan,
  state: State,
  worker: Extract<Worker, { is: 'answered' }>,
  fault: Fault,
): Situation {
  const names = Object.keys(plan.fields);
  const history = Object.fromEntries(
    names.map((name, i) => {
      const newestFirst = state.fields[name]!.history.slice(0, worker.lengths[i]).reverse();
      return [name, newestFirst.map(({ value, at, by }) => ({ value, at, by }))];
    }),
  );
  const open = state.edits.flatMap((edit, i) =>
    edit.state === 'accepted' || edit.state === 'written' ? [openEdit(plan, state, edit, i, fault)] : [],
  );
  return {
    object: plan.object ?? 'company',
    now: state.now,
    patience: fault === 'never-wait' ? { answeredMs: -1e6, ambiguousMs: -1e6 } : PATIENCE,
    appId: APP_ID,
    mirror: Object.fromEntries(names.map((name) => [name, state.fields[name]!.mirror])),
    read: { begunAt: worker.begunAt, history },
    edits: open,
    promises: state.promises.map((one) => ({
      promiseId: String(one.id),
      field: one.field,
      value: one.value,
      base:
        fault === 'forget-the-base'
          ? { ...one.base, at: history[one.field]![0]!.at, value: history[one.field]![0]!.value }
          : one.base,
      editIds: one.edits.map((edit) => String(edit) as EditId),
      person: one.restores ? null : (state.edits[one.edits.at(-1)!]!.person as RecordId),
      restores: one.restores,
      owed: one.owed,
      sentAt: one.sentAt === NEVER_SENT ? NEVER_SENT : Math.max(one.sentAt, state.leaseAt),
      answeredAt: one.answeredAt,
    })),
    givenUp:
      fault === 'forget-given-up'
        ? []
        : state.givenUp.map(({ id, ...one }) => ({ ...one, promiseId: String(id) })),
    ownWrites:
      fault === 'forget-whose-write'
        ? []
        : state.ownWrites.map((one) => ({ ...one, person: one.person as RecordId | null })),
    rules: Object.fromEntries(names.map((name) => [name, plan.fields[name]!.rule])),
    properties: (name) => plan.fields[name]?.property ?? ANY_PROPERTY,
    isPaused: (_, direction) => state.paused === direction,
  };
}

function openEdit(plan: WorldPlan, world: State, edit: Edit, index: number, fault: Fault): OpenEdit {
  const { field, person, audience, seen, wanted, at, state, guard } = edit;
  const kind = (name: string) => plan.fields[name]!.rule.kind;
  const guards =
    guard === null ? [] : [{ field: guard.field, kind: kind(guard.field), seen: guard.seen, crm: null }];
  return {
    editId: String(index) as EditId,
    person: person as RecordId,
    field,
    seen: fault === 'forget-what-was-seen' ? wanted : seen,
    wanted,
    at,
    state,
    journaled: true,
    actor: { person, audience },
    guards: fault === 'forget-the-guards' ? [] : guards,
    ...(edit.ruling === null ? {} : { ruling: openRuling(world, edit.ruling, index) }),
  };
}

function openRuling(
  { conflicts, edits }: State,
  { choice, conflict }: NonNullable<Edit['ruling']>,
  index: number,
): NonNullable<OpenEdit['ruling']> {
  const kept = { choice, conflictId: conflict === null ? null : String(conflict), note: null };
  const answered = conflict === null ? undefined : conflicts[conflict];
  if (answered === undefined) return { ...kept, held: null };
  const { edit, kind, settledBy } = answered;
  const { person, wanted } = edits[edit]!;
  const isSettled = settledBy !== null && settledBy !== index;
  return {
    ...kept,
    held: { kind, editId: String(edit) as EditId, person: person as RecordId, wanted, isSettled },
  };
}

/** An edit has one conflict: held once more, it is opened again. */
function conflictsAfter({ conflicts }: State, visited: Visit): Conflict[] {
  const after = conflicts.map((one, i) => {
    const by = visited.rulings.find(({ conflictId }) => Number(conflictId) === i);
    return by === undefined || one.settledBy !== null ? one : { ...one, settledBy: Number(by.editId) };
  });
  for (const { edit, kind } of visited.conflicts) {
    const opened = { edit: Number(edit.editId), kind, settledBy: null };
    const known = after.findIndex((one) => one.edit === opened.edit);
    if (known === -1) after.push(opened);
    else after[known] = { ...after[known]!, settledBy: null };
  }
  return after;
}

/** Where `sentAt` says that a call was certainly not applied. */
const NEVER_SENT = 0;

/** Stores what is owed to the CRM before the call goes out. */
function promise(next: State, state: State, visited: Visit, fault: Fault): State {
  const settled = new Set(visited.settled.map(({ promiseId }) => Number(promiseId)));
  const missing = visited.settled.filter(({ outcome }) => outcome === 'missing').length;
  const overtook = new Set(
    visited.settled.flatMap(({ outcome, promiseId }) => (outcome === 'overtaken' ? [Number(promiseId)] : [])),
  );
  const owed = visited.promises.filter((one) => !(fault === 'never-restore' && one.restores));
  const fresh: Promised[] = owed.map((one, i) => ({
    id: state.counts.promised + i,
    field: one.field,
    value: one.value,
    base: one.base,
    edits: one.editIds.map(Number),
    restores: one.restores,
    person: one.person,
    owed: one.owed,
    sentAt: state.now,
    answeredAt: null,
  }));
  const own = visited.promises.map(({ field, value, person }) => ({ field, value, person }));
  return {
    ...next,
    promises: [...state.promises.filter(({ id }) => !settled.has(id)), ...fresh],
    givenUp: givenUpAfter(state, visited),
    ownWrites: [...own.reverse(), ...state.ownWrites],
    worker: fresh.length === 0 ? { is: 'idle' } : { is: 'promised', promises: fresh },
    due: fresh.length === 0 ? next.due : 'later',
    counts: {
      promised: state.counts.promised + fresh.length,
      repeated: state.counts.repeated + missing,
      overtaken: state.counts.overtaken + overtook.size,
      voided: state.counts.voided + fresh.filter(({ edits }) => edits.length === 0).length,
      movedTwice: new Set(visited.moves.map(({ editId }) => editId)).size < visited.moves.length,
    },
  };
}

function givenUpAfter(state: State, { settled, looked }: Visit): State['givenUp'] {
  const known = state.givenUp.map((one) => ({
    ...one,
    from: looked.find(({ promiseId }) => Number(promiseId) === one.id)?.from ?? one.from,
  }));
  const fresh = settled.flatMap(({ promiseId, watchedFrom }) => {
    const one = state.promises.find(({ id }) => id === Number(promiseId));
    if (watchedFrom === null || one === undefined) return [];
    return [{ id: one.id, field: one.field, value: one.value, from: watchedFrom }];
  });
  return [...known, ...fresh];
}

/** What the store does with the moves of edits: an edit at its end stays there. */
function moveEdits(
  edits: readonly Edit[],
  moves: readonly {
    edit: number;
    state: EditState;
    rule: string | null;
    reason: string | null;
    crm: { value: Edit['crm'] } | null;
  }[],
): Edit[] {
  return edits.map((edit, i) => {
    const move = moves.findLast((one) => one.edit === i);
    if (
      move === undefined ||
      (edit.state !== 'accepted' && edit.state !== 'written' && edit.state !== 'held')
    )
      return edit;
    return {
      ...edit,
      state: move.state,
      rule: move.rule ?? edit.rule,
      reason: move.reason,
      crm: move.crm?.value ?? null,
    };
  });
}

function named(state: State, visited: Visit, fault: Fault): State {
  const fields = { ...state.fields };
  for (const note of visited.notes) {
    const field = fields[note.field]!;
    if (note.crmAt === null || field.named.includes(note.crmAt)) continue;
    if (fault === 'no-journal-of-overtaken' && (note.outcome === 'overtaken' || note.kind === 'decided'))
      continue;
    fields[note.field] = { ...field, named: [...field.named, note.crmAt].sort((a, b) => a - b) };
  }
  return { ...state, fields };
}

function withMirror(state: State, plan: WorldPlan, name: string, held: Held): State {
  const field = state.fields[name]!;
  if (held === field.mirror) return state;
  const moved = !equal(plan.fields[name]!.rule.kind, held.value, field.mirror.value);
  const before = moved ? { value: field.mirror.value, at: field.mirror.at } : field.before;
  const { kind } = plan.fields[name]!.rule;
  const shown =
    moved && field.shown !== -1
      ? field.history.findIndex((fact, i) => i > field.shown && equal(kind, fact.value, held.value))
      : field.shown;
  const after: FieldState = { ...field, mirror: held, before, shown };
  return { ...state, fields: { ...state.fields, [name]: after } };
}
