/** `tally undo`: puts back what stood before writes of our own, and leaves alone what somebody changed since. */
import { setTimeout as pause } from 'node:timers/promises';
import { randomUUID } from 'node:crypto';
import { staffId, type StaffId } from '@tallystick/shared/ids';
import { DeskRefused } from '../desk/refusals.ts';
import { startUndo, undoAnswer, undoProgress } from '../desk/undo.ts';
import { staffOf } from '../store/staff.ts';
import { Misuse, type Command } from './commands.ts';

export const UNDO_USAGE =
  'undo (--edit id | --person who | --field object.field | --object o | --since t | --until t | --set id | --undo id) [--dry-run | --yes --by <CRM user id or e-mail>]';
const LOOK_MS = 250;
const PLAIN_LINE_EVERY_MS = 2_000;
/** No worker has moved anything in this time: say so, and leave the rest for the next one. */
const NOBODY_MS = 30_000;

/** Exit code: 0 done or nothing to do, 1 nobody carries it out. */
export async function undo(command: Command): Promise<number> {
  const { db, hubId, terminal, flags } = command;
  const now = terminal.now();
  const filter = filterOf(command);
  const answer = await unlessRefused(undoAnswer(db, hubId, 'admin', filter, now));
  if (flags.json === true) terminal.print(JSON.stringify(answer));
  terminal.print(`${answer.fields} values of ${answer.records} records would be put back.`);
  for (const { object, recordId, label, now: is, back } of answer.samples)
    terminal.print(`  ${object} ${recordId} ${label}: “${is}” → “${back}”`);
  for (const { text, samples } of answer.left) terminal.print(`${text}: ${samples.join(', ')}`);
  if (answer.cut) throw new Misuse('That is more than can be put back at once: narrow it down.');
  if (flags['dry-run'] === true || answer.fields === 0) return 0;
  if (flags.yes !== true) {
    terminal.print('Nothing was done. Add --yes --by <your CRM user id or e-mail> to do it.');
    return 0;
  }
  const person = await staffNamed(command);
  const deps = { db, now: terminal.now, newId: randomUUID };
  const request = { filter: { ...filter, until: answer.until }, shown: answer.fields, key: randomUUID() };
  const { undoId } = await unlessRefused(startUndo(deps, hubId, person, request));
  terminal.print(`Undo ${undoId} is under way; “tally undo --undo ${undoId}” would undo it.`);
  return follow(command, person, undoId);
}

async function follow({ db, hubId, terminal }: Command, person: StaffId, undoId: string): Promise<number> {
  let plainAt = terminal.now();
  let movedAt = terminal.now();
  let before = -1;
  for (;;) {
    const { waiting, sentence } = await undoProgress(db, hubId, person, undoId);
    const now = terminal.now();
    if (waiting !== before) movedAt = now;
    before = waiting;
    if (waiting === 0) {
      terminal.print(sentence);
      return 0;
    }
    if (terminal.rewrite !== null) terminal.rewrite(sentence);
    else if (now - plainAt >= PLAIN_LINE_EVERY_MS) {
      terminal.print(sentence);
      plainAt = now;
    }
    if (now - movedAt > NOBODY_MS) {
      terminal.complain('Nothing moves: is the service running, and not paused? What is left stays ordered.');
      return 1;
    }
    await pause(LOOK_MS);
  }
}

function filterOf({ flags, terminal }: Command) {
  const { edit, person, field, object, since, until, set, undo: undoId } = flags;
  const [of, name, ...rest] = field?.split('.') ?? [];
  if (field !== undefined && (name === undefined || rest.length > 0))
    throw new Misuse('--field is an object and a field, such as company.street.');
  const now = terminal.now();
  return {
    editId: edit,
    person,
    object: of ?? object,
    field: name,
    since: since === undefined ? undefined : momentOf(since, now),
    until: until === undefined ? undefined : momentOf(until, now),
    setId: set,
    undoId,
  };
}

const UNITS_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 };

/** An instant, or how long ago: `30m`, `2h`, `3d`. */
function momentOf(text: string, now: number): string {
  const ago = /^(\d{1,5})([mhd])$/.exec(text);
  const at = ago === null ? Date.parse(text) : now - Number(ago[1]) * (UNITS_MS[ago[2] ?? ''] ?? 0);
  if (Number.isNaN(at))
    throw new Misuse(`“${text}” is neither a moment such as 2026-11-28T09:00:00Z nor 30m, 2h or 3d.`);
  return new Date(at).toISOString();
}

/** The journal names who did it. */
async function staffNamed({ db, hubId, flags }: Command): Promise<StaffId> {
  const { by } = flags;
  if (by === undefined) throw new Misuse('Say who you are: --by <your CRM user id or e-mail>.');
  if (/^[1-9]\d{0,15}$/.test(by)) return staffId(by);
  const found = (await staffOf(db, hubId)).find(({ email }) => email.toLowerCase() === by.toLowerCase());
  if (found === undefined) throw new Misuse(`No colleague with the e-mail “${by}” is known here.`);
  return staffId(found.userId);
}

async function unlessRefused<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof DeskRefused) throw new Misuse(error.answer.sentence);
    throw error;
  }
}
