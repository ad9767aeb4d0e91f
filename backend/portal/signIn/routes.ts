/** The routes of signing in and out. They stand before the gate: who comes here need not be anybody yet. */
import { signOutRequest } from '@tallystick/shared/schemas';
import express, { Router, type Request, type RequestHandler, type Response } from 'express';
import { rateLimit } from 'express-rate-limit';
import type { Logger } from 'pino';
import { endSessions, type SessionRow } from '../../store/sessions.ts';
import { limitsOf, type PortalDeps } from '../access.ts';
import { Refused, sendProblem } from '../problem.ts';
import { jsonBody, param, parsed } from '../requests.ts';
import { signedIn } from '../session.ts';
import { clearCookie } from './cookies.ts';
import type { SignInDeps } from './enter.ts';
import { noteSeen } from './gate.ts';
import { infoOf, sessionList, waysOf } from './info.ts';
import { askForLink, confirmLink } from './mailLink.ts';
import { createProviders } from './providers.ts';
import { refuseCrossSite } from './sameOrigin.ts';

export const SIGN_IN_ADDRESSES: Readonly<Record<string, readonly string[]>> = {
  '/sign-in': ['GET'],
  '/sign-in/mail': ['POST'],
  '/sign-in/mail/confirm': ['POST'],
  '/sign-in/with/:name': ['GET'],
  '/sign-in/with/:name/callback': ['GET'],
  '/session': ['GET'],
  '/sign-out': ['POST'],
  '/sessions': ['GET'],
  '/sessions/:sessionId': ['DELETE'],
};

const BODY_MAX = '4kb';
const MINUTE_MS = 60_000;
const MAILS_COUNTED_MS = 900_000;

export function signInRoutes(deps: PortalDeps & { log: Logger }): Router {
  const router = Router();
  const { signInsPerMinute, mailsPerClient } = limitsOf(deps);
  router.use(Object.keys(SIGN_IN_ADDRESSES), perClient(MINUTE_MS, signInsPerMinute));
  router.get('/sign-in', (_req, res) => void res.json(waysOf(deps)));
  const { signIn } = deps;
  if (signIn === undefined) notOffered(router);
  else offered(router, { ...deps, signIn }, perClient(MAILS_COUNTED_MS, mailsPerClient));
  return router;
}

/** The addresses are there, so that a page can ask; nobody signs in. */
function notOffered(router: Router): void {
  router.get('/session', (_req, res) => void res.json({ state: 'signed-out' }));
  const none: RequestHandler = (_req, res) => sendProblem(res, 'way-not-offered');
  for (const path of ['/sign-in/mail', '/sign-in/mail/confirm']) router.post(path, none);
  for (const path of ['/sign-in/with/:name', '/sign-in/with/:name/callback']) router.get(path, none);
  const nobody: RequestHandler = (_req, res) => sendProblem(res, 'sign-in');
  router.post('/sign-out', nobody);
  router.get('/sessions', nobody);
  router.delete('/sessions/:sessionId', nobody);
}

function offered(router: Router, deps: SignInDeps & { log: Logger }, mails: RequestHandler): void {
  const own: RequestHandler = (req, _res, next) => {
    refuseCrossSite(deps.signIn, req);
    next();
  };
  const json = express.json({ limit: BODY_MAX, strict: true, inflate: false });
  const providers = createProviders(deps);
  router.post('/sign-in/mail', own, mails, json, (req, res) => askForLink(deps, req, res));
  router.post('/sign-in/mail/confirm', own, json, async (req, res) => {
    res.json(await infoOf(deps, await confirmLink(deps, req, res)));
  });
  router.get('/sign-in/with/:name', providers.begin);
  router.get('/sign-in/with/:name/callback', providers.finish);
  router.get('/session', async (req, res) => {
    const session = await signedIn(deps, req.headers);
    if (session !== null) await noteSeen(deps, session);
    res.json(session === null ? { state: 'signed-out' } : await infoOf(deps, session));
  });
  router.post('/sign-out', own, json, async (req, res) => {
    const { everywhere } = parsed(signOutRequest, jsonBody(req));
    const session = await signedIn(deps, req.headers);
    if (session !== null) await end(deps, session, everywhere ? null : session.sessionId);
    leave(deps, res);
  });
  router.get('/sessions', async (req, res) => {
    res.json(await sessionList(deps, await needed(deps, req)));
  });
  router.delete('/sessions/:sessionId', own, async (req, res) => {
    const session = await needed(deps, req);
    const sessionId = param(req, 'sessionId');
    const isId = /^[0-9a-f-]{36}$/.test(sessionId);
    if (!isId || !(await end(deps, session, sessionId))) throw new Refused('not-found');
    if (sessionId === session.sessionId) leave(deps, res);
    else res.status(204).end();
  });
}

/** Somebody who signed in, linked or not. */
async function needed(deps: SignInDeps, req: Request): Promise<SessionRow> {
  const session = await signedIn(deps, req.headers);
  if (session === null) throw new Refused('sign-in');
  return session;
}

/** Only among the person's own: a foreign one is as if it were not there. */
const end = (
  { db, signIn }: SignInDeps,
  { identityId }: SessionRow,
  sessionId: string | null,
): Promise<boolean> => endSessions(db, signIn.hubId, identityId, sessionId);

/** `cookies` is not cleared by the header: it would reach other sites of the same domain. Ours is cleared by name. */
function leave({ signIn }: SignInDeps, res: Response): void {
  clearCookie(signIn, res, 'session');
  res.setHeader('Clear-Site-Data', '"cache", "storage"');
  res.status(204).end();
}

function perClient(windowMs: number, limit: number): RequestHandler {
  return rateLimit({
    windowMs,
    limit,
    standardHeaders: 'draft-8',
    legacyHeaders: false,
    // Which proxies are believed is a setting of the service.
    validate: { xForwardedForHeader: false },
    handler: (_req, res) => sendProblem(res, 'too-many-requests'),
  });
}
