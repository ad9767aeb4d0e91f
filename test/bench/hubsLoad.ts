/**
 * The load on many hubs, in a process of its own: light streams over raw sockets, single changes with a webhook each, and
 * a flood. A change is made in the hub's stand-in before its webhook is sent; a seed says who changes what.
 */
import { createRandom, type Random } from '../simulator/random.ts';
import { serveParent, startChild } from './child.ts';
import { changer, webhookRequest, type BenchHub, type Change } from './hubs.ts';
import type { Watcher } from './hubsFill.ts';
import { openLine, openStreams, type Line } from './hubsLines.ts';

export interface HubsLoad {
  port: number;
  /** Where the stand-ins take changes. */
  changesPort: number;
  hubs: BenchHub[];
  seed: number;
  /** A stream each. */
  watchers: Watcher[];
  /** Single changes on these hubs. */
  on: number[];
  eventsPerSecond: number;
  /** What is sent in the first of these counts for losses only. */
  warmMs: number;
  forMs: number;
  /** A budget of time ends the load then, though not before a few seconds of it were measured. */
  endsAt?: number;
  /** Deliveries of 100 events on this hub, as fast as they are answered, beside it. */
  flood: { hubId: number; events: number } | null;
}
export interface HubsLoaded {
  openedMs: number;
  events: number;
  /** Of single changes to what is watched, a sample a stream: when it was sent, and how long until it was told. */
  told: { at: number; ms: number }[];
  /** Of all single changes: when its webhook was sent, and how long until it was answered. */
  answered: { at: number; ms: number }[];
  /** Owed to streams, and never told. */
  untold: number;
  /** What every record that was changed has to hold in the end. */
  last: { hubId: number; change: Change }[];
  flood: { beganAt: number; answeredAt: number } | null;
}

/** Half of the changes are of what somebody watches, half of any record. */
const WATCHED_SHARE = 0.5;
const PER_DELIVERY = 100;
const FLOOD_CONNECTIONS = 4;
const LINES = 16;
const LEAST_MS = 5_000;
/** What is not told by then is lost. */
const TOLD_WITHIN_MS = 30_000;

export async function runHubsLoad(load: HubsLoad): Promise<HubsLoaded> {
  const { answer, stop } = await startChild(import.meta.filename, load);
  stop();
  return answer as HubsLoaded;
}

interface Sent {
  n: number;
  at: number;
  isCounted: boolean;
}
interface State {
  /** By hub and company, in the order in which they were sent. */
  sent: Map<string, Sent[]>;
  watching: Map<string, number>;
  last: Map<string, HubsLoaded['last'][number]>;
  told: HubsLoaded['told'];
  answered: HubsLoaded['answered'];
  owed: number;
}

const placeOf = ({ hubId, company }: { hubId: number; company: number }): string => `${hubId}:${company}`;

async function generate(load: HubsLoad): Promise<HubsLoaded> {
  const state: State = {
    ...{ sent: new Map(), watching: new Map(), last: new Map(), told: [], answered: [], owed: 0 },
  };
  for (const watcher of load.watchers) {
    const place = placeOf(watcher);
    state.watching.set(place, (state.watching.get(place) ?? 0) + 1);
  }
  const openedAt = performance.now();
  const close = await openStreams(load.port, load.watchers, (watcher) => {
    const upTo = { index: 0 };
    return (text) => hear(state, placeOf(watcher), upTo, text);
  });
  const openedMs = performance.now() - openedAt;
  const flooding = load.flood === null ? Promise.resolve(null) : flood(load, load.flood, state);
  const events = await single(load, state);
  const flooded = await flooding;
  for (let waited = 0; state.owed > 0 && waited < TOLD_WITHIN_MS; waited += 50) await pause(50);
  close();
  return {
    ...{ openedMs, events, told: state.told, answered: state.answered, untold: state.owed },
    ...{ last: [...state.last.values()], flood: flooded },
  };
}

/** A stream is shown the present state: a value tells of those before it too, and only the first time counts. */
function hear(state: State, place: string, upTo: { index: number }, text: string): void {
  const heardAt = Date.now();
  for (const [, named = ''] of text.matchAll(/\bv\d+-(\d+)\b/g)) {
    const own = state.sent.get(place) ?? [];
    const last = own.findLastIndex(({ n }) => n === Number(named));
    for (; upTo.index <= last; upTo.index += 1) {
      const { at, isCounted } = own[upTo.index]!;
      state.owed -= 1;
      if (isCounted) state.told.push({ at, ms: heardAt - at });
    }
  }
}

