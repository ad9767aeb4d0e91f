/** What staff decide about people who signed in: over the desk's API, carried out by the hub's worker. */
import { randomUUID } from 'node:crypto';
import type {
  ClaimsAnswer,
  DeskClaim,
  DeskRefusal,
  OrderAnswer,
  ViewAsAnswer,
} from '@tallystick/shared/deskMessages';
import { recordId } from '@tallystick/shared/ids';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { NORA, startDesk, TOMASZ, type Colleague, type DeskHarness } from '../harness/desk.ts';
import { eventually } from '../harness/eventually.ts';
import { startSignIn, type Browser, type SignInHarness } from '../harness/signIn.ts';
import { sourceOf } from '../simulator/acting.ts';

const COLLEAGUE = sourceOf('colleague');
const WITHIN_MS = 5_000;
let world: SignInHarness;
let desk: DeskHarness;
let people = 0;
let address = '';
beforeAll(async () => {
  world = await startSignIn();
  desk = await startDesk(world.loop);
});
afterAll(async () => {
  await desk.close();
  await world.close();
});
beforeEach(() => {
  people += 1;
  address = `info@engines${people}.example`;
});

const info = async (browser: Browser) => (await browser.get('/session')).body;
const order = (user: Colleague, what: object, key = randomUUID()) =>
  desk.ask<OrderAnswer>(user, '/desk/v1/orders', { body: { key, order: what } });
const list = async (open = 'true') => {
  const answer = await desk.ask<ClaimsAnswer>(NORA, '/desk/v1/claims', { query: { open } });
  if (!answer.ok) throw new Error(answer.sentence);
  return answer.claims;
};
const linking = ({ claimId }: DeskClaim, id: string) => ({
  do: 'link',
  object: 'contact',
  recordId: id,
  claimId,
});

/** A contact with the address of a role, a company of theirs with two cases, and somebody who signed in by it. */
async function claimed(): Promise<{ browser: Browser; id: string; claim: DeskClaim }> {
  const company = world.company();
  const { world: crm } = world.loop.sim;
  const made = ['Cold', 'Loud'].map(
    (subject) => crm.create('tickets', { subject, hs_pipeline: '0', hs_pipeline_stage: '1' }, COLLEAGUE).id,
  );
  for (const ticket of made)
    crm.associate(['tickets', ticket], ['companies', company], COLLEAGUE, [
      { category: 'HUBSPOT_DEFINED', typeId: 26 },
    ]);
  await world.tell(
    { subscriptionType: 'company.creation', objectId: Number(company) },
    ...made.map((id) => ({ subscriptionType: 'ticket.creation', objectId: Number(id) })),
  );
  const id = await world.contact(address, { company });
  for (const ticket of made)
    await eventually(
      async () => (await world.loop.mirrored('ticket', ticket, 'subject')) !== undefined,
      'mirrored',
    );
  const browser = world.browser();
  expect(await world.signIn(browser, address)).toMatchObject({ reason: 'shared-address' });
  const record = await desk.record(NORA, 'contact', id);
  return { browser, id, claim: record.claims[0]! };
}

