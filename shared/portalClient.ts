/**
 * The typed client of the portal API: `client.read('company', id)` knows the company's fields, `client.edit` takes only
 * those a portal may edit. For browsers and Node 20.
 */
import type { Objects } from './defineOwnership.ts';
import type { SessionEntry } from './messages.ts';
import type { AppOwnership } from './ownership.ts';
import { platformHere, type Platform } from './portalPlatform.ts';
import { addressOf, PATIENCE_MS, send, understood, type Call, type Wire } from './portalRequest.ts';
import {
  isListOf,
  isMe,
  isNamedSessions,
  isReceipt,
  isReceipts,
  isRecordOf,
  isSession,
  isSessions,
  isSignInWays,
  isSource,
} from './portalShapes.ts';
import { subscribe } from './portalStream.ts';
import type { CallOptions, PortalClient, ReadOptions, Seen, WriteOptions } from './portalTypes.ts';
import { upload } from './portalUpload.ts';

export interface ClientOptions {
  /** The service's address; "" where the page comes from it. */
  baseUrl: string;
  /** Where the person is not signed in by a cookie. */
  token?: string;
  fetch?: Platform['fetch'];
  platform?: Platform;
}

const WAIT_MAX_S = 30;

export function createPortalClient<W extends Objects = AppOwnership>(
  options: ClientOptions,
): PortalClient<W> {
  const here = options.platform ?? platformHere();
  const wire: Wire = {
    platform: options.fetch === undefined ? here : { ...here, fetch: options.fetch },
    base: options.baseUrl.replace(/\/+$/, ''),
    token: options.token ?? null,
  };
  return { ...records<W>(wire), ...writing<W>(wire), ...signingIn<W>(wire) };
}

type Reading =
  'me' | 'read' | 'list' | 'pages' | 'source' | 'receipts' | 'receipt' | 'subscribe' | 'fileAddress';

function records<W extends Objects>(wire: Wire): Pick<PortalClient<W>, Reading> {
  const get = (path: string, options: CallOptions = {}, more: Partial<Call> = {}): Promise<Response> =>
    send(wire, { method: 'GET', path, ...options, ...more });
  const list: PortalClient<W>['list'] = async (object, { after, limit, wait, ...options } = {}) => {
    const query = new URLSearchParams({
      ...(after === undefined ? {} : { after }),
      ...(limit === undefined ? {} : { limit: String(limit) }),
    }).toString();
    const path = `/records/${encodeURIComponent(object)}${query === '' ? '' : `?${query}`}`;
    return understood(await get(path, options, prefer(wait)), isListOf<W, typeof object>(object));
  };
  return {
    list,
    me: async (options) => understood(await get('/me', options), isMe),
    read: async (object, id, { wait, ...options } = {}) =>
      understood(
        await get(recordPath(object, id), options, prefer(wait)),
        isRecordOf<W, typeof object>(object),
      ),
    pages: async function* (object, options) {
      let after: string | null = null;
      do {
        const page: Awaited<ReturnType<typeof list<typeof object>>> = await list(object, {
          ...options,
          ...(after === null ? {} : { after }),
        });
        yield page;
        after = page.next;
      } while (after !== null);
    },
    source: async (name, company, options) => {
      const query = company === undefined ? '' : `?${new URLSearchParams({ company }).toString()}`;
      return understood(await get(`/sources/${encodeURIComponent(name)}${query}`, options), isSource);
    },
    receipts: async (options) => (await understood(await get('/edits', options), isReceipts)).receipts,
    receipt: async (editId, { waitS = 0, ...options } = {}) =>
      understood(await get(`/edits/${encodeURIComponent(editId)}`, options, waiting(waitS)), isReceipt),
    subscribe: (listener) => subscribe(wire, listener),
    fileAddress: (object, id) => addressOf(wire, `${recordPath(object, id)}/file`),
  };
}

function writing<W extends Objects>(wire: Wire): Pick<PortalClient<W>, 'edit' | 'act' | 'create' | 'upload'> {
  /** The key is made before the first try and carried by each: a repeated request finds what was stored. */
  const write = async (
    method: string,
    path: string,
    json: unknown,
    seen: Seen<string>,
    { key = wire.platform.newId(), waitS = 0, signal, patienceMs }: WriteOptions = {},
  ) => {
    const { headers, ...more } = waiting(waitS);
    const answer = await send(wire, {
      method,
      path,
      json,
      signal,
      patienceMs,
      ...more,
      headers: {
        'Idempotency-Key': key,
        ...(seen.record === undefined ? {} : { 'If-Match': seen.record }),
        ...headers,
      },
    });
    return understood(answer, isReceipt);
  };
  const seenOf = (seen: Seen<string>) => (seen.fields === undefined ? {} : { seen: seen.fields });
  return {
    edit: (object, id, fields, seen, options) =>
      write('PATCH', recordPath(object, id), { fields, ...seenOf(seen) }, seen, options),
    act: (object, id, action, seen, options) =>
      write(
        'POST',
        `${recordPath(object, id)}/actions/${encodeURIComponent(action)}`,
        seenOf(seen),
        seen,
        options,
      ),
    create: (name, request, options) =>
      write('POST', `/creations/${encodeURIComponent(name)}`, request, {}, options),
    upload: (file, name, options) => upload(wire, file, name, options),
  };
}

type SigningIn =
  | 'session'
  | 'sessions'
  | 'endSession'
  | 'signInWays'
  | 'mailLink'
  | 'confirmMail'
  | 'providerAddress'
  | 'signOut';

/** What has no key is not repeated by itself. */
function signingIn<W extends Objects>(wire: Wire): Pick<PortalClient<W>, SigningIn> {
  const get = (path: string, options: CallOptions = {}): Promise<Response> =>
    send(wire, { method: 'GET', path, ...options });
  const post = async (path: string, json: unknown, method = 'POST'): Promise<void> => {
    await send(wire, { method, path, patienceMs: 0, ...(method === 'POST' ? { json } : {}) });
  };
  return {
    session: async (options) => understood(await get('/session', options), isSession),
    sessions: async (options) => {
      const found = await understood(await get('/sessions', options), isEither);
      return 'sessions' in found ? found.sessions : found;
    },
    endSession: (sessionId) => post(`/sessions/${encodeURIComponent(sessionId)}`, null, 'DELETE'),
    signInWays: async (options) => understood(await get('/sign-in', options), isSignInWays),
    mailLink: (email) => post('/sign-in/mail', { email }),
    confirmMail: (token) => post('/sign-in/mail/confirm', { token }),
    providerAddress: (name) => addressOf(wire, `/sign-in/with/${encodeURIComponent(name)}`),
    signOut: ({ everywhere = false } = {}) => post('/sign-out', everywhere ? { everywhere } : {}),
  };
}

const isEither = (value: unknown): value is SessionEntry[] | { sessions: SessionEntry[] } =>
  isSessions(value) || isNamedSessions(value);

const recordPath = (object: string, id: string): string =>
  `/records/${encodeURIComponent(object)}/${encodeURIComponent(id)}`;

/** RFC 7240. */
const prefer = (wait: ReadOptions['wait']): Partial<Call> =>
  wait === false ? { headers: { Prefer: 'wait=0' } } : {};

function waiting(waitS: number): Partial<Call> {
  const seconds = Math.min(Math.max(0, Math.round(waitS)), WAIT_MAX_S);
  return seconds === 0
    ? {}
    : { headers: { Prefer: `wait=${seconds}` }, timeoutMs: seconds * 1_000 + PATIENCE_MS };
}
