/** The webhook subscriptions that the ownership file needs: one per mapped property, and the life of each object. */
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
  return [...wanted, ERASURE];
}
