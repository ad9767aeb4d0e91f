/**
 * The live stream: what the person may see, the moment the mirror has it. Server-sent events; the id is the hub's
 * journal number, so a stream resumes where it broke off. Topics follow from the session, the client names none.
 */
import type { EditId, HubId, RecordId } from '@tallystick/shared/ids';
import type { StreamMessage } from '@tallystick/shared/messages';
import { objects, type AppObject } from '@tallystick/shared/ownership';
import type { RequestHandler, Response } from 'express';
import type { Logger } from 'pino';
import type { HubChange } from '../signals.ts';
import { editsByIds, type EditRow } from '../store/edits.ts';
import { headOf, loadRecords, movedSince, type RecordRow } from '../store/records.ts';
import type { PortalDeps } from './access.ts';
import { Refused } from './problem.ts';
import { receiptOf } from './receipts.ts';
import { openSession, type Session } from './session.ts';
import { ownEdits, recordView } from './views.ts';
import { sees } from './visibility.ts';

const BEAT_MS = 15_000;
const RECHECK_MS = 30_000;
/** Changes by another process are not signalled to us: the journal is looked at this often. */
const LOOK_MS = 1_000;
const RESUME_MAX_ENTRIES = 1_000;
const STREAMS_PER_PERSON = 5;
const BUFFERED_MAX_BYTES = 1_048_576;

interface Stream {
  session: Session;
  authorization: string | undefined;
  res: Response;
  /** Records this stream was shown: only of these is it told that they are gone. */
  shown: Set<string>;
}

interface Hub {
  streams: Set<Stream>;
  /** The newest journal number that was passed on. */
  seq: number;
  /** Changes are passed on one after the other. */
  queue: Promise<void>;
}

export interface Streams {
  handle: RequestHandler;
  close: () => void;
}

export function createStreams(deps: PortalDeps & { log: Logger }): Streams {
  const hubs = new Map<HubId, Hub>();
  const enqueue = (hub: Hub, work: () => Promise<void>): void => {
    hub.queue = hub.queue.then(work).catch((error: unknown) => {
      deps.log.error({ err: error }, 'A change could not be passed on to the live streams; they start over.');
      for (const stream of hub.streams) send(stream, null, { type: 'resync' });
    });
  };
  const offChange = deps.signals.onChange((change) => {
    const hub = hubs.get(change.hubId);
    if (hub !== undefined && hub.streams.size > 0) enqueue(hub, () => pass(deps, hub, change));
  });
  const timers = [
    setInterval(() => {
      for (const [hubId, hub] of hubs)
        if (hub.streams.size > 0) enqueue(hub, () => lookForMore(deps, hubId, hub));
    }, LOOK_MS),
    setInterval(() => each(hubs, ({ res }) => void res.write(': beat\n\n')), BEAT_MS),
    setInterval(() => each(hubs, (stream) => void recheck(deps, stream)), RECHECK_MS),
  ];
  for (const timer of timers) timer.unref();
  return {
    handle: (req, res, next) => {
      open(deps, hubs, req.headers.authorization, req.get('Last-Event-ID'), res).catch(next);
    },
    close: () => {
      offChange();
      for (const timer of timers) clearInterval(timer);
      each(hubs, ({ res }) => void res.end());
    },
  };
}

async function open(
  deps: PortalDeps,
  hubs: Map<HubId, Hub>,
  authorization: string | undefined,
  lastEventId: string | undefined,
  res: Response,
): Promise<void> {
  const session = await openSession(deps.db, authorization);
  const { hubId, contactId } = session.person;
  const hub = hubs.get(hubId) ?? { streams: new Set(), seq: 0, queue: Promise.resolve() };
  hubs.set(hubId, hub);
  const own = [...hub.streams].filter((stream) => stream.session.person.contactId === contactId);
  if (own.length >= STREAMS_PER_PERSON) throw new Refused('too-many-streams');
  const stream: Stream = { session, authorization, res, shown: new Set() };
  res.writeHead(200, {
    'Content-Type': 'text/event-stream; charset=utf-8',
    'Cache-Control': 'no-store, no-transform',
    'X-Accel-Buffering': 'no',
  });
  res.flushHeaders();
  hub.streams.add(stream); // before the head is read: nothing falls in between
  res.on('close', () => hub.streams.delete(stream));
  const head = await headOf(deps.db, hubId);
  hub.seq = Math.max(hub.seq, head);
  if (lastEventId !== undefined) await resume(deps, stream, Number(lastEventId), head);
  res.write(`id: ${head}\n\n`);
}

