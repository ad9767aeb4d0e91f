/** Who somebody is, over the real loop: each reason, and what happens when the CRM moves while they are signed in. */
import { recordId } from '@tallystick/shared/ids';
import type { UnlinkedReason } from '@tallystick/shared/messages';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { listClaims } from '../../backend/store/claims.ts';
import { verifyJournal } from '../../backend/store/journal.ts';
import { sourceOf } from '../simulator/acting.ts';
import { eventually } from '../harness/eventually.ts';
import { startSignIn, type Browser, type SignInHarness } from '../harness/signIn.ts';

const COLLEAGUE = sourceOf('colleague');
const WITHIN_MS = 5_000;
let world: SignInHarness;
let people = 0;
let address = '';
beforeAll(async () => {
  world = await startSignIn();
});
afterAll(() => world.close());
beforeEach(() => {
  people += 1;
  address = `dora${people}@engines.example`;
});

const crm = () => world.loop.sim.world;
const claims = () => listClaims(world.loop.db, world.loop.hubId, { open: true, before: null, limit: 100 });
const claimOf = async (of: string) => (await claims()).find((claim) => claim.address === of);
const changed = (id: string, property: string, value: string | null) =>
  world.tell({
    subscriptionType: 'contact.propertyChange',
    objectId: Number(id),
    propertyName: property,
    propertyValue: value,
  });
const relinked = (id: string, company: string) =>
  world.tell({
    subscriptionType: 'contact.associationChange',
    associationType: 'CONTACT_TO_COMPANY',
    fromObjectId: Number(id),
    toObjectId: Number(company),
  });
const info = async (browser: Browser) => (await browser.get('/session')).body;
const untilUnlinked = (browser: Browser, reason: UnlinkedReason) =>
  eventually(async () => (await info(browser)).reason === reason, `unlinked: ${reason}`, WITHIN_MS);

async function enter(options: Parameters<SignInHarness['contact']>[1] = {}) {
  const company = world.company();
  const id = await world.contact(address, { company, ...options });
  const browser = world.browser();
  expect(await world.signIn(browser, address)).toMatchObject({ state: 'signed-in', contactId: id });
  return { browser, id, company };
}
async function expectUnlinked(reason: UnlinkedReason, candidates: string[], of = address): Promise<Browser> {
  const browser = world.browser();
  const body = await world.signIn(browser, of);
  expect(body).toMatchObject({ state: 'unlinked', reason, email: of });
  expect(body.message).toMatch(/^[A-Z].*\.$/);
  expect(await claimOf(of)).toMatchObject({ reason, candidates });
  expect(await browser.get('/me')).toMatchObject({
    status: 403,
    body: { code: 'not-linked', detail: body.message },
  });
  expect((await browser.get('/records/company')).status).toBe(403);
  return browser;
}

