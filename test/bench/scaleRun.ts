/**
 * Many hubs over a web and a worker process, within a budget of time; ends with 1 where an event was lost.
 *
 *   npm run scale -- [--seed N] [--minutes M] [--small] [--hubs N] [--records N] [--streams N] [--events N]
 *
 * --records and --streams are totals, --events is a second. --small: 5 hubs, 5,000 records, 200 streams.
 */
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { benchDatabase, machineLine, percentile, report } from './report.ts';
import { runScale } from './scale.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    minutes: { type: 'string', default: '10' },
    small: { type: 'boolean', default: false },
    hubs: { type: 'string' },
    records: { type: 'string' },
    streams: { type: 'string' },
    events: { type: 'string' },
  },
});
const sizes = values.small
  ? { hubs: 5, records: 5_000, streams: 200, events: 20 }
  : { hubs: 50, records: 1_000_000, streams: 10_000, events: 100 };
const [hubs, records, streams, eventsPerSecond] = (['hubs', 'records', 'streams', 'events'] as const).map(
  (name) => positive(name, values[name] ?? String(sizes[name])),
) as [number, number, number, number];
const budgetMs = positive('minutes', values.minutes) * 60_000;
/** Of the budget: what the fill may take, and what the load takes. The rest is for starting, opening and looking. */
const [FILL_SHARE, LOAD_SHARE] = [0.4, 0.2];
const WARM_MS = 5_000;
const PARTS = { web: 'web', worker: 'worker', standIns: 'the stand-ins', postgres: 'Postgres' } as const;

const beganAt = performance.now();
const database = await benchDatabase();
console.log(
  `${machineLine()}\nload of the machine before: ${loadavg()
    .map((n) => n.toFixed(1))
    .join(' ')}`,
);
console.log(
  `seed ${values.seed}: ${count(hubs)} hubs, ${count(records)} records, ${count(streams)} streams, ${eventsPerSecond} events/s`,
);
const done = await runScale(
  {
    ...{ seed: positive('seed', values.seed), hubs, records, streams, eventsPerSecond, warmMs: WARM_MS },
    ...{ fillMs: budgetMs * FILL_SHARE, loadMs: budgetMs * LOAD_SHARE, budgetMs },
    log: (line) => console.log(`  ${line}`),
  },
  database,
);
const { loaded, memoryMb } = done;
if (done.records < records)
  console.log(`  The budget ended the fill: ${count(done.records)} of ${count(records)} records are there.`);
const told = loaded.told.map(({ ms }) => ms).sort((a, b) => a - b);
const answered = loaded.answered.map(({ ms }) => ms).sort((a, b) => a - b);
report('all hubs taken by the worker after', 's', [done.takenS]);
report(`${count(done.streams)} streams opened in`, 's', [done.openedS]);
report(`${count(loaded.events)} changes with a webhook each; messages measured`, '', [told.length]);
report('  webhook to stream, p50', 'ms', [percentile(told, 0.5)]);
report('  p99', 'ms', [percentile(told, 0.99)]);
report('  webhook answered, p50', 'ms', [percentile(answered, 0.5)]);
report('  p99', 'ms', [percentile(answered, 0.99)]);
report('events lost: records that do not hold their last change', '', [done.lost], { atMost: 0 });
report('events lost: messages owed to a stream that never came', '', [loaded.untold], { atMost: 0 });
report('connections to Postgres', '', [done.connections]);
for (const [part, what] of Object.entries(PARTS) as [keyof typeof PARTS, string][]) {
  report(`${what}: memory`, 'MB', [memoryMb[part]]);
  report('  time of a processor, streams opened and changes told', 's', [done.cpuS[part]]);
}
console.log(
  `load of the machine after: ${loadavg()
    .map((n) => n.toFixed(1))
    .join(' ')}; ${Math.round((performance.now() - beganAt) / 1_000)} s in all`,
);
await database.drop();
process.exit(done.lost + loaded.untold > 0 ? 1 : 0);

function positive(name: string, text: string): number {
  const number = Number(text);
  if (Number.isFinite(number) && number > 0) return number;
  console.error(`--${name} has to be a number above 0, not "${text}".`);
  process.exit(2);
}

function count(n: number): string {
  return n.toLocaleString('en');
}
