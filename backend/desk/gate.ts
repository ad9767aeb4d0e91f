/**
 * Who asks: HubSpot signs every request of a card (signature v3), and only what it signed says who the user is.
 * The record's id is the card's own word: it names, and proves nothing.
 */
import { isHubId, staffId, type HubId, type StaffId } from '@tallystick/shared/ids';
import type { DeskRole } from '@tallystick/shared/deskMessages';
import type { Problem } from '@tallystick/shared/messages';
import type { Request, RequestHandler, Response } from 'express';
import { verifySignature } from '../hubspot/signature.ts';
import type { Db } from '../store/database.ts';
import { noteSeen, roleOf } from '../store/staff.ts';
import { DeskRefused } from './refusals.ts';

export interface DeskUser {
  hubId: HubId;
  userId: string;
  staffId: StaffId;
  email: string;
  role: DeskRole;
}

export interface GateDeps {
  db: Db;
  now: () => number;
  hubId: HubId;
  appId: string;
  /** Newest first; several while a secret is being rotated. */
  secrets: readonly string[];
  /** The address HubSpot calls, from the configuration. */
  publicUrl: string;
  /** User ids and e-mail addresses that are administrators whatever the store says. */
  admins: readonly string[];
}

export interface Gate {
  handle: RequestHandler;
  userOf(req: Request): DeskUser;
}

/** Somebody's address is stored again after this long. */
const SEEN_AGAIN_MS = 3_600_000;
const IDENTITY = ['portalId', 'userId', 'userEmail', 'appId'] as const;

export function createGate(deps: GateDeps): Gate {
  const users = new WeakMap<Request, DeskUser>();
  const seen = new Map<string, number>();
  const handle: RequestHandler = async (req, res, next) => {
    const body: unknown = req.body;
    const verdict = verifySignature(
      {
        method: req.method,
        url: `${deps.publicUrl}${req.originalUrl}`,
        body: Buffer.isBuffer(body) ? body : Buffer.alloc(0),
        signature: header(req, 'x-hubspot-signature-v3'),
        timestamp: header(req, 'x-hubspot-request-timestamp'),
      },
      deps.secrets,
      deps.now(),
    );
    if (!verdict.ok) {
      forbid(res, verdict.code, verdict.detail);
      return;
    }
    const identity = identityOf(req);
    if (identity === null) {
      forbid(res, 'identity-unclear', 'The signed address does not name exactly one user of one hub.');
      return;
    }
    if (identity.hubId !== deps.hubId || identity.appId !== deps.appId) {
      forbid(res, 'another-hub', 'This service does not speak for that hub and app.');
      return;
    }
    const user = await knownUser(deps, identity);
    if ((seen.get(user.userId) ?? -Infinity) < deps.now() - SEEN_AGAIN_MS) {
      seen.set(user.userId, deps.now());
      await noteSeen(deps.db, user.hubId, { ...user, now: deps.now() });
    }
    users.set(req, user);
    next();
  };
  return {
    handle,
    userOf: (req) => {
      const user = users.get(req);
      if (user === undefined) throw new Error('A desk route was reached past the gate.');
      return user;
    },
  };
}

/** All values of a header, so that a second one is seen and refused. */
function header(req: Request, name: string): string | string[] | undefined {
  const values = req.headersDistinct[name];
  return values?.length === 1 ? values[0] : values;
}

interface Identity {
  hubId: HubId;
  appId: string;
  userId: string;
  email: string;
}

/** HubSpot appends these to the address it signs. A card may put the same names before them: then nothing is believed. */
function identityOf(req: Request): Identity | null {
  const query = new URL(req.originalUrl, 'http://desk').searchParams;
  if (IDENTITY.some((name) => query.getAll(name).length !== 1)) return null;
  const hubId = query.get('portalId') ?? '';
  const userId = query.get('userId') ?? '';
  const appId = query.get('appId') ?? '';
  if (!isHubId(hubId) || !/^[1-9]\d{0,15}$/.test(userId)) return null;
  return { hubId, appId, userId, email: query.get('userEmail') ?? '' };
}

async function knownUser(deps: GateDeps, { hubId, userId, email }: Identity): Promise<DeskUser> {
  const { own, desk } = await roleOf(deps.db, hubId, userId);
  const isFixed = deps.admins.includes(userId) || deps.admins.includes(email.toLowerCase());
  const role = isFixed ? 'admin' : (own ?? desk.everybody ?? 'viewer');
  if (role === 'none') throw new DeskRefused('not-for-you');
  return { hubId, userId, staffId: staffId(userId), email, role };
}

function forbid(res: Response, code: string, detail: string): void {
  const problem: Problem = {
    type: `urn:tallystick:problem:${code}`,
    title: 'Not signed',
    status: 401,
    code,
    detail,
  };
  res.status(401).type('application/problem+json').send(JSON.stringify(problem));
}
