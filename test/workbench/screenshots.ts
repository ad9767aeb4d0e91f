/** `npm run screenshots`: the pictures of the README, taken of the running demo. */
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { recordId } from '@tallystick/shared/ids';
import setupChromium, { findChromium, openChromium } from '../harness/chromium.ts';
import { COMMAND_LINE, orderByKey, storeOrder } from '../../backend/store/orders.ts';
import { addPerson } from '../../backend/store/people.ts';
import { eventually } from '../harness/eventually.ts';
import { startDemo, type Demo } from './demo.ts';

const OUT = join(import.meta.dirname, '../../docs/screenshots');
const TOMASZ = { sourceType: 'CRM_UI', sourceId: 'userId:51446677' };

/** More than the breaker lets through for people: 5 % of them, at least 10 (shared/ownership.ts). */
const EMPTIED = 40;

await setupChromium();
const executable = findChromium();
if (executable === null) throw new Error('The pictures need an installed Chromium or Chrome.');
const stateDir = await mkdtemp(join(tmpdir(), 'tallystick-screenshots-'));
const demo = await startDemo({
  ports: { portal: 0, simulator: 0, workbench: 0 },
  stateDir,
  log: pino({ level: 'silent' }),
});
const browser = await openChromium(executable);
try {
  await mkdir(OUT, { recursive: true });
  await takePortal(browser, demo);
  await takeAll(await browser.newPage({ viewport: { width: 1500, height: 1000 } }), demo);
} finally {
  await browser.close();
  await demo.stop();
  await rm(stateDir, { recursive: true, force: true });
}
process.exit(0);

/** The customer's side: the first page, a quote, and two people at one field, in a hand. */
async function takePortal(browser: Browser, { portal, sim, people }: Demo): Promise<void> {
  const [zoe] = people;
  const open = async (path: string, options: BrowserContextOptions): Promise<Page> => {
    const context = await browser.newContext({
      locale: 'en-GB',
      extraHTTPHeaders: { Authorization: `Bearer ${zoe?.token ?? ''}` },
      ...options,
    });
    const page = await context.newPage();
    await page.goto(`${portal}${path}`);
    await page.locator('[data-live="live"]').waitFor({ state: 'attached' });
    await page.waitForFunction(() => document.querySelectorAll('main .loading').length === 0);
    return page;
  };
  const take = async (page: Page, name: string): Promise<void> => {
    await page.screenshot({ path: join(OUT, `${name}.png`) });
    console.log(`${name}.png`);
    await page.context().close();
  };
  await take(await open('/', { viewport: { width: 1280, height: 900 } }), 'portal');

  const quote = await open('/', { viewport: { width: 1280, height: 900 }, colorScheme: 'dark' });
  await quote
    .getByRole('link', { name: /^Decide on/ })
    .first()
    .click();
  await quote.getByRole('button', { name: 'Approve …' }).click();
  await quote.getByRole('dialog').waitFor();
  await take(quote, 'portal-quote');

  const phone = await open('/details', { viewport: { width: 390, height: 844 }, isMobile: true });
  await phone.getByRole('button', { name: 'Change Job title' }).click();
  await phone.getByLabel('Job title').fill('Head of facilities');
  sim.world.update('contacts', zoe?.contactId ?? '', { jobtitle: 'Facility manager' }, TOMASZ);
  await phone.getByText('Keep mine').waitFor();
  await phone
    .locator('[data-field="jobTitle"]')
    .evaluate((element) => element.scrollIntoView({ block: 'center' }));
  await take(phone, 'portal-phone');
}

