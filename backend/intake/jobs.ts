/**
 * Work over all records of an object, page by page. What a page brought is stored together with the place behind it, so
 * a crash at any point costs at most one page.
 */
import { OBJECTS, type AppObject } from '@tallystick/shared/ownership';
import { beginJob, openJobs, orderJobs, overdueObject, type Job } from '../store/jobs.ts';
import type { Context } from '../sync/context.ts';
import { unreadable } from '../sync/drift.ts';
import { paid } from '../sync/round.ts';
import { backfillPage } from './backfill.ts';
import { giveUp, reconcilePage } from './reconcile.ts';

/** Each object is compared as a whole this long after it was last. */
export const SWEEP_EVERY_MS = 6 * 3_600_000;

/** One that could not be compared is tried again after this long, unless it is known that it cannot be read. */
const SWEEP_RETRY_MS = 600_000;

/** Counting is a search, of which HubSpot allows five in a second (docs), apart from all other limits. */
const COUNT_EVERY_MS = 250;
const countedAt = new WeakMap<Context, number>();

/** Does one page of a job. False when there is nothing to do now, or the CRM could not be asked. */
export async function workOnJobs(ctx: Context): Promise<boolean> {
  const open = await openJobs(ctx.db, ctx.hubId);
  for (const job of open) {
    const why = unreadable(ctx, job.object);
    if (why !== null) {
      if (job.kind === 'backfill') continue; // it is read when it is there again
      await giveUp(ctx, job, why);
      return true;
    }
    if (job.startedAt === null) await begin(ctx, job);
    const went = job.kind === 'backfill' ? await backfillPage(ctx, job) : await reconcilePage(ctx, job);
    if (went) return true;
  }
  return orderSweep(ctx, open);
}

/** The count is for whoever watches; without it the work is done all the same. */
async function begin(ctx: Context, job: Job): Promise<void> {
  const startedAt = ctx.clock.now();
  const lane = job.kind === 'backfill' ? 'backfill' : 'reconcile';
  const mayCount = startedAt - (countedAt.get(ctx) ?? -Infinity) >= COUNT_EVERY_MS;
  if (mayCount) countedAt.set(ctx, startedAt);
  const count = mayCount ? await paid(ctx, lane, () => ctx.crm.countRecords(job.object)) : null;
  await ctx.lease.exclusive((db) =>
    beginJob(db, ctx.hubId, job.jobId, startedAt, count?.ok === true ? count.value : null),
  );
}

/**
 * One that is under way, and waits for what may be in flight or for the CRM, is not ordered again: that would be no progress.
 * It keeps no other from its turn.
 */
async function orderSweep(ctx: Context, open: readonly Job[]): Promise<boolean> {
  const now = ctx.clock.now();
  const isUnderWay = (name: AppObject): boolean =>
    open.some((job) => job.kind === 'reconcile' && job.object === name);
  const idle = OBJECTS.filter((name) => unreadable(ctx, name) === null && !isUnderWay(name));
  const limits = { since: now - SWEEP_EVERY_MS, triedSince: now - SWEEP_RETRY_MS };
  const object = await overdueObject(ctx.db, ctx.hubId, idle, limits);
  if (object === null) return false;
  await ctx.lease.exclusive((db) => orderJobs(db, ctx.hubId, 'reconcile', [object], now));
  return true;
}
