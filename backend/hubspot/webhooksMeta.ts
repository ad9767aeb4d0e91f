/** The project file that tells HubSpot which events to send: the same list the sync needs, in the project's words. */
import { objects, OBJECTS } from '@tallystick/shared/ownership';
import { LINE_TYPE } from './lines.ts';
import { neededSubscriptions } from './subscriptions.ts';

export interface WebhooksMeta {
  uid: string;
  type: 'webhooks';
  config: {
    settings: { targetUrl: string; maxConcurrentRequests: number };
    subscriptions: { crmObjects: CrmObjectSubscription[]; hubEvents: HubEventSubscription[] };
  };
}

interface CrmObjectSubscription {
  subscriptionType: string;
  objectType: string;
  propertyName?: string;
  active: true;
}

interface HubEventSubscription {
  subscriptionType: string;
  active: true;
}

/** Project files name an object in the singular, where deliveries carry its type id. */
const SINGULAR: Readonly<Record<string, string>> = {
  '0-1': 'contact',
  '0-2': 'company',
  '0-3': 'deal',
  '0-5': 'ticket',
  '0-14': 'quote',
  '0-46': 'note',
  [LINE_TYPE.typeId]: LINE_TYPE.singular,
};

/** A custom object's type id differs from account to account, so the project file has its schema name instead. */
const CUSTOM: Readonly<Record<string, string>> = Object.fromEntries(
  OBJECTS.filter((object) => objects[object].typeId === null).map((object) => [
    objects[object].crm,
    objects[object].crm,
  ]),
);

export function webhooksMeta(): WebhooksMeta {
  const needed = neededSubscriptions(CUSTOM);
  return {
    uid: 'webhooks',
    type: 'webhooks',
    config: {
      settings: { targetUrl: '${BACKEND_URL}/webhooks/hubspot', maxConcurrentRequests: 10 },
      subscriptions: {
        crmObjects: needed
          .filter(({ subscriptionType }) => subscriptionType.startsWith('object.'))
          .map(({ subscriptionType, objectTypeId, propertyName }) => ({
            subscriptionType,
            objectType: nameOf(objectTypeId),
            ...(propertyName === undefined ? {} : { propertyName }),
            active: true,
          })),
        hubEvents: needed
          .filter(({ subscriptionType }) => !subscriptionType.startsWith('object.'))
          .map(({ subscriptionType }) => ({ subscriptionType, active: true })),
      },
    },
  };
}

function nameOf(objectTypeId: string): string {
  const name = SINGULAR[objectTypeId] ?? CUSTOM[objectTypeId];
  if (name === undefined) throw new Error(`No singular name is known for object type ${objectTypeId}`);
  return name;
}
