/**
 * The second wall between hubs, in Postgres itself; the first is that every statement names its hub. The service runs
 * as roles that own nothing. Row-level security lets them reach the rows of the hub their connection is bound to; a
 * connection that is bound to none gets an error.
 *
 * Raised after every migration, on whatever table has a `hub_id`, so that a new one cannot be left open.
 */
import { sql, type Kysely } from 'kysely';
import type { Db } from './database.ts';

/** Reads and writes the rows of one hub. */
export const SERVICE = 'tallystick_service';
/**
 * Stands where the hub is not known yet, and can do what is listed here, nothing else:
 *   take events in for whatever hub they name (a signature does not prove the hub), without reading them again;
 *   learn which hubs are connected, at the start and on the command line;
 *   learn which hubs are served, and where their portals are: what is sealed in the directory it cannot read.
 */
export const DOOR = 'tallystick_door';
const AT_THE_DOOR: Readonly<Record<string, readonly string[]>> = {
  deliveries: [
    `grant insert (hub_id, received_at, events), select (hub_id, delivery_id) on deliveries to ${DOOR}`,
    `create policy taken_in on deliveries to ${DOOR} using (true)`,
  ],
  hubs: [
    `grant select (hub_id, app_id, type_ids) on hubs to ${DOOR}`,
    `create policy known on hubs for select to ${DOOR} using (true)`,
  ],
  directory: [
    `grant select (hub_id, app_id, portal_url, version) on directory to ${DOOR}`,
    `create policy listed on directory for select to ${DOOR} using (true)`,
  ],
};
/** The policy that every table has. Fails where the setting is missing or empty. */
const ONE_HUB = `(hub_id = current_setting('tallystick.hub')::bigint)`;
/** "wall" in ASCII: services that start together raise the walls one after the other. */
const LOCK_CLASS = 0x77616c6c;

/** The message is for whoever operates the database. */
export class WallsRefused extends Error {
  override name = 'WallsRefused';
}

/** Gives every table its wall, and the service its roles. Throws `WallsRefused` where that is not allowed. */
export async function raiseWalls(db: Kysely<unknown>): Promise<void> {
  if ((await unwalled(db)).length === 0) return;
  await db.transaction().execute(async (trx) => {
    await sql`select pg_advisory_xact_lock(${LOCK_CLASS}, 0)`.execute(trx);
    const tables = await unwalled(trx);
    if (tables.length === 0) return;
    await makeRoles(trx);
    for (const table of tables) {
      const atTheDoor = AT_THE_DOOR[table] ?? [];
      for (const statement of [
        `grant select, insert, update, delete on ${table} to ${SERVICE}`,
        `alter table ${table} enable row level security`,
        `alter table ${table} force row level security`,
        `create policy one_hub on ${table} using ${ONE_HUB}`,
        ...atTheDoor,
      ])
        await sql.raw(statement).execute(trx);
    }
  });
}

/** Why the wall does not hold for this connection; null: it holds. Something between us and Postgres may drop its settings. */
export async function wallMissing(db: Db, hubId: string): Promise<string | null> {
  const { rows } = await sql<{ role: string; hub: string | null; above: boolean }>`
    select current_user as role, current_setting('tallystick.hub', true) as hub,
      rolsuper or rolbypassrls or exists (
        select from pg_class where relowner = r.oid and relnamespace = 'public'::regnamespace) as above
    from pg_roles r where rolname = current_user`.execute(db);
  const [row] = rows;
  if (row === undefined || row.above || row.role !== SERVICE)
    return `its connections run as ${row?.role ?? 'nobody'}, whom the walls between hubs do not hold`;
  return row.hub === hubId ? null : 'its connections are not bound to their hub';
}

/** The tables with a `hub_id` that have no wall yet. */
async function unwalled(db: Kysely<unknown>): Promise<string[]> {
  const { rows } = await sql<{ name: string }>`
    select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'hub_id'
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not (
      c.relrowsecurity and c.relforcerowsecurity
      and exists (select from pg_policy p where p.polrelid = c.oid and p.polname = 'one_hub'))
    order by c.relname`.execute(db);
  return rows.map((row) => row.name);
}

/** Roles belong to the whole server: another database of it, or an administrator, may have made them. */
async function makeRoles(trx: Kysely<unknown>): Promise<void> {
  try {
    for (const role of [SERVICE, DOOR]) {
      await sql.raw(makeRole(role)).execute(trx);
      await sql.raw(`grant usage on schema public to ${role}`).execute(trx);
    }
  } catch (error) {
    throw new WallsRefused(
      `The roles that keep hubs apart could not be made, or taken on. Have an administrator run, and start again: create role ${SERVICE}; create role ${DOOR}; grant ${SERVICE}, ${DOOR} to the user of the database's address;`,
      { cause: error },
    );
  }
}

/** Whoever makes a role may not yet become it (Postgres 16 and later). */
const makeRole = (role: string): string => `do $$ begin
  if not exists (select from pg_roles where rolname = '${role}') then
    begin
      create role ${role} nologin;
    exception when duplicate_object or unique_violation then null; -- at the same time, by another database's service
    end;
  end if;
  begin
    set local role ${role};
    reset role;
  exception when insufficient_privilege then grant ${role} to current_user;
  end;
end $$`;
