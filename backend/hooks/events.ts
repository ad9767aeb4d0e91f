/**
 * What an endpoint is told of a stretch of the journal: one event a record and one an edit, thin. Pure.
 *
 * P6: the portal's own functions decide who sees what. An endpoint is told of a record that somebody of its audience can
 * see, by the names of the fields they can see; never a value, never a hidden field's name.
 */
import { recordId as toRecordId, type EditId, type RecordId } from '@tallystick/shared/ids';
import { isAudience, ownership, type AppAudience, type AppObject } from '@tallystick/shared/ownership';
import type { Value } from '@tallystick/shared/values';
import { asBefore } from '../portal/before.ts';
import { receiptOf } from '../portal/receipts.ts';
import { versionOf } from '../portal/versions.ts';
import { sees, visibleFields, type Reach } from '../portal/visibility.ts';
import type { JournalKind } from '../store/database.ts';
import type { EditRow } from '../store/edits.ts';
import type { RecordRow } from '../store/records.ts';
import type { HubId } from '@tallystick/shared/ids';

export interface HookEntry {
  seq: number;
  at: number;
  kind: JournalKind;
  object: AppObject | null;
  recordId: RecordId | null;
  field: string | null;
  editId: EditId | null;
  before: Value;
}

export interface HookEvent {
  /** The last journal number it speaks of; no two events have the same. */
  seq: number;
  type: 'record.changed' | 'record.gone' | 'receipt.moved';
  /** ISO instant of what happened last. */
  timestamp: string;
  data:
    | { object: string; id: string; version: string; fields: string[] }
    | { object: string; id: string }
    | { editId: string; state: string };
}

/** Everything that has to be known of what the entries mention, as it is now. */
export interface Known {
  hubId: HubId;
  records: ReadonlyMap<string, RecordRow>;
  edits: ReadonlyMap<string, { row: EditRow; audience: string }>;
  /** Of each audience: the companies, of those that matter here, that somebody of it reaches; and the contacts who do. */
  reach: ReadonlyMap<AppAudience, { companies: Reach; contacts: ReadonlySet<RecordId> }>;
}

/** In the order of the journal. */
export function eventsOf(
  entries: readonly HookEntry[],
  audience: AppAudience | null,
  known: Known,
): HookEvent[] {
  const audiences = audience === null ? AUDIENCES : [audience];
  const events = [
    ...[...grouped(entries, recordKeyOf)].map(([key, own]) => recordEvent(key, own, audiences, known)),
    ...[...grouped(entries, ({ editId }) => editId)].map(([id, own]) => editEvent(id, own, audiences, known)),
  ];
  return events.filter((event) => event !== null).sort((a, b) => a.seq - b.seq);
}

export const AUDIENCES = Object.keys(ownership.audiences).filter(isAudience);
const OF_RECORDS: readonly JournalKind[] = ['found', 'changed', 'life', 'links'];

export const recordKeyOf = ({ kind, object, recordId }: HookEntry): string | null =>
  object !== null && recordId !== null && OF_RECORDS.includes(kind) ? `${object}:${recordId}` : null;

function grouped(
  entries: readonly HookEntry[],
  keyOf: (entry: HookEntry) => string | null,
): Map<string, HookEntry[]> {
  const groups = new Map<string, HookEntry[]>();
  for (const entry of entries) {
    const key = keyOf(entry);
    if (key !== null) groups.set(key, [...(groups.get(key) ?? []), entry]);
  }
  return groups;
}

function recordEvent(
  key: string,
  entries: readonly HookEntry[],
  audiences: readonly AppAudience[],
  known: Known,
): HookEvent | null {
  const row = known.records.get(key);
  const last = entries.at(-1);
  if (row === undefined || last === undefined) return null;
  const { object, recordId } = row;
  const seeing = audiences.filter((audience) => couldSee(audience, row, known));
  const before = entries.some(({ kind }) => kind === 'found') ? null : asBefore(row, entries);
  const saw = before === null ? [] : audiences.filter((audience) => couldSee(audience, before, known));
  const base = { seq: last.seq, timestamp: new Date(last.at).toISOString() };
  if (seeing.length === 0)
    return saw.length === 0 ? null : { ...base, type: 'record.gone', data: { object, id: recordId } };
  const visible = new Set(seeing.flatMap((audience) => visibleFields(object, audience)));
  const moved = new Set(entries.flatMap(({ kind, field }) => (kind === 'changed' ? (field ?? []) : [])));
  const isNew = saw.length === 0;
  const fields = [...visible].filter((field) => isNew || moved.has(field));
  if (fields.length === 0 && !entries.some(({ kind }) => kind === 'links')) return null;
  const version = versionOf(row.changedSeq);
  return { ...base, type: 'record.changed', data: { object, id: recordId, version, fields } };
}

/** No contact has this id. */
const SOMEBODY_ELSE = toRecordId('99999999999999999999');

/** Whether anybody of the audience sees it: asked as if one person reached everything that the audience does. */
function couldSee(audience: AppAudience, row: RecordRow, { hubId, reach }: Known): boolean {
  const reached = reach.get(audience);
  if (reached === undefined) return false;
  const { companies, contacts } = reached;
  const contactId = contacts.has(row.recordId) ? row.recordId : SOMEBODY_ELSE;
  return sees({ hubId, contactId, audience }, companies, row);
}

function editEvent(
  id: string,
  entries: readonly HookEntry[],
  audiences: readonly AppAudience[],
  known: Known,
): HookEvent | null {
  const edit = known.edits.get(id);
  const last = entries.at(-1);
  // What staff and other systems ask for has no receipt.
  if (edit === undefined || last === undefined || !audiences.some((each) => each === edit.audience))
    return null;
  const { state } = receiptOf(edit.row);
  const timestamp = new Date(last.at).toISOString();
  return { seq: last.seq, type: 'receipt.moved', timestamp, data: { editId: edit.row.editId, state } };
}
