/**
 * The webhooks journal: what happened, in files with ordered offsets, kept for three days.
 * Shapes: spec 2026-03 and docs "webhooks journal"; 2026-09 served alike.
 */
import { z } from 'zod';
import { iso } from './clock.ts';
import { currentValue } from './history.ts';
import type { Random } from './random.ts';
import type { Change, State } from './state.ts';

const FILE_MAX_EVENTS = 10_000; // docs since 2026-07

export const journalSubscription = z.object({
  subscriptionType: z.enum([
    'OBJECT',
    'ASSOCIATION',
    'APP_LIFECYCLE_EVENT',
    'LIST_MEMBERSHIP',
    'GDPR_PRIVACY_DELETION',
  ]),
  portalId: z.number(),
  objectTypeId: z.string().optional(),
  associatedObjectTypeIds: z.array(z.string()).optional(),
  actions: z.array(z.string()).default([]),
  properties: z.array(z.string()).default([]),
  objectIds: z.array(z.union([z.string(), z.number()]).transform(String)).default([]),
});
export const journalFilter = z.object({
  subscriptionId: z.number(),
  filter: z.object({
    conditions: z.array(
      z.object({
        filterType: z.literal('CRM_OBJECT_PROPERTY'),
        property: z.string(),
        operator: z.string(),
        value: z.coerce.string().optional(),
        values: z.array(z.coerce.string()).optional(),
      }),
    ),
  }),
});
export type JournalSubscription = z.infer<typeof journalSubscription> & { id: number; createdAt: number };
export type JournalFilter = z.infer<typeof journalFilter> & { id: number; createdAt: number };

export interface JournalFile {
  offset: string;
  publishedAt: number;
  events: object[];
}
export interface JournalData {
  files: JournalFile[];
  open: { at: number; event: Record<string, unknown> }[];
  subscriptions: JournalSubscription[];
  filters: JournalFilter[];
  nextId: number;
}
export const emptyJournal = (): JournalData => ({
  files: [],
  open: [],
  subscriptions: [],
  filters: [],
  nextId: 1,
});

export interface Journal {
  data: JournalData;
  hear: (change: Change) => void;
  write(event: Record<string, unknown>): void;
  /** The files still kept, oldest first; whatever waits is published before. */
  files(): JournalFile[];
}

/** Offsets are drawn, not counted: a client must not compute with them. */
export function createJournal(state: State, data: JournalData, random: Random): Journal {
  /** Turns what waits, as far as the lag allows, into files; forgets what is too old. */
  const publish = (): void => {
    const now = state.clock.now();
    const ripe = data.open.findIndex(({ at }) => at > now - state.faults.journalLagMs);
    const events = data.open.splice(0, ripe < 0 ? data.open.length : ripe).map(({ event }) => event);
    for (let from = 0; from < events.length; from += FILE_MAX_EVENTS)
      data.files.push({
        offset: random.uuid(),
        publishedAt: now,
        events: events.slice(from, from + FILE_MAX_EVENTS),
      });
    data.files = data.files.filter((file) => file.publishedAt > now - state.faults.journalRetentionMs);
  };
  const write = (event: Record<string, unknown>): void => {
    data.open.push({ at: state.clock.now(), event });
    if (data.open.length >= FILE_MAX_EVENTS) publish(); // nobody may be reading
  };
  return {
    data,
    write,
    hear: (change) => {
      const event = eventOf(state, data, change);
      if (event === null || random.chance(state.faults.journalDropRate)) return;
      if (random.chance(state.faults.journalDuplicateRate)) write({ ...event });
      const last = data.open.at(-1)?.event;
      // GUESS: what one write changed is one event.
      if (change.is === 'changed' && last !== undefined && sameWrite(last, event))
        Object.assign(last['propertyChanges'] as object, event['propertyChanges']);
      else write(event);
    },
    files: () => {
      publish();
      return data.files;
    },
  };
}

const ACTIONS: Partial<Record<Change['is'], string>> = {
  created: 'CREATE',
  changed: 'UPDATE',
  archived: 'DELETE',
  merged: 'MERGE',
  restored: 'RESTORE',
};

