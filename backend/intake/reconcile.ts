/**
 * The third layer: every record of an object compared with the CRM's, whatever was told of it.
 *
 *   1. the CRM's list, page by page: values, companies, parents against the mirror as the database holds it
 *   2. what the mirror holds and nobody listed
 *   3. what differs is read again by its id before it counts, later once more where it may be in flight
 *   4. what differs for certain is named, and made due: the visit that follows repairs it like any change
 *
 * What cannot be read, because it is gone from the CRM or a scope is missing, ends the comparison and is named as the reason.
 *
 * The list goes by record ids, so neither equal timestamps nor changes while paging can hide a record.
 */
import type { RecordId } from '@tallystick/shared/ids';
import { objects, OBJECTS, ownership, type AppObject } from '@tallystick/shared/ownership';
import { scopesOf } from '../drift/scopes.ts';
import { unreadableSentence } from '../drift/words.ts';
import { READ_MAX_RECORDS } from '../hubspot/crm.ts';
import type { Failure } from '../hubspot/failure.ts';
import { markDue } from '../store/due.ts';
import { loadParents } from '../store/hanging.ts';
import { draft, type Draft } from '../store/journal.ts';
import { giveUpComparing, saveStep, type Job } from '../store/jobs.ts';
import type { Comparison, Unreadable } from '../store/layerTables.ts';
import { raise } from '../store/warnings.ts';
import { keyOf, loadLinks, loadMirror, markCompared, notCompared, type MirrorRow } from '../store/mirror.ts';
import { isPaused } from '../store/orders.ts';
import type { Seen } from '../sync/commit.ts';
import { storing, type Context } from '../sync/context.ts';
import { fieldDrift, isApart, isOfScope, noteObjectRefused, unreadable } from '../sync/drift.ts';
import { isNoneOfOurs } from '../sync/record.ts';
import { paid, withLinks } from '../sync/round.ts';
import { crmSide, differencesOf, emptyComparison, enter, judge, mirrorSide, type Side } from './compare.ts';

const SUSPECT_AGAIN_MS = 5_000;

type Suspect = Comparison['suspects'][number];
/** What one page brought. */
interface Page {
  done: number;
  cursor: string | null;
  /** Met in this page: whoever is not met in any is looked for by its id. */
  met: readonly RecordId[];
  /** Differ for certain. */
  wrong: readonly RecordId[];
}

/** The CRM could not be asked, with why; null: it was noted where it happened. */
interface Failed {
  failure: Failure | null;
}
const isFailed = (what: object): what is Failed => 'failure' in what;

/** Does one page; false when there is nothing to do now, or the CRM could not be asked. */
export async function reconcilePage(ctx: Context, job: Job): Promise<boolean> {
  const begunAt = ctx.clock.now();
  const callsBefore = ctx.budget.calls('reconcile');
  const comparison = job.comparison ?? emptyComparison(pausedFields(ctx, job.object));
  const page = await nextPage(ctx, job, comparison);
  comparison.paused = [...new Set([...comparison.paused, ...pausedFields(ctx, job.object)])];
  if (page === 'wait') return false;
  if (isFailed(page)) {
    const why = whyFailed(ctx, job.object, page.failure, begunAt);
    if (why !== null) {
      await giveUp(ctx, job, why);
      return true;
    }
    const error = 'The CRM did not answer for a page.';
    await ctx.lease.exclusive((db) => saveStep(db, ctx.hubId, job.jobId, ctx.clock.now(), { error }));
    return false;
  }
  comparison.calls += ctx.budget.calls('reconcile') - callsBefore;
  ctx.at('reconcile.compared');
  await storePage(ctx, job, comparison, page);
  ctx.at('reconcile.page');
  return true;
}

/** Ends the comparison, with the reason why it cannot be made. */
export async function giveUp(ctx: Context, job: Job, why: Unreadable): Promise<void> {
  const comparison = { ...emptyComparison([]), notCompared: why };
  const error = unreadableSentence(why, objects[why.object].label.many);
  await ctx.lease.exclusive((db) =>
    giveUpComparing(db, ctx.hubId, job.jobId, ctx.clock.now(), { comparison, error }),
  );
}

