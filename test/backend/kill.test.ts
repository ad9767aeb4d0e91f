/**
 * `kill -9` of the service at every named step of the loop, again and again, under load: every webhook that was
 * acknowledged and every edit that was accepted has to be accounted for. `npm run chaos -- --only steps` does many more.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { untilKilled } from '../chaos/scenarios.ts';
import { openTown, type Town } from '../chaos/town.ts';
import { STEPS } from '../harness/killable.ts';
import { createTestDatabase, type TestDatabase } from '../harness/postgres.ts';

const KILLS = Number(process.env.TALLYSTICK_KILLS ?? 33);

describe('a service that is killed', () => {
  let database: TestDatabase;
  let town: Town;
  beforeAll(async () => {
    database = await createTestDatabase();
    town = await openTown({ databaseUrl: database.url });
  }, 120_000);
  afterAll(async () => {
    await town.close();
    await database.drop();
  });

  it(
    `at every step of the loop, ${KILLS} times, loses no acknowledged webhook and no accepted edit`,
    { timeout: 900_000 },
    async () => {
      let kills = 0;
      for (let n = 0; n < KILLS; n += 1) {
        const step = STEPS[n % STEPS.length]!;
        const running = await town.start({ killAt: `${step}:${1 + (Math.floor(n / STEPS.length) % 4)}` });
        await untilKilled(town, running);
        if ((await running.ended) === 'SIGKILL') kills += 1;
        town.harvest();
      }
      await town.start();
      await town.rest();
      const account = await town.account();
      const { webhooksAcknowledged, editsAccepted } = account;
      console.log(
        `kills: ${kills}; webhooks acknowledged: ${webhooksAcknowledged}, lost: ${account.webhooksLost}; edits accepted: ${editsAccepted}, lost: ${account.editsLost}`,
      );
      expect(account.wrong).toEqual([]);
      expect(kills).toBe(KILLS);
      expect(Math.min(webhooksAcknowledged, editsAccepted)).toBeGreaterThan(KILLS);
    },
  );
});
