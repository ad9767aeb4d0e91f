/** One round with the CRM: read a batch of due records, commit what follows, write what was promised. */
import type { RecordId } from '@tallystick/shared/ids';
import type { AppObject } from '@tallystick/shared/ownership';
import type { Failure } from '../hubspot/failure.ts';
import type { Answer } from '../hubspot/transport.ts';
import type { WorkError } from '../store/database.ts';
import { draft, type Draft } from '../store/journal.ts';
import type { Lane } from '../store/lanes.ts';
import { failWork, type Work } from '../store/work.ts';
import type { Ticket } from './budget.ts';
import { commitVisits, type Seen, type Write } from './commit.ts';
import { storing, type Context } from './context.ts';
import { isObjectStopped, isOfScope, noteRefusedScopes } from './drift.ts';
import { withLines, withParents } from './lines.ts';
import { sendWrites } from './send.ts';

/** Work that failed this often, while other work went through, is parked for a person. */
const MAX_ATTEMPTS = 6;
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 60_000;
const BARRED_WAIT_MS = 30_000;
const HUB_RETRY_FIRST_MS = 500;
const HUB_RETRY_MAX_MS = 30_000;
/** The hub is well when a call succeeded this recently: then a failure is the record's own. */
const WELL_WITHIN_MS = 10_000;

const OBJECT_STOPPED: WorkError = {
  code: 'drift',
  message: 'The CRM does not let us read this object, or has it no longer: see “tally doctor”.',
};

/** All works are of one object type; `ticket` pays for the first call. */
export async function round(
  ctx: Context,
  object: AppObject,
  works: readonly Work[],
  ticket: Ticket,
): Promise<void> {
  const lane = works[0]?.lane ?? 'observe';
  if (isObjectStopped(ctx, object)) {
    ticket.unused();
    return note(ctx, works, OBJECT_STOPPED, ctx.clock.now() + BARRED_WAIT_MS);
  }
  const begunAt = ctx.clock.now();
  ctx.at('round.reading');
  const answer = await ctx.crm.readRecords(
    object,
    works.map((work) => work.recordId),
  );
  ticket.done(answer.limits);
  ctx.at('round.read');
  if (!answer.ok) return readFailed(ctx, object, works, answer.failure);
  well(ctx);
  const readings = new Map(answer.value.map((reading) => [reading.id, reading]));
  const seen: Seen[] = [];
  for (const work of works) {
    const reading = readings.get(work.recordId);
    const found =
      reading === undefined ? await lookFor(ctx, object, work, lane) : { is: 'here' as const, reading };
    if (found !== null) seen.push({ recordId: work.recordId, begunAt, found, links: null, work });
  }
  const linked = await withLinks(ctx, object, seen, lane);
  await sendWrites(ctx, object, await commitEach(ctx, object, linked));
}

/** A batch answer leaves out what is gone or merged away: asking for the one record tells which. */
async function lookFor(
  ctx: Context,
  object: AppObject,
  work: Work,
  lane: Lane,
): Promise<Seen['found'] | null> {
  const answer = await paid(ctx, lane, () => ctx.crm.readRecord(object, work.recordId));
  if (answer.ok) {
    const reading = answer.value;
    return reading.id === work.recordId ? { is: 'here', reading } : { is: 'merged', into: reading.id };
  }
  if (answer.failure.is === 'gone') return { is: 'gone' };
  await readFailed(ctx, object, [work], answer.failure);
  return null;
}

/** Reads what else belongs to the records: lines, and the associations of those that need them. */
export async function withLinks(
  ctx: Context,
  object: AppObject,
  seen: readonly Seen[],
  lane: Lane,
): Promise<Seen[]> {
  const lined = await withLines(ctx, object, seen, lane);
  if (lined?.ok === false) {
    const here = seen.filter(({ found }) => found.is === 'here');
    await readFailed(ctx, object, worksOf(here), lined.failure);
    return seen.filter((one) => !here.includes(one));
  }
  return withCompanies(ctx, object, lined === null ? seen : lined.value, lane);
}

const worksOf = (seen: readonly Seen[]): Work[] => seen.flatMap(({ work }) => work ?? []);

/** Companies are what is linked to: they need none. */
async function withCompanies(
  ctx: Context,
  object: AppObject,
  seen: readonly Seen[],
  lane: Lane,
): Promise<Seen[]> {
  const wanting = seen.filter(({ work, found }) => found.is === 'here' && (work === null || work.links));
  if (object === 'company' || wanting.length === 0) return [...seen];
  const ids: RecordId[] = wanting.map(({ recordId }) => recordId);
  const answer = await paid(ctx, lane, () => ctx.crm.readLinks(object, ids));
  const parents = answer.ok ? await withParents(ctx, object, ids, lane) : null;
  const failure = !answer.ok ? answer.failure : parents?.ok === false ? parents.failure : null;
  if (failure === null && answer.ok) {
    const asked = new Set(ids);
    return seen.map((one) =>
      asked.has(one.recordId)
        ? {
            ...one,
            links: answer.value.get(one.recordId) ?? [],
            ...(parents?.ok === true ? { parents: parents.value.get(one.recordId) ?? [] } : {}),
          }
        : one,
    );
  }
  if (failure !== null) await readFailed(ctx, object, worksOf(wanting), failure);
  return seen.filter((one) => !wanting.includes(one));
}

