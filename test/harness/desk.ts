/** The desk over the loop: a real worker, database and stand-in, with requests signed as HubSpot signs a card's. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomUUID } from 'node:crypto';
import type { DeskRecord, DeskRefusal, RecordAnswer } from '@tallystick/shared/deskMessages';
import { pino } from 'pino';
import { deskRouter } from '../../backend/desk/router.ts';
import { sign } from '../../backend/hubspot/signature.ts';
import { createApp } from '../../backend/server.ts';
import { eventually } from './eventually.ts';
import { startLoop, type LoopHarness } from './loop.ts';

export const PUBLIC_URL = 'https://sync.example.com';
export interface Colleague {
  id: number;
  email: string;
}
export const NORA: Colleague = { id: 51446676, email: 'nora@tallyheat.example' };
export const TOMASZ: Colleague = { id: 51446677, email: 'tomasz+desk@tallyheat.example' };

export interface Sending {
  method?: 'GET' | 'POST';
  body?: unknown;
  /** Before HubSpot's own parameters. */
  query?: Record<string, string>;
  secret?: string;
  at?: number;
  /** Changes the address after it was signed, or the identity in it. */
  identity?: Record<string, string>;
  headers?: Record<string, string>;
}

export interface DeskHarness {
  loop: LoopHarness;
  secrets: string[];
  url: string;
  /** The answer as the card gets it; fails loudly when it is not HTTP 200. */
  ask<T extends object>(
    user: Colleague,
    path: string,
    sending?: Sending,
  ): Promise<(T & { ok: true }) | DeskRefusal>;
  /** What would be sent. */
  signed(
    user: Colleague,
    path: string,
  ): { address: string; headers: Record<string, string> & { 'x-hubspot-signature-v3': string } };
  /** The same, with the HTTP answer itself. */
  raw(user: Colleague, path: string, sending?: Sending): Promise<Response>;
  record(user: Colleague, object: string, id: string): Promise<DeskRecord>;
  recordWhen(
    object: string,
    id: string,
    is: (record: DeskRecord) => boolean,
    what: string,
  ): Promise<DeskRecord>;
  close(): Promise<void>;
}

export async function startDesk(loop?: LoopHarness): Promise<DeskHarness> {
  const own = loop ?? (await startLoop());
  const secrets = [own.sim.clientSecret];
  const router = deskRouter({
    db: own.db,
    signals: own.signals,
    now: Date.now,
    newId: randomUUID,
    hubId: own.hubId,
    appId: String(own.sim.appId),
    secrets,
    publicUrl: PUBLIC_URL,
    admins: [NORA.email],
  });
  const app = createApp({
    routers: [router],
    log: pino({ level: 'silent' }),
    ready: () => Promise.resolve(true),
  });
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const signed = (user: Colleague, path: string, sending: Sending = {}) => {
    const { method = sending.body === undefined ? 'GET' : 'POST', at = Date.now() } = sending;
    const address = addressOf(own, user, path, sending);
    const body = sending.body === undefined ? '' : JSON.stringify(sending.body);
    const secret = sending.secret ?? own.sim.clientSecret;
    const headers = {
      'content-type': 'application/json',
      'x-hubspot-request-timestamp': String(at),
      'x-hubspot-signature-v3': sign(secret, method, `${PUBLIC_URL}${address}`, Buffer.from(body), at),
      ...sending.headers,
    };
    return { method, address, body, headers };
  };
  const raw: DeskHarness['raw'] = (user, path, sending) => {
    const { method, address, body, headers } = signed(user, path, sending);
    return fetch(`${url}${address}`, { method, ...(body === '' ? {} : { body }), headers });
  };
  const harness: DeskHarness = {
    loop: own,
    secrets,
    url,
    signed,
    raw,
    ask: async <T extends object>(user: Colleague, path: string, sending?: Sending) => {
      const answer = await raw(user, path, sending);
      if (answer.status !== 200) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
      return (await answer.json()) as (T & { ok: true }) | DeskRefusal;
    },
    record: async (user, objectType, recordId) => {
      const answer = await harness.ask<RecordAnswer>(user, '/desk/v1/record', {
        query: { objectType, recordId },
      });
      if (!answer.ok || answer.record === null) throw new Error(`No record: ${JSON.stringify(answer)}`);
      return answer.record;
    },
    recordWhen: (object, id, is, what) =>
      eventually(async () => {
        const record = await harness.record(NORA, object, id);
        return is(record) ? record : undefined;
      }, what),
    close: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      if (loop === undefined) await own.close();
    },
  };
  return harness;
}

/** The address as HubSpot calls it: the card's own query, then who asks. */
function addressOf(loop: LoopHarness, user: Colleague, path: string, sending: Sending): string {
  const identity = {
    userId: String(user.id),
    portalId: String(loop.sim.hubId),
    userEmail: user.email,
    appId: String(loop.sim.appId),
    ...sending.identity,
  };
  const query = [...Object.entries(sending.query ?? {}), ...Object.entries(identity)]
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join('&');
  return `${path}?${query}`;
}
