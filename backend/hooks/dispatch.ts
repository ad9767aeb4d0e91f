/**
 * Tells endpoints of changes, each in the order of the journal and none lost.
 *
 *   1. fix the end of the next batch in the database      2. send its events, writing down each that was taken
 *   3. move the cursor to its end
 *
 * A crash anywhere repeats a request with the same webhook-id and the same meaning. It runs beside the hub's worker,
 * while that holds the lease, in a loop an endpoint: none of them waits for another, and the worker for none.
 */
import type { HubId } from '@tallystick/shared/ids';
import type { Logger } from 'pino';
import { Bell, isAborted, pause } from '../bell.ts';
import type { Signals } from '../signals.ts';
import { signWebhook } from '../standardWebhook.ts';
import type { Db } from '../store/database.ts';
import { addHook, hookById, keepOnlyHooks, saveHook, type HookRow } from '../store/hooks.ts';
import { loadBatch } from './batch.ts';
import type { HookEvent } from './events.ts';
import type { Hook } from './hook.ts';
import { openPoster, type Answered, type Poster } from './post.ts';

/** Another process may have written without a word to this one. */
const LOOK_MS = 2_000;
const TROUBLE_PAUSE_MS = 5_000;
const RETRY_FIRST_MS = 1_000;
/** An endpoint that is away for days is asked this often at least. */
const RETRY_MAX_MS = 6 * 3_600_000;
const DOUBLINGS_MAX = 20;
/** Waits are spread by up to this share, so that many do not come back at one moment. */
const JITTER = 0.25;
const GONE = 410;

export interface HookDeps {
  db: Db;
  hubId: HubId;
  hooks: readonly Hook[];
  signals: Signals;
  clock: { now(): number; after(delayMs: number, work: () => void): () => void };
  /** From 0 up to 1. */
  random: () => number;
  log: Logger;
  /** Named steps. Does nothing in production; tests end the term there. */
  at?: (step: string) => void;
  timeoutMs?: number;
}

interface Term {
  epoch: number;
  signal: AbortSignal;
}

/** Runs until the term ends. */
export async function dispatchHooks(deps: HookDeps, term: Term): Promise<void> {
  const { db, hubId, hooks, clock } = deps;
  await keepOnlyHooks(
    db,
    hubId,
    hooks.map(({ hookId }) => hookId),
  );
  for (const { hookId, url, audience } of hooks)
    await addHook(db, hubId, { hookId, url: url.href, audience }, clock.now());
  await Promise.all(hooks.map((hook) => follow(deps, hook, term)));
}

async function follow(deps: HookDeps, hook: Hook, term: Term): Promise<void> {
  const { clock, hubId, signals, log } = deps;
  const bell = new Bell(clock, term.signal);
  const off = signals.onChange((change) => {
    if (change.hubId === hubId) bell.ring();
  });
  const poster = openPoster(hook, deps.timeoutMs);
  const telling: Telling = { deps, hook, term, poster };
  try {
    while (!term.signal.aborted) {
      const { rings } = bell;
      const next = await tell(telling).catch((error: unknown): Next => {
        if (!isAborted(term.signal))
          log.error({ err: error, hook: hook.hookId }, 'Telling an endpoint failed.');
        return { waitMs: TROUBLE_PAUSE_MS };
      });
      if (next === 'more') continue;
      if (next === 'news') await bell.after(rings, LOOK_MS);
      else await pause(clock, next.waitMs, term.signal);
    }
  } finally {
    off();
    poster.close();
  }
}

interface Telling {
  deps: HookDeps;
  hook: Hook;
  term: Term;
  poster: Poster;
}
/** What comes next: the next batch at once, the next change, or a time to wait. */
type Next = 'more' | 'news' | { waitMs: number };
/** Since the endpoint last took something. */
type Failing = Pick<HookRow, 'attempts' | 'failingSince'>;

