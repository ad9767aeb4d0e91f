/**
 * Alerts as tasks in HubSpot: made by the hub's worker, because all calls go through its budget. A task is made once as
 * far as HubSpot lets that be known: its subject carries a key, and after a call nobody answered it is looked for,
 * later than the search may lag, before it is made again.
 */
import { createHash } from 'node:crypto';
import { loadAlerts, noteAttempt, noteFailed, noteTold, type Alert } from '../store/alerts.ts';
import type { AlertMessage } from '../store/operatingTables.ts';
import { pause } from '../bell.ts';
import { BudgetClosed } from './budget.ts';
import type { Context } from './context.ts';
import { paid } from './round.ts';

/** Longer than a call may take, and than the search index lags as a rule. */
const LOOK_AFTER_MS = 60_000;
const RETRY_MAX_MS = 600_000;

const LOOK_MS = 2_000;

/** Runs until the term ends, and holds up none of the worker's loops. */
export async function taskLoop(ctx: Context, ownerId: string | null, term: AbortSignal): Promise<void> {
  while (ownerId !== null && !term.aborted) {
    try {
      await tellTasks(ctx, ownerId);
    } catch (error) {
      if (error instanceof BudgetClosed) return;
      await ctx.lease.prove(); // not ours any more: the term ends
      ctx.log.error({ err: error, hub: ctx.hubId }, 'An alert could not be made a task.');
    }
    await pause(ctx.clock, LOOK_MS, term);
  }
}

/** Answers with how many were told. */
async function tellTasks(ctx: Context, ownerId: string): Promise<number> {
  let told = 0;
  for (const alert of await loadAlerts(ctx.db, ctx.hubId)) {
    const { message } = alert;
    if (alert.channel !== 'task' || message === null || alert.notBefore > ctx.clock.now()) continue;
    await tell(ctx, ownerId, alert, message);
    told += 1;
  }
  return told;
}

async function tell(ctx: Context, ownerId: string, alert: Alert, message: AlertMessage): Promise<void> {
  const { hubId, clock, lease } = ctx;
  const tried = { attempts: alert.attempts + 1, notBefore: clock.now() + waitMs(alert.attempts) };
  await lease.exclusive((db) => noteAttempt(db, hubId, alert, tried));
  const taken = (taskId: string | null): Promise<void> =>
    lease.exclusive((db) => noteTold(db, hubId, alert, { kind: message.kind, now: clock.now(), taskId }));
  const failed = (reason: string): Promise<void> =>
    lease.exclusive((db) => noteFailed(db, hubId, alert, reason));
  switch (message.kind) {
    case 'stands':
      return taken(alert.taskId); // it is still open: that is the reminder
    case 'over': {
      if (alert.taskId === null) return taken(null);
      const { taskId } = alert;
      const answer = await paid(ctx, 'reconcile', () => ctx.crm.endTask(taskId));
      return answer.ok || answer.failure.is === 'gone' ? taken(null) : failed(answer.failure.message);
    }
    case 'begun': {
      const subject = `${message.title} [${keyOf(ctx.hubId, alert)}]`;
      if (alert.attempts > 0) {
        const answer = await paid(ctx, 'reconcile', () => ctx.crm.findTask(subject));
        if (!answer.ok) return failed(answer.failure.message);
        if (answer.value !== null) return taken(answer.value);
      }
      const body = message.text.split('\n').map(escaped).join('<br>');
      const made = { subject, body, ownerId, at: clock.now() };
      await lease.fence(clock);
      const answer = await paid(ctx, 'settle', () => ctx.crm.makeTask(made));
      return answer.ok ? taken(answer.value) : failed(answer.failure.message);
    }
    default:
      return message.kind satisfies never;
  }
}

const waitMs = (attempts: number): number =>
  Math.min(RETRY_MAX_MS, LOOK_AFTER_MS * 2 ** Math.min(attempts, 5));

/** The same for the same alert, another one when the warning begins anew. */
function keyOf(hubId: string, { code, subject, number }: Alert): string {
  const about = createHash('sha256').update(`${hubId}\n${code}\n${subject}`).digest('hex').slice(0, 10);
  return `TS-${about}-${number}`;
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
