/** A line between a client and a server that can be cut, lose an answer, or be down: real sockets. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

const FIRST_LINE_MAX_BYTES = 200;

export interface BrokenLine {
  url: string;
  /** Ends every connection that is open. */
  cut(): void;
  /** New connections are refused while it is down. */
  down(isDown: boolean): void;
  /** The next request that matches reaches the server, its answer gets lost. */
  loseAnswerTo(request: RegExp): void;
  /** After so many bytes of answer, every connection that is open is cut in the middle. */
  cutAfter(bytes: number): void;
  lost: number;
  /** From now on connections lead to another server; what is open is cut. */
  to(target: string): void;
  /** Requests that went through, by how their first line begins. */
  passed(request: RegExp): number;
  close(): Promise<void>;
}

export async function breakableLine(target: string): Promise<BrokenLine> {
  let { hostname, port } = new URL(target);
  const firstLines: string[] = [];
  const sockets = new Set<Socket>();
  let isDown = false;
  let losing: RegExp | null = null;
  let bytesLeft: number | null = null;
  const line: BrokenLine = {
    url: '',
    lost: 0,
    to: (next) => {
      ({ hostname, port } = new URL(next));
      line.cut();
    },
    passed: (request) => firstLines.filter((text) => request.test(text)).length,
    cut: () => sockets.forEach((socket) => socket.destroy()),
    down: (value) => {
      isDown = value;
      if (value) line.cut();
    },
    loseAnswerTo: (request) => (losing = request),
    cutAfter: (bytes) => (bytesLeft = bytes),
    close: async () => {
      line.cut();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const server = createServer((near) => {
    if (isDown) {
      near.destroy();
      return;
    }
    const far = connect(Number(port), hostname);
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    let loses = false;
    near.on('data', (bytes) => {
      const [first = ''] = bytes.toString('latin1', 0, FIRST_LINE_MAX_BYTES).split('\r\n', 1);
      if (/^[A-Z]+ \S+ HTTP/.test(first)) firstLines.push(first);
      if (losing?.test(bytes.toString('latin1')) === true) {
        loses = true;
        losing = null;
      }
      far.write(bytes);
    });
    far.on('data', (bytes) => {
      if (loses) {
        line.lost += 1;
        near.destroy();
      } else if (bytesLeft !== null && bytes.length >= bytesLeft) {
        near.end(bytes.subarray(0, bytesLeft));
        bytesLeft = null;
      } else {
        if (bytesLeft !== null) bytesLeft -= bytes.length;
        near.write(bytes);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  line.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return line;
}
