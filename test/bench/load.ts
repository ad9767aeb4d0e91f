/** A load generator over raw sockets, in a process of its own: it sends prepared requests and counts the answers. */
import { connect } from 'node:net';
import { askChild, serveParent } from './child.ts';
import { percentile } from './report.ts';

export interface Load {
  port: number;
  connections: number;
  forMs: number;
  /** Whole HTTP requests, sent in turn. */
  requests: string[];
}
export interface Loaded {
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  failures: number;
}

export function runLoad(load: Load): Promise<Loaded> {
  return askChild(import.meta.filename, load) as Promise<Loaded>;
}

function generate({ port, connections, forMs, requests }: Load): Promise<Loaded> {
  const took: number[] = [];
  let failures = 0;
  let next = 0;
  const startedAt = performance.now();
  const client = (): Promise<void> =>
    new Promise((resolve) => {
      const socket = connect({ port, host: '127.0.0.1', noDelay: true });
      let sentAt = 0;
      const send = (): void => {
        if (performance.now() - startedAt > forMs) return void socket.end();
        sentAt = performance.now();
        socket.write(requests[next++ % requests.length] ?? '');
      };
      socket.on('connect', send);
      socket.on('data', (data) => {
        took.push(performance.now() - sentAt);
        if (!data.toString('latin1', 0, 12).endsWith('200')) failures += 1;
        send();
      });
      socket.on('close', () => resolve());
      socket.on('error', () => resolve());
    });
  return Promise.all(Array.from({ length: connections }, client)).then(() => {
    took.sort((a, b) => a - b);
    const seconds = (performance.now() - startedAt) / 1_000;
    return {
      perSecond: took.length / seconds,
      p50Ms: percentile(took, 0.5),
      p99Ms: percentile(took, 0.99),
      failures,
    };
  });
}

serveParent(import.meta.filename, generate);
