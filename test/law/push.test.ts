import { decide, type Asked, type Standing } from '@tallystick/shared/decide';
import { ruleOf } from '@tallystick/shared/defineOwnership';
import { recordId } from '@tallystick/shared/ids';
import { fieldOf } from '@tallystick/shared/ownership';
import { sourceAudience } from '@tallystick/shared/sourceSpec';
import type { Value } from '@tallystick/shared/values';
import { describe, expect, it } from 'vitest';
import { ownedFields, type SourceValues } from '../../backend/sources/source.ts';
import { planPush, type OwnedRecord } from '../../backend/sync/push.ts';

const FIELDS = ownedFields('billing');
const BILLING = sourceAudience('billing');

/** A company by its key; `balance` is what the CRM holds, `ours` whether the source wrote it. */
function company(key: string | null, balance: Value, { ours = true, asking = {}, id = 1 } = {}): OwnedRecord {
  const held = {
    openBalance: { value: balance, seq: 7, ours },
    paymentStatus: { value: balance === null ? null : 'open', seq: 7, ours },
  };
  return { recordId: recordId(id), key, held, asking };
}
const says = (openBalance: Value, paymentStatus: Value = 'open'): SourceValues => ({
  openBalance,
  paymentStatus,
});
const push = (records: readonly OwnedRecord[], said: Record<string, SourceValues> | null, whole = true) =>
  planPush({ fields: FIELDS, records, said: said === null ? null : new Map(Object.entries(said)), whole });

describe('B: what another system says, on its way into the CRM', () => {
  it('B1: a customer, of whatever audience, and the audience of another source are refused (D2)', () => {
    const rule = ruleOf(fieldOf('company', 'openBalance')!);
    const property = { exists: true, readOnly: false, options: null };
    const crm: Standing = { value: '1', at: 1, by: { via: 'CRM_UI', id: null, person: null } };
    const asked = (audience: string): Asked => ({
      seen: '1',
      wanted: '2',
      at: 2,
      actor: { person: '1', audience },
    });
    for (const audience of ['direct', 'member', 'partner', 'source:payroll'])
      expect(decide(rule, property, crm, asked(audience))).toMatchObject({ do: 'refuse', rule: 'D2' });
    expect(decide(rule, property, crm, asked(BILLING))).toMatchObject({ do: 'write', rule: 'D3' });
  });

  it('B2: over its own word, and over nothing, the source saw what the CRM holds', () => {
    expect(push([company('K', '10')], { K: says('20') }).pushes[0]?.fields).toEqual([
      { field: 'openBalance', seen: '10', wanted: '20', seq: 7 },
    ]);
    expect(push([company('K', null, { ours: false })], { K: says('20') }).pushes[0]?.fields).toMatchObject([
      { field: 'openBalance', seen: null, wanted: '20' },
      { field: 'paymentStatus', seen: null, wanted: 'open' },
    ]);
  });

  it('B2: what somebody else wrote it never saw, so the law calls it a collision (D6) and keeps what it overwrites', () => {
    const [one] = push([company('K', '99', { ours: false })], { K: says('20') }).pushes;
    const [field] = one!.fields;
    const crm: Standing = { value: '99', at: 1, by: { via: 'CRM_UI', id: 'userId:7', person: null } };
    const rule = ruleOf(fieldOf('company', 'openBalance')!);
    const actor = { person: BILLING, audience: BILLING };
    const decision = decide(rule, { exists: true, readOnly: false, options: null }, crm, {
      seen: field!.seen,
      wanted: field!.wanted,
      at: 2,
      actor,
    });
    expect(decision).toEqual({ do: 'write', rule: 'D6', value: '20', overwrites: crm });
  });

  it('B3: nothing is asked for that the CRM holds in another spelling, or that is asked for already', () => {
    expect(push([company('K', '20')], { K: says('20.00') }).pushes).toEqual([]);
    expect(push([company('K', '10', { asking: { openBalance: '20' } })], { K: says('20') }).pushes).toEqual(
      [],
    );
    expect(
      push([company('K', '10', { asking: { openBalance: '15' } })], { K: says('20') }).pushes,
    ).toHaveLength(1);
    // Asked to be emptied, and no longer so.
    expect(
      push([company('K', '10', { asking: { openBalance: null } })], { K: says('10') }).pushes,
    ).toHaveLength(1);
  });

  it('B4: no answer asks for nothing; a key that is not known empties only when everything was looked at', () => {
    const record = company('K', '10');
    expect(push([record], null).pushes).toEqual([]);
    expect(push([record], { other: says('1') }, false).pushes).toEqual([]);
    expect(push([company(null, '10')], { other: says('1') }, false).pushes).toEqual([]);
    for (const gone of [record, company(null, '10')])
      expect(push([gone], { other: says('1') }).pushes[0]?.fields).toMatchObject([
        { field: 'openBalance', seen: '10', wanted: null },
        { field: 'paymentStatus', seen: 'open', wanted: null },
      ]);
    // A row that is there and says "absent" is an answer.
    expect(push([record], { K: says(null) }, false).pushes[0]?.fields).toMatchObject([{ wanted: null }]);
  });

  it('B5: an answer without a row where there were several is not believed', () => {
    const two = [company('K', '10'), company('L', '10', { id: 2 })];
    expect(push(two, {})).toMatchObject({ pushes: [], withheld: { taken: 2, held: 2 } });
    expect(push(two.slice(1), {}).pushes).toHaveLength(1);
    expect(push([company('K', null), company('L', null, { id: 2 })], {}).withheld).toBeNull();
  });

  it('B5: an answer that would empty most records is not believed, not even where it says something', () => {
    const twelve = Array.from({ length: 12 }, (_, i) => company(`K${i}`, '10', { id: i + 1 }));
    const answer = (known: number) =>
      Object.fromEntries(twelve.slice(0, known).map(({ key }) => [key!, says('11')]));
    expect(push(twelve, answer(5))).toMatchObject({ pushes: [], withheld: { taken: 7, held: 12 } });
    expect(push(twelve, answer(6)).withheld).toBeNull();
    expect(push(twelve, answer(6)).pushes).toHaveLength(12);
    const nulls = Object.fromEntries(twelve.map(({ key }) => [key!, says(null, null)]));
    expect(push(twelve, nulls).withheld).toEqual({ taken: 12, held: 12 });
  });

  it('B5: a value that does not fit, and a key with several rows, are left out; the rest is passed on', () => {
    const two = [company('K', '10'), company('L', '10', { id: 2 })];
    const plan = push(two, { K: says('about 20', 'paid'), L: 'twice' });
    expect(plan.unfit).toBe(2);
    expect(plan.pushes).toEqual([
      { recordId: '1', fields: [{ field: 'paymentStatus', seen: 'open', wanted: 'paid', seq: 7 }] },
    ]);
  });
});
