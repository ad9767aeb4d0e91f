/** Counts what this process sends to Postgres. */
import pg from 'pg';

export interface Counted {
  /** How many statements held this text. */
  of(text: string): number;
  stop(): void;
}

export function countStatements(): Counted {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- put back as it was, and called with its own client
  const { query } = pg.Client.prototype;
  const sent: string[] = [];
  pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]) {
    const [first] = args as [string | { text: string }];
    sent.push(typeof first === 'string' ? first : first.text);
    return (query as (...all: unknown[]) => unknown).apply(this, args);
  } as typeof query;
  return {
    of: (text) => sent.filter((each) => each.includes(text)).length,
    stop: () => (pg.Client.prototype.query = query),
  };
}
