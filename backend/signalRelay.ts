/**
 * Passes the signals of this process on to the others that work on the same database, and theirs to this one: which hub,
 * and whether work waits, deliveries were stored, or something moved. What is said while a word is on its way is said
 * together. A word that is lost costs a second at most, since everybody also looks.
 */
import { isHubId, type HubId } from '@tallystick/shared/ids';
import type { Logger } from 'pino';
import { pause } from './bell.ts';
import type { Signals } from './signals.ts';
import { openNotices, type Notices } from './store/notices.ts';
import type { Clock } from './sync/budget.ts';

/** Under load words are gathered this long: each statement takes a transaction number of the whole database. */
const SAY_EVERY_MS = 4;
const RETRY_MS = 1_000;

export interface RelayDeps {
  databaseUrl: string;
  signals: Signals;
  clock: Clock;
  log: Logger;
}

type Kind = 'wake' | 'arrived' | 'moved';

export interface SignalRelay {
  close(): Promise<void>;
}

export function relaySignals({ databaseUrl, signals, clock, log }: RelayDeps): SignalRelay {
  const stopping = new AbortController();
  let waiting = new Set<string>();
  let isPassingOn = false;
  let notices: Notices | null = null;
  let saying: Promise<void> | null = null;

  const hear = (word: string): void => {
    const [kind = '', hub = ''] = word.split(':');
    if (!isHubId(hub)) return;
    isPassingOn = true;
    passOn(signals, kind, hub);
    isPassingOn = false;
  };
  const say = async (): Promise<void> => {
    while (waiting.size > 0 && notices !== null) {
      const words = [...waiting];
      waiting = new Set();
      await notices.say(words).catch(() => undefined); // they look; that the connection is lost is heard by `lost`
      await pause(clock, SAY_EVERY_MS, stopping.signal);
    }
  };
  const tell = (kind: Kind, hubId: HubId): void => {
    if (isPassingOn) return;
    waiting.add(`${kind}:${hubId}`);
    saying ??= say().finally(() => (saying = null));
  };
  const offs = [
    signals.onWake((hubId) => tell('wake', hubId)),
    signals.onArrived((hubId) => tell('arrived', hubId)),
    signals.onChange(({ hubId }) => tell('moved', hubId)),
  ];
  const keeping = (async () => {
    while (!stopping.signal.aborted) {
      const over = new AbortController();
      const end = (): void => over.abort();
      try {
        notices = await openNotices(databaseUrl, hear, end);
        await aborted(AbortSignal.any([over.signal, stopping.signal]));
      } catch (error) {
        log.warn({ err: error }, 'Other processes cannot be told at once; they look.');
      }
      await notices?.close();
      notices = null;
      await pause(clock, RETRY_MS, stopping.signal);
    }
  })();
  return {
    close: async () => {
      for (const off of offs) off();
      stopping.abort();
      await keeping;
      await saying;
    },
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

function passOn(signals: Signals, kind: string, hubId: HubId): void {
  switch (kind) {
    case 'wake':
      return signals.wake(hubId);
    case 'arrived':
      return signals.arrived(hubId, null);
    case 'moved':
      return signals.moved(hubId);
    default: // a newer version's word
  }
}
