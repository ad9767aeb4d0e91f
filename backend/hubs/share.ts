/** Which hubs a worker process takes on, and which it hands over, so that each process holds its share. Pure. */
import type { HubId } from '@tallystick/shared/ids';

export interface Seen {
  /** Every hub that is to be served. */
  hubs: readonly HubId[];
  /** Those this process speaks for, or is about to, or has not yet let go. */
  own: ReadonlySet<HubId>;
  /** Of `own`: those that it is letting go. */
  leaving: ReadonlySet<HubId>;
  /** Those that some process has the lease of. */
  held: ReadonlySet<HubId>;
  /** Not to be tried again just now. */
  avoided: ReadonlySet<HubId>;
  /** How many of `own` do not work yet. */
  starting: number;
  /** Living worker processes, this one included. */
  workers: number;
  /** How many of them stand before this one. */
  rank: number;
}

/**
 * At a time; the rest when these work, because starting costs more than working, and would hold up who works already.
 * Others that start at the same time choose too.
 */
const TAKE_MAX_HUBS = 12;

/**
 * The shares of all workers add up to the hubs, and differ by one at most: those that come first have the odd ones.
 * `order` is what this process would rather take first: each process has another one, so that they
 * rarely collide.
 */
export function share(seen: Seen, order: (hubs: HubId[]) => HubId[]): { take: HubId[]; handOver: HubId[] } {
  const { hubs, own, leaving, held, avoided, starting } = seen;
  const known = new Set(hubs);
  const staying = [...own].filter((hub) => !leaving.has(hub));
  const gone = staying.filter((hub) => !known.has(hub));
  const kept = staying.filter((hub) => known.has(hub));
  const fair = Math.floor(hubs.length / seen.workers) + (seen.rank < hubs.length % seen.workers ? 1 : 0);
  const surplus = kept.slice(fair);
  const free = hubs.filter((hub) => !own.has(hub) && !held.has(hub) && !avoided.has(hub));
  const room = Math.max(0, Math.min(TAKE_MAX_HUBS - starting, fair - kept.length));
  return { take: order(free).slice(0, room), handOver: [...gone, ...surplus] };
}
