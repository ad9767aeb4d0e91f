import { readFile, writeFile } from 'node:fs/promises';
import { format } from 'prettier';
import { describe, expect, it } from 'vitest';
import { OBJECTS } from '@tallystick/shared/ownership';
import { LINE_PROPERTIES } from '../../backend/hubspot/lines.ts';
import { propertiesOf } from '../../backend/hubspot/properties.ts';
import { webhooksMeta } from '../../backend/hubspot/webhooksMeta.ts';
import { neededSubscriptions } from '../../backend/hubspot/subscriptions.ts';

const FILE = new URL('../../hubspot-project/src/app/webhooks/webhooks-hsmeta.json', import.meta.url);

describe('the webhooks component', () => {
  it('is what the ownership file asks for (written by `npm run project`)', async () => {
    const wanted = await format(JSON.stringify(webhooksMeta()), { parser: 'json', printWidth: 110 });
    if (process.env.TALLYSTICK_WRITE_PROJECT === '1') await writeFile(FILE, wanted);
    expect(await readFile(FILE, 'utf8')).toBe(wanted);
  });

  it('holds as many subscriptions as the CRM stand-in is given, each once', () => {
    const { crmObjects, hubEvents } = webhooksMeta().config.subscriptions;
    expect(crmObjects.length + hubEvents.length).toBe(neededSubscriptions({ installed_site: '2-1' }).length);
    const keys = crmObjects.map(
      (one) => `${one.subscriptionType} ${one.objectType} ${one.propertyName ?? ''}`,
    );
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('listens to every mapped property of every object, the custom one by its schema name', () => {
    const { crmObjects } = webhooksMeta().config.subscriptions;
    const changes = crmObjects.filter((one) => one.subscriptionType === 'object.propertyChange');
    expect(changes.length).toBe(OBJECTS.flatMap(propertiesOf).length + LINE_PROPERTIES.length);
    expect(changes).toContainEqual({
      subscriptionType: 'object.propertyChange',
      objectType: 'installed_site',
      propertyName: 'site_name',
      active: true,
    });
  });
});
