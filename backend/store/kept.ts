/**
 * How a mirror row keeps its fields: as short lists, not as objects that repeat their member names. A row is half as
 * large and stays in the page, which is what the rate of the whole pipeline hangs on.
 */
import type { Value } from '@tallystick/shared/values';
import type { Kept } from './database.ts';

export type Packed = [
  value: Value,
  at: number,
  via: string,
  id: string | null,
  person: string | null,
  proven: 0 | 1,
  learnedAt: number,
  asOf: number,
  seq: number,
];

export function pack(fields: Readonly<Record<string, Kept>>): Record<string, Packed> {
  const packed: Record<string, Packed> = {};
  for (const [name, { value, at, by, how, learnedAt, asOf, seq }] of Object.entries(fields)) {
    packed[name] = [value, at, by.via, by.id, by.person, how === 'read' ? 1 : 0, learnedAt, asOf, seq];
  }
  return packed;
}

export function unpack(packed: Readonly<Record<string, Packed>>): Record<string, Kept> {
  const fields: Record<string, Kept> = {};
  for (const [name, entry] of Object.entries(packed)) fields[name] = unpackOne(entry);
  return fields;
}

export function unpackOne([value, at, via, id, person, proven, learnedAt, asOf, seq]: Packed): Kept {
  return { value, at, by: { via, id, person }, how: proven === 1 ? 'read' : 'event', learnedAt, asOf, seq };
}
