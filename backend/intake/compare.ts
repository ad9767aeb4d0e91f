/** A record as mirror and CRM hold it: whether they are equal, where not, and what is digested. Pure. */
import { createHash } from 'node:crypto';
import type { RecordId } from '@tallystick/shared/ids';
import { objects, type AppObject } from '@tallystick/shared/ownership';
import { comparable, type Value } from '@tallystick/shared/values';
import type { Reading } from '../hubspot/readings.ts';
import type { Comparison, NamedDifference } from '../store/layerTables.ts';
import type { Parent } from '../store/hanging.ts';
import type { Link, MirrorRow } from '../store/mirror.ts';
import type { Seen } from '../sync/commit.ts';
import { kindOf } from '../sync/context.ts';
import { linksText } from '../sync/record.ts';

/** A difference that may still be on its way to us is none: webhooks and the journal have this long. */
export const IN_FLIGHT_MS = 60_000;
/** A record that has not stood still for this long is left out, and counted. */
const MOVING_MAX_MS = 300_000;
const NAMED_MAX = 1_000;
const DIGEST_SHOWN_CHARS = 16;

/** One side's values in comparable form, by field and `$companies`, `$parents`; null: there is no such record. */
export type Side = Readonly<Record<string, Value>> | null;

export interface Difference {
  field: string;
  mirror: Value;
  crm: Value;
  /** CRM clock, ms: since when the CRM holds it; null: not known. */
  at: number | null;
}

export function mirrorSide(
  object: AppObject,
  row: MirrorRow | undefined,
  hangs: { links: readonly Link[]; parents: readonly Parent[] },
  isCompared: (field: string) => boolean,
): Side {
  if (row?.life !== 'present') return null;
  return sideOf(object, (field) => row.fields[field]?.value ?? null, hangs, isCompared);
}

export function crmSide(object: AppObject, seen: Seen, isCompared: (field: string) => boolean): Side {
  const { found, links, parents = [] } = seen;
  if (found.is !== 'here' || found.reading.archived) return null;
  const valueOf = (field: string): Value => found.reading.history[field]?.[0]?.value ?? null;
  return sideOf(object, valueOf, { links: links ?? [], parents }, isCompared);
}

function sideOf(
  object: AppObject,
  valueOf: (field: string) => Value,
  { links, parents }: { links: readonly Link[]; parents: readonly Parent[] },
  isCompared: (field: string) => boolean,
): Side {
  const fields = Object.keys(objects[object].fields).filter(isCompared);
  const hangs = parents.map((parent) => `${parent.object} ${parent.recordId}`).sort();
  return Object.fromEntries([
    ...fields.map((field): [string, Value] => [field, comparable(kindOf(object, field), valueOf(field))]),
    ['$companies', linksText(links)],
    ['$parents', hangs.length === 0 ? null : hangs.join(', ')],
  ]);
}

/** `seen` tells since when the CRM holds what it holds. */
export function differencesOf(mirror: Side, crm: Side, seen: Seen | null): Difference[] {
  const history: Reading['history'] = seen?.found.is === 'here' ? seen.found.reading.history : {};
  if (mirror === null && crm === null) return [];
  if (mirror === null || crm === null) {
    const since = Object.values(history).flatMap((entries) => entries.at(-1)?.at || []);
    const at = crm === null || since.length === 0 ? null : Math.min(...since);
    const life = (side: Side): Value => (side === null ? null : 'present');
    return [{ field: '$life', mirror: life(mirror), crm: life(crm), at }];
  }
  return Object.keys({ ...mirror, ...crm })
    .filter((field) => (mirror[field] ?? null) !== (crm[field] ?? null))
    .map((field) => ({
      field,
      mirror: mirror[field] ?? null,
      crm: crm[field] ?? null,
      at: history[field]?.[0]?.at || null, // 0: not known
    }));
}

export type Verdict =
  /** Equal, or differs for certain in these fields. */
  | { is: 'decided'; differences: Difference[] }
  /** What differs may be in flight: look again. */
  | { is: 'suspect' }
  /** It changes faster than it can be compared. */
  | { is: 'moving' };

/** `since`: when it was first seen to differ, our clock. */
export function judge(differences: readonly Difference[], since: number, now: number): Verdict {
  const hasWaited = now - since >= IN_FLIGHT_MS;
  const firm = differences.filter(({ at }) => (at === null ? hasWaited : now - at > IN_FLIGHT_MS));
  if (differences.length === 0 || firm.length > 0) return { is: 'decided', differences: firm };
  return now - since > MOVING_MAX_MS ? { is: 'moving' } : { is: 'suspect' };
}

export function emptyComparison(paused: readonly string[]): Comparison {
  return {
    ...{ listed: false, records: 0, fields: 0, associations: 0, calls: 0 },
    ...{ mirror: '0', crm: '0', added: 0, changed: 0, gone: 0 },
    ...{ differences: 0, named: [], suspects: [], moving: 0, paused: [...paused] },
  };
}

/** Enters a record that was compared; changes `comparison`. */
export function enter(
  comparison: Comparison,
  object: AppObject,
  recordId: RecordId,
  sides: { mirror: Side; crm: Side },
  differences: readonly Difference[],
): void {
  const { mirror, crm } = sides;
  const both = crm ?? mirror;
  if (both === null) return;
  const crmDigest = crm === null ? null : digestOf(object, recordId, crm);
  const mirrorDigest =
    differences.length === 0 ? crmDigest : mirror === null ? null : digestOf(object, recordId, mirror);
  comparison.records += 1;
  comparison.fields += Object.keys(both).filter((field) => !field.startsWith('$')).length;
  comparison.associations += [both.$companies, both.$parents].reduce(
    (sum, text) => sum + (text === null || text === undefined ? 0 : text.split(', ').length),
    0,
  );
  comparison.crm = sum(comparison.crm, crmDigest);
  comparison.mirror = sum(comparison.mirror, mirrorDigest);
  if (differences.length === 0) return;
  if (mirror === null) comparison.added += 1;
  else if (crm === null) comparison.gone += 1;
  else comparison.changed += 1;
  comparison.differences += differences.length;
  const room = Math.max(0, NAMED_MAX - comparison.named.length);
  comparison.named.push(...differences.slice(0, room).map((each) => named(recordId, each)));
}

const named = (recordId: RecordId, { field, mirror, crm }: Difference): NamedDifference => ({
  recordId,
  field,
  mirror: valueDigest(recordId, field, mirror),
  crm: valueDigest(recordId, field, crm),
});

/** With record and field in it, so that equal values of different records do not look equal. */
function valueDigest(recordId: RecordId, field: string, value: Value): string | null {
  if (value === null) return null;
  const text = JSON.stringify([recordId, field, value]);
  return createHash('sha256').update(text).digest('hex').slice(0, DIGEST_SHOWN_CHARS);
}

function digestOf(object: AppObject, recordId: RecordId, side: NonNullable<Side>): string {
  const values = Object.entries(side).sort(([a], [b]) => (a < b ? -1 : 1));
  return createHash('sha256')
    .update(JSON.stringify([object, recordId, values]))
    .digest('hex');
}

const MODULUS = 1n << 256n;

/** Records are added up, so that equal digests mean the same set of records in whatever order they came. */
function sum(before: string, digest: string | null): string {
  if (digest === null) return before;
  return ((BigInt(`0x${before}`) + BigInt(`0x${digest}`)) % MODULUS).toString(16);
}
