/** The gate before every route that shows something: the session is opened once and kept with the request. */
import type { Request, RequestHandler } from 'express';
import type { Db } from '../store/database.ts';
import { openSession, type Session } from './session.ts';

export interface SignIn {
  gate: RequestHandler;
  /** Throws where the gate was not passed: a route without it is a bug. */
  sessionOf: (req: Request) => Session;
}

export function createSignIn(db: Db): SignIn {
  const sessions = new WeakMap<Request, Session>();
  return {
    gate: async (req, _res, next) => {
      sessions.set(req, await openSession(db, req.headers.authorization));
      next();
    },
    sessionOf: (req) => {
      const session = sessions.get(req);
      if (session === undefined) throw new Error(`${req.method} ${req.path} stands before the gate.`);
      return session;
    },
  };
}