function eventOf(state: State, data: JournalData, change: Change): Record<string, unknown> | null {
  const shared = { portalId: state.hubId, occurredAt: iso(change.at) };
  if (change.is === 'linked') {
    const wanted = data.subscriptions.some(
      (each) =>
        each.subscriptionType === 'ASSOCIATION' &&
        (each.objectTypeId === undefined || each.objectTypeId === change.typeId),
    );
    if (!wanted) return null;
    return {
      ...{ type: 'association', ...shared, action: change.removed ? 'DELETE' : 'CREATE' }, // GUESS at the action
      ...{ fromObjectId: Number(change.id), toObjectId: Number(change.toId) },
      ...{ fromObjectTypeId: change.typeId, toObjectTypeId: change.toTypeId },
      ...{
        associationTypeId: change.linkTypeId,
        associationCategory: change.category,
        isPrimary: change.primary,
      },
    };
  }
  if (change.is === 'privacyDeleted') {
    const wanted = data.subscriptions.some((each) => each.subscriptionType === 'GDPR_PRIVACY_DELETION');
    return wanted
      ? { type: 'gdprPrivacyDeletion', ...shared, objectTypeId: change.typeId, objectId: Number(change.id) }
      : null; // GUESS at the shape
  }
  const action = ACTIONS[change.is] ?? '';
  if (!data.subscriptions.some((each) => wants(state, data, each, change, action))) return null;
  return {
    ...{ type: 'crmObject', ...shared, action, objectTypeId: change.typeId, objectId: Number(change.id) },
    // GUESS: name → new value. Documented members carry no source (inference), so neither do these.
    ...(change.is === 'changed' ? { propertyChanges: { [change.property]: change.value } } : {}),
    ...(change.is === 'merged'
      ? {
          primaryObjectId: Number(change.primaryId),
          mergedObjectIds: change.mergedIds.map(Number),
          newObjectId: Number(change.newId),
        }
      : {}),
  };
}

function wants(
  state: State,
  data: JournalData,
  each: JournalSubscription,
  change: Change,
  action: string,
): boolean {
  if (each.subscriptionType !== 'OBJECT' || each.objectTypeId !== change.typeId) return false;
  if (each.actions.length > 0 && !each.actions.includes(action)) return false;
  if (each.objectIds.length > 0 && !each.objectIds.includes(change.id)) return false;
  if (change.is === 'changed' && each.properties.length > 0 && !each.properties.includes(change.property))
    return false;
  const filters = data.filters.filter((filter) => filter.subscriptionId === each.id);
  // Spec: AND inside a filter, OR between filters.
  return (
    filters.length === 0 ||
    filters.some(({ filter }) => filter.conditions.every((condition) => holds(state, change, condition)))
  );
}

function holds(
  state: State,
  change: Change,
  condition: JournalFilter['filter']['conditions'][number],
): boolean {
  const record = state.data.records.get(change.typeId)?.get(change.id);
  const value = record === undefined ? '' : (currentValue(record, condition.property) ?? '');
  const { value: wanted = '', values = [] } = condition;
  const tests: Record<string, boolean> = {
    ...{ EQ: value === wanted, N_EQ: value !== wanted },
    ...{ LT: Number(value) < Number(wanted), GT: Number(value) > Number(wanted) },
    ...{ LTE: Number(value) <= Number(wanted), GTE: Number(value) >= Number(wanted) },
    ...{
      CONTAINS: value.includes(wanted),
      STARTS_WITH: value.startsWith(wanted),
      ENDS_WITH: value.endsWith(wanted),
    },
    ...{ IN: values.includes(value), NOT_IN: !values.includes(value) },
    ...{ IS_EMPTY: value === '', IS_NOT_EMPTY: value !== '' },
  };
  return tests[condition.operator] ?? false;
}

function sameWrite(last: Record<string, unknown>, next: Record<string, unknown>): boolean {
  return (
    ['type', 'action', 'objectTypeId', 'objectId', 'occurredAt'].every((name) => last[name] === next[name]) &&
    'propertyChanges' in last
  );
}
