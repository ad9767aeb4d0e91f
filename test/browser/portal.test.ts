/** The portal's pages in a real browser: reading and changing, and what happens to it meanwhile. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { axeFindings } from '../harness/axe.ts';
import { findChromium } from '../harness/chromium.ts';
import { eventually } from '../harness/eventually.ts';
import { HOSTILE_VALUES } from '../security/hostile.ts';
import { begin, COLLEAGUE, ended, field, follow, openPages, save, type Pages, type Size } from './pages.ts';

const executable = findChromium();
const sizes: readonly Size[] = ['desktop', 'phone'];

describe.skipIf(executable === null)('the portal’s pages', () => {
  let pages: Pages;
  beforeAll(async () => {
    pages = await openPages(executable ?? '');
  });
  afterEach(() => pages.closeWindows());
  afterAll(() => pages.close());
  const inCrm = (type: string, id: string, property: string): string | null =>
    pages.demo.sim.world.value(type, id, property);

  it.each(sizes)(
    'follow a change of one’s own details until our records are sure of it (%s)',
    async (size) => {
      const { page } = await pages.as(pages.zoe, '/details', size);
      await begin(page, 'First name');
      const name = `Zora of the ${size}`;
      await field(page, 'firstName').locator('input').fill(name);
      await save(page, 'firstName');
      await ended(page, 'firstName', 'verified');
      await field(page, 'firstName').locator('.value', { hasText: name }).waitFor();
      expect(inCrm('contacts', pages.zoe.contactId, 'firstname')).toBe(name);
      await field(page, 'firstName')
        .getByText(/^confirmed/)
        .waitFor();
      await follow(page, 'Activity');
      await page.getByRole('heading', { name: 'First name' }).first().waitFor();
    },
  );

  it('save several fields of the company in one edit', async () => {
    const { page } = await pages.as(pages.zoe, '/company');
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
    expect(inCrm('companies', pages.company, 'billing_email')).toBe('bills@together.example');
    const edits = await Promise.all(
      ['billingEmail', 'deliveryNotes'].map((name) =>
        field(page, name).locator('.receipt').getAttribute('data-edit'),
      ),
    );
    expect(new Set(edits).size).toBe(1);
  });

  it('show a change of the CRM in the open page, marked, and never as markup', async () => {
    const { page } = await pages.as(pages.zoe, '/company');
    await field(page, 'name').waitFor();
    const odd = '<img src=x onerror="document.title=1"> & <b>Söhne</b>';
    pages.demo.sim.world.update(
      'companies',
      pages.company,
      { name: odd, website: 'javascript:alert(1)' },
      COLLEAGUE,
    );
    await field(page, 'name').locator('.value', { hasText: odd }).waitFor();
    await field(page, 'name')
      .getByText(/changed in our records at \d/)
      .waitFor();
    await field(page, 'website').locator('.value', { hasText: 'javascript:alert(1)' }).waitFor();
    expect(await field(page, 'website').locator('a').count()).toBe(0);
    expect(await page.locator('img[src="x"]').count()).toBe(0);
    const site = 'https://www.bergmann.example';
    pages.demo.sim.world.update('companies', pages.company, { name: 'Bergmann', website: site }, COLLEAGUE);
    await field(page, 'website').getByRole('link', { name: site }).waitFor();
  });

  it('show both values when another person changes the field meanwhile: keep mine, take theirs', async () => {
    await pages.makeAdmin(pages.mei);
    const [{ page: one }, { page: two }] = await Promise.all([
      pages.as(pages.zoe, '/company'),
      pages.as(pages.mei, '/company'),
    ]);
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
    const { page } = await pages.as(pages.zoe, '/company');
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
    const { page, context } = await pages.as(pages.zoe, '/details');
    await begin(page, 'Mobile');
    await page.getByLabel('Mobile').fill('+49 151 23456789');
    await context.setOffline(true);
    await page.getByText('You are offline.').waitFor();
    await save(page, 'mobile');
    await field(page, 'mobile').getByText('There is no connection.').waitFor();
    await context.setOffline(false);
    await ended(page, 'mobile', 'verified');
    expect(inCrm('contacts', pages.zoe.contactId, 'mobilephone')).toBe('+4915123456789');
    await begin(page, 'Last name');
    await page.getByLabel('Last name').fill('Half-typed');
    await page.reload();
    await expect.poll(() => page.getByLabel('Last name').inputValue()).toBe('Half-typed');
  });

  it('edit with the keyboard alone, and have the focus back where it was', async () => {
    const { page } = await pages.as(pages.zoe, '/details');
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
    expect(inCrm('contacts', pages.zoe.contactId, 'phone')).toBe('+49401234567');
  });

  it.each([
    ['light', 1280],
    ['dark', 360],
  ] as const)(
    'are clean by axe, every one of them, and never wider than a small phone (%s, %i px)',
    { timeout: 90_000 },
    async (colorScheme, width) => {
      const { page } = await pages.as(pages.zoe, '/details');
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
        '/billing',
        '/activity',
        '/sessions',
      ];
      for (let path = paths.shift(); path !== undefined; path = paths.shift()) {
        await page.goto(`${pages.demo.portal}${path}`);
        await page.locator('h1').waitFor();
        await expect.poll(() => page.locator('main .loading').count()).toBe(0);
        const list = /^\/(cases|quotes|sites)$/.exec(path)?.[1];
        if (list !== undefined) paths.push((await links(list)) ?? 'none');
        await page.setViewportSize({ width, height: 800 });
        found.push(...(await axeFindings(page)).map((finding) => `${path}: ${finding}`));
        await page.setViewportSize({ width: 320, height: 700 });
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        if (wide > 320) found.push(`${path}: ${wide} px wide at 320 px`);
      }
      expect(found).toEqual([]);
    },
  );

  it('run nothing that stands in a value of the CRM, and keep to their own policy', async () => {
    const { world } = pages.demo.sim;
    const { page } = await pages.as(pages.zoe, '/');
    const noted: string[] = [];
    page.on('console', (message) => {
      if (message.type() === 'error') noted.push(message.text());
    });
    page.on('dialog', (dialog) => void dialog.dismiss().then(() => noted.push('a dialog')));
    await page.addInitScript(() => {
      document.addEventListener('securitypolicyviolation', (event) =>
        console.error(`policy: ${event.violatedDirective}`),
      );
    });
    const odd = HOSTILE_VALUES.filter((value) => value.length < 200).join(' ');
    const put = (type: string, ids: readonly string[], names: readonly string[]): void => {
      const values = Object.fromEntries(names.map((name) => [name, odd.replace(/[\r\n]/g, ' ')]));
      for (const id of ids) world.update(type, id, values, COLLEAGUE);
    };
    const of = (type: string): string[] => world.linked('companies', pages.company, type).map(({ id }) => id);
    put('contacts', [pages.zoe.contactId], ['firstname', 'jobtitle']);
    put('companies', [pages.company], ['name', 'address', 'city', 'delivery_notes']);
    put('tickets', of('tickets'), ['subject', 'content', 'resolution_summary']);
    put('quotes', of('quotes'), ['hs_title', 'hs_terms']);
    put('deals', of('deals'), ['dealname']);
    for (const website of [
      'javascript:globalThis.owned=1',
      ' JaVaScRiPt:globalThis.owned=1',
      'data:text/html,x',
    ]) {
      world.update('companies', pages.company, { website }, COLLEAGUE);
      await page.goto(`${pages.demo.portal}/company`);
      await field(page, 'website').locator('.value', { hasText: website.trim() }).waitFor();
      expect(await field(page, 'website').locator('a').count()).toBe(0);
    }
    await page.getByText('<script>globalThis.owned=1</script>').first().waitFor(); // it is there, as text
    for (const path of ['/', '/details', '/cases', '/quotes', '/orders', '/documents', '/activity']) {
      await page.goto(`${pages.demo.portal}${path}`);
      await page.locator('h1').waitFor();
      await expect.poll(() => page.locator('main .loading').count()).toBe(0);
      if (/^\/(cases|quotes)$/.test(path)) {
        const first = await page.locator('main .rows a').first().getAttribute('href');
        await page.goto(`${pages.demo.portal}${first ?? ''}`);
        await page.locator('h1').waitFor();
      }
      const found = await page.evaluate(() => ({
        owned: Reflect.get(globalThis, 'owned') as unknown,
        scripts: document.querySelectorAll('body script, img[src="x"], svg[onload], [onerror]').length,
        links: [...document.querySelectorAll('a[href], [src]')].map((one) => one.getAttribute('href') ?? ''),
      }));
      expect(found.owned).toBeUndefined();
      expect(found.scripts).toBe(0);
      expect(found.links.filter((href) => /^\s*(javascript|data|vbscript):/i.test(href))).toEqual([]);
    }
    expect(noted).toEqual([]);
  }, 120_000);

  it('ran without an error on any page', () => {
    expect(pages.errors).toEqual([]);
  });
});
