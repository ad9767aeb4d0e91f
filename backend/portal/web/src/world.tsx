/** What every part of the pages may use, handed down once. */
import { createContext, useContext, useEffect, useSyncExternalStore, type ReactNode } from 'react';
import type { FieldMeta, Me, ObjectMeta } from '@tallystick/shared/messages';
import type { Account, Listed, State } from './account.ts';
import type { Drafts } from './drafts.ts';
import type { Editing, Sending } from './editing.ts';
import { recordKey, type Known } from './known.ts';

export interface World {
  account: Account;
  drafts: Drafts;
  editing: Editing;
  /** Ticks every second, so that ages stay true. */
  clock: { now: () => number; subscribe: (listener: () => void) => () => void };
}

const Context = createContext<World | null>(null);

export function WorldProvider({ world, children }: { world: World; children: ReactNode }) {
  return <Context.Provider value={world}>{children}</Context.Provider>;
}

export function useWorld(): World {
  const world = useContext(Context);
  if (world === null) throw new Error('A part of the pages stands outside of their world.');
  return world;
}

export function useAccount<T>(select: (state: State) => T): T {
  const { account } = useWorld();
  return useSyncExternalStore(account.subscribe, () => select(account.get()));
}

/** Only within pages, which are shown to people who are signed in. */
export function useMe(): Me {
  const me = useAccount((state) => state.me);
  if (me === null) throw new Error('Nobody is signed in.');
  return me;
}

export const useObject = (object: string): ObjectMeta | undefined => useMe().objects[object];

export const fieldMetas = (meta: ObjectMeta | undefined): [string, FieldMeta][] =>
  Object.entries(meta?.fields ?? {});

export function useNow(): number {
  const { clock } = useWorld();
  return useSyncExternalStore(clock.subscribe, clock.now);
}

export function useSending(place: string): Sending | undefined {
  const { editing } = useWorld();
  return useSyncExternalStore(editing.subscribe, () => editing.get().get(place));
}

/** While it is shown it is read anew now and then: the stream tells what moves, not that nothing did. */
const REFRESH_MS = 60_000;

export function useRecord(object: string, id: string): Known | undefined {
  const { account } = useWorld();
  useEffect(() => {
    void account.need(object, id);
    const timer = setInterval(() => {
      if (document.visibilityState === 'visible') void account.need(object, id);
    }, REFRESH_MS);
    return () => clearInterval(timer);
  }, [account, object, id]);
  return useAccount((state) => state.records.get(recordKey(object, id)));
}

const EMPTY: Listed = { ids: [], state: 'loading' };

/** The records of an object, the newest first; none where this person sees no such object. */
export function useList(object: string): Listed & { records: Known[] } {
  const { account } = useWorld();
  const sees = useMe().objects[object] !== undefined;
  useEffect(() => {
    if (sees && account.get().lists.get(object)?.state !== 'ready') void account.needList(object);
  }, [account, object, sees]);
  const list = useAccount((state) => state.lists.get(object)) ?? EMPTY;
  const all = useAccount((state) => state.records);
  const records = list.ids.flatMap((id) => {
    const known = all.get(recordKey(object, id));
    return known?.view == null ? [] : [known];
  });
  return sees ? { ...list, records } : { ids: [], state: 'ready', records: [] };
}
