/**
 * What the pages know: who is signed in, the records they looked at, the lists, the receipts. Reads and the live stream
 * meet here. Of a record the stream tells the present state, so its word is never replaced by an answer that was
 * asked for before it.
 */
import type { Ownership } from '@tallystick/shared/defineOwnership';
import type { Me, Receipt, RecordView, SessionInfo } from '@tallystick/shared/messages';
import { PortalError } from '@tallystick/shared/portalRequest';
import type { LiveState, Subscription } from '@tallystick/shared/portalStream';
import type { PortalClient } from '@tallystick/shared/portalTypes';
import type { Drafts } from './drafts.ts';
import { newestFirst, placesOf, putRecord, recordKey, type Known } from './known.ts';

/** The pages meet objects and fields by name at run time. */
export type Client = PortalClient<Ownership>;

export interface Listed {
  ids: readonly string[];
  state: 'loading' | 'ready' | 'failed';
}

export interface State {
  phase: 'starting' | 'signed-out' | 'unlinked' | 'signed-in' | 'unreachable';
  unlinked: Extract<SessionInfo, { state: 'unlinked' }> | null;
  /**
   * Why they have to sign in again: they no longer are signed in, or it was too long ago for what they want to change. The
   * page stays, so that nothing typed is lost.
   */
  again: 'expired' | 'unproven' | null;
  me: Me | null;
  live: LiveState;
  records: ReadonlyMap<string, Known>;
  lists: ReadonlyMap<string, Listed>;
  /** The newest first. */
  receipts: readonly Receipt[];
  /** The newest receipt of each field during this visit, by place. */
  receiptOf: ReadonlyMap<string, string>;
  /** For the live region: one sentence, and a number that makes each new. */
  said: { text: string; count: number };
}

export interface Account {
  get: () => State;
  subscribe: (listener: () => void) => () => void;
  client: Client;
  now: () => number;
  start: () => Promise<void>;
  /** They have just proven who they are, here or in another window. */
  signedInAnew: () => Promise<void>;
  /** Reads the record; the answer is in the state. */
  need: (object: string, id: string) => Promise<void>;
  needList: (object: string) => Promise<void>;
  tookReceipt: (receipt: Receipt) => void;
  /** Looks at what went wrong; answers with the sentence to show. */
  failed: (error: unknown) => string;
  say: (text: string) => void;
  /** The page is looked at, or is not. */
  visible: (isVisible: boolean) => void;
  signOut: (options: { everywhere: boolean }) => Promise<void>;
  /** Somebody signed out in another window. */
  leave: () => void;
}

const BEGINNING: State = {
  phase: 'starting',
  unlinked: null,
  again: null,
  me: null,
  live: 'connecting',
  records: new Map(),
  lists: new Map(),
  receipts: [],
  receiptOf: new Map(),
  said: { text: '', count: 0 },
};
const LIST_MAX_PAGES = 20;
/** Receipts move with the stream; where there is none they are asked for this often. */
const RECEIPT_LOOK_MS = 5_000;

export function createAccount(client: Client, drafts: Drafts, now: () => number): Account {
  let state = BEGINNING;
  let subscription: Subscription | null = null;
  const listeners = new Set<() => void>();
  const set = (patch: Partial<State>): void => {
    state = { ...state, ...patch };
    for (const listener of listeners) listener();
  };
  const account: Account = {
    client,
    now,
    get: () => state,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    start: async () => {
      const entered = await enter(client);
      if (entered.me == null) {
        set({ ...entered });
        return;
      }
      drafts.belongTo(entered.me.contactId);
      set({ ...entered, again: state.again === 'expired' ? null : state.again });
      subscription ??= listen(account, set);
      subscription.resume();
      client
        .receipts()
        .then(
          (receipts) => receipts.reverse().forEach((each) => keepReceipt(account, set, each)),
          account.failed,
        );
    },
    signedInAnew: () => {
      set({ again: null });
      return account.start();
    },
    need: (object, id) => readRecord(account, set, object, id),
    needList: (object) => readList(account, set, object),
    tookReceipt: (receipt) => keepReceipt(account, set, receipt),
    failed: (error) => {
      if (!(error instanceof PortalError)) throw error;
      if (error.isSignIn && state.phase === 'signed-in') set({ again: 'expired' });
      if (error.code === 'prove-again') set({ again: 'unproven' });
      return error.detail;
    },
    say: (text) => set({ said: { text, count: state.said.count + 1 } }),
    visible: (isVisible) => (isVisible ? subscription?.resume() : subscription?.pause()),
    signOut: async (options) => {
      await client.signOut(options);
      account.leave();
    },
    leave: () => {
      drafts.eraseAll();
      subscription?.close();
      subscription = null;
      set({ ...BEGINNING, phase: 'signed-out' });
    },
  };
  setInterval(() => void lookAtReceipts(account), RECEIPT_LOOK_MS);
  return account;
}

type Set = (patch: Partial<State>) => void;

/** Whoever may ask who they are is signed in, whatever the way; of the others the session says why not. */
async function enter(client: Client): Promise<Partial<State>> {
  try {
    return { phase: 'signed-in', me: await client.me() };
  } catch (error) {
    if (!(error instanceof PortalError)) throw error;
    if (!error.isSignIn) return { phase: 'unreachable' };
  }
  const session = await client.session().catch(() => null);
  return session?.state === 'unlinked'
    ? { phase: 'unlinked', unlinked: session }
    : { phase: 'signed-out', unlinked: null };
}

