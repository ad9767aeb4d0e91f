/**
 * Explores every interleaving of every world and prints what was seen.
 *
 *   npm run explore                          every world, at least 1,000,000 states
 *   npm run explore -- --only <part of name> the worlds whose name holds this
 *   npm run explore -- --break <fault>       a planted fault, in the small worlds; `--break all` tries each
 */
import { parseArgs } from 'node:util';
import { FAULTS, isFault, type Fault } from './faults.ts';
import type { WorldPlan } from './model.ts';
import { search, type Found } from './search.ts';
import { LARGE, SMALL } from './worlds.ts';

const STATES_MIN = 1_000_000;

const { values: options } = parseArgs({
  options: { only: { type: 'string' }, break: { type: 'string' } },
});
process.exitCode = main() ? 0 : 1;

function main(): boolean {
  if (options.break === 'all') return faultsOf().map(breaks).every(Boolean);
  if (options.break !== undefined) {
    if (isFault(options.break)) return breaks(options.break);
    console.error(`There is no fault "${options.break}". There are: ${faultsOf().join(', ')}.`);
    return false;
  }
  return explore();
}

function explore(): boolean {
  const plans = [...SMALL, ...LARGE].filter(({ name }) => name.includes(options.only ?? ''));
  const total = { states: 0, transitions: 0, terminals: 0, depth: 0, seconds: 0 };
  let right = true;
  for (const plan of plans) {
    const found = search(plan, 'none');
    tell(plan, found);
    total.states += found.states;
    total.transitions += found.transitions;
    total.terminals += found.terminals;
    total.depth = Math.max(total.depth, found.depth);
    total.seconds += found.seconds;
    right &&= found.wrong === null;
  }
  console.log(`${plans.length} worlds: ${figures(total)}.`);
  const enough = options.only !== undefined || total.states >= STATES_MIN;
  if (!enough) console.error(`Fewer than ${count(STATES_MIN)} states were seen.`);
  return right && enough;
}

function tell(plan: WorldPlan, found: Found): void {
  const bounds = Object.entries(plan.budget).filter(([, most]) => most > 0);
  console.log(
    `${plan.name}\n  ${figures(found)}; at most ${bounds.map(([what, most]) => `${what} ${most}`).join(', ')}`,
  );
  if (found.wrong === null) return;
  console.log(
    `  WRONG: ${found.wrong.what}\n${found.wrong.history.map((step, i) => `    ${i + 1}. ${step}`).join('\n')}`,
  );
}

function breaks(fault: Fault): boolean {
  for (const plan of SMALL) {
    const found = search(plan, fault);
    if (found.wrong === null) continue;
    console.log(
      `${fault} (${FAULTS[fault]}): found after ${count(found.states)} states: ${found.wrong.what}`,
    );
    return true;
  }
  console.error(`${fault} (${FAULTS[fault]}): NOT FOUND`);
  return false;
}

function faultsOf(): Fault[] {
  return Object.keys(FAULTS)
    .filter(isFault)
    .filter((fault) => fault !== 'none');
}

function figures({
  states,
  transitions,
  terminals,
  depth,
  seconds,
}: Omit<Found, 'wrong' | 'cutOff'>): string {
  return `${count(states)} states, ${count(transitions)} transitions, ${count(terminals)} at rest, depth ${depth}, ${seconds.toFixed(1)} s`;
}

function count(n: number): string {
  return n.toLocaleString('en');
}
