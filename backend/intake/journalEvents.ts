/**
 * Events of HubSpot's webhooks journal in our words. Documented are the type, the record, the action and the time; how
 * changed properties and merges are written is not, so an event only says that a record moved, and the read tells what.
 */
import type { RecordId } from '@tallystick/shared/ids';
import type { AppObject } from '@tallystick/shared/ownership';
import type { Heard } from './heard.ts';
import {
  associations,
  idOf,
  ignored,
  isTime,
  LINE_TYPE_ID,
  textOf,
  type ObjectOf,
  type Raw,
} from './wire.ts';

export function hearJournal(raw: Raw, type: string, objectOf: ObjectOf): Heard[] {
  if (type === 'association') return associations(raw, objectOf);
  const typeId = textOf(raw.objectTypeId);
  const recordId = idOf(raw.objectId);
  const at = instantOf(raw.occurredAt);
  if (recordId === null || at === null) return ignored(`journal ${type}`);
  if (typeId === LINE_TYPE_ID) return [{ is: 'line', lineId: recordId }];
  const object = objectOf(typeId);
  if (object === undefined) return ignored(`journal ${type}`);
  if (type === 'gdprPrivacyDeletion') {
    const by = { via: 'UNKNOWN', id: null, person: null };
    return [{ is: 'life', object, recordId, life: 'erased', at, by }];
  }
  if (type !== 'crmObject') return ignored(`journal ${type}`);
  const action = textOf(raw.action);
  if (action === 'MERGE') return merged(raw, object, recordId, at);
  const touched: Heard = { is: 'touched', object, recordId, how: action === 'DELETE' ? 'gone' : 'moved', at };
  return action === 'RESTORE' ? [touched, { is: 'links', object, recordId }] : [touched];
}

/** Every record that the event names under any of the names that webhooks have for them. */
function merged(raw: Raw, object: AppObject, recordId: RecordId, at: number): Heard[] {
  const listed: unknown[] = Array.isArray(raw.mergedObjectIds) ? raw.mergedObjectIds : [];
  const named = [raw.primaryObjectId, raw.newObjectId, ...listed].map(idOf);
  const ids = new Set([recordId, ...named.flatMap((id) => id ?? [])]);
  return [...ids].flatMap((id): Heard[] => [
    { is: 'touched', object, recordId: id, how: 'gone', at },
    { is: 'links', object, recordId: id },
  ]);
}

function instantOf(value: unknown): number | null {
  const ms = typeof value === 'string' ? Date.parse(value) : value;
  return isTime(ms) ? ms : null;
}
