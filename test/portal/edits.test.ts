import { editId, recordId } from '@tallystick/shared/ids';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bindingOf } from '../../backend/store/binding.ts';
import { HUB, OTHER_HUB, type Answer, type FieldName } from '../harness/portal.ts';
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
  storedEdits,
  type World,
} from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world.close());

let ids = 7_000;
/** A case of company 100, seen by Ann and Bob. */
async function freshTicket(fields: Record<string, string | null> = {}): Promise<string> {
  const id = String((ids += 1));
  await world.crm.find({
    object: 'ticket',
    id,
    fields: { subject: `Case ${id}`, reference: 'A', ...fields },
    companies: [{ id: '100' }],
  });
  return id;
}

const storedFields = (id: string) =>
  world.db
    .selectFrom('edit_fields')
    .select(['field', 'seen', 'wanted', 'state'])
    .where('hub_id', '=', HUB)
    .where('edit_id', '=', editId(id))
    .orderBy('field')
    .execute();

const versionOf = async (path: string, token = world.ann): Promise<string> =>
  (await read(world, token, path)).body.version;

async function refusal(
  path: string,
  fields: Record<string, unknown>,
  token = world.ann,
): Promise<Record<string, string>> {
  const before = await storedEdits(world);
  const answer = await patch(world, token, path, { fields, version: await versionOf(path, token) });
  expectProblem(answer, 422, 'fields-refused');
  expect(await storedEdits(world)).toBe(before);
  const told = Object.entries(answer.body.fields as Record<string, { code: string; message: string }>);
  for (const [, { message }] of told) expect(message).toMatch(/^[A-Z].*\.$/);
  return Object.fromEntries(told.map(([name, { code }]) => [name, code]));
}

describe('an accepted edit', () => {
  test('is stored with its record due in the edit lane, the worker is woken, and the receipt says where to watch', async () => {
    const id = await freshTicket();
    const woken = world.wakes.length;
    const answer = await patch(world, world.ann, `ticket/${id}`, {
      fields: { reference: ' B ' },
      version: await versionOf(`ticket/${id}`),
    });
    expect(answer.status).toBe(202);
    expect(answer.body).toMatchObject({
      object: 'ticket',
      id,
      state: 'accepted',
      final: false,
      fields: { reference: { seen: 'A', wanted: 'B', state: 'accepted', rule: null } },
    });
    expect(answer.headers.get('location')).toBe(`/portal/v1/edits/${answer.body.editId}`);
    expect(answer.headers.get('idempotency-replayed')).toBeNull();
    expect(await storedFields(answer.body.editId)).toEqual([
      { field: 'reference', seen: 'A', wanted: 'B', state: 'accepted' },
    ]);
    expect((await dueOf(world)).find((row) => row.record_id === id)).toEqual({
      object: 'ticket',
      record_id: id,
      lane: 0,
    });
    expect(world.wakes.slice(woken)).toEqual([HUB]);
  });

  test('of a record that was merged is an edit of its survivor', async () => {
    const { body } = await edit(world, world.ann, 'ticket/14', { reference: 'B' });
    expect(body).toMatchObject({ object: 'ticket', id: '11' });
    expect((await dueOf(world)).map((row) => row.record_id)).toContain('11');
  });

  test('touches neither mirror nor journal: those are the worker’s', async () => {
    const id = await freshTicket();
    const count = async () => {
      const { rows } = await sql<{ n: string; m: string }>`
        select (select count(*) from journal) as n, (select md5(string_agg(fields::text || life || changed_seq, ',' order by object, record_id)) from mirror) as m`.execute(
        world.db,
      );
      return rows[0];
    };
    const before = await count();
    await edit(world, world.ann, `ticket/${id}`, { reference: 'B' });
    expect(await count()).toEqual(before);
  });

  test('takes values of every kind and stores them in canonical form', async () => {
    const cases: [path: string, field: FieldName, given: unknown, stored: string | null][] = [
      ['contact/1', 'firstName', '  Anna ', 'Anna'],
      ['contact/1', 'email', 'Ann@ACME.example', 'ann@acme.example'],
      ['contact/1', 'newsletterTopics', ['service', 'energy', 'service'], 'energy;service'],
      ['contact/1', 'newsletterTopics', 'b;a', 'a;b'],
      ['contact/1', 'newsletterTopics', [], null],
      ['contact/1', 'outOfOfficeUntil', '2027-02-28', '2027-02-28'],
      ['contact/1', 'mobile', '', null],
      ['contact/1', 'mobile', null, null],
      ['company/100', 'paperlessBilling', true, 'true'],
      ['company/100', 'paperlessBilling', 'no', 'false'],
      ['company/100', 'employees', 12, '12'],
      ['company/100', 'employees', '12.50', '12.5'],
      ['company/100', 'website', 'HTTPS://Acme.Example/', 'https://acme.example'],
      ['company/100', 'deliveryNotes', 'Ring\r\ntwice', 'Ring\ntwice'],
    ];
    for (const [path, field, given, stored] of cases) {
      const { body } = await edit(world, world.ann, path, { [field]: given });
      expect(body.fields[field].wanted, `${field} ${JSON.stringify(given)}`).toBe(stored);
    }
  });

  test('a phone number becomes E.164, a national one by the country of the record or of its company', async () => {
    const wanted = async (path: string, field: FieldName, given: string): Promise<string | null> =>
      (await edit(world, world.ann, path, { [field]: given })).body.fields[field].wanted;
    expect(await wanted('company/100', 'phone', '+44 (0)20 7946 0018')).toBe('+442079460018');
    expect(await wanted('company/100', 'phone', '0044 20 7946 0018')).toBe('+442079460018');
    expect(await wanted('company/100', 'phone', '030 / 123 456')).toBe('+4930123456');
    expect(await wanted('contact/1', 'mobile', '0151 23456789')).toBe('+4915123456789');
    await world.crm.change('company', '100', { country: 'AT' });
    expect(await wanted('site/41', 'contactPhone', '01 234567')).toBe('+431234567');
    await world.crm.change('company', '100', { country: null });
    expect(await refusal('site/41', { contactPhone: '01 234567' })).toEqual({ contactPhone: 'not-a-phone' });
    await world.crm.change('company', '100', { country: 'Germany' });
    // A company that the person does not reach says nothing; two that they reach, in two countries, neither.
    await world.crm.change('company', '200', { country: 'AT' });
    const site = String((ids += 1));
    await world.crm.find({ object: 'site', id: site, companies: [{ id: '100' }, { id: '200' }] });
    expect(await wanted(`site/${site}`, 'contactPhone', '030 / 123 456')).toBe('+4930123456');
    const companies = ['100', '200'].map((id) => ({ id, primary: false, labels: ['Portal partner'] }));
    await world.crm.find({ object: 'contact', id: '63', companies });
    const both = await world.token({ contactId: '63', audience: 'partner' });
    expect(await refusal(`site/${site}`, { contactPhone: '030 / 123 456' }, both)).toEqual({
      contactPhone: 'not-a-phone',
    });
  });
});

