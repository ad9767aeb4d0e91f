/** Reconciling from nothing: every record of an object is read with its history, and what was read is stored. */
import { saveStep, type Job } from '../store/jobs.ts';
import type { Context } from '../sync/context.ts';
import { commitVisits, type Seen } from '../sync/commit.ts';
import { noteObjectRefused } from '../sync/drift.ts';
import { paid, withLinks } from '../sync/round.ts';
import { sendWrites } from '../sync/send.ts';

/** Does one page; false when the CRM could not be asked. */
export async function backfillPage(ctx: Context, job: Job): Promise<boolean> {
  const begunAt = ctx.clock.now();
  const page = await paid(ctx, 'backfill', () => ctx.crm.listRecords(job.object, job.cursor));
  if (!page.ok) {
    noteObjectRefused(ctx, job.object, page.failure);
    return stuck(ctx, job, page.failure.message);
  }
  const seen: Seen[] = page.value.records.map((reading) => ({
    recordId: reading.id,
    begunAt,
    found: { is: 'here', reading },
    links: null,
    work: null,
  }));
  const linked = await withLinks(ctx, job.object, seen, 'backfill');
  if (linked.length < seen.length) return stuck(ctx, job, 'The associations of a page could not be read.'); // the same page again
  const cursor = page.value.next;
  const writes = await commitVisits(ctx, job.object, linked, (trx) =>
    saveStep(trx, ctx.hubId, job.jobId, ctx.clock.now(), {
      ...{ done: seen.length, cursor },
      isFinished: cursor === null,
    }),
  );
  ctx.at('backfill.page');
  await sendWrites(ctx, job.object, writes);
  return true;
}

async function stuck(ctx: Context, job: Job, error: string): Promise<false> {
  await ctx.lease.exclusive((db) => saveStep(db, ctx.hubId, job.jobId, ctx.clock.now(), { error }));
  return false;
}
