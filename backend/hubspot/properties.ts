/** The CRM properties that an object's fields map to: lines are records of their own, not a property. */
import { objects, type AppObject } from '@tallystick/shared/ownership';

export function propertiesOf(object: AppObject): string[] {
  return Object.values(objects[object].fields).flatMap(({ kind, property }) =>
    kind === 'lines' ? [] : [property],
  );
}
