/** The pages as they are served, and those of somebody who is not signed in, over a small stand-in for signing in. */
import { readdir, readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Me, SessionEntry, SessionInfo } from '@tallystick/shared/messages';
import { PAGE_ADDRESSES } from '@tallystick/shared/pageAddresses';
import express, { Router, type Response } from 'express';
import { pino } from 'pino';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PAGES_DIR, pageRoutes } from '../../backend/portal/pages.ts';
import { createApp } from '../../backend/server.ts';
import { axeFindings } from '../harness/axe.ts';
import { findChromium, openChromium } from '../harness/chromium.ts';

const executable = findChromium();
const KIB = 1_024;
/** The whole of the JavaScript, as it travels. */
const SCRIPT_MAX_BYTES = 90 * KIB;
const HOUR_MS = 3_600_000;

const inAnHour = (): string => new Date(Date.now() + HOUR_MS).toISOString();
const signedIn = (): SessionInfo => ({
  state: 'signed-in',
  email: 'ann@acme.example',
  contactId: '1',
  expiresAt: inAnHour(),
  idleUntil: inAnHour(),
  provenAt: new Date().toISOString(),
});
const ME: Me = {
  contactId: '1',
  audience: 'direct',
  name: 'Ann Acme',
  companies: [],
  creations: [],
  objects: {},
};

/** Signing in, as far as pages notice: cookies and mails are another's business. */
interface StandIn {
  session: SessionInfo;
  sessions: SessionEntry[];
  mailed: string[];
  /** The token that works, once. */
  token: string | null;
  asked: string[];
}

function standIn(state: StandIn): Router {
  const router = Router();
  const v1 = Router();
  const problem = (res: Response, status: number, code: string, detail: string): void =>
    void res
      .status(status)
      .type('application/problem+json')
      .send(JSON.stringify({ type: 'about:blank', title: code, status, code, detail }));
  v1.use(express.json(), (req, _res, next) => {
    state.asked.push(`${req.method} ${req.path}`);
    next();
  });
  v1.get('/session', (_req, res) => void res.json(state.session));
  v1.get('/sessions', (_req, res) => void res.json(state.sessions));
  v1.delete('/sessions/:id', (req, res) => {
    state.sessions = state.sessions.filter(({ sessionId }) => sessionId !== req.params.id);
    res.status(204).end();
  });
  v1.get(
    '/sign-in',
    (_req, res) => void res.json({ mail: true, providers: [{ name: 'acme', label: 'Acme ID' }] }),
  );
  v1.get('/sign-in/with/acme', (_req, res) => {
    state.session = signedIn();
    res.redirect('/');
  });
  v1.post('/sign-in/mail', (req, res) => {
    state.mailed.push((req.body as { email: string }).email);
    res.status(202).end();
  });
  v1.post('/sign-in/mail/confirm', (req, res) => {
    if ((req.body as { token: string }).token !== state.token) {
      problem(res, 400, 'link-expired', 'This link was used before.');
      return;
    }
    state.token = null;
    state.session = signedIn();
    res.status(204).end();
  });
  v1.post('/sign-out', (_req, res) => {
    state.session = { state: 'signed-out' };
    res.status(204).end();
  });
  v1.use((_req, res, next) => {
    if (state.session.state === 'signed-in') next();
    else problem(res, 401, 'sign-in', 'Please sign in.');
  });
  v1.get('/me', (_req, res) => void res.json(ME));
  v1.get('/edits', (_req, res) => void res.json({ receipts: [] }));
  v1.get('/stream', (_req, res) => {
    res.writeHead(200, { 'Content-Type': 'text/event-stream' });
    res.write('id: 1\n\n');
  });
  router.use('/portal/v1', v1);
  return router;
}

