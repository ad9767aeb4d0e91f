import { connect } from 'node:net';
import { editId, recordId } from '@tallystick/shared/ids';
import { sql } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { saveLinks } from '../../backend/store/mirror.ts';
import { eventually } from '../harness/eventually.ts';
import {
  HUB,
  OTHER_HUB,
  startPortal,
  type Heard,
  type PortalHarness,
  type Stream,
} from '../harness/portal.ts';
import { countStatements } from '../harness/statements.ts';
import { edit, expectProblem, read, startWorld, storedEdits, type World } from './world.ts';

let world: World;
/** Where what a person reaches is not looked at again of itself, within the time of a test. */
let calm: World;
beforeAll(async () => {
  world = await startWorld({ limits: { streamRecheckMs: 300, streamBeatMs: 100 } });
  calm = await startWorld({ limits: { streamSessionMs: 200, streamsPerPerson: 100 } });
});
afterAll(async () => {
  await world.close();
  await calm.close();
});

const opened: Stream[] = [];
async function listen(token: string, lastEventId?: number | string, at = world): Promise<Stream> {
  const stream = await at.stream(
    token,
    lastEventId === undefined ? {} : { 'last-event-id': String(lastEventId) },
  );
  opened.push(stream);
  if (stream.status === 200) await stream.untilPlaced();
  return stream;
}
afterEach(() => opened.splice(0).forEach((stream) => stream.close()));

/** What the operating system may hold of a connection on either side (tcp_rmem, tcp_wmem), and some more. */
const SYSTEM_BUFFERS_BYTES = 14_000_000;

let ids = 8_000;
async function freshTicket(company = '100', at = world): Promise<string> {
  const id = String((ids += 1));
  await at.crm.find({
    object: 'ticket',
    id,
    fields: { subject: `Case ${id}`, reference: 'A' },
    companies: [{ id: company }],
  });
  return id;
}
const isRecord = (id: string) => (heard: Heard) =>
  heard.data.type === 'record' && heard.data.record.id === id;
const isShown = (id: string, value: string) => (heard: Heard) =>
  isRecord(id)(heard) && JSON.stringify(heard).includes(`"${value}"`);
const isGone = (id: string) => (heard: Heard) => heard.data.type === 'gone' && heard.data.id === id;
const isResync = (heard: Heard) => heard.data.type === 'resync';
/** A change that everybody of company 100 hears: what was told before it has arrived. */
async function afterwards(...streams: Stream[]): Promise<void> {
  const id = await freshTicket();
  await Promise.all(streams.map((stream) => stream.until(isRecord(id), `the case ${id}`)));
}

describe('opening', () => {
  test('needs a valid token', async () => {
    expectProblem(await world.call('GET', '/portal/v1/stream', { token: 'nonsense' }), 401, 'sign-in');
    expectProblem(await world.call('GET', '/portal/v1/stream'), 401, 'sign-in');
  });

  test('answers with headers that keep proxies from storing, changing or holding it back', async () => {
    const { headers, status } = await listen(world.ann);
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^text\/event-stream/);
    expect(headers.get('cache-control')).toBe('no-store, no-transform');
    expect(headers.get('x-accel-buffering')).toBe('no');
  });

  test('says where in the journal the stream begins, and beats', async () => {
    const seq = await world.crm.pad(1);
    const stream = await listen(world.ann);
    expect(stream.lastId()).toBeGreaterThanOrEqual(seq);
    expect(stream.heard).toEqual([]);
    await stream.untilBeat();
  });

  test('is limited for each person, whatever their tokens, and closing one makes room', async () => {
    const second = await world.token({ contactId: '3' });
    const five = await Promise.all(
      [world.cleo, second, world.cleo, second, world.cleo].map((token) => listen(token)),
    );
    expect(five.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expectProblem(await world.call('GET', '/portal/v1/stream', { token: second }), 429, 'too-many-streams');
    expect((await listen(world.bob)).status).toBe(200);
    five[0]!.close();
    const deadline = Date.now() + 5_000;
    let again = await listen(world.cleo);
    while (again.status !== 200 && Date.now() < deadline) again = await listen(world.cleo);
    expect(again.status).toBe(200);
  });
});

