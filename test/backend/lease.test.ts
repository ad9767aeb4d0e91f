/** The lease: one worker speaks for a hub, and whoever has lost it can neither write nor speak. */
import { connect, createServer, type AddressInfo } from 'node:net';
import { hubId as toHubId, type HubId } from '@tallystick/shared/ids';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Db } from '../../backend/store/database.ts';
import { takeHold } from '../../backend/store/hold.ts';
import { enterRoster } from '../../backend/store/roster.ts';
import { acquireLease, type Lease } from '../../backend/sync/lease.ts';
import { breakableLine } from '../harness/brokenLine.ts';
import { eventually } from '../harness/eventually.ts';
import { asOwner, createTestDatabase, type TestDatabase } from '../harness/postgres.ts';

describe('a lease', () => {
  let database: TestDatabase;
  let owner: Db;
  const open: Lease[] = [];
  let hubs = 100;

  beforeAll(async () => {
    database = await createTestDatabase();
    owner = asOwner(database.url);
  });
  afterAll(async () => {
    for (const lease of open) await lease.release();
    await owner.destroy();
    await database.drop();
  });

  async function connectedHub(): Promise<HubId> {
    const hubId = toHubId(String((hubs += 1)));
    const row = { hub_id: hubId, app_id: '9', time_zone: 'UTC', connected_at: new Date() };
    await owner.insertInto('hubs').values(row).execute();
    return hubId;
  }
  async function take(hubId: HubId, url = database.url, now = 0): Promise<Lease | null> {
    const lease = await acquireLease(url, hubId, 'test', now);
    if (lease !== null) open.push(lease);
    return lease;
  }
  async function taken(hubId: HubId, url = database.url, now = 0): Promise<Lease> {
    const lease = await take(hubId, url, now);
    if (lease === null) throw new Error('Somebody else holds the lease.');
    return lease;
  }
  const endConnections = (): Promise<unknown> =>
    sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid() and usename = current_user
        and query not ilike '%pg_terminate%'`.execute(owner);
  const role = (db: Db, hubId: HubId, user: string) =>
    db.insertInto('staff').values({ hub_id: hubId, user_id: user, email: '', role: 'admin' });
  const roles = async (hubId: HubId): Promise<string[]> =>
    (await owner.selectFrom('staff').select('user_id').where('hub_id', '=', hubId).execute())
      .map((row) => row.user_id)
      .sort();

  it('is held by one worker at a time, and each term has an epoch of its own', async () => {
    const hubId = await connectedHub();
    const first = await taken(hubId);
    expect(await take(hubId)).toBeNull();
    await first.release();
    const second = await taken(hubId);
    expect(second.epoch).toBe(first.epoch + 1);
  });

  it('stores all of a transaction or nothing, also where nobody heard that a statement failed', async () => {
    const hubId = await connectedHub();
    const lease = await taken(hubId);
    const inOne = (work: (trx: Db) => Promise<unknown>) =>
      lease.exclusive((_, transaction) => transaction(work));
    const failed = inOne(async (trx) => {
      await role(trx, hubId, '1').execute();
      throw new Error('half way');
    });
    await expect(failed).rejects.toThrow('half way');
    // A failure is that work's own: the next has its turn, and a transaction of its own.
    await inOne((trx) => role(trx, hubId, '3').execute());
    const unheard = inOne(async (trx) => {
      await role(trx, hubId, '2').execute();
      await role(trx, hubId, '2')
        .execute()
        .catch(() => undefined);
    });
    await expect(unheard).rejects.toThrow();
    await inOne((trx) => role(trx, hubId, '4').execute());
    expect(await roles(hubId)).toEqual(['3', '4']);
  });

  it('lets nothing be stored by what still runs of a transaction that has failed', async () => {
    const hubId = await connectedHub();
    const lease = await taken(hubId);
    // Its turn comes when the transaction is over.
    const afterwards = async (work: () => Promise<unknown>): Promise<string> => {
      await new Promise((resolve) => setImmediate(resolve));
      await lease.prove();
      return work().then(
        () => 'stored',
        (error: unknown) => String(error),
      );
    };
    let late = Promise.resolve('never tried');
    const failed = lease.exclusive((_, transaction) =>
      transaction(async (trx) => {
        late = afterwards(() => role(trx, hubId, '1').execute());
        await role(trx, hubId, '2').execute();
        throw new Error('half way');
      }),
    );
    await expect(failed).rejects.toThrow('half way');
    expect(await late).toContain('This transaction is over.');
    expect(await roles(hubId)).toEqual([]);
  });

  it('that was lost is known to be lost: nothing is written, and no call is proven', async () => {
    const hubId = await connectedHub();
    const lease = await taken(hubId);
    await endConnections();
    await lease.lost;
    await expect(lease.fence({ now: () => 1 })).rejects.toThrow();
    await expect(lease.exclusive((db) => role(db, hubId, '1').execute())).rejects.toThrow();
    const next = await eventually(() => take(hubId).then((each) => each ?? undefined), 'the next lease');
    expect(next.epoch).toBe(lease.epoch + 1);
    expect(await roles(hubId)).toEqual([]);
  });

  it('is free again when its process is silent, wherever in a transaction it was stopped', async () => {
    const hubId = await connectedHub();
    const address = new URL(database.url);
    const limits = ['idle_session_timeout', 'idle_in_transaction_session_timeout'];
    address.searchParams.set('options', limits.map((name) => `-c ${name}=300ms`).join(' '));
    const stopped = await taken(hubId, address.href);
    const begun = stopped.exclusive((_, transaction) =>
      transaction(async (trx) => {
        await role(trx, hubId, '1').execute();
        await stopped.lost;
      }),
    );
    begun.catch(() => undefined);
    expect(await take(hubId)).toBeNull();
    await eventually(() => take(hubId).then((each) => each ?? undefined), 'the next lease', 5_000);
    await expect(begun).rejects.toThrow();
    expect(await roles(hubId)).toEqual([]);
  });

  it('tells Postgres how long its process may be silent, as does whatever else holds a lock', async () => {
    const hubId = await connectedHub();
    const said: string[] = [];
    const server = createServer((near) => {
      const { hostname, port } = new URL(database.url);
      const far = connect(Number(port), hostname);
      near.once('data', (bytes: Buffer) => said.push(bytes.toString('latin1')));
      near.pipe(far).pipe(near);
      for (const socket of [near, far]) socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = new URL(database.url);
    url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    await (await taken(hubId, url.href)).release();
    await (await takeHold(url.href, 7, 'here'))?.release();
    await (await enterRoster(url.href, 8, 9, () => undefined)).close();
    server.close();
    // Of several the last counts.
    const lastOf = (text: string, name: string) =>
      [...text.matchAll(new RegExp(`${name}=(\\w+)`, 'g'))].at(-1)?.[1];
    expect(
      said.map((text) => [
        lastOf(text, 'idle_session_timeout'),
        lastOf(text, 'in_transaction_session_timeout'),
      ]),
    ).toEqual([
      ['15s', '15s'],
      ['120s', '120s'],
      ['15s', '15s'],
    ]);
  });

  it('is proven by its connection when the last proof is older than a second', async () => {
    const hubId = await connectedHub();
    const line = await breakableLine(database.url);
    try {
      const url = new URL(database.url);
      url.host = new URL(line.url).host;
      const lease = await taken(hubId, url.href, 10_000);
      await lease.fence({ now: () => 10_500 });
      line.down(true);
      // However fresh the proof: whoever lost the connection meanwhile has lost the lease.
      await expect(lease.fence({ now: () => 20_000 })).rejects.toThrow();
    } finally {
      await line.close();
    }
  });

  it('is not proven by an answer that came while the process slept: it is asked for again', async () => {
    const hubId = await connectedHub();
    const lease = await taken(hubId, database.url, 10_000);
    // Asked at 20,000; the process is stopped, and goes on at 50,000 with the answer waiting for it.
    const instants = [20_000, 50_000, 50_010];
    let looks = 0;
    const now = (): number => instants[Math.min(looks++, instants.length - 1)] ?? 0;
    await lease.fence({ now });
    expect(looks).toBe(3);
    // Where no answer ever comes in time, the lease is given up.
    let at = 60_000;
    await expect(lease.fence({ now: () => (at += 5_000) })).rejects.toThrow('too slowly');
    await lease.lost;
  });
});
