/** From what moved in records to what is stored of it: journal drafts with their numbers, and mirror patches. */
import type { RecordId } from '@tallystick/shared/ids';
import type { Held } from '@tallystick/shared/observe';
import { objects, type AppObject } from '@tallystick/shared/ownership';
import { equal } from '@tallystick/shared/values';
import type { Reading } from '../hubspot/readings.ts';
import { draft, type Draft } from '../store/journal.ts';
import type { Kept } from '../store/database.ts';
import type { Link, MirrorPatch, MirrorRow, RecordLinks } from '../store/mirror.ts';
import { kindOf } from './context.ts';
import { LIFE } from './life.ts';
import type { Note } from './notes.ts';

export interface RecordMove {
  object: AppObject;
  recordId: RecordId;
  /** What the mirror held before; null when the record is seen for the first time. */
  row: MirrorRow | null;
  /** In the order in which they were observed; a field may occur more than once. */
  observed: readonly { field: string; held: Held }[];
  notes: readonly Note[];
  /** The companies it hangs on, where they were read: as we had them, and as they are. */
  links: { before: readonly Link[]; after: readonly Link[] } | null;
  /** When the whole record was read; null for events. */
  readAt: number | null;
}

export interface Assembled {
  drafts: Draft[];
  patches: MirrorPatch[];
  links: RecordLinks[];
  /** Records whose values, life or certainty moved: what the live streams want to hear. */
  moved: { object: AppObject; recordId: RecordId }[];
}

/** `next` is the journal number that the first draft will get. */
export function assemble(moves: readonly RecordMove[], next: number): Assembled {
  const all: Assembled = { drafts: [], patches: [], links: [], moved: [] };
  for (const move of moves) assembleOne(move, next, all);
  return all;
}

function assembleOne(move: RecordMove, next: number, all: Assembled): void {
  const { object, recordId, row } = move;
  // Never seen before, and nothing seen now: it leaves no trace but what was asked of it.
  if (row === null && move.observed.length === 0) {
    for (const note of move.notes) all.drafts.push(ofNote(move, note));
    return;
  }
  const before = all.drafts.length;
  const numberOf = (): number => next + all.drafts.length;
  const fields: Record<string, Kept> = {};
  const foundSeq = row?.foundSeq ?? numberOf();
  if (row === null) all.drafts.push(ofRecord(move, { kind: 'found' }));
  for (const { field, held } of move.observed) {
    const old = fields[field] ?? row?.fields[field] ?? null;
    if (row === null) {
      fields[field] = { ...held, seq: foundSeq };
    } else if (old !== null && equal(kindOf(object, field), old.value, held.value)) {
      fields[field] = { ...held, seq: old.seq };
    } else {
      fields[field] = { ...held, seq: numberOf() };
      all.drafts.push(changed(move, field, old, held));
    }
  }
  if (move.links !== null) assembleLinks(move, move.links, all);
  const changedSeq = all.drafts.length > before ? numberOf() - 1 : (row?.changedSeq ?? foundSeq);
  const hasMoved = all.drafts.length > before;
  const isProven = move.observed.some(
    ({ field, held }) => row?.fields[field]?.how === 'event' && held.how === 'read',
  );
  for (const note of move.notes) all.drafts.push(ofNote(move, note));
  if (hasMoved || isProven) all.moved.push({ object, recordId });
  if (!hasMoved && Object.keys(fields).length === 0 && move.readAt === null) return;
  const life = fields[LIFE]?.value ?? row?.life ?? 'present';
  all.patches.push({ object, recordId, life, fields, foundSeq, changedSeq, readAt: move.readAt });
}

function assembleLinks(
  move: RecordMove,
  { before, after }: NonNullable<RecordMove['links']>,
  all: Assembled,
): void {
  const { object, recordId, row } = move;
  const [was, is] = [linksText(before), linksText(after)];
  if (was === is) return;
  all.links.push({ object, recordId, links: after });
  if (row !== null) all.drafts.push(ofRecord(move, { kind: 'links', before: was, after: is }));
}

/** `410000000007 (primary; Billing), 410000000009`, or null for none. */
export function linksText(links: readonly Link[]): string | null {
  const parts = links.map(({ companyId, isPrimary, labels }) => {
    const words = [...(isPrimary ? ['primary'] : []), ...[...labels].sort()].join('; ');
    return words === '' ? companyId : `${companyId} (${words})`;
  });
  return parts.length === 0 ? null : parts.sort().join(', ');
}

function changed(move: RecordMove, field: string, old: Held | null, held: Held): Draft {
  const facts = { actor: held.by, crmAt: held.at, before: old?.value ?? null, after: held.value };
  return ofRecord(
    move,
    field === LIFE
      ? { kind: 'life', ...facts }
      : { kind: 'changed', field, ...facts, detail: { how: held.how } },
  );
}

function ofNote(move: RecordMove, note: Note): Draft {
  const { outcome, ...facts } = note;
  return ofRecord(move, { ...facts, detail: outcome === null ? null : { outcome } });
}

function ofRecord({ object, recordId }: RecordMove, facts: Parameters<typeof draft>[0]): Draft {
  return draft({ object, recordId, ...facts });
}

/** Of an object that keeps only what is shown, a record that never was. */
export function isNoneOfOurs(object: AppObject, { history }: Reading): boolean {
  const { keeps, shownWhen } = objects[object];
  if (keeps === undefined || shownWhen === undefined) return false;
  return !shownWhen.is.includes(history[shownWhen.field]?.[0]?.value ?? '');
}
