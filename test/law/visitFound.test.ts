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
  ...{ ownWrites: [], rules: { f: RULE }, read: { begunAt: NOW, history: facts.history } },
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
    expect(visited.settled).toEqual([{ promiseId: '1', outcome: 'missing' }]);
    const told = visited.notes.filter(({ outcome }) => outcome === 'overtaken');
    expect(told).toMatchObject([
      { kind: 'proven', rule: 'S6', editId: FIRST, crmAt: 4_000, before: 'x', after: 'late' },
      { kind: 'proven', rule: 'S6', editId: FIRST, crmAt: 2_000, before: 'y', after: 'c' },
    ]);
  });

  it('S2: a value that the settlement names is told once', () => {
    const history = { f: [entry('c', 3_000, 'INTEGRATION'), entry('x', 2_000), entry('a', 1_000)] };
    const visited = visit(situation({ history, edits: [edit({})], promises: [promised({})] }));
    expect(visited.notes.filter(({ kind, before }) => kind === 'proven' && before === 'x')).toHaveLength(1);
  });
});