describe('who has proven an address', () => {
  test('is linked on evidence: which address, how proven, read when, by whom', async () => {
    const { id } = await enter();
    const tie = await world.loop.db
      .selectFrom('ties')
      .selectAll()
      .where('hub_id', '=', world.loop.hubId)
      .where('contact_id', '=', recordId(id))
      .executeTakeFirstOrThrow();
    expect(tie).toMatchObject({
      address,
      proof: 'mail',
      contact_email: address,
      begun_by: 'worker',
      ended_at: null,
    });
    expect(tie.read_at).toBeInstanceOf(Date);
    expect(tie.address_since).toBeInstanceOf(Date);
    const entry = await world.loop.db
      .selectFrom('journal')
      .selectAll()
      .where('hub_id', '=', world.loop.hubId)
      .where('kind', '=', 'linked')
      .where('record_id', '=', recordId(id))
      .executeTakeFirstOrThrow();
    expect(entry).toMatchObject({
      object: 'contact',
      detail: { outcome: 'linked', reason: null },
      before: null,
      after: null,
    });
  });

  test('is read from the CRM by the address itself: what the mirror does not know yet is found, and nothing is searched', async () => {
    const company = world.company();
    const id = crm().create('contacts', { email: address, firstname: 'New' }, COLLEAGUE).id;
    crm().associate(['contacts', id], ['companies', company], COLLEAGUE, [
      { category: 'HUBSPOT_DEFINED', typeId: 1 },
    ]);
    const browser = world.browser();
    await world.signIn(browser, address);
    await eventually(async () => (await info(browser)).contactId === id, 'linked to the new contact');
    const calls = world.loop.sim.calls.since(0);
    expect(calls.some(({ path }) => path.includes(encodeURIComponent(address)))).toBe(true);
    expect(calls.some(({ path }) => path.endsWith('/search'))).toBe(false);
  });

  test('is nobody when no contact has it', async () => {
    const browser = await expectUnlinked('no-contact', []);
    // Staff make the contact; the next sign-in finds it, and the claim has answered itself.
    const id = await world.contact(address);
    expect(await world.signIn(browser, address)).toMatchObject({ state: 'signed-in', contactId: id });
    expect(await claimOf(address)).toBeUndefined();
  });

  test('is not guessed when it is only a secondary address', async () => {
    const other = await world.contact(`other-${address}`);
    const id = await world.contact(address);
    crm().merge('contacts', other, id, COLLEAGUE);
    const [survivor] = [crm().get('contacts', other).id];
    await world.tell({
      subscriptionType: 'contact.merge',
      objectId: Number(survivor),
      primaryObjectId: Number(other),
      mergedObjectIds: [Number(id)],
      newObjectId: Number(survivor),
    });
    await expectUnlinked('several-contacts', [survivor]);
  });

  test('is not guessed when the mirror shows another contact with it', async () => {
    const id = await world.contact(address);
    const other = await world.contact(`other-${address}`);
    await changed(other, 'email', address);
    await eventually(
      async () => (await world.loop.mirrored('contact', other, 'email')) === address,
      'the mirror was told',
    );
    await world.loop.db
      .deleteFrom('due')
      .where('hub_id', '=', world.loop.hubId)
      .where('record_id', '=', recordId(other))
      .execute();
    await expectUnlinked('several-contacts', [id, other]);
  });

  test('is not linked by the address of a role', async () => {
    const shared = `info@engines${people}.example`;
    const id = await world.contact(shared);
    await expectUnlinked('shared-address', [id], shared);
  });

  test('is not linked when another contact had the address before', async () => {
    const before = await world.contact(address);
    crm().update('contacts', before, { email: `left-${address}` }, COLLEAGUE);
    await changed(before, 'email', `left-${address}`);
    await eventually(
      async () => (await world.loop.mirrored('contact', before, 'email')) === `left-${address}`,
      'it moved',
    );
    const id = await world.contact(address);
    await expectUnlinked('reused-address', [id]);
  });

  test('is not linked when a contact that is gone has the address', async () => {
    const before = await world.contact(address);
    crm().archive('contacts', before, COLLEAGUE);
    await world.tell({ subscriptionType: 'contact.deletion', objectId: Number(before) });
    await eventually(
      async () =>
        (
          await world.loop.db
            .selectFrom('mirror')
            .select('life')
            .where('hub_id', '=', world.loop.hubId)
            .where('record_id', '=', recordId(before))
            .executeTakeFirst()
        )?.life === 'archived',
      'it is archived',
    );
    const id = await world.contact(address);
    await expectUnlinked('reused-address', [id]);
  });

  test('is not linked when the contact reaches no company', async () => {
    const id = await world.contact(address, { company: null });
    await expectUnlinked('no-company', [id]);
  });

  test('waits while the CRM does not answer, is told so, and is linked as soon as it does', async () => {
    const id = await world.contact(address);
    world.loop.sim.faults.api.down = true;
    const browser = world.browser();
    try {
      expect(await world.signIn(browser, address)).toMatchObject({ state: 'unlinked', reason: 'checking' });
    } finally {
      world.loop.sim.faults.api.down = false;
    }
    await eventually(async () => (await info(browser)).contactId === id, 'linked after all');
  });

  test('has their audience from the associations, at each request', async () => {
    const company = world.company();
    const id = await world.contact(address, { company, labels: [world.labels.admin] });
    const browser = world.browser();
    await world.signIn(browser, address);
    const audience = async () => (await browser.get('/me')).body as unknown as { audience: string };
    expect(await audience()).toMatchObject({ audience: 'direct' });
    crm().dissociate(['contacts', id], ['companies', company], COLLEAGUE, [world.labels.admin]);
    await relinked(id, company);
    await eventually(
      async () => (await audience()).audience === 'member',
      'an ordinary colleague now',
      WITHIN_MS,
    );
  });
});

