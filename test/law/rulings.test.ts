import type { Rule, Standing } from '@tallystick/shared/decide';
import { decide, STAFF } from '@tallystick/shared/decide';
import { editId, recordId, staffId, type EditId } from '@tallystick/shared/ids';
import type { Entry } from '@tallystick/shared/settle';
import { describe, expect, it } from 'vitest';
import { visit, visitGone } from '../../backend/sync/plan.ts';
import { PATIENCE, type OpenEdit, type OpenPromise, type Situation } from '../../backend/sync/situation.ts';
import type { OpenRuling } from '../../backend/store/visits.ts';

const APP = '31337';
const ANA = staffId(7);
const ADA = recordId(410);
const NOW = 1_800_000_000_000;
const HELD = editId('00000000-0000-4000-8000-000000000001');
const RULING = editId('00000000-0000-4000-8000-000000000002');
const SECOND = editId('00000000-0000-4000-8000-000000000003');
const RULE: Rule = { kind: 'text', conflict: 'ask', writers: ['direct'], approval: false, required: false };

const colleague = (value: string | null, at: number): Entry => ({
  value,
  at,
  by: { via: 'CRM_UI', id: 'userId:9', person: null },
});
const ours = (value: string | null, at: number): Entry => ({
  value,
  at,
  by: { via: 'INTEGRATION', id: APP, person: null },
});

function ruling(
  choice: OpenRuling['choice'],
  wanted: string | null,
  facts: { seen?: string | null; id?: EditId; kind?: 'conflict' | 'proposal'; isSettled?: boolean } = {},
): OpenEdit {
  const { seen = 'theirs', id = RULING, kind = 'conflict', isSettled = false } = facts;
  return {
    editId: id,
    person: ANA,
    field: 'street',
    state: 'accepted',
    journaled: false,
    seen,
    wanted,
    at: NOW - 10,
    actor: { person: ANA, audience: STAFF },
    guards: [{ field: 'street', kind: 'text', seen, crm: null }],
    ruling: {
      choice,
      conflictId: '5',
      note: 'We spoke on the phone.',
      held: { kind, editId: HELD, person: ADA, wanted: 'customer’s', isSettled },
    },
  };
}

/** The customer's edit once a ruling has taken it up. */
const taken: OpenEdit = {
  editId: HELD,
  person: ADA,
  field: 'street',
  state: 'accepted',
  journaled: true,
  seen: 'before',
  wanted: 'customer’s',
  at: NOW - 5_000,
  actor: { person: ADA, audience: 'direct' },
};
const promiseOf = (value: string | null, base: Standing): OpenPromise => ({
  promiseId: '1',
  field: 'street',
  value,
  base,
  editIds: [HELD, RULING],
  person: ADA,
  restores: false,
  owed: false,
  sentAt: NOW - 20_000,
  answeredAt: NOW - 20_000,
});

const situation = (
  edits: OpenEdit[],
  history: Entry[] = [colleague('theirs', NOW - 60_000)],
  promises: OpenPromise[] = [],
): Situation => ({
  object: 'company',
  now: NOW,
  patience: PATIENCE,
  appId: APP,
  mirror: {},
  read: { begunAt: NOW, history: { street: history } },
  edits,
  promises,
  givenUp: [],
  ownWrites: [],
  rules: { street: RULE },
  properties: () => ({ exists: true, readOnly: false, options: null }),
});
const endsOf = (plan: ReturnType<typeof visit>) =>
  Object.fromEntries(plan.moves.map(({ editId: id, state, rule, reason }) => [id, { state, rule, reason }]));

