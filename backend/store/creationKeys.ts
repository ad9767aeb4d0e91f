/** Whether what customers make can be made once and only once: the key's property has to be unique in the CRM. */
import { creations, fieldOf, objects } from '@tallystick/shared/ownership';
import type { Definition } from './database.ts';

/**
 * `repeatable`: two records may have the same key. `missing`: there is no such property, so that the CRM refuses whatever
 * is sent with it. `unknown`: the CRM has not said yet.
 */
export type KeyState = 'unique' | 'repeatable' | 'missing' | 'unknown';

export function keyStateOf(name: string, definitions: ReadonlyMap<string, Definition>): KeyState {
  const key = propertyKeyOf(name);
  const definition = definitions.get(key);
  if (definition?.gone === true) return 'missing';
  if (definition?.unique !== undefined) return definition.unique ? 'unique' : 'repeatable';
  const [object = ''] = key.split(':');
  const wasRead = [...definitions].some(
    ([other, { unique }]) => other.startsWith(`${object}:`) && unique !== undefined,
  );
  return wasRead ? 'missing' : 'unknown';
}

/** The creations that are refused for that, each with its label and property. */
export function barredCreations(
  definitions: ReadonlyMap<string, Definition>,
): { name: string; label: string; property: string; of: string }[] {
  return Object.entries(creations).flatMap(([name, { label, object }]) => {
    if (keyStateOf(name, definitions) !== 'repeatable') return [];
    const [, property = ''] = propertyKeyOf(name).split(':');
    return [{ name, label, property, of: objects[object].label.many }];
  });
}

function propertyKeyOf(name: string): string {
  const spec = Object.hasOwn(creations, name) ? creations[name] : undefined;
  return spec === undefined ? '' : `${spec.object}:${fieldOf(spec.object, spec.key)?.property ?? ''}`;
}
