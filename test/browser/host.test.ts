/** The host, with small extensions built like real ones: does an extension behave on it as it would in HubSpot? */
import { readFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findChromium, openChromium } from '../harness/chromium.ts';
import { bundleHost } from '../workbench/host/bundle.ts';
import { components } from '../workbench/host/components.tsx';

const executable = findChromium();

/** What the page's script leaves for the test. */
interface Left {
  record: Record<string, string | null>;
  asked: unknown[];
  mounted: { recordChanged: () => void; unmount: () => void };
}
declare const window: Left;

const PAGE_SCRIPT = `
import { mountExtension } from '/host.js';
const name = location.pathname.slice(1);
window.record = { firstname: 'Ada', email: null };
window.asked = [];
window.mounted = mountExtension(document.querySelector('#card'), {
  bundleUrl: name + '.bundle.js',
  threadUrl: '/thread.js',
  context: {
    location: name === 'pages' ? 'pages' : 'crm.record.tab',
    user: { id: 7, email: 'ada@example.com', firstName: 'Ada', lastName: 'Byron' },
    portal: { id: 1, timezone: 'UTC' },
    crm: { objectId: 42, objectTypeId: '0-1' },
    variables: { PLACE: 'here' },
  },
  fetch: async (request) => {
    window.asked.push(request);
    await new Promise((resolve) => setTimeout(resolve, 150));
    return { status: 409, body: { code: 'stale' } };
  },
  serverless: async (name, options) => {
    if (name === 'broken') throw new Error('It failed to execute');
    return { name, options };
  },
  properties: async (names) => Object.fromEntries(
    (names[0] === '*' ? Object.keys(window.record) : names).map((name) => [name, window.record[name] ?? null])),
});`;

