import { recordId } from '@tallystick/shared/ids';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { HUB, OTHER_HUB } from '../harness/portal.ts';
import {
  dueOf,
  edit,
  eventually,
  expectProblem,
  face,
  freshKey,
  patch,
  read,
  startWorld,
  type World,
} from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

const get = (token: string | null, path: string, headers: Record<string, string> = {}) =>
  world.call('GET', `/portal/v1${path}`, { token, headers });

describe('signing in', () => {
  test('a missing, malformed, unknown or revoked token gets one and the same answer', async () => {
    const revoked = await world.token({ contactId: '2' });
    expect((await get(revoked, '/me')).status).toBe(200);
    await world.revoke(revoked);
    const tokens = [
      null,
      'nonsense',
      'tsp_',
      `tsp_${HUB}_${'a'.repeat(32)}`,
      `tsp_x_${'a'.repeat(32)}`,
      `${world.ann}x`,
      revoked,
    ];
    const answers = await Promise.all(tokens.map((token) => get(token, '/me')));
    for (const answer of answers) {
      expectProblem(answer, 401, answers[0]!.body.code);
      expect(answer.body).toEqual(answers[0]!.body);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer/);
    }
  });

  test('a token of one hub does not open another hub', async () => {
    expect((await get(world.ann.replace(`_${HUB}_`, `_${OTHER_HUB}_`), '/me')).status).toBe(401);
  });

  test('only the hash of a token is stored', async () => {
    const rows = await world.db.selectFrom('people').selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain(world.ann.split('_')[2]);
    for (const row of rows) expect(row.token_hash).toHaveLength(32);
  });

  test('a person whose contact is archived or unknown is not let in, one whose contact was merged lives on', async () => {
    await world.crm.find({
      object: 'contact',
      id: '51',
      fields: { lastName: 'Gone' },
      companies: [{ id: '100' }],
      life: 'archived',
    });
    await world.crm.find({ object: 'contact', id: '52', fields: { lastName: 'Doubled' }, life: 'merged:2' });
    const at = async (contactId: string) => get(await world.token({ contactId }), '/me');
    expect((await at('51')).status).toBe(401);
    expect((await at('5999')).status).toBe(401);
    expect(await at('52')).toMatchObject({ status: 200, body: { contactId: '2' } });
  });

  test('P6: a person whose contact was merged sees what its survivor sees, and no more what it saw itself', async () => {
    const merged = {
      object: 'contact',
      id: '55',
      fields: { lastName: 'Doubled' },
      life: 'merged:2',
    } as const;
    await world.crm.find({ ...merged, companies: [{ id: '200' }] });
    const token = await world.token({ contactId: '55' });
    const statuses = ['11', '12'].map(async (id) => (await get(token, `/records/ticket/${id}`)).status);
    expect(await Promise.all(statuses)).toEqual([200, 404]);
  });

  test('contacts that were merged in a circle sign nobody in', async () => {
    await world.crm.find({ object: 'contact', id: '53', life: 'merged:54' });
    await world.crm.find({ object: 'contact', id: '54', life: 'merged:53' });
    expect((await get(await world.token({ contactId: '53' }), '/me')).status).toBe(401);
  });
});

describe('who am I', () => {
  test('tells the name, the audience and what this audience sees and may change', async () => {
    const { body } = await get(world.ann, '/me');
    expect(body).toMatchObject({ contactId: '1', audience: 'direct', name: 'Ann Ash' });
    expect(body.objects.company.fields.creditLimit).toMatchObject({
      label: 'Credit limit',
      kind: 'currency',
      editable: false,
    });
    expect(body.objects.contact.fields.lastName).toMatchObject({ editable: true, required: true });
    expect(JSON.stringify(body)).not.toContain('internalRisk');
    expect(JSON.stringify(body.objects.quote.actions)).toContain('approveQuote');
    expect(body.objects.quote.fields.decision.editable).toBe(false);
  });

  test('leaves out the objects, fields and actions of another audience', async () => {
    const { body } = await get(world.pia, '/me');
    expect(body.audience).toBe('partner');
    expect(Object.keys(body.objects).sort()).toEqual(['company', 'contact', 'note', 'site', 'ticket']);
    expect(body.objects.company.fields).not.toHaveProperty('creditLimit');
    expect(body.objects.company.fields.street.editable).toBe(false);
  });

  test('gives the CRM’s options with their labels, without the hidden ones, and only of this hub', async () => {
    const options = [
      { value: 'LOW', label: 'Low', hidden: false },
      { value: 'OLD', label: 'Old', hidden: true },
    ];
    await world.crm.define('ticket', 'priority', { type: 'enumeration', options });
    await world.crm.define('ticket', 'reference', { type: 'enumeration', options }, OTHER_HUB);
    const { body } = await get(world.ann, '/me');
    expect(body.objects.ticket.fields.priority.options).toEqual([{ value: 'LOW', label: 'Low' }]);
    expect(body.objects.ticket.fields.reference).not.toHaveProperty('options');
  });
});

