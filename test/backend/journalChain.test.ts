/** The journal's chain: what was written cannot be changed unseen, and what was erased cannot be guessed. */
import { hubId as toHubId, recordId, type HubId } from '@tallystick/shared/ids';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Db } from '../../backend/store/database.ts';
import {
  append,
  chain,
  draft,
  readHead,
  type Draft,
  type Head,
  SALT_BYTES,
  verifyJournal,
} from '../../backend/store/journal.ts';
import { openHubDatabase } from '../harness/hubDatabase.ts';

const HUB = toHubId('1');
const FIRST = { seq: 0, hash: Buffer.alloc(32) };
const salts = (count: number): Buffer =>
  Buffer.from(Array.from({ length: count * SALT_BYTES }, (_, index) => index % 251));
const changed = (after: string) =>
  draft({ kind: 'changed', object: 'contact', recordId: recordId('1'), field: 'mobile', after, rule: 'D3' });

describe('the chain of the journal', () => {
  let db: Db;
  let close: () => Promise<void>;
  beforeAll(async () => {
    ({ db, close } = await openHubDatabase(HUB));
  });
  afterAll(() => close());

  it('gives the same value another digest each time, so that nobody who guesses can tell that it was it', () => {
    const rows = chain(HUB, FIRST, 0, [changed('+49 30 1'), changed('+49 30 1')], salts(2));
    expect(rows[0]?.digest).not.toEqual(rows[1]?.digest);
    const [other] = chain(HUB, FIRST, 0, [changed('+49 30 1')], Buffer.alloc(SALT_BYTES, 7));
    expect(other?.digest).not.toEqual(rows[0]?.digest);
  });

  it.each<[string, { hub?: HubId; head?: Head; at?: number; entry?: Draft }]>([
    ['the entry before it', { head: { seq: 0, hash: Buffer.alloc(32, 1) } }],
    ['the hub', { hub: toHubId('2') }],
    ['the time', { at: 1 }],
    ['the value', { entry: changed('+49 30 2') }],
    ['the rule', { entry: { ...changed('+49 30 1'), rule: 'D6' } }],
    ['who did it', { entry: { ...changed('+49 30 1'), actor: { via: 'CRM_UI', id: '1', person: null } } }],
    ['what is said besides', { entry: { ...changed('+49 30 1'), detail: { how: 'read' } } }],
  ])('binds an entry to %s', (_, { hub = HUB, head = FIRST, at = 0, entry = changed('+49 30 1') }) => {
    const [was] = chain(HUB, FIRST, 0, [changed('+49 30 1')], salts(1));
    const [is] = chain(hub, head, at, [entry], salts(1));
    expect(is?.hash).not.toEqual(was?.hash);
  });

  it('is walked to its end, however long it is', async () => {
    const COUNT = 5_003;
    const rows = chain(
      HUB,
      await readHead(db, HUB),
      Date.now(),
      Array.from({ length: COUNT }, (_, n) => changed(String(n))),
      salts(COUNT),
    );
    await append(db, HUB, rows);
    expect(await verifyJournal(db, HUB)).toEqual({ entries: COUNT, erased: 0, broken: null });
    const last = rows.at(-1)!;
    const [next] = chain(HUB, last, Date.now(), [changed('next')], salts(1));
    await append(db, HUB, [{ ...next!, after: 'forged' }]);
    expect(await verifyJournal(db, HUB)).toMatchObject({
      broken: { seq: COUNT + 1, why: 'a value was changed' },
    });
  });
});
