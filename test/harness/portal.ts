/**
 * The portal API over a real database and real HTTP, with the hub's worker played by hand: `crm` does to mirror,
 * links, journal and edits what the worker would do, and tells it the same way.
 */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import {
  hubId as toHubId,
  recordId as toRecordId,
  type EditId,
  type HubId,
  type RecordId,
} from '@tallystick/shared/ids';
import type {
  EditedField,
  EditState,
  FieldMeta,
  FieldView,
  ObjectMeta,
  Problem,
  Receipt,
  RecordView,
  StreamMessage,
} from '@tallystick/shared/messages';
import { objects, type AppAudience, type AppObject, type AppOwnership } from '@tallystick/shared/ownership';
import { pino } from 'pino';
import type { PortalDeps } from '../../backend/portal/access.ts';
import { portalRouter } from '../../backend/portal/router.ts';
import { createApp } from '../../backend/server.ts';
import { createSignals, type Signals } from '../../backend/signals.ts';
import { openDatabase } from '../../backend/store/connection.ts';
import type { Db, Definition, Kept } from '../../backend/store/database.ts';
import { append, chain, draft, readHead, SALT_BYTES } from '../../backend/store/journal.ts';
import { saveParents } from '../../backend/store/hanging.ts';
import { loadMirror, saveLinks, saveMirror, keyOf, type Life } from '../../backend/store/mirror.ts';
import { linksText } from '../../backend/sync/record.ts';
import { addPerson } from '../../backend/store/people.ts';
import { createTestDatabase } from './postgres.ts';

export const HUB = toHubId('4711');
export const OTHER_HUB = toHubId('4712');

export type FieldName = {
  [O in AppObject]: keyof AppOwnership['objects'][O]['fields'] & string;
}[AppObject];

/** Whatever an answer's JSON may hold: a test knows which of it to look at. */
export interface Body extends Omit<Receipt, 'fields' | 'state'>, Omit<Problem, 'fields'> {
  state: string;
  version: string;
  asOf: string;
  stale: boolean;
  contactId: string;
  audience: string;
  fields: Record<
    FieldName,
    Omit<FieldView, 'state'> & Omit<EditedField, 'state'> & { state: string; code: string }
  >;
  objects: Record<AppObject, Omit<ObjectMeta, 'fields'> & { fields: Record<FieldName, FieldMeta> }>;
  records: RecordView[];
  next: string | null;
  receipts: Receipt[];
}

export interface Answer {
  status: number;
  headers: Headers;
  body: Body;
}

export interface Call {
  token?: string | null;
  body?: unknown;
  headers?: Record<string, string>;
}

export interface PortalHarness {
  url: string;
  db: Db;
  /** What reaches the rows of this hub. */
  reaching: (hub: HubId) => Db;
  signals: Signals;
  crm: PlayedWorker;
  /** The portal's clock runs with ours, moved on by what was added here. */
  advance(ms: number): void;
  now(): number;
  token(who: { contactId: string; audience?: AppAudience; hubId?: HubId }): Promise<string>;
  revoke(token: string): Promise<void>;
  call(method: string, path: string, options?: Call): Promise<Answer>;
  stream(token: string, headers?: Record<string, string>): Promise<Stream>;
  /** How often each hub's worker was woken. */
  wakes: HubId[];
  /** How many are waiting for a change at the moment. */
  listeners: () => number;
  /** Ends the portal's part; the server goes on. */
  end(): Promise<void>;
  close(): Promise<void>;
}

