/** The wall between hubs that Postgres keeps: every table has it, and the service cannot climb it. */
import { hubId as toHubId } from '@tallystick/shared/ids';
import { sql, type Kysely } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openDatabase, sessionConfig } from '../../backend/store/connection.ts';
import type { Database, Db } from '../../backend/store/database.ts';
import { openDeliveryStore } from '../../backend/store/deliveries.ts';
import { knownHubs } from '../../backend/store/hubs.ts';
import { migrateToLatest } from '../../backend/store/migrate.ts';
import { DOOR, SERVICE, wallMissing } from '../../backend/store/walls.ts';
import { asOwner, createTestDatabase, type TestDatabase } from '../harness/postgres.ts';

const MINE = toHubId('1');
const THEIRS = toHubId('2');

describe('the wall between hubs', () => {
  let database: TestDatabase;
  let owner: Db;
  let db: Db;
  const open: Db[] = [];
  const reach = (url: string, bound: Parameters<typeof openDatabase>[1]): Db => {
    const opened = openDatabase(url, bound, () => undefined);
    open.push(opened);
    return opened;
  };

  beforeAll(async () => {
    database = await createTestDatabase();
    owner = asOwner(database.url);
    db = reach(database.url, MINE);
    for (const hub_id of [MINE, THEIRS]) {
      await owner.insertInto('hubs').values(hubRow(hub_id)).execute();
      await owner.insertInto('people').values(personRow(hub_id)).execute();
    }
  });
  afterAll(async () => {
    await Promise.all(open.map((each) => each.destroy()));
    await owner.destroy();
    await database.drop();
  });

  it('stands on every table with a hub, for its owner too', async () => {
    const tables = await walledTables(owner);
    expect(tables.length).toBeGreaterThan(25);
    expect(tables.filter((table) => !table.enabled || !table.forced)).toEqual([]);
    const clause = "(hub_id = (current_setting('tallystick.hub'::text))::bigint)";
    const { rows: policies } = await sql<{ at: string; name: string; using: string; check: string | null }>`
      select tablename as at, policyname as name, qual as using, with_check as check from pg_policies
      order by tablename, policyname`.execute(owner);
    expect(policies.filter(({ name }) => name === 'one_hub')).toEqual(
      tables.map(({ at }) => ({ at, name: 'one_hub', using: clause, check: null })),
    );
    expect(policies.filter(({ name }) => name !== 'one_hub').map(({ at, name }) => `${name} ${at}`)).toEqual([
      'taken_in deliveries',
      'listed directory',
      'known hubs',
    ]);
  });

  it('is not the service’s own: its roles own nothing, cannot sign in, and stand above nothing', async () => {
    const { rows } = await sql<Record<string, unknown>>`
      select r.rolname as role, rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolcanlogin as more,
        (select count(*)::int from pg_shdepend d where d.refobjid = r.oid and d.deptype = 'o') as owned,
        (select count(*)::int from pg_auth_members m where m.member = r.oid) as memberships
      from pg_roles r where rolname in (${SERVICE}, ${DOOR}) order by 1`.execute(owner);
    expect(rows).toEqual([
      { role: DOOR, more: false, owned: 0, memberships: 0 },
      { role: SERVICE, more: false, owned: 0, memberships: 0 },
    ]);
  });

  it('hides another hub’s rows from a statement that forgets to name its hub', async () => {
    expect(await db.selectFrom('people').select(['hub_id']).execute()).toEqual([{ hub_id: MINE }]);
    const named = db.selectFrom('people').select('hub_id').where('hub_id', '=', THEIRS);
    expect(await named.execute()).toEqual([]);
    const { numUpdatedRows } = await db
      .updateTable('people')
      .set({ revoked_at: new Date() })
      .executeTakeFirst();
    expect(numUpdatedRows).toBe(1n);
    const { numDeletedRows } = await db.deleteFrom('people').executeTakeFirst();
    expect(numDeletedRows).toBe(1n);
    expect(await owner.selectFrom('people').select(['hub_id', 'revoked_at']).execute()).toEqual([
      { hub_id: THEIRS, revoked_at: null },
    ]);
  });

  it('lets no row be stored for another hub, nor moved to one', async () => {
    const beyond = /row-level security policy/;
    await expect(db.insertInto('people').values(personRow(THEIRS)).execute()).rejects.toThrow(beyond);
    await db.insertInto('people').values(personRow(MINE)).execute();
    await expect(db.updateTable('people').set({ hub_id: THEIRS }).execute()).rejects.toThrow(beyond);
  });

  it('reads nothing at all where no hub was set, and nothing but which hubs there are at the door', async () => {
    const unbound = reach(database.url, 'door');
    const denied = /permission denied|tallystick\.hub/;
    await expect(unbound.selectFrom('people').selectAll().execute()).rejects.toThrow(denied);
    await expect(unbound.selectFrom('hubs').selectAll().execute()).rejects.toThrow(denied);
    await expect(unbound.selectFrom('deliveries').select('events').execute()).rejects.toThrow(denied);
    await expect(unbound.deleteFrom('deliveries').execute()).rejects.toThrow(denied);
    expect(await knownHubs(database.url, () => undefined)).toEqual([
      { hubId: MINE, appId: '9', typeIds: {} },
      { hubId: THEIRS, appId: '9', typeIds: {} },
    ]);
    const unset = owner.transaction().execute(async (trx) => {
      await sql`set local role ${sql.id(SERVICE)}`.execute(trx);
      return trx.selectFrom('people').selectAll().execute();
    });
    await expect(unset).rejects.toThrow(/tallystick\.hub/);
  });

  it('takes in what is delivered for any hub; each hub’s worker finds its own', async () => {
    const store = openDeliveryStore(database.url, () => undefined);
    const ids = await store.store(
      [MINE, THEIRS].map((hubId) => ({ hubId, receivedAt: Date.now(), events: `["of ${hubId}"]` })),
    );
    expect([...ids.keys()].sort()).toEqual([MINE, THEIRS]);
    // By what the door may do, and by nothing else.
    await sql.raw(`revoke insert on deliveries from ${DOOR}`).execute(owner);
    const refused = store.store([{ hubId: MINE, receivedAt: Date.now(), events: '[]' }]);
    await expect(refused).rejects.toThrow('permission denied');
    await sql.raw(`grant insert (hub_id, received_at, events) on deliveries to ${DOOR}`).execute(owner);
    await store.close();
    expect(await db.selectFrom('deliveries').select('events').execute()).toEqual([{ events: '["of 1"]' }]);
  });

  it('is raised on a table that a later migration brings', async () => {
    await sql`create table late (hub_id bigint not null primary key)`.execute(owner);
    await sql`insert into late values (1), (2)`.execute(owner);
    await migrateToLatest(database.url);
    expect((await sql`select * from late`.execute(db)).rows).toEqual([{ hub_id: '1' }]);
    await sql`drop table late`.execute(owner);
  });

  it('holds where the address brings options of its own, and is missed where they were dropped on the way', async () => {
    const address = `${database.url}?options=${encodeURIComponent('-c work_mem=8MB -c role=postgres')}`;
    const bound = reach(address, MINE);
    expect(await wallMissing(bound, MINE)).toBeNull();
    expect(await wallMissing(bound, THEIRS)).toContain('not bound');
    expect((await sql<{ work_mem: string }>`show work_mem`.execute(bound)).rows[0]?.work_mem).toBe('8MB');
    expect(await wallMissing(owner, MINE)).toContain('do not hold');
    expect(sessionConfig(address, MINE).connectionString).toBe(database.url);
  });

  it('serves a login that is no owner, made as docs/install.md says', async () => {
    const name = `portal_${new URL(database.url).pathname.slice(1)}`;
    await sql
      .raw(`create role ${name} login noinherit password 'p' in role ${SERVICE}, ${DOOR}`)
      .execute(owner);
    const url = new URL(database.url);
    [url.username, url.password] = [name, 'p'];
    const limited = reach(url.href, MINE);
    const itself = asOwner(url.href);
    await expect(itself.selectFrom('hubs').select('hub_id').execute()).rejects.toThrow(/denied|hub/);
    expect(await wallMissing(itself, MINE)).toContain(`run as ${name}`);
    await itself.destroy();
    expect(await wallMissing(limited, MINE)).toBeNull();
    expect(await limited.selectFrom('hubs').select('hub_id').execute()).toEqual([{ hub_id: MINE }]);
    await limited.destroy();
    open.splice(open.indexOf(limited), 1);
    await sql.raw(`drop role ${name}`).execute(owner);
  });

  it('is raised by an owner who is no superuser and was given the roles; without them it says what to do', async () => {
    const name = `owner_${new URL(database.url).pathname.slice(1)}`;
    await sql.raw(`create role ${name} login password 'p'`).execute(owner);
    await sql.raw(`create database ${name} owner ${name}`).execute(owner);
    const url = new URL(database.url);
    [url.username, url.password, url.pathname] = [name, 'p', name];
    await expect(migrateToLatest(url.href)).rejects.toThrow(/administrator run.*grant tallystick_service/);
    await sql.raw(`grant ${SERVICE}, ${DOOR} to ${name}`).execute(owner);
    await migrateToLatest(url.href);
    const theirs = openDatabase(url.href, MINE, () => undefined);
    expect(await wallMissing(theirs, MINE)).toBeNull();
    await theirs.insertInto('hubs').values(hubRow(MINE)).execute();
    expect(await knownHubs(url.href, () => undefined)).toHaveLength(1);
    await theirs.destroy();
    const bare = asOwner(url.href);
    await expect(bare.selectFrom('people').selectAll().execute()).rejects.toThrow(/tallystick\.hub/);
    await bare.destroy();
    await sql.raw(`drop database ${name} with (force)`).execute(owner);
    await sql.raw(`drop role ${name}`).execute(owner);
  });
});

async function walledTables(db: Kysely<Database>) {
  const { rows } = await sql<{ at: string; enabled: boolean; forced: boolean }>`
    select c.relname as at, relrowsecurity as enabled, relforcerowsecurity as forced from pg_class c
    join pg_attribute a on a.attrelid = c.oid and a.attname = 'hub_id'
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' order by c.relname`.execute(db);
  return rows;
}

const hubRow = (hub_id: typeof MINE) => ({
  ...{ hub_id, app_id: '9', time_zone: 'UTC', connected_at: new Date() },
});
const personRow = (hub_id: typeof MINE) => ({
  ...{ hub_id, token_hash: Buffer.from(`of ${hub_id}`), contact_id: '1' as never },
  ...{ audience: 'direct', created_at: new Date() },
});
