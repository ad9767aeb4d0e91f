/** The routes over records. Each parses, asks one of the rooms behind it, answers. */
import { isRecordId, type RecordId } from '@tallystick/shared/ids';
import { isObject, objects, type AppObject } from '@tallystick/shared/ownership';
import { listQuery, sourceQuery } from '@tallystick/shared/schemas';
import { Router, type Request, type Response } from 'express';
import { childrenOf, idsInReach, loadRecords, type RecordRow } from '../store/records.ts';
import { findRecord, refreshed, type PortalDeps } from './access.ts';
import { download } from './download.ts';
import { readMe } from './me.ts';
import { Refused } from './problem.ts';
import { param, parsed, waitOf } from './requests.ts';
import type { Session } from './session.ts';
import { sourceView } from './sources.ts';
import { etagOf } from './versions.ts';
import { recordView } from './views.ts';
import { sees } from './visibility.ts';

export function recordRoutes(deps: PortalDeps, sessionOf: (req: Request) => Session): Router {
  const router = Router();
  const route =
    (work: (req: Request, res: Response, session: Session) => Promise<void>) =>
    async (req: Request, res: Response) =>
      work(req, res, sessionOf(req));
  router.get(
    '/me',
    route(async (_req, res, session) => void res.json(await readMe(deps, session))),
  );
  router.get(
    '/records/:object',
    route((req, res, session) => list(deps, req, res, session)),
  );
  router.get(
    '/records/:object/:id',
    route((req, res, session) => read(deps, req, res, session)),
  );
  router.get(
    '/records/:object/:id/file',
    route((req, res, session) => download(deps, req, res, session)),
  );
  router.get(
    '/sources/:source',
    route(async (req, res, session) => {
      const { company } = parsed(sourceQuery, req.query);
      res.json(await sourceView(deps, session, param(req, 'source'), company));
    }),
  );
  return router;
}

async function list(deps: PortalDeps, req: Request, res: Response, session: Session): Promise<void> {
  const { person } = session;
  const object = param(req, 'object');
  const query = parsed(listQuery, req.query);
  if (!isObject(object) || objects[object].scope[person.audience] === 'none') throw new Refused('not-found');
  const after = query.after !== undefined && isRecordId(query.after) ? query.after : null;
  const found = await visiblePage(deps, session, object, query.on, { after, limit: query.limit + 1 });
  const page = found.slice(0, query.limit);
  const rows = await refreshed(deps, session, page, waitOf(req) !== 0);
  const now = deps.now();
  res.json({
    object,
    records: rows.map((row) => recordView(session, row, now)),
    next: found.length > query.limit ? (page.at(-1)?.recordId ?? null) : null,
  });
}

/** By id, up to `limit`. Filled up behind records that are hidden: neither a gap nor a cursor tells that they are there. */
async function visiblePage(
  deps: PortalDeps,
  session: Session,
  object: AppObject,
  on: string | undefined,
  { after, limit }: { after: RecordId | null; limit: number },
): Promise<RecordRow[]> {
  const { person, reach } = session;
  const page: RecordRow[] = [];
  let cursor = after;
  for (;;) {
    const ids = await idsOf(deps, session, object, on, { after: cursor, limit });
    const loaded = await loadRecords(
      deps.db,
      person.hubId,
      ids.map((recordId) => ({ object, recordId })),
    );
    const inOrder = ids.flatMap((id) => loaded.find((row) => row.recordId === id) ?? []);
    page.push(...inOrder.filter((row) => sees(person, reach, row)));
    cursor = ids.at(-1) ?? cursor;
    if (ids.length < limit || page.length >= limit) return page.slice(0, limit);
  }
}

/** A page of ids in reach, or of what hangs on one record: the comments of a case. */
async function idsOf(
  deps: PortalDeps,
  session: Session,
  object: AppObject,
  on: string | undefined,
  page: { after: RecordId | null; limit: number },
): Promise<RecordId[]> {
  const { person, reach } = session;
  if (on !== undefined) {
    const [parentObject = '', parentId = ''] = on.split(':');
    const parent = await findRecord(deps, session, parentObject, parentId);
    return childrenOf(deps.db, person.hubId, object, parent, page);
  }
  const self = object === 'contact' ? person.contactId : null;
  const companies = objects[object].scope[person.audience] === 'company' ? [...reach] : [];
  return idsInReach(deps.db, person.hubId, object, { companies, self }, page);
}

async function read(deps: PortalDeps, req: Request, res: Response, session: Session): Promise<void> {
  const found = await findRecord(deps, session, param(req, 'object'), param(req, 'id'));
  const [row] = await refreshed(deps, session, [found], waitOf(req) !== 0);
  if (row === undefined) throw new Refused('not-found');
  const view = recordView(session, row, deps.now());
  res.setHeader('ETag', etagOf(view));
  if (row.recordId !== param(req, 'id')) {
    res.setHeader('Content-Location', `/portal/v1/records/${row.object}/${row.recordId}`);
  }
  res.json(view);
}
