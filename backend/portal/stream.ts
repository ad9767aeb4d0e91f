/**
 * The live stream: what the person may see, the moment the mirror has it. Server-sent events; the id is the hub's
 * journal number, so a stream resumes where it broke off. Topics follow from the session, the client names none.
 */
import type { HubId } from '@tallystick/shared/ids';
import type { RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import type { HubChange } from '../signals.ts';
import { keyOf } from '../store/mirror.ts';
import { placingSince, type PlacingEntry } from '../store/placing.ts';
import { headOf, movedSince } from '../store/records.ts';
import { limitsOf, type PortalDeps } from './access.ts';
import { knownOf } from './known.ts';
import { changeOf, loadNews, tell, type Listener } from './news.ts';
import { Refused } from './problem.ts';
import { isOwn, openSession, type Credentials } from './session.ts';
import { movedSessions, stillOpen } from './credentials.ts';
import type { SignIn } from './signIn/gate.ts';

/** What another process changed, and nobody told us of, is found within this time: the journal is looked at this often. */
const LOOK_MS = 1_000;
const RESUME_MAX_ENTRIES = 1_000;
/** More at once are not told one by one: reading everything again is cheaper for both sides. */
const NEWS_MAX_RECORDS = 1_000;

interface Stream extends Listener {
  credentials: Credentials;
  /** Once it has been told what it missed. */
  live: boolean;
}

interface Hub {
  hubId: HubId;
  streams: Set<Stream>;
  /** The journal was looked through up to here. */
  looked: number;
  /** What signals have told beyond that: by record or edit, the journal number. */
  told: Map<string, number>;
  /** Signals that wait for their turn; those that come meanwhile are passed on together. */
  waiting: HubChange[];
  /** Another process has moved something, and the journal is about to be looked at. */
  willLook: boolean;
  /** One piece of work after the other, so that no stream is shown an older state after a newer one. */
  queue: Promise<void>;
}

type Deps = PortalDeps & { log: Logger };

export interface Streams {
  handle: RequestHandler;
  close: () => void;
  count: () => number;
}

export function createStreams(deps: Deps, sessionOf: SignIn['sessionOf']): Streams {
  const hubs = new Map<HubId, Hub>();
  const offChange = deps.signals.onChange((change) => {
    const hub = hubs.get(change.hubId);
    if (hub === undefined || hub.streams.size === 0) return;
    hub.waiting.push(change);
    if (hub.waiting.length === 1) enqueue(deps, hub, () => passSignals(deps, hub));
  });
  const offMoved = deps.signals.onMoved((hubId) => {
    const hub = hubs.get(hubId);
    if (hub === undefined || hub.streams.size === 0 || hub.willLook) return;
    hub.willLook = true;
    enqueue(deps, hub, () => {
      hub.willLook = false;
      return look(deps, hub);
    });
  });
  const all = (): [Hub, Stream][] =>
    [...hubs.values()].flatMap((hub) => [...hub.streams].map((stream): [Hub, Stream] => [hub, stream]));
  const { streamBeatMs, streamRecheckMs, streamSessionMs } = limitsOf(deps);
  const timers = [
    setInterval(() => {
      for (const hub of hubs.values()) if (hub.streams.size > 0) enqueue(deps, hub, () => look(deps, hub));
    }, LOOK_MS),
    setInterval(() => {
      for (const [, { res }] of all()) res.write(': beat\n\n');
    }, streamBeatMs),
    setInterval(() => void recheckAll(deps, [...hubs.values()]), streamRecheckMs),
    setInterval(() => void endOver(deps, [...hubs.values()]), streamSessionMs),
  ];
  for (const timer of timers) timer.unref();
  return {
    handle: (req, res) => open(deps, hubs, sessionOf(req), req, res),
    count: () => all().length,
    close: () => {
      offChange();
      offMoved();
      for (const timer of timers) clearInterval(timer);
      for (const [hub, stream] of all()) end(hub, stream);
    },
  };
}

function open(
  deps: Deps,
  hubs: Map<HubId, Hub>,
  session: Stream['session'],
  req: Parameters<RequestHandler>[0],
  res: Response,
): void {
  const { hubId, contactId } = session.person;
  const hub = hubs.get(hubId) ?? newHub(hubId);
  hubs.set(hubId, hub);
  const own = [...hub.streams].filter((stream) => stream.session.person.contactId === contactId);
  if (own.length >= limitsOf(deps).streamsPerPerson) throw new Refused('too-many-streams');
  const { authorization, cookie } = req.headers;
  const stream: Stream = {
    session,
    credentials: { authorization, cookie },
    res,
    known: new Set(),
    live: false,
  };
  hub.streams.add(stream);
  res.on('close', () => hub.streams.delete(stream));
  res.on('error', () => undefined); // a broken connection; `close` follows
  res.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store, no-transform',
    'X-Accel-Buffering': 'no',
  });
  res.flushHeaders();
  const lastEventId = req.get('Last-Event-ID') ?? '';
  enqueue(deps, hub, async () => {
    try {
      await join(deps, hub, stream, lastEventId === '' ? null : Number(lastEventId));
    } catch (error) {
      end(hub, stream); // it comes again by itself
      throw error;
    }
  });
}

