import { createHmac } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import express from 'express';
import { pino } from 'pino';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { hubId as toHubId } from '@tallystick/shared/ids';
import { nudgeRouter } from '../../backend/desk/nudge.ts';
import { signWebhook, verifyWebhook, webhookKey } from '../../backend/standardWebhook.ts';
import { createApp } from '../../backend/server.ts';
import { createSignals } from '../../backend/signals.ts';
import { laneNumber } from '../../backend/store/lanes.ts';
import { openDatabase } from '../../backend/store/connection.ts';
import type { Db } from '../../backend/store/database.ts';
import { createTestDatabase, type TestDatabase } from '../harness/postgres.ts';

const HUB = toHubId(7);
const OLD = `whsec_${Buffer.alloc(32, 'old').toString('base64')}`;
const SECRET = `whsec_${Buffer.alloc(32, 'new').toString('base64')}`;
const NOW = 1_763_900_000_000;
const BODY = JSON.stringify({ object: 'company', recordId: '41' });

describe('asking the service to look at a record now', () => {
  let database: TestDatabase;
  let db: Db;
  let url: string;
  let closed: string;
  const woken: string[] = [];
  const servers: { close: () => void }[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    db = openDatabase(database.url, HUB, () => undefined);
    await db
      .insertInto('hubs')
      .values({
        hub_id: HUB,
        app_id: '1',
        time_zone: 'UTC',
        connected_at: new Date(),
        type_ids: JSON.stringify({ installed_site: '2-99' }),
      })
      .execute();
    const signals = createSignals();
    signals.onWake((hub) => woken.push(hub));
    const serve = async (secrets: string[]): Promise<string> => {
      const router = nudgeRouter({ db, signals, now: () => NOW, hubId: HUB, secrets });
      const app = createApp({
        routers: [router],
        log: pino({ level: 'silent' }),
        ready: () => Promise.resolve(true),
      });
      return new Promise((resolve) => {
        const server = app.listen(0, '127.0.0.1', () => {
          const address = server.address();
          resolve(`http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`);
        });
        servers.push(server);
      });
    };
    url = await serve([SECRET, OLD]);
    closed = await serve([]);
  });
  afterEach(async () => {
    await db.deleteFrom('due').execute();
    woken.length = 0;
  });
  afterAll(async () => {
    for (const server of servers) server.close();
    await db.destroy();
    await database.drop();
  });

  interface Sending {
    method?: string;
    secret?: string;
    at?: number;
    /** What is sent, where it is not what was signed. */
    sent?: string | Buffer<ArrayBuffer>;
    headers?: Record<string, string | undefined>;
    to?: string;
  }
  async function post(body: string, sending: Sending = {}) {
    const { method = 'POST', secret = SECRET, at = NOW, sent = body, headers = {}, to = url } = sending;
    const all: Record<string, string | undefined> = {
      'content-type': 'application/json',
      ...signWebhook(webhookKey(secret), 'msg_1', at, Buffer.from(body)),
      ...headers,
    };
    const answer = await fetch(`${to}/desk/v1/nudge`, {
      method,
      headers: Object.entries(all).filter((entry): entry is [string, string] => entry[1] !== undefined),
      ...(method === 'GET' ? {} : { body: sent }),
    });
    return {
      status: answer.status,
      type: answer.headers.get('content-type'),
      allow: answer.headers.get('allow'),
      body: (await answer.json()) as { code?: string; queued?: boolean; status?: number },
    };
  }
  const due = () =>
    db.selectFrom('due').select(['hub_id', 'object', 'record_id', 'lane', 'not_before']).execute();

  it('makes the record due at once, in the lane of reads, and wakes the worker', async () => {
    expect(await post(BODY)).toMatchObject({ status: 202, body: { queued: true } });
    expect(await due()).toEqual([
      {
        hub_id: HUB,
        object: 'company',
        record_id: '41',
        lane: laneNumber('read'),
        not_before: new Date(NOW),
      },
    ]);
    expect(woken).toEqual([HUB]);
  });

  it('takes the secret that is being replaced, and a request signed with both', async () => {
    expect((await post(BODY, { secret: OLD })).status).toBe(202);
    const other = `whsec_${Buffer.alloc(32, 'other').toString('base64')}`;
    const both = [other, SECRET]
      .map((secret) => signWebhook(webhookKey(secret), 'msg_1', NOW, Buffer.from(BODY))['webhook-signature'])
      .join(' ');
    expect((await post(BODY, { headers: { 'webhook-signature': `v2,AAAA ${both}` } })).status).toBe(202);
  });

  it('takes its own hub by name, and HubSpot’s type id of a custom object', async () => {
    expect((await post(JSON.stringify({ hubId: HUB, object: '2-99', recordId: '5' }))).status).toBe(202);
    expect(await due()).toMatchObject([{ object: 'site', record_id: '5' }]);
  });

  it('costs one row however often it is sent', async () => {
    await Promise.all(Array.from({ length: 5 }, () => post(BODY)));
    expect(await due()).toHaveLength(1);
  });

  const signature = (text: string) => ({ 'webhook-signature': text });
  const whole = (secret: string) =>
    signWebhook(webhookKey(secret), 'msg_1', NOW, Buffer.from(BODY))['webhook-signature'];
  it.each<[string, string, Sending, number, string]>([
    [
      'signed with another secret',
      BODY,
      { secret: `whsec_${Buffer.alloc(32).toString('base64')}` },
      401,
      'signature-wrong',
    ],
    ['that is stale', BODY, { at: NOW - 301_000 }, 401, 'signature-stale'],
    ['from the future', BODY, { at: NOW + 301_000 }, 401, 'signature-stale'],
    ['replayed with another body', BODY, { sent: BODY.replace('41', '42') }, 401, 'signature-wrong'],
    ['replayed under another id', BODY, { headers: { 'webhook-id': 'msg_2' } }, 401, 'signature-wrong'],
    [
      'replayed at another time',
      BODY,
      { headers: { 'webhook-timestamp': String(NOW / 1_000 + 1) } },
      401,
      'signature-wrong',
    ],
    ['without a signature', BODY, { headers: { 'webhook-signature': undefined } }, 401, 'signature-missing'],
    ['without an id', BODY, { headers: { 'webhook-id': undefined } }, 401, 'signature-missing'],
    ['without a timestamp', BODY, { headers: { 'webhook-timestamp': undefined } }, 401, 'signature-missing'],
    [
      'signed in another version',
      BODY,
      { headers: signature(`v1a,${whole(SECRET).slice(3)}`) },
      401,
      'signature-wrong',
    ],
    [
      'with half a signature',
      BODY,
      { headers: signature(whole(SECRET).slice(0, 20)) },
      401,
      'signature-wrong',
    ],
    ['with an empty signature', BODY, { headers: signature('v1,') }, 401, 'signature-wrong'],
    [
      'whose time is in ms',
      BODY,
      { headers: { 'webhook-timestamp': String(NOW) } },
      401,
      'signature-malformed',
    ],
    [
      'whose id hides a time',
      BODY,
      { headers: { 'webhook-id': 'a.1763900000' } },
      401,
      'signature-malformed',
    ],
    ['of another content type', BODY, { headers: { 'content-type': 'text/plain' } }, 415, 'not-json'],
    [
      'that is packed',
      BODY,
      { sent: gzipSync(BODY), headers: { 'content-encoding': 'gzip' } },
      415,
      'encoded',
    ],
    ['that is too large', JSON.stringify({ object: 'x'.repeat(5_000) }), {}, 413, 'too-large'],
    ['that is not JSON', '{', {}, 400, 'bad-request'],
    ['that says more than it may', BODY.replace('}', ',"force":true}'), {}, 400, 'bad-request'],
    ['without a record', '{"object":"company"}', {}, 400, 'bad-request'],
    ['with a record id that is none', '{"object":"company","recordId":"4x"}', {}, 400, 'bad-request'],
    ['for another hub', BODY.replace('{', '{"hubId":"8",'), {}, 403, 'another-hub'],
    ['for an object without rules', '{"object":"2-77","recordId":"1"}', {}, 422, 'unknown-object'],
    ['for an object called __proto__', '{"object":"__proto__","recordId":"1"}', {}, 422, 'unknown-object'],
    ['with another method', BODY, { method: 'GET' }, 405, 'method-not-allowed'],
  ])('refuses a request %s, and makes nothing due', async (_what, body, sending, status, code) => {
    expect(await post(body, sending)).toMatchObject({
      status,
      type: expect.stringContaining('application/problem+json') as string,
      body: { code, status },
    });
    expect(await due()).toEqual([]);
    expect(woken).toEqual([]);
  });

  it('says which method it takes', async () => {
    expect((await post(BODY, { method: 'PUT' })).allow).toBe('POST');
  });

  it('is not there where no secret is configured', async () => {
    expect(await post(BODY, { to: closed })).toMatchObject({
      status: 404,
      body: { code: 'no-such-address' },
    });
    expect(await due()).toEqual([]);
  });

  const bare = SECRET.slice('whsec_'.length);
  it.each(['', 'whsec_', 'abc', 'whsec_AAAA', bare, `${SECRET}*`, `whsec_${'*'.repeat(40)}`])(
    'does not start with the secret "%s"',
    (secret) => {
      const deps = { db, signals: createSignals(), now: Date.now, hubId: HUB };
      expect(() => nudgeRouter({ ...deps, secrets: [SECRET, secret] })).toThrow(/whsec_/);
    },
  );

  it('leaves other addresses alone', async () => {
    const app = express();
    app.use(nudgeRouter({ db, signals: createSignals(), now: Date.now, hubId: HUB, secrets: [SECRET] }));
    app.get('/desk/v1/record', (_req, res) => void res.json({ reached: true }));
    const reached = await new Promise<Response>((resolve, reject) => {
      const server = app.listen(0, '127.0.0.1', () => {
        const address = server.address();
        const port = typeof address === 'object' && address !== null ? address.port : 0;
        fetch(`http://127.0.0.1:${port}/desk/v1/record`).then(resolve, reject);
      });
      servers.push(server);
    });
    expect(await reached.json()).toEqual({ reached: true });
  });
});

