/** A few faults at a click; the whole dial is at /_sim/faults. */
import { byId, el } from './dom.ts';

const FAULTS: { label: string; body: unknown }[] = [
  { label: 'Drop all webhooks', body: { webhooks: { dropRate: 1 } } },
  { label: 'Send every webhook twice', body: { webhooks: { duplicateRate: 1 } } },
  { label: 'Delay webhooks by 3 s', body: { webhooks: { delayMs: 3_000 } } },
  { label: 'API answers take 2 s', body: { api: { latencyMs: 2_000 } } },
  { label: 'The CRM is down', body: { api: { down: true } } },
];

export function showFaults(): void {
  const badge = byId('fault-badge', HTMLSpanElement);
  const put = async (method: string, path: string, body?: unknown): Promise<void> => {
    await fetch(`/_sim/${path}`, {
      method,
      headers: { 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  };
  const on = (work: Promise<void>, isOn: boolean): void => void work.then(() => (badge.hidden = !isOn));
  byId('fault-list', HTMLDivElement).append(
    ...FAULTS.map(({ label, body }) =>
      el('button', { click: () => on(put('PUT', 'faults', body), true) }, label),
    ),
    el(
      'button',
      { click: () => on(put('POST', 'hold', { on: 'write', count: 1 }), true) },
      'Hold the next write to the CRM',
    ),
    el(
      'button',
      {
        class: 'main',
        click: () =>
          on(
            put('POST', 'faults/reset').then(() => put('POST', 'release', {})),
            false,
          ),
      },
      'All faults off',
    ),
  );
}
