/** The visits of a batch of records, in one transaction: load, apply the law, store. */
import type { EditId, RecordId } from '@tallystick/shared/ids';
import type { AppObject } from '@tallystick/shared/ownership';
import type { Db } from '../store/database.ts';
import { raise } from '../store/warnings.ts';
import { keyOf, loadLinks, saveLinks, type Link, type MirrorRow } from '../store/mirror.ts';
import { isPaused } from '../store/orders.ts';
import * as store from '../store/visits.ts';
import { openConflicts, settleConflicts } from '../store/conflicts.ts';
import type { Parent } from '../store/hanging.ts';
import { endWork, type Ending, type Work } from '../store/work.ts';
import { saveHanging } from './lines.ts';
import { storing, kindOf, propertyOf, rulesOf, type Context } from './context.ts';
import { fieldDrift } from './drift.ts';
import { heard, holdBack, NOTHING_HELD, type Holding, type Intent } from './holding.ts';
import { missedIn } from './missed.ts';
import { visit, visitGone } from './plan.ts';
import { signDecisions } from './statements.ts';
import type { OpenEdit, OpenPromise, Visit } from './situation.ts';
import { ERASED, LIFE, lifeOf, observeLife, type Found } from './life.ts';
import { assemble, isNoneOfOurs, type RecordMove } from './record.ts';

export type { Parent };

/** What the CRM said of one record. */
export interface Seen {
  recordId: RecordId;
  begunAt: number;
  found: Found;
  /** The associations, where they were read too. */
  links: readonly Link[] | null;
  /** What it hangs on besides companies, where that was read too. */
  parents?: readonly Parent[];
  /** The line items that stand on it, where it has a field for them. */
  lines?: readonly RecordId[];
  /** The claimed work this serves; null when nothing was due (backfill). */
  work: Work | null;
}

/** One record's part of a write call. */
export interface Write {
  recordId: RecordId;
  work: Work | null;
  promises: {
    promiseId: string;
    field: string;
    value: string | null;
    editIds: EditId[];
    restores: boolean;
  }[];
}

/** Stores what was seen and decided; answers with what has to be written now. */
export async function commitVisits(
  ctx: Context,
  object: AppObject,
  seen: readonly Seen[],
  also: (trx: Db) => Promise<void> = () => Promise.resolve(),
): Promise<Write[]> {
  if (seen.length === 0) {
    await storing(ctx, ({ trx }) => also(trx)); // an empty page still moves its cursor
    return [];
  }
  const now = ctx.clock.now();
  const done = await storing(ctx, async ({ trx, next, journal, saveMirror }) => {
    const loaded = await load(ctx, trx, object, seen, now);
    const asked = seen.map((one) => visitOne(ctx, object, one, loaded, now));
    const holding = await holdBack(ctx, trx, object, intentsOf(asked, loaded), now);
    const visits = asked.map((one) =>
      holding.holds(one.seen.recordId) ? visitOne(ctx, object, one.seen, loaded, now, holding) : one,
    );
    const all = assemble(
      visits.map((each) => each.move),
      next,
    );
    const missed = missedIn({ ...ctx, since: ctx.lease.acquiredAt }, visits);
    const [writes] = await Promise.all([
      storeVisits(ctx, trx, object, visits, now),
      journal([...all.drafts, ...missed.drafts]),
      raise(
        trx,
        ctx.hubId,
        [...missed.warnings, ...holding.warnings, ...heard(ctx.breaker, all.drafts, ctx.appId, now)],
        now,
      ),
      saveMirror(all.patches),
      saveLinks(trx, ctx.hubId, all.links),
      saveHanging(
        ctx,
        trx,
        object,
        visits.filter(({ move }) => move.readAt !== null).map(({ seen: one }) => one),
      ),
      endWork(
        trx,
        ctx.hubId,
        visits.map((each) => endingOf(ctx, each, now)),
        now,
      ),
      also(trx),
    ]);
    return { moved: all.moved, writes, visits, seq: next + all.drafts.length + missed.drafts.length - 1 };
  });
  ctx.at('visit.committed');
  const edits = done.visits.flatMap(({ move, plan }) =>
    [...new Set(plan.moves.map((each) => each.editId))].map((editId) => ({
      editId,
      object,
      recordId: move.recordId,
    })),
  );
  if (done.moved.length + edits.length > 0)
    ctx.signals.changed({ hubId: ctx.hubId, seq: done.seq, records: done.moved, edits });
  return done.writes;
}

