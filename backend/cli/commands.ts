/** The commands behind `npm run tally`: each parses its words, asks the store, prints. Exit codes: 0, 1 found wrong, 2 misused. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isHubId, isRecordId, type HubId } from '@tallystick/shared/ids';
import {
  fieldOf,
  isAudience,
  isObject,
  objects,
  OBJECTS,
  type AppObject,
} from '@tallystick/shared/ownership';
import { z } from 'zod';
import { explain } from '../desk/explain.ts';
import { hubStatus } from '../desk/status.ts';
import { openDatabase } from '../store/connection.ts';
import type { Db } from '../store/database.ts';
import { listErasures } from '../store/erasing.ts';
import { knownHubs, type KnownHub } from '../store/hubs.ts';
import { verifyJournal } from '../store/journal.ts';
import { addPerson, revokeTokens } from '../store/people.ts';
import { hubCommand } from './hub.ts';
import { doctor } from './doctor.ts';
import { discard, listEdits } from './edits.ts';
import { raise } from '../store/warnings.ts';
import { backfill, dryRun, reconcile, verify } from './jobs.ts';
import { printJournal } from './journal.ts';
import { pause, resume } from './pauses.ts';
import { receiptCommand } from './receipt.ts';
import { statusLines } from './statusLines.ts';
import { undo, UNDO_USAGE } from './undo.ts';

export interface Terminal {
  env: Readonly<Record<string, string | undefined>>;
  print: (line: string) => void;
  complain: (line: string) => void;
  /** Rewrites the last line; null where the output is no terminal. */
  rewrite: ((line: string) => void) | null;
  now: () => number;
  /** Everything that is piped in. */
  readInput?: () => Promise<string>;
}

export interface Flags {
  hub?: string | undefined;
  follow?: boolean | undefined;
  json?: boolean | undefined;
  object?: string | undefined;
  record?: string | undefined;
  field?: string | undefined;
  kind?: string | undefined;
  limit?: string | undefined;
  keys?: string | undefined;
  'dry-run'?: boolean | undefined;
  stdin?: boolean | undefined;
  fix?: boolean | undefined;
  yes?: boolean | undefined;
  fresh?: boolean | undefined;
  edit?: string | undefined;
  person?: string | undefined;
  since?: string | undefined;
  until?: string | undefined;
  set?: string | undefined;
  undo?: string | undefined;
  by?: string | undefined;
}

/** Something the person at the terminal can put right; the message is the one line they read. */
export class Misuse extends Error {
  override name = 'Misuse';
}

const ERASURES_SHOWN = 1_000;
const USAGE = `Usage: tally ${[
  'status',
  'backfill [--dry-run] [object …]',
  'reconcile [object …]',
  'verify [--json] [object …]',
  'explain <object> <id> <field>',
  'journal [--follow] [--object o] [--record id] [--field f] [--kind k] [--limit n]',
  'verify-journal',
  'doctor [--fresh] [--fix [--yes | --dry-run]] [--json]',
  UNDO_USAGE,
  'edits [--json]',
  'discard <edit id>',
  'pause <reason>',
  'resume',
  'erasures',
  'test-alert',
  'token <contact id> <audience>',
  'revoke <contact id>',
  'hub add [--stdin] <hub id>',
  'hub list',
  'hub rotate',
  'hub remove <hub id>',
  'receipt verify <file> [--keys <file>]',
].join(' | ')}`;

export async function runCommand(
  words: readonly string[],
  flags: Flags,
  terminal: Terminal,
): Promise<number> {
  const [command, ...rest] = words;
  try {
    if (command === undefined) throw new Misuse(USAGE);
    if (command === 'receipt') return await receiptCommand(rest, flags, terminal);
    const url = await databaseUrl(terminal.env);
    const onError = (error: Error): void => terminal.complain(error.message);
    if (command === 'hub') return await hubCommand(rest, flags, terminal, { url, onError });
    const hubId = await chosenHub(flags, () => knownHubs(url, onError));
    const db = openDatabase(url, hubId, onError);
    try {
      return await dispatch(command, { db, words: rest, flags, terminal, hubId });
    } finally {
      await db.destroy();
    }
  } catch (error) {
    if (error instanceof Misuse) terminal.complain(error.message);
    else terminal.complain(`Could not do it: ${error instanceof Error ? error.message : String(error)}`);
    return 2;
  }
}

export interface Command {
  db: Db;
  hubId: HubId;
  words: readonly string[];
  flags: Flags;
  terminal: Terminal;
}

function dispatch(name: string, command: Command): Promise<number> {
  switch (name) {
    case 'status':
      return status(command);
    case 'backfill':
      return (command.flags['dry-run'] === true ? dryRun : backfill)(command, wantedObjects(command));
    case 'reconcile':
      return reconcile(command, wantedObjects(command));
    case 'verify':
      return verify(command, wantedObjects(command));
    case 'explain':
      return explainField(command);
    case 'journal':
      return printJournal(command);
    case 'verify-journal':
      return verifyChain(command);
    case 'doctor':
      return doctor(command);
    case 'undo':
      return undo(command);
    case 'edits':
      return listEdits(command);
    case 'discard':
      return discard(command);
    case 'pause':
      return pause(command);
    case 'resume':
      return resume(command);
    case 'test-alert':
      return testAlert(command);
    case 'erasures':
      return erasures(command);
    case 'token':
      return token(command);
    case 'revoke':
      return revoke(command);
    default:
      throw new Misuse(`There is no command "${name}". ${USAGE}`);
  }
}