export async function startPortal(
  options: Pick<PortalDeps, 'limits' | 'at' | 'sources' | 'signIn' | 'scan'> = {},
): Promise<PortalHarness> {
  const database = await createTestDatabase();
  const open = (hub: HubId): Db => openDatabase(database.url, hub, () => undefined);
  const [db, otherDb] = [open(HUB), open(OTHER_HUB)];
  const reaching = (hub: HubId): Db => (hub === HUB ? db : otherDb);
  const { signals, listeners } = counted(createSignals());
  let offsetMs = 0;
  const now = (): number => Date.now() + offsetMs;
  for (const hub of [HUB, OTHER_HUB])
    await reaching(hub)
      .insertInto('hubs')
      .values({ hub_id: hub, app_id: '99', time_zone: 'UTC', connected_at: new Date() })
      .execute();
  const log = pino({ level: process.env.TALLYSTICK_TEST_LOG ?? 'silent' });
  const portal = portalRouter({ db, signals, now, newId: randomUUID, log, ...options });
  const server = createServer(
    createApp({ routers: [portal.router], log, ready: () => Promise.resolve(true) }),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const wakes: HubId[] = [];
  signals.onWake((hub) => wakes.push(hub));
  const streams = new Set<Stream>();
  return {
    url,
    db,
    reaching,
    signals,
    crm: playWorker(reaching, signals, now),
    now,
    advance: (ms) => (offsetMs += ms),
    wakes,
    listeners,
    token: ({ contactId, audience = 'direct', hubId = HUB }) =>
      addPerson(reaching(hubId), {
        hubId,
        contactId: toRecordId(contactId),
        audience,
        secret: randomBytes(24).toString('base64url'),
        now: now(),
      }),
    revoke: async (token) => {
      await db
        .updateTable('people')
        .set({ revoked_at: new Date(now()) })
        .where('hub_id', '=', toHubId(token.split('_')[1] ?? ''))
        .where('token_hash', '=', createHash('sha256').update(token).digest())
        .execute();
    },
    call: (method, path, options) => call(url, method, path, options),
    stream: async (token, headers = {}) => {
      const opened = await openStream(url, token, headers);
      streams.add(opened);
      return opened;
    },
    end: () => {
      portal.close();
      return Promise.resolve();
    },
    close: async () => {
      for (const stream of streams) stream.close();
      portal.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await Promise.all([db, otherDb].map((each) => each.destroy()));
      await database.drop();
    },
  };
}

function counted(signals: Signals): { signals: Signals; listeners: () => number } {
  let count = 0;
  const onChange: Signals['onChange'] = (listener) => {
    const off = signals.onChange(listener);
    count += 1;
    return () => {
      count -= 1;
      off();
    };
  };
  return { signals: { ...signals, onChange }, listeners: () => count };
}

async function call(url: string, method: string, path: string, options: Call = {}): Promise<Answer> {
  const { token = null, body, headers = {} } = options;
  const answer = await fetch(`${url}${path}`, {
    method,
    headers: {
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await answer.text();
  const isJson = /json/.test(answer.headers.get('content-type') ?? '');
  return {
    status: answer.status,
    headers: answer.headers,
    body: (isJson && text !== '' ? JSON.parse(text) : text) as Body,
  };
}

// --- the worker, played -------------------------------------------------------------------------------------------

export interface Seeded {
  object: AppObject;
  id: string;
  /** Fields not named hold null: the worker always knows every mapped field. */
  fields?: Record<string, string | null>;
  companies?: { id: string; primary?: boolean; labels?: string[] }[];
  /** The records of other objects that it hangs on. */
  on?: { object: AppObject; id: string }[];
  life?: Life;
  how?: 'read' | 'event';
  /** How long ago the values were proven. */
  ageMs?: number;
  hub?: HubId;
}

export interface PlayedWorker {
  /** A record is seen for the first time; answers its journal number. */
  find(record: Seeded): Promise<number>;
  /** The CRM's value of fields moved; answers the journal number of the last one. */
  change(
    object: AppObject,
    id: string,
    fields: Record<string, string | null>,
    how?: 'read' | 'event',
  ): Promise<number>;
  /** The whole record was read again and nothing had moved. */
  proveAgain(object: AppObject, id: string): Promise<void>;
  live(object: AppObject, id: string, life: Life): Promise<number>;
  link(object: AppObject, id: string, companies: NonNullable<Seeded['companies']>): Promise<void>;
  /** Its links and what it was seen by are gone with it. */
  erase(object: AppObject, id: string): Promise<void>;
  moveEdit(
    editId: string,
    state: EditState,
    more?: { field?: string; rule?: string; reason?: string; crmValue?: string | null },
  ): Promise<number>;
  define(object: AppObject, field: string, definition: Partial<Definition>, hub?: HubId): Promise<void>;
  /** Without a word to anybody: as another process would do it. */
  silently<T>(work: () => Promise<T>): Promise<T>;
  /** Entries about nothing the portal shows. */
  pad(count: number): Promise<number>;
}

const COLLEAGUE = { via: 'CRM_UI', id: 'userId:7', person: null };

function playWorker(reaching: (hub: HubId) => Db, signals: Signals, now: () => number): PlayedWorker {
  const db = reaching(HUB);
  let silent = false;
  const journal = async (
    hub: HubId,
    drafts: Parameters<typeof draft>[0][],
    to = reaching(hub),
  ): Promise<number> => {
    const head = await readHead(to, hub);
    const full = drafts.map((each) => draft(each));
    const rows = chain(hub, head, now(), full, randomBytes(full.length * SALT_BYTES));
    await append(to, hub, rows);
    return rows.at(-1)?.seq ?? head.seq;
  };
  /** As the worker does: whoever looks at the journal sees the mirror with it. */
  const together = <T>(work: (trx: Db) => Promise<T>): Promise<T> => db.transaction().execute(work);
  const tell = (
    seq: number,
    records: [AppObject, string][],
    edits: [EditId, AppObject, RecordId][] = [],
  ): void => {
    if (silent) return;
    signals.changed({
      hubId: HUB,
      seq,
      records: records.map(([object, id]) => ({ object, recordId: toRecordId(id) })),
      edits: edits.map(([editId, object, recordId]) => ({ editId, object, recordId })),
    });
  };
  const kept = (value: string | null, seq: number, how: 'read' | 'event', asOf: number): Kept => ({
    value,
    at: asOf,
    by: COLLEAGUE,
    how,
    begunAt: asOf,
    learnedAt: asOf,
    asOf,
    seq,
  });
  const rowOf = async (object: AppObject, id: string) => {
    const recordId = toRecordId(id);
    const row = (await loadMirror(db, HUB, [{ object, recordId }])).get(keyOf({ object, recordId }));
    if (row === undefined) throw new Error(`${object} ${id} is not in the mirror.`);
    return row;
  };

  const worker: PlayedWorker = {
    find: async ({
      object,
      id,
      fields = {},
      companies = [],
      on = [],
      life = 'present',
      how = 'read',
      ageMs = 0,
      hub = HUB,
    }) => {
      const recordId = toRecordId(id);
      const seq = await journal(hub, [{ kind: 'found', object, recordId }]);
      const asOf = now() - ageMs;
      const values = Object.keys(objects[object].fields).map(
        (name) => [name, kept(fields[name] ?? null, seq, how, asOf)] as const,
      );
      await saveMirror(reaching(hub), hub, [
        {
          object,
          recordId,
          life,
          fields: { ...Object.fromEntries(values), $life: kept(life, seq, 'read', asOf) },
          foundSeq: seq,
          changedSeq: seq,
          readAt: asOf,
        },
      ]);
      await saveLinks(reaching(hub), hub, [{ object, recordId, links: asLinks(companies) }]);
      const parents = on.map((one) => ({ object: one.object, recordId: toRecordId(one.id) }));
      if (on.length > 0) await saveParents(reaching(hub), hub, [{ object, recordId, parents }]);
      if (hub === HUB) tell(seq, [[object, id]]);
      return seq;
    },
    change: async (object, id, fields, how = 'read') => {
      const row = await rowOf(object, id);
      const { recordId } = row;
      const before = (name: string): string | null => row.fields[name]?.value ?? null;
      const moves = Object.entries(fields);
      const last = await together(async (trx) => {
        const drafts = moves.map(([field, after]) => ({
          kind: 'changed' as const,
          object,
          recordId,
          field,
          actor: COLLEAGUE,
          crmAt: now(),
          before: before(field),
          after,
          detail: { how },
        }));
        const seq = await journal(HUB, drafts, trx);
        const first = seq - moves.length + 1;
        const patch = Object.fromEntries(
          moves.map(([name, value], index) => [name, kept(value, first + index, how, now())]),
        );
        const readAt = how === 'read' ? now() : null;
        await saveMirror(trx, HUB, [{ ...row, fields: patch, changedSeq: seq, readAt }]);
        return seq;
      });
      tell(last, [[object, id]]);
      return last;
    },
    proveAgain: async (object, id) => {
      const row = await rowOf(object, id);
      const at = now();
      const fields = Object.fromEntries(
        Object.entries(row.fields).map(([name, held]) => [
          name,
          { ...held, how: 'read' as const, asOf: at, begunAt: at, learnedAt: at },
        ]),
      );
      await saveMirror(db, HUB, [{ ...row, fields, readAt: at }]);
    },
    live: async (object, id, life) => {
      const row = await rowOf(object, id);
      const { recordId } = row;
      const seq = await together(async (trx) => {
        const entry = {
          kind: 'life' as const,
          object,
          recordId,
          actor: COLLEAGUE,
          before: row.life,
          after: life,
        };
        const at = await journal(HUB, [entry], trx);
        const fields = { $life: kept(life, at, 'read', now()) };
        await saveMirror(trx, HUB, [{ ...row, life, fields, changedSeq: at, readAt: now() }]);
        return at;
      });
      tell(seq, [[object, id]]);
      return seq;
    },
    link: async (object, id, companies) => {
      const recordId = toRecordId(id);
      const links = await db
        .selectFrom('links')
        .select(['company_id as companyId', 'is_primary as isPrimary', 'labels'])
        .where('hub_id', '=', HUB)
        .where('object', '=', object)
        .where('record_id', '=', recordId)
        .execute();
      const [before, after] = [linksText(links), linksText(asLinks(companies))];
      const seq = await journal(HUB, [{ kind: 'links', object, recordId, before, after }]);
      await saveLinks(db, HUB, [{ object, recordId, links: asLinks(companies) }]);
      tell(seq, [[object, id]]);
    },
    erase: async (object, id) => {
      const [row, recordId] = [await rowOf(object, id), toRecordId(id)];
      const seq = await journal(HUB, [{ kind: 'erased', object, recordId }]);
      await saveLinks(db, HUB, [{ object, recordId, links: [] }]);
      await saveMirror(db, HUB, [{ ...row, life: 'erased', changedSeq: seq, readAt: null }]);
      tell(seq, [[object, id]]);
    },
    moveEdit: async (editId, state, { field, rule = null, reason = null, crmValue = null } = {}) => {
      const moved = await db
        .updateTable('edit_fields')
        .set({ state, rule, reason, crm_value: crmValue, changed_at: new Date(now()) })
        .where('hub_id', '=', HUB)
        .where('edit_id', '=', editId as EditId)
        .$if(field !== undefined, (query) => query.where('field', '=', field ?? ''))
        .returning(['edit_id', 'field', 'object', 'record_id', 'seen', 'wanted'])
        .execute();
      const seq = await journal(
        HUB,
        moved.map((row) => ({
          kind: state === 'verified' || state === 'superseded' ? ('proven' as const) : ('decided' as const),
          object: row.object,
          recordId: row.record_id,
          field: row.field,
          editId: row.edit_id,
          rule,
          before: row.seen,
          after: row.wanted,
        })),
      );
      const [one] = moved;
      if (one !== undefined) tell(seq, [], [[one.edit_id, one.object, one.record_id!]]);
      return seq;
    },
    define: async (object, field, definition, hub = HUB) => {
      const full: Definition = { type: 'string', readOnly: false, options: null, ...definition };
      await reaching(hub)
        .insertInto('properties')
        .values({
          hub_id: hub,
          object,
          property: objects[object].fields[field]?.property ?? field,
          definition: JSON.stringify(full),
          read_at: new Date(now()),
        })
        .onConflict((conflict) =>
          conflict
            .columns(['hub_id', 'object', 'property'])
            .doUpdateSet({ definition: JSON.stringify(full) }),
        )
        .execute();
    },
    silently: async (work) => {
      silent = true;
      try {
        return await work();
      } finally {
        silent = false;
      }
    },
    pad: (count) =>
      journal(
        HUB,
        Array.from({ length: count }, () => ({ kind: 'ignored' as const, detail: { other: 1 } })),
      ),
  };
  return worker;
}

function asLinks(companies: NonNullable<Seeded['companies']>) {
  return companies.map(({ id, primary = true, labels = [] }) => ({
    companyId: toRecordId(id),
    isPrimary: primary,
    labels,
  }));
}

// --- a client of the stream ---------------------------------------------------------------------------------------

export interface Heard {
  id: number | null;
  type: string;
  data: StreamMessage;
}

export interface Stream {
  status: number;
  headers: Headers;
  /** Everything heard so far. */
  heard: Heard[];
  comments: string[];
  ended: boolean;
  /** Waits until a message satisfies the test; fails loudly at the deadline. */
  until(test: (message: Heard) => boolean, what: string, withinMs?: number): Promise<Heard>;
  untilEnded(withinMs?: number): Promise<void>;
  untilBeat(): Promise<void>;
  /** Waits until the stream has said where in the journal it is: what was missed has been told. */
  untilPlaced(): Promise<void>;
  lastId(): number | null;
  close(): void;
}

async function openStream(url: string, token: string, headers: Record<string, string>): Promise<Stream> {
  const abort = new AbortController();
  const answer = await fetch(`${url}/portal/v1/stream`, {
    headers: { authorization: `Bearer ${token}`, accept: 'text/event-stream', ...headers },
    signal: abort.signal,
  });
  const waiting = new Set<() => void>();
  let lastId: number | null = null;
  let placed = false;
  const stream: Stream = {
    status: answer.status,
    headers: answer.headers,
    heard: [],
    comments: [],
    ended: false,
    lastId: () => lastId,
    close: () => abort.abort(),
    until: (test, what, withinMs = 5_000) => wait(() => stream.heard.find(test), what, withinMs),
    untilBeat: async () => {
      await wait(() => stream.comments.length > 0 || undefined, 'a heartbeat', 5_000);
    },
    untilPlaced: async () => {
      await wait(() => placed || undefined, 'the stream says where it is', 5_000);
    },
    untilEnded: async (withinMs = 5_000) => {
      await wait(() => (stream.ended ? true : undefined), 'the stream ends', withinMs);
    },
  };
  const wait = <T>(look: () => T | undefined, what: string, withinMs: number): Promise<T> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        const found = look();
        if (found === undefined) return;
        clearTimeout(timer);
        waiting.delete(check);
        resolve(found);
      };
      const timer = setTimeout(() => {
        waiting.delete(check);
        reject(new Error(`Not within ${withinMs} ms: ${what}. Heard: ${JSON.stringify(stream.heard)}`));
      }, withinMs);
      waiting.add(check);
      check();
    });
  const take = (block: string): void => {
    const lines = block.split('\n');
    const of = (name: string): string | undefined =>
      lines
        .find((line) => line.startsWith(`${name}:`))
        ?.slice(name.length + 1)
        .trim();
    const id = of('id');
    if (id !== undefined) lastId = Number(id);
    stream.comments.push(...lines.filter((line) => line.startsWith(':')));
    const data = of('data');
    if (id !== undefined && data === undefined) placed = true;
    if (data !== undefined)
      stream.heard.push({
        id: id === undefined ? null : Number(id),
        type: of('event') ?? 'message',
        data: JSON.parse(data) as StreamMessage,
      });
  };
  const pump = async (): Promise<void> => {
    let rest = '';
    const decoder = new TextDecoder();
    try {
      for await (const chunk of answer.body as unknown as AsyncIterable<Uint8Array>) {
        const blocks = (rest + decoder.decode(chunk, { stream: true })).split('\n\n');
        rest = blocks.pop() ?? '';
        blocks.forEach(take);
        for (const check of [...waiting]) check();
      }
    } catch {
      // aborted by us, or cut by the server
    }
    stream.ended = true;
    for (const check of [...waiting]) check();
  };
  void pump();
  return stream;
}
