/** Who in the portal is linked to a record, by the portal's own rule of who sees what. */
import { isRecordId, type HubId, type RecordId } from '@tallystick/shared/ids';
import { fieldOf, ownership, type AppObject } from '@tallystick/shared/ownership';
import type { DeskPerson } from '@tallystick/shared/deskMessages';
import type { Customer } from '../portal/session.ts';
import { audienceOf, reachOf, sees, type Reach } from '../portal/visibility.ts';
import type { Db } from '../store/database.ts';
import { peopleOfCompanies, personByContact, type Person } from '../store/people.ts';
import { tiesOf } from '../store/identities.ts';
import { linksOf, loadRecords, type RecordRow } from '../store/records.ts';
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
  const bound = await Promise.all(people.map((person) => withReach(db, person)));
  const signing = await signingIn(db, hubId, own, companies);
  const isNew = ({ person }: Linked): boolean =>
    !bound.some((each) => each.person.contactId === person.contactId);
  const linked = [...bound, ...signing.filter(isNew)].slice(0, PEOPLE_MAX);
  return linked.filter(({ person, reach }) => sees(person, reach, row));
}

/** One person as the portal knows them; null when they have no access. */
export async function linkedPerson(db: Db, hubId: HubId, contactId: string): Promise<Linked | null> {
  if (!isRecordId(contactId)) return null;
  const person = await personByContact(db, hubId, contactId);
  if (person !== null) return withReach(db, person);
  const [signing] = await signingIn(db, hubId, [contactId], []);
  return signing ?? null;
}

/** People who sign in, of the audience that their contact's associations make; whose link is in doubt sees nothing. */
async function signingIn(
  db: Db,
  hubId: HubId,
  contacts: readonly RecordId[],
  companies: readonly RecordId[],
): Promise<Linked[]> {
  const ties = await tiesOf(db, hubId, contacts, companies, PEOPLE_MAX);
  const wanted = ties.map(({ contactId: recordId }) => ({ object: 'contact' as const, recordId }));
  const rows = ties.length === 0 ? [] : await loadRecords(db, hubId, wanted);
  const standing = rows.filter(({ recordId, life, fields }) =>
    ties.some(
      (tie) => tie.contactId === recordId && life === 'present' && tie.contactEmail === fields.email?.value,
    ),
  );
  const linked = await Promise.all(
    standing.map(async ({ recordId: contactId }) => {
      const links = await linksOf(db, hubId, contactId);
      const audience = audienceOf(links);
      if (audience === null) return [];
      return [{ person: { hubId, contactId, audience, formerIds: [] }, reach: reachOf(audience, links) }];
    }),
  );
  return linked.flat();
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