describe('what cannot be taken', () => {
  test('is told field by field in plain words, all of it or nothing', async () => {
    const told = await refusal('contact/1', {
      firstName: 'A'.repeat(1_001),
      lastName: null,
      email: 'not an address',
      phone: 'call me on +44 20 7946 0018',
      mobile: '+44 20 7946 0018 ext. 5',
      jobTitle: 'two\nlines',
      newsletterTopics: ['a;b'],
      preferredChannel: ['phone'],
      outOfOfficeUntil: '2027-02-30',
      accountManager: '7',
      nonsense: 'x',
    });
    expect(told).toEqual({
      firstName: 'too-long',
      lastName: 'required',
      email: 'not-an-email',
      phone: 'not-a-phone',
      mobile: 'not-a-phone',
      jobTitle: 'control-characters',
      newsletterTopics: 'not-an-option',
      preferredChannel: 'one-value-only',
      outOfOfficeUntil: 'not-a-date',
      accountManager: 'not-yours-to-change',
      nonsense: 'no-such-field',
    });
    expect(
      await refusal('company/100', {
        employees: 'many',
        website: 'ftp://x.example',
        paperlessBilling: 'maybe',
      }),
    ).toEqual({
      employees: 'not-a-number',
      website: 'not-a-url',
      paperlessBilling: 'not-yes-or-no',
    });
  });

  test('one good field does not save a bad one', async () => {
    expect(await refusal('contact/1', { firstName: 'Anna', lastName: '' })).toEqual({ lastName: 'required' });
  });

  test('a field that only an action may set cannot be edited', async () => {
    expect(await refusal('quote/21', { decision: 'approved' })).toEqual({ decision: 'not-yours-to-change' });
  });

  test('what this audience sees but may not change is refused', async () => {
    expect(await refusal('company/100', { street: 'Elsewhere' }, world.pia)).toEqual({
      street: 'not-yours-to-change',
    });
  });

  test('an option the CRM’s property does not have, or a property that became read-only', async () => {
    const options = [
      { value: 'LOW', label: 'Low', hidden: false },
      { value: 'HIGH', label: 'High', hidden: false },
    ];
    await world.crm.define('deal', 'priority', { type: 'enumeration', options });
    await world.crm.define('deal', 'poNumber', { readOnly: true });
    await world.crm.define('site', 'equipment', { type: 'enumeration', options });
    expect(await refusal('deal/31', { priority: 'URGENT', poNumber: '7' })).toEqual({
      priority: 'not-an-option',
      poNumber: 'property-read-only',
    });
    expect(await refusal('site/41', { equipment: ['LOW', 'NONE'] })).toEqual({ equipment: 'not-an-option' });
    expect(
      (await edit(world, world.ann, 'site/41', { equipment: ['LOW', 'HIGH'] })).body.fields.equipment.wanted,
    ).toBe('HIGH;LOW');
  });

  test('another hub’s definitions do not count, and a property not yet known is left to the worker', async () => {
    await world.crm.define('ticket', 'reference', { readOnly: true }, OTHER_HUB);
    const id = await freshTicket();
    await edit(world, world.ann, `ticket/${id}`, { reference: 'B' });
  });
});

