/** The load on many hubs, in a process of its own: light streams over raw sockets, single webhooks, and a flood. */
import { connect, type Socket } from 'node:net';
import { serveParent, startChild } from './child.ts';
import { webhookRequest, type BenchHub } from './hubs.ts';
import { percentile } from './report.ts';

export interface HubsLoad {
  port: number;
  hubs: BenchHub[];
  /** A stream each. */
  streams: { hubId: number; token: string; company: string }[];
  /** Single events, spread over these hubs. */
  eventsPerSecond: number;
  forMs: number;
  on: number[];
  /** Deliveries of 100 events on this hub, as fast as they are answered, beside it; 0: none. */
  flood: { hubId: number; events: number } | null;
}
export interface HubsLoaded {
  streams: number;
  openedMs: number;
  told: number;
  /** Of single webhooks: from sent to told on a stream, and to answered. */
  p50Ms: number;
  p99Ms: number;
  ackP99Ms: number;
  /** Events that no stream was told of. */
  missing: number;
  floodAnsweredMs: number;
}

/** By hub and company, in the order in which they were sent. */
type Sent = Map<string, { n: number; at: number }[]>;

const OPEN_AT_ONCE = 50;
const PER_DELIVERY = 100;
const FLOOD_CONNECTIONS = 4;
const SETTLE_MS = 10_000;

export async function runHubsLoad(load: HubsLoad): Promise<HubsLoaded> {
  const { answer, stop } = await startChild(import.meta.filename, load);
  stop();
  return answer as HubsLoaded;
}

async function generate(load: HubsLoad): Promise<HubsLoaded> {
  const sent: Sent = new Map();
  const took: number[] = [];
  const heard = new Set<number>();
  let told = 0;
  /** A stream is shown the present state: a value tells of those before it too, and only the first time counts. */
  const hear = (stream: HubsLoad['streams'][number], upTo: { index: number }, text: string): void => {
    for (const [, index = ''] of text.matchAll(/\bv\d+-(\d+)\b/g)) {
      const own = sent.get(`${stream.hubId}:${stream.company}`) ?? [];
      const last = own.findIndex(({ n }) => n === Number(index));
      for (; upTo.index <= last; upTo.index += 1) {
        const { n, at } = own[upTo.index]!;
        told += 1;
        heard.add(n);
        took.push(performance.now() - at);
      }
    }
  };
  const openedAt = performance.now();
  const sockets: Socket[] = [];
  for (let n = 0; n < load.streams.length; n += OPEN_AT_ONCE)
    sockets.push(
      ...(await Promise.all(
        load.streams.slice(n, n + OPEN_AT_ONCE).map((stream) => {
          const upTo = { index: 0 };
          return openStream(load.port, stream.token, (text) => hear(stream, upTo, text));
        }),
      )),
    );
  const openedMs = performance.now() - openedAt;
  const acks: number[] = [];
  const flooding = load.flood === null ? Promise.resolve(0) : flood(load, load.flood);
  const count = await single(load, sent, acks);
  const floodAnsweredMs = await flooding;
  for (let waited = 0; heard.size < count && waited < SETTLE_MS; waited += 50)
    await new Promise((resolve) => setTimeout(resolve, 50));
  for (const socket of sockets) socket.destroy();
  took.sort((a, b) => a - b);
  acks.sort((a, b) => a - b);
  return {
    ...{ streams: sockets.length, openedMs, told, floodAnsweredMs, missing: count - heard.size },
    ...{ p50Ms: percentile(took, 0.5), p99Ms: percentile(took, 0.99), ackP99Ms: percentile(acks, 0.99) },
  };
}

function openStream(port: number, token: string, hear: (text: string) => void): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let isPlaced = false;
    socket.on('connect', () =>
      socket.write(`GET /portal/v1/stream HTTP/1.1\r\nHost: bench\r\nAuthorization: Bearer ${token}\r\n\r\n`),
    );
    socket.on('data', (data: Buffer) => {
      const text = data.toString('latin1');
      if (isPlaced) hear(text);
      else if (!text.startsWith('HTTP/1.1 200') && text.startsWith('HTTP/1.1'))
        reject(new Error(text.slice(0, 300)));
      else if (/^id: \d+$/m.test(text)) {
        isPlaced = true;
        resolve(socket);
      }
    });
    socket.on('error', reject);
    socket.on('close', () => reject(new Error('A stream was closed.')));
  });
}

async function single(load: HubsLoad, sent: Sent, acks: number[]): Promise<number> {
  const hubs = load.hubs.filter(({ hubId }) => load.on.includes(hubId));
  const lines = await Promise.all(Array.from({ length: 16 }, () => openLine(load.port)));
  const startedAt = performance.now();
  let n = 0;
  for (let elapsed = 0; elapsed < load.forMs; elapsed = performance.now() - startedAt) {
    for (; n < (elapsed / 1_000) * load.eventsPerSecond; n += 1) {
      const hub = hubs[n % hubs.length]!;
      const company = hub.companies[Math.floor(n / hubs.length) % hub.companies.length]!;
      const value = `v${hub.hubId}-${n}`;
      const at = performance.now();
      const place = `${hub.hubId}:${company}`;
      sent.set(place, [...(sent.get(place) ?? []), { n, at }]);
      void lines[n % lines.length]!(webhookRequest(hub, load.port, [{ company, value }])).then(() =>
        acks.push(performance.now() - at),
      );
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  return n;
}

/** How long until every one of them was answered. */
async function flood(load: HubsLoad, { hubId, events }: { hubId: number; events: number }): Promise<number> {
  const hub = load.hubs.find((each) => each.hubId === hubId)!;
  const startedAt = performance.now();
  let left = Math.ceil(events / PER_DELIVERY);
  const client = async (): Promise<void> => {
    const line = await openLine(load.port);
    while (left > 0) {
      left -= 1;
      const batch = Array.from({ length: PER_DELIVERY }, (_, n) => ({
        company: hub.companies[n % hub.companies.length]!,
        value: `flood ${left} ${n}`,
      }));
      await line(webhookRequest(hub, load.port, batch));
    }
  };
  await Promise.all(Array.from({ length: FLOOD_CONNECTIONS }, client));
  return performance.now() - startedAt;
}

/** Sends one request after the other; fails loudly at anything but 200. */
function openLine(port: number): Promise<(request: string) => Promise<void>> {
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
              socket.write(request);
            }),
        );
        return last;
      }),
    );
  });
}

serveParent(import.meta.filename, generate);
