/**
 * Asks our service to look at a record now.
 *
 * It authorises nothing: HubSpot promises a function no identity that could be trusted, so none from the context is
 * ever used. The signature proves that the app asks, not who; all it can cause is one read of one record.
 */
import type { FunctionAnswer, NudgeAnswer } from '@tallystick/shared/functionAnswers';
import { isHubId } from '@tallystick/shared/ids';
import { DEADLINE_MS, isCustomTypeId, NO_OBJECT, objectNamed } from './hubspot.ts';
import { got, idOf, member, namedRecord, refuse, type Got } from './parameters.ts';

/** Parameters: `{ objectTypeId or object, objectId, hubId? }`. */
export async function main(context: unknown): Promise<FunctionAnswer<NudgeAnswer>> {
  const parameters = member(context, 'parameters');
  const named = namedRecord(parameters);
  if (!named.ok) return named;
  const hubId = idOf(member(parameters, 'hubId'));
  if (hubId !== null && !isHubId(hubId)) return refuse('bad-request', 'The hub’s id is not one.');
  const settings = readSettings();
  if (!settings.ok) return settings;
  const { objectType, recordId } = named.value;
  // The service knows which custom object has which type id.
  const object = objectNamed(objectType) ?? (isCustomTypeId(objectType) ? objectType : null);
  if (object === null) return NO_OBJECT;
  const body = JSON.stringify({ ...(hubId === null ? {} : { hubId }), object, recordId });
  return send(settings.value, body);
}

interface Settings {
  url: string;
  key: ArrayBuffer;
}

function readSettings(): Got<Settings> {
  const base = (process.env.TALLYSTICK_BACKEND_URL ?? '').replace(/\/$/, '');
  if (!/^https?:\/\//.test(base) || !URL.canParse(base))
    return refuse('not-configured', 'The secret TALLYSTICK_BACKEND_URL is missing or not an address.');
  const secret = /^whsec_([A-Za-z0-9+/]+={0,2})$/.exec(process.env.TALLYSTICK_NUDGE_SECRET ?? '')?.[1];
  if (secret === undefined || secret.length % 4 !== 0)
    return refuse(
      'not-configured',
      'The secret TALLYSTICK_NUDGE_SECRET is missing or not of the form whsec_….',
    );
  const key = Uint8Array.from(atob(secret), (char) => char.charCodeAt(0)).buffer;
  return got({ url: `${base}/desk/v1/nudge`, key });
}

async function send({ url, key }: Settings, body: string): Promise<FunctionAnswer<NudgeAnswer>> {
  const id = `msg_${crypto.randomUUID()}`;
  const timestamp = String(Math.floor(Date.now() / 1_000));
  const headers = {
    'content-type': 'application/json',
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': `v1,${await hmac(key, `${id}.${timestamp}.${body}`)}`,
  };
  const signal = AbortSignal.timeout(DEADLINE_MS);
  let status: number;
  try {
    ({ status } = await fetch(url, { method: 'POST', headers, body, redirect: 'error', signal }));
  } catch {
    return refuse('no-answer', 'Tallystick could not be reached.');
  }
  if (status === 202) return { ok: true, queued: true, sentence: 'Tallystick looks at the record now.' };
  if (status === 401)
    return refuse('not-configured', 'Tallystick does not accept the signature: the secrets differ.');
  if (status === 403) return refuse('not-configured', 'Tallystick speaks for another hub.');
  if (status === 422) return NO_OBJECT;
  if (status === 404) return refuse('not-configured', 'Tallystick is not set up to be asked this way.');
  if (status === 429)
    return refuse('too-many-calls', 'Tallystick is asked too often. Try again in a moment.');
  if (status >= 500) return refuse('no-answer', `Tallystick failed with status ${status}.`);
  return refuse('unexpected', `Tallystick answered with status ${status}.`);
}

/** Standard Webhooks: base64 of HMAC-SHA256 over "id.timestamp.body". */
async function hmac(key: ArrayBuffer, text: string): Promise<string> {
  const algorithm = { name: 'HMAC', hash: 'SHA-256' };
  const imported = await crypto.subtle.importKey('raw', key, algorithm, false, ['sign']);
  const mac = await crypto.subtle.sign('HMAC', imported, new TextEncoder().encode(text));
  return btoa(String.fromCharCode(...new Uint8Array(mac)));
}