describe('a record', () => {
  test('is shown with its title and with value, version, age and state of every visible field', async () => {
    const { body, headers } = await read(world, world.ann, 'company/100');
    expect(body).toMatchObject({ object: 'company', id: '100', title: 'Acme', stale: false });
    expect(body.fields.creditLimit).toMatchObject({ value: '5000', state: 'confirmed', editable: false });
    expect(body.fields.street).toMatchObject({ value: 'Main Road 1', editable: true });
    expect(body.fields.street.version).toBe(body.version);
    expect(body.fields).not.toHaveProperty('internalRisk');
    expect(JSON.stringify(body)).not.toContain('$life');
    expect(headers.get('etag')).toBe(`"${body.version}"`);
    expect(headers.get('cache-control')).toMatch(/no-store/);
    expect(Date.parse(body.asOf)).toBeLessThanOrEqual(Date.now());
  });

  test('a value the CRM announced is "reported" until a read proves it', async () => {
    await world.crm.change('ticket', '17', { description: 'Told by an event' }, 'event');
    expect((await read(world, world.ann, 'ticket/17')).body.fields.description).toMatchObject({
      value: 'Told by an event',
      state: 'reported',
    });
    await world.crm.change('ticket', '17', { description: 'Proven by a read' });
    expect((await read(world, world.ann, 'ticket/17')).body.fields.description).toMatchObject({
      value: 'Proven by a read',
      state: 'confirmed',
    });
  });

  test('a change moves the version of its field and of the record, and of no other field', async () => {
    const before = (await read(world, world.ann, 'ticket/17')).body;
    const seq = await world.crm.change('ticket', '17', { reference: 'R-2' });
    const after = (await read(world, world.ann, 'ticket/17')).body;
    expect(after.version).toBe(`j${seq}`);
    expect(after.fields.reference.version).toBe(`j${seq}`);
    expect(after.fields.subject.version).toBe(before.fields.subject.version);
  });

  test('that was merged is answered as the survivor, saying so', async () => {
    const { body, headers } = await read(world, world.ann, 'ticket/14');
    expect(body).toMatchObject({ id: '11', title: 'Cold radiator' });
    expect(headers.get('content-location')).toBe('/portal/v1/records/ticket/11');
    expect((await read(world, world.ann, 'ticket/11')).headers.get('content-location')).toBeNull();
  });

  test('of several companies is seen from each of them', async () => {
    for (const token of [world.ann, world.cleo, world.pia])
      expect((await get(token, '/records/ticket/17')).status).toBe(200);
  });

  test('is seen by an audience only with the fields of that audience', async () => {
    const { body } = await read(world, world.pia, 'company/100');
    expect(body.title).toBe('Acme');
    for (const name of ['creditLimit', 'vatNumber', 'billingEmail', 'internalRisk', 'employees'])
      expect(body.fields).not.toHaveProperty(name);
  });
});