describe('a malformed request', () => {
  const send = (body: unknown, headers: Record<string, string> = {}): Promise<Answer> =>
    world.call('PATCH', '/portal/v1/records/ticket/11', {
      token: world.ann,
      body,
      headers: { 'idempotency-key': freshKey(), 'if-match': 'j1', ...headers },
    });

  test('that is not JSON by its type or by its text is told so', async () => {
    expectProblem(await send('reference=B', { 'content-type': 'text/plain' }), 415, 'not-json');
    expectProblem(
      await send('{"fields":{"reference":"B"}}', { 'content-type': 'application/x-www-form-urlencoded' }),
      415,
      'not-json',
    );
    expectProblem(await send('{"fields":'), 400, 'bad-json');
    expectProblem(await send('"text"'), 400, 'bad-json');
    expectProblem(
      await world.call('PATCH', '/portal/v1/records/ticket/11', {
        token: world.ann,
        headers: { 'idempotency-key': freshKey(), 'if-match': 'j1' },
      }),
      400,
      'bad-request',
    );
  });

  test('names the member that is unknown or of the wrong kind', async () => {
    for (const [body, word] of [
      [{ fields: { reference: 'B' }, extra: 1 }, 'extra'],
      [{ fields: { reference: { deep: 1 } } }, 'reference'],
      [{ fields: { reference: [1] } }, 'reference'],
      [{ fields: 'x' }, 'fields'],
      [{}, 'fields'],
      [{ fields: {} }, 'field'],
      [{ fields: { reference: 'B' }, seen: { reference: 5 } }, 'seen'],
    ] as const) {
      const answer = await send(body);
      expectProblem(answer, 400, 'bad-request');
      expect(answer.body.detail).toContain(word);
    }
  });

  test('is refused when it is too large or names too many fields', async () => {
    const many = Object.fromEntries(Array.from({ length: 51 }, (_, n) => [`f${n}`, 'x']));
    expectProblem(await send({ fields: many }), 400, 'bad-request');
    expectProblem(await send({ fields: { reference: 'x'.repeat(300_000) } }), 413, 'too-large');
  });

  test('needs an idempotency key of at most 200 characters', async () => {
    const without = await world.call('PATCH', '/portal/v1/records/ticket/11', {
      token: world.ann,
      body: { fields: { reference: 'B' } },
      headers: { 'if-match': 'j1' },
    });
    expectProblem(without, 400, 'idempotency-key-required');
    expectProblem(
      await send({ fields: { reference: 'B' } }, { 'idempotency-key': 'k'.repeat(201) }),
      400,
      'idempotency-key-required',
    );
  });

  test('tells nothing of our insides', async () => {
    for (const answer of [
      await send('{"fields":'),
      await send({ fields: 5 }),
      await send({ fields: { nonsense: 1 } }),
    ])
      expect(JSON.stringify(answer.body)).not.toMatch(/node_modules|backend\/|at \w+ \(|select |zod/i);
  });
});

describe('what the person saw', () => {
  test('is found in the journal as of any version they hold', async () => {
    const [id, other] = [
      await freshTicket({ reference: 'A', priority: 'LOW' }),
      await freshTicket({ reference: 'Z' }),
    ];
    await world.crm.find({ object: 'deal', id, companies: [{ id: '100' }] });
    const first = await versionOf(`ticket/${id}`);
    await world.crm.change('ticket', other, { reference: 'of another case' });
    await world.crm.change('deal', id, { priority: 'of another object' });
    expect(
      (await patch(world, world.ann, `ticket/${id}`, { fields: { priority: 'HIGH' }, version: first })).body
        .fields.priority.seen,
    ).toBe('LOW');
    await world.crm.change('ticket', id, { reference: 'B', description: 'changed too' });
    const second = await versionOf(`ticket/${id}`);
    await world.crm.change('ticket', id, { description: 'again' });
    const third = await versionOf(`ticket/${id}`);
    await world.crm.change('ticket', id, { reference: 'C' });
    const fourth = await versionOf(`ticket/${id}`);
    for (const [version, seen] of [
      [first, 'A'],
      [second, 'B'],
      [third, 'B'],
      [fourth, 'C'],
    ] as const) {
      const { body } = await patch(world, world.ann, `ticket/${id}`, {
        fields: { reference: 'MINE' },
        version,
      });
      expect(body.fields.reference.seen, version).toBe(seen);
    }
  });

  test('may be said for each field, which wins over If-Match', async () => {
    const id = await freshTicket({ reference: 'A', description: 'one' });
    const { body: shown } = await read(world, world.ann, `ticket/${id}`);
    await world.crm.change('ticket', id, { reference: 'B', description: 'two' });
    const now = await versionOf(`ticket/${id}`);
    const seen = { reference: shown.fields.reference.version };
    const fields = { reference: 'MINE', description: 'mine' };
    const both = await patch(world, world.ann, `ticket/${id}`, { fields, version: now, seen });
    expect(both.body.fields).toMatchObject({ reference: { seen: 'A' }, description: { seen: 'two' } });
    const onlySeen = await patch(world, world.ann, `ticket/${id}`, { fields: { reference: 'MINE' }, seen });
    expect(onlySeen.body.fields.reference.seen).toBe('A');
    expectProblem(
      await patch(world, world.ann, `ticket/${id}`, { fields, seen }),
      428,
      'precondition-required',
    );
    expectProblem(await patch(world, world.ann, `ticket/${id}`, { fields }), 428, 'precondition-required');
  });

  test('is understood from an ETag with and without quotes, mark of weakness and suffix', async () => {
    const id = await freshTicket();
    const version = await versionOf(`ticket/${id}`);
    await edit(world, world.ann, `ticket/${id}`, { reference: 'B' });
    const etag = (await read(world, world.ann, `ticket/${id}`)).headers.get('etag') ?? '';
    expect(etag).not.toBe(`"${version}"`);
    for (const tag of [etag, etag.replaceAll('"', ''), `W/${etag}`, version, `"${version}"`]) {
      const answer = await patch(world, world.ann, `ticket/${id}`, {
        fields: { reference: 'C' },
        version: tag,
      });
      expect(answer.body.fields.reference.seen, tag).toBe('A');
    }
  });

  test('cannot be a version this record never had', async () => {
    await freshTicket();
    const id = await freshTicket();
    const found = Number((await versionOf(`ticket/${id}`)).slice(1));
    const unknown = [
      'abc',
      'j',
      'j-1',
      'j1.5',
      '*',
      '"j1", "j2"',
      'j0',
      `j${found - 1}`,
      `j${found + 10_000}`,
      `j${'9'.repeat(30)}`,
    ];
    for (const version of unknown) {
      expectProblem(
        await patch(world, world.ann, `ticket/${id}`, { fields: { reference: 'B' }, version }),
        400,
        'unknown-version',
      );
      expectProblem(
        await patch(world, world.ann, `ticket/${id}`, {
          fields: { reference: 'B' },
          seen: { reference: version },
        }),
        400,
        'unknown-version',
      );
    }
  });

  test('that was erased since cannot be compared with: the person reads again', async () => {
    const id = await freshTicket();
    const version = await versionOf(`ticket/${id}`);
    await world.crm.change('ticket', id, { reference: 'B' });
    await sql`update journal set before = null, after = null, salt = null where record_id = ${id}`.execute(
      world.db,
    );
    expectProblem(
      await patch(world, world.ann, `ticket/${id}`, { fields: { reference: 'C' }, version }),
      409,
      'version-expired',
    );
    expect(
      (await patch(world, world.ann, `ticket/${id}`, { fields: { description: 'x' }, version })).status,
    ).toBe(202);
  });
});

describe('an idempotency key', () => {
  test('gives the same receipt again, and nothing more is stored', async () => {
    const id = await freshTicket();
    const request = {
      fields: { reference: 'B', description: 'x' },
      version: await versionOf(`ticket/${id}`),
      key: freshKey(),
    };
    const first = await patch(world, world.ann, `ticket/${id}`, request);
    const before = await storedEdits(world);
    const due = await dueOf(world);
    const again = await patch(world, world.ann, `ticket/${id}`, {
      ...request,
      fields: { description: 'x', reference: 'B' },
    });
    expect(again).toMatchObject({ status: 202, body: first.body });
    expect(again.headers.get('idempotency-replayed')).toBe('true');
    expect([await storedEdits(world), await dueOf(world)]).toEqual([before, due]);
    await world.crm.moveEdit(first.body.editId, 'verified', { rule: 'S1' });
    expect(await patch(world, world.ann, `ticket/${id}`, request)).toMatchObject({
      status: 200,
      body: { editId: first.body.editId, state: 'verified' },
    });
  });

  test('used by many at once stores one edit', async () => {
    const id = await freshTicket();
    const request = { fields: { reference: 'B' }, version: await versionOf(`ticket/${id}`), key: freshKey() };
    const before = await storedEdits(world);
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => patch(world, world.ann, `ticket/${id}`, request)),
    );
    expect(new Set(answers.map(({ body }) => body.editId)).size).toBe(1);
    expect(answers.filter(({ headers }) => headers.get('idempotency-replayed') === null)).toHaveLength(1);
    expect(await storedEdits(world)).toBe(before + 1);
  });

  test('used for another request is refused', async () => {
    const [id, other] = [await freshTicket(), await freshTicket()];
    const key = freshKey();
    const version = await versionOf(`ticket/${other}`);
    const [path, request] = [`ticket/${id}`, { fields: { reference: 'B' }, version, key }];
    expect((await patch(world, world.ann, path, request)).status).toBe(202);
    for (const [to, different] of [
      [path, { ...request, fields: { reference: 'C' } }],
      [path, { ...request, fields: { reference: 'B', description: 'x' } }],
      [path, { ...request, seen: { reference: version } }],
      [path, { ...request, version: await versionOf(path) }],
      [`ticket/${other}`, request],
      [`deal/${id}`, request],
    ] as const)
      expectProblem(await patch(world, world.ann, to, different), 422, 'idempotency-key-reused');
  });

  test('is each person’s own', async () => {
    const id = await freshTicket();
    const request = { fields: { reference: 'B' }, version: await versionOf(`ticket/${id}`), key: freshKey() };
    const [ann, bob] = [
      await patch(world, world.ann, `ticket/${id}`, request),
      await patch(world, world.bob, `ticket/${id}`, request),
    ];
    expect([ann.status, bob.status]).toEqual([202, 202]);
    expect(ann.body.editId).not.toBe(bob.body.editId);
  });

  test('still finds its receipt when the record was archived or merged meanwhile', async () => {
    const [archived, merged, survivor] = [await freshTicket(), await freshTicket(), await freshTicket()];
    for (const [id, life] of [
      [archived, 'archived'],
      [merged, `merged:${survivor}`],
    ] as const) {
      const request = {
        fields: { reference: 'B' },
        version: await versionOf(`ticket/${id}`),
        key: freshKey(),
      };
      const first = await patch(world, world.ann, `ticket/${id}`, request);
      await world.crm.live('ticket', id, life);
      expect(await patch(world, world.ann, `ticket/${id}`, request)).toMatchObject({
        status: 202,
        body: { editId: first.body.editId },
      });
    }
  });

  test('and the receipts of a person go with them when their contact is merged', async () => {
    await world.crm.find({
      object: 'contact',
      id: '61',
      fields: { lastName: 'Twin' },
      companies: [{ id: '100' }],
    });
    await world.crm.find({
      object: 'contact',
      id: '62',
      fields: { lastName: 'Survivor' },
      companies: [{ id: '100' }],
    });
    const token = await world.token({ contactId: '61' });
    const id = await freshTicket();
    const request = { fields: { reference: 'B' }, version: await versionOf(`ticket/${id}`), key: freshKey() };
    const first = await patch(world, token, `ticket/${id}`, request);
    await world.crm.live('contact', '61', 'merged:62');
    expect(await world.call('GET', `/portal/v1/edits/${first.body.editId}`, { token })).toMatchObject({
      status: 202,
      body: first.body,
    });
    expect((await patch(world, token, `ticket/${id}`, request)).body.editId).toBe(first.body.editId);
    expect((await read(world, token, `ticket/${id}`)).body.fields.reference).toMatchObject({
      value: 'B',
      state: 'saving',
    });
    expect((await world.call('GET', '/portal/v1/edits', { token })).body.receipts).toHaveLength(1);
  });

  test('a refused request leaves the key free', async () => {
    const id = await freshTicket();
    const [version, key] = [await versionOf(`ticket/${id}`), freshKey()];
    expectProblem(
      await patch(world, world.ann, `ticket/${id}`, { fields: { subject: 'x' }, version, key }),
      422,
      'fields-refused',
    );
    expect(
      (await patch(world, world.ann, `ticket/${id}`, { fields: { reference: 'x' }, version, key })).status,
    ).toBe(202);
  });
});

