import type { Rule } from '@tallystick/shared/decide';
import { STAFF } from '@tallystick/shared/decide';
import { editId, recordId, staffId, type PersonId } from '@tallystick/shared/ids';
import type { Entry } from '@tallystick/shared/settle';
import { describe, expect, it } from 'vitest';
import { visit } from '../../backend/sync/plan.ts';
import { PATIENCE, type OpenEdit, type OpenPromise, type Situation } from '../../backend/sync/situation.ts';

const APP = '31337';
const NOW = 1_800_000_000_000;
const idOf = (n: number): OpenEdit['editId'] => editId(`00000000-0000-4000-8000-00000000000${n}`);
const [FIRST, SECOND, THIRD] = [idOf(1), idOf(2), idOf(3)];
const RULE: Rule = { kind: 'text', conflict: 'ask', writers: ['direct'], approval: false, required: false };
const entry = (value: string | null, at: number, by = 'CRM_UI'): Entry => ({
  value,
  at,
  by: { via: by, id: by === 'INTEGRATION' ? APP : 'userId:9', person: null },
});
const edit = (facts: Partial<OpenEdit>): OpenEdit => {
  const person: PersonId = facts.person ?? recordId(410);
  const audience = facts.person === undefined ? 'direct' : STAFF;
  const asked = { field: 'f', seen: 'a', wanted: 'c', at: NOW - 9_000 };
  return {
    ...{ editId: FIRST, person, state: 'accepted', journaled: true, actor: { person, audience } },
    ...asked,
    ...facts,
  };
};
const situation = (
  facts: Partial<Situation> & { history: Readonly<Record<string, Entry[]>> },
): Situation => ({
  ...{ object: 'company', now: NOW, patience: PATIENCE, appId: APP, mirror: {}, edits: [], promises: [] },
  ...{ givenUp: [], ownWrites: [], rules: { f: RULE }, read: { begunAt: NOW, history: facts.history } },
  properties: () => ({ exists: true, readOnly: false, options: null }),
  ...facts,
});
const base = { value: 'a', at: 1_000, by: { via: 'CRM_UI', id: 'userId:1', person: null } };
const promised = (facts: Partial<OpenPromise>): OpenPromise => ({
  ...{ promiseId: '1', field: 'f', value: 'c', base, editIds: [FIRST], person: recordId(410) },
  ...{ restores: false, owed: false, sentAt: NOW - 1_000, answeredAt: null },
  ...facts,
});
const endsOf = ({ moves }: ReturnType<typeof visit>) =>
  Object.fromEntries(moves.map(({ editId: id, state, rule }) => [id, `${state} ${String(rule)}`]));

