/** The webhook subscriptions that the ownership file needs: one per mapped property, and the life of each object. */
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

/** `typeIds`: the type ids of the account's custom objects, by schema name. Objects whose type is unknown are left out. */
export function neededSubscriptions(typeIds: Readonly<Record<string, string>>): Subscription[] {
  return OBJECTS.flatMap((object) => {
    const objectTypeId = objects[object].typeId ?? typeIds[objects[object].crm];
    if (objectTypeId === undefined) return [];
    const properties = Object.values(objects[object].fields).map((field) => field.property);
    return [
      ...LIFE.map((subscriptionType) => ({ subscriptionType, objectTypeId })),
      ...properties.map((propertyName) => ({
        subscriptionType: 'object.propertyChange',
        objectTypeId,
        propertyName,
      })),
    ];
  });
}