describe('a claim', () => {
  test('is on the contact’s record with its reason and what linking would open, in numbers', async () => {
    const { id, claim } = await claimed();
    const record = await desk.record(TOMASZ, 'contact', id);
    expect(record).toMatchObject({
      status: 'needs-you',
      sentence: `Somebody who reads ${address} signed in: is it this person?`,
    });
    expect(claim).toMatchObject({ address, reason: 'shared-address', settled: null });
    expect(claim.candidates).toEqual([
      {
        contactId: id,
        name: 'Ada Byron',
        audience: 'Customer’s colleague',
        sees: [
          { label: 'company', text: '1' },
          { label: 'cases', text: '2' },
        ],
        sentence: 'Linking lets this person see 1 company, 2 cases, as Customer’s colleague.',
      },
    ]);
    expect(await list()).toContainEqual(claim);
  });

  test('is settled by an administrator alone', async () => {
    const { browser, id, claim } = await claimed();
    expect(await order(TOMASZ, linking(claim, id))).toMatchObject({ ok: false, code: 'admins-only' });
    expect(await order(TOMASZ, { do: 'refuse', claimId: claim.claimId })).toMatchObject({
      ok: false,
      code: 'admins-only',
    });
    expect(await info(browser)).toMatchObject({ state: 'unlinked' });
  });

  test('lets the person in when it is linked, once, whatever is repeated; the record then names them', async () => {
    const { browser, id, claim } = await claimed();
    const key = randomUUID();
    for (let turn = 0; turn < 2; turn += 1)
      expect(await order(NORA, linking(claim, id), key)).toMatchObject({
        ok: true,
        sentence: 'Linked: this person now sees what this contact may see.',
      });
    expect(await info(browser)).toMatchObject({ state: 'signed-in', contactId: id });
    expect(await order(NORA, linking(claim, id))).toMatchObject({ ok: false, code: 'nothing-there' });
    const record = await desk.record(NORA, 'contact', id);
    expect(record).toMatchObject({ claims: [], signIns: [{ address, who: 'Nora Lindqvist' }] });
    expect(record.people).toEqual([{ contactId: id, name: 'Ada Byron', audience: 'Customer’s colleague' }]);
    const seen = await desk.ask<ViewAsAnswer>(NORA, '/desk/v1/view-as', {
      query: { objectType: 'contact', recordId: id, contactId: id },
    });
    expect(seen).toMatchObject({ ok: true, record: { id } });
    const entry = await world.loop.db
      .selectFrom('journal')
      .select(['actor', 'detail'])
      .where('hub_id', '=', world.loop.hubId)
      .where('kind', '=', 'ordered')
      .where('record_id', '=', recordId(id))
      .executeTakeFirstOrThrow();
    expect(entry).toMatchObject({
      actor: { person: `user:${NORA.id}` },
      detail: { do: 'link', claim: claim.claimId, outcome: 'done' },
    });
    expect((await list('false')).find(({ claimId }) => claimId === claim.claimId)?.settled).toMatchObject({
      contactId: id,
    });
  });

  test('keeps the person out when it is refused, also at their next sign-in; it may be linked later', async () => {
    const { browser, id, claim } = await claimed();
    expect(await order(NORA, { do: 'refuse', claimId: claim.claimId })).toMatchObject({ ok: true });
    expect(await info(browser)).toMatchObject({ state: 'unlinked', reason: 'refused' });
    expect(await world.signIn(browser, address)).toMatchObject({ state: 'unlinked', reason: 'refused' });
    expect(await list()).not.toContainEqual(expect.objectContaining({ claimId: claim.claimId }));
    expect(await order(NORA, linking(claim, id))).toMatchObject({ ok: true });
    expect(await info(browser)).toMatchObject({ state: 'signed-in', contactId: id });
  });

  test.each<[string, object]>([
    ['of another form', { do: 'link', claimId: '1' }],
    ['for something that is no contact', { do: 'link', object: 'company', recordId: '1', claimId: '1' }],
  ])('is not settled by an order %s', async (_what, what) => {
    expect(await order(NORA, what)).toMatchObject({
      ok: false,
      code: 'bad-request',
    } satisfies Partial<DeskRefusal>);
  });

  test.each<[string, object]>([
    ['that is not there', { do: 'refuse', claimId: '999999' }],
    ['for a contact that is not there', { do: 'link', object: 'contact', recordId: '999', claimId: '1' }],
  ])('%s is not settled', async (_what, what) => {
    expect(await order(NORA, what)).toMatchObject({ ok: false, code: 'nothing-there' });
  });
});

describe('a link', () => {
  test('that is undone closes the stream at once, stays in the history, and is not made again by signing in', async () => {
    const own = `erin${people}@engines.example`;
    const id = await world.contact(own);
    const browser = world.browser();
    await world.signIn(browser, own);
    const stream = await browser.stream();
    const [signIn] = (await desk.record(NORA, 'contact', id)).signIns;
    expect(signIn).toMatchObject({ address: own, who: 'Tallystick' });
    const undo = { do: 'unlink', object: 'contact', recordId: id, tieId: signIn!.tieId };
    expect(await order(TOMASZ, undo)).toMatchObject({ ok: false, code: 'admins-only' });
    expect(await order(NORA, { ...undo, recordId: '999' })).toMatchObject({
      ok: false,
      code: 'nothing-there',
    });
    expect(await order(NORA, undo)).toMatchObject({ ok: true });
    await eventually(stream.isOver, 'the stream is over', WITHIN_MS);
    expect(await world.signIn(browser, own)).toMatchObject({ state: 'unlinked', reason: 'refused' });
    const ties = await world.loop.db
      .selectFrom('ties')
      .select(['ended_why', 'ended_by'])
      .where('hub_id', '=', world.loop.hubId)
      .where('address', '=', own)
      .execute();
    expect(ties).toEqual([{ ended_why: 'undone', ended_by: String(NORA.id) }]);
  });
});
