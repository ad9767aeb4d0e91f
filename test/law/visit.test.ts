/** One visit to one record, as tables: what the CRM answered, was asked and promised goes in, what follows comes out. */
import type { Rule, Standing } from '@tallystick/shared/decide';
import { ruleOf } from '@tallystick/shared/defineOwnership';
import { editId, recordId, type PersonId } from '@tallystick/shared/ids';
import { objects, ownership } from '@tallystick/shared/ownership';
import type { Held } from '@tallystick/shared/observe';
import type { Entry } from '@tallystick/shared/settle';
import { describe, expect, it } from 'vitest';
import { bindingOf } from '../../backend/store/binding.ts';
import { visit, visitGone } from '../../backend/sync/plan.ts';
import { PATIENCE, type OpenEdit, type OpenPromise, type Situation } from '../../backend/sync/situation.ts';

const APP = '31337';
const [ADA, BOB] = [recordId('410'), recordId('411')];
const NOW = 1_800_000_000_000;
const A = editId('00000000-0000-4000-8000-000000000001');
const B = editId('00000000-0000-4000-8000-000000000002');
const RULE: Rule = { kind: 'text', conflict: 'ask', writers: ['direct'], approval: false, required: false };
const COLLEAGUE = { via: 'CRM_UI', id: 'userId:9', person: null };

const colleague = (value: string, ago: number): Entry => ({ value, at: NOW - ago, by: COLLEAGUE });
const ours = (value: string, ago: number, app = APP): Entry => ({
  ...{ value, at: NOW - ago, by: { via: 'INTEGRATION', id: app, person: null } },
});
const BASE = colleague('theirs', 60_000);
const edit = (facts: Partial<OpenEdit> = {}): OpenEdit => ({
  ...{ editId: A, person: ADA, field: 'street', state: 'accepted', journaled: true },
  ...{ seen: 'theirs', wanted: 'mine', at: NOW - 10, actor: { person: ADA, audience: 'direct' } },
  ...facts,
});
const promise = (facts: Partial<OpenPromise> = {}): OpenPromise => ({
  ...{ promiseId: '1', field: 'street', value: 'mine', base: BASE, editIds: [A], person: ADA },
  ...{ restores: false, owed: false, sentAt: NOW - 60_000, answeredAt: null },
  ...facts,
});
/** An event told of this value, just now: an answer that shows an older one is not believed. */
const told = (value: string): Held => ({
  ...{ value, at: NOW - 5, by: COLLEAGUE, how: 'event', learnedAt: NOW, asOf: NOW },
});

interface Facts extends Partial<Omit<Situation, 'read' | 'rules'>> {
  street?: readonly Entry[];
  city?: readonly Entry[];
  rule?: Partial<Rule>;
  begunAt?: number;
  order?: readonly string[];
}
function seen(facts: Facts): ReturnType<typeof visit> {
  const {
    street = [BASE],
    city = [colleague('here', 60_000)],
    rule = {},
    begunAt = NOW,
    order,
    ...more
  } = facts;
  const rules = Object.fromEntries((order ?? ['street', 'city']).map((name) => [name, { ...RULE, ...rule }]));
  return visit({
    ...{ object: 'company', now: NOW, patience: PATIENCE, appId: APP, mirror: {}, edits: [], promises: [] },
    ...{ givenUp: [], ownWrites: [], properties: () => ({ exists: true, readOnly: false, options: null }) },
    ...more,
    read: { begunAt, history: { street, city } },
    rules,
  });
}
const states = (plan: ReturnType<typeof visit>) =>
  plan.moves.map(({ editId: id, state, rule }) => [id === A ? 'A' : 'B', state, rule]);

