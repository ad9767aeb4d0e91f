/** Versions are journal numbers: "as of entry 1042". An ETag may add what of the person's own edits lies on top. */
import { createHash } from 'node:crypto';
import type { OpenEditOfField } from '../store/records.ts';

export const versionOf = (seq: number): string => `j${seq}`;

/** Null when it is none of ours. */
export function seqOf(version: string): number | null {
  const digits = /^(?:W\/)?"?j(\d{1,18})(?:\.[0-9a-f]{8})?"?$/.exec(version)?.[1];
  return digits === undefined ? null : Number(digits);
}

export function etagOf(changedSeq: number, ownEdits: readonly OpenEditOfField[]): string {
  if (ownEdits.length === 0) return `"${versionOf(changedSeq)}"`;
  const text = JSON.stringify(ownEdits.map(({ editId, field, state }) => [editId, field, state]));
  return `"${versionOf(changedSeq)}.${createHash('sha256').update(text).digest('hex').slice(0, 8)}"`;
}
