/** Writing to the CRM what was promised: in batches, each record's outcome stored as soon as it is known. */
import type { AppObject } from '@tallystick/shared/ownership';
import { fieldOf } from '@tallystick/shared/ownership';
import type { EditId } from '@tallystick/shared/ids';
import type { Failure } from '../hubspot/failure.ts';
import type { Draft } from '../store/journal.ts';
import type { Lane } from '../store/lanes.ts';
import { markSent, moveEdits, settlePromises } from '../store/visits.ts';
import { endWork, failWork, type Ending } from '../store/work.ts';
import type { Write } from './commit.ts';
import { storing, type Context } from './context.ts';
import { isOfScope, isSchemaCode, noteRefusedScopes, reasonOfCode, wantSchema } from './drift.ts';

/** A write nobody answered is looked for in the history this soon. */
const LOOK_AFTER_MS = 1_000;
const BARRED_WAIT_MS = 30_000;

export async function sendWrites(ctx: Context, object: AppObject, writes: readonly Write[]): Promise<void> {
  if (writes.length === 0) return;
  const inputs = writes.map((write) => ({ id: write.recordId, properties: propertiesOf(object, write) }));
  const ticket = await ctx.budget.acquire('edit');
  await ctx.lease.fence(ctx.clock);
  ctx.at('write.sending');
  const [only] = inputs;
  const answer =
    inputs.length === 1 && only !== undefined
      ? await ctx.crm.updateRecord(object, only.id, only.properties)
      : await ctx.crm.updateRecords(object, inputs);
  ticket.done(answer.limits);
  ctx.at('write.answered');
  if (answer.ok) {
    const done = writes.filter((write) => answer.value.includes(write.recordId));
    const rest = writes.filter((write) => !answer.value.includes(write.recordId));
    await storeAnswered(ctx, object, done);
    return oneByOne(ctx, object, rest);
  }
  // One bad record fails the whole batch: each is tried alone, so that the others go through.
  const { failure } = answer;
  if ((failure.is === 'refused' || failure.is === 'gone') && writes.length > 1)
    return oneByOne(ctx, object, writes);
  // One bad property refuses its whole record: where HubSpot does not say which, each is tried alone.
  const [write] = writes;
  if (failure.is === 'refused' && write !== undefined && write.promises.length > 1) {
    if (namedIn(failure, object, write).length === 0) return oneByOne(ctx, object, fieldByField(write));
  }
  return storeFailure(ctx, object, writes, failure);
}

async function oneByOne(ctx: Context, object: AppObject, writes: readonly Write[]): Promise<void> {
  for (const write of writes) await sendWrites(ctx, object, [write]);
}

const fieldByField = (write: Write): Write[] =>
  write.promises.map((promise) => ({ ...write, promises: [promise] }));

/** The promises of the write whose property the refusal names. */
function namedIn(failure: Refused, object: AppObject, { promises }: Write): Write['promises'] {
  const named = new Set(failure.properties.map((each) => each.property));
  return promises.filter(({ field }) => named.has(fieldOf(object, field)?.property ?? field));
}

type Refused = Extract<Failure, { is: 'refused' }>;

function propertiesOf(object: AppObject, write: Write): Record<string, string> {
  return Object.fromEntries(
    write.promises.map(({ field, value }) => [fieldOf(object, field)?.property ?? field, value ?? '']),
  );
}

/** HubSpot said yes: the edits are in the CRM, and the history will prove it. */
async function storeAnswered(ctx: Context, object: AppObject, writes: readonly Write[]): Promise<void> {
  if (writes.length === 0) return;
  const now = ctx.clock.now();
  const seq = await storing(ctx, async ({ trx, next }) => {
    const written = writes.flatMap((write) =>
      write.promises.flatMap(({ field, editIds, restores }) =>
        restores ? [] : editIds.map((editId) => ({ editId, field })),
      ),
    );
    const moves = written.map((edit) => ({
      ...edit,
      state: 'written' as const,
      rule: null,
      reason: null,
      crm: null,
    }));
    await Promise.all([
      markSent(trx, ctx.hubId, promiseIds(writes), now, 'yes'),
      moveEdits(trx, ctx.hubId, moves, now),
      endWork(trx, ctx.hubId, endings(object, writes, 'settle', now), now),
    ]);
    return next - 1;
  });
  ctx.at('write.stored');
  tellEdits(ctx, object, writes, seq);
}

