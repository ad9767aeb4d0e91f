/**
 * Sending what was typed: each field's draft becomes an edit, and stays until it was accepted. What the person saw when
 * they began goes along, also where they keep theirs over a newer value: then the field's own rule decides, as it does
 * when nobody could tell them in time.
 */
import { PortalError } from '@tallystick/shared/portalRequest';
import type { CreationRequest, FieldView, Receipt } from '@tallystick/shared/messages';
import type { Account } from './account.ts';
import type { Draft, Drafts } from './drafts.ts';
import { crmValueOf, fieldPlace } from './known.ts';
import { WORDS } from './words.ts';

/** How the sending of a draft stands, by place. */
export interface Sending {
  busy: boolean;
  problem: string | null;
}

export interface Editing {
  get: () => ReadonlyMap<string, Sending>;
  subscribe: (listener: () => void) => () => void;
  begin: (object: string, id: string, field: string, view: FieldView, text?: Draft['text']) => void;
  type: (place: string, text: Draft['text']) => void;
  keepMine: (place: string, theirs: Draft['text']) => void;
  cancel: (place: string) => void;
  /** All fields in one edit: all of it or nothing. */
  save: (object: string, id: string, fields: readonly string[], label: string) => Promise<boolean>;
  /** Takes back what waits for a connection; where it did arrive, its receipt is shown. */
  stop: (place: string) => void;
  /** A form that makes something new; answers with its receipt, or null when it was not taken. */
  create: (name: string, form: string, request: CreationRequest) => Promise<Receipt | null>;
  act: (
    object: string,
    id: string,
    action: string,
    seen: Readonly<Record<string, string>>,
    version: string,
  ) => Promise<Receipt | null>;
}

/** A page is patient: it waits for the connection, and the person can call it off. */
const PATIENCE_MS = 3_600_000;

export function createEditing(account: Account, drafts: Drafts, newId: () => string): Editing {
  let sendings: ReadonlyMap<string, Sending> = new Map();
  const listeners = new Set<() => void>();
  const calls = new Map<string, AbortController>();
  const mark = (places: readonly string[], sending: Sending | null): void => {
    const next = new Map(sendings);
    for (const place of places) {
      if (sending === null) next.delete(place);
      else next.set(place, sending);
    }
    sendings = next;
    for (const listener of listeners) listener();
  };
  const deps: Deps = { account, drafts, newId, mark, calls };
  return {
    get: () => sendings,
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    begin: (object, id, field, view, text = view.value) => {
      const place = fieldPlace(object, id, field);
      if (drafts.get(place) === undefined)
        drafts.set(place, { text, seen: { version: view.version, value: crmValueOf(view) } });
    },
    type: (place, text) => {
      const { key: _, ...draft } = drafts.get(place) ?? { text };
      drafts.set(place, { ...draft, text });
    },
    keepMine: (place, theirs) => {
      const draft = drafts.get(place);
      if (draft !== undefined) drafts.set(place, { ...draft, keptOver: { value: theirs } });
    },
    cancel: (place) => {
      drafts.erase(place);
      mark([place], null);
    },
    save: (object, id, fields, label) => save(deps, object, id, fields, label),
    stop: (place) => calls.get(place)?.abort(),
    create: (name, form, request) => create(deps, name, form, request),
    act: (object, id, action, seen, version) =>
      attempt(deps, [actionPlace(object, id)], (signal) =>
        account.client.act(
          object,
          id,
          action,
          { record: version, fields: seen },
          { key: keyOf(deps, `key:${action}:${object}:${id}:${JSON.stringify(seen)}`), signal },
        ),
      ),
  };
}

export const actionPlace = (object: string, id: string): string => `action:${object}:${id}`;
export const formPlace = (form: string, field: string): string => `form:${form}:${field}`;
/** The form that makes something on a record; null: on one of the person's companies, which they choose. */
export const formOf = (creation: string, on: { object: string; id: string } | null): string =>
  `${creation}:${on === null ? '' : `${on.object}:${on.id}`}`;
/** What a refused file is called among the fields of a form. */
export const FILE = 'file';

interface Deps {
  account: Account;
  drafts: Drafts;
  newId: () => string;
  mark: (places: readonly string[], sending: Sending | null) => void;
  calls: Map<string, AbortController>;
}

