/** What a record is read together with: the lines of a quote, and the records that a note hangs on. */
import type { RecordId } from '@tallystick/shared/ids';
import { isObject, objects, type AppObject } from '@tallystick/shared/ownership';
import { LINES_MAX_RECORDS } from '../hubspot/crm.ts';
import { LINE_TYPE, valueOfLines, type ReadLine } from '../hubspot/lines.ts';
import type { Answer } from '../hubspot/transport.ts';
import type { Db } from '../store/database.ts';
import { saveLines, saveParents } from '../store/hanging.ts';
import type { Lane } from '../store/lanes.ts';
import type { Parent, Seen } from './commit.ts';
import type { Context } from './context.ts';
import { paid } from './round.ts';

const READ = { via: 'READ', id: null, person: null };

/** The field of the kind `lines`; null for an object without one. */
export function linesField(object: AppObject): string | null {
  return Object.entries(objects[object].fields).find(([, { kind }]) => kind === 'lines')?.[0] ?? null;
}

/**
 * The lines of these records, as they are now. They have no history of their own: what counts is when they were read,
 * by our clock, and every read of the record reads them too.
 */
export async function withLines(
  ctx: Context,
  object: AppObject,
  seen: readonly Seen[],
  lane: Lane,
): Promise<Answer<Seen[]> | null> {
  const field = linesField(object);
  const here = seen.filter(({ found }) => found.is === 'here');
  if (field === null || here.length === 0) return null;
  const ids = here.map(({ recordId }) => recordId);
  const associated = await paid(ctx, lane, () => ctx.crm.readAssociated(object, ids, LINE_TYPE.crm));
  if (!associated.ok) return associated;
  const lineIds = [...new Set([...associated.value.values()].flat())];
  const lines = new Map<RecordId, ReadLine>();
  for (let at = 0; at < lineIds.length; at += LINES_MAX_RECORDS) {
    const some = lineIds.slice(at, at + LINES_MAX_RECORDS);
    const read = await paid(ctx, lane, () => ctx.crm.readLines(some));
    if (!read.ok) return read;
    for (const line of read.value) lines.set(line.id, line);
  }
  const value = seen.map((one) => {
    if (one.found.is !== 'here') return one;
    const own = (associated.value.get(one.recordId) ?? []).flatMap((id) => lines.get(id) ?? []);
    const entry = { value: valueOfLines(own), at: one.begunAt, by: READ };
    const reading = { ...one.found.reading, history: { ...one.found.reading.history, [field]: [entry] } };
    return { ...one, found: { is: 'here' as const, reading }, lines: own.map(({ id }) => id) };
  });
  return { ok: true, value, limits: associated.limits };
}

/** The records that these hang on, by object. */
export async function withParents(
  ctx: Context,
  object: AppObject,
  ids: readonly RecordId[],
  lane: Lane,
): Promise<Answer<Map<RecordId, Parent[]>> | null> {
  const kinds = (objects[object].parents ?? []).filter(isObject);
  const found = new Map<RecordId, Parent[]>();
  let last: Answer<unknown> | null = null;
  for (const kind of kinds) {
    const read = await paid(ctx, lane, () => ctx.crm.readAssociated(object, ids, kind));
    if (!read.ok) return read;
    for (const [id, parents] of read.value)
      found.set(id, [...(found.get(id) ?? []), ...parents.map((recordId) => ({ object: kind, recordId }))]);
    last = read;
  }
  return last === null ? null : { ok: true, value: found, limits: last.limits };
}

/** What was read together with them. */
export async function saveHanging(
  ctx: Context,
  trx: Db,
  object: AppObject,
  seen: readonly Seen[],
): Promise<void> {
  const parents = seen.flatMap(({ recordId, parents: on }) =>
    on === undefined ? [] : [{ object, recordId, parents: on }],
  );
  const lines = seen.flatMap(({ recordId, lines: of }) =>
    of === undefined ? [] : [{ object, recordId, lines: of }],
  );
  await Promise.all([saveParents(trx, ctx.hubId, parents), saveLines(trx, ctx.hubId, lines)]);
}
