/** What a batch of events tells, without a database: values, lives, associations, and which records are read. */
import { recordId } from '@tallystick/shared/ids';
import { describe, expect, it } from 'vitest';
import type { Heard } from '../../backend/intake/heard.ts';
import type { Definition, Kept } from '../../backend/store/database.ts';
import { keyOf, type MirrorRow } from '../../backend/store/mirror.ts';
import type { DriftState } from '../../backend/sync/drift.ts';
import { LIFE } from '../../backend/sync/life.ts';
import { ignoredDrafts, listen, OBSERVE_DELAY_MS, touched, type HeardAt } from '../../backend/sync/listen.ts';
import { WEBHOOKS_GRACE_MS } from '../../backend/sync/missed.ts';
import { clock } from '../harness/loop.ts';

const NOW = 1_800_000_000_000;
const [ONE, TWO] = [recordId('1'), recordId('2')];
const by = { via: 'CRM_UI', id: 'userId:7', person: null };
const proven = (value: string | null, at: number, facts: Partial<Kept> = {}): Kept => ({
  ...{ value, at, by, how: 'read', begunAt: at + 50, learnedAt: at + 90, asOf: at + 50, seq: 1, ...facts },
});
const row = (fields: Record<string, Kept>, life = 'present'): MirrorRow => ({
  ...{ object: 'contact', recordId: ONE, life, foundSeq: 1, changedSeq: 1 },
  fields: { [LIFE]: proven(life, NOW - 9_000, { by: { ...by, via: 'READ' } }), ...fields },
});
const of = { object: 'contact', recordId: ONE } as const;
const value = (text: string | null, at = NOW - 10, field = 'mobile'): Heard => ({
  ...{ is: 'value', ...of, field, value: text, at, by },
});
const life = (to: string, at = NOW - 10): Heard => ({ is: 'life', ...of, life: to, at, by });
const moved = (at: number): Heard => ({ is: 'touched', ...of, how: 'moved', at });
const gone: Heard = { is: 'touched', ...of, how: 'gone', at: NOW - 10 };
const links: Heard = { is: 'links', ...of };

interface Hub {
  pauses?: Parameters<typeof listen>[0]['pauses'];
  stopped?: DriftState['stopped'];
}
/** From the webhooks, unless it comes as [event, 'journal']. */
type Told = Heard | [Heard, 'journal'];
function hear(mirrored: MirrorRow | null, told: readonly Told[], hub: Hub = {}) {
  const heard = told.map((each): HeardAt =>
    Array.isArray(each)
      ? { one: each[0], receivedAt: NOW, layer: each[1] }
      : { one: each, receivedAt: NOW, layer: 'webhooks' },
  );
  const option = { value: 'email', label: 'E-mail', hidden: false };
  const channel: Definition = { type: 'enumeration', readOnly: false, options: [option] };
  const drift: DriftState = {
    ...{ schema: null, findings: [], stopped: hub.stopped ?? [], bars: new Set(), doubts: new Map() },
    ...{ refusedScopes: new Map(), isWanted: false, readAt: 0, reading: Promise.resolve() },
    onTypeIds: () => undefined,
  };
  const ctx = {
    ...{ pauses: hub.pauses ?? [], drift, clock: { ...clock, now: () => NOW } },
    definitions: new Map([['contact:portal_preferred_channel', channel]]),
  };
  const mirror = new Map(mirrored === null ? [] : [[keyOf(mirrored), mirrored]]);
  const { moves, due, erased } = listen(ctx, heard, mirror, NOW);
  const observed = moves.flatMap((move) => move.observed.map(({ field, held }) => [field, held] as const));
  return { due, erased, observed, values: observed.map(([field, held]) => [field, held.value]), drift };
}
const pause = (field: string | null) => [
  ...[{ pauseId: '1', object: 'contact' as const, field, direction: 'in' as const }].map((each) => ({
    ...{ ...each, reason: 'try', userId: '7', begunAt: NOW },
  })),
];

describe('a value', () => {
  it('stands at once as a claim, and the record is due to be read without its associations', () => {
    const { due, values, observed } = hear(row({ mobile: proven('1', NOW - 100) }), [value('2')]);
    expect(values).toEqual([['mobile', '2']]);
    expect(observed[0]?.[1]).toMatchObject({ how: 'event', learnedAt: NOW });
    expect(due).toEqual([{ ...of, links: false, told: 'webhooks' }]);
  });

  it('that comes after another in the batch is measured against that one', () => {
    const known = row({ mobile: proven('1', NOW - 100) });
    expect(hear(known, [value('3', NOW - 5), value('2', NOW - 8)]).values).toEqual([['mobile', '3']]);
    expect(hear(known, [value('2', NOW - 8), value('3', NOW - 5)]).values).toEqual([
      ['mobile', '2'],
      ['mobile', '3'],
    ]);
  });

  it('that is proven already costs no read; one that is only claimed is still to be proven', () => {
    expect(hear(row({ mobile: proven('1', NOW - 10) }), [value('1')])).toMatchObject({ due: [], values: [] });
    const claim: Kept = { ...{ value: '1', at: NOW - 10, by }, how: 'event', learnedAt: 1, asOf: 1, seq: 1 };
    expect(hear(row({ mobile: claim }), [value('1')])).toMatchObject({ due: [of], values: [] });
  });

  it('of a record that is not in the mirror is not half a record: it is read as a whole', () => {
    expect(hear(null, [value('2')])).toMatchObject({
      ...{ values: [], due: [{ ...of, links: true, told: 'webhooks' }] },
    });
  });

  it('is not let in where staff have paused the field inwards, nor where it is set apart', () => {
    const known = row({ mobile: proven('1', NOW - 100) });
    const both = [value('2'), value('+49 30 5', NOW - 10, 'phone')];
    expect(hear(known, both, { pauses: pause('mobile') }).values).toEqual([['phone', '+49 30 5']]);
    const stop = {
      code: 'type-changed',
      object: 'contact',
      field: 'mobile',
      stops: 'both',
      since: 1,
    } as const;
    expect(hear(known, both, { stopped: [stop] }).values).toEqual([['phone', '+49 30 5']]);
  });

  it('with an option that the schema does not know has the schema read', () => {
    const known = row({});
    expect(hear(known, [value('email', NOW, 'preferredChannel')]).drift.isWanted).toBe(false);
    expect(hear(known, [value('pigeon', NOW, 'preferredChannel')]).drift.isWanted).toBe(true);
  });
});

