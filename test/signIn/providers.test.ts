/** Signing in with an identity provider: a real one, and what may go wrong on the way there and back. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { PORTAL, startSignIn, type Browser, type SignInHarness } from '../harness/signIn.ts';

let world: SignInHarness;
beforeAll(async () => {
  world = await startSignIn({ providers: true });
});
afterAll(() => world.close());

let people = 0;
let [address, account] = ['', ''];
beforeEach(() => {
  people += 1;
  [address, account] = [`cleo${people}@engines.example`, `subject-${people}`];
  world.accounts.set(account, { email: address, verified: true });
});

const FAILED = `${PORTAL}/sign-in?problem=sign-in-failed`;
const OVER = `${PORTAL}/sign-in?problem=link-over`;
const state = async (browser: Browser) => (await browser.get('/session')).body.state;
const onWay = async (browser: Browser): Promise<URL> => {
  const { headers } = await browser.get('/sign-in/with/acme');
  return new URL(headers.get('location')!);
};
/** The browser comes back from the provider: answers with where it is sent. */
const back = async (browser: Browser, url: URL): Promise<string> => {
  const { headers } = await browser.get(`${url.pathname.replace('/portal/v1', '')}${url.search}`);
  return headers.get('location')!;
};
const atProvider = async (url: URL): Promise<URL> => new URL(await world.consent(url.href, account));

describe('a provider', () => {
  test('is named, asked with PKCE, state and nonce, and signs the person in', async () => {
    const id = await world.contact(address);
    const browser = world.browser();
    expect((await browser.get('/sign-in')).body).toEqual({
      mail: true,
      providers: [{ name: 'acme', label: 'Acme ID' }],
    });
    const { searchParams } = await onWay(browser);
    expect(Object.fromEntries(searchParams)).toMatchObject({
      response_type: 'code',
      code_challenge_method: 'S256',
      scope: 'openid email',
    });
    for (const name of ['state', 'nonce', 'code_challenge'])
      expect(searchParams.get(name)).toMatch(/^[\w-]{43}$/);
    expect(await world.signInWith(browser, account)).toBe(`${PORTAL}/`);
    expect((await browser.get('/session')).body).toMatchObject({
      state: 'signed-in',
      email: address,
      contactId: id,
    });
  });

  test('knows its people by issuer and subject: another address is the same person, the same address another one', async () => {
    const id = await world.contact(address);
    await world.signInWith(world.browser(), account);
    world.accounts.set(account, { email: 'else@engines.example', verified: true });
    const later = world.browser();
    await world.signInWith(later, account);
    expect((await later.get('/session')).body).toMatchObject({ state: 'signed-in', contactId: id });
    world.accounts.set(`${account}-b`, { email: address, verified: true });
    const impostor = world.browser();
    await world.signInWith(impostor, `${account}-b`);
    expect((await impostor.get('/session')).body).toMatchObject({
      state: 'unlinked',
      reason: 'reused-address',
    });
  });

  test.each([
    ['says it is not verified', { verified: false }],
    ['does not say', {}],
  ])('that vouches for no address links nobody: it %s', async (_how, verified) => {
    await world.contact(address);
    world.accounts.set(account, { email: address, ...verified });
    const browser = world.browser();
    await world.signInWith(browser, account);
    expect((await browser.get('/session')).body).toMatchObject({
      state: 'unlinked',
      reason: 'unproven-address',
      email: '',
    });
    expect((await browser.get('/me')).body.code).toBe('not-linked');
  });

  test('joins the person who is signed in by mail in the same browser', async () => {
    const id = await world.contact(address);
    const browser = world.browser();
    await world.signIn(browser, address);
    expect(await world.signInWith(browser, account)).toBe(`${PORTAL}/`);
    expect((await browser.get('/session')).body).toMatchObject({ state: 'signed-in', contactId: id });
  });

  test('is asked to have the person prove themselves anew when they are signed in already', async () => {
    await world.contact(address);
    const browser = world.browser();
    await world.signInWith(browser, account);
    expect((await onWay(browser)).searchParams.get('prompt')).toBe('login');
    await world.signInWith(browser, account);
    const { provenAt = '' } = (await browser.get('/session')).body;
    expect(Date.now() - Date.parse(provenAt)).toBeLessThan(60_000);
  });

  test('that nobody configured is not there', async () => {
    const browser = world.browser();
    for (const path of ['/sign-in/with/evil', '/sign-in/with/evil/callback?code=1&state=2'])
      expect(await browser.get(path)).toMatchObject({ status: 404, body: { code: 'way-not-offered' } });
  });

  test('that does not answer sends the person back with a word', async () => {
    const provider = {
      name: 'away',
      label: 'Away',
      issuer: 'http://localhost:1',
      clientId: 'x',
      clientSecret: 'y',
    };
    const own = await startSignIn({ settings: { providers: [provider] } });
    try {
      const { headers } = await own.browser().get('/sign-in/with/away');
      expect(headers.get('location')).toBe(`${PORTAL}/sign-in?problem=provider-away`);
    } finally {
      await own.close();
    }
  });
});

