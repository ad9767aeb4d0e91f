/** What a person is shown of a record: their own open edits on top of the mirror, each value with its age. Pure. */
import { FRESH_WITHIN_S } from '@tallystick/shared/defineOwnership';
import type { FieldView, RecordView } from '@tallystick/shared/messages';
import { objects } from '@tallystick/shared/ownership';
import { equal, show } from '@tallystick/shared/values';
import type { Kept } from '../store/database.ts';
import type { OpenEditOfField, RecordRow } from '../store/records.ts';
import { stopOf } from '../store/schema.ts';
import { isOwn, type Customer, type Session } from './session.ts';
import { versionOf } from './versions.ts';
import { mayEdit, seesAlone, visibleFields } from './visibility.ts';

export function recordView(
  { person, reach }: Pick<Session, 'person' | 'reach'>,
  row: RecordRow,
  now: number,
): RecordView {
  const { object } = row;
  const names = visibleFields(object, person.audience).filter((name) => Object.hasOwn(row.fields, name));
  const own = ownEdits(person, row);
  const fields: Record<string, FieldView> = {};
  for (const name of names) {
    const kept = row.fields[name];
    if (kept !== undefined) fields[name] = fieldView(person, row, name, kept, own);
  }
  const oldest = Math.min(...names.map((name) => row.fields[name]?.asOf ?? 0));
  return {
    object,
    id: row.recordId,
    version: versionOf(row.changedSeq),
    title: titleOf(row, fields),
    asOf: names.length === 0 ? null : iso(oldest),
    stale: isStale(person, row, now),
    fields,
    ...(objects[object].parents === undefined
      ? {}
      : {
          on: row.parents
            .filter((parent) => seesAlone(person, reach, parent))
            .map(({ object: on, recordId: id }) => ({ object: on, id })),
        }),
  };
}

export const ownEdits = (person: Customer, row: RecordRow): OpenEditOfField[] =>
  row.openEdits.filter((edit) => isOwn(person, edit.person));

/** A field that is shown is older than its bound. */
export function isStale(person: Customer, row: RecordRow, now: number): boolean {
  return visibleFields(row.object, person.audience).some((name) => {
    const kept = Object.hasOwn(row.fields, name) ? row.fields[name] : undefined;
    const withinS = objects[row.object].fields[name]?.freshWithinS ?? FRESH_WITHIN_S;
    // What is not kept says so itself; asking the CRM would bring nothing.
    if (stopOf(row.stopped, name)?.stops === 'both') return false;
    return kept !== undefined && now - kept.asOf > withinS * 1_000;
  });
}

function fieldView(
  person: Customer,
  { object, stopped }: RecordRow,
  name: string,
  kept: Kept,
  own: readonly OpenEditOfField[],
): FieldView {
  const kind = objects[object].fields[name]?.kind ?? 'text';
  const stop = stopOf(stopped, name);
  const unkept = stop?.stops === 'both' ? { state: 'unkept' as const, unkeptSince: iso(stop.since) } : null;
  const base = {
    value: kept.value,
    version: versionOf(kept.seq),
    asOf: iso(kept.asOf),
    state: kept.how === 'read' ? ('confirmed' as const) : ('reported' as const),
    editable: stop === null && mayEdit(object, name, person.audience),
    ...unkept,
  };
  const edit = own.findLast((each) => each.field === name);
  if (edit === undefined) return base;
  const on = { editId: edit.editId, crmValue: kept.value };
  if (edit.state === 'held') return { ...base, state: 'held', edit: on };
  if (edit.state === 'written' && equal(kind, edit.wanted, kept.value)) return { ...base, edit: on };
  return { ...base, value: edit.wanted, state: 'saving', edit: on };
}

function titleOf(row: RecordRow, fields: Readonly<Record<string, FieldView>>): string {
  const spec = objects[row.object];
  const title = fields[spec.title]?.value ?? null;
  return title === null
    ? `${spec.label.one} ${row.recordId}`
    : show(spec.fields[spec.title]?.kind ?? 'text', title);
}

const iso = (ms: number): string => new Date(ms).toISOString();
