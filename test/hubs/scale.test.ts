/** A small dose of `npm run scale`: a web and a worker process, several hubs, live streams; nothing is lost. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { runScale } from '../bench/scale.ts';
import { createTestDatabase, type TestDatabase } from '../harness/postgres.ts';

let database: TestDatabase;
let stateDir: string;
beforeAll(async () => {
  database = await createTestDatabase();
  stateDir = await mkdtemp(join(tmpdir(), 'tallystick-scale-'));
});
afterAll(async () => {
  await database.drop();
  await rm(stateDir, { recursive: true, force: true });
});

it('loses no change of several hubs on its way to mirrors and live streams', async () => {
  const done = await runScale(
    {
      ...{ seed: 7, hubs: 4, records: 200, streams: 24, eventsPerSecond: 25 },
      ...{ warmMs: 500, fillMs: 60_000, loadMs: 1_500, budgetMs: 60_000, log: () => undefined },
    },
    { url: database.url, stateDir },
  );
  expect(done).toMatchObject({ records: 200, streams: 24, lost: 0 });
  expect(done.loaded.untold).toBe(0);
  expect(done.loaded.events).toBeGreaterThan(30);
  expect(done.loaded.told.length).toBeGreaterThan(5);
}, 60_000);
