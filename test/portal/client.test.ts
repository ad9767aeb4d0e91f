/** The typed client against the real service, over a line that breaks. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Receipt, RecordView } from '@tallystick/shared/messages';
import { createPortalClient } from '@tallystick/shared/portalClient';
import { platformHere, type Platform } from '@tallystick/shared/portalPlatform';
import { PortalError } from '@tallystick/shared/portalRequest';
import { createSseParser } from '@tallystick/shared/portalSse';
import type { LiveState, Subscription } from '@tallystick/shared/portalStream';
import { afterAll, afterEach, beforeAll, describe, expect, expectTypeOf, test } from 'vitest';
import { breakableLine, type BrokenLine } from '../harness/brokenLine.ts';
import { eventually, startWorld, storedEdits, type World } from './world.ts';

let world: World;
let line: BrokenLine;
beforeAll(async () => {
  world = await startWorld({ limits: { streamBeatMs: 50 } });
  line = await breakableLine(world.url);
});
afterAll(async () => {
  await line.close();
  await world.close();
});

const ann = (platform?: Platform) =>
  createPortalClient({
    baseUrl: line.url,
    token: world.ann,
    ...(platform === undefined ? {} : { platform }),
  });

const problemOf = async (work: Promise<unknown>): Promise<PortalError> => {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(PortalError);
  return error as PortalError;
};

describe('reading', () => {
  test('a record knows its fields by name', async () => {
    const company = await ann().read('company', '100');
    expectTypeOf(company.fields).toHaveProperty('renewalDate');
    // @ts-expect-error -- no such field
    expect(company.fields.shoeSize).toBeUndefined();
    expect(company).toMatchObject({ object: 'company', id: '100' });
    expect(company.fields.name?.value).toBe(company.title);
  });

  test('me, and a list page by page', async () => {
    const me = await ann().me();
    expect(me).toMatchObject({ contactId: '1' });
    const all = (await ann().list('ticket')).records.map(({ id }) => id);
    expect(all.length).toBeGreaterThan(1);
    const first = await ann().list('ticket', { limit: 1 });
    expect(first).toMatchObject({ records: [{ id: all[0] }], next: all[0] });
    const paged: string[] = [];
    for await (const page of ann().pages('ticket')) paged.push(...page.records.map(({ id }) => id));
    expect(paged).toEqual(all);
  });

  test('a problem is one typed error, and a missing record or a bad token is not tried again', async () => {
    expect(await problemOf(ann().read('ticket', '12'))).toMatchObject({ code: 'not-found', status: 404 });
    const nobody = createPortalClient({ baseUrl: line.url, token: 'nonsense' });
    const refused = await problemOf(nobody.me());
    expect(refused).toMatchObject({ code: 'sign-in', isSignIn: true });
    expect(refused.detail).toMatch(/\S/);
  });

  test('goes on by itself when the line was down for a moment', async () => {
    line.down(true);
    const reading = ann().read('company', '100');
    line.down(false);
    expect((await reading).id).toBe('100');
  });

  test('gives up after its patience, or when it is called off', async () => {
    line.down(true);
    try {
      const impatient = ann().read('company', '100', { patienceMs: 0 });
      expect(await problemOf(impatient)).toMatchObject({ code: 'unreachable', status: 0 });
      const calledOff = new AbortController();
      const waiting = ann().me({ signal: calledOff.signal });
      calledOff.abort();
      await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
    } finally {
      line.down(false);
    }
  });
});

describe('writing', () => {
  test('an edit takes only the fields a portal may change, with what was seen', async () => {
    const client = ann();
    const company = await client.read('company', '100');
    // @ts-expect-error -- the CRM owns it
    const owned = () => client.edit('company', '100', { renewalDate: '2027-01-01' }, {});
    // @ts-expect-error -- only an action sets it
    const byAction = () => client.edit('quote', '21', { decision: 'approved' }, {});
    for (const write of [owned, byAction])
      expect(await problemOf(write())).toMatchObject({ code: 'fields-refused', status: 422 });
    const receipt = await client.edit('company', '100', { street: 'Line 1' }, { record: company.version });
    expect(receipt).toMatchObject({
      kind: 'edit',
      state: 'accepted',
      fields: { street: { wanted: 'Line 1' } },
    });
    expect(await client.receipt(receipt.editId)).toEqual(receipt);
    expect((await client.receipts())[0]).toEqual(receipt);
  });

  test('an answer that got lost is asked for again, and makes one edit', async () => {
    const client = ann();
    const company = await client.read('company', '100');
    const before = await storedEdits(world);
    const lost = line.lost;
    line.loseAnswerTo(/^PATCH /);
    const receipt = await client.edit('company', '100', { city: 'Lost' }, { record: company.version });
    expect(line.lost).toBe(lost + 1);
    expect(await storedEdits(world)).toBe(before + 1);
    expect(receipt.fields.city).toMatchObject({ wanted: 'Lost' });
  });

  test('a key that is given carries over from one call to the next', async () => {
    const client = ann();
    const company = await client.read('company', '100');
    const before = await storedEdits(world);
    const write = () =>
      client.edit('company', '100', { zip: '20095' }, { record: company.version }, { key: 'kept-key' });
    expect((await write()).editId).toBe((await write()).editId);
    expect(await storedEdits(world)).toBe(before + 1);
  });

  test('a value that cannot be taken is told by field', async () => {
    const client = ann();
    const { version } = await client.read('company', '100');
    const refused = await problemOf(
      client.edit('company', '100', { website: 'nonsense' }, { record: version }),
    );
    expect(refused).toMatchObject({ code: 'fields-refused', fields: { website: { code: 'not-a-url' } } });
  });

  test('an action is bound to the versions of what was shown', async () => {
    const client = ann();
    const quote = await client.read('quote', '21');
    const fields = Object.fromEntries(
      Object.entries(quote.fields).map(([name, field]) => [name, field.version]),
    );
    const receipt = await client.act('quote', '21', 'approveQuote', { record: quote.version, fields });
    expect(receipt).toMatchObject({ kind: 'action', name: 'approveQuote' });
  });

  test('waits for the end of a receipt for as long as it is told to', async () => {
    const client = ann();
    const company = await client.read('company', '100');
    const { editId } = await client.edit('company', '100', { country: 'DE' }, { record: company.version });
    const waiting = client.receipt(editId, { waitS: 20 });
    await world.crm.moveEdit(editId, 'verified', { rule: 'D3' });
    expect(await waiting).toMatchObject({ state: 'verified', final: true });
  });
});

describe('the live stream', () => {
  const open: Subscription[] = [];
  afterEach(() => open.splice(0).forEach((each) => each.close()));

  function listen(client = ann()) {
    const heard = {
      records: [] as RecordView[],
      receipts: [] as Receipt[],
      gone: [] as string[],
      states: [] as LiveState[],
      resyncs: 0,
    };
    const subscription = client.subscribe({
      onRecord: (record) => heard.records.push(record),
      onReceipt: (receipt) => heard.receipts.push(receipt),
      onGone: (object, id) => heard.gone.push(`${object} ${id}`),
      onResync: () => (heard.resyncs += 1),
      onState: (state) => heard.states.push(state),
    });
    open.push(subscription);
    const live = (): Promise<unknown> =>
      eventually(() => Promise.resolve(heard.states.at(-1) === 'live'), 'the stream is live');
    const sees = (vat: string): Promise<unknown> =>
      eventually(
        () => Promise.resolve(heard.records.some(({ fields }) => fields.vatNumber?.value === vat)),
        `the VAT number ${vat} is told`,
      );
    return { heard, subscription, live, sees };
  }

  test('tells records, receipts and what is gone', async () => {
    const { heard, live, sees } = listen();
    await live();
    await world.crm.change('company', '100', { vatNumber: 'Told 1' });
    await sees('Told 1');
    await world.crm.find({
      object: 'ticket',
      id: '9901',
      fields: { subject: 'Gone soon' },
      companies: [{ id: '100' }],
    });
    await world.crm.live('ticket', '9901', 'archived');
    await eventually(() => Promise.resolve(heard.gone.includes('ticket 9901')), 'the case is gone');
    const { version } = await ann().read('company', '100');
    const { editId } = await ann().edit(
      'company',
      '100',
      { deliveryNotes: 'By the gate' },
      { record: version },
    );
    await world.crm.moveEdit(editId, 'written', { rule: 'D3' });
    await eventually(
      () => Promise.resolve(heard.receipts.some((receipt) => receipt.editId === editId)),
      'the receipt is told',
    );
    expect(heard.resyncs).toBe(0);
  });

  test('resumes after a cut, and loses nothing that happened meanwhile', async () => {
    const { heard, live, sees } = listen();
    await live();
    line.down(true);
    await world.crm.change('company', '100', { vatNumber: 'While away' });
    await eventually(() => Promise.resolve(heard.states.at(-1) === 'waiting'), 'the cut is noticed');
    line.down(false);
    await sees('While away');
    await live();
    expect(heard.resyncs).toBe(0);
  });

  test('loses nothing when the cut falls between two messages of one id', async () => {
    const { heard, live } = listen();
    await live();
    const ids = ['9911', '9912', '9913'];
    for (const id of ids)
      await world.crm.find({
        object: 'ticket',
        id,
        fields: { subject: `Case ${id}` },
        companies: [{ id: '100' }],
      });
    await eventually(
      () => Promise.resolve(ids.every((id) => heard.records.some((record) => record.id === id))),
      'the cases are told',
    );
    heard.records.splice(0);
    // All three move while the service tells nobody; what it tells then has one id, and is cut within the second one.
    line.cutAfter(2_500);
    await world.crm.silently(async () => {
      for (const id of ids) await world.crm.change('ticket', id, { reference: 'moved' });
    });
    await eventually(
      () =>
        Promise.resolve(
          ids.every((id) => heard.records.some((r) => r.id === id && r.fields.reference?.value === 'moved')),
        ),
      'all three are told',
    );
    expect(heard.states.filter((state) => state === 'waiting').length).toBeGreaterThan(0);
  });

  test('asks for everything to be read again when its place is too old to resume', async () => {
    const { heard, live } = listen();
    await live();
    line.down(true);
    await world.crm.pad(1_100);
    line.down(false);
    await eventually(() => Promise.resolve(heard.resyncs > 0), 'a resync');
    await live();
  });

  test('asks for everything to be read again when the first try found nobody', async () => {
    line.down(true);
    const { heard, live } = listen();
    await eventually(() => Promise.resolve(heard.states.at(-1) === 'waiting'), 'the first try failed');
    line.down(false);
    await live();
    expect(heard.resyncs).toBe(1);
  });

  test('is quiet while paused, goes on from its place, and stops for good when closed', async () => {
    const { heard, subscription, live, sees } = listen();
    await live();
    subscription.pause();
    await eventually(() => Promise.resolve(heard.states.at(-1) === 'paused'), 'it is paused');
    await world.crm.change('company', '100', { vatNumber: 'While paused' });
    subscription.resume();
    await sees('While paused');
    subscription.close();
    const told = heard.records.length;
    await world.crm.change('company', '100', { vatNumber: 'After the end' });
    const other = listen();
    await other.live();
    expect(heard.records.length).toBe(told);
  });

  test('stands still without a valid token until it is told to try again', async () => {
    const { heard, subscription } = listen(createPortalClient({ baseUrl: line.url, token: 'nonsense' }));
    await eventually(() => Promise.resolve(heard.states.at(-1) === 'signed-out'), 'it is signed out');
    subscription.resume();
    await eventually(
      () => Promise.resolve(heard.states.filter((state) => state === 'signed-out').length === 2),
      'it tried again',
    );
  });

  test('says when there is no network, and goes on when it is back', async () => {
    let online = true;
    const listeners = new Set<() => void>();
    const turn = (value: boolean): void => {
      online = value;
      for (const each of [...listeners]) each();
    };
    const platform: Platform = {
      ...platformHere(),
      isOnline: () => online,
      onOnlineChange: (listener) => {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    };
    const { heard, live, sees } = listen(ann(platform));
    await live();
    turn(false);
    await eventually(() => Promise.resolve(heard.states.at(-1) === 'offline'), 'it is offline');
    await world.crm.change('company', '100', { vatNumber: 'While offline' });
    turn(true);
    await sees('While offline');
  });

  test('does not trust a connection that has fallen silent', async () => {
    const silent = createServer((_req, res) => {
      res.writeHead(200, { 'Content-Type': 'text/event-stream' });
      res.write('id: 1\n\n'); // and then nothing, not even a beat
    });
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const platform: Platform = {
      ...platformHere(),
      // Forty seconds of silence go by in forty milliseconds.
      after: (delayMs, work) => platformHere().after(delayMs / 1_000, work),
    };
    const { heard } = listen(
      createPortalClient({
        baseUrl: `http://127.0.0.1:${(silent.address() as AddressInfo).port}`,
        token: 'any',
        platform,
      }),
    );
    await eventually(
      () => Promise.resolve(heard.states.filter((state) => state === 'live').length > 1),
      'it connected anew',
    );
    open.splice(0).forEach((each) => each.close());
    silent.closeAllConnections();
    await new Promise((resolve) => silent.close(resolve));
  });
});

test('events are read however the text is cut into pieces', () => {
  const text = 'id: 7\r\nevent: record\r\ndata: {"a":\r\ndata: 1}\r\n\r\n: beat\n\nid: 8\n\ndata:x\n\n';
  const whole = [
    { id: '7', data: '{"a":\n1}' },
    { id: '8', data: '' },
    { id: null, data: 'x' },
  ];
  for (let at = 0; at <= text.length; at += 1) {
    const heard: unknown[] = [];
    const hear = createSseParser((event) => heard.push(event));
    hear(text.slice(0, at));
    hear(text.slice(at));
    expect(heard).toEqual(whole);
  }
});

describe('an upload', () => {
  /** Takes pieces as the service will: each must begin where the one before ended. */
  async function takingPieces() {
    const taken: { name: string; bytes: Buffer } = { name: '', bytes: Buffer.alloc(0) };
    const seen: string[] = [];
    const server = createServer((req, res) => {
      const chunks: Buffer[] = [];
      req.on('data', (chunk: Buffer) => chunks.push(chunk));
      req.on('end', () => {
        const body = Buffer.concat(chunks);
        seen.push(`${req.method ?? ''} ${req.headers['upload-offset']?.toString() ?? ''}`);
        if (req.method === 'POST') {
          taken.name = (JSON.parse(body.toString()) as { name: string }).name;
          res.writeHead(201, { 'Content-Type': 'application/json' });
          res.end(JSON.stringify({ uploadId: 'u1', offset: 0, chunkMaxBytes: 300 }));
          return;
        }
        if (req.method === 'PATCH') {
          if (Number(req.headers['upload-offset']) !== taken.bytes.length) {
            res.writeHead(409, { 'Content-Type': 'application/problem+json' });
            res.end(
              JSON.stringify({ type: 'x', title: 'x', status: 409, code: 'offset', detail: 'Elsewhere.' }),
            );
            return;
          }
          taken.bytes = Buffer.concat([taken.bytes, body]);
        }
        res
          .writeHead(req.method === 'HEAD' ? 200 : 204, { 'Upload-Offset': String(taken.bytes.length) })
          .end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const broken = await breakableLine(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const close = async (): Promise<void> => {
      await broken.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    };
    return { taken, seen, broken, close };
  }
  const file = Buffer.from(Array.from({ length: 1_000 }, (_, index) => index % 251));

  test('goes in pieces, tells how far it is, and goes on where it broke off', async () => {
    const { taken, seen, broken, close } = await takingPieces();
    const progress: number[] = [];
    const paused: boolean[] = [];
    broken.loseAnswerTo(/upload-offset: 300/i);
    const client = createPortalClient({ baseUrl: broken.url, token: 'any' });
    const id = await client.upload(new Blob([file]), 'plan.pdf', {
      onProgress: (sent) => progress.push(sent),
      onPause: (isPaused) => paused.push(isPaused),
    });
    expect(id).toBe('u1');
    expect(taken.name).toBe('plan.pdf');
    expect(taken.bytes.equals(file)).toBe(true);
    expect(broken.lost).toBe(1);
    // The piece whose answer got lost had arrived: it is asked for, not sent again.
    expect(seen).toEqual(['POST ', 'PATCH 0', 'PATCH 300', 'HEAD ', 'PATCH 600', 'PATCH 900']);
    expect(progress).toEqual([0, 300, 600, 900, 1_000]);
    expect(paused).toEqual([true, false]);
    await close();
  });

  test('ends when it is called off', async () => {
    const { broken, close } = await takingPieces();
    const calledOff = new AbortController();
    const client = createPortalClient({ baseUrl: broken.url, token: 'any' });
    const sending = client.upload(new Blob([file]), 'plan.pdf', {
      signal: calledOff.signal,
      onProgress: () => calledOff.abort(),
    });
    await expect(sending).rejects.toMatchObject({ name: 'AbortError' });
    await close();
  });
});