describe('a change in the CRM', () => {
  test('is told with the record as reading it gives, under its journal number', async () => {
    const id = await freshTicket();
    const stream = await listen(world.ann);
    const seq = await world.crm.change('ticket', id, { reference: 'B' });
    const heard = await stream.until(isRecord(id), 'the change');
    expect(heard).toMatchObject({ id: seq, type: 'record' });
    expect(heard.data).toEqual({
      type: 'record',
      record: (await read(world, world.ann, `ticket/${id}`)).body,
    });
  });

  test('reaches each audience with the fields of that audience only', async () => {
    const [ann, pia] = [await listen(world.ann), await listen(world.pia)];
    await world.crm.change('company', '100', { creditLimit: '9999', renewalDate: '2027-05-01' });
    const [full, partial] = [
      await ann.until(isRecord('100'), 'the change'),
      await pia.until(isRecord('100'), 'the change'),
    ];
    expect(JSON.stringify(full)).toContain('9999');
    expect(JSON.stringify(partial)).not.toContain('9999');
    expect(JSON.stringify(partial)).toContain('2027-05-01');
    expect(JSON.stringify([full, partial])).not.toContain('internalRisk');
  });

  test('of a stranger’s record, of another hub or of a hidden object is not told at all', async () => {
    const [ann, pia] = [await listen(world.ann), await listen(world.pia)];
    await world.crm.change('ticket', '12', { reference: 'STRANGE' });
    await world.crm.live('ticket', '12', 'archived');
    await world.crm.live('ticket', '12', 'present');
    await world.crm.change('contact', '2', { jobTitle: 'STRANGE' });
    await world.crm.find({
      object: 'ticket',
      id: '19',
      fields: { subject: 'STRANGE' },
      companies: [{ id: '100' }],
      hub: OTHER_HUB,
    });
    await world.crm.change('quote', '21', { terms: 'Net 45' });
    await afterwards(ann, pia);
    expect(JSON.stringify(ann.heard)).not.toContain('STRANGE');
    expect(ann.heard.some(isGone('12'))).toBe(false);
    expect(ann.heard.some(isRecord('21'))).toBe(true);
    expect(JSON.stringify(pia.heard)).not.toMatch(/STRANGE|Net 45|"21"/);
  });

  test('made by another process is found without a signal', async () => {
    const id = await freshTicket();
    const stream = await listen(world.ann);
    const seq = await world.crm.silently(() => world.crm.change('ticket', id, { reference: 'B' }));
    expect((await stream.until(isRecord(id), 'the change', 3_000)).id).toBe(seq);
  });

  test('made by another process is not lost behind a later one that was signalled', async () => {
    const [id, other] = [await freshTicket(), await freshTicket()];
    const stream = await listen(world.ann);
    await world.crm.silently(() => world.crm.change('ticket', id, { reference: 'B' }));
    await world.crm.change('ticket', other, { reference: 'B' });
    await stream.until(isRecord(other), 'the signalled change');
    await stream.until(isRecord(id), 'the other change', 3_000);
  });

  test('made by another process reaches those who were listening before another one came', async () => {
    const id = await freshTicket();
    const stream = await listen(world.ann);
    await world.crm.silently(() => world.crm.change('ticket', id, { reference: 'B' }));
    await listen(world.bob);
    await stream.until(isRecord(id), 'the change', 3_000);
  });

  test('that was signalled is not told again by looking', async () => {
    const id = await freshTicket();
    const stream = await listen(world.ann);
    await world.crm.change('ticket', id, { reference: 'B' });
    await stream.until(isRecord(id), 'the change');
    const { body } = await edit(world, world.ann, `ticket/${await freshTicket()}`, { reference: 'C' });
    await world.crm.moveEdit(body.editId, 'written', { rule: 'D3' });
    const isReceipt = ({ type }: Heard): boolean => type === 'receipt';
    await stream.until(isReceipt, 'the receipt');
    const marker = await freshTicket();
    await world.crm.silently(() => world.crm.change('ticket', marker, { reference: 'looked' }));
    await stream.until(
      (heard) => JSON.stringify(heard).includes('looked'),
      'the journal was looked at',
      3_000,
    );
    expect([isRecord(id), isReceipt].map((is) => stream.heard.filter(is).length)).toEqual([1, 1]);
  });

  test('a storm of changes ends in the last value, and the journal numbers never go back', async () => {
    const id = await freshTicket();
    const stream = await listen(world.ann);
    let last = 0;
    for (let n = 1; n <= 50; n += 1) last = await world.crm.change('ticket', id, { reference: `N${n}` });
    await stream.until((heard) => isShown(id, 'N50')(heard) && heard.id === last, 'the last value');
    const told = stream.heard.map((heard) => heard.id ?? 0);
    expect(told).toEqual([...told].sort((a, b) => a - b));
  });
});