describe('an answer', () => {
  it('O5: that is older than what an event told decides nothing, settles nothing, and is asked for again', () => {
    const plan = seen({ mirror: { street: told('new') }, edits: [edit()] });
    expect(plan).toMatchObject({
      promises: [],
      moves: [],
      again: { lane: 'observe', notBefore: NOW + 1_000 },
    });
    const written = { street: [ours('mine', 50_000), BASE], promises: [promise()], edits: [edit()] };
    expect(seen({ ...written, mirror: { street: told('new') } }).settled).toEqual([]);
    expect(seen(written).settled).toEqual([{ promiseId: '1', outcome: 'confirmed', watchedFrom: null }]);
  });

  it('that was asked for before the edit decides nothing of it', () => {
    expect(seen({ edits: [edit({ at: NOW + 1 })] }).promises).toEqual([]);
    expect(seen({ edits: [edit({ at: NOW })] }).promises).toHaveLength(1);
  });

  it('decides and settles nothing of an edit while what guards it is not believed', () => {
    const guards = [{ field: 'city', kind: 'text' as const, seen: 'here', crm: null }];
    const doubted = { mirror: { city: told('there') }, edits: [edit({ guards })] };
    expect(seen({ edits: [edit({ guards })] }).promises).toHaveLength(1);
    expect(seen(doubted)).toMatchObject({ promises: [], moves: [] });
    const written = { street: [ours('mine', 50_000), BASE], promises: [promise()] };
    expect(seen({ ...doubted, ...written })).toMatchObject({ settled: [], moves: [] });
  });

  it('moves no mirror that is paused inwards, and decides no edit that is paused outwards', () => {
    const paused = (direction: 'in' | 'out') => (field: string, is: 'in' | 'out') =>
      field === 'street' && is === direction;
    expect(Object.keys(seen({ isPaused: paused('in') }).observed)).toEqual(['city']);
    expect(seen({ isPaused: paused('out'), edits: [edit()] })).toMatchObject({ promises: [], moves: [] });
    expect(Object.keys(seen({ isPaused: paused('out') }).observed)).toEqual(['street', 'city']);
  });

  it('is looked at again when the first of several reasons wants it, in whatever order they come', () => {
    const both = {
      ...{ patience: { answeredMs: 500, ambiguousMs: 500 }, mirror: { city: told('there') } },
      ...{ promises: [promise({ sentAt: NOW })], edits: [edit()] },
    };
    for (const order of [
      ['street', 'city'],
      ['city', 'street'],
    ])
      expect(seen({ ...both, order }).again).toEqual({ lane: 'settle', notBefore: NOW + 500 });
  });
});

describe('edits', () => {
  it('D4: over the person’s own earlier write are written; over another’s, or another app’s, they are held', () => {
    const mine = {
      street: [ours('first', 1_000), BASE],
      ownWrites: [{ field: 'street', value: 'first', person: ADA as PersonId }],
    };
    expect(seen({ ...mine, edits: [edit()] }).promises).toHaveLength(1);
    const other = { ...mine, ownWrites: [{ field: 'street', value: 'first', person: BOB as PersonId }] };
    expect(states(seen({ ...other, edits: [edit()] }))).toEqual([['A', 'held', 'D9']]);
    const app = { ...mine, street: [ours('first', 1_000, '99'), BASE] };
    expect(states(seen({ ...app, edits: [edit()] }))).toEqual([['A', 'held', 'D9']]);
  });

  it('F1: one that a later one took back ends superseded, though nothing is written', () => {
    const edits = [edit(), edit({ editId: B, seen: 'mine', wanted: 'theirs', at: NOW - 5 })];
    const plan = seen({ edits });
    expect(plan.promises).toEqual([]);
    expect(states(plan)).toEqual([
      ['A', 'superseded', 'F1'],
      ['B', 'verified', expect.any(String)],
    ]);
  });

  it('are journaled as asked for once', () => {
    const kinds = (journaled: boolean) =>
      seen({ edits: [edit({ journaled })] }).notes.map(({ kind }) => kind);
    expect(kinds(false)).toEqual(['asked', 'decided', 'sent']);
    expect(kinds(true)).toEqual(['decided', 'sent']);
  });

  it('that yield or are refused say to what and why; a wish for approval is a proposal', () => {
    const moved = { street: [colleague('newer', 100), BASE], edits: [edit()] };
    expect(seen({ ...moved, rule: { conflict: 'crm' } }).moves).toMatchObject([
      { state: 'superseded', rule: 'D5', crm: { value: 'newer', by: COLLEAGUE } },
    ]);
    expect(seen({ edits: [edit()], rule: { writers: [] } }).moves).toMatchObject([
      { state: 'refused', rule: 'D2', reason: 'not-yours-to-change' },
    ]);
    expect(seen({ edits: [edit()], rule: { approval: true } }).conflicts).toMatchObject([
      { kind: 'proposal' },
    ]);
    expect(visitGone([edit()], 'record-merged').moves).toMatchObject([
      { state: 'refused', reason: 'record-merged' },
    ]);
  });
});

