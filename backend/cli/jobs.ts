/** `tally backfill`, `reconcile` and `verify`: each orders the work from the hub's worker and shows how it goes. */
import { setTimeout as pause } from 'node:timers/promises';
import type { HubId } from '@tallystick/shared/ids';
import { objects, type AppObject } from '@tallystick/shared/ownership';
import { unreadableSentence } from '../drift/words.ts';
import type { Db } from '../store/database.ts';
import { endJobs, orderJobs } from '../store/jobs.ts';
import type { Comparison, Unreadable } from '../store/layerTables.ts';
import { loadFindings, unreadableIn } from '../store/schema.ts';
import { certificateLines, certificateOf, notComparedLine, type NotCompared } from './certificate.ts';
import type { Command, Terminal } from './commands.ts';

const LOOK_MS = 250;
const PLAIN_LINE_EVERY_MS = 2_000;
const BAR_CHARS = 24;
const SAMPLES_SHOWN = 10;
/** No worker took the job in this time: say so, and leave the job for the next one. */
const NOBODY_MS = 15_000;

/** What cannot be read at present is named, and read when it can be. Exit code: 0 all read, 1 not. */
export async function backfill(command: Command, wanted: readonly AppObject[]): Promise<number> {
  const { db, hubId, terminal } = command;
  const jobs = await orderJobs(db, hubId, 'backfill', wanted, terminal.now());
  const waiting = async (): Promise<Unreadable[]> => {
    const findings = await loadFindings(db, hubId);
    return wanted.flatMap((object) => unreadableIn(findings, object) ?? []);
  };
  const isRead = await follow(db, hubId, jobs, terminal, 'Backfill', waiting);
  if (isRead === 'waits')
    for (const why of await waiting())
      terminal.print(`  ${why.object.padEnd(8)} waits (${why.code}): ${sentenceOf(why)}`);
  return isRead === 'done' ? 0 : 1;
}

/** What a backfill would do, with samples; does none of it. */
export async function dryRun(command: Command, wanted: readonly AppObject[]): Promise<number> {
  const found = await compared(command, 'dry-run', wanted, 'Dry run');
  if (found === null) return 1;
  for (const { object, comparison } of found.compared) {
    const { records, added, changed, gone, named } = comparison;
    command.terminal.print(
      `${object}: ${records} records; ${added} would be added, ${changed} changed, ${gone} found gone`,
    );
    for (const { recordId, field } of named.slice(0, SAMPLES_SHOWN))
      command.terminal.print(`  ${object} ${recordId} ${field}`);
  }
  for (const each of found.not) command.terminal.print(notComparedLine(each));
  return found.not.length === 0 ? 0 : 1;
}

/** Exit code: 0 equal or put right, 1 nobody did it, or not for all. */
export async function reconcile(command: Command, wanted: readonly AppObject[]): Promise<number> {
  const found = await compared(command, 'reconcile', wanted, 'Reconcile');
  if (found === null) return 1;
  const differences = found.compared.reduce((sum, { comparison }) => sum + comparison.differences, 0);
  command.terminal.print(`${differences} differences found, and their records made due.`);
  for (const each of found.not) command.terminal.print(notComparedLine(each));
  return found.not.length === 0 ? 0 : 1;
}

/** The certificate. Exit code: 0 all of it equal, 1 differences or not all could be compared, 2 nobody compared. */
export async function verify(command: Command, wanted: readonly AppObject[]): Promise<number> {
  const { hubId, terminal, flags } = command;
  const found = await compared(command, 'reconcile', wanted, 'Verify');
  if (found === null) return 2;
  const certificate = certificateOf(hubId, found.compared, terminal.now(), found.not);
  if (flags.json === true) terminal.print(JSON.stringify(certificate));
  else for (const line of certificateLines(certificate)) terminal.print(line);
  return certificate.equal ? 0 : 1;
}

interface Found {
  compared: { object: AppObject; comparison: Comparison; tookMs: number }[];
  not: NotCompared[];
}

/** A comparison that is under way was begun before this was asked: it is begun anew. Null: none was finished. */
async function compared(
  { db, hubId, terminal, flags }: Command,
  kind: 'reconcile' | 'dry-run',
  wanted: readonly AppObject[],
  word: string,
): Promise<Found | null> {
  await endJobs(db, hubId, wanted, terminal.now(), kind);
  const jobs = await orderJobs(db, hubId, kind, wanted, terminal.now());
  const quiet = { ...terminal, print: () => undefined, rewrite: null };
  if ((await follow(db, hubId, jobs, flags.json === true ? quiet : terminal, word)) !== 'done') return null;
  const rows = await db
    .selectFrom('jobs')
    .selectAll()
    .where('hub_id', '=', hubId)
    .where('job_id', 'in', jobs)
    .orderBy('job_id')
    .execute();
  const not = rows.flatMap(({ object, comparison }) => {
    const why = comparison?.notCompared;
    return why === undefined ? [] : [{ ...why, object, sentence: sentenceOf(why) }];
  });
  const found = rows.flatMap((row) => {
    const { object, comparison, started_at: from, finished_at: to, error } = row;
    if (comparison === null || from === null || to === null || error !== null) return [];
    return [{ object, comparison, tookMs: to.getTime() - from.getTime() }];
  });
  if (found.length + not.length === rows.length) return { compared: found, not };
  terminal.complain('It was begun anew by somebody else: ask again.');
  return null;
}

