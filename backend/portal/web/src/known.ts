/** What is known of a record, and how it moves. Pure. */
import type { FieldView, Receipt, RecordView } from '@tallystick/shared/messages';
import type { Value } from '@tallystick/shared/values';

export interface Known {
  object: string;
  id: string;
  /** Null: it is gone, or was never there for this person. */
  view: RecordView | null;
  /** By field: when the page was told of another value in our records, and what it was before. */
  moved: Readonly<Record<string, { at: number; was: Value }>>;
  /** How often the stream spoke of it. */
  heard: number;
}

export const recordKey = (object: string, id: string): string => `${object}:${id}`;
export const fieldPlace = (object: string, id: string, field: string): string => `${object}:${id}:${field}`;

/** What our records hold, whatever lies on top of it. */
export const crmValueOf = (view: FieldView): Value =>
  view.edit === undefined ? view.value : view.edit.crmValue;

export function putRecord(
  records: ReadonlyMap<string, Known>,
  view: RecordView,
  { now, fromStream }: { now: number; fromStream: boolean },
): Map<string, Known> {
  const { object, id } = view;
  const before = records.get(recordKey(object, id));
  const moved = new Map(Object.entries(before?.moved ?? {}));
  for (const [name, field] of Object.entries(view.fields)) {
    const old = before?.view?.fields[name];
    if (old === undefined || crmValueOf(old) === crmValueOf(field)) continue;
    // The person's own edit has arrived: that is no news to them.
    if (old.edit !== undefined && old.value === crmValueOf(field)) moved.delete(name);
    else moved.set(name, { at: now, was: crmValueOf(old) });
  }
  const heard = (before?.heard ?? 0) + (fromStream ? 1 : 0);
  return new Map(records).set(recordKey(object, id), {
    ...{ object, id, view, heard },
    moved: Object.fromEntries(moved),
  });
}

/** Ids are numbers as text; the CRM counts upwards. */
export function newestFirst(ids: readonly string[]): string[] {
  return [...ids].sort((a, b) => b.length - a.length || (a < b ? 1 : -1));
}

export function placesOf({ object, id, fields }: Receipt): string[] {
  return id === null ? [] : Object.keys(fields).map((field) => fieldPlace(object, id, field));
}