describe('what is gone', () => {
  test.each(['archived', 'erased', 'merged:12'] as const)(
    'a record that became %s is told to be gone, once, to those who saw it',
    async (life) => {
      const id = await freshTicket();
      const [ann, cleo] = [await listen(world.ann), await listen(world.cleo)];
      const seq = await world.crm.live('ticket', id, life);
      const heard = await ann.until(isGone(id), 'gone');
      expect(heard).toEqual({ id: seq, type: 'gone', data: { type: 'gone', object: 'ticket', id } });
      await afterwards(ann);
      expect(ann.heard.filter(isGone(id))).toHaveLength(1);
      expect(cleo.heard).toEqual([]);
    },
  );

  test('a record that moved to another company is gone for the one and told to the other', async () => {
    const before = await freshTicket();
    const [ann, cleo] = [await listen(world.ann), await listen(world.cleo)];
    for (const id of [before, await freshTicket()]) {
      await world.crm.link('ticket', id, [{ id: '200' }]);
      await ann.until(isGone(id), 'gone');
      await cleo.until(isRecord(id), 'the record');
      // What becomes of it there is no business of the one's.
      await world.crm.change('ticket', id, { reference: 'THERE' });
      await cleo.until(isShown(id, 'THERE'), 'the change');
      await afterwards(ann);
      expect(ann.heard.filter(isGone(id))).toHaveLength(1);
    }
    expect(JSON.stringify(ann.heard)).not.toContain('THERE');
  });

  test('what is shown on a condition is gone when that is no longer met, for those who saw it', async () => {
    const [case1, case2, note] = [await freshTicket(), await freshTicket('200'), String((ids += 1))];
    const fields = { text: 'Hello', shared: 'true' };
    const on = [case1, case2].map((id) => ({ object: 'ticket' as const, id }));
    await world.crm.find({ object: 'note', id: note, fields, on });
    const [ann, cleo, pia] = [await listen(world.ann), await listen(world.cleo), await listen(world.pia)];
    await world.crm.change('note', note, { text: 'Moved' });
    // Each hears of the cases that they see.
    for (const [stream, of] of [
      [ann, case1],
      [cleo, case2],
      [pia, case1],
    ] as const)
      expect((await stream.until(isShown(note, 'Moved'), 'the change')).data).toMatchObject({
        record: { on: [{ object: 'ticket', id: of }] },
      });
    for (const stream of [ann, cleo]) stream.close();
    const [again, later] = [await listen(world.ann), await listen(world.cleo)];
    await world.crm.change('quote', '21', { status: 'DRAFT' });
    await world.crm.change('note', note, { shared: 'false' });
    for (const id of ['21', note]) await again.until(isGone(id), `${id} is gone`);
    await later.until(isGone(note), 'the message is gone');
    await world.crm.change('note', note, { text: 'SECRET' });
    await world.crm.change('quote', '21', { terms: 'SECRET' });
    await afterwards(again, pia);
    expect(JSON.stringify([again.heard, later.heard, pia.heard])).not.toContain('SECRET');
    expect([...later.heard, ...pia.heard].some(isGone('21'))).toBe(false);
    expect(again.heard.filter(isGone(note))).toHaveLength(1);
    await world.crm.change('quote', '21', { status: 'APPROVED' });
    await again.until(isRecord('21'), 'the quote is back');
  });

  test('a record that comes back is told again', async () => {
    const id = await freshTicket();
    const stream = await listen(world.ann);
    await world.crm.live('ticket', id, 'archived');
    await stream.until(isGone(id), 'gone');
    await world.crm.live('ticket', id, 'present');
    await stream.until(isRecord(id), 'the record');
  });
});

