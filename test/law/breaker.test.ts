import { BREAKER, limitOf, mistakesInBreaker, type BreakerSpec } from '@tallystick/shared/breakerSpec';
import { editId, recordId, staffId, type EditId, type PersonId } from '@tallystick/shared/ids';
import { fieldOf, type AppObject } from '@tallystick/shared/ownership';
import type { Value } from '@tallystick/shared/values';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { draft, type Draft } from '../../backend/store/journal.ts';
import { count, emptyWindow, type Change, type Limits, type Trip } from '../../backend/sync/breaker.ts';
import { emptyBreaker, heard, judge, quiet, WINDOW_MS, type Intent } from '../../backend/sync/holding.ts';

const MINUTE = 60_000;
const T0 = 1_790_000_000_000;
const SPEC: BreakerSpec<AppObject> = { ...BREAKER, objects: {} };
const limits = (direction: 'out' | 'in', companies = 400): Limits => ({
  spec: SPEC,
  direction,
  records: { company: companies, contact: 2_000 },
});
const id = (n: number) => recordId(1_000 + n);
const edit = (n: number): EditId => editId(`00000000-0000-4000-8000-${String(n).padStart(12, '0')}`);
const change = (n: number, before: Value, after: Value, some: Partial<Change> = {}): Change => ({
  object: 'company',
  recordId: id(n),
  field: 'street',
  kind: 'text',
  before,
  after,
  by: { via: 'CUSTOMER', id: null, person: recordId(7_000 + n) },
  editId: edit(n),
  ...some,
});

/** Counts them one after the other, `gapMs` apart; answers with the place of the first trip. */
function firstTrip(
  changes: readonly Change[],
  direction: 'out' | 'in',
  gapMs = 100,
): { at: number; trip: Trip } | null {
  const window = emptyWindow();
  for (const [at, one] of changes.entries()) {
    const [trip] = count(window, one, limits(direction), T0 + at * gapMs);
    if (trip !== undefined) return { at, trip };
  }
  return null;
}

describe('K: the breaker counts', () => {
  it('K1, K2: a field emptied on as many records as the file says trips, with who went before; filling blanks never does', () => {
    const emptied = Array.from({ length: 60 }, (_, n) => change(n, `Street ${n}`, n % 2 === 0 ? null : ''));
    const found = firstTrip(emptied, 'out');
    expect(found).toMatchObject({ at: 19, trip: { key: 'emptied company.street', count: 20, of: 400 } });
    expect([...found!.trip.records.values()][0]).toMatchObject({ editId: edit(0) });
    const filled = Array.from({ length: 3_000 }, (_, n) => change(n, n % 2 === 0 ? null : '', 'Same Street'));
    expect(firstTrip(filled, 'out', 1)).toBeNull();
    // The same record again and again is one record.
    const again = Array.from({ length: 300 }, (_, n) => change(n % 19, 'Street', null));
    expect(firstTrip(again, 'out')).toBeNull();
  });

  it('K2: the limit is at least, of the records, at most; over more than a window nothing trips', () => {
    const limit = { least: 10, share: 0.05, most: 200 };
    expect([0, 100, 1_000, 1_000_000].map((n) => limitOf(limit, n))).toEqual([10, 10, 50, 200]);
    const emptied = Array.from({ length: 60 }, (_, n) => change(n, `Street ${n}`, null));
    expect(firstTrip(emptied, 'out', 4 * MINUTE)).toBeNull();
  });

  it('K2: one value trips where it is nearly all that happens to the field, and an option only far later', () => {
    const one = Array.from({ length: 60 }, (_, n) => change(n, `Street ${n}`, 'N/A'));
    expect(firstTrip(one, 'in')).toMatchObject({ at: 39, trip: { pattern: 'oneValue', field: 'street' } });
    const half = one.flatMap((each, n) => [each, change(500 + n, `Old ${n}`, `New ${n}`)]);
    expect(firstTrip(half, 'in')).toBeNull();
    const stage = { field: 'orderStatus', kind: 'choice' as const };
    const options = Array.from({ length: 300 }, (_, n) => change(n, 'open', 'shipped', stage));
    expect(firstTrip(options, 'in')).toMatchObject({ at: 199, trip: { pattern: 'oneOption' } });
  });

  it('K2: a burst by one person goes over all objects, also where it fills blanks; by a source it does not', () => {
    const by = (person: PersonId) => ({ by: { via: 'CUSTOMER', id: null, person } });
    const one = Array.from({ length: 120 }, (_, n) =>
      change(n, null, `Text ${n}`, { ...by(recordId(77)), object: n % 2 === 0 ? 'site' : 'company' }),
    );
    expect(firstTrip(one, 'out')).toMatchObject({ at: 99, trip: { key: 'person 77', who: '77', of: null } });
    // What staff decide is theirs to decide, in whatever numbers.
    const staff = Array.from({ length: 300 }, (_, n) => change(n, null, `Text ${n}`, by(staffId('7'))));
    expect(firstTrip(staff, 'out', 1)).toBeNull();
    const billing = 'source:billing' as PersonId;
    const filled = Array.from({ length: 900 }, (_, n) => change(n, null, `${n}`, by(billing)));
    expect(firstTrip(filled, 'out', 1)).toBeNull();
    const written = Array.from({ length: 900 }, (_, n) => change(n, `${n + 1}`, `${n}`, by(billing)));
    expect(firstTrip(written, 'out', 1)).toMatchObject({ at: 499, trip: { who: 'source:billing' } });
  });

  it('K2: remembers no more than it says, whatever an import brings', () => {
    const window = emptyWindow();
    for (let n = 0; n < 30_000; n += 1)
      count(window, change(n, `Old ${n}`, `New ${n}`), limits('in'), T0 + n);
    const kept = [...window.counters.values()].reduce((sum, { records }) => sum + records.size, 0);
    expect(window.counters.size).toBeLessThanOrEqual(7_500);
    expect(kept).toBeLessThanOrEqual(16_000);
  });

  it('K2: mistakes in the ownership file are named, each in a clause', () => {
    const out = { ...SPEC.out, emptied: { least: 1, share: 2, most: 0 } };
    const wrong = { ...SPEC, windowMinutes: 0, out, objects: { nothing: {} } };
    expect(mistakesInBreaker({ breaker: wrong, objects: { company: {} } })).toHaveLength(5);
    expect(mistakesInBreaker({ breaker: SPEC, objects: {} })).toEqual([]);
  });
});