async function save(
  deps: Deps,
  object: string,
  id: string,
  fields: readonly string[],
  label: string,
): Promise<boolean> {
  const { account, drafts } = deps;
  const places = fields.map((field) => fieldPlace(object, id, field));
  const found = fields.flatMap((field) => {
    const draft = drafts.get(fieldPlace(object, id, field));
    return draft?.seen === undefined ? [] : [{ field, draft, seen: draft.seen }];
  });
  if (found.length === 0) return false;
  const [first] = found;
  // Fields that are sent together have one key; typing in any of them makes another.
  const shared = found.every(({ draft }) => draft.key !== undefined && draft.key === first?.draft.key);
  const key = (shared ? first?.draft.key : undefined) ?? deps.newId();
  for (const { field, draft } of found) drafts.set(fieldPlace(object, id, field), { ...draft, key });
  const receipt = await attempt(
    deps,
    places,
    (signal) =>
      account.client.edit(
        object,
        id,
        Object.fromEntries(found.map(({ field, draft }) => [field, draft.text])),
        { fields: Object.fromEntries(found.map(({ field, seen }) => [field, seen.version])) },
        { key, signal, patienceMs: PATIENCE_MS },
      ),
    (error) => tellFields(deps, object, id, fields, error),
  );
  if (receipt === null) return false;
  drafts.erase(...places);
  account.say(WORDS.saidAccepted(label));
  void account.need(object, id);
  return true;
}

/** One message a field where the problem has one. A version that cannot be compared any more is read anew. */
function tellFields(
  deps: Deps,
  object: string,
  id: string,
  fields: readonly string[],
  error: PortalError,
): void {
  const { account, drafts, mark } = deps;
  const named = fields.filter((field) => error.fields[field] !== undefined);
  for (const field of fields) {
    const message = error.fields[field]?.message ?? (named.length === 0 ? error.detail : null);
    mark([fieldPlace(object, id, field)], message === null ? null : { busy: false, problem: message });
  }
  if (error.code !== 'version-expired' && error.code !== 'unknown-version') return;
  void account.need(object, id).then(() => {
    const view = account.get().records.get(`${object}:${id}`)?.view;
    for (const field of fields) {
      const draft = drafts.get(fieldPlace(object, id, field));
      const fresh = view?.fields[field];
      if (draft?.seen === undefined || fresh === undefined) continue;
      // The value they saw stays: where it moved, both are shown before it is sent again.
      const { key: _, ...rest } = draft;
      drafts.set(fieldPlace(object, id, field), {
        ...rest,
        seen: { version: fresh.version, value: draft.seen.value },
      });
    }
  });
}

async function create(
  deps: Deps,
  name: string,
  form: string,
  request: CreationRequest,
): Promise<Receipt | null> {
  const { account, drafts } = deps;
  const keyed = `key:${form}:${JSON.stringify(request)}`;
  const key = keyOf(deps, keyed);
  deps.mark(
    [FILE, ...Object.keys(request.fields)].map((field) => formPlace(form, field)),
    null,
  );
  const receipt = await attempt(
    deps,
    [formPlace(form, '')],
    (signal) => account.client.create(name, request, { key, signal, patienceMs: PATIENCE_MS }),
    (error) => {
      const fields = Object.entries(error.fields);
      deps.mark([formPlace(form, '')], { busy: false, problem: fields.length > 0 ? null : error.detail });
      for (const [field, { message }] of fields)
        deps.mark([formPlace(form, field)], { busy: false, problem: message });
    },
  );
  if (receipt !== null) drafts.erase(keyed, ...drafts.below(formPlace(form, '')));
  return receipt;
}

/** Kept with the drafts: also after a reload the same request has the same key. */
function keyOf({ drafts, newId }: Deps, place: string): string {
  const key = drafts.get(place)?.key ?? newId();
  drafts.set(place, { text: null, key });
  return key;
}

async function attempt(
  { account, mark, calls }: Deps,
  places: readonly string[],
  work: (signal: AbortSignal) => Promise<Receipt>,
  tell: (error: PortalError) => void = (error) => mark(places, { busy: false, problem: error.detail }),
): Promise<Receipt | null> {
  if (places.some((place) => calls.has(place))) return null;
  const call = new AbortController();
  for (const place of places) calls.set(place, call);
  mark(places, { busy: true, problem: null });
  try {
    const receipt = await work(call.signal);
    mark(places, null);
    account.tookReceipt(receipt);
    return receipt;
  } catch (error) {
    mark(places, null);
    if (call.signal.aborted) return null;
    account.failed(error);
    if (error instanceof PortalError && !error.isSignIn) tell(error);
    return null;
  } finally {
    for (const place of places) calls.delete(place);
  }
}
