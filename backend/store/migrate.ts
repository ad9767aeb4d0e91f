/** Brings a database to the present schema, as its owner; safe to run from several processes at once (Kysely takes a lock). */
import { Kysely, Migrator, PostgresDialect } from 'kysely';
import pg from 'pg';
import { migrations } from './migrations.ts';
import { raiseWalls } from './walls.ts';

export async function migrateToLatest(databaseUrl: string): Promise<void> {
  const db = new Kysely<unknown>({
    dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: databaseUrl, max: 2 }) }),
  });
  try {
    const migrator = new Migrator({ db, provider: { getMigrations: () => Promise.resolve(migrations) } });
    const { error } = await migrator.migrateToLatest();
    if (error !== undefined)
      throw error instanceof Error ? error : new Error('The database could not be migrated.');
    await raiseWalls(db);
  } finally {
    await db.destroy();
  }
}
