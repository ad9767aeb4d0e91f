/** The desk's API, version 1: what HubSpot's cards, pages and settings ask, below `/desk/v1`. */
import { fieldOf, OBJECTS } from '@tallystick/shared/ownership';
import express, { Router, type ErrorRequestHandler, type Request, type Response } from 'express';
import type { AlertChannel } from '../store/operatingTables.ts';
import { testAlert } from './alerts.ts';
import { claimsAnswer } from './claims.ts';
import { createGate, type DeskUser, type GateDeps } from './gate.ts';
import { createHours, healthAnswer } from './health.ts';
import { asOfAnswer, historyAnswer, whyAnswer } from './history.ts';
import { order } from './orders.ts';
import { conflictsAnswer, parkedAnswer, rulesAnswer } from './pages.ts';
import { findRecord, objectOf, recordAnswer } from './record.ts';
import { DeskRefused } from './refusals.ts';
import * as requests from './requests.ts';
import { rule, ruleMany, type RulingDeps } from './rulings.ts';
import { settingsAnswer } from './settings.ts';
import { viewAsAnswer } from './viewAs.ts';

/** HubSpot lets a card send 1 MB. */
const BODY_MAX = '1mb';

export type DeskDeps = GateDeps &
  RulingDeps & {
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
  v1.use(express.raw({ type: () => true, limit: BODY_MAX }), gate.handle);
  const reply = async (res: Response, user: DeskUser, input: unknown, answer: Answering): Promise<void> => {
    res.json({ ok: true, ...(await answer(user, input)) });
  };
  for (const [path, answer] of Object.entries(questions(deps)))
    v1.get(path, (req, res) => reply(res, gate.userOf(req), req.query, answer));
  for (const [path, answer] of Object.entries(changes(deps)))
    v1.post(path, (req, res) => reply(res, gate.userOf(req), jsonOf(req), answer));
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
      return recordAnswer(db, user, await found(user, query), query.known ?? null);
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
    '/parked': ({ hubId, role }) => parkedAnswer(db, hubId, role),
    '/activity': ({ hubId }, input) => {
      const { before, kind, ...filter } = requests.parsed(requests.activityQuery, input);
      return historyAnswer(db, hubId, { ...filter, ...page(before, kind) });
    },
    '/rules': () => rulesAnswer(),
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
    '/rulings': (user, input) => {
      adminsOnly(user);
      return rule(deps, user, requests.parsed(requests.rulingBody, input));
    },
    '/rulings/many': (user, input) => {
      adminsOnly(user);
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
    '/test-alert': (user) => {
      adminsOnly(user);
      return testAlert(db, user.hubId, deps.alertChannels ?? [], deps.now());
    },
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
  const refused =
    error instanceof DeskRefused ? error : isTooLarge(error) ? new DeskRefused('bad-request') : null;
  if (refused === null || res.headersSent) next(error);
  else res.json(refused.answer);
};

const isTooLarge = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'status' in error && error.status === 413;
