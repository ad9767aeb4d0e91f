/** The routes over what customers ask for: changes, actions, creations, and their receipts. */
import { isEditId } from '@tallystick/shared/ids';
import { isObject } from '@tallystick/shared/ownership';
import { actionRequest, creationRequest, editRequest } from '@tallystick/shared/schemas';
import { Router, type Request, type Response } from 'express';
import { editById, recentEdits, type EditRow } from '../store/edits.ts';
import { acceptEdit, actionOf, type EditRequest } from './accept.ts';
import type { PortalDeps } from './access.ts';
import { acceptCreation } from './creations.ts';
import { Refused } from './problem.ts';
import { receiptOf } from './receipts.ts';
import { jsonBody, param, parsed, waitOf } from './requests.ts';
import { idsOf, isOwn, type Session } from './session.ts';
import { until } from './waiting.ts';

const WAIT_MAX_S = 30;
const RECENT_EDITS = 50;

export function editRoutes(deps: PortalDeps, sessionOf: (req: Request) => Session): Router {
  const router = Router();
  router.patch('/records/:object/:id', (req, res) => edit(deps, req, res, sessionOf(req)));
  router.post('/records/:object/:id/actions/:action', (req, res) => act(deps, req, res, sessionOf(req)));
  router.post('/creations/:name', (req, res) => create(deps, req, res, sessionOf(req)));
  router.get('/edits', (req, res) => listEdits(deps, res, sessionOf(req)));
  router.get('/edits/:editId', (req, res) => readEdit(deps, req, res, sessionOf(req)));
  return router;
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
    action: { name, guards: action.guards, binds: action.binds?.digest ?? null, until: action.until ?? null },
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
  await answerAccepted(deps, req, res, session, await acceptEdit(deps, session, request));
}

async function create(deps: PortalDeps, req: Request, res: Response, session: Session): Promise<void> {
  const body = parsed(creationRequest, jsonBody(req));
  const key = req.get('Idempotency-Key');
  await answerAccepted(
    deps,
    req,
    res,
    session,
    await acceptCreation(deps, session, param(req, 'name'), body, key),
  );
}

async function answerAccepted(
  deps: PortalDeps,
  req: Request,
  res: Response,
  session: Session,
  { edit: accepted, replayed }: { edit: EditRow; replayed: boolean },
): Promise<void> {
  res.locals.editId = accepted.editId; // the log names it beside the request
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
