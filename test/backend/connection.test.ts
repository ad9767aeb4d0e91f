import { sql } from 'kysely';
import { hubId } from '@tallystick/shared/ids';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase } from '../../backend/store/connection.ts';
import { openDeliveryStore } from '../../backend/store/deliveries.ts';
import { asOwner, createTestDatabase, type TestDatabase } from '../harness/postgres.ts';

describe('a database connection that ends', () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await createTestDatabase();
  });
  afterAll(() => database.drop());

  it('between two statements of one transaction fails that work alone; the process and the pool go on', async () => {
    const heard: string[] = [];
    const hear = ({ message }: Error): void => void heard.push(message);
    const db = openDatabase(database.url, hubId(1), hear);
    const owner = asOwner(database.url);
    const work = db.transaction().execute(async (trx) => {
      const { rows } = await sql<{ pid: number }>`select pg_backend_pid() as pid`.execute(trx);
      await sql`select pg_terminate_backend(${rows[0]!.pid})`.execute(owner);
      await expect.poll(() => heard.length).toBeGreaterThan(0);
      await sql`select 1`.execute(trx);
    });
    await expect(work).rejects.toThrow();
    expect((await sql`select 1 as one`.execute(db)).rows).toEqual([{ one: 1 }]);
    await db.destroy();
    await owner.destroy();
  });

  it('while webhooks are stored is replaced for the next ones', async () => {
    const store = openDeliveryStore(database.url, () => undefined);
    const owner = asOwner(database.url);
    await store.store([{ hubId: hubId(1), receivedAt: 1, events: '[]' }]);
    await sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`.execute(owner);
    await expect
      .poll(() =>
        store.store([{ hubId: hubId(1), receivedAt: 2, events: '[]' }]).then(
          () => 'stored',
          () => 'not',
        ),
      )
      .toBe('stored');
    await store.close();
    await owner.destroy();
  });
});
