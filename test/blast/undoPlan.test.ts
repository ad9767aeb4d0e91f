/** What is put back, and what is left as it is: pure. */
import { recordId } from '@tallystick/shared/ids';
import { describe, expect, it } from 'vitest';
import { planUndo, type Written } from '../../backend/desk/undoPlan.ts';

const NOBODY = { via: 'CRM_UI', id: 'userId:5', person: null };
const OURS = { via: 'INTEGRATION', id: '99', person: null };

describe('undo of a field', () => {
  const write = {
    ...{ value: 'Two', base: { value: 'One', at: 1, by: NOBODY }, editIds: [] },
    ...{ selected: true, isAction: false, isOpen: false },
  };
  const written: Written = {
    ...{ object: 'company', recordId: recordId(1), field: 'name', writes: [write], owner: 'customer' },
    rule: { kind: 'text', conflict: 'customer', writers: [], approval: false, required: true },
    property: { exists: true, readOnly: false, options: null },
    ...{ isPresent: true, now: { value: 'Two', by: OURS }, isAsked: false },
  };
  const why = (some: Partial<Written>): string => {
    const found = planUndo({ ...written, ...some }, '99');
    return found.do === 'leave' ? found.why : `${found.seen} → ${found.wanted}`;
  };

  it('leaves out, and says so, what another system owns, what customers decided, and what would not be taken', () => {
    expect(why({})).toBe('Two → One');
    expect(why({ owner: 'source' })).toBe('source');
    expect(why({ writes: [{ ...write, isAction: true }] })).toBe('action');
    expect(why({ isPresent: false })).toBe('gone');
    expect([why({ isAsked: true }), why({ writes: [{ ...write, isOpen: true }] })]).toEqual([
      'underway',
      'underway',
    ]);
    expect(why({ writes: [{ ...write, base: { ...write.base, value: null } }] })).toBe('unfit');
    // The same value, set by a colleague after ours, is theirs; and so is another write of ours that was not chosen.
    expect(why({ now: { value: 'Two', by: NOBODY } })).toBe('changed');
    expect(why({ writes: [write, { ...write, selected: false }] })).toBe('changed');
  });

  it('folds several writes of ours back over those that are chosen, and stops where somebody else wrote', () => {
    const after = (value: string, base: string, by = OURS, selected = true) => ({
      ...{ ...write, value, base: { value: base, at: 1, by }, selected },
    });
    const run = [write, after('Three', 'Two'), after('Four', 'Three')];
    const now = { value: 'Four', by: OURS };
    expect(why({ writes: run, now })).toBe('Four → One');
    expect(why({ writes: [after('Two', 'One', NOBODY, false), ...run.slice(1)], now })).toBe('Four → Two');
    // A colleague’s value stood in between, be it the one that we had written before.
    expect(why({ writes: [write, after('Four', 'Theirs', NOBODY)], now })).toBe('Four → Theirs');
    expect(why({ writes: [write, after('Four', 'Two', NOBODY)], now })).toBe('Four → Two');
    expect(why({ writes: [write, after('Four', 'Theirs')], now })).toBe('Four → Theirs');
    const other = { ...OURS, id: '98' };
    expect(why({ writes: [write, after('Four', 'Two', other)], now })).toBe('Four → Two');
    expect(why({ writes: run, now: { value: 'Four', by: other } })).toBe('changed');
    expect(why({ writes: run, now: { value: 'Five', by: OURS } })).toBe('changed');
    expect(why({ writes: [{ ...write, selected: false }] })).toBe('already');
  });
});
