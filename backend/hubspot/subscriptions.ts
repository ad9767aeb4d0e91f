/** The webhook subscriptions that the ownership file needs: one per mapped property, and the life of each object. */
import { LINE_PROPERTIES, LINE_TYPE } from './lines.ts';
import { propertiesOf } from './properties.ts';
import { objects, OBJECTS } from '@tallystick/shared/ownership';

export interface Subscription {
  subscriptionType: string;
  objectTypeId: string;
  propertyName?: string;
}

const LIFE = [
  'object.creation',
  'object.deletion',
  'object.merge',
  'object.restore',
  'object.associationChange',
];

/** HubSpot tells of an erased contact only by an event of its own (project file: `hubEvents`). */
const ERASURE: Subscription = { subscriptionType: 'contact.privacyDeletion', objectTypeId: '0-1' };

/** `typeIds`: the type ids of the account's custom objects, by schema name. Objects whose type is unknown are left out. */
export function neededSubscriptions(typeIds: Readonly<Record<string, string>>): Subscription[] {
  const wanted = OBJECTS.flatMap((object) => {
    const objectTypeId = objects[object].typeId ?? typeIds[objects[object].crm];
    if (objectTypeId === undefined) return [];
    const properties = propertiesOf(object);
    return [
      ...LIFE.map((subscriptionType) => ({ subscriptionType, objectTypeId })),
      ...properties.map((propertyName) => ({
        subscriptionType: 'object.propertyChange',
        objectTypeId,
        propertyName,
      })),
    ];
  });
  return [...wanted, ...lineSubscriptions(), ERASURE];
}

/** Docs: line items are among the objects of generic webhooks. Their own creation tells nothing before they stand on a quote. */
function lineSubscriptions(): Subscription[] {
  const objectTypeId = LINE_TYPE.typeId;
  const hasLines = OBJECTS.some((object) =>
    Object.values(objects[object].fields).some(({ kind }) => kind === 'lines'),
  );
  if (!hasLines) return [];
  return [
    ...['object.deletion', 'object.restore', 'object.associationChange'].map((subscriptionType) => ({
      ...{ subscriptionType, objectTypeId },
    })),
    ...LINE_PROPERTIES.map((propertyName) => ({
      ...{ subscriptionType: 'object.propertyChange', objectTypeId, propertyName },
    })),
  ];
}
