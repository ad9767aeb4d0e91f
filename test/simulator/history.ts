/** A record's cells: reading a value as of a time, and adding to its history. */
import type { CrmRecord, Entry, Source, State } from './state.ts';

/** History is kept newest first (recorded 2025) and not for ever. The caps are a GUESS: no official text names one. */
const CONTACT_HISTORY_MAX_ENTRIES = 45;
const HISTORY_MAX_ENTRIES = 20;

export function currentValue(record: CrmRecord, name: string): string | null {
  return record.cells.get(name)?.[0]?.value ?? null;
}

/** The value held at a time; null when never set by then. */
export function valueAt(record: CrmRecord, name: string, at: number): string | null {
  const cell = record.cells.get(name);
  if (cell === undefined) return null;
  for (const entry of cell) if (entry.at <= at) return entry.value;
  return null;
}

/** Puts a value on top of a cell and keeps the unique index true. Answers whether anything changed. */
export function setValue(
  state: State,
  record: CrmRecord,
  change: { name: string; value: string; at: number; by: Source },
): boolean {
  const { name, value, at, by } = change;
  const cell = record.cells.get(name);
  const before = cell?.[0]?.value;
  // GUESS: an unchanged value leaves no trace in history; the dial can make it leave one.
  if (before === value || (before === undefined && value === '')) {
    if (!state.faults.recordUnchanged || cell === undefined) return false;
  }
  const entry: Entry = { value, at, by };
  if (cell === undefined) record.cells.set(name, [entry]);
  else {
    cell.unshift(entry);
    const cap = record.typeId === '0-1' ? CONTACT_HISTORY_MAX_ENTRIES : HISTORY_MAX_ENTRIES;
    if (cell.length > cap) cell.length = cap;
  }
  const index = state.data.unique.get(`${record.typeId}/${name}`);
  if (index !== undefined) {
    if (before !== undefined && index.get(before) === record.id) index.delete(before);
    if (value !== '') index.set(value, record.id);
  }
  return true;
}

/** The modified date is a property like any other, and has a history; but it fires no webhook (docs). */
export function touch(
  state: State,
  record: CrmRecord,
  modifiedProperty: string,
  at: number,
  by: Source,
  text: string,
): void {
  record.updatedAt = at;
  setValue(state, record, { name: modifiedProperty, value: text, at, by });
}

/** Takes a record's unique values out of the indexes, or puts them back where nobody else took them. */
export function indexValues(state: State, record: CrmRecord, present: boolean): void {
  for (const [key, index] of state.data.unique) {
    const [typeId = '', name = ''] = key.split('/');
    const value = typeId === record.typeId ? currentValue(record, name) : null;
    if (value === null || value === '') continue;
    if (present && !index.has(value)) index.set(value, record.id);
    if (!present && index.get(value) === record.id) index.delete(value);
  }
}
