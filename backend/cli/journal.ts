/** `tally journal`: the newest entries, filtered; with --follow the ones to come as well. */
import { setTimeout as pause } from 'node:timers/promises';
import { isRecordId } from '@tallystick/shared/ids';
import { who } from '@tallystick/shared/words';
import { JOURNAL_KINDS } from '../store/database.ts';
import { asObject, Misuse, type Command } from './commands.ts';

const LIMIT_DEFAULT = 50;
const LIMIT_MAX = 10_000;
const FOLLOW_MS = 250;

export async function printJournal(command: Command): Promise<number> {
  const { flags, terminal } = command;
  const limit = Number(flags.limit ?? LIMIT_DEFAULT);
  if (!Number.isInteger(limit) || limit < 1 || limit > LIMIT_MAX)
    throw new Misuse(`--limit is a number from 1 to ${LIMIT_MAX}.`);
  const newest = await entries(command, null, limit);
  const rows = newest.reverse();
  let last = rows.at(-1)?.seq ?? '0';
  for (const row of rows) terminal.print(lineOf(row, flags.json === true));
  while (flags.follow === true) {
    await pause(FOLLOW_MS);
    for (const row of await entries(command, last, LIMIT_MAX)) {
      terminal.print(lineOf(row, flags.json === true));
      last = row.seq;
    }
  }
  return 0;
}

type Row = Awaited<ReturnType<typeof entries>>[number];

/** `after` null: the newest `limit`, newest first. Otherwise those after it, oldest first. */
function entries({ db, hubId, flags }: Command, after: string | null, limit: number) {
  let query = db.selectFrom('journal').selectAll().where('hub_id', '=', hubId).limit(limit);
  query = after === null ? query.orderBy('seq', 'desc') : query.where('seq', '>', after).orderBy('seq');
  if (flags.object !== undefined) query = query.where('object', '=', asObject(flags.object));
  if (flags.record !== undefined) {
    if (!isRecordId(flags.record))
      throw new Misuse(`"${flags.record}" is not a record id: it has only digits.`);
    query = query.where('record_id', '=', flags.record);
  }
  if (flags.field !== undefined) query = query.where('field', '=', flags.field);
  if (flags.kind !== undefined) {
    const kind = JOURNAL_KINDS.find((name) => name === flags.kind);
    if (kind === undefined)
      throw new Misuse(`There is no kind "${flags.kind}"; there are ${JOURNAL_KINDS.join(', ')}.`);
    query = query.where('kind', '=', kind);
  }
  return query.execute();
}

function lineOf(row: Row, json: boolean): string {
  const { seq, at, kind, object, record_id: id, field, rule, before, after, detail, actor } = row;
  if (json)
    return JSON.stringify({
      seq: Number(seq),
      at,
      kind,
      object,
      id,
      field,
      rule,
      before,
      after,
      actor,
      detail,
      editId: row.edit_id,
    });
  const where = object === null ? '' : `${object} ${id ?? ''}${field === null ? '' : `.${field}`}`;
  const values = before === null && after === null ? '' : `“${before ?? ''}” → “${after ?? ''}”`;
  const outcome = typeof detail?.outcome === 'string' ? detail.outcome : '';
  const by = actor === null ? '' : `by ${who(actor)}`;
  return [`#${seq}`, at.toISOString(), kind.padEnd(7), where, values, rule ?? '', outcome, by]
    .filter((part) => part !== '')
    .join('  ');
}
