/** `tally backfill`: orders the work from the hub's worker and shows how it goes. */
import type { HubId } from '@tallystick/shared/ids';
import type { Db } from '../store/database.ts';
import type { Terminal } from './commands.ts';

const LOOK_MS = 250;
const PLAIN_LINE_EVERY_MS = 2_000;
const BAR_CHARS = 24;
/** No worker took the job in this time: say so, and leave the job for the next one. */
const NOBODY_MS = 15_000;

/** Shows progress until the jobs are done; stopping the command does not stop them. */
export async function followBackfill(
  db: Db,
  hubId: HubId,
  jobIds: readonly string[],
  terminal: Terminal,
): Promise<number> {
  const startedAt = terminal.now();
  let plainAt = 0;
  for (;;) {
    const progress = await progressOf(db, hubId, jobIds);
    const elapsedMs = terminal.now() - startedAt;
    const line = progressLine(progress, elapsedMs);
    const over = progress.open === 0;
    if (terminal.rewrite !== null) terminal.rewrite(line);
    else if (over || terminal.now() - plainAt >= PLAIN_LINE_EVERY_MS) {
      terminal.print(line);
      plainAt = terminal.now();
    }
    if (over) {
      if (terminal.rewrite !== null) terminal.print('');
      return 0;
    }
    if (!progress.begun && elapsedMs > NOBODY_MS) {
      terminal.complain('No worker has taken the job yet: is the service running? The job stays ordered.');
      return 1;
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

interface Progress {
  done: number;
  open: number;
  begun: boolean;
  /** What the mirror held before: the best guess of how many there are. */
  expected: number;
  object: string | null;
  error: string | null;
}

async function progressOf(db: Db, hubId: HubId, jobIds: readonly string[]): Promise<Progress> {
  const rows = await db
    .selectFrom('jobs')
    .selectAll()
    .where('hub_id', '=', hubId)
    .where('job_id', 'in', [...jobIds])
    .execute();
  const known = await db
    .selectFrom('mirror')
    .select((eb) => eb.fn.countAll<string>().as('n'))
    .where('hub_id', '=', hubId)
    .where(
      'object',
      'in',
      rows.map((row) => row.object),
    )
    .where('life', '=', 'present')
    .executeTakeFirstOrThrow();
  const open = rows.filter((row) => row.finished_at === null);
  return {
    done: rows.reduce((sum, row) => sum + Number(row.done), 0),
    open: open.length,
    begun: rows.some((row) => row.started_at !== null),
    expected: Number(known.n),
    object: open[0]?.object ?? null,
    error: open.find((row) => row.error !== null)?.error ?? null,
  };
}

export function progressLine(progress: Progress, elapsedMs: number): string {
  const { done, open, expected, object, error } = progress;
  const rate = elapsedMs > 0 ? done / (elapsedMs / 1_000) : 0;
  if (open === 0)
    return `Backfill done: ${done} records in ${(elapsedMs / 1_000).toFixed(1)} s (${rate.toFixed(0)} a second).`;
  const total = Math.max(expected, done);
  const share = total === 0 ? 0 : done / total;
  const filled = Math.round(share * BAR_CHARS);
  const left = rate > 0 && total > done ? `, about ${Math.ceil((total - done) / rate)} s left` : '';
  const problem = error === null ? '' : ` (last problem: ${error})`;
  return `[${'█'.repeat(filled)}${'░'.repeat(BAR_CHARS - filled)}] ${object ?? ''}: ${done} records, ${rate.toFixed(0)} a second${left}${problem}`;
}
