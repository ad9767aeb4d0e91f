/**
 * The breaker between what a visit decided and what is promised: what is too much is held back, and waits as in a pause.
 * Rules K3 to K6 of SPEC.md. `judge` and `heard` decide; `holdBack` reads and stores around them, inside the visit's
 * own transaction.
 */
import type { EditId, RecordId } from '@tallystick/shared/ids';
import { breaker as spec, type AppObject } from '@tallystick/shared/ownership';
import type { Db } from '../store/database.ts';
import {
  HELD_BACK,
  joinSets,
  openSet,
  standingSets,
  type Member,
  type NewSet,
  type StandingSets,
} from '../store/heldSets.ts';
import type { Draft } from '../store/journal.ts';
import type { Warning } from '../store/warnings.ts';
import { count, emptyWindow, togetherOf, type Change, type Window } from './breaker.ts';
import { kindOf, type Context } from './context.ts';
import { LIFE } from './life.ts';
import type { EditMove, NewPromise, Visit } from './situation.ts';
import type { Note } from './notes.ts';

const MINUTE_MS = 60_000;
export const WINDOW_MS = spec.windowMinutes * MINUTE_MS;

/** What the breaker remembers while the lease lasts. */
export interface Breaker {
  out: Window;
  in: Window;
  /** How many records there are, by object. */
  records: Partial<Record<AppObject, number>>;
  /** What was told of the CRM and still goes on, with when it last did. */
  told: Map<string, number>;
}

export const emptyBreaker = (): Breaker => ({
  out: emptyWindow(),
  in: emptyWindow(),
  records: {},
  told: new Map(),
});

/** A promise that a visit is about to make. */
export interface Intent {
  recordId: RecordId;
  promise: NewPromise;
  /** K5: staff decided it, or it makes good what we overwrote. */
  isExempt: boolean;
}

export interface Judged {
  /** The intents that wait, each with the key of the set it is of. */
  held: { intent: Intent; key: string }[];
  /** Patterns that trip now. */
  opened: NewSet[];
}

/** K3: counts what is to go out, and says what of it waits. Changes the window in place. */
export function judge(
  { out, records }: Pick<Breaker, 'out' | 'records'>,
  object: AppObject,
  intents: readonly Intent[],
  { open, released }: Pick<StandingSets, 'open' | 'released'>,
  now: number,
): Judged {
  const ours = intents.filter(
    ({ promise, isExempt }) => !isExempt && !promise.editIds.every((editId) => released.has(editId)),
  );
  const here = new Set(ours.flatMap(({ promise }) => promise.editIds));
  const opened = new Map<string, NewSet>();
  for (const intent of ours)
    for (const trip of count(out, changeOf(object, intent), { spec, direction: 'out', records }, now)) {
      if (open.has(trip.key) || opened.has(trip.key)) continue;
      const { key, pattern, object: of, field, who } = trip;
      // What is decided in this very visit has not gone out: it joins.
      const editIds = [...trip.records.values()].flatMap(({ editId }) =>
        editId === null || here.has(editId) ? [] : editId,
      );
      opened.set(key, { key, pattern, object: of, field, who, of: trip.of, editIds });
    }
  const held = new Map<Intent, string>();
  for (const intent of ours) {
    const key = togetherOf(changeOf(object, intent), 'out').find(
      (one) => open.has(one.key) || opened.has(one.key),
    )?.key;
    if (key !== undefined) held.set(intent, key);
  }
  // An edit waits as a whole, or half of what a person asked for would be written.
  for (const [intent, key] of held)
    for (const other of ours)
      if (!held.has(other) && other.promise.editIds.some((id) => intent.promise.editIds.includes(id)))
        held.set(other, key);
  return {
    held: [...held].map(([intent, key]) => ({ intent, key })),
    opened: [...opened.values()].filter(({ key }) => [...held.values()].includes(key)),
  };
}

function changeOf(object: AppObject, { recordId, promise }: Intent): Change {
  const { field, base, value, person, editIds } = promise;
  const by = { via: 'CUSTOMER', id: null, person };
  const editId = editIds.at(-1) ?? null;
  return {
    object,
    recordId,
    field,
    kind: kindOf(object, field),
    before: base.value,
    after: value,
    by,
    editId,
  };
}

/** K6: counts what came in, and says what people should hear of. Changes the window in place. */
export function heard(breaker: Breaker, drafts: readonly Draft[], appId: string, now: number): Warning[] {
  const warnings = new Map<string, Warning>();
  for (const draft of drafts) {
    keepCount(breaker.records, draft);
    const change = inwards(draft, appId, now);
    if (change === null) continue;
    for (const trip of count(breaker.in, change, { spec, direction: 'in', records: breaker.records }, now)) {
      const { pattern, object, field, who, of } = trip;
      const subject = [pattern, object, field, who].filter((part) => part !== null).join(' ');
      const before = warnings.get(subject)?.count ?? 0;
      const isNew = before === 0 && !breaker.told.has(subject);
      breaker.told.set(subject, now);
      const detail = {
        pattern,
        object,
        field,
        of,
        via: draft.actor?.via ?? null,
        id: draft.actor?.id ?? null,
      };
      warnings.set(subject, {
        code: 'mass-change',
        subject,
        count: before + (isNew ? trip.count : 1),
        detail,
      });
    }
  }
  return [...warnings.values()];
}

