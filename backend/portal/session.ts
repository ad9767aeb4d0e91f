/**
 * Who is asking: a bearer token names a contact (for servers); a cookie names a session of somebody who signed in. What
 * that contact reaches is read anew for every request.
 */
import { isRecordId, type HubId, type PersonId, type RecordId } from '@tallystick/shared/ids';
import type { Db } from '../store/database.ts';
import { personOf, type Person } from '../store/people.ts';
import { linksOf, loadRecords, type RecordRow } from '../store/records.ts';
import { sessionBySecret, type SessionRow } from '../store/sessions.ts';
import { Refused } from './problem.ts';
import { readCookie } from './signIn/cookies.ts';
import type { SignInSettings } from './signIn/settings.ts';
import { standingOf, type StandingDeps } from './standing.ts';
import { reachOf, type Reach } from './visibility.ts';
import { UNLINKED } from './words.ts';

export interface Session {
  person: Customer;
  reach: Reach;
  /** What it was opened with. */
  by: { is: 'token'; token: string } | ({ is: 'cookie' } & SessionRow);
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

/** The two headers that may say who asks. */
export interface Credentials {
  authorization?: string | undefined;
  cookie?: string | undefined;
}

export type SessionDeps = StandingDeps & { signIn?: SignInSettings };

/**
 * Throws `sign-in` for credentials that are missing, unknown or over, or a token whose contact is no longer there;
 * `not-linked` for somebody who signed in and is no customer we know for certain.
 */
export async function openSession(deps: SessionDeps, credentials: Credentials): Promise<Session> {
  const { authorization } = credentials;
  if (authorization !== undefined) return openByToken(deps.db, authorization);
  const { signIn } = deps;
  const row = await signedIn(deps, credentials);
  if (row === null || signIn === undefined) throw new Refused('sign-in');
  const standing = await standingOf(deps, signIn.hubId, row.identityId);
  if (standing.is === 'out') throw new Refused('not-linked', { detail: UNLINKED[standing.reason] });
  return { person: standing.person, reach: standing.reach, by: { is: 'cookie', ...row } };
}

/** The session of the cookie, whoever its person is; null: none that counts. */
export async function signedIn(
  { db, now, signIn }: SessionDeps,
  { cookie }: Credentials,
): Promise<SessionRow | null> {
  if (signIn === undefined) return null;
  const secret = readCookie(signIn, cookie, 'session');
  if (secret === null) return null;
  return sessionBySecret(db, signIn.hubId, secret, { now: now(), idleMs: signIn.idleMs });
}

async function openByToken(db: Db, authorization: string): Promise<Session> {
  const token = /^Bearer (\S+)$/i.exec(authorization)?.[1] ?? '';
  const bound = await personOf(db, token);
  const found = bound === null ? 'unknown' : await livingContact(db, bound.hubId, bound.contactId);
  if (bound === null || typeof found === 'string') throw new Refused('sign-in');
  const { contact, formerIds } = found;
  const person = { ...bound, contactId: contact.recordId, formerIds };
  const links = await linksOf(db, person.hubId, person.contactId);
  return { person, reach: reachOf(person.audience, links), by: { is: 'token', token } };
}

/** The contact may have been merged into another one; a contact that is gone signs nobody in. */
export async function livingContact(
  db: Db,
  hubId: HubId,
  named: RecordId,
): Promise<{ contact: RecordRow; formerIds: RecordId[] } | 'unknown' | 'gone'> {
  let contactId = named;
  const formerIds: RecordId[] = [];
  for (let merges = 0; merges <= MERGES_MAX; merges += 1) {
    const [contact] = await loadRecords(db, hubId, [{ object: 'contact', recordId: contactId }]);
    if (contact === undefined) return 'unknown';
    if (contact.life === 'present') return { contact, formerIds };
    const survivor = survivorOf(contact.life);
    if (survivor === null) return 'gone';
    formerIds.push(contactId);
    contactId = survivor;
  }
  return 'gone';
}

/** The id of the record that a merged one lives on in. */
export function survivorOf(life: string): RecordId | null {
  const id = life.startsWith('merged:') ? life.slice('merged:'.length) : '';
  return isRecordId(id) ? id : null;
}
