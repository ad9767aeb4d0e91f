/** The script that would spread the tables over servers with Citus, made from the catalogue. */
import { sql } from 'kysely';
import type { Db } from '../../backend/store/database.ts';

const HEAD = `-- Made by \`npm run schema\` from the catalogue; a test compares the two.
--
-- Spreads the tables over the servers of a Citus cluster by hub: a hub's rows of all tables lie together, so that every
-- statement of the service, which names one hub, goes to one server.
--
-- Verified here, by tests against the catalogue and the statements that are really sent:
--   each table has hub_id, its primary key and every unique key and index begin with it, every foreign key carries it on
--   both sides, and every statement of the service holds each table in it to a hub.
-- Not verified: Citus itself was not run. Before it is used, look at these with a cluster:
--   row-level security and the roles (the walls have to be raised on every server: the owner's statements of
--   backend/store/walls.ts are sent to the workers by Citus only for roles and policies it knows of);
--   session-level advisory locks (leases, the roster of workers) and LISTEN/NOTIFY are the coordinator's alone, so all
--   processes of the service connect to the coordinator;
--   "generated always as identity" columns, which need a recent version;
--   the append-only trigger of the journal, which Citus allows only with citus.enable_unsafe_triggers;
--   what is asked at the door (which hubs there are) is asked of all servers.
--
-- Run as the owner on the coordinator, after the first start has made the tables and while nothing else runs.

create extension if not exists citus;
`;

export async function citusScript(db: Db): Promise<string> {
  const { rows } = await sql<{ name: string; refers: string[]; has_hub: boolean }>`
    select c.relname as name,
      exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'hub_id' and not a.attisdropped) as has_hub,
      array(select distinct k.confrelid::regclass::text from pg_constraint k where k.conrelid = c.oid and k.contype = 'f') as refers
    from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and c.relname not like 'kysely_%'
    order by c.relname`.execute(db);
  const byHub = rows.filter((row) => row.has_hub);
  const everywhere = rows.filter((row) => !row.has_hub);
  // A table comes after those that its foreign keys refer to; the first one is what the others lie beside.
  const done = new Set<string>(['hubs']);
  const ordered = byHub.filter(({ name }) => name === 'hubs');
  while (ordered.length < byHub.length) {
    const next = byHub.find(
      ({ name, refers }) => !done.has(name) && refers.every((table) => table === name || done.has(table)),
    );
    if (next === undefined) throw new Error('The foreign keys go in a circle.');
    done.add(next.name);
    ordered.push(next);
  }
  const lines = ordered.map(({ name }) =>
    name === 'hubs'
      ? `select create_distributed_table('hubs', 'hub_id', colocate_with => 'none');`
      : `select create_distributed_table('${name}', 'hub_id', colocate_with => 'hubs');`,
  );
  const same = everywhere.map(({ name }) => `select create_reference_table('${name}');`);
  return `${[HEAD, ...lines, ...same].join('\n')}\n`;
}
