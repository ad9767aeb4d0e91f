/** The loops of a worker's term: each waits for its bell, or looks for itself now and then. */
import { workOnJobs } from '../intake/jobs.ts';
import { pause, type Bell } from '../bell.ts';
import { READ_MAX_RECORDS } from '../hubspot/crm.ts';
import type { Arrived } from '../signals.ts';
import type { Lane } from '../store/lanes.ts';
import { keyOf } from '../store/mirror.ts';
import { whatWaits } from '../store/waiting.ts';
import { nextWork, nextWorkAt, type Work } from '../store/work.ts';
import { applyBatch, type Translate } from './apply.ts';
import type { Ticket } from './budget.ts';
import type { Context } from './context.ts';
import { LOOK_MS, type Inbox, type Look } from './inbox.ts';
import { OBSERVE_DELAY_MS } from './listen.ts';
import { round } from './round.ts';

const MAX_ROUNDS_IN_FLIGHT = 20;
export const PEOPLE_LANES: readonly Lane[] = ['edit', 'read', 'settle'];
export const MACHINE_LANES: readonly Lane[] = ['observe', 'reconcile', 'backfill'];

/** After a full batch that took so long: resolves when others had their turn. */
export type Rest = (tookMs: number, term: AbortSignal) => Promise<void>;
/** What a full round takes, before one was seen. */
const FULL_ROUND_MS = 50;

export interface Bells {
  arrived: Bell;
  people: Bell;
  machines: Bell;
  asked: Bell;
  jobs: Bell;
}

/** What the loops of a term share. */
export interface Term {
  signal: AbortSignal;
  bells: Bells;
  look: Look;
  lookMs: number;
  rest: Rest;
  /** Records that a round works on. */
  busy: Set<string>;
}

export const ringDue = ({ people, machines }: Bells): void => {
  people.ring();
  machines.ring();
};

/** Rings for what nobody told of. */
export async function lookout(
  ctx: Context,
  inbox: Inbox,
  { signal, bells, look }: Term,
  everyMs: number,
): Promise<void> {
  for (;;) {
    await pause(ctx.clock, everyMs, signal);
    if (signal.aborted) return;
    const waiting = await look((db) => whatWaits(db, ctx.hubId, ctx.clock.now()));
    if (waiting.deliveries) {
      inbox.lookSoon();
      bells.arrived.ring();
    }
    if (waiting.due) ringDue(bells);
    if (waiting.asked) bells.asked.ring();
    if (waiting.jobs) bells.jobs.ring();
  }
}

export async function eventLoop(
  ctx: Context,
  translate: Translate,
  inbox: Inbox,
  { signal, bells: { arrived: bell, machines }, lookMs, rest }: Term,
): Promise<void> {
  let willRing = false;
  /** What was applied is due to be read then. Of batches meanwhile the loop that is rung finds the times by itself. */
  const ringThen = (): void => {
    if (willRing) return;
    willRing = true;
    ctx.clock.after(OBSERVE_DELAY_MS, () => {
      willRing = false;
      machines.ring();
    });
  };
  let ahead: Arrived | null = null;
  while (!signal.aborted) {
    const { rings } = bell;
    const batch: Arrived | null = ahead ?? (await inbox.next([]));
    ahead = null;
    const begunAt = ctx.clock.now();
    if (batch === null) await bell.after(rings, lookMs);
    else if (!inbox.isBehind) await applyBatch(ctx, translate, batch);
    else {
      [ahead] = await Promise.all([inbox.next(batch.ids), applyBatch(ctx, translate, batch)]);
      await rest(ctx.clock.now() - begunAt, signal);
    }
    if (batch !== null && lookMs > LOOK_MS) ringThen();
  }
}

/**
 * Where places in the budget are scarce, one is waited for before work is claimed: the scarcer the places, the larger
 * the batches. People's lanes have a loop of their own, so that they never wait behind a machine's place, nor while
 * full batches rest.
 */
export async function workLoop(ctx: Context, term: Term, lanes: readonly Lane[], bell: Bell): Promise<void> {
  const { signal, bells, look, lookMs, busy } = term;
  const inFlight = new Set<Promise<void>>();
  const failures: unknown[] = [];
  let tookMs = FULL_ROUND_MS;
  while (!signal.aborted && failures.length === 0) {
    const rings = bell.rings;
    let works = await claim(ctx, look, busy, lanes);
    const lane = works[0]?.lane;
    if (lane === undefined || inFlight.size >= MAX_ROUNDS_IN_FLIGHT) {
      const at = await look((db) => nextWorkAt(db, ctx.hubId, ctx.clock.now(), lanes));
      await bell.after(rings, Math.max(1, Math.min(lookMs, (at ?? Infinity) - ctx.clock.now())));
      continue;
    }
    const mustWait = !ctx.budget.isFree(lane);
    const ticket = await ctx.budget.acquire(lane);
    if (mustWait) works = await claim(ctx, look, busy, lanes);
    const isFull = works.length === READ_MAX_RECORDS;
    const begunAt = ctx.clock.now();
    const running = runRound(ctx, busy, works, ticket)
      .then(() => void (tookMs = isFull ? ctx.clock.now() - begunAt : tookMs))
      .catch((error: unknown) => void failures.push(error))
      .finally(() => {
        inFlight.delete(running);
        ringDue(bells);
      });
    inFlight.add(running);
    if (isFull) await term.rest(tookMs, signal);
  }
  await Promise.all(inFlight);
  if (failures.length > 0) throw failures[0];
}

async function runRound(
  ctx: Context,
  busy: Set<string>,
  works: readonly Work[],
  ticket: Ticket,
): Promise<void> {
  const keys = works.map((work) => keyOf(work));
  for (const key of keys) busy.add(key);
  try {
    const object = works[0]?.object;
    if (object !== undefined) await round(ctx, object, works, ticket);
  } finally {
    ticket.unused(); // has no effect once the ticket was used
    for (const key of keys) busy.delete(key);
  }
}

/** Up to one batch of one object type, none of it being worked on already. */
async function claim(
  ctx: Context,
  look: Look,
  busy: ReadonlySet<string>,
  lanes: readonly Lane[],
): Promise<Work[]> {
  const works = await look((db) =>
    nextWork(db, ctx.hubId, ctx.clock.now(), lanes, [...busy], READ_MAX_RECORDS),
  );
  return works.filter((work) => !busy.has(keyOf(work))); // the other loop may have been faster
}

export async function jobLoop(ctx: Context, bell: Bell, term: AbortSignal, lookMs: number): Promise<void> {
  while (!term.aborted) {
    const { rings } = bell;
    if (!(await workOnJobs(ctx))) await bell.after(rings, lookMs);
  }
}

/** What people ask for besides edits: looked for at every ring, so that a click is answered at once. */
export async function askedLoop(
  bell: Bell,
  term: AbortSignal,
  lookMs: number,
  work: () => Promise<number>,
): Promise<void> {
  while (!term.aborted) {
    const { rings } = bell;
    const done = await work();
    if (done === 0) await bell.after(rings, lookMs);
  }
}
