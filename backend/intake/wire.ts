/** What all roads of events share: HubSpot's type ids, its associations, and members read by hand. */
import { isRecordId, type RecordId } from '@tallystick/shared/ids';
import type { AppObject } from '@tallystick/shared/ownership';
import type { Heard } from './heard.ts';

export type Raw = Readonly<Record<string, unknown>>;
export type ObjectOf = (typeId: string | null | undefined) => AppObject | undefined;

/** The wire's singular names of the standard types (docs: webhooks). */
export const TYPE_IDS: ReadonlyMap<string, string> = new Map([
  ['contact', '0-1'],
  ['company', '0-2'],
  ['deal', '0-3'],
  ['ticket', '0-5'],
  ['quote', '0-14'],
  ['note', '0-46'],
  ['line_item', '0-8'],
]);
export const LINE_TYPE_ID = '0-8';
const KIND_MAX_CHARS = 60;
const SOURCE_MAX_CHARS = 200;
const TIME_MAX_MS = 253_402_300_799_999;

/** One event comes for each side; what counts for us is the record at the other end of a company. */
export function associations(raw: Raw, objectOf: ObjectOf): Heard[] {
  const [fromName = '', toName = ''] = (textOf(raw.associationType) ?? '').toLowerCase().split('_to_');
  const ends = [
    {
      object: objectOf(textOf(raw.fromObjectTypeId) ?? TYPE_IDS.get(fromName)),
      recordId: idOf(raw.fromObjectId),
    },
    { object: objectOf(textOf(raw.toObjectTypeId) ?? TYPE_IDS.get(toName)), recordId: idOf(raw.toObjectId) },
  ];
  const heard = ends.flatMap(({ object, recordId }): Heard[] =>
    object === undefined || object === 'company' || recordId === null
      ? []
      : [{ is: 'links', object, recordId }],
  );
  return heard.length === 0 ? ignored('associationChange') : heard;
}

export const ignored = (what: string): Heard[] => [
  { is: 'ignored', why: what.replace(/[^\w. ]/g, '').slice(0, KIND_MAX_CHARS) || 'no type' },
];

export const isRaw = (value: unknown): value is Raw => typeof value === 'object' && value !== null;

export function textOf(value: unknown): string | null {
  if (typeof value === 'string') return value;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null;
}

/** Who or what changed something, as far as it can be stored: Postgres takes no NUL, and no half of a pair. */
export function sourceTextOf(value: unknown): string | null {
  return textOf(value)?.toWellFormed().replaceAll('\0', '').slice(0, SOURCE_MAX_CHARS) ?? null;
}

/** A time that can be stored: from 1970 to the year 9999. */
export const isTime = (value: unknown): value is number =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0 && value <= TIME_MAX_MS;

export function idOf(value: unknown): RecordId | null {
  const text = textOf(value);
  return text !== null && isRecordId(text) ? text : null;
}
