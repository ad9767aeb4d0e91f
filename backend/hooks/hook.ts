/** An endpoint that is told of changes: its settings, checked once. */
import { createHash } from 'node:crypto';
import { isIP } from 'node:net';
import { isAudience, type AppAudience } from '@tallystick/shared/ownership';
import { z } from 'zod';
import { webhookKey } from '../standardWebhook.ts';
import { isPrivate } from './addresses.ts';

export interface Hook {
  /** The same for the same address and audience. */
  hookId: string;
  url: URL;
  /** Newest first; several while a secret is being rotated. */
  keys: Buffer[];
  /** Null: what any audience of customers may see. */
  audience: AppAudience | null;
  /** It may be reached at an address of our own network. */
  allowPrivate: boolean;
}

const HOOKS_MAX = 20;
const settings = z
  .array(
    z.strictObject({
      url: z.string().max(2_000),
      secret: z.string().max(2_000),
      audience: z.string().optional(),
    }),
  )
  .max(HOOKS_MAX);

/** `text`: the JSON of the setting. Throws one sentence that names what is wrong, never a secret. */
export function parseHooks(text: string, allowPrivate: boolean): Hook[] {
  const parsed = settings.safeParse(jsonOf(text));
  if (!parsed.success) throw new Error('HOOKS is not a JSON list of {"url", "secret", "audience"?}');
  const hooks = parsed.data.map((one, index) => hookOf(one, `HOOKS[${index}]`, allowPrivate));
  const twice = hooks.find(
    ({ hookId }, index) => hooks.findIndex((other) => other.hookId === hookId) < index,
  );
  if (twice !== undefined) throw new Error(`HOOKS names ${twice.url.origin} twice for the same audience`);
  return hooks;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function hookOf(one: z.infer<typeof settings>[number], where: string, allowPrivate: boolean): Hook {
  const { audience = null } = one;
  if (!URL.canParse(one.url)) throw new Error(`${where}: its url is not an address`);
  const url = new URL(one.url);
  const isLocal = LOCAL.includes(url.hostname);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && isLocal))
    throw new Error(`${where}: its url does not start with https://`);
  if (url.username !== '' || url.password !== '') throw new Error(`${where}: its url holds a password`);
  const literal = url.hostname.replace(/^\[|\]$/g, '');
  if (isIP(literal) !== 0 && isPrivate(literal) && !isLocal && !allowPrivate)
    throw new Error(`${where}: its url is of a private network (HOOKS_ALLOW_PRIVATE)`);
  if (audience !== null && !isAudience(audience))
    throw new Error(`${where}: there is no audience "${audience.slice(0, 40)}"`);
  return {
    hookId: createHash('sha256')
      .update(`${url.href}\n${audience ?? ''}`)
      .digest('hex')
      .slice(0, 16),
    url,
    keys: keysOf(one.secret, where),
    audience,
    allowPrivate: allowPrivate || isLocal,
  };
}

const LOCAL = ['localhost', '127.0.0.1', '[::1]'];

function keysOf(secret: string, where: string): Buffer[] {
  try {
    return secret.split(',').map((each) => webhookKey(each.trim()));
  } catch {
    throw new Error(`${where}: its secret is not of the form whsec_… with at least 24 bytes`);
  }
}
