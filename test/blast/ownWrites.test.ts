/** Which writes of ours an undo finds: over promises as they stand in the store, with no worker beside. */
import { randomUUID } from 'node:crypto';
import { editId, hubId as toHubId, recordId, type RecordId } from '@tallystick/shared/ids';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findUndo } from '../../backend/desk/undo.ts';
import type { Db } from '../../backend/store/database.ts';
import { saveMirror } from '../../backend/store/mirror.ts';
import { addPromises, settlePromises } from '../../backend/store/visits.ts';
import { openHubDatabase } from '../harness/hubDatabase.ts';

const HUB = toHubId('1');
const ADA = recordId(700);
const THEIRS = { via: 'CRM_UI', id: 'userId:5', person: null };
const OURS = { via: 'INTEGRATION', id: '99', person: null };
const iso = (at: number): string => new Date(at).toISOString();

describe('the writes that an undo finds', () => {
  let db: Db;
  let close: () => Promise<void>;
  let company = 0;
  beforeAll(async () => {
    ({ db, close } = await openHubDatabase(HUB));
    const hub = { hub_id: HUB, app_id: '99', time_zone: 'UTC', connected_at: new Date(0) };
    await db.insertInto('hubs').values(hub).execute();
  });
  beforeEach(async () => {
    await db.deleteFrom('promises').where('hub_id', '=', HUB).execute();
  });
  afterAll(() => close());

  /** A company whose city holds the last value: written by us, over what stood before, at these moments. */
  async function written(
    ...writes: { over: string; value: string; at: number; outcome: string | null; isInCrm?: boolean }[]
  ): Promise<RecordId> {
    company += 1;
    const id = recordId(company);
    const place = { object: 'company', recordId: id, field: 'city' } as const;
    for (const { over, value, at, outcome } of writes) {
      const base = { value: over, at: 1, by: over === 'Town' ? THEIRS : OURS };
      const facts = { value, base, editIds: [editId(randomUUID())], person: ADA };
      const [promiseId] = await addPromises(db, HUB, 1, [{ ...place, ...facts, ...FRESH }], at);
      if (outcome !== null)
        await settlePromises(db, HUB, [{ promiseId: promiseId!, outcome, watchedFrom: null }], at);
    }
    const city = writes.findLast(({ isInCrm = true }) => isInCrm);
    const held = { value: city?.value ?? 'Town', by: city === undefined ? THEIRS : OURS };
    const facts = { at: 2, how: 'read', begunAt: 2, learnedAt: 2, asOf: 2, seq: 1 } as const;
    const row = { object: 'company', recordId: id, life: 'present' } as const;
    const fields = { city: { ...held, ...facts } };
    await saveMirror(db, HUB, [{ ...row, fields, foundSeq: 1, changedSeq: 1, readAt: 2 }]);
    return id;
  }
  const FRESH = { restores: false, owed: false };
  const found = async (filter: { since?: string; until?: string }, now: number) => {
    const { putBack, left, until } = await findUndo(db, HUB, { person: ADA, ...filter }, now);
    const places = Object.entries(left).map(([why, of]) => [why, of.map((each) => each.recordId)]);
    return {
      putBack: putBack.map((one) => [one.recordId, one.seen, one.wanted]),
      left: Object.fromEntries(places) as Record<string, RecordId[]>,
      until,
    };
  };

  it('are those that were made until the moment that was shown; what is written later is left as it is', async () => {
    const early = await written({ over: 'Town', value: 'One', at: 1_000, outcome: 'confirmed' });
    const late = await written({ over: 'Town', value: 'One', at: 3_000, outcome: 'confirmed' });
    const both = await written(
      { over: 'Town', value: 'One', at: 1_000, outcome: 'confirmed' },
      { over: 'One', value: 'Two', at: 3_000, outcome: 'confirmed' },
    );
    const [first, second] = [
      [early, 'One', 'Town'],
      [late, 'One', 'Town'],
    ];
    const then = { putBack: [first], left: { changed: [both] }, until: 2_000 };
    expect(await found({ until: iso(2_000) }, 9_000)).toEqual(then);
    // Whoever names no moment means the present one: what a clock that runs ahead wrote is not among it.
    expect(await found({}, 2_000)).toEqual(then);
    const all = await found({}, 9_000);
    expect(all).toMatchObject({ left: {}, until: 9_000 });
    expect(all.putBack.sort()).toEqual([first, second, [both, 'Two', 'Town']]);
    const since = await found({ since: iso(3_000) }, 9_000);
    expect(since.putBack.sort()).toEqual([second, [both, 'Two', 'One']]);
  });

  it('are those that were in the CRM, or may be: one that never arrived neither counts nor stands in the way of another', async () => {
    const inCrm = await Promise.all(
      ['confirmed', 'overtaken', 'superseded'].map((outcome) =>
        written({ over: 'Town', value: 'One', at: 1_000, outcome }),
      ),
    );
    const refused = { over: 'One', value: 'Two', at: 2_000, outcome: 'missing', isInCrm: false };
    const before = await written({ over: 'Town', value: 'One', at: 1_000, outcome: 'confirmed' }, refused);
    await written({ ...refused, over: 'Town' });
    const underway = await written({ over: 'Town', value: 'One', at: 1_000, outcome: null });
    const { putBack, left } = await found({}, 9_000);
    expect(putBack.sort()).toEqual([...inCrm, before].map((id) => [id, 'One', 'Town']).sort());
    expect(left).toEqual({ underway: [underway] });
  });
});
