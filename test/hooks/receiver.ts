/** An endpoint of somebody else's portal: a real server that keeps what it was told and answers as a test wants. */
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { parseHooks, type Hook } from '../../backend/hooks/hook.ts';
import { eventually } from '../harness/eventually.ts';

export interface Told {
  type: string;
  timestamp: string;
  data: {
    object?: string;
    id?: string;
    version?: string;
    fields?: string[];
    editId?: string;
    state?: string;
  };
}
export interface Heard extends Told {
  webhookId: string;
  status: number;
  headers: IncomingHttpHeaders;
}

export interface Receiver {
  url: string;
  secret: string;
  hook: Hook;
  /** Everything that came, verified by the reference verifier; also what was not answered well. */
  heard: Heard[];
  /** What was answered 2xx, each message once. */
  taken(): Heard[];
  /** How the next requests are answered; by default 204. */
  answer: (res: ServerResponse, heard: Heard) => void;
  /** Does not listen any more, until `up`. */
  down(): Promise<void>;
  up(): Promise<void>;
  until(is: (heard: Heard) => boolean, what: string): Promise<Heard>;
  close(): Promise<void>;
}

export async function startReceiver(audience?: string): Promise<Receiver> {
  const secret = `whsec_${randomBytes(24).toString('base64')}`;
  const verifier = new Webhook(secret);
  let port = 0;
  const listen = async () => {
    const server = createServer((req, res) => {
      const chunks: Buffer[] = [];
      req.on('data', (chunk: Buffer) => chunks.push(chunk));
      req.on('end', () => {
        const body = Buffer.concat(chunks).toString('utf8');
        const told = verifier.verify(body, req.headers as Record<string, string>) as Told;
        const webhookId = String(req.headers['webhook-id']);
        const one: Heard = { ...told, webhookId, status: 0, headers: req.headers };
        receiver.heard.push(one);
        res.on('close', () => (one.status = res.writableFinished ? res.statusCode : 0));
        receiver.answer(res, one);
      });
    });
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    port = (server.address() as AddressInfo).port;
    return server;
  };
  let server: Awaited<ReturnType<typeof listen>> | null = await listen();
  const url = `http://127.0.0.1:${port}/changes?key=very-secret`;
  const [hook] = parseHooks(
    JSON.stringify([{ url, secret, ...(audience === undefined ? {} : { audience }) }]),
    false,
  );
  const receiver: Receiver = {
    url,
    secret,
    hook: hook!,
    heard: [],
    taken: () => {
      const ids = new Set<string>();
      return receiver.heard.filter(({ status, webhookId }) => {
        if (status < 200 || status > 299 || ids.has(webhookId)) return false;
        ids.add(webhookId);
        return true;
      });
    },
    answer: (res) => void res.writeHead(204).end(),
    down: async () => {
      const closing = server;
      server = null;
      closing?.closeAllConnections();
      await new Promise((resolve) => (closing === null ? resolve(null) : closing.close(resolve)));
    },
    up: async () => {
      server = await listen();
    },
    until: (is, what) => eventually(() => receiver.heard.find(is), what),
    close: () => receiver.down(),
  };
  return receiver;
}
