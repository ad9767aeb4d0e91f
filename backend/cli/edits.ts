/** `tally edits`: what customers asked for and has not come to its end, beside what the CRM holds. `tally discard` ends one. */
import { isEditId } from '@tallystick/shared/ids';
import { fieldOf } from '@tallystick/shared/ownership';
import { equal, type Value } from '@tallystick/shared/values';
import { loadNames } from '../desk/names.ts';
import { openEdits } from '../store/edits.ts';
import { keyOf } from '../store/mirror.ts';
import { recordsByKey } from '../store/records.ts';
import { Misuse, type Command } from './commands.ts';
import { carriedOut } from './ordering.ts';

const SHOWN_MAX = 1_000;
const WITHIN_MS = 5_000;

export async function listEdits({ db, hubId, flags, terminal }: Command): Promise<number> {
  const open = await openEdits(db, hubId, SHOWN_MAX);
  const places = open.flatMap(({ object, recordId }) => (recordId === null ? [] : [{ object, recordId }]));
  const records = await recordsByKey(db, hubId, places);
  const sources = [...records.values()].flatMap(({ fields }) => Object.values(fields).map(({ by }) => by));
  const names = await loadNames(
    db,
    hubId,
    sources,
    open.map(({ person }) => person),
  );
  for (const edit of open) {
    const { object, recordId } = edit;
    const row = recordId === null ? undefined : records.get(keyOf({ object, recordId }));
    const askedAt = new Date(edit.askedAt).toISOString();
    const fields = edit.fields.map(({ field, state, seen, wanted }) => {
      const held = row?.fields[field];
      const value = held?.value ?? null;
      const hasMoved = !equal(fieldOf(object, field)?.kind ?? 'text', seen, value);
      const by = held === undefined ? '' : names.of(held.by);
      const at = held === undefined || held.at === 0 ? null : new Date(held.at).toISOString();
      return { field, state, seen, wanted, crm: { value, by, at }, hasMoved };
    });
    const asked = { editId: edit.editId, object, recordId, person: edit.person, askedAt };
    if (flags.json === true) {
      terminal.print(JSON.stringify({ ...asked, fields }));
      continue;
    }
    terminal.print(
      `${edit.editId}  ${object} ${recordId ?? ''}  asked by ${names.person(edit.person)} at ${askedAt}`,
    );
    for (const { field, state, seen, wanted, crm, hasMoved } of fields)
      terminal.print(
        `  ${field} (${state}): ${shown(seen)} → ${shown(wanted)}${hasMoved ? `; the CRM has held ${shown(crm.value)} since ${crm.at ?? 'ever'}, by ${crm.by}` : ''}`,
      );
  }
  if (flags.json !== true && open.length === 0) terminal.print('No edit is open.');
  if (open.length === SHOWN_MAX) terminal.complain(`Only the oldest ${SHOWN_MAX} are shown.`);
  return 0;
}

const shown = (value: Value): string => (value === null ? 'nothing' : `“${value}”`);

/** Exit code: 0 discarded, 1 there was nothing to discard, or nobody has carried it out. */
export async function discard(command: Command): Promise<number> {
  const { words, terminal } = command;
  const [id = '', ...more] = words;
  if (!isEditId(id) || more.length > 0) throw new Misuse(`"${words.join(' ')}" is not the id of an edit.`);
  const outcome = await carriedOut(command, { do: 'discard-edit', editId: id }, WITHIN_MS);
  if (outcome?.ok === true) {
    terminal.print('Discarded: nothing more of it goes to the CRM, and its receipt says so.');
    return 0;
  }
  if (outcome !== null)
    terminal.complain('Nothing of this edit is undecided: see its receipt, or “tally edits”.');
  return 1;
}
