/** The desk's API, version 1: what HubSpot's cards, pages and settings ask, below `/desk/v1`. */
import { fieldOf, OBJECTS } from '@tallystick/shared/ownership';
import type { Problem } from '@tallystick/shared/messages';
import express, {
  Router,
  type ErrorRequestHandler,
  type Request,
  type RequestHandler,
  type Response,
} from 'express';
import { rateLimit } from 'express-rate-limit';
import type { AlertChannel } from '../store/operatingTables.ts';
import { testAlert } from './alerts.ts';
import { claimsAnswer } from './claims.ts';
import { createGate, type DeskUser, type GateDeps } from './gate.ts';
import { heldAnswer } from './heldSets.ts';
import { createHours, healthAnswer } from './health.ts';
import { asOfAnswer, historyAnswer, whyAnswer } from './history.ts';
import { order } from './orders.ts';
import { conflictsAnswer, parkedAnswer, rulesAnswer } from './pages.ts';
import { findRecord, objectOf, placeOf, recordAnswer } from './record.ts';
import { DeskRefused } from './refusals.ts';
import * as requests from './requests.ts';
import { rule, ruleMany, type RulingDeps } from './rulings.ts';
import { schemaAnswer } from './schema.ts';
import { settingsAnswer } from './settings.ts';
import { startUndo, undoAnswer, undoProgress } from './undo.ts';
import { viewAsAnswer } from './viewAs.ts';

/** HubSpot lets a card send 1 MB. */
const BODY_MAX = '1mb';
const MINUTE_MS = 60_000;

/** What one colleague, and all of a hub, may ask. Tests set them smaller. */
export const DESK_LIMITS = {
  /** A card asks every 3 s at most, and somebody has a dozen of them open. */
  requestsPerMinute: 600,
  hubRequestsPerMinute: 12_000,
  /** Not yet known to be HubSpot's; it has at most 20 of an account under way. */
  unverifiedMaxRequests: 64,
};
export type DeskLimits = typeof DESK_LIMITS;

export type DeskDeps = GateDeps &
  RulingDeps & {
    limits?: Partial<DeskLimits>;
    /** Where people are told of warnings. */
    alertChannels?: readonly AlertChannel[];
  };

type Answering = (user: DeskUser, input: unknown) => Promise<object> | object;

export function deskRouter(deps: DeskDeps): Router {
  const gate = createGate(deps);
  const v1 = Router();
  v1.use((_req, res, next) => {
    res.setHeader('Cache-Control', 'no-store');
    next();
  });
  // The signature is over the very bytes, so they are parsed only behind the gate.
  const { requestsPerMinute, hubRequestsPerMinute, unverifiedMaxRequests } = {
    ...DESK_LIMITS,
    ...deps.limits,
  };
  const unverified = fewAtOnce(unverifiedMaxRequests);
  v1.use(unverified.enter, express.raw({ type: () => true, limit: BODY_MAX, inflate: false }));
  v1.use(gate.handle, unverified.leave);
  v1.use(perKey(requestsPerMinute, (req) => gate.userOf(req).userId));
  v1.use(perKey(hubRequestsPerMinute, (req) => gate.userOf(req).hubId));
  const reply = async (res: Response, user: DeskUser, input: unknown, answer: Answering): Promise<void> => {
    res.json({ ok: true, ...(await answer(user, input)) });
  };
  for (const [path, answer] of Object.entries(questions(deps)))
    v1.get(path, (req, res) => reply(res, gate.userOf(req), req.query, answer));
  for (const [path, answer] of Object.entries(changes(deps)))
    v1.post(path, (req, res) => reply(res, gate.userOf(req), jsonOf(req), answer));
  const methods = [
    ...Object.keys(questions(deps)).map((path) => [path, 'GET, HEAD'] as const),
    ...Object.keys(changes(deps)).map((path) => [path, 'POST'] as const),
  ];
  for (const [path, allow] of methods)
    v1.all(path, (_req, res) => {
      res.setHeader('Allow', allow);
      answerProblem(
        res,
        405,
        'method-not-allowed',
        'Method not allowed',
        'This address takes another method.',
      );
    });
  v1.use(answerRefusals);
  const router = Router();
  router.use('/desk/v1', v1);
  return router;
}

