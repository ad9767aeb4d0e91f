/**
 * Another system that owns fields of ours: what we may ask of it. Nothing here writes, and nothing here decides: an
 * answer is what the system said, or why it said nothing.
 */
import { objects, sources, type AppAudience, type AppObject } from '@tallystick/shared/ownership';
import type { SourceItem } from '@tallystick/shared/messages';
import type { SourceSpec } from '@tallystick/shared/sourceSpec';
import type { Kind, Value } from '@tallystick/shared/values';

export interface SourceFailure {
  /** `may-write`: it would let us change its data, so it is not used at all. */
  is: 'unreachable' | 'too-slow' | 'barred' | 'misfit' | 'may-write';
  /** One sentence for staff; never a customer's data. */
  message: string;
}
export type SourceAnswer<T> = { ok: true; value: T } | { ok: false; failure: SourceFailure };

/** The values of the fields it owns, by field and in canonical form; `twice`: it has several rows for the key. */
export type SourceValues = Readonly<Record<string, Value>> | 'twice';

export interface SourceLists {
  /** Newest first. */
  lists: Readonly<Record<string, readonly SourceItem[]>>;
  /** The lists of which only the newest rows are here. */
  cut: readonly string[];
}

export interface Source {
  name: string;
  spec: SourceSpec<AppAudience, AppObject>;
  /** Asks whether it answers, and whether it would let us write. */
  prove(): Promise<SourceAnswer<null>>;
  /** By key; a key it does not know is not in the answer. At most `KEYS_MAX` keys. */
  readValues(keys: readonly string[]): Promise<SourceAnswer<ReadonlyMap<string, SourceValues>>>;
  readLists(key: string): Promise<SourceAnswer<SourceLists>>;
  close(): Promise<void>;
}

export const KEYS_MAX = 500;

export interface OwnedField {
  field: string;
  column: string;
  kind: Kind;
}

/** The CRM fields that a source owns. */
export function ownedFields(name: string): OwnedField[] {
  const object = sources[name]?.key.object;
  if (object === undefined) return [];
  return Object.entries(objects[object].fields).flatMap(([field, spec]) =>
    spec.owner === 'source' && spec.source === name ? [{ field, column: spec.from, kind: spec.kind }] : [],
  );
}