describe('what is not theirs', () => {
  const HIDDEN: [who: 'ann' | 'pia', path: string, why: string][] = [
    ['ann', 'ticket/12', 'of another company'],
    ['ann', 'ticket/13', 'archived'],
    ['ann', 'ticket/15', 'merged into one of another company'],
    ['ann', 'ticket/16', 'of another hub'],
    ['ann', 'note/91', 'on a case of another company'],
    ['ann', 'contact/2', 'a colleague’s own record'],
    ['ann', 'company/200', 'another company'],
    ['pia', 'company/300', 'a company reached without the label'],
    ['pia', 'company/200', 'a company reached under another label'],
    ['pia', 'quote/21', 'an object hidden from the audience'],
    ['pia', 'deal/31', 'an object hidden from the audience'],
    ['ann', 'ticket/0', 'not an id'],
    ['ann', 'ticket/abc', 'not an id'],
    ['ann', 'ticket/11%20or%201=1', 'not an id'],
    ['ann', `ticket/${'9'.repeat(60)}`, 'not an id'],
    ['ann', 'nonsense/11', 'not an object'],
    ['ann', '__proto__/11', 'not an object'],
    ['ann', 'constructor/11', 'not an object'],
  ];

  test.each(HIDDEN)('%s reading %s (%s) gets what an unknown record gets', async (who, path) => {
    const unknown = face(await get(world[who], '/records/ticket/99999'));
    expect(unknown).toMatchObject({ status: 404 });
    expect(face(await get(world[who], `/records/${path}`))).toEqual(unknown);
  });

  test.each(HIDDEN)(
    '%s editing %s (%s) gets what an unknown record gets, and nothing is stored',
    async (who, path) => {
      const before = await dueOf(world);
      const send = (to: string) =>
        patch(world, world[who], to, { fields: { reference: 'x' }, version: 'j1' });
      const unknown = face(await send('ticket/99999'));
      expect(unknown).toMatchObject({ status: 404 });
      expect(face(await send(path))).toEqual(unknown);
      expect(await dueOf(world)).toEqual(before);
    },
  );

  test.each(HIDDEN)('%s acting on %s (%s) gets what an unknown record gets', async (who, path) => {
    const send = (to: string) =>
      world.call('POST', `/portal/v1/records/${to}/actions/approveQuote`, {
        token: world[who],
        body: {},
        headers: { 'idempotency-key': freshKey(), 'if-match': 'j1' },
      });
    const unknown = face(await send('quote/99999'));
    expect(unknown).toMatchObject({ status: 404 });
    expect(face(await send(path))).toEqual(unknown);
  });

  test('a hidden object is listed exactly as one that does not exist', async () => {
    const unknown = face(await get(world.pia, '/records/nonsense'));
    expect(unknown).toMatchObject({ status: 404 });
    for (const object of ['quote', 'deal', '__proto__', 'toString'])
      expect(face(await get(world.pia, `/records/${object}`))).toEqual(unknown);
  });

  test('a hidden or foreign field in an edit is answered exactly as an unknown one', async () => {
    const refuse = async (token: string, field: string) => {
      const answer = await patch(world, token, 'company/100', {
        fields: { [field]: 'x' },
        version: (await read(world, token, 'company/100')).body.version,
      });
      expectProblem(answer, 422, answer.body.code);
      expect(Object.keys(answer.body.fields)).toEqual([field]);
      return { ...answer.body, fields: Object.values(answer.body.fields)[0] };
    };
    const unknown = await refuse(world.pia, 'nonsense');
    for (const field of ['creditLimit', 'internalRisk', 'vatNumber', 'constructor', 'toString', '$life'])
      expect(await refuse(world.pia, field)).toEqual(unknown);
    expect(await refuse(world.ann, 'internalRisk')).toEqual(unknown);
    const raw = await world.call('PATCH', '/portal/v1/records/company/100', {
      token: world.ann,
      body: '{"fields":{"__proto__":"x"}}',
      headers: { 'idempotency-key': freshKey(), 'if-match': 'j1' },
    });
    expect(raw.status).toBeGreaterThanOrEqual(400);
    expect(raw.status).toBeLessThan(500);
  });
});