describe('what the person reaches', () => {
  async function moving(at: World, id: string): Promise<string> {
    await at.crm.find({ object: 'contact', id, fields: { lastName: 'Mover' }, companies: [{ id: '100' }] });
    return at.token({ contactId: id });
  }

  test('follows the contact to another company: everything is read again, and nothing of the old one is told', async () => {
    const there = await freshTicket('200', calm);
    const stream = await calm.stream(await moving(calm, '71'));
    await stream.untilPlaced();
    await calm.crm.link('contact', '71', [{ id: '200' }]);
    await stream.until(isResync, 'a new beginning');
    await calm.crm.change('ticket', '11', { reference: 'old company' });
    await calm.crm.change('ticket', '12', { reference: 'new company' });
    await stream.until(isRecord('12'), 'a case of the new company');
    expect(stream.heard.some(isRecord('11'))).toBe(false);
    // Never told, but read since: that it is gone is told.
    await calm.crm.link('ticket', there, [{ id: '300' }]);
    await stream.until(isGone(there), 'gone');
  });

  test('may become less, or more, or another contact of the same company: each is a new beginning', async () => {
    const partner = (id: string) => ({ id, primary: false, labels: ['Portal partner'] });
    const contact = { object: 'contact' as const, fields: { lastName: 'Mover' } };
    await calm.crm.find({ ...contact, id: '75', companies: ['100', '200'].map(partner) });
    const both = await listen(await calm.token({ contactId: '75', audience: 'partner' }), undefined, calm);
    for (const [times, companies] of [['200'], ['200', '100'], ['100', '300']].entries()) {
      await calm.crm.link('contact', '75', companies.map(partner));
      await eventually(() => both.heard.filter(isResync).length === times + 1, `beginning ${times + 1}`);
    }
    await calm.crm.find({ ...contact, id: '76', companies: [{ id: '100' }] });
    const merged = await listen(await moving(calm, '77'), undefined, calm);
    await calm.crm.live('contact', '77', 'merged:76');
    await merged.until(isResync, 'a new beginning');
  });

  test('is looked at although more has moved at once than is told one by one', async () => {
    const [ann, stream] = [
      await listen(calm.ann, undefined, calm),
      await listen(await moving(calm, '78'), undefined, calm),
    ];
    await calm.crm.silently(() => calm.crm.link('contact', '78', [{ id: '200' }]));
    const many = Array.from({ length: 1_000 }, (_, n) => ({
      object: 'deal' as const,
      recordId: recordId(`${50_000 + n}`),
    }));
    const records = [...many, { object: 'contact' as const, recordId: recordId('78') }];
    calm.signals.changed({ hubId: HUB, seq: 7, records, edits: [] });
    expect(await ann.until(isResync, 'too much')).toMatchObject({ id: 7 });
    await stream.until(isResync, 'too much');
    await calm.crm.change('ticket', '11', { reference: 'OLD' });
    await calm.crm.change('ticket', '12', { reference: 'NEW' });
    await stream.until(isShown('12', 'NEW'), 'a case of the new company');
    expect(JSON.stringify(stream.heard)).not.toContain('OLD');
  });

  test('is nothing any more when the contact is gone', async () => {
    const stream = await calm.stream(await moving(calm, '72'));
    await stream.untilPlaced();
    await calm.crm.live('contact', '72', 'archived');
    await stream.untilEnded();
  });

  test('is looked at again now and then, since another process may have moved it', async () => {
    const stream = await listen(await moving(world, '73'));
    const links = [{ companyId: recordId('200'), isPrimary: true, labels: [] }];
    await saveLinks(world.db, HUB, [{ object: 'contact', recordId: recordId('73'), links }]);
    await stream.until(isResync, 'a new beginning', 3_000);
  });

  test('ends with the token', async () => {
    const token = await moving(calm, '74');
    const [stream, ann] = [await listen(token, undefined, calm), await listen(calm.ann, undefined, calm)];
    await calm.revoke(token);
    await stream.untilEnded(3_000);
    const id = await freshTicket('100', calm);
    await ann.until(isRecord(id), 'the case');
    expect(JSON.stringify(stream.heard)).not.toContain(`"${id}"`);
  });
});

/** Nobody reads the table meanwhile: what the streams do next waits there. */
const holding = (table: 'journal' | 'mirror', work: () => Promise<void>): Promise<void> =>
  calm.db.transaction().execute(async (trx) => {
    await sql`lock table ${sql.table(table)} in access exclusive mode`.execute(trx);
    await work();
  });
