/** Webhook subscriptions, and the events that a change makes for them. Payloads: real captures 2022–2026. */
import { z } from 'zod';
import { findType } from './objectTypes.ts';
import type { Change, ObjectType, Source, State } from './state.ts';

/** Docs: these two never fire. */
const SILENT_PROPERTIES = new Set([
  'num_unique_conversion_events',
  'hs_lastmodifieddate',
  'lastmodifieddate',
]);
const FIRST_SUBSCRIPTION_ID = 7_600_001;

export const subscription = z.object({
  id: z.number().optional(),
  /** `contact.propertyChange`, or `object.propertyChange` with a type. */
  subscriptionType: z.string(),
  propertyName: z.string().optional(),
  objectTypeId: z.string().optional(),
  active: z.boolean().default(true),
});
export type Subscription = z.input<typeof subscription>;
export interface Subscribed {
  id: number;
  subscriptionType: string;
  propertyName: string | null;
  objectTypeId: string | null;
  active: boolean;
  createdAt: number;
}

/** One event as it goes over the wire, but for `attemptNumber`. */
export type WebhookEvent = Record<string, unknown> & { subscriptionId: number; subscriptionType: string };

export interface WebhookSettings {
  target: string | null;
  subscriptions: Subscribed[];
  maxConcurrentRequests: number;
  nextSubscriptionId: number;
}

export function noWebhooks(): WebhookSettings {
  // Docs: ten requests in flight for an installing account.
  return {
    target: null,
    subscriptions: [],
    maxConcurrentRequests: 10,
    nextSubscriptionId: FIRST_SUBSCRIPTION_ID,
  };
}

export function subscribe(state: State, settings: WebhookSettings, given: Subscription): Subscribed {
  const { id, subscriptionType, propertyName, objectTypeId, active } = subscription.parse(given);
  const made: Subscribed = {
    id: id ?? settings.nextSubscriptionId++,
    subscriptionType,
    propertyName: propertyName ?? null,
    // The project file names a type by its singular; the wire carries the id.
    objectTypeId: objectTypeId === undefined ? null : (findType(state, objectTypeId)?.typeId ?? objectTypeId),
    active,
    createdAt: state.clock.now(),
  };
  settings.subscriptions.push(made);
  return made;
}

/** The events a change makes: one for each subscription that wants it. `newEventId` is drawn once for the change. */
export function eventsOf(
  state: State,
  settings: WebhookSettings,
  change: Change,
  newEventId: () => number,
): WebhookEvent[] {
  if (change.is === 'changed' && SILENT_PROPERTIES.has(change.property)) return [];
  const type = state.data.types.get(change.typeId)!;
  const kind = kindOf(change);
  const wanting = settings.subscriptions.filter((each) => each.active && wants(each, type, kind, change));
  if (wanting.length === 0) return [];
  // GUESS: subscriptions that hear of the same change get the same eventId (docs: it is not unique).
  const eventId = newEventId();
  return wanting.map((each) => ({
    eventId,
    subscriptionId: each.id,
    portalId: state.hubId,
    appId: state.appId,
    occurredAt: change.at,
    subscriptionType: each.subscriptionType,
    ...detail(state, change, type, each.subscriptionType.startsWith('object.')),
  }));
}

function kindOf(change: Change): string {
  switch (change.is) {
    case 'created':
      return 'creation';
    case 'changed':
      return 'propertyChange';
    case 'archived':
      return 'deletion';
    case 'restored':
      return 'restore';
    case 'merged':
      return 'merge';
    case 'linked':
      return 'associationChange';
    case 'privacyDeleted':
      return 'privacyDeletion';
    default:
      return change satisfies never;
  }
}

function wants(each: Subscribed, type: ObjectType, kind: string, change: Change): boolean {
  const [prefix, wanted] = each.subscriptionType.split('.');
  if (wanted !== kind) return false;
  if (prefix === 'object' ? each.objectTypeId !== type.typeId : prefix !== type.webhookPrefix) return false;
  return change.is !== 'changed' || each.propertyName === change.property;
}

function detail(state: State, change: Change, type: ObjectType, generic: boolean): Record<string, unknown> {
  const by = changeSource(change.by);
  const objectId = Number(change.id);
  const typed = generic ? { objectTypeId: type.typeId } : {};
  switch (change.is) {
    case 'created':
      return { objectId, ...typed, changeFlag: 'CREATED', ...by };
    case 'changed':
      return {
        objectId,
        ...typed,
        propertyName: change.property,
        propertyValue: change.value,
        ...by,
        ...(generic ? { isSensitive: false } : {}),
      };
    case 'archived':
      return { objectId, ...typed, changeFlag: 'DELETED', ...by };
    case 'restored':
      return { objectId, ...typed, changeFlag: 'RESTORED', ...by }; // GUESS at the flag
    case 'privacyDeleted':
      return { objectId, ...typed, changeFlag: 'DELETED', ...by };
    case 'merged':
      return {
        objectId: Number(change.newId), // GUESS; the other members: docs, no real capture found
        ...typed,
        primaryObjectId: Number(change.primaryId),
        mergedObjectIds: change.mergedIds.map(Number),
        newObjectId: Number(change.newId),
        numberOfPropertiesMoved: change.moved,
        ...by,
      };
    case 'linked':
      return linkDetail(state, change, type, generic);
    default:
      return change satisfies never;
  }
}

/** Recorded 2026-08: no objectId. Docs: isPrimaryAssociation. Secondary: the further members of `object.*`. */
function linkDetail(
  state: State,
  change: Change & { is: 'linked' },
  type: ObjectType,
  generic: boolean,
): Record<string, unknown> {
  const to = state.data.types.get(change.toTypeId)!;
  const { sourceType, sourceId } = change.by;
  return {
    // Recorded 2026-08: an association made in the UI has the source USER.
    changeSource: sourceType === 'CRM_UI' ? 'USER' : sourceType,
    sourceId: sourceId ?? '',
    associationType: `${type.constant}_TO_${to.constant}`,
    fromObjectId: Number(change.id),
    toObjectId: Number(change.toId),
    associationRemoved: change.removed,
    isPrimaryAssociation: change.primary,
    ...(generic
      ? {
          fromObjectTypeId: change.typeId,
          toObjectTypeId: change.toTypeId,
          associationTypeId: change.linkTypeId,
          associationCategory: change.category,
        }
      : {}),
  };
}

const changeSource = (by: Source) => ({ changeSource: by.sourceType, sourceId: by.sourceId ?? '' });