export async function paid<T>(ctx: Context, lane: Lane, call: () => Promise<Answer<T>>): Promise<Answer<T>> {
  const ticket = await ctx.budget.acquire(lane);
  const answer = await call();
  ticket.done(answer.limits);
  if (answer.ok) well(ctx);
  else if (answer.failure.is === 'throttled') ctx.budget.hold(answer.failure.retryAfterMs);
  return answer;
}

/** A record that cannot be stored must not hold up the others: the batch is halved until it stands alone. */
async function commitEach(ctx: Context, object: AppObject, seen: readonly Seen[]): Promise<Write[]> {
  if (seen.length === 0) return [];
  try {
    return await commitVisits(ctx, object, seen);
  } catch (error) {
    await ctx.lease.prove(); // not ours any more: nothing to isolate
    if (seen.length > 1) {
      const half = Math.ceil(seen.length / 2);
      return [
        ...(await commitEach(ctx, object, seen.slice(0, half))),
        ...(await commitEach(ctx, object, seen.slice(half))),
      ];
    }
    ctx.log.error(
      { err: error, hub: ctx.hubId, object, record: seen[0]?.recordId },
      'A record could not be stored.',
    );
    const message = 'What the CRM holds of this record could not be stored.';
    await putOff(
      ctx,
      object,
      seen.flatMap(({ work }) => work ?? []),
      { code: 'cannot-store', message },
    );
    return [];
  }
}

async function readFailed(
  ctx: Context,
  object: AppObject,
  works: readonly Work[],
  failure: Failure,
): Promise<void> {
  const error = { code: failure.is, message: failure.message };
  ctx.health.failure = error;
  switch (failure.is) {
    case 'throttled':
      ctx.budget.hold(failure.retryAfterMs);
      return;
    case 'barred':
      ctx.log.error({ hub: ctx.hubId, code: failure.code }, failure.message);
      // A scope is of some objects: the others go on.
      if (isOfScope(failure)) {
        noteRefusedScopes(ctx, failure.scopes);
        return note(ctx, works, error, ctx.clock.now() + BARRED_WAIT_MS);
      }
      ctx.budget.hold(BARRED_WAIT_MS);
      return note(ctx, works, error);
    case 'ambiguous':
    case 'unexpected':
      if (ctx.clock.now() - ctx.health.lastSuccessAt > WELL_WITHIN_MS || ctx.health.lastSuccessAt === 0) {
        return unwell(ctx, works, error);
      }
      return isolate(ctx, object, works, error);
    case 'refused':
    case 'gone':
      return isolate(ctx, object, works, error);
    default:
      return failure satisfies never;
  }
}

/** The whole hub does not answer: nothing is counted against a record, everybody waits, longer each time. */
async function unwell(ctx: Context, works: readonly Work[], error: WorkError): Promise<void> {
  const waitMs = Math.min(HUB_RETRY_MAX_MS, HUB_RETRY_FIRST_MS * 2 ** ctx.health.failures);
  ctx.health.failures += 1;
  ctx.log.warn({ hub: ctx.hubId, waitMs }, error.message);
  ctx.budget.hold(waitMs);
  await note(ctx, works, error);
}

function well(ctx: Context): void {
  ctx.health.failures = 0;
  ctx.health.failure = null;
  ctx.health.lastSuccessAt = ctx.clock.now();
}

/** A failing batch is split; what fails alone is put off, then parked. */
async function isolate(
  ctx: Context,
  object: AppObject,
  works: readonly Work[],
  error: WorkError,
): Promise<void> {
  if (works.length <= 1) return putOff(ctx, object, works, error);
  const half = Math.ceil(works.length / 2);
  for (const part of [works.slice(0, half), works.slice(half)]) {
    await round(ctx, object, part, await ctx.budget.acquire(part[0]?.lane ?? 'observe'));
  }
}

function note(
  ctx: Context,
  works: readonly Work[],
  error: WorkError,
  notBefore = ctx.clock.now(),
): Promise<void> {
  const now = ctx.clock.now();
  const failures = works.map((work) => ({ work, error, notBefore, counts: false, park: false }));
  return ctx.lease.exclusive((db) => failWork(db, ctx.hubId, failures, now));
}

async function putOff(
  ctx: Context,
  object: AppObject,
  works: readonly Work[],
  error: WorkError,
): Promise<void> {
  const now = ctx.clock.now();
  const failures = works.map((work) => {
    const waitMs = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** work.attempts);
    return { work, error, notBefore: now + waitMs, counts: true, park: work.attempts + 1 >= MAX_ATTEMPTS };
  });
  await storing(ctx, async ({ trx, journal }) => {
    await journal(failures.filter(({ park }) => park).map(({ work }) => parkedDraft(object, work, error)));
    await failWork(trx, ctx.hubId, failures, now);
  });
}

function parkedDraft(object: AppObject, work: Work, error: WorkError): Draft {
  const detail = { outcome: 'parked', code: error.code, attempts: work.attempts + 1 };
  return draft({ kind: 'failed', object, recordId: work.recordId, detail });
}
