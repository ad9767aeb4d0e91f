/**
 * The second layer: HubSpot's webhooks journal, read while this worker speaks for the hub. A file's events are stored
 * as deliveries together with the place behind them, so a crash at any point loses and doubles nothing.
 */
import { sql } from 'kysely';
import { OBJECTS } from '@tallystick/shared/ownership';
import { pause } from '../bell.ts';
import type { Failure } from '../hubspot/failure.ts';
import { neededJournalSubscriptions, subscriptionChanges } from '../hubspot/journalSubscriptions.ts';
import type { FilePlace, JournalFile, WebhooksJournal } from '../hubspot/webhooksJournal.ts';
import type { Db } from '../store/database.ts';
import { draft } from '../store/journal.ts';
import { endJobs, orderJobs } from '../store/jobs.ts';
import { journalPlace, saveJournalPlace, type Place } from '../store/layers.ts';
import { raise } from '../store/warnings.ts';
import { storing, type Context } from '../sync/context.ts';

/** With the grace that webhooks have, every change is found well within a minute. */
export const JOURNAL_POLL_MS = 15_000;
const SUBSCRIPTIONS_CHECK_MS = 3_600_000;
/** Docs: files are kept for three days. Whoever was away for longer has to compare everything. */
export const HORIZON_MS = 3 * 86_400_000 - 3_600_000;
/** After a pause this short an offset that is not known any more is only an old file: nothing can be missing. */
const FORGOTTEN_MAX_MS = 3_600_000;
/** A file may hold thousands of events: they are applied in batches of the size that webhooks have. */
const DELIVERY_EVENTS = 500;

interface Subscribed {
  /** The type ids it was done for. */
  for: string;
  at: number;
}
const NEVER: Subscribed = { for: '', at: -Infinity };

/** Ends with the term. A failure is shown in the status and tried again. */
export async function readJournal(
  ctx: Context,
  journal: WebhooksJournal | null,
  term: AbortSignal,
): Promise<void> {
  ctx.health.journal = { on: journal !== null, failure: null };
  if (journal === null) return;
  let subscribed = NEVER;
  while (!term.aborted) {
    try {
      subscribed = await readToItsEnd(ctx, journal, term, subscribed);
    } catch (error) {
      const message = 'What the webhooks journal told could not be stored.';
      ctx.log.error({ err: error, hub: ctx.hubId }, message);
      ctx.health.journal = { on: true, failure: { code: 'cannot-store', message } };
    }
    await pause(ctx.clock, JOURNAL_POLL_MS, term);
  }
}

/** One look: keeps the subscriptions right, and reads everything that is new. */
export async function readToItsEnd(
  ctx: Context,
  journal: WebhooksJournal,
  term: AbortSignal,
  before: Subscribed = NEVER,
): Promise<Subscribed> {
  const subscribed = await keepSubscribed(ctx, journal, before);
  let read: Read = 'more';
  for (let isFirst = true; read === 'more' && !term.aborted; isFirst = false) {
    read = await readOn(ctx, journal, isFirst);
    if (read !== 'failed' && subscribed !== null) ctx.health.journal = { on: true, failure: null };
  }
  return subscribed ?? before;
}

type Read = 'more' | 'end' | 'failed';

/**
 * Reads the next files. An offset that was named in this very look is known: were its refusal another beginning, there would
 * be no end.
 */
async function readOn(ctx: Context, journal: WebhooksJournal, isFirst: boolean): Promise<Read> {
  const begunAt = ctx.clock.now();
  // Before the first look everything is read from nothing.
  const place = (await journalPlace(ctx.db, ctx.hubId)) ?? { offset: null, caughtUpAt: begunAt };
  const awayMs = begunAt - place.caughtUpAt;
  if (awayMs > HORIZON_MS) return startOver(ctx, place, true);
  const found = await journal.filesAfter(place.offset);
  if (!found.ok) {
    // No source says how an unknown offset is answered: any refusal of it counts.
    const isUnknown = ['gone', 'refused'].includes(found.failure.is) && place.offset !== null;
    return isFirst && isUnknown
      ? startOver(ctx, place, awayMs > FORGOTTEN_MAX_MS)
      : failed(ctx, found.failure);
  }
  for (const file of found.value) {
    const read = await journal.readFile(file);
    if (!read.ok) return failed(ctx, read.failure);
    ctx.at('journal.fetched');
    await store(ctx, file, read.value, place);
    ctx.at('journal.stored');
  }
  if (found.value.length > 0) return 'more';
  await ctx.lease.exclusive((db) =>
    saveJournalPlace(db, ctx.hubId, { offset: place.offset, caughtUpAt: begunAt }),
  );
  return 'end';
}

