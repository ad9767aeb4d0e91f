/**
 * Making what customers asked to be made: once, whatever is repeated. The record carries the creation's id in a
 * property that is unique in the CRM, so a call nobody answered is looked for by that key before it is made again.
 *
 *   1. look, where a call may have gone out before      2. send the file, say that we call, call
 *   3. read the record by its id: that proves it, and brings it into the mirror
 */
import { creations as creationSpecs, fieldOf, objects } from '@tallystick/shared/ownership';
import type { RecordId } from '@tallystick/shared/ids';
import type { EditState } from '@tallystick/shared/messages';
import type { Failure } from '../hubspot/failure.ts';
import type { Reading } from '../hubspot/readings.ts';
import { keyStateOf } from '../store/creationKeys.ts';
import { moveCreation, nameRecord, waitingCreations, type Creation } from '../store/creations.ts';
import { draft, type Draft } from '../store/journal.ts';
import { eraseUploads } from '../store/uploads.ts';
import { markJournaled, moveEdits } from '../store/visits.ts';
import { BudgetClosed } from './budget.ts';
import { commitVisits, type Seen } from './commit.ts';
import { storing, type Context } from './context.ts';
import { isSchemaCode, wantSchema } from './drift.ts';
import { propertiesOfCreation } from './making.ts';
import { paid, withLinks } from './round.ts';
import { sendFile } from './files.ts';
import { sendWrites } from './send.ts';

const AT_ONCE = 10;
const KEY_UNKNOWN = { code: 'key-unknown', message: 'The CRM has not yet said whether its key is unique.' };
const KEY_REPEATABLE: Pick<Failure, 'is' | 'message'> = {
  is: 'refused',
  message: 'The property of its key is not unique in the CRM, so it could be made twice.',
};
const BARRED = {
  code: 'drift',
  message: 'The CRM’s schema does not allow it at the moment: see “tally doctor”.',
};
/** A call nobody answered is looked for this soon, and then again until it cannot come any more. */
const LOOK_AFTER_MS = 1_000;
const RETRY_FIRST_MS = 1_000;
const RETRY_MAX_MS = 60_000;

/** Tries everything that waits and may be tried now; answers with how much that was. */
export async function makeCreations(ctx: Context): Promise<number> {
  const waiting = await waitingCreations(ctx.db, ctx.hubId, ctx.clock.now(), AT_ONCE);
  await Promise.all(waiting.map((creation) => makeOne(ctx, creation)));
  return waiting.length;
}

/** One that cannot be made must not hold up the others, nor stop the worker. */
async function makeOne(ctx: Context, creation: Creation): Promise<void> {
  try {
    await make(ctx, creation);
  } catch (error) {
    await ctx.lease.prove(); // not ours any more: nothing to isolate
    if (error instanceof BudgetClosed) throw error;
    ctx.log.error({ err: error, hub: ctx.hubId, creation: creation.name }, 'A creation failed.');
    await putOff(ctx, creation, {
      code: 'failed',
      message: 'It could not be made, for a reason of our own.',
    });
  }
}

async function make(ctx: Context, creation: Creation): Promise<void> {
  await noteAsked(ctx, creation);
  if (creation.recordId !== null) return prove(ctx, creation, creation.recordId);
  const key = keyStateOf(creation.name, ctx.definitions);
  if (key === 'unknown') return putOff(ctx, creation, KEY_UNKNOWN, RETRY_FIRST_MS);
  if (creation.sentAt !== null) {
    const found = await look(ctx, creation);
    if (found === 'later') return;
    if (found !== null) return prove(ctx, creation, found);
  }
  // What the CRM's schema does not allow at the moment waits until it does: nothing that was accepted is lost.
  if (ctx.drift.bars.has(creation.name) && key === 'unique') return putOff(ctx, creation, BARRED);
  // What was never sent is refused: sent twice it would be made twice.
  if (key === 'repeatable') return refuse(ctx, creation, KEY_REPEATABLE);
  const file = await sendFile(ctx, creation);
  if (file.is === 'failed') return failed(ctx, creation, file.failure);
  const made = await propertiesOfCreation(ctx, creation, file.sent);
  const now = ctx.clock.now();
  await storing(ctx, async ({ trx, journal }) => {
    await journal([entry(creation, { kind: 'sent', detail: { do: creation.name } })]);
    await moveCreation(trx, ctx.hubId, creation.editId, {
      sentAt: now,
      notBefore: now + LOOK_AFTER_MS,
      tried: true,
    });
  });
  const ticket = await ctx.budget.acquire('edit');
  await ctx.lease.fence(ctx.clock);
  ctx.at('creation.sending');
  const answer = await ctx.crm.createRecord(creation.object, made);
  ticket.done(answer.limits);
  ctx.at('creation.answered');
  if (answer.ok) return prove(ctx, creation, answer.value);
  if (answer.failure.is === 'refused') {
    // The key may be taken: by this very creation, in a call that was given up and arrived after all.
    const found = await look(ctx, { ...creation, sentAt: -Infinity });
    if (found === 'later') return;
    if (found !== null) return prove(ctx, creation, found);
  }
  return failed(ctx, creation, answer.failure);
}

