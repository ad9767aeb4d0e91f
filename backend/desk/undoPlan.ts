/**
 * Undoing writes of our own: which values are put back, and what is left as it is. Pure. What it decides is asked for as
 * rulings of staff, each guarded by the value that we wrote (D11): whoever changes it meanwhile is left alone as well.
 */
import { unfit, type Property, type Rule, type Standing } from '@tallystick/shared/decide';
import type { EditId, RecordId } from '@tallystick/shared/ids';
import type { Source } from '@tallystick/shared/observe';
import type { AppObject } from '@tallystick/shared/ownership';
import { equal, type Value } from '@tallystick/shared/values';

/** A write of ours that was in the CRM, or may be on its way. */
export interface OwnWrite {
  value: Value;
  /** What the CRM held when it was promised. */
  base: Standing;
  editIds: readonly EditId[];
  /** It is one of those that are to be undone. */
  selected: boolean;
  /** It is of a customer's action, a quote that was approved say. */
  isAction: boolean;
  /** Nobody knows yet what became of it. */
  isOpen: boolean;
}

/** All our writes of one field of one record, oldest first, with what the CRM holds as far as we know. */
export interface Written {
  object: AppObject;
  recordId: RecordId;
  field: string;
  writes: readonly OwnWrite[];
  owner: 'crm' | 'customer' | 'both' | 'source';
  rule: Rule;
  property: Property;
  isPresent: boolean;
  now: { value: Value; by: Source };
  /** Somebody's edit of the field waits for its decision. */
  isAsked: boolean;
}

export type Left = 'changed' | 'already' | 'underway' | 'source' | 'action' | 'gone' | 'unfit';
export type Undoing = { do: 'put back'; seen: Value; wanted: Value } | { do: 'leave'; why: Left };

export function planUndo(written: Written, appId: string): Undoing {
  const { writes, owner, rule, property, isPresent, now, isAsked } = written;
  const at = writes.findLastIndex(({ selected }) => selected);
  const last = writes[at];
  if (last === undefined) return leave('already');
  if (owner === 'source') return leave('source');
  if (last.isAction) return leave('action');
  if (!isPresent) return leave('gone');
  if (isAsked || writes.some(({ isOpen }) => isOpen)) return leave('underway');
  const wanted = firstOfRun(writes, at, rule.kind, appId).base.value;
  if (equal(rule.kind, now.value, wanted)) return leave('already');
  const isOurs = now.by.via === 'INTEGRATION' && now.by.id === appId;
  if (!isOurs || at < writes.length - 1 || !equal(rule.kind, now.value, last.value)) return leave('changed');
  if (unfit(rule, property, wanted) !== null) return leave('unfit');
  return { do: 'put back', seen: last.value, wanted };
}

const leave = (why: Left): Undoing => ({ do: 'leave', why });

/** Several writes of one field fold: back over those that are to be undone, as long as nobody else wrote in between. */
function firstOfRun(writes: readonly OwnWrite[], at: number, kind: Rule['kind'], appId: string): OwnWrite {
  const one = writes[at];
  const before = writes[at - 1];
  if (one === undefined) throw new Error('There is no such write.');
  const isUnbroken =
    before?.selected === true &&
    equal(kind, before.value, one.base.value) &&
    one.base.by.via === 'INTEGRATION' &&
    one.base.by.id === appId;
  return isUnbroken ? firstOfRun(writes, at - 1, kind, appId) : one;
}
