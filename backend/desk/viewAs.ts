/** The record as one customer sees it: the portal's own answer, and why each field is visible, read-only or hidden. */
import type { ViewAsAnswer } from '@tallystick/shared/deskMessages';
import type { HubId } from '@tallystick/shared/ids';
import { objects, ownership, type AppAudience } from '@tallystick/shared/ownership';
import type { FieldSpec } from '@tallystick/shared/defineOwnership';
import { sees } from '../portal/visibility.ts';
import { recordView } from '../portal/views.ts';
import type { Db } from '../store/database.ts';
import { definitionsOf, type RecordRow } from '../store/records.ts';
import { loadNames } from './names.ts';
import { deskPerson, linkedPerson } from './people.ts';
import { DeskRefused } from './refusals.ts';
import { stoppedSentence } from './schema.ts';
import { cut, showValue } from './show.ts';

export async function viewAsAnswer(
  db: Db,
  hubId: HubId,
  row: RecordRow,
  contactId: string,
  now: number,
): Promise<ViewAsAnswer> {
  const linked = await linkedPerson(db, hubId, contactId);
  if (linked === null) throw new DeskRefused('unknown-person');
  const { person, reach } = linked;
  const [names, definitions] = await Promise.all([
    loadNames(db, hubId, [], [person.contactId]),
    definitionsOf(db, hubId),
  ]);
  const record = sees(person, reach, row) ? recordView(linked, row, now) : null;
  const fields = Object.entries(objects[row.object].fields).map(
    ([name, spec]): ViewAsAnswer['fields'][number] => {
      const shown = record?.fields[name];
      return {
        name,
        label: spec.label,
        access: shown === undefined ? 'hidden' : shown.editable ? 'editable' : 'read-only',
        text: shown === undefined ? null : showValue(definitions, row.object, name, shown.value),
        reason:
          (shown === undefined ? null : stoppedSentence(row, name)) ??
          reasonOf(spec, person.audience, record !== null),
      };
    },
  );
  return { person: deskPerson(linked, names), record: record === null ? null : short(record), fields };
}

function reasonOf(spec: FieldSpec<AppAudience>, audience: AppAudience, seesRecord: boolean): string {
  const called = ownership.audiences[audience].label;
  if (!seesRecord) return 'This person does not see the record at all.';
  if (spec.see.length === 0) return 'The rules show this field to nobody in the portal.';
  if (!spec.see.includes(audience)) return `The rules do not show this field to the audience “${called}”.`;
  if (spec.owner === 'crm') return 'The CRM’s word counts, so no customer may change it.';
  if (spec.owner === 'source') return 'Another system’s word counts, so nobody may change it here.';
  if (spec.byActionOnly === true) return 'It changes only by an action, such as approving a quote.';
  if (!spec.edit.includes(audience)) return `The audience “${called}” may see it, but not change it.`;
  return `The audience “${called}” may see and change it.`;
}

/** Long texts are cut in what a card is sent; everything else is the portal's answer as it stands. */
function short(record: NonNullable<ViewAsAnswer['record']>): NonNullable<ViewAsAnswer['record']> {
  const fields = { ...record.fields };
  for (const [name, view] of Object.entries(record.fields))
    fields[name] = { ...view, value: view.value === null ? null : cut(view.value) };
  return { ...record, title: cut(record.title), fields };
}
