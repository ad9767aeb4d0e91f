/** Whose browser this is, and what other sessions the person has. */
import type { SessionInfo, SessionList, SignInWays } from '@tallystick/shared/messages';
import { sessionsOf, type SessionRow } from '../../store/sessions.ts';
import type { SessionDeps } from '../session.ts';
import { standingOf } from '../standing.ts';
import { UNLINKED } from '../words.ts';
import type { SignInDeps } from './enter.ts';

export function waysOf({ signIn }: SessionDeps): SignInWays {
  return {
    mail: signIn?.mailer != null,
    providers: (signIn?.providers ?? []).map(({ name, label }) => ({ name, label })),
  };
}

export async function infoOf(deps: SignInDeps, session: SessionRow): Promise<SessionInfo> {
  const { signIn, now } = deps;
  const standing = await standingOf(deps, signIn.hubId, session.identityId);
  const email = session.proven ?? '';
  const expiresAt = iso(session.expiresAt);
  if (standing.is === 'out') {
    const { reason } = standing;
    return { state: 'unlinked', email, reason, message: UNLINKED[reason], expiresAt };
  }
  const { contactId } = standing.person;
  // To be asked is to be here.
  const idleUntil = iso(Math.min(now() + signIn.idleMs, session.expiresAt));
  return { state: 'signed-in', email, contactId, expiresAt, idleUntil, provenAt: iso(session.provenAt) };
}

export async function sessionList(deps: SignInDeps, current: SessionRow): Promise<SessionList> {
  const { db, signIn, now } = deps;
  const ages = { now: now(), idleMs: signIn.idleMs };
  const rows = await sessionsOf(db, signIn.hubId, current.identityId, ages);
  return {
    sessions: rows.map(({ sessionId, browser, address, begunAt, seenAt }) => ({
      sessionId,
      current: sessionId === current.sessionId,
      browser,
      address,
      createdAt: iso(begunAt),
      seenAt: iso(seenAt),
    })),
  };
}

const iso = (ms: number): string => new Date(ms).toISOString();
