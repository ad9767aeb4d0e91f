/** `npm run simulate [-- --seed N --histories N --minutes N]`: histories until the budget is used; prints what they met. */
import { parseArgs } from 'node:util';
import { benchDatabase } from '../bench/report.ts';
import { live } from './history.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    histories: { type: 'string', default: '1000' },
    minutes: { type: 'string', default: '60' },
    story: { type: 'boolean', default: false },
  },
});
const database = await benchDatabase();
const until = Date.now() + Number(values.minutes) * 60_000;
const counts: Record<string, number> = {};
const failed: number[] = [];
let lived = 0;
const first = Number(values.seed);
for (let seed = first; seed < first + Number(values.histories) && Date.now() < until; seed += 1) {
  const outcome = await live(seed, database.url);
  lived += 1;
  for (const [what, count] of Object.entries(outcome.counts)) counts[what] = (counts[what] ?? 0) + count;
  if (values.story) for (const line of outcome.story) console.log(`  ${line}`);
  if (outcome.broken.length === 0) continue;
  failed.push(seed);
  console.log(`seed ${seed}:`);
  for (const line of outcome.broken) console.log(`  ${line}`);
}
const met = Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1));
console.log(
  `${lived} histories from seed ${first}: ${failed.length} broke an invariant (${failed.join(', ')})`,
);
console.log(met.map(([what, count]) => `${what} ${count}`).join(', '));
await database.drop();
process.exit(failed.length === 0 ? 0 : 1);
