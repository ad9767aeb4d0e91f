/** Many sessions of one hub at once: which are still open, and which are no longer what they were opened as. */
import type { HubId } from '@tallystick/shared/ids';
import { standingTies, type Tie } from '../store/identities.ts';
import { livingTokens, type Person } from '../store/people.ts';
import { contactsOf, type ContactRow } from '../store/records.ts';
import { livingSessions } from '../store/sessions.ts';
import type { Session, SessionDeps } from './session.ts';
import { audienceOf, reachOf } from './visibility.ts';

/** In one statement for tokens and one for cookies. */
export async function stillOpen(
  { db, now, signIn }: SessionDeps,
  hubId: HubId,
  sessions: readonly Session[],
): Promise<Set<Session>> {
  const [tokens, ids] = await Promise.all([
    livingTokens(db, hubId, tokensOf(sessions)),
    signIn === undefined
      ? new Set<string>()
      : livingSessions(db, hubId, sessionIdsOf(sessions), { now: now(), idleMs: signIn.idleMs }),
  ]);
  return new Set(
    sessions.filter(({ by }) => (by.is === 'token' ? tokens.has(by.token) : ids.has(by.sessionId))),
  );
}

/**
 * Those whose person stands otherwise now, or of whom that cannot be said without opening the session anew; in three
 * statements, however many there are.
 */
export async function movedSessions(
  { db }: SessionDeps,
  hubId: HubId,
  sessions: readonly Session[],
): Promise<Set<Session>> {
  const identityIds = sessions.flatMap(({ by }) => (by.is === 'cookie' ? [by.identityId] : []));
  const contactIds = sessions.map(({ person }) => person.contactId);
  const [tokens, ties, contacts] = await Promise.all([
    livingTokens(db, hubId, tokensOf(sessions)),
    standingTies(db, hubId, identityIds),
    contactsOf(db, hubId, contactIds),
  ]);
  return new Set(
    sessions.filter((session) => {
      const { by, person } = session;
      const named = by.is === 'token' ? tokens.get(by.token) : ties.get(by.identityId);
      return !isAsOpened(session, named, contacts.get(person.contactId));
    }),
  );
}

/** Whether a session would be opened as it was; false also where only opening it anew can tell. Pure. */
export function isAsOpened(
  { person, reach }: Session,
  named: Person | Tie | undefined,
  contact: ContactRow | undefined,
): boolean {
  // Somebody whose contacts were merged is followed from one to the next: that is asked one by one.
  if (named === undefined || named.contactId !== person.contactId || contact?.life !== 'present')
    return false;
  if ('contactEmail' in named && named.contactEmail !== contact.email) return false;
  const audience = 'audience' in named ? named.audience : audienceOf(contact.links);
  if (audience !== person.audience) return false;
  const now = reachOf(audience, contact.links);
  return now.size === reach.size && [...now].every((company) => reach.has(company));
}

const tokensOf = (sessions: readonly Session[]): string[] =>
  sessions.flatMap(({ by }) => (by.is === 'token' ? [by.token] : []));
const sessionIdsOf = (sessions: readonly Session[]): string[] =>
  sessions.flatMap(({ by }) => (by.is === 'cookie' ? [by.sessionId] : []));