describe('an action', () => {
  const act = (
    token: string,
    path: string,
    options: { version?: string; seen?: Record<string, string>; body?: unknown; key?: string } = {},
  ) => {
    const { version, seen, key = freshKey() } = options;
    const body = options.body ?? (seen === undefined ? undefined : { seen });
    const headers = { 'idempotency-key': key, ...(version === undefined ? {} : { 'if-match': version }) };
    return world.call('POST', `/portal/v1/records/${path}`, {
      token,
      headers,
      ...(body === undefined ? {} : { body }),
    });
  };
  const quote = async (): Promise<string> => {
    const id = String((ids += 1));
    await world.crm.find({
      object: 'quote',
      id,
      fields: { title: 'Boiler', amount: '100', currency: 'EUR', terms: 'Net 30', status: 'APPROVED' },
      companies: [{ id: '100' }],
    });
    return id;
  };
  const guardsOf = async (id: string): Promise<Record<string, string | null>> => {
    const row = await world.db
      .selectFrom('edits')
      .select(['guards', 'action'])
      .where('hub_id', '=', HUB)
      .where('edit_id', '=', editId(id))
      .executeTakeFirstOrThrow();
    expect(row.action).toBe('approveQuote');
    return Object.fromEntries(row.guards.map(({ field, seen }) => [field, seen]));
  };

  test('sets its fields and keeps what was read of everything it depends on', async () => {
    const id = await quote();
    const version = await versionOf(`quote/${id}`);
    await world.crm.change('quote', id, { amount: '250', decision: 'open' });
    const answer = await act(world.ann, `quote/${id}/actions/approveQuote`, { version });
    expect(answer).toMatchObject({
      status: 202,
      body: { object: 'quote', id, fields: { decision: { wanted: 'approved', seen: null } } },
    });
    expect(await guardsOf(answer.body.editId)).toEqual({
      title: 'Boiler',
      amount: '100',
      currency: 'EUR',
      expiresOn: null,
      terms: 'Net 30',
      lines: null,
    });
    // A1: the digest is of what was seen, not of what stands.
    const shown = Object.entries(await guardsOf(answer.body.editId)).map(([field, value]) => ({
      field,
      value,
    }));
    expect(answer.body.fields.decisionOf.wanted).toBe(bindingOf('quote', shown));
    expect((await dueOf(world)).find((row) => row.record_id === id)?.lane).toBe(0);
  });

  test('may say for each field what was seen', async () => {
    const id = await quote();
    const version = await versionOf(`quote/${id}`);
    await world.crm.change('quote', id, { amount: '250', terms: 'Net 60' });
    const now = await versionOf(`quote/${id}`);
    const answer = await act(world.ann, `quote/${id}/actions/approveQuote`, {
      version: now,
      seen: { terms: version },
    });
    expect(await guardsOf(answer.body.editId)).toMatchObject({ amount: '250', terms: 'Net 30' });
  });

  test('needs to know what was seen, and a key', async () => {
    const id = await quote();
    expectProblem(await act(world.ann, `quote/${id}/actions/approveQuote`), 428, 'precondition-required');
    expectProblem(
      await act(world.ann, `quote/${id}/actions/approveQuote`, {
        seen: { decision: await versionOf(`quote/${id}`) },
      }),
      428,
      'precondition-required',
    );
    expectProblem(
      await act(world.ann, `quote/${id}/actions/approveQuote`, { version: 'j1', key: '' }),
      400,
      'idempotency-key-required',
    );
    expectProblem(
      await act(world.ann, `quote/${id}/actions/approveQuote`, {
        version: 'j1',
        body: { fields: { decision: 'x' } },
      }),
      400,
      'bad-request',
    );
  });

  test('rests on nothing that is held back because the CRM’s schema does not fit it, nor sets it', async () => {
    const id = await quote();
    const version = await versionOf(`quote/${id}`);
    const hold = (field: string, stops: 'none' | 'writing' | 'both') =>
      world.db
        .insertInto('findings')
        .values({
          ...{
            hub_id: HUB,
            code: 'property-gone',
            subject: field,
            object: 'quote',
            field,
            severity: 'breaks',
          },
          ...{ stops, bars: [], since: new Date(), finding: '{}' },
        })
        .execute();
    const free = (): Promise<unknown> => world.db.deleteFrom('findings').where('hub_id', '=', HUB).execute();
    const approve = () => act(world.ann, `quote/${id}/actions/approveQuote`, { version });
    await hold('terms', 'both');
    const stored = await storedEdits(world);
    expectProblem(await approve(), 503, 'cannot-be-made');
    await free();
    await hold('decision', 'writing');
    const answer = await approve();
    expectProblem(answer, 422, 'fields-refused');
    expect(answer.body.fields).toMatchObject({ decision: { code: 'property-gone' } });
    expect(await storedEdits(world)).toBe(stored);
    await free();
    await hold('decision', 'none');
    expect((await approve()).status).toBe(202);
    await free();
  });

  test('that does not exist, or not for this object, is not found', async () => {
    const id = await quote();
    const version = await versionOf(`quote/${id}`);
    for (const path of [
      `quote/${id}/actions/nonsense`,
      `quote/${id}/actions/constructor`,
      'ticket/11/actions/approveQuote',
    ])
      expectProblem(await act(world.ann, path, { version }), 404, 'not-found');
  });

  test('is not the same request as its opposite under one key', async () => {
    const id = await quote();
    const [version, key] = [await versionOf(`quote/${id}`), freshKey()];
    const first = await act(world.ann, `quote/${id}/actions/approveQuote`, { version, key });
    expect((await act(world.ann, `quote/${id}/actions/approveQuote`, { version, key })).body).toEqual(
      first.body,
    );
    expectProblem(
      await act(world.ann, `quote/${id}/actions/declineQuote`, { version, key }),
      422,
      'idempotency-key-reused',
    );
  });
});

