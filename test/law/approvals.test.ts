/**
 * Approving what was shown, against a rep who changes the quote at any moment: random schedules over the real
 * `visit`, with reads that answer late, writes that time out and are applied late or never, and crashes.
 */
import { editId, recordId } from '@tallystick/shared/ids';
import { ruleOf } from '@tallystick/shared/defineOwnership';
import type { Rule } from '@tallystick/shared/decide';
import { objects, ownership } from '@tallystick/shared/ownership';
import type { Entry } from '@tallystick/shared/settle';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bindingOf } from '../../backend/store/binding.ts';
import { visit } from '../../backend/sync/plan.ts';
import type { OpenEdit, OpenPromise, Situation } from '../../backend/sync/situation.ts';

const APP = '4711';
const ADA = recordId('21');
const { guards: GUARDS } = ownership.actions.approveQuote!;
const RULES = Object.fromEntries(
  [...GUARDS, 'decision', 'decisionOf'].map((name): [string, Rule] => [
    name,
    ruleOf(objects.quote.fields[name]!),
  ]),
);
const PATIENCE = { answeredMs: 100, ambiguousMs: 50 };
const by = {
  rep: { via: 'CRM_UI', id: 'userId:7', person: null },
  app: { via: 'INTEGRATION', id: APP, person: null },
};

type Step =
  | 'rep-decides'
  | 'rep-amount'
  | 'rep-lines'
  | 'rep-back'
  | 'approve'
  | 'read'
  | 'answer'
  | 'write'
  | 'lost'
  | 'late'
  | 'crash';
const STEPS: Step[] = [
  'rep-decides',
  'rep-amount',
  'rep-lines',
  'rep-back',
  'approve',
  'read',
  'answer',
  'write',
  'lost',
  'late',
  'crash',
];

/** Most of the time the worker works. */
const OFTEN: Step[] = ['read', 'answer', 'read', 'answer', 'read', 'answer', 'write', 'lost'];

interface World {
  now: number;
  /** Of the CRM: newest last. */
  history: Record<string, Entry[]>;
  edits: OpenEdit[];
  promises: OpenPromise[];
  /** A read under way: what it found, and when it was asked for. */
  reading: { begunAt: number; history: Record<string, Entry[]> } | null;
  /** A write under way. */
  writing: OpenPromise[];
  /** Writes nobody answered, still on their way. */
  floating: OpenPromise[];
  approvals: number;
  ids: number;
}

const value = (world: World, field: string): string | null => world.history[field]?.at(-1)?.value ?? null;
const content = (world: World) => GUARDS.map((field) => ({ field, value: value(world, field) }));

function set(world: World, field: string, to: string | null, who: Entry['by']): void {
  world.history[field] = [...(world.history[field] ?? []), { value: to, at: world.now, by: who }];
}

function begin(): World {
  const first = (text: string): Entry[] => [{ value: text, at: 1, by: by.rep }];
  return {
    now: 1_000,
    history: {
      ...Object.fromEntries(GUARDS.map((field) => [field, first('100')])),
      ...{ decision: first('open'), decisionOf: [] },
    },
    ...{ edits: [], promises: [], reading: null, writing: [], floating: [], approvals: 0, ids: 0 },
  };
}

function approve(world: World): void {
  if (world.approvals >= 2) return;
  world.approvals += 1;
  const id = editId(`00000000-0000-4000-8000-${String((world.ids += 1)).padStart(12, '0')}`);
  const shown = content(world);
  const guards = shown.map(({ field, value: seen }) => ({
    field,
    seen,
    kind: RULES[field]!.kind,
    crm: null,
  }));
  const base = { editId: id, person: ADA, state: 'accepted' as const, journaled: true, at: world.now };
  const actor = { person: ADA, audience: 'direct' };
  const wanted = { decision: 'approved', decisionOf: bindingOf('quote', shown) };
  for (const [field, to] of Object.entries(wanted))
    world.edits.push({ ...base, field, seen: value(world, field), wanted: to, actor, guards });
}

function situationOf(world: World, read: NonNullable<World['reading']>): Situation {
  return {
    ...{ object: 'quote', now: world.now, patience: PATIENCE, appId: APP, mirror: {} },
    read: {
      begunAt: read.begunAt,
      history: Object.fromEntries(
        Object.entries(read.history).map(([field, list]) => [field, [...list].reverse()]),
      ),
    },
    edits: world.edits.filter(({ state }) => state === 'accepted' || state === 'written'),
    promises: world.promises,
    givenUp: [],
    ownWrites: [{ field: 'decision', value: 'approved', person: ADA }],
    rules: RULES,
    properties: () => ({ exists: true, readOnly: false, options: null }),
  };
}