async function takeAll(page: Page, demo: Demo): Promise<void> {
  const { workbench, sim } = demo;
  await page.goto(workbench);
  const portal = page.frameLocator('#portal');
  await portal.locator('[data-field="jobTitle"]').waitFor();
  await page.selectOption('#object', 'company');
  const street = portal.locator('[data-field="street"]');
  await street.waitFor();
  const card = page.locator('#card-tab');
  const status = (label: string) => card.getByText(label, { exact: true }).first().waitFor();
  const take = async (name: string, of: Page | Locator = card) => {
    await page.evaluate(() => {
      document.querySelector('header')!.style.position = 'static';
      scrollTo(0, 0);
    });
    const toasts = page.getByRole('button', { name: /dismiss/i });
    // Beneath an open panel they cannot be reached.
    if ((await page.getByRole('dialog').count()) === 0) {
      while ((await toasts.count()) > 0) await toasts.first().click();
    }
    await page.waitForFunction(() => document.getAnimations().length === 0);
    await of.screenshot({ path: join(OUT, `${name}.png`) });
    console.log(`${name}.png`);
  };
  await status('In agreement');
  await take('agreement');

  await street.getByRole('button', { name: 'Change Street' }).click();
  await street.locator('input').fill('Neuer Wall 12');
  const company = await page.locator('#record').inputValue();
  sim.world.update('companies', company, { address: 'Jungfernstieg 30' }, TOMASZ);
  await street.getByText('Keep mine').click();
  await street.getByText('Save', { exact: true }).click();
  await status('Needs you');
  await page.locator('#card-sidebar').getByText('Needs you').first().waitFor();
  await take('workbench', page);
  await take('sidebar', page.locator('#card-sidebar'));
  await page.goto(`${workbench}/#pages`);
  await page.locator('#app-pages').getByRole('link', { name: 'Conflicts' }).click();
  await page.locator('#app-pages').getByText('Jungfernstieg 30').first().waitFor();
  await take('conflicts', page.locator('#app-pages'));
  await page.goto(`${workbench}/#record`);
  await card.getByRole('button', { name: 'Take the customer’s' }).click();
  await status('In agreement');

  await card.getByRole('button', { name: 'Why Street?' }).click();
  const panel = page.getByRole('dialog', { name: 'Why this value? Street' });
  await panel.getByText('Evidence, newest first').waitFor();
  await take('why', panel);
  await panel.getByRole('button', { name: /close/i }).click();
  await card.getByRole('tab', { name: 'History' }).click();
  await card.getByRole('row').nth(3).waitFor();
  await take('history');
  await card.getByRole('tab', { name: 'View as the customer' }).click();
  await card.getByText('The rules show this field to nobody in the portal.').first().waitFor();
  await take('view-as');

  await page.goto(`${workbench}/#pages`);
  await page.locator('#app-pages').getByRole('link', { name: 'Health' }).click();
  await page.locator('#app-pages').getByText('Channels').waitFor();
  await take('health', page.locator('#app-pages'));
  await page.goto(`${workbench}/#settings`);
  await page.locator('#app-settings').getByText('Check again').waitFor();
  await take('settings', page.locator('#app-settings'));

  await page.goto(`${workbench}/#pages`);
  const pages = page.locator('#app-pages');
  const openPage = (name: string) => pages.getByRole('link', { name, exact: true }).click();
  await emptyMany(demo);
  await openPage('Held back');
  await pages.getByText('the first came').waitFor();
  await take('held', pages);
  await openPage('Undo');
  await pages.getByRole('button', { name: 'See what would be put back' }).click();
  await pages.getByText('would be put back.').waitFor();
  await take('undo', pages);
  await removeProperty(demo);
  await openPage('Schema');
  await pages.getByText('was removed from the CRM').waitFor();
  await take('schema', pages);

  await page.goto(`${workbench}/#record`);
  await status('In agreement');
  await demo.stopService();
  await page.selectOption('#colleague', { index: 1 });
  await card.getByText('Reduced view').waitFor();
  await card.getByRole('row').nth(3).waitFor();
  await take('reduced');
}

/** Many customers empty their job title within a minute, as a faulty client would. */
async function emptyMany({ service, portal }: Demo): Promise<void> {
  const { db, hubId } = service;
  const rows = await db
    .selectFrom('mirror')
    .select(['record_id', 'fields'])
    .where('hub_id', '=', hubId)
    .where('object', '=', 'contact')
    .where('life', '=', 'present')
    .orderBy('record_id', 'desc')
    .execute();
  const named = rows.filter(({ fields }) => (fields.jobTitle?.[0] ?? '') !== '').slice(0, EMPTIED);
  for (const { record_id: id } of named) {
    const told = { hubId, contactId: recordId(id), audience: 'member' as const, secret: randomUUID() };
    const token = await addPerson(db, { ...told, now: Date.now() });
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const url = `${portal}/portal/v1/records/contact/${id}`;
    const { version } = (await (await fetch(url, { headers })).json()) as { version: string };
    const answer = await fetch(url, {
      method: 'PATCH',
      headers: { ...headers, 'idempotency-key': randomUUID(), 'if-match': version },
      body: JSON.stringify({ fields: { jobTitle: null } }),
    });
    if (!answer.ok) throw new Error(`The portal refused an edit: ${await answer.text()}`);
  }
}

/** A colleague deletes a property in the CRM's settings; the worker is asked to read it anew, as by `tally doctor --fresh`. */
async function removeProperty({ sim, service }: Demo): Promise<void> {
  const gone = { do: 'removeProperty', objectType: 'companies', name: 'delivery_notes' };
  await fetch(`${sim.url}/_sim/define`, { method: 'POST', body: JSON.stringify(gone) });
  const order = { do: 'fix' as const, fixes: [] };
  const asked = { userId: COMMAND_LINE, key: randomUUID(), order, now: Date.now() };
  await storeOrder(service.db, service.hubId, asked);
  await eventually(
    async () => (await orderByKey(service.db, service.hubId, COMMAND_LINE, asked.key)).outcome !== null,
    'the schema is read',
  );
}
