/** What a card's request is like when it reaches the app's service, and what HubSpot makes of the answer. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { verifySignature } from '../../backend/hubspot/signature.ts';
import { createCardProxy, type CardProxy } from '../simulator/cardProxy.ts';

const SECRET = 'a client secret';
const NOW = 1_760_000_000_000;
const PUBLIC = 'https://api.example.com';
const USER = { id: 7, email: 'colleague+crm@example.com' };

interface Seen {
  method: string;
  path: string;
  headers: IncomingMessage['headers'];
  body: Buffer;
}

let server: Server;
let seen: Seen[];
let answer: (req: IncomingMessage, res: ServerResponse) => void;
let proxy: CardProxy;
let port: number;

beforeEach(async () => {
  seen = [];
  answer = (_req, res) => json(res, 200, { ok: true });
  server = createServer((req, res) => {
    const parts: Buffer[] = [];
    req.on('data', (part: Buffer) => parts.push(part));
    req.on('end', () => {
      const { method = '', url = '', headers } = req;
      seen.push({ method, path: url, headers, body: Buffer.concat(parts) });
      answer(req, res);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  ({ port } = address);
  proxy = proxyTo(`http://127.0.0.1:${port}`);
});
afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const proxyTo = (target: string): CardProxy =>
  createCardProxy({
    clientSecret: SECRET,
    appId: 555,
    hubId: 42,
    now: () => NOW,
    permitted: [`${PUBLIC}/desk`],
    local: { [PUBLIC]: target },
  });

function json(res: ServerResponse, status: number, body: unknown): void {
  res.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

const verdict = ({ method, path, headers, body }: Seen): unknown =>
  verifySignature(
    {
      method,
      url: `${PUBLIC}${path}`,
      body,
      signature: headers['x-hubspot-signature-v3'],
      timestamp: headers['x-hubspot-request-timestamp'],
    },
    [SECRET],
    NOW,
  );

describe('the request', () => {
  it('says who asks, with %40 on the wire, and is signed for the public address', async () => {
    const got = await proxy.fetch({ url: `${PUBLIC}/desk/v1/record?name=Jo%20(a)` }, USER);
    expect(got).toEqual({ status: 200, body: { ok: true } });
    expect(seen[0]?.path).toBe(
      '/desk/v1/record?name=Jo%20(a)&userId=7&portalId=42&userEmail=colleague%2Bcrm%40example.com&appId=555',
    );
    expect(seen[0]?.body).toHaveLength(0);
    expect(verdict(seen[0]!)).toEqual({ ok: true });
  });

  it('carries a body as JSON, and signs it', async () => {
    await proxy.fetch({ url: `${PUBLIC}/desk/rulings`, method: 'POST', body: { name: 'Zoë' } }, USER);
    expect(seen[0]?.headers['content-type']).toBe('application/json');
    expect(JSON.parse(seen[0]!.body.toString())).toEqual({ name: 'Zoë' });
    expect(verdict(seen[0]!)).toEqual({ ok: true });
  });

  it('sends no body with GET, whatever the card gave', async () => {
    await proxy.fetch({ url: `${PUBLIC}/desk/x`, body: { a: 1 } }, USER);
    expect(seen[0]?.body).toHaveLength(0);
    expect(verdict(seen[0]!)).toEqual({ ok: true });
  });

  it('passes Authorization on, and refuses every other header', async () => {
    const url = `${PUBLIC}/desk/x`;
    await proxy.fetch({ url, headers: { authorization: 'Bearer x' } }, USER);
    expect(seen[0]?.headers.authorization).toBe('Bearer x');
    const other = await proxy.fetch({ url, headers: { 'X-Trace': '1' } }, USER);
    expect(other).toMatchObject({
      status: 400,
      body: {
        category: 'VALIDATION_ERROR',
        status: 'error',
        message:
          "Invalid Request Headers provided. Only 'Authorization' header is allowed from hubspot.fetch()",
        context: { httpMethod: ['GET'], portalId: ['42'], requestUri: [url] },
      },
    });
    const two = await proxy.fetch({ url, headers: { Authorization: 'x', 'X-Trace': '1' } }, USER);
    expect(two).toMatchObject({ status: 400, body: { message: "Only 'Authorization' header is allowed" } });
    expect(seen).toHaveLength(1);
  });

  it.each([
    'https://elsewhere.example/desk/x',
    'https://api.example.com.evil.example/desk/x',
    'https://api.example.com/other',
    'http://api.example.com/desk/x',
    'nothing',
  ])('does not go to %s', async (url) => {
    expect(await proxy.fetch({ url }, USER)).toMatchObject({ status: 400, body: { status: 'error' } });
    expect(seen).toHaveLength(0);
  });

  it('is refused above 1 MB', async () => {
    const body = { text: 'x'.repeat(1_048_576) };
    expect((await proxy.fetch({ url: `${PUBLIC}/desk/x`, method: 'POST', body }, USER)).status).toBe(413);
    expect(seen).toHaveLength(0);
  });

  it('is one of at most twenty at a time', async () => {
    const waiting: ServerResponse[] = [];
    answer = (_req, res) => waiting.push(res);
    const asked = Array.from({ length: 20 }, () => proxy.fetch({ url: `${PUBLIC}/desk/x` }, USER));
    expect((await proxy.fetch({ url: `${PUBLIC}/desk/x` }, USER)).status).toBe(429);
    while (waiting.length < 20) await new Promise((resolve) => setTimeout(resolve, 5));
    for (const res of waiting) json(res, 200, {});
    expect((await Promise.all(asked)).map(({ status }) => status)).toEqual(Array(20).fill(200));
    answer = (_req, res) => json(res, 200, {});
    expect((await proxy.fetch({ url: `${PUBLIC}/desk/x` }, USER)).status).toBe(200);
  });
});

describe('the answer', () => {
  it('is asked for once more after a 5xx, and no third time', async () => {
    answer = (_req, res) => json(res, seen.length === 1 ? 503 : 200, { turn: seen.length });
    expect(await proxy.fetch({ url: `${PUBLIC}/desk/x` }, USER)).toEqual({ status: 200, body: { turn: 2 } });
    seen = [];
    answer = (_req, res) => json(res, 503, { turn: seen.length });
    expect(await proxy.fetch({ url: `${PUBLIC}/desk/x` }, USER)).toEqual({ status: 503, body: { turn: 2 } });
    expect(seen.map(verdict)).toEqual([{ ok: true }, { ok: true }]);
  });

  it('is asked for once more after a broken connection', async () => {
    answer = (req, res) => (seen.length === 1 ? req.socket.destroy() : json(res, 200, {}));
    expect((await proxy.fetch({ url: `${PUBLIC}/desk/x` }, USER)).status).toBe(200);
    expect(seen).toHaveLength(2);
  });

  it('is wrapped when it is an error, and reaches the card as the service gave it', async () => {
    answer = (_req, res) => json(res, 409, { code: 'stale' });
    const url = `${PUBLIC}/desk/x`;
    expect(await proxy.proxy({ url, method: 'POST', body: {} }, USER)).toMatchObject({
      status: 200,
      body: {
        status: 'error',
        category: 'BAD_GATEWAY',
        message: 'Error returned from Request Uri',
        responseBody: { code: 'stale' },
        context: { appServerStatusCode: ['409'], httpMethod: ['POST'], portalId: ['42'], requestUri: [url] },
        errors: [{ message: `Unacceptable HTTP status 409 calling ${url}` }],
      },
    });
    expect(seen).toHaveLength(1);
    expect(await proxy.fetch({ url }, USER)).toEqual({ status: 409, body: { code: 'stale' } });
  });

  it('is wrapped when it is good', async () => {
    expect(await proxy.proxy({ url: `${PUBLIC}/desk/x` }, USER)).toMatchObject({
      status: 200,
      body: { status: 'success', responseBody: { ok: true }, context: { appServerStatusCode: ['200'] } },
    });
  });

  it('is not a redirect that is followed', async () => {
    answer = (_req, res) => res.writeHead(302, { Location: '/desk/y' }).end();
    expect((await proxy.fetch({ url: `${PUBLIC}/desk/x` }, USER)).status).toBe(302);
    expect(seen).toHaveLength(1);
  });

  it('is refused above 1 MB', async () => {
    answer = (_req, res) => json(res, 200, { text: 'x'.repeat(1_048_576) });
    expect(await proxy.fetch({ url: `${PUBLIC}/desk/x` }, USER)).toMatchObject({
      status: 502,
      body: { status: 'error', category: 'BAD_GATEWAY' },
    });
  });

  it('is waited for as long as the card says, and not asked for again', async () => {
    answer = () => undefined;
    const got = await proxy.fetch({ url: `${PUBLIC}/desk/x`, timeout: 60 }, USER);
    expect(got).toMatchObject({ status: 504, body: { status: 'error', category: 'BAD_GATEWAY' } });
    expect(seen).toHaveLength(1);
  });

  it('says so when there is none', async () => {
    const nobody = proxyTo('http://127.0.0.1:1');
    expect(await nobody.fetch({ url: `${PUBLIC}/desk/x` }, USER)).toMatchObject({
      status: 500,
      body: { errors: [{ message: `Unacceptable HTTP status 500 calling ${PUBLIC}/desk/x` }] },
    });
  });

  it('may stand below a path of the local service', async () => {
    await proxyTo(`http://127.0.0.1:${port}/behind/`).fetch({ url: `${PUBLIC}/desk/x` }, USER);
    expect(seen[0]?.path).toMatch(/^\/behind\/desk\/x\?userId=7/);
  });
});