async function single(load: HubsLoad, state: State): Promise<number> {
  const random = createRandom(load.seed, 'load');
  const hubs = load.hubs.filter(({ hubId }) => load.on.includes(hubId));
  const change = changer(load.changesPort);
  // Opened when it is used first: a connection that sends nothing is ended by the service.
  const lines: Promise<Line>[] = [];
  const sending: Promise<void>[] = [];
  const watched = new Map(
    hubs.map(({ hubId }) => [
      hubId,
      [...new Set(load.watchers.flatMap((one) => (one.hubId === hubId ? one.company : [])))],
    ]),
  );
  const startedAt = performance.now();
  let n = 0;
  const leftMs = Math.max(LEAST_MS, (load.endsAt ?? Infinity) - Date.now() - load.warmMs);
  const untilMs = load.warmMs + Math.min(load.forMs, leftMs);
  for (let elapsed = 0; elapsed < untilMs; elapsed = performance.now() - startedAt) {
    for (; n < (elapsed / 1_000) * load.eventsPerSecond; n += 1) {
      const hub = random.pick(hubs);
      const isCounted = elapsed >= load.warmMs;
      const record = drawRecord(random, hub, watched.get(hub.hubId) ?? []);
      sending.push(
        sendOne(
          { load, state, hub, change, line: (lines[n % LINES] ??= openLine(load.port)) },
          record,
          n,
          isCounted,
        ),
      );
    }
    await pause(1);
  }
  await Promise.all(sending);
  return n;
}

interface Sending {
  load: HubsLoad;
  state: State;
  hub: BenchHub;
  change: ReturnType<typeof changer>;
  line: Promise<Line>;
}

async function sendOne(
  { load, state, hub, change, line }: Sending,
  record: Pick<Change, 'object' | 'id'>,
  n: number,
  isCounted: boolean,
): Promise<void> {
  const made = { ...record, value: `v${hub.hubId}-${n}` };
  const key = `${hub.hubId}:${made.object}:${made.id}`;
  // Two changes of one record never have one time.
  const one: Change = { ...made, at: Math.max(Date.now(), (state.last.get(key)?.change.at ?? 0) + 1) };
  state.last.set(key, { hubId: hub.hubId, change: one });
  const place = placeOf({ hubId: hub.hubId, company: made.id });
  const owed = made.object === 'company' ? (state.watching.get(place) ?? 0) : 0;
  const sent: Sent = { n, at: 0, isCounted };
  if (owed > 0) state.sent.set(place, [...(state.sent.get(place) ?? []), sent]);
  state.owed += owed;
  const send = await line;
  await change(hub.hubId, [one]);
  sent.at = Date.now();
  await send(() => webhookRequest(hub, load.port, [one]));
  if (isCounted) state.answered.push({ at: sent.at, ms: Date.now() - sent.at });
}

function drawRecord(
  random: Random,
  { companies, contacts }: BenchHub,
  watched: readonly number[],
): Pick<Change, 'object' | 'id'> {
  if (watched.length > 0 && random.chance(WATCHED_SHARE))
    return { object: 'company', id: random.pick(watched) };
  const any = random.int(companies.count + contacts.count);
  return any < companies.count
    ? { object: 'company', id: companies.first + any }
    : { object: 'contact', id: contacts.first + any - companies.count };
}

/** Each delivery is about other companies than the one before, as an import's are. */
async function flood(
  load: HubsLoad,
  { hubId, events }: { hubId: number; events: number },
  state: State,
): Promise<HubsLoaded['flood']> {
  const hub = load.hubs.find((each) => each.hubId === hubId)!;
  const { first, count } = hub.companies;
  const change = changer(load.changesPort);
  await pause(load.warmMs);
  const beganAt = Date.now();
  const last = new Map<number, Change>();
  let sent = 0;
  const client = async (): Promise<void> => {
    const line = await openLine(load.port);
    while (sent < events) {
      const batch: Change[] = [];
      for (; batch.length < PER_DELIVERY && sent < events; sent += 1) {
        const id = first + (sent % count);
        const at = Math.max(Date.now(), (last.get(id)?.at ?? 0) + 1);
        const one: Change = { object: 'company', id, value: `flood ${sent}`, at };
        last.set(id, one);
        batch.push(one);
      }
      await change(hubId, batch);
      await line(() => webhookRequest(hub, load.port, batch));
    }
  };
  await Promise.all(Array.from({ length: FLOOD_CONNECTIONS }, client));
  for (const [id, one] of last) state.last.set(`${hubId}:company:${id}`, { hubId, change: one });
  return { beganAt, answeredAt: Date.now() };
}

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

serveParent(import.meta.filename, generate);
