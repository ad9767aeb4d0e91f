/** Raw sockets for the load on many hubs: a client library would cost more than the service. */
import { connect, type Socket } from 'node:net';
import type { Watcher } from './hubsFill.ts';

const OPEN_AT_ONCE = 50;

/** Sends one request after the other, each signed when it goes out; fails loudly at anything but 200. */
export type Line = (request: () => string) => Promise<void>;

/** Opens a stream for each; what it is told afterwards goes to what `hear` answers. */
export async function openStreams(
  port: number,
  watchers: readonly Watcher[],
  hear: (watcher: Watcher) => (text: string) => void,
): Promise<() => void> {
  const sockets: Socket[] = [];
  for (let n = 0; n < watchers.length; n += OPEN_AT_ONCE)
    sockets.push(
      ...(await Promise.all(
        watchers.slice(n, n + OPEN_AT_ONCE).map((watcher) => openStream(port, watcher.token, hear(watcher))),
      )),
    );
  return () => {
    for (const socket of sockets) socket.removeAllListeners('close').destroy();
  };
}

/** Resolves when the stream has its place. */
function openStream(port: number, token: string, hear: (text: string) => void): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let isPlaced = false;
    let rest = '';
    socket.on('connect', () =>
      socket.write(`GET /portal/v1/stream HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${token}\r\n\r\n`),
    );
    socket.on('data', (data: Buffer) => {
      const text = data.toString('latin1');
      if (isPlaced) {
        const lines = rest + text;
        const end = lines.lastIndexOf('\n') + 1;
        rest = lines.slice(end);
        if (end > 0) hear(lines.slice(0, end));
      } else if (!text.startsWith('HTTP/1.1 200') && text.startsWith('HTTP/1.1'))
        reject(new Error(text.slice(0, 300)));
      else if (/^id: \d+$/m.test(text)) {
        isPlaced = true;
        resolve(socket);
      }
    });
    socket.on('error', reject);
    socket.on('close', () => {
      if (isPlaced) console.error('A stream was closed by the service.');
      reject(new Error('A stream was closed.'));
    });
  });
}

export function openLine(port: number): Promise<Line> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    const answers: (() => void)[] = [];
    socket.on('data', (data: Buffer) => {
      for (const status of data.toString('latin1').match(/HTTP\/1\.1 \d+/g) ?? []) {
        if (!status.endsWith('200')) throw new Error(`A webhook was answered ${status}.`);
        answers.shift()?.();
      }
    });
    socket.on('error', reject);
    let last = Promise.resolve();
    socket.on('connect', () =>
      resolve((request) => {
        last = last.then(
          () =>
            new Promise<void>((answered) => {
              answers.push(answered);
              socket.write(request());
            }),
        );
        return last;
      }),
    );
  });
}
