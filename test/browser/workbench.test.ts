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
    await page.locator('#portal [data-field="jobTitle"]').waitFor();
  });
  afterAll(async () => {
    await browser.close();
    await demo.stop();
    await rm(stateDir, { recursive: true, force: true });
    await database.drop();
  });

  const crm = (field: string) => page.locator(`#crm [data-field="${field}"]`);
  const portal = (field: string) => page.locator(`#portal [data-field="${field}"]`);

  it('shows a colleague’s change in the portal, and in the journal', async () => {
    await crm('jobTitle').locator('.value').click();
    await crm('jobTitle').locator('input').fill('Keeper of tallies');
    await crm('jobTitle').getByText('Save as colleague').click();
    await portal('jobTitle').getByText('Keeper of tallies').waitFor();
    await page.locator('#journal').getByText('Keeper of tallies').first().waitFor();
  });

  it('follows a customer’s edit until it is verified in the CRM', async () => {
    await portal('firstName').locator('.value').click();
    await portal('firstName').locator('input').fill('Augusta');
    await portal('firstName').getByText('Save', { exact: true }).click();
    await page.locator('#receipts [data-state="verified"]').waitFor();
    await crm('firstName').getByText('Augusta').waitFor();
    const { contactId } = demo.people[0]!;
    expect(demo.sim.world.value('contacts', contactId, 'firstname')).toBe('Augusta');
  });

  it('tells a customer who is typing that the CRM moved, and loses nothing typed', async () => {
    await portal('jobTitle').locator('.value').click();
    await portal('jobTitle').locator('input').fill('My own words');
    demo.sim.world.update('contacts', demo.people[0]!.contactId, { jobtitle: 'Theirs' }, COLLEAGUE);
    await portal('jobTitle').locator('.moved').getByText('Theirs').waitFor();
    expect(await portal('jobTitle').locator('input').inputValue()).toBe('My own words');
  });

  it('ran without an error on the page', () => {
    expect(errors).toEqual([]);
  });
});

const COLLEAGUE = { sourceType: 'CRM_UI', sourceId: 'userId:7' };
