/**
 * Signatures in the form of Standard Webhooks (spec: standardwebhooks.com): a base64 HMAC-SHA256 over
 * "id.timestamp.body", so that a request can neither be changed nor, after five minutes, be sent again.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import { SIGNATURE_MAX_AGE_MS, type Verdict } from './hubspot/signature.ts';

export interface WebhookHeaders {
  'webhook-id': string;
  'webhook-timestamp': string;
  'webhook-signature': string;
}

/** Everything of a request that is signed; a header that came twice is a list. */
export interface SignedWebhook {
  id: string | string[] | undefined;
  /** Seconds since 1970. */
  timestamp: string | string[] | undefined;
  /** One signature or several with blanks between them, while the sender rotates its secret. */
  signature: string | string[] | undefined;
  /** Exactly the bytes that came. */
  body: Buffer;
}

const KEY_MIN_BYTES = 24;

/** The key in a secret of the form `whsec_<base64>`. Throws where it is not one: then the settings are wrong. */
export function webhookKey(secret: string): Buffer {
  const text = secret.replace(/^whsec_/, '');
  const key = Buffer.from(text, 'base64');
  if (text === secret || key.toString('base64') !== text || key.length < KEY_MIN_BYTES)
    throw new Error(
      `A webhook secret is not of the form whsec_ and the base64 of at least ${KEY_MIN_BYTES} bytes.`,
    );
  return key;
}

/** The headers to send with a body; `now` in ms. */
export function signWebhook(key: Buffer, id: string, now: number, body: Buffer): WebhookHeaders {
  const timestamp = String(Math.floor(now / 1_000));
  const signature = `v1,${hmac(key, id, timestamp, body).toString('base64')}`;
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signature };
}

/** `keys`: more than one while a secret is being rotated. `now` in ms. */
export function verifyWebhook(signed: SignedWebhook, keys: readonly Buffer[], now: number): Verdict {
  const { id, timestamp, signature, body } = signed;
  if (id === undefined || timestamp === undefined || signature === undefined)
    return refuse(
      'signature-missing',
      'The request carries no webhook-id, webhook-timestamp and webhook-signature.',
    );
  // A dot in the id would let the parts of what was signed be taken apart in another way.
  if (
    typeof id !== 'string' ||
    typeof timestamp !== 'string' ||
    typeof signature !== 'string' ||
    !/^[^\s.]{1,200}$/.test(id) ||
    !/^\d{10}$/.test(timestamp)
  )
    return refuse('signature-malformed', 'The signature or its timestamp is not of the documented form.');
  if (Math.abs(now - Number(timestamp) * 1_000) > SIGNATURE_MAX_AGE_MS)
    return refuse(
      'signature-stale',
      'The signature’s timestamp is more than five minutes away from our clock.',
    );
  const given = signature
    .split(' ')
    .flatMap((each) => (each.startsWith('v1,') ? [Buffer.from(each.slice('v1,'.length), 'base64')] : []));
  // Every pair is compared, so that the time taken does not tell which one fits.
  const fits = keys.flatMap((key) => {
    const wanted = hmac(key, id, timestamp, body);
    return given.map((each) => each.length === wanted.length && timingSafeEqual(each, wanted));
  });
  return fits.includes(true)
    ? { ok: true }
    : refuse('signature-wrong', 'The signature does not fit the request.');
}

function hmac(key: Buffer, id: string, timestamp: string, body: Buffer): Buffer {
  return createHmac('sha256', key).update(`${id}.${timestamp}.`).update(body).digest();
}

function refuse(code: Extract<Verdict, { ok: false }>['code'], detail: string): Verdict {
  return { ok: false, code, detail };
}