function failed(ctx: Context, failure: Failure): 'failed' {
  ctx.log.warn({ hub: ctx.hubId }, `The webhooks journal could not be read: ${failure.message}`);
  ctx.health.journal = { on: true, failure: { code: failure.is, message: failure.message } };
  return 'failed';
}

/**
 * The journal is the app's: events of other hubs are theirs to read. Where it is read from its earliest file, that file is
 * older than what was known before: the time until which all is known never goes back.
 */
async function store(ctx: Context, { offset }: FilePlace, file: JournalFile, before: Place): Promise<void> {
  const now = ctx.clock.now();
  const caughtUpAt = Math.max(before.caughtUpAt, Math.min(now, file.publishedAt ?? before.caughtUpAt));
  const own = file.events.filter((event) => isOf(event, ctx.hubId));
  const deliveries: string[] = [];
  for (let at = 0; at < own.length; at += DELIVERY_EVENTS)
    deliveries.push(JSON.stringify(own.slice(at, at + DELIVERY_EVENTS)));
  await ctx.lease.exclusive((_, transaction) =>
    transaction(async (trx) => {
      await Promise.all([
        deliver(trx, ctx.hubId, deliveries, now),
        saveJournalPlace(trx, ctx.hubId, { offset, caughtUpAt }),
      ]);
    }),
  );
}

async function deliver(db: Db, hubId: string, deliveries: readonly string[], now: number): Promise<void> {
  if (deliveries.length === 0) return;
  await sql`
    insert into deliveries (hub_id, received_at, events, layer)
    select ${hubId}::bigint, ${new Date(now)}::timestamptz, events, 'journal'
    from unnest(${[...deliveries]}::text[]) as d (events)`.execute(db);
}

const isOf = (event: unknown, hubId: string): boolean =>
  typeof event === 'object' && event !== null && 'portalId' in event && String(event.portalId) === hubId;

/** From the earliest file there is. Where something may be missing before it, everything is compared. */
async function startOver(ctx: Context, { caughtUpAt }: Place, isIncomplete: boolean): Promise<'more'> {
  const now = ctx.clock.now();
  await storing(ctx, async ({ trx, journal }) => {
    await saveJournalPlace(trx, ctx.hubId, { offset: null, caughtUpAt: isIncomplete ? now : caughtUpAt });
    if (!isIncomplete) return;
    await journal([draft({ kind: 'missed', detail: { by: 'journal', outcome: 'horizon' } })]);
    // One under way may have compared before the change that is missing.
    await endJobs(trx, ctx.hubId, OBJECTS, now, 'reconcile');
    await orderJobs(trx, ctx.hubId, 'reconcile', OBJECTS, now);
    await raise(trx, ctx.hubId, [{ code: 'journal-horizon', count: 1, detail: null }], now);
  });
  return 'more';
}

/**
 * Orders and cancels what the ownership file wants and no longer wants; now and then, and when a type becomes known.
 * Null: it could not.
 */
async function keepSubscribed(
  ctx: Context,
  journal: WebhooksJournal,
  before: Subscribed,
): Promise<Subscribed | null> {
  const now = ctx.clock.now();
  const hub = await ctx.db
    .selectFrom('hubs')
    .select('type_ids')
    .where('hub_id', '=', ctx.hubId)
    .executeTakeFirstOrThrow();
  const typeIds = JSON.stringify(hub.type_ids);
  if (typeIds === before.for && now - before.at < SUBSCRIPTIONS_CHECK_MS) return before;
  const kept = await journal.subscriptions();
  if (!kept.ok) {
    failed(ctx, kept.failure);
    return null;
  }
  const wanted = neededJournalSubscriptions(hub.type_ids);
  const { cancel, order } = subscriptionChanges(ctx.hubId, wanted, kept.value);
  const changes = [
    ...cancel.map((each) => () => journal.unsubscribe(each.id)),
    ...order.map((each) => () => journal.subscribe(ctx.hubId, each)),
  ];
  for (const change of changes) {
    const made = await change();
    if (made.ok) continue;
    failed(ctx, made.failure);
    return null; // the rest at the next look
  }
  return { for: typeIds, at: now };
}