/** What moved since: the present state of it, not every step. Too much, or a number we never gave: start over. */
async function resume(deps: PortalDeps, stream: Stream, from: number, head: number): Promise<void> {
  const { hubId } = stream.session.person;
  const knowable =
    Number.isSafeInteger(from) && from >= 0 && from <= head && head - from <= RESUME_MAX_ENTRIES;
  if (!knowable) {
    send(stream, head, { type: 'resync' });
    return;
  }
  const moved = await movedSince(deps.db, hubId, from);
  const news = await load(deps, { hubId, seq: head, ...moved });
  for (const row of news.rows) stream.shown.add(keyOf(row.object, row.recordId)); // it may have been shown before the break
  tell(deps, stream, news, new Map());
}

async function lookForMore(deps: PortalDeps, hubId: HubId, hub: Hub): Promise<void> {
  const head = await headOf(deps.db, hubId);
  if (head <= hub.seq) return;
  await pass(deps, hub, { hubId, seq: head, ...(await movedSince(deps.db, hubId, hub.seq)) });
}

async function pass(deps: PortalDeps, hub: Hub, change: HubChange): Promise<void> {
  hub.seq = Math.max(hub.seq, change.seq);
  const news = await load(deps, change);
  const cache = new Map<string, string>();
  for (const stream of hub.streams) {
    const { contactId } = stream.session.person;
    const isOwn = news.rows.some((row) => row.object === 'contact' && row.recordId === contactId);
    if (isOwn && !(await recheck(deps, stream))) continue; // what the person reaches may have moved
    tell(deps, stream, news, cache);
  }
}

interface News {
  seq: number;
  rows: RecordRow[];
  edits: EditRow[];
}

/** One statement for all streams of the hub; records of edits come along, since the edit lies on top of them. */
async function load({ db }: PortalDeps, change: HubChange): Promise<News> {
  const wanted = new Map<string, { object: AppObject; recordId: RecordId }>();
  for (const record of [...change.records, ...change.edits])
    wanted.set(keyOf(record.object, record.recordId), record);
  const ids: EditId[] = change.edits.map((edit) => edit.editId);
  const [rows, edits] = await Promise.all([
    wanted.size === 0 ? [] : loadRecords(db, change.hubId, [...wanted.values()]),
    ids.length === 0 ? [] : editsByIds(db, change.hubId, ids),
  ]);
  return { seq: change.seq, rows, edits };
}

/** `cache` holds the serialised view by record and audience: it is the same for everybody without own edits there. */
function tell(deps: PortalDeps, stream: Stream, news: News, cache: Map<string, string>): void {
  const { person, reach } = stream.session;
  for (const row of news.rows) {
    const key = keyOf(row.object, row.recordId);
    if (!sees(person, reach, row)) {
      if (stream.shown.delete(key))
        send(stream, news.seq, { type: 'gone', object: row.object, id: row.recordId });
      continue;
    }
    stream.shown.add(key);
    const mine = ownEdits(person, row).length > 0;
    const cached = mine ? undefined : cache.get(`${key}:${person.audience}`);
    const data = cached ?? JSON.stringify({ type: 'record', record: recordView(person, row, deps.now()) });
    if (!mine) cache.set(`${key}:${person.audience}`, data);
    write(stream, news.seq, 'record', data);
  }
  for (const edit of news.edits) {
    if (edit.person === person.contactId)
      send(stream, news.seq, { type: 'receipt', receipt: receiptOf(edit) });
  }
}

/** A revoked token, or a contact that is gone, loses the stream at once. */
async function recheck(deps: PortalDeps, stream: Stream): Promise<boolean> {
  try {
    stream.session = await openSession(deps.db, stream.authorization);
    return true;
  } catch (error) {
    if (error instanceof Refused) stream.res.end();
    return false;
  }
}

function send(stream: Stream, seq: number | null, message: StreamMessage): void {
  write(stream, seq, message.type, JSON.stringify(message));
}

function write({ res }: Stream, seq: number | null, event: string, data: string): void {
  if (res.writableLength > BUFFERED_MAX_BYTES) return void res.destroy(); // too slow: it will resume
  res.write(`${seq === null ? '' : `id: ${seq}\n`}event: ${event}\ndata: ${data}\n\n`);
}

function each(hubs: ReadonlyMap<HubId, Hub>, work: (stream: Stream) => void): void {
  for (const hub of hubs.values()) for (const stream of hub.streams) work(stream);
}

const keyOf = (object: AppObject, recordId: RecordId): string => `${objects[object].crm}:${recordId}`;
