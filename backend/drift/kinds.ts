/** HubSpot's property types by the kinds of our fields: which hold one, and which is made for one. */
import type { Kind } from '@tallystick/shared/values';
import type { KeptProperty } from '../store/schemaTables.ts';

const TYPES: Readonly<Record<Kind, readonly string[]>> = {
  text: ['string'],
  longtext: ['string'],
  email: ['string'],
  phone: ['string', 'phone_number'],
  url: ['string'],
  number: ['number'],
  currency: ['number'],
  date: ['date', 'datetime'],
  datetime: ['datetime', 'date'],
  boolean: ['bool', 'enumeration'],
  choice: ['enumeration', 'string'],
  choices: ['enumeration'],
  owner: ['enumeration', 'string', 'number'],
  lines: [], // records of their own, not a property
};

const SEVERAL = 'checkbox';

/** Whether a property of this type holds the values of the kind. A choice of several is no choice of one, nor the reverse. */
export function holds(kind: Kind, { type, fieldType }: Pick<KeptProperty, 'type' | 'fieldType'>): boolean {
  if (!TYPES[kind].includes(type)) return false;
  if (kind === 'choices') return fieldType === SEVERAL || fieldType === '';
  return kind !== 'choice' || fieldType !== SEVERAL;
}

/** What a property for a field of the kind is made as (docs: properties guide); null: it cannot be made. */
export const MADE_AS: Readonly<Record<Kind, readonly [type: string, fieldType: string] | null>> = {
  text: ['string', 'text'],
  longtext: ['string', 'textarea'],
  email: ['string', 'text'],
  phone: ['string', 'phonenumber'],
  url: ['string', 'text'],
  number: ['number', 'number'],
  currency: ['number', 'number'],
  date: ['date', 'date'],
  datetime: ['datetime', 'date'],
  boolean: ['bool', 'booleancheckbox'],
  choice: ['enumeration', 'select'],
  choices: ['enumeration', 'checkbox'],
  owner: null, // HubSpot's own
  lines: null,
};
