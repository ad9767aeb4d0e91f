/** Signals between processes: two sets of signals on one database, as two processes have them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sql } from 'kysely';
import { pino } from 'pino';
import { hubId, type HubId } from '@tallystick/shared/ids';
import { createSignals, type Signals } from '../../backend/signals.ts';
import { relaySignals, type SignalRelay } from '../../backend/signalRelay.ts';
import type { Db } from '../../backend/store/database.ts';
import { eventually } from '../harness/eventually.ts';
import { clock } from '../harness/loop.ts';
import { asOwner, createTestDatabase, type TestDatabase } from '../harness/postgres.ts';

const HUB = hubId('7');

describe('signals between processes', () => {
  let database: TestDatabase;
  let owner: Db;
  const relays: SignalRelay[] = [];
  const heard: [process: string, kind: string, hub: HubId, known: boolean][] = [];
  const processOf = (name: string): Signals => {
    const signals = createSignals();
    signals.onWake((hub) => heard.push([name, 'wake', hub, true]));
    signals.onArrived((hub, arrived) => heard.push([name, 'arrived', hub, arrived !== null]));
    signals.onChange(({ hubId: hub }) => heard.push([name, 'change', hub, true]));
    signals.onMoved((hub) => heard.push([name, 'moved', hub, true]));
    relays.push(relaySignals({ databaseUrl: database.url, signals, clock, log: pino({ level: 'silent' }) }));
    return signals;
  };
  const listening = async (): Promise<number> => {
    const { rows } = await sql<{ count: number }>`
      select count(*)::int as count from pg_stat_activity
      where datname = current_database() and query = 'listen tallystick'`.execute(owner);
    return rows[0]!.count;
  };
  let web: Signals;
  let worker: Signals;

  beforeAll(async () => {
    database = await createTestDatabase();
    owner = asOwner(database.url);
    web = processOf('web');
    worker = processOf('worker');
    await eventually(async () => (await listening()) === 2, 'both listen');
  });
  afterAll(async () => {
    await Promise.all(relays.map((relay) => relay.close()));
    await owner.destroy();
    await database.drop();
  });

  it('say which hub and of what kind, to every other process and not back', async () => {
    web.wake(HUB);
    web.arrived(HUB, { ids: ['1'], deliveries: [] });
    worker.changed({ hubId: HUB, seq: 3, records: [], edits: [] });
    await eventually(() => heard.length === 6, 'all is heard');
    expect([...heard].sort()).toEqual([
      ['web', 'arrived', HUB, true],
      ['web', 'moved', HUB, true],
      ['web', 'wake', HUB, true],
      ['worker', 'arrived', HUB, false],
      ['worker', 'change', HUB, true],
      ['worker', 'wake', HUB, true],
    ]);
  });

  it('are said together while a word is under way', async () => {
    heard.length = 0;
    for (let n = 0; n < 1_000; n += 1) web.wake(HUB);
    worker.wake(hubId('8'));
    await eventually(() => heard.some(([name, , hub]) => name === 'web' && hub === '8'), 'the last is heard');
    await eventually(
      () => heard.some(([name, , hub]) => name === 'worker' && hub === '7'),
      'the first is heard',
    );
    expect(heard.filter(([name, , hub]) => name === 'worker' && hub === '7').length).toBeLessThanOrEqual(2);
  });

  it('come back by themselves when the connection breaks', async () => {
    await sql`select pg_terminate_backend(pid) from pg_stat_activity
      where datname = current_database() and pid <> pg_backend_pid()`.execute(owner);
    heard.length = 0;
    await eventually(() => {
      web.wake(HUB);
      return heard.some(([name]) => name === 'worker');
    }, 'the other process hears again');
  });
});
