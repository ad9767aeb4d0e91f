/** What is due: nothing that comes while a record is worked on is lost, and what is urgent is not made to wait. */
import { hubId as toHubId, recordId, type RecordId } from '@tallystick/shared/ids';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Db } from '../../backend/store/database.ts';
import { markDue, type DueRecord } from '../../backend/store/due.ts';
import { LANES, type Lane } from '../../backend/store/lanes.ts';
import { keyOf } from '../../backend/store/mirror.ts';
import { endWork, failWork, nextWork, type Ending, type Work } from '../../backend/store/work.ts';
import { openHubDatabase } from '../harness/hubDatabase.ts';

const HUB = toHubId('1');
const [ONE, TWO] = [recordId('1'), recordId('2')];
const NOW = 1_000_000;
const ERROR = { code: 'unexpected', message: 'It did not work.' };

describe('a record that is due', () => {
  let db: Db;
  let close: () => Promise<void>;
  beforeAll(async () => {
    ({ db, close } = await openHubDatabase(HUB));
  });
  afterAll(() => close());
  beforeEach(() => db.deleteFrom('due').where('hub_id', '=', HUB).execute());

  const mark = (lane: Lane, id: RecordId, facts: Partial<DueRecord> = {}, notBefore = NOW): Promise<void> =>
    markDue(db, HUB, lane, [{ object: 'contact', recordId: id, ...facts }], { now: NOW, notBefore });
  const claim = (now = NOW, lanes: readonly Lane[] = LANES, busy: readonly string[] = []): Promise<Work[]> =>
    nextWork(db, HUB, now, lanes, busy, 10);
  async function claimed(now = NOW): Promise<Work> {
    const [work] = await claim(now);
    if (work === undefined) throw new Error('Nothing is due.');
    return work;
  }

  const end = (work: Work, again: Ending['again']): Promise<void> =>
    endWork(db, HUB, [{ object: work.object, recordId: work.recordId, work, again }], NOW);

  it('keeps the more urgent lane, the earlier time, the first layer that told, and every reason', async () => {
    await mark('edit', ONE, { told: 'webhooks', links: true });
    await mark('backfill', ONE, { told: 'reconcile', links: false }, NOW + 60_000);
    expect(await claimed()).toMatchObject({ lane: 'edit', told: 'webhooks', links: true });
  });

  it('is not claimed before its time, nor while it is worked on', async () => {
    await mark('read', ONE, {}, NOW + 500);
    expect(await claim()).toEqual([]);
    expect(await claim(NOW + 500)).toHaveLength(1);
    expect(await claim(NOW + 500, LANES, [keyOf({ object: 'contact', recordId: ONE })])).toEqual([]);
  });

  it('of people goes before what has waited longer for a machine', async () => {
    await markDue(db, HUB, 'backfill', [{ object: 'deal', recordId: TWO }], { now: NOW - 60_000 });
    await mark('edit', ONE);
    expect((await claim()).map(({ lane }) => lane)).toEqual(['edit']);
  });

  it('becomes due where it is seen without having been due, and has to be looked at again', async () => {
    const seen = { object: 'contact' as const, recordId: ONE, work: null };
    await endWork(db, HUB, [{ ...seen, again: null }], NOW);
    expect(await claim()).toEqual([]);
    await endWork(db, HUB, [{ ...seen, again: { lane: 'settle', notBefore: NOW } }], NOW);
    expect(await claimed()).toMatchObject({ lane: 'settle', recordId: ONE });
  });

  it('stays due as it became meanwhile, whether its work ends or has to be looked at again', async () => {
    for (const again of [null, { lane: 'settle' as const, notBefore: NOW + 60_000 }]) {
      await mark('observe', ONE);
      const work = await claimed();
      await mark('edit', ONE, { links: true });
      await end(work, again);
      const news = await claimed();
      expect(news).toMatchObject({ lane: 'edit', links: true });
      await end(news, null);
      expect(await claim(NOW + 120_000)).toEqual([]);
    }
  });

  it('is set aside after its failures until something new comes, and then begins to be counted anew', async () => {
    await mark('observe', ONE);
    const failed = async (park: boolean): Promise<void> =>
      failWork(db, HUB, [{ work: await claimed(), error: ERROR, notBefore: NOW, counts: true, park }], NOW);
    await failed(false);
    await failed(true);
    expect(await claim()).toEqual([]);
    await mark('read', ONE);
    expect(await claimed()).toMatchObject({ lane: 'read', attempts: 0 });
  });

  it('that failed is tried after its wait, is counted, and forgets its failures once it went well', async () => {
    await mark('observe', ONE);
    const work = await claimed();
    await failWork(db, HUB, [{ work, error: ERROR, notBefore: NOW + 500, counts: true, park: false }], NOW);
    expect(await claim()).toEqual([]);
    const again = await claimed(NOW + 500);
    expect(again.attempts).toBe(1);
    await end(again, { lane: 'settle', notBefore: NOW });
    expect((await claimed()).attempts).toBe(0);
  });
});
