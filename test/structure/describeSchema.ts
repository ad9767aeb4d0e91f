/** The schema of a database as text, from Postgres' own catalogue: the embedded server has no pg_dump. */
import { sql } from 'kysely';
import type { Db } from '../../backend/store/database.ts';

export async function describeSchema(db: Db): Promise<string> {
  const { rows: columns } = await sql<{ relation: string; line: string }>`
    select c.relname as relation,
      format('  %I %s%s%s', a.attname, format_type(a.atttypid, a.atttypmod),
        case when a.attnotnull then ' not null' else '' end,
        case when a.attidentity <> '' then ' generated always as identity'
             when d.adbin is not null then ' default ' || pg_get_expr(d.adbin, d.adrelid) else '' end) as line
    from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.relname not like 'kysely_%'
    order by c.relname, a.attnum`.execute(db);
  const { rows: constraints } = await sql<{ relation: string; line: string }>`
    select c.conrelid::regclass::text as relation, '  ' || pg_get_constraintdef(c.oid) as line
    from pg_constraint c
    where c.connamespace = 'public'::regnamespace and c.contype <> 'n' and c.conrelid::regclass::text not like 'kysely_%'
    order by relation, c.contype desc, line`.execute(db);
  const { rows: others } = await sql<{ line: string }>`
    select pg_get_indexdef(i.indexrelid) || ';' as line from pg_index i join pg_class c on c.oid = i.indexrelid
      where c.relnamespace = 'public'::regnamespace and not exists (select 1 from pg_constraint k where k.conindid = i.indexrelid)
    union all
    select pg_get_functiondef(p.oid) || ';' from pg_proc p where p.pronamespace = 'public'::regnamespace
    union all
    select pg_get_triggerdef(t.oid) || ';' from pg_trigger t where not t.tgisinternal
    union all
    select format('alter table %s set (%s);', c.relname, array_to_string(c.reloptions, ', '))
      from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' and c.reloptions is not null
    order by line`.execute(db);
  const tables = [...new Set(columns.map((column) => column.relation))].map((table) => {
    const lines = [...columns, ...constraints]
      .filter((line) => line.relation === table)
      .map(({ line }) => line);
    return `create table ${table} (\n${lines.join(',\n')}\n);`;
  });
  const header = '-- Made by `npm run schema` from the migrations; a test compares the two.';
  return `${[header, ...tables, ...others.map(({ line }) => line)].join('\n\n')}\n`;
}
