/** How a record is called; one that is not in the mirror, by its id. */
import type { RecordId } from '@tallystick/shared/ids';
import { objects, type AppObject } from '@tallystick/shared/ownership';
import { keyOf } from '../store/mirror.ts';
import { personNameOf } from '../store/people.ts';
import type { RecordRow } from '../store/records.ts';
import { cut } from './show.ts';

interface Place {
  object: AppObject;
  recordId: RecordId;
}

export function titleOf({ object, recordId, fields }: RecordRow): string {
  const value = fields[objects[object].title]?.value ?? null;
  if (object !== 'contact') return value === null ? byId({ object, recordId }) : cut(value);
  return cut(personNameOf(recordId, fields));
}

/** `records` by `keyOf`. */
export function titleIn(records: ReadonlyMap<string, RecordRow>, place: Place): string {
  const row = records.get(keyOf(place));
  return row === undefined ? byId(place) : titleOf(row);
}

const byId = ({ object, recordId }: Place): string => `${objects[object].label.one} ${recordId}`;