/** Everybody with a role may ask these. */
function questions(deps: DeskDeps): Record<string, Answering> {
  const { db, now } = deps;
  const hours = createHours();
  const found = async ({ hubId }: DeskUser, named: { objectType: string; recordId: string }) =>
    findRecord(db, hubId, named);
  return {
    '/record': async (user, input) => {
      const query = requests.parsed(requests.recordQuery, input);
      return recordAnswer(db, user, await placeOf(db, user.hubId, query), query.known ?? null);
    },
    '/why': async (user, input) => {
      const query = requests.parsed(requests.fieldQuery, input);
      return whyAnswer(db, user.hubId, await found(user, query), query.field);
    },
    '/history': async (user, input) => {
      const { before, kind, field, ...place } = requests.parsed(requests.historyQuery, input);
      const { object, recordId } = await found(user, place);
      return historyAnswer(db, user.hubId, { object, recordId, field, ...page(before, kind) });
    },
    '/as-of': async (user, input) => {
      const query = requests.parsed(requests.asOfQuery, input);
      return asOfAnswer(db, user.hubId, await found(user, query), Date.parse(query.at));
    },
    '/view-as': async (user, input) => {
      const query = requests.parsed(requests.viewAsQuery, input);
      return viewAsAnswer(db, user.hubId, await found(user, query), query.contactId, now());
    },
    '/health': (user) => healthAnswer(db, user.hubId, user.role, hours, now()),
    '/conflicts': ({ hubId, role }, input) => {
      const { open, kind, object, field, before } = requests.parsed(requests.conflictsQuery, input);
      const filter = {
        kind: kind ?? null,
        object: object ?? null,
        field: field ?? null,
        before: before ?? null,
      };
      return conflictsAnswer(db, hubId, role, { open: open === 'true', ...filter });
    },
    '/claims': ({ hubId, role }, input) => {
      const { open, before } = requests.parsed(requests.claimsQuery, input);
      return claimsAnswer(db, hubId, role, { open: open === 'true', before: before ?? null });
    },
    '/held': ({ hubId, role }) => heldAnswer(db, hubId, role),
    '/undo': ({ hubId, role }, input) =>
      undoAnswer(db, hubId, role, requests.parsed(requests.undoQuery, input), now()),
    '/undo/progress': ({ hubId, staffId }, input) =>
      undoProgress(db, hubId, staffId, requests.parsed(requests.undoProgressQuery, input).undoId),
    '/parked': ({ hubId, role }) => parkedAnswer(db, hubId, role),
    '/activity': ({ hubId }, input) => {
      const { before, kind, ...filter } = requests.parsed(requests.activityQuery, input);
      return historyAnswer(db, hubId, { ...filter, ...page(before, kind) });
    },
    '/rules': () => rulesAnswer(),
    '/schema': ({ hubId, role }) => schemaAnswer(db, hubId, role),
    '/settings': (user) => settingsAnswer(db, user, deps.admins, now(), deps.alertChannels),
  };
}

function page<K>(before: string | undefined, kind: K | undefined) {
  return {
    before: before === undefined ? undefined : Number(before),
    kinds: kind === undefined ? undefined : [kind],
  };
}

