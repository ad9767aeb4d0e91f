/**
 * The database, step by step: a file a step. A migration that has shipped is never edited; `schema.sql` is the committed
 * result, and a test compares the two. Every table leads its keys with `hub_id`: order, uniqueness and locks exist only
 * within a hub, so that the tables can later be spread over several servers.
 */
import { sql, type Kysely, type Migration } from 'kysely';
import { BEGINNING } from './migrations/0001_beginning.ts';
import { DESK } from './migrations/0002_desk.ts';
import { CREATIONS } from './migrations/0003_creations.ts';
import { SIGN_IN } from './migrations/0004_sign_in.ts';
import { HOOKS } from './migrations/0006_hooks.ts';
import { UPLOADS } from './migrations/0007_uploads.ts';
import { STATEMENTS } from './migrations/0008_statements.ts';
import { COMPLETENESS } from './migrations/0009_completeness.ts';
import { ERASURES } from './migrations/0011_erasures.ts';
import { WARNINGS } from './migrations/0012_warnings.ts';
import { DIRECTORY } from './migrations/0020_directory.ts';
import { DRIFT } from './migrations/0040_drift.ts';
import { HELD_SETS } from './migrations/0050_held_sets.ts';
import { OPERATING } from './migrations/0060_operating.ts';
import { GIVEN_UP } from './migrations/0070_given_up.ts';
import { DUE_ORDER } from './migrations/0080_due_order.ts';

export const migrations: Record<string, Migration> = {
  '0001_beginning': { up: (db) => run(db, BEGINNING) },
  '0002_desk': { up: (db) => run(db, DESK) },
  '0003_creations': { up: (db) => run(db, CREATIONS) },
  '0004_sign_in': { up: (db) => run(db, SIGN_IN) },
  '0006_hooks': { up: (db) => run(db, HOOKS) },
  '0007_uploads': { up: (db) => run(db, UPLOADS) },
  '0008_statements': { up: (db) => run(db, STATEMENTS) },
  '0009_completeness': { up: (db) => run(db, COMPLETENESS) },
  '0011_erasures': { up: (db) => run(db, ERASURES) },
  '0012_warnings': { up: (db) => run(db, WARNINGS) },
  '0020_directory': { up: (db) => run(db, DIRECTORY) },
  '0040_drift': { up: (db) => run(db, DRIFT) },
  '0050_held_sets': { up: (db) => run(db, HELD_SETS) },
  '0060_operating': { up: (db) => run(db, OPERATING) },
  '0070_given_up': { up: (db) => run(db, GIVEN_UP) },
  '0080_due_order': { up: (db) => run(db, DUE_ORDER) },
};

async function run(db: Kysely<unknown>, statements: readonly string[]): Promise<void> {
  for (const statement of statements) await sql.raw(statement).execute(db);
}
