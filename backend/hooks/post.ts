/** One request to an endpoint: a deadline, no redirect followed, and no more read of the answer than its status. */
import { Agent as HttpAgent, request as httpRequest, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import { publicLookup } from './addresses.ts';
import type { Hook } from './hook.ts';

const TIMEOUT_MS = 15_000;
const ANSWER_MAX_BYTES = 65_536;

export type Answered =
  | { is: 'answered'; status: number; retryAfterMs: number | null }
  /** Nobody answered; `reason` is for staff. */
  | { is: 'failed'; reason: string };

export interface Poster {
  post(headers: Readonly<Record<string, string>>, body: Buffer, signal: AbortSignal): Promise<Answered>;
  close(): void;
}

/** Keeps one connection to the endpoint. */
export function openPoster({ url, allowPrivate }: Hook, timeoutMs = TIMEOUT_MS): Poster {
  const isTls = url.protocol === 'https:';
  const kept = { keepAlive: true, maxSockets: 1 };
  const agent = isTls ? new HttpsAgent(kept) : new HttpAgent(kept);
  const options = {
    method: 'POST',
    agent,
    ...(allowPrivate ? {} : { lookup: publicLookup }),
  };
  return {
    post: (headers, body, signal) => {
      const deadline = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      const length = { 'content-length': String(body.length), 'content-type': 'application/json' };
      return send(url, isTls, { ...options, headers: { ...length, ...headers }, signal: deadline }, body);
    },
    close: () => agent.destroy(),
  };
}

function send(url: URL, isTls: boolean, options: RequestOptions, body: Buffer): Promise<Answered> {
  return new Promise((resolve) => {
    const request = (isTls ? httpsRequest : httpRequest)(url, options, (response) => {
      const { statusCode: status = 0, headers } = response;
      const answered: Answered = {
        is: 'answered',
        status,
        retryAfterMs: retryAfterOf(headers['retry-after']),
      };
      let bytes = 0;
      response.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
        if (bytes > ANSWER_MAX_BYTES) response.destroy();
      });
      // Its status was said: whatever becomes of the rest of the answer, that counts.
      response.on('close', () => resolve(answered));
      response.on('error', () => resolve(answered));
    });
    request.on('error', (error) => resolve({ is: 'failed', reason: reasonOf(error) }));
    request.end(body);
  });
}

function reasonOf(error: Error): string {
  if (error.name === 'AbortError' || error.name === 'TimeoutError') return 'It did not answer in time.';
  return 'code' in error && typeof error.code === 'string' ? `No answer (${error.code}).` : error.message;
}

/** Seconds; a date is not looked at. */
function retryAfterOf(header: string | undefined): number | null {
  return header !== undefined && /^\d{1,6}$/.test(header) ? Number(header) * 1_000 : null;
}