describe('a promise', () => {
  const missing = (facts: Partial<OpenPromise>, begunAt = NOW) =>
    seen({ begunAt, edits: [edit({ at: 0 })], promises: [promise(facts)] }).settled.length === 1;

  it('S4: that the history does not show is waited for while it may still come, judged by when the look began', () => {
    const { ambiguousMs, answeredMs } = PATIENCE;
    expect(missing({ sentAt: NOW - ambiguousMs + 1 })).toBe(false);
    expect(missing({ sentAt: NOW - ambiguousMs })).toBe(true);
    expect(missing({ answeredAt: NOW - answeredMs + 1 })).toBe(false);
    expect(missing({ answeredAt: NOW - answeredMs })).toBe(true);
    expect(missing({ sentAt: NOW - ambiguousMs }, NOW - 1)).toBe(false);
  });

  it('A2: is superseded where what its edit depends on moved before it was written', () => {
    const guards = [{ field: 'city', kind: 'text' as const, seen: 'here', crm: null }];
    const written = {
      street: [ours('mine', 50_000), BASE],
      promises: [promise()],
      edits: [edit({ guards })],
    };
    expect(states(seen(written))).toEqual([['A', 'verified', 'S1']]);
    expect(states(seen({ ...written, city: [colleague('there', 55_000)] }))).toEqual([
      ['A', 'superseded', 'A2'],
    ]);
  });

  it('S2: that overwrote a colleague’s value gives theirs back, in nobody’s name, and the edit is held', () => {
    const street = [ours('mine', 10), colleague('between', 20), BASE];
    const plan = seen({ street, edits: [edit()], promises: [promise()] });
    expect(plan.promises).toMatchObject([
      { value: 'between', restores: true, owed: true, person: null, base: street[0] },
    ]);
    expect(states(plan)).toEqual([['A', 'held', 'D9']]);
    const kept = seen({ street, edits: [edit()], promises: [promise()], rule: { conflict: 'customer' } });
    expect(kept.promises).toEqual([]);
    expect(states(kept)).toEqual([['A', 'verified', expect.any(String)]]);
  });

  it('S2: of a union that carried several edits keeps what each of them added, and the colleague’s', () => {
    const base = { ...BASE, value: 'a' };
    const plan = seen({
      rule: { kind: 'choices', conflict: 'union' },
      street: [ours('a;b;c', 10), colleague('a;d', 20), base],
      city: [],
      edits: [edit({ seen: 'a', wanted: 'a;b' }), edit({ editId: B, seen: 'a', wanted: 'a;c' })],
      promises: [promise({ value: 'a;b;c', base, editIds: [A, B] })],
    });
    expect(plan.promises).toMatchObject([{ value: 'a;b;c;d', restores: false, person: ADA }]);
  });

  it('that gives a value back moves no edit when it is there; while it is not, it is owed, unless somebody moved on', () => {
    const facts = { value: 'between', restores: true, owed: true, person: null, base: ours('mine', 1_000) };
    const owing = { edits: [], promises: [promise(facts)] };
    expect(seen({ ...owing, street: [ours('between', 10), ours('mine', 1_000), BASE] })).toMatchObject({
      settled: [{ outcome: 'confirmed' }],
      moves: [],
      promises: [],
    });
    const street = [ours('mine', 1_000), BASE];
    expect(seen({ ...owing, street }).promises).toMatchObject([
      { value: 'between', restores: true, owed: true },
    ]);
    const moved: Standing = colleague('moved on', 5);
    expect(seen({ ...owing, street: [moved, ...street] }).promises).toEqual([]);
  });
});

describe('an approval of a quote', () => {
  const { guards: GUARDS } = ownership.actions.approveQuote!;
  const QUOTE = Object.fromEntries(
    [...GUARDS, 'decision', 'decisionOf'].map((name): [string, Rule] => [
      name,
      ruleOf(objects.quote.fields[name]!),
    ]),
  );
  const shown = GUARDS.map((field) => ({ field, value: '100' }));
  const named = bindingOf('quote', shown);
  function quote(
    facts: Partial<Situation> & { decision?: Entry; content?: string },
  ): ReturnType<typeof visit> {
    const { decision = ours('approved', 100), content = '200', ...more } = facts;
    const guards = Object.fromEntries(GUARDS.map((field) => [field, [colleague(content, 50)]]));
    return visit({
      ...{ object: 'quote', now: NOW, patience: PATIENCE, appId: APP, mirror: {}, edits: [], promises: [] },
      ...{
        givenUp: [],
        ownWrites: [],
        properties: () => ({ exists: true, readOnly: false, options: null }),
        rules: QUOTE,
      },
      ...more,
      read: { begunAt: NOW, history: { ...guards, decision: [decision], decisionOf: [ours(named, 100)] } },
    });
  }

  it('A3: is taken back with what it names once the quote is another one, and stands while it is not', () => {
    expect(quote({ content: '100' }).promises).toEqual([]);
    expect(quote({}).promises).toMatchObject([
      { field: 'decision', restores: true, person: null },
      { field: 'decisionOf', value: null },
    ]);
    // Nobody asked for it: the journal says that we did it ourselves.
    const { notes } = quote({});
    const who = { via: 'INTEGRATION', id: APP, person: null };
    expect(notes.filter(({ kind }) => kind === 'sent').map(({ actor }) => actor)).toEqual([who, who]);
  });

  it('A3: is left alone where a colleague decided, while its write is under way, and while staff pause it', () => {
    expect(quote({ decision: colleague('approved', 100) }).promises).toEqual([]);
    const open = promise({ field: 'decision', value: 'declined', base: ours('approved', 100), sentAt: NOW });
    expect(quote({ promises: [open] }).promises).toEqual([]);
    const isPaused = (field: string, direction: 'in' | 'out') => field === 'decision' && direction === 'out';
    expect(quote({ isPaused }).promises).toEqual([]);
  });
});