describe('a receipt', () => {
  const receipt = (token: string, id: string, prefer?: string) =>
    world.call('GET', `/portal/v1/edits/${id}`, {
      token,
      ...(prefer === undefined ? {} : { headers: { prefer } }),
    });

  test('is the person’s own: everybody else gets what an unknown one gets', async () => {
    const { body } = await edit(world, world.ann, `ticket/${await freshTicket()}`, { reference: 'B' });
    expect(await receipt(world.ann, body.editId)).toMatchObject({ status: 202, body });
    const unknown = face(await receipt(world.ann, '00000000-0000-4000-8000-000000000000'));
    expect(unknown).toMatchObject({ status: 404 });
    for (const token of [world.bob, world.cleo, world.pia])
      expect(face(await receipt(token, body.editId))).toEqual(unknown);
    for (const id of ['nonsense', '1', `${body.editId}x`])
      expect(face(await receipt(world.ann, id))).toEqual(unknown);
  });

  test('tells each end in its own words, with the value that stands in the CRM', async () => {
    const messages = new Set<string>();
    for (const [state, more, expected] of [
      ['written', { rule: 'D3' }, { state: 'written', final: false }],
      ['verified', { rule: 'S1' }, { state: 'verified', final: true }],
      ['verified', { rule: 'D1' }, { state: 'verified', final: true }],
      [
        'held',
        { rule: 'D9', crmValue: 'theirs' },
        { state: 'held', final: true, fields: { reference: { rule: 'D9', crmValue: 'theirs' } } },
      ],
      ['held', { rule: 'D10', crmValue: 'theirs' }, { state: 'held', final: true }],
      [
        'superseded',
        { rule: 'D5', crmValue: 'theirs' },
        { state: 'superseded', final: true, fields: { reference: { crmValue: 'theirs' } } },
      ],
      ['superseded', { rule: 'D7', crmValue: 'theirs' }, { state: 'superseded', final: true }],
      ['superseded', { rule: 'S3', crmValue: 'theirs' }, { state: 'superseded', final: true }],
      [
        'refused',
        { rule: 'D2', reason: 'not-an-option' },
        { state: 'refused', final: true, fields: { reference: { reason: 'not-an-option' } } },
      ],
      ['refused', { rule: 'D11', reason: 'changed-while-looking' }, { state: 'refused', final: true }],
      ['refused', { rule: 'D2', reason: 'crm-refused' }, { state: 'refused', final: true }],
    ] as const) {
      const { body } = await edit(world, world.ann, `ticket/${await freshTicket()}`, { reference: 'B' });
      await world.crm.moveEdit(body.editId, state, more);
      const answer = await receipt(world.ann, body.editId);
      expect(answer).toMatchObject({ status: expected.final ? 200 : 202, body: expected });
      expect(answer.body.fields.reference.message).toBe(answer.body.message);
      messages.add(answer.body.message);
    }
    expect(messages.size).toBe(11);
    for (const message of messages) expect(message).toMatch(/^[A-Z].*\.$/);
  });

  test('of several fields is as far as its last one, and final when none will move', async () => {
    const { body } = await edit(world, world.ann, `ticket/${await freshTicket()}`, {
      reference: 'B',
      description: 'x',
    });
    await world.crm.moveEdit(body.editId, 'refused', {
      field: 'reference',
      rule: 'D2',
      reason: 'not-an-option',
    });
    expect((await receipt(world.ann, body.editId)).body).toMatchObject({ state: 'accepted', final: false });
    await world.crm.moveEdit(body.editId, 'written', { field: 'description', rule: 'D3' });
    expect((await receipt(world.ann, body.editId)).body).toMatchObject({ state: 'written', final: false });
    await world.crm.moveEdit(body.editId, 'verified', { field: 'description', rule: 'S1' });
    expect((await receipt(world.ann, body.editId)).body).toMatchObject({
      state: 'refused',
      final: true,
      fields: { description: { state: 'verified' } },
    });
  });

  test('the newest of a person are listed, nobody else’s among them', async () => {
    const { body } = await edit(world, world.cleo, 'ticket/12', { reference: 'Z' });
    const list = await world.call('GET', '/portal/v1/edits', { token: world.cleo });
    expect(list).toMatchObject({ status: 200, body: { receipts: [body] } });
    const { body: mine } = await world.call('GET', '/portal/v1/edits', { token: world.ann });
    expect(mine.receipts.length).toBeGreaterThan(5);
    expect(mine.receipts.length).toBeLessThanOrEqual(50);
    expect(JSON.stringify(mine)).not.toContain(body.editId);
  });
});

