/** From stored webhook JSON to our words: the border where HubSpot's names end. One bad event never spoils the others. */
import { isRecordId, type RecordId } from '@tallystick/shared/ids';
import { objects, OBJECTS, type AppObject } from '@tallystick/shared/ownership';
import { canonical } from '@tallystick/shared/values';
import { z } from 'zod';
import type { Heard } from './heard.ts';

const id = z.union([z.number(), z.string()]).transform(String).refine(isRecordId);

/** Docs say `eventType` where the wire says `subscriptionType`; association events carry no objectId (recorded 2026). */
const wireEvent = z.object({
  subscriptionType: z.string().optional(),
  eventType: z.string().optional(),
  objectId: id.optional(),
  objectTypeId: z.string().optional(),
  propertyName: z.string().optional(),
  propertyValue: z.union([z.string(), z.number(), z.boolean()]).transform(String).nullish(),
  occurredAt: z.number(),
  changeSource: z.string().default('UNKNOWN'),
  sourceId: z.string().nullish(),
  primaryObjectId: id.optional(),
  mergedObjectIds: z.array(id).optional(),
  newObjectId: id.nullish(),
  associationType: z.string().optional(),
  fromObjectId: id.optional(),
  toObjectId: id.optional(),
  fromObjectTypeId: z.string().optional(),
  toObjectTypeId: z.string().optional(),
});
type WireEvent = z.infer<typeof wireEvent>;

/** The wire's singular names of the standard types (docs: webhooks). */
const TYPE_IDS: Readonly<Record<string, string>> = {
  contact: '0-1',
  company: '0-2',
  deal: '0-3',
  ticket: '0-5',
  quote: '0-14',
};
const KIND_MAX_CHARS = 60;

/** `typeIds` gives the type ids of the account's custom objects by schema name. */
export function translator(typeIds: () => Readonly<Record<string, string>>): (events: string) => Heard[] {
  const fieldsByProperty = new Map(OBJECTS.map((object) => [object, byProperty(object)]));
  const objectOf = (typeId: string | undefined): AppObject | undefined =>
    OBJECTS.find((object) => (objects[object].typeId ?? typeIds()[objects[object].crm]) === typeId);
  return (events) =>
    listOf(events).flatMap((raw) => {
      const parsed = wireEvent.safeParse(raw);
      if (!parsed.success) return [{ is: 'ignored', why: 'not understood' }];
      return hear(parsed.data, objectOf, (object, property) => fieldsByProperty.get(object)?.get(property));
    });
}

type ObjectOf = (typeId: string | undefined) => AppObject | undefined;
type FieldOf = (object: AppObject, property: string) => string | undefined;

function hear(event: WireEvent, objectOf: ObjectOf, fieldOf: FieldOf): Heard[] {
  const type = event.subscriptionType ?? event.eventType ?? '';
  const [name = '', change = ''] = type.split('.');
  if (change === 'associationChange') return associations(event, objectOf);
  const object = objectOf(name === 'object' ? event.objectTypeId : TYPE_IDS[name]);
  if (object === undefined) return ignored(type);
  if (change === 'merge') return merged(event, object);
  const recordId = event.objectId;
  if (recordId === undefined) return ignored(type);
  switch (change) {
    case 'propertyChange': {
      const field = event.propertyName === undefined ? undefined : fieldOf(object, event.propertyName);
      if (field === undefined) return ignored(`${name}.propertyChange of an unmapped property`);
      const value = canonical(objects[object].fields[field]?.kind ?? 'text', event.propertyValue ?? null);
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
function merged(event: WireEvent, object: AppObject): Heard[] {
  const survivor = event.newObjectId ?? event.primaryObjectId ?? event.objectId;
  if (survivor === undefined) return ignored(`${object}.merge`);
  const absorbed = [
    ...(event.mergedObjectIds ?? []),
    ...(event.primaryObjectId === undefined ? [] : [event.primaryObjectId]),
  ];
  return [
    ...absorbed
      .filter((each) => each !== survivor)
      .map((each) => life(event, object, each, `merged:${survivor}`)),
    { is: 'links', object, recordId: survivor },
  ];
}

/** One event comes for each side; what counts for us is the record at the other end of a company. */
function associations(event: WireEvent, objectOf: ObjectOf): Heard[] {
  const [fromName, toName] = (event.associationType ?? '').toLowerCase().split('_to_');
  const from = objectOf(event.fromObjectTypeId ?? TYPE_IDS[fromName ?? '']);
  const to = objectOf(event.toObjectTypeId ?? TYPE_IDS[toName ?? '']);
  const ends = [
    { object: from, recordId: event.fromObjectId },
    { object: to, recordId: event.toObjectId },
  ];
  const heard = ends.flatMap(({ object, recordId }): Heard[] =>
    object === undefined || object === 'company' || recordId === undefined
      ? []
      : [{ is: 'links', object, recordId }],
  );
  return heard.length === 0 ? ignored('associationChange') : heard;
}

function life(event: WireEvent, object: AppObject, recordId: RecordId, to: string): Heard {
  return { is: 'life', object, recordId, life: to, at: event.occurredAt, by: by(event) };
}

const by = (event: WireEvent) => ({ via: event.changeSource, id: event.sourceId ?? null, person: null });

const ignored = (what: string): Heard[] => [
  { is: 'ignored', why: what.replace(/[^\w. ]/g, '').slice(0, KIND_MAX_CHARS) || 'no type' },
];

function byProperty(object: AppObject): Map<string, string> {
  return new Map(Object.entries(objects[object].fields).map(([name, field]) => [field.property, name]));
}

function listOf(events: string): unknown[] {
  const parsed: unknown = JSON.parse(events);
  return Array.isArray(parsed) ? parsed : [parsed];
}
