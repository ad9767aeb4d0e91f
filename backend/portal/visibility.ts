/**
 * Who sees what. One function decides for every road: reading, listing, editing, the live stream, receipts.
 * Pure, over links that were loaded before.
 */
import type { RecordId } from '@tallystick/shared/ids';
import { objects, ownership, type AppAudience, type AppObject } from '@tallystick/shared/ownership';
import type { Person } from '../store/people.ts';

export interface CompanyLink {
  companyId: RecordId;
  isPrimary: boolean;
  labels: readonly string[];
}

/** The companies a person reaches: where everything else they see hangs. */
export type Reach = ReadonlySet<RecordId>;

/** A record as far as visibility is concerned. */
export interface Placed {
  object: AppObject;
  recordId: RecordId;
  life: string;
  companies: readonly RecordId[];
}

export function reachOf(audience: AppAudience, linksOfContact: readonly CompanyLink[]): Reach {
  const { reaches } = ownership.audiences[audience];
  const reached = linksOfContact.filter((link) =>
    reaches.company === 'primary' ? link.isPrimary : link.labels.includes(reaches.association),
  );
  return new Set(reached.map((link) => link.companyId));
}

export function sees(person: Person, reach: Reach, record: Placed): boolean {
  if (record.life !== 'present') return false;
  const isOwn = record.object === 'contact' && record.recordId === person.contactId;
  const scope = objects[record.object].scope[person.audience];
  switch (scope) {
    case 'none':
      return false;
    case 'self':
      return isOwn;
    case 'company':
      if (isOwn) return true;
      if (record.object === 'company') return reach.has(record.recordId);
      return record.companies.some((company) => reach.has(company));
    default:
      return scope satisfies never;
  }
}

/** The fields of an object this audience sees, in the order of the ownership file. */
export function visibleFields(object: AppObject, audience: AppAudience): string[] {
  return Object.entries(objects[object].fields).flatMap(([name, field]) =>
    field.see.includes(audience) ? [name] : [],
  );
}

/** Whether this audience may change the field by an ordinary edit. */
export function mayEdit(object: AppObject, field: string, audience: AppAudience): boolean {
  const spec = Object.hasOwn(objects[object].fields, field) ? objects[object].fields[field] : undefined;
  if (spec === undefined || spec.owner === 'crm' || spec.byActionOnly === true) return false;
  return spec.edit.includes(audience);
}
