/** What moved in a record, as journal entries with their numbers and as a patch of the mirror. */
import { recordId } from '@tallystick/shared/ids';
import type { Held } from '@tallystick/shared/observe';
import { describe, expect, it } from 'vitest';
import type { Kept } from '../../backend/store/database.ts';
import type { Link, MirrorRow } from '../../backend/store/mirror.ts';
import { assemble, linksText, type RecordMove } from '../../backend/sync/record.ts';

const ONE = recordId('1');
const NEXT = 100;
const by = { via: 'CRM_UI', id: null, person: null };
const held = (value: string, how: Held['how'] = 'read'): Held => ({
  ...{ value, at: 1, by, how, begunAt: 2, learnedAt: 2, asOf: 2 },
});
const kept = (value: string, how: Held['how'] = 'read'): Kept => ({ ...held(value, how), seq: 7 });
const row = (fields: Record<string, Kept>): MirrorRow => ({
  ...{ object: 'contact', recordId: ONE, life: 'present', fields, foundSeq: 5, changedSeq: 7 },
});
const link = (id: string, labels: string[] = []): Link => ({
  companyId: recordId(id),
  isPrimary: true,
  labels,
});
const moved = (move: Partial<RecordMove>) =>
  assemble(
    [
      {
        object: 'contact',
        recordId: ONE,
        row: null,
        observed: [],
        notes: [],
        links: null,
        readAt: 3,
        ...move,
      },
    ],
    NEXT,
  );

describe('what moved in a record', () => {
  it('has one entry when it is seen for the first time, whose number is every field’s version', () => {
    const { drafts, patches } = moved({ observed: [{ field: 'mobile', held: held('1') }] });
    expect(drafts.map(({ kind }) => kind)).toEqual(['found']);
    expect(patches).toMatchObject([{ foundSeq: NEXT, changedSeq: NEXT, fields: { mobile: { seq: NEXT } } }]);
  });

  it('leaves no trace where the record never was', () => {
    expect(moved({})).toEqual({ drafts: [], patches: [], links: [], moved: [] });
  });

  it('gives a changed value the number of its entry, and leaves the version of one that did not change', () => {
    const before = row({ mobile: kept('1'), phone: kept('2') });
    const observed = [
      { field: 'mobile', held: held('9') },
      { field: 'phone', held: held('2') },
    ];
    const { drafts, patches, moved: told } = moved({ row: before, observed });
    expect(drafts).toMatchObject([{ kind: 'changed', field: 'mobile', before: '1', after: '9' }]);
    expect(patches[0]?.fields).toMatchObject({ mobile: { seq: NEXT }, phone: { seq: 7 } });
    expect(told).toHaveLength(1);
  });

  it('tells those who look at it when a value that was only reported is proven, without an entry', () => {
    const proven = {
      row: row({ mobile: kept('1', 'event') }),
      observed: [{ field: 'mobile', held: held('1') }],
    };
    expect(moved(proven)).toMatchObject({ drafts: [], moved: [{ recordId: ONE }] });
    const again = { row: row({ mobile: kept('1') }), observed: [{ field: 'mobile', held: held('1') }] };
    expect(moved(again)).toMatchObject({ drafts: [], moved: [] });
  });

  it('says which companies it hangs on when they move, the last one’s going as well', () => {
    const links = { before: [link('4', ['Billing'])], after: [] };
    const { drafts, links: stored, moved: told } = moved({ row: row({}), links });
    expect(drafts).toMatchObject([{ kind: 'links', before: '4 (primary; Billing)', after: null }]);
    expect(stored).toEqual([{ object: 'contact', recordId: ONE, links: [] }]);
    expect(told).toHaveLength(1);
  });

  it('knows companies by their ids and labels, in whatever order they come', () => {
    const [a, b] = [link('4', ['Billing', 'Buyer']), link('5')];
    expect(linksText([b, { ...a, labels: ['Buyer', 'Billing'] }])).toBe(linksText([a, b]));
    expect(linksText([a])).not.toBe(linksText([{ ...a, labels: ['Billing'] }]));
    expect(moved({ row: row({}), links: { before: [a, b], after: [b, a] } }).links).toEqual([]);
  });
});