describe('waiting for the end', () => {
  const openEditOf = (id: string) =>
    eventually(async () => {
      const row = await world.db
        .selectFrom('edits')
        .select('edit_id')
        .where('hub_id', '=', HUB)
        .where('record_id', '=', recordId(id))
        .executeTakeFirst();
      return row?.edit_id;
    }, 'the edit is stored');

  test('an edit that prefers to wait is answered when the worker has brought it to its end', async () => {
    const id = await freshTicket();
    const answer = patch(world, world.ann, `ticket/${id}`, {
      fields: { reference: 'B' },
      version: await versionOf(`ticket/${id}`),
      prefer: 'wait=20',
    });
    const stored = await openEditOf(id);
    await world.crm.moveEdit(stored, 'written', { rule: 'D3' });
    const movedAt = Date.now();
    await world.crm.moveEdit(stored, 'verified', { rule: 'S1' });
    expect(await answer).toMatchObject({
      status: 200,
      body: { editId: stored, state: 'verified', final: true },
    });
    expect((await answer).headers.get('preference-applied')).toBe('wait=20');
    expect(Date.now() - movedAt).toBeLessThan(200);
  });

  test('it is also noticed when another process did it, without a signal', async () => {
    const id = await freshTicket();
    const { body } = await edit(world, world.ann, `ticket/${id}`, { reference: 'B' });
    const idle = world.listeners();
    const answer = world.call('GET', `/portal/v1/edits/${body.editId}`, {
      token: world.ann,
      headers: { prefer: 'respond-async, wait=20' },
    });
    await eventually(() => Promise.resolve(world.listeners() > idle), 'somebody waits');
    const startedAt = Date.now();
    await world.crm.silently(() => world.crm.moveEdit(body.editId, 'verified', { rule: 'S1' }));
    expect(await answer).toMatchObject({ status: 200, body: { state: 'verified' } });
    expect(Date.now() - startedAt).toBeLessThan(3_000);
  });

  test('when the time is over the receipt is given as it is', async () => {
    const id = await freshTicket();
    const startedAt = Date.now();
    const answer = await patch(world, world.ann, `ticket/${id}`, {
      fields: { reference: 'B' },
      version: await versionOf(`ticket/${id}`),
      prefer: 'wait=1',
    });
    expect(answer).toMatchObject({ status: 202, body: { state: 'accepted' } });
    expect(Date.now() - startedAt).toBeGreaterThanOrEqual(950);
    expect(answer.headers.get('preference-applied')).toBe('wait=1');
  });

  test('a final receipt waits for nothing', async () => {
    const { body } = await edit(world, world.ann, `ticket/${await freshTicket()}`, { reference: 'B' });
    await world.crm.moveEdit(body.editId, 'held', { rule: 'D9' });
    const startedAt = Date.now();
    const answer = await world.call('GET', `/portal/v1/edits/${body.editId}`, {
      token: world.ann,
      headers: { prefer: 'wait=300' },
    });
    expect(answer.status).toBe(200);
    // Nobody waits longer than half a minute.
    expect(answer.headers.get('preference-applied')).toBe('wait=30');
    expect(Date.now() - startedAt).toBeLessThan(500);
  });
});
