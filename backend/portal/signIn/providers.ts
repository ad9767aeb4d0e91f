/**
 * Signing in with an identity provider: authorization code flow with PKCE, state and nonce, by `openid-client`, which
 * checks issuer, audience, times and signature of the ID token. State and nonce are bound to the browser that began.
 * A person is issuer and subject; the e-mail is only an address that the provider may vouch for.
 */
import type { Request, Response } from 'express';
import * as oidc from 'openid-client';
import type { Logger } from 'pino';
import { beginSignIn, useSignIn, type SignInUsed } from '../../store/signIns.ts';
import { Refused } from '../problem.ts';
import { param } from '../requests.ts';
import { signedIn } from '../session.ts';
import { parse } from '@tallystick/shared/values';
import { cookieOf, setCookie } from './cookies.ts';
import { enter, type Proof, type SignInDeps } from './enter.ts';
import { newSecret, type Provider } from './settings.ts';

const VALID_MS = 600_000;
/** With a session there is somebody to prove themselves anew: the provider is not to let them through in silence. */
const PROOF_MAX_AGE_S = 600;
const TIMEOUT_S = 10;

export type Providers = ReturnType<typeof createProviders>;
type Deps = SignInDeps & { log: Logger };

export function createProviders(deps: Deps) {
  const configurations = new Map<string, Promise<oidc.Configuration>>();
  /** Discovered once; a provider that did not answer is asked again by the next person. */
  const configurationOf = (provider: Provider): Promise<oidc.Configuration> => {
    const known = configurations.get(provider.name);
    if (known !== undefined) return known;
    const discovering = discover(provider);
    configurations.set(provider.name, discovering);
    discovering.catch(() => configurations.delete(provider.name));
    return discovering;
  };
  return {
    begin: async (req: Request, res: Response): Promise<void> => {
      const provider = providerOf(deps, req);
      const config = await configurationOf(provider).catch((error: unknown) => {
        deps.log.warn({ provider: provider.name, err: error }, 'An identity provider does not answer.');
        return null;
      });
      if (config === null) back(deps, res, 'provider-away');
      else await begin(deps, provider, config, req, res);
    },
    finish: async (req: Request, res: Response): Promise<void> => {
      const provider = providerOf(deps, req);
      const used = await usedBy(deps, provider, req);
      if (typeof used === 'string') {
        back(deps, res, used);
        return;
      }
      const proof = await proofOf(deps, provider, await configurationOf(provider), used, req);
      if (proof === null) {
        back(deps, res, 'sign-in-failed');
        return;
      }
      await enter(deps, req, res, proof);
      res.redirect(303, `${deps.signIn.portalUrl}/`);
    },
  };
}

function providerOf({ signIn }: SignInDeps, req: Request): Provider {
  const provider = signIn.providers.find(({ name }) => name === param(req, 'name'));
  if (provider === undefined) throw new Refused('way-not-offered');
  return provider;
}

async function discover({ issuer, clientId, clientSecret }: Provider): Promise<oidc.Configuration> {
  const url = new URL(issuer);
  // The settings take http only for this machine: a provider under development.
  const isPlain = url.protocol === 'http:';
  // Marked as deprecated only to stand out; the library looks for this very function.
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  const execute = isPlain ? [oidc.allowInsecureRequests] : [];
  const found = await oidc.discovery(url, clientId, clientSecret, undefined, { execute, timeout: TIMEOUT_S });
  const server = found.serverMetadata();
  const methods = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  const auth = methods.includes('client_secret_basic')
    ? oidc.ClientSecretBasic(clientSecret)
    : oidc.ClientSecretPost(clientSecret);
  const config = new oidc.Configuration(server, clientId, { client_secret: clientSecret }, auth);
  // eslint-disable-next-line @typescript-eslint/no-deprecated
  if (isPlain) oidc.allowInsecureRequests(config);
  oidc.enableNonRepudiationChecks(config);
  config.timeout = TIMEOUT_S;
  return config;
}

