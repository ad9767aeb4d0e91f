/** A small dose of histories over the real worker, a real Postgres and the stand-in; `npm run simulate` has more. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../backend/store/connection.ts';
import type { Db } from '../../backend/store/database.ts';
import { createTestDatabase, type TestDatabase } from '../harness/postgres.ts';
import { live } from './history.ts';

const DOSE = 25;
/** Seeds that once found something. */
const REGRESSIONS: readonly number[] = [];

describe('the simulated world', () => {
  let database: TestDatabase;
  let db: Db;
  beforeAll(async () => {
    database = await createTestDatabase();
    db = openDatabase(database.url, () => undefined);
  });
  afterAll(async () => {
    await db.destroy();
    await database.drop();
  });
  const place = () => ({ db, databaseUrl: database.url });

  it.each([...REGRESSIONS, ...Array.from({ length: DOSE }, (_, index) => index + 1)])(
    'history %i ends with every invariant holding',
    async (seed) => {
      const { broken, story } = await live(seed, place());
      expect(broken, story.slice(-40).join('\n')).toEqual([]);
    },
  );
});
