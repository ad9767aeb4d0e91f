/**
 * Which hub a request is for, where many are served: the portal by the address it was asked at, or by the bearer token
 * where no portal has that address; the desk by the signed query; a nudge by its body. Nothing of this is believed: it
 * only chooses whose secret the request is held against. A hub that is not served answers as one whose secret nobody
 * knows, so that nobody learns which hubs there are.
 */
import { isHubId, type HubId } from '@tallystick/shared/ids';
import express, { Router, type Request } from 'express';
import { answerUnreadable, NUDGE_MAX_BYTES, NUDGE_PATH } from '../desk/nudge.ts';
import type { HubWeb } from '../hubWeb.ts';
import { sendProblem } from '../portal/problem.ts';

export interface HubsByRequest {
  byId: (hubId: HubId) => HubWeb | undefined;
  /** `host`: name and port as a browser says them. */
  byHost: (host: string) => HubWeb | undefined;
  /** Whose secrets nobody knows. */
  nobody: Pick<HubWeb, 'desk' | 'nudges'>;
  /** The portal's pages; shown at the portals' addresses only. */
  pages: Router;
}

/** The path itself and everything below it; what answers sees the whole address. */
const below = (path: string): string[] => [path, `${path}/*rest`];

export function hubRouter({ byId, byHost, nobody, pages }: HubsByRequest): Router {
  const router = Router();
  const named = (hubId: string | undefined): HubWeb | undefined =>
    hubId !== undefined && isHubId(hubId) ? byId(hubId) : undefined;
  router.all(below('/portal/v1'), (req, res, next) => {
    const hub = byHost(hostOf(req)) ?? named(tokenHub(req));
    if (hub === undefined) sendProblem(res, 'sign-in');
    else hub.portal(req, res, next);
  });
  // The gate behind has the same bytes: a body is read once.
  router.post(NUDGE_PATH, express.raw({ type: 'application/json', limit: NUDGE_MAX_BYTES, inflate: false }));
  router.use(NUDGE_PATH, answerUnreadable);
  router.all(NUDGE_PATH, (req, res, next) => {
    (named(nudgedHub(req)) ?? nobody).nudges(req, res, next);
  });
  router.all(below('/desk/v1'), (req, res, next) => {
    (named(signedHub(req)) ?? nobody).desk(req, res, next);
  });
  router.use((req, res, next) => {
    if (byHost(hostOf(req)) === undefined) next();
    else pages(req, res, next);
  });
  return router;
}

/** As a browser would say it: without the port that goes without saying. */
function hostOf(req: Request): string {
  const host: unknown = req.host; // a request of HTTP/1.0 may have none, whatever the types say
  return typeof host === 'string' ? host.toLowerCase().replace(/:(80|443)$/, '') : '';
}

const tokenHub = (req: Request): string | undefined =>
  /^Bearer tsp_(\d+)_/i.exec(req.headers.authorization ?? '')?.[1];

function signedHub(req: Request): string | undefined {
  const query = new URL(req.originalUrl, 'http://desk').searchParams;
  const named = query.getAll('portalId');
  return named.length === 1 ? named[0] : undefined;
}

function nudgedHub(req: Request): string | undefined {
  const body: unknown = req.body;
  const text = Buffer.isBuffer(body) ? body.toString('utf8') : '';
  return /"hubId"\s*:\s*"(\d+)"/.exec(text)?.[1];
}