/** Statements with this text that wait for a table; they may be made to fail instead. Roles see only their own. */
const stuck = (text: string, isToFail: boolean): Promise<number> =>
  calm.db.transaction().execute(async (trx) => {
    await sql`set local role none`.execute(trx);
    const { rows } = await sql`
      select case when ${isToFail} then pg_cancel_backend(pid) end from pg_stat_activity
      where datname = current_database() and wait_event_type = 'Lock' and query like ${`%${text}%`}`.execute(
      trx,
    );
    return rows.length;
  });

describe('one thing after the other', () => {
  test('who comes back is told what they missed before anything newer, and each thing once', async () => {
    const fresh = (): Promise<string> => freshTicket('100', calm);
    const [missed, newer, newest] = [await fresh(), await fresh(), await fresh()];
    const { body } = await edit(calm, calm.bob, `ticket/${newer}`, { reference: 'MINE' });
    const bob = await listen(calm.bob, undefined, calm);
    const first = await listen(calm.ann, undefined, calm);
    const from = first.lastId() ?? 0;
    first.close();
    const seq = await calm.crm.silently(() => calm.crm.change('ticket', missed, { reference: 'B' }));
    const signal = (at: number, id: string, editIds: string[]): void => {
      const record = { object: 'ticket' as const, recordId: recordId(id) };
      const edits = editIds.map((each) => ({ editId: editId(each), ...record }));
      calm.signals.changed({ hubId: HUB, seq: at, records: [record], edits });
    };
    let ann: Stream | undefined;
    await holding('journal', async () => {
      calm.signals.moved(HUB);
      await eventually(async () => (await stuck('journal', false)) > 0, 'the journal is looked at');
      signal(seq + 1, newer, [body.editId]);
      signal(seq + 2, newest, []);
      ann = await calm.stream(calm.ann, { 'last-event-id': String(from) });
    });
    await ann?.untilPlaced();
    await bob.until(({ type }) => type === 'receipt', 'the newer ones');
    const told = (stream: Stream | undefined): unknown[] =>
      (stream?.heard ?? [])
        .map(({ id, data }) => [id, data.type === 'record' ? data.record.id : data.type])
        .sort();
    const last = [newer, newest, 'receipt'].map((id) => [seq + 2, id]);
    expect([told(bob), told(ann)]).toEqual([[[seq, missed], ...last], [[seq, missed]]]);
    // Numbers that never go back are the order in which it was told.
    expect(bob.heard[0]?.id).toBe(seq);
    ann?.close();
  });

  test('what could not be told for a fault of the database is told when it is looked for next', async () => {
    const [looked, signalled] = [await freshTicket('100', calm), await freshTicket('100', calm)];
    const bob = await listen(calm.bob, undefined, calm);
    const change = (id: string) => calm.crm.silently(() => calm.crm.change('ticket', id, { reference: 'B' }));
    const [, seq] = [await change(looked), await change(signalled)];
    await holding('mirror', async () => {
      calm.signals.changed({
        hubId: HUB,
        seq,
        records: [{ object: 'ticket', recordId: recordId(signalled) }],
        edits: [],
      });
      calm.signals.moved(HUB);
      let failed = 0;
      await eventually(async () => (failed += await stuck('m.found_seq', true)) >= 2, 'both fail');
    });
    for (const id of [looked, signalled]) await bob.until(isShown(id, 'B'), 'the change', 3_000);
  });

  test('a stream that could not be told where it is ends, so that it comes again', async () => {
    let stream: Stream | undefined;
    await holding('journal', async () => {
      stream = await calm.stream(calm.ann);
      await eventually(async () => {
        await stuck('journal', true);
        return stream?.ended === true;
      }, 'it ends');
    });
    expect(stream?.heard).toEqual([]);
  });

  test('who moved while the stream was being opened is not told of the old company', async () => {
    await calm.crm.find({
      object: 'contact',
      id: '79',
      fields: { lastName: 'Mover' },
      companies: [{ id: '100' }],
    });
    const token = await calm.token({ contactId: '79' });
    await listen(calm.bob, undefined, calm);
    let stream: Stream | undefined;
    await holding('journal', async () => {
      calm.signals.moved(HUB);
      await eventually(async () => (await stuck('journal', false)) > 0, 'the journal is looked at');
      stream = await calm.stream(token);
      const links = [{ companyId: recordId('200'), isPrimary: true, labels: [] }];
      await saveLinks(calm.db, HUB, [{ object: 'contact', recordId: recordId('79'), links }]);
    });
    await stream?.until(isResync, 'a new beginning');
    await calm.crm.change('ticket', '11', { reference: 'OLDER' });
    await calm.crm.change('ticket', '12', { reference: 'NEWER' });
    await stream?.until(isShown('12', 'NEWER'), 'a case of the new company');
    expect(JSON.stringify(stream?.heard)).not.toContain('OLDER');
    stream?.close();
  });

  test('that another process moved something is looked for at once, each time', async () => {
    const both = [await freshTicket('100', calm), await freshTicket('100', calm)];
    const stream = await listen(calm.bob, undefined, calm);
    const startedAt = performance.now();
    for (let n = 1; n <= 6; n += 1) {
      for (const id of both)
        await calm.crm.silently(() => calm.crm.change('ticket', id, { reference: `N${n}` }));
      calm.signals.moved(HUB);
      for (const id of both) await stream.until(isShown(id, `N${n}`), 'the change');
    }
    expect(both.map((id) => stream.heard.filter(isShown(id, 'N3')).length)).toEqual([1, 1]);
    // Looked for once a second only, this takes five.
    expect(performance.now() - startedAt).toBeLessThan(3_000);
  });
});

