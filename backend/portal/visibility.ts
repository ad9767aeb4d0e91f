/**
 * Who sees what. One function decides for every road: reading, listing, editing, the live stream, receipts.
 * Pure, over links that were loaded before.
 */
import type { RecordId } from '@tallystick/shared/ids';
import { isEditable, type AudienceSpec } from '@tallystick/shared/defineOwnership';
import {
  isAudience,
  objects,
  ownership,
  type AppAudience,
  type AppObject,
} from '@tallystick/shared/ownership';
import type { Value } from '@tallystick/shared/values';
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
  fields: Readonly<Record<string, { value: Value }>>;
  companies: readonly RecordId[];
  /** The records of other objects that it hangs on; theirs are not looked at. */
  parents: readonly Omit<Placed, 'parents'>[];
}

/** Of which audience a contact is: the first of the file whose companies it reaches and that admits it; null: of none. */
export function audienceOf(linksOfContact: readonly CompanyLink[]): AppAudience | null {
  const found = Object.entries(ownership.audiences).find(([name, spec]: [string, AudienceSpec]) => {
    if (!isAudience(name)) return false;
    const reach = reachOf(name, linksOfContact);
    const { admits } = spec;
    return linksOfContact.some(
      ({ companyId, labels }) =>
        reach.has(companyId) && (admits === undefined || labels.includes(admits.association)),
    );
  });
  return found !== undefined && isAudience(found[0]) ? found[0] : null;
}

export function reachOf(audience: AppAudience, linksOfContact: readonly CompanyLink[]): Reach {
  const { reaches } = ownership.audiences[audience];
  const reached = linksOfContact.filter((link) =>
    reaches.company === 'primary' ? link.isPrimary : link.labels.includes(reaches.association),
  );
  return new Set(reached.map((link) => link.companyId));
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
