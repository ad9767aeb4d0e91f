/** Whether a record is there, archived, merged away or erased: observed like a field. Pure. */
import type { RecordId } from '@tallystick/shared/ids';
import { observeField } from '@tallystick/shared/observe';
import type { Reading } from '../hubspot/readings.ts';
import type { MirrorRow } from '../store/mirror.ts';

/** The record's life is observed like a field, under this name. */
export const LIFE = '$life';
/** The life of a record that was erased for privacy: the last one it has. */
export const ERASED = 'erased';
/** A record that was merged away is gone for ever, and only erased after that; its id leads to the survivor. */
export const isMergedAway = (life: string | undefined): boolean => life?.startsWith('merged:') === true;

/** What the CRM answered for a record. */
export type Found = { is: 'here'; reading: Reading } | { is: 'gone' } | { is: 'merged'; into: RecordId };

/** A read cannot tell an erased record from an archived one: what an event said of it stays. */
export function lifeOf(row: MirrorRow | null, found: Found): string {
  if (found.is === 'gone') return row?.life === ERASED ? ERASED : 'archived';
  if (found.is === 'merged') return `merged:${found.into}`;
  return found.reading.archived ? 'archived' : 'present';
}

/** A read proves the record's life at its moment; between two clocks that may differ this much. */
const LIFE_SKEW_MS = 2_000;

export function observeLife(row: MirrorRow | null, value: string, begunAt: number, answeredAt: number) {
  if (row?.life === ERASED || (isMergedAway(row?.life) && !isMergedAway(value))) return null;
  const held = row?.fields[LIFE] ?? null;
  const by = { via: 'READ', id: null, person: null };
  if (held !== null && held.how === 'read' && held.value === value) return null; // nothing new
  const told = { how: 'read', value, at: begunAt - LIFE_SKEW_MS, by, begunAt, answeredAt } as const;
  const after = observeField(held, told, 'choice');
  return after === held ? null : after;
}
