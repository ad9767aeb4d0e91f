/** What operates one hub operates many in one process: metrics, request ids, the watch, and stopping in order. */
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WATCH_LOCK_CLASS } from '../../backend/alerts/watch.ts';
import type { HubsService } from '../../backend/hubs/serve.ts';
import { freePort } from '../../backend/store/embedded.ts';
import { eventually } from '../harness/eventually.ts';
import { startHubs, type Hubs } from '../harness/hubs.ts';
import { asOwner } from '../harness/postgres.ts';

const TOKEN = 'a-token-of-more-than-24-characters';
const DRAIN_S = '0.5';

describe('a process of two hubs', () => {
  let hubs: Hubs;
  let service: HubsService;
  let metricsPort: number;
  beforeAll(async () => {
    hubs = await startHubs(2);
    // The canary of one is no record of the other.
    const own = { CANARY: `company:${hubs.hubs[0]!.company}`, CANARY_EVERY_S: '1' };
    expect((await hubs.add(hubs.hubs[0]!, own)).complaints).toBe('');
    expect((await hubs.add(hubs.hubs[1]!, { PORTAL_URL: '' })).complaints).toBe('');
    metricsPort = await freePort();
    const operating = { METRICS_PORT: String(metricsPort), METRICS_TOKEN: TOKEN, STOP_DRAIN_S: DRAIN_S };
    // The operator's: they count for a hub without a portal, too.
    const mail = {
      ALERT_MAIL_TO: 'ops@example.com',
      SMTP_URL: 'smtp://127.0.0.1:9',
      MAIL_FROM: 'sync@example.com',
    };
    service = await hubs.serve('all', { ...operating, ...mail, CANARY: 'company:1' });
  });
  afterAll(() => hubs.close());

  const scrape = async (): Promise<string> => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    return (await fetch(`http://127.0.0.1:${metricsPort}/metrics`, { headers })).text();
  };
  const tells = async (name: string, at: number): Promise<boolean> =>
    new RegExp(`^tallystick_${name}\\{[^}]*hub="${hubs.hubs[at]!.hubId}".*\\} [0-9.]*[1-9]`, 'm').test(
      await scrape(),
    );

  it('serves the metrics of both, and of one that is removed no longer', async () => {
    for (const at of [0, 1])
      for (const name of ['lease_epoch', 'database_up', 'crm_call_seconds_count', 'journal_entries'])
        await eventually(() => tells(name, at), `${name} of hub ${at}`, 20_000);
    await eventually(() => tells('canary_out_seconds', 0), 'its own canary sings', 20_000);
    expect(await tells('canary_age_seconds', 1)).toBe(false);
    const answer = await fetch(`${service.url}/portal/v1/me`);
    expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    const gone = hubs.hubs[1]!;
    expect((await hubs.tally(['hub', 'remove', gone.hubId])).code).toBe(0);
    await eventually(async () => !(await tells('lease_epoch', 1)), 'it is told of no longer');
    expect(await tells('lease_epoch', 0)).toBe(true);
    expect(await watched()).toBe(1);
    await hubs.add(gone);
    await eventually(() => tells('lease_epoch', 1), 'it is told of again');
  });

  it('is watched over by one process, however many hubs and processes there are', async () => {
    const other = await hubs.serve('web');
    await eventually(async () => (await watched()) === 1, 'they are watched');
    await other.close();
    expect(await watched()).toBe(1);
  });

  it('says first that it goes, is there meanwhile, and lets go of every hub', async () => {
    let isClosed = false;
    const closing = service.close().then(() => (isClosed = true));
    const status = async (path: string) => (await fetch(`${service.url}${path}`).catch(() => null))?.status;
    await eventually(async () => (await status('/readyz')) === 503, 'it is not ready');
    expect(await status('/healthz')).toBe(200);
    expect(isClosed).toBe(false);
    expect(service.speaksFor()).toHaveLength(2);
    await closing;
    expect(await status('/healthz')).toBeUndefined();
    expect(await watched()).toBe(0);
    await expect(scrape()).rejects.toThrow();
  });

  /** How many watches are held, by any process. */
  async function watched(): Promise<number> {
    const owner = asOwner(hubs.database.url);
    const { rows } = await sql<{ n: number }>`select count(*)::int as n from pg_locks
      where locktype = 'advisory' and classid = ${WATCH_LOCK_CLASS} and granted
        and database = (select oid from pg_database where datname = current_database())`.execute(owner);
    await owner.destroy();
    return rows[0]!.n;
  }
});
