import {
  CONFLICT_RULES,
  decide,
  fold,
  SKEW_TOLERANCE_MS,
  unfit,
  type Asked,
  type Decision,
  type Property,
  type Rule,
  type Standing,
} from '@tallystick/shared/decide';
import type { Value } from '@tallystick/shared/values';
import { describe, expect, it } from 'vitest';

const RULE: Rule = { kind: 'text', conflict: 'crm', writers: ['direct'], approval: false, required: false };
const rule = (some: Partial<Rule>): Rule => ({ ...RULE, ...some });
const PROPERTY: Property = { exists: true, readOnly: false, options: null };
const property = (some: Partial<Property>): Property => ({ ...PROPERTY, ...some });
const standing = (value: Value, at = 10_000, person: string | null = null): Standing => ({
  value,
  at,
  by: { via: 'CRM_UI', id: 'userId:7', person },
});
const asked = (seen: Value, wanted: Value, some: Partial<Asked> = {}): Asked => ({
  seen,
  wanted,
  at: 20_000,
  actor: { person: '1', audience: 'direct' },
  ...some,
});
const ANY = PROPERTY;

describe('D: deciding one field of one edit', () => {
  it('D1: the CRM already holds what is wanted, in whatever spelling: nothing is written', () => {
    expect(decide(RULE, ANY, standing('b'), asked('a', 'b'))).toEqual({ do: 'already', rule: 'D1' });
    expect(decide(RULE, ANY, standing('b'), asked('b', ' b '))).toEqual({ do: 'already', rule: 'D1' });
    expect(decide(rule({ kind: 'number' }), ANY, standing('2'), asked('1', '2.0')).do).toBe('already');
    expect(decide(RULE, ANY, standing(null), asked('a', ''))).toEqual({ do: 'already', rule: 'D1' });
  });

  it('D1: comes before what the property would take, before approval and before every conflict rule', () => {
    const gone = property({ exists: false });
    for (const conflict of CONFLICT_RULES)
      expect(decide(rule({ conflict, approval: true }), gone, standing('b'), asked('a', 'b')).do).toBe(
        'already',
      );
  });

  it('D2: an audience that may not write the field is refused before anything is said of the value', () => {
    const refused: Decision = { do: 'refuse', rule: 'D2', reason: 'not-yours-to-change', field: null };
    expect(decide(rule({ writers: [] }), ANY, standing('a'), asked('a', 'b'))).toEqual(refused);
    expect(decide(rule({ writers: ['partner'] }), ANY, standing('b'), asked('a', 'b'))).toEqual(refused);
    const guards = [{ field: 'terms', kind: 'text' as const, seen: 'x', crm: 'y' }];
    expect(decide(rule({ writers: [] }), ANY, standing('a'), asked('a', 'b', { guards }))).toEqual(refused);
    expect(decide(rule({ writers: ['partner', 'direct'] }), ANY, standing('a'), asked('a', 'b')).do).toBe(
      'write',
    );
  });

  it.each([
    ['property-gone', {}, { exists: false, readOnly: true }, 'b'],
    ['property-read-only', {}, { readOnly: true }, 'b'],
    ['required', { required: true }, {}, null],
    ['required', { required: true }, {}, null],
    ['not-a-number', { kind: 'number' }, { options: [] }, 'ten'],
    ['not-an-option', { kind: 'choice' }, { options: ['x', 'y'] }, 'b'],
    ['not-an-option', { kind: 'choices' }, { options: ['x', 'y'] }, 'x;b'],
    ['not-an-option', { kind: 'choice' }, { options: [] }, 'b'],
    ['not-an-option', { kind: 'choice' }, { options: ['x', 'y'] }, 'x;y'],
  ] as const)('D2: the property would not take it: %s', (reason, some, now, wanted) => {
    const decision = decide(rule(some), property(now), standing('a'), asked('a', wanted));
    expect(decision).toEqual({ do: 'refuse', rule: 'D2', reason, field: null });
    expect(unfit(rule(some), property(now), wanted)).toBe(reason);
  });

  it('D2: the property takes what fits it: an option, several options, nothing where nothing is required', () => {
    expect(unfit(rule({ kind: 'choice' }), property({ options: ['x', 'y'] }), 'x')).toBeNull();
    expect(unfit(rule({ kind: 'choices' }), property({ options: ['x', 'y'] }), 'x;y')).toBeNull();
    expect(unfit(rule({ required: true }), PROPERTY, 'x')).toBeNull();
    expect(unfit(RULE, property({ options: ['x'] }), null)).toBeNull();
    expect(unfit(rule({ kind: 'number' }), PROPERTY, '10')).toBeNull();
  });

  it('D2: a value that does not fit is refused before approval and before every conflict rule', () => {
    for (const conflict of CONFLICT_RULES)
      expect(
        decide(
          rule({ conflict, approval: true }),
          property({ readOnly: true }),
          standing('x'),
          asked('a', 'b'),
        ),
      ).toMatchObject({ do: 'refuse', rule: 'D2' });
  });

  it('D3: the CRM still holds what was seen, in whatever spelling: written under every rule', () => {
    for (const conflict of CONFLICT_RULES)
      expect(decide(rule({ conflict }), ANY, standing('a', 99_999), asked(' a', 'b'))).toEqual({
        do: 'write',
        rule: 'D3',
        value: 'b',
        overwrites: null,
      });
    expect(decide(RULE, ANY, standing(null), asked('', 'b'))).toMatchObject({ rule: 'D3' });
  });

  it('D4: the CRM moved by this person only: written under every rule that knows one value', () => {
    for (const conflict of CONFLICT_RULES.filter((one) => one !== 'union'))
      expect(decide(rule({ conflict }), ANY, standing('x', 99_999, '1'), asked('a', 'b'))).toEqual({
        do: 'write',
        rule: 'D4',
        value: 'b',
        overwrites: null,
      });
    expect(decide(RULE, ANY, standing('x', 99_999, '2'), asked('a', 'b')).do).toBe('yield');
  });

  it('D4, D8, F1: a second thought of one person takes nothing out of a set that a colleague put in meanwhile', () => {
    const union = rule({ kind: 'choices', conflict: 'union' });
    const { decisions, write } = fold(union, ANY, standing('p;t'), [
      asked('p;q', 'p;q;r'),
      asked('p;q', 'q'),
    ]);
    expect(decisions.map((one) => one.rule)).toEqual(['D8', 'D8']);
    expect(write?.value).toBe('r;t');
  });

  it('D2, D8: a set that may not be empty is not emptied by two people who each leave what the other takes', () => {
    const union = rule({ kind: 'choices', conflict: 'union', required: true });
    expect(decide(union, ANY, standing('p'), asked('p;q', 'q'))).toMatchObject({
      do: 'refuse',
      reason: 'required',
    });
  });

  it('D5: the CRM moved, rule crm: yields to what stands, which is told', () => {
    const crm = standing('x');
    expect(decide(rule({ conflict: 'crm' }), ANY, crm, asked('a', 'b', { at: 1e9 }))).toEqual({
      do: 'yield',
      rule: 'D5',
      to: crm,
    });
  });

  it('D6: the CRM moved, rule customer: written, and the overwritten value is kept', () => {
    const crm = standing('x');
    expect(decide(rule({ conflict: 'customer' }), ANY, crm, asked('a', 'b', { at: 1 }))).toEqual({
      do: 'write',
      rule: 'D6',
      value: 'b',
      overwrites: crm,
    });
    expect(decide(rule({ conflict: 'customer' }), ANY, crm, asked('a', null))).toMatchObject({
      do: 'write',
      value: null,
    });
  });

  it('D7: the later change by time is written, within the skew the CRM stands', () => {
    const crm = standing('x', 10_000);
    const at = (ms: number): Decision =>
      decide(rule({ conflict: 'newest' }), ANY, crm, asked('a', 'b', { at: ms }));
    expect(at(10_000 + SKEW_TOLERANCE_MS + 1)).toEqual({
      do: 'write',
      rule: 'D7',
      value: 'b',
      overwrites: crm,
    });
    expect(at(10_000 + SKEW_TOLERANCE_MS)).toEqual({ do: 'yield', rule: 'D7', to: crm });
    expect(at(10_000 - SKEW_TOLERANCE_MS - 1)).toEqual({ do: 'yield', rule: 'D7', to: crm });
  });

  it.each([
    { seen: 'a;b', crm: 'a;b;t', wanted: 'a;b;n', merged: 'a;b;n;t', why: 'both added' },
    { seen: 'a;b', crm: 'b', wanted: 'a;b;n', merged: 'b;n', why: 'they took out, the customer added' },
    { seen: 'a;b', crm: 'a;b;t', wanted: 'a', merged: 'a;t', why: 'they added, the customer took out' },
    { seen: 'a;b', crm: 'a', wanted: 'b', merged: null, why: 'each took out another' },
    { seen: null, crm: 't', wanted: 'n', merged: 'n;t', why: 'there was nothing before' },
    {
      seen: 'a',
      crm: 't',
      wanted: 'a;t;n',
      merged: 'n;t',
      why: 'both added the same, and the customer one more',
    },
  ])(
    'D8: the three-way merge of $seen, $crm and $wanted is $merged: $why',
    ({ seen, crm, wanted, merged }) => {
      const stands = standing(crm);
      const choices = rule({ kind: 'choices', conflict: 'union' });
      expect(decide(choices, ANY, stands, asked(seen, wanted))).toEqual({
        do: 'write',
        rule: 'D8',
        value: merged,
        overwrites: stands,
      });
    },
  );

  it('D8: nothing is written when the merge is what the CRM holds', () => {
    const choices = rule({ kind: 'choices', conflict: 'union' });
    expect(decide(choices, ANY, standing('a;n;t'), asked('a', 'a;n'))).toEqual({ do: 'already', rule: 'D8' });
    expect(decide(choices, ANY, standing('t'), asked('a', null))).toEqual({ do: 'already', rule: 'D8' });
  });

  it('D9: the CRM moved, rule ask: held, nothing is written', () => {
    const crm = standing('x');
    expect(decide(rule({ conflict: 'ask' }), ANY, crm, asked('a', 'b', { at: 1e9 }))).toEqual({
      do: 'hold',
      rule: 'D9',
      against: crm,
    });
  });

  it('D10: a field that wants approval is proposed, conflict or not', () => {
    for (const conflict of CONFLICT_RULES) {
      for (const crm of [standing('a'), standing('x'), standing('x', 1, '1')])
        expect(decide(rule({ conflict, approval: true }), ANY, crm, asked('a', 'b'))).toEqual({
          do: 'propose',
          rule: 'D10',
        });
    }
  });

  it('D11: a guard that moved is refused, even when the CRM already says so, and the field is named', () => {
    const guards = [
      { field: 'terms', kind: 'text' as const, seen: 'x', crm: 'x' },
      { field: 'amount', kind: 'currency' as const, seen: '10', crm: '12' },
    ];
    const refused: Decision = { do: 'refuse', rule: 'D11', reason: 'changed-while-looking', field: 'amount' };
    expect(decide(RULE, ANY, standing('a'), asked('a', 'b', { guards }))).toEqual(refused);
    expect(decide(RULE, ANY, standing('b'), asked('a', 'b', { guards }))).toEqual(refused);
    expect(decide(RULE, property({ exists: false }), standing('a'), asked('a', 'b', { guards }))).toEqual(
      refused,
    );
  });

  it('D11: a guard that was only reformatted has not moved', () => {
    const guards = [{ field: 'amount', kind: 'currency' as const, seen: '10', crm: '10.00' }];
    expect(decide(RULE, ANY, standing('a'), asked('a', 'b', { guards })).do).toBe('write');
    expect(decide(RULE, ANY, standing('a'), asked('a', 'b', { guards: [] })).do).toBe('write');
  });
});

