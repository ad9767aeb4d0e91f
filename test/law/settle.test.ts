import type { Asked, Property, Rule } from '@tallystick/shared/decide';
import { lateOnTop, makeGood, settle, type Entry, type Written } from '@tallystick/shared/settle';
import type { Value } from '@tallystick/shared/values';
import { describe, expect, it } from 'vitest';

const APP = '777';
const theirs = (value: Value, at: number): Entry => ({
  value,
  at,
  by: { via: 'CRM_UI', id: 'userId:7', person: null },
});
const ours = (value: Value, at: number): Entry => ({
  value,
  at,
  by: { via: 'INTEGRATION', id: APP, person: '1' },
});
const base = theirs('a', 100);
const written: Written = { kind: 'text', value: 'w', base, appId: APP };
/** Told oldest first, as it happened. */
const after = (...entries: Entry[]) => settle(written, [base, ...entries].reverse());

describe('S: what became of a write', () => {
  it('S1: ours is there and nothing foreign came between: confirmed', () => {
    expect(after(ours('w', 200))).toEqual({ is: 'confirmed', rule: 'S1', at: 200 });
    expect(after(ours(' w ', 200))).toEqual({ is: 'confirmed', rule: 'S1', at: 200 });
    expect(settle(written, [ours('w', 200), base, theirs('x', 50)])).toEqual({
      is: 'confirmed',
      rule: 'S1',
      at: 200,
    });
  });

  it('S1: the same value again, ours or theirs, takes nothing from it', () => {
    expect(after(ours('w', 200), ours('w', 300))).toEqual({ is: 'confirmed', rule: 'S1', at: 300 });
    expect(after(ours('w', 200), theirs('w', 300))).toEqual({ is: 'confirmed', rule: 'S1', at: 200 });
    expect(after(theirs('w', 150), ours('w', 200))).toEqual({ is: 'confirmed', rule: 'S1', at: 200 });
    expect(after(ours('v', 150), ours('w', 200))).toEqual({ is: 'confirmed', rule: 'S1', at: 200 });
  });

  it('S1: is found without the base, which the CRM may have forgotten or never had', () => {
    expect(settle(written, [ours('w', 200)])).toEqual({ is: 'confirmed', rule: 'S1', at: 200 });
    const never: Written = {
      ...written,
      base: { value: null, at: 0, by: { via: 'UNKNOWN', id: null, person: null } },
    };
    expect(settle(never, [ours('w', 200)])).toEqual({ is: 'confirmed', rule: 'S1', at: 200 });
    expect(settle(never, [ours('w', 200), theirs('x', 50)])).toMatchObject({ is: 'overtaken' });
    // What is as old as the base, or older, is no news.
    expect(settle(written, [ours('w', 200), theirs('x', 100), theirs('y', 99)])).toEqual({
      is: 'confirmed',
      rule: 'S1',
      at: 200,
    });
  });

  it('S2: a foreign value came in between and was overwritten: overtaken, by the newest of them', () => {
    const x = theirs('x', 150);
    expect(after(x, ours('w', 200))).toEqual({ is: 'overtaken', rule: 'S2', theirs: x, at: 200 });
    expect(after(theirs('y', 140), x, ours('w', 200))).toMatchObject({ is: 'overtaken', theirs: x });
    expect(after(x, ours('v', 180), ours('w', 200))).toMatchObject({ is: 'overtaken', theirs: x });
    expect(after(x, ours('w', 200), ours('w', 300))).toMatchObject({ is: 'overtaken', theirs: x, at: 300 });
  });

  it('S2: a value set in the very instant of the base is found by its place', () => {
    const x = theirs('x', 100);
    expect(settle(written, [ours('w', 200), x, base])).toMatchObject({ is: 'overtaken', theirs: x });
    expect(settle({ ...written, base: x }, [ours('w', 200), x, base])).toMatchObject({ is: 'confirmed' });
  });

  it('S2: another integration, or a person with the id of our app, is foreign', () => {
    const app: Entry = { value: 'x', at: 150, by: { via: 'INTEGRATION', id: '778', person: null } };
    const odd: Entry = { value: 'x', at: 150, by: { via: 'CRM_UI', id: APP, person: null } };
    expect(after(app, ours('w', 200))).toMatchObject({ is: 'overtaken', theirs: app });
    expect(after(odd, ours('w', 200))).toMatchObject({ is: 'overtaken', theirs: odd });
    expect(after({ ...odd, value: 'w' })).toMatchObject({ is: 'confirmed', rule: 'S5' });
  });

  it('S3: something foreign lies on top of ours: superseded, with what was covered before', () => {
    const [x, y] = [theirs('x', 150), theirs('y', 300)];
    expect(after(ours('w', 200), y)).toEqual({ is: 'superseded', rule: 'S3', by: y, theirs: null });
    expect(after(x, ours('w', 200), y)).toEqual({ is: 'superseded', rule: 'S3', by: y, theirs: x });
    expect(after(ours('w', 200), theirs('z', 250), y)).toMatchObject({ is: 'superseded', by: y });
  });

  it('S3: what was covered is not owed back when somebody set our very value on top since', () => {
    const [x, again] = [theirs('x', 150), theirs('w', 300)];
    expect(after(x, ours('w', 200), theirs('z', 250), again)).toEqual({
      is: 'superseded',
      rule: 'S3',
      by: again,
      theirs: x,
    });
  });

  it('S4: ours is not there: missing', () => {
    expect(after()).toEqual({ is: 'missing', rule: 'S4' });
    expect(settle(written, [])).toEqual({ is: 'missing', rule: 'S4' });
    expect(after(theirs('x', 200))).toEqual({ is: 'missing', rule: 'S4' });
    expect(after(ours('v', 200))).toEqual({ is: 'missing', rule: 'S4' });
    expect(after(theirs('w', 150), theirs('x', 200))).toEqual({ is: 'missing', rule: 'S4' });
    expect(after(ours('v', 200), theirs('y', 300))).toEqual({ is: 'missing', rule: 'S4' });
    // The same value by us from before our read proves nothing.
    expect(settle(written, [base, ours('w', 50)])).toEqual({ is: 'missing', rule: 'S4' });
  });

  it('S5: ours is not there, but somebody had just set the same value: confirmed', () => {
    expect(after(theirs('w', 200))).toEqual({ is: 'confirmed', rule: 'S5', at: 200 });
    expect(after(theirs('x', 150), theirs(' w', 200))).toEqual({ is: 'confirmed', rule: 'S5', at: 200 });
  });

  it('S6: a late write of our own lies on top: what stands below it is settled, and ours is owed once more', () => {
    const [x, late] = [theirs('x', 150), ours('v', 300)];
    expect(after(ours('w', 200), late)).toEqual({ is: 'missing', rule: 'S6' });
    expect(after(theirs('w', 200), late)).toEqual({ is: 'missing', rule: 'S6' });
    expect(after(ours('u', 200), late)).toEqual({ is: 'missing', rule: 'S4' });
    expect(after(x, ours('w', 200), late)).toMatchObject({ is: 'overtaken', theirs: x });
    expect(after(ours('w', 200), theirs('y', 250), late)).toMatchObject({
      is: 'superseded',
      by: { value: 'y' },
    });
    expect(lateOnTop(written, [late, ours('u', 250), x, base])).toBe(2);
    expect(lateOnTop(written, [late])).toBe(1); // the CRM remembers nothing older
    expect(lateOnTop(written, [ours('w', 300), late, base])).toBe(0);
    // A colleague on top of the late write is simply on top.
    expect(after(ours('w', 200), ours('v', 300), theirs('y', 400))).toMatchObject({ is: 'superseded' });
  });
});

