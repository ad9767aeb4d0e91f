/** Who in the portal is linked to a record, by the portal's own rule of who sees what. */
import { isRecordId, type HubId, type RecordId } from '@tallystick/shared/ids';
import { fieldOf, ownership, type AppObject } from '@tallystick/shared/ownership';
import type { DeskPerson } from '@tallystick/shared/deskMessages';
import type { Customer } from '../portal/session.ts';
import { reachOf, sees, type Reach } from '../portal/visibility.ts';
import type { Db } from '../store/database.ts';
import { peopleOfCompanies, personByContact, type Person } from '../store/people.ts';
import { linksOf, type RecordRow } from '../store/records.ts';
import type { Names } from './names.ts';

const PEOPLE_MAX = 20;

export interface Linked {
  person: Customer;
  reach: Reach;
}

/** Everybody with access to the portal who sees this record, up to `PEOPLE_MAX`. */
export async function linkedPeople(db: Db, hubId: HubId, row: RecordRow): Promise<Linked[]> {
  const companies: RecordId[] = row.object === 'company' ? [row.recordId] : row.companies;
  const own = row.object === 'contact' ? [row.recordId] : [];
  const people = await peopleOfCompanies(db, hubId, companies, own, PEOPLE_MAX);
  const linked = await Promise.all(people.map((person) => withReach(db, person)));
  return linked.filter(({ person, reach }) => sees(person, reach, row));
}

/** One person as the portal knows them; null when they have no access. */
export async function linkedPerson(db: Db, hubId: HubId, contactId: string): Promise<Linked | null> {
  if (!isRecordId(contactId)) return null;
  const person = await personByContact(db, hubId, contactId);
  return person === null ? null : withReach(db, person);
}

async function withReach(db: Db, person: Person): Promise<Linked> {
  const links = await linksOf(db, person.hubId, person.contactId);
  return { person: { ...person, formerIds: [] }, reach: reachOf(person.audience, links) };
}

export function deskPerson({ person }: Linked, names: Names): DeskPerson {
  const { contactId, audience } = person;
  return { contactId, name: names.person(contactId), audience: ownership.audiences[audience].label };
}

/** The audiences that see a field, as they are called. */
export function seenBy(object: AppObject, field: string): string[] {
  return (fieldOf(object, field)?.see ?? []).map((audience) => ownership.audiences[audience].label);
}