function listen(account: Account, set: Set): Subscription {
  let wasLive = false;
  const readAgain = (): void => {
    const { records, lists } = account.get();
    for (const object of lists.keys()) void account.needList(object);
    for (const { object, id, view } of records.values())
      if (view !== null && !lists.has(object)) void account.need(object, id);
  };
  return account.client.subscribe({
    onRecord: (record) => tookRecord(account, set, record, true),
    onGone: (object, id) => {
      const { records, lists } = account.get();
      const key = recordKey(object, id);
      const heard = (records.get(key)?.heard ?? 0) + 1;
      const list = lists.get(object);
      set({
        records: new Map(records).set(key, { object, id, view: null, moved: {}, heard }),
        ...(list === undefined
          ? {}
          : { lists: new Map(lists).set(object, { ...list, ids: list.ids.filter((each) => each !== id) }) }),
      });
    },
    onReceipt: (receipt) => account.tookReceipt(receipt),
    onResync: readAgain,
    onState: (live) => {
      set({ live, ...(live === 'signed-out' ? { again: 'expired' } : {}) });
      if (live !== 'live') return;
      if (account.get().again === 'expired') set({ again: null });
      // What was read before the stream began may have moved in between.
      if (!wasLive) readAgain();
      wasLive = true;
    },
  });
}

function tookRecord(account: Account, set: Set, record: RecordView, fromStream: boolean): void {
  const { records, lists } = account.get();
  const list = lists.get(record.object);
  const isNew = list !== undefined && !list.ids.includes(record.id);
  set({
    records: putRecord(records, record, { now: account.now(), fromStream }),
    ...(isNew
      ? { lists: new Map(lists).set(record.object, { ...list, ids: newestFirst([...list.ids, record.id]) }) }
      : {}),
  });
}

async function readRecord(account: Account, set: Set, object: string, id: string): Promise<void> {
  const heardOf = (): number => account.get().records.get(recordKey(object, id))?.heard ?? 0;
  const before = heardOf();
  try {
    const record = await account.client.read(object, id);
    if (heardOf() === before) tookRecord(account, set, record, false);
  } catch (error) {
    account.failed(error);
    if (!(error instanceof PortalError) || error.code !== 'not-found' || heardOf() !== before) return;
    const gone = { object, id, view: null, moved: {}, heard: before };
    set({ records: new Map(account.get().records).set(recordKey(object, id), gone) });
  }
}

async function readList(account: Account, set: Set, object: string): Promise<void> {
  const put = (listed: Listed): void => set({ lists: new Map(account.get().lists).set(object, listed) });
  const known = account.get().lists.get(object);
  if (known === undefined) put({ ids: [], state: 'loading' });
  const heard = new Map([...account.get().records].map(([key, each]) => [key, each.heard]));
  const ids: string[] = [];
  let pages = 0;
  try {
    for await (const { records } of account.client.pages(object)) {
      for (const record of records) {
        const key = recordKey(object, record.id);
        ids.push(record.id);
        if ((account.get().records.get(key)?.heard ?? 0) === (heard.get(key) ?? 0))
          set({
            records: putRecord(account.get().records, record, { now: account.now(), fromStream: false }),
          });
      }
      pages += 1;
      if (pages >= LIST_MAX_PAGES) break;
    }
    const gone = (id: string): boolean => account.get().records.get(recordKey(object, id))?.view === null;
    const told = [...account.get().records.values()].filter(
      (each) =>
        each.object === object &&
        each.view !== null &&
        each.heard > (heard.get(recordKey(object, each.id)) ?? 0),
    );
    const all = new Set([...ids.filter((id) => !gone(id)), ...told.map(({ id }) => id)]);
    put({ ids: newestFirst([...all]), state: 'ready' });
  } catch (error) {
    account.failed(error);
    put({ ids: newestFirst([...new Set([...(known?.ids ?? []), ...ids])]), state: 'failed' });
  }
}

function keepReceipt(account: Account, set: Set, receipt: Receipt): void {
  const { receipts, receiptOf } = account.get();
  const before = receipts.find(({ editId }) => editId === receipt.editId);
  // A final receipt stays as it is, whatever comes late.
  if (before?.final === true && !receipt.final) return;
  const others = receipts.filter(({ editId }) => editId !== receipt.editId);
  const places = new Map(receiptOf);
  for (const place of placesOf(receipt)) {
    const shown = others.find(({ editId }) => editId === receiptOf.get(place));
    if (shown === undefined || shown.acceptedAt <= receipt.acceptedAt) places.set(place, receipt.editId);
  }
  const sorted = [receipt, ...others].sort((a, b) => (a.acceptedAt < b.acceptedAt ? 1 : -1));
  set({ receipts: sorted, receiptOf: places });
}

async function lookAtReceipts(account: Account): Promise<void> {
  const { live, phase, receipts } = account.get();
  if (live === 'live' || phase !== 'signed-in' || account.get().again === 'expired') return;
  for (const { editId } of receipts.filter(({ final }) => !final)) {
    const receipt = await account.client.receipt(editId, { patienceMs: 0 }).catch(() => null);
    if (receipt !== null) account.tookReceipt(receipt);
  }
}