interface Loaded {
  mirror: Map<string, MirrorRow>;
  edits: Map<RecordId, store.OpenEditRow[]>;
  promises: Map<RecordId, store.OpenPromiseRow[]>;
  givenUp: Map<RecordId, store.GivenUpRow[]>;
  ownWrites: Map<RecordId, store.OwnWriteRow[]>;
  links: Map<RecordId, Link[]>;
}

async function load(
  ctx: Context,
  trx: Db,
  object: AppObject,
  seen: readonly Seen[],
  now: number,
): Promise<Loaded> {
  const ids = seen.map((one) => one.recordId);
  const records = ids.map((recordId) => ({ object, recordId }));
  const relinked = seen.filter(({ links }) => links !== null).map((one) => one.recordId);
  const [mirror, edits, promises, givenUp, ownWrites, links] = await Promise.all([
    ctx.mirror.load(trx, records),
    store.loadOpenEdits(trx, ctx.hubId, object, ids),
    store.loadOpenPromises(trx, ctx.hubId, object, ids),
    store.loadGivenUp(trx, ctx.hubId, object, ids, now),
    store.loadOwnWrites(trx, ctx.hubId, object, ids),
    loadLinks(trx, ctx.hubId, object, relinked),
  ]);
  return {
    mirror,
    edits: byRecord(edits),
    promises: byRecord(promises),
    givenUp: byRecord(givenUp),
    ownWrites: byRecord(ownWrites),
    links: byRecord(links),
  };
}

function byRecord<T extends { recordId: RecordId }>(rows: readonly T[]): Map<RecordId, T[]> {
  const map = new Map<RecordId, T[]>();
  for (const row of rows) map.set(row.recordId, [...(map.get(row.recordId) ?? []), row]);
  return map;
}

export interface Visited {
  seen: Seen;
  move: RecordMove;
  plan: Visit;
}

const NOTHING: Visit = {
  observed: {},
  notes: [],
  moves: [],
  conflicts: [],
  rulings: [],
  settled: [],
  looked: [],
  promises: [],
  again: null,
};

/** What is about to be promised; K5: not what staff decided, nor what makes good. */
export function intentsOf(visits: readonly Visited[], loaded: Pick<Loaded, 'edits'>): Intent[] {
  return visits.flatMap(({ move: { recordId }, plan }) => {
    if (plan.promises.length === 0) return [];
    const rulings = (loaded.edits.get(recordId) ?? []).flatMap(({ editId, ruling }) =>
      ruling === null ? [] : [editId],
    );
    return plan.promises.map((promise) => {
      const isRuled = promise.editIds.some((editId) => rulings.includes(editId));
      return { recordId, promise, isExempt: promise.restores || promise.owed || isRuled };
    });
  });
}

function visitOne(
  ctx: Context,
  object: AppObject,
  asSeen: Seen,
  loaded: Loaded,
  now: number,
  holding: Holding = NOTHING_HELD,
): Visited {
  const row = loaded.mirror.get(keyOf({ object, recordId: asSeen.recordId })) ?? null;
  // Docs: purging takes HubSpot up to 30 days; what it still answers meanwhile is not let in.
  const seen: Seen =
    row?.life === ERASED
      ? {
          recordId: asSeen.recordId,
          begunAt: asSeen.begunAt,
          work: asSeen.work,
          found: { is: 'gone' },
          links: null,
        }
      : asSeen;
  const { recordId, begunAt, found } = seen;
  const edits = (loaded.edits.get(recordId) ?? []).map((edit) => openEdit(object, edit));
  const promises = (loaded.promises.get(recordId) ?? []).map((promise) => openPromise(ctx, promise));
  const alone: Visit =
    found.is === 'here'
      ? visit({
          object,
          now,
          patience: ctx.patience,
          appId: ctx.appId,
          mirror: row?.fields ?? {},
          read: { begunAt, history: found.reading.history },
          edits,
          promises,
          givenUp: loaded.givenUp.get(recordId) ?? [],
          ownWrites: loaded.ownWrites.get(recordId) ?? [],
          isPaused: (field, direction) =>
            isPaused(ctx.pauses, object, field, direction) ||
            (direction === 'out' && holding.isHeld(recordId, field)),
          driftOf: (field) =>
            fieldDrift(ctx, object, field, found.reading, row?.fields[field]?.value ?? null),
          rules: rulesOf(object),
          properties: (field) => propertyOf(ctx, object, field),
        })
      : {
          ...NOTHING,
          ...visitGone(edits, found.is === 'gone' ? 'record-gone' : 'record-merged'),
          settled: promises.map(({ promiseId }) => ({ promiseId, outcome: 'missing', watchedFrom: null })),
        };
  const plan = holding.joined(recordId, alone);
  const observed = Object.entries(plan.observed).map(([field, held]) => ({ field, held }));
  const life = observeLife(row, lifeOf(row, found), begunAt, now);
  if (life !== null) observed.push({ field: LIFE, held: life });
  // A record that was never here and is not there either leaves no trace.
  const ghost = row === null && (found.is !== 'here' || isNoneOfOurs(object, found.reading));
  const move = {
    object,
    recordId,
    row,
    observed: ghost ? [] : observed,
    notes: plan.notes,
    links:
      ghost || seen.links === null ? null : { before: loaded.links.get(recordId) ?? [], after: seen.links },
    readAt: ghost ? null : begunAt,
  };
  return { seen, plan, move };
}

