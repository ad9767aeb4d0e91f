/** A webhook target: keeps what it is sent and answers as it is told. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Every member of an event that some test looks at. */
export interface Event {
  eventId: number;
  subscriptionId: number;
  subscriptionType: string;
  occurredAt: number;
  attemptNumber: number;
  objectId: number;
  propertyName: string;
  propertyValue: string;
  changeFlag: string;
  changeSource: string;
  associationType: string;
  associationRemoved: boolean;
  isPrimaryAssociation: boolean;
}
export interface Received {
  headers: Record<string, string | string[] | undefined>;
  raw: string;
  events: Event[];
}
export interface Receiver {
  url: string;
  requests: Received[];
  events: () => Event[];
  /** The status of the next answers; 0: none at all. */
  answer: number;
  close: () => Promise<void>;
}

export async function openReceiver(): Promise<Receiver> {
  const receiver: Receiver = {
    url: '',
    requests: [],
    events: () => receiver.requests.flatMap((request) => request.events),
    answer: 200,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  const server = createServer((req, res) => {
    const parts: Buffer[] = [];
    req.on('data', (part: Buffer) => parts.push(part));
    req.on('end', () => {
      const raw = Buffer.concat(parts).toString('utf8');
      receiver.requests.push({ headers: req.headers, raw, events: JSON.parse(raw) as Event[] });
      if (receiver.answer === 0) req.socket.destroy();
      else res.writeHead(receiver.answer).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  receiver.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks?hub=a%40b`;
  return receiver;
}