/** What the drawn histories found (`explore/walk.ts`), each in the fewest words. */
describe('one visit', () => {
  it('S5: the same value from a colleague proves an unanswered write only when the call can no longer arrive', () => {
    const history = { f: [entry('c', 2_000), entry('a', 1_000)] };
    const open = situation({ history, edits: [edit({ state: 'written' })], promises: [promised({})] });
    expect(visit(open)).toMatchObject({ settled: [], moves: [], again: { lane: 'settle' } });
    const later = promised({ sentAt: NOW - PATIENCE.ambiguousMs });
    expect(endsOf(visit({ ...open, promises: [later] }))).toEqual({ [FIRST]: 'verified S5' });
    const answered = promised({ answeredAt: NOW - 1 });
    expect(endsOf(visit({ ...open, promises: [answered] }))).toEqual({ [FIRST]: 'verified S5' });
  });

  it('A2: of several edits that one write carried, only those whose guard moved are superseded', () => {
    const guard = { field: 'g', kind: 'text' as const, seen: 'read', crm: null };
    const visited = visit(
      situation({
        history: { f: [entry('c', 2_000, 'INTEGRATION'), entry('a', 1_000)], g: [entry('changed', 1_500)] },
        rules: { f: RULE, g: RULE },
        edits: [edit({ guards: [guard] }), edit({ editId: SECOND, person: staffId(7) })],
        promises: [promised({ editIds: [FIRST, SECOND] })],
      }),
    );
    expect(endsOf(visited)).toEqual({ [FIRST]: 'superseded A2', [SECOND]: 'verified S1' });
  });

  it('S2: of several edits that one overtaken write carried, who is refused ends alone', () => {
    const guard = { field: 'f', kind: 'text' as const, seen: 'a', crm: null };
    const visited = visit(
      situation({
        history: { f: [entry('c', 3_000, 'INTEGRATION'), entry('x', 2_000), entry('a', 1_000)] },
        edits: [edit({}), edit({ editId: SECOND, person: staffId(7), guards: [guard] })],
        promises: [promised({ editIds: [FIRST, SECOND] })],
      }),
    );
    expect(endsOf(visited)).toEqual({ [FIRST]: 'held D9', [SECOND]: 'refused D11' });
    expect(visited.conflicts).toMatchObject([{ edit: { editId: FIRST } }]);
    expect(visited.promises).toMatchObject([{ value: 'x', restores: true }]);
  });

  it('F1, R1: what was merged into a set before staff chose another one was never in the CRM, and is told so', () => {
    const seen = 'p;q';
    const visited = visit(
      situation({
        history: { f: [entry('p;q', 1_000)] },
        rules: { f: { ...RULE, kind: 'choices', conflict: 'union' } },
        edits: [
          edit({ seen, wanted: 'p;q;r' }),
          edit({
            ...{ editId: SECOND, person: staffId(7), seen, wanted: 'p' },
            guards: [{ field: 'f', kind: 'choices', seen, crm: null }],
          }),
        ],
      }),
    );
    expect(endsOf(visited)).toEqual({ [FIRST]: 'superseded F1' });
    expect(visited.promises).toMatchObject([{ value: 'p', editIds: [SECOND] }]);
  });

  it('R5: a late ruling that is refused does not hold again what the earlier one took', () => {
    const held = { kind: 'proposal' as const, editId: FIRST, person: recordId(410), wanted: 'c' };
    const ruling = { choice: 'take' as const, conflictId: '1', note: null };
    const guards = [{ field: 'f', kind: 'text' as const, seen: 'a', crm: null }];
    const took = { ruling: { ...ruling, held: { ...held, isSettled: false } }, guards };
    const late = { ruling: { ...ruling, held: { ...held, isSettled: true } }, guards };
    const visited = visit(
      situation({
        history: { f: [entry('a', 1_000)] },
        edits: [
          edit({}),
          edit({ editId: SECOND, person: staffId(7), ...took }),
          edit({ editId: THIRD, person: staffId(8), ...late }),
        ],
        // The write of the ruling that counted did not arrive.
        promises: [promised({ editIds: [FIRST, SECOND], sentAt: NOW - PATIENCE.ambiguousMs })],
      }),
    );
    expect(visited.moves.map(({ editId: id, state, rule }) => [id, state, rule])).toEqual([
      [THIRD, 'refused', 'R5'],
      [FIRST, 'accepted', 'R3'],
    ]);
    expect(visited.conflicts).toEqual([]);
    expect(visited.promises).toMatchObject([{ value: 'c', editIds: [FIRST, SECOND] }]);
  });

  it('S6: what a late write of ours covered is told, and what the settled write covered as well', () => {
    const history = [
      ...[entry('late', 5_000, 'INTEGRATION'), entry('x', 4_000), entry('c', 3_000, 'INTEGRATION')],
      ...[entry('y', 2_000), entry('a', 1_000)],
    ];
    const visited = visit(
      situation({ history: { f: history }, edits: [edit({ state: 'written' })], promises: [promised({})] }),
    );
    expect(visited.settled).toEqual([{ promiseId: '1', outcome: 'superseded', watchedFrom: null }]);
    const told = visited.notes.filter(({ outcome }) => outcome === 'overtaken');
    expect(told).toMatchObject([
      { kind: 'proven', rule: 'S3', editId: FIRST, crmAt: 2_000, before: 'y', after: 'c' },
      { kind: 'proven', rule: 'S6', editId: FIRST, crmAt: 4_000, before: 'x', after: 'late' },
    ]);
  });

  it('S6: what was proven below a late write of ours is written once more, and the rule decides over what ours covered', () => {
    const late = entry('late', 5_000, 'INTEGRATION');
    const of = (...below: Entry[]): ReturnType<typeof visit> =>
      visit(
        situation({
          ...{ history: { f: [late, ...below] }, rules: { f: { ...RULE, conflict: 'customer' } } },
          ...{ edits: [edit({ state: 'written' })], promises: [promised({ answeredAt: NOW - 20_000 })] },
        }),
      );
    const mine = [entry('c', 3_000, 'INTEGRATION'), entry('a', 1_000)];
    const again = { value: 'c', editIds: [FIRST], owed: true, restores: false, base: { value: 'late' } };
    expect(of(...mine)).toMatchObject({ promises: [again], moves: [], settled: [{ outcome: 'missing' }] });
    const overX = of(mine[0]!, entry('x', 2_000), mine[1]!);
    expect(overX).toMatchObject({ promises: [again], moves: [], settled: [{ outcome: 'overtaken' }] });
    const under = of(entry('x', 4_000), ...mine);
    expect(endsOf(under)).toEqual({ [FIRST]: 'superseded S3' });
    expect(under.promises).toMatchObject([
      { value: 'x', editIds: [], restores: true, base: { value: 'late' } },
    ]);
    const lost = of(mine[1]!);
    expect(endsOf(lost)).toEqual({ [FIRST]: 'accepted S4' });
    expect(lost.promises).toMatchObject([{ value: 'a', editIds: [], restores: true }]);
  });

  it('S7: a write that was given up and comes when nobody waits is told, and what it covered is given back', () => {
    const given = { promiseId: '7', field: 'f', value: 'c', from: 3_000 };
    const of = (history: Entry[], facts: Partial<Situation> = {}): ReturnType<typeof visit> =>
      visit(situation({ history: { f: history }, givenUp: [given], ...facts }));
    const [late, x, a] = [entry('c', 5_000, 'INTEGRATION'), entry('x', 4_000), entry('a', 1_000)];
    const told = of([late, x, a]);
    expect(told.promises).toMatchObject([
      { value: 'x', restores: true, owed: true, base: { value: 'c', at: 5_000 } },
    ]);
    expect(told.notes).toMatchObject([
      { rule: 'S7', before: 'x', after: 'c', crmAt: 4_000 },
      { kind: 'sent' },
    ]);
    expect(told.looked).toEqual([{ promiseId: '7', from: 5_000 }]);
    // What is asked meanwhile waits, so that it is decided over what is given back.
    expect(of([late, x, a], { edits: [edit({})] }).moves).toEqual([]);
    // A colleague has the last word on what lies below; what was covered is told all the same.
    const above = of([entry('y', 6_000), late, x, a]);
    expect(above).toMatchObject({
      promises: [],
      notes: [{ rule: 'S7', before: 'x' }],
      looked: [{ from: 6_000 }],
    });
    const quiet = { promises: [], notes: [] };
    expect(of([entry('c', 3_000, 'INTEGRATION'), a])).toMatchObject({ ...quiet, looked: [] });
    expect(of([entry('other', 5_000, 'INTEGRATION'), x, a])).toMatchObject(quiet);
    expect(of([late, entry('c', 4_000), a])).toMatchObject({ ...quiet, looked: [{ from: 5_000 }] });
    expect(of([late, x, a], { givenUp: [{ ...given, field: 'g' }] })).toMatchObject({ ...quiet, looked: [] });
    expect(of([late])).toMatchObject({ promises: [{ value: null, restores: true }] });
  });

  it('S7: what was settled without having been seen is watched for, unless it never went out', () => {
    const settledOf = (history: Entry[], facts: Partial<OpenPromise>): unknown[] =>
      visit(situation({ history: { f: history }, edits: [edit({})], promises: [promised(facts)] })).settled;
    const old = { sentAt: NOW - PATIENCE.ambiguousMs };
    const [a, same] = [entry('a', 1_000), entry('c', 2_000)];
    expect(settledOf([a], old)).toMatchObject([{ outcome: 'missing', watchedFrom: 1_000 }]);
    expect(settledOf([same, a], old)).toMatchObject([{ outcome: 'confirmed', watchedFrom: 2_000 }]);
    expect(settledOf([entry('c', 2_000, 'INTEGRATION'), a], old)).toMatchObject([{ watchedFrom: null }]);
    expect(settledOf([a], { sentAt: 0 })).toMatchObject([{ outcome: 'missing', watchedFrom: null }]);
  });

  it('D4: a value that was given back to a colleague is nobody’s own, whoever had written the same before', () => {
    const history = {
      f: [entry('x', 4_000, 'INTEGRATION'), entry('c', 3_000, 'INTEGRATION'), entry('x', 2_000)],
    };
    const own = (person: PersonId | null) => ({ field: 'f', value: 'x', person });
    const facts = { history, edits: [edit({ seen: 'c', wanted: 'd' })] };
    const given = situation({ ...facts, ownWrites: [own(null), own(recordId(410))] });
    expect(endsOf(visit(given))).toEqual({ [FIRST]: 'held D9' });
    const written = situation({ ...facts, ownWrites: [own(recordId(410)), own(null)] });
    expect(visit(written).promises).toMatchObject([{ value: 'd' }]);
  });

  it('S2: what is owed of a union is owed besides what somebody chose meanwhile', () => {
    const choices: Rule = { ...RULE, kind: 'choices', conflict: 'union' };
    const of = (top: string, facts: Partial<OpenPromise> = {}): ReturnType<typeof visit> =>
      visit(
        situation({
          ...{
            history: { f: [entry(top, 5_000), entry('p;q;r', 4_000, 'INTEGRATION')] },
            rules: { f: choices },
          },
          edits: [edit({ state: 'written', seen: 'p;q', wanted: 'p;q;r' })],
          promises: [
            promised({
              ...{ value: 'p;q;r;t', base: { ...base, value: 'p;q;r', at: 4_000 }, owed: true },
              ...{ sentAt: NOW - PATIENCE.ambiguousMs, ...facts },
            }),
          ],
        }),
      );
    expect(of('p;r').promises).toMatchObject([
      { value: 'p;r;t', editIds: [FIRST], owed: true, base: { at: 5_000 } },
    ]);
    expect(of('p;r', { restores: true, editIds: [] }).promises).toMatchObject([
      { value: 'p;r;t', restores: true },
    ]);
    expect(of('r;t')).toMatchObject({ promises: [], moves: [{ editId: FIRST, state: 'verified' }] });
  });

  it('S2: a value that the settlement names is told once', () => {
    const history = { f: [entry('c', 3_000, 'INTEGRATION'), entry('x', 2_000), entry('a', 1_000)] };
    const visited = visit(situation({ history, edits: [edit({})], promises: [promised({})] }));
    expect(visited.notes.filter(({ kind, before }) => kind === 'proven' && before === 'x')).toHaveLength(1);
  });
});
