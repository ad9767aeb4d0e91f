/** What a card sends to a function: parsed here, because anybody who may open the card may send anything. */
import type { FunctionRefusal } from '@tallystick/shared/functionAnswers';
import { isRecordId, type RecordId } from '@tallystick/shared/ids';

/** A value, or the refusal to answer with. */
export type Got<T> = { ok: true; value: T } | FunctionRefusal;

export const got = <T>(value: T): Got<T> => ({ ok: true, value });
export const refuse = (code: FunctionRefusal['code'], sentence: string): FunctionRefusal => ({
  ok: false,
  code,
  sentence,
});

export const isMap = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Only a member of its own: a name like `constructor` is there on every object. */
export const member = (map: unknown, name: string): unknown =>
  isMap(map) && Object.hasOwn(map, name) ? map[name] : undefined;

export const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

/** HubSpot gives ids as text and as numbers. */
export const idOf = (value: unknown): string | null =>
  typeof value === 'number' ? String(value) : textOf(value);

export interface Named {
  /** HubSpot's object type id or name, or our name of the object. */
  objectType: string;
  recordId: RecordId;
}

export function namedRecord(parameters: unknown): Got<Named> {
  const objectType = textOf(member(parameters, 'objectTypeId') ?? member(parameters, 'object'));
  if (objectType === null || !/^[\w-]{1,100}$/.test(objectType))
    return refuse('bad-request', 'Name the object by its type id or its name, as objectTypeId or object.');
  const recordId = idOf(member(parameters, 'objectId'));
  if (recordId === null || !isRecordId(recordId))
    return refuse('bad-request', 'Name the record by its number, as objectId.');
  return got({ objectType, recordId });
}

export type Asked = string | number | boolean | null | string[];

const FIELDS_MAX = 50;

/** The edits to judge, in the order given; a list, so that no name of a field can do harm. */
export function askedEdits(parameters: unknown): Got<{ field: string; asked: Asked }[]> {
  const edits = member(parameters, 'edits') ?? {};
  if (!isMap(edits)) return refuse('bad-request', 'Give the edits as an object: field names and values.');
  const entries = Object.entries(edits);
  if (entries.length > FIELDS_MAX) return refuse('bad-request', `At most ${FIELDS_MAX} fields at once.`);
  const asked: { field: string; asked: Asked }[] = [];
  for (const [field, value] of entries) {
    if (!isAsked(value))
      return refuse('bad-request', `The value for “${field.slice(0, 100)}” is neither a value nor a list.`);
    asked.push({ field, asked: value });
  }
  return got(asked);
}

function isAsked(value: unknown): value is Asked {
  if (Array.isArray(value)) return value.every((option) => typeof option === 'string');
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}
