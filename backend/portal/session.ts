/** Who is asking: the bearer token names a contact, and what that contact reaches is read anew for every request. */
import { isRecordId, type PersonId, type RecordId } from '@tallystick/shared/ids';
import type { Db } from '../store/database.ts';
import { personOf, type Person } from '../store/people.ts';
import { linksOf, loadRecords } from '../store/records.ts';
import { Refused } from './problem.ts';
import { reachOf, type Reach } from './visibility.ts';

export interface Session {
  person: Customer;
  reach: Reach;
}

/** A person as who they are now. */
export interface Customer extends Person {
  /** The contacts that were merged into the present one: what was asked under their ids is this person's too. */
  formerIds: readonly RecordId[];
}

export const isOwn = (person: Customer, asker: PersonId): boolean =>
  asker === person.contactId || person.formerIds.some((id) => id === asker);
export const idsOf = (person: Customer): RecordId[] => [person.contactId, ...person.formerIds];

/** How many merges in a row are followed to a record's survivor. */
export const MERGES_MAX = 5;

/** Throws `sign-in` for a token that is missing, unknown or revoked, or whose contact is no longer there. */
export async function openSession(db: Db, authorization: string | undefined): Promise<Session> {
  const token = /^Bearer (\S+)$/i.exec(authorization ?? '')?.[1];
  const bound = token === undefined ? null : await personOf(db, token);
  const person = bound === null ? null : await livingPerson(db, bound);
  if (person === null) throw new Refused('sign-in');
  return { person, reach: reachOf(person.audience, await linksOf(db, person.hubId, person.contactId)) };
}

/** The contact may have been merged into another one; a contact that is gone signs nobody in. */
async function livingPerson(db: Db, person: Person): Promise<Customer | null> {
  let contactId = person.contactId;
  const formerIds: RecordId[] = [];
  for (let merges = 0; merges <= MERGES_MAX; merges += 1) {
    const [contact] = await loadRecords(db, person.hubId, [{ object: 'contact', recordId: contactId }]);
    if (contact === undefined) return null;
    if (contact.life === 'present') return { ...person, contactId, formerIds };
    const survivor = survivorOf(contact.life);
    if (survivor === null) return null;
    formerIds.push(contactId);
    contactId = survivor;
  }
  return null;
}

/** The id of the record that a merged one lives on in. */
export function survivorOf(life: string): RecordId | null {
  const id = life.startsWith('merged:') ? life.slice('merged:'.length) : '';
  return isRecordId(id) ? id : null;
}
