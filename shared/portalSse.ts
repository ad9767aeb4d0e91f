/** Server-sent events out of text in pieces, as the HTML standard reads them; an event without data is told as well. */

export interface SseEvent {
  id: string | null;
  /** Empty for an event that only says where the stream is. */
  data: string;
}

export function createSseParser(hear: (event: SseEvent) => void): (text: string) => void {
  let rest = '';
  let id: string | null = null;
  let data: string[] = [];
  return (text) => {
    const lines = (rest + text).split(/\r\n|\n|\r(?!$)/);
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (line === '') {
        if (id !== null || data.length > 0) hear({ id, data: data.join('\n') });
        [id, data] = [null, []];
        continue;
      }
      const colon = line.indexOf(':');
      const [name, value] =
        colon === -1 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
      if (name === 'id' && !value.includes('\0')) id = value;
      if (name === 'data') data.push(value);
    }
  };
}
