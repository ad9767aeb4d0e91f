/** The routes over records and edits. Each parses, asks one of the rooms behind it, answers. */
import { isEditId, isRecordId } from '@tallystick/shared/ids';
import { isObject, objects } from '@tallystick/shared/ownership';
import { actionRequest, editRequest, listQuery, sourceQuery } from '@tallystick/shared/schemas';
import { Router, type Request, type Response } from 'express';
import type { z } from 'zod';
import { editById, recentEdits, type EditRow } from '../store/edits.ts';
import { idsInReach, loadRecords } from '../store/records.ts';
import { acceptEdit, actionOf, type EditRequest } from './accept.ts';
import { findRecord, refreshed, type PortalDeps } from './access.ts';
import { readMe } from './me.ts';
import { Refused } from './problem.ts';
import { receiptOf } from './receipts.ts';
import { idsOf, isOwn, type Session } from './session.ts';
import { sourceView } from './sources.ts';
import { etagOf } from './versions.ts';
import { recordView } from './views.ts';
import { sees } from './visibility.ts';
import { until } from './waiting.ts';

const WAIT_MAX_S = 30;
const RECENT_EDITS = 50;

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
  router.patch(
    '/records/:object/:id',
    route((req, res, session) => edit(deps, req, res, session)),
  );
  router.post(
    '/records/:object/:id/actions/:action',
    route((req, res, session) => act(deps, req, res, session)),
  );
  router.get(
    '/sources/:source',
    route(async (req, res, session) => {
      const { company } = parsed(sourceQuery, req.query);
      res.json(await sourceView(deps, session, param(req, 'source'), company));
    }),
  );
  router.get(
    '/edits',
    route((_req, res, session) => listEdits(deps, res, session)),
  );
  router.get(
    '/edits/:editId',
    route((req, res, session) => readEdit(deps, req, res, session)),
  );
  return router;
}

async function list(deps: PortalDeps, req: Request, res: Response, session: Session): Promise<void> {
  const { person, reach } = session;
  const object = param(req, 'object');
  const query = parsed(listQuery, req.query);
  if (!isObject(object) || objects[object].scope[person.audience] === 'none') throw new Refused('not-found');
  const after = query.after !== undefined && isRecordId(query.after) ? query.after : null;
  const self = object === 'contact' ? person.contactId : null;
  const companies = objects[object].scope[person.audience] === 'company' ? [...reach] : [];
  const ids = await idsInReach(
    deps.db,
    person.hubId,
    object,
    { companies, self },
    { after, limit: query.limit + 1 },
  );
  const page = ids.slice(0, query.limit);
  const loaded = await loadRecords(
    deps.db,
    person.hubId,
    page.map((recordId) => ({ object, recordId })),
  );
  const inOrder = page.flatMap((id) => loaded.find((row) => row.recordId === id) ?? []);
  const rows = await refreshed(
    deps,
    session,
    inOrder.filter((row) => sees(person, reach, row)),
    waitOf(req) !== 0,
  );
  const now = deps.now();
  res.json({
    object,
    records: rows.map((row) => recordView(session, row, now)),
    next: ids.length > query.limit ? (page.at(-1) ?? null) : null,
  });
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

async function edit(deps: PortalDeps, req: Request, res: Response, session: Session): Promise<void> {
  const body = parsed(editRequest, jsonBody(req));
  await answerEdit(deps, req, res, session, {
    ...asked(req),
    fields: body.fields,
    action: null,
    seen: body.seen ?? {},
  });
}

async function act(deps: PortalDeps, req: Request, res: Response, session: Session): Promise<void> {
  const body = parsed(actionRequest, jsonBody(req));
  const [object, name] = [param(req, 'object'), param(req, 'action')];
  const action = isObject(object) ? actionOf(object, name, session.person.audience) : null;
  if (action === null) throw new Refused('not-found');
  await answerEdit(deps, req, res, session, {
    ...asked(req),
    fields: action.sets,
    action: { name, guards: action.guards },
    seen: body.seen ?? {},
  });
}

async function answerEdit(
  deps: PortalDeps,
  req: Request,
  res: Response,
  session: Session,
  request: EditRequest,
): Promise<void> {
  const { edit: accepted, replayed } = await acceptEdit(deps, session, request);
  if (replayed) res.setHeader('Idempotency-Replayed', 'true');
  res.setHeader('Location', `/portal/v1/edits/${accepted.editId}`);
  await answerReceipt(deps, req, res, session, accepted);
}

async function readEdit(deps: PortalDeps, req: Request, res: Response, session: Session): Promise<void> {
  const id = param(req, 'editId').toLowerCase();
  const [found] = isEditId(id) ? await editById(deps.db, session.person.hubId, id) : [];
  if (found === undefined || !isOwn(session.person, found.person)) throw new Refused('not-found');
  await answerReceipt(deps, req, res, session, found);
}

async function listEdits(deps: PortalDeps, res: Response, { person }: Session): Promise<void> {
  const edits = await recentEdits(deps.db, person.hubId, idsOf(person), RECENT_EDITS);
  res.json({ receipts: edits.map(receiptOf) });
}

/** 200 when the receipt has come to its end, 202 while it is on its way; `Prefer: wait=N` waits for the end. */
async function answerReceipt(
  deps: PortalDeps,
  req: Request,
  res: Response,
  session: Session,
  first: EditRow,
): Promise<void> {
  const waitS = Math.min(waitOf(req) ?? 0, WAIT_MAX_S);
  const receipt =
    waitS === 0
      ? receiptOf(first)
      : await until(deps, session.person.hubId, waitS * 1_000, async () => {
          const [row] = await editById(deps.db, session.person.hubId, first.editId);
          const value = receiptOf(row ?? first);
          return { done: value.final, value };
        });
  if (waitS > 0) res.setHeader('Preference-Applied', `wait=${waitS}`);
  res.status(receipt.final ? 200 : 202).json(receipt);
}

function asked(req: Request): Pick<EditRequest, 'object' | 'id' | 'ifMatch' | 'idempotencyKey'> {
  return {
    object: param(req, 'object'),
    id: param(req, 'id'),
    ifMatch: req.get('If-Match'),
    idempotencyKey: req.get('Idempotency-Key'),
  };
}

/** RFC 7240: `Prefer: wait=10`; null when nothing is said. */
function waitOf(req: Request): number | null {
  const seconds = /(?:^|[,;\s])wait=(\d{1,4})(?:$|[,;\s])/i.exec(req.get('Prefer') ?? '')?.[1];
  return seconds === undefined ? null : Number(seconds);
}

/** No body at all is an empty request: an action needs to say nothing. */
function jsonBody(req: Request): unknown {
  const { 'content-length': length = '0', 'transfer-encoding': coding } = req.headers;
  if (coding === undefined && Number(length) === 0) return {};
  if (req.is('application/json') === false) throw new Refused('not-json');
  const body: unknown = req.body;
  return body;
}

function parsed<S extends z.ZodType>(schema: S, input: unknown): z.infer<S> {
  const result = schema.safeParse(input);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const where = issue === undefined || issue.path.length === 0 ? '' : `${issue.path.join('.')}: `;
  throw new Refused('bad-request', { detail: `${where}${issue?.message ?? 'not of the documented form'}` });
}

function param(req: Request, name: string): string {
  const value = req.params[name];
  return typeof value === 'string' ? value : '';
}