describe('a life', () => {
  it('is heard through a pause', () => {
    expect(hear(row({}), [life('archived')], { pauses: pause(null) }).values).toEqual([[LIFE, 'archived']]);
  });

  it('of what was merged away only ends by erasure, also within one batch', () => {
    const merged = row({}, 'merged:2');
    expect(hear(merged, [life('present'), life('archived')]).values).toEqual([]);
    expect(hear(merged, [life('merged:3')]).values).toEqual([[LIFE, 'merged:3']]);
    expect(hear(row({}), [life('merged:2', NOW - 9), life('archived', NOW - 5)]).values).toEqual([
      [LIFE, 'merged:2'],
    ]);
    expect(hear(merged, [life('erased')]).values).toEqual([[LIFE, 'erased']]);
  });

  it('that was erased takes what comes after it along, and is kept at once where nobody knew the record', () => {
    expect(hear(row({}, 'erased'), [value('2'), links])).toMatchObject({
      erased: [ONE],
      due: [],
      values: [],
    });
    const unknown = hear(null, [life('erased'), value('2')]);
    expect(unknown).toMatchObject({ erased: [ONE], values: [[LIFE, 'erased']], due: [of] });
  });
});

describe('what only says that something moved', () => {
  const known = row({ mobile: proven('1', NOW - 100), city: proven('Bath', NOW - 40) });

  it('is not read again where a read has brought something as new, by the CRM’s clock', () => {
    expect(hear(known, [moved(NOW - 40)]).due).toEqual([]);
    expect(hear(known, [moved(NOW - 39)]).due).toMatchObject([of]);
    expect(hear(null, [moved(NOW - 40)]).due).toMatchObject([{ ...of, links: true }]);
  });

  it.each<[string, Kept]>([
    ['a claim', { ...{ value: '1', at: NOW, by }, how: 'event', learnedAt: NOW, asOf: NOW, seq: 1 }],
    ['an event that set the value again', proven('1', NOW, { begunAt: NOW - 60, asOf: NOW })],
    ['an event, before a read whose answer was older', proven('1', NOW, { learnedAt: NOW - 1 })],
    ['our own clock', proven('1', NOW, { by: { ...by, via: 'READ' } })],
  ])('is read where what is as new was told by %s', (_, held) => {
    expect(hear(row({ mobile: held }), [moved(NOW - 10)]).due).toMatchObject([of]);
  });

  it('that it is gone is known of what is not there any more', () => {
    expect(hear(known, [gone]).due).toMatchObject([of]);
    expect(hear(row({}, 'archived'), [gone]).due).toEqual([]);
  });

  it('waits until the webhook for it has had its time, by no clock longer than that', () => {
    const notBefore = (at: number): unknown => hear(known, [[moved(at), 'journal']]).due[0]?.notBefore;
    expect(notBefore(NOW - 30)).toBe(NOW - 30 + WEBHOOKS_GRACE_MS);
    expect(notBefore(NOW + 600_000)).toBe(NOW + WEBHOOKS_GRACE_MS);
    const longAgo = hear(row({}), [[moved(NOW - 600_000), 'journal']]).due;
    expect(longAgo).toEqual([{ ...of, links: false, told: 'journal', notBefore: NOW + OBSERVE_DELAY_MS }]);
    expect(
      hear(known, [
        [moved(NOW - 9), 'journal'],
        [moved(NOW - 30), 'journal'],
      ]).due,
    ).toMatchObject([{ notBefore: NOW - 9 + WEBHOOKS_GRACE_MS }]);
  });

  it('does not wait where a webhook speaks of the record too, whichever is heard first', () => {
    const webhook = value('2');
    const journal: Told = [moved(NOW - 9), 'journal'];
    for (const both of [
      [webhook, journal],
      [journal, webhook],
    ])
      expect(hear(known, both).due).toEqual([{ ...of, links: false, told: 'webhooks' }]);
  });
});

it('associations that moved are read anew', () => {
  expect(hear(row({}), [links]).due).toEqual([{ ...of, links: true, told: 'webhooks' }]);
  expect(hear(row({ mobile: proven('1', 1) }), [value('2'), links]).due).toMatchObject([{ links: true }]);
});

it('names each record once, and counts what is none of ours by its reason', () => {
  const heard = [
    ...[value('1'), value('2'), { ...links, recordId: TWO }],
    ...[{ is: 'ignored', why: 'a' } as const, { is: 'ignored', why: 'a' } as const],
    { is: 'ignored', why: 'b' } as const,
  ].map((one): HeardAt => ({ one, receivedAt: NOW, layer: 'webhooks' }));
  expect(touched(heard)).toEqual([of, { ...of, recordId: TWO }]);
  expect(ignoredDrafts(heard)).toMatchObject([{ kind: 'ignored', detail: { a: 2, b: 1 } }]);
  expect(ignoredDrafts(heard.slice(0, 3))).toEqual([]);
});
