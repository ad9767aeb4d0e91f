/** Telling endpoints, stepped: a journal of a few edits, a real endpoint, and a clock that goes as far as is waited for. */
import { randomUUID } from 'node:crypto';
import { editId, hubId as toHubId, recordId, type EditId } from '@tallystick/shared/ids';
import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { dispatchHooks } from '../../backend/hooks/dispatch.ts';
import { createSignals } from '../../backend/signals.ts';
import type { Db } from '../../backend/store/database.ts';
import { storeEdit } from '../../backend/store/edits.ts';
import {
  addHook,
  audiencesOf,
  hookById,
  hooksOf,
  keepOnlyHooks,
  saveHook,
} from '../../backend/store/hooks.ts';
import { chain, draft, insertRows, SALT_BYTES, type Head } from '../../backend/store/journal.ts';
import { openHubDatabase } from '../harness/hubDatabase.ts';
import { startReceiver, type Receiver } from './receiver.ts';

const HUB = toHubId('1');
const LOOK_MS = 2_000;
const TROUBLE_MS = 5_000;
/** The endpoint believes no time stamp that is minutes away from its own clock. */
const BEGUN_AT = Date.now();

describe('an endpoint', () => {
  let db: Db;
  let close: () => Promise<void>;
  let receiver: Receiver;
  let head: Head;
  let now: number;
  let waits: number[];
  let at: (step: string) => void;
  const signals = createSignals();
  beforeAll(async () => {
    ({ db, close } = await openHubDatabase(HUB));
    const hub = { hub_id: HUB, app_id: '9', time_zone: 'UTC', connected_at: new Date() };
    await db
      .insertInto('hubs')
      .values({ ...hub, epoch: '3' })
      .execute();
    receiver = await startReceiver('direct');
    head = { seq: 0, hash: Buffer.alloc(32) };
    await note(await asked());
  });
  afterAll(async () => {
    await receiver.close();
    await close();
  });
  beforeEach(async () => {
    now = BEGUN_AT;
    waits = [];
    at = () => undefined;
    await db.deleteFrom('hooks').where('hub_id', '=', HUB).execute();
    receiver.heard.length = 0;
    answers();
    await addHook(db, HUB, { hookId: receiver.hook.hookId, url: receiver.url, audience: 'direct' }, now);
  });

  async function asked(audience = 'direct'): Promise<EditId> {
    const id = editId(randomUUID());
    const who = { object: 'company' as const, recordId: recordId('7'), person: recordId('410'), audience };
    await storeEdit(db, HUB, {
      ...{ editId: id, ...who, askedAt: BEGUN_AT, action: null, guards: [] },
      ...{ idempotencyKey: id, fingerprint: id, fields: [{ field: 'street', seen: null, wanted: 'a' }] },
    });
    return id;
  }
  /** An entry of the journal for each edit. */
  async function note(...ids: EditId[]): Promise<void> {
    const drafts = ids.map((id) => draft({ kind: 'asked', object: 'company', editId: id }));
    const rows = chain(HUB, head, BEGUN_AT, drafts, Buffer.alloc(drafts.length * SALT_BYTES));
    await insertRows(HUB, rows).execute(db);
    head = { seq: rows.at(-1)!.seq, hash: rows.at(-1)!.hash };
  }
  async function happened(count: number): Promise<EditId[]> {
    const ids: EditId[] = [];
    for (let n = 0; n < count; n += 1) ids.push(await asked());
    await note(...ids);
    return ids;
  }
  /** The endpoint answers so, one request after the other, and then 204. */
  function answers(...statuses: number[]): void {
    receiver.answer = (res) => void res.writeHead(statuses.shift() ?? 204).end();
  }
  /** A term of the dispatcher, until it waits for news, for trouble to pass, or for the `most`-th time. */
  async function term({ epoch = 3, most = 9, whileIdle = () => Promise.resolve() } = {}): Promise<void> {
    const end = new AbortController();
    let idle = 0;
    const clock = {
      now: () => now,
      after: (delayMs: number, work: () => void) => {
        waits.push(delayMs);
        const isIdle = delayMs === LOOK_MS || delayMs === TROUBLE_MS;
        if (isIdle) idle += 1;
        if (isIdle && idle === 1) void whileIdle().then(() => setImmediate(() => idle === 1 && end.abort()));
        else if (isIdle || waits.length >= most) setImmediate(() => end.abort());
        else {
          now += delayMs;
          setImmediate(work);
        }
        return () => undefined;
      },
    };
    await dispatchHooks(
      {
        ...{ db, hubId: HUB, hooks: [receiver.hook], signals, clock, random: () => 0.4 },
        ...{ log: pino({ level: 'silent' }), at: (step: string) => at(step), timeoutMs: 2_000 },
      },
      { epoch, signal: end.signal },
    );
  }
  const told = () => receiver.heard.map(({ data }) => data.editId);
  const row = async () => (await hookById(db, HUB, receiver.hook.hookId))!;

  it('begins with what happens from now on, is told once of each in its order, and keeps its place', async () => {
    const ids = await happened(3);
    await note(await asked('staff'));
    await term();
    expect(told()).toEqual(ids);
    expect(await row()).toMatchObject({ cursorSeq: head.seq, batchSeq: null, sentSeq: head.seq });
    await term();
    expect(told()).toEqual(ids);
    expect(waits).toEqual([LOOK_MS, LOOK_MS]);
    expect((await audiencesOf(db, HUB, ids)).get(ids[0]!)).toBe('direct');
  });

  it('hears news at once', async () => {
    let later: EditId[] = [];
    await term({
      whileIdle: async () => {
        later = await happened(1);
        signals.changed({ hubId: HUB, seq: head.seq, records: [], edits: [] });
        await receiver.until(({ data }) => data.editId === later[0], 'the news');
        await new Promise(setImmediate);
      },
    });
    expect(told()).toEqual(later);
  });

  it.each([302, 400, 503])(
    'that answers %i is told the same again, and nothing beyond it',
    async (status) => {
      const [one, two] = await happened(2);
      answers(status, status);
      await term();
      expect(told()).toEqual([one, one, one, two]);
      expect(new Set(receiver.heard.slice(0, 3).map(({ webhookId }) => webhookId)).size).toBe(1);
      expect(waits).toEqual([900, 1_800, LOOK_MS]);
      expect(await row()).toMatchObject({
        attempts: 0,
        failingSince: null,
        lastError: null,
        lastStatus: 204,
      });
    },
  );

  it('is waited for from the start where it took something meanwhile', async () => {
    const ids = await happened(2);
    answers(503, 503, 204, 503);
    await term({ most: 3 });
    expect(waits).toEqual([900, 1_800, 900]);
    const failing = await row();
    expect(failing).toMatchObject({ attempts: 1, lastStatus: 503, failingSince: BEGUN_AT + 2_700 });
    expect(failing.notBefore).toBe(BEGUN_AT + 3_600);
    answers(503);
    now = failing.notBefore - 1;
    receiver.heard.length = 0;
    await term({ most: 5 });
    expect(waits.slice(3, 5)).toEqual([1, 1_800]);
    expect((await row()).failingSince).toBe(BEGUN_AT + 2_700);
    await term();
    expect(told()).toEqual([ids[1], ids[1]]);
  });

  it('is told of a batch as it was fixed, from where it was, by whoever comes after a crash', async () => {
    const ids = await happened(2);
    answers(204, 503);
    await term({ most: 1 });
    const before = await row();
    expect(before).toMatchObject({ batchSeq: head.seq, sentSeq: head.seq - 1 });
    await note(ids[1]!);
    receiver.heard.length = 0;
    now = before.notBefore;
    await term();
    expect(told()).toEqual([ids[1], ids[1]]);
    expect(receiver.heard[0]?.webhookId).toContain(`_${before.batchSeq}`);
  });

  it('that says 410 is told nothing any more, and one that is not configured is forgotten with its place', async () => {
    await happened(2);
    await addHook(db, HUB, { hookId: 'old', url: 'https://old.example', audience: null }, now);
    await keepOnlyHooks(db, HUB, [receiver.hook.hookId, 'old']);
    expect(await hooksOf(db, HUB)).toHaveLength(2);
    answers(410);
    await term();
    expect((await row()).disabledAt).toBe(BEGUN_AT);
    await term();
    expect(receiver.heard).toHaveLength(1);
    expect((await hooksOf(db, HUB)).map(({ hookId }) => hookId)).toEqual([receiver.hook.hookId]);
  });

  it('is told by whoever speaks for the hub, and by nobody who did', async () => {
    const ids = await happened(2);
    await term({ epoch: 2 });
    expect([told(), waits]).toEqual([[], [TROUBLE_MS]]);
    expect(await saveHook(db, HUB, 'another', 3, { attempts: 4 })).toBe(false);
    expect((await row()).attempts).toBe(0);
    await saveHook(db, HUB, receiver.hook.hookId, 3, { batch_seq: head.seq });
    await term({ epoch: 2 });
    expect([told(), waits]).toEqual([[ids[0]], [TROUBLE_MS, TROUBLE_MS]]);
    await saveHook(db, HUB, receiver.hook.hookId, 3, { sent_seq: head.seq });
    await term({ epoch: 2 });
    expect((await row()).batchSeq).toBe(head.seq);
    expect(waits).toEqual([TROUBLE_MS, TROUBLE_MS, TROUBLE_MS]);
  });
});
