/** What is paused, in words. */
import type { DeskPause } from '@tallystick/shared/deskMessages';
import { fieldOf, objects } from '@tallystick/shared/ownership';
import type { Pause } from '../store/orders.ts';
import type { Names } from './names.ts';

const DIRECTIONS = {
  out: 'from the portal to the CRM',
  in: 'from the CRM to the portal',
  both: 'in both directions',
} as const;

export function deskPause(pause: Pause, names: Names): DeskPause {
  const { pauseId, object, field, direction, reason, userId, begunAt } = pause;
  const many = object === null ? 'everything' : objects[object].label.many;
  const label = object === null || field === null ? null : (fieldOf(object, field)?.label ?? field);
  return {
    pauseId,
    what: `${label === null ? many : `${label} of ${many}`} ${DIRECTIONS[direction]}`,
    direction,
    reason,
    who: names.user(userId),
    since: new Date(begunAt).toISOString(),
  };
}
