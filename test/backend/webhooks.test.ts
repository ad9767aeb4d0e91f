import { request as httpRequest } from 'node:http';
import { connect } from 'node:net';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { pino } from 'pino';
import { sign } from '../../backend/hubspot/signature.ts';
import { createIntake, type Intake, type IntakeDeps } from '../../backend/intake/webhooks.ts';
import { createApp, startServer, type RunningServer } from '../../backend/server.ts';
import { createSignals } from '../../backend/signals.ts';
import type { Db } from '../../backend/store/database.ts';
import { eventually } from '../harness/eventually.ts';
import { asOwner, createTestDatabase, type TestDatabase } from '../harness/postgres.ts';

const PATH = '/webhooks/hubspot';
const PUBLIC = `https://tally.example.com${PATH}`;
const SECRET = 'client-secret';
const log = pino({ level: 'silent' });

describe('the webhook route', () => {
  let database: TestDatabase;
  let db: Db;
  let intake: Intake;
  let server: RunningServer;
  const woken: string[] = [];
  /** What each hub's worker was handed. */
  const handed: { hub: string; events: { portalId: number }[] }[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    db = asOwner(database.url);
    const signals = createSignals();
    signals.onArrived((hub, arrived) => {
      woken.push(hub);
      for (const { events } of arrived?.deliveries ?? [])
        handed.push({ hub, events: JSON.parse(events) as { portalId: number }[] });
    });
    ({ intake, server } = await served({ signals }));
  });
  afterEach(async () => {
    await db.deleteFrom('deliveries').execute();
    woken.length = 0;
    handed.length = 0;
  });
  afterAll(async () => {
    await server.close();
    await intake.close();
    await db.destroy();
    await database.drop();
  });

  /** The route over the tests' database, with whatever else is said. */
  async function served(more: Partial<IntakeDeps>): Promise<{ intake: Intake; server: RunningServer }> {
    const own = createIntake({
      ...{ databaseUrl: database.url, signals: createSignals(), now: Date.now, log, at: () => undefined },
      trust: { is: 'one-app', secrets: [SECRET], publicUrl: PUBLIC },
      ...more,
    });
    const app = createApp({ routers: [], log, ready: () => Promise.resolve(more.databaseUrl === undefined) });
    const options = { host: '127.0.0.1', port: 0, intakePath: PATH, intake: own, app };
    return { intake: own, server: await startServer(options) };
  }

  const event = (portalId: number, n = 1) => ({
    eventId: n,
    portalId,
    occurredAt: 1_700_000_000_000 + n,
    subscriptionType: 'object.propertyChange',
    objectTypeId: '0-1',
    objectId: n,
  });

  async function post(
    body: string,
    headers: Record<string, string | undefined> = {},
    method = 'POST',
    at = server,
  ) {
    const timestamp = Date.now();
    const all: Record<string, string | undefined> = {
      'content-type': 'application/json',
      'x-hubspot-signature-v3': sign(SECRET, method, PUBLIC, Buffer.from(body), timestamp),
      'x-hubspot-request-timestamp': String(timestamp),
      ...headers,
    };
    const sent = Object.fromEntries(
      Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
    );
    const answer = await fetch(`${at.url}${PATH}`, {
      method,
      headers: sent,
      ...(method === 'GET' ? {} : { body }),
    });
    const text = await answer.text();
    return {
      status: answer.status,
      headers: answer.headers,
      problem: text === '' ? null : (JSON.parse(text) as { code: string; detail: string }),
    };
  }
  const stored = () =>
    db.selectFrom('deliveries').select(['hub_id', 'events', 'applied_at']).orderBy('hub_id').execute();

  it('answers 200 only after the events are stored, as they came, and wakes the hub’s worker', async () => {
    const body = JSON.stringify([event(1), event(1, 2)]);
    expect(await post(body)).toMatchObject({ status: 200, problem: null });
    expect(await stored()).toEqual([{ hub_id: '1', events: body, applied_at: null }]);
    expect(woken).toEqual(['1']);
  });

  it('splits events of several hubs: a signature does not prove the hub', async () => {
    expect((await post(JSON.stringify([event(1), event(2), event(1, 3)]))).status).toBe(200);
    const rows = await stored();
    expect(rows.map((row) => [row.hub_id, (JSON.parse(row.events) as unknown[]).length])).toEqual([
      ['1', 2],
      ['2', 1],
    ]);
  });

  it('stores types it does not know: nothing acknowledged is lost', async () => {
    expect(
      (await post(JSON.stringify([{ portalId: 1, occurredAt: 1, eventType: 'moon.phase' }]))).status,
    ).toBe(200);
    expect(await stored()).toHaveLength(1);
  });

  it.each([
    ['unsigned', '[]', { 'x-hubspot-signature-v3': undefined }, 401, 'signature-missing'],
    [
      'signed with another secret',
      '[]',
      { 'x-hubspot-signature-v3': Buffer.alloc(32).toString('base64') },
      401,
      'signature-wrong',
    ],
    ['stale', '[]', { 'x-hubspot-request-timestamp': String(Date.now() - 600_000) }, 401, 'signature-stale'],
    [
      'signed as v1',
      '[]',
      { 'x-hubspot-signature-v3': undefined, 'x-hubspot-signature': 'ab' },
      401,
      'signature-missing',
    ],
    ['of another content type', '[]', { 'content-type': 'text/plain' }, 415, 'not-json'],
    ['encoded', '[]', { 'content-encoding': 'gzip' }, 415, 'encoded'],
    ['that is not JSON', '{', {}, 400, 'not-json'],
    ['that is no list', '{}', {}, 400, 'not-events'],
    ['without events', '[]', {}, 400, 'not-events'],
    ['with an event without its hub', '[{"occurredAt":1,"subscriptionType":"a.b"}]', {}, 400, 'bad-event'],
    ['with an event without its time', '[{"portalId":1,"subscriptionType":"a.b"}]', {}, 400, 'bad-event'],
    ['with an event without a type', '[{"portalId":1,"occurredAt":1}]', {}, 400, 'bad-event'],
    ['of no hub', '[{"portalId":0,"occurredAt":1,"subscriptionType":"a.b"}]', {}, 400, 'bad-event'],
    ['of more events than one request has', JSON.stringify(Array(1_001).fill(7)), {}, 400, 'not-events'],
    ['with an event that is none', '[7]', {}, 400, 'bad-event'],
    ['larger than a megabyte', `["${'x'.repeat(1_100_000)}"]`, {}, 413, 'too-large'],
  ])('refuses a request %s, and stores nothing', async (_what, body, headers, status, code) => {
    expect(await post(body, headers)).toMatchObject({ status, problem: { code } });
    expect(await stored()).toEqual([]);
  });

  it('holds the signature against the bytes as they came, blanks and all', async () => {
    const body = ` ${JSON.stringify([event(1)])}\n`;
    expect((await post(body)).status).toBe(200);
    expect(await stored()).toMatchObject([{ events: body }]);
  });

  it('names the first bad event and what it lacks', async () => {
    const { problem } = await post(
      JSON.stringify([event(1), { portalId: 'one', occurredAt: 1, subscriptionType: 'a.b' }]),
    );
    expect(problem?.detail).toBe('Event 1 has no valid "portalId".');
  });

  it('takes POST only, and says so', async () => {
    const { status, headers } = await post('', {}, 'GET');
    expect(status).toBe(405);
    expect(headers.get('allow')).toBe('POST');
  });

  it('stops reading a body without a length once it is too large', async () => {
    const status = await new Promise<number | undefined>((resolve, reject) => {
      const req = httpRequest(
        `${server.url}${PATH}`,
        { method: 'POST', headers: { 'content-type': 'application/json' } },
        (res) => resolve(res.statusCode),
      );
      req.on('error', reject);
      for (let i = 0; i < 20; i += 1) req.write('x'.repeat(100_000));
      req.end();
    });
    expect(status).toBe(413);
  });

  it('survives a sender that goes away in the middle', async () => {
    const socket = connect(server.port, '127.0.0.1');
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.write(
      `POST ${PATH} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n[`,
    );
    socket.destroy();
    expect((await post(JSON.stringify([event(1)]))).status).toBe(200);
  });

  it('puts requests that come together into few statements, and answers each', async () => {
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, n) => post(JSON.stringify([event(1 + (n % 3), n)]))),
    );
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(await stored()).toHaveLength(200);
  });

  it('hands each hub’s worker its own events, and no others, though they came in one body', async () => {
    await Promise.all([1, 2, 3].map((n) => post(JSON.stringify([event(1, n), event(2, n)]))));
    expect(handed).toHaveLength(6);
    for (const { hub, events } of handed)
      expect(events.map(({ portalId }) => String(portalId))).toEqual([hub]);
  });

  describe('that is small', () => {
    let small: { intake: Intake; server: RunningServer };
    beforeEach(async () => {
      small = await served({ waitingMaxBytes: 3_000 });
    });
    afterEach(() => small.server.close());
    const send = (n: number) => {
      const body = JSON.stringify([{ ...event(1, n), propertyValue: 'x'.repeat(900) }]);
      return post(body, {}, 'POST', small.server);
    };
    /** Nothing is stored while `work` runs. */
    const whileStoringWaits = <T>(work: () => Promise<T>): Promise<T> =>
      db.transaction().execute(async (trx) => {
        await sql`lock table deliveries in access exclusive mode`.execute(trx);
        return work();
      });

    it('takes no more than it can hold, keeps all of what it took, and goes on when there is room', async () => {
      const sent = await whileStoringWaits(async () => {
        const all = Array.from({ length: 8 }, (_, n) => send(n));
        await Promise.race(all); // only a refusal is answered now
        return { all };
      });
      const answers = await Promise.all(sent.all);
      const taken = answers.filter(({ status }) => status === 200);
      const refused = answers.filter(({ status }) => status === 503);
      expect(taken.length + refused.length).toBe(8);
      expect(refused[0]?.problem?.code).toBe('overloaded');
      expect(await stored()).toHaveLength(taken.length);
      for (let n = 10; n < 14; n += 1) expect((await send(n)).status).toBe(200);
      await small.intake.close();
    });

    it('stores and answers what it took when it is told to stop, and refuses what comes then', async () => {
      const sent = await whileStoringWaits(async () => {
        const before = [send(1)];
        await eventually(async () => (await waitingForLock()) > 0, 'the first is on its way to the database');
        before.push(...[2, 3, 4].map(send));
        await Promise.race(before); // one was too many, so the others wait
        const end = small.intake.close();
        return { before, end, after: await send(5) };
      });
      expect(sent.after).toMatchObject({ status: 503, problem: { code: 'stopping' } });
      await sent.end;
      const statuses = (await Promise.all(sent.before)).map(({ status }) => status);
      expect(statuses.sort()).toEqual([200, 200, 200, 503]);
      expect(await stored()).toHaveLength(3);
    });
    const waitingForLock = async (): Promise<number> =>
      (await sql`select from pg_locks where not granted`.execute(db)).rows.length;
  });

  it('answers a hub later where it is told to, and nobody else', async () => {
    const slow = await served({ answerAfterMs: (hub) => (hub === '1' ? 300 : 0) });
    const ended: string[] = [];
    const send = async (name: string, hubs: number[]): Promise<number> => {
      const body = JSON.stringify(hubs.map((hub) => event(hub, 1)));
      const { status } = await post(body, {}, 'POST', slow.server);
      ended.push(name);
      return status;
    };
    const sent = [send('both', [2, 1]), send('that one', [1]), send('the other', [2])];
    expect(await Promise.all(sent)).toEqual([200, 200, 200]);
    expect(ended[0]).toBe('the other');
    expect(await stored()).toHaveLength(4);
    await slow.server.close();
    await slow.intake.close();
  });

  it('asks for the events again when they cannot be stored', async () => {
    const { intake: broken, server: other } = await served({ databaseUrl: 'postgres://127.0.0.1:1/none' });
    const body = JSON.stringify([event(1)]);
    const timestamp = Date.now();
    const headers = {
      'content-type': 'application/json',
      'x-hubspot-signature-v3': sign(SECRET, 'POST', PUBLIC, Buffer.from(body), timestamp),
      'x-hubspot-request-timestamp': String(timestamp),
    };
    const answer = await fetch(`${other.url}${PATH}`, { method: 'POST', headers, body });
    expect(answer.status).toBe(503);
    expect(answer.headers.get('retry-after')).toBe('5');
    expect((await fetch(`${other.url}/readyz`)).status).toBe(503);
    await other.close();
    await broken.close();
  });

  it('leaves everything else to the app, which answers with problem documents', async () => {
    expect(await (await fetch(`${server.url}/healthz`)).json()).toEqual({ alive: true });
    const lost = await fetch(`${server.url}/nowhere`);
    expect(lost.status).toBe(404);
    expect(lost.headers.get('content-type')).toContain('application/problem+json');
    expect(lost.headers.get('x-powered-by')).toBeNull();
    expect(lost.headers.get('content-security-policy')).toContain("default-src 'none'");
  });

  it('says in one sentence that a port is in use', async () => {
    const app = createApp({ routers: [], log, ready: () => Promise.resolve(true) });
    await expect(
      startServer({ host: '127.0.0.1', port: server.port, intakePath: PATH, intake, app }),
    ).rejects.toThrow(`Port ${server.port} on 127.0.0.1 is in use.`);
  });
});
