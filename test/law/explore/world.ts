/** Everything that may happen next: in the CRM, at a customer's desk, on the network, in the worker. */
import { STAFF } from '@tallystick/shared/decide';
import { equal, type Value } from '@tallystick/shared/values';
import type { Fault } from './faults.ts';
import {
  APP_ID,
  type Budget,
  type Edit,
  type EditPlan,
  type Promised,
  type State,
  type Step,
  type WorldPlan,
} from './model.ts';
import { commit, crash, hear, storeAnswer } from './worker.ts';

/** Longer than `AMBIGUOUS_WAIT_MS`, `SETTLE_PATIENCE_MS` and `READ_LAG_MS`. */
const WAIT_MS = 20_000;
/** Longer than `SKEW_TOLERANCE_MS`. */
const PASS_MS = 5_000;

export function steps(plan: WorldPlan, state: State, fault: Fault): Step[] {
  const next: Step[] = [];
  const add: Add = (name, to) => void next.push({ name, next: to });
  if (!state.closing) {
    colleagues(plan, state, add);
    customers(plan, state, add);
    staff(plan, state, add);
    pauses(state, add);
    if (may(state, 'pass') && mayWait(plan, state))
      add('some seconds pass', () => ({ ...spend(state, 'pass'), now: state.now + PASS_MS }));
  }
  webhooks(plan, state, fault, add);
  driftingCalls(plan, state, add);
  work(plan, state, fault, add);
  if (!state.closing && isQuiet(state))
    add('reconcile', () => ({ ...state, closing: true, due: 'now', paused: null }));
  return next;
}

/** Nothing is on its way and nobody has anything to do. */
export function isQuiet(state: State): boolean {
  return (
    state.worker.is === 'idle' && state.due === 'no' && state.events.length === 0 && state.adrift.length === 0
  );
}

type Add = (name: string, to: () => State) => void;

function colleagues(plan: WorldPlan, state: State, add: Add): void {
  if (state.left.colleague === 0) return;
  for (const [name, { colleague, rule }] of Object.entries(plan.fields)) {
    const current = state.fields[name]!.history.at(-1)!.value;
    for (const value of colleague(current)) {
      if (equal(rule.kind, value, current)) continue;
      add(`a colleague sets ${name} to ${String(value)}`, () =>
        write(plan, spend(state, 'colleague'), name, value, null),
      );
    }
  }
}

function customers(plan: WorldPlan, state: State, add: Add): void {
  plan.edits.forEach((edit, index) => {
    if (state.edits.some((asked) => asked.plan === index)) return;
    if (plan.inOrder === true && state.edits.filter(({ plan: by }) => by >= 0).length < index) return;
    const field = state.fields[edit.field]!;
    const pages = [{ value: field.mirror.value, at: field.mirror.at }];
    if (plan.stalePages === true && field.before !== null) pages.push(field.before);
    for (const page of pages) {
      const wanted = edit.wanted(page.value);
      add(`${edit.person} saw ${String(page.value)} and asks ${edit.field} to be ${String(wanted)}`, () =>
        ask(state, edit, index, page),
      );
    }
  });
}

function ask(state: State, edit: EditPlan, index: number, page: { value: Value; at: number }): State {
  const guard =
    edit.guard === undefined ? null : { field: edit.guard, seen: state.fields[edit.guard]!.mirror.value };
  const now = state.now + 1;
  const { person, audience = 'direct' } = edit;
  const all = { ...NEW, plan: index, person, audience, at: now, guard };
  const asked: Edit[] = [
    { ...all, field: edit.field, seen: page.value, seenAt: page.at, wanted: edit.wanted(page.value) },
  ];
  if (edit.with !== undefined) {
    const { mirror } = state.fields[edit.with.field]!;
    const wanted = edit.with.wanted(guard?.seen ?? null);
    asked.push({ ...all, field: edit.with.field, seen: mirror.value, seenAt: mirror.at, wanted });
  }
  return { ...state, now, edits: [...state.edits, ...asked], due: 'now' };
}

const NEW = { ruling: null, state: 'accepted' as const, rule: null, reason: null, crm: null };

