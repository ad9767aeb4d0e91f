/** The standard object types: ids, names, default properties, what a creation needs. Custom ones: schemas.ts. */
import { ApiError, objectNotFound } from './errors.ts';
import type { CrmRecord, ObjectType, State } from './state.ts';

interface Row {
  id: string;
  name: string;
  singular: string;
  defaults: string;
  required?: string;
  anyOf?: string;
  /** Activities and CPQ objects are stamped with `hs_createdate`, the older ones with `createdate`. */
  created?: 'hs_createdate';
}

// Ids: docs "object type ids". Required properties: docs of each object's guide. Default properties of a read:
// docs of each object; GUESS for activities.
const STANDARD: Row[] = [
  {
    id: '0-1',
    name: 'contacts',
    singular: 'contact',
    defaults: 'email firstname lastname',
    anyOf: 'email firstname lastname',
  },
  { id: '0-2', name: 'companies', singular: 'company', defaults: 'domain name', anyOf: 'domain name' },
  {
    id: '0-3',
    name: 'deals',
    singular: 'deal',
    defaults: 'amount closedate dealname dealstage pipeline',
    required: 'dealname dealstage',
  },
  {
    id: '0-5',
    name: 'tickets',
    singular: 'ticket',
    defaults: 'content hs_pipeline hs_pipeline_stage hs_ticket_category hs_ticket_priority subject',
    required: 'hs_pipeline_stage',
  },
  { id: '0-7', name: 'products', singular: 'product', defaults: 'description name price', required: 'name' },
  { id: '0-8', name: 'line_items', singular: 'line_item', defaults: 'name price quantity amount' },
  {
    id: '0-14',
    name: 'quotes',
    singular: 'quote',
    defaults: 'hs_title hs_expiration_date hs_status',
    required: 'hs_title hs_expiration_date',
    created: 'hs_createdate',
  },
  {
    id: '0-27',
    name: 'tasks',
    singular: 'task',
    defaults: 'hs_timestamp hs_task_subject',
    required: 'hs_timestamp',
    created: 'hs_createdate',
  },
  {
    id: '0-46',
    name: 'notes',
    singular: 'note',
    defaults: 'hs_timestamp',
    required: 'hs_timestamp',
    created: 'hs_createdate',
  },
  {
    id: '0-47',
    name: 'meetings',
    singular: 'meeting',
    defaults: 'hs_timestamp',
    required: 'hs_timestamp',
    created: 'hs_createdate',
  },
  {
    id: '0-48',
    name: 'calls',
    singular: 'call',
    defaults: 'hs_timestamp',
    required: 'hs_timestamp',
    created: 'hs_createdate',
  },
  {
    id: '0-49',
    name: 'emails',
    singular: 'email',
    defaults: 'hs_timestamp',
    required: 'hs_timestamp',
    created: 'hs_createdate',
  },
];
/** Types with classic webhook names (spec: enum of webhook event types); the rest has `object.*` only. */
const CLASSIC_WEBHOOKS = new Set(['contact', 'company', 'deal', 'ticket', 'line_item', 'product']);

export function standardTypes(): Map<string, ObjectType> {
  return new Map(STANDARD.map((row) => [row.id, standardType(row)]));
}

function standardType(row: Row): ObjectType {
  const createdProperty = row.created ?? 'createdate';
  // Recorded: contacts alone use `lastmodifieddate`.
  const modifiedProperty = row.name === 'contacts' ? 'lastmodifieddate' : 'hs_lastmodifieddate';
  return {
    typeId: row.id,
    name: row.name,
    singular: row.singular,
    constant: row.singular.toUpperCase(),
    fullyQualifiedName: row.name,
    createdProperty,
    modifiedProperty,
    defaultProperties: [...row.defaults.split(' '), createdProperty, modifiedProperty, 'hs_object_id'],
    required: row.required?.split(' ') ?? [],
    requiredAnyOf: row.anyOf?.split(' ') ?? [],
    webhookPrefix: CLASSIC_WEBHOOKS.has(row.singular) ? row.singular : null,
    schema: null,
  };
}

/** A type may be named by plural, singular, type id, or a custom object's (fully qualified) name. */
export function findType(state: State, name: string): ObjectType | null {
  const byId = state.data.types.get(name);
  if (byId !== undefined) return byId;
  const wanted = name.toLowerCase();
  for (const type of state.data.types.values())
    if (type.name === wanted || type.singular === wanted || type.fullyQualifiedName === wanted) return type;
  return null;
}

/** GUESS at the words; 400 as in practice for an unknown type in the path. */
export function typeOf(state: State, name: string): ObjectType {
  const type = findType(state, name);
  if (type === null)
    throw new ApiError(400, {
      message: `Unable to infer object type from: ${name}`,
      category: 'VALIDATION_ERROR',
    });
  return type;
}

export function recordsOf(state: State, type: ObjectType): Map<string, CrmRecord> {
  let records = state.data.records.get(type.typeId);
  if (records === undefined) {
    records = new Map();
    state.data.records.set(type.typeId, records);
  }
  return records;
}

/** The record an id stands for, merged-away ids included (docs: GET and PATCH by an old id keep working). */
export function resolve(state: State, type: ObjectType, id: string): CrmRecord | null {
  const records = recordsOf(state, type);
  const merged = state.data.mergedInto.get(type.typeId);
  let current = id;
  for (let next = merged?.get(current); next !== undefined; next = merged?.get(current)) current = next;
  return records.get(current) ?? null;
}

/** The live record an id (old ones included) or a unique property's value stands for. */
export function findRecord(state: State, type: ObjectType, id: string, idProperty?: string): CrmRecord {
  const wanted =
    idProperty === undefined || idProperty === 'hs_object_id'
      ? id
      : ownerOfValue(state, type, idProperty, id);
  const record = wanted === null ? null : resolve(state, type, wanted);
  if (record === null || record.archivedAt !== null) throw objectNotFound(id);
  return record;
}

export function ownerOfValue(state: State, type: ObjectType, property: string, value: string): string | null {
  const key = property === 'email' ? value.toLowerCase() : value;
  return state.data.unique.get(`${type.typeId}/${property}`)?.get(key) ?? null;
}