describe('the pages as they are served', () => {
  let server: Server;
  let url: string;
  const state: StandIn = {
    session: { state: 'signed-out' },
    sessions: [],
    mailed: [],
    token: null,
    asked: [],
  };
  beforeAll(async () => {
    const log = pino({ level: 'silent' });
    const routers = [standIn(state), pageRoutes({ log })];
    server = createServer(createApp({ routers, log, ready: () => Promise.resolve(true) }));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
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
      expect([path, (await page(path)).status]).toEqual([path, path.startsWith('/portal') ? 401 : 404]);
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
      Object.assign(state, {
        session: { state: 'signed-out' },
        sessions: [],
        mailed: [],
        token: 'good',
        asked: [],
      });
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

    it('ask for an address, and answer the same whoever it is', async () => {
      await tab.goto(`${url}/cases`);
      await tab.getByRole('heading', { name: 'Sign in' }).waitFor();
      expect(new URL(tab.url()).search).toBe('?next=/cases');
      await clean();
      await tab.getByLabel('E-mail address').fill(' ann@acme.example ');
      await tab.getByRole('button', { name: 'Send me a link' }).click();
      await tab.getByRole('heading', { name: 'Look into your mailbox' }).waitFor();
      expect(state.mailed).toEqual(['ann@acme.example']);
    });

    it('use up a link only when its one button is pressed, and keep its token out of every address', async () => {
      await tab.goto(`${url}/sign-in/confirm#good`);
      const button = tab.getByRole('button');
      await button.waitFor();
      expect(await button.count()).toBe(1);
      expect(tab.url()).toBe(`${url}/sign-in/confirm`);
      expect(state.asked.filter((asked) => asked.startsWith('POST'))).toEqual([]);
      await clean();
      await button.click();
      await tab.getByRole('heading', { name: 'Hello Ann Acme' }).waitFor();
      expect(state.token).toBeNull();
    });

    it('say that a link does not work any more, and offer a new one', async () => {
      await tab.goto(`${url}/sign-in/confirm#used`);
      await tab.getByRole('button').click();
      await tab.getByText('This link was used before.').waitFor();
      await tab.getByRole('link', { name: 'Send me a new link' }).click();
      await tab.getByLabel('E-mail address').waitFor();
    });

    it('sign in through another provider', async () => {
      await tab.goto(url);
      await tab.getByRole('link', { name: 'Continue with Acme ID' }).click();
      await tab.getByRole('heading', { name: 'Hello Ann Acme' }).waitFor();
    });

    it('let the first window go on when the link was opened in a second one', async () => {
      await tab.goto(`${url}/activity`);
      await tab.getByLabel('E-mail address').waitFor();
      const second = await context.newPage();
      await second.goto(`${url}/sign-in/confirm#good`);
      await second.getByRole('button').click();
      await second.getByRole('heading', { name: 'Hello Ann Acme' }).waitFor();
      await tab.getByRole('heading', { name: 'Activity' }).waitFor();
    });

    it('never follow an address that leads away', async () => {
      await tab.goto(`${url}/sign-in?next=//evil.example`);
      await tab.getByRole('link', { name: 'Continue with Acme ID' }).click();
      await tab.getByRole('heading', { name: 'Hello Ann Acme' }).waitFor();
      await tab.goto(`${url}/sign-in?next=//evil.example`);
      await tab.getByRole('heading', { name: 'Hello Ann Acme' }).waitFor();
      expect(new URL(tab.url()).host).toBe(new URL(url).host);
    });

    it('say who somebody is whom nobody knows yet, and look again when asked', async () => {
      state.session = {
        state: 'unlinked',
        email: 'new@acme.example',
        reason: 'no-contact',
        message: 'We are looking who you are.',
        expiresAt: inAnHour(),
      };
      await tab.goto(url);
      await tab.getByText('You are signed in as new@acme.example.').waitFor();
      await tab.getByText('We are looking who you are.').waitFor();
      await clean();
      state.session = signedIn();
      await tab.getByRole('button', { name: 'Look again' }).click();
      await tab.getByRole('heading', { name: 'Hello Ann Acme' }).waitFor();
    });

    it('list the sessions, end one, and sign out with nothing left behind', async () => {
      state.session = signedIn();
      const at = new Date().toISOString();
      const entry = { address: '192.0.2.7', createdAt: at, seenAt: at };
      state.sessions = [
        { sessionId: 'a', current: true, browser: 'Firefox on Linux', ...entry },
        { sessionId: 'b', current: false, browser: 'Safari on iPhone', ...entry },
      ];
      await tab.goto(`${url}/sessions`);
      await tab.getByText('this one').waitFor();
      await clean();
      await tab.getByRole('button', { name: 'End the session of Safari on iPhone' }).click();
      await tab.getByText('Safari on iPhone').waitFor({ state: 'detached' });
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

    it('ran without an error', () => {
      expect(errors).toEqual([]);
    });
  });
});
