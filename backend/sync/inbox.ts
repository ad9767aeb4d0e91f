/**
 * Deliveries that wait to be applied. What this process stored itself is handed over in memory and need not be read
 * back; what another process stored, what was there before, and what came faster than it was taken is found in the
 * database, where every delivery is before anybody hears of it.
 */
import type { HubId } from '@tallystick/shared/ids';
import { sql } from 'kysely';
import type { Arrived } from '../signals.ts';
import type { Db } from '../store/database.ts';
import type { Clock } from './budget.ts';

/** One batch is about 1,500 events. */
export const BATCH_BYTES = 400_000;
const BATCH_MAX_DELIVERIES = 200;
const INBOX_MAX_BYTES = 16 * 1_048_576;
/** The database is looked through this often for what nobody told us of. */
export const LOOK_MS = 250;

/** How the hub's rows are reached for a look. */
export type Look = <T>(work: (db: Db) => Promise<T>) => Promise<T>;

export class Inbox {
  readonly #hubId: HubId;
  readonly #look: Look;
  readonly #clock: Clock;
  readonly #lookMs: number;
  readonly #batchBytes: number;
  #waiting: Arrived[] = [];
  #bytes = 0;
  /** More is in the database than in memory: it is taken from there until nothing is left. */
  #behind = true;
  #lookedAt = -Infinity;
  #found = new Set<string>();

  constructor(hubId: HubId, look: Look, clock: Clock, of = { lookMs: LOOK_MS, batchBytes: BATCH_BYTES }) {
    this.#lookMs = of.lookMs;
    this.#batchBytes = of.batchBytes;
    this.#hubId = hubId;
    this.#look = look;
    this.#clock = clock;
  }

  put(arrived: Arrived): void {
    if (this.#behind || this.#isFound(arrived)) return;
    this.#waiting.push(arrived);
    this.#bytes += bytesOf(arrived);
    if (this.#bytes > INBOX_MAX_BYTES) this.#fallBehind();
  }

  /** Another process has stored something: the next batch is looked for in the database. */
  lookSoon(): void {
    this.#lookedAt = -Infinity;
  }

  /** The next batch; null when nothing waits. `applying`: the ids of the batch that is being stored meanwhile. */
  async next(applying: readonly string[]): Promise<Arrived | null> {
    const isLookDue = this.#behind || this.#clock.now() - this.#lookedAt >= this.#lookMs;
    if (isLookDue) {
      const found = await this.#lookThrough(applying);
      if (found.ids.length > 0) return found;
    }
    return this.#take();
  }

  /** True while the next batch comes from the database, so that it pays to read it ahead. */
  get isBehind(): boolean {
    return this.#behind;
  }

  #fallBehind(): void {
    this.#behind = true;
    this.#waiting = [];
    this.#bytes = 0;
  }

  #take(): Arrived | null {
    const ids: string[] = [];
    const deliveries: Arrived['deliveries'][number][] = [];
    let bytes = 0;
    for (let arrived = this.#waiting[0]; arrived !== undefined; arrived = this.#waiting[0]) {
      if (bytes > 0 && bytes + bytesOf(arrived) > this.#batchBytes) break;
      bytes += bytesOf(arrived);
      ids.push(...arrived.ids);
      deliveries.push(...arrived.deliveries);
      this.#waiting.shift();
    }
    this.#bytes -= bytes;
    return ids.length === 0 ? null : { ids, deliveries };
  }

  async #lookThrough(applying: readonly string[]): Promise<Arrived> {
    // What is stored while we look is handed over, or found, or both.
    this.#behind = false;
    const except = [...applying, ...this.#waiting.flatMap((arrived) => arrived.ids)];
    const found = await this.#look((db) => stored(db, this.#hubId, except, this.#batchBytes));
    this.#lookedAt = this.#clock.now();
    this.#found = new Set(found.ids);
    const isFull = found.ids.length >= BATCH_MAX_DELIVERIES || bytesOf(found) >= this.#batchBytes;
    if (isFull) this.#fallBehind();
    else this.#waiting = this.#waiting.filter((arrived) => !this.#isFound(arrived));
    this.#bytes = this.#waiting.reduce((sum, arrived) => sum + bytesOf(arrived), 0);
    return found;
  }

  /** What was stored together is found together, unless more was there than was taken. */
  #isFound(arrived: Arrived): boolean {
    return arrived.ids.some((id) => this.#found.has(id));
  }
}

const bytesOf = ({ deliveries }: Arrived): number =>
  deliveries.reduce((sum, { events }) => sum + Buffer.byteLength(events), 0);

/** The oldest waiting deliveries: as many as make a batch, by their size, which the database knows without reading. */
async function stored(db: Db, hubId: HubId, except: readonly string[], batchBytes: number): Promise<Arrived> {
  const { rows } = await sql<{
    delivery_id: string;
    received_at: Date;
    events: string;
    layer: 'webhooks' | 'journal';
  }>`
    select delivery_id, received_at, events, layer from (
      select *, sum(octet_length(events)) over (order by delivery_id) - octet_length(events) as bytes_before
      from (
        select delivery_id, received_at, events, layer from deliveries
        where hub_id = ${hubId} and applied_at is null and delivery_id <> all(${[...except]}::bigint[])
        order by delivery_id limit ${BATCH_MAX_DELIVERIES}
      ) d
    ) d
    where bytes_before < ${batchBytes} order by delivery_id`.execute(db);
  return {
    ids: rows.map((row) => row.delivery_id),
    deliveries: rows.map(({ received_at: at, events, layer }) => ({
      receivedAt: at.getTime(),
      events,
      layer,
    })),
  };
}
