/** Gap detection: what a read was the first to tell, and whose fault that is. */
import { recordId } from '@tallystick/shared/ids';
import type { Held } from '@tallystick/shared/observe';
import type { AppObject } from '@tallystick/shared/ownership';
import { describe, expect, it } from 'vitest';
import type { Kept } from '../../backend/store/database.ts';
import type { Layer } from '../../backend/store/layers.ts';
import type { MirrorRow } from '../../backend/store/mirror.ts';
import type { Work } from '../../backend/store/work.ts';
import { JOURNAL_GRACE_MS, missedIn, WEBHOOKS_GRACE_MS, type Missed } from '../../backend/sync/missed.ts';

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
  object?: AppObject;
  told?: Layer;
  lane?: Work['lane'];
  before?: MirrorRow | null;
  now?: { field: string; held: Held }[];
  journalOn?: boolean;
  readOnly?: boolean;
}
const BEFORE = row(kept('+49 1', KNOWN));

function missed(look: Look): { webhooks: number; journal: number } {
  const { warnings } = everythingMissed(look);
  const of = (code: string): number => warnings.find((one) => one.code === code)?.count ?? 0;
  return { webhooks: of('missed-by-webhooks'), journal: of('missed-by-journal') };
}

function everythingMissed(look: Look): Missed {
  const {
    object = 'contact',
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
  const work: Work = { object, recordId: ONE, lane, links: false, told, version: 1, attempts: 0 };
  const observed = look.now ?? [{ field: 'mobile', held: held('+49 2', READ - JOURNAL_GRACE_MS) }];
  const move = { object, recordId: ONE, row: before, observed };
  const rest = { notes: [], links: null, readAt: READ };
  return missedIn(facts, [{ move: { ...move, ...rest }, seen: { begunAt: READ, work } }]);
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

  it('is no change that an event told, that is only spelt anew, or that the CRM dates before what was known', () => {
    const [event] = at(READ - JOURNAL_GRACE_MS);
    expect(missed({ now: [{ field: 'mobile', held: { ...event!.held, how: 'event' } }] })).toEqual(NONE);
    const respelt = { ...event!.held, value: '+49-1' };
    expect(missed({ now: [{ field: 'mobile', held: respelt }] })).toEqual(NONE);
    for (const older of [KNOWN, KNOWN - 1]) expect(missed({ now: at(older) })).toEqual(NONE);
    expect(missed({ now: at(KNOWN + 1) })).toEqual({ webhooks: 1, journal: 1 });
  });

  it('is no life that was not known before, or not since somebody listened; nor lines, of which nobody tells', () => {
    const now = [{ field: '$life', held: held('archived', 0) }];
    const { mobile } = BEFORE.fields;
    expect(missed({ now, before: { ...BEFORE, fields: { mobile: mobile! } } })).toEqual(NONE);
    const unheard = Object.entries(BEFORE.fields).map(([field, one]) => [field, { ...one, asOf: SINCE }]);
    expect(missed({ now, before: { ...BEFORE, fields: Object.fromEntries(unheard) as never } })).toEqual(
      NONE,
    );
    const lines = [{ field: 'lines', held: held('[]', READ - JOURNAL_GRACE_MS) }];
    expect(missed({ object: 'quote', now: lines, before: { ...BEFORE, object: 'quote' } })).toEqual(NONE);
  });

  it('of a new record is as old as the first thing that is dated of it', () => {
    const now = [...at(0), ...at(READ - 1), ...at(READ - WEBHOOKS_GRACE_MS), ...at(READ - 2)];
    expect(missed({ before: null, now })).toEqual({ webhooks: 1, journal: 0 });
    expect(missed({ before: null, now: at(0) })).toEqual(NONE);
  });

  it('is counted one by one, and told of once for the record, with whose fault it is and since when', () => {
    const late = READ - JOURNAL_GRACE_MS;
    const two = [...at(late + 1), { field: 'jobTitle', held: held('Manager', late) }];
    expect(missed({ now: two })).toEqual({ webhooks: 2, journal: 1 });
    const note = (look: Look) =>
      everythingMissed(look).drafts.map(({ crmAt, detail }) => ({ crmAt, ...detail }));
    const by = 'webhooks and the journal';
    expect(note({ now: two })).toEqual([{ crmAt: late, by, foundBy: 'reconcile', changes: 2 }]);
    expect(note({ now: two, told: 'journal' })).toEqual([
      { crmAt: late, by: 'webhooks', foundBy: 'journal', changes: 2 },
    ]);
    expect(note({ now: [{ field: '$life', held: held('archived', 0) }] })).toEqual([
      { crmAt: null, by, foundBy: 'reconcile', changes: 1 },
    ]);
    expect(everythingMissed({ now: at(READ - 1) })).toEqual({ drafts: [], warnings: [] });
  });
});
