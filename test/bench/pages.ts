/** The portal's pages in a browser: how soon the overview is of use, how soon a change in the CRM is to be seen. */
import { readdir, readFile, rm, mkdtemp } from 'node:fs/promises';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { pino } from 'pino';
import type { Browser, Page } from 'playwright-core';
import { sign } from '../../backend/hubspot/signature.ts';
import { INTAKE_PATH } from '../../backend/main.ts';
import { PAGES_DIR } from '../../backend/portal/pages.ts';
import { COLLEAGUE, field, signIn, type Cookies } from '../browser/pages.ts';
import { findChromium, openChromium } from '../harness/chromium.ts';
import { startDemo, type Demo } from '../workbench/demo.ts';
import { percentile, report } from './report.ts';

const RUNS = 3;
const LOADS = 15;
const CHANGES = 60;
const BETWEEN_MS = 150;

export async function main(): Promise<void> {
  const executable = findChromium();
  if (executable === null) return;
  const stateDir = await mkdtemp(join(tmpdir(), 'tallystick-bench-pages-'));
  const log = pino({ level: 'silent' });
  const demo = await startDemo({ ports: { portal: 0, simulator: 0, workbench: 0 }, stateDir, log });
  const browser = await openChromium(executable);
  const cookies = await signIn(demo, demo.people[0]!.email);
  const useful: number[][] = [];
  const visible: number[][] = [];
  for (let run = 0; run <= RUNS; run += 1) {
    const loads = await loadsOf(browser, demo, cookies);
    const changes = await changesIn(browser, demo, cookies, run);
    if (run === 0) continue;
    useful.push(loads);
    visible.push(changes);
  }
  const each = (runs: number[][], share: number): number[] =>
    runs.map((run) =>
      percentile(
        run.toSorted((a, b) => a - b),
        share,
      ),
    );
  report('overview with its values, from nothing, p50', 'ms', each(useful, 0.5));
  report('  p95', 'ms', each(useful, 0.95), { atMost: 1_000 });
  report('a change on the page, after our answer to its webhook, p50', 'ms', each(visible, 0.5));
  report('  p95', 'ms', each(visible, 0.95), { atMost: 50 });
  report('JavaScript of the pages, gzip', 'kB', [await scriptKilobytes()], { atMost: 150 });
  await browser.close();
  await demo.stop();
  await rm(stateDir, { recursive: true, force: true });
}

/** Each with an empty cache: until the account's values are on the page, counted from the beginning of the navigation. */
async function loadsOf(browser: Browser, { portal }: Demo, cookies: Cookies): Promise<number[]> {
  const took: number[] = [];
  for (let load = 0; load < LOADS; load += 1) {
    const context = await browser.newContext();
    await context.addCookies(cookies);
    const page = await context.newPage();
    await noteChangesOf(page, 'renewalDate');
    await page.goto(`${portal}/`);
    await field(page, 'renewalDate').locator('.value').waitFor();
    took.push((await notesOf(page))[0]!.sinceStart);
    await context.close();
  }
  return took;
}

/** Changes made in the CRM, told by webhooks as HubSpot sends them, seen on the open page of the company. */
async function changesIn(browser: Browser, demo: Demo, cookies: Cookies, run: number): Promise<number[]> {
  const context = await browser.newContext();
  await context.addCookies(cookies);
  const page = await context.newPage();
  await noteChangesOf(page, 'name');
  await page.goto(`${demo.portal}/company`);
  await page.locator('[data-live="live"]').waitFor({ state: 'attached' });
  await field(page, 'name').locator('.value').waitFor();
  const contact = demo.people[0]!.contactId;
  const company = demo.sim.world.linked('contacts', contact, 'companies')[0]!.id;
  const config = await fetch(`${demo.workbench}/config.json`);
  const { backend } = ((await config.json()) as { crm: { backend: string } }).crm;
  const answeredAt = new Map<string, number>();
  for (let change = 0; change < CHANGES; change += 1) {
    const name = `Bergmann ${run}-${change}`;
    demo.sim.world.quietly(() => demo.sim.world.update('companies', company, { name }, COLLEAGUE));
    answeredAt.set(name, await tell(demo, backend, company, name));
    await new Promise((resolve) => setTimeout(resolve, BETWEEN_MS));
  }
  await field(page, 'name')
    .getByText(`Bergmann ${run}-${CHANGES - 1}`)
    .waitFor();
  const seen = (await notesOf(page)).flatMap(({ text, at }) => {
    const answered = answeredAt.get(text);
    return answered === undefined ? [] : [at - answered];
  });
  if (seen.length < CHANGES)
    console.log(`  ${CHANGES - seen.length} of ${CHANGES} changes were overtaken by the next`);
  await context.close();
  return seen;
}

/** Sends one webhook; answers with when ours had come, in ms of the clock that the page has as well. */
async function tell({ service, sim }: Demo, backend: string, company: string, name: string): Promise<number> {
  const event = {
    ...{ portalId: sim.hubId, appId: sim.appId, objectId: Number(company), objectTypeId: '0-2' },
    ...{ subscriptionType: 'object.propertyChange', propertyName: 'name', propertyValue: name },
    ...{ changeSource: 'CRM_UI', sourceId: 'userId:7', occurredAt: Date.now() },
  };
  const body = JSON.stringify([event]);
  const target = `${backend}${INTAKE_PATH}`;
  const timestamp = Date.now();
  const headers = {
    'content-type': 'application/json',
    'x-hubspot-signature-v3': sign(sim.clientSecret, 'POST', target, Buffer.from(body), timestamp),
    'x-hubspot-request-timestamp': String(timestamp),
  };
  return new Promise((resolve, reject) => {
    const sending = request(`${service.url}${INTAKE_PATH}`, { method: 'POST', headers }, (answer) => {
      resolve(performance.timeOrigin + performance.now());
      if (answer.statusCode !== 200) reject(new Error(`The webhook was refused: ${answer.statusCode}`));
      answer.resume();
    });
    sending.on('error', reject);
    sending.end(body);
  });
}

interface Note {
  text: string;
  at: number;
  sinceStart: number;
}

/** Notes each text of the field's value with the moment at which it stands in the page. */
async function noteChangesOf(page: Page, name: string): Promise<void> {
  // As text: what compiles this file would add calls that the page does not know.
  await page.addInitScript(`
    globalThis.notes = [];
    new MutationObserver(() => {
      const text = document.querySelector('[data-field="${name}"] .value')?.textContent ?? '';
      if (text === '' || text === notes.at(-1)?.text) return;
      const sinceStart = performance.now();
      notes.push({ text, sinceStart, at: performance.timeOrigin + sinceStart });
    }).observe(document, { childList: true, characterData: true, subtree: true });`);
}

const notesOf = (page: Page): Promise<Note[]> => page.evaluate('notes');

async function scriptKilobytes(): Promise<number> {
  const assets = join(PAGES_DIR, 'assets');
  const scripts = (await readdir(assets)).filter((name) => name.endsWith('.js'));
  const sizes = await Promise.all(
    scripts.map(async (name) => gzipSync(await readFile(join(assets, name))).length),
  );
  return sizes.reduce((sum, size) => sum + size, 0) / 1_000;
}
