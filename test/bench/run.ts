/** `npm run bench [-- name …]`: the benchmarks, one after the other, apart from the tests. */
import { machineLine } from './report.ts';

const BENCHES: Record<string, () => Promise<{ main(): Promise<void> }>> = {
  ingest: () => import('./ingest.ts'),
  pipeline: () => import('./pipeline.ts'),
  live: () => import('./live.ts'),
  outbound: () => import('./outbound.ts'),
  desk: () => import('./desk.ts'),
  pages: () => import('./pages.ts'),
  fair: () => import('./fair.ts'),
};

const wanted = process.argv.slice(2);
const unknown = wanted.find((name) => !(name in BENCHES));
if (unknown !== undefined) {
  console.error(`There is no benchmark "${unknown}"; there are ${Object.keys(BENCHES).join(', ')}.`);
  process.exit(2);
}
console.log(`${machineLine()}\nmin / median / max of the runs\n`);
for (const [name, load] of Object.entries(BENCHES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.log(name);
  await (await load()).main();
}
process.exit(0);
