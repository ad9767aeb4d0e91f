/** From HubSpot's answers to our words: records with their history, associations, properties, owners. */
import { recordId, type RecordId } from '@tallystick/shared/ids';
import { objects, type AppObject } from '@tallystick/shared/ownership';
import type { Entry } from '@tallystick/shared/settle';
import { canonical } from '@tallystick/shared/values';
import type { z } from 'zod';
import type * as answers from './answers.ts';
import { mapped, type Answer } from './transport.ts';

/** A record as read by id: every mapped field's history, newest first; a field never set has none. */
export interface Reading {
  /** Differs from the id asked for when that one was merged away. */
  id: RecordId;
  archived: boolean;
  history: Record<string, Entry[]>;
  /** Fields whose property the answer does not name at all. Docs: what is not defined is left out, what was never set is null. */
  absent: string[];
}

export interface Link {
  companyId: RecordId;
  isPrimary: boolean;
  labels: string[];
}

export interface PropertyRead {
  property: string;
  label: string;
  type: string;
  fieldType: string;
  readOnly: boolean;
  options: { value: string; label: string; hidden: boolean }[] | null;
  /** No two records have the same value in it. */
  unique: boolean;
}

/** A colleague who can own records. */
export interface Owner {
  ownerId: string;
  /** Null: deactivated. */
  userId: string | null;
  name: string;
  email: string;
  archived: boolean;
}

export function readingOf(object: AppObject, record: answers.CrmRecord): Reading {
  const history: Record<string, Entry[]> = {};
  const absent: string[] = [];
  for (const [name, field] of Object.entries(objects[object].fields)) {
    const entries = (record.propertiesWithHistory[field.property] ?? []).map((entry) => ({
      value: canonical(field.kind, entry.value),
      at: entry.timestamp,
      by: { via: entry.sourceType, id: entry.sourceId ?? null, person: null },
    }));
    const value = canonical(field.kind, record.properties[field.property]);
    // A value without history (a default, or a source that keeps none) was set at an unknown time.
    if (entries.length === 0 && value !== null)
      entries.push({ value, at: 0, by: { via: 'UNKNOWN', id: null, person: null } });
    history[name] = entries;
    if (field.kind !== 'lines' && !Object.hasOwn(record.properties, field.property)) absent.push(name);
  }
  return { id: recordId(record.id), archived: record.archived, history, absent };
}

export const afterOf = (after: string | null): { after?: string } => (after === null ? {} : { after });

export const pageOf = (
  object: AppObject,
  answer: Answer<z.infer<typeof answers.pageAnswer>>,
): Answer<{ records: Reading[]; next: string | null }> =>
  mapped(answer, (page) => ({
    records: page.results.map((record) => readingOf(object, record)),
    next: page.paging?.next?.after ?? null,
  }));

/** Primary types: contact 1, company 2, deal 5, ticket 26 (enum AssociationTypes of the official client). */
const PRIMARY_TYPE_IDS = new Set([1, 2, 5, 6, 25, 26]);

export function linksOf(answer: z.infer<typeof answers.linksAnswer>): Map<RecordId, Link[]> {
  return new Map(
    answer.results.map(({ from, to }) => [
      recordId(from.id),
      to.map(({ toObjectId, associationTypes }) => ({
        companyId: recordId(toObjectId),
        isPrimary: associationTypes.some((type) => PRIMARY_TYPE_IDS.has(type.typeId)),
        labels: associationTypes.flatMap((type) => type.label ?? []),
      })),
    ]),
  );
}

export function propertyOf(read: z.infer<typeof answers.propertiesAnswer>['results'][number]): PropertyRead {
  return {
    property: read.name,
    label: read.label,
    type: read.type,
    fieldType: read.fieldType,
    readOnly: read.modificationMetadata?.readOnlyValue ?? false,
    options: read.type === 'enumeration' && !read.externalOptions ? read.options : null,
    unique: read.hasUniqueValue,
  };
}

export function ownersOf(answer: z.infer<typeof answers.ownersAnswer>): Owner[] {
  return answer.results.map((owner) => ({
    ownerId: owner.id,
    userId: owner.userId ?? null,
    name: [owner.firstName, owner.lastName].filter(Boolean).join(' ') || (owner.email ?? owner.id),
    email: owner.email ?? '',
    archived: owner.archived,
  }));
}
