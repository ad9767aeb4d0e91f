/**
 * What HubSpot erased for privacy is erased here as well: values, requests, addresses, sessions, files on their way. The
 * journal keeps its entries without their values, so its chain still verifies; what was done is certified in it. An
 * erased record stays erased, whatever late events or answers say of it.
 */
import {
  erase,
  openRequests,
  saveErasure,
  waitingErasures,
  withMerged,
  type Subject,
} from '../store/erasing.ts';
import { draft, type Draft } from '../store/journal.ts';
import { markJournaled, moveEdits } from '../store/visits.ts';
import { storing, type Context } from './context.ts';

const AT_ONCE = 10;

/** Answers with how many were erased. What the CRM may already have of a request is waited for, and holds up no other. */
export async function eraseWaiting(ctx: Context): Promise<number> {
  let done = 0;
  let waiting = await waitingErasures(ctx.db, ctx.hubId, null, AT_ONCE);
  for (let last = waiting.at(-1); last !== undefined; last = waiting.at(-1)) {
    for (const { object, recordId } of waiting) {
      const ids = await withMerged(ctx.db, ctx.hubId, object, recordId);
      if (await eraseOne(ctx, { object, ids })) done += 1;
    }
    waiting = await waitingErasures(ctx.db, ctx.hubId, last, AT_ONCE);
  }
  return done;
}

async function eraseOne(ctx: Context, subject: Subject): Promise<boolean> {
  const { hubId } = ctx;
  const now = ctx.clock.now();
  const change = await storing(ctx, async ({ trx, next, journal }) => {
    const open = await openRequests(trx, hubId, subject);
    if (open.some(({ sent }) => sent)) return null;
    const refusals = open.map(({ editId, object, recordId, field }) =>
      draft({ kind: 'decided', object, recordId, field, editId, rule: 'D2', detail: REFUSED }),
    );
    await moveEdits(
      trx,
      hubId,
      open.map(({ editId, field }) => ({
        ...{
          editId,
          field,
          state: 'refused' as const,
          rule: 'D2',
          reason: 'record-gone' as const,
          crm: null,
        },
      })),
      now,
    );
    await markJournaled(trx, hubId, open);
    const counts = await erase(trx, hubId, subject, now);
    await journal([...refusals, ...subject.ids.map((recordId) => certificate(subject, recordId, counts))]);
    await saveErasure(trx, hubId, subject, counts, now);
    return { seq: next };
  });
  if (change === null) return false;
  ctx.mirror.clear(); // it holds the rows as they were
  ctx.at('erasure.committed');
  ctx.log.info({ hub: hubId, object: subject.object }, 'A record was erased for privacy.');
  const records = subject.ids.map((recordId) => ({ object: subject.object, recordId }));
  ctx.signals.changed({ hubId, seq: change.seq, records, edits: [] });
  return true;
}

const REFUSED = { outcome: 'refuse', reason: 'record-gone' };

/** Tables and numbers only: a journal entry's detail cannot be erased. */
function certificate(
  { object }: Subject,
  recordId: Subject['ids'][number],
  counts: Record<string, number>,
): Draft {
  return draft({ kind: 'erased', object, recordId, detail: counts });
}