describe('Standard Webhooks', () => {
  // The example of the specification, as its own libraries test it.
  const key = webhookKey('whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw');
  const body = Buffer.from('{"test": 2432232314}');
  const id = 'msg_p5jXN8AQM9LWM0D4loKWxJek';
  const at = 1_614_265_330_000;

  it('signs as the specification’s own vector says', () => {
    expect(signWebhook(key, id, at, body)).toEqual({
      'webhook-id': id,
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  it('signs the bytes, not the text they stand for', () => {
    const bytes = Buffer.from([0xff, 0x00, 0xfe]);
    const headers = signWebhook(key, id, at, bytes);
    const wanted = createHmac('sha256', key)
      .update(Buffer.concat([Buffer.from(`${id}.1614265330.`), bytes]))
      .digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${wanted}`);
    const signed = { id, timestamp: headers['webhook-timestamp'], signature: headers['webhook-signature'] };
    expect(verifyWebhook({ ...signed, body: bytes }, [key], at)).toEqual({ ok: true });
  });

  it('refuses headers that came twice, and any request where there is no key', () => {
    const headers = signWebhook(key, id, at, body);
    const signed = {
      id,
      timestamp: headers['webhook-timestamp'],
      signature: headers['webhook-signature'],
      body,
    };
    expect(verifyWebhook(signed, [key], at)).toEqual({ ok: true });
    expect(verifyWebhook({ ...signed, id: [id, id] }, [key], at)).toMatchObject({
      code: 'signature-malformed',
    });
    expect(verifyWebhook(signed, [], at)).toMatchObject({ code: 'signature-wrong' });
  });
});