/** What staff decide: of a conflict that is open, or of a field by itself; over what they are shown. */
function staff(plan: WorldPlan, state: State, add: Add): void {
  if ((state.left.ruling ?? 0) === 0) return;
  const rule = (name: string, wanted: Value, ruling: NonNullable<Edit['ruling']>, person: string): void => {
    const { mirror } = state.fields[name]!;
    add(`${person} decides ${name}: ${ruling.choice} ${String(wanted)}`, () => {
      const now = state.now + 1;
      const { value: seen, at: seenAt } = mirror;
      const asked = { field: name, seen, seenAt, wanted, at: now, guard: { field: name, seen } };
      const edit: Edit = { ...NEW, ...asked, plan: -1, person, audience: STAFF, ruling };
      return { ...spend(state, 'ruling'), now, edits: [...state.edits, edit], due: 'now' };
    });
  };
  state.conflicts.forEach(({ edit, settledBy }, conflict) => {
    if (settledBy !== null) return;
    const { field, wanted } = state.edits[edit]!;
    const shown = state.fields[field]!.mirror.value;
    for (const person of ['user:7', 'user:8']) {
      rule(field, shown, { choice: 'keep', conflict }, person);
      rule(field, wanted, { choice: 'take', conflict }, person);
      for (const value of plan.fields[field]!.colleague(shown))
        rule(field, value, { choice: 'write', conflict }, person);
    }
  });
  for (const [name, { colleague }] of Object.entries(plan.fields))
    for (const value of colleague(state.fields[name]!.mirror.value))
      rule(name, value, { choice: 'write', conflict: null }, 'user:7');
}

/** While it lasts nothing is decided, or nothing let in; after it everything is looked at. */
function pauses(state: State, add: Add): void {
  if (state.paused !== null)
    add(`staff let everything ${state.paused} again`, () => ({ ...state, paused: null, due: 'now' }));
  if ((state.left.pause ?? 0) === 0 || state.paused !== null) return;
  for (const paused of ['in', 'out'] as const)
    add(`staff let nothing ${paused}`, () => ({ ...spend(state, 'pause'), paused }));
}

function webhooks(plan: WorldPlan, state: State, fault: Fault, add: Add): void {
  const pending = state.closing ? state.events.slice(0, 1) : state.events;
  pending.forEach((event, i) => {
    const name = `the webhook of ${event.field} ${event.index}`;
    const without = (): State['events'] => state.events.filter((other) => other !== event);
    if (plan.inbox === true && event.receivedAt === undefined && !state.closing) {
      const received = { ...event, receivedAt: state.now };
      add(`${name} is stored`, () => ({ ...state, events: [...without(), received] }));
      return;
    }
    const heard = (): State => hear(plan, state, i, fault);
    add(`${name} arrives`, () => ({ ...heard(), events: without() }));
    if (state.closing) return;
    if (may(state, 'duplicate')) add(`${name} arrives, and will again`, () => spend(heard(), 'duplicate'));
    if (may(state, 'drop') && event.receivedAt === undefined)
      add(`${name} is lost`, () => ({ ...spend(state, 'drop'), events: without() }));
  });
}

function driftingCalls(plan: WorldPlan, state: State, add: Add): void {
  state.adrift.forEach((promises, i) => {
    const without = (): State => ({ ...state, adrift: state.adrift.filter((_, j) => j !== i) });
    const ids = promises.map(({ id }) => id).join(', ');
    add(`the given-up call of ${ids} is applied`, () => apply(plan, without(), promises));
    add(`the given-up call of ${ids} never arrives`, without);
  });
}

function work(plan: WorldPlan, state: State, fault: Fault, add: Add): void {
  const { worker } = state;
  switch (worker.is) {
    case 'idle':
      if (state.due === 'now' || (state.due === 'later' && news(state)))
        add('the worker begins to read', () => begin(state));
      if (state.due === 'later' && mayWait(plan, state))
        add('the worker waits, and begins to read', () => begin({ ...state, now: state.now + WAIT_MS }));
      return;
    case 'reading': {
      add('the CRM answers the read', () => {
        const lengths = Object.values(state.fields).map(({ history }) => history.length);
        return { ...state, worker: { is: 'answered', begunAt: worker.begunAt, lengths } };
      });
      return addCrash(state, fault, add);
    }
    case 'answered':
      add('the worker stores its visit', () => commit(plan, state, fault));
      return addCrash(state, fault, add);
    case 'promised':
      callCrm(plan, state, worker.promises, add);
      return addCrash(state, fault, add);
    case 'called':
      add('the worker stores how the call went', () => storeAnswer(state, fault));
      return addCrash(state, fault, add);
    default:
      worker satisfies never;
  }
}

/** What the worker waits for are calls that may still arrive: they do so before, unless they are very late. */
const mayWait = (plan: WorldPlan, state: State): boolean =>
  plan.veryLate === true || state.adrift.length === 0;

