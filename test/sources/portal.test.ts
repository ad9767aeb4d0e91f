/** What customers are told of another system, over real HTTP: whose it is, who sees what, and when it does not answer. */
import { randomUUID } from 'node:crypto';
import { editId, recordId } from '@tallystick/shared/ids';
import type { SourceView } from '@tallystick/shared/messages';
import { sourceView as schema } from '@tallystick/shared/schemas';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { toldSource, type ToldSource } from '../../backend/sources/cache.ts';
import { storeEdit } from '../../backend/store/edits.ts';
import { ownedRecords } from '../../backend/store/owned.ts';
import { clock } from '../harness/loop.ts';
import { HUB, OTHER_HUB, type Answer } from '../harness/portal.ts';
import { expectProblem, face, startWorld, type World } from '../portal/world.ts';
import { startBillingWorld, type BillingWorld } from './world.ts';

let books: BillingWorld;
let world: World;
let member: string;
let skewMs = 0;
const told: ToldSource[] = [];

beforeAll(async () => {
  books = await startBillingWorld();
  const skewed = { ...clock, now: () => Date.now() + skewMs };
  told.push(toldSource(books.open(), skewed));
  world = await startWorld({ sources: { hubId: HUB, told } });
  await world.crm.change('company', '100', { billingCustomer: 'K-10001' });
  await world.crm.change('company', '200', { billingCustomer: 'K-10002' });
  member = await world.token({ contactId: '2', audience: 'member' });
});
afterAll(async () => {
  await world.close();
  await books.close();
});
afterEach(() => {
  books.billing.gate.open();
  skewMs += 10_000; // nothing that a test read is still fresh, and no rest is left
});

const ask = (token: string, path = 'billing'): Promise<Answer> =>
  world.call('GET', `/portal/v1/sources/${path}`, { token });
async function view(token: string, path = 'billing'): Promise<SourceView> {
  const answer = await ask(token, path);
  expect(answer, JSON.stringify(answer.body)).toMatchObject({ status: 200 });
  expect(schema.parse(answer.body)).toEqual(answer.body);
  return answer.body as unknown as SourceView;
}

describe('what a customer sees of billing', () => {
  it('is the newest word of their own company, with its time', async () => {
    const seen = await view(world.ann);
    expect(seen).toMatchObject({ source: 'billing', label: 'Billing', state: 'fresh', message: null });
    expect(Date.now() + skewMs - Date.parse(seen.asOf!)).toBeLessThan(2_000);
    expect(seen.lists.invoice).toHaveLength(6);
    const all = await books.billing.run<{ number: string }>(
      `select number from books.invoice where customer = 'K-10001' order by issued_on desc`,
    );
    expect(seen.lists.invoice!.map(({ id }) => id)).toEqual(all.map(({ number }) => number));
    expect(await view(world.ann, 'billing?company=100')).toMatchObject({ lists: seen.lists });
    await books.billing.changeInvoice('K-10001');
    skewMs += 10_000;
    const after = await view(world.ann);
    expect(after.lists.invoice).not.toEqual(seen.lists.invoice);
  });

  it('has the lists and fields of their audience, and no other', async () => {
    const [direct, colleague] = [await view(world.ann), await view(member)];
    expect(Object.keys(direct.lists.invoice![0]!.fields)).toContain('total');
    for (const { fields } of [...colleague.lists.invoice!, ...colleague.lists.subscription!])
      for (const hidden of ['total', 'open', 'price']) expect(fields).not.toHaveProperty(hidden);
    const me = async (token: string) =>
      (await world.call('GET', '/portal/v1/me', { token })).body as unknown as {
        sources: { name: string; lists: Record<string, { fields: Record<string, unknown> }> }[];
      };
    const [mine] = (await me(world.ann)).sources;
    expect(mine).toMatchObject({ name: 'billing', label: 'Billing' });
    expect(Object.keys(mine!.lists.invoice!.fields)).toEqual(Object.keys(direct.lists.invoice![0]!.fields));
    expect(mine!.lists.invoice!.fields.total).toEqual({ label: 'Total', kind: 'currency' });
    const [theirs] = (await me(member)).sources;
    expect(theirs!.lists.invoice!.fields).not.toHaveProperty('total');
    expect((await me(world.pia)).sources).toEqual([]);
  });

  it('is absent for a foreign company, one that is not there, an audience without it, a source that is not there: all alike', async () => {
    const absent = face(await ask(world.ann, 'billing?company=999'));
    expectProblem(await ask(world.ann, 'billing?company=999'), 404, 'not-found');
    expect(face(await ask(world.ann, 'billing?company=200'))).toEqual(absent);
    expect(face(await ask(world.ann, 'billing?company=300'))).toEqual(absent);
    expect(face(await ask(world.ann, 'billing?company=../100'))).toEqual(absent);
    expect(face(await ask(world.ann, 'payroll'))).toEqual(absent);
    expect(face(await ask(world.ann, 'constructor'))).toEqual(absent);
    expect(face(await ask(world.pia, 'billing?company=100'))).toEqual(absent);
    expectProblem(await ask('', 'billing'), 401, 'sign-in');
    const answer = await world.call('POST', '/portal/v1/sources/billing', { token: world.ann });
    expectProblem(answer, 405, 'method-not-allowed');
  });

  it('knows nobody of another hub, even where ids are the same', async () => {
    const stranger = await world.token({ contactId: '1', hubId: OTHER_HUB });
    expectProblem(await ask(stranger, 'billing?company=100'), 401, 'sign-in');
  });

  it('must be asked for by company where several are in reach', async () => {
    await world.crm.link('contact', '3', [{ id: '200' }, { id: '300' }]);
    expectProblem(await ask(world.cleo), 400, 'bad-request');
    expect((await view(world.cleo, 'billing?company=200')).lists.invoice).toHaveLength(6);
    await world.crm.link('contact', '3', [{ id: '200' }]);
    expect((await view(world.cleo)).lists.invoice).toHaveLength(6);
  });

  it('follows the link at once: another one shows the other account, none shows nothing', async () => {
    const before = await view(world.ann);
    await world.crm.change('company', '100', { billingCustomer: 'K-10007' });
    const other = await view(world.ann);
    expect(other.lists.invoice![0]!.id).not.toBe(before.lists.invoice![0]!.id);
    await world.crm.change('company', '100', { billingCustomer: null });
    expect(await view(world.ann)).toMatchObject({
      state: 'fresh',
      asOf: null,
      message: 'Nothing is linked to this company yet.',
      lists: { invoice: [], subscription: [] },
    });
    await world.crm.change('company', '100', { billingCustomer: 'K-10001' });
  });
});