async function status({ db, hubId, flags, terminal }: Command): Promise<number> {
  const hub = await hubStatus(db, hubId, terminal.now());
  for (const line of flags.json === true ? [JSON.stringify(hub)] : statusLines(hub, terminal.now()))
    terminal.print(line);
  return 0;
}

async function explainField({ db, hubId, words, flags, terminal }: Command): Promise<number> {
  const [objectName = '', id = '', field = ''] = words;
  const object = asObject(objectName);
  if (!isRecordId(id)) throw new Misuse(`"${id}" is not a record id: it has only digits.`);
  if (fieldOf(object, field) === undefined) {
    throw new Misuse(
      `${object} has no field "${field}"; it has ${Object.keys(objects[object].fields).join(', ')}.`,
    );
  }
  const explanation = await explain(db, hubId, object, id, field);
  if (explanation === null) {
    terminal.complain(`The mirror holds no ${object} ${id}.`);
    return 1;
  }
  if (flags.json === true) {
    terminal.print(JSON.stringify(explanation));
    return 0;
  }
  const { rule } = explanation;
  terminal.print(explanation.sentence);
  terminal.print(
    `  rule      owner ${rule.owner}, on a collision: ${rule.conflict}${rule.approval ? ', wants approval' : ''} (rules ${rule.version})`,
  );
  terminal.print(
    `  known     ${explanation.proven ? 'proven by a read' : 'reported by an event'}, as of ${explanation.asOf}`,
  );
  for (const entry of explanation.evidence)
    terminal.print(`  #${String(entry.seq).padEnd(7)} ${entry.at}  ${entry.sentence}`);
  return 0;
}

/** The certificates: what HubSpot erased for privacy, and how much of it was kept here. */
async function erasures({ db, hubId, flags, terminal }: Command): Promise<number> {
  for (const { object, recordId, doneAt, counts } of await listErasures(db, hubId, ERASURES_SHOWN)) {
    const at = new Date(doneAt).toISOString();
    const found = Object.entries(counts).filter(([, count]) => count > 0);
    const parts = found.map(([table, count]) => `${table} ${count}`).join(', ');
    const certificate = { object, recordId, at, counts };
    terminal.print(
      flags.json === true
        ? JSON.stringify(certificate)
        : `${object} ${recordId} was erased at ${at}: ${parts === '' ? 'nothing was kept of it' : parts}`,
    );
  }
  return 0;
}

async function verifyChain({ db, hubId, terminal }: Command): Promise<number> {
  const { entries, erased, broken } = await verifyJournal(db, hubId);
  if (broken === null) {
    terminal.print(`The journal of hub ${hubId} is whole: ${entries} entries, ${erased} of them erased.`);
    return 0;
  }
  terminal.complain(`The journal of hub ${hubId} is broken at entry ${broken.seq}: ${broken.why}.`);
  return 1;
}

/** In whatever channels the service has. */
async function testAlert({ db, hubId, terminal }: Command): Promise<number> {
  await raise(db, hubId, [{ code: 'test', count: 1, detail: null }], terminal.now());
  terminal.print('A test alert was raised: the service tells it in each channel that is set.');
  return 0;
}

async function token({ db, hubId, words, terminal }: Command): Promise<number> {
  const [contactId = '', audience = ''] = words;
  if (!isRecordId(contactId)) throw new Misuse(`"${contactId}" is not a contact id: it has only digits.`);
  if (!isAudience(audience)) throw new Misuse(`There is no audience "${audience}".`);
  const secret = randomBytes(24).toString('base64url');
  terminal.print(await addPerson(db, { hubId, contactId, audience, secret, now: terminal.now() }));
  return 0;
}

async function revoke({ db, hubId, words, terminal }: Command): Promise<number> {
  const [contactId = ''] = words;
  if (!isRecordId(contactId)) throw new Misuse(`"${contactId}" is not a contact id: it has only digits.`);
  const count = await revokeTokens(db, hubId, contactId, terminal.now());
  terminal.print(`${count} ${count === 1 ? 'token' : 'tokens'} of contact ${contactId} no longer count.`);
  return count > 0 ? 0 : 1;
}

const wantedObjects = ({ words }: Command): readonly AppObject[] =>
  words.length === 0 ? OBJECTS : words.map(asObject);

export function asObject(name: string): AppObject {
  if (isObject(name)) return name;
  throw new Misuse(`There is no object "${name}"; there are ${OBJECTS.join(', ')}.`);
}

async function chosenHub(flags: Flags, known: () => Promise<KnownHub[]>): Promise<HubId> {
  if (flags.hub !== undefined) {
    if (!isHubId(flags.hub)) throw new Misuse(`"${flags.hub}" is not a hub id: it has only digits.`);
    return flags.hub;
  }
  const hubs = (await known()).map(({ hubId }) => hubId);
  const [hub] = hubs;
  if (hub === undefined) throw new Misuse('No hub is connected yet: start the service first.');
  if (hubs.length > 1)
    throw new Misuse(`Several hubs are connected (${hubs.join(', ')}): name one with --hub.`);
  return hub;
}

const running = z.object({ databaseUrl: z.string() });

/** DATABASE_URL, or the database of the service that runs (or last ran) from this folder. */
async function databaseUrl(env: Terminal['env']): Promise<string> {
  if (env.DATABASE_URL !== undefined) return env.DATABASE_URL;
  const file = join(env.TALLYSTICK_STATE_DIR ?? '.tallystick', 'running.json');
  try {
    return running.parse(JSON.parse(await readFile(file, 'utf8'))).databaseUrl;
  } catch {
    throw new Misuse(
      `No database is known: set DATABASE_URL, or start the service here first (${file} is not there).`,
    );
  }
}