describe('a ruling of staff', () => {
  it.each(['crm', 'customer', 'newest', 'union', 'ask'] as const)(
    'R1 writes what was chosen under the conflict rule %s, needing neither audience nor approval',
    (conflict) => {
      const rule: Rule = { ...RULE, conflict, writers: [], approval: true };
      const crm = colleague('theirs', NOW - 1);
      const asked = {
        seen: 'theirs',
        wanted: 'chosen',
        at: 0,
        actor: { person: ANA, audience: STAFF },
        guards: [{ field: 'street', kind: 'text' as const, seen: 'theirs', crm: 'theirs' }],
      };
      const property = { exists: true, readOnly: false, options: null };
      expect(decide(rule, property, crm, asked)).toMatchObject({ do: 'write', rule: 'R1', value: 'chosen' });
      expect(decide(rule, { ...property, readOnly: true }, crm, asked)).toMatchObject({
        do: 'refuse',
        rule: 'D2',
      });
    },
  );

  it('R1 is refused by its guard, and leaves the conflict open, when the record moved since it was shown', () => {
    const plan = visit(situation([ruling('take', 'customer’s', { seen: 'older' })]));
    expect(plan.promises).toEqual([]);
    expect(plan.rulings).toEqual([]);
    expect(endsOf(plan)).toEqual({
      [RULING]: { state: 'refused', rule: 'D11', reason: 'changed-while-looking' },
    });
  });

  it('R2 keeps the CRM’s value: nothing is written, a conflict ends superseded, a proposal refused', () => {
    const kept = visit(situation([ruling('keep', 'theirs')]));
    expect(kept.promises).toEqual([]);
    expect(kept.rulings).toMatchObject([{ conflictId: '5', choice: 'keep', by: ANA, editId: RULING }]);
    expect(endsOf(kept)).toEqual({
      [HELD]: { state: 'superseded', rule: 'R2', reason: null },
      [RULING]: { state: 'verified', rule: 'D1', reason: null },
    });
    const declined = visit(situation([ruling('keep', 'theirs', { kind: 'proposal' })]));
    expect(endsOf(declined)[HELD]).toEqual({ state: 'refused', rule: 'R2', reason: 'declined' });
    expect(declined.moves.find((move) => move.editId === HELD)?.note).toBe('We spoke on the phone.');
  });

  it('R2 never writes the CRM’s value over a customer’s newer edit that is decided in the same visit', () => {
    const newer: OpenEdit = { ...taken, editId: SECOND, seen: 'theirs', wanted: 'newest', at: NOW - 20 };
    const plan = visit(situation([newer, ruling('keep', 'theirs')]));
    expect(plan.promises).toMatchObject([{ value: 'newest', editIds: [SECOND] }]);
  });

  it('R3 takes the held edit: one write for both, in the customer’s name, and both end with it', () => {
    const first = visit(situation([ruling('take', 'customer’s')]));
    expect(first.promises).toMatchObject([{ value: 'customer’s', editIds: [HELD, RULING], person: ADA }]);
    expect(endsOf(first)).toEqual({ [HELD]: { state: 'accepted', rule: 'R3', reason: null } });
    const base = colleague('theirs', NOW - 60_000);
    const written = [ours('customer’s', NOW - 15_000), base];
    const open = { ...ruling('take', 'customer’s'), state: 'written' as const, journaled: true };
    const then = visit(situation([taken, open], written, [promiseOf('customer’s', base)]));
    expect(endsOf(then)).toMatchObject({ [HELD]: { state: 'verified' }, [RULING]: { state: 'verified' } });
  });

  it('R3 ends the held edit verified, too, when the CRM already holds what it asked for', () => {
    const seen = 'customer’s';
    const plan = visit(situation([ruling('take', 'customer’s', { seen })], [colleague(seen, NOW - 60_000)]));
    expect(plan.promises).toEqual([]);
    expect(endsOf(plan)).toMatchObject({
      [HELD]: { state: 'verified', rule: 'D1' },
      [RULING]: { state: 'verified', rule: 'D1' },
    });
  });

  it('R3 holds the edit again when the write is missing and the CRM has moved meanwhile', () => {
    const base = colleague('theirs', NOW - 60_000);
    const open = { ...ruling('take', 'customer’s'), state: 'written' as const, journaled: true };
    const moved = [colleague('newer', NOW - 1_000), base];
    const plan = visit(situation([taken, open], moved, [promiseOf('customer’s', base)]));
    expect(plan.promises).toEqual([]);
    expect(plan.conflicts).toMatchObject([
      { kind: 'conflict', edit: { editId: HELD }, crm: { value: 'newer' } },
    ]);
    expect(endsOf(plan)).toMatchObject({
      [HELD]: { state: 'held', rule: 'D9' },
      [RULING]: { state: 'refused', rule: 'D11' },
    });
    const proposal = { ...ruling('take', 'customer’s', { kind: 'proposal' }), journaled: true };
    const again = visit(
      situation([taken, { ...proposal, state: 'written' }], moved, [promiseOf('customer’s', base)]),
    );
    expect(again.conflicts).toMatchObject([{ kind: 'proposal', edit: { editId: HELD } }]);
    expect(endsOf(again)).toMatchObject({ [HELD]: { state: 'held', rule: 'D10' } });
  });

  it('R3 writes again for both when the write is missing and the CRM stands as it was', () => {
    const base = colleague('theirs', NOW - 60_000);
    const open = { ...ruling('take', 'customer’s'), state: 'written' as const, journaled: true };
    const plan = visit(situation([taken, open], [base], [promiseOf('customer’s', base)]));
    expect(plan.promises).toMatchObject([{ value: 'customer’s', editIds: [HELD, RULING] }]);
    expect(plan.conflicts).toEqual([]);
  });

  it('R3 gives a colleague’s value back that fell into the window, and holds the edit again', () => {
    const base = colleague('theirs', NOW - 60_000);
    const open = { ...ruling('take', 'customer’s'), state: 'written' as const, journaled: true };
    const history = [ours('customer’s', NOW - 15_000), colleague('inside', NOW - 15_500), base];
    const plan = visit(situation([taken, open], history, [promiseOf('customer’s', base)]));
    expect(plan.promises).toMatchObject([{ value: 'inside', restores: true, owed: true }]);
    expect(endsOf(plan)).toMatchObject({ [HELD]: { state: 'held' }, [RULING]: { state: 'refused' } });
  });

  it('R4 writes another value: the held edit is superseded by it, and the write is in the name of staff', () => {
    const plan = visit(situation([ruling('write', 'a third')]));
    expect(plan.promises).toMatchObject([{ value: 'a third', editIds: [RULING], person: ANA }]);
    const move = plan.moves.find((each) => each.editId === HELD);
    expect(move).toMatchObject({ state: 'superseded', rule: 'R4', crm: { value: 'a third' } });
  });

  it('R5 is refused when the conflict was settled before, also earlier in the same visit', () => {
    const late = visit(situation([ruling('take', 'customer’s', { isSettled: true })]));
    expect(endsOf(late)).toEqual({ [RULING]: { state: 'refused', rule: 'R5', reason: 'settled-before' } });
    const two = visit(situation([ruling('keep', 'theirs'), ruling('keep', 'theirs', { id: SECOND })]));
    expect(endsOf(two)).toMatchObject({
      [RULING]: { state: 'verified' },
      [SECOND]: { state: 'refused', rule: 'R5' },
    });
    expect(two.rulings).toHaveLength(1);
    const writing = visit(
      situation([ruling('write', 'a third'), ruling('write', 'a fourth', { id: SECOND })]),
    );
    expect(endsOf(writing)).toMatchObject({
      [HELD]: { state: 'superseded', rule: 'R4' },
      [SECOND]: { state: 'refused', rule: 'R5' },
    });
    expect(writing.promises).toMatchObject([{ value: 'a third', editIds: [RULING] }]);
    expect(writing.rulings).toHaveLength(1);
    const moved = ruling('write', 'a third', { seen: 'older' });
    const second = visit(situation([moved, ruling('write', 'a fourth', { id: SECOND })]));
    expect(endsOf(second)).toMatchObject({ [RULING]: { state: 'refused', rule: 'D11' } });
    expect(second.promises).toMatchObject([{ value: 'a fourth', editIds: [SECOND] }]);
  });

  it('R1 waits while the field is paused outwards', () => {
    const paused = { ...situation([ruling('take', 'customer’s')]), isPaused: () => true };
    expect(visit(paused)).toMatchObject({ promises: [], moves: [], rulings: [], observed: {} });
  });

  it('R2 ends the held edit with the ruling when the record is gone', () => {
    const gone = visitGone([ruling('take', 'customer’s')], 'record-gone');
    expect(gone.moves).toMatchObject([
      { editId: RULING, state: 'refused', reason: 'record-gone' },
      { editId: HELD, state: 'refused', reason: 'record-gone' },
    ]);
    expect(gone.rulings).toMatchObject([{ conflictId: '5' }]);
  });
});