const sentenceOf = (why: Unreadable): string => unreadableSentence(why, objects[why.object].label.many);

/**
 * Shows progress until the jobs are done; stopping the command does not stop them. `nobody`: takes them. `waits`: what is
 * left of them are objects that cannot be read at present.
 */
async function follow(
  db: Db,
  hubId: HubId,
  jobIds: readonly string[],
  terminal: Terminal,
  word: string,
  waiting: () => Promise<Unreadable[]> = () => Promise.resolve([]),
): Promise<'done' | 'nobody' | 'waits'> {
  const startedAt = terminal.now();
  let plainAt = 0;
  let doneBefore: number | null = null;
  for (;;) {
    const progress = await progressOf(db, hubId, jobIds);
    doneBefore ??= progress.done;
    const elapsedMs = terminal.now() - startedAt;
    const line = progressLine(word, progress, elapsedMs, doneBefore);
    const unread = (await waiting()).map(({ object }) => object);
    const over = progress.left.every((object) => unread.includes(object));
    if (terminal.rewrite !== null) terminal.rewrite(line);
    else if (over || terminal.now() - plainAt >= PLAIN_LINE_EVERY_MS) {
      terminal.print(line);
      plainAt = terminal.now();
    }
    if (over) {
      if (terminal.rewrite !== null) terminal.print('');
      return progress.open === 0 ? 'done' : 'waits';
    }
    if (!progress.begun && elapsedMs > NOBODY_MS) {
      terminal.complain('No worker has taken the job yet: is the service running? The job stays ordered.');
      return 'nobody';
    }
    await pause(LOOK_MS);
  }
}

interface Progress {
  done: number;
  open: number;
  begun: boolean;
  /** What the CRM said there are, or what the mirror held: the best guess. */
  expected: number;
  object: string | null;
  error: string | null;
}

async function progressOf(
  db: Db,
  hubId: HubId,
  jobIds: readonly string[],
): Promise<Progress & { left: AppObject[] }> {
  const rows = await db
    .selectFrom('jobs')
    .selectAll()
    .where('hub_id', '=', hubId)
    .where('job_id', 'in', [...jobIds])
    .orderBy('job_id')
    .execute();
  const unknown = rows.filter((row) => row.expected === null).map((row) => row.object);
  const known = await db
    .selectFrom('mirror')
    .select((eb) => eb.fn.countAll<string>().as('n'))
    .where('hub_id', '=', hubId)
    .where('object', 'in', unknown.length === 0 ? ['contact'] : unknown)
    .where('life', '=', 'present')
    .executeTakeFirstOrThrow();
  const open = rows.filter((row) => row.finished_at === null);
  const told = rows.reduce((sum, row) => sum + Number(row.expected ?? 0), 0);
  return {
    done: rows.reduce((sum, row) => sum + Number(row.done), 0),
    open: open.length,
    begun: rows.some((row) => row.started_at !== null),
    expected: told + (unknown.length === 0 ? 0 : Number(known.n)),
    object: (open.find((row) => row.started_at !== null) ?? open[0])?.object ?? null,
    error: open.find((row) => row.error !== null)?.error ?? null,
    left: open.map((row) => row.object),
  };
}

/** `doneBefore`: what was done before anybody watched; it says nothing about the rate. */
export function progressLine(word: string, progress: Progress, elapsedMs: number, doneBefore = 0): string {
  const { done, open, expected, object, error } = progress;
  const rate = elapsedMs > 0 ? (done - doneBefore) / (elapsedMs / 1_000) : 0;
  if (open === 0)
    return `${word} done: ${done} records in ${(elapsedMs / 1_000).toFixed(1)} s (${rate.toFixed(0)} a second).`;
  const total = Math.max(expected, done);
  const share = total === 0 ? 0 : done / total;
  const filled = Math.round(share * BAR_CHARS);
  const left = rate > 0 && total > done ? `, about ${Math.ceil((total - done) / rate)} s left` : '';
  const problem = error === null ? '' : ` (last problem: ${error})`;
  return `[${'█'.repeat(filled)}${'░'.repeat(BAR_CHARS - filled)}] ${object ?? ''}: ${done} records, ${rate.toFixed(0)} a second${left}${problem}`;
}
