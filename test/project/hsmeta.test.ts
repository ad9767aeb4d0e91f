import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { copyProject, ROOT, type Copy, type Json } from './copy.ts';
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

  const broken: [rule: string, file: string, change: (json: Json) => void, words: RegExp][] = [
    ['an unknown key at the top', CARD, (j) => (j.extra = 1), /Unrecognized key/],
    ['an unknown key of the app', APP, (j) => (j.config.extra = 1), /Unrecognized key/],
    ['an unknown key of a card', CARD, (j) => (j.config.extra = 1), /Unrecognized key/],
    ['an unknown key of the page', PAGES, (j) => (j.config.extra = 1), /Unrecognized key/],
    ['an unknown key of the settings', SETTINGS, (j) => (j.config.location = 'home'), /Unrecognized key/],
    ['an unknown key of the webhooks', WEBHOOKS, (j) => (j.config.filters = []), /Unrecognized key/],
    ['an unknown type', PAGES, (j) => (j.type = 'home'), /pages-hsmeta.json: type/],
    ['a uid with a blank', CARD, (j) => (j.uid = 'portal sync'), /uid/],
    ['a uid of 65 characters', CARD, (j) => (j.uid = 'a'.repeat(65)), /uid/],
    [
      'a uid used twice',
      CARD,
      (j) => (j.uid = 'portal_sync_sidebar'),
      /uid portal_sync_sidebar is used twice/,
    ],
    ['an app that others may install', APP, (j) => (j.config.distribution = 'marketplace'), /distribution/],
    ['an app with OAuth', APP, (j) => (j.config.auth.type = 'oauth'), /auth.type/],
    ['a name that ends in a blank', APP, (j) => (j.config.name = 'Tallystick '), /blanks/],
    ['a name that is too long', APP, (j) => (j.config.name = 'x'.repeat(201)), /config.name/],
    ['an optional scope', APP, (j) => (j.config.auth.optionalScopes = ['tickets']), /optionalScopes/],
    [
      'a scope asked for twice',
      APP,
      (j) => j.config.auth.requiredScopes.push('tickets'),
      /tickets is asked for twice/,
    ],
    [
      'a scope that nobody explains',
      APP,
      (j) => j.config.auth.requiredScopes.push('files'),
      /what files is for/,
    ],
    [
      'a card without its scope',
      APP,
      (j) => drop(j, 'tickets'),
      /portal-sync-hsmeta.json: tickets needs the scope/,
    ],
    [
      'a webhook without its scope',
      APP,
      (j) => drop(j, 'crm.objects.quotes.read'),
      /webhooks-hsmeta.json: quotes needs/,
    ],
    [
      'a card on a custom object without its scope',
      APP,
      (j) => drop(j, 'crm.objects.custom.read'),
      /installed_site needs/,
    ],
    [
      'a missing logo',
      APP,
      (j) => (j.config.logo = '/app/none.png'),
      /image app\/none.png|none.png does not exist/,
    ],
    [
      'an address without TLS',
      APP,
      (j) => (j.config.permittedUrls.fetch = ['http://sync.example.com']),
      /https origin/,
    ],
    [
      'an address with a path',
      APP,
      (j) => (j.config.permittedUrls.fetch = ['https://sync.example.com/x']),
      /https origin/,
    ],
    [
      'an address with a wildcard',
      APP,
      (j) => (j.config.permittedUrls.fetch = ['https://*.example.com']),
      /https origin/,
    ],
    [
      'this machine as address',
      APP,
      (j) => (j.config.permittedUrls.fetch = ['https://localhost']),
      /https origin/,
    ],
    ['no address to fetch from', APP, (j) => (j.config.permittedUrls.fetch = []), /permittedUrls.fetch/],
    [
      'a variable without a value',
      PROFILE,
      (j) => delete j.variables.BACKEND_URL,
      /no profile variable BACKEND_URL/,
    ],
    ['a profile without an account', PROFILE, (j) => delete j.accountId, /hsprofile.demo.json: accountId/],
    ['a location that does not exist', CARD, (j) => (j.config.location = 'crm.record.footer'), /location/],
    ['two locations', CARD, (j) => (j.config.location = ['crm.record.tab', 'crm.preview']), /location/],
    ['an object type in the singular', CARD, (j) => (j.config.objectTypes = ['contact']), /objectTypes/],
    ['an object type nobody knows', CARD, (j) => j.config.objectTypes.push('boilers'), /objectTypes/],
    ['a card on no object', CARD, (j) => (j.config.objectTypes = []), /objectTypes/],
    ['a card without a preview', CARD, (j) => delete j.config.previewImage, /previewImage/],
    [
      'a preview that is not there',
      CARD,
      (j) => (j.config.previewImage.file = './none.png'),
      /none.png does not exist/,
    ],
    [
      'a preview of another kind',
      CARD,
      (j) => (j.config.previewImage.file = './portal-sync.svg'),
      /previewImage.file/,
    ],
    [
      'an entry file that is not there',
      CARD,
      (j) => (j.config.entrypoint = '/app/cards/None.tsx'),
      /None.tsx does not exist/,
    ],
    [
      'an entry file of another folder',
      CARD,
      (j) => (j.config.entrypoint = '/app/pages/SyncPages.tsx'),
      /directly in its/,
    ],
    [
      'one entry file for two cards',
      CARD,
      (j) => (j.config.entrypoint = '/app/cards/PortalSyncSidebar.tsx'),
      /entry name PortalSyncSidebar is used twice/,
    ],
    [
      'webhooks without TLS',
      WEBHOOKS,
      (j) => (j.config.settings.targetUrl = 'http://sync.example.com/x'),
      /targetUrl/,
    ],
    [
      'too few requests at once',
      WEBHOOKS,
      (j) => (j.config.settings.maxConcurrentRequests = 5),
      /maxConcurrentRequests/,
    ],
    [
      'a webhook on a plural',
      WEBHOOKS,
      (j) => (j.config.subscriptions.crmObjects[0].objectType = 'contacts'),
      /objectType/,
    ],
    [
      'a change of no property',
      WEBHOOKS,
      (j) => push(j, { subscriptionType: 'object.propertyChange', objectType: 'contact', active: true }),
      /propertyName/,
    ],
    [
      'a property that never fires',
      WEBHOOKS,
      (j) =>
        push(j, {
          subscriptionType: 'object.propertyChange',
          objectType: 'contact',
          propertyName: 'hs_lastmodifieddate',
          active: true,
        }),
      /cannot be subscribed/,
    ],
    [
      'a creation of one property',
      WEBHOOKS,
      (j) =>
        push(j, {
          subscriptionType: 'object.creation',
          objectType: 'contact',
          propertyName: 'email',
          active: true,
        }),
      /Unrecognized key/,
    ],
    [
      'an event nobody knows',
      WEBHOOKS,
      (j) => push(j, { subscriptionType: 'object.change', objectType: 'contact', active: true }),
      /subscriptionType/,
    ],
    [
      'more than 1,000 webhooks',
      WEBHOOKS,
      (j) =>
        (j.config.subscriptions.crmObjects = Array(1001).fill({
          subscriptionType: 'object.creation',
          objectType: 'contact',
          active: true,
        })),
      /crmObjects/,
    ],
  ];
  it.each(broken)('%s', async (_, file, change, words) => {
    await copy.edit(file, change);
    expect((await inspect(copy.root)).join('\n')).toMatch(words);
  });

  const added: [rule: string, files: Record<string, string>, words: RegExp][] = [
    ['a file that is not JSON', { [CARD]: '{' }, /not JSON/],
    [
      'a card in a nested folder',
      { 'hubspot-project/src/app/cards/deep/a-hsmeta.json': card('deep') },
      /must lie directly in app\/cards/,
    ],
    [
      'a card among the pages',
      { 'hubspot-project/src/app/pages/a-hsmeta.json': card('lost') },
      /a card must lie directly in app\/cards/,
    ],
    [
      'a second page',
      {
        'hubspot-project/src/app/pages/b-hsmeta.json': JSON.stringify({
          uid: 'b',
          type: 'page',
          config: { entrypoint: '/app/pages/SyncPages.tsx' },
        }),
      },
      /more than one page/,
    ],
    [
      'an entry of the same name among the pages',
      {
        'hubspot-project/src/app/settings/PortalSync.tsx': '',
        [SETTINGS]: JSON.stringify({
          uid: 's',
          type: 'settings',
          config: { entrypoint: '/app/settings/PortalSync.tsx' },
        }),
      },
      /entry name PortalSync is used twice/,
    ],
    [
      'an entry in a nested folder',
      {
        'hubspot-project/src/app/settings/deep/Sync.tsx': '',
        [SETTINGS]: JSON.stringify({
          uid: 's',
          type: 'settings',
          config: { entrypoint: '/app/settings/deep/Sync.tsx' },
        }),
      },
      /directly in its component's folder/,
    ],
    [
      'a preview that only looks like a PNG',
      { 'hubspot-project/src/app/cards/portal-sync.png': 'GIF89a' },
      /neither a PNG nor a JPEG/,
    ],
    ['a secret nobody explains', { [FUNCTION]: fn({ secretKeys: ['WHOSE_KEY'] }) }, /what WHOSE_KEY is for/],
    ['a secret that is no variable name', { [FUNCTION]: fn({ secretKeys: ['whose key'] }) }, /secretKeys/],
    [
      'a function that is a public address',
      { [FUNCTION]: fn({ endpoint: { path: 'x', methods: ['GET'] } }) },
      /Unrecognized key/,
    ],
    [
      'a function that was not built',
      { [FUNCTION]: fn({ entrypoint: '/app/functions/dist/none.js' }) },
      /none.js does not exist/,
    ],
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
    await copy.edit(SIDEBAR, (json) => (json.config.previewImage.file = './portal-sync.png'));
    expect(await inspect(copy.root)).toEqual([]);
  });
});

const push = (json: Json, subscription: unknown): unknown =>
  json.config.subscriptions.crmObjects.push(subscription);

function drop(json: Json, scope: string): void {
  json.config.auth.requiredScopes = json.config.auth.requiredScopes.filter((one: string) => one !== scope);
}

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
