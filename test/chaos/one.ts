/** One scenario from beginning to end, with a Postgres and a service of its own. */
import { createRandom } from '../simulator/random.ts';
import { killablePostgres, type KillablePostgres } from './postgres.ts';
import type { Figures, Scenario } from './scenarios.ts';
import { openTown, type Account } from './town.ts';

export interface Outcome {
  figures: Figures;
  account: Account;
  convergenceMs: number;
}

/** `postgres`: one that is there already, for scenarios that need no disk of their own. */
export async function runScenario(
  scenario: Scenario,
  options: { seed: number; size: 'small' | 'full'; ms: number; postgres?: KillablePostgres },
): Promise<Outcome> {
  const own = scenario.smallDisk === true || options.postgres === undefined;
  const postgres = own
    ? await killablePostgres({ smallDisk: scenario.smallDisk === true })
    : options.postgres!;
  try {
    const town = await openTown({ databaseUrl: postgres.url, seed: options.seed });
    try {
      const random = createRandom(options.seed, scenario.name);
      const until = Date.now() + options.ms;
      const figures = await scenario.run({ town, postgres, random, size: options.size, until });
      const convergenceMs = await town.rest();
      return { figures, account: await town.account(), convergenceMs };
    } finally {
      await town.close();
    }
  } finally {
    if (own) await postgres.dispose();
  }
}
