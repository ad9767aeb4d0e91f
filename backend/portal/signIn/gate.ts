/** The gate before every route that shows something: the session is opened once and kept with the request. */
import type { Request, RequestHandler } from 'express';
import { touchSession, type SessionRow } from '../../store/sessions.ts';
import { openSession, type Session, type SessionDeps } from '../session.ts';
import { refuseCrossSite } from './sameOrigin.ts';

export interface SignIn {
  gate: RequestHandler;
  /** Throws where the gate was not passed: a route without it is a bug. */
  sessionOf: (req: Request) => Session;
}

export function createSignIn(deps: SessionDeps): SignIn {
  const sessions = new WeakMap<Request, Session>();
  return {
    gate: async (req, _res, next) => {
      const session = await openSession(deps, req.headers);
      if (session.by.is === 'cookie' && deps.signIn !== undefined) {
        refuseCrossSite(deps.signIn, req);
        await noteSeen(deps, session.by);
      }
      sessions.set(req, session);
      next();
    },
    sessionOf: (req) => {
      const session = sessions.get(req);
      if (session === undefined) throw new Error(`${req.method} ${req.path} stands before the gate.`);
      return session;
    },
  };
}

/** Not at every request: what is written is as coarse as the idle time allows. */
const SEEN_AGAIN_MS = 60_000;
const SEEN_AGAIN_SHARE = 0.1;

/** A request of the person; an open stream by itself is none. */
export async function noteSeen({ db, now, signIn }: SessionDeps, session: SessionRow): Promise<void> {
  if (signIn === undefined) return;
  const againMs = Math.min(SEEN_AGAIN_MS, signIn.idleMs * SEEN_AGAIN_SHARE);
  if (now() - session.seenAt >= againMs) await touchSession(db, signIn.hubId, session.sessionId, now());
}