/** The record by its key; null when it is certain that there is none, `later` while it is not. */
async function look(ctx: Context, creation: Creation): Promise<RecordId | 'later' | null> {
  const key = keyOf(creation);
  const answer = await paid(ctx, 'edit', () =>
    ctx.crm.readByKey(creation.object, key.property, creation.editId),
  );
  if (answer.ok) return answer.value.id;
  const now = ctx.clock.now();
  const mayStillCome = now < (creation.sentAt ?? 0) + ctx.patience.ambiguousMs;
  if (answer.failure.is === 'gone' && !mayStillCome) return null;
  const error = { code: answer.failure.is, message: answer.failure.message };
  await ctx.lease.exclusive((db) =>
    moveCreation(db, ctx.hubId, creation.editId, { notBefore: now + LOOK_AFTER_MS, error }),
  );
  return 'later';
}

/** The CRM said which record it is; reading it proves that, and brings it into the mirror. */
async function prove(ctx: Context, creation: Creation, recordId: RecordId): Promise<void> {
  const { object, editId } = creation;
  if (creation.recordId === null) {
    const seq = await storing(ctx, async ({ trx, next }) => {
      await nameRecord(trx, ctx.hubId, editId, recordId);
      await moveAll(ctx, trx, creation, 'written', null);
      return next - 1;
    });
    ctx.signals.changed({ hubId: ctx.hubId, seq, records: [], edits: [{ editId, object, recordId }] });
  }
  const begunAt = ctx.clock.now();
  const answer = await paid(ctx, 'edit', () => ctx.crm.readRecord(object, recordId));
  if (!answer.ok) return failed(ctx, creation, answer.failure, recordId);
  const seen: Seen = {
    recordId: answer.value.id,
    begunAt,
    found: { is: 'here', reading: answer.value },
    links: null,
    work: null,
  };
  const linked = await withLinks(ctx, object, [seen], 'edit');
  if (linked.length === 0)
    return putOff(ctx, creation, { code: 'ambiguous', message: 'Its associations could not be read.' });
  const isIt = keyIn(creation, answer.value) === editId;
  await sendWrites(ctx, object, await commitVisits(ctx, object, linked));
  const now = ctx.clock.now();
  const seq = await storing(ctx, async ({ trx, next, journal }) => {
    const [state, reason] = isIt ? (['verified', null] as const) : (['refused', 'crm-refused'] as const);
    const facts = {
      kind: isIt ? 'proven' : 'failed',
      detail: { outcome: isIt ? 'made' : 'another key' },
    } as const;
    await journal([{ ...entry(creation, facts), recordId: answer.value.id }]);
    await moveAll(ctx, trx, creation, state, reason);
    await moveCreation(trx, ctx.hubId, editId, { endedAt: now, error: null });
    // HubSpot has the file: no second copy stays here.
    if (creation.uploadId !== null) await eraseUploads(trx, ctx.hubId, [creation.uploadId], now);
    return next;
  });
  const records = [{ object, recordId: answer.value.id }];
  ctx.signals.changed({ hubId: ctx.hubId, seq, records, edits: [{ editId, object, recordId }] });
}

async function failed(
  ctx: Context,
  creation: Creation,
  failure: Failure,
  recordId: RecordId | null = creation.recordId,
): Promise<void> {
  const error = { code: failure.is, message: failure.message };
  switch (failure.is) {
    case 'throttled':
      ctx.budget.hold(failure.retryAfterMs);
      return putOff(ctx, creation, error, failure.retryAfterMs);
    case 'barred':
      ctx.log.error({ hub: ctx.hubId, code: failure.code }, failure.message);
      return putOff(ctx, creation, error, RETRY_MAX_MS);
    case 'ambiguous':
    case 'unexpected':
      ctx.log.warn({ hub: ctx.hubId, creation: creation.name }, failure.message);
      return putOff(ctx, creation, error);
    case 'refused':
      if (recordId !== null || !isOfSchema(creation, failure))
        return refuseUnmade(ctx, creation, failure, recordId);
      wantSchema(ctx);
      return putOff(ctx, creation, error);
    case 'gone':
      return refuseUnmade(ctx, creation, failure, recordId);
    default:
      return failure satisfies never;
  }
}

