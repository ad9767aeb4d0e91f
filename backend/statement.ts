/**
 * The signed statement of a decision: a JWS in its compact form (RFC 7515) with Ed25519 (RFC 8037), so that anybody can
 * verify it with the published key and any library.
 */
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import type { Statement } from '@tallystick/shared/messages';
import { isObject } from '@tallystick/shared/ownership';
import { statement as statementSchema } from '@tallystick/shared/schemas';
import {
  calculateJwkThumbprint,
  CompactSign,
  compactVerify,
  createLocalJWKSet,
  exportJWK,
  type JWK,
} from 'jose';
import { bindingOf } from './store/binding.ts';

export interface Signer {
  sign: (statement: Statement) => Promise<string>;
  /** What is published: the key that signs, and those that did. */
  keys: JWK[];
}

const ALGORITHM = 'EdDSA';
const TYPE = 'decision+jws';

/** Private keys in PEM, the one that signs first. */
export async function openSigner(pems: readonly [string, ...string[]]): Promise<Signer> {
  const keys = await Promise.all(pems.map((pem) => publicKeyOf(receiptKey(pem))));
  const header = { alg: ALGORITHM, typ: TYPE, kid: keys[0]?.kid ?? '' };
  const key = receiptKey(pems[0]);
  return {
    keys,
    sign: (statement) =>
      new CompactSign(new TextEncoder().encode(JSON.stringify(statement)))
        .setProtectedHeader(header)
        .sign(key),
  };
}

/** Throws what is not an Ed25519 private key. */
export function receiptKey(pem: string): KeyObject {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== 'ed25519') throw new Error('not an Ed25519 key');
  return key;
}

async function publicKeyOf(key: KeyObject): Promise<JWK> {
  const jwk = await exportJWK(createPublicKey(key));
  return { ...jwk, alg: ALGORITHM, use: 'sig', kid: await calculateJwkThumbprint(jwk) };
}

export type Verdict = { ok: true; statement: Statement } | { ok: false; why: string };

/** Signature, form, and whether the digest in the CRM is that of the content shown. */
export async function verifyStatement(jws: string, keys: readonly JWK[]): Promise<Verdict> {
  let payload: Uint8Array;
  try {
    const keySet = createLocalJWKSet({ keys: [...keys] });
    ({ payload } = await compactVerify(jws, keySet, { algorithms: [ALGORITHM] }));
  } catch {
    return { ok: false, why: 'no key that was given signed this, or something of it was changed' };
  }
  const parsed = statementSchema.safeParse(asJson(payload));
  if (!parsed.success) return { ok: false, why: 'it is signed, but it is no statement of a decision' };
  const { object, shown } = parsed.data;
  const guards = Object.entries(shown.content).map(([field, value]) => ({ field, value }));
  if (!isObject(object) || bindingOf(object, guards) !== shown.digest)
    return { ok: false, why: 'the digest is not that of the content by the rules of this version' };
  return { ok: true, statement: parsed.data };
}

function asJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}
