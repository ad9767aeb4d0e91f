/**
 * Signing in by a link in a mail. The link is for the browser that asked, once, for ten minutes; its secret stands
 * behind the # of a page of ours, so that it is in no server's log, and only that page's POST uses it up.
 *
 * Anybody may prove any mailbox: who is a customer is found out after that, so the answer cannot tell who is one.
 */
import { confirmRequest, mailRequest } from '@tallystick/shared/schemas';
import { parse } from '@tallystick/shared/values';
import type { Request, Response } from 'express';
import type { SessionRow } from '../../store/sessions.ts';
import { beginSignIn, countAsked, useSignIn } from '../../store/signIns.ts';
import { limitsOf } from '../access.ts';
import { Refused } from '../problem.ts';
import { jsonBody, parsed } from '../requests.ts';
import { MAIL, REFUSALS } from '../words.ts';
import { cookieOf, setCookie } from './cookies.ts';
import { enter, type SignInDeps } from './enter.ts';
import { newSecret } from './settings.ts';

export const LINK_VALID_MS = 600_000;
const COUNTED_MS = 900_000;

export async function askForLink(deps: SignInDeps, req: Request, res: Response): Promise<void> {
  const { db, signIn, now } = deps;
  const { hubId, mailer, portalUrl } = signIn;
  if (mailer === null) throw new Refused('way-not-offered');
  const to = addressOf(parsed(mailRequest, jsonBody(req)).email);
  const browser = cookieOf(signIn, req, 'browser') ?? newSecret(signIn);
  const secret = newSecret(signIn);
  const asked = await countAsked(db, hubId, to, now() - COUNTED_MS);
  const times = { begunAt: now(), expiresAt: now() + LINK_VALID_MS };
  await beginSignIn(db, hubId, { secret, browser, address: to, ...times });
  // Beyond the limit the answer is the same and no mail goes out: it protects whoever reads the mailbox.
  if (asked < limitsOf(deps).mailsPerAddress) {
    const link = `${portalUrl}/sign-in/confirm#${secret}`;
    mailer.post({ to, subject: MAIL.subject, text: MAIL.text(link, new URL(portalUrl).host) });
  }
  setCookie(signIn, res, 'browser', browser, LINK_VALID_MS);
  res.status(202).json({});
}

export async function confirmLink(deps: SignInDeps, req: Request, res: Response): Promise<SessionRow> {
  const { db, signIn, now } = deps;
  const { token } = parsed(confirmRequest, jsonBody(req));
  const browser = cookieOf(signIn, req, 'browser') ?? '';
  const used = await useSignIn(db, signIn.hubId, { secret: token, browser, now: now() });
  if (used === 'other-browser') throw new Refused('other-browser');
  if (used === 'over' || used.address === null) throw new Refused('link-over');
  const { address } = used;
  return enter(deps, req, res, { issuer: '', subject: address, address, provenAt: now() });
}

function addressOf(text: string): string {
  const read = parse('email', text);
  if (read.ok && read.value !== null) return read.value;
  const code = read.ok ? 'required' : read.problem;
  throw new Refused('fields-refused', { fields: { email: { code, message: REFUSALS[code] } } });
}
