/** One record on both sides: what is compared, and when a difference counts. */
import { recordId } from '@tallystick/shared/ids';
import { describe, expect, it } from 'vitest';
import { crmSide, differencesOf, IN_FLIGHT_MS, judge, mirrorSide } from '../../backend/intake/compare.ts';
import type { Kept } from '../../backend/store/database.ts';
import type { MirrorRow } from '../../backend/store/mirror.ts';
import type { Seen } from '../../backend/sync/commit.ts';

const ONE = recordId('1');
const NOW = 10_000_000;
const by = { via: 'CRM_UI', id: null, person: null };
const kept = (value: string): Kept => ({
  ...{ value, at: 1, by, how: 'read', begunAt: 2, learnedAt: 2, asOf: 2, seq: 1 },
});
const row = (life: string, subject = 'Leak'): MirrorRow => ({
  ...{
    object: 'ticket',
    recordId: ONE,
    life,
    fields: { subject: kept(subject) },
    foundSeq: 1,
    changedSeq: 1,
  },
});
const seen = (facts: { subject?: string; archived?: boolean; at?: number } = {}): Seen => {
  const { subject = 'Leak', archived = false, at = 1 } = facts;
  const reading = { id: ONE, archived, absent: [], history: { subject: [{ value: subject, at, by }] } };
  return { recordId: ONE, begunAt: NOW, found: { is: 'here', reading }, links: [], work: null };
};
const BARE = { links: [], parents: [] };
const all = (): boolean => true;
const mirror = (life = 'present', subject = 'Leak', hangs: Parameters<typeof mirrorSide>[2] = BARE) =>
  mirrorSide('ticket', row(life, subject), hangs, all);
const fields = (differences: readonly { field: string }[]): string[] => differences.map(({ field }) => field);

describe('a record on both sides', () => {
  it('is equal where every value, company and parent is', () => {
    expect(differencesOf(mirror(), crmSide('ticket', seen(), all), seen())).toEqual([]);
    const other = mirror('present', 'Fire', {
      links: [{ companyId: recordId('4'), isPrimary: true, labels: [] }],
      parents: [{ object: 'deal', recordId: recordId('5') }],
    });
    const found = differencesOf(other, crmSide('ticket', seen(), all), seen());
    expect(fields(found).sort()).toEqual(['$companies', '$parents', 'subject']);
  });

  it('is not there where it is archived, on either side', () => {
    expect(mirror('archived')).toBeNull();
    expect(crmSide('ticket', seen({ archived: true }), all)).toBeNull();
    expect(fields(differencesOf(mirror(), crmSide('ticket', seen({ archived: true }), all), seen()))).toEqual(
      ['$life'],
    );
  });

  it('is not compared in what staff hold back', () => {
    const some = (field: string): boolean => field !== 'subject';
    const [a, b] = [
      mirrorSide('ticket', row('present', 'Fire'), BARE, some),
      crmSide('ticket', seen(), some),
    ];
    expect(differencesOf(a, b, seen())).toEqual([]);
  });

  it('differs for certain once what is told of it had its time; until then it is looked at again', () => {
    const differs = (at: number | null) => [{ field: 'subject', mirror: 'a', crm: 'b', at }];
    expect(judge([], NOW, NOW)).toEqual({ is: 'decided', differences: [] });
    expect(judge(differs(NOW - IN_FLIGHT_MS), NOW, NOW).is).toBe('suspect');
    expect(judge(differs(NOW - IN_FLIGHT_MS - 1), NOW, NOW)).toMatchObject({
      is: 'decided',
      differences: [{}],
    });
    expect(judge(differs(null), NOW - IN_FLIGHT_MS + 1, NOW).is).toBe('suspect');
    expect(judge(differs(null), NOW - IN_FLIGHT_MS, NOW)).toMatchObject({ is: 'decided', differences: [{}] });
    expect(judge(differs(NOW), NOW - 300_001, NOW).is).toBe('moving');
  });
});
