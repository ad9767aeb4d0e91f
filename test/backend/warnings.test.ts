/** Warnings: one row a problem, counted while it stands, begun anew after its end. */
import { hubId as toHubId } from '@tallystick/shared/ids';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Db } from '../../backend/store/database.ts';
import { endWarning, raise, raisedWarnings } from '../../backend/store/warnings.ts';
import { openHubDatabase } from '../harness/hubDatabase.ts';

const HUB = toHubId('1');
const CODE = 'mirror-differs';

describe('a warning', () => {
  let db: Db;
  let close: () => Promise<void>;
  beforeAll(async () => {
    ({ db, close } = await openHubDatabase(HUB));
  });
  afterAll(() => close());
  const warn = (count: number, now: number, subject = ''): Promise<void> =>
    raise(db, HUB, [{ code: CODE, subject, count, detail: null }], now);
  const stored = () =>
    db
      .selectFrom('warnings')
      .select(['count', 'first_at', 'last_at', 'told_at'])
      .where('hub_id', '=', HUB)
      .where('subject', '=', '')
      .executeTakeFirstOrThrow();

  it('is counted while it stands, ends by itself alone, and begins anew, told to nobody, when it comes back', async () => {
    await warn(2, 1_000);
    await warn(3, 2_000);
    await warn(1, 2_000, 'another');
    expect(await stored()).toMatchObject({ count: '5', first_at: new Date(1_000), last_at: new Date(2_000) });
    await db
      .updateTable('warnings')
      .set({ told_at: new Date(2_500) })
      .where('hub_id', '=', HUB)
      .execute();
    await warn(1, 2_600);
    expect(await stored()).toMatchObject({ count: '6', told_at: new Date(2_500) });

    await endWarning(db, HUB, { code: CODE }, 3_000);
    expect((await raisedWarnings(db, HUB)).map(({ subject }) => subject)).toEqual(['another']);

    await warn(4, 4_000);
    expect(await stored()).toMatchObject({ count: '4', first_at: new Date(4_000), told_at: null });
    expect((await raisedWarnings(db, HUB)).map(({ subject }) => subject)).toEqual(['', 'another']);
  });
});