/** A look before the wait is over is worth a state only when there is something new to see. */
function news(state: State): boolean {
  const open = state.promises[0];
  if (open === undefined) return false;
  const { history, mirror } = state.fields[open.field]!;
  const top = history.at(-1)!;
  return top.ours > open.sentAt && top.at > mirror.at;
}

const begin = (state: State): State => {
  const now = state.now + 1;
  return { ...state, now, worker: { is: 'reading', begunAt: now } };
};

function callCrm(plan: WorldPlan, state: State, promises: readonly Promised[], add: Add): void {
  const over = (to: State, answer: 'yes' | 'nobody-knows' | 'unsent'): State => ({
    ...to,
    worker: { is: 'called', promises, answer },
  });
  add('the CRM writes and answers', () => over(apply(plan, state, promises), 'yes'));
  if (!state.closing && (state.left.workflow ?? 0) > 0) answeredByWorkflow(plan, state, promises, over, add);
  if (state.closing) return;
  if (may(state, 'unsent')) add('the CRM is too busy', () => over(spend(state, 'unsent'), 'unsent'));
  if (!may(state, 'timeout')) return;
  const unanswered = (): State => spend(state, 'timeout');
  add('the call is lost on its way', () => over(unanswered(), 'nobody-knows'));
  add('the CRM writes, its answer is lost', () => over(apply(plan, unanswered(), promises), 'nobody-knows'));
  if (state.left.late > 0) {
    add('the call is given up on its way', () => {
      const late = { ...spend(unanswered(), 'late'), adrift: [...state.adrift, promises] };
      return over(late, 'nobody-knows');
    });
  }
}

function answeredByWorkflow(
  plan: WorldPlan,
  state: State,
  promises: readonly Promised[],
  over: (to: State, answer: 'yes') => State,
  add: Add,
): void {
  for (const { field, value } of promises)
    for (const other of plan.fields[field]!.colleague(value)) {
      if (equal(plan.fields[field]!.rule.kind, other, value)) continue;
      add(`the CRM writes, and a workflow sets ${field} to ${String(other)}`, () =>
        over(write(plan, apply(plan, spend(state, 'workflow'), promises), field, other, null), 'yes'),
      );
    }
}

function addCrash(state: State, fault: Fault, add: Add): void {
  if (state.closing || !may(state, 'crash')) return;
  add(`a crash (${state.worker.is})`, () => crash(spend(state, 'crash'), fault));
  const { worker } = state;
  if (worker.is === 'promised' && state.left.late > 0) {
    add('a crash (the call has just gone out)', () =>
      crash({ ...spend(spend(state, 'crash'), 'late'), adrift: [...state.adrift, worker.promises] }, fault),
    );
  }
}

function apply(plan: WorldPlan, state: State, promises: readonly Promised[]): State {
  return promises.reduce((to, one) => write(plan, to, one.field, one.value, one.id), state);
}

/** The CRM takes a value, remembers it and announces it. The same value again is no change. */
function write(plan: WorldPlan, state: State, name: string, value: Value, promise: number | null): State {
  const field = state.fields[name]!;
  const same = equal(plan.fields[name]!.rule.kind, field.history.at(-1)!.value, value);
  if (same && plan.repeats !== true) return state;
  const ours = state.now + 1;
  const by =
    promise === null
      ? { via: 'CRM_UI', id: 'userId:7', person: null }
      : { via: 'INTEGRATION', id: APP_ID, person: null };
  const history = [...field.history, { value, at: ours + (plan.skewMs ?? 0), ours, by, promise }];
  const events = same ? state.events : [...state.events, { field: name, index: field.history.length }];
  return { ...state, now: ours, fields: { ...state.fields, [name]: { ...field, history } }, events };
}

type Faulty = Exclude<keyof Budget, 'faults' | 'colleague' | 'late' | 'workflow' | 'ruling' | 'pause'>;
const NO_FAULTS: readonly (keyof Budget)[] = ['colleague', 'late', 'workflow', 'ruling', 'pause'];

function may(state: State, what: Faulty): boolean {
  return state.left.faults > 0 && state.left[what] > 0;
}

function spend(state: State, what: keyof Budget): State {
  const faults = state.left.faults - (NO_FAULTS.includes(what) ? 0 : 1);
  return { ...state, left: { ...state.left, faults, [what]: (state.left[what] ?? 0) - 1 } };
}