describe('a list', () => {
  const ids = async (token: string, path: string): Promise<string[]> => {
    const answer = await get(token, `/records/${path}`);
    expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 200 });
    return answer.body.records.map((record: { id: string }) => record.id);
  };

  test('holds what the person sees and nothing else', async () => {
    expect(await ids(world.ann, 'ticket')).toEqual(['11', '17']);
    expect(await ids(world.cleo, 'ticket')).toEqual(['12', '17']);
    expect(await ids(world.ann, 'contact')).toEqual(['1']);
    expect(await ids(world.ann, 'company')).toEqual(['100']);
    expect(await ids(world.pia, 'company')).toEqual(['100']);
    expect(await ids(world.ann, 'quote')).toEqual(['21']);
  });

  test('shows a record as reading it alone does', async () => {
    const { body } = await get(world.ann, '/records/quote');
    expect(body).toMatchObject({ object: 'quote', next: null });
    expect(body.records[0]).toEqual((await read(world, world.ann, 'quote/21')).body);
  });

  test('is walked page by page, each record once', async () => {
    for (let n = 0; n < 7; n += 1)
      await world.crm.find({ object: 'site', id: String(900 + n * 50), companies: [{ id: '100' }] });
    const walked: string[] = [];
    let after: string | null = null;
    for (let pages = 0; pages < 20; pages += 1) {
      const { body } = await get(
        world.ann,
        `/records/site?limit=3${after === null ? '' : `&after=${encodeURIComponent(after)}`}`,
      );
      expect(body.records.length).toBeLessThanOrEqual(3);
      walked.push(...body.records.map((record: { id: string }) => record.id));
      after = body.next;
      if (after === null) break;
    }
    expect(walked).toEqual(['12', '41', '900', '950', '1000', '1050', '1100', '1150', '1200']);
  });

  test('of what hangs on one record holds that alone, and is filled up behind what is hidden', async () => {
    const [ticket, deal] = [
      { object: 'ticket' as const, id: '901' },
      { object: 'deal' as const, id: '901' },
    ];
    for (const { object, id } of [ticket, deal])
      await world.crm.find({ object, id, companies: [{ id: '100' }] });
    const note = (id: number, shared: boolean, ...on: { object: 'ticket' | 'deal'; id: string }[]) =>
      world.crm.find({ object: 'note', id: String(id), fields: { shared: String(shared) }, on });
    for (let id = 801; id < 806; id += 1) await note(id, false, ticket);
    for (const id of [806, 807, 808]) await note(id, true, ticket);
    await note(809, true, deal);
    await note(810, true, ticket, { object: 'ticket', id: '12' });
    const page = async (query: string) => {
      const { body } = await get(world.ann, `/records/note?${query}`);
      return [...body.records.map(({ id }) => id), body.next];
    };
    expect(await page('on=ticket:901&limit=2')).toEqual(['806', '807', '807']);
    expect(await page('on=ticket:901&limit=2&after=807')).toEqual(['808', '810', null]);
    expect(await page('on=deal:901')).toEqual(['809', null]);
    expect(await page('limit=50')).toEqual(['806', '807', '808', '809', '810', null]);
    expect(face(await get(world.cleo, '/records/note?on=ticket:901'))).toEqual(
      face(await get(world.cleo, '/records/note?on=ticket:99999')),
    );
    expect((await get(world.cleo, '/records/note?on=ticket:901')).status).toBe(404);
    // Who sees one of the cases sees the message, and of its cases that one.
    for (const [token, on] of [
      [world.ann, '901'],
      [world.cleo, '12'],
    ] as const)
      expect((await read(world, token, 'note/810')).body).toMatchObject({
        on: [{ object: 'ticket', id: on }],
      });
  });

  test('refuses a limit or a page mark that makes no sense', async () => {
    for (const query of ['limit=0', 'limit=51', 'limit=x', 'limit=1.5', 'after=%27', 'after=abc']) {
      const answer = await get(world.ann, `/records/ticket?${query}`);
      expectProblem(answer, 400, answer.body.code);
    }
  });
});

