/**
 * Reconciling from nothing: every record of an object, page by page. The cursor is stored with the page's
 * observations, so a crash at any point costs at most one page.
 */
import type { AppObject } from '@tallystick/shared/ownership';
import { sql } from 'kysely';
import type { Db } from '../store/database.ts';
import type { Context } from '../sync/context.ts';
import { commitVisits, type Seen } from '../sync/commit.ts';
import { paid, withLinks } from '../sync/round.ts';
import { sendWrites } from '../sync/send.ts';

interface Job {
  jobId: string;
  object: AppObject;
  cursor: string | null;
}

/** Does one page of the oldest open job that can go on. False when there is none, or the CRM could not be asked. */
export async function backfillPage(ctx: Context): Promise<boolean> {
  const job = await openJob(ctx);
  if (job === null) return false;
  const begunAt = ctx.clock.now();
  const page = await paid(ctx, 'backfill', () => ctx.crm.listRecords(job.object, job.cursor));
  if (!page.ok) {
    await endPage(ctx, ctx.db, job, { error: page.failure.message });
    return false;
  }
  const seen: Seen[] = page.value.records.map((reading) => ({
    recordId: reading.id,
    begunAt,
    found: { is: 'here', reading },
    links: null,
    work: null,
  }));
  const linked = await withLinks(ctx, job.object, seen, 'backfill');
  if (linked.length < seen.length) {
    await endPage(ctx, ctx.db, job, { error: 'The associations of a page could not be read.' });
    return false; // the same page again
  }
  const next = page.value.next;
  const writes = await commitVisits(ctx, job.object, linked, (trx) =>
    endPage(ctx, trx, job, { done: seen.length, cursor: next }),
  );
  ctx.at('backfill.page');
  await sendWrites(ctx, job.object, writes);
  return true;
}

async function openJob(ctx: Context): Promise<Job | null> {
  const row = await ctx.db
    .selectFrom('jobs')
    .select(['job_id', 'object', 'cursor'])
    .where('hub_id', '=', ctx.hubId)
    .where('kind', '=', 'backfill')
    .where('finished_at', 'is', null)
    .orderBy(sql`error is not null`) // one that cannot go on does not hold up the others
    .orderBy('job_id')
    .limit(1)
    .executeTakeFirst();
  return row === undefined ? null : { jobId: row.job_id, object: row.object, cursor: row.cursor };
}

async function endPage(
  ctx: Context,
  db: Db,
  job: Job,
  result: { error: string } | { done: number; cursor: string | null },
): Promise<void> {
  const now = new Date(ctx.clock.now());
  await db
    .updateTable('jobs')
    .set((eb) =>
      'error' in result
        ? { error: result.error }
        : {
            error: null,
            cursor: result.cursor,
            done: eb('done', '+', String(result.done)),
            started_at: eb.fn.coalesce('started_at', eb.val(now)),
            ...(result.cursor === null ? { finished_at: now } : {}),
          },
    )
    .where('hub_id', '=', ctx.hubId)
    .where('job_id', '=', job.jobId)
    .where('finished_at', 'is', null) // ended meanwhile: another one begins from nothing
    .execute();
}
