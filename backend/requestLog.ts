/** One line for each request, and an id by which its answer, its log and its problem are found. Never a value. */
import type { RequestHandler, Request, Response } from 'express';
import type { Logger } from 'pino';
import type { Meter } from './meter.ts';

export const REQUEST_ID_HEADER = 'X-Request-Id';
/** Asked every few seconds by whatever watches us: not worth a line. */
const QUIET = ['/healthz', '/readyz', '/metrics'];

/** Mounted before everything else. What a handler learns goes into `res.locals`: `code`, `editId`. */
export function requestLog(options: {
  log: Logger;
  now: () => number;
  newId: () => string;
  meter?: Meter;
}): RequestHandler {
  const { log, now, newId, meter } = options;
  return (req, res, next) => {
    const requestId = newId();
    const begunAt = now();
    res.locals.requestId = requestId;
    res.setHeader(REQUEST_ID_HEADER, requestId);
    res.on('close', () => {
      const ms = now() - begunAt;
      const route = routeOf(req);
      const { statusCode: status } = res;
      const code = textOf(res, 'code');
      meter?.answered({ method: methodOf(req), route, status, code, ms });
      if (QUIET.includes(route)) return;
      const editId = textOf(res, 'editId');
      log[status >= 500 ? 'error' : 'info'](
        {
          ...{ requestId, method: methodOf(req), route, status, ms, actor: actorOf(route) },
          ...(code === null ? {} : { code }),
          ...(editId === null ? {} : { edit: editId }),
          ...(res.writableFinished ? {} : { brokenOff: true }),
        },
        'Request',
      );
    });
    next();
  };
}

/** The pattern, because the address itself holds ids and whatever a client writes there. */
function routeOf(req: Request): string {
  const route: unknown = req.route;
  if (typeof route !== 'object' || route === null || !('path' in route)) return 'none';
  // Some routes are one handler for many addresses.
  return typeof route.path === 'string' ? `${req.baseUrl}${route.path}` : `${req.baseUrl}/*`;
}

const METHODS = ['GET', 'HEAD', 'POST', 'PATCH', 'PUT', 'DELETE', 'OPTIONS'];
/** A client may send any word as its method. */
const methodOf = ({ method }: Request): string => (METHODS.includes(method) ? method : 'OTHER');

/** The class of who asked; who it was is in the journal, where it can be erased. */
function actorOf(route: string): string {
  if (route.startsWith('/portal/')) return 'customer';
  if (route.startsWith('/desk/')) return 'staff';
  return 'unknown';
}

function textOf(res: Response, name: string): string | null {
  const value: unknown = res.locals[name];
  return typeof value === 'string' ? value : null;
}
