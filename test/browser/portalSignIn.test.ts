/** The pages as they are served, and those of somebody who is not signed in, over the whole service. */
import { readdir, readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { PAGE_ADDRESSES } from '@tallystick/shared/pageAddresses';
import { pino } from 'pino';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PAGES_DIR, pageRoutes } from '../../backend/portal/pages.ts';
import { createApp } from '../../backend/server.ts';
import { axeFindings } from '../harness/axe.ts';
import { findChromium, openChromium } from '../harness/chromium.ts';
import { eventually } from '../harness/eventually.ts';
import { startProvider, type Account } from '../harness/identityProvider.ts';
import { startMailbox, type Mailbox } from '../harness/mailbox.ts';
import { REP, startWhole, type Whole } from '../harness/whole.ts';

const executable = findChromium();
const KIB = 1_024;
/** The whole of the JavaScript, as it travels. */
const SCRIPT_MAX_BYTES = 90 * KIB;
const ADA = 'ada@byron.example';

describe('the pages as they are served', () => {
  let whole: Whole;
  let mailbox: Mailbox;
  let provider: Awaited<ReturnType<typeof startProvider>>;
  let url: string;
  const accounts = new Map<string, Account>([['bob', { email: 'bob@stone.example', verified: true }]]);
  beforeAll(async () => {
    mailbox = await startMailbox();
    whole = await startWhole({
      overrides: { limits: { signInsPerMinute: 10_000, mailsPerClient: 10_000, mailsPerAddress: 10_000 } },
      env: async (at) => {
        provider = await startProvider(accounts, at);
        return {
          PORTAL_URL: at,
          SMTP_URL: mailbox.url,
          MAIL_FROM: 'portal@firm.example',
          SIGN_IN_PROVIDERS: JSON.stringify([provider.provider]),
        };
      },
    });
    url = whole.service.url;
  });
  afterAll(async () => {
    await whole.close();
    await provider.close();
    await mailbox.close();
  });
  const page = (path: string, headers: Record<string, string> = { accept: 'text/html' }) =>
    fetch(`${url}${path}`, { headers });

  it('answer every address that has a page, also below it, with the page and nothing that may be kept', async () => {
    for (const address of PAGE_ADDRESSES) {
      const answer = await page(`/${address}`);
      expect([address, answer.status, answer.headers.get('cache-control')]).toEqual([
        address,
        200,
        'no-store',
      ]);
      expect(await answer.text()).toContain('<div id="root">');
    }
    expect((await page('/cases/410000000121')).status).toBe(200);
    expect((await page('/index.html')).status).toBe(404);
  });

  it('leave every other address, and programs that want no page, alone', async () => {
    for (const path of [
      '/nonsense',
      '/portal/v1/nothing',
      '/assets/nothing.js',
      '/..%2f..%2fpages.ts',
      '/.env',
    ])
      expect([path, (await page(path)).status]).toEqual([path, 404]);
    expect((await page('/cases', { accept: 'application/json' })).status).toBe(404);
    expect((await fetch(`${url}/cases`, { method: 'POST', headers: { accept: 'text/html' } })).status).toBe(
      404,
    );
  });

  it('allow no inline script or style, no foreign source and no frame', async () => {
    for (const path of ['/', await assetPath('.js')]) {
      const policy = (await page(path)).headers.get('content-security-policy') ?? '';
      expect(policy).toContain("default-src 'self'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).toContain("require-trusted-types-for 'script'");
      expect(policy).not.toMatch(/unsafe|\*|data:|https?:/);
    }
  });

  it('are kept for ever where their name carries a digest, and travel compressed', async () => {
    const path = await assetPath('.js');
    const answer = await page(path, { 'accept-encoding': 'gzip' });
    expect(answer.headers.get('cache-control')).toBe('public, max-age=31536000, immutable');
    expect(answer.headers.get('content-encoding')).toBe('gzip');
    expect(answer.headers.get('content-type')).toMatch(/^text\/javascript/);
    expect(await answer.text()).toBe(await readFile(join(PAGES_DIR, path), 'utf8'));
  });

  it(`need less than ${SCRIPT_MAX_BYTES / KIB} KiB of JavaScript in all`, async () => {
    const scripts = (await readdir(join(PAGES_DIR, 'assets'))).filter((name) => name.endsWith('.js'));
    const sizes = await Promise.all(
      scripts.map(async (name) => gzipSync(await readFile(join(PAGES_DIR, 'assets', name))).length),
    );
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(SCRIPT_MAX_BYTES);
  });

  it('tell a browser nothing of the rules: no property of the CRM, no field that nobody may see', async () => {
    const script = await readFile(join(PAGES_DIR, await assetPath('.js')), 'utf8');
    for (const secret of ['internalRisk', 'internal_risk', 'renewal_date', 'hs_quote', 'portal_shared'])
      expect(script).not.toContain(secret);
  });

  it('are simply not there where they were not built', async () => {
    const lines: string[] = [];
    const log = pino({ level: 'warn' }, { write: (line: string) => lines.push(line) });
    const bare = createServer(
      createApp({ routers: [pageRoutes({ dir: '/nowhere', log })], log, ready: () => Promise.resolve(true) }),
    );
    await new Promise<void>((resolve) => bare.listen(0, '127.0.0.1', resolve));
    const answer = await fetch(`http://127.0.0.1:${(bare.address() as AddressInfo).port}/`);
    expect(answer.status).toBe(404);
    expect(lines.join('')).toContain('npm run build');
    await new Promise((resolve) => bare.close(resolve));
  });

  async function assetPath(ending: string): Promise<string> {
    const names = await readdir(join(PAGES_DIR, 'assets'));
    return `/assets/${names.find((name) => name.endsWith(ending)) ?? ''}`;
  }

  describe.skipIf(executable === null)('to somebody who is not signed in', () => {
    let browser: Browser;
    let context: BrowserContext;
    let tab: Page;
    const errors: string[] = [];
    beforeAll(async () => {
      browser = await openChromium(executable ?? '');
    });
    afterAll(() => browser.close());
    beforeEach(async () => {
      context = await browser.newContext();
      tab = await context.newPage();
      tab.setDefaultTimeout(10_000);
      tab.on('pageerror', (error) => errors.push(error.message));
    });
    afterEach(() => context.close());
    const clean = async (): Promise<void> => {
      for (const colorScheme of ['light', 'dark'] as const) {
        await tab.emulateMedia({ colorScheme });
        expect(await axeFindings(tab)).toEqual([]);
      }
    };

    const askFor = async (address: string): Promise<void> => {
      await tab.getByLabel('E-mail address').fill(address);
      await tab.getByRole('button', { name: 'Send me a link' }).click();
      await tab.getByRole('heading', { name: 'Look into your mailbox' }).waitFor();
    };
    /** Opens the sign-in page, asks for a link, answers with what stands in the mail. */
    const linkFor = async (address: string): Promise<string> => {
      const before = mailbox.mails.length;
      await tab.goto(`${url}/sign-in`);
      await askFor(address);
      return (await eventually(() => mailbox.mails[before], 'the mail')).link;
    };
    const hello = (name: string, at = tab): Promise<void> =>
      at.getByRole('heading', { name: `Hello ${name}` }).waitFor();
    const viaProvider = (at: Page): Promise<void> =>
      at.getByRole('link', { name: 'Continue with Acme ID' }).click();

    it('ask for an address, and answer the same whoever it is', async () => {
      await tab.goto(`${url}/cases`);
      await tab.getByRole('heading', { name: 'Sign in' }).waitFor();
      expect(new URL(tab.url()).search).toBe('?next=/cases');
      await clean();
      await askFor(` ${ADA} `);
      const known = await tab.locator('main').innerText();
      await tab.getByRole('button', { name: 'Use another address' }).click();
      await askFor('nobody@byron.example');
      expect(await tab.locator('main').innerText()).toBe(known.replace(ADA, 'nobody@byron.example'));
    });

    it('use up a link only when its one button is pressed, keep its token out of every address, and only once', async () => {
      const link = await linkFor(ADA);
      const posted: string[] = [];
      tab.on('request', (request) => request.method() === 'POST' && posted.push(request.url()));
      await tab.goto(link);
      const button = tab.getByRole('button');
      await button.waitFor();
      expect(await button.count()).toBe(1);
      expect(tab.url()).toBe(`${url}/sign-in/confirm`);
      await clean();
      expect(posted).toEqual([]);
      await button.click();
      await hello('Ada Byron');
      await tab.goto(link);
      await tab.getByRole('button', { name: 'Sign in now' }).click();
      await tab.getByRole('alert').waitFor();
      await tab.getByRole('link', { name: 'Send me a new link' }).click();
    });

    it('do not let another browser use a link', async () => {
      const link = await linkFor(ADA);
      const other = await browser.newContext();
      const stranger = await other.newPage();
      await stranger.goto(link);
      await stranger.getByRole('button', { name: 'Sign in now' }).click();
      await stranger.getByRole('alert').waitFor();
      await stranger.goto(url);
      await stranger.getByRole('heading', { name: 'Sign in' }).waitFor();
      await other.close();
    });

    it('sign in through another provider', async () => {
      provider.choose('bob');
      await tab.goto(url);
      await viaProvider(tab);
      await hello('Bob Stone');
    });

    it('let the first window go on when the link was opened in a second one', async () => {
      const link = await linkFor(ADA);
      await tab.goto(`${url}/activity`);
      await tab.getByLabel('E-mail address').waitFor();
      const second = await context.newPage();
      await second.goto(link);
      await second.getByRole('button').click();
      await hello('Ada Byron', second);
      await tab.getByRole('heading', { name: 'Activity' }).waitFor();
    });

    it('never follow an address that leads away', async () => {
      await tab.goto(await linkFor(ADA));
      await tab.getByRole('button').click();
      await hello('Ada Byron');
      await tab.goto(`${url}/sign-in?next=//evil.example`);
      await hello('Ada Byron');
      expect(new URL(tab.url()).host).toBe(new URL(url).host);
    });

    it('tell somebody whom nobody knows who they are not, and that staff were told', async () => {
      await tab.goto(await linkFor('new@nowhere.example'));
      await tab.getByRole('button').click();
      await tab.getByText('You are signed in as new@nowhere.example.').waitFor();
      await tab.getByText('We do not know this e-mail address.').waitFor();
      await clean();
      await tab.getByRole('button', { name: 'Look again' }).click();
      await tab.getByRole('button', { name: 'Sign out', exact: true }).click();
      await tab.getByText('You are signed out.').waitFor();
    });

    it('list the sessions, end another one, and sign out with nothing left behind', async () => {
      const phone = await browser.newContext({
        userAgent:
          'Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1',
      });
      const elsewhere = await phone.newPage();
      provider.choose('bob');
      for (const page of [tab, elsewhere]) {
        await page.goto(url);
        await viaProvider(page);
        await hello('Bob Stone', page);
      }
      await tab.goto(`${url}/sessions`);
      await tab.getByText('this one').waitFor();
      await clean();
      await tab.getByRole('button', { name: 'End the session of Safari on iPhone' }).click();
      await tab.getByText('Safari on iPhone').waitFor({ state: 'detached' });
      await elsewhere.getByText('You are no longer signed in.').waitFor();
      await phone.close();
      await tab.evaluate(() =>
        sessionStorage.setItem('tallystick.drafts', '{"person":"1","kept":{"contact:1:phone":{"text":"x"}}}'),
      );
      await tab.reload();
      await tab.getByRole('button', { name: 'Sign out', exact: true }).click();
      await tab.getByText('You are signed out.').waitFor();
      expect(await tab.evaluate(() => sessionStorage.length)).toBe(0);
      await tab.goto(`${url}/sessions`);
      await tab.getByRole('heading', { name: 'Sign in' }).waitFor();
    });

    it('keep what was typed when the session ends in the middle of it, and save it after signing in again', async () => {
      provider.choose('bob');
      await tab.goto(url);
      await viaProvider(tab);
      await hello('Bob Stone');
      await tab.getByRole('link', { name: 'My details' }).click();
      await tab.getByRole('button', { name: 'Change Job title' }).click();
      await tab.getByLabel('Job title').fill('Chief of pumps');
      await context.request.post(`${url}/portal/v1/sign-out`, {
        data: { everywhere: true },
        headers: { origin: url, 'sec-fetch-site': 'same-origin' },
      });
      await tab.getByText('You are no longer signed in.').waitFor();
      expect(await tab.getByLabel('Job title').inputValue()).toBe('Chief of pumps');
      await tab.getByRole('link', { name: 'Sign in again' }).click();
      await viaProvider(tab);
      await hello('Bob Stone');
      await tab.getByRole('link', { name: 'My details' }).click();
      expect(await tab.getByLabel('Job title').inputValue()).toBe('Chief of pumps');
      await tab.getByRole('button', { name: 'Save', exact: true }).click();
      await tab.locator('[data-field="jobTitle"] .receipt[data-state="verified"]').waitFor();
      expect(whole.sim.world.value('contacts', whole.ids.bob, 'jobtitle')).toBe('Chief of pumps');
    });

    it('have somebody prove who they are again before their e-mail address is changed, and keep what was typed', async () => {
      await tab.goto(await linkFor(ADA));
      await tab.getByRole('button').click();
      await hello('Ada Byron');
      await whole.db
        .updateTable('sessions')
        .set({ proven_at: new Date(Date.now() - 3_600_000) })
        .where('hub_id', '=', whole.hubId)
        .execute();
      await tab.getByRole('link', { name: 'My details' }).click();
      await tab.getByRole('button', { name: 'Change E-mail' }).click();
      await tab.getByLabel('E-mail').fill('ada@lovelace.example');
      await tab.getByRole('button', { name: 'Save', exact: true }).click();
      await tab.getByText('Before this is changed, please sign in once more.').waitFor();
      await tab.getByRole('link', { name: 'Sign in again' }).click();
      const before = mailbox.mails.length;
      await askFor(ADA);
      const { link } = await eventually(() => mailbox.mails[before], 'the mail');
      const second = await context.newPage();
      await second.goto(link);
      await second.getByRole('button', { name: 'Sign in now' }).click();
      await tab.getByRole('heading', { name: 'My details' }).waitFor();
      expect(await tab.getByLabel('E-mail').inputValue()).toBe('ada@lovelace.example');
      await tab.getByRole('button', { name: 'Save', exact: true }).click();
      await tab.locator('[data-field="email"] .receipt').waitFor();
    });

    it('shut somebody out within seconds whose contact is archived', async () => {
      await tab.goto(await linkFor('cleo@wood.example'));
      await tab.getByRole('button').click();
      await tab.getByRole('heading', { name: 'Hello Cleo Wood' }).waitFor();
      whole.sim.world.archive('contacts', whole.ids.cleo, REP);
      await tab.getByText('You are no longer signed in.').waitFor();
    });

    it('ran without an error', () => {
      expect(errors).toEqual([]);
    });
  });
});
