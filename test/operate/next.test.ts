/** What stands by the facts, what is told of it, and when it is over: all pure. */
import { describe, expect, it } from 'vitest';
import { nextAlert, PACE, retryAt, settledNow } from '../../backend/alerts/next.ts';
import { standing } from '../../backend/alerts/standing.ts';
import { ALERT_WORDS, messageOf } from '../../backend/alerts/words.ts';
import type { Facts } from '../../backend/store/facts.ts';
import type { HookRow } from '../../backend/store/hooks.ts';
import type { SourceHealth } from '../../backend/store/sourceHealth.ts';

const NOW = Date.parse('2026-11-28T12:00:00Z');
const MINUTE = 60_000;
const WELL: Facts = {
  connectedAt: NOW - 86_400_000,
  heartbeatAt: NOW - 2_000,
  health: { heardAt: new Date(NOW).toISOString(), failure: null, journal: { on: true, failure: null } },
  budget: { windowLimit: 190, windowUsed: 3, dailyLimit: 1_000, dailyRemaining: 900, at: '' },
  ...{ parked: 0, peopleDueSince: null, observeDueSince: null, deliveryWaitsSince: null },
  ...{ webhookAt: NOW - 5 * MINUTE, journalAt: NOW - MINUTE, journalReadAt: NOW - 10_000 },
  ...{ claims: { open: 0, oldestAt: null }, hooks: [], jobs: [], barred: [], canary: null },
};
const since = (ms: number) => new Date(NOW - ms).toISOString();
const failing = (code: string, ms: number) => ({ failure: { code, message: '' }, failingSince: since(ms) });
const withSource = (more: Partial<SourceHealth>): Facts['health'] => ({
  sources: {
    billing: {
      ...{ lookedAt: since(0), failure: null, withheld: null, keys: 9, found: 9, shared: 0, unfit: 0 },
      ...more,
    },
  },
});
const hook = { hookId: 'h1', url: 'https://a.example/x?key=secret', failingSince: null, disabledAt: null };
const hooks = (more: Partial<HookRow>): Facts['hooks'] => [{ ...hook, ...more } as HookRow];
const canary = {
  ...{ editId: null, value: 'v', askedAt: NOW - 2 * MINUTE, provenAt: NOW - MINUTE * 1.5, problem: null },
  ...{ toldAt: NOW - MINUTE, toldBy: 'webhooks' as const, outMs: 20, inMs: 30 },
};

describe('a hub', () => {
  it('that is well needs nobody', () => {
    expect(standing(WELL, NOW)).toEqual([]);
    expect(standing({ ...WELL, canary }, NOW)).toEqual([]);
  });

  it.each<[string, Partial<Facts>]>([
    ['no-worker', { heartbeatAt: NOW - 31_000 }],
    ['no-worker', { heartbeatAt: null }],
    ['crm-barred', { health: failing('barred', 11_000) }],
    ['crm-barred', { health: failing('barred', 6 * MINUTE) }],
    ['crm-away', { health: failing('ambiguous', 5 * MINUTE + 1) }],
    ['daily-budget', { budget: { ...WELL.budget!, dailyRemaining: 99 } }],
    ['people-wait', { peopleDueSince: NOW - 5 * MINUTE - 1 }],
    ['changes-wait', { observeDueSince: NOW - 15 * MINUTE - 1 }],
    ['changes-wait', { deliveryWaitsSince: NOW - 2 * MINUTE - 1 }],
    ['webhooks-silent', { webhookAt: NOW - 12 * MINUTE }],
    ['webhooks-silent', { webhookAt: null }],
    ['source-failing', { health: withSource({ withheld: 'Most of it is gone.' }) }],
    ['source-failing', { health: withSource({ failure: { code: 'ambiguous', message: '' } }) }],
    ['journal-late', { journalReadAt: NOW - 10 * MINUTE - 1 }],
    ['hook-failing', { hooks: hooks({ failingSince: NOW - 15 * MINUTE - 1 }) }],
    ['hook-failing', { hooks: hooks({ disabledAt: NOW }) }],
    ['job-failing', { jobs: [{ name: 'backfill deal', since: NOW - 15 * MINUTE - 1 }] }],
    ['parked', { parked: 2 }],
    ['claims-wait', { claims: { open: 1, oldestAt: NOW - 4 * 60 * MINUTE - 1 } }],
    ['creation-barred', { barred: ['comment'] }],
    ['canary-failing', { canary: { ...canary, provenAt: null, toldAt: null, toldBy: null } }],
    ['canary-failing', { canary: { ...canary, problem: 'It was refused.' } }],
    ['canary-late', { canary: { ...canary, toldAt: null, toldBy: null } }],
    ['canary-late', { canary: { ...canary, toldBy: 'journal' } }],
  ])('has the warning %s by %j', (code, facts) => {
    expect(standing({ ...WELL, ...facts }, NOW).map((one) => one.code)).toEqual([code]);
  });

  it.each<[string, Partial<Facts>]>([
    ['a call that fails once', { health: failing('ambiguous', MINUTE) }],
    ['an endpoint that is away for a minute', { hooks: hooks({ failingSince: NOW - MINUTE }) }],
    ['an edit on its way', { peopleDueSince: NOW - MINUTE }],
    ['a source that answers', { health: withSource({}) }],
    ['a journal that was switched off', { journalReadAt: NOW - 60 * MINUTE, health: {} }],
    ['a journal that is off', { journalReadAt: null, health: {} }],
  ])('needs nobody for %s', (_, facts) => expect(standing({ ...WELL, ...facts }, NOW)).toEqual([]));

  it('says nothing of the CRM that a worker which is gone said', () => {
    const facts = { ...WELL, heartbeatAt: NOW - MINUTE, health: failing('barred', MINUTE) };
    expect(standing(facts, NOW).map((one) => one.code)).toEqual(['no-worker']);
  });
});

