/** What a role may do beyond reading, as the catalogue tells: for itself and for every role it could become. */
import { sql, type Kysely } from 'kysely';

const TOLD_MAX = 5;

/** In words, at most `TOLD_MAX`; empty: it can only read. Temporary tables are none of another system's data. */
export async function mayWrite(db: Kysely<unknown>): Promise<string[]> {
  const { rows } = await sql<{ power: string }>`
    with roles as (
      select oid, rolsuper, rolcreaterole, rolcreatedb, rolreplication, rolbypassrls
      from pg_catalog.pg_roles where pg_catalog.pg_has_role(current_user, oid, 'MEMBER')
    ), places as (
      select oid, nspname from pg_catalog.pg_namespace where nspname !~ '^pg_' and nspname <> 'information_schema'
    ), powers as (
      select 1 as rank, p.power from roles r, lateral (values
        (r.rolsuper, 'is a superuser'), (r.rolcreaterole, 'may make roles'), (r.rolcreatedb, 'may make databases'),
        (r.rolreplication, 'may replicate')) as p (has, power) where p.has
      union select 2, 'may change ' || c.oid::regclass::text
        from roles r, pg_catalog.pg_class c join places p on p.oid = c.relnamespace
        where c.relkind in ('r', 'p', 'v', 'm', 'f') and (
          pg_catalog.has_table_privilege(r.oid, c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
          or pg_catalog.has_any_column_privilege(r.oid, c.oid, 'INSERT, UPDATE'))
      union select 3, 'may move the sequence ' || c.oid::regclass::text
        from roles r, pg_catalog.pg_class c join places p on p.oid = c.relnamespace
        where c.relkind = 'S' and pg_catalog.has_sequence_privilege(r.oid, c.oid, 'USAGE, UPDATE')
      union select 4, 'may create in the schema ' || p.nspname
        from roles r, places p where pg_catalog.has_schema_privilege(r.oid, p.oid, 'CREATE')
      union select 5, 'may create in the database'
        from roles r where pg_catalog.has_database_privilege(r.oid, current_database(), 'CREATE')
    )
    select power from powers order by rank, power limit ${TOLD_MAX}`.execute(db);
  return rows.map((row) => row.power);
}
