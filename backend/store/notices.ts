/** Postgres' own notices between processes, over a connection of its own: none of them is ever part of a transaction that works. */
import pg from 'pg';
import { sessionConfig } from './connection.ts';

const CHANNEL = 'tallystick';

export interface Notices {
  /** One statement; every word reaches every other process that listens, once. */
  say(words: readonly string[]): Promise<void>;
  close(): Promise<void>;
}

/** `hear` is told what other processes say, not what this one says. `onLost` is called once. */
export async function openNotices(
  url: string,
  hear: (word: string) => void,
  onLost: (error: Error) => void,
): Promise<Notices> {
  const { options = '', ...session } = sessionConfig(url, 'door');
  // Words that a crash of the server loses are not missed: everybody looks again after it. So none waits for the disk.
  const client = new pg.Client({ ...session, options: `${options} -c synchronous_commit=off` });
  let isOver = false;
  const lost = (error: Error): void => {
    if (!isOver) onLost(error);
    isOver = true;
  };
  client.on('error', lost);
  client.on('end', () => lost(new Error('The connection for notices has ended.')));
  await client.connect();
  const { rows } = await client.query<{ own: number }>('select pg_backend_pid() as own');
  const own = rows[0]?.own;
  client.on('notification', ({ processId, payload }) => {
    if (processId !== own && payload !== undefined) hear(payload);
  });
  await client.query(`listen ${CHANNEL}`);
  return {
    say: async (words) => {
      await client.query({
        name: 'say',
        text: 'select pg_notify($1, word) from unnest($2::text[]) word',
        values: [CHANNEL, words],
      });
    },
    close: async () => {
      isOver = true;
      await client.end().catch(() => undefined);
    },
  };
}