describe('bounded staleness', () => {
  const old = (id: string, ageMs: number) =>
    world.crm.find({ object: 'site', id, fields: { name: `Site ${id}` }, companies: [{ id: '100' }], ageMs });
  const lanes = async (id: string) => (await dueOf(world)).filter((row) => row.record_id === id);

  test('a record within its bounds is answered at once and asks for nothing', async () => {
    await old('61', 10_000);
    expect((await read(world, world.ann, 'site/61')).body.stale).toBe(false);
    expect(await lanes('61')).toEqual([]);
  });

  test('one older than its bound is asked for, waited for, and shown as fresh when the worker read it in time', async () => {
    await old('62', 600_000);
    const woken = world.wakes.length;
    const answer = read(world, world.ann, 'site/62');
    await eventually(async () => (await lanes('62')).length > 0, 'the record is due');
    expect(await lanes('62')).toEqual([{ object: 'site', record_id: '62', lane: 1 }]);
    expect(world.wakes.length).toBeGreaterThan(woken);
    await world.crm.proveAgain('site', '62');
    expect((await answer).body).toMatchObject({ stale: false });
    expect(Date.parse((await answer).body.asOf)).toBeGreaterThan(Date.now() - 60_000);
  });

  test('one that nobody reads is shown with its age after a short wait', async () => {
    await old('63', 600_000);
    const startedAt = Date.now();
    const { body } = await read(world, world.ann, 'site/63');
    expect(Date.now() - startedAt).toBeGreaterThan(1_000);
    expect(Date.now() - startedAt).toBeLessThan(4_000);
    expect(body).toMatchObject({ stale: true });
    expect(Date.parse(body.asOf)).toBeLessThan(Date.now() - 500_000);
    expect(body.fields.name.asOf).toBe(body.asOf);
  });

  test('a person who does not want to wait says so', async () => {
    await old('64', 600_000);
    const startedAt = Date.now();
    const answer = await get(world.ann, '/records/site/64', { prefer: 'wait=0' });
    expect(Date.now() - startedAt).toBeLessThan(1_000);
    expect(answer.body.stale).toBe(true);
    expect(await lanes('64')).toHaveLength(1);
  });

  test('a list asks for the records of its page that are too old, and for no others', async () => {
    await world.crm.find({ object: 'deal', id: '70', companies: [{ id: '100' }], ageMs: 600_000 });
    await world.crm.find({ object: 'deal', id: '71', companies: [{ id: '100' }], ageMs: 10_000 });
    await world.crm.find({ object: 'deal', id: '72', companies: [{ id: '100' }], ageMs: 600_000 });
    const { body } = await get(world.ann, '/records/deal?limit=3', { prefer: 'wait=0' });
    expect(body.records.map(({ id, stale }) => [id, stale])).toEqual([
      ['31', false],
      ['70', true],
      ['71', false],
    ]);
    expect([...(await lanes('70')), ...(await lanes('71')), ...(await lanes('72'))]).toEqual([
      { object: 'deal', record_id: '70', lane: 1 },
    ]);
  });

  test('a field may have a tighter bound, and one that is not shown does not count', async () => {
    const ticket = { object: 'ticket' as const, companies: [{ id: '100' }], ageMs: 90_000 };
    await world.crm.find({ ...ticket, id: '65' });
    expect((await get(world.ann, '/records/ticket/65', { prefer: 'wait=0' })).body.stale).toBe(true);
    await world.crm.live('ticket', '65', 'archived');
    await world.crm.find({ object: 'site', id: '66', companies: [{ id: '100' }], ageMs: 90_000 });
    expect((await get(world.ann, '/records/site/66', { prefer: 'wait=0' })).body.stale).toBe(false);
  });

  test('a record that was archived while it was waited for is not shown any more', async () => {
    await old('67', 600_000);
    const answer = get(world.ann, '/records/site/67');
    await eventually(async () => (await lanes('67')).length > 0, 'the record is due');
    await world.crm.live('site', '67', 'archived');
    await world.crm.proveAgain('site', '67');
    expect(face(await answer)).toEqual(face(await get(world.ann, '/records/site/99999')));
  });

  test('asking for a fresher value keeps more urgent work where it is and tries parked work again', async () => {
    await old('68', 600_000);
    const at = new Date(world.now() + 60_000);
    const parked = {
      hub_id: HUB,
      object: 'site' as const,
      record_id: recordId('68'),
      lane: 0,
      not_before: at,
      since: at,
      attempts: 9,
      parked_at: at,
    };
    await world.db.insertInto('due').values(parked).execute();
    await get(world.ann, '/records/site/68', { prefer: 'wait=0' });
    const row = await world.db
      .selectFrom('due')
      .selectAll()
      .where('record_id', '=', recordId('68'))
      .executeTakeFirstOrThrow();
    expect(row).toMatchObject({ lane: 0, parked_at: null, attempts: 0, version: 2 });
    expect(row.not_before.getTime()).toBeLessThanOrEqual(world.now());
  });
});

