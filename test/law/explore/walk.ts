/** One history over the pure law, drawn from one seed: a world of its own, and one way through it. */
import type { ConflictRule, Rule } from '@tallystick/shared/decide';
import { ruleOf } from '@tallystick/shared/defineOwnership';
import { fieldOf, ownership } from '@tallystick/shared/ownership';
import { fromMembers, members, type Value } from '@tallystick/shared/values';
import { bindingOf } from '../../../backend/store/binding.ts';
import { createRandom, type Random } from '../../simulator/random.ts';
import { wrongInState, wrongInStep } from './checks.ts';
import type { Fault } from './faults.ts';
import { firstState, type EditPlan, type FieldPlan, type State, type Step, type WorldPlan } from './model.ts';
import { isQuiet, steps } from './world.ts';

export interface Walked {
  seed: number;
  steps: number;
  /** What is wrong, or null; the history is told again by `tell`. */
  wrong: string | null;
}

const STEPS_MAX = 1_000;
const SKEW_MAX_MS = 600_000;
const CONFLICTS: readonly ConflictRule[] = ['crm', 'customer', 'newest', 'union', 'ask'];
const PEOPLE = ['ann', 'ben'] as const;

/** `tell` hears of every step, `met` of every rule that was applied. */
export function walk(
  seed: number,
  {
    fault = 'none',
    met,
    tell,
  }: { fault?: Fault; met?: (rule: string) => void; tell?: (step: string) => void } = {},
): Walked {
  const random = createRandom(seed, 'law');
  const plan: WorldPlan = { ...worldOf(random), ...(met === undefined ? {} : { met }) };
  // How busy the worker is beside everything else that may happen.
  const haste = random.pick([0.1, 0.3, 0.6]);
  let state: State = firstState(plan);
  for (let n = 0; n < STEPS_MAX; n += 1) {
    const next = nextOf(random, plan, steps(plan, state, fault));
    if (next.length === 0)
      return { seed, steps: n, wrong: isQuiet(state) ? null : 'nothing can happen, but work is left' };
    const step = random.chance(haste) ? next.at(-1)! : random.pick(next);
    tell?.(step.name);
    const before = state;
    state = step.next();
    const wrong = wrongInStep(plan, before, state) ?? wrongInState(plan, state);
    if (wrong !== null) return { seed, steps: n + 1, wrong };
  }
  return { seed, steps: STEPS_MAX, wrong: `it does not end within ${STEPS_MAX} steps` };
}

/** Nothing but chance would keep a given-up call on its way until nobody waits for it. */
function nextOf(random: Random, plan: WorldPlan, all: Step[]): Step[] {
  const others = all.filter(({ name }) => !name.startsWith('the given-up call'));
  return plan.veryLate === true && others.length > 0 && random.chance(0.98) ? others : all;
}

function worldOf(random: Random): WorldPlan {
  const isQuote = random.chance(0.15);
  const fields = isQuote ? QUOTE : fieldsOf(random);
  const edits = isQuote ? approvals(random) : editsOf(random, fields);
  const upTo = (most: number): number => random.int(most + 1);
  return {
    name: 'drawn',
    fields,
    edits,
    budget: {
      ...{ faults: upTo(5), colleague: upTo(4), workflow: upTo(1), ruling: upTo(3), pause: upTo(1) },
      ...{ duplicate: 2, drop: 3, timeout: 3, late: 2, unsent: 2, crash: 3, pass: 2 },
    },
    stalePages: random.chance(0.5),
    repeats: random.chance(0.1),
    veryLate: random.chance(0.2),
    inbox: random.chance(0.3),
    skewMs: random.pick([0, 0, random.int(2 * SKEW_MAX_MS) - SKEW_MAX_MS]),
    object: isQuote ? 'quote' : 'company',
    ...(isQuote ? { wrongAtRest: standsOnSomethingElse } : {}),
  };
}

function fieldsOf(random: Random): Record<string, FieldPlan> {
  const names = random.chance(0.3) ? ['f', 'g'] : ['f'];
  return Object.fromEntries(names.map((name) => [name, fieldPlan(random)]));
}

function fieldPlan(random: Random): FieldPlan {
  const conflict = random.pick(CONFLICTS);
  const approval = random.chance(0.1);
  const rule: Rule = { kind: 'text', conflict, writers: ['direct'], approval, required: random.chance(0.2) };
  if (conflict === 'union')
    return {
      rule: { ...rule, kind: 'choices' },
      initial: 'p;q',
      colleague: (now) => [
        fromMembers([...members(now), 't']),
        fromMembers(members(now).filter((one) => one !== 'q')),
      ],
    };
  const options = random.chance(0.1) ? ['a', 'c', 'x'] : null;
  return {
    rule,
    initial: 'a',
    colleague: () => ['x', 'a'],
    ...(options === null ? {} : { property: { exists: true, readOnly: false, options } }),
  };
}

function editsOf(random: Random, fields: Readonly<Record<string, FieldPlan>>): EditPlan[] {
  const names = Object.keys(fields);
  // As in an action: whoever asks for this field depends on the same other one.
  const isGuarded = random.chance(0.3);
  return Array.from({ length: 1 + random.int(4) }, (): EditPlan => {
    const field = random.pick(names);
    const other = names.find((name) => name !== field);
    const isSet = fields[field]!.rule.conflict === 'union';
    const wanted: Value = random.pick(['c', 'd', 'a', null]);
    const [one, adds] = [random.pick(['p', 'r', 's']), random.chance(0.6)];
    return {
      field,
      person: random.pick(PEOPLE),
      audience: random.chance(0.05) ? 'guest' : 'direct',
      wanted: isSet
        ? (seen) => fromMembers(adds ? [...members(seen), one] : members(seen).filter((each) => each !== one))
        : () => wanted,
      ...(other !== undefined && isGuarded && field === names[0] ? { guard: other } : {}),
    };
  });
}

/** A quote that is read and decided on while its words change (A1 to A3). */
const quoteField = (name: string, initial: Value, colleague: readonly Value[]): FieldPlan => {
  const spec = fieldOf('quote', name);
  if (spec === undefined) throw new Error(`The quote has no field "${name}".`);
  return { rule: ruleOf(spec), initial, colleague: () => colleague };
};
const QUOTE: Readonly<Record<string, FieldPlan>> = {
  decision: quoteField('decision', null, ['declined']),
  decisionOf: quoteField('decisionOf', null, []),
  title: quoteField('title', 'a', ['x', 'y']),
};
const digestOf = (title: Value): Value =>
  bindingOf(
    'quote',
    ownership.actions.approveQuote!.guards.map((field) => ({
      field,
      value: field === 'title' ? title : null,
    })),
  );

/** A3: a decision of ours that stands names what the quote is. */
function standsOnSomethingElse({ fields }: State): string | null {
  const [decision, named, title] = ['decision', 'decisionOf', 'title'].map((name) =>
    fields[name]!.history.at(-1)!,
  );
  const stands = decision!.promise !== null && decision!.value !== 'void' && named!.value !== null;
  return stands && named!.value !== digestOf(title!.value)
    ? `the quote is ${String(decision!.value)}, decided on something else than it is`
    : null;
}

function approvals(random: Random): EditPlan[] {
  return Array.from({ length: 1 + random.int(2) }, (): EditPlan => {
    const wanted = random.pick(['approved', 'declined']);
    const binding = { field: 'decisionOf', wanted: digestOf };
    return {
      field: 'decision',
      person: random.pick(PEOPLE),
      wanted: () => wanted,
      guard: 'title',
      with: binding,
    };
  });
}
