/** Requests that pretend to be HubSpot's, each one step away from a genuine one. Seeded: the same seed, the same forgeries. */
import { createHash, createHmac } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { sign } from '../../backend/hubspot/signature.ts';
import { createRandom, type Random } from '../simulator/random.ts';
import { HOOK_PATH, PUBLIC_URL, type Sending } from './kit.ts';

export interface Forgery {
  what: string;
  path: string;
  sending: Sending;
}

interface Made {
  random: Random;
  secret: string;
  body: string;
  now: number;
}

const between = (random: Random, from: number, to: number): number => from + random.int(to - from + 1);
const URL_ = `${PUBLIC_URL}${HOOK_PATH}`;
const MINUTE_MS = 60_000;

const headers = (signature: string, at: number | string): Record<string, string> => ({
  'content-type': 'application/json',
  'x-hubspot-signature-v3': signature,
  'x-hubspot-request-timestamp': String(at),
});
const signedBy = (secret: string, at: number, { body = '', url = URL_, method = 'POST' }): string =>
  sign(secret, method, url, Buffer.from(body), at);
const forged = (what: string, sending: Sending, path = HOOK_PATH): Forgery => ({
  ...{ what, path },
  sending: { method: 'POST', ...sending },
});

/** A text with one character of a class replaced, added or taken away. */
function bent(random: Random, text: string): string {
  const at = between(random, 0, text.length - 1);
  const other = String.fromCharCode(
    random.pick([48, 65, 97, 34, 92, 0xe9, 0x20, 0x7b]) + between(random, 0, 5),
  );
  return random.pick([
    `${text.slice(0, at)}${other === text[at] ? '~' : other}${text.slice(at + 1)}`,
    `${text.slice(0, at)}${other}${text.slice(at)}`,
    `${text.slice(0, at)}${text.slice(at + 1)}`,
    `${text} `,
    ` ${text}`,
    `\u{feff}${text}`,
  ]);
}

function bentBytes(random: Random, base64: string): string {
  const bytes = Buffer.from(base64, 'base64');
  bytes[between(random, 0, bytes.length - 1)]! ^= 1 << between(random, 0, 7);
  return bytes.toString('base64');
}

