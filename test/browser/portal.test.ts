/** The portal's pages in a real browser, over the whole demo: what customers do, and what happens to them. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordId } from '@tallystick/shared/ids';
import { pino } from 'pino';
import type { Browser, BrowserContext, Locator, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { addPerson } from '../../backend/store/people.ts';
import { axeFindings } from '../harness/axe.ts';
import { findChromium, openChromium } from '../harness/chromium.ts';
import { eventually } from '../harness/eventually.ts';
import { createTestDatabase, type TestDatabase } from '../harness/postgres.ts';
import { startDemo, type Demo, type DemoPerson } from '../workbench/demo.ts';

const executable = findChromium();
const COLLEAGUE = { sourceType: 'CRM_UI', sourceId: 'userId:7' };

describe.skipIf(executable === null)('the portal’s pages', () => {
  let database: TestDatabase;
  let stateDir: string;
  let demo: Demo;
  let browser: Browser;
  let company: string;
  const errors: string[] = [];
  const contexts: BrowserContext[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    stateDir = await mkdtemp(join(tmpdir(), 'tallystick-portal-'));
    demo = await startDemo({
      ports: { portal: 0, simulator: 0, workbench: 0 },
      stateDir,
      databaseUrl: database.url,
      log: pino({ level: 'silent' }),
    });
    browser = await openChromium(executable ?? '');
    const me = await fetch(`${demo.portal}/portal/v1/me`, {
      headers: { authorization: `Bearer ${demo.people[0]!.token}` },
    });
    company = ((await me.json()) as { companies: { id: string }[] }).companies[0]!.id;
  });
  afterEach(async () => {
    for (const context of contexts.splice(0)) await context.close();
  });
  afterAll(async () => {
    await browser.close();
    await demo.stop();
    await rm(stateDir, { recursive: true, force: true });
    await database.drop();
  });

  async function as(person: DemoPerson, path: string): Promise<{ page: Page; context: BrowserContext }> {
    const context = await browser.newContext({ extraHTTPHeaders: bearer(person.token), locale: 'en-GB' });
    contexts.push(context);
    const page = await context.newPage();
    page.setDefaultTimeout(10_000);
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(`${demo.portal}${path}`);
    await page.locator('[data-live="live"]').waitFor({ state: 'attached' });
    return { page, context };
  }
  const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
  const zoe = (): DemoPerson => demo.people[0]!;
  const mei = (): DemoPerson => demo.people[1]!;
  const field = (page: Page, name: string): Locator => page.locator(`[data-field="${name}"]`);
  const begin = (page: Page, label: string): Promise<void> =>
    page.getByRole('button', { name: `Change ${label}`, exact: true }).click();
  const save = (page: Page, name: string): Promise<void> =>
    field(page, name).getByRole('button', { name: 'Save', exact: true }).click();
  const ended = (page: Page, name: string, state: string): Promise<void> =>
    field(page, name).locator(`.receipt[data-state="${state}"]`).waitFor();
  const inCrm = (type: string, id: string, property: string): string | null =>
    demo.sim.world.value(type, id, property);

  it('follow a change of one’s own details until our records are made sure of it', async () => {
    const { page } = await as(zoe(), '/details');
    await begin(page, 'First name');
    await field(page, 'firstName').locator('input').fill('Zora');
    await save(page, 'firstName');
    await ended(page, 'firstName', 'verified');
    await field(page, 'firstName').locator('.value', { hasText: 'Zora' }).waitFor();
    expect(inCrm('contacts', zoe().contactId, 'firstname')).toBe('Zora');
    await field(page, 'firstName')
      .getByText(/^confirmed/)
      .waitFor();
    await page.getByRole('link', { name: 'Activity' }).click();
    await page.getByRole('heading', { name: 'First name' }).waitFor();
  });

  it('save several fields of the company in one edit', async () => {
    const { page } = await as(zoe(), '/company');
    for (const [label, text] of [
      ['Invoices go to', 'bills@together.example'],
      ['Delivery notes', 'Ring twice.\nThen wait.'],
    ] as const) {
      await begin(page, label);
      await page.getByLabel(label).fill(text);
    }
    await page.getByRole('button', { name: 'Save all 2 changes' }).click();
    await ended(page, 'billingEmail', 'verified');
    await ended(page, 'deliveryNotes', 'verified');
    expect(inCrm('companies', company, 'billing_email')).toBe('bills@together.example');
    const edits = await Promise.all(
      ['billingEmail', 'deliveryNotes'].map((name) =>
        field(page, name).locator('.receipt').getAttribute('data-edit'),
      ),
    );
    expect(new Set(edits).size).toBe(1);
  });

  it('show a change of the CRM in the open page, marked, and never as markup', async () => {
    const { page } = await as(zoe(), '/company');
    await field(page, 'name').waitFor();
    const odd = '<img src=x onerror="document.title=1"> & <b>Söhne</b>';
    demo.sim.world.update('companies', company, { name: odd, website: 'javascript:alert(1)' }, COLLEAGUE);
    await field(page, 'name').locator('.value', { hasText: odd }).waitFor();
    await field(page, 'name')
      .getByText(/changed in our records at \d/)
      .waitFor();
    await field(page, 'website').locator('.value', { hasText: 'javascript:alert(1)' }).waitFor();
    expect(await field(page, 'website').locator('a').count()).toBe(0);
    expect(await page.locator('img[src="x"]').count()).toBe(0);
    const site = 'https://www.bergmann.example';
    demo.sim.world.update('companies', company, { name: 'Bergmann', website: site }, COLLEAGUE);
    await field(page, 'website').getByRole('link', { name: site }).waitFor();
  });

  it('show both values when another person changes the field meanwhile: keep mine, take theirs', async () => {
    const [{ page: one }, { page: two }] = await Promise.all([as(zoe(), '/company'), as(mei(), '/company')]);
    for (const [label, name] of [
      ['Street', 'street'],
      ['City', 'city'],
    ] as const) {
      await begin(one, label);
      await one.getByLabel(label).fill(`Mine ${label}`);
      await begin(two, label);
      await two.getByLabel(label).fill(`Theirs ${label}`);
      await save(two, name);
      await field(one, name)
        .getByText(`In our records now: Theirs ${label}. Yours: Mine ${label}.`)
        .waitFor();
      expect(await one.getByLabel(label).inputValue()).toBe(`Mine ${label}`);
      // Nothing may be said of it to screen readers but this.
      await field(one, name).getByRole('alert').waitFor();
    }
    await field(one, 'city').getByRole('button', { name: 'Take theirs' }).click();
    await field(one, 'city').locator('.value', { hasText: 'Theirs City' }).waitFor();
    await field(one, 'street').getByRole('button', { name: 'Keep mine' }).click();
    await save(one, 'street');
    // The field's rule is to ask: a person of ours decides, and the customer is told so.
    await ended(one, 'street', 'held');
    await field(one, 'street').getByText('You asked for: Mine Street').waitFor();
    await one.getByRole('link', { name: 'Overview' }).click();
    await one.getByText('Street: our team is looking at your change').waitFor();
  });

  it('tell beside the field why a value is not taken, and keep it there to be mended', async () => {
    const { page } = await as(zoe(), '/company');
    await begin(page, 'Website');
    await page.getByLabel('Website').fill('no address');
    await save(page, 'website');
    await field(page, 'website').getByText('This is not a web address.').waitFor();
    expect(await page.getByLabel('Website').inputValue()).toBe('no address');
    expect(await page.getByLabel('Website').getAttribute('aria-invalid')).toBe('true');
    await page.getByLabel('Website').fill('https://mended.example');
    await save(page, 'website');
    await ended(page, 'website', 'verified');
  });

  it('lose no typed text while offline or over a reload, and send it once the connection is back', async () => {
    const { page, context } = await as(zoe(), '/details');
    await begin(page, 'Mobile');
    await page.getByLabel('Mobile').fill('+49 151 23456789');
    await context.setOffline(true);
    await page.getByText('You are offline.').waitFor();
    await save(page, 'mobile');
    await field(page, 'mobile').getByText('There is no connection.').waitFor();
    await context.setOffline(false);
    await ended(page, 'mobile', 'verified');
    expect(inCrm('contacts', zoe().contactId, 'mobilephone')).toBe('+4915123456789');
    await begin(page, 'Last name');
    await page.getByLabel('Last name').fill('Half-typed');
    await page.reload();
    await expect.poll(() => page.getByLabel('Last name').inputValue()).toBe('Half-typed');
  });

  it('keep what was typed when the session ends, and go on after signing in again', async () => {
    const { service } = demo;
    const token = (): Promise<string> =>
      addPerson(service.db, {
        hubId: service.hubId,
        contactId: recordId(zoe().contactId),
        audience: 'direct',
        secret: randomBytes(24).toString('base64url'),
        now: Date.now(),
      });
    const first = await token();
    const { page, context } = await as({ ...zoe(), token: first }, '/details');
    await begin(page, 'Job title');
    await page.getByLabel('Job title').fill('Kept over the end');
    await context.setExtraHTTPHeaders(bearer('revoked'));
    await save(page, 'jobTitle');
    await page.getByText('You are no longer signed in.').waitFor();
    expect(await page.getByLabel('Job title').inputValue()).toBe('Kept over the end');
    await page.getByRole('link', { name: 'Sign in again' }).click();
    await page.getByRole('heading', { name: 'Sign in' }).waitFor();
    await context.setExtraHTTPHeaders(bearer(await token()));
    await page.reload();
    await expect.poll(() => page.getByLabel('Job title').inputValue()).toBe('Kept over the end');
    expect(new URL(page.url()).pathname).toBe('/details');
    await save(page, 'jobTitle');
    await ended(page, 'jobTitle', 'verified');
  });

  it('list the cases, open one, change what is the customer’s, and see a new one appear', async () => {
    const { page } = await as(zoe(), '/cases');
    const rows = page.locator('.rows li');
    await rows.nth(1).waitFor();
    const ticket = demo.sim.world.create(
      'tickets',
      { subject: 'Brand new case', hs_pipeline: '0', hs_pipeline_stage: '1' },
      COLLEAGUE,
    );
    demo.sim.world.associate(['tickets', ticket.id], ['companies', company], COLLEAGUE, [
      { category: 'HUBSPOT_DEFINED', typeId: 26 },
    ]);
    await page.getByRole('link', { name: /Brand new case/ }).click();
    await page.getByRole('heading', { name: 'Brand new case' }).waitFor();
    expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('H1');
    await begin(page, 'Your reference');
    await page.getByLabel('Your reference').fill('OUR-77');
    await save(page, 'reference');
    await ended(page, 'reference', 'verified');
    expect(inCrm('tickets', ticket.id, 'customer_reference')).toBe('OUR-77');
  });

  it('approve a quote, bound to what was shown: a change is read first', async () => {
    const { page } = await as(zoe(), '/quotes');
    const row = page.locator('.rows li').first();
    await row.getByRole('link').click();
    const quote = new URL(page.url()).pathname.split('/')[2]!;
    await page.getByRole('button', { name: 'Approve …' }).waitFor();
    demo.sim.world.update('quotes', quote, { hs_terms: 'Payable at once.' }, COLLEAGUE);
    await page.getByText(/Terms was .*, and is now Payable at once\./).waitFor();
    expect(await page.getByRole('button', { name: 'Approve …' }).count()).toBe(0);
    await page.getByRole('button', { name: 'I have read the change' }).click();
    await page.getByRole('button', { name: 'Approve …' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByText(/€/).waitFor();
    await dialog.getByRole('button', { name: 'Approve', exact: true }).click();
    await page.locator('.receipt[data-state="verified"]').first().waitFor();
    await page.getByText('Decided: Approved').waitFor();
    expect(inCrm('quotes', quote, 'customer_decision')).toBe('approved');
  });

  it('edit with the keyboard alone, and have the focus back where it was', async () => {
    const { page } = await as(zoe(), '/details');
    const button = page.getByRole('button', { name: 'Change Phone', exact: true });
    await button.waitFor();
    const focused = (): Promise<boolean> => button.evaluate((element) => element === document.activeElement);
    for (let presses = 0; presses < 60 && !(await focused()); presses += 1) await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('+49 40 1234567');
    await page.keyboard.press('Enter');
    await ended(page, 'phone', 'verified');
    await eventually(focused, 'the focus is back at the button');
    expect(inCrm('contacts', zoe().contactId, 'phone')).toBe('+49401234567');
  });

  it.each(['light', 'dark'] as const)(
    'is clean by axe on every page, wide and narrow (%s)',
    { timeout: 90_000 },
    async (colorScheme) => {
      const { page } = await as(zoe(), '/details');
      await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
      await begin(page, 'Newsletter topics');
      const links = (name: string): Promise<string | null> =>
        page.locator(`.rows a[href*="/${name}/"]`).first().getAttribute('href');
      const found: string[] = [];
      const paths = [
        '/details',
        '/',
        '/company',
        '/cases',
        '/cases/new',
        '/quotes',
        '/orders',
        '/sites',
        '/documents',
        '/activity',
        '/sessions',
      ];
      for (let path = paths.shift(); path !== undefined; path = paths.shift()) {
        await page.goto(`${demo.portal}${path}`);
        await page.locator('h1').waitFor();
        await expect.poll(() => page.locator('main .loading').count()).toBe(0);
        const list = /^\/(cases|quotes|sites)$/.exec(path)?.[1];
        if (list !== undefined) paths.push((await links(list)) ?? 'none');
        for (const width of [1280, 360]) {
          await page.setViewportSize({ width, height: 800 });
          found.push(...(await axeFindings(page)).map((finding) => `${path} at ${width} px: ${finding}`));
        }
        await page.setViewportSize({ width: 320, height: 700 });
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        if (wide > 320) found.push(`${path}: ${wide} px wide at 320 px`);
      }
      expect(found).toEqual([]);
    },
  );

  it('ran without an error on any page', () => {
    expect(errors).toEqual([]);
  });
});