const newHub = (hubId: HubId): Hub => ({
  hubId,
  streams: new Set(),
  looked: 0,
  told: new Map(),
  waiting: [],
  willLook: false,
  queue: Promise.resolve(),
});

function enqueue(deps: Deps, hub: Hub, work: () => Promise<void>): void {
  hub.queue = hub.queue.then(work).catch((error: unknown) => {
    // What was not told is found in the journal at the next look.
    deps.log.error({ err: error, hub: hub.hubId }, 'The live streams of a hub fell behind.');
  });
}

/** Tells a new stream where it is, and what moved since `from`: the present state of it, not every step. */
async function join(deps: Deps, hub: Hub, stream: Stream, from: number | null): Promise<void> {
  const head = await headOf(deps.db, hub.hubId);
  // The first stream: nobody else waits for what came before.
  if (![...hub.streams].some((each) => each.live)) hub.looked = head;
  // Since its session was opened the person may have moved, and nobody told a stream that was not yet there.
  const moved = await movedSessions(deps, hub.hubId, [stream.session]);
  if (moved.size > 0) await recheck(deps, hub, stream);
  if (!hub.streams.has(stream)) return;
  stream.known = await knownOf(deps, stream.session);
  if (from !== null) await catchUp(deps, stream, from, head);
  stream.res.write(`id: ${head}\n\n`);
  stream.live = true;
}

async function catchUp(deps: Deps, stream: Stream, from: number, head: number): Promise<void> {
  const { hubId } = stream.session.person;
  // Too much, or a number that was never given: start over.
  const isKnown =
    Number.isSafeInteger(from) && from >= 0 && from <= head && head - from <= RESUME_MAX_ENTRIES;
  const placing = isKnown ? await placingSince(deps.db, hubId, from) : [];
  if (!isKnown || placing.some((entry) => cannotBeTold(stream, entry))) {
    resync(stream, head);
    return;
  }
  const { moved } = await movedSince(deps.db, hubId, from);
  tell(deps, stream, { ...(await loadNews(deps, changeOf(hubId, head, moved))), placing }, new Map());
}

/** The person's own contact was moved, so they may have seen other records; or who saw it was erased with the record. */
const cannotBeTold = ({ session }: Stream, { kind, object, recordId }: PlacingEntry): boolean =>
  kind === 'erased' || (object === 'contact' && kind !== 'changed' && isOwn(session.person, recordId));

async function passSignals(deps: Deps, hub: Hub): Promise<void> {
  const changes = hub.waiting.splice(0);
  const seq = Math.max(...changes.map((change) => change.seq));
  const records = changes.flatMap((change) => change.records);
  const edits = changes.flatMap((change) => change.edits);
  await pass(deps, hub, { hubId: hub.hubId, seq, records, edits });
  for (const record of records) hub.told.set(keyOf(record), seq);
  for (const edit of edits) hub.told.set(edit.editId, seq);
}

