import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sql } from 'kysely';
import type { Db } from '../../backend/store/database.ts';
import { asOwner, createTestDatabase, type TestDatabase } from '../harness/postgres.ts';
import { describeSchema } from './describeSchema.ts';

const DUMP = new URL('../../backend/store/schema.sql', import.meta.url);

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
});
