import { describe, expect, it } from 'vitest';
import { inspect } from 'node:util';
import { ConfigError, parseConfig } from '../../backend/config.ts';
import { revealed } from '../../backend/secret.ts';

const GOOD = {
  HUBSPOT_ACCESS_TOKEN: 'pat-1',
  HUBSPOT_CLIENT_SECRET: 'new, old',
  PUBLIC_URL: 'https://tally.example.com/',
};

describe('the settings', () => {
  it('are read once, with defaults, secrets in their order and addresses without a trailing slash', () => {
    const config = parseConfig(GOOD);
    expect(config.hubspot.accessToken?.reveal()).toBe('pat-1');
    expect(revealed(config.hubspot.clientSecrets)).toEqual(['new', 'old']);
    expect(config.hubspot).toMatchObject({
      baseUrl: 'https://api.hubapi.com',
      appId: null,
    });
    expect(config).toMatchObject({
      publicUrl: 'https://tally.example.com',
      port: 8787,
      host: '127.0.0.1',
      databaseUrl: null,
      databaseOwnerUrl: null,
    });
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('keep the token and the client secrets from whatever prints them', () => {
    const config = parseConfig(GOOD);
    const printed = `${JSON.stringify(config)} ${inspect(config, { depth: 9 })} ${String(config.hubspot.accessToken)}`;
    expect(printed).toContain('[secret]');
    expect(printed).not.toMatch(/pat-1|"new"|'new'|old/);
  });

  it('say what the process does; one that only answers people needs no token, and forgets it', () => {
    const { HUBSPOT_ACCESS_TOKEN: _, ...web } = { ...GOOD, TALLYSTICK_ROLE: 'web' };
    expect(parseConfig(GOOD).role).toBe('all');
    expect(parseConfig(web)).toMatchObject({ role: 'web', hubspot: { accessToken: null } });
    expect(parseConfig({ ...GOOD, TALLYSTICK_ROLE: 'web' }).hubspot.accessToken).toBeNull();
    expect(() => parseConfig({ ...web, TALLYSTICK_ROLE: 'worker' })).toThrow(
      'HUBSPOT_ACCESS_TOKEN is missing',
    );
    expect(() => parseConfig({ ...GOOD, TALLYSTICK_ROLE: 'both' })).toThrow('TALLYSTICK_ROLE is not one of');
  });

  it('name the desk’s administrators and the nudge’s secrets, in lists, and none by default', () => {
    const secret = `whsec_${Buffer.alloc(24, 'x').toString('base64')}`;
    const lists = { DESK_ADMINS: ' Nora@Example.com, 51446676 ', NUDGE_SECRETS: `${secret}, ${secret}` };
    const config = parseConfig({ ...GOOD, ...lists });
    expect(config.deskAdmins).toEqual(['nora@example.com', '51446676']);
    expect(config.nudgeSecrets).toEqual([secret, secret]);
    expect(parseConfig(GOOD)).toMatchObject({ deskAdmins: [], nudgeSecrets: [] });
    expect(() => parseConfig({ ...GOOD, NUDGE_SECRETS: 'whsec_short' })).toThrow('NUDGE_SECRETS');
  });

  it('say where another system is, and which endpoints are told of changes; none by default', () => {
    expect(parseConfig(GOOD)).toMatchObject({ sourceUrls: {}, sourceLookMs: 30_000, hooks: [] });
    const secret = `whsec_${Buffer.alloc(24, 'x').toString('base64')}`;
    const config = parseConfig({
      ...GOOD,
      BILLING_DATABASE_URL: 'postgres://reader@books/billing',
      SOURCE_LOOK_S: '5',
      HOOKS: JSON.stringify([{ url: 'https://portal.example/changes', secret, audience: 'direct' }]),
    });
    expect(config.sourceUrls).toEqual({ billing: 'postgres://reader@books/billing' });
    expect(config.sourceLookMs).toBe(5_000);
    expect(config.hooks).toMatchObject([{ audience: 'direct', allowPrivate: false }]);
  });

  it('that are missing are all named in one line', () => {
    expect(() => parseConfig({})).toThrow(ConfigError);
    expect(() => parseConfig({})).toThrow(
      'Settings: HUBSPOT_ACCESS_TOKEN is missing; HUBSPOT_CLIENT_SECRET is missing; PUBLIC_URL is missing.',
    );
  });

  it.each([
    [{ DATABASE_URL: 'mysql://x' }, 'DATABASE_URL does not start with postgres://'],
    [{ PORT: 'http' }, 'PORT is not a number'],
    [{ PORT: '70000' }, 'PORT is above 65535'],
    [{ PUBLIC_URL: 'tally' }, 'PUBLIC_URL is not an address'],
    [{ HUBSPOT_APP_ID: 'abc' }, 'HUBSPOT_APP_ID is not a number'],
    [{ HUBSPOT_WINDOW_LIMIT: '0' }, 'HUBSPOT_WINDOW_LIMIT is below 1'],
    [{ HUBSPOT_CLIENT_SECRET: '' }, 'HUBSPOT_CLIENT_SECRET is empty'],
    [{ BILLING_DATABASE_URL: 'mysql://x' }, 'BILLING_DATABASE_URL does not start with postgres://'],
    [{ SOURCE_LOOK_S: '0' }, 'SOURCE_LOOK_S is below 1'],
    [{ HOOKS: '{}' }, 'HOOKS is not a JSON list'],
    [{ HOOKS: '[{"url":"http://x.example","secret":"s"}]' }, 'does not start with https://'],
    [{ HOOKS_ALLOW_PRIVATE: 'maybe' }, 'HOOKS_ALLOW_PRIVATE is not true or false'],
    [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL is not one of'],
  ])('with %j say what is wrong', (wrong, sentence) => {
    expect(() => parseConfig({ ...GOOD, ...wrong })).toThrow(sentence);
  });
});
