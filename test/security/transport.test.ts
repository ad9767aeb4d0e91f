/** What is around a request: bodies, methods, headers, slowness, and how much anybody may ask. */
import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openLog } from '../../backend/log.ts';
import { ADDRESSES } from '../../backend/portal/router.ts';
import { startPortal } from '../harness/portal.ts';
import { freshKey } from '../harness/whole.ts';
import { deep } from './hostile.ts';
import { HOOK_PATH, PORTAL_URL, signed, startTarget, type Answer, type Sending, type Target } from './kit.ts';

const MEGABYTE = 1_048_576;
const STRIKES = 40;
const CONNECTIONS = 150;
const DESK_PATHS = [
  'record',
  'why',
  'history',
  'as-of',
  'view-as',
  'health',
  'conflicts',
  'claims',
  'parked',
  'activity',
  'rules',
  'settings',
];

let target: Target;
let token: string;
let lines = '';
beforeAll(async () => {
  target = await startTarget({
    env: { TRUSTED_PROXIES: '1' },
    overrides: {
      log: openLog('warn', { write: (line) => void (lines += line) }),
      server: {
        headersTimeoutMs: 400,
        requestTimeoutMs: 900,
        checkEveryMs: 100,
        bodyTimeoutMs: 300,
        strikesPerMinute: STRIKES,
        connectionsMax: CONNECTIONS,
      },
      desk: { requestsPerMinute: 60 },
      limits: { requestsPerMinute: 1e6, writesPerMinute: 1e6, signInsPerMinute: 1e6 },
    },
  });
  token = await target.whole.token(target.whole.ids.ada, 'direct');
});
afterAll(() => target.close());

const json = { 'content-type': 'application/json' };
const asked = (path: string, sending: Sending = {}): Promise<Answer> =>
  target.raw(`/portal/v1${path}`, {
    ...sending,
    headers: { authorization: `Bearer ${token}`, ...sending.headers },
  });
const change = (body: string | Uint8Array, headers: Sending['headers'] = {}): Promise<Answer> =>
  asked(`/records/company/${target.whole.ids.acme}`, {
    ...{ method: 'PATCH', body },
    headers: { ...json, ...freshKey(), 'if-match': 'j1', ...headers },
  });
const secure = ({ headers }: Answer): void => {
  expect(headers['x-content-type-options']).toBe('nosniff');
  expect(headers['content-security-policy']).toMatch(/default-src '(none|self)'/);
  expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
  expect(headers['content-security-policy']).not.toMatch(/unsafe|\*|data:|http/);
  expect(headers['strict-transport-security']).toMatch(/^max-age=31536000/);
  expect(headers['referrer-policy']).toBe('no-referrer');
  expect(headers['cache-control']).toMatch(/^(no-store|no-cache$|public, max-age=\d+, immutable$)/);
  for (const name of ['server', 'x-powered-by', 'via', 'access-control-allow-origin'])
    expect(headers[name]).toBeUndefined();
};
const expectProblem = (answer: Answer, status: number, code: string): void => {
  expect(answer).toMatchObject({ status, json: { status, code } });
  expect(answer.headers['content-type']).toContain('application/problem+json');
  secure(answer);
};