describe('S2: making good', () => {
  const RULE: Rule = { kind: 'text', conflict: 'crm', writers: ['direct'], approval: false, required: false };
  const ANY: Property = { exists: true, readOnly: false, options: null };
  const asked: Asked = { seen: 'a', wanted: 'w', at: 20_000, actor: { person: '1', audience: 'direct' } };
  const x = theirs('x', 19_000);

  it.each(['crm', 'ask', 'newest'] as const)(
    'S2, D5, D7, D9: rule %s: their value is written back',
    (conflict) => {
      const { decision, restore } = makeGood({ ...RULE, conflict }, ANY, x, asked, 'w');
      expect(decision.do).toBe(conflict === 'ask' ? 'hold' : 'yield');
      expect(restore).toEqual({ value: 'x' });
    },
  );

  it('S2, D6, D7: rule customer, or the later of newest: ours is kept, and theirs is told', () => {
    expect(makeGood({ ...RULE, conflict: 'customer' }, ANY, x, asked, 'w')).toEqual({
      decision: { do: 'write', rule: 'D6', value: 'w', overwrites: x },
      restore: null,
    });
    expect(
      makeGood({ ...RULE, conflict: 'newest' }, ANY, { ...x, at: 17_999 }, asked, ' w').restore,
    ).toBeNull();
  });

  it('S2, D8: rule union: both are written together, or nothing when ours holds both', () => {
    const union: Rule = { ...RULE, kind: 'choices', conflict: 'union' };
    const edit = { ...asked, seen: 'p', wanted: 'p;r' };
    expect(makeGood(union, ANY, theirs('p;t', 150), edit, 'p;r').restore).toEqual({ value: 'p;r;t' });
    expect(makeGood(union, ANY, theirs(null, 150), edit, 'r').restore).toBeNull();
    expect(makeGood(union, ANY, theirs('p;r;t', 150), edit, 'p;r')).toEqual({
      decision: { do: 'already', rule: 'D8' },
      restore: { value: 'p;r;t' },
    });
  });

  it('S2, D3: theirs was what the person saw: ours is kept', () => {
    expect(makeGood(RULE, ANY, theirs('a', 150), asked, 'w').restore).toBeNull();
  });

  it('S2, D11: a guard moved: theirs is written back', () => {
    const guards = [{ field: 'terms', kind: 'text' as const, seen: 'x', crm: 'y' }];
    expect(makeGood(RULE, ANY, theirs('a', 150), { ...asked, guards }, 'w').restore).toEqual({ value: 'a' });
  });

  it('S2: an empty value is a value: it is written back too', () => {
    expect(makeGood(RULE, ANY, theirs(null, 150), asked, 'w').restore).toEqual({ value: null });
  });
});
