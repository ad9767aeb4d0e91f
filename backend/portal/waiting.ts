/** Waiting for something the worker will do: woken by its signal, and looking now and then in case it is elsewhere. */
import type { HubId } from '@tallystick/shared/ids';
import type { Signals } from '../signals.ts';

const LOOK_MS = 250;

/** Looks at once, then at every signal and every `LOOK_MS`, until done or `forMs` are over; answers with the last look. */
export async function until<T>(
  { signals }: { signals: Signals },
  hubId: HubId,
  forMs: number,
  look: () => Promise<{ done: boolean; value: T }>,
): Promise<T> {
  let rings = 0;
  let wake: () => void = () => undefined;
  const ring = (moved: HubId): void => {
    if (moved !== hubId) return;
    rings += 1;
    wake();
  };
  const offs = [signals.onChange((change) => ring(change.hubId)), signals.onMoved(ring)];
  const over = AbortSignal.timeout(Math.max(1, forMs));
  try {
    for (;;) {
      const before = rings;
      const { done, value } = await look();
      if (done || over.aborted) return value;
      if (rings !== before) continue;
      await new Promise<void>((resolve) => {
        const end = (): void => {
          clearTimeout(timer);
          over.removeEventListener('abort', end);
          resolve();
        };
        const timer = setTimeout(end, LOOK_MS);
        wake = end;
        over.addEventListener('abort', end);
      });
    }
  } finally {
    for (const off of offs) off();
  }
}
