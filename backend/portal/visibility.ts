/**
 * Who sees what. One function decides for every road: reading, listing, editing, the live stream, receipts.
 * Pure, over links that were loaded before.
 */
import type { RecordId } from '@tallystick/shared/ids';
import type { Reach } from '@tallystick/shared/audience';
import { isEditable } from '@tallystick/shared/defineOwnership';
import { objects, type AppAudience, type AppObject } from '@tallystick/shared/ownership';
import type { Value } from '@tallystick/shared/values';
import type { Person } from '../store/people.ts';

// The worker asks the same question before it links anybody, and may not import from here.
export { audienceOf, reachOf, type CompanyLink, type Reach } from '@tallystick/shared/audience';

/** A record as far as visibility is concerned. */
export interface Placed {
  object: AppObject;
  recordId: RecordId;
  life: string;
  fields: Readonly<Record<string, { value: Value }>>;
  companies: readonly RecordId[];
  /** The records of other objects that it hangs on; theirs are not looked at. */
  parents: readonly Omit<Placed, 'parents'>[];
}

export function sees(person: Person, reach: Reach, record: Placed): boolean {
  // What hangs on other records is seen where one of them is; a company it is linked to besides does not open it.
  if (record.parents.length > 0 && !record.parents.some((parent) => seesAlone(person, reach, parent)))
    return false;
  const companies = [...record.companies, ...record.parents.flatMap((parent) => [...parent.companies])];
  return seesAlone(person, reach, { ...record, companies });
}

/** As `sees`, whatever the record hangs on. */
export function seesAlone(person: Person, reach: Reach, record: Omit<Placed, 'parents'>): boolean {
  if (record.life !== 'present' || !isShown(record)) return false;
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

/** A record whose condition is not met is a matter of ours: a draft, an internal note. */
function isShown({ object, fields }: Pick<Placed, 'object' | 'fields'>): boolean {
  const { shownWhen } = objects[object];
  if (shownWhen === undefined) return true;
  const value = Object.hasOwn(fields, shownWhen.field) ? fields[shownWhen.field]?.value : null;
  return value != null && shownWhen.is.includes(value);
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
  if (spec === undefined || !isEditable(spec) || spec.byActionOnly === true) return false;
  return spec.edit.includes(audience);
}
