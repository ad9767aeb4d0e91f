/**
 * "Look at this record now", asked by the app's own function in HubSpot. The signature proves that the app asks, not
 * who; so all it can cause is one read of one record, and asking again costs nothing more.
 */
import { isRecordId, type HubId } from '@tallystick/shared/ids';
import type { Problem } from '@tallystick/shared/messages';
import express, { type ErrorRequestHandler, type Request, type Response, type Router } from 'express';
import { z } from 'zod';
import type { Signals } from '../signals.ts';
import type { Db } from '../store/database.ts';
import { markDue } from '../store/due.ts';
import { objectOf } from './record.ts';
import { DeskRefused } from './refusals.ts';
import { verifyWebhook, webhookKey } from '../standardWebhook.ts';

export interface NudgeDeps {
  db: Db;
  signals: Signals;
  now: () => number;
  hubId: HubId;
  /** `whsec_<base64>`, newest first; several while a secret is being rotated. None: there is no such address. */
  secrets: readonly string[];
}

export const NUDGE_PATH = '/desk/v1/nudge';
export const NUDGE_MAX_BYTES = 4_096;

const request = z.strictObject({
  hubId: z.string().exactOptional(),
  /** Our name of the object, or HubSpot's type id of it. */
  object: z.string().regex(/^[\w-]{1,100}$/),
  recordId: z.string(),
});

/** Throws where a secret is not one. */
export function nudgeRouter(deps: NudgeDeps): Router {
  const keys = deps.secrets.map(webhookKey);
  const router = express.Router();
  if (keys.length === 0) {
    router.all(NUDGE_PATH, (_req, res) =>
      refuse(res, 404, 'no-such-address', 'Not found', 'There is nothing at this address.'),
    );
    return router;
  }
  const raw = express.raw({ type: 'application/json', limit: NUDGE_MAX_BYTES, inflate: false });
  router.post(NUDGE_PATH, raw, (req, res) => nudge(deps, keys, req, res));
  router.all(NUDGE_PATH, (_req, res) => {
    res.setHeader('Allow', 'POST');
    refuse(res, 405, 'method-not-allowed', 'Method not allowed', 'This address takes POST only.');
  });
  router.use(NUDGE_PATH, answerUnreadable);
  return router;
}

async function nudge(deps: NudgeDeps, keys: readonly Buffer[], req: Request, res: Response): Promise<void> {
  const body: unknown = req.body;
  if (!Buffer.isBuffer(body)) {
    refuse(res, 415, 'not-json', 'Not JSON', 'Send the request as application/json.');
    return;
  }
  const verdict = verifyWebhook(
    {
      id: header(req, 'webhook-id'),
      timestamp: header(req, 'webhook-timestamp'),
      signature: header(req, 'webhook-signature'),
      body,
    },
    keys,
    deps.now(),
  );
  if (!verdict.ok) {
    refuse(res, 401, verdict.code, 'Not signed', verdict.detail);
    return;
  }
  const asked = request.safeParse(jsonOf(body));
  if (!asked.success || !isRecordId(asked.data.recordId)) {
    refuse(res, 400, 'bad-request', 'Bad request', 'The request is not of the documented form.');
    return;
  }
  const { db, signals, now, hubId } = deps;
  if (asked.data.hubId !== undefined && asked.data.hubId !== hubId) {
    refuse(res, 403, 'another-hub', 'Another hub', 'This service does not speak for that hub.');
    return;
  }
  const { recordId } = asked.data;
  try {
    const object = await objectOf(db, hubId, asked.data.object);
    await markDue(db, hubId, 'read', [{ object, recordId }], { now: now() });
  } catch (error) {
    if (!(error instanceof DeskRefused)) throw error;
    refuse(res, 422, error.answer.code, 'Please check', error.answer.sentence);
    return;
  }
  signals.wake(hubId);
  res.status(202).json({ queued: true });
}

/** All values of a header, so that a second one is seen and refused. */
function header(req: Request, name: string): string | string[] | undefined {
  const values = req.headersDistinct[name];
  return values?.length === 1 ? values[0] : values;
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    return undefined;
  }
}

/** The body parser's errors carry a status; everything else is a bug and goes on to the service's last handler. */
export const answerUnreadable: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined;
  if (status === 413) refuse(res, 413, 'too-large', 'Too large', 'The request is too large.');
  else if (status === 415) refuse(res, 415, 'encoded', 'Encoded', 'Send the request as it is, not packed.');
  else if (status === 400) refuse(res, 400, 'bad-request', 'Bad request', 'The request could not be read.');
  else next(error);
};

function refuse(res: Response, status: number, code: string, title: string, detail: string): void {
  const problem: Problem = { type: `urn:tallystick:problem:${code}`, title, status, code, detail };
  res.status(status).type('application/problem+json').send(JSON.stringify(problem));
}
