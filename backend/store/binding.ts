/** What an action was decided on, as a digest: written by the portal's side, compared by the worker's (A1, A3). */
import { createHash } from 'node:crypto';
import { fieldOf, type AppObject } from '@tallystick/shared/ownership';
import { comparable, type Value } from '@tallystick/shared/values';

/** `sha256:` and 64 hex digits over the guards' names and values; formatting is no difference (V3). */
export function bindingOf(object: AppObject, guards: readonly { field: string; value: Value }[]): string {
  const named = guards.map(({ field, value }): [string, Value] => [
    field,
    comparable(fieldOf(object, field)?.kind ?? 'text', value),
  ]);
  const text = JSON.stringify(named.sort(([a], [b]) => (a < b ? -1 : 1)));
  return `sha256:${createHash('sha256').update(text).digest('hex')}`;
}