async function storeFailure(
  ctx: Context,
  object: AppObject,
  writes: readonly Write[],
  failure: Failure,
): Promise<void> {
  const now = ctx.clock.now();
  switch (failure.is) {
    case 'refused':
      return storeRefusal(ctx, object, writes, failure);
    case 'throttled':
      ctx.budget.hold(failure.retryAfterMs);
      return storeUnsent(ctx, object, writes, now + failure.retryAfterMs, failure);
    case 'gone':
      return storeUnsent(ctx, object, writes, now, failure); // the next read finds out what became of it
    case 'barred':
      ctx.log.error({ code: failure.code, hub: ctx.hubId }, failure.message);
      // A scope is of some objects: the others go on.
      if (isOfScope(failure)) noteRefusedScopes(ctx, failure.scopes);
      else ctx.budget.hold(BARRED_WAIT_MS);
      return storeUnsent(ctx, object, writes, now + BARRED_WAIT_MS, failure);
    case 'ambiguous':
    case 'unexpected':
      ctx.log.warn({ hub: ctx.hubId, records: writes.length }, failure.message);
      return storing(ctx, async ({ trx }) => {
        await markSent(trx, ctx.hubId, promiseIds(writes), now, 'unknown');
        await endWork(trx, ctx.hubId, endings(object, writes, 'settle', now + LOOK_AFTER_MS), now);
      });
    default:
      return failure satisfies never;
  }
}

/** Certainly not applied: the next visit finds the writes missing and decides again from the start. */
function storeUnsent(
  ctx: Context,
  object: AppObject,
  writes: readonly Write[],
  notBefore: number,
  failure: Failure,
): Promise<void> {
  const now = ctx.clock.now();
  return storing(ctx, async ({ trx }) => {
    await markSent(trx, ctx.hubId, promiseIds(writes), now, 'unsent');
    await endWork(trx, ctx.hubId, endings(object, writes, 'edit', notBefore), now);
    const error = { code: failure.is, message: failure.message };
    const waiting = writes.flatMap(({ work }) =>
      work === null ? [] : [{ work, error, notBefore, counts: false, park: false }],
    );
    await failWork(trx, ctx.hubId, waiting, now);
  });
}

/** HubSpot named the properties it will not take: those edits end, the others are decided again without them. */
async function storeRefusal(
  ctx: Context,
  object: AppObject,
  writes: readonly Write[],
  failure: Refused,
): Promise<void> {
  const now = ctx.clock.now();
  if (failure.properties.some(({ code }) => isSchemaCode(code))) wantSchema(ctx);
  const seq = await storing(ctx, async ({ trx, next, journal }) => {
    const refused = writes.flatMap((write) => {
      const named = namedIn(failure, object, write);
      return (named.length === 0 ? write.promises : named).map((promise) => ({ write, promise }));
    });
    const ids = refused.map(({ promise }) => promise.promiseId);
    const others = promiseIds(writes).filter((id) => !ids.includes(id));
    await settlePromises(
      trx,
      ctx.hubId,
      ids.map((promiseId) => ({ promiseId, outcome: 'refused', watchedFrom: null })),
      now,
    );
    await markSent(trx, ctx.hubId, others, now, 'unsent');
    const moves = refused.flatMap(({ promise }) =>
      promise.editIds.map((editId) => ({
        editId,
        field: promise.field,
        state: 'refused' as const,
        rule: 'D2',
        reason: reasonOfCode(codeOf(failure, object, promise.field)),
        crm: null,
      })),
    );
    await moveEdits(trx, ctx.hubId, moves, now);
    const drafts = refused.map(({ write, promise }) => refusalDraft(ctx, object, write, promise, failure));
    await journal(drafts);
    await endWork(trx, ctx.hubId, endings(object, writes, 'settle', now), now);
    return next + drafts.length - 1;
  });
  tellEdits(ctx, object, writes, seq);
}

function codeOf(failure: Refused, object: AppObject, field: string): string {
  const property = fieldOf(object, field)?.property;
  return failure.properties.find((each) => each.property === property)?.code ?? failure.code;
}

function refusalDraft(
  ctx: Context,
  object: AppObject,
  write: Write,
  promise: Write['promises'][number],
  failure: Refused,
): Draft {
  const code = codeOf(failure, object, promise.field);
  return {
    kind: 'failed',
    object,
    recordId: write.recordId,
    field: promise.field,
    editId: promise.editIds.at(-1) ?? null,
    actor: { via: 'INTEGRATION', id: ctx.appId, person: null },
    rule: 'D2',
    crmAt: null,
    before: null,
    after: promise.value,
    detail: { outcome: 'refused', code },
  };
}

const promiseIds = (writes: readonly Write[]): string[] =>
  writes.flatMap((write) => write.promises.map((promise) => promise.promiseId));

function endings(object: AppObject, writes: readonly Write[], lane: Lane, notBefore: number): Ending[] {
  return writes.map(({ recordId, work }) => ({ object, recordId, work, again: { lane, notBefore } }));
}

function tellEdits(ctx: Context, object: AppObject, writes: readonly Write[], seq: number): void {
  const edits = writes.flatMap(({ recordId, promises }) => {
    const ids: EditId[] = [...new Set(promises.flatMap((promise) => promise.editIds))];
    return ids.map((editId) => ({ editId, object, recordId }));
  });
  if (edits.length > 0) ctx.signals.changed({ hubId: ctx.hubId, seq, records: [], edits });
}