/** Made, and gone again before it was read: that is for a later read to say. */
function refuseUnmade(
  ctx: Context,
  creation: Creation,
  failure: Pick<Failure, 'is' | 'message'>,
  recordId: RecordId | null,
): Promise<void> {
  if (recordId === null) return refuse(ctx, creation, failure);
  return putOff(ctx, creation, { code: failure.is, message: failure.message });
}

/** HubSpot refuses something that no customer entered: the schema is not what we think, and the request waits for it. */
function isOfSchema(
  { fields, object }: Creation,
  { properties }: Extract<Failure, { is: 'refused' }>,
): boolean {
  const entered = fields.map(({ field }) => fieldOf(object, field)?.property);
  return properties.some(({ code, property }) => isSchemaCode(code) && !entered.includes(property));
}

async function refuse(
  ctx: Context,
  creation: Creation,
  failure: Pick<Failure, 'is' | 'message'>,
): Promise<void> {
  const { editId, object } = creation;
  const seq = await storing(ctx, async ({ trx, next, journal }) => {
    await journal([entry(creation, { kind: 'failed', detail: { outcome: 'refused', code: failure.is } })]);
    await moveAll(ctx, trx, creation, 'refused', failure.is === 'gone' ? 'record-gone' : 'crm-refused');
    const error = { code: failure.is, message: failure.message };
    const now = ctx.clock.now();
    await moveCreation(trx, ctx.hubId, editId, { endedAt: now, error });
    if (creation.uploadId !== null) await eraseUploads(trx, ctx.hubId, [creation.uploadId], now);
    return next;
  });
  // Not the CRM's sentence: it quotes what the customer wrote.
  ctx.log.warn({ hub: ctx.hubId, creation: creation.name, code: failure.is }, 'A creation was refused.');
  ctx.signals.changed({ hubId: ctx.hubId, seq, records: [], edits: [{ editId, object, recordId: null }] });
}

function putOff(
  ctx: Context,
  creation: Creation,
  error: { code: string; message: string },
  afterMs = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** creation.attempts),
): Promise<void> {
  return ctx.lease.exclusive((db) =>
    moveCreation(db, ctx.hubId, creation.editId, { notBefore: ctx.clock.now() + afterMs, error }),
  );
}

/** Once: what was asked, field by field. */
async function noteAsked(ctx: Context, creation: Creation): Promise<void> {
  const fresh = creation.fields.filter(({ journaled }) => !journaled);
  if (fresh.length === 0) return;
  await storing(ctx, async ({ trx, journal }) => {
    const actor = { via: 'CUSTOMER', id: creation.audience, person: creation.person };
    await journal(
      fresh.map(({ field, wanted }) => entry(creation, { kind: 'asked', field, actor, after: wanted })),
    );
    await markJournaled(
      trx,
      ctx.hubId,
      fresh.map(({ field }) => ({ editId: creation.editId, field })),
    );
  });
}

function moveAll(
  ctx: Context,
  trx: Parameters<typeof moveEdits>[0],
  { editId, fields }: Creation,
  state: EditState,
  reason: string | null,
): Promise<void> {
  const moves = fields.map(({ field }) => ({ editId, field, state, rule: null, reason, crm: null }));
  return moveEdits(trx, ctx.hubId, moves, ctx.clock.now());
}

const entry = ({ editId, object }: Creation, facts: Partial<Draft> & Pick<Draft, 'kind'>): Draft =>
  draft({ object, editId, ...facts });

function keyOf({ name, object }: Creation): { field: string; property: string } {
  const field = creationSpecs[name]?.key ?? '';
  const property = fieldOf(object, field)?.property;
  if (property === undefined)
    throw new Error(`${objects[object].label.one}: the key field "${field}" is not mapped.`);
  return { field, property };
}

const keyIn = (creation: Creation, reading: Reading): string | null =>
  reading.history[keyOf(creation).field]?.[0]?.value ?? null;