describe('the map of components', () => {
  it('holds every name the SDK can send', async () => {
    const sdk = fileURLToPath(import.meta.resolve('@hubspot/ui-extensions'));
    const source = await readFile(join(sdk, '../shared.synced/remoteComponents.synced.js'), 'utf8');
    const names = [...source.matchAll(/createAndRegisterRemote\w+\('(\w+)'/g)].map(([, name]) => name);
    expect(names.length).toBeGreaterThan(120);
    expect(names.filter((name) => components[name!] === undefined)).toEqual([]);
  });
});

describe.skipIf(executable === null)('an extension on the host', () => {
  let server: Server;
  let origin: string;
  let browser: Browser;
  let page: Page;
  let errors: string[];

  beforeAll(async () => {
    const folder = join(import.meta.dirname, 'extensions');
    const names = ['interactions', 'pages'];
    const [host, css, ...bundles] = await Promise.all([
      bundleHost(),
      readFile(join(import.meta.dirname, '../workbench/host/host.css'), 'utf8'),
      ...names.map((name) => buildLikeHubSpot(join(folder, `${name}.tsx`))),
    ]);
    const files: Record<string, [string, string]> = {
      '/host.js': ['text/javascript', host.host],
      '/thread.js': ['text/javascript', host.thread],
      '/host.css': ['text/css', css],
      '/page.js': ['text/javascript', PAGE_SCRIPT],
    };
    names.forEach((name, index) => {
      files[`/${name}.bundle.js`] = ['text/javascript', bundles[index]!];
      files[`/${name}`] = [
        'text/html; charset=utf-8',
        '<!doctype html><html lang="en"><title>Host</title><link rel="stylesheet" href="/host.css"><link rel="icon" href="data:,"><main id="card"></main><script type="module" src="/page.js"></script>',
      ];
    });
    server = createServer((req, res) => {
      const file = files[req.url ?? ''];
      // As the workbench serves it: no inline style, no evaluated code.
      res.setHeader('Content-Security-Policy', "default-src 'self'; img-src 'self' data:");
      if (file === undefined) res.writeHead(404).end();
      else res.writeHead(200, { 'Content-Type': file[0] }).end(file[1]);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    origin = typeof address === 'object' && address !== null ? `http://127.0.0.1:${address.port}` : '';
    browser = await openChromium(executable ?? '');
  });
  afterAll(async () => {
    await browser.close();
    server.closeAllConnections();
    server.close();
  });

  const open = async (name: string): Promise<void> => {
    await page.goto(`${origin}/${name}`);
  };
  const says = async (testId: string, text: string | RegExp): Promise<void> => {
    await page.locator(`[data-test-id="${testId}"]`).getByText(text, { exact: true }).waitFor();
  };
  const button = (name: string) => page.getByRole('button', { name, exact: true });

  beforeEach(async () => {
    await (page as Page | undefined)?.close();
    page = await browser.newPage();
    page.setDefaultTimeout(5_000);
    errors = [];
    page.on('pageerror', (error) => errors.push(error.message));
  });

  describe('of a record', () => {
    beforeEach(() => open('interactions'));

    it('knows where it is and who looks', async () => {
      await says('context', 'Ada ada@example.com 42 here');
    });

    it('hears each key, and the value left behind', async () => {
      const input = page.getByLabel('Own words');
      await input.pressSequentially('quick brown fox', { delay: 1 });
      await says('typed', 'typed quick brown fox, left ');
      expect(await input.inputValue()).toBe('quick brown fox');
      await input.blur();
      await says('typed', 'typed quick brown fox, left quick brown fox');
      await input.fill('bad');
      await page.getByRole('alert').getByText('Not that one').waitFor();
      expect(await input.getAttribute('aria-invalid')).toBe('true');
      await input.press('Enter');
      await says('typed', 'typed bad, left quick brown fox|bad');
      expect(errors).toEqual([]);
    });

    it('is given a form’s values', async () => {
      await page.getByLabel('Name').fill('Ada');
      await page.getByLabel('Age', { exact: true }).fill('36');
      await page.getByLabel('Day').fill('1815-12-10');
      await button('More Count').click();
      expect(await button('More Count').isDisabled()).toBe(true);
      await page.getByLabel('Agreed').check();
      await page.getByLabel('Kind').selectOption('Two');
      await button('Submit').click();
      const values = {
        name: 'Ada',
        note: 'none',
        age: 36,
        day: { year: 1815, month: 11, date: 10, formattedDate: '12/10/1815' },
        count: 2,
        agreed: 'yes',
        kind: 2,
      };
      await says('submitted', JSON.stringify(values));
      await page.getByLabel('Name').fill('Grace');
      await page.getByLabel('Name').press('Enter');
      await says('submitted', JSON.stringify({ ...values, name: 'Grace' }));
      expect(errors).toEqual([]);
    });

    it('is told what was chosen', async () => {
      await page.getByLabel('Colour', { exact: true }).selectOption('Green');
      await says('said', 'select "green"');
      await page.getByRole('group', { name: 'Colours' }).getByLabel('Green').check();
      await says('said', 'multi ["green"]');
      await page.getByRole('group', { name: 'One of them' }).getByLabel('Red').check();
      await says('said', 'radio "red"');
      const boxes = page.getByRole('group', { name: 'Some of them' });
      await boxes.getByLabel('Green').check();
      await boxes.getByLabel('Red').check();
      await says('said', 'boxes ["red","green"]');
      const toggle = page.getByRole('switch', { name: 'Switch' });
      await toggle.click();
      await says('said', 'toggle true');
      expect(await toggle.getAttribute('aria-checked')).toBe('true');
      expect(await page.getByText('Folded away').isVisible()).toBe(false);
      await page.getByText('More to read').click();
      await page.getByText('Folded away').waitFor();
    });

    it('has tabs that follow clicks and arrows', async () => {
      await page.getByText('Second content').waitFor();
      expect(await page.getByText('First content').isVisible()).toBe(false);
      expect(await page.getByRole('tab').allTextContents()).toEqual(['First', 'Second ', 'Third']);
      await page.getByRole('tab', { name: 'First' }).click();
      await page.getByText('First content').waitFor();
      await page.getByRole('tab', { name: 'Second one' }).waitFor();
      await page.keyboard.press('ArrowRight');
      await page.getByText('Second content').waitFor();
      await page.keyboard.press('ArrowRight');
      await page.getByText('First content').waitFor();
    });

    it('has tables that page and sort', async () => {
      const table = page.locator('[data-test-id="table"]');
      await button('Next').click();
      await table.getByText('row of page 2').waitFor();
      await button('Page 3').click();
      await table.getByText('row of page 3').waitFor();
      expect(await button('Next').isDisabled()).toBe(true);
      const head = table.getByRole('columnheader', { name: 'Number' });
      await head.getByRole('button').click();
      await table.locator('th[scope=col][aria-sort=ascending]').waitFor();
      await head.getByRole('button').click();
      await table.locator('th[aria-sort=descending]').waitFor();
    });

    it('opens a modal with the focus in it, and closes it by Escape, by its own button, and by its id', async () => {
      await button('Open modal').click();
      const modal = page.getByRole('dialog', { name: 'A modal' });
      await modal.waitFor();
      await says('log', 'opened');
      expect(await modal.evaluate((dialog) => dialog.contains(dialog.ownerDocument.activeElement))).toBe(
        true,
      );
      await modal.getByLabel('Inner').fill('x');
      await page.keyboard.press('Enter');
      await says('log', 'opened, inner {"inner":"x"}');
      await page.keyboard.press('Escape');
      await modal.waitFor({ state: 'detached' });
      expect(await button('Open modal').evaluate((it) => it === it.ownerDocument.activeElement)).toBe(true);
      await button('Open modal').click();
      await modal.getByRole('button', { name: 'Done' }).click();
      await modal.waitFor({ state: 'detached' });
      await button('Open modal').click();
      await modal.getByRole('button', { name: 'Close' }).click();
      await modal.waitFor({ state: 'detached' });
      await says('log', /^opened, inner \{"inner":"x"\}, closed, opened, closed, opened, closed$/);
      expect(errors).toEqual([]);
    });

    it('opens a panel beside the page, a tooltip in it, and a modal by reaction', async () => {
      await button('Open panel').click();
      const panel = page.getByRole('dialog', { name: 'A panel' });
      await panel.getByText('Inside the panel').waitFor();
      await panel.getByRole('button', { name: 'Hovered' }).hover();
      await page.getByRole('tooltip').getByText('Told on hover').waitFor();
      await page.keyboard.press('Escape');
      await panel.waitFor({ state: 'detached' });
      await button('Open by reaction').click();
      await page.getByRole('dialog', { name: 'Opened by a reaction' }).getByText('Apart').waitFor();
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    });

    it('has a menu for the keyboard, whose items may open overlays', async () => {
      const menu = page.getByRole('button', { name: 'Menu' });
      await menu.press('ArrowDown');
      await page.getByRole('menu').waitFor();
      await page.keyboard.press('Enter');
      await says('log', 'first item');
      await menu.click();
      await page.keyboard.press('ArrowDown');
      await page.keyboard.press('Enter');
      await page.getByText('Opened from a menu').waitFor();
      await page.keyboard.press('Escape');
      await menu.click();
      await page.keyboard.press('Escape');
      expect(await page.getByRole('menu').isVisible()).toBe(false);
    });

    it('shows alerts until they are dismissed', async () => {
      await button('Alert me').click();
      const toast = page.getByRole('alert').filter({ hasText: 'Something happened' });
      await toast.getByRole('button', { name: 'Dismiss' }).click();
      await toast.waitFor({ state: 'detached' });
    });

    it('asks its service, and runs its functions', async () => {
      await button('Fetch').click();
      await page.locator('button[aria-busy=true]:disabled', { hasText: 'Fetch' }).waitFor();
      await says('answer', 'false 409 {"code":"stale"}');
      expect(await page.evaluate(() => window.asked)).toEqual([
        { url: 'https://api.example.com/desk?a=1', method: 'POST', body: { a: 1 } },
      ]);
      await button('Run').click();
      await says('answer', 'function {"name":"score","options":{"parameters":{"depth":2}}}');
      await button('Run broken').click();
      await says('answer', 'rejected It failed to execute');
      expect(errors).toEqual([]);
    });

    it('sees the record, and what becomes of it', async () => {
      await says('record', '{"email":null,"firstname":"Ada"}');
      await button('Listen').click();
      await says('heard', 'listening');
      await page.evaluate(() => {
        window.record.firstname = 'Augusta';
        window.mounted.recordChanged();
      });
      await says('record', '{"email":null,"firstname":"Augusta"}');
      await says('heard', '{"firstname":"Augusta"}');
      await page.evaluate(() => {
        window.record.email = 'a@example.com';
      });
      await button('Refresh').click();
      await says('record', '{"email":"a@example.com","firstname":"Augusta"}');
      await button('Read all').click();
      await says('heard', 'all {"firstname":"Augusta","email":"a@example.com"}');
      await button('Open frame').click();
      await page.getByRole('dialog', { name: 'A frame' }).getByText('https://example.com/frame').waitFor();
      await page.keyboard.press('Escape');
      await says('heard', 'frame closed');
      await button('Reload').click();
      await page.locator('[data-test-id="heard"]:empty').waitFor({ state: 'attached' });
      expect(errors).toEqual([]);
    });

    it('may throw without taking the page along', async () => {
      await button('Throw').click();
      await page.getByText('An alert of the extension').waitFor();
      await button('Break').click();
      await page.getByRole('alert').getByText('Broken on purpose').waitFor();
      expect(await page.getByText('An alert of the extension').count()).toBe(0);
      await page.evaluate(() => window.mounted.unmount());
      expect(await page.locator('#card').innerHTML()).toBe('');
      // An error of the extension’s own is still an error to whoever looks.
      expect(errors).toEqual(['Thrown in a click']);
    });
  });

  it('goes from page to page', async () => {
    await open('pages');
    await page.getByRole('heading', { name: 'Accounts' }).waitFor();
    await page.getByRole('link', { name: 'One account' }).click();
    await says('route', '/accounts/a%20b {"accountId":"a b","sort":"new"}');
    await page.getByRole('link', { name: 'Accounts' }).click();
    await button('Go').click();
    await says('route', '/accounts/7 {"accountId":"7"}');
    await page.getByRole('link', { name: 'Accounts' }).click();
    await page.getByRole('link', { name: 'Lost' }).click();
    await page.getByRole('heading', { name: 'No such page' }).waitFor();
    expect(new URL(page.url()).hash).toBe('');
    expect(errors).toEqual([]);
  });
});

/** With what HubSpot's bundler leaves out: React and the remote renderer come from the worker. */
async function buildLikeHubSpot(entry: string): Promise<string> {
  const given: Record<string, string> = { react: 'self.React', '@remote-ui/react': 'self.RemoteUI' };
  const built = await build({
    entryPoints: [entry],
    bundle: true,
    write: false,
    format: 'iife',
    target: 'es2022',
    jsx: 'automatic',
    define: { 'process.env.NODE_ENV': '"production"' },
    plugins: [
      {
        name: 'given',
        setup: (own) => {
          own.onResolve({ filter: /^(react|@remote-ui\/react)$/ }, ({ path }) => ({
            path,
            namespace: 'given',
          }));
          own.onLoad({ filter: /.*/, namespace: 'given' }, ({ path }) => ({
            contents: `module.exports = ${given[path] ?? ''}`,
          }));
        },
      },
    ],
  });
  return built.outputFiles[0]?.text ?? '';
}