describe('sessions that are looked at anew', () => {
  let busy: World;
  beforeAll(async () => {
    busy = await startWorld({ limits: { streamSessionMs: 1, streamRecheckMs: 200, streamsPerPerson: 20 } });
  });
  afterAll(() => busy.close());

  test('end no stream that was given its session anew while they were looked at', async () => {
    const stream = await busy.stream(busy.ann);
    await stream.untilPlaced();
    const ann = (await busy.call('GET', '/portal/v1/me', { token: busy.ann })).body.contactId;
    for (let n = 1; n <= 40; n += 1) {
      await busy.crm.change('contact', ann, { jobTitle: `Title ${n}` });
      await stream.until((heard) => JSON.stringify(heard).includes(`"Title ${n}"`), 'the change');
    }
    stream.close();
  });

  test('are looked at together: the statements do not grow with the streams', async () => {
    const statements = countStatements();
    const streams = await Promise.all(Array.from({ length: 20 }, () => busy.stream(busy.ann)));
    await Promise.all(streams.map((stream) => stream.untilPlaced()));
    const links = () => statements.of('from links l where l.hub_id = m.hub_id and l.object = m.object');
    await eventually(() => links() > 0, 'a first look');
    const [looks, opened] = [links(), statements.of('"links"')];
    await eventually(() => links() >= looks + 3, 'three more');
    // One by one each stream would read its links for itself.
    expect(statements.of('"links"')).toBe(opened);
    statements.stop();
    for (const stream of streams) stream.close();
  });
});

describe('receipts', () => {
  test('are told to their person, with the record as it lies under the edit, and to nobody else', async () => {
    const id = await freshTicket();
    const [ann, bob] = [await listen(world.ann), await listen(world.bob)];
    const { body } = await edit(world, world.ann, `ticket/${id}`, { reference: 'PRIVATE' });
    const seq = await world.crm.moveEdit(body.editId, 'written', { rule: 'D3' });
    const told = await ann.until(({ data }) => data.type === 'receipt', 'the receipt');
    expect(told).toMatchObject({
      id: seq,
      data: {
        receipt: { editId: body.editId, state: 'written', fields: { reference: { wanted: 'PRIVATE' } } },
      },
    });
    const shown = await ann.until(isRecord(id), 'the record');
    expect(shown.data).toMatchObject({
      record: { fields: { reference: { value: 'PRIVATE', state: 'saving' } } },
    });
    await afterwards(ann, bob);
    expect(bob.heard.some(isRecord(id))).toBe(false);
    expect(JSON.stringify(bob.heard)).not.toContain('PRIVATE');
  });

  test('two people of one company are shown one record each in their own way', async () => {
    const id = await freshTicket();
    await edit(world, world.ann, `ticket/${id}`, { reference: 'MINE' });
    const [ann, bob] = [await listen(world.ann), await listen(world.bob)];
    await world.crm.change('ticket', id, { description: 'moved' });
    const fieldsOf = async (stream: Stream) => (await stream.until(isRecord(id), 'the record')).data;
    expect(await fieldsOf(ann)).toMatchObject({
      record: { fields: { reference: { value: 'MINE', state: 'saving' } } },
    });
    expect(await fieldsOf(bob)).toMatchObject({
      record: { fields: { reference: { value: 'A', state: 'confirmed' } } },
    });
  });
});

