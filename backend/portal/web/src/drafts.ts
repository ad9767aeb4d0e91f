/**
 * What a person has typed and not yet sent. It outlives a reload and an expired session (in this window's storage), and
 * is erased when they sign out, or when somebody else signs in.
 */
import { useSyncExternalStore } from 'react';
import type { Value } from '@tallystick/shared/values';

export interface Draft {
  /** In the form of the field's kind, as the input gives it; null: emptied. */
  text: Value;
  /** What was shown when they began. Absent in a form that makes something new. */
  seen?: { version: string; value: Value };
  /** Made with the first try to send exactly this, so that a second try makes nothing twice. */
  key?: string;
  /** The person saw that the value moved, and keeps their own; the value they were shown. */
  keptOver?: { value: Value };
}

/** By place: "company:12:phone", "form:comment:ticket:7:text". */
type Kept = Readonly<Record<string, Draft>>;

export interface Drafts {
  get: (place: string) => Draft | undefined;
  /** The places that begin so. */
  below: (prefix: string) => string[];
  set: (place: string, draft: Draft) => void;
  erase: (...places: string[]) => void;
  eraseAll: () => void;
  /** Whose they are from now on; those of somebody else are erased. */
  belongTo: (person: string) => void;
  subscribe: (listener: () => void) => () => void;
  all: () => Kept;
}

const STORED_AS = 'tallystick.drafts';

export function createDrafts(storage: Storage | null): Drafts {
  let { person, kept } = restored(storage);
  const listeners = new Set<() => void>();
  const change = (next: Kept): void => {
    kept = next;
    try {
      if (Object.keys(kept).length === 0) storage?.removeItem(STORED_AS);
      else storage?.setItem(STORED_AS, JSON.stringify({ person, kept }));
    } catch {
      // The storage is full or closed: what was typed is still on the page.
    }
    for (const listener of listeners) listener();
  };
  return {
    get: (place) => kept[place],
    below: (prefix) => Object.keys(kept).filter((place) => place.startsWith(prefix)),
    set: (place, draft) => change({ ...kept, [place]: draft }),
    erase: (...places) => {
      if (places.some((place) => place in kept))
        change(Object.fromEntries(Object.entries(kept).filter(([place]) => !places.includes(place))));
    },
    eraseAll: () => change({}),
    belongTo: (next) => {
      const isOther = person !== null && person !== next;
      person = next;
      if (isOther) change({});
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    all: () => kept,
  };
}

export function useDraft(drafts: Drafts, place: string): Draft | undefined {
  return useSyncExternalStore(drafts.subscribe, () => drafts.get(place));
}

export function useDrafts(drafts: Drafts): Kept {
  return useSyncExternalStore(drafts.subscribe, drafts.all);
}

function restored(storage: Storage | null): { person: string | null; kept: Kept } {
  try {
    const found: unknown = JSON.parse(storage?.getItem(STORED_AS) ?? 'null');
    if (isThing(found) && typeof found.person === 'string' && isThing(found.kept))
      return { person: found.person, kept: Object.fromEntries(Object.entries(found.kept).filter(isKept)) };
  } catch {
    // Not ours, or not to be read.
  }
  return { person: null, kept: {} };
}

const isThing = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

const isKept = (entry: [string, unknown]): entry is [string, Draft] =>
  isThing(entry[1]) && (typeof entry[1].text === 'string' || entry[1].text === null);
