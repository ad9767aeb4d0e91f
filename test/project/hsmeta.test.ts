import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { copyProject, ROOT, type Copy } from './copy.ts';
import { inspect } from './hsmeta.ts';

const APP = 'hubspot-project/src/app/app-hsmeta.json';
const CARD = 'hubspot-project/src/app/cards/portal-sync-hsmeta.json';
const SIDEBAR = 'hubspot-project/src/app/cards/portal-sync-sidebar-hsmeta.json';
const PAGES = 'hubspot-project/src/app/pages/pages-hsmeta.json';
const SETTINGS = 'hubspot-project/src/app/settings/settings-hsmeta.json';
const WEBHOOKS = 'hubspot-project/src/app/webhooks/webhooks-hsmeta.json';
const PROFILE = 'hubspot-project/src/hsprofile.demo.json';
const FUNCTION = 'hubspot-project/src/app/functions/tried-hsmeta.json';

describe('the files of the HubSpot project', () => {
  it('keep every rule', async () => {
    expect(await inspect(ROOT)).toEqual([]);
  });
});

describe('a file that breaks a rule is refused', () => {
  let copy: Copy;
  beforeEach(async () => (copy = await copyProject()));
  afterEach(() => copy.remove());

  const scopes = 'config.auth.requiredScopes';
  const fetch = 'config.permittedUrls.fetch';
  const objects = 'config.subscriptions.crmObjects.+';
  const change = { subscriptionType: 'object.propertyChange', objectType: 'contact', active: true };
  const creation = { subscriptionType: 'object.creation', objectType: 'contact', active: true };
  // prettier-ignore
  const broken: [rule: string, file: string, path: string, value: unknown, words: RegExp][] = [
    ['an unknown key at the top', CARD, 'extra', 1, /Unrecognized key/],
    ['an unknown key of the app', APP, 'config.extra', 1, /Unrecognized key/],
    ['an unknown key of a card', CARD, 'config.extra', 1, /Unrecognized key/],
    ['an unknown key of the page', PAGES, 'config.extra', 1, /Unrecognized key/],
    ['an unknown key of the settings', SETTINGS, 'config.location', 'home', /Unrecognized key/],
    ['an unknown key of the webhooks', WEBHOOKS, 'config.filters', [], /Unrecognized key/],
    ['an unknown type', PAGES, 'type', 'home', /pages-hsmeta.json: type/],
    ['a uid with a blank', CARD, 'uid', 'portal sync', /portal-sync-hsmeta.json: uid/],
    ['a uid of 65 characters', CARD, 'uid', 'a'.repeat(65), /portal-sync-hsmeta.json: uid/],
    ['a uid used twice', CARD, 'uid', 'portal_sync_sidebar', /uid portal_sync_sidebar is used twice/],
    ['an app that others may install', APP, 'config.distribution', 'marketplace', /config.distribution/],
    ['an app with OAuth', APP, 'config.auth.type', 'oauth', /config.auth.type/],
    ['a name that ends in a blank', APP, 'config.name', 'Tallystick ', /config.name has blanks/],
    ['a name that is too long', APP, 'config.name', 'x'.repeat(201), /config.name/],
    ['a description that is too long', APP, 'config.description', 'x'.repeat(8193), /config.description/],
    ['an optional scope', APP, 'config.auth.optionalScopes', ['tickets'], /optionalScopes/],
    ['a scope asked for twice', APP, `${scopes}.+`, 'tickets', /scope tickets is asked for twice/],
    ['a scope that nobody explains', APP, `${scopes}.+`, 'forms', /does not say what forms is for/],
    ['a missing logo', APP, 'config.logo', '/app/none.png', /none.png does not exist/],
    ['an address without TLS', APP, fetch, ['http://sync.example.com'], /https origin/],
    ['an address with a path', APP, fetch, ['https://sync.example.com/x'], /https origin/],
    ['an address with a wildcard', APP, fetch, ['https://*.example.com'], /https origin/],
    ['this machine as address', APP, fetch, ['https://localhost'], /https origin/],
    ['no address to fetch from', APP, fetch, [], /permittedUrls.fetch/],
    ['a variable without a value', PROFILE, 'variables.BACKEND_URL', undefined, /no profile variable BACKEND_URL/],
    ['a profile without an account', PROFILE, 'accountId', undefined, /hsprofile.demo.json: accountId/],
    ['a location that does not exist', CARD, 'config.location', 'crm.record.footer', /config.location/],
    ['two locations', CARD, 'config.location', ['crm.record.tab', 'crm.preview'], /config.location/],
    ['an object type in the singular', CARD, 'config.objectTypes', ['contact'], /config.objectTypes/],
    ['an object type nobody knows', CARD, 'config.objectTypes.+', 'boilers', /config.objectTypes/],
    ['a card on no object', CARD, 'config.objectTypes', [], /config.objectTypes/],
    ['a card without a preview', CARD, 'config.previewImage', undefined, /config.previewImage/],
    ['a preview that is not there', CARD, 'config.previewImage.file', './none.png', /none.png does not exist/],
    ['a preview of another kind', CARD, 'config.previewImage.file', './portal-sync.svg', /previewImage.file/],
    ['an entry file that is not there', CARD, 'config.entrypoint', '/app/cards/None.tsx', /None.tsx does not exist/],
    ['an entry file of another folder', CARD, 'config.entrypoint', '/app/pages/SyncPages.tsx', /directly in its/],
    ['one entry file for two cards', CARD, 'config.entrypoint', '/app/cards/PortalSyncSidebar.tsx', /entry name PortalSyncSidebar is used twice/],
    ['webhooks without TLS', WEBHOOKS, 'config.settings.targetUrl', 'http://sync.example.com/x', /targetUrl/],
    ['too few requests at once', WEBHOOKS, 'config.settings.maxConcurrentRequests', 5, /maxConcurrentRequests/],
    ['a webhook on a plural', WEBHOOKS, objects, { ...creation, objectType: 'contacts' }, /objectType/],
    ['a change of no property', WEBHOOKS, objects, change, /propertyName/],
    ['a property that never fires', WEBHOOKS, objects, { ...change, propertyName: 'hs_lastmodifieddate' }, /cannot be subscribed to/],
    ['a creation of one property', WEBHOOKS, objects, { ...creation, propertyName: 'email' }, /Unrecognized key/],
    ['an event nobody knows', WEBHOOKS, objects, { ...creation, subscriptionType: 'object.change' }, /subscriptionType/],
    ['more than 1,000 webhooks', WEBHOOKS, 'config.subscriptions.crmObjects', Array(1001).fill(creation), /crmObjects/],
  ];
  it.each(broken)('%s', async (_, file, path, value, words) => {
    await copy.edit(file, path, value);
    expect((await inspect(copy.root)).join('\n')).toMatch(words);
  });

  it.each([
    ['tickets', /portal-sync-hsmeta.json: tickets needs the scope tickets/],
    ['crm.objects.quotes.read', /webhooks-hsmeta.json: quotes needs the scope/],
    ['crm.objects.custom.read', /portal-sync-hsmeta.json: installed_site needs the scope/],
  ])('a card or webhook without the scope %s', async (scope, words) => {
    const app = await readFile(join(copy.root, APP), 'utf8');
    await copy.write(APP, app.replace(new RegExp(`"${scope}",?`), '').replace(/,(\s*\])/, '$1'));
    expect((await inspect(copy.root)).join('\n')).toMatch(words);
  });

  const nested = 'hubspot-project/src/app/cards/deep/deep-hsmeta.json';
  const strayed = 'hubspot-project/src/app/pages/card-hsmeta.json';
  const secondPage = 'hubspot-project/src/app/pages/second-hsmeta.json';
  const settingsSrc = 'hubspot-project/src/app/settings';
  // prettier-ignore
  const added: [rule: string, files: Record<string, string>, words: RegExp][] = [
    ['a file that is not JSON', { [CARD]: '{' }, /portal-sync-hsmeta.json: not JSON/],
    ['a card in a nested folder', { [nested]: card('deep') }, /deep-hsmeta.json: a card must lie directly in app\/cards/],
    ['a card among the pages', { [strayed]: card('strayed') }, /a card must lie directly in app\/cards/],
    ['a second page', { [secondPage]: page('/app/pages/SyncPages.tsx') }, /more than one page component/],
    ['an entry of the same name elsewhere', { [`${settingsSrc}/PortalSync.tsx`]: '', [SETTINGS]: settings('/app/settings/PortalSync.tsx') }, /entry name PortalSync is used twice/],
    ['an entry in a nested folder', { [`${settingsSrc}/deep/Sync.tsx`]: '', [SETTINGS]: settings('/app/settings/deep/Sync.tsx') }, /directly in its component's folder/],
    ['a preview that only looks like a PNG', { 'hubspot-project/src/app/cards/portal-sync.png': 'GIF89a' }, /neither a PNG nor a JPEG/],
    ['a secret nobody explains', { [FUNCTION]: fn({ secretKeys: ['WHOSE_KEY'] }) }, /does not say what WHOSE_KEY is for/],
    ['a secret that is no variable name', { [FUNCTION]: fn({ secretKeys: ['whose key'] }) }, /secretKeys/],
    ['a function that is a public address', { [FUNCTION]: fn({ endpoint: { path: 'x', methods: ['GET'] } }) }, /Unrecognized key/],
    ['a function that was not built', { [FUNCTION]: fn({ entrypoint: '/app/functions/dist/none.js' }) }, /none.js does not exist/],
  ];
  it.each(added)('%s', async (_, files, words) => {
    for (const [file, content] of Object.entries(files)) await copy.write(file, content);
    expect((await inspect(copy.root)).join('\n')).toMatch(words);
  });

  it('a preview larger than 5 MB', async () => {
    const file = join(copy.root, 'hubspot-project/src/app/cards/portal-sync.png');
    await writeFile(file, Buffer.alloc(5 * 1024 * 1024 + 1));
    expect((await inspect(copy.root)).join('\n')).toMatch(/larger than 5 MB/);
  });

  it.each([
    [
      'a folder of cards without a package.json',
      'hubspot-project/src/app/cards/package.json',
      /no package.json/,
    ],
    ['a project without an app', APP, /no app component/],
    ['a project without a profile', PROFILE, /no config profile/],
  ])('%s', async (_, file, words) => {
    await rm(join(copy.root, file));
    expect((await inspect(copy.root)).join('\n')).toMatch(words);
  });

  it('but a preview beside a card of its own name is not', async () => {
    await copy.edit(SIDEBAR, 'config.previewImage.file', './portal-sync.png');
    expect(await inspect(copy.root)).toEqual([]);
  });
});

function card(uid: string): string {
  return JSON.stringify({
    uid,
    type: 'card',
    config: {
      name: 'A',
      description: 'A',
      previewImage: { file: './portal-sync.png', altText: 'A' },
      entrypoint: '/app/cards/PortalSync.tsx',
      location: 'crm.preview',
      objectTypes: ['contacts'],
    },
  });
}

function fn(config: Record<string, unknown>): string {
  const entrypoint = '/app/functions/dist/tried.js';
  return JSON.stringify({ uid: 'tried', type: 'app-function', config: { entrypoint, ...config } });
}

const page = (entrypoint: string): string =>
  JSON.stringify({ uid: 'second', type: 'page', config: { entrypoint } });
const settings = (entrypoint: string): string =>
  JSON.stringify({ uid: 'sync_settings', type: 'settings', config: { entrypoint } });
