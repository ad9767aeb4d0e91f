/** The workbench as somebody sees it who has just run `npm start`: two sides of one record, and both directions. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findChromium, openChromium } from '../harness/chromium.ts';
import { createTestDatabase, type TestDatabase } from '../harness/postgres.ts';
import { startDemo, type Demo } from '../workbench/demo.ts';

const executable = findChromium();

describe.skipIf(executable === null)('the workbench page', () => {
  let database: TestDatabase;
  let stateDir: string;
  let demo: Demo;
  let browser: Browser;
  let page: Page;
  const errors: string[] = [];

  beforeAll(async () => {
    database = await createTestDatabase();
    stateDir = await mkdtemp(join(tmpdir(), 'tallystick-workbench-'));
    demo = await startDemo({
      ports: { portal: 0, simulator: 0, workbench: 0 },
      stateDir,
      databaseUrl: database.url,
      log: pino({ level: 'silent' }),
    });
    browser = await openChromium(executable ?? '');
    page = await browser.newPage();
    page.on('pageerror', (error) => errors.push(error.message));
    page.on('console', (line) => line.type() === 'error' && errors.push(line.text()));
    await page.goto(demo.workbench);
    await portal('jobTitle').waitFor();
  });
  afterAll(async () => {
    await browser.close();
    await demo.stop();
    await rm(stateDir, { recursive: true, force: true });
    await database.drop();
  });

  const crm = (field: string) => page.locator(`#crm [data-field="${field}"]`);
  const portal = (field: string) => page.frameLocator('#portal').locator(`[data-field="${field}"]`);
  const change = (field: string) =>
    portal(field)
      .getByRole('button', { name: /^Change/ })
      .click();

  it('shows a colleague’s change in the portal, and in the journal', async () => {
    await crm('jobTitle').locator('.value').click();
    await crm('jobTitle').locator('input').fill('Keeper of tallies');
    await crm('jobTitle').getByText('Save as colleague').click();
    await portal('jobTitle').getByText('Keeper of tallies').waitFor();
    await page.locator('#journal').getByText('Keeper of tallies').first().waitFor();
  });

  it('follows a customer’s edit until it is verified in the CRM', async () => {
    await change('firstName');
    await portal('firstName').locator('input').fill('Augusta');
    await portal('firstName').getByText('Save', { exact: true }).click();
    await portal('firstName').locator('[data-state="verified"]').waitFor();
    await crm('firstName').getByText('Augusta').waitFor();
    const { contactId } = demo.people[0]!;
    expect(demo.sim.world.value('contacts', contactId, 'firstname')).toBe('Augusta');
  });

  it('tells a customer who is typing that the CRM moved, and loses nothing typed', async () => {
    await change('jobTitle');
    await portal('jobTitle').locator('input').fill('My own words');
    demo.sim.world.update('contacts', demo.people[0]!.contactId, { jobtitle: 'Theirs' }, COLLEAGUE);
    await portal('jobTitle').locator('.moved').getByText('In our records now: Theirs').waitFor();
    expect(await portal('jobTitle').locator('input').inputValue()).toBe('My own words');
  });

  it('shows the portal’s real pages as each of the demo’s people', async () => {
    for (const [index, { name }] of demo.people.entries()) {
      const options = await page.locator('#person option').allTextContents();
      await page.selectOption('#object', 'contact');
      await page.selectOption('#person', { label: options.find((label) => label.startsWith(name)) ?? '' });
      await page.locator(`#portal[src^="/as/${index}/"]`).waitFor();
      await page.frameLocator(`#portal[src^="/as/${index}/"]`).locator('[data-field="lastName"]').waitFor();
      await page.frameLocator('#portal').getByRole('link', { name: 'Customer portal' }).click();
      await page
        .frameLocator('#portal')
        .getByRole('heading', { name: `Hello ${name}` })
        .waitFor();
    }
  });

  it('ran without an error on the page', () => {
    expect(errors).toEqual([]);
  });
});

const COLLEAGUE = { sourceType: 'CRM_UI', sourceId: 'userId:7' };
