/**
 * The two cookies. Both are for this host alone (`__Host-`: no Domain, Path=/, Secure), invisible to scripts, and not
 * sent with requests that another site's page makes. On http://localhost, for development, a browser takes neither
 * `Secure` nor the prefix.
 */
import type { Request, Response } from 'express';
import { isSecret, type SignInSettings } from './settings.ts';

/** The session's secret; and what binds a sign-in to the browser that began it. */
type Name = 'session' | 'browser';

export function readCookie(
  settings: Pick<SignInSettings, 'portalUrl'>,
  header: string | undefined,
  name: Name,
): string | null {
  const wanted = nameOf(settings, name);
  const values = (header ?? '').split(';').flatMap((pair) => {
    const [key = '', value = ''] = pair.trim().split('=');
    return key === wanted ? [value] : [];
  });
  const [value] = values;
  // Two of one name: somebody else has planted one of them.
  return value !== undefined && values.length === 1 && isSecret(value) ? value : null;
}

export const cookieOf = (settings: SignInSettings, req: Request, name: Name): string | null =>
  readCookie(settings, req.headers.cookie, name);

export function setCookie(
  settings: SignInSettings,
  res: Response,
  name: Name,
  value: string,
  maxAgeMs: number,
): void {
  res.cookie(nameOf(settings, name), value, { ...attributesOf(settings), maxAge: maxAgeMs });
}

export function clearCookie(settings: SignInSettings, res: Response, name: Name): void {
  res.clearCookie(nameOf(settings, name), attributesOf(settings));
}

const attributesOf = (settings: Pick<SignInSettings, 'portalUrl'>) => ({
  httpOnly: true,
  sameSite: 'lax' as const,
  secure: isSecure(settings),
  path: '/',
});

export const isSecure = ({ portalUrl }: Pick<SignInSettings, 'portalUrl'>): boolean =>
  !/^http:\/\/(localhost|127\.0\.0\.1)(:\d+)?$/.test(portalUrl);

const nameOf = (settings: Pick<SignInSettings, 'portalUrl'>, name: Name): string =>
  `${isSecure(settings) ? '__Host-' : ''}portal_${name}`;