describe('a body', () => {
  it('that is too large is refused, with its length or without, and a packed one before it is unpacked', async () => {
    const large = `{"fields":{"city":"${'x'.repeat(MEGABYTE)}"}}`;
    const bomb = gzipSync(Buffer.alloc(30 * MEGABYTE, 0x20));
    const chunked = { 'transfer-encoding': 'chunked' };
    for (const headers of [{}, chunked]) {
      expectProblem(await change(large, headers), 413, 'too-large');
      const confirm = { method: 'POST', body: large, headers: { ...json, origin: PORTAL_URL, ...headers } };
      expectProblem(await target.raw('/portal/v1/sign-in/mail/confirm', confirm), 413, 'too-large');
      expectProblem(await target.hook(`[${large}]`, { headers }), 413, 'too-large');
      expectProblem(await target.desk('/desk/v1/orders', { body: large, headers }), 413, 'too-large');
    }
    const packed = { 'content-encoding': 'gzip' };
    expectProblem(await change(bomb, packed), 415, 'encoded');
    expectProblem(await target.hook(bomb, { headers: packed }), 415, 'encoded');
    expectProblem(await target.desk('/desk/v1/orders', { body: 'x', headers: packed }), 415, 'encoded');
    for (const coding of ['br', 'deflate', 'identity, gzip', 'x'])
      expect((await change(bomb, { 'content-encoding': coding })).status).toBe(415);
  });

  it('that is deep, half, of another type, not UTF-8 or says a member twice is told so', async () => {
    for (const levels of [100, 5_000, 60_000]) {
      expect((await change(`{"fields":${deep(levels)}}`)).status).toBe(400);
      expect((await target.hook(deep(levels))).status).toBe(400);
    }
    expectProblem(await change('{"fields":{"city":"x"}'), 400, 'bad-json');
    expectProblem(await change(Buffer.from([0x7b, 0xff, 0xfe, 0x7d])), 400, 'bad-json');
    expectProblem(await change('"text"'), 400, 'bad-json');
    for (const type of [
      'text/plain',
      'application/xml',
      'multipart/form-data; boundary=x',
      'application/x-www-form-urlencoded',
      'text/json',
      '',
    ])
      expectProblem(await change('{"fields":{"city":"x"}}', { 'content-type': type }), 415, 'not-json');
    for (const charset of ['utf-7', 'utf-16', 'x-unknown'])
      expect(
        (await change('{"fields":{}}', { 'content-type': `application/json; charset=${charset}` })).status,
      ).toBeLessThan(500);
    const twice = await change('{"fields":{"name":"x"},"fields":{"nope":"y"}}');
    expectProblem(twice, 422, 'fields-refused');
    expect(twice.json.fields).toHaveProperty('nope'); // the last one counts, for the check as for the work
  });

  it('or a head that comes slowly is not waited for, and others are served meanwhile', async () => {
    const begun = Date.now();
    const host = 'Host: x\r\n';
    const slow = [
      `GET /portal/v1/me HTTP/1.1\r\n${host}X-A: `,
      `POST ${HOOK_PATH} HTTP/1.1\r\n${host}Content-Type: application/json\r\nContent-Length: 500\r\n\r\n[`,
      `PATCH /portal/v1/records/company/1 HTTP/1.1\r\n${host}Authorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{`,
      '', // says nothing at all
    ];
    const answers = Promise.all(slow.map((text) => target.bytes(text, 8_000)));
    expect((await asked('/me')).status).toBe(200);
    const [head, hook, body, silent] = await answers;
    expect(Date.now() - begun).toBeLessThan(8_000);
    expect(head).toMatch(/^HTTP\/1.1 408 /);
    expect(hook).toMatch(/^HTTP\/1.1 408 /);
    expect(hook).toContain('"code":"too-slow"');
    expect(body).toMatch(/^HTTP\/1.1 408 |^$/);
    expect(silent).toMatch(/^HTTP\/1.1 408 |^$/);
  }, 20_000);

  it('that could be read in two ways is read in none', async () => {
    const both =
      'Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';
    for (const text of [
      `POST /portal/v1/sign-out HTTP/1.1\r\nHost: x\r\n${both}`,
      'GET /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
      'GET /healthz HTTP/1.1\r\nHost: x\r\nX\u0000: y\r\n\r\n',
      'GET /healthz HTTP/1.1\r\nHost: x\r\nX: a\r\n b\u0001\r\n\r\n',
      `GET /${'x'.repeat(40_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
      '\u0016\u0003\u0001 is TLS',
    ]) {
      const heard = await target.bytes(text);
      expect(heard).toMatch(/^HTTP\/1.1 4\d\d /);
      expect(heard.match(/HTTP\/1.1/g)).toHaveLength(1);
      expect(heard).not.toMatch(/alive|node|express|at /i);
    }
  });
});

describe('an address', () => {
  it('takes its methods and no other; where nothing is, a problem says so, and nothing tells of the inside', async () => {
    const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE', 'PROPFIND'];
    const places: [string, readonly string[]][] = [
      ...Object.entries(ADDRESSES).map(([path, own]): [string, readonly string[]] => [
        `/portal/v1${path.replace(/:\w+/g, '1')}`,
        own,
      ]),
      ['/healthz', ['GET', 'HEAD']],
      ['/readyz', ['GET', 'HEAD']],
      [HOOK_PATH, ['POST']],
      ['/desk/v1/nudge', []],
    ];
    for (const [path, own] of places)
      for (const method of methods.filter(
        (each) => !own.includes(each) && !(each === 'HEAD' && own.includes('GET')),
      )) {
        const answer = await target.raw(path, {
          method,
          headers: { authorization: `Bearer ${token}`, origin: PORTAL_URL },
        });
        expect([`${method} ${path}`, answer.status]).toEqual([
          `${method} ${path}`,
          path.includes('nudge') && method !== 'OPTIONS' ? 404 : 405,
        ]);
        secure(answer);
        if (method !== 'HEAD') expect(answer.json.code).toMatch(/^(method-not-allowed|no-such-address)$/);
      }
    for (const path of [
      '/',
      '/portal',
      '/portal/v2/me',
      '/portal/v1/',
      '/portal/v1/records',
      '/.env',
      '/.git/config',
      '/metrics',
      '/admin',
      '/%2e%2e/etc/passwd',
      '/%E0%A4%A',
      '/portal/v1/records/%E0%A4%A/1',
      '/desk/v1',
      '/assets/../../../package.json',
      '/assets/%2e%2e/index.html',
      '//evil.example/x',
      'http://evil.example/',
    ]) {
      const answer = await target.raw(path, { headers: { authorization: `Bearer ${token}` } });
      expect([path, answer.status < 500 && answer.status >= 200]).toEqual([path, true]);
      secure(answer);
      expect(answer.text).not.toMatch(/node_modules|at \S+ \(|Cannot GET|"dependencies"|evil/);
    }
    for (const path of DESK_PATHS) {
      const answer = await target.desk(`/desk/v1/${path}`, { method: 'DELETE' });
      expectProblem(answer, 405, 'method-not-allowed');
    }
  });

  it('answers everything with the headers that browsers and caches need', async () => {
    const { ids } = target.whole;
    for (const path of [
      '/me',
      '/records/company',
      `/records/company/${ids.acme}`,
      '/edits',
      '/session',
      '/sign-in',
      '/keys',
      '/openapi.json',
      '/sources/billing',
    ]) {
      const answer = await asked(path);
      secure(answer);
      expect(answer.headers['cache-control']).toBe('no-store');
    }
    secure(await target.desk('/desk/v1/rules'));
    secure(await target.hook('[]'));
    secure(await target.raw('/healthz'));
    const page = await target.raw('/details', { headers: { accept: 'text/html' } });
    if (page.status === 200) {
      secure(page);
      expect(page.headers['content-security-policy']).toContain("require-trusted-types-for 'script'");
      expect(page.headers['cache-control']).toBe('no-store');
    }
    const cookieLine = await signInLine();
    expect(cookieLine).toMatch(
      /^__Host-portal_session=[\w-]{43}; Max-Age=\d+; Path=\/; Expires=[^;]+; HttpOnly; Secure; SameSite=Lax$/,
    );
  });

  async function signInLine(): Promise<string> {
    const email = 'ada@byron.example';
    const post = (path: string, body: object, cookie = ''): Promise<Answer> =>
      target.raw(`/portal/v1${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { ...json, origin: PORTAL_URL, cookie },
      });
    const first = await post('/sign-in/mail', { email });
    const [bound = ''] = [first.headers['set-cookie'] ?? []].flat();
    expect(bound).toMatch(/^__Host-portal_browser=.*HttpOnly; Secure; SameSite=Lax$/);
    await expect.poll(() => target.mailbox.mails.length).toBeGreaterThan(0);
    const sent = { token: target.mailbox.mails.at(-1)?.token };
    const second = await post('/sign-in/mail/confirm', sent, bound.split(';')[0]);
    secure(second);
    return [second.headers['set-cookie'] ?? []].flat().find((line) => line.includes('_session=')) ?? '';
  }
});

describe('how much', () => {
  it('idle connections are bounded, and one that ends makes room', async () => {
    const sockets: Socket[] = [];
    let refused = 0;
    for (let n = 0; n < CONNECTIONS + 30; n += 1) {
      const socket = connect(target.whole.service.port, '127.0.0.1');
      socket.on('error', () => undefined);
      socket.on('close', () => (refused += 1));
      sockets.push(socket);
    }
    await expect.poll(() => refused).toBeGreaterThanOrEqual(30);
    for (const socket of sockets) socket.destroy();
    await expect.poll(async () => (await asked('/me').catch(() => ({ status: 0 }))).status).toBe(200);
  });

  it('a colleague may ask of the desk is bounded, and they are told when to come again', async () => {
    const answers: Answer[] = [];
    for (let n = 0; n < 61; n += 1) answers.push(await target.desk('/desk/v1/rules'));
    const last = answers.at(-1)!;
    expectProblem(last, 429, 'too-many-requests');
    expect(Number(last.headers['retry-after'])).toBeGreaterThan(0);
    expect(answers[0]?.status === 200 || answers[0]?.status === 429).toBe(true);
  });

  it('an address may be refused is bounded: it is not listened to then, and nobody else is held up', async () => {
    const from = (address: string) => ({ 'x-forwarded-for': `1.1.1.1, ${address}` });
    const wrong = { authorization: `Bearer ${randomBytes(24).toString('base64url')}` };
    const bad = JSON.stringify([{ portalId: 1 }]);
    const forged = { 'x-hubspot-signature-v3': randomBytes(32).toString('base64') };
    for (let n = 0; n < STRIKES / 2; n += 1) {
      expect((await asked('/me', { headers: { ...wrong, ...from('8.8.4.4') } })).status).toBe(401);
      expect((await target.hook(bad, { headers: { ...forged, ...from('8.8.4.4') } })).status).toBe(401);
    }
    const out = [
      await asked('/me', { headers: from('8.8.4.4') }),
      await target.hook(bad, { headers: from('8.8.4.4') }),
    ];
    for (const answer of out) {
      expectProblem(answer, 429, 'too-many-refused');
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    }
    // What a client says of where it comes from beyond the proxy that is believed changes nothing.
    expect((await asked('/me', { headers: { 'x-forwarded-for': '9.9.9.9, 8.8.4.4' } })).status).toBe(429);
    expect((await asked('/me', { headers: from('8.8.8.8') })).status).toBe(200);
    // Bursts that are rightly signed are not counted; nor is a private address, which is a proxy nobody told us of.
    const event = JSON.stringify([{ portalId: 999, occurredAt: 1, subscriptionType: 'a.b' }]);
    const burst = Array.from({ length: 3 * STRIKES }, () =>
      target.hook(event, {
        headers: { ...signed(target.whole.sim.clientSecret, event), ...from('54.174.1.1') },
      }),
    );
    for (const { status } of await Promise.all(burst)) expect(status).toBe(200);
    for (let n = 0; n < 2 * STRIKES; n += 1) await asked('/me', { headers: wrong });
    expect((await asked('/me')).status).toBe(200);
  });

  it('all people of a hub may ask together is bounded too', async () => {
    const portal = await startPortal({ limits: { hubRequestsPerMinute: 5 } });
    for (const id of ['1', '2']) await portal.crm.find({ object: 'contact', id, fields: { lastName: 'X' } });
    const tokens = [await portal.token({ contactId: '1' }), await portal.token({ contactId: '2' })];
    const statuses: number[] = [];
    for (let n = 0; n < 6; n += 1)
      statuses.push((await portal.call('GET', '/portal/v1/edits', { token: tokens[n % 2] ?? '' })).status);
    expect(statuses).toEqual([200, 200, 200, 200, 200, 429]);
    const late = await portal.call('GET', '/portal/v1/edits', { token: tokens[0] ?? '' });
    expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(0);
    await portal.close();
  });

  it('never made the service fail', () => {
    expect(lines).not.toContain('A request failed.');
  });
});
