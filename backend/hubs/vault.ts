/**
 * Seals what must not be readable in the database or its backups: AES-256-GCM, a fresh nonce a value, and the place
 * (hub and column) bound in, so that a sealed value moved to another row or column does not open. The keys come from the
 * environment; which one a value is under stands before it: `k2.<nonce, text, tag in base64url>`.
 */
import { createCipheriv, createDecipheriv } from 'node:crypto';
import type { HubId } from '@tallystick/shared/ids';
import { Secret } from '../secret.ts';

const ALGORITHM = 'aes-256-gcm';
const KEY_BYTES = 32;
export const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const KEY_ID = /^[a-z][a-z0-9]{0,15}$/;

interface Key {
  id: string;
  bytes: Buffer;
}

export interface Keyring {
  /** Seals; the others only open what is still under them. */
  newest: Key;
  byId: ReadonlyMap<string, Key>;
}

export interface Place {
  hubId: HubId;
  column: string;
}

/** A value that does not open; the message says why and holds nothing secret. */
export class VaultError extends Error {
  override name = 'VaultError';
}

/** `k2:<base64>,k1:<base64>`, newest first. Throws with one sentence, which names no key's bytes. */
export function parseKeys(text: string): Keyring {
  const keys = text.split(',').map((part) => keyOf(part.trim()));
  const [newest] = keys;
  const byId = new Map(keys.map((key) => [key.id, key]));
  if (newest === undefined || byId.size !== keys.length)
    throw new VaultError('TALLYSTICK_KEYS names a key twice.');
  return { newest, byId };
}

function keyOf(part: string): Key {
  const [id = '', base64 = '', ...more] = part.split(':');
  const bytes = Buffer.from(base64, 'base64');
  const isWhole = bytes.length === KEY_BYTES && bytes.toString('base64') === base64;
  if (!KEY_ID.test(id) || !isWhole || more.length > 0)
    throw new VaultError(
      `TALLYSTICK_KEYS is not a list of <name>:<${KEY_BYTES} bytes in base64>, newest first.`,
    );
  return { id, bytes };
}

export function seal({ newest }: Keyring, place: Place, text: string, nonce: Buffer): string {
  const cipher = createCipheriv(ALGORITHM, newest.bytes, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(boundIn(place, newest.id));
  const sealed = Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
  return `${newest.id}.${sealed.toString('base64url')}`;
}

export function unseal({ byId }: Keyring, place: Place, sealed: string): Secret {
  const key = byId.get(keyIdOf(sealed));
  if (key === undefined)
    throw new VaultError(
      `It is sealed with the key "${keyIdOf(sealed)}", which TALLYSTICK_KEYS does not hold.`,
    );
  const bytes = Buffer.from(sealed.slice(key.id.length + 1), 'base64url');
  try {
    const decipher = createDecipheriv(ALGORITHM, key.bytes, bytes.subarray(0, NONCE_BYTES), {
      authTagLength: TAG_BYTES,
    });
    decipher.setAAD(boundIn(place, key.id));
    decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
    const text = decipher.update(bytes.subarray(NONCE_BYTES, -TAG_BYTES));
    return new Secret(Buffer.concat([text, decipher.final()]).toString('utf8'));
  } catch {
    throw new VaultError(
      `It does not open with the key "${key.id}": it was changed, or is of another place.`,
    );
  }
}

export const keyIdOf = (sealed: string): string => sealed.split('.', 1)[0] ?? '';

const boundIn = ({ hubId, column }: Place, keyId: string): Buffer =>
  Buffer.from(`tallystick:${keyId}:${hubId}:${column}`);
