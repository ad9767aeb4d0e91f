/** One call to HubSpot over real HTTP: given up in time, its limits read, its answer parsed or classified. */
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Client } from '@hubspot/api-client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { send } from '../../backend/hubspot/transport.ts';

const TIMEOUT_MS = 300;
const NOTHING_SAID = { windowLimit: null, windowRemaining: null, dailyLimit: null, dailyRemaining: null };

describe('a call to HubSpot', () => {
  let server: Server;
  let client: Client;
  let answer: RequestListener = (_, res) => res.end();
  beforeAll(async () => {
    server = createServer((req, res) => answer(req, res));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const basePath = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    client = new Client({ accessToken: 'token', basePath, numberOfApiCallRetries: 0 });
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const call = () => send(client, TIMEOUT_MS, { method: 'GET', path: '/x' }, z.object({ id: z.string() }));
  const answers = (status: number, body: string, headers: Record<string, string> = {}): void => {
    answer = (_, res) => res.writeHead(status, headers).end(body);
  };

  it('that nobody answers is given up, and leaves open whether it was applied', async () => {
    answer = () => undefined;
    expect(await call()).toMatchObject({ ok: false, failure: { is: 'ambiguous' } });
    answer = (_, res) => void res.writeHead(200).write('{"id":'); // and never the rest
    expect(await call()).toMatchObject({ ok: false, failure: { is: 'ambiguous' } });
    answer = (req) => req.socket.destroy();
    expect(await call()).toMatchObject({ ok: false, failure: { is: 'ambiguous' } });
  });

  it('tells what the limits are, from its answer’s headers; what they do not say is not known', async () => {
    answers(200, '{"id":"1"}', {
      'x-hubspot-ratelimit-max': '190',
      'x-hubspot-ratelimit-remaining': '0',
      'x-hubspot-ratelimit-daily': '650000',
      'x-hubspot-ratelimit-daily-remaining': '7',
    });
    const limits = { windowLimit: 190, windowRemaining: 0, dailyLimit: 650_000, dailyRemaining: 7 };
    expect(await call()).toEqual({ ok: true, value: { id: '1' }, limits });
    answers(429, '{}', { 'x-hubspot-ratelimit-remaining': 'unlimited' });
    expect(await call()).toMatchObject({ ok: false, failure: { is: 'throttled' }, limits: NOTHING_SAID });
  });

  it.each([
    [200, '{"name":"without an id"}', 'unexpected'],
    [302, '{"id":"1"}', 'unexpected'],
    [404, '<html>', 'gone'],
    [503, '<html>', 'ambiguous'],
  ])('answered with %i and %s is a failure: %s', async (status, body, is) => {
    answers(status, body);
    expect(await call()).toMatchObject({ ok: false, failure: { is } });
  });
});
