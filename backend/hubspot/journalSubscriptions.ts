/** What the webhooks journal has to tell for the ownership file, and what of it has to be ordered or cancelled. */
import { isObject, objects, OBJECTS, type AppObject } from '@tallystick/shared/ownership';
import { LINE_PROPERTIES, LINE_TYPE } from './lines.ts';
import { propertiesOf } from './properties.ts';

export interface WantedSubscription {
  subscriptionType: 'OBJECT' | 'ASSOCIATION' | 'GDPR_PRIVACY_DELETION';
  objectTypeId: string;
  actions?: string[];
  properties?: string[];
  associatedObjectTypeIds?: string[];
}
export interface KeptSubscription {
  id: string;
  portalId: string;
  subscriptionType: string;
  objectTypeId?: string | null | undefined;
  actions?: string[] | null | undefined;
  properties?: string[] | null | undefined;
  associatedObjectTypeIds?: string[] | null | undefined;
}

const ACTIONS = ['CREATE', 'UPDATE', 'DELETE', 'MERGE', 'RESTORE'];

/** `typeIds`: the type ids of the account's custom objects, by schema name. Objects whose type is unknown are left out. */
export function neededJournalSubscriptions(typeIds: Readonly<Record<string, string>>): WantedSubscription[] {
  const typeOf = (object: AppObject): string | undefined =>
    objects[object].typeId ?? typeIds[objects[object].crm];
  const wanted = OBJECTS.flatMap((object): WantedSubscription[] => {
    const objectTypeId = typeOf(object);
    if (objectTypeId === undefined) return [];
    const associated = linkedTypes(object, typeOf);
    const properties = propertiesOf(object);
    return [
      { subscriptionType: 'OBJECT', objectTypeId, actions: ACTIONS, properties },
      ...(associated.length === 0
        ? []
        : [{ subscriptionType: 'ASSOCIATION' as const, objectTypeId, associatedObjectTypeIds: associated }]),
    ];
  });
  const lines: WantedSubscription[] = OBJECTS.some(hasLines)
    ? [
        {
          ...{ subscriptionType: 'OBJECT', objectTypeId: LINE_TYPE.typeId },
          ...{ actions: ACTIONS, properties: [...LINE_PROPERTIES] },
        },
      ]
    : [];
  return [...wanted, ...lines, { subscriptionType: 'GDPR_PRIVACY_DELETION', objectTypeId: '0-1' }];
}

const hasLines = (object: AppObject): boolean =>
  Object.values(objects[object].fields).some(({ kind }) => kind === 'lines');

function linkedTypes(object: AppObject, typeOf: (object: AppObject) => string | undefined): string[] {
  const parents = (objects[object].parents ?? []).filter(isObject);
  const others: AppObject[] = object === 'company' ? parents : ['company', ...parents];
  return [...others.flatMap((other) => typeOf(other) ?? []), ...(hasLines(object) ? [LINE_TYPE.typeId] : [])];
}

/** Docs: one subscription for each account and type. What HubSpot does not repeat in its answer counts as it was asked. */
export function subscriptionChanges(
  hubId: string,
  wanted: readonly WantedSubscription[],
  kept: readonly KeptSubscription[],
): { cancel: KeptSubscription[]; order: WantedSubscription[] } {
  const own = kept.filter(({ portalId }) => portalId === hubId);
  const fitting = own.filter((each) => wanted.some((one) => fits(one, each)));
  return {
    cancel: own.filter((each) => !fitting.includes(each)),
    order: wanted.filter((one) => !fitting.some((each) => fits(one, each))),
  };
}

function fits(wanted: WantedSubscription, kept: KeptSubscription): boolean {
  return (
    wanted.subscriptionType === kept.subscriptionType &&
    (kept.objectTypeId ?? wanted.objectTypeId) === wanted.objectTypeId &&
    sameList(wanted.actions, kept.actions) &&
    sameList(wanted.properties, kept.properties) &&
    sameList(wanted.associatedObjectTypeIds, kept.associatedObjectTypeIds)
  );
}

const sameList = (wanted: readonly string[] = [], kept: readonly string[] | null | undefined): boolean =>
  kept === null || kept === undefined || [...wanted].sort().join() === [...kept].sort().join();
