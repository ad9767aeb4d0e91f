/** The portal's pages in a real browser over the whole demo: what the tests of their journeys share. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordId } from '@tallystick/shared/ids';
import { pino } from 'pino';
import type { BrowserContext, Locator, Page } from 'playwright-core';
import { openChromium } from '../harness/chromium.ts';
import { eventually } from '../harness/eventually.ts';
import { createTestDatabase } from '../harness/postgres.ts';
import { startDemo, type Demo, type DemoPerson } from '../workbench/demo.ts';

/** Who changes things in the CRM meanwhile. */
export const COLLEAGUE = { sourceType: 'CRM_UI', sourceId: 'userId:7' };

/** As they are looked at: on a desk, and in a hand. */
export const SIZES = {
  desktop: { viewport: { width: 1280, height: 900 } },
  phone: { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true },
} as const;
export type Size = keyof typeof SIZES;

export interface Pages {
  demo: Demo;
  /** An administrator of the customer's, a colleague of theirs, a partner. */
  zoe: DemoPerson;
  mei: DemoPerson;
  partner: DemoPerson;
  /** Of the first two. */
  company: string;
  /** What went wrong on any page. */
  errors: string[];
  /** Signed in by a link that was mailed, once a person. */
  as(person: DemoPerson, path: string, size?: Size): Promise<{ page: Page; context: BrowserContext }>;
  /** A colleague gives this person the label of the customer's administrators; the portal knows when it returns. */
  makeAdmin(person: DemoPerson): Promise<void>;
  closeWindows(): Promise<void>;
  close(): Promise<void>;
}

export async function openPages(executable: string): Promise<Pages> {
  const database = await createTestDatabase();
  const stateDir = await mkdtemp(join(tmpdir(), 'tallystick-portal-'));
  const demo = await startDemo({
    ports: { portal: 0, simulator: 0, workbench: 0 },
    stateDir,
    databaseUrl: database.url,
    log: pino({ level: 'silent' }),
  });
  const browser = await openChromium(executable);
  const [zoe, mei, partner] = demo.people as [DemoPerson, DemoPerson, DemoPerson];
  const me = await fetch(`${demo.portal}/portal/v1/me`, { headers: bearer(zoe.token) });
  const company = ((await me.json()) as { companies: { id: string }[] }).companies[0]!.id;
  const contexts: BrowserContext[] = [];
  const errors: string[] = [];
  const sessions = new Map<string, Cookies>();
  const sessionOf = async ({ email }: DemoPerson): Promise<Cookies> => {
    const session = sessions.get(email) ?? (await signIn(demo, email));
    sessions.set(email, session);
    return session;
  };
  return {
    ...{ demo, zoe, mei, partner, company, errors },
    as: async (person, path, size = 'desktop') => {
      const context = await browser.newContext({ locale: 'en-GB', ...SIZES[size] });
      contexts.push(context);
      await context.addCookies(await sessionOf(person));
      const page = await context.newPage();
      page.setDefaultTimeout(10_000);
      page.on('pageerror', (error) => errors.push(error.message));
      await page.goto(`${demo.portal}${path}`);
      await page.locator('[data-live="live"]').waitFor({ state: 'attached' });
      return { page, context };
    },
    makeAdmin: async ({ contactId }) => {
      const { world } = demo.sim;
      const types = world.linked('contacts', zoe.contactId, 'companies').flatMap((link) => link.types);
      const label = types.filter((type) => type.label === 'Portal admin');
      world.associate(['contacts', contactId], ['companies', company], COLLEAGUE, label);
      const { db, hubId } = demo.service;
      const known = db.selectFrom('links').select('labels').where('hub_id', '=', hubId);
      await eventually(async () => {
        const links = await known.where('record_id', '=', recordId(contactId)).execute();
        return links.some(({ labels }) => labels.includes('Portal admin'));
      }, 'the label is known');
    },
    closeWindows: async () => {
      for (const context of contexts.splice(0)) await context.close();
    },
    close: async () => {
      await browser.close();
      await demo.stop();
      await rm(stateDir, { recursive: true, force: true });
      await database.drop();
    },
  };
}

export type Cookies = { name: string; value: string; url: string }[];

/** By a link that is mailed; answers with the session's cookies. */
export async function signIn({ portal, mailbox }: Demo, email: string): Promise<Cookies> {
  const post = (path: string, body: unknown, cookie = ''): Promise<Response> =>
    fetch(`${portal}/portal/v1${path}`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        origin: portal,
        'sec-fetch-site': 'same-origin',
        cookie,
      },
      body: JSON.stringify(body),
    });
  const pairs = (answer: Response): string[] =>
    answer.headers.getSetCookie().map((line) => line.split(';')[0] ?? '');
  const asked = await post('/sign-in/mail', { email });
  const mail = await eventually(() => mailbox.mails.findLast(({ to }) => to === email), 'the mail');
  const confirmed = await post('/sign-in/mail/confirm', { token: mail.token }, pairs(asked).join('; '));
  return pairs(confirmed).map((pair) => {
    const [name = '', value = ''] = pair.split('=');
    return { name, value, url: portal };
  });
}

const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });

export const field = (page: Page, name: string): Locator => page.locator(`[data-field="${name}"]`);
export const begin = (page: Page, label: string): Promise<void> =>
  page.getByRole('button', { name: `Change ${label}`, exact: true }).click();
export const save = (page: Page, name: string): Promise<void> =>
  field(page, name).getByRole('button', { name: 'Save', exact: true }).click();
export const ended = (page: Page, name: string, state: string): Promise<void> =>
  field(page, name).locator(`.receipt[data-state="${state}"]`).waitFor();
/** Through the menu, where it has to be opened first. */
export async function follow(page: Page, label: string): Promise<void> {
  const menu = page.getByRole('button', { name: 'Menu' });
  if (await menu.isVisible()) await menu.click();
  await page.getByRole('navigation').getByRole('link', { name: label, exact: true }).click();
}
