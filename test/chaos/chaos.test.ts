/** A small dose of each kind of chaos; `npm run chaos` has as much of it as there is time for. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRandom } from '../simulator/random.ts';
import { killablePostgres, type KillablePostgres } from './postgres.ts';
import { SCENARIOS } from './scenarios.ts';
import { openTown, type Town } from './town.ts';

/** The others take their time: `steps` is test/backend/kill.test.ts, those that last an hour hour.test.ts. */
const DOSE = ['random', 'postgres', 'terminated', 'exhausted', 'stopped'];
const WITHIN_MS = 120_000;

describe('the service under chaos', () => {
  let postgres: KillablePostgres;
  let town: Town;
  beforeAll(async () => {
    postgres = await killablePostgres();
    town = await openTown({ databaseUrl: postgres.url });
  }, WITHIN_MS);
  afterAll(async () => {
    await town.close();
    await postgres.dispose();
  }, WITHIN_MS);

  it.each(SCENARIOS.filter(({ name }) => DOSE.includes(name)))(
    'survives $what: nothing acknowledged is lost, nothing is written twice, and the mirror is the CRM',
    { timeout: WITHIN_MS },
    async (scenario) => {
      const { name } = scenario;
      const place = { town, postgres, random: createRandom(1, name), size: 'small' as const };
      const figures = await scenario.run({ ...place, until: Date.now() + WITHIN_MS });
      await town.rest();
      await town.stopAll();
      console.log(`${name}: ${JSON.stringify(figures)}`);
      expect((await town.account()).wrong).toEqual([]);
    },
  );
});