describe('resuming', () => {
  test('tells the present state of what moved meanwhile, own receipts, what is gone, and then goes on', async () => {
    const [moved, gone, still] = [await freshTicket(), await freshTicket(), await freshTicket()];
    const { body } = await edit(world, world.ann, `ticket/${still}`, { reference: 'MINE' });
    const first = await listen(world.ann);
    const from = first.lastId();
    first.close();
    await world.crm.change('ticket', moved, { reference: 'B' });
    await world.crm.change('ticket', moved, { reference: 'C' });
    await world.crm.change('ticket', '12', { reference: 'STRANGE' });
    await world.crm.live('ticket', gone, 'archived');
    const last = await world.crm.moveEdit(body.editId, 'written', { rule: 'D3' });

    const stream = await listen(world.ann, from ?? 0);
    expect(stream.lastId()).toBeGreaterThanOrEqual(last);
    expect(stream.heard.filter(isRecord(moved))).toHaveLength(1);
    expect(stream.heard.find(isRecord(moved))?.data).toMatchObject({
      record: { fields: { reference: { value: 'C' } } },
    });
    expect(stream.heard.some(isGone(gone))).toBe(true);
    expect(stream.heard.find(({ type }) => type === 'receipt')?.data).toMatchObject({
      receipt: { editId: body.editId, state: 'written' },
    });
    expect(JSON.stringify(stream.heard)).not.toMatch(/STRANGE|"12"/);
    await afterwards(stream);
    // Only an edit of hers moved it: that is nobody else's news.
    const bob = await listen(world.bob, from ?? 0);
    expect(bob.heard.some(isRecord(moved))).toBe(true);
    expect(bob.heard.some(isRecord(still))).toBe(false);
  });

  test('tells what moved out of reach meanwhile, and nothing of what never was in it', async () => {
    const [left, stranger] = [await freshTicket(), await freshTicket('200')];
    const note = String((ids += 1));
    const on = [{ object: 'ticket' as const, id: await freshTicket() }];
    await world.crm.find({ object: 'note', id: note, fields: { text: 'Hello', shared: 'true' }, on });
    const from = await world.crm.pad(1);
    await world.crm.link('ticket', left, [{ id: '200' }]);
    await world.crm.link('ticket', left, [{ id: '300' }]);
    await world.crm.link('ticket', stranger, [{ id: '300' }]);
    await world.crm.change('quote', '21', { status: 'DRAFT' });
    await world.crm.change('note', note, { shared: 'false' });
    const gone = (stream: Stream): string[] =>
      stream.heard.map(({ data }) => (data.type === 'gone' ? data.id : data.type)).sort();
    expect(gone(await listen(world.ann, from))).toEqual(['21', left, note].sort());
    expect(gone(await listen(world.pia, from))).toEqual([left, note].sort());
    expect(gone(await listen(world.cleo, from))).toEqual([stranger]);
    await world.crm.change('quote', '21', { status: 'APPROVED' });
  });

  test('starts over where the person reaches something else by now, or something was erased', async () => {
    await world.crm.find({
      object: 'contact',
      id: '79',
      fields: { lastName: 'Mover' },
      companies: [{ id: '100' }],
    });
    const [token, erased] = [await world.token({ contactId: '79' }), await freshTicket()];
    const from = await world.crm.pad(1);
    await world.crm.link('contact', '79', [{ id: '200' }]);
    const told = async (who: string, since: number) =>
      (await listen(who, since)).heard.map(({ type }) => type);
    expect(await told(token, from)).toEqual(['resync']);
    expect(await told(world.ann, from)).toEqual([]);
    const before = await world.crm.pad(1);
    await world.crm.erase('ticket', erased);
    expect(await told(world.ann, before)).toEqual(['resync']);
  });

  test('from where nothing has moved tells nothing', async () => {
    const stream = await listen(world.ann, await world.crm.pad(1));
    expect(stream.heard).toEqual([]);
  });

  test('from a number that was never given, or that makes no sense, starts over', async () => {
    const head = await world.crm.pad(1);
    for (const from of [head + 10_000, -1, 'nonsense', '1.5', '1e99']) {
      const stream = await listen(world.ann, from);
      expect(
        stream.heard.map(({ type }) => type),
        String(from),
      ).toEqual(['resync']);
      expect(stream.lastId()).toBeGreaterThanOrEqual(head);
      stream.close();
    }
  });

  test('from too long ago starts over; up to a thousand entries it does not', async () => {
    const from = await world.crm.pad(1);
    await world.crm.pad(1_000);
    expect((await listen(world.ann, from)).heard).toEqual([]);
    await world.crm.pad(1);
    expect((await listen(world.ann, from)).heard.map(({ type }) => type)).toEqual(['resync']);
  });
});

