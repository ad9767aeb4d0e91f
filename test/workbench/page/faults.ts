/** A few faults at a click; the whole dial of the CRM stand-in is at /_sim/faults. */
import { byId, el } from './dom.ts';

const FAULTS: { label: string; body: unknown }[] = [
  { label: 'Drop all webhooks', body: { webhooks: { dropRate: 1 } } },
  { label: 'Send every webhook twice', body: { webhooks: { duplicateRate: 1 } } },
  { label: 'Delay webhooks by 3 s', body: { webhooks: { delayMs: 3_000 } } },
  { label: 'API answers take 2 s', body: { api: { latencyMs: 2_000 } } },
  { label: 'The CRM is down', body: { api: { down: true } } },
];

/** The second system. */
const BILLING: { label: string; path: string }[] = [
  { label: 'Billing is down', path: 'down' },
  { label: 'Billing takes 3 s', path: 'slow' },
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
  const said = el('output', {});
  const billing = async (path: string): Promise<string> => {
    const answer = await fetch(`/billing/${path}`, { method: 'POST' });
    return ((await answer.json()) as { sentence: string }).sentence;
  };
  const on = (work: Promise<unknown>, isOn: boolean): void => void work.then(() => (badge.hidden = !isOn));
  byId('fault-list', HTMLDivElement).append(
    ...FAULTS.map(({ label, body }) =>
      el('button', { click: () => on(put('PUT', 'faults', body), true) }, label),
    ),
    el(
      'button',
      { click: () => on(put('POST', 'hold', { on: 'write', count: 1 }), true) },
      'Hold the next write to the CRM',
    ),
    ...BILLING.map(({ label, path }) => el('button', { click: () => on(billing(path), true) }, label)),
    el(
      'button',
      { click: () => void billing('change').then((text) => (said.textContent = text)) },
      'Billing: pay or send an invoice',
    ),
    said,
    el(
      'button',
      {
        class: 'main',
        click: () =>
          on(
            put('POST', 'faults/reset')
              .then(() => put('POST', 'release', {}))
              .then(() => billing('up')),
            false,
          ),
      },
      'All faults off',
    ),
  );
}
