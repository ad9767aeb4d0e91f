/**
 * HubSpot's signature v3, verified exactly as documented (docs: "validating requests").
 *
 * v1 and v2 are refused: they carry no timestamp, so a request could be replayed for ever.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

export const SIGNATURE_MAX_AGE_MS = 300_000;
const SIGNATURE_BYTES = 32;

export type Verdict =
  | { ok: true }
  | {
      ok: false;
      code: 'signature-missing' | 'signature-malformed' | 'signature-stale' | 'signature-wrong';
      detail: string;
    };

export interface Signed {
  method: string;
  /** The public address HubSpot called, query included: from configuration, never from Host or X-Forwarded-*. */
  url: string;
  /** Exactly the bytes that came. */
  body: Buffer;
  signature: string | string[] | undefined;
  timestamp: string | string[] | undefined;
}

/** `secrets`: more than one while a secret is being rotated. `now` in ms. */
export function verifySignature(signed: Signed, secrets: readonly string[], now: number): Verdict {
  const { signature, timestamp } = signed;
  if (signature === undefined || timestamp === undefined) {
    return refuse('signature-missing', 'The request carries no X-HubSpot-Signature-v3 with its timestamp.');
  }
  if (typeof signature !== 'string' || typeof timestamp !== 'string' || !/^\d{13}$/.test(timestamp)) {
    return refuse('signature-malformed', 'The signature or its timestamp is not of the documented form.');
  }
  if (Math.abs(now - Number(timestamp)) > SIGNATURE_MAX_AGE_MS) {
    return refuse(
      'signature-stale',
      'The signature’s timestamp is more than five minutes away from our clock.',
    );
  }
  const given = Buffer.from(signature, 'base64');
  if (given.length !== SIGNATURE_BYTES || given.toString('base64') !== signature) {
    return refuse('signature-malformed', 'The signature or its timestamp is not of the documented form.');
  }
  // Every secret is tried, so that the time taken does not tell which one fits.
  const fits = secrets.map((secret) =>
    timingSafeEqual(given, hmac(secret, signed.method, signed.url, signed.body, timestamp)),
  );
  return fits.includes(true)
    ? { ok: true }
    : refuse('signature-wrong', 'The signature does not fit the request.');
}

/** The signature HubSpot would send. */
export function sign(secret: string, method: string, url: string, body: Buffer, timestamp: number): string {
  return hmac(secret, method, url, body, String(timestamp)).toString('base64');
}

function hmac(secret: string, method: string, url: string, body: Buffer, timestamp: string): Buffer {
  return createHmac('sha256', secret)
    .update(method)
    .update(decodeListed(url))
    .update(body)
    .update(timestamp)
    .digest();
}

/** These escapes, and no others, are decoded before signing (docs); the "@" of userEmail is one of them. */
const DECODED: Readonly<Record<string, string>> = {
  '%3A': ':',
  '%2F': '/',
  '%3F': '?',
  '%40': '@',
  '%21': '!',
  '%24': '$',
  '%27': "'",
  '%28': '(',
  '%29': ')',
  '%2A': '*',
  '%2C': ',',
  '%3B': ';',
};

function decodeListed(url: string): string {
  return url.includes('%')
    ? url.replace(/%[0-9a-f]{2}/gi, (escape) => DECODED[escape.toUpperCase()] ?? escape)
    : url;
}

function refuse(code: Extract<Verdict, { ok: false }>['code'], detail: string): Verdict {
  return { ok: false, code, detail };
}