describe('nobody gets in', () => {
  const begin = async (): Promise<{ browser: Browser; url: URL }> => {
    await world.contact(address);
    const browser = world.browser();
    return { browser, url: await atProvider(await onWay(browser)) };
  };
  const expectNobody = async (browser: Browser): Promise<void> => {
    expect(await state(browser)).toBe('signed-out');
    expect(browser.cookies.has('__Host-portal_session')).toBe(false);
  };

  test('with a forged state', async () => {
    const { browser, url } = await begin();
    url.searchParams.set('state', 'x'.repeat(43));
    expect(await back(browser, url)).toBe(OVER);
    await expectNobody(browser);
  });

  test('without a state', async () => {
    const { browser, url } = await begin();
    url.searchParams.delete('state');
    expect(await back(browser, url)).toBe(OVER);
    await expectNobody(browser);
  });

  test('in another browser than the one that began', async () => {
    const { browser, url } = await begin();
    const victim = world.browser();
    await onWay(victim);
    expect(await back(victim, url)).toBe(`${PORTAL}/sign-in?problem=other-browser`);
    await expectNobody(victim);
    expect(await back(browser, url)).toBe(`${PORTAL}/`);
  });

  test('twice with one answer', async () => {
    const { browser, url } = await begin();
    const cookies = new Map(browser.cookies);
    expect(await back(browser, url)).toBe(`${PORTAL}/`);
    const again = world.browser();
    for (const [name, value] of cookies) again.cookies.set(name, value);
    expect(await back(again, url)).toBe(OVER);
    await expectNobody(again);
  });

  test('with the code of another sign-in', async () => {
    const { url: attackers } = await begin();
    const victim = world.browser();
    const url = await atProvider(await onWay(victim));
    url.searchParams.set('code', attackers.searchParams.get('code')!);
    expect(await back(victim, url)).toBe(FAILED);
    await expectNobody(victim);
  });

  test.each([
    ['nonce', 'the ID token is of another request'],
    ['verifier', 'the code is of another request'],
  ] as const)('when the %s is another one: %s', async (column, _why) => {
    const { browser, url } = await begin();
    await world.loop.db
      .updateTable('sign_ins')
      .set({ [column]: 'x'.repeat(43) })
      .where('hub_id', '=', world.loop.hubId)
      .where('used_at', 'is', null)
      .execute();
    expect(await back(browser, url)).toBe(FAILED);
    await expectNobody(browser);
  });

  test('when the answer names another issuer', async () => {
    const { browser, url } = await begin();
    expect(url.searchParams.get('iss')).toMatch(/^http:\/\/localhost:/);
    url.searchParams.set('iss', 'https://evil.example');
    expect(await back(browser, url)).toBe(FAILED);
    await expectNobody(browser);
  });

  test('when the provider says no', async () => {
    const { browser, url } = await begin();
    url.searchParams.delete('code');
    url.searchParams.set('error', 'access_denied');
    expect(await back(browser, url)).toBe(FAILED);
    await expectNobody(browser);
  });

  test('ten minutes later', async () => {
    const own = await startSignIn({ providers: true });
    try {
      own.accounts.set(account, { email: address, verified: true });
      const browser = own.browser();
      const url = new URL(await own.consent((await onWay(browser)).href, account));
      own.advance(600_000);
      expect(await back(browser, url)).toBe(OVER);
    } finally {
      await own.close();
    }
  });
});
