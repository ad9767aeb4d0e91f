/** The worlds that are explored, each small enough to be seen whole. */
import type { ConflictRule, Rule } from '@tallystick/shared/decide';
import { fromMembers, members, type Value } from '@tallystick/shared/values';
import type { Budget, EditPlan, FieldPlan, WorldPlan } from './model.ts';

const NOTHING: Budget = {
  faults: 0,
  colleague: 0,
  duplicate: 0,
  drop: 0,
  timeout: 0,
  late: 0,
  unsent: 0,
  crash: 0,
  pass: 0,
};
const ANY: Omit<Budget, 'faults' | 'colleague'> = {
  duplicate: 1,
  drop: 2,
  timeout: 2,
  late: 2,
  unsent: 1,
  crash: 2,
  pass: 0,
};
/** `faults` of any kind, in any mixture. */
const budget = (faults: number, colleague: number, some: Partial<Budget> = {}): Budget => ({
  ...NOTHING,
  ...ANY,
  faults,
  colleague,
  ...some,
});

const textRule = (conflict: ConflictRule): Rule => ({
  kind: 'text',
  conflict,
  writers: ['direct'],
  approval: false,
  required: false,
});
const to = (field: string, person: string, value: Value): EditPlan => ({
  field,
  person,
  wanted: () => value,
});

const text = (conflict: ConflictRule, ...colleague: string[]): FieldPlan => ({
  rule: textRule(conflict),
  initial: 'a',
  colleague: () => colleague,
});
const choices: FieldPlan = {
  rule: { ...textRule('union'), kind: 'choices' },
  initial: 'p;q',
  colleague: (now) => [adding('t')(now), taking('q')(now)],
};
const choicesAdding: FieldPlan = { ...choices, colleague: (now) => [adding('t')(now)] };
function adding(one: string): (seen: Value) => Value {
  return (seen) => fromMembers([...members(seen), one]);
}
function taking(one: string): (seen: Value) => Value {
  return (seen) => fromMembers(members(seen).filter((other) => other !== one));
}

const SINGLE = ['crm', 'customer', 'newest', 'ask'] as const;
const passing = (conflict: ConflictRule): Partial<Budget> => ({ pass: conflict === 'newest' ? 1 : 0 });
const ADDS: EditPlan = { field: 'f', person: 'ann', wanted: adding('r') };
const TAKES: EditPlan = { field: 'f', person: 'ben', wanted: taking('p') };

const twice = (conflict: ConflictRule): WorldPlan => ({
  name: `${conflict}: one customer, a colleague who comes twice, one fault`,
  fields: { f: text(conflict, 'x', 'a') },
  edits: [to('f', 'ann', 'c')],
  budget: budget(1, 2, passing(conflict)),
  stalePages: true,
});
const faults = (conflict: ConflictRule): WorldPlan => ({
  name: `${conflict}: one customer, a colleague, two faults`,
  fields: { f: text(conflict, 'x', 'c') },
  edits: [to('f', 'ann', 'c')],
  budget: budget(2, 1, passing(conflict)),
  stalePages: true,
});
const customers = (conflict: ConflictRule): WorldPlan => ({
  name: `${conflict}: two customers of one field, a colleague, one fault`,
  fields: { f: text(conflict, 'x') },
  edits: [to('f', 'ann', 'c'), to('f', 'ben', 'd')],
  budget: budget(1, 1),
  inOrder: true,
});

/** Each a few thousand states: these run with the tests. */
export const SMALL: readonly WorldPlan[] = [
  {
    name: 'crm: one customer asks twice from one page, a colleague',
    fields: { f: text('crm', 'x') },
    edits: [to('f', 'ann', 'c'), to('f', 'ann', 'd')],
    budget: budget(0, 1),
    inOrder: true,
    stalePages: true,
  },
  {
    name: 'guard: an approval and what was read for it',
    fields: { f: text('ask', 'x'), g: text('crm', 'y') },
    edits: [{ field: 'f', person: 'ann', wanted: () => 'c', guard: 'g' }],
    budget: budget(0, 2),
  },
  ...SINGLE.map((conflict) => ({
    ...faults(conflict),
    name: `${conflict}: one customer, a colleague, one fault`,
    budget: budget(1, 1, passing(conflict)),
  })),
  ...SINGLE.map((conflict) => ({
    ...customers(conflict),
    name: `${conflict}: two customers, a colleague`,
    budget: budget(0, 1),
  })),
  {
    name: 'union: one customer, a colleague, one fault',
    fields: { f: choices },
    edits: [ADDS],
    budget: budget(1, 1),
    stalePages: true,
  },
  {
    name: 'union: two customers, a colleague',
    fields: { f: choices },
    edits: [ADDS, TAKES],
    budget: budget(0, 1),
    inOrder: true,
  },
  {
    name: 'crm: a colleague who comes round to the customer',
    fields: { f: text('crm', 'x', 'c') },
    edits: [to('f', 'ann', 'c')],
    budget: budget(0, 3),
  },
  {
    name: 'ask: a CRM that remembers repetitions',
    fields: { f: text('ask', 'x', 'c') },
    edits: [to('f', 'ann', 'c')],
    budget: budget(1, 1),
    repeats: true,
  },
  {
    name: 'very late: a write that is applied after it was given up',
    fields: { f: text('crm', 'x') },
    edits: [to('f', 'ann', 'c')],
    budget: budget(1, 1, { crash: 0, drop: 0, duplicate: 0, unsent: 0 }),
    veryLate: true,
  },
  {
    name: 'very late: two writes of which the first comes last (S6)',
    fields: { f: text('customer') },
    edits: [to('f', 'ann', 'c'), to('f', 'ann', 'd')],
    budget: budget(1, 0, { crash: 0, drop: 0, duplicate: 0, unsent: 0 }),
    inOrder: true,
    veryLate: true,
  },
];

/** With the small ones, what `npm run explore` sees. */
export const LARGE: readonly WorldPlan[] = [
  twice('crm'),
  ...SINGLE.map(faults),
  ...(['crm', 'customer', 'ask'] as const).map(customers),
  {
    name: 'union: a colleague who comes twice',
    fields: { f: choices },
    edits: [ADDS],
    budget: budget(0, 2),
    stalePages: true,
  },
  {
    name: 'union: two customers, a colleague, one fault',
    fields: { f: choicesAdding },
    edits: [ADDS, TAKES],
    budget: budget(1, 1),
    inOrder: true,
  },
  {
    name: 'newest: one customer asks twice, one fault',
    fields: { f: text('newest', 'x') },
    edits: [to('f', 'ann', 'c'), to('f', 'ann', 'd')],
    budget: budget(1, 1),
    inOrder: true,
  },
  {
    name: 'customer: a second thought, one fault',
    fields: { f: text('customer', 'x') },
    edits: [to('f', 'ann', 'c'), to('f', 'ann', 'a')],
    budget: budget(1, 1),
    inOrder: true,
  },
  {
    name: 'guard: an approval and what was read for it, one fault',
    fields: { f: text('ask', 'x'), g: text('crm', 'y') },
    edits: [{ field: 'f', person: 'ann', wanted: () => 'c', guard: 'g' }],
    budget: budget(1, 2),
  },
  {
    name: 'two fields of one record, two customers, one fault',
    fields: { f: text('customer', 'x'), g: text('crm', 'y') },
    edits: [to('f', 'ann', 'c'), to('g', 'ben', 'd')],
    budget: budget(1, 1, { duplicate: 0, drop: 0 }),
    inOrder: true,
  },
];
