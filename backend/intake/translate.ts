/** From stored webhook JSON to our words: the border where HubSpot's names end. One bad event never spoils the others. */
import type { RecordId } from '@tallystick/shared/ids';
import { objects, OBJECTS, type AppObject } from '@tallystick/shared/ownership';
import { canonical } from '@tallystick/shared/values';
import type { Heard } from './heard.ts';
import { hearJournal } from './journalEvents.ts';
import {
  associations,
  idOf,
  ignored,
  isRaw,
  isTime,
  LINE_TYPE_ID,
  sourceTextOf,
  textOf,
  TYPE_IDS,
  type ObjectOf,
  type Raw,
} from './wire.ts';

/** Docs say `eventType` where the wire says `subscriptionType`; association events carry no objectId (recorded 2026). */
interface WireEvent {
  type: string;
  objectId: RecordId | null;
  objectTypeId: string | null;
  propertyName: string | null;
  propertyValue: string | null;
  occurredAt: number;
  changeSource: string;
  sourceId: string | null;
}

/** `typeIds` gives the type ids of the account's custom objects by schema name. */
export function translator(typeIds: () => Readonly<Record<string, string>>): (events: string) => Heard[] {
  const fieldsByProperty = new Map(OBJECTS.map((object) => [object, byProperty(object)]));
  const objectOf = (typeId: string | null | undefined): AppObject | undefined =>
    OBJECTS.find((object) => (objects[object].typeId ?? typeIds()[objects[object].crm]) === typeId);
  return (events) =>
    listOf(events).flatMap((raw) => {
      if (isRaw(raw) && raw.subscriptionType === undefined && typeof raw.type === 'string')
        return hearJournal(raw, raw.type, objectOf);
      const event = isRaw(raw) ? readEvent(raw) : null;
      if (event === null || !isRaw(raw)) return [{ is: 'ignored', why: 'not understood' }];
      return hear(event, raw, objectOf, (object, property) => fieldsByProperty.get(object)?.get(property));
    });
}

type FieldOf = (object: AppObject, property: string) => string | undefined;

function hear(event: WireEvent, raw: Raw, objectOf: ObjectOf, fieldOf: FieldOf): Heard[] {
  const { type } = event;
  const [name = '', change = ''] = type.split('.');
  if (change === 'associationChange') return associations(raw, objectOf);
  const typeId = name === 'object' ? event.objectTypeId : TYPE_IDS.get(name);
  if (typeId === LINE_TYPE_ID && event.objectId !== null) return [{ is: 'line', lineId: event.objectId }];
  const object = objectOf(typeId);
  if (object === undefined) return ignored(type);
  if (change === 'merge') return merged(event, raw, object);
  const recordId = event.objectId;
  if (recordId === null) return ignored(type);
  switch (change) {
    case 'propertyChange': {
      const field = event.propertyName === null ? undefined : fieldOf(object, event.propertyName);
      if (field === undefined) return ignored(`${name}.propertyChange of an unmapped property`);
      const value = canonical(objects[object].fields[field]?.kind ?? 'text', event.propertyValue);
      return [{ is: 'value', object, recordId, field, value, at: event.occurredAt, by: by(event) }];
    }
    case 'creation':
      return [{ is: 'links', object, recordId }];
    case 'deletion':
      return [life(event, object, recordId, 'archived')];
    case 'privacyDeletion':
      return [life(event, object, recordId, 'erased')];
    case 'restore':
      return [life(event, object, recordId, 'present'), { is: 'links', object, recordId }];
    default:
      return ignored(type);
  }
}

/** Docs: HubSpot may answer a merge with a newly made record, and then the primary one is absorbed as well. */
function merged(event: WireEvent, raw: Raw, object: AppObject): Heard[] {
  const primary = idOf(raw.primaryObjectId);
  const survivor = idOf(raw.newObjectId) ?? primary ?? event.objectId;
  if (survivor === null) return ignored(`${object}.merge`);
  const listed = Array.isArray(raw.mergedObjectIds) ? raw.mergedObjectIds.map(idOf) : [];
  const absorbed = [...listed, primary].filter((each) => each !== null && each !== survivor);
  return [
    ...absorbed.flatMap((each) => (each === null ? [] : [life(event, object, each, `merged:${survivor}`)])),
    { is: 'links', object, recordId: survivor },
  ];
}

function life(event: WireEvent, object: AppObject, recordId: RecordId, to: string): Heard {
  return { is: 'life', object, recordId, life: to, at: event.occurredAt, by: by(event) };
}

const by = (event: WireEvent) => ({ via: event.changeSource, id: event.sourceId, person: null });

function byProperty(object: AppObject): Map<string, string> {
  return new Map(Object.entries(objects[object].fields).map(([name, field]) => [field.property, name]));
}

function listOf(events: string): unknown[] {
  const parsed: unknown = JSON.parse(events);
  return Array.isArray(parsed) ? parsed : [parsed];
}

/** Read by hand: this runs 20,000 times a second. Null when the event has no time. */
function readEvent(raw: Raw): WireEvent | null {
  const { occurredAt } = raw;
  if (!isTime(occurredAt)) return null;
  return {
    type: textOf(raw.subscriptionType) ?? textOf(raw.eventType) ?? '',
    objectId: idOf(raw.objectId),
    objectTypeId: textOf(raw.objectTypeId),
    propertyName: textOf(raw.propertyName),
    propertyValue: textOf(raw.propertyValue),
    occurredAt,
    changeSource: sourceTextOf(raw.changeSource) ?? 'UNKNOWN',
    sourceId: sourceTextOf(raw.sourceId),
  };
}
