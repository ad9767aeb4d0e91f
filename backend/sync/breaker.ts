/**
 * The breaker: which changes, taken together, are not believed. Rules K1, K2 and K6 of SPEC.md. No I/O and no clock: a
 * window remembers what was counted, and its memory is bounded whatever comes.
 */
import { createHash } from 'node:crypto';
import {
  limitOf,
  type BreakerSpec,
  type InPattern,
  type Limit,
  type OutPattern,
} from '@tallystick/shared/breakerSpec';
import { isSourceId, isStaffId, type EditId, type RecordId } from '@tallystick/shared/ids';
import type { Source } from '@tallystick/shared/observe';
import type { AppObject } from '@tallystick/shared/ownership';
import { canonical, type Kind, type Value } from '@tallystick/shared/values';

export type Pattern = OutPattern | InPattern;

/** One value that goes out or came in. */
export interface Change {
  object: AppObject;
  recordId: RecordId;
  /** Null: the record itself is gone. */
  field: string | null;
  kind: Kind;
  before: Value;
  after: Value;
  by: Source;
  /** What goes out: the edit that asks for it. */
  editId: EditId | null;
}

/** What changes are counted together. */
export interface Together {
  /** Tells one such thing from another; holds no value, but a digest of one. */
  key: string;
  pattern: Pattern;
  object: AppObject | null;
  field: string | null;
  /** Of a burst, who: a contact id, `source:<name>`, or the source type and id of the CRM. */
  who: string | null;
}

export interface Trip extends Together {
  /** Records in this window, and how many records there are in all; null where that says nothing. */
  count: number;
  of: number | null;
  /** What was counted: as long as nothing more is. */
  records: ReadonlyMap<string, { editId: EditId | null }>;
}

interface Counter {
  together: Together;
  /** The records, the one that was touched last at the end. */
  records: Map<string, { at: number; editId: EditId | null }>;
  tally: Tally;
}
/** Changes by twelfths of the window: how many there were, roughly, however many there were. */
type Tally = Map<number, number>;

export interface Window {
  counters: Map<string, Counter>;
  /** All that was counted of a field, to tell the one value from the many. */
  fields: Map<string, Tally>;
}

export const emptyWindow = (): Window => ({ counters: new Map(), fields: new Map() });

/** An import brings another value with every record: the oldest are forgotten. */
const COUNTERS_MAX = 5_000;
const MINUTE_MS = 60_000;
const SLOTS = 12;
/** One value is a pattern where it is nearly all that happens to the field. */
const ONE_VALUE_SHARE = 0.8;
/** Kinds of which many records hold the same value on an ordinary day. */
const SHARED_KINDS: readonly Kind[] = ['choice', 'choices', 'boolean', 'owner', 'date', 'datetime'];

export interface Limits {
  spec: BreakerSpec<AppObject>;
  direction: 'out' | 'in';
  /** How many records there are, by object. */
  records: Readonly<Partial<Record<AppObject, number>>>;
}

/** Counts one change; answers with the patterns of which it makes too many (K2). Changes the window in place. */
export function count(window: Window, change: Change, limits: Limits, now: number): Trip[] {
  const since = now - limits.spec.windowMinutes * MINUTE_MS;
  const slotMs = (limits.spec.windowMinutes * MINUTE_MS) / SLOTS;
  const field = `${change.object}.${change.field ?? ''}`;
  const together = togetherOf(change, limits.direction);
  if (together.length === 0) return [];
  const all = window.fields.get(field) ?? new Map<number, number>();
  window.fields.set(field, all);
  add(all, now, slotMs);
  return together.flatMap((one) => {
    const counter = touch(window, one);
    add(counter.tally, now, slotMs);
    const limit = limitFor(one, change.object, limits);
    const { records } = counter;
    const record = `${change.object}:${change.recordId}`;
    records.delete(record);
    records.set(record, { at: now, editId: change.editId });
    const of = one.object === null ? null : (limits.records[one.object] ?? 0);
    const tooMany = limitOf(limit, of ?? 0);
    if (records.size >= tooMany) forgetOld(records, since, limit.most);
    if (records.size < tooMany) return [];
    const isAny = one.pattern !== 'oneValue' && one.pattern !== 'oneOption';
    if (!isAny && sum(counter.tally) < ONE_VALUE_SHARE * sum(all)) return [];
    return [{ ...one, count: records.size, of, records }];
  });
}

/** From the oldest on; by the half, because the front of a Map is slow to reach once much was taken from it. */
function forgetOld(records: Counter['records'], since: number, most: number): void {
  const isFull = records.size > 1.5 * most;
  for (const [oldest, { at }] of records) {
    if (at > since && (!isFull || records.size <= most)) break;
    records.delete(oldest);
  }
}