describe('F: several edits of one field', () => {
  const crm = standing('a');
  const by = (person: string, seen: Value, wanted: Value, at = 20_000): Asked =>
    asked(seen, wanted, { at, actor: { person, audience: 'direct' } });

  it('F1: each is decided over what the one before would leave, and one value is written', () => {
    const { decisions, write } = fold(rule({ conflict: 'customer' }), ANY, crm, [
      by('1', 'a', 'b'),
      by('2', 'a', 'c'),
    ]);
    expect(decisions).toEqual([
      { do: 'write', rule: 'D3', value: 'b', overwrites: null },
      {
        do: 'write',
        rule: 'D6',
        value: 'c',
        overwrites: { value: 'b', at: 20_000, by: { via: 'customer', id: null, person: '1' } },
      },
    ]);
    expect(write).toEqual(decisions[1]);
  });

  it('F1: an edit that yields leaves what the one before would write', () => {
    const { decisions, write } = fold(RULE, ANY, crm, [by('1', 'a', 'b'), by('2', 'a', 'c')]);
    expect(decisions.map((one) => one.do)).toEqual(['write', 'yield']);
    expect(write).toMatchObject({ value: 'b' });
  });

  it('F1, D4: the second thought of one person is written over the first', () => {
    const { decisions, write } = fold(RULE, ANY, crm, [by('1', 'a', 'b'), by('1', 'a', 'c')]);
    expect(decisions.map((one) => one.rule)).toEqual(['D3', 'D4']);
    expect(write).toMatchObject({ value: 'c' });
  });

  it('F1: nothing is written when the edits cancel out', () => {
    const { decisions, write } = fold(RULE, ANY, crm, [by('1', 'a', 'b'), by('1', 'b', ' a')]);
    expect(decisions.map((one) => one.do)).toEqual(['write', 'write']);
    expect(write).toBeNull();
  });

  it('F1, D7: the edit before counts as a change at the time it was asked', () => {
    const newest = rule({ conflict: 'newest' });
    const soon = fold(newest, ANY, crm, [
      by('1', 'a', 'b', 20_000),
      by('2', 'a', 'c', 20_000 + SKEW_TOLERANCE_MS),
    ]);
    expect(soon.decisions.map((one) => one.do)).toEqual(['write', 'yield']);
    const later = fold(newest, ANY, crm, [
      by('1', 'a', 'b', 20_000),
      by('2', 'a', 'c', 20_001 + SKEW_TOLERANCE_MS),
    ]);
    expect(later.write).toMatchObject({ value: 'c' });
  });

  it('F1, D8: two customers and a colleague of one set end in one write that holds all three', () => {
    const choices = rule({ kind: 'choices', conflict: 'union' });
    const { write } = fold(choices, ANY, standing('p;q;t'), [by('1', 'p;q', 'p;q;r'), by('2', 'p;q', 'q')]);
    expect(write).toMatchObject({ value: 'q;r;t' });
  });

  it('F1: without edits there is nothing to write', () => {
    expect(fold(RULE, ANY, crm, [])).toEqual({ decisions: [], write: null });
    expect(fold(RULE, ANY, crm, [by('1', 'x', 'c')]).write).toBeNull();
  });
});