/** Null: it may go well the next time. An object is read together with the companies and parents it hangs on. */
function whyFailed(
  ctx: Context,
  object: AppObject,
  failure: Failure | null,
  begunAt: number,
): Unreadable | null {
  if (failure !== null) {
    noteObjectRefused(ctx, object, failure);
    return isOfScope(failure) ? { code: 'scope-lost', object, scope: failure.scopes[0] ?? null } : null;
  }
  const parents = OBJECTS.filter((name) => objects[object].parents?.includes(name) === true);
  const read: AppObject[] = [object, 'company', ...parents];
  const refused = [...ctx.drift.refusedScopes].flatMap(([scope, at]) => (at >= begunAt ? scope : []));
  for (const each of read) {
    const why = unreadable(ctx, each);
    if (why !== null) return why;
    const need = scopesOf(ownership).find(
      ({ scope, of, object: name }) => name === each && of === 'reading' && refused.includes(scope),
    );
    if (need !== undefined) return { code: 'scope-lost', object: each, scope: need.scope };
  }
  return null;
}

async function nextPage(ctx: Context, job: Job, comparison: Comparison): Promise<Page | 'wait' | Failed> {
  if (!comparison.listed) return listPage(ctx, job, comparison);
  const now = ctx.clock.now();
  const unmet = await notCompared(ctx.db, ctx.hubId, job.object, job.startedAt ?? now, READ_MAX_RECORDS);
  if (unmet.length > 0) {
    const suspects = unmet.map((recordId) => ({ recordId, since: now }));
    const wrong = await lookAgain(ctx, job, comparison, suspects);
    return isFailed(wrong) ? wrong : { done: 0, cursor: null, met: unmet, wrong };
  }
  const ripe = comparison.suspects.filter(({ lookAt }) => lookAt <= now).slice(0, READ_MAX_RECORDS);
  if (ripe.length === 0) return comparison.suspects.length > 0 ? 'wait' : END;
  comparison.suspects = comparison.suspects.filter((each) => !ripe.includes(each));
  const wrong = await lookAgain(ctx, job, comparison, ripe);
  return isFailed(wrong) ? wrong : { done: 0, cursor: null, met: [], wrong };
}

const END: Page = { done: 0, cursor: null, met: [], wrong: [] };
const isEnd = (page: Page): boolean => page === END;

async function listPage(ctx: Context, job: Job, comparison: Comparison): Promise<Page | Failed> {
  const { object } = job;
  const begunAt = ctx.clock.now();
  const listed = await paid(ctx, 'reconcile', () => ctx.crm.listValues(object, job.cursor));
  if (!listed.ok) return { failure: listed.failure };
  const seen = await withLinks(
    ctx,
    object,
    listed.value.records.map((reading) => seenOf(reading.id, begunAt, { is: 'here', reading })),
    'reconcile',
  );
  if (seen.length < listed.value.records.length) return { failure: null };
  const sides = await sidesOf(ctx, object, seen);
  const suspects: Pick<Suspect, 'recordId' | 'since'>[] = [];
  for (const one of seen) {
    const both = sides.get(one.recordId);
    if (both === undefined) continue; // none of ours
    const differences = differencesOf(both.mirror, both.crm, one);
    if (differences.length === 0 || job.kind === 'dry-run')
      enter(comparison, object, one.recordId, both, differences);
    else suspects.push({ recordId: one.recordId, since: begunAt });
  }
  const wrong = await lookAgain(ctx, job, comparison, suspects);
  if (isFailed(wrong)) return wrong;
  comparison.listed = listed.value.next === null;
  return { done: seen.length, cursor: listed.value.next, met: seen.map((one) => one.recordId), wrong };
}

const seenOf = (recordId: RecordId, begunAt: number, found: Seen['found']): Seen => ({
  ...{ recordId, begunAt, found },
  ...{ links: null, work: null },
});

/** Reads suspects by their ids and judges them; answers with those that differ for certain. */
async function lookAgain(
  ctx: Context,
  job: Job,
  comparison: Comparison,
  suspects: readonly Pick<Suspect, 'recordId' | 'since'>[],
): Promise<RecordId[] | Failed> {
  const wrong: RecordId[] = [];
  for (let at = 0; at < suspects.length; at += READ_MAX_RECORDS) {
    const some = suspects.slice(at, at + READ_MAX_RECORDS);
    const seen = await readAgain(
      ctx,
      job.object,
      some.map(({ recordId }) => recordId),
    );
    if (isFailed(seen)) return seen;
    const sides = await sidesOf(ctx, job.object, seen);
    const now = ctx.clock.now();
    for (const one of seen) {
      const both = sides.get(one.recordId);
      if (both === undefined) continue;
      const since = some.find(({ recordId }) => recordId === one.recordId)?.since ?? now;
      const verdict = judge(differencesOf(both.mirror, both.crm, one), since, now);
      if (verdict.is === 'suspect')
        comparison.suspects.push({ recordId: one.recordId, since, lookAt: now + SUSPECT_AGAIN_MS });
      else if (verdict.is === 'moving') comparison.moving += 1;
      else {
        enter(comparison, job.object, one.recordId, both, verdict.differences);
        if (verdict.differences.length > 0) wrong.push(one.recordId);
      }
    }
  }
  return wrong;
}

