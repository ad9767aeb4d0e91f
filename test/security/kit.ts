/**
 * What the attacks share: the whole service over real HTTP with customers who sign in by mail, requests signed as
 * HubSpot signs them, and requests that no client library would send.
 */
import { request } from 'node:http';
import { connect } from 'node:net';
import { sign } from '../../backend/hubspot/signature.ts';
import type { Overrides } from '../../backend/main.ts';
import { eventually } from '../harness/eventually.ts';
import { startMailbox, type Mailbox } from '../harness/mailbox.ts';
import { startWhole, type Whole } from '../harness/whole.ts';

export const PUBLIC_URL = 'https://sync.example.com';
export const PORTAL_URL = 'https://portal.example';
export const HOOK_PATH = '/webhooks/hubspot';
const ADMIN = { id: 51446676, email: 'nora@tallyheat.example' };

export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  text: string;
  /** The body, where it is JSON. */
  json: Record<string, unknown>;
}

export interface Sending {
  method?: string;
  headers?: Record<string, string | string[] | undefined>;
  body?: string | Uint8Array;
}

export interface Target {
  whole: Whole;
  mailbox: Mailbox;
  /** Sends the path and the headers as they are: `fetch` would tidy them up. */
  raw: (path: string, sending?: Sending) => Promise<Answer>;
  /** As HubSpot sends a webhook; headers given here win. */
  hook: (body: string | Uint8Array, sending?: Sending) => Promise<Answer>;
  /** As HubSpot sends what a card asks. */
  desk: (path: string, sending?: Sending & { query?: Record<string, string> }) => Promise<Answer>;
  /** The bytes go over a connection of their own; answers with what came back until it was closed. */
  bytes(text: string | Uint8Array, withinMs?: number): Promise<string>;
  /** By a link that is mailed; the session's cookie. */
  signIn(email: string): Promise<string>;
  close(): Promise<void>;
}

export async function startTarget(
  options: { overrides?: Overrides; env?: Record<string, string> } = {},
): Promise<Target> {
  const mailbox = await startMailbox();
  const whole = await startWhole({
    ...(options.overrides && { overrides: options.overrides }),
    env: () =>
      Promise.resolve({
        PORTAL_URL,
        SMTP_URL: mailbox.url,
        MAIL_FROM: 'Portal <portal@firm.example>',
        DESK_ADMINS: ADMIN.email,
        ...options.env,
      }),
  });
  const { service, sim } = whole;
  const raw: Target['raw'] = (path, sending) => send(service.port, path, sending);
  const target: Target = {
    whole,
    mailbox,
    raw,
    hook: (body, { headers, ...rest } = {}) =>
      raw(HOOK_PATH, {
        method: 'POST',
        ...rest,
        body,
        headers: { ...signed(sim.clientSecret, body), ...headers },
      }),
    desk: (path, { query = {}, body = '', headers, method = body === '' ? 'GET' : 'POST' } = {}) => {
      const who = {
        ...{ userId: String(ADMIN.id), portalId: String(sim.hubId), userEmail: ADMIN.email },
        appId: String(sim.appId),
      };
      const asked = `${path}?${new URLSearchParams({ ...query, ...who }).toString()}`;
      const at = Date.now();
      const signature = sign(sim.clientSecret, method, `${PUBLIC_URL}${asked}`, Buffer.from(body), at);
      return raw(asked, { method, body, headers: { ...headersOf(signature, at), ...headers } });
    },
    bytes: (text, withinMs = 5_000) => overSocket(service.port, text, withinMs),
    signIn: async (email) => {
      const post = (path: string, body: object, cookie = ''): Promise<Answer> =>
        raw(`/portal/v1${path}`, {
          method: 'POST',
          body: JSON.stringify(body),
          headers: { 'content-type': 'application/json', origin: PORTAL_URL, cookie },
        });
      const asked = await post('/sign-in/mail', { email });
      const mail = await eventually(() => mailbox.mails.findLast(({ to }) => to === email), 'the mail');
      return cookieOf(await post('/sign-in/mail/confirm', { token: mail.token }, cookieOf(asked)));
    },
    close: async () => {
      await whole.close();
      await mailbox.close();
    },
  };
  return target;
}

/** Figures, where `npm run security` asks for more than the small dose. */
export function say(line: string): void {
  if (process.env.TALLYSTICK_SECURITY_ROUNDS !== undefined) console.log(line);
}

const cookieOf = ({ headers }: Answer): string =>
  [headers['set-cookie'] ?? []]
    .flat()
    .map((line) => line.split(';')[0] ?? '')
    .filter((pair) => !pair.endsWith('='))
    .join('; ');

/** The headers of a webhook of this body, signed now. */
export function signed(secret: string, body: string | Uint8Array, at = Date.now()): Record<string, string> {
  return headersOf(sign(secret, 'POST', `${PUBLIC_URL}${HOOK_PATH}`, Buffer.from(body), at), at);
}

const headersOf = (signature: string, at: number): Record<string, string> => ({
  'content-type': 'application/json',
  'x-hubspot-signature-v3': signature,
  'x-hubspot-request-timestamp': String(at),
});

function send(
  port: number,
  path: string,
  { method = 'GET', headers = {}, body }: Sending = {},
): Promise<Answer> {
  const given = Object.entries(headers).filter(([, value]) => value !== undefined && value !== '');
  const isChunked = given.some(([name]) => name.toLowerCase() === 'transfer-encoding');
  const length = body === undefined || isChunked ? {} : { 'content-length': Buffer.byteLength(body) };
  return new Promise((resolve, reject) => {
    const options = { host: '127.0.0.1', port, method, path, agent: false as const };
    const req = request({ ...options, headers: { ...length, ...Object.fromEntries(given) } }, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('error', reject);
      res.on('end', () => {
        const text = Buffer.concat(chunks).toString('utf8');
        const isJson = /json/.test(res.headers['content-type'] ?? '') && text !== '';
        const json = isJson ? (JSON.parse(text) as Record<string, unknown>) : {};
        resolve({ status: res.statusCode ?? 0, headers: res.headers, text, json });
      });
    });
    req.on('error', reject);
    req.end(body);
  });
}

function overSocket(port: number, text: string | Uint8Array, withinMs: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    let heard = '';
    const done = (): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(heard);
    };
    const timer = setTimeout(done, withinMs);
    socket.on('data', (chunk: Buffer) => (heard += chunk.toString('latin1')));
    socket.on('close', done);
    socket.on('error', () => undefined); // `close` follows
    socket.on('connect', () => socket.write(text));
  });
}
