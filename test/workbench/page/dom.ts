/** Making elements. All text goes in as text: what a CRM holds is never markup. */
type Child = Node | string | null;

export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Partial<Record<string, string | boolean | ((event: Event) => void)>>,
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === 'function') made.addEventListener(name, value);
    else if (value === true) made.setAttribute(name, '');
    else if (typeof value === 'string') made.setAttribute(name, value);
  }
  made.append(...children.filter((child) => child !== null));
  return made;
}

export function byId<E extends HTMLElement>(id: string, type: new () => E): E {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`#${id} is not on the page`);
  return found;
}

export function ago(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1_000));
  if (s < 1) return 'just now';
  if (s < 60) return `${s} s ago`;
  if (s < 3_600) return `${Math.floor(s / 60)} min ago`;
  return s < 86_400 ? `${Math.floor(s / 3_600)} h ago` : `${Math.floor(s / 86_400)} days ago`;
}

export function flash(field: Element | null): void {
  if (field === null) return;
  field.classList.add('flash');
  requestAnimationFrame(() => requestAnimationFrame(() => field.classList.remove('flash')));
}

/** Reads a stream of server-sent events by fetch (which can send headers), for ever; resumes where it broke off. */
export async function follow(
  url: string,
  headers: Record<string, string>,
  signal: AbortSignal,
  hear: (event: string, data: string) => void,
  live: (on: boolean) => void,
): Promise<void> {
  let last = '';
  while (!signal.aborted) {
    try {
      const answer = await fetch(url, {
        headers: { ...headers, ...(last === '' ? {} : { 'Last-Event-ID': last }) },
        signal,
      });
      if (!answer.ok || answer.body === null) throw new Error(`status ${answer.status}`);
      live(true);
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      let rest = '';
      for (;;) {
        const { value, done } = await reader.read();
        if (done) break;
        const parts = (rest + value).split('\n\n');
        rest = parts.pop() ?? '';
        for (const part of parts) {
          const line = (name: string) => new RegExp(`^${name}: ?(.*)$`, 'm').exec(part)?.[1] ?? '';
          last = line('id') || last;
          if (line('data') !== '') hear(line('event') || 'message', line('data'));
        }
      }
    } catch {
      // The connection broke: try again in a moment.
    }
    live(false);
    await new Promise((resolve) => setTimeout(resolve, 1_000));
  }
}