async function tell(telling: Telling): Promise<Next> {
  const { deps, hook, term } = telling;
  const { db, hubId, clock } = deps;
  const row = await hookById(db, hubId, hook.hookId);
  if (row === null || row.disabledAt !== null) return { waitMs: TROUBLE_PAUSE_MS };
  if (row.notBefore > clock.now()) return { waitMs: Math.min(row.notBefore - clock.now(), RETRY_MAX_MS) };
  const batch = await loadBatch(db, hubId, hook.audience, { after: row.cursorSeq, upTo: row.batchSeq });
  if (batch === null) return 'news';
  const save = (patch: Parameters<typeof saveHook>[4]): Promise<boolean> =>
    saveHook(db, hubId, hook.hookId, term.epoch, patch);
  // 1. Written down before the first request: more of the journal must not change what a repeated request says.
  if (row.batchSeq === null && batch.events.length > 0 && !(await save({ batch_seq: batch.upTo })))
    return { waitMs: TROUBLE_PAUSE_MS };
  // 2.
  let failing: Failing = row;
  for (const event of batch.events) {
    if (event.seq <= row.sentSeq) continue;
    if (isAborted(term.signal)) return { waitMs: 0 };
    deps.at?.('hook.sending');
    const answer = await post(telling, event);
    deps.at?.('hook.answered');
    if (isAborted(term.signal)) return { waitMs: 0 };
    if (answer.is === 'failed' || answer.status < 200 || answer.status > 299)
      return fail(telling, failing, answer, save);
    const well = { failing_since: null, attempts: 0, last_error: null, last_status: answer.status };
    if (!(await save({ ...well, sent_seq: event.seq, delivered_at: new Date(clock.now()) })))
      return { waitMs: TROUBLE_PAUSE_MS };
    failing = { attempts: 0, failingSince: null };
  }
  // 3.
  const isMoved = await save({ cursor_seq: batch.upTo, batch_seq: null, sent_seq: null });
  return isMoved ? 'more' : { waitMs: TROUBLE_PAUSE_MS };
}

/** Standard Webhooks: the id stays with the message, the time stamp is the attempt's. */
async function post({ deps, hook, term, poster }: Telling, event: HookEvent): Promise<Answered> {
  const { type, timestamp, data } = event;
  const body = Buffer.from(JSON.stringify({ type, timestamp, data }));
  const id = `${deps.hubId}_${hook.hookId}_${event.seq}`;
  const signed = hook.keys.map((key) => signWebhook(key, id, deps.clock.now(), body));
  const signature = signed.map((headers) => headers['webhook-signature']).join(' ');
  const [first] = signed;
  if (first === undefined) throw new Error('An endpoint has no secret.');
  return poster.post({ ...first, 'webhook-signature': signature }, body, term.signal);
}

async function fail(
  { deps, hook }: Telling,
  failing: Failing,
  answer: Answered,
  save: (patch: Parameters<typeof saveHook>[4]) => Promise<boolean>,
): Promise<Next> {
  const now = deps.clock.now();
  const status = answer.is === 'answered' ? answer.status : null;
  const reason = answer.is === 'answered' ? `It answered ${answer.status}.` : answer.reason;
  const waitMs = waitAfter(failing.attempts, answer, deps.random());
  deps.log.warn({ hook: hook.hookId, host: hook.url.host, status, waitMs }, reason);
  await save({
    failing_since: new Date(failing.failingSince ?? now),
    attempts: failing.attempts + 1,
    not_before: new Date(now + waitMs),
    last_status: status,
    last_error: reason,
    ...(status === GONE ? { disabled_at: new Date(now) } : {}),
  });
  return { waitMs };
}

/** Twice as long each time; what the endpoint asks for where that is longer. */
export function waitAfter(attempts: number, answer: Answered, random: number): number {
  const doubled = Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** Math.min(attempts, DOUBLINGS_MAX));
  const asked = answer.is === 'answered' ? (answer.retryAfterMs ?? 0) : 0;
  return Math.round(Math.min(RETRY_MAX_MS, Math.max(doubled, asked)) * (1 - JITTER * random));
}
