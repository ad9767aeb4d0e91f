/** The mails that the service sent, the newest first, and the people whose addresses can be used. */
import type { Config } from './app.ts';
import { byId, el } from './dom.ts';

interface Mail {
  to: string;
  subject: string;
  link: string;
  at: number;
}

const LOOK_MS = 1_000;

export function showMails(config: Config): void {
  byId('portal-alone', HTMLAnchorElement).href = `${config.portal}/`;
  byId('mail-people', HTMLUListElement).append(
    ...config.people.map(({ name, audience, email }) =>
      el('li', {}, `${name}, ${audience}: `, el('code', {}, email)),
    ),
  );
  let shown = -1;
  const look = async (): Promise<void> => {
    const answer = await fetch('/mails.json').catch(() => null);
    if (answer?.ok !== true) return;
    const mails = (await answer.json()) as Mail[];
    if (mails.length === shown) return;
    shown = mails.length;
    byId('mail-count', HTMLSpanElement).textContent = shown === 0 ? '' : `(${shown})`;
    byId('mail-list', HTMLOListElement).replaceChildren(...mails.reverse().map(line));
  };
  void look();
  setInterval(() => void look(), LOOK_MS);
}

function line({ to, subject, link, at }: Mail): HTMLElement {
  return el(
    'li',
    {},
    `${new Date(at).toLocaleTimeString()} · ${to} · ${subject} `,
    link === '' ? null : el('a', { href: link, target: '_blank', rel: 'noopener' }, 'Open its link'),
  );
}
