/** The one classifier: what an answer of HubSpot's means for what was asked. */
import { describe, expect, it } from 'vitest';
import { failureOf, failureOfError } from '../../backend/hubspot/failure.ts';

const refusal = JSON.stringify({
  category: 'VALIDATION_ERROR',
  message: 'Property values were not valid',
  errors: [{ code: 'INVALID_EMAIL', message: 'not an address', context: { propertyName: ['email'] } }],
});
const limit = (policyName: string): string =>
  JSON.stringify({ policyName, message: 'You have reached your limit.' });

describe('an answer of HubSpot’s that is no success', () => {
  it.each([
    ['a record that is locked', 423, '', { is: 'throttled', by: 'lock', retryAfterMs: 2_000 }],
    [
      'too many calls',
      429,
      limit('TEN_SECONDLY_ROLLING'),
      { is: 'throttled', by: 'burst', retryAfterMs: 1_000 },
    ],
    [
      'the day’s calls are used up',
      429,
      limit('DAILY'),
      { is: 'throttled', by: 'daily', retryAfterMs: 300_000 },
    ],
    ['a token that is not valid', 401, '', { is: 'barred', code: 'token' }],
    ['a scope that is missing', 403, '', { is: 'barred', code: 'scope' }],
    ['no such record', 404, '', { is: 'gone' }],
    ['no such record any more', 410, '', { is: 'gone' }],
    ['its own error: nobody knows whether it was applied', 500, '', { is: 'ambiguous' }],
    ['a gateway’s page', 502, '<html>Bad gateway</html>', { is: 'ambiguous' }],
    ['a time-out on its side', 408, '', { is: 'ambiguous' }],
    ['an account that is being moved', 477, '', { is: 'ambiguous' }],
    ['a redirect, which it has never sent', 302, '', { is: 'unexpected' }],
  ])('says %s (%i)', (_, status, body, failure) => {
    expect(failureOf(status, body)).toMatchObject(failure);
  });

  it('names the properties that it will not take', () => {
    expect(failureOf(400, refusal)).toEqual({
      is: 'refused',
      code: 'VALIDATION_ERROR',
      message: 'Property values were not valid',
      properties: [{ property: 'email', code: 'INVALID_EMAIL', message: 'not an address' }],
    });
  });

  it('that never came leaves open whether the call was applied', () => {
    expect(failureOfError(new TypeError('fetch failed'))).toMatchObject({ is: 'ambiguous' });
  });
});
