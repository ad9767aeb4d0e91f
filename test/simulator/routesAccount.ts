/** Who we are: account information, tokens and their introspection. */
import { z } from 'zod';
import { notFound } from './errors.ts';
import {
  noContent,
  ok,
  param,
  parseBody,
  prefixes,
  under,
  type Call,
  type Reply,
  type Route,
} from './http.ts';
import { ACCESS_TOKEN_LIFE_S, OauthError, type Grant, type Tokens } from './oauth.ts';
import type { State } from './state.ts';

const INSTALLER = { id: 9_900_001, email: 'installer@example.com' };

export function accountRoutes(state: State, tokens: Tokens): Route[] {
  const details = (): Reply =>
    ok({
      portalId: state.hubId,
      accountType: 'DEVELOPER_TEST',
      timeZone: state.timeZone,
      companyCurrency: 'EUR',
      additionalCurrencies: [],
      utcOffset: '+01:00',
      utcOffsetMilliseconds: 3_600_000,
      uiDomain: 'app.hubspot.com',
      dataHostingLocation: 'na1',
    });
  const privateApp = (call: Call): Reply => {
    const { tokenKey } = parseBody(call, z.object({ tokenKey: z.string() }));
    const grant = tokens.find(tokenKey);
    if (grant?.kind !== 'static') throw notFound('Token not found'); // GUESS at the words
    return ok({ userId: INSTALLER.id, hubId: state.hubId, appId: grant.appId, scopes: listed(state, grant) });
  };
  // Observed: 200 with any scopes.
  return [
    ...under(
      prefixes(['/account-info/v3'], (date) => `/account-info/${date}`),
      [
        {
          method: 'GET',
          pattern: '/details',
          name: 'account',
          access: 'read',
          limit: 'burst',
          scopes: [],
          handle: details,
        },
      ],
    ),
    ...under(
      ['/oauth/v2/private-apps/get/access-token-info'],
      [
        // GUESS: outside the limits, as the other OAuth calls.
        {
          method: 'POST',
          pattern: '',
          name: 'tokenInfo',
          access: 'read',
          limit: 'none',
          open: true,
          handle: privateApp,
        },
      ],
    ),
    ...oauthRoutes(state, tokens),
  ];
}

function oauthRoutes(state: State, tokens: Tokens): Route[] {
  const shared = { access: 'read' as const, limit: 'none' as const, open: true as const };
  // OAuth v1 goes away on 2027-02-16 (changelog); the official client 14.0.1 still calls it.
  return [
    ...under(
      ['/oauth/v1', '/oauth/v3', '/oauth/2026-03', '/oauth/2026-09'],
      [
        {
          ...shared,
          method: 'POST',
          pattern: '/token',
          name: 'token',
          handle: (call) => guarded(() => token(state, tokens, call)),
        },
      ],
    ),
    ...under(
      ['/oauth/v3', '/oauth/2026-03', '/oauth/2026-09'],
      [
        {
          ...shared,
          method: 'POST',
          pattern: '/token/introspect',
          name: 'introspect',
          handle: (call) => introspect(state, tokens, call),
        },
        {
          ...shared,
          method: 'POST',
          pattern: '/token/revoke',
          name: 'revoke',
          handle: (call) => revoke(tokens, call),
        },
      ],
    ),
    {
      ...shared,
      method: 'GET',
      pattern: '/oauth/v1/access-tokens/:token',
      name: 'accessToken',
      handle: (call) => oldInfo(state, tokens, call),
    },
    {
      ...shared,
      method: 'GET',
      pattern: '/oauth/v1/refresh-tokens/:token',
      name: 'refreshToken',
      handle: (call) => oldInfo(state, tokens, call),
    },
    {
      ...shared,
      method: 'DELETE',
      pattern: '/oauth/v1/refresh-tokens/:token',
      name: 'revokeOld',
      handle: (call) => {
        tokens.revoke(param(call, 'token'));
        return noContent;
      },
    },
  ];
}

const form = (call: Call): URLSearchParams => new URLSearchParams(call.raw.toString('utf8'));
/** Docs: the scopes that the token has. One that may do everything lists every scope there is for what the stand-in holds. */
function listed(state: State, grant: Grant): string[] {
  const { missingScopes } = state.faults.api;
  const types = ['contacts', 'companies', 'deals', 'quotes', 'line_items', 'custom'];
  const every = types.flatMap((type) => [
    ...[`crm.objects.${type}.read`, `crm.objects.${type}.write`],
    ...[`crm.schemas.${type}.read`, `crm.schemas.${type}.write`],
  ]);
  const all = [...every, 'crm.objects.owners.read', 'files', 'tickets'];
  const scopes = grant.scopes === 'all' ? all : [...grant.scopes];
  return scopes.filter((scope) => !missingScopes.includes(scope));
}

const scopesOf = (grant: Grant): string[] => (grant.scopes === 'all' ? ['oauth'] : [...grant.scopes]);

function guarded(work: () => Reply): Reply {
  try {
    return work();
  } catch (error) {
    if (error instanceof OauthError) return ok(error.body, 400);
    throw error;
  }
}

function token(state: State, tokens: Tokens, call: Call): Reply {
  const { access, refresh } = tokens.exchange(form(call));
  return ok({
    token_type: 'bearer',
    access_token: access.token,
    ...(refresh === null ? {} : { refresh_token: refresh.token, hub_id: state.hubId, user_id: INSTALLER.id }),
    expires_in: ACCESS_TOKEN_LIFE_S,
    scopes: scopesOf(access),
    token_use: 'access_token',
  });
}

/** Docs pass the token in a field named like its hint, the spec in `token`: both are taken. */
function introspect(state: State, tokens: Tokens, call: Call): Reply {
  const sent = form(call);
  const grant = tokens.find(sent.get('token') ?? sent.get('access_token') ?? sent.get('refresh_token') ?? '');
  if (grant === null) return ok({ active: false });
  return ok({
    active: true,
    hub_id: state.hubId,
    user_id: INSTALLER.id,
    app_id: grant.appId,
    client_id: tokens.app.clientId,
    user: INSTALLER.email,
    hub_domain: 'demo.hubspot.example',
    scopes: scopesOf(grant),
    ...(grant.expiresAt === null
      ? {}
      : { expires_in: Math.round((grant.expiresAt - state.clock.now()) / 1_000) }),
    is_private_distribution: true,
    token_use: grant.kind === 'refresh' ? 'refresh_token' : 'access_token',
    token_type: 'bearer',
  });
}

function revoke(tokens: Tokens, call: Call): Reply {
  const sent = form(call);
  tokens.revoke(sent.get('token') ?? sent.get('refresh_token') ?? sent.get('access_token') ?? '');
  return ok({}); // GUESS at the empty body
}

function oldInfo(state: State, tokens: Tokens, call: Call): Reply {
  const grant = tokens.find(param(call, 'token'));
  if (grant === null) throw notFound('the token does not exist'); // GUESS at the words
  return ok({
    token: grant.token,
    user: INSTALLER.email,
    hub_domain: 'demo.hubspot.example',
    scopes: scopesOf(grant),
    hub_id: state.hubId,
    app_id: grant.appId,
    user_id: INSTALLER.id,
    client_id: tokens.app.clientId,
    token_type: grant.kind === 'refresh' ? 'refresh' : 'access',
    ...(grant.expiresAt === null
      ? {}
      : { expires_in: Math.round((grant.expiresAt - state.clock.now()) / 1_000) }),
  });
}
