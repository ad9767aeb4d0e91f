/** Which hubs a process begins to speak for, over a real roster; what a worker does is not this file's. */
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { hubId } from '@tallystick/shared/ids';
import type { Entry } from '../../backend/hubs/directory.ts';
import { spreadHubs } from '../../backend/hubs/workers.ts';
import type { Process } from '../../backend/process.ts';
import { eventually } from '../harness/eventually.ts';
import { clock } from '../harness/loop.ts';
import { createTestDatabase } from '../harness/postgres.ts';

const HUB = hubId('7');

describe('the hubs of a process', () => {
  it('are tried again at once when the entry changed that they failed with, and not before while time stands still', async () => {
    const database = await createTestDatabase();
    const entries = new Map([[HUB, { hubId: HUB, version: '1' } as Entry]]);
    const begun: string[] = [];
    let looks = 0;
    const workers = spreadHubs({
      shared: {
        ...{ databaseUrl: database.url, log: pino({ level: 'silent' }) },
        clock: { ...clock, now: () => 0 },
      } as Process,
      entries: () => {
        looks += 1;
        return entries;
      },
      start: ({ version }) => {
        begun.push(version);
        return Promise.reject(new Error('The token is refused.'));
      },
    });
    await eventually(() => looks > 3, 'it was looked at again and again');
    expect(begun).toEqual(['1']);
    entries.set(HUB, { hubId: HUB, version: '2' } as Entry);
    await eventually(() => begun.length > 1, 'the new entry is tried');
    expect(begun).toEqual(['1', '2']);
    await workers.stop();
    await database.drop();
  });
});
