/** Sessions in cookies: how they begin, what they are worth, and every way in which they end. */
import { createHash } from 'node:crypto';
import * as schemas from '@tallystick/shared/schemas';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { eventually } from '../harness/eventually.ts';
import { startSignIn, type Browser, type SignInHarness } from '../harness/signIn.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const SESSION = '__Host-portal_session';
/** A stream is over this soon after its session. */
const STREAM_ENDS_WITHIN_MS = 5_000;

let world: SignInHarness;
beforeAll(async () => {
  world = await startSignIn();
});
afterAll(() => world.close());

let people = 0;
async function enter(own = world): Promise<{ browser: Browser; address: string; id: string }> {
  const address = `bob${(people += 1)}@engines.example`;
  const id = await own.contact(address);
  const browser = own.browser();
  expect(await own.signIn(browser, address)).toMatchObject({ state: 'signed-in' });
  return { browser, address, id };
}
async function other(address: string, own = world): Promise<Browser> {
  const browser = own.browser();
  expect(await own.signIn(browser, address)).toMatchObject({ state: 'signed-in' });
  return browser;
}
const sha256 = (text: string): Buffer => createHash('sha256').update(text).digest();
const state = async (browser: Browser) => (await browser.get('/session')).body.state;

describe('the cookie', () => {
  test('is for this host alone, out of reach of scripts and of other sites, and holds 256 random bits', async () => {
    const address = `bob${(people += 1)}@engines.example`;
    const browser = world.browser();
    const asked = await browser.post('/sign-in/mail', { email: address });
    const { token } = await world.mailTo(address);
    const { headers } = await browser.post('/sign-in/mail/confirm', { token });
    for (const cookie of [asked.headers.getSetCookie()[0]!, headers.getSetCookie()[0]!]) {
      expect(cookie).toMatch(
        /^__Host-portal_(session|browser)=[\w-]{43}; Max-Age=\d+; Path=\/; Expires=[^;]+; HttpOnly; Secure; SameSite=Lax$/,
      );
    }
    const secret = browser.cookies.get(SESSION)!;
    const { db, hubId } = world.loop;
    const rows = await db.selectFrom('sessions').select('secret_hash').where('hub_id', '=', hubId).execute();
    expect(rows.some((row) => row.secret_hash.includes(secret))).toBe(false);
    expect(rows.some((row) => row.secret_hash.equals(sha256(secret)))).toBe(true);
    expect(browser.cookies.has('__Host-portal_browser')).toBe(false);
  });

  test('has neither prefix nor Secure on http://localhost, where browsers take neither', async () => {
    const local = await startSignIn({ settings: { portalUrl: 'http://localhost:5173' } });
    try {
      const { headers } = await local
        .browser()
        .post('/sign-in/mail', { email: 'a@b.example' }, { origin: 'http://localhost:5173' });
      expect(headers.getSetCookie()[0]).toMatch(/^portal_browser=[\w-]{43}; .*HttpOnly; SameSite=Lax$/);
    } finally {
      await local.close();
    }
  });

  test('that was planted before the sign-in is worth nothing after it', async () => {
    const { browser, address } = await enter();
    const planted = browser.cookies.get(SESSION)!;
    const victim = world.browser();
    victim.cookies.set(SESSION, planted);
    await world.signIn(victim, address);
    expect(victim.cookies.get(SESSION)).not.toBe(planted);
    expect(await state(victim)).toBe('signed-in');
    // The one who planted it is not signed in by it either.
    expect(await state(browser)).toBe('signed-out');
    const made = world.browser();
    made.cookies.set(SESSION, 'x'.repeat(43));
    await world.signIn(made, address);
    expect(made.cookies.get(SESSION)).not.toBe('x'.repeat(43));
  });

  test('counts for nothing when there are two of it', async () => {
    const { browser } = await enter();
    const secret = browser.cookies.get(SESSION)!;
    const twice = `${SESSION}=${secret}; ${SESSION}=${'x'.repeat(43)}`;
    expect((await browser.get('/me', { cookie: twice })).status).toBe(401);
  });

  test('is looked at only where no token is sent', async () => {
    const { browser } = await enter();
    expect((await browser.get('/me', { authorization: 'Bearer tsp_1_no' })).status).toBe(401);
  });
});

test('every answer is of the documented form', async () => {
  const { browser } = await enter();
  const strict = (schema: z.ZodType, body: unknown): void => expect(schema.parse(body)).toEqual(body);
  strict(schemas.signInWays, (await browser.get('/sign-in')).body);
  strict(schemas.sessionInfo, (await browser.get('/session')).body);
  strict(schemas.sessionInfo, (await world.browser().get('/session')).body);
  strict(schemas.sessionList, (await browser.get('/sessions')).body);
  const nobody = world.browser();
  strict(schemas.sessionInfo, await world.signIn(nobody, 'nobody@nowhere.example'));
  strict(schemas.problem, (await nobody.get('/me')).body);
});

