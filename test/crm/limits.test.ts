import { expect, test } from 'vitest';
import { openTarget, stage } from './target.ts';

const MIDNIGHT_IN_BERLIN = Date.UTC(2026, 10, 22, 23);

test('the window slides: after the limit each call becomes free ten seconds after the one it replaces', async () => {
  let now = MIDNIGHT_IN_BERLIN;
  const at = await stage({ now: () => now, limits: { perTenSeconds: 5 } });
  const call = async () => (await at.http('GET', '/crm/v3/objects/contacts')).status;
  for (let count = 0; count < 5; count += 1) {
    expect(await call()).toBe(200);
    now += 1_000;
  }
  expect(await call()).toBe(429); // at 5 s
  now += 4_999;
  expect(await call()).toBe(429); // at 9.999 s
  now += 1;
  expect(await call()).toBe(200); // the first one is ten seconds ago
  expect(await call()).toBe(429);
  now += 1_000;
  expect(await call()).toBe(200);
  expect(await at.control('GET', 'audit')).toMatchObject({ refused: { burst: 3, daily: 0, search: 0 } });
  await at.sim.close();
});

test('a burst 429 has its policy and no Retry-After, and counts down before in the headers', async () => {
  const at = await stage({ now: () => MIDNIGHT_IN_BERLIN, limits: { perTenSeconds: 2 } });
  const remaining = [];
  for (let count = 0; count < 2; count += 1)
    remaining.push(
      (await at.http('GET', '/crm/v3/objects/contacts')).headers.get('x-hubspot-ratelimit-remaining'),
    );
  expect(remaining).toEqual(['1', '0']);
  const { status, body, headers } = await at.http('GET', '/crm/v3/objects/contacts');
  expect(status).toBe(429);
  expect(body).toMatchObject({
    policyName: 'TEN_SECONDLY_ROLLING',
    errorType: 'RATE_LIMIT',
    message: 'You have reached your ten_secondly_rolling limit.',
  });
  expect(headers.get('retry-after')).toBeNull();
  await at.sim.close();
});

test("the day's limit ends at midnight of the account's time zone", async () => {
  let now = MIDNIGHT_IN_BERLIN - 1_000;
  const at = await stage({ now: () => now, limits: { daily: 3 } });
  const call = () => at.http('GET', '/crm/v3/objects/contacts');
  for (let count = 0; count < 3; count += 1) expect((await call()).status).toBe(200);
  const { status, body, headers } = await call();
  expect([status, body.policyName, headers.get('x-hubspot-ratelimit-daily-remaining')]).toEqual([
    429,
    'DAILY',
    '0',
  ]);
  now += 1_000;
  expect((await call()).status).toBe(200);
  await at.sim.close();
});

test('each app has a window of its own, search does not count to it, and the dial can force both kinds of 429', async () => {
  const at = await stage({ now: () => MIDNIGHT_IN_BERLIN, limits: { perTenSeconds: 1 } });
  const { accessToken } = await at.control('POST', 'tokens', { appId: 9 });
  const other = openTarget(at.url, accessToken, false);
  expect((await at.http('GET', '/crm/v3/objects/contacts')).status).toBe(200);
  expect((await at.http('GET', '/crm/v3/objects/contacts')).status).toBe(429);
  expect((await other.http('GET', '/crm/v3/objects/contacts')).status).toBe(200);
  expect((await at.http('POST', '/crm/v3/objects/contacts/search', {})).status).toBe(200);
  await at.control('PUT', 'faults', { api: { forced429: 'daily' } });
  expect((await at.http('POST', '/crm/v3/objects/contacts/search', {})).body.policyName).toBe('DAILY');
  await at.sim.close();
});

test('the audit knows the most calls in any ten seconds', async () => {
  let now = MIDNIGHT_IN_BERLIN;
  const at = await stage({ now: () => now });
  for (let count = 0; count < 6; count += 1) {
    await at.http('GET', '/crm/v3/objects/contacts');
    now += 4_000;
  }
  expect((await at.control('GET', 'audit')).maxInAnyTenSeconds).toBe(3);
  await at.sim.close();
});