const KINDS: Readonly<Record<string, (made: Made) => Forgery>> = {
  'another body': ({ random, secret, body, now }) =>
    forged('body', { body: bent(random, body), headers: headers(signedBy(secret, now, { body }), now) }),
  'the body written anew': ({ secret, body, now }) =>
    forged('re-serialised', {
      body: JSON.stringify(JSON.parse(body) as unknown, null, 1),
      headers: headers(signedBy(secret, now, { body }), now),
    }),
  'another signature': ({ random, secret, body, now }) =>
    forged('signature', { body, headers: headers(bentBytes(random, signedBy(secret, now, { body })), now) }),
  'a signature written otherwise': ({ random, secret, body, now }) => {
    const signature = signedBy(secret, now, { body });
    const hex = Buffer.from(signature, 'base64').toString('hex');
    const written = [
      hex,
      signature.replace(/=$/, ''),
      `${signature}=`,
      `sha256=${signature}`,
      `v3,${signature}`,
    ];
    const url = signature.replaceAll('+', '-').replaceAll('/', '_').replace(/=$/, '');
    return forged('encoding of the signature', {
      body,
      headers: headers(random.pick([...written, url, '', 'null']), now),
    });
  },
  'another secret': ({ random, secret, body, now }) => {
    const wrong = random.pick([
      '',
      `${secret} `,
      secret.toUpperCase(),
      secret.slice(1),
      bent(random, secret),
      'former-secret',
    ]);
    return forged('secret', {
      body,
      headers: headers(signedBy(wrong === secret ? 'x' : wrong, now, { body }), now),
    });
  },
  'a time long ago': ({ random, secret, body, now }) => {
    const at = now - 5 * MINUTE_MS - between(random, 2_000, 400 * MINUTE_MS);
    return forged('old', { body, headers: headers(signedBy(secret, at, { body }), at) });
  },
  'a time to come': ({ random, secret, body, now }) => {
    const at = now + 6 * MINUTE_MS + between(random, 0, 400 * MINUTE_MS);
    return forged('future', { body, headers: headers(signedBy(secret, at, { body }), at) });
  },
  'a time other than the signed one': ({ random, secret, body, now }) =>
    forged('timestamp', {
      body,
      headers: headers(signedBy(secret, now, { body }), now - between(random, 1, 60_000)),
    }),
  'a time that is none': ({ random, secret, body, now }) => {
    const seconds = Math.floor(now / 1_000);
    const at = random.pick<string>([
      String(seconds),
      `${now}.0`,
      `+${now}`,
      `0${now}`,
      ` ${now} 1`,
      '1e13',
      'NaN',
      `-${now}`,
    ]);
    const mac = createHmac('sha256', secret).update(`POST${URL_}${body}${at}`).digest('base64');
    return forged('form of the timestamp', { body, headers: headers(mac, at) });
  },
  'another method': ({ random, secret, body, now }) => {
    const method = random.pick(['PUT', 'PATCH', 'GET', 'post', 'DELETE']);
    return forged('method', { body, headers: headers(signedBy(secret, now, { body, method }), now) });
  },
  'another address': ({ random, secret, body, now }) => {
    const url = random.pick([
      ...[`http${URL_.slice(5)}`, `${URL_}/`, `${URL_}?`, HOOK_PATH, URL_.toUpperCase(), `${URL_}%20`],
      ...[
        `https://evil.example${HOOK_PATH}`,
        `${PUBLIC_URL}/desk/v1/record`,
        URL_.replace('hubspot', 'hub%73pot'),
      ],
    ]);
    return forged('address', { body, headers: headers(signedBy(secret, now, { body, url }), now) });
  },
  'an address that the request names': ({ secret, body, now }) => {
    const url = `https://evil.example${HOOK_PATH}`;
    const named = { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https' };
    return forged('Host', {
      body,
      headers: { ...headers(signedBy(secret, now, { body, url }), now), ...named },
    });
  },
  'a query that was signed': ({ random, secret, body, now }) => {
    const query = random.pick(['?a=1', '?portalId=1', '?%2e%2e']);
    const signature = signedBy(secret, now, { body, url: `${URL_}${query}` });
    return forged('query', { body, headers: headers(signature, now) }, `${HOOK_PATH}${query}`);
  },
  'version 1 or 2': ({ random, secret, body, now }) => {
    const v1 = createHash('sha256')
      .update(secret + body)
      .digest('hex');
    const v2 = createHash('sha256').update(`${secret}POST${URL_}${body}`).digest('hex');
    const [version, signature] = random.pick([
      ['v1', v1],
      ['v2', v2],
      ['v3', v2],
    ] as const);
    const old = { 'x-hubspot-signature': signature, 'x-hubspot-signature-version': version };
    const also = random.pick<Record<string, string>>([
      {},
      { 'x-hubspot-request-timestamp': String(now) },
      headers(signature, now),
      headers(Buffer.from(signature, 'hex').toString('base64'), now),
    ]);
    return forged('downgrade', { body, headers: { 'content-type': 'application/json', ...old, ...also } });
  },
  'headers twice': ({ random, secret, body, now }) => {
    const good = headers(signedBy(secret, now, { body }), now);
    const name = random.pick(['x-hubspot-signature-v3', 'x-hubspot-request-timestamp']);
    const value = good[name] ?? '';
    return forged('twice', {
      body,
      headers: {
        ...good,
        [name]: random.pick([
          [value, value],
          ['x', value],
          [value, 'x'],
        ]),
      },
    });
  },
  'a header missing': ({ random, secret, body, now }) => {
    const gone = random.pick(['x-hubspot-signature-v3', 'x-hubspot-request-timestamp', 'content-type']);
    return forged('missing', {
      body,
      headers: { ...headers(signedBy(secret, now, { body }), now), [gone]: undefined },
    });
  },
  'a packed body': ({ random, secret, body, now }) => {
    const packed = gzipSync(body);
    const coding = random.pick(['gzip', 'deflate', 'br', 'identity', 'GZIP']);
    const over = random.pick([packed.toString('latin1'), body]);
    const mac = sign(secret, 'POST', URL_, over === body ? Buffer.from(body) : packed, now);
    return forged('content-encoding', {
      body: packed,
      headers: { ...headers(mac, now), 'content-encoding': coding },
    });
  },
  'a chunked body with another byte': ({ random, secret, body, now }) =>
    forged('chunked', {
      body: bent(random, body),
      headers: { ...headers(signedBy(secret, now, { body }), now), 'transfer-encoding': 'chunked' },
    }),
  'invalid UTF-8 in place of what was signed': ({ secret, body, now }) =>
    forged('UTF-8', {
      body: Buffer.concat([Buffer.from(body.slice(0, -1)), Buffer.from([0xff, 0xfe]), Buffer.from(']')]),
      headers: headers(signedBy(secret, now, { body }), now),
    }),
};
export const FORGERIES = Object.keys(KINDS);

/** `count` of each kind, in an order of the seed. None of them is HubSpot's. */
export function* forgeries(
  seed: number,
  count: number,
  facts: Omit<Made, 'random'>,
): Generator<Forgery & { kind: string }> {
  const random = createRandom(seed, 'forgeries');
  for (let round = 0; round < count; round += 1)
    for (const [kind, make] of Object.entries(KINDS)) yield { kind, ...make({ ...facts, random }) };
}
