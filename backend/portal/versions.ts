/** Versions are journal numbers: "as of entry 1042". An ETag adds what a number cannot tell: own edits on top, claims not yet proven. */
import { createHash } from 'node:crypto';
import type { RecordView } from '@tallystick/shared/messages';

export const versionOf = (seq: number): string => `j${seq}`;

/** Null when it is none of ours. */
export function seqOf(version: string): number | null {
  const digits = /^(?:W\/)?"?j(\d{1,18})(?:\.[0-9a-f]{8})?"?$/.exec(version)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** Two views with one ETag show the same values in the same states; only the ages may differ. */
export function etagOf({ version, stale, fields }: RecordView): string {
  const open = Object.entries(fields).filter(
    ([, { state, edit }]) => state !== 'confirmed' || edit !== undefined,
  );
  if (open.length === 0 && !stale) return `"${version}"`;
  const text = JSON.stringify([
    stale,
    open.map(([name, { value, state, edit }]) => [name, value, state, edit?.editId ?? null]),
  ]);
  return `"${version}.${createHash('sha256').update(text).digest('hex').slice(0, 8)}"`;
}
