/** Work over all records of an object, as it is stored: ordered once, gone on with, ended, and due again in its time. */
import { hubId as toHubId } from '@tallystick/shared/ids';
import type { AppObject } from '@tallystick/shared/ownership';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { emptyComparison } from '../../backend/intake/compare.ts';
import type { Db } from '../../backend/store/database.ts';
import {
  beginJob,
  endJobs,
  giveUpComparing,
  openJobs,
  orderFirstJobs,
  orderJobs,
  overdueObject,
  saveStep,
} from '../../backend/store/jobs.ts';
import type { JobKind } from '../../backend/store/layerTables.ts';
import { openHubDatabase } from '../harness/hubDatabase.ts';

const HUB = toHubId('1');
const CONNECTED = 1_000_000;
const NOW = 5_000_000;
const ALL: readonly AppObject[] = ['contact', 'company', 'ticket'];

describe('a job', () => {
  let db: Db;
  let close: () => Promise<void>;
  beforeAll(async () => {
    ({ db, close } = await openHubDatabase(HUB));
    const hub = { hub_id: HUB, app_id: '1', time_zone: 'UTC', connected_at: new Date(CONNECTED) };
    await db.insertInto('hubs').values(hub).execute();
  });
  afterAll(() => close());
  beforeEach(() => db.deleteFrom('jobs').where('hub_id', '=', HUB).execute());

  async function order(kind: JobKind, object: AppObject): Promise<string> {
    const [id] = await orderJobs(db, HUB, kind, [object], NOW);
    if (id === undefined) throw new Error('Nothing was ordered.');
    return id;
  }
  const step = (id: string, more: { cursor?: string | null; isFinished?: boolean; done?: number } = {}) =>
    saveStep(db, HUB, id, NOW, { done: 50, cursor: '50', isFinished: false, ...more });
  const failed = (id: string) => saveStep(db, HUB, id, NOW, { error: 'Nobody answers.' });
  const ended = (kind: JobKind, object: AppObject, at: number) =>
    order(kind, object).then((id) =>
      saveStep(db, HUB, id, at, { done: 1, cursor: null, isFinished: true }).then(() => id),
    );
  const row = (id: string) =>
    db.selectFrom('jobs').selectAll().where('job_id', '=', id).executeTakeFirstOrThrow();
  const overdue = (since: number, triedSince = NOW) => overdueObject(db, HUB, ALL, { since, triedSince });

  it('is ordered once while it is open, by kind and object, and anew when it has ended', async () => {
    const id = await order('reconcile', 'contact');
    expect(await order('reconcile', 'contact')).toBe(id);
    const others = [await order('backfill', 'contact'), await order('reconcile', 'company')];
    expect(new Set([id, ...others]).size).toBe(3);
    expect((await orderJobs(db, HUB, 'reconcile', ['contact', 'company'], NOW)).sort()).toEqual(
      [id, others[1]].sort(),
    );
    await step(id, { cursor: null, isFinished: true });
    expect(await order('reconcile', 'contact')).not.toBe(id);
  });

  it('that reads from nothing goes first, one that cannot go on last, the others as they were ordered', async () => {
    const first = await order('reconcile', 'contact');
    const second = await order('dry-run', 'company');
    const stuck = await order('backfill', 'company');
    const backfill = await order('backfill', 'ticket');
    await failed(stuck);
    await ended('reconcile', 'ticket', NOW);
    const inOrder = async () => (await openJobs(db, HUB)).map(({ jobId }) => jobId);
    expect(await inOrder()).toEqual([backfill, first, second, stuck]);
    await step(stuck);
    expect(await inOrder()).toEqual([stuck, backfill, first, second]);
  });

  it('goes on where it stood, and begins once', async () => {
    const id = await order('reconcile', 'contact');
    expect(await openJobs(db, HUB)).toMatchObject([
      { kind: 'reconcile', object: 'contact', cursor: null, startedAt: null, comparison: null },
    ]);
    await beginJob(db, HUB, id, NOW, 103);
    await beginJob(db, HUB, id, NOW + 1, 7);
    await failed(id);
    await step(id);
    await saveStep(db, HUB, id, NOW, {
      done: 3,
      cursor: '53',
      isFinished: false,
      comparison: emptyComparison(['phone']),
    });
    await failed(id);
    await step(id, { cursor: '60', done: 7 });
    expect(await row(id)).toMatchObject({ done: '60', expected: '103', error: null, finished_at: null });
    expect(await openJobs(db, HUB)).toMatchObject([
      { cursor: '60', startedAt: NOW, comparison: { paused: ['phone'] } },
    ]);
  });

  it('that was ended is begun anew from nothing, and what was under way of it changes nothing any more', async () => {
    const [old, dry, other, done] = [
      await order('reconcile', 'contact'),
      await order('dry-run', 'contact'),
      await order('reconcile', 'company'),
      await ended('reconcile', 'ticket', NOW),
    ];
    await step(old);
    await endJobs(db, HUB, ['contact', 'ticket'], NOW, 'reconcile');
    const kept = await row(old);
    expect(kept).toMatchObject({ error: 'It was begun anew.', finished_at: new Date(NOW) });
    expect((await row(done)).error).toBeNull();
    const next = await order('reconcile', 'contact');
    expect(await row(next)).toMatchObject({ cursor: null, done: '0' });
    await step(old, { isFinished: true });
    await failed(old);
    await giveUpComparing(db, HUB, old, NOW + 1, { comparison: emptyComparison([]), error: 'Gone.' });
    expect(await row(old)).toEqual(kept);
    expect((await openJobs(db, HUB)).map(({ jobId }) => jobId).sort()).toEqual([dry, next, other].sort());
    await endJobs(db, HUB, ['contact'], NOW);
    expect((await openJobs(db, HUB)).map(({ jobId }) => jobId)).toEqual([other]);
  });

  it('is overdue for the object that was not read or compared as a whole for the longest time', async () => {
    expect(await overdue(CONNECTED)).toBeNull(); // a new hub is being read
    expect(await overdue(CONNECTED + 1)).toBe('contact');
    await ended('reconcile', 'contact', CONNECTED + 500);
    await ended('backfill', 'company', CONNECTED + 300);
    expect(await overdue(CONNECTED + 1)).toBe('ticket');
    await ended('reconcile', 'ticket', CONNECTED + 400);
    expect([await overdue(CONNECTED + 300), await overdue(CONNECTED + 301)]).toEqual([null, 'company']);
    await ended('dry-run', 'company', CONNECTED + 900);
    await order('reconcile', 'company');
    expect(await overdue(CONNECTED + 301)).toBe('company');
    await endJobs(db, HUB, ['company'], CONNECTED + 1_000);
    // What was tried in vain is no comparison, but rests for a while.
    expect([await overdue(NOW, CONNECTED + 1_000), await overdue(NOW, CONNECTED + 1_001)]).toEqual([
      'ticket',
      'company',
    ]);
    await ended('reconcile', 'ticket', CONNECTED + 2_000);
    await ended('reconcile', 'ticket', CONNECTED + 450);
    expect(
      await overdueObject(db, HUB, ['ticket'], { since: CONNECTED + 2_000, triedSince: NOW }),
    ).toBeNull();
  });

  it('reads everything of a hub that is seen for the first time, and of no other', async () => {
    await orderFirstJobs(db, HUB, ALL, NOW);
    const first = await openJobs(db, HUB);
    expect(first.map(({ kind, object }) => `${kind} ${object}`).sort()).toEqual(
      ALL.map((object) => `backfill ${object}`).sort(),
    );
    for (const { jobId } of first) await step(jobId, { cursor: null, isFinished: true });
    await orderFirstJobs(db, HUB, ALL, NOW);
    expect(await openJobs(db, HUB)).toEqual([]);
  });
});
