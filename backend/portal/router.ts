/** The portal API, version 1: everything below `/portal/v1`. */
import express, { Router, type RequestHandler } from 'express';
import { rateLimit } from 'express-rate-limit';
import type { Logger } from 'pino';
import { limitsOf, type PortalDeps } from './access.ts';
import { editRoutes } from './edits.ts';
import { openApi } from './openapi.ts';
import { answerRefusals, sendProblem } from './problem.ts';
import { recordRoutes } from './records.ts';
import { createSignIn } from './signIn/gate.ts';
import { SIGN_IN_ADDRESSES, signInRoutes } from './signIn/routes.ts';
import { createStreams } from './stream.ts';
import { uploadRoutes } from './uploads.ts';

const BODY_MAX = '256kb';
const MINUTE_MS = 60_000;

/** Addresses and the methods each takes: what 405 and the OpenAPI document are made from. */
export const ADDRESSES: Readonly<Record<string, readonly string[]>> = {
  '/me': ['GET'],
  '/records/:object': ['GET'],
  '/records/:object/:id': ['GET', 'PATCH'],
  '/records/:object/:id/actions/:action': ['POST'],
  '/records/:object/:id/file': ['GET'],
  '/creations/:name': ['POST'],
  '/uploads': ['POST'],
  '/uploads/:uploadId': ['HEAD', 'PATCH'],
  '/sources/:source': ['GET'],
  '/edits': ['GET'],
  '/edits/:editId': ['GET'],
  '/stream': ['GET'],
  '/keys': ['GET'],
  '/openapi.json': ['GET'],
  ...SIGN_IN_ADDRESSES,
};

export interface Portal {
  router: Router;
  /** Ends the live streams. */
  close: () => void;
  /** How many live streams are open. */
  streams: () => number;
}

export function portalRouter(deps: PortalDeps & { log: Logger }): Portal {
  const { gate, sessionOf } = createSignIn(deps);
  const streams = createStreams(deps, sessionOf);
  const { requestsPerMinute, writesPerMinute, hubRequestsPerMinute } = limitsOf(deps);
  // By person, however many tokens they use, so that one cannot use up another's share.
  const personOf = (req: express.Request): string => {
    const { hubId, contactId } = sessionOf(req).person;
    return `${hubId}:${contactId}`;
  };
  const router = Router();
  const v1 = Router();
  v1.use((_req, res, next) => {
    res.setHeader('Cache-Control', 'no-store');
    next();
  });
  v1.get('/openapi.json', (_req, res) => void res.json(openApi()));
  v1.get('/keys', (_req, res) => void res.json({ keys: deps.keys ?? [] }));
  v1.use(signInRoutes(deps));
  const open = ['/openapi.json', '/keys', ...Object.keys(SIGN_IN_ADDRESSES)];
  v1.all(
    Object.keys(ADDRESSES).filter((address) => !open.includes(address)),
    gate,
    limited(personOf, requestsPerMinute, () => false),
    limited(personOf, writesPerMinute, (req) => ['GET', 'HEAD'].includes(req.method)),
    limited(
      (req) => sessionOf(req).person.hubId,
      hubRequestsPerMinute,
      () => false,
    ),
    express.json({ limit: BODY_MAX, strict: true, inflate: false }),
  );
  v1.get('/stream', streams.handle);
  v1.use(recordRoutes(deps, sessionOf));
  v1.use(editRoutes(deps, sessionOf));
  v1.use(uploadRoutes(deps, sessionOf));
  for (const [address, methods] of Object.entries(ADDRESSES)) {
    v1.all(address, (_req, res) => {
      res.setHeader('Allow', methods.join(', '));
      sendProblem(res, 'method-not-allowed');
    });
  }
  v1.use((_req, res) => sendProblem(res, 'no-such-address'));
  v1.use(answerRefusals);
  router.use('/portal/v1', v1);
  return { router, close: streams.close, streams: streams.count };
}

function limited(
  keyGenerator: (req: express.Request) => string,
  limit: number,
  skip: (req: express.Request) => boolean,
): RequestHandler {
  return rateLimit({
    ...{ windowMs: MINUTE_MS, limit, skip, keyGenerator, standardHeaders: 'draft-8', legacyHeaders: false },
    handler: (_req, res) => sendProblem(res, 'too-many-requests'),
  });
}