function openEdit(object: AppObject, row: store.OpenEditRow): OpenEdit {
  return {
    editId: row.editId,
    person: row.person,
    field: row.field,
    state: row.state,
    journaled: row.journaled,
    seen: row.seen,
    wanted: row.wanted,
    at: row.askedAt,
    actor: { person: row.person, audience: row.audience },
    guards: row.guards.map((guard) => ({ ...guard, kind: kindOf(object, guard.field), crm: null })),
    ...(row.ruling === null ? {} : { ruling: row.ruling }),
  };
}

/** A promise nobody answered may have gone out as late as the moment this worker took over. */
export function openPromise(ctx: Pick<Context, 'lease'>, row: store.OpenPromiseRow): OpenPromise {
  const sentAt =
    row.epoch === ctx.lease.epoch ? row.promisedAt : Math.max(row.promisedAt, ctx.lease.acquiredAt);
  return { ...row, sentAt };
}

/** One round trip: statements of one connection run in the order in which they are sent. */
async function storeVisits(
  ctx: Context,
  trx: Db,
  object: AppObject,
  visits: readonly Visited[],
  now: number,
): Promise<Write[]> {
  const { hubId } = ctx;
  const each = <T>(pick: (visited: Visited) => readonly T[]): T[] =>
    visits.flatMap((visited) => [...pick(visited)]);
  const asked = each(({ plan }) => plan.notes).flatMap(({ kind, editId, field }) =>
    kind === 'asked' && editId !== null ? [{ editId, field }] : [],
  );
  const conflicts = each(({ plan, seen }) =>
    plan.conflicts.map(({ kind, field, edit, crm }) => {
      const { editId, person, seen: saw, wanted } = edit;
      return { kind, object, recordId: seen.recordId, field, editId, person, seen: saw, wanted, crm };
    }),
  );
  const rows = each(({ plan, seen }) =>
    plan.promises.map((promise) => ({ object, recordId: seen.recordId, ...promise })),
  );
  const settled = each(({ plan }) => plan.settled);
  const moves = each(({ plan }) => plan.moves);
  const [ids] = await Promise.all([
    // A field has one open promise at most: the old one ends before the new one begins.
    store
      .settlePromises(trx, hubId, settled, now)
      .then(() => store.addPromises(trx, hubId, ctx.lease.epoch, rows, now)),
    store.lookedThrough(
      trx,
      hubId,
      each(({ plan }) => plan.looked),
    ),
    store.markJournaled(trx, hubId, asked),
    store.moveEdits(trx, hubId, moves, now),
    settleConflicts(
      trx,
      hubId,
      each(({ plan }) => plan.rulings),
      now,
    ),
    openConflicts(trx, hubId, conflicts, now),
  ]);
  await signDecisions(ctx, trx, object, moves, now);
  const promised = rows.map((row, index) => ({ ...row, promiseId: ids[index] ?? '' }));
  return visits.flatMap(({ seen }) => {
    const promises = promised.filter((promise) => promise.recordId === seen.recordId);
    return promises.length === 0 ? [] : [{ recordId: seen.recordId, work: seen.work, promises }];
  });
}

/** A record with a write before it stays due, so that a crash between promise and answer is found. */
export function endingOf(ctx: Pick<Context, 'patience'>, { seen, move, plan }: Visited, now: number): Ending {
  const { object, recordId } = move;
  const settle = { lane: 'settle' as const, notBefore: now + ctx.patience.ambiguousMs };
  return { object, recordId, work: seen.work, again: plan.promises.length > 0 ? settle : plan.again };
}