describe('the person’s own edits lie on top', () => {
  test('the person sees the wanted value as "saving", colleagues of the company see the CRM’s', async () => {
    const { body: receipt } = await edit(world, world.ann, 'ticket/17', { reference: 'MINE' });
    const own = await read(world, world.ann, 'ticket/17');
    expect(own.body.fields.reference).toMatchObject({
      value: 'MINE',
      state: 'saving',
      edit: { editId: receipt.editId, crmValue: 'R-2' },
    });
    const theirs = await read(world, world.bob, 'ticket/17');
    expect(theirs.body.fields.reference).toMatchObject({ value: 'R-2', state: 'confirmed' });
    expect(theirs.body.fields.reference).not.toHaveProperty('edit');
    expect(JSON.stringify(theirs.body)).not.toContain('MINE');
    expect(own.headers.get('etag')).not.toBe(theirs.headers.get('etag'));

    await world.crm.moveEdit(receipt.editId, 'written', { rule: 'D3' });
    expect((await read(world, world.ann, 'ticket/17')).body.fields.reference.state).toBe('saving');
    await world.crm.change('ticket', '17', { reference: 'MINE' }, 'event');
    expect((await read(world, world.ann, 'ticket/17')).body.fields.reference).toMatchObject({
      value: 'MINE',
      state: 'reported',
    });
    await world.crm.moveEdit(receipt.editId, 'verified', { rule: 'S1' });
    await world.crm.change('ticket', '17', { reference: 'MINE' });
    const done = (await read(world, world.ann, 'ticket/17')).body.fields.reference;
    expect(done).toMatchObject({ value: 'MINE', state: 'confirmed' });
    expect(done).not.toHaveProperty('edit');
  });

  test('a held edit shows the CRM’s value and the receipt to watch', async () => {
    const { body: receipt } = await edit(world, world.ann, 'contact/1', { email: 'new@acme.example' });
    await world.crm.moveEdit(receipt.editId, 'held', { rule: 'D10', crmValue: 'ann@acme.example' });
    expect((await read(world, world.ann, 'contact/1')).body.fields.email).toMatchObject({
      value: 'ann@acme.example',
      state: 'held',
      edit: { editId: receipt.editId, crmValue: 'ann@acme.example' },
    });
  });

  test('of several open edits of one field the last one is shown', async () => {
    await edit(world, world.ann, 'ticket/11', { reference: 'first' });
    await edit(world, world.ann, 'ticket/11', { reference: 'second' });
    expect((await read(world, world.ann, 'ticket/11')).body.fields.reference).toMatchObject({
      value: 'second',
      state: 'saving',
    });
    // Of another record with the same number nothing is shown on top.
    await world.crm.find({ object: 'deal', id: '11', companies: [{ id: '100' }] });
    await edit(world, world.ann, 'deal/11', { priority: 'HIGH' });
    expect((await read(world, world.ann, 'ticket/11')).body.fields.priority).toMatchObject({ value: 'LOW' });
  });
});

describe('the addresses', () => {
  test('an unknown address is not found, a known one says which methods it takes', async () => {
    for (const path of ['/nonsense', '/records', '/records/ticket/11/nonsense', '/edits/x/y'])
      expectProblem(await get(world.ann, path), 404, (await get(world.ann, path)).body.code);
    for (const [method, path, allow] of [
      ['DELETE', '/records/ticket/11', ['GET', 'PATCH']],
      ['PUT', '/me', ['GET']],
      ['POST', '/records/ticket', ['GET']],
      ['GET', '/records/quote/21/actions/approveQuote', ['POST']],
    ] as const) {
      const answer = await world.call(method, `/portal/v1${path}`, { token: world.ann });
      expectProblem(answer, 405, answer.body.code);
      for (const each of allow) expect(answer.headers.get('allow')).toContain(each);
    }
  });

  test('a broken path is a clear answer and not a fault of ours', async () => {
    const answer = await get(world.ann, '/records/ticket/%E0%A4%A');
    expect(answer.status).toBe(400);
    expect(answer.headers.get('content-type')).toMatch(/problem\+json/);
  });
});