describe('while somebody is signed in', () => {
  test('a merge of the contact takes the link along, also when the address becomes a secondary one', async () => {
    const { browser, id } = await enter();
    const primary = await world.contact(`primary-${address}`);
    crm().merge('contacts', primary, id, COLLEAGUE);
    const survivor = crm().get('contacts', primary).id;
    await world.tell({
      subscriptionType: 'contact.merge',
      objectId: Number(survivor),
      primaryObjectId: Number(primary),
      mergedObjectIds: [Number(id)],
      newObjectId: Number(survivor),
    });
    await eventually(async () => (await info(browser)).contactId === survivor, 'the link follows', WITHIN_MS);
    expect((await browser.get('/me')).body.contactId).toBe(survivor);
    const ties = await world.loop.db
      .selectFrom('ties')
      .select(['contact_id', 'ended_why'])
      .where('hub_id', '=', world.loop.hubId)
      .where('address', '=', address)
      .orderBy('tie_id')
      .execute();
    expect(ties).toEqual([
      { contact_id: id, ended_why: 'followed' },
      { contact_id: survivor, ended_why: null },
    ]);
    // Once more: the address of the survivor is what counts now.
    crm().update('contacts', survivor, { email: `new-${address}` }, COLLEAGUE);
    await changed(survivor, 'email', `new-${address}`);
    await untilUnlinked(browser, 'address-moved');
  });

  test('the deletion of the contact ends everything', async () => {
    const { browser, id } = await enter();
    const stream = await browser.stream();
    crm().archive('contacts', id, COLLEAGUE);
    await world.tell({ subscriptionType: 'contact.deletion', objectId: Number(id) });
    await eventually(stream.isOver, 'the stream is over', WITHIN_MS);
    await untilUnlinked(browser, 'gone');
    expect(await world.signIn(browser, address)).toMatchObject({ reason: 'gone' });
  });

  test('another e-mail of the contact suspends the link at once, and staff are told', async () => {
    const { browser, id } = await enter();
    const stream = await browser.stream();
    crm().update('contacts', id, { email: `new-${address}` }, COLLEAGUE);
    await changed(id, 'email', `new-${address}`);
    await eventually(stream.isOver, 'the stream is over', WITHIN_MS);
    expect((await browser.get('/me')).status).toBe(403);
    await untilUnlinked(browser, 'address-moved');
    await eventually(async () => (await claimOf(address))?.reason === 'address-moved', 'a claim');
    // Who reads the old mailbox is not let in by it again; who has the new one, in the same browser, is.
    const old = world.browser();
    expect(await world.signIn(old, address)).toMatchObject({ state: 'unlinked' });
    expect(await world.signIn(browser, `new-${address}`)).toMatchObject({
      state: 'signed-in',
      contactId: id,
    });
    expect(await info(old)).toMatchObject({ state: 'unlinked' });
  });

  test('a person with the new address in another browser is for staff to decide', async () => {
    const { id } = await enter();
    crm().update('contacts', id, { email: `new-${address}` }, COLLEAGUE);
    await changed(id, 'email', `new-${address}`);
    await expectUnlinked('reused-address', [id], `new-${address}`);
  });

  test('a company that is taken away closes the stream; another one is another reach', async () => {
    const { browser, id, company } = await enter();
    const next = world.company();
    await world.tell({ subscriptionType: 'company.creation', objectId: Number(next) });
    const stream = await browser.stream();
    const PRIMARY = { category: 'HUBSPOT_DEFINED' as const, typeId: 1 };
    crm().associate(['contacts', id], ['companies', next], COLLEAGUE, [PRIMARY]);
    crm().dissociate(['contacts', id], ['companies', company], COLLEAGUE);
    await relinked(id, next);
    await eventually(
      () => stream.heard.some(({ type }) => type === 'resync'),
      'told to start over',
      WITHIN_MS,
    );
    const reached = async () =>
      ((await browser.get('/me')).body as unknown as { companies: { id: string }[] }).companies;
    await eventually(async () => (await reached()).some((each) => each.id === next), 'the other company');
    crm().dissociate(['contacts', id], ['companies', next], COLLEAGUE);
    await relinked(id, next);
    await eventually(stream.isOver, 'the stream is over', WITHIN_MS);
    await untilUnlinked(browser, 'no-company');
  });

  test('a label that is taken away narrows an open stream', async () => {
    const [own, customer] = [world.company(), world.company()];
    const id = await world.contact(address, { company: own });
    crm().associate(['contacts', id], ['companies', customer], COLLEAGUE, [world.labels.partner]);
    await relinked(id, customer);
    await world.tell(
      { subscriptionType: 'company.creation', objectId: Number(customer) },
      { subscriptionType: 'company.creation', objectId: Number(own) },
    );
    const browser = world.browser();
    await world.signIn(browser, address);
    const audience = async () =>
      ((await browser.get('/me')).body as unknown as { audience: string }).audience;
    await eventually(async () => (await audience()) === 'partner', 'a partner');
    const stream = await browser.stream();
    crm().dissociate(['contacts', id], ['companies', customer], COLLEAGUE, [world.labels.partner]);
    await relinked(id, customer);
    await eventually(
      () => stream.heard.some(({ type }) => type === 'resync') || stream.isOver(),
      'narrowed',
      WITHIN_MS,
    );
    expect(await audience()).toBe('member');
    expect((await browser.get(`/records/company/${customer}`)).status).toBe(404);
    stream.close();
  });
});

test('a label that only changes what may be done starts an open stream over', async () => {
  const company = world.company();
  const { browser, id } = await enter({ company, labels: [world.labels.admin] });
  const stream = await browser.stream();
  crm().dissociate(['contacts', id], ['companies', company], COLLEAGUE, [world.labels.admin]);
  await relinked(id, company);
  await eventually(() => stream.heard.some(({ type }) => type === 'resync'), 'told to start over', WITHIN_MS);
  stream.close();
});

test('nothing personal is in what the journal cannot forget, and its chain holds', async () => {
  const { db, hubId } = world.loop;
  const entries = await db
    .selectFrom('journal')
    .selectAll()
    .where('hub_id', '=', hubId)
    .where('kind', '=', 'linked')
    .execute();
  expect(entries.length).toBeGreaterThan(10);
  expect(JSON.stringify(entries)).not.toContain('@');
  expect((await verifyJournal(db, hubId)).broken).toBeNull();
});
