import type { Rule } from '@tallystick/shared/decide';
import { STAFF } from '@tallystick/shared/decide';
import { editId, recordId, staffId, type PersonId } from '@tallystick/shared/ids';
import type { Entry } from '@tallystick/shared/settle';
import { describe, expect, it } from 'vitest';
import { visit } from '../../backend/sync/plan.ts';
import { PATIENCE, type OpenEdit, type OpenPromise, type Situation } from '../../backend/sync/situation.ts';

const APP = '31337';
const NOW = 1_800_000_000_000;
const [FIRST, SECOND] = [1, 2].map((n) => editId(`00000000-0000-4000-8000-00000000000${n}`)) as [
  OpenEdit['editId'],
  OpenEdit['editId'],
];
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
});
