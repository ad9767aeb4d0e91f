/** The portal's pages in a real browser, wide and narrow: requests, comments, documents, quotes, billing, partners. */
import { createHash, randomBytes } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { findChromium } from '../harness/chromium.ts';
import { eventually } from '../harness/eventually.ts';
import { begin, COLLEAGUE, ended, field, follow, openPages, save, type Pages, type Size } from './pages.ts';

const executable = findChromium();

describe.skipIf(executable === null).each<Size>(['desktop', 'phone'])(
  'on a %s the portal’s pages',
  (size) => {
    let pages: Pages;
    let crm: Pages['demo']['sim']['world'];
    beforeAll(async () => {
      pages = await openPages(executable ?? '');
      crm = pages.demo.sim.world;
    });
    afterEach(() => pages.closeWindows());
    afterAll(() => pages.close());
    const linked = (from: string, id: string, to: string): string[] =>
      crm.linked(from, id, to).map((other) => other.id);

    it('raise one request, whatever is clicked, show it to its end, and take a comment on it', async () => {
      const { page } = await pages.as(pages.zoe, '/cases', size);
      await page.getByRole('link', { name: 'Raise a request' }).click();
      await page.getByRole('button', { name: 'Raise a request' }).click();
      await field(page, 'subject').getByRole('alert').waitFor();
      await page.getByLabel('Subject').fill(`Boiler rattles, ${size}`);
      await page.getByLabel('What happened').fill('Since <b>Monday</b>.');
      await page.getByRole('button', { name: 'Raise a request' }).dblclick();
      await page.locator('.receipt[data-state="verified"]').waitFor();
      await page.getByRole('link', { name: 'Open the new case' }).click();
      await page.getByRole('heading', { name: `Boiler rattles, ${size}` }).waitFor();
      const id = new URL(page.url()).pathname.split('/')[2]!;
      const made = linked('companies', pages.company, 'tickets').filter((each) =>
        crm.value('tickets', each, 'subject')?.startsWith('Boiler'),
      );
      expect(made).toEqual([id]);
      expect(linked('tickets', id, 'companies')).toEqual([pages.company]);
      expect(linked('tickets', id, 'contacts')).toEqual([pages.zoe.contactId]);
      await page.getByLabel('Message').fill('Any <i>news</i>?');
      await page.getByRole('button', { name: 'Add a comment' }).click();
      await page.locator('.messages li', { hasText: 'Any <i>news</i>?' }).waitFor();
      expect(await page.getByLabel('Message').inputValue()).toBe('');
      const [note] = linked('tickets', id, 'notes');
      expect(crm.value('notes', note ?? '', 'hs_note_body')).toContain('&lt;i&gt;news');
      // The answer of a colleague, shared on purpose, is there without a reload.
      crm.update('tickets', id, { hs_pipeline_stage: '3' }, COLLEAGUE);
      await field(page, 'stage').getByText('Waiting on us').waitFor();
    });

    it('send a document, find it among the documents, and download it as it was', async () => {
      const { page } = await pages.as(pages.mei, '/documents', size);
      const bytes = Buffer.concat([
        Buffer.from('%PDF-1.7\n'),
        randomBytes(3_000_000),
        Buffer.from('\n%%EOF\n'),
      ]);
      await page.setInputFiles('input[type=file]', {
        name: 'Plan.pdf',
        mimeType: 'application/pdf',
        buffer: bytes,
      });
      await page.getByLabel('Message').fill('The plan of the cellar');
      await page.getByRole('button', { name: 'Upload a document' }).click();
      const link = page.getByRole('link', { name: 'Download Plan.pdf' });
      await link.waitFor();
      const [download] = await Promise.all([page.waitForEvent('download'), link.click()]);
      const chunks: Buffer[] = [];
      for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
      const digest = (of: Buffer): string => createHash('sha256').update(of).digest('hex');
      expect(digest(Buffer.concat(chunks))).toBe(digest(bytes));
      expect(download.suggestedFilename()).toBe('Plan.pdf');
    });

    it('say why a document is not taken, and let it be chosen anew', async () => {
      const { page } = await pages.as(pages.mei, '/documents', size);
      const lie = {
        name: 'Plan.pdf',
        mimeType: 'application/pdf',
        buffer: Buffer.from('MZ\u0090\u0000'.repeat(400)),
      };
      await page.setInputFiles('input[type=file]', lie);
      await page.getByRole('button', { name: 'Upload a document' }).click();
      await page.getByRole('alert').first().waitFor();
      expect(await page.getByRole('alert').first().innerText()).toMatch(/kind|type/i);
    });

    it('list the cases, open one, change what is the customer’s, and see a new one appear', async () => {
      const { page } = await pages.as(pages.zoe, '/cases', size);
      await page.locator('.rows li').nth(1).waitFor();
      const ticket = crm.create(
        'tickets',
        { subject: 'Brand new case', hs_pipeline: '0', hs_pipeline_stage: '1' },
        COLLEAGUE,
      );
      crm.associate(['tickets', ticket.id], ['companies', pages.company], COLLEAGUE, [
        { category: 'HUBSPOT_DEFINED', typeId: 26 },
      ]);
      await page.getByRole('link', { name: /Brand new case/ }).click();
      await page.getByRole('heading', { name: 'Brand new case' }).waitFor();
      expect(await page.evaluate(() => document.activeElement?.tagName)).toBe('H1');
      await begin(page, 'Your reference');
      await page.getByLabel('Your reference').fill('OUR-77');
      await save(page, 'reference');
      await ended(page, 'reference', 'verified');
      expect(crm.value('tickets', ticket.id, 'customer_reference')).toBe('OUR-77');
    });

    it('approve a quote, bound to what was shown: a change is read first', async () => {
      const { page } = await pages.as(pages.zoe, '/', size);
      await page
        .getByRole('link', { name: /^Decide on/ })
        .first()
        .click();
      await page.getByRole('button', { name: 'Approve …' }).waitFor();
      const quote = new URL(page.url()).pathname.split('/')[2]!;
      crm.update('quotes', quote, { hs_terms: 'Payable at once.' }, COLLEAGUE);
      await page.getByText(/Terms was .*, and is now Payable at once\./).waitFor();
      expect(await page.getByRole('button', { name: 'Approve …' }).count()).toBe(0);
      await page.getByRole('button', { name: 'I have read the change' }).click();
      await page.getByRole('button', { name: 'Approve …' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByText(/€/).waitFor();
      await dialog.getByRole('button', { name: 'Approve', exact: true }).click();
      await page.locator('.receipt[data-state="verified"]').first().waitFor();
      await page.getByText('Decided: Approved').waitFor();
      expect(crm.value('quotes', quote, 'customer_decision')).toBe('approved');
    });

    it('show the invoices, follow a payment, and keep everything else while billing is down', async () => {
      const { page } = await pages.as(pages.zoe, '/', size);
      await follow(page, 'Billing');
      const overdue = page.locator('tbody tr', { hasText: 'Overdue' });
      await overdue.first().waitFor();
      const { billing } = pages.demo;
      const [{ customer } = { customer: '' }] = await billing.run<{ customer: string }>(
        'select customer from books.invoice where number = $1',
        [await overdue.first().getAttribute('data-id')],
      );
      const before = await overdue.count();
      await billing.changeInvoice(customer);
      await eventually(async () => (await overdue.count()) === before - 1, 'the payment', 15_000);
      billing.gate.shut();
      try {
        await page
          .getByText(/the system it comes from does not answer/)
          .first()
          .waitFor({ timeout: 15_000 });
        await follow(page, 'Overview');
        await page.getByText('Renewal date').waitFor();
      } finally {
        billing.gate.open();
      }
    });

    it('show a partner the companies they look after, and nothing that is not theirs to see', async () => {
      const { page } = await pages.as(pages.partner, '/', size);
      await page.getByRole('heading', { name: `Hello ${pages.partner.name}` }).waitFor();
      await follow(page, 'Companies');
      const rows = page.locator('.rows li');
      expect(await rows.count()).toBeGreaterThan(1);
      await rows.first().getByRole('link').click();
      await field(page, 'name').waitFor();
      for (const hidden of ['billingEmail', 'openBalance', 'creditLimit'])
        expect(await field(page, hidden).count()).toBe(0);
      const navigation = await page.locator('nav').textContent();
      expect(navigation).not.toMatch(/Billing|Quotes/);
      await page.goto(`${pages.demo.portal}/quotes`);
      await page.getByRole('heading', { name: 'There is no such page.' }).waitFor();
    });

    it('ran without an error on any page', () => {
      expect(pages.errors).toEqual([]);
    });
  },
);