/** What was counted before this window's memory began. */
export function seed(
  window: Window,
  together: Together,
  record: string,
  spec: BreakerSpec<AppObject>,
  at: number,
): void {
  const slotMs = (spec.windowMinutes * MINUTE_MS) / SLOTS;
  const counter = touch(window, together);
  counter.records.delete(record);
  counter.records.set(record, { at, editId: null });
  add(counter.tally, at, slotMs);
  const field = `${together.object ?? ''}.${together.field ?? ''}`;
  const all = window.fields.get(field) ?? new Map<number, number>();
  window.fields.set(field, all);
  add(all, at, slotMs);
}

/** Staff have decided: what was counted was right. */
export function forget(window: Window, key: string): void {
  window.counters.delete(key);
}

/** K1, K2: what a change is counted with. A blank that is filled takes nothing from anybody. */
export function togetherOf(change: Change, direction: 'out' | 'in'): Together[] {
  const { object, field, kind, before, after } = change;
  if (field === null) return [named('gone', object, null, null)];
  const found: Together[] = [];
  const takes = canonical(kind, before) !== null;
  const value = canonical(kind, after);
  if (takes && value === null) found.push(named('emptied', object, field, null));
  else if (takes) {
    const pattern = SHARED_KINDS.includes(kind) ? 'oneOption' : 'oneValue';
    const one = named(pattern, object, field, null);
    found.push({ ...one, key: `${one.key} ${digestOf(value)}` });
  }
  const burst = direction === 'out' ? askerOf(change) : integrationOf(change);
  if (burst !== null && (takes || burst.pattern === 'person')) found.push(burst);
  return found;
}

/** A person's burst goes over all objects; another system, or an integration, is told by the object. */
function askerOf({ object, by: { person } }: Change): Together | null {
  if (person === null || isStaffId(person)) return null;
  return isSourceId(person) ? named('source', object, null, person) : named('person', null, null, person);
}

/** K6: an import is a burst by its nature, and so are a colleague's bulk edits and workflows. */
const INTEGRATIONS: readonly string[] = ['INTEGRATION', 'API'];

function integrationOf({ object, by: { via, id } }: Change): Together | null {
  return INTEGRATIONS.includes(via) ? named('integration', object, null, `${via} ${id ?? ''}`.trim()) : null;
}

function named(
  pattern: Pattern,
  object: AppObject | null,
  field: string | null,
  who: string | null,
): Together {
  const place = object === null ? '' : ` ${object}${field === null ? '' : `.${field}`}`;
  return { key: `${pattern}${place}${who === null ? '' : ` ${who}`}`, pattern, object, field, who };
}

function limitFor({ pattern }: Together, object: AppObject, { spec, direction }: Limits): Limit {
  const own = spec.objects?.[object];
  const limit =
    direction === 'out'
      ? isOut(pattern) && (own?.out?.[pattern] ?? spec.out[pattern])
      : isIn(pattern) && (own?.in?.[pattern] ?? spec.in[pattern]);
  if (limit === false) throw new Error(`The breaker has no limit ${direction}.${pattern}.`);
  return limit;
}

const isOut = (pattern: Pattern): pattern is OutPattern => pattern !== 'gone' && pattern !== 'integration';
const isIn = (pattern: Pattern): pattern is InPattern => pattern !== 'person' && pattern !== 'source';

/** The counter, moved to the end: the one that was touched last is forgotten last. */
function touch({ counters }: Window, together: Together): Counter {
  const counter = counters.get(together.key) ?? { together, records: new Map(), tally: new Map() };
  counters.delete(together.key);
  counters.set(together.key, counter);
  if (counters.size > 1.5 * COUNTERS_MAX)
    for (const key of counters.keys()) {
      if (counters.size <= COUNTERS_MAX) break;
      counters.delete(key);
    }
  return counter;
}

function add(tally: Tally, now: number, slotMs: number): void {
  const slot = Math.floor(now / slotMs);
  tally.set(slot, (tally.get(slot) ?? 0) + 1);
  for (const old of tally.keys()) if (old <= slot - SLOTS) tally.delete(old);
}

function sum(tally: Tally): number {
  let all = 0;
  for (const n of tally.values()) all += n;
  return all;
}

const DIGEST_CHARS = 22;
const digestOf = (value: Value): string =>
  createHash('sha256')
    .update(value ?? '')
    .digest('base64url')
    .slice(0, DIGEST_CHARS);