async function readAgain(
  ctx: Context,
  object: AppObject,
  ids: readonly RecordId[],
): Promise<Seen[] | Failed> {
  const begunAt = ctx.clock.now();
  const read = await paid(ctx, 'reconcile', () => ctx.crm.readRecords(object, ids));
  if (!read.ok) return { failure: read.failure };
  const readings = new Map(read.value.map((reading) => [reading.id, reading]));
  const seen = ids.map((id) => {
    const reading = readings.get(id);
    return seenOf(id, begunAt, reading === undefined ? { is: 'gone' } : { is: 'here', reading });
  });
  const linked = await withLinks(ctx, object, seen, 'reconcile');
  return linked.length < seen.length ? { failure: null } : linked;
}

/** Both sides of each record; the mirror's from the database itself, after the CRM was read. */
async function sidesOf(
  ctx: Context,
  object: AppObject,
  seen: readonly Seen[],
): Promise<Map<RecordId, { mirror: Side; crm: Side }>> {
  const ids = seen.map(({ recordId }) => recordId);
  const records = ids.map((recordId) => ({ object, recordId }));
  const [rows, links, parents] = await Promise.all([
    loadMirror(ctx.db, ctx.hubId, records),
    loadLinks(ctx.db, ctx.hubId, object, ids),
    objects[object].parents === undefined ? [] : loadParents(ctx.db, ctx.hubId, object, ids),
  ]);
  const sides = new Map<RecordId, { mirror: Side; crm: Side }>();
  for (const one of seen) {
    const { recordId } = one;
    const row: MirrorRow | undefined = rows.get(keyOf({ object, recordId }));
    if (row === undefined && one.found.is === 'here' && isNoneOfOurs(object, one.found.reading)) continue;
    const isCompared = (field: string): boolean => {
      if (isPaused(ctx.pauses, object, field, 'in') || isApart(ctx, object, field)) return false;
      // An answer that leaves the property out says nothing of its value until the schema was read again.
      const mirrored = row?.fields[field]?.value ?? null;
      return (
        one.found.is !== 'here' || fieldDrift(ctx, object, field, one.found.reading, mirrored) !== 'unsure'
      );
    };
    const hangs = {
      links: links.filter((link) => link.recordId === recordId),
      parents: parents.flatMap((each) => (each.recordId === recordId ? each.parent : [])),
    };
    sides.set(recordId, {
      mirror: mirrorSide(object, row, hangs, isCompared),
      crm: crmSide(object, one, isCompared),
    });
  }
  return sides;
}

async function storePage(ctx: Context, job: Job, comparison: Comparison, page: Page): Promise<void> {
  const { object } = job;
  const now = ctx.clock.now();
  const wrong = page.wrong.map((recordId) => ({ object, recordId, links: object !== 'company' }));
  const isDry = job.kind === 'dry-run';
  ctx.mirror.forget(wrong);
  await storing(ctx, async ({ trx, journal }) => {
    const { done, cursor } = page;
    await Promise.all([
      saveStep(trx, ctx.hubId, job.jobId, now, { done, cursor, comparison, isFinished: isEnd(page) }),
      markCompared(trx, ctx.hubId, object, page.met, now),
      isDry ? null : markDue(trx, ctx.hubId, 'reconcile', wrong, { now }),
      isDry || wrong.length === 0
        ? null
        : raise(trx, ctx.hubId, [{ code: 'mirror-differs', count: wrong.length, detail: { object } }], now),
    ]);
    if (isEnd(page) && !isDry) await journal([certificate(object, comparison)]);
  });
}

/** Into the hash chain, so that a certificate cannot be changed afterwards. */
function certificate(object: AppObject, comparison: Comparison): Draft {
  const { records, fields, associations, differences, moving, calls, mirror, crm } = comparison;
  const detail = { records, fields, associations, differences, moving, calls, mirror, crm };
  return draft({ kind: 'compared', object, detail });
}

/** What staff paused on its way in, or what the CRM's schema no longer fits, is held back and known to be. */
const pausedFields = (ctx: Context, object: AppObject): string[] =>
  Object.keys(objects[object].fields).filter(
    (field) => isPaused(ctx.pauses, object, field, 'in') || isApart(ctx, object, field),
  );
