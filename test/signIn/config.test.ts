import { describe, expect, test } from 'vitest';
import { ConfigError, parseConfig } from '../../backend/config.ts';

const GOOD = {
  HUBSPOT_ACCESS_TOKEN: 'pat-1',
  HUBSPOT_CLIENT_SECRET: 'secret',
  PUBLIC_URL: 'https://tally.example.com',
};
const PORTAL = { ...GOOD, PORTAL_URL: 'https://portal.example.com/' };
const MAIL = { SMTP_URL: 'smtps://user:word@mail.example.com', MAIL_FROM: 'Portal <portal@example.com>' };
const entra = {
  name: 'entra',
  label: 'Microsoft',
  issuer: 'https://login.example.com/tenant/v2.0',
  clientId: 'id',
  clientSecret: 'hush',
};
const providers = (...each: object[]) => ({ SIGN_IN_PROVIDERS: JSON.stringify(each) });

describe('the settings of signing in', () => {
  test('may be left out: then nobody signs in, and tokens work', () => {
    expect(parseConfig(GOOD)).toMatchObject({ signIn: null, trustedProxies: 0 });
  });

  test('offer each way by itself, or none', () => {
    expect(parseConfig(PORTAL).signIn).toEqual({
      portalUrl: 'https://portal.example.com',
      mail: null,
      providers: [],
      idleMs: 8 * 3_600_000,
      absoluteMs: 7 * 24 * 3_600_000,
    });
    expect(parseConfig({ ...PORTAL, ...MAIL }).signIn?.mail).toEqual({
      smtpUrl: MAIL.SMTP_URL,
      from: MAIL.MAIL_FROM,
    });
    expect(parseConfig({ ...PORTAL, ...providers(entra) }).signIn?.providers).toEqual([entra]);
    expect(
      parseConfig({ ...PORTAL, SESSION_IDLE_MINUTES: '30', SESSION_MAX_HOURS: '12', TRUSTED_PROXIES: '2' }),
    ).toMatchObject({
      signIn: { idleMs: 1_800_000, absoluteMs: 43_200_000 },
      trustedProxies: 2,
    });
  });

  test.each<[string, Record<string, string>, string]>([
    [
      'mail without a portal',
      { ...GOOD, ...MAIL },
      'PORTAL_URL is missing: people are to sign in, and where is not known',
    ],
    [
      'a mail server without a sender',
      { ...PORTAL, SMTP_URL: MAIL.SMTP_URL },
      'SMTP_URL is set, MAIL_FROM is missing',
    ],
    [
      'a sender without a mail server',
      { ...PORTAL, MAIL_FROM: MAIL.MAIL_FROM },
      'MAIL_FROM is set, SMTP_URL is missing',
    ],
    [
      'another mail server',
      { ...PORTAL, ...MAIL, SMTP_URL: 'https://mail' },
      'SMTP_URL does not start with smtp:// or smtps://',
    ],
    [
      'a sender with a second line',
      { ...PORTAL, ...MAIL, MAIL_FROM: 'a@b.example\r\nBcc: c@d.example' },
      'MAIL_FROM is not a sender',
    ],
    [
      'an origin that is not safe',
      { ...GOOD, PORTAL_URL: 'http://portal.example.com' },
      'PORTAL_URL is not an https address (http only for localhost)',
    ],
    [
      'an origin with a path',
      { ...GOOD, PORTAL_URL: 'https://example.com/portal' },
      'PORTAL_URL has a path: it is an origin',
    ],
    [
      'providers that are no JSON',
      { ...PORTAL, SIGN_IN_PROVIDERS: 'entra' },
      'SIGN_IN_PROVIDERS is not JSON',
    ],
    [
      'an issuer that is not safe',
      { ...PORTAL, ...providers({ ...entra, issuer: 'http://login.example.com' }) },
      'SIGN_IN_PROVIDERS, 0.issuer: an issuer is an https address',
    ],
    [
      'a name for no address',
      { ...PORTAL, ...providers({ ...entra, name: '../x' }) },
      'SIGN_IN_PROVIDERS, 0.name: a name has only a-z, 0-9 and -',
    ],
    ['one name for two', { ...PORTAL, ...providers(entra, entra) }, 'SIGN_IN_PROVIDERS names "entra" twice'],
    ['no time at all', { ...PORTAL, SESSION_IDLE_MINUTES: '0' }, 'SESSION_IDLE_MINUTES is below 1'],
  ])('refuse %s with one sentence', (_what, env, sentence) => {
    expect(() => parseConfig(env)).toThrow(new ConfigError(`Settings: ${sentence}.`));
  });

  test('never say a secret', () => {
    const env = { ...PORTAL, ...providers({ ...entra, clientSecret: 'hush-hush', more: 1 }) };
    expect(() => parseConfig(env)).toThrow(/^Settings: SIGN_IN_PROVIDERS, 0: (?!.*hush)/);
  });
});