function answer(world: World): void {
  if (world.reading === null || world.writing.length > 0) return;
  const plan = visit(situationOf(world, world.reading));
  world.reading = null;
  for (const move of plan.moves)
    for (const edit of world.edits)
      if (edit.editId === move.editId && edit.field === move.field) edit.state = move.state;
  world.promises = world.promises.filter(
    (one) => !plan.settled.some(({ promiseId }) => promiseId === one.promiseId),
  );
  const added = plan.promises.map((promise) => ({
    ...promise,
    promiseId: String((world.ids += 1)),
    ...{ sentAt: world.now, answeredAt: null },
  }));
  world.promises.push(...added);
  expect(new Set(world.promises.map(({ field }) => field)).size, 'one open promise a field').toBe(
    world.promises.length,
  );
  world.writing = added;
}

/** The invariant of every moment: what we write as approved says what was seen, and nobody writes it without. */
function apply(world: World, promises: readonly OpenPromise[]): void {
  for (const { field, value: to } of promises) set(world, field, to, by.app);
}

function answered(world: World, promises: readonly OpenPromise[]): void {
  for (const promise of world.promises)
    if (promises.some(({ promiseId }) => promiseId === promise.promiseId)) promise.answeredAt = world.now;
  const written = promises.flatMap(({ editIds, field, restores }) =>
    restores ? [] : editIds.map((id) => `${id} ${field}`),
  );
  for (const edit of world.edits)
    if (written.includes(`${edit.editId} ${edit.field}`) && edit.state === 'accepted') edit.state = 'written';
}

function step(world: World, what: Step): void {
  world.now += 7;
  switch (what) {
    case 'rep-amount':
      return set(world, 'amount', String(100 + world.now), by.rep);
    case 'rep-lines':
      return set(world, 'lines', JSON.stringify([world.now]), by.rep);
    case 'rep-back':
      return set(world, 'amount', '100', by.rep);
    case 'rep-decides':
      return set(world, 'decision', 'approved', by.rep);
    case 'approve':
      return approve(world);
    case 'read':
      world.reading ??= { begunAt: world.now, history: structuredClone(world.history) };
      return;
    case 'answer':
      return answer(world);
    case 'write':
      apply(world, world.writing);
      answered(world, world.writing);
      world.writing = [];
      return;
    case 'lost':
      world.floating.push(...world.writing);
      world.writing = [];
      return;
    case 'late':
      // A call ends somehow within the client's patience: later than that it is never applied.
      apply(
        world,
        world.floating.filter(({ sentAt }) => world.now < sentAt + PATIENCE.ambiguousMs),
      );
      world.floating = [];
      return;
    case 'crash':
      world.writing = [];
      world.reading = null;
      return;
    default:
      return what satisfies never;
  }
}

/** Everybody rests, and the worker looks until nothing moves. */
function rest(world: World): void {
  for (const what of ['late', 'write'] as const) step(world, what);
  for (let round = 0; round < 30; round += 1) {
    world.now += 200;
    for (const what of ['read', 'answer', 'write'] as const) step(world, what);
  }
}

describe('an approval racing a rep who changes the quote', () => {
  it('A1, A2, A3: in the end no approval stands over content it does not name, and every write names what was seen', () => {
    let voids = 0;
    let stands = 0;
    let moved = 0;
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...STEPS, ...OFTEN), { minLength: 4, maxLength: 40 }), (steps) => {
        const world = begin();
        for (const what of steps) step(world, what);
        rest(world);
        const seen = new Set(
          world.edits.filter(({ field }) => field === 'decisionOf').map(({ wanted }) => wanted),
        );
        for (const { value: named, by: who } of world.history.decisionOf ?? [])
          if (who.id === APP && named !== null) expect(seen).toContain(named);
        const stood = value(world, 'decision');
        const decisions = world.history.decision ?? [];
        const lastOfRep = decisions.findLastIndex((entry, at) => at > 0 && entry.by.id !== APP);
        const approvedSince = decisions.slice(lastOfRep + 1).some(({ value: to }) => to === 'approved');
        if (lastOfRep > 0 && !approvedSince)
          expect(stood, 'a colleague’s own decision is left alone').toBe('approved');
        else if (stood === 'approved') {
          // Without a name it is a colleague's own decision that was given back.
          const named = value(world, 'decisionOf');
          if (named === null) expect(lastOfRep).toBeGreaterThan(0);
          else expect(named).toBe(bindingOf('quote', content(world)));
          stands += 1;
        }
        if (stood === 'void') voids += 1;
        for (const { state } of world.edits) {
          expect(['verified', 'refused', 'superseded', 'held']).toContain(state);
          if (state === 'superseded') moved += 1;
        }
      }),
      { numRuns: 5_000 },
    );
    // The schedules have met each end.
    expect(Math.min(stands, voids, moved)).toBeGreaterThan(100);
  });
});
