/** What an endpoint may be: https, no private network, a proper secret; and where a name leads is looked at when it is called. */
import { describe, expect, it } from 'vitest';
import { isPrivate } from '../../backend/hooks/addresses.ts';
import { parseHooks } from '../../backend/hooks/hook.ts';
import { openPoster } from '../../backend/hooks/post.ts';

const secret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;
const one = (more: object): string =>
  JSON.stringify([{ url: 'https://portal.example/changes', secret, ...more }]);

describe('the setting HOOKS', () => {
  it('takes https addresses, plain http on this very machine, audiences, and several secrets while one is rotated', () => {
    expect(parseHooks('[]', false)).toEqual([]);
    const [hook] = parseHooks(one({ audience: 'direct', secret: `${secret}, ${secret}` }), false);
    expect(hook).toMatchObject({ audience: 'direct', allowPrivate: false });
    expect(hook!.keys).toHaveLength(2);
    expect(parseHooks(one({ url: 'http://localhost:3000/x' }), false)[0]!.allowPrivate).toBe(true);
    expect(parseHooks(one({}), false)[0]!.hookId).not.toBe(hook!.hookId);
  });

  it.each([
    ['not JSON', '{', 'HOOKS is not a JSON list'],
    ['an unknown member', one({ sekret: 'x' }), 'HOOKS is not a JSON list'],
    ['plain http', one({ url: 'http://portal.example' }), 'does not start with https://'],
    ['a private address', one({ url: 'https://10.1.2.3/x' }), 'private network'],
    ['the address of cloud metadata', one({ url: 'https://169.254.169.254/' }), 'private network'],
    ['a private address in disguise', one({ url: 'https://[::ffff:10.0.0.1]/' }), 'private network'],
    ['a password', one({ url: 'https://u:p@portal.example' }), 'holds a password'],
    ['a short secret', one({ secret: 'whsec_c2hvcnQ=' }), 'secret is not of the form'],
    ['an unknown audience', one({ audience: 'staff' }), 'there is no audience "staff"'],
    ['the same endpoint twice', `[${[one({}), one({})].map((list) => list.slice(1, -1)).join()}]`, 'twice'],
  ])('refuses %s', (_what, text, message) => {
    expect(() => parseHooks(text, false)).toThrow(message);
    try {
      parseHooks(text, false);
    } catch (error) {
      expect(String(error)).not.toContain(secret);
    }
  });

  it('takes a private address only where that is allowed', () => {
    expect(parseHooks(one({ url: 'https://10.1.2.3/x' }), true)[0]!.allowPrivate).toBe(true);
  });

  it('knows private addresses of both families', () => {
    for (const address of [
      '127.0.0.1',
      '192.168.1.1',
      '172.31.0.1',
      '100.64.0.1',
      '::1',
      'fd00::1',
      'fe80::1',
      '::ffff:192.168.0.1',
      '0.0.0.0',
    ])
      expect(isPrivate(address), address).toBe(true);
    for (const address of ['8.8.8.8', '172.32.0.1', '2606:4700::1111', '::ffff:8.8.8.8'])
      expect(isPrivate(address), address).toBe(false);
  });

  it('does not call a public name that leads to a private network', async () => {
    const [hook] = parseHooks(one({ url: 'https://localhost:9/x' }), false);
    const poster = openPoster({ ...hook!, allowPrivate: false });
    const answer = await poster.post({}, Buffer.from('{}'), new AbortController().signal);
    poster.close();
    expect(answer).toEqual({ is: 'failed', reason: 'The name leads to a private network.' });
  });
});
