/** Tokens: the app's own static one, those made by OAuth, and what introspection tells of them. */
import type { Clock } from './clock.ts';
import type { Caller } from './http.ts';
import type { Random } from './random.ts';

const ACCESS_TOKEN_LIFE_S = 1_800; // docs: manage OAuth tokens
const CODE_LIFE_MS = 60_000; // GUESS; docs say single use

export interface Grant {
  token: string;
  appId: number;
  kind: 'static' | 'access' | 'refresh' | 'code' | 'client';
  scopes: readonly string[] | 'all';
  expiresAt: number | null;
}
export interface OauthApp {
  appId: number;
  clientId: string;
  clientSecret: string;
}

/** RFC 6749 errors with HubSpot's own members (docs: OAuth v3 endpoints and standardised errors). */
export class OauthError extends Error {
  readonly body: Record<string, string>;
  constructor(error: string, status: string, description: string) {
    super(description);
    this.body = { error, error_description: description, status, message: description };
  }
}

export interface Tokens {
  app: OauthApp;
  authenticate: (token: string) => Caller | 'expired' | null;
  find(token: string): Grant | null;
  /** A static token of another app: its writes carry that app's id. */
  issueStatic(appId: number): string;
  /** As if a person had agreed on the authorize page. */
  issueCode(scopes: readonly string[]): string;
  exchange(form: URLSearchParams): { access: Grant; refresh: Grant | null };
  revoke(token: string): void;
}

export function createTokens(
  clock: Clock,
  random: Random,
  app: OauthApp,
  accessToken: string,
  scopes: Grant['scopes'] = 'all',
): Tokens {
  const grants = new Map<string, Grant>();
  const add = (grant: Grant): Grant => {
    grants.set(grant.token, grant);
    return grant;
  };
  add({ token: accessToken, appId: app.appId, kind: 'static', scopes, expiresAt: null });
  const make = (kind: Grant['kind'], scopes: Grant['scopes'], lifeMs: number | null): Grant =>
    add({
      token: `${kind}-${random.uuid()}`,
      appId: app.appId,
      kind,
      scopes,
      expiresAt: lifeMs === null ? null : clock.now() + lifeMs,
    });
  const alive = (grant: Grant | undefined): boolean =>
    grant !== undefined && (grant.expiresAt === null || grant.expiresAt > clock.now());
  const spend = (token: string, kind: Grant['kind']): Grant => {
    const grant = grants.get(token);
    if (grant === undefined || grant.kind !== kind || !alive(grant))
      throw kind === 'code'
        ? new OauthError('invalid_grant', 'BAD_AUTH_CODE', 'missing or unknown auth code')
        : new OauthError(
            'invalid_grant',
            'BAD_REFRESH_TOKEN',
            'refresh token is invalid, expired or revoked',
          );
    if (kind === 'code') grants.delete(token); // docs: single use
    return grant;
  };
  return {
    app,
    authenticate: (token) => {
      const grant = grants.get(token);
      if (grant === undefined || grant.kind === 'refresh' || grant.kind === 'code') return null;
      if (!alive(grant)) return 'expired';
      return { appId: grant.appId, oauth: grant.kind === 'access', scopes: grant.scopes };
    },
    find: (token) => (alive(grants.get(token)) ? (grants.get(token) ?? null) : null),
    issueStatic: (appId) =>
      add({ token: `pat-na1-${random.uuid()}`, appId, kind: 'static', scopes: 'all', expiresAt: null }).token,
    issueCode: (scopes) => make('code', scopes, CODE_LIFE_MS).token,
    exchange: (form) => {
      if (form.get('client_id') !== app.clientId)
        throw new OauthError('invalid_client', 'BAD_CLIENT_ID', 'missing or unknown client id');
      if (form.get('client_secret') !== app.clientSecret)
        throw new OauthError('invalid_client', 'BAD_CLIENT_SECRET', 'missing or wrong client secret');
      const kind = form.get('grant_type');
      if (kind === 'client_credentials') {
        const scopes = (form.get('scope') ?? '').split(/[\s,]+/).filter((scope) => scope !== '');
        return { access: make('client', scopes, ACCESS_TOKEN_LIFE_S * 1_000), refresh: null };
      }
      if (kind !== 'authorization_code' && kind !== 'refresh_token')
        throw new OauthError('unsupported_grant_type', 'BAD_GRANT_TYPE', `unknown grant type ${kind ?? ''}`);
      // Docs: a refresh answers with the same refresh token.
      const before = kind === 'refresh_token' ? spend(form.get('refresh_token') ?? '', 'refresh') : null;
      const { scopes } = before ?? spend(form.get('code') ?? '', 'code');
      return {
        access: make('access', scopes, ACCESS_TOKEN_LIFE_S * 1_000),
        refresh: before ?? make('refresh', scopes, null),
      };
    },
    revoke: (token) => {
      const grant = grants.get(token);
      grants.delete(token);
      // GUESS: revoking the refresh token takes its access tokens along.
      if (grant?.kind === 'refresh')
        for (const [key, other] of grants) if (other.kind === 'access') grants.delete(key);
    },
  };
}

export { ACCESS_TOKEN_LIFE_S };
