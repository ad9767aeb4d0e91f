/**
 * Which worker processes live, and which hubs somebody speaks for: read from the locks that they hold. A lock dies with
 * its connection, so nobody has to say that they are there, and who is gone is gone at once.
 */
import type { HubId } from '@tallystick/shared/ids';
import pg from 'pg';
import { sessionConfig } from './connection.ts';

/** "work" in ASCII: a worker process holds one lock of this class while it lives. */
const ROSTER_CLASS = 0x776f726b;

/** Who lives looks several times a second; a process that hangs must not count as a worker, or its share is nobody's. */
const SILENCE_S = 15;

export interface Roster {
  /** `rank`: how many living workers stand before this one, in an order that all see alike. `held`: those of `hubs` that some worker has the lease of, this process included. */
  look(hubs: readonly HubId[]): Promise<{ workers: number; rank: number; held: Set<HubId> }>;
  close(): Promise<void>;
}

/** Enters this process; `number` is its own, a random 32-bit integer. Rejects where the database cannot be reached. */
export async function enterRoster(
  url: string,
  leaseClass: number,
  number: number,
  onError: (error: Error) => void,
): Promise<Roster> {
  const client = new pg.Client(sessionConfig(url, 'door', SILENCE_S));
  client.on('error', onError);
  await client.connect();
  await client.query('select pg_advisory_lock($1, $2)', [ROSTER_CLASS, number]);
  return {
    look: async (hubs) => {
      const { rows } = await client.query<{ workers: number; rank: number; held: HubId[] }>({
        ...LOOK,
        values: [ROSTER_CLASS, leaseClass, hubs, number],
      });
      const [row] = rows;
      if (row === undefined) throw new Error('The roster of workers could not be read.');
      return { workers: row.workers, rank: row.rank, held: new Set(row.held) };
    },
    close: () => client.end(),
  };
}

/** A lock of two numbers shows them as classid and objid (docs: pg_locks); a hub's second one is its hash. */
const LOOK = {
  name: 'roster',
  text: `
    with locks as materialized (
      select classid::bigint as class, objid::bigint as number from pg_locks
      where locktype = 'advisory' and objsubid = 2 and granted
        and database = (select oid from pg_database where datname = current_database()))
    select (select count(*)::int from locks where class = $1) as workers,
      (select count(*)::int from locks where class = $1 and number < $4::bigint) as rank,
      array(select hub from unnest($3::text[]) hub
        where (hashtext(hub)::bigint & 4294967295) in (select number from locks where class = $2)) as held`,
};
