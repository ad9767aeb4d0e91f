/** The journal as it is appended, newest first. */
import type { Chosen } from './app.ts';
import { byId, el, follow } from './dom.ts';

interface Entry {
  seq: number;
  at: number;
  kind: string;
  object: string | null;
  id: string | null;
  field: string | null;
  rule: string | null;
  before: string | null;
  after: string | null;
  outcome: string | null;
  who: string;
  isCanary: boolean;
}

const KEPT_ENTRIES = 400;

export function showJournal(chosen: () => Chosen | null): void {
  const list = byId('journal', HTMLOListElement);
  const only = byId('only', HTMLInputElement);
  const entries: Entry[] = [];
  const isShown = (entry: Entry): boolean => {
    const now = chosen();
    const isOfChosen = entry.object === now?.object && entry.id === now.id;
    return isOfChosen || ((!only.checked || now === null) && !entry.isCanary);
  };
  const redraw = (): void =>
    list.replaceChildren(...entries.filter(isShown).slice(-KEPT_ENTRIES).reverse().map(line));
  only.onchange = redraw;
  addEventListener('chosen', redraw);
  void follow(
    '/journal',
    {},
    new AbortController().signal,
    (_event, data) => {
      const entry = JSON.parse(data) as Entry;
      entries.push(entry);
      if (entries.length > 4 * KEPT_ENTRIES) entries.splice(0, KEPT_ENTRIES);
      if (isShown(entry)) list.prepend(line(entry));
    },
    () => undefined,
  );
}

function line(entry: Entry): HTMLElement {
  const { seq, at, kind, object, id, field, rule, before, after, outcome, who } = entry;
  const values = before === null && after === null ? '' : ` “${short(before)}” → “${short(after)}”`;
  const where = field ?? (object === null ? '' : `${object} ${id ?? ''}`);
  const how = [rule, outcome].filter((part) => part !== null).join(', ');
  return el(
    'li',
    {},
    el('span', { class: `kind ${kind}` }, kind),
    ` ${where}${values} `,
    el(
      'span',
      { class: 'note' },
      `${how}${how === '' ? '' : ' · '}${who} · #${seq} ${new Date(at).toLocaleTimeString()}`,
    ),
  );
}

const short = (text: string | null): string =>
  text === null ? '—' : text.length > 60 ? `${text.slice(0, 60)}…` : text;
