/**
 * A browser sends the session's cookie by itself, so an unsafe request counts only when the browser says that a page of
 * ours made it. Both headers are the browser's own: no page can set them. Neither there: an old browser, or none.
 */
import type { Request } from 'express';
import { Refused } from '../problem.ts';
import type { SignInSettings } from './settings.ts';

const SAFE = ['GET', 'HEAD', 'OPTIONS'];

export function refuseCrossSite({ portalUrl }: SignInSettings, req: Request): void {
  if (SAFE.includes(req.method)) return;
  const site = req.get('Sec-Fetch-Site');
  const origin = req.get('Origin');
  const says = [
    ...(site === undefined ? [] : [site === 'same-origin']),
    ...(origin === undefined ? [] : [origin === new URL(portalUrl).origin]),
  ];
  if (says.length === 0 || says.includes(false)) throw new Refused('cross-site');
}
