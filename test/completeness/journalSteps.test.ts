/** The poller of the webhooks journal, look by look: where it goes on, where it begins anew, and what it says of it. */
import { OBJECTS } from '@tallystick/shared/ownership';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Failure } from '../../backend/hubspot/failure.ts';
import { openWebhooksJournal, type WebhooksJournal } from '../../backend/hubspot/webhooksJournal.ts';
import { HORIZON_MS, readJournal, readToItsEnd } from '../../backend/intake/journal.ts';
import type { Db } from '../../backend/store/database.ts';
import { orderJobs, saveStep } from '../../backend/store/jobs.ts';
import { saveJournalPlace } from '../../backend/store/layers.ts';
import type { Context } from '../../backend/sync/context.ts';
import { eventually } from '../harness/eventually.ts';
import { asOwner } from '../harness/postgres.ts';
import { startStepped, type Stepped } from '../harness/stepped.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** More of them, and a look has no end. */
const ASKED_MAX = 12;
const OTHER_HUB = 1;

describe('a look into the webhooks journal', () => {
  let stepped: Stepped;
  let db: Db;
  let owner: Db;
  let ctx: Context;
  let journal: WebhooksJournal;
  /** The offsets that files were asked for after, since the test began; and how often the subscriptions were. */
  let asked: (string | null)[];
  let subscriptionsAsked: number;
  let end: AbortController;

  beforeAll(async () => {
    stepped = await startStepped(undefined, { limits: { journalPerSecond: 10_000 } });
    db = stepped.db;
    owner = asOwner(stepped.database.url);
  });
  afterAll(async () => {
    await owner.destroy();
    await stepped.close();
  });
  beforeEach(async () => {
    for (const table of ['webhooks_journal', 'deliveries', 'jobs', 'warnings'] as const)
      await db.deleteFrom(table).where('hub_id', '=', stepped.hubId).execute();
    Object.assign(held(), { files: [], open: [], subscriptions: [] });
    stepped.sim.faults.journalDown = false;
    ctx = await stepped.context();
    [asked, subscriptionsAsked, end] = [[], 0, new AbortController()];
    const { url: baseUrl, clientId, clientSecret } = stepped.sim;
    const whole = openWebhooksJournal({ baseUrl, clientId, clientSecrets: [clientSecret], now: now });
    journal = {
      ...whole,
      filesAfter: (offset) => {
        asked.push(offset);
        if (asked.length === ASKED_MAX) end.abort();
        return whole.filesAfter(offset);
      },
      subscriptions: () => {
        subscriptionsAsked += 1;
        return whole.subscriptions();
      },
    };
  });

  afterEach(() => end.abort());

  const held = () => stepped.sim.world.state.data.journal;
  const now = (): number => stepped.clock.now();
  const look = (over: Partial<WebhooksJournal> = {}, before?: Awaited<ReturnType<typeof readToItsEnd>>) =>
    readToItsEnd(ctx, { ...journal, ...over }, end.signal, before);
  const event = (n: number, portalId = Number(stepped.hubId)) => ({ portalId, n });
  const publish = (offset: string, ageMs: number, events: object[]): void =>
    void held().files.push({ offset, publishedAt: now() - ageMs, events });
  const refuses =
    (failure: Failure): (() => Promise<{ ok: false; failure: Failure; limits: never }>) =>
    () =>
      Promise.resolve({ ok: false, failure, limits: {} as never });
  const GONE: Failure = { is: 'gone', message: 'No longer kept.' };
  const AWAY = refuses({ is: 'ambiguous', message: 'Away.' });
  const BARRED: Failure = { is: 'barred', code: 'scope', message: 'Not allowed.' };

  const place = async () => {
    const row = await db.selectFrom('webhooks_journal').selectAll().executeTakeFirst();
    return row && { offset: row.read_offset, caughtUpAt: row.caught_up_at.getTime() };
  };
  const was = (offset: string | null, ageMs: number): Promise<void> =>
    saveJournalPlace(db, stepped.hubId, { offset, caughtUpAt: now() - ageMs });
  /** The numbers of the events that were stored, by delivery. */
  const delivered = async (): Promise<number[][]> => {
    const rows = await db
      .selectFrom('deliveries')
      .select(['events', 'layer'])
      .orderBy('delivery_id')
      .execute();
    expect(rows.every(({ layer }) => layer === 'journal')).toBe(true);
    return rows.map(({ events }) => (JSON.parse(events) as { n: number }[]).map(({ n }) => n));
  };
  const ordered = async () => {
    const [jobs, warnings] = await Promise.all([
      db.selectFrom('jobs').select('object').where('finished_at', 'is', null).execute(),
      db.selectFrom('warnings').select(['code', 'count']).execute(),
    ]);
    return [jobs.length, warnings.map(({ code, count }) => `${code} ${count}`)];
  };
  const NOTHING = [0, []];
  const EVERYTHING = [OBJECTS.length, ['journal-horizon 1']];

  it('reads every file of this hub, in pieces, and goes on behind the last', async () => {
    for (let n = 0; n < 45; n += 1)
      publish(`f${n}`, HOUR_MS - n, [event(n), event(-1, OTHER_HUB), null as never]);
    publish(
      'big',
      MINUTE_MS,
      Array.from({ length: 1_001 }, (_, n) => event(1_000 + n)),
    );
    publish('others', 0, [event(-1, OTHER_HUB)]);
    await look();
    const pieces = await delivered();
    expect(pieces.flat()).toEqual([
      ...Array.from({ length: 45 }, (_, n) => n),
      ...Array.from({ length: 1_001 }, (_, n) => 1_000 + n),
    ]);
    expect(pieces.slice(45).map(({ length }) => length)).toEqual([500, 500, 1]);
    expect(asked).toEqual([null, 'f19', 'f39', 'others']);
    const caughtUp = await place();
    stepped.pass(MINUTE_MS);
    await look();
    expect(await place()).toMatchObject({ offset: 'others' });
    expect((await place())!.caughtUpAt - caughtUp!.caughtUpAt).toBeGreaterThanOrEqual(MINUTE_MS);
    publish('next', 0, [event(7)]);
    await look();
    expect((await delivered()).slice(pieces.length)).toEqual([[7]]);
    expect(await ordered()).toEqual(NOTHING);
  });

  it('reads from the earliest file to the last, though the earliest are about to go', async () => {
    for (let n = 0; n < 45; n += 1) publish(`f${n}`, HORIZON_MS + 50 * MINUTE_MS - n, [event(n)]);
    const begunAt = now();
    await look({ filesAfter: (offset) => (offset === 'f19' ? AWAY() : journal.filesAfter(offset)) });
    expect((await place())!.caughtUpAt).toBeGreaterThanOrEqual(begunAt);
    await look();
    expect(asked).toEqual([null, 'f19', 'f39', 'f44']);
    expect((await delivered()).flat()).toHaveLength(45);
    expect(await ordered()).toEqual(NOTHING);
  });

  it('broken off says until when all is known, and goes on there', async () => {
    await was(null, 30 * MINUTE_MS);
    publish('a', 20 * MINUTE_MS, [event(1)]);
    publish('b', 10 * MINUTE_MS, [event(2)]);
    const [, published] = held().files.map(({ publishedAt }) => publishedAt);
    publish('c', 0, [event(3)]);
    const readFile: WebhooksJournal['readFile'] = (file) =>
      file.offset === 'c' ? refuses(GONE)() : journal.readFile(file);
    await look({ readFile });
    expect(await place()).toEqual({ offset: 'b', caughtUpAt: published });
    expect(ctx.health.journal).toEqual({ on: true, failure: { code: 'gone', message: 'No longer kept.' } });
    await look();
    expect(await delivered()).toEqual([[1], [2], [3]]);
    expect(ctx.health.journal).toEqual({ on: true, failure: null });
  });

  it('takes a file that does not say when it was published for no proof of anything', async () => {
    await was('a', 30 * MINUTE_MS);
    const before = await place();
    publish('a', HOUR_MS, []);
    publish('b', 0, [event(1)]);
    const readFile: WebhooksJournal['readFile'] = async (file) => {
      const read = await journal.readFile(file);
      return read.ok ? { ...read, value: { ...read.value, publishedAt: null } } : read;
    };
    const filesAfter: WebhooksJournal['filesAfter'] = (offset) =>
      offset === 'b' ? AWAY() : journal.filesAfter(offset);
    await look({ readFile, filesAfter });
    expect(await place()).toEqual({ offset: 'b', caughtUpAt: before?.caughtUpAt });
  });

  it.each([
    ['known', 'a'],
    ['unknown', 'x'],
    ['none yet', null],
  ])('after more than the horizon has everything compared, whatever its offset (%s)', async (_, offset) => {
    await was(offset, HORIZON_MS + MINUTE_MS);
    publish('a', HOUR_MS, [event(1)]);
    // One is under way: what it has compared already may be what is missing.
    const [job] = await orderJobs(db, stepped.hubId, 'reconcile', ['contact'], now());
    await saveStep(db, stepped.hubId, job!, now(), { done: 9, cursor: '9', isFinished: false });
    await look();
    expect(await ordered()).toEqual(EVERYTHING);
    const begun = await db
      .selectFrom('jobs')
      .select(['job_id', 'cursor', 'object'])
      .where('finished_at', 'is', null)
      .execute();
    expect(begun.filter(({ cursor }) => cursor !== null)).toEqual([]);
    expect(asked).toEqual([null, 'a']);
    expect(await delivered()).toEqual([[1]]);
    await look();
    expect(await ordered()).toEqual(EVERYTHING);
  });

  it('within the horizon goes on behind its offset, and has nothing compared', async () => {
    publish('a', HOUR_MS, [event(1)]);
    publish('b', HOUR_MS, [event(2)]);
    await was('a', HORIZON_MS - MINUTE_MS);
    await look();
    expect([asked, await delivered(), await ordered()]).toEqual([['a', 'b'], [[2]], NOTHING]);
  });

  it.each([
    ['a short while', 50 * MINUTE_MS, NOTHING],
    ['more than an hour', 70 * MINUTE_MS, EVERYTHING],
  ])('whose offset is not known any more after %s begins with the earliest file', async (_, ageMs, came) => {
    publish('b', MINUTE_MS, [event(2)]);
    await was('x', ageMs);
    const before = await place();
    await look({ filesAfter: (offset) => (offset === null ? AWAY() : journal.filesAfter(offset)) });
    // What is not compared is known until then as before, and no longer.
    const isCompared = came === EVERYTHING;
    expect([(await place())?.offset, (await place())!.caughtUpAt === before?.caughtUpAt]).toEqual([
      null,
      !isCompared,
    ]);
    await look();
    expect([asked, await delivered(), await ordered()]).toEqual([['x', null, 'b'], [[2]], came]);
    expect(await place()).toMatchObject({ offset: 'b' });
  });

  it('that is refused what it was told a moment ago ends, and says so', async () => {
    publish('a', MINUTE_MS, [event(1)]);
    await was('a', MINUTE_MS);
    const filesAfter: WebhooksJournal['filesAfter'] = (offset) => {
      const found = journal.filesAfter(offset);
      return offset === null ? found : refuses(GONE)();
    };
    await look({ filesAfter });
    expect(asked).toEqual(['a', null, 'a']);
    expect(ctx.health.journal.failure).toMatchObject({ code: 'gone' });
  });

  it('that there is none of is said to be off', async () => {
    await readJournal(ctx, null, end.signal);
    expect(ctx.health.journal).toEqual({ on: false, failure: null });
  });

  it('that nobody answers changes nothing, and says so', async () => {
    publish('a', MINUTE_MS, [event(1)]);
    await was('a', 2 * HOUR_MS);
    const before = await place();
    stepped.sim.faults.journalDown = true;
    await look();
    expect([await place(), await ordered(), asked]).toEqual([before, NOTHING, ['a']]);
    expect(ctx.health.journal.failure).toMatchObject({ code: 'ambiguous' });
    end.abort();
    stepped.sim.faults.journalDown = false;
    await look();
    expect(asked).toEqual(['a']); // the term is over
  });

  it('stores events and the place behind them together, or neither; what cannot be stored is shown and tried again', async () => {
    publish('a', MINUTE_MS, [event(1)]);
    const narrow = (table: string, check: string) =>
      sql`alter table ${sql.table(table)} add constraint narrow check (${sql.raw(check)}) not valid`.execute(
        owner,
      );
    const any = (table: string) => sql`alter table ${sql.table(table)} drop constraint narrow`.execute(owner);
    await narrow('webhooks_journal', "read_offset is distinct from 'a'");
    await expect(look()).rejects.toThrow();
    expect(await delivered()).toEqual([]);
    await any('webhooks_journal');
    await narrow('deliveries', "layer <> 'journal'");
    await expect(look()).rejects.toThrow();
    expect(await place()).toBeUndefined();
    const quick = { ...stepped.clock, after: (_: number, work: () => void) => stepped.clock.after(1, work) };
    ctx = { ...ctx, clock: quick };
    asked.length = 0;
    const reading = readJournal(ctx, journal, end.signal);
    await eventually(() => ctx.health.journal.failure?.code === 'cannot-store', 'it is shown');
    await any('deliveries');
    await eventually(async () => (await place())?.offset === 'a', 'it is tried again');
    end.abort();
    await reading;
    expect(await delivered()).toEqual([[1]]);
  });

  it('keeps the subscriptions right: at first, each hour, and as soon as a type is known', async () => {
    const typeIds = (ids: Record<string, string>) =>
      db
        .updateTable('hubs')
        .set({ type_ids: JSON.stringify(ids) })
        .where('hub_id', '=', stepped.hubId)
        .execute();
    await typeIds({});
    let subscribed = await look();
    const first = held().subscriptions.length;
    for (const afterMs of [MINUTE_MS, HOUR_MS - 2 * MINUTE_MS]) {
      stepped.pass(afterMs);
      subscribed = await look({}, subscribed);
    }
    expect([first > 8, subscriptionsAsked]).toEqual([true, 1]);
    held().subscriptions.splice(0, 3);
    stepped.pass(2 * MINUTE_MS);
    subscribed = await look({}, subscribed);
    expect([held().subscriptions.length, subscriptionsAsked]).toEqual([first, 2]);
    await typeIds({ installed_site: '2-77001' });
    subscribed = await look({}, subscribed);
    expect([held().subscriptions.length, subscriptionsAsked]).toEqual([first + 2, 3]);
    await typeIds({});
    await look({}, subscribed);
    expect(held().subscriptions).toHaveLength(first);
  });

  it.each(['subscribe', 'unsubscribe', 'subscriptions'] as const)(
    'says that it could not %s, reads all the same, and tries again at the next look',
    async (what) => {
      const surplus = {
        subscriptionType: 'OBJECT' as const,
        objectTypeId: '0-7',
        actions: [],
        properties: [],
      };
      held().subscriptions.push({
        ...surplus,
        portalId: Number(stepped.hubId),
        objectIds: [],
        id: 901,
        createdAt: 0,
      });
      publish('a', MINUTE_MS, [event(1)]);
      const subscribed = await look({ [what]: refuses(BARRED) });
      expect(ctx.health.journal).toEqual({ on: true, failure: { code: 'barred', message: 'Not allowed.' } });
      expect(await delivered()).toEqual([[1]]);
      await look({}, subscribed);
      expect(ctx.health.journal).toEqual({ on: true, failure: null });
      expect(held().subscriptions.length).toBeGreaterThan(8);
      expect(held().subscriptions.map(({ id }) => id)).not.toContain(901);
    },
  );
});