/** Everything here wants an administrator, except to have a record looked at. */
function changes(deps: DeskDeps): Record<string, Answering> {
  const { db } = deps;
  return {
    ...forAdmins({
      '/rulings': (user, input) => rule(deps, user, requests.parsed(requests.rulingBody, input)),
      '/rulings/many': (user, input) => {
        const { key, choice, note, conflicts } = requests.parsed(requests.bulkBody, input);
        const each = conflicts.map((conflict) => ({
          ...conflict,
          choice,
          note,
          value: null,
          key: `${key}:${conflict.conflictId}`,
        }));
        return ruleMany(deps, user, each);
      },
      '/undo': async ({ hubId, staffId }, input) => {
        const started = await startUndo(deps, hubId, staffId, requests.parsed(requests.undoBody, input));
        deps.signals.wake(hubId);
        return started;
      },
      '/test-alert': ({ hubId }) => testAlert(db, hubId, deps.alertChannels ?? [], deps.now()),
    }),
    '/orders': async (user, input) => {
      const asked = requests.parsed(requests.orderBody, input);
      if (asked.order.do === 'look') {
        const object = await objectOf(db, user.hubId, asked.order.object);
        return order(deps, user, { key: asked.key, order: { ...asked.order, object } });
      }
      adminsOnly(user);
      checkPlace(asked.order);
      return order(deps, user, { key: asked.key, order: asked.order });
    },
  };
}

function forAdmins(answers: Record<string, Answering>): Record<string, Answering> {
  const guarded = ([path, answer]: [string, Answering]): [string, Answering] => [
    path,
    (user, input) => {
      adminsOnly(user);
      return answer(user, input);
    },
  ];
  return Object.fromEntries(Object.entries(answers).map(guarded));
}

function adminsOnly(user: DeskUser): void {
  if (user.role !== 'admin') throw new DeskRefused('admins-only');
}

/** A field is paused only together with the object it is of. */
function checkPlace(asked: { do: string } & Partial<{ object: string | null; field: string | null }>): void {
  const { object = null, field = null } = asked;
  if (asked.do !== 'pause' || field === null) return;
  const spec = OBJECTS.find((name) => name === object);
  if (spec === undefined || fieldOf(spec, field) === undefined) throw new DeskRefused('unknown-field');
}

function jsonOf(req: Request): unknown {
  const body: unknown = req.body;
  try {
    const value: unknown = JSON.parse(Buffer.isBuffer(body) ? body.toString('utf8') : '');
    return value;
  } catch {
    throw new DeskRefused('bad-request', { sentence: 'The request is not valid JSON.' });
  }
}

/** Expected refusals are answers; everything else is a bug and goes on to the service's last handler. */
const answerRefusals: ErrorRequestHandler = (error: unknown, _req, res, next) => {
  const status = typeof error === 'object' && error !== null && 'status' in error ? error.status : undefined;
  if (res.headersSent) next(error);
  else if (error instanceof DeskRefused) res.json(error.answer);
  else if (status === 413) answerProblem(res, 413, 'too-large', 'Too large', 'The request is too large.');
  else if (status === 415)
    answerProblem(res, 415, 'encoded', 'Encoded', 'An encoded body cannot be verified.');
  else if (status === 400)
    answerProblem(res, 400, 'bad-request', 'Bad request', 'The request could not be read.');
  else next(error);
};

function answerProblem(res: Response, status: number, code: string, title: string, detail: string): void {
  const problem: Problem = { type: `urn:tallystick:problem:${code}`, title, status, code, detail };
  res.status(status).type('application/problem+json').send(JSON.stringify(problem));
}

/** Bodies of requests that nobody has verified yet are held in memory, so there may only be a few. */
function fewAtOnce(max: number): { enter: RequestHandler; leave: RequestHandler } {
  const inside = new Set<Request>();
  return {
    enter: (req, res, next) => {
      if (inside.size >= max) {
        res.setHeader('Retry-After', 1);
        answerProblem(res, 503, 'overloaded', 'Overloaded', 'Too much is being read; please ask again.');
        return;
      }
      inside.add(req);
      res.on('close', () => inside.delete(req));
      next();
    },
    leave: (req, _res, next) => {
      inside.delete(req);
      next();
    },
  };
}

function perKey(limit: number, keyOf: (req: Request) => string): RequestHandler {
  return rateLimit({
    ...{ windowMs: MINUTE_MS, limit, standardHeaders: 'draft-8', legacyHeaders: false, keyGenerator: keyOf },
    handler: (_req, res) =>
      answerProblem(
        res,
        429,
        'too-many-requests',
        'Too many requests',
        'Please wait a moment and ask again.',
      ),
  });
}