describe('limits', () => {
  let small: PortalHarness;
  let [ann, bob] = ['', ''];
  beforeEach(async () => {
    small = await startPortal({ limits: { requestsPerMinute: 6, writesPerMinute: 2 } });
    for (const id of ['1', '2']) await small.crm.find({ object: 'contact', id, fields: { lastName: 'X' } });
    [ann, bob] = [await small.token({ contactId: '1' }), await small.token({ contactId: '2' })];
  });
  afterEach(() => small.close());

  test('a person who asks too often is told to wait, with another token too, and nobody else is', async () => {
    const another = await small.token({ contactId: '1' });
    for (let n = 0; n < 6; n += 1)
      expect((await small.call('GET', '/portal/v1/me', { token: n % 2 === 0 ? ann : another })).status).toBe(
        200,
      );
    for (const headers of [{}, { authorization: `bearer ${ann}` }] as Record<string, string>[]) {
      const answer = await small.call('GET', '/portal/v1/me', { token: another, headers });
      expectProblem(answer, 429, 'too-many-requests');
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    }
    expect((await small.call('GET', '/portal/v1/me', { token: bob })).status).toBe(200);
  });

  test('edits have a tighter limit, and one that is turned away is not stored', async () => {
    const write = () =>
      small.call('PATCH', '/portal/v1/records/contact/1', {
        token: ann,
        body: { fields: { firstName: 'A' } },
        headers: { 'idempotency-key': `${Math.random()}`, 'if-match': 'j1' },
      });
    expect([(await write()).status, (await write()).status]).toEqual([202, 202]);
    expectProblem(await write(), 429, 'too-many-requests');
    expect(await storedEdits(small)).toBe(2);
    expect((await small.call('GET', '/portal/v1/me', { token: ann })).status).toBe(200);
  });

  test('the first stream of a hub is told nothing of what came before it', async () => {
    await small.crm.find({ object: 'company', id: '100', fields: { name: 'Acme' } });
    await small.crm.link('contact', '1', [{ id: '100' }]);
    const stream = await small.stream(ann);
    await stream.untilPlaced();
    await small.crm.silently(() => small.crm.change('contact', '1', { jobTitle: 'New' }));
    await stream.until(isRecord('1'), 'the change', 3_000);
    expect(stream.heard.some(isRecord('100'))).toBe(false);
  });

  test('a client that does not read is dropped, and does not hold the others up', async () => {
    await small.crm.find({ object: 'company', id: '100', fields: { name: 'Acme' } });
    await small.crm.link('contact', '1', [{ id: '100' }]);
    await small.crm.link('contact', '2', [{ id: '100' }]);
    const deaf = connect({ host: '127.0.0.1', port: Number(new URL(small.url).port) });
    deaf.on('error', () => undefined);
    deaf.pause();
    deaf.write(`GET /portal/v1/stream HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${ann}\r\n\r\n`);
    const stream = await small.stream(bob);
    await stream.untilPlaced();
    const notes = 'x'.repeat(60_000);
    const sent = SYSTEM_BUFFERS_BYTES / notes.length;
    for (let n = 0; n < sent; n += 1)
      await small.crm.change('company', '100', { deliveryNotes: `${n} ${notes}` });
    const last = `${Math.ceil(sent) - 1} x`;
    await stream.until((heard) => JSON.stringify(heard).includes(`"${last}`), 'the last value');
    const ended = new Promise((resolve) => deaf.once('close', resolve));
    deaf.resume();
    await ended;
  });

  test('closing the portal ends its streams', async () => {
    const stream = await small.stream(ann);
    await small.end();
    await stream.untilEnded();
  });
});
