/** How a benchmark speaks: the machine, min, median and max of several runs, the goal, and a ratio within one run. */
import { cpus, totalmem } from 'node:os';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../backend/store/embedded.ts';
import { migrateToLatest } from '../../backend/store/migrate.ts';

export interface BenchDatabase {
  url: string;
  /** For what a service keeps beside it. */
  stateDir: string;
  drop(): Promise<void>;
}

/** An embedded Postgres 18 of its own, durable as in use: fsync and synchronous_commit on. */
export async function benchDatabase(): Promise<BenchDatabase> {
  const dir = await mkdtemp(join(tmpdir(), 'tallystick-bench-'));
  const server = await startEmbeddedPostgres({
    dataDir: join(dir, 'postgres'),
    port: 0,
    database: 'bench',
    log: () => undefined,
  });
  await migrateToLatest(server.url);
  return {
    url: server.url,
    stateDir: dir,
    drop: async () => {
      await server.stop();
      await rm(server.dataDir, { recursive: true, force: true });
      await rm(dir, { recursive: true, force: true });
    },
  };
}

export function machineLine(): string {
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 2 ** 30);
  const day = new Date().toISOString().slice(0, 10);
  return `${day}, ${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}, ${memory} GiB, Node ${process.version}, embedded Postgres 18 (fsync on), service, database and load on this machine`;
}

export function percentile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}

/** One line: what, min / median / max of the runs, and how it stands to the goal. */
export function report(
  what: string,
  unit: string,
  runs: readonly number[],
  goal?: { atLeast?: number; atMost?: number },
): void {
  const sorted = [...runs].sort((a, b) => a - b);
  const median = percentile(sorted, 0.5);
  const figures = [sorted[0], median, sorted.at(-1)].map((n) => round(n ?? NaN)).join(' / ');
  console.log(`  ${what.padEnd(58)} ${figures.padStart(28)} ${unit}${verdict(median, goal)}`);
}

function verdict(median: number, goal: { atLeast?: number; atMost?: number } | undefined): string {
  if (goal?.atLeast !== undefined)
    return median >= goal.atLeast
      ? `   goal ≥ ${round(goal.atLeast)}: met`
      : `   goal ≥ ${round(goal.atLeast)}: missed by ${missedBy(goal.atLeast - median, goal.atLeast)}`;
  if (goal?.atMost !== undefined)
    return median <= goal.atMost
      ? `   goal ≤ ${round(goal.atMost)}: met`
      : `   goal ≤ ${round(goal.atMost)}: missed by ${missedBy(median - goal.atMost, goal.atMost)}`;
  return '';
}

const missedBy = (by: number, goal: number): string => `${Math.round((by / goal) * 100)} %`;
const round = (n: number): string => (n >= 100 ? Math.round(n).toLocaleString('en') : n.toFixed(2));
