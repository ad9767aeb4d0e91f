/**
 * Breaks the service in every way that is named, for a budget of time, and prints what became of everything.
 *
 *   npm run chaos -- [--seed N] [--minutes M] [--only name] [--small]
 */
import { parseArgs } from 'node:util';
import { machineLine } from '../bench/report.ts';
import { runScenario, type Outcome } from './one.ts';
import { SCENARIOS, type Scenario } from './scenarios.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '10' },
    only: { type: 'string' },
    small: { type: 'boolean', default: false },
  },
});
const chosen = SCENARIOS.filter(({ name }) => values.only === undefined || name === values.only);
if (chosen.length === 0) {
  console.error(
    `There is no scenario "${values.only}". There are: ${SCENARIOS.map(({ name }) => name).join(', ')}.`,
  );
  process.exit(2);
}
console.log(machineLine());
const ms = (Number(values.minutes) * 60_000) / chosen.length;
let right = true;
const total = { webhooks: 0, webhooksLost: 0, edits: 0, editsLost: 0 };
for (const scenario of chosen) {
  if (scenario.smallDisk === true && process.getuid?.() !== 0) {
    console.log(
      `${scenario.name} (${scenario.what}): skipped, because mounting a small file system needs root.`,
    );
    continue;
  }
  try {
    const size = values.small ? 'small' : 'full';
    const outcome = await runScenario(scenario, { seed: Number(values.seed), size, ms });
    tell(scenario, outcome);
    right &&= outcome.account.wrong.length === 0;
  } catch (error) {
    right = false;
    console.log(
      `${scenario.name} (${scenario.what}): FAILED: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}
console.log(
  `In all: ${total.webhooks} webhooks acknowledged, ${total.webhooksLost} lost; ${total.edits} edits accepted, ${total.editsLost} lost.`,
);
process.exit(right ? 0 : 1);

function tell({ name, what }: Scenario, { figures, account, convergenceMs }: Outcome): void {
  total.webhooks += account.webhooksAcknowledged;
  total.webhooksLost += account.webhooksLost;
  total.edits += account.editsAccepted;
  total.editsLost += account.editsLost;
  const all = {
    ...figures,
    'webhooks acknowledged': account.webhooksAcknowledged,
    'events lost': account.webhooksLost,
    'edits accepted': account.editsAccepted,
    'edits lost': account.editsLost,
    'ms to convergence': Math.round(convergenceMs),
  };
  const text = Object.entries(all).map(
    ([key, value]) => `${key} ${typeof value === 'number' ? Math.round(value) : value}`,
  );
  console.log(`${name} (${what}): ${text.join(', ')}`);
  for (const wrong of account.wrong) console.log(`  WRONG: ${wrong}`);
}
