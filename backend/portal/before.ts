/** Who saw a record before: its state at an earlier place in the journal, from what the journal says was moved since. Pure. */
import { recordId as toRecordId, type RecordId } from '@tallystick/shared/ids';
import { objects } from '@tallystick/shared/ownership';
import type { Value } from '@tallystick/shared/values';
import type { JournalKind } from '../store/database.ts';
import type { RecordRow } from '../store/records.ts';

/** What an entry says was there before it. */
export interface Before {
  kind: JournalKind;
  field: string | null;
  before: Value;
}

/** The record as it was before these entries, as far as its visibility hangs on that. */
export function asBefore(row: RecordRow, entries: readonly Before[]): RecordRow {
  const first = (kind: JournalKind, field: string | null = null): Before | undefined =>
    entries.find((entry) => entry.kind === kind && (field === null || entry.field === field));
  const life = first('life');
  const links = first('links');
  const condition = objects[row.object].shownWhen?.field;
  const shown = condition === undefined ? undefined : first('changed', condition);
  const kept = condition === undefined ? undefined : row.fields[condition];
  return {
    ...row,
    life: life === undefined ? row.life : (life.before ?? 'present'),
    companies: links === undefined ? row.companies : companiesIn(links.before),
    fields:
      shown === undefined || kept === undefined || condition === undefined
        ? row.fields
        : { ...row.fields, [condition]: { ...kept, value: shown.before } },
  };
}

/** The journal names companies as `410000000007 (primary; Billing), 410000000009`. */
export function companiesIn(links: Value): RecordId[] {
  return (links ?? '').split(', ').flatMap((part) => {
    const id = /^[1-9]\d{0,19}(?= |$)/.exec(part)?.[0];
    return id === undefined ? [] : [toRecordId(id)];
  });
}