function keepCount(records: Breaker['records'], { kind, object, before, after }: Draft): void {
  if (object === null) return;
  const comes = kind === 'found' || (kind === 'life' && after === 'present');
  const goes = kind === 'life' && (before ?? 'present') === 'present' && after !== 'present';
  if (comes || goes) records[object] = Math.max(0, (records[object] ?? 0) + (comes ? 1 : -1));
}

/** Null for what nobody but us did, and for what says that a record came back. */
function inwards(
  { kind, object, recordId, field, actor, crmAt, before, after }: Draft,
  appId: string,
  now: number,
): Change | null {
  if (object === null || recordId === null || actor === null) return null;
  if (actor.via === 'INTEGRATION' && actor.id === appId) return null;
  if (kind === 'life')
    return after === 'present'
      ? null
      : { object, recordId, field: null, kind: kindOf(object, LIFE), before, after, by: actor, editId: null };
  if (kind !== 'changed' || field === null) return null;
  // Days of changes that a backfill brings at once are no burst of now.
  const isOld = crmAt !== null && crmAt < now - WINDOW_MS;
  const by = isOld ? { ...actor, via: 'UNKNOWN' } : actor;
  return { object, recordId, field, kind: kindOf(object, field), before, after, by, editId: null };
}

/** The patterns of the CRM that have been quiet for a whole window: they are no longer told of. */
export function quiet({ told }: Breaker, now: number): string[] {
  const over = [...told].filter(([, at]) => at <= now - WINDOW_MS).map(([subject]) => subject);
  for (const subject of over) told.delete(subject);
  return over;
}

/** What waits of the visits of a batch. */
export interface Holding {
  isHeld: (recordId: RecordId, field: string) => boolean;
  holds: (recordId: RecordId) => boolean;
  /** What the edits that joined become, and what the journal is told. */
  joined: (recordId: RecordId, plan: Visit) => Visit;
  warnings: Warning[];
}

export const NOTHING_HELD: Holding = {
  isHeld: () => false,
  holds: () => false,
  joined: (_, plan) => plan,
  warnings: [],
};

/** Asks the breaker of everything these visits are about to promise, and stores what it holds back. */
export async function holdBack(
  ctx: Context,
  trx: Db,
  object: AppObject,
  intents: readonly Intent[],
  now: number,
): Promise<Holding> {
  const asking = intents.filter(({ isExempt }) => !isExempt);
  if (asking.length === 0) return NOTHING_HELD;
  const ids = [...new Set(asking.map(({ recordId }) => recordId))];
  const standing = await standingSets(trx, ctx.hubId, object, ids);
  const { held, opened } = judge(ctx.breaker, object, asking, standing, now);
  if (held.length === 0) return NOTHING_HELD;
  const sets = new Map(standing.open);
  for (const trip of opened) sets.set(trip.key, await openSet(trx, ctx.hubId, trip, now));
  const members = held.map(({ intent: { recordId, promise }, key }): Member => {
    const { field, editIds } = promise;
    return { setId: sets.get(key) ?? '', object, recordId, field, editIds };
  });
  const joining = members.filter((one) => !standing.members.some((old) => isSame(old, one)));
  await joinSets(trx, ctx.hubId, joining, now);
  return holdingOf(
    held.map(({ intent }) => intent),
    joining,
  );
}

const isSame = (a: Member, b: Member): boolean =>
  a.setId === b.setId &&
  a.recordId === b.recordId &&
  a.field === b.field &&
  a.editIds.join() === b.editIds.join();

function holdingOf(held: readonly Intent[], joining: readonly Member[]): Holding {
  const fields = new Set(held.map(({ recordId, promise }) => `${recordId}:${promise.field}`));
  const records = new Set(held.map(({ recordId }) => recordId));
  const counts = new Map<string, number>();
  for (const { setId, editIds } of joining) counts.set(setId, (counts.get(setId) ?? 0) + editIds.length);
  return {
    isHeld: (recordId, field) => fields.has(`${recordId}:${field}`),
    holds: (recordId) => records.has(recordId),
    joined: (recordId, plan) =>
      withJoined(
        plan,
        held,
        joining.filter((one) => one.recordId === recordId),
      ),
    warnings: [...counts].map(([setId, n]) => ({ code: 'held-set', subject: setId, count: n, detail: null })),
  };
}

function withJoined(plan: Visit, held: readonly Intent[], joining: readonly Member[]): Visit {
  const each = joining.flatMap(({ recordId, field, editIds }) => {
    const promise = held.find((one) => one.recordId === recordId && one.promise.field === field)?.promise;
    return promise === undefined ? [] : editIds.map((editId) => ({ editId, field, promise }));
  });
  const isHere = (one: { editId: EditId | null; field: string }): boolean =>
    each.some(({ editId, field }) => editId === one.editId && field === one.field);
  const moves = each.map(({ editId, field }): EditMove => ({
    editId,
    field,
    state: 'accepted',
    rule: 'K3',
    reason: null,
    crm: null,
  }));
  const notes = each.map(({ editId, field, promise: { base, value } }): Note => {
    const crm = { actor: base.by, crmAt: base.at, before: base.value };
    return { kind: 'decided', field, editId, rule: 'K3', ...crm, after: value, outcome: HELD_BACK };
  });
  return {
    ...plan,
    moves: [...plan.moves.filter((one) => !isHere(one)), ...moves],
    notes: [...plan.notes, ...notes],
  };
}
