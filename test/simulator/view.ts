/** Records as HubSpot answers them. Shapes: recorded 2026-03; strict members: @hubspot/api-client 14.0.1. */
import { linked } from './associations.ts';
import { iso } from './clock.ts';
import { currentValue, valueAt } from './history.ts';
import { findType, recordsOf } from './objectTypes.ts';
import type { CrmRecord, Entry, ObjectType, State } from './state.ts';

export interface Wanted {
  properties?: readonly string[] | undefined;
  history?: readonly string[] | undefined;
  associations?: readonly string[] | undefined;
}

export interface RecordView {
  id: string;
  properties: Record<string, string | null>;
  propertiesWithHistory?: Record<string, object[]>;
  createdAt: string;
  updatedAt: string;
  archived: boolean;
  archivedAt?: string;
  url: string;
  associations?: Record<string, { results: { id: string; type: string }[] }>;
  objectWriteTraceId?: string;
  new?: boolean;
}

/** A record as a read shows it. */
export function viewRecord(
  state: State,
  type: ObjectType,
  record: CrmRecord,
  wanted: Wanted,
  at = readTime(state),
): RecordView {
  const defined = state.data.properties.get(type.typeId)!;
  const history = (wanted.history ?? []).filter((name) => defined.get(name)?.archivedAt === null);
  // Docs: names that do not exist are left out; recorded: defined but never set is null. GUESS: a property asked for
  // with its history is among the plain ones too.
  const asked =
    wanted.properties === undefined || wanted.properties.length === 0
      ? type.defaultProperties
      : wanted.properties;
  const properties: Record<string, string | null> = {};
  for (const name of [...asked, ...history, type.createdProperty, type.modifiedProperty, 'hs_object_id'])
    if (defined.get(name)?.archivedAt === null) properties[name] = valueAt(record, name, at);
  const view = frame(state, type, record, properties);
  if (history.length > 0)
    view.propertiesWithHistory = Object.fromEntries(
      history.map((name) => [
        name,
        (record.cells.get(name) ?? []).filter((entry) => entry.at <= at).map(viewEntry),
      ]),
    );
  if (wanted.associations !== undefined && wanted.associations.length > 0) {
    const found = viewAssociations(state, type, record, wanted.associations);
    if (Object.keys(found).length > 0) view.associations = found;
  }
  return view;
}

/** A record as a write answers it: what was written and what the system keeps, not the default set (recorded). */
export function viewWritten(
  state: State,
  type: ObjectType,
  record: CrmRecord,
  written: readonly string[],
): RecordView {
  const properties: Record<string, string | null> = {};
  const system = ['hs_object_source', 'hs_object_source_id', 'hs_object_source_label'];
  for (const name of [...written, type.createdProperty, type.modifiedProperty, 'hs_object_id', ...system])
    properties[name] = currentValue(record, name);
  if (type.typeId === '0-1' || type.typeId === '0-2') {
    const stage = currentValue(record, 'lifecyclestage');
    if (stage !== null) properties['lifecyclestage'] = stage;
  }
  return frame(state, type, record, properties);
}

function frame(
  state: State,
  type: ObjectType,
  record: CrmRecord,
  properties: RecordView['properties'],
): RecordView {
  return {
    id: record.id,
    properties,
    createdAt: iso(record.createdAt),
    updatedAt: iso(record.updatedAt),
    archived: record.archivedAt !== null,
    ...(record.archivedAt === null ? {} : { archivedAt: iso(record.archivedAt) }),
    url: `https://app.hubspot.com/contacts/${state.hubId}/record/${type.typeId}/${record.id}`,
  };
}

/** Spec ValueWithTimestamp; recorded: the UI's entries carry updatedByUserId. */
function viewEntry(entry: Entry): object {
  const { sourceType, sourceId, userId } = entry.by;
  return {
    value: entry.value,
    timestamp: iso(entry.at),
    sourceType,
    ...(sourceId === null ? {} : { sourceId }),
    ...(userId === undefined ? {} : { updatedByUserId: userId }),
  };
}

function viewAssociations(state: State, type: ObjectType, record: CrmRecord, names: readonly string[]) {
  const found: Record<string, { results: { id: string; type: string }[] }> = {};
  for (const name of names) {
    const to = findType(state, name);
    if (to === null) continue;
    const results = linked(state, type.typeId, record.id, to.typeId).flatMap(({ id, types }) =>
      types.map((each) => ({ id, type: each.name })),
    );
    if (results.length > 0) found[to.schema === null ? to.name : to.fullyQualifiedName] = { results };
  }
  return found;
}

/** The moment a read by id sees; the dial can put it into the past. */
export function readTime(state: State): number {
  return state.faults.readLagMs === 0 ? Infinity : state.clock.now() - state.faults.readLagMs;
}

/** A page in the order of ids, `after` being the id to start from (docs: list endpoints). */
export function listPage(
  state: State,
  type: ObjectType,
  page: { limit: number; after: string | null; archived: boolean },
): { records: CrmRecord[]; next: string | null } {
  const at = readTime(state);
  const found: CrmRecord[] = [];
  for (const record of recordsOf(state, type).values()) {
    if (page.after !== null && Number(record.id) < Number(page.after)) continue;
    if ((record.archivedAt !== null) !== page.archived || record.createdAt > at) continue;
    found.push(record);
    if (found.length > page.limit) break;
  }
  const next = found[page.limit]?.id ?? null;
  return { records: found.slice(0, page.limit), next };
}