describe('a channel', () => {
  const stands = { endedAt: null };
  const over = { endedAt: NOW - 1 };
  const alert = (more: object) => ({
    ...{ stage: 'none' as const, toldAt: null, begunAt: null, notBefore: 0 },
    ...more,
  });
  const told = (ago: number) => alert({ stage: 'begun', toldAt: NOW - ago, begunAt: NOW - ago });

  it('is told once that a warning began, again after a day, and when it is over', () => {
    expect(nextAlert(stands, null, NOW)).toBe('begun');
    expect(nextAlert(stands, told(1), NOW)).toBeNull();
    expect(nextAlert(stands, told(PACE.remindAfterMs - 1), NOW)).toBeNull();
    expect(nextAlert(stands, told(PACE.remindAfterMs), NOW)).toBe('stands');
    const reminded = alert({ stage: 'begun', toldAt: NOW - MINUTE, begunAt: NOW - 2 * PACE.remindAfterMs });
    expect(nextAlert(stands, reminded, NOW)).toBeNull();
    expect(nextAlert(over, told(MINUTE), NOW)).toBe('over');
  });

  it('is not told of what was over before it could be told, nor that it is over twice', () => {
    expect(nextAlert(over, null, NOW)).toBeNull();
    expect(nextAlert(over, alert({ begunAt: NOW - MINUTE, toldAt: NOW - 1 }), NOW)).toBeNull();
  });

  it('has a quiet time from one beginning to the next', () => {
    const again = alert({ begunAt: NOW - PACE.quietMs + 1, toldAt: NOW - MINUTE });
    expect(nextAlert(stands, again, NOW)).toBeNull();
    expect(nextAlert(stands, { ...again, begunAt: NOW - PACE.quietMs }, NOW)).toBe('begun');
  });

  it('that did not take a message is left alone until its time', () => {
    expect(nextAlert(stands, alert({ notBefore: NOW + 1 }), NOW)).toBeNull();
    expect(nextAlert(stands, alert({ notBefore: NOW }), NOW)).toBe('begun');
    expect([0, 1, 3].map((n) => retryAt(n, NOW) - NOW)).toEqual([5_000, 10_000, 40_000]);
    expect(retryAt(2_000, NOW) - NOW).toBe(10 * MINUTE);
  });

  it('reads of any code, also one that has no words here', () => {
    const unknown = { code: 'colours-faded', subject: 'blue', count: 3, firstAt: NOW };
    expect(messageOf(unknown, 'begun')).toMatchObject({ title: 'Warning: colours-faded (blue)' });
    for (const code of Object.keys(ALERT_WORDS))
      for (const kind of ['begun', 'stands', 'over'] as const)
        expect(messageOf({ ...unknown, code }, kind).text).toContain(`“${code}”`);
  });
});

describe('a warning that nobody ends', () => {
  const known = { subject: '', count: 1, detail: null, firstAt: 0, lastAt: NOW - 3 * MINUTE, endedAt: null };
  const settled = (code: string, ago: number) =>
    settledNow([{ ...known, code, lastAt: NOW - ago }], NOW).length === 1;

  it('is over when the state was not there, or nothing was counted, for its time', () => {
    expect(settled('crm-away', PACE.settledAfterMs - 1)).toBe(false);
    expect(settled('crm-away', PACE.settledAfterMs)).toBe(true);
    expect(settled('missed-by-webhooks', 59 * MINUTE)).toBe(false);
    expect(settled('missed-by-webhooks', 60 * MINUTE)).toBe(true);
    expect(settled('mirror-differs', 6.5 * 60 * MINUTE)).toBe(false);
    const over = { ...known, code: 'crm-away', lastAt: 0, endedAt: NOW - 1 };
    expect(settledNow([over], NOW)).toEqual([]);
  });

  it('is left to whoever raised it where we do not know its code', () => {
    expect(settled('colours-faded', 999 * MINUTE)).toBe(false);
  });
});
