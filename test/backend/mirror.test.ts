/** The mirror's rows and links: a patch moves what it names, and nothing else. */
import { hubId as toHubId, recordId } from '@tallystick/shared/ids';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Db, Kept } from '../../backend/store/database.ts';
import { unpackOne } from '../../backend/store/kept.ts';
import * as store from '../../backend/store/mirror.ts';
import { isPaused } from '../../backend/store/orders.ts';
import { openHubDatabase } from '../harness/hubDatabase.ts';

const HUB = toHubId('1');
const [ONE, TWO] = [recordId('1'), recordId('2')];
const by = { via: 'CRM_UI', id: null, person: null };
const kept = (value: string): Kept => ({
  ...{ value, at: 1, by, how: 'read', begunAt: 2, learnedAt: 2, asOf: 2, seq: 1 },
});

describe('the mirror', () => {
  let db: Db;
  let close: () => Promise<void>;
  beforeAll(async () => {
    ({ db, close } = await openHubDatabase(HUB));
  });
  afterAll(() => close());
  const patch = (fields: Record<string, Kept>, facts: Partial<store.MirrorPatch> = {}) =>
    store.saveMirror(db, HUB, [
      {
        object: 'contact',
        recordId: ONE,
        life: 'present',
        fields,
        foundSeq: 1,
        changedSeq: 1,
        readAt: null,
        ...facts,
      },
    ]);
  const loaded = async () => [
    ...(await store.loadMirror(db, HUB, [{ object: 'contact', recordId: ONE }])).values(),
  ];
  const readAt = () =>
    db.selectFrom('mirror').select('read_at').where('hub_id', '=', HUB).executeTakeFirstOrThrow();

  it('keeps the fields and the time of reading that a later patch does not name', async () => {
    await patch({ mobile: kept('1'), phone: kept('2') }, { readAt: 5_000 });
    await patch({ mobile: kept('9') }, { changedSeq: 2 });
    expect(await loaded()).toMatchObject([
      { changedSeq: 2, fields: { mobile: { value: '9' }, phone: { value: '2' } } },
    ]);
    expect(await readAt()).toEqual({ read_at: new Date(5_000) });
  });

  it('keeps what an event claimed and what a read proved as it was held, and reads rows that say less', async () => {
    const claim: Kept = { ...{ value: 'a', at: 1, by, how: 'event' }, learnedAt: 3, asOf: 1, seq: 4 };
    const proof: Kept = {
      ...{ value: null, at: 1, by: { via: 'CRM_UI', id: 'userId:7', person: '5' }, how: 'read' },
      ...{ begunAt: 2, learnedAt: 90, asOf: 5, seq: 4 },
    };
    await patch({ mobile: claim, phone: proof });
    expect((await loaded())[0]?.fields).toEqual({ mobile: claim, phone: proof });
    expect(unpackOne(['a', 1, 'CRM_UI', null, null, 1, 2, 5, 4])).toMatchObject({ begunAt: 2, learnedAt: 2 });
  });

  it('holds the companies of a record as they were read last, with their labels', async () => {
    const link = (id: string, labels: string[]): store.Link => ({
      companyId: recordId(id),
      isPrimary: id === '4',
      labels,
    });
    const save = (links: store.Link[]) =>
      store.saveLinks(db, HUB, [{ object: 'contact', recordId: ONE, links }]);
    const links = async () =>
      (await store.loadLinks(db, HUB, 'contact', [ONE])).map(({ companyId, labels }) => [
        companyId,
        ...labels,
      ]);
    await save([link('4', ['Billing']), link('5', [])]);
    await save([link('4', ['Buyer'])]);
    expect(await links()).toEqual([['4', 'Buyer']]);
    await save([]);
    expect(await links()).toEqual([]);
  });

  it('looks for what is here, and was neither met in a list nor read since', async () => {
    const SINCE = 10_000;
    const unmet = () => store.notCompared(db, HUB, 'contact', SINCE, 10);
    await patch({}, { recordId: TWO, life: 'archived', readAt: 1 });
    expect(await unmet()).toEqual([ONE]);
    await patch({}, { readAt: SINCE });
    expect(await unmet()).toEqual([]);
    await patch({}, { readAt: SINCE - 1 });
    await store.markCompared(db, HUB, 'contact', [ONE], SINCE);
    expect(await unmet()).toEqual([]);
  });

  it('is held still by a pause of its object or field, in its direction or in both', () => {
    const paused = (pause: Partial<Parameters<typeof isPaused>[0][number]>, direction: 'in' | 'out' = 'in') =>
      isPaused([{ object: null, field: null, direction: 'in', ...pause }], 'contact', 'mobile', direction);
    expect(paused({})).toBe(true);
    expect(paused({ object: 'contact' })).toBe(true);
    expect(paused({ object: 'deal' })).toBe(false);
    expect(paused({ object: 'contact', field: 'mobile' })).toBe(true);
    expect(paused({ object: 'contact', field: 'phone' })).toBe(false);
    expect(paused({}, 'out')).toBe(false);
    expect(paused({ direction: 'both' }, 'out')).toBe(true);
  });
});
