/** Merging two records, and deleting a person for good. */
import { moveLinks } from './associations.ts';
import { FIRST_RECORD_ID } from './checks.ts';
import { iso } from './clock.ts';
import { objectNotFound, validationError } from './errors.ts';
import { currentValue, indexValues, setValue, touch } from './history.ts';
import { recordsOf, resolve } from './objectTypes.ts';
import { announce, nextId, type CrmRecord, type ObjectType, type Source, type State } from './state.ts';

const MERGED_IDS_MAX = 250; // docs: "Cannot have more than 250 identities on a profile"
const SOURCES: Record<string, string> = { '0-1': 'MERGE_CONTACTS', '0-2': 'MERGE_COMPANIES' };

/**
 * Docs: the primary's values win, the other's fill its gaps; the answer may be a newly made record, and the old ids
 * keep resolving. Secondary research: merged-away ids leave the lists without ever showing as archived.
 */
export function mergeRecords(
  state: State,
  type: ObjectType,
  primaryId: string,
  otherId: string,
  by: Source,
): CrmRecord {
  const [primary, other] = [alive(state, type, primaryId), alive(state, type, otherId)];
  if (primary === other) throw validationError('Cannot merge a record into itself'); // GUESS at the words
  const ids = mergedIds(primary, other);
  if (ids.length > MERGED_IDS_MAX) throw validationError('Cannot have more than 250 identities on a profile');
  const at = state.clock.now();
  const source: Source = { ...by, sourceType: SOURCES[type.typeId] ?? 'MERGE_OBJECTS' };
  for (const record of [primary, other]) indexValues(state, record, false);
  const kept = state.faults.mergeMakesNewId ? renewed(state, type, primary, at, source) : primary;
  indexValues(state, kept, true);
  const moved = fillGaps(state, type, kept, other, at, source);
  keepAddress(state, type, kept, other, at, source);
  setValue(state, kept, { name: 'hs_merged_object_ids', value: ids.join(';'), at, by: source });
  touch(state, kept, type.modifiedProperty, at, source, iso(at));
  for (const record of [primary, other]) if (record !== kept) retire(state, type, record, kept);
  announce(state, {
    ...{ is: 'merged', typeId: type.typeId, id: kept.id, at, by },
    ...{ primaryId: primary.id, mergedIds: [other.id], newId: kept.id, moved: moved.length },
  });
  for (const { name, value, before } of moved)
    announce(state, {
      is: 'changed',
      typeId: type.typeId,
      id: kept.id,
      property: name,
      value,
      before,
      at,
      by: source,
    });
  return kept;
}

/** Docs: gone for good, and two events, deletion and privacy deletion, in any order. */
export function privacyDelete(state: State, type: ObjectType, record: CrmRecord, by: Source): void {
  const at = state.clock.now();
  indexValues(state, record, false);
  recordsOf(state, type).delete(record.id);
  const links = state.data.links.get(`${type.typeId}/${record.id}`);
  for (const [otherType, pairs] of links ?? [])
    for (const otherId of pairs.keys())
      state.data.links.get(`${otherType}/${otherId}`)?.get(type.typeId)?.delete(record.id);
  state.data.links.delete(`${type.typeId}/${record.id}`);
  const happened = { typeId: type.typeId, id: record.id, at, by };
  const both = [
    { ...happened, is: 'archived' as const },
    { ...happened, is: 'privacyDeleted' as const },
  ];
  for (const change of state.random.next() < 0.5 ? both : both.reverse()) announce(state, change);
}

function alive(state: State, type: ObjectType, id: string): CrmRecord {
  const record = resolve(state, type, id);
  if (record === null || record.archivedAt !== null) throw objectNotFound(id);
  return record;
}

function mergedIds(primary: CrmRecord, other: CrmRecord): string[] {
  const before = [primary, other].flatMap((record) =>
    (currentValue(record, 'hs_merged_object_ids') ?? '').split(';'),
  );
  return [...new Set([...before, primary.id, other.id])].filter((id) => id !== '');
}

/** The primary record under a new id, history and all. */
function renewed(state: State, type: ObjectType, primary: CrmRecord, at: number, by: Source): CrmRecord {
  const id = nextId(state, `record:${type.typeId}`, FIRST_RECORD_ID);
  const cells = new Map([...primary.cells].map(([name, entries]) => [name, [...entries]]));
  const record: CrmRecord = { ...primary, id, cells };
  recordsOf(state, type).set(id, record);
  setValue(state, record, { name: 'hs_object_id', value: id, at, by });
  return record;
}

function fillGaps(state: State, type: ObjectType, kept: CrmRecord, other: CrmRecord, at: number, by: Source) {
  const moved: { name: string; value: string; before: string | null }[] = [];
  for (const name of other.cells.keys()) {
    const value = currentValue(other, name) ?? '';
    const before = currentValue(kept, name);
    const property = state.data.properties.get(type.typeId)?.get(name);
    if (
      value === '' ||
      (before ?? '') !== '' ||
      property?.readOnlyValue !== false ||
      name === 'hs_additional_emails'
    )
      continue;
    if (setValue(state, kept, { name, value, at, by })) moved.push({ name, value, before });
  }
  return moved;
}

/** A merged contact keeps the other's address as a secondary one, and it stays taken (docs: contacts guide). */
function keepAddress(
  state: State,
  type: ObjectType,
  kept: CrmRecord,
  other: CrmRecord,
  at: number,
  by: Source,
): void {
  const address = currentValue(other, 'email') ?? '';
  if (type.typeId !== '0-1' || address === '' || address === currentValue(kept, 'email')) return;
  const all = new Set(
    (currentValue(kept, 'hs_additional_emails') ?? '').split(';').filter((each) => each !== ''),
  );
  for (const each of [address, ...(currentValue(other, 'hs_additional_emails') ?? '').split(';')])
    if (each !== '') all.add(each);
  setValue(state, kept, { name: 'hs_additional_emails', value: [...all].join(';'), at, by });
  for (const each of all) state.data.unique.get('0-1/email')?.set(each, kept.id);
}

function retire(state: State, type: ObjectType, record: CrmRecord, kept: CrmRecord): void {
  moveLinks(state, type.typeId, record.id, kept.id);
  recordsOf(state, type).delete(record.id);
  const merged = state.data.mergedInto.get(type.typeId) ?? new Map<string, string>();
  merged.set(record.id, kept.id);
  state.data.mergedInto.set(type.typeId, merged);
  const emails = type.typeId === '0-1' ? state.data.unique.get('0-1/email') : undefined;
  for (const [value, id] of emails ?? []) if (id === record.id) emails?.set(value, kept.id);
}
