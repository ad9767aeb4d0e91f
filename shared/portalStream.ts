/**
 * The live stream as a client: read by fetch (which can carry a token), resumed where it broke off, watched for silence.
 * Nothing is lost over a cut: at worst something is told twice, and what is told is always the present state.
 */
import type { Receipt, RecordView } from './messages.ts';
import type { Platform } from './portalPlatform.ts';
import { addressOf, backOffMs, headersOf, pause, type Wire } from './portalRequest.ts';
import { isStreamMessage } from './portalShapes.ts';
import { createSseParser, type SseEvent } from './portalSse.ts';

/** `waiting`: it will be tried again soon. `signed-out`: not before `resume` is called. */
export type LiveState = 'connecting' | 'live' | 'waiting' | 'offline' | 'signed-out' | 'paused';

export interface Listener {
  onRecord?: (record: RecordView) => void;
  onGone?: (object: string, id: string) => void;
  onReceipt?: (receipt: Receipt) => void;
  /** What was missed cannot be told one by one: read everything again. */
  onResync?: () => void;
  onState?: (state: LiveState) => void;
}

export interface Subscription {
  /** Lets the connection go, keeps the place: for a page that nobody looks at. */
  pause: () => void;
  /** Goes on from there; also tries at once where it waits, or was signed out. */
  resume: () => void;
  close: () => void;
}

/** The service beats every 15 s: two beats that are missing mean that the connection is dead. */
const SILENCE_MAX_MS = 40_000;
const CONNECT_WITHIN_MS = 20_000;

interface Live {
  wire: Wire;
  listener: Listener;
  state: LiveState | null;
  place: Place;
  closed: boolean;
  paused: boolean;
  /** Ends what is under way: a connection, or a pause. */
  cut: AbortController;
}

/**
 * Several messages carry one id (they became known together), so while more may come the place is still the id before:
 * a cut between two of them would otherwise lose the second.
 */
interface Place {
  /** Everything up to here was told. */
  safe: string | null;
  /** The id of the last message. */
  last: string | null;
  /** A connection, or a try at one, ended before it was certain what was told. */
  lost: boolean;
}

export function subscribe(wire: Wire, listener: Listener): Subscription {
  const live: Live = {
    wire,
    listener,
    state: null,
    place: { safe: null, last: null, lost: false },
    closed: false,
    paused: false,
    cut: new AbortController(),
  };
  const offOnline = wire.platform.onOnlineChange(() => live.cut.abort());
  void run(live);
  return {
    pause: () => {
      live.paused = true;
      live.cut.abort();
    },
    resume: () => {
      live.paused = false;
      if (live.state !== 'live' && live.state !== 'connecting') live.cut.abort();
    },
    close: () => {
      live.closed = true;
      offOnline();
      live.cut.abort();
    },
  };
}

async function run(live: Live): Promise<void> {
  const { platform } = live.wire;
  let tries = 0;
  while (!live.closed) {
    live.cut = new AbortController();
    if (live.paused) await stand(live, 'paused');
    else if (!platform.isOnline()) await stand(live, 'offline');
    else {
      tell(live, 'connecting');
      const end = await follow(live);
      if (end === 'signed-out') await stand(live, 'signed-out');
      else {
        tries = end === 'was-live' ? 0 : tries + 1;
        // Called off on purpose: what comes next is looked at without a pause.
        if (live.cut.signal.aborted) continue;
        tell(live, 'waiting');
        await pause(platform, backOffMs(platform, tries), live.cut.signal).catch(() => undefined);
      }
    }
  }
}

/** Until something happens: `cut` is used for whatever it may be. */
async function stand(live: Live, state: LiveState): Promise<void> {
  tell(live, state);
  const { signal } = live.cut;
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function tell(live: Live, state: LiveState): void {
  if (live.state === state || live.closed) return;
  live.state = state;
  live.listener.onState?.(state);
}

/** One connection, from its beginning to its end. */
async function follow(live: Live): Promise<'was-live' | 'failed' | 'signed-out'> {
  const { wire, place, cut } = live;
  const silence = new AbortController();
  const watch = watchdog(wire.platform, silence);
  const heard = { mark: false };
  try {
    watch.within(CONNECT_WITHIN_MS);
    const answer = await open(wire, place.safe, AbortSignal.any([cut.signal, silence.signal]));
    if (answer?.status === 401 || answer?.status === 403) return 'signed-out';
    if (answer?.ok !== true || answer.body === null) return 'failed';
    const hear = createSseParser((event) => {
      if (take(live, event)) heard.mark = true;
    });
    const reader = answer.body.getReader();
    const decoder = new TextDecoder();
    for (;;) {
      watch.within(SILENCE_MAX_MS);
      // The connection broke, was silent for too long, or was called off.
      const piece = await reader.read().catch(() => null);
      if (piece === null || piece.done) break;
      hear(decoder.decode(piece.value, { stream: true }));
    }
  } finally {
    watch.stop();
    // Before the first mark it is not certain what was told.
    place.lost = place.lost || place.safe === null;
  }
  return heard.mark ? 'was-live' : 'failed';
}

/** Null when it cannot be reached. */
async function open(wire: Wire, from: string | null, signal: AbortSignal): Promise<Response | null> {
  const headers = {
    Accept: 'text/event-stream',
    ...headersOf(wire),
    ...(from === null ? {} : { 'Last-Event-ID': from }),
  };
  const init: RequestInit = { headers, credentials: 'same-origin', cache: 'no-store', signal };
  return wire.platform.fetch(addressOf(wire, '/stream'), init).catch(() => null);
}

function watchdog(platform: Platform, silence: AbortController) {
  let stop: () => void = () => undefined;
  return {
    within: (ms: number) => {
      stop();
      stop = platform.after(ms, () => silence.abort());
    },
    stop: () => stop(),
  };
}

/** True for the mark with which the service says: everything up to here was told. */
function take(live: Live, { id, data }: SseEvent): boolean {
  const { place, listener } = live;
  if (live.closed) return false;
  if (data === '') {
    if (id === null) return false;
    if (place.lost) listener.onResync?.();
    Object.assign(place, { safe: id, last: id, lost: false });
    tell(live, 'live');
    return true;
  }
  if (id !== null && id !== place.last) {
    // A message of the next id: the one before is complete. Before the first mark nothing is.
    if (place.safe !== null) place.safe = place.last;
    place.last = id;
  }
  const message = parsed(data);
  if (!isStreamMessage(message)) return false;
  switch (message.type) {
    case 'record':
      listener.onRecord?.(message.record);
      break;
    case 'gone':
      listener.onGone?.(message.object, message.id);
      break;
    case 'receipt':
      listener.onReceipt?.(message.receipt);
      break;
    case 'resync':
      listener.onResync?.();
      break;
    default:
      message satisfies never;
  }
  return false;
}

function parsed(data: string): unknown {
  try {
    return JSON.parse(data);
  } catch {
    return null;
  }
}
