/**
 * The mirror rows this worker met last. It is the mirror's only writer while the lease lasts, so what it wrote is what
 * is there: reading a row back would only cost time.
 */
import type { HubId, RecordId } from '@tallystick/shared/ids';
import type { AppObject } from '@tallystick/shared/ownership';
import type { Db } from '../store/database.ts';
import { keyOf, loadMirror, type MirrorPatch, type MirrorRow } from '../store/mirror.ts';

const ROWS_MAX = 20_000;

export class MirrorCache {
  readonly #hubId: HubId;
  /** In the order of use, the oldest first. */
  readonly #rows = new Map<string, MirrorRow>();

  constructor(hubId: HubId) {
    this.#hubId = hubId;
  }

  /** The rows of these records; records the mirror does not hold are not in the answer. */
  async load(
    db: Db,
    records: readonly { object: AppObject; recordId: RecordId }[],
  ): Promise<Map<string, MirrorRow>> {
    const found = new Map<string, MirrorRow>();
    const missing: { object: AppObject; recordId: RecordId }[] = [];
    for (const record of records) {
      const key = keyOf(record);
      const row = this.#rows.get(key);
      if (row === undefined) missing.push(record);
      else found.set(key, row);
    }
    const loaded = missing.length === 0 ? [] : await loadMirror(db, this.#hubId, missing);
    for (const [key, row] of loaded) found.set(key, row);
    for (const [key, row] of found) this.#keep(key, row);
    return found;
  }

  /** These patches were stored. A row that is not here is read when it is needed. */
  applied(patches: readonly MirrorPatch[]): void {
    for (const { readAt: _, ...patch } of patches) {
      const key = keyOf(patch);
      const before = this.#rows.get(key);
      if (before !== undefined) this.#keep(key, { ...patch, fields: { ...before.fields, ...patch.fields } });
    }
  }

  /** A store failed: what is in the database is not known for certain. */
  clear(): void {
    this.#rows.clear();
  }

  /** The database may hold something else of these records: they are read when they are needed. */
  forget(records: readonly { object: AppObject; recordId: RecordId }[]): void {
    for (const record of records) this.#rows.delete(keyOf(record));
  }

  #keep(key: string, row: MirrorRow): void {
    this.#rows.delete(key);
    this.#rows.set(key, row);
    if (this.#rows.size <= ROWS_MAX) return;
    const [oldest] = this.#rows.keys();
    if (oldest !== undefined) this.#rows.delete(oldest);
  }
}
