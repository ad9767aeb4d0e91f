/** A record and its values as people read them. */
import type { ReadRecord } from '@tallystick/shared/functionAnswers';
import { objects, type AppObject } from '@tallystick/shared/ownership';
import { show, type Kind, type Value } from '@tallystick/shared/values';
import type { Reading } from './hubspot.ts';

/** Keeps an answer with every field of a record well below what a card may be sent. */
const TEXT_MAX_CHARS = 300;

export function shown(kind: Kind, value: Value): string {
  const text = show(kind, value);
  return text.length > TEXT_MAX_CHARS ? `${text.slice(0, TEXT_MAX_CHARS - 1)}…` : text;
}

export const valueOf = (reading: Reading, field: string): Value =>
  reading.history.get(field)?.[0]?.value ?? null;

export function readRecordOf(object: AppObject, reading: Reading, now: number): ReadRecord {
  const { label, title, fields } = objects[object];
  const value = valueOf(reading, title);
  return {
    object,
    label: label.one,
    recordId: reading.id,
    title: value === null ? `${label.one} ${reading.id}` : shown(fields[title]?.kind ?? 'text', value),
    readAt: new Date(now).toISOString(),
  };
}
