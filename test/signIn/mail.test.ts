/** Signing in by a link in a mail: what a person does, and what an attacker tries. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startSignIn, PORTAL, type SignInHarness } from '../harness/signIn.ts';
import { eventually } from '../harness/eventually.ts';

const MINUTE_MS = 60_000;
let world: SignInHarness;
beforeAll(async () => {
  world = await startSignIn();
});
afterAll(() => world.close());

let people = 0;
const somebody = (): string => `ada${(people += 1)}@engines.example`;

describe('a link by mail', () => {
  test('signs the person in who asked for it, as the contact with that address', async () => {
    const address = somebody();
    const id = await world.contact(address);
    const browser = world.browser();
    expect((await browser.get('/sign-in')).body).toEqual({ mail: true, providers: [] });
    expect((await browser.get('/session')).body).toEqual({ state: 'signed-out' });
    const asked = await browser.post('/sign-in/mail', { email: address.toUpperCase() });
    expect(asked.status).toBe(202);
    const mail = await world.mailTo(address);
    expect(mail.raw).toContain('Subject: Your link to sign in');
    const confirmed = await browser.post('/sign-in/mail/confirm', { token: mail.token });
    expect(confirmed.status).toBe(200);
    expect(confirmed.body).toMatchObject({ state: 'signed-in', email: address, contactId: id });
    expect((await browser.get('/me')).body).toMatchObject({ contactId: id });
    expect((await browser.get('/session')).body.state).toBe('signed-in');
  });

  test('has its secret behind the #, where no server logs it, and only its hash is kept', async () => {
    const address = somebody();
    const browser = world.browser();
    await browser.post('/sign-in/mail', { email: address });
    const { raw, token } = await world.mailTo(address);
    expect(raw.replace(/=\r\n/g, '')).toContain(`${PORTAL}/sign-in/confirm#${token}`);
    expect(Buffer.from(token, 'base64url')).toHaveLength(32);
    const { db, hubId } = world.loop;
    const rows = await db.selectFrom('sign_ins').select('secret_hash').where('hub_id', '=', hubId).execute();
    expect(rows.some((row) => row.secret_hash.includes(token))).toBe(false);
    expect(rows.some((row) => row.secret_hash.equals(createHash('sha256').update(token).digest()))).toBe(
      true,
    );
  });

  test('works once', async () => {
    const address = somebody();
    const browser = world.browser();
    await browser.post('/sign-in/mail', { email: address });
    const { token } = await world.mailTo(address);
    const cookies = new Map(browser.cookies);
    expect((await browser.post('/sign-in/mail/confirm', { token })).status).toBe(200);
    const again = world.browser();
    for (const [name, value] of cookies) again.cookies.set(name, value);
    expect(await again.post('/sign-in/mail/confirm', { token })).toMatchObject({
      status: 410,
      body: { code: 'link-over' },
    });
  });

  test('of two that open it at once only one gets in', async () => {
    const address = somebody();
    const browser = world.browser();
    await browser.post('/sign-in/mail', { email: address });
    const { token } = await world.mailTo(address);
    const answers = await Promise.all([1, 2, 3].map(() => browser.post('/sign-in/mail/confirm', { token })));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 410, 410]);
  });

  test('is refused in another browser, and still works in the one that asked', async () => {
    const address = somebody();
    const [browser, other] = [world.browser(), world.browser()];
    await browser.post('/sign-in/mail', { email: address });
    await other.post('/sign-in/mail', { email: somebody() });
    const { token } = await world.mailTo(address);
    for (const stranger of [other, world.browser()])
      expect(await stranger.post('/sign-in/mail/confirm', { token })).toMatchObject({
        status: 403,
        body: { code: 'other-browser' },
      });
    expect((await other.get('/session')).body.state).toBe('signed-out');
    expect((await browser.post('/sign-in/mail/confirm', { token })).status).toBe(200);
  });

  test('is not used up by a mail scanner that opens every address of the mail', async () => {
    const address = somebody();
    const browser = world.browser();
    await browser.post('/sign-in/mail', { email: address });
    const { token } = await world.mailTo(address);
    const scanner = world.browser();
    for (const path of ['/sign-in/mail/confirm', `/sign-in/mail/confirm?token=${token}`])
      expect((await scanner.get(path)).status).toBe(405);
    expect((await browser.post('/sign-in/mail/confirm', { token })).status).toBe(200);
  });

  test.each([
    ['a made-up token', { token: 'x'.repeat(43) }, 410],
    ['a token of another form', { token: "' or 1=1" }, 400],
    ['no token', {}, 400],
    ['more than asked for', { token: 'x'.repeat(43), email: 'a@b.example' }, 400],
  ])('refuses %s', async (_what, body, status) => {
    expect((await world.browser().post('/sign-in/mail/confirm', body)).status).toBe(status);
  });

  test.each([
    '',
    'ada',
    'ada@',
    'a@b.example, c@d.example',
    'a@b.example\r\nBcc: c@d.example',
    '<a@b.example>',
  ])('is not sent to “%s”', async (email) => {
    const count = world.mails.length;
    expect(await world.browser().post('/sign-in/mail', { email })).toMatchObject({
      status: 422,
      body: { code: 'fields-refused' },
    });
    expect(world.mails).toHaveLength(count);
  });
});

describe('nobody can tell who is a customer', () => {
  test('the answer is the same for an address of ours and for any other, and does not wait for the mail', async () => {
    const known = somebody();
    await world.contact(known);
    const told = async (email: string) => {
      const { status, headers, body } = await world.browser().post('/sign-in/mail', { email });
      const shown = [...headers]
        .filter(([name]) => !['date', 'ratelimit'].includes(name))
        .map(([name, value]) => [name, value.replace(/=[\w-]{43};/, '=…;').replace(/Expires=[^;]+/, '')]);
      return { status, body, shown };
    };
    expect(await told(known)).toEqual(await told('nobody@nowhere.example'));
  });

  test('takes about as long', async () => {
    const known = somebody();
    await world.contact(known);
    const median = async (email: string): Promise<number> => {
      const times: number[] = [];
      for (let turn = 0; turn < 15; turn += 1) {
        const begun = performance.now();
        await world.browser().post('/sign-in/mail', { email });
        times.push(performance.now() - begun);
      }
      return times.sort((a, b) => a - b)[7] ?? 0;
    };
    const [ours, other] = [await median(known), await median('nobody@nowhere.example')];
    expect(Math.abs(ours - other)).toBeLessThan(60);
  });
});

describe('another site', () => {
  test.each<[string, Record<string, string | null>]>([
    ['says so', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }],
    ['is of the same domain', { 'sec-fetch-site': 'same-site', origin: 'https://shop.portal.example' }],
    ['uses an old browser', { 'sec-fetch-site': null, origin: 'https://evil.example' }],
    ['hides where it comes from', { 'sec-fetch-site': null, origin: null }],
    ['has no origin', { 'sec-fetch-site': null, origin: 'null' }],
    ['says both', { 'sec-fetch-site': 'same-origin', origin: 'https://evil.example' }],
  ])('cannot act for somebody who is signed in when it %s', async (_how, headers) => {
    const address = somebody();
    const id = await world.contact(address);
    const browser = world.browser();
    await world.signIn(browser, address);
    const refused = { status: 403, body: { code: 'cross-site' } };
    const edit = {
      method: 'PATCH',
      body: { fields: { jobTitle: 'x' } },
      headers: { 'if-match': '"j1"', 'idempotency-key': 'k', ...headers },
    };
    expect(await browser.call(`/records/contact/${id}`, edit)).toMatchObject(refused);
    expect(await browser.post('/sign-out', {}, headers)).toMatchObject(refused);
    expect(await browser.post('/sign-in/mail', { email: address }, headers)).toMatchObject(refused);
    expect(await browser.post('/sign-in/mail/confirm', { token: 'x'.repeat(43) }, headers)).toMatchObject(
      refused,
    );
    expect((await browser.get('/session')).body.state).toBe('signed-in');
  });

  test('may be where a person comes from by a plain link', async () => {
    const browser = world.browser();
    const address = somebody();
    await world.contact(address);
    await world.signIn(browser, address);
    expect((await browser.get('/me', { 'sec-fetch-site': 'cross-site' })).status).toBe(200);
  });
});

describe('limits', () => {
  test('more mails than a person needs are not sent to one address, and the answer stays the same', async () => {
    const small = await startSignIn({ limits: { mailsPerAddress: 2 } });
    try {
      for (let turn = 0; turn < 4; turn += 1)
        expect((await small.browser().post('/sign-in/mail', { email: 'ada@engines.example' })).status).toBe(
          202,
        );
      await small.browser().post('/sign-in/mail', { email: 'last@engines.example' });
      await small.mailTo('last@engines.example');
      expect(small.mails.filter(({ to }) => to === 'ada@engines.example')).toHaveLength(2);
      small.advance(16 * MINUTE_MS);
      await small.browser().post('/sign-in/mail', { email: 'ada@engines.example' });
      await eventually(
        () => small.mails.filter(({ to }) => to === 'ada@engines.example').length === 3,
        'a third mail',
      );
    } finally {
      await small.close();
    }
  });

  test('one client cannot ask for any number of links, nor try any number of tokens', async () => {
    const small = await startSignIn({ limits: { mailsPerClient: 3, signInsPerMinute: 8 } });
    try {
      const statuses: number[] = [];
      for (let turn = 0; turn < 4; turn += 1)
        statuses.push((await small.browser().post('/sign-in/mail', { email: `a${turn}@b.example` })).status);
      expect(statuses).toEqual([202, 202, 202, 429]);
      for (let turn = 0; turn < 5; turn += 1)
        statuses.push(
          (await small.browser().post('/sign-in/mail/confirm', { token: 'x'.repeat(43) })).status,
        );
      expect(statuses.slice(4)).toEqual([410, 410, 410, 410, 429]);
    } finally {
      await small.close();
    }
  });

  test('a link is too old after ten minutes', async () => {
    const own = await startSignIn();
    try {
      const browser = own.browser();
      await browser.post('/sign-in/mail', { email: 'ada@engines.example' });
      const { token } = await own.mailTo('ada@engines.example');
      own.advance(10 * MINUTE_MS);
      expect(await browser.post('/sign-in/mail/confirm', { token })).toMatchObject({
        status: 410,
        body: { code: 'link-over' },
      });
    } finally {
      await own.close();
    }
  });
});