async function begin(
  deps: Deps,
  provider: Provider,
  config: oidc.Configuration,
  req: Request,
  res: Response,
): Promise<void> {
  const { db, signIn, now } = deps;
  const browser = cookieOf(signIn, req, 'browser') ?? newSecret(signIn);
  const [state, nonce, verifier] = [newSecret(signIn), newSecret(signIn), newSecret(signIn)];
  const maxAgeS = (await signedIn(deps, req.headers)) === null ? null : PROOF_MAX_AGE_S;
  const times = { begunAt: now(), expiresAt: now() + VALID_MS };
  const kept = { secret: state, browser, provider: provider.name, nonce, verifier, maxAgeS };
  await beginSignIn(db, signIn.hubId, { ...kept, ...times });
  setCookie(signIn, res, 'browser', browser, VALID_MS);
  const url = oidc.buildAuthorizationUrl(config, {
    redirect_uri: redirectUri(deps, provider),
    scope: 'openid email',
    response_type: 'code',
    code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
    state,
    nonce,
    ...(maxAgeS === null ? {} : { prompt: 'login', max_age: String(maxAgeS) }),
  });
  res.redirect(303, url.href);
}

const redirectUri = ({ signIn }: SignInDeps, { name }: Provider): string =>
  `${signIn.portalUrl}/portal/v1/sign-in/with/${name}/callback`;

async function usedBy(
  { db, signIn, now }: Deps,
  provider: Provider,
  req: Request,
): Promise<(SignInUsed & { state: string }) | 'link-over' | 'other-browser'> {
  const { state } = req.query;
  if (typeof state !== 'string') return 'link-over';
  const browser = cookieOf(signIn, req, 'browser') ?? '';
  const used = await useSignIn(db, signIn.hubId, { secret: state, browser, now: now() });
  if (used === 'other-browser') return used;
  // The state of another provider: one of them may be trying to pass as the other.
  if (used === 'over' || used.provider !== provider.name) return 'link-over';
  return { ...used, state };
}

/** Null: the provider refused, or what it answered does not hold. */
async function proofOf(
  deps: Deps,
  provider: Provider,
  config: oidc.Configuration,
  { nonce, verifier, maxAgeS, state }: SignInUsed & { state: string },
  req: Request,
): Promise<Proof | null> {
  if (nonce === null || verifier === null) return null;
  const query = new URL(req.originalUrl, deps.signIn.portalUrl).search;
  try {
    const tokens = await oidc.authorizationCodeGrant(
      config,
      new URL(`${redirectUri(deps, provider)}${query}`),
      {
        expectedState: state,
        expectedNonce: nonce,
        pkceCodeVerifier: verifier,
        idTokenExpected: true,
        ...(maxAgeS === null ? {} : { maxAge: maxAgeS }),
      },
    );
    const claims = tokens.claims();
    if (claims === undefined) return null;
    const told =
      claims.email === undefined ? await oidc.fetchUserInfo(config, tokens.access_token, claims.sub) : claims;
    return {
      issuer: claims.iss,
      subject: claims.sub,
      address: told.email_verified === true ? addressOf(told.email) : null,
      provenAt: (claims.auth_time ?? 0) * 1_000,
    };
  } catch (error) {
    deps.log.warn({ provider: provider.name, code: codeOf(error) }, 'A sign-in with a provider failed.');
    return null;
  }
}

function addressOf(told: unknown): string | null {
  const read = parse('email', typeof told === 'string' ? told : null);
  return read.ok ? read.value : null;
}

const codeOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : String(error);

/** A browser is on its way, so the answer is a page: the one for signing in says what went wrong. */
function back({ signIn }: SignInDeps, res: Response, problem: string): void {
  res.redirect(303, `${signIn.portalUrl}/sign-in?problem=${problem}`);
}
