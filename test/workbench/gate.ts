/** A TCP gate before a server: open, shut (as when the server is down), or slow. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

export interface Gate {
  port: number;
  open(): void;
  /** Ends every connection and refuses new ones. */
  shut(): void;
  /** Every answer waits this long; null: it never comes. */
  slow(delayMs: number | null): void;
  close(): Promise<void>;
}

export async function startGate(target: { host: string; port: number }): Promise<Gate> {
  let mode: { is: 'open' | 'shut' } | { is: 'slow'; delayMs: number | null } = { is: 'open' };
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    if (mode.is === 'shut') {
      near.destroy();
      return;
    }
    const far = connect(target.port, target.host);
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(socket);
      socket.on('error', () => other.destroy());
      socket.on('close', () => {
        sockets.delete(socket);
        other.destroy();
      });
    }
    near.on('data', (data) => far.write(data));
    far.on('data', (data) => {
      if (mode.is !== 'slow') near.write(data);
      else if (mode.delayMs !== null) setTimeout(() => near.writable && near.write(data), mode.delayMs);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const destroyAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port: (server.address() as AddressInfo).port,
    open: () => (mode = { is: 'open' }),
    shut: () => {
      mode = { is: 'shut' };
      destroyAll();
    },
    slow: (delayMs) => (mode = { is: 'slow', delayMs }),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        destroyAll();
      }),
  };
}
