/** The real cards in the workbench, as a colleague uses them: every action, by its name and with the keyboard too. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findChromium, openChromium } from '../harness/chromium.ts';
import { eventually } from '../harness/eventually.ts';
import { createTestDatabase, type TestDatabase } from '../harness/postgres.ts';
import { noFaults, turn } from '../simulator/faults.ts';
import { startDemo, type Demo } from '../workbench/demo.ts';

const executable = findChromium();
const TOMASZ = { sourceType: 'CRM_UI', sourceId: 'userId:51446677' };

describe.skipIf(executable === null)('the cards in the workbench', () => {
  let database: TestDatabase;
  let stateDir: string;
  let demo: Demo;
  let browser: Browser;
  let page: Page;
  let company: string;
  let round = 0;
  const errors: string[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    stateDir = await mkdtemp(join(tmpdir(), 'tallystick-cards-'));
    demo = await startDemo({
      ports: { portal: 0, simulator: 0, workbench: 0 },
      stateDir,
      databaseUrl: database.url,
      log: pino({ level: 'silent' }),
    });
    browser = await openChromium(executable ?? '');
    page = await browser.newPage({ viewport: { width: 1600, height: 1200 } });
    page.setDefaultTimeout(15_000);
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(demo.workbench);
    await portal('jobTitle').waitFor();
    await page.selectOption('#object', 'company');
    await portal('street').waitFor();
    company = await page.locator('#record').inputValue();
    await card().getByText('In agreement').waitFor();
  });
  afterAll(async () => {
    await browser.close();
    await demo.stop();
    await rm(stateDir, { recursive: true, force: true });
    await database.drop();
  });
  beforeEach(async () => {
    round += 1;
    await see('record');
    await be('Nora');
  });

  const card = (): Locator => page.locator('#card-tab');
  const sidebar = (): Locator => page.locator('#card-sidebar');
  const portal = (field: string): Locator => page.frameLocator('#portal').locator(`[data-field="${field}"]`);
  const change = (field: string): Promise<void> =>
    portal(field)
      .getByRole('button', { name: /^Change/ })
      .click();
  const inCrm = (property: string): string | null => demo.sim.world.value('companies', company, property);
  const see = async (view: string): Promise<void> => {
    await page.evaluate((hash) => (location.hash = hash), view);
  };
  const be = async (name: string): Promise<void> => {
    const options = await page.locator('#colleague option').allTextContents();
    await page.selectOption('#colleague', { label: options.find((label) => label.startsWith(name)) ?? '' });
  };
  const status = (label: string): Promise<void> => card().getByText(label, { exact: true }).first().waitFor();
  const told = (text: string | RegExp): Promise<void> => page.getByText(text).first().waitFor();

  /** A customer opens the field, a colleague changes it meanwhile, the customer saves: by hand, as it happens. */
  async function collide(
    field: string,
    property: string,
  ): Promise<{ customers: string; colleagues: string }> {
    const [customers, colleagues] = [`Customer Lane ${round}`, `Colleague Road ${round}`];
    await change(field);
    await portal(field).locator('input').fill(customers);
    demo.sim.world.update('companies', company, { [property]: colleagues }, TOMASZ);
    await portal(field).locator('.moved').getByText(colleagues).first().waitFor();
    await portal(field).getByText('Keep mine').click();
    await portal(field).getByText('Save', { exact: true }).click();
    await status('Needs you');
    await card().getByText(customers).first().waitFor();
    return { customers, colleagues };
  }

  it('settle a conflict in one click: the customer’s value reaches the CRM and the portal', async () => {
    const { customers } = await collide('street', 'address');
    const clickedAt = performance.now();
    await card().getByRole('button', { name: 'Take the customer’s' }).click();
    await portal('street').locator('.value', { hasText: customers }).waitFor();
    console.log(`From the click to the portal: ${Math.round(performance.now() - clickedAt)} ms.`);
    await status('In agreement');
    expect(inCrm('address')).toBe(customers);
    await portal('street').locator('[data-state="verified"]').waitFor();
  });

  it('keep the CRM’s value once, though the button is clicked twice', async () => {
    const { colleagues } = await collide('street', 'address');
    const before = await rulings();
    await card().getByRole('button', { name: 'Keep the CRM’s' }).dblclick();
    await status('In agreement');
    expect(inCrm('address')).toBe(colleagues);
    expect(await rulings()).toBe(before + 1);
    await card()
      .getByRole('tab', { name: /Settled conflicts/ })
      .click();
    await card()
      .getByText(/Nora Lindqvist kept the CRM’s value/)
      .first()
      .waitFor();
  });

  it('restore the value that lost', async () => {
    await collide('street', 'address');
    await card().getByRole('button', { name: 'Keep the CRM’s' }).click();
    await status('In agreement');
    await card()
      .getByRole('tab', { name: /Settled conflicts/ })
      .click();
    const restore = card()
      .getByRole('button', { name: /^Restore “Customer Lane/ })
      .first();
    const lost = /“(.+)”/.exec((await restore.textContent()) ?? '')?.[1] ?? '';
    await restore.click();
    await eventually(() => inCrm('address') === lost, 'the value is back');
  });

  it('write another value, with a note to the customer, by the keyboard alone', async () => {
    await collide('street', 'address');
    await card().getByRole('button', { name: 'Another value …' }).focus();
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: /Write another value for Street/ });
    await dialog.waitFor();
    await dialog.getByLabel('Street').fill(`Third Way ${round}`);
    await dialog.getByLabel('Note to the customer').fill('We met in the middle.');
    await dialog.getByRole('button', { name: 'Write this value' }).focus();
    await page.keyboard.press('Enter');
    await eventually(() => inCrm('address') === `Third Way ${round}`, 'the third value is written');
    await status('In agreement');
  });

  it('close a dialog with Escape and give the focus back', async () => {
    await collide('street', 'address');
    const opener = card().getByRole('button', { name: 'Another value …' });
    await opener.click();
    await page.getByRole('dialog').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'hidden' });
    expect(await opener.evaluate((element) => element === document.activeElement)).toBe(true);
    await card().getByRole('button', { name: 'Keep the CRM’s' }).click();
    await status('In agreement');
  });

  it('refuse a decision on a record that moved since it was shown, and show how it stands', async () => {
    await collide('street', 'address');
    turn(demo.sim.faults, { ...noFaults(), webhooks: { ...noFaults().webhooks, dropRate: 1 } });
    demo.sim.world.update('companies', company, { address: 'Unheard Alley 6' }, TOMASZ);
    await card().getByRole('button', { name: 'Take the customer’s' }).click();
    await told('The record has changed since you saw it');
    await card().getByText('The CRM has moved since').first().waitFor();
    expect(inCrm('address')).toBe('Unheard Alley 6');
    turn(demo.sim.faults, noFaults());
    await card().getByRole('button', { name: 'Keep the CRM’s' }).click();
    await status('In agreement');
  });

  it('let a viewer see everything and decide nothing', async () => {
    await collide('street', 'address');
    await be('Tomasz');
    await card().getByText('Only an administrator of Tallystick may decide this.').waitFor();
    expect(
      await card()
        .getByRole('button', { name: /Take|Keep|Another/ })
        .count(),
    ).toBe(0);
    await be('Nora');
    await sidebar().getByRole('button', { name: 'Keep the CRM’s' }).click();
    await status('In agreement');
  });

  it('approve a proposal, and decline one with a note the customer reads', async () => {
    for (const decision of ['Approve', 'Decline …']) {
      await change('vatNumber');
      await portal('vatNumber').locator('input').fill(`DE10000000${round}${decision.length}`);
      await portal('vatNumber').getByText('Save', { exact: true }).click();
      await status('Needs you');
      await card().getByRole('button', { name: decision }).click();
      if (decision === 'Approve') continue;
      const dialog = page.getByRole('dialog', { name: /Decline the change of VAT number/ });
      await dialog.getByLabel('Note to the customer').fill('Please send the certificate.');
      await dialog.getByRole('button', { name: 'Decline', exact: true }).click();
    }
    await status('In agreement');
    expect(inCrm('vat_number')).toBe(`DE10000000${round}${'Approve'.length}`);
    await portal('vatNumber').getByText('Our team did not agree to this change.').waitFor();
    await portal('vatNumber').getByText('From our team: Please send the certificate.').waitFor();
  });

  it('explain a value, and try another one without writing', async () => {
    await collide('street', 'address');
    await card().getByRole('button', { name: 'Keep the CRM’s' }).click();
    await status('In agreement');
    await card().getByRole('button', { name: 'Why Street?' }).click();
    const panel = page.getByRole('dialog', { name: 'Why this value? Street' });
    await panel.getByText(/Street is .+ because .+ set it at/).waitFor();
    await panel.getByText('If both change it at once, a colleague decides.').first().waitFor();
    await panel
      .getByText(/rule R\d/)
      .first()
      .waitFor();
    await panel.getByLabel('Street, as a customer would send it').fill('Trial Street 1');
    await panel.getByRole('button', { name: 'Try it without writing' }).click();
    await panel
      .getByText(/written|would/i)
      .first()
      .waitFor();
    expect(inCrm('address')).not.toBe('Trial Street 1');
    await page.keyboard.press('Escape');
  });

  it('show the history by field and kind, and the record as it was', async () => {
    await card().getByRole('tab', { name: 'History' }).click();
    await card().getByLabel('Kind').selectOption({ label: 'Decided' });
    await card()
      .getByRole('cell', { name: /keep the CRM’s value|in the CRM, set by/ })
      .first()
      .waitFor();
    await card().getByLabel('Field', { exact: true }).selectOption({ label: 'Street' });
    await card().getByLabel('Day').fill('2020-01-01');
    await card().getByRole('button', { name: 'Show both sides' }).click();
    await card().getByText('This record was not known yet at 2020-01-01').waitFor();
  });

  it('view as the customer, with the reason for each field', async () => {
    await card().getByRole('tab', { name: 'View as the customer' }).click();
    await card().getByText('The rules show this field to nobody in the portal.').first().waitFor();
    await card().getByText('The CRM’s word counts, so no customer may change it.').first().waitFor();
  });

  it('narrow the fields to what differs, and sync at a click', async () => {
    await card().getByRole('tab', { name: 'Fields' }).click();
    await card().getByLabel('Only what differs').check();
    await card().getByText('Nothing differs').waitFor();
    await card().getByLabel('Only what differs').uncheck();
    await card().getByRole('button', { name: 'Sync now' }).click();
    await told('The record is being read from the CRM now.');
  });

  it('follow a change made on the record page by themselves', async () => {
    demo.sim.world.update('companies', company, { website: `https://moved-${round}.example` }, TOMASZ);
    await card().getByText(`https://moved-${round}.example`).first().waitFor();
  });

  it('pause a field in the settings, show it on the card, and drain it when it is resumed', async () => {
    await see('settings');
    const settings = page.locator('#app-settings');
    await settings.getByText('This very page was asked for with a valid signature').waitFor();
    await settings.getByText('The token has every scope that the rules need.').waitFor();
    await settings.getByRole('tab', { name: /Pauses/ }).click();
    await settings.getByLabel('What').selectOption({ label: 'Companies' });
    await settings.getByLabel('Field').selectOption({ label: 'City' });
    await settings.getByLabel('Direction').selectOption({ label: 'From the portal to the CRM' });
    await settings.getByLabel('Reason').fill('Cities are being cleaned up');
    await settings.getByRole('button', { name: 'Pause', exact: true }).click();
    await settings.getByText('City of Companies from the portal to the CRM').waitFor();
    await see('record');
    await status('Paused');
    await change('city');
    await portal('city').locator('input').fill(`City ${round}`);
    await portal('city').getByText('Save', { exact: true }).click();
    await portal('city').locator('[data-state="accepted"]').waitFor();
    expect(inCrm('city')).not.toBe(`City ${round}`);
    await see('settings');
    await settings.getByRole('tab', { name: /Pauses/ }).click();
    await settings.getByRole('button', { name: 'Resume' }).click();
    await eventually(() => inCrm('city') === `City ${round}`, 'what waited is written');
  });

  it('give a colleague a role, and take it back', async () => {
    await see('settings');
    const settings = page.locator('#app-settings');
    await settings.getByRole('tab', { name: 'People' }).click();
    const role = settings.getByLabel(/^Role of Tomasz/);
    await role.selectOption({ label: 'No access' });
    await told('The role was changed.');
    await see('record');
    await be('Tomasz');
    await card().getByText('An administrator has taken Tallystick away from your user.').waitFor();
    await be('Nora');
    await see('settings');
    await settings.getByRole('tab', { name: 'People' }).click();
    await settings.getByLabel(/^Role of Tomasz/).selectOption({ label: 'As everybody else' });
    await told('The role was changed.');
  });

  it('list conflicts of all records and decide several alike', async () => {
    await collide('street', 'address');
    await see('pages');
    const pages = page.locator('#app-pages');
    await pages.getByText('All is well', { exact: true }).waitFor();
    await pages.getByRole('link', { name: 'Conflicts' }).click();
    await pages.getByLabel(/^Choose Street of/).check();
    await pages.getByRole('button', { name: 'Decide 1 alike …' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Keep the CRM’s values' }).click();
    await told('1 decided, 0 left as they were.');
    await pages.getByText('Nothing waits for you').waitFor();
  });

  it('search the activity, and show the rules in force', async () => {
    await see('pages');
    const pages = page.locator('#app-pages');
    await pages.getByRole('link', { name: 'Activity' }).click();
    await pages.getByLabel('Kind').selectOption({ label: 'Ordered by staff' });
    await pages
      .getByText(/ordered: role|ordered: pause/)
      .first()
      .waitFor();
    await pages.getByRole('link', { name: 'Rules' }).click();
    await pages.getByText(/^Version /).waitFor();
    await pages.getByText('portal_newsletter_topics').waitFor();
  });

  it('show parked work, try it again, and discard it with a reason', async () => {
    for (const way of ['Try again', 'Discard …']) {
      await park();
      await see('pages');
      const pages = page.locator('#app-pages');
      await pages.getByRole('link', { name: 'Health' }).click();
      await pages.getByRole('link', { name: 'Parked' }).click();
      await pages.getByText('HubSpot refused to give the record out.').waitFor();
      await pages.getByRole('button', { name: way }).click();
      if (way !== 'Try again') {
        await page.getByRole('dialog').getByLabel('Reason').fill('It was a test.');
        await page.getByRole('dialog').getByRole('button', { name: 'Discard', exact: true }).click();
      }
      await pages.getByText('Nothing is parked').waitFor();
    }
  });

  it('degrade while the service is away, and recover by themselves', async () => {
    await status('In agreement');
    await demo.stopService();
    await status('Service unreachable');
    await card().getByText('As it was last known:').waitFor();
    await be('Tomasz'); // opened anew meanwhile: HubSpot alone answers
    await card().getByText('Reduced view').waitFor();
    await card()
      .getByRole('row', { name: /Street/ })
      .first()
      .waitFor();
    await demo.startService();
    await status('In agreement');
  });

  it('ran without an error on the page', () => {
    expect(errors.filter((error) => !/status 502|Failed to fetch/.test(error))).toEqual([]);
  });

  async function rulings(): Promise<number> {
    const rows = await demo.service.db
      .selectFrom('edits')
      .select('edit_id')
      .where('hub_id', '=', demo.service.hubId)
      .where('audience', '=', 'staff')
      .execute();
    return rows.length;
  }

  async function park(): Promise<void> {
    const error = JSON.stringify({ code: 'refused', message: 'HubSpot refused to give the record out.' });
    const parked = {
      lane: 3,
      not_before: new Date(),
      since: new Date(),
      attempts: 6,
      parked_at: new Date(),
      error,
    };
    const record = await demo.service.db
      .selectFrom('mirror')
      .select(['object', 'record_id'])
      .where('hub_id', '=', demo.service.hubId)
      .where('object', '=', 'ticket')
      .limit(1)
      .executeTakeFirstOrThrow();
    await demo.service.db
      .insertInto('due')
      .values({ hub_id: demo.service.hubId, ...record, ...parked })
      .onConflict((conflict) => conflict.columns(['hub_id', 'object', 'record_id']).doUpdateSet(parked))
      .execute();
  }
});
