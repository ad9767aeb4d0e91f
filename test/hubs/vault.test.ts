/** What is sealed opens with its key, in its place, and not otherwise. */
import { randomBytes } from 'node:crypto';
import { hubId } from '@tallystick/shared/ids';
import { describe, expect, it } from 'vitest';
import { keyIdOf, NONCE_BYTES, parseKeys, seal, unseal } from '../../backend/hubs/vault.ts';

const bytes = (n: number): string => randomBytes(n).toString('base64');
const OLD = `k1:${bytes(32)}`;
const NEW = `k2:${bytes(32)}`;
const PLACE = { hubId: hubId(24710001), column: 'access_token' };
const sealed = (keys: string, text = 'pat-secret'): string =>
  seal(parseKeys(keys), PLACE, text, randomBytes(NONCE_BYTES));

describe('a sealed value', () => {
  it('is under the newest key, and opens as long as its own is held', () => {
    const [before, after] = [sealed(OLD), sealed(`${NEW}, ${OLD}`)];
    expect([before, after].map(keyIdOf)).toEqual(['k1', 'k2']);
    for (const each of [before, after]) {
      expect(each).not.toContain('pat-secret');
      expect(unseal(parseKeys(`${NEW},${OLD}`), PLACE, each).reveal()).toBe('pat-secret');
    }
    expect(() => unseal(parseKeys(NEW), PLACE, before)).toThrow('key "k1", which TALLYSTICK_KEYS does not');
  });

  it.each([
    ['of another hub', { ...PLACE, hubId: hubId(24710002) }],
    ['of another column', { ...PLACE, column: 'client_secrets' }],
  ])('does not open in the place %s', (_, place) => {
    expect(() => unseal(parseKeys(OLD), place, sealed(OLD))).toThrow('was changed, or is of another place');
  });

  it('does not open when a bit of it was changed, or it was cut', () => {
    const whole = sealed(OLD);
    const raw = Buffer.from(whole.slice(3), 'base64url');
    for (const at of [0, NONCE_BYTES, raw.length - 1]) {
      const changed = Buffer.from(raw);
      changed[at] = (changed[at] ?? 0) ^ 1;
      expect(() => unseal(parseKeys(OLD), PLACE, `k1.${changed.toString('base64url')}`)).toThrow(
        'was changed',
      );
    }
    for (const cut of [whole.slice(0, -4), 'k1.', 'k1.AAAA'])
      expect(() => unseal(parseKeys(OLD), PLACE, cut)).toThrow('was changed');
  });
});

describe('the keys', () => {
  it.each([
    ['too short', `k1:${bytes(31)}`],
    ['too long', `k1:${bytes(33)}`],
    ['without its name', bytes(32)],
    ['with a name of another kind', `K 1:${bytes(32)}`],
    ['with something behind it', `${OLD}:more`],
    ['in a spelling of its own', OLD.replace(/=$/, '')],
    ['missing', ''],
  ])('are refused where one is %s, without a word of it', (_, keys) => {
    const refused = (): unknown => parseKeys(keys);
    expect(refused).toThrow('TALLYSTICK_KEYS is not a list of <name>:<32 bytes in base64>, newest first.');
    const [, secret = ''] = keys.split(':');
    if (secret !== '') expect(refused).not.toThrow(secret);
  });

  it('are refused where a name is there twice', () => {
    expect(() => parseKeys(`${OLD},k1:${bytes(32)}`)).toThrow('names a key twice');
  });
});
