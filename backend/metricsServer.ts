/** Metrics on a port of their own, so that they are not on the public one (ASVS 13.4.5); a token guards them besides. */
import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Metrics } from './metrics.ts';
import type { Secret } from './secret.ts';

const TEXT = 'text/plain; version=0.0.4; charset=utf-8';
const REQUEST_TIMEOUT_MS = 10_000;

export interface MetricsServer {
  port: number;
  close(): Promise<void>;
}

export async function startMetricsServer(options: {
  host: string;
  port: number;
  /** Null: the port itself is the guard. */
  token: Secret | null;
  metrics: Metrics;
}): Promise<MetricsServer> {
  const { host, port, token, metrics } = options;
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (req, res) => {
    void answer(req, res, token, metrics);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(
  req: IncomingMessage,
  res: ServerResponse,
  token: Secret | null,
  metrics: Metrics,
): Promise<void> {
  const [status, text] = await read(req, token, metrics);
  res.writeHead(status, { 'content-type': TEXT, 'cache-control': 'no-store' }).end(text);
}

async function read(
  { url, method, headers }: IncomingMessage,
  token: Secret | null,
  metrics: Metrics,
): Promise<[status: number, text: string]> {
  if (url !== '/metrics') return [404, 'There is nothing at this address.\n'];
  if (method !== 'GET') return [405, 'Metrics are read with GET.\n'];
  if (token !== null && !fits(headers.authorization, token.reveal()))
    return [401, 'The token is missing or wrong.\n'];
  try {
    return [200, await metrics.text()];
  } catch {
    return [500, 'The metrics could not be read.\n'];
  }
}

/** As digests, so that the time taken tells nothing. */
function fits(given: string | undefined, token: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given ?? ''), digest(`Bearer ${token}`));
}
