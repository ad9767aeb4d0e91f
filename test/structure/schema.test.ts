import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sql } from 'kysely';
import type { Db } from '../../backend/store/database.ts';
import { asOwner, createTestDatabase, type TestDatabase } from '../harness/postgres.ts';
import { citusScript } from './citus.ts';
import { describeSchema } from './describeSchema.ts';

const DUMP = new URL('../../backend/store/schema.sql', import.meta.url);
const CITUS = new URL('../../docs/citus.sql', import.meta.url);

describe('the database schema', () => {
  let database: TestDatabase;
  let db: Db;
  beforeAll(async () => {
    database = await createTestDatabase();
    db = asOwner(database.url);
  });
  afterAll(async () => {
    await db.destroy();
    await database.drop();
  });

  it('is what the committed dump says', async () => {
    const schema = await describeSchema(db);
    if (process.env.TALLYSTICK_WRITE_SCHEMA === '1') await writeFile(DUMP, schema);
    expect(schema).toBe(await readFile(DUMP, 'utf8'));
  });

  it('leads every primary key and every index with hub_id, so that tables can be spread over servers by hub', async () => {
    const { rows } = await sql<{ index: string; leading: string }>`
      select i.indexrelid::regclass::text as index, a.attname as leading
      from pg_index i join pg_class c on c.oid = i.indrelid
      join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[0]
      where c.relnamespace = 'public'::regnamespace and c.relname not like 'kysely_%'`.execute(db);
    expect(rows.length).toBeGreaterThan(10);
    expect(rows.filter((row) => row.leading !== 'hub_id')).toEqual([]);
  });

  it('carries hub_id on both sides of every foreign key, first', async () => {
    const { rows } = await sql<{ key: string; own: string; other: string }>`
      select k.conname as key, a.attname as own, b.attname as other from pg_constraint k
      join pg_attribute a on a.attrelid = k.conrelid and a.attnum = k.conkey[1]
      join pg_attribute b on b.attrelid = k.confrelid and b.attnum = k.confkey[1]
      where k.connamespace = 'public'::regnamespace and k.contype = 'f'`.execute(db);
    expect(rows.length).toBeGreaterThan(3);
    expect(rows.filter(({ own, other }) => own !== 'hub_id' || other !== 'hub_id')).toEqual([]);
  });

  it('has no table without hub_id, and is spread by docs/citus.sql as it is', async () => {
    const script = await citusScript(db);
    if (process.env.TALLYSTICK_WRITE_SCHEMA === '1') await writeFile(CITUS, script);
    expect(script).toBe(await readFile(CITUS, 'utf8'));
    expect(script).not.toContain('create_reference_table');
    // A key whose uniqueness does not hang on the hub could not be kept by several servers.
    const { rows } = await sql<{ index: string }>`
      select i.indexrelid::regclass::text as index from pg_index i join pg_class c on c.oid = i.indrelid
      join pg_attribute a on a.attrelid = c.oid and a.attname = 'hub_id'
      where c.relnamespace = 'public'::regnamespace and i.indisunique and not a.attnum = any(i.indkey::int2[])`.execute(
      db,
    );
    expect(rows).toEqual([]);
  });
});
