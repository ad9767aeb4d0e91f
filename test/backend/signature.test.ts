import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sign, SIGNATURE_MAX_AGE_MS, verifySignature, type Signed } from '../../backend/hubspot/signature.ts';

const SECRET = 'yyyyyyyy-yyyy-yyyy-yyyy-yyyyyyyyyyyy';
const BODY = Buffer.from("{'example_field':'example_value'}");
const URL_ = 'https://www.example.com/webhook_uri';

function signed(changes: Partial<Signed> = {}, timestamp = 1_700_000_300_000): Signed {
  const base = { method: 'POST', url: URL_, body: BODY, timestamp: String(timestamp) };
  return { ...base, signature: sign(SECRET, 'POST', URL_, BODY, timestamp), ...changes };
}
const verify = (request: Signed, now = 1_700_000_300_000, secrets = [SECRET]) =>
  verifySignature(request, secrets, now);

describe('signature v3', () => {
  // Vectors: tests of HubSpot's own Python and Ruby clients.
  it.each([
    [1_693_657_560_000, 'K36dawei4A+QBNolUOqo7s91KQDWQ5MXZ/QufNYuk/Y='],
    [1_700_000_300_000, 'RnbPH7+UMKVkbV32P8bz450N4M56aPmcru1+D3kSDtw='],
  ])('is what HubSpot’s clients compute at %d', (timestamp, signature) => {
    expect(sign(SECRET, 'POST', URL_, BODY, timestamp)).toBe(signature);
    expect(verify(signed({ signature }, timestamp), timestamp)).toEqual({ ok: true });
  });

  it('signs the listed escapes decoded, and no others', () => {
    const url = 'https://x.example/card?userEmail=a%40b.c&q=%20%26%3D%2C%3a';
    const decoded = 'https://x.example/card?userEmail=a@b.c&q=%20%26%3D,:';
    expect(sign(SECRET, 'GET', url, Buffer.alloc(0), 1_700_000_300_000)).toBe(
      sign(SECRET, 'GET', decoded, Buffer.alloc(0), 1_700_000_300_000),
    );
    const more = 'https://x.example/card?userEmail=a@b.c&q= &=,:';
    expect(sign(SECRET, 'GET', decoded, Buffer.alloc(0), 1_700_000_300_000)).not.toBe(
      sign(SECRET, 'GET', more, Buffer.alloc(0), 1_700_000_300_000),
    );
  });

  it('is taken with any of several secrets while one is being rotated', () => {
    expect(verify(signed(), undefined, ['new', SECRET])).toEqual({ ok: true });
    expect(verify(signed(), undefined, ['new', 'newer'])).toMatchObject({ code: 'signature-wrong' });
  });

  it.each([-SIGNATURE_MAX_AGE_MS, SIGNATURE_MAX_AGE_MS])(
    'is taken %d ms away from our clock, and not a millisecond more',
    (awayMs) => {
      const now = 1_700_000_300_000;
      expect(verify(signed(), now + awayMs)).toEqual({ ok: true });
      expect(verify(signed(), now + awayMs + Math.sign(awayMs))).toMatchObject({ code: 'signature-stale' });
    },
  );

  it.each([
    ['no signature', { signature: undefined }, 'signature-missing'],
    ['no timestamp', { timestamp: undefined }, 'signature-missing'],
    ['two signatures', { signature: ['a', 'b'] }, 'signature-malformed'],
    ['a timestamp in seconds', { timestamp: '1700000300' }, 'signature-malformed'],
    ['a timestamp that is no number', { timestamp: 'NaN' }, 'signature-malformed'],
    ['a signature of other length', { signature: 'YWJj' }, 'signature-malformed'],
    ['a hex signature, as of v1', { signature: 'a'.repeat(64) }, 'signature-malformed'],
  ])('is refused with %s', (_what, changes, code) => {
    expect(verify(signed(changes))).toMatchObject({ ok: false, code });
  });

  it('is refused when any byte of the body, the address, the method or the time was changed', () => {
    const flip = (buffer: Buffer, at: number): Buffer => {
      const changed = Buffer.from(buffer);
      changed[at % changed.length]! ^= 1;
      return changed;
    };
    fc.assert(
      fc.property(
        fc.nat(),
        fc.constantFrom('body', 'signature', 'method', 'url', 'timestamp'),
        (at, part) => {
          const good = signed();
          const bad: Signed =
            part === 'body'
              ? { ...good, body: flip(BODY, at) }
              : part === 'signature'
                ? {
                    ...good,
                    signature: flip(Buffer.from(String(good.signature), 'base64'), at).toString('base64'),
                  }
                : part === 'method'
                  ? { ...good, method: 'PUT' }
                  : part === 'url'
                    ? { ...good, url: `${URL_}?x=${at}` }
                    : { ...good, timestamp: String(1_700_000_300_000 - 1 - (at % 1_000)) };
          expect(verify(bad).ok).toBe(false);
        },
      ),
    );
  });
});
