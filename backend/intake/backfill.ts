/** Reconciling from nothing: every record of an object is read with its history, and what was read is stored. */
import type { AppObject } from '@tallystick/shared/ownership';
import type { Db } from '../store/database.ts';
import { markDue } from '../store/due.ts';
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
  const behind = (trx: Db): Promise<void> =>
    saveStep(trx, ctx.hubId, job.jobId, ctx.clock.now(), {
      ...{ done: seen.length, cursor },
      isFinished: cursor === null,
    });
  const writes = await commitVisits(ctx, job.object, linked, behind).catch((error: unknown) =>
    leaveToRounds(ctx, job.object, linked, behind, error),
  );
  ctx.at('backfill.page');
  await sendWrites(ctx, job.object, writes);
  return true;
}

/** A page that cannot be stored as a whole is made due: the rounds find the record to blame, and it is set aside alone. */
async function leaveToRounds(
  ctx: Context,
  object: AppObject,
  seen: readonly Seen[],
  behind: (trx: Db) => Promise<void>,
  error: unknown,
): Promise<[]> {
  await ctx.lease.prove(); // not ours any more: nothing to leave
  ctx.log.error({ err: error, hub: ctx.hubId, object }, 'A page of a backfill could not be stored.');
  const records = seen.map(({ recordId }) => ({ object, recordId, links: object !== 'company' }));
  await ctx.lease.exclusive((_, transaction) =>
    transaction(async (trx) => {
      await Promise.all([
        markDue(trx, ctx.hubId, 'backfill', records, { now: ctx.clock.now() }),
        behind(trx),
      ]);
    }),
  );
  return [];
}

async function stuck(ctx: Context, job: Job, error: string): Promise<false> {
  await ctx.lease.exclusive((db) => saveStep(db, ctx.hubId, job.jobId, ctx.clock.now(), { error }));
  return false;
}