const FIELDS = ['street', 'phone', 'website', 'supportTier', 'renewalDate', 'creditLimit'] as const;
const TIERS = ['bronze', 'silver', 'gold', 'platinum'];
/** A value of its own for each record, or one of the few options, as it falls. */
const valueOf = (field: (typeof FIELDS)[number], n: number, salt: number): string => {
  if (field === 'supportTier') return TIERS[(n * 7 + salt) % TIERS.length]!;
  if (field === 'renewalDate') return `2027-${String(1 + ((n + salt) % 12)).padStart(2, '0')}-01`;
  return `${field} ${n} ${salt}`;
};
const inward = (n: number, field: string, before: Value, after: Value, via: string, crmAt: number): Draft =>
  draft({
    ...{ kind: 'changed', object: 'company', recordId: id(n), field, before, after, crmAt },
    actor: { via, id: via === 'CRM_UI' ? 'userId:5' : '4711', person: null },
  });

describe('K: what came in', () => {
  it('K6: no normal import and no ordinary day is told of, whatever its size', () => {
    fc.assert(
      fc.property(
        fc.record({
          rows: fc.integer({ min: 50, max: 1_500 }),
          blankEvery: fc.integer({ min: 1, max: 5 }),
          columns: fc.subarray([...FIELDS], { minLength: 1 }),
          via: fc.constantFrom('IMPORT', 'CRM_UI_BULK_ACTION', 'AUTOMATION_PLATFORM'),
          gapMs: fc.integer({ min: 0, max: 3_000 }),
          clears: fc.integer({ min: 0, max: 20 }),
        }),
        ({ rows, blankEvery, columns, via, gapMs, clears }) => {
          const breaker = { ...emptyBreaker(), records: { company: 400 } };
          for (let n = 0; n < rows; n += 1) {
            const at = T0 + n * gapMs;
            const drafts = columns.map((field) => {
              const before = n % blankEvery === 0 ? null : valueOf(field, n, 1);
              return inward(n, field, before, valueOf(field, n, 2), via, at);
            });
            // Colleagues beside it: a few clear a field, some archive a record.
            if (n < clears) drafts.push(inward(9_000 + n, 'phone', '+44', null, 'CRM_UI', at));
            expect(heard(breaker, drafts, '99', at)).toEqual([]);
          }
        },
      ),
      { numRuns: 25 },
    );
  });

  it('K2, K6: a bad one is always told of before the limit and a record more, and once until it was quiet for a window', () => {
    fc.assert(
      fc.property(
        fc.record({
          what: fc.constantFrom('emptied', 'oneValue', 'gone', 'integration'),
          field: fc.constantFrom('street', 'phone', 'website'),
          companies: fc.integer({ min: 0, max: 20_000 }),
          noiseEvery: fc.integer({ min: 8, max: 40 }),
        }),
        ({ what, field, companies, noiseEvery }) => {
          const breaker = { ...emptyBreaker(), records: { company: companies } };
          const most = limitOf(SPEC.in[what as 'gone'], companies);
          const span = Math.min(200, Math.floor((0.8 * WINDOW_MS) / (most * 1.2)));
          let told = 0;
          for (let n = 0; n < most * 1.2 + 2; n += 1) {
            const at = T0 + n * span;
            const bad =
              what === 'gone'
                ? draft({
                    kind: 'life',
                    object: 'company',
                    recordId: id(n),
                    before: 'present',
                    after: 'archived',
                    actor: { via: 'READ', id: null, person: null },
                  })
                : inward(
                    n,
                    field,
                    `Old ${n}`,
                    what === 'emptied' ? '' : what === 'oneValue' ? 'N/A' : `New ${n}`,
                    what === 'integration' ? 'INTEGRATION' : 'CRM_UI',
                    at,
                  );
            const noise = n % noiseEvery === 0 ? [inward(50_000 + n, field, 'a', `b${n}`, 'CRM_UI', at)] : [];
            const warnings = heard(breaker, [bad, ...noise], '99', at);
            if (warnings.length > 0 && told === 0) {
              told = n + 1;
              // Of what is gone the limit sinks with what is left.
              expect(warnings[0]?.code).toBe('mass-change');
              expect(warnings[0]?.count).toBeLessThanOrEqual(most);
              expect(warnings[0]?.count).toBeGreaterThanOrEqual(
                limitOf(SPEC.in[what as 'gone'], companies - most),
              );
              expect(JSON.stringify(warnings)).not.toContain('N/A');
            }
          }
          expect(told).toBeGreaterThan(0);
          expect(told).toBeLessThanOrEqual(most + 1);
          const end = T0 + (most * 1.2 + 2) * span;
          expect(quiet(breaker, end + WINDOW_MS / 2)).toEqual([]);
          expect(quiet(breaker, end + WINDOW_MS + 1)).toHaveLength(1);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('K6: our own writes, an integration’s of days ago, and records that come back are no mass change', () => {
    const breaker = { ...emptyBreaker(), records: { company: 400 } };
    for (let n = 0; n < 700; n += 1) {
      const old = inward(n, 'street', `Old ${n}`, `New ${n}`, 'INTEGRATION', T0 - WINDOW_MS - 1);
      const ours = draft({
        ...inward(n, 'phone', '1', '', 'INTEGRATION', T0),
        actor: { via: 'INTEGRATION', id: '99', person: null },
      });
      const back = draft({
        kind: 'life',
        object: 'company',
        recordId: id(n),
        before: 'archived',
        after: 'present',
        actor: { via: 'CRM_UI', id: 'userId:5', person: null },
      });
      expect(heard(breaker, [old, ours, back], '99', T0)).toEqual([]);
    }
  });
});

describe('K: what is to go out', () => {
  const by = { via: 'CRM_UI', id: null, person: null };
  const intent = (
    n: number,
    field: string,
    before: Value,
    value: Value,
    some: Partial<Intent> = {},
  ): Intent => ({
    recordId: id(n),
    promise: {
      field,
      value,
      base: { value: before, at: T0, by },
      editIds: [edit(n)],
      person: recordId(7_000 + n),
      restores: false,
      owed: false,
    },
    isExempt: false,
    ...some,
  });
  const none = { open: new Map<string, string>(), released: new Set<EditId>() };

  it('K3: of a batch that trips all like it wait, an edit as a whole, and nothing else does', () => {
    const breaker = { ...emptyBreaker(), records: { company: 100 } };
    const before = Array.from({ length: 6 }, (_, n) => intent(n, 'phone', '+44', null));
    expect(judge(breaker, 'company', before, none, T0).held).toEqual([]);
    const batch = [
      ...Array.from({ length: 6 }, (_, n) => intent(10 + n, 'phone', '+44', null)),
      intent(12, 'street', 'Old', 'New'), // the other half of an edit that waits
      intent(30, 'street', 'Old', 'New 30'),
    ];
    const { held, opened } = judge(breaker, 'company', batch, none, T0 + 1);
    expect(held.map(({ intent: one }) => one)).toEqual(batch.slice(0, 7));
    expect(opened).toMatchObject([{ key: 'emptied company.phone', of: 100 }]);
    expect(opened[0]?.editIds).toEqual(before.map((_, n) => edit(n)));
    const open = { ...none, open: new Map([['emptied company.phone', '1']]) };
    const more = judge(
      breaker,
      'company',
      [intent(40, 'phone', '+44', ''), intent(41, 'phone', null, '+1')],
      open,
      T0 + 2,
    );
    expect([more.held.length, more.opened]).toEqual([1, []]);
  });

  it('K4, K5: what staff have let through or decided is neither held nor counted', () => {
    const breaker = { ...emptyBreaker(), records: { company: 100 } };
    const many = Array.from({ length: 50 }, (_, n) => intent(n, 'phone', '+44', null));
    const released = new Set(many.map((_, n) => edit(n)));
    expect(judge(breaker, 'company', many, { ...none, released }, T0).held).toEqual([]);
    expect(
      judge(
        breaker,
        'company',
        many.map((one) => ({ ...one, isExempt: true })),
        none,
        T0,
      ).held,
    ).toEqual([]);
    expect(breaker.out.counters.size).toBe(0);
    expect(fieldOf('company', 'phone')).toBeDefined();
  });
});