describe('a session ends', () => {
  test('by signing out, and the browser is told to forget', async () => {
    const { browser } = await enter();
    const secret = browser.cookies.get(SESSION)!;
    const { status, headers } = await browser.post('/sign-out');
    expect(status).toBe(204);
    expect(headers.get('clear-site-data')).toBe('"cache", "storage"');
    expect(browser.cookies.has(SESSION)).toBe(false);
    const thief = world.browser();
    thief.cookies.set(SESSION, secret);
    expect((await thief.get('/me')).status).toBe(401);
    expect((await browser.post('/sign-out')).status).toBe(204);
  });

  test('everywhere at once, and nobody else’s does', async () => {
    const { browser, address } = await enter();
    const second = await other(address);
    const { browser: foreign } = await enter();
    expect((await browser.post('/sign-out', { everywhere: true })).status).toBe(204);
    expect([await state(browser), await state(second), await state(foreign)]).toEqual([
      'signed-out',
      'signed-out',
      'signed-in',
    ]);
  });

  test('by its person, from another browser; a foreign one is as if it were not there', async () => {
    const { browser, address } = await enter();
    const second = await other(address);
    const { browser: stranger } = await enter();
    const { sessions = [] } = (await browser.get('/sessions')).body;
    expect(sessions).toHaveLength(2);
    expect(sessions.find(({ current }) => current)).toMatchObject({
      browser: 'Testfox 1.0',
      address: '127.0.0.1',
    });
    const { sessionId } = sessions.find(({ current }) => !current)!;
    const remove = (by: Browser, id: string) => by.call(`/sessions/${id}`, { method: 'DELETE' });
    for (const id of [sessionId, '00000000-0000-4000-8000-000000000000', 'x'])
      expect(await remove(stranger, id)).toMatchObject({ status: 404, body: { code: 'not-found' } });
    expect(await state(second)).toBe('signed-in');
    expect((await remove(browser, sessionId)).status).toBe(204);
    expect(await state(second)).toBe('signed-out');
    expect((await remove(browser, sessionId)).status).toBe(404);
  });

  test('when nothing was asked for eight hours, and not while something is', async () => {
    const own = await startSignIn();
    try {
      const { browser, address } = await enter(own);
      const idle = await other(address, own);
      own.advance(7 * HOUR_MS);
      expect(await state(browser)).toBe('signed-in');
      own.advance(2 * HOUR_MS);
      expect(await state(browser)).toBe('signed-in');
      expect(await state(idle)).toBe('signed-out');
    } finally {
      await own.close();
    }
  });

  test('after seven days, whatever was asked', async () => {
    const own = await startSignIn();
    try {
      const { browser } = await enter(own);
      const { expiresAt = '' } = (await browser.get('/session')).body;
      for (let hours = 7; hours < 167; hours += 7) {
        own.advance(7 * HOUR_MS);
        expect(await state(browser)).toBe('signed-in');
      }
      const { idleUntil } = (await browser.get('/session')).body;
      expect(idleUntil).toBe(expiresAt);
      own.advance(7 * HOUR_MS);
      expect(await state(browser)).toBe('signed-out');
    } finally {
      await own.close();
    }
  });
});

describe('a live stream ends with its session', () => {
  test.each(['signing out', 'another browser of the person'])('by %s', async (how) => {
    const { browser, address } = await enter();
    const second = await other(address);
    const [stream, still] = [await browser.stream(), await second.stream()];
    const { sessions = [] } = (await browser.get('/sessions')).body;
    const begun = Date.now();
    if (how === 'signing out') await browser.post('/sign-out');
    else
      await second.call(`/sessions/${sessions.find(({ current }) => current)!.sessionId}`, {
        method: 'DELETE',
      });
    await eventually(stream.isOver, 'the stream is over', STREAM_ENDS_WITHIN_MS);
    expect(Date.now() - begun).toBeLessThan(STREAM_ENDS_WITHIN_MS);
    expect(still.isOver()).toBe(false);
    still.close();
  });

  test('when it is idle for too long: to listen is not to ask', async () => {
    const own = await startSignIn();
    try {
      const { browser } = await enter(own);
      const stream = await browser.stream();
      own.advance(9 * HOUR_MS);
      await eventually(stream.isOver, 'the stream is over', STREAM_ENDS_WITHIN_MS);
    } finally {
      await own.close();
    }
  });
});

describe('a change of the e-mail', () => {
  const change = async (browser: Browser, id: string, key: string) => {
    const { headers } = await browser.get(`/records/contact/${id}`);
    return browser.call(`/records/contact/${id}`, {
      method: 'PATCH',
      body: { fields: { email: 'new@engines.example' } },
      headers: { 'if-match': headers.get('etag'), 'idempotency-key': key },
    });
  };

  test('wants a proof of who asks that is not older than ten minutes; signing in again gives one', async () => {
    const own = await startSignIn();
    try {
      const { browser, id, address } = await enter(own);
      const before = (await browser.get('/session')).body;
      own.advance(10 * MINUTE_MS + 1);
      expect(await change(browser, id, 'first')).toMatchObject({
        status: 403,
        body: { code: 'prove-again' },
      });
      const { headers } = await browser.get(`/records/contact/${id}`);
      const harmless = { fields: { jobTitle: 'Fitter' } };
      const asked = {
        method: 'PATCH',
        body: harmless,
        headers: { 'if-match': headers.get('etag'), 'idempotency-key': 'job' },
      };
      expect((await browser.call(`/records/contact/${id}`, asked)).status).toBe(202);
      const after = await own.signIn(browser, address);
      expect(Date.parse(after.provenAt!) - Date.parse(before.provenAt!)).toBeGreaterThan(10 * MINUTE_MS);
      expect(after).toMatchObject({ state: 'signed-in', contactId: id });
      expect((await change(browser, id, 'second')).status).toBe(202);
    } finally {
      await own.close();
    }
  });
});
