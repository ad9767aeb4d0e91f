/** Gap detection: what a read was the first to tell, and whose fault that is. */
import { recordId } from '@tallystick/shared/ids';
import type { Held } from '@tallystick/shared/observe';
import { describe, expect, it } from 'vitest';
import type { Kept } from '../../backend/store/database.ts';
import type { Layer } from '../../backend/store/layers.ts';
import type { MirrorRow } from '../../backend/store/mirror.ts';
import type { Work } from '../../backend/store/work.ts';
import { JOURNAL_GRACE_MS, missedIn, WEBHOOKS_GRACE_MS } from '../../backend/sync/missed.ts';

const APP = '4711';
const ONE = recordId('1');
/** When this worker began to speak for the hub; when the record last was known to be equal; when it is read. */
const [SINCE, KNOWN, READ] = [1_000_000, 2_000_000, 10_000_000];
const COLLEAGUE = { via: 'CRM_UI', id: 'userId:7', person: null };
const held = (value: string, at: number, by: Held['by'] = COLLEAGUE): Held => ({
  ...{ value, at, by, how: 'read', begunAt: READ, learnedAt: READ, asOf: READ },
});
const kept = (value: string, at: number): Kept => ({ ...held(value, at), asOf: KNOWN, seq: 1 });
const row = (mobile: Kept): MirrorRow => ({
  ...{ object: 'contact', recordId: ONE, life: 'present', foundSeq: 1, changedSeq: 1 },
  fields: { mobile, $life: kept('present', 1) },
});

interface Look {
  told?: Layer;
  lane?: Work['lane'];
  before?: MirrorRow | null;
  now?: { field: string; held: Held }[];
  journalOn?: boolean;
  readOnly?: boolean;
}
const BEFORE = row(kept('+49 1', KNOWN));

function missed(look: Look): { webhooks: number; journal: number } {
  const {
    told = 'reconcile',
    lane = 'reconcile',
    before = BEFORE,
    journalOn = true,
    readOnly = false,
  } = look;
  const definition = { type: 'string', label: 'Mobile', options: null, readOnly };
  const facts = {
    appId: APP,
    since: SINCE,
    definitions: new Map([['contact:mobilephone', definition as never]]),
    health: { journal: { on: journalOn, failure: null } } as never,
  };
  const work: Work = { object: 'contact', recordId: ONE, lane, links: false, told, version: 1, attempts: 0 };
  const observed = look.now ?? [{ field: 'mobile', held: held('+49 2', READ - JOURNAL_GRACE_MS) }];
  const move = { object: 'contact' as const, recordId: ONE, row: before, observed };
  const rest = { notes: [], links: null, readAt: READ };
  const { warnings } = missedIn(facts, [{ move: { ...move, ...rest }, seen: { begunAt: READ, work } }]);
  const of = (code: string): number => warnings.find((one) => one.code === code)?.count ?? 0;
  return { webhooks: of('missed-by-webhooks'), journal: of('missed-by-journal') };
}
const at = (ms: number, by?: Held['by']) => [{ field: 'mobile', held: held('+49 2', ms, by) }];
const NONE = { webhooks: 0, journal: 0 };

describe('a change that a read was the first to tell', () => {
  it('was missed by both layers before the reading, once both had their time', () => {
    expect(missed({})).toEqual({ webhooks: 1, journal: 1 });
    expect(missed({ now: at(READ - WEBHOOKS_GRACE_MS) })).toEqual({ webhooks: 1, journal: 0 });
    expect(missed({ now: at(READ - WEBHOOKS_GRACE_MS + 1) })).toEqual(NONE);
  });

  it('is nobody’s fault where a webhook told of it, and the webhooks’ alone where the journal did, or is off', () => {
    expect(missed({ told: 'webhooks' })).toEqual(NONE);
    expect(missed({ told: 'journal' })).toEqual({ webhooks: 1, journal: 0 });
    expect(missed({ journalOn: false })).toEqual({ webhooks: 1, journal: 0 });
  });

  it('is not missed where it is our own write, calculated by HubSpot, or from before anybody listened', () => {
    const ours = { via: 'INTEGRATION', id: APP, person: null };
    expect(missed({ now: at(READ - JOURNAL_GRACE_MS, ours) })).toEqual(NONE);
    expect(missed({ readOnly: true })).toEqual(NONE);
    const old = row(kept('+49 1', SINCE - 500));
    expect(missed({ before: old, now: at(SINCE - 1) })).toEqual(NONE);
  });

  it('of a record that nobody told of counts by the time at which it was made', () => {
    expect(missed({ before: null })).toEqual({ webhooks: 1, journal: 1 });
    expect(missed({ before: null, now: at(SINCE - 1) })).toEqual(NONE);
  });

  it('that nobody dates (its life) counts where it was waited for before', () => {
    const now = [{ field: '$life', held: held('archived', 0) }];
    expect(missed({ now })).toEqual({ webhooks: 1, journal: 1 });
    expect(missed({ now, told: 'journal', lane: 'observe' })).toEqual({ webhooks: 1, journal: 0 });
    expect(missed({ now, lane: 'read' })).toEqual(NONE);
  });
});
