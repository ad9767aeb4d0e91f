/**
 * Somebody has proven who they are: their identity is kept, a new session begins, and an older one of this browser
 * ends. The secret is always new, so that one planted before the sign-in is worth nothing after it.
 */
import { identityId as toIdentityId, type IdentityId } from '@tallystick/shared/ids';
import type { UnlinkedReason } from '@tallystick/shared/messages';
import type { Request, Response } from 'express';
import { askToLook, saveProof } from '../../store/identities.ts';
import { beginSession, dropOldSessions, endSessions, type SessionRow } from '../../store/sessions.ts';
import type { PortalDeps } from '../access.ts';
import { signedIn } from '../session.ts';
import { standingOf } from '../standing.ts';
import { until } from '../waiting.ts';
import { clearCookie, setCookie } from './cookies.ts';
import { newSecret, type SignInSettings } from './settings.ts';

export type SignInDeps = PortalDeps & { signIn: SignInSettings };

export interface Proof {
  /** Empty: a mailbox. */
  issuer: string;
  subject: string;
  /** The proven address; null: the provider vouches for none. */
  address: string | null;
  /** When they proved it; 0: the provider does not say. */
  provenAt: number;
}

/** The worker is waited for this long; a page asks again after that. */
const LINKED_WITHIN_MS = 3_000;
const BROWSER_MAX_CHARS = 200;

export async function enter(
  deps: SignInDeps,
  req: Request,
  res: Response,
  proof: Proof,
): Promise<SessionRow> {
  const { db, signIn, now } = deps;
  const { hubId, idleMs, absoluteMs } = signIn;
  const before = await signedIn(deps, req.headers);
  const identityId = await saveProof(db, hubId, {
    ...proof,
    newId: toIdentityId(deps.newId()),
    continues: before?.identityId ?? null,
  });
  if (before !== null) await endSessions(db, hubId, before.identityId, before.sessionId);
  await dropOldSessions(db, hubId, { now: now(), idleMs });
  const secret = newSecret(signIn);
  const begunAt = now();
  const session: SessionRow = {
    sessionId: deps.newId(),
    identityId,
    proven: proof.address,
    browser: (req.get('User-Agent') ?? '').slice(0, BROWSER_MAX_CHARS),
    address: req.ip ?? '',
    begunAt,
    seenAt: begunAt,
    provenAt: proof.provenAt,
    expiresAt: begunAt + absoluteMs,
  };
  await beginSession(db, hubId, { ...session, secret });
  setCookie(signIn, res, 'session', secret, absoluteMs);
  clearCookie(signIn, res, 'browser');
  await link(deps, identityId);
  return session;
}

const DECIDED: readonly UnlinkedReason[] = ['refused', 'unproven-address'];

/** A proof is a reason to look again, unless staff have decided. */
async function link(deps: SignInDeps, identityId: IdentityId): Promise<void> {
  const { db, signals, now } = deps;
  const { hubId } = deps.signIn;
  const standing = await standingOf(deps, hubId, identityId);
  if (standing.is === 'in' || DECIDED.includes(standing.reason)) return;
  await askToLook(db, hubId, identityId, now());
  signals.wake(hubId);
  await until(deps, hubId, LINKED_WITHIN_MS, async () => {
    const value = await standingOf(deps, hubId, identityId);
    return { done: value.is === 'in' || value.reason !== 'checking', value };
  });
}
