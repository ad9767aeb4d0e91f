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
  /** When the event arrived, or the read began. */
  from: number,
  asOf: number,
  seq: number,
  /** How long after `from` it was learned, in ms: a read takes its time. Older rows do not say; then 0. */
  tookMs?: number,
];

export function pack(fields: Readonly<Record<string, Kept>>): Record<string, Packed> {
  const packed: Record<string, Packed> = {};
  for (const [name, kept] of Object.entries(fields)) {
    const { value, at, by, learnedAt, asOf, seq } = kept;
    const who = [by.via, by.id, by.person] as const;
    packed[name] =
      kept.how === 'read'
        ? [value, at, ...who, 1, kept.begunAt, asOf, seq, learnedAt - kept.begunAt]
        : [value, at, ...who, 0, learnedAt, asOf, seq];
  }
  return packed;
}

export function unpack(packed: Readonly<Record<string, Packed>>): Record<string, Kept> {
  const fields: Record<string, Kept> = {};
  for (const [name, entry] of Object.entries(packed)) fields[name] = unpackOne(entry);
  return fields;
}

export function unpackOne(packed: Packed): Kept {
  const [value, at, via, id, person, proven, from, asOf, seq, tookMs = 0] = packed;
  const kept = { value, at, by: { via, id, person }, learnedAt: from + tookMs, asOf, seq };
  return proven === 1 ? { ...kept, how: 'read', begunAt: from } : { ...kept, how: 'event' };
}