describe('what the mirror holds of it', () => {
  it('is of present records that hold one of the fields, page by page, with what is asked for and nothing else', async () => {
    const put = (id: string, openBalance: string | null, life: 'present' | 'archived' = 'present') =>
      world.crm.find({ object: 'company', id, fields: { name: id, openBalance }, life });
    await put('500', '1');
    await put('501', '2');
    await put('502', null);
    await put('503', '3', 'archived');
    await world.crm.find({ object: 'ticket', id: '500', companies: [{ id: '500' }] });
    await world.crm.find({ object: 'contact', id: '504', fields: { phone: '+4930111111' } });
    const phones = ownedRecords(world.db, HUB, 'company', ['phone'], recordId('9'), {
      ids: [recordId('504')],
    });
    expect(await phones).toEqual([]);
    const asks = (object: 'company' | 'ticket', person: string, wanted: string) =>
      storeEdit(world.db, HUB, {
        ...{ editId: editId(randomUUID()), object, recordId: recordId('500'), person: recordId(person) },
        ...{
          audience: 'direct',
          askedAt: Date.now(),
          action: null,
          guards: [],
          idempotencyKey: randomUUID(),
        },
        ...{ fingerprint: '', fields: [{ field: 'openBalance', seen: null, wanted }] },
      });
    await asks('company', '9', '10');
    await asks('company', '9', '11');
    await asks('company', '8', '12');
    await asks('ticket', '9', '13');
    const owned = (which: Parameters<typeof ownedRecords>[5]) =>
      ownedRecords(world.db, HUB, 'company', ['openBalance', 'paymentStatus'], recordId('9'), which);
    const [first, ...rest] = await owned({ after: recordId('499'), limit: 10 });
    expect([first?.recordId, ...rest.map((row) => row.recordId)]).toEqual(['500', '501']);
    expect(first?.asking).toEqual({ openBalance: '11' });
    expect(Object.keys(first?.fields ?? {}).sort()).toEqual(['openBalance', 'paymentStatus']);
    expect((await owned({ after: recordId('500'), limit: 1 })).map((row) => row.recordId)).toEqual(['501']);
    const some = ['500', '502', '503'].map((id) => recordId(id));
    expect((await owned({ ids: some })).map((row) => row.recordId)).toEqual(['500']);
    await world.db.updateTable('edit_fields').set({ state: 'verified' }).where('hub_id', '=', HUB).execute();
    expect((await owned({ ids: some }))[0]?.asking).toEqual({});
  });
});

describe('when billing does not answer', () => {
  it('in time, its last word is told with its age, within the deadline, and the rest of the portal is as fast as ever', async () => {
    const fresh = await view(world.ann);
    skewMs += 60_000;
    books.billing.gate.slow(1_500);
    const begun = Date.now();
    const slow = view(world.ann);
    const beside = await world.call('GET', '/portal/v1/me', { token: world.bob });
    expect(beside.status).toBe(200);
    const besideMs = Date.now() - begun;
    const aged = await slow;
    expect(besideMs).toBeLessThan(500);
    expect(Date.now() - begun).toBeLessThan(1_400);
    expect(aged).toMatchObject({ state: 'aged', asOf: fresh.asOf, lists: fresh.lists });
    expect(aged.message).toMatch(/not up to date/);
  });

  it('at all, its last word is told; where there is none, that it is down; and it is fresh when it is back', async () => {
    const fresh = await view(world.ann);
    skewMs += 60_000;
    books.billing.gate.shut();
    expect(await view(world.ann)).toMatchObject({ state: 'aged', asOf: fresh.asOf, lists: fresh.lists });
    await world.crm.change('company', '200', { billingCustomer: 'K-10020' });
    expect(await view(world.cleo)).toMatchObject({
      state: 'down',
      asOf: null,
      lists: { invoice: [], subscription: [] },
    });
    books.billing.gate.open();
    skewMs += 2_000;
    expect(await view(world.cleo)).toMatchObject({ state: 'fresh', message: null });
    expect(await view(world.ann)).toMatchObject({ state: 'fresh', message: null });
  });

  it('for long, what was known is told no more', async () => {
    await view(world.ann);
    books.billing.gate.shut();
    skewMs += 13 * 3_600_000;
    expect(await view(world.ann)).toMatchObject({ state: 'down', asOf: null, lists: { invoice: [] } });
  });

  it('many customers who ask at once wait together, not one after the other', async () => {
    books.billing.gate.slow(null);
    const begun = Date.now();
    const all = await Promise.all(Array.from({ length: 60 }, () => ask(world.ann)));
    expect(all.every(({ status }) => status === 200)).toBe(true);
    expect(Date.now() - begun).toBeLessThan(2_500);
    books.billing.gate.shut(); // ends what still hangs
  });
});