/** What the journal mentions and no signal told. */
async function look(deps: Deps, hub: Hub): Promise<void> {
  const { head, moved } = await movedSince(deps.db, hub.hubId, hub.looked);
  if (head <= hub.looked) return;
  const untold = moved.filter((one) => (hub.told.get(one.editId ?? keyOf(one)) ?? 0) < one.seq);
  await pass(deps, hub, changeOf(hub.hubId, head, untold));
  hub.looked = head;
  for (const [key, seq] of hub.told) if (seq <= head) hub.told.delete(key);
}

async function pass(deps: Deps, hub: Hub, change: HubChange): Promise<void> {
  const { records, edits, seq } = change;
  if (records.length + edits.length === 0) return;
  const live = [...hub.streams].filter((stream) => stream.live);
  const news = records.length + edits.length > NEWS_MAX_RECORDS ? null : await loadNews(deps, change);
  const contacts = new Set(
    records.flatMap(({ object, recordId }) => (object === 'contact' ? [recordId] : [])),
  );
  const cache = new Map<string, string>();
  for (const stream of live) {
    // What the person reaches may have moved with their own contact.
    if (contacts.has(stream.session.person.contactId)) await recheck(deps, hub, stream);
    if (news === null) resync(stream, seq);
    else tell(deps, stream, news, cache);
  }
}

/** Whoever stands otherwise than before is found for all streams of a hub together, beside the news. */
async function recheckAll(deps: Deps, hubs: readonly Hub[]): Promise<void> {
  try {
    for (const hub of hubs) {
      const asked = askedOf([...hub.streams].filter(({ live }) => live));
      const moved = await movedSessions(deps, hub.hubId, [...asked.values()]);
      for (const [stream, session] of asked)
        if (moved.has(session)) enqueue(deps, hub, () => recheckOnce(deps, hub, stream, session));
    }
  } catch (error) {
    deps.log.error({ err: error }, 'The tokens of the live streams could not be looked at again.');
  }
}

/** Signed out, timed out, revoked: looked for in all of a hub together, so that it can be done often. */
async function endOver(deps: Deps, hubs: readonly Hub[]): Promise<void> {
  try {
    for (const hub of hubs) {
      const asked = askedOf(hub.streams);
      const open = await stillOpen(deps, hub.hubId, [...asked.values()]);
      for (const [stream, session] of asked) if (!open.has(session)) end(hub, stream);
    }
  } catch (error) {
    deps.log.error({ err: error }, 'The sessions of the live streams could not be looked at.');
  }
}

/** A stream may be given its session anew while we ask: an answer is about the one it had. */
const askedOf = (streams: Iterable<Stream>): Map<Stream, Stream['session']> =>
  new Map([...streams].map((stream) => [stream, stream.session]));

/** In its turn, so that no answer of an older look takes the place of a newer one. */
async function recheckOnce(deps: Deps, hub: Hub, stream: Stream, asked: Stream['session']): Promise<void> {
  if (hub.streams.has(stream) && stream.session === asked) await recheck(deps, hub, stream);
}

/** A revoked token, or a contact that is gone, loses the stream; who reaches something else now starts over. */
async function recheck(deps: Deps, hub: Hub, stream: Stream): Promise<void> {
  const before = stream.session;
  try {
    stream.session = await openSession(deps, stream.credentials);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    end(hub, stream);
    return;
  }
  if (isSame(before, stream.session)) return;
  try {
    stream.known = await knownOf(deps, stream.session);
  } catch (error) {
    end(hub, stream); // it comes again by itself, and would not have been told to start over
    throw error;
  }
  resync(stream, null);
}

function isSame(before: Stream['session'], now: Stream['session']): boolean {
  const [was, is] = [before.person, now.person];
  const { reach } = now;
  return (
    was.contactId === is.contactId &&
    was.audience === is.audience &&
    reach.size === before.reach.size &&
    [...reach].every((company) => before.reach.has(company))
  );
}

function resync({ res }: Stream, seq: number | null): void {
  if (res.writableEnded || res.destroyed) return;
  res.write(`${seq === null ? '' : `id: ${seq}\n`}event: resync\ndata: {"type":"resync"}\n\n`);
}

function end(hub: Hub, stream: Stream): void {
  hub.streams.delete(stream); // nothing may be written after the end
  stream.res.end();
}
