import { randomUUID } from 'node:crypto';
import type {
  AsOfAnswer,
  BulkAnswer,
  ConflictsAnswer,
  DeskConflict,
  DeskRecord,
  DeskRefusal,
  HealthAnswer,
  HistoryAnswer,
  OrderAnswer,
  ParkedAnswer,
  RecordAnswer,
  RulesAnswer,
  RulingAnswer,
  SettingsAnswer,
  ViewAsAnswer,
  WhyAnswer,
} from '@tallystick/shared/deskMessages';
import { recordId, type EditId } from '@tallystick/shared/ids';
import type { KyselyPlugin } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createHours, healthAnswer } from '../../backend/desk/health.ts';
import { deskRecord } from '../../backend/desk/record.ts';
import { addPerson } from '../../backend/store/people.ts';
import { verifyJournal } from '../../backend/store/journal.ts';
import { NORA, startDesk, TOMASZ, type DeskHarness } from '../harness/desk.ts';
import { eventually } from '../harness/eventually.ts';
import { startLoop } from '../harness/loop.ts';
import { seedDefinitions } from '../simulator/seedSchema.ts';
import type { Simulator } from '../simulator/simulator.ts';

const COMPANIES = '0-2';
const COLLEAGUE = { sourceType: 'CRM_UI', sourceId: `userId:${TOMASZ.id}` };
const key = (): string => randomUUID();

describe('the desk', () => {
  let desk: DeskHarness;
  let company: string;
  let contact: string;

  beforeAll(async () => {
    const prepare = ({ world }: Simulator): void => {
      seedDefinitions(world);
      world.state.data.properties.get(COMPANIES)?.delete('billing_email'); // one is missing
    };
    desk = await startDesk(await startLoop({ prepare }));
  });
  afterAll(() => desk.close());

  beforeEach(async () => {
    const { loop } = desk;
    const { world } = loop.sim;
    company = world.create(
      'companies',
      { name: 'Engines Ltd', address: 'Old Street 1', website: 'https://engines.example' },
      COLLEAGUE,
    ).id;
    contact = world.create(
      'contacts',
      { email: `${randomUUID()}@example.com`, firstname: 'Ada', lastname: 'Byron' },
      COLLEAGUE,
    ).id;
    world.associate(['contacts', contact], ['companies', company], COLLEAGUE, [
      { category: 'HUBSPOT_DEFINED', typeId: 1 },
    ]);
    await loop.deliver([created('contact', contact), created('company', company)]);
    await eventually(
      async () => (await loop.mirrored('company', company, 'street')) === 'Old Street 1',
      'the company is mirrored',
    );
    await addPerson(loop.db, {
      hubId: loop.hubId,
      contactId: recordId(contact),
      audience: 'direct',
      secret: randomUUID(),
      now: Date.now(),
    });
    await desk.recordWhen('company', company, (record) => record.people.length === 1, 'Ada is linked');
  });

  const created = (type: string, id: string) => ({
    subscriptionType: `${type}.creation`,
    objectId: Number(id),
    portalId: desk.loop.sim.hubId,
    occurredAt: Date.now(),
    changeSource: 'CRM_UI',
    sourceId: `userId:${TOMASZ.id}`,
  });
  const inCrm = (property: string): string | null =>
    desk.loop.sim.world.get('companies', company).cells.get(property)?.[0]?.value ?? null;
  const dueOf = async (id: string): Promise<number> => {
    const rows = await desk.loop.db
      .selectFrom('due')
      .select('lane')
      .where('hub_id', '=', desk.loop.hubId)
      .where('record_id', '=', recordId(id))
      .execute();
    return rows.length;
  };
  const askStreet = (wanted: string, seen = 'Old Street 1'): Promise<EditId> =>
    desk.loop.ask({ object: 'company', id: company, person: contact, fields: { street: { seen, wanted } } });

  /** A customer and a colleague change the street at once. */
  async function collide(street = 'Colleague Road 2'): Promise<DeskConflict> {
    desk.loop.sim.world.update('companies', company, { address: street }, COLLEAGUE);
    await askStreet('Customer Lane 3');
    const record = await desk.recordWhen(
      'company',
      company,
      ({ status }) => status === 'needs-you',
      'the conflict is open',
    );
    return record.conflicts[0]!;
  }
  /** Does `work` when the statement of this number was answered, before whoever asked hears it. */
  const atStatement = (number: number, work: () => Promise<unknown>): KyselyPlugin => {
    let answered = 0;
    return {
      transformQuery: ({ node }) => node,
      transformResult: async ({ result }) => {
        answered += 1;
        if (answered === number) await work();
        return result;
      },
    };
  };
  const ruling = (conflict: DeskConflict, choice: string, more: object = {}) => ({
    objectType: '0-2',
    recordId: company,
    conflictId: conflict.conflictId,
    field: conflict.field,
    choice,
    version: conflict.version,
    key: key(),
    ...more,
  });
  const rule = (body: object) => desk.ask<RulingAnswer>(NORA, '/desk/v1/rulings', { body });

  describe('a record', () => {
    it('is in agreement: one sentence, who is linked, every field with its owner and its last change', async () => {
      const record = await desk.recordWhen(
        'company',
        company,
        ({ status }) => status === 'agree',
        'agreement',
      );
      expect(record.sentence).toBe('The portal and the CRM agree on this record.');
      expect(record.title).toBe('Engines Ltd');
      expect(record.provenAt).not.toBeNull();
      expect(record.people).toEqual([{ contactId: contact, name: 'Ada Byron', audience: 'Customer' }]);
      const street = record.fields.find(({ name }) => name === 'street');
      expect(street).toMatchObject({
        owner: 'both',
        portal: 'Old Street 1',
        crm: { text: 'Old Street 1', who: expect.stringContaining('(colleague)') as string },
        differs: false,
        seenBy: ['Customer', 'Customer’s colleague', 'Partner'],
      });
      expect(record.fields.find(({ name }) => name === 'internalRisk')).toMatchObject({
        portal: null,
        state: 'hidden',
      });
    });

    it('is found by HubSpot’s type id, and answered only when it is news', async () => {
      const query = { objectType: '0-2', recordId: company };
      const first = await desk.ask<RecordAnswer>(TOMASZ, '/desk/v1/record', { query });
      if (!first.ok) throw new Error(first.sentence);
      expect(first).toMatchObject({ role: 'viewer' });
      const again = await desk.ask<RecordAnswer>(TOMASZ, '/desk/v1/record', {
        query: { ...query, known: first.version },
      });
      expect(again).toMatchObject({ ok: true, record: null, version: first.version, againMs: 3_000 });
    });

    it.each([
      [{ objectType: '0-2', recordId: '999999' }, 'unknown-record'],
      [{ objectType: '0-2', recordId: '__proto__' }, 'unknown-record'],
      [{ objectType: '0-99', recordId: '1' }, 'unknown-object'],
      [{ objectType: '__proto__', recordId: '1' }, 'unknown-object'],
      [{ recordId: '1' }, 'bad-request'],
    ])('says in a sentence that it cannot show %j', async (query, code) => {
      const answer = await desk.ask(NORA, '/desk/v1/record', { query: query });
      expect(answer).toMatchObject({ ok: false, code });
      expect((answer as DeskRefusal).sentence).toMatch(/\w/);
    });

    it('shows what is on its way while the CRM takes it, and the portal’s side of it', async () => {
      desk.loop.sim.holds.add({ on: 'write', typeId: null, id: null, after: false, count: 1 });
      await askStreet('New Street 9');
      const record = await desk.recordWhen(
        'company',
        company,
        ({ status }) => status === 'moving',
        'it moves',
      );
      expect(record.sentence).toBe('One change is on the way to the CRM.');
      expect(record.fields.find(({ name }) => name === 'street')).toMatchObject({
        state: 'saving',
        differs: true,
        portal: 'New Street 9',
        crm: { text: 'Old Street 1' },
      });
      desk.loop.sim.holds.release();
      await desk.recordWhen('company', company, ({ status }) => status === 'agree', 'it is proven');
    });

    it('shows what a webhook has told as reported, until it was read', async () => {
      const { sim } = desk.loop;
      sim.holds.add({ on: 'read', typeId: COMPANIES, id: company, after: false, count: 1 });
      sim.world.update('companies', company, { address: 'Told Street 2' }, COLLEAGUE);
      const told = { propertyName: 'address', propertyValue: 'Told Street 2' };
      await desk.loop.deliver([
        { ...created('company', company), subscriptionType: 'company.propertyChange', ...told },
      ]);
      const street = (record: DeskRecord) => record.fields.find(({ name }) => name === 'street');
      const reported = await desk.recordWhen(
        'company',
        company,
        (record) => street(record)?.crm.text === 'Told Street 2',
        'it is told',
      );
      expect(street(reported)).toMatchObject({ state: 'reported', differs: true });
      sim.holds.release();
      await desk.recordWhen('company', company, (record) => street(record)?.state === 'agree', 'it is read');
    });

    it('says that nobody in the portal sees it, and when it is gone', async () => {
      const lone = desk.loop.sim.world.create('companies', { name: 'Alone' }, COLLEAGUE).id;
      await desk.loop.deliver([created('company', lone)]);
      await eventually(
        async () => (await desk.loop.mirrored('company', lone, 'name')) === 'Alone',
        'mirrored',
      );
      expect((await desk.record(NORA, 'company', lone)).status).toBe('nobody');
      desk.loop.sim.world.archive('companies', lone, COLLEAGUE);
      await desk.ask(NORA, '/desk/v1/orders', {
        body: { key: key(), order: { do: 'look', object: '0-2', recordId: lone } },
      });
      await desk.recordWhen('company', lone, ({ status }) => status === 'gone', 'it is gone');
    });
  });

  describe('a conflict', () => {
    it('shows both values with who, when and what each saw', async () => {
      const conflict = await collide();
      expect(conflict).toMatchObject({
        kind: 'conflict',
        label: 'Street',
        crm: { text: 'Colleague Road 2', before: 'Old Street 1' },
        customer: { text: 'Customer Lane 3', who: 'Ada Byron', saw: 'Old Street 1' },
        now: 'Colleague Road 2',
        moved: false,
        pending: false,
        settled: null,
      });
      // What is held has not gone anywhere: the portal shows what the CRM holds.
      const { fields } = await desk.record(NORA, 'company', company);
      expect(fields.find(({ name }) => name === 'street')).toMatchObject({
        state: 'held',
        differs: true,
        portal: 'Colleague Road 2',
      });
    });

    it('is shown beside the value that stood when it opened, at whichever step of the reading that was', async () => {
      const { loop } = desk;
      const place = { object: 'company' as const, recordId: recordId(company) };
      const opened: DeskConflict[] = [];
      // Until it has fewer statements than that.
      for (let step = 1; step === opened.length + 1; step += 1) {
        const opens = atStatement(step, async () => opened.push(await collide(`Road of step ${step}`)));
        const { conflicts } = await deskRecord(loop.db.withPlugin(opens), loop.hubId, place);
        const open = conflicts.find(({ settled }) => settled === null);
        if (open !== undefined)
          expect(open, `step ${step}`).toMatchObject({ now: `Road of step ${step}`, moved: false });
        const ruled = open ?? opened[step - 1];
        if (ruled !== undefined)
          expect(await rule(ruling(ruled, 'keep')), `step ${step}`).toMatchObject({ ok: true });
      }
      expect(opened.length).toBeGreaterThan(5);
    });

    it('is ruled on while the CRM holds what staff were shown, though it held another value between', async () => {
      const conflict = await collide();
      for (const street of ['Passing Lane 5', 'Colleague Road 2']) {
        desk.loop.sim.world.update('companies', company, { address: street }, COLLEAGUE);
        await desk.ask(NORA, '/desk/v1/orders', {
          body: { key: key(), order: { do: 'look', object: '0-2', recordId: company } },
        });
        await desk.recordWhen('company', company, ({ conflicts: [one] }) => one!.now === street, street);
      }
      for (const version of ['j1', 'j999999999', 'x'])
        expect(await rule({ ...ruling(conflict, 'keep'), version }), version).toMatchObject({
          code: 'moved',
        });
      expect(await rule(ruling(conflict, 'keep'))).toMatchObject({ ok: true, outcome: 'done' });
    });

    it('ends with the CRM’s value when staff keep it: nothing is written, and the customer is told why', async () => {
      const conflict = await collide();
      const answer = await rule(ruling(conflict, 'keep', { note: 'We agreed on the phone.' }));
      expect(answer).toMatchObject({ ok: true, outcome: 'done' });
      expect(inCrm('address')).toBe('Colleague Road 2');
      const [settled] = (await desk.record(TOMASZ, 'company', company)).conflicts;
      expect(settled?.settled).toMatchObject({
        choice: 'keep',
        note: 'We agreed on the phone.',
        outcome: 'verified',
      });
    });

    it('ends with the customer’s value when staff take it: written once, proven, attributed', async () => {
      const conflict = await collide();
      expect(await rule(ruling(conflict, 'take'))).toMatchObject({ ok: true, outcome: 'done' });
      expect(inCrm('address')).toBe('Customer Lane 3');
      const why = await desk.ask<WhyAnswer>(TOMASZ, '/desk/v1/why', {
        query: { objectType: 'company', recordId: company, field: 'street' },
      });
      if (!why.ok) throw new Error(why.sentence);
      expect(why.sentence).toContain('Street is Customer Lane 3 because Ada Byron (customer) set it');
      const told = why.evidence.map(({ sentence }) => sentence).join('\n');
      expect(told).toContain('take what the customer asked for');
      expect(told).toContain('is confirmed');
      expect(why.evidence.some(({ lost }) => lost === 'Colleague Road 2')).toBe(true);
    });

    it('ends with another value when staff write one', async () => {
      const conflict = await collide();
      const woken: string[] = [];
      const off = desk.loop.signals.onWake((hubId) => void woken.push(hubId));
      expect(await rule(ruling(conflict, 'write', { value: 'Third Way 4' }))).toMatchObject({ ok: true });
      off();
      expect(woken).toContain(desk.loop.hubId); // or it would wait until the worker looks by itself
      expect(inCrm('address')).toBe('Third Way 4');
    });

    it('refuses a value the CRM would not take, in words, and leaves the conflict open', async () => {
      const conflict = await collide();
      const answer = await rule(ruling(conflict, 'write', { value: 'two\nlines' }));
      expect(answer).toMatchObject({ ok: false, code: 'value-refused' });
      expect((await desk.record(NORA, 'company', company)).status).toBe('needs-you');
      const { version } = (await desk.record(NORA, 'company', company)).fields[0]!;
      const unfit = { conflictId: null, field: 'capabilities', value: 'flying', version };
      expect(await rule(ruling(conflict, 'write', unfit))).toMatchObject({
        ok: false,
        code: 'value-refused',
        sentence: 'This is not one of the options.',
      });
    });

    it('is not decided on a record that moved since it was shown: the fresh view comes with the refusal', async () => {
      const conflict = await collide();
      desk.loop.sim.world.update('companies', company, { address: 'Newer Avenue 5' }, COLLEAGUE);
      await desk.loop.deliver([
        {
          ...created('company', company),
          subscriptionType: 'company.propertyChange',
          propertyName: 'address',
          propertyValue: 'Newer Avenue 5',
        },
      ]);
      await desk.recordWhen('company', company, (record) => record.conflicts[0]?.moved === true, 'it moved');
      const answer = await rule(ruling(conflict, 'take'));
      expect(answer).toMatchObject({
        ok: false,
        code: 'moved',
        fresh: { conflicts: [{ now: 'Newer Avenue 5' }] },
      });
      expect(inCrm('address')).toBe('Newer Avenue 5');
    });

    it('is not decided on a CRM that moved unheard either: the worker looks again before it writes', async () => {
      const conflict = await collide();
      desk.loop.sim.world.update('companies', company, { address: 'Unheard Alley 6' }, COLLEAGUE);
      expect(await rule(ruling(conflict, 'take'))).toMatchObject({ ok: false, code: 'moved' });
      expect(inCrm('address')).toBe('Unheard Alley 6');
      expect((await desk.record(NORA, 'company', company)).status).toBe('needs-you');
    });

    it('is decided once, however often and by whomever it is decided', async () => {
      const conflict = await collide();
      const body = ruling(conflict, 'take');
      const [first, repeated] = await Promise.all([rule(body), rule(body)]);
      expect([first.ok, repeated.ok]).toEqual([true, true]);
      const history = desk.loop.sim.world.get('companies', company).cells.get('address') ?? [];
      expect(history.filter(({ value }) => value === 'Customer Lane 3')).toHaveLength(1);
      expect(await rule(ruling(conflict, 'keep', { version: (await fresh()).version }))).toMatchObject({
        ok: false,
        code: 'settled-before',
      });
      expect(await rule({ ...body, choice: 'keep' })).toMatchObject({ ok: false, code: 'key-reused' });
    });
    const fresh = async () => (await desk.record(NORA, 'company', company)).conflicts[0]!;

    it('cannot be decided by a viewer, nor as the conflict of another record', async () => {
      const conflict = await collide();
      const body = ruling(conflict, 'take');
      expect(await desk.ask(TOMASZ, '/desk/v1/rulings', { body })).toMatchObject({
        ok: false,
        code: 'admins-only',
      });
      expect(await rule({ ...body, conflictId: '1234567' })).toMatchObject({
        ok: false,
        code: 'unknown-conflict',
      });
      expect(await rule({ ...body, objectType: '0-1', recordId: contact })).toMatchObject({ ok: false });
      expect(inCrm('address')).toBe('Colleague Road 2');
    });

    it('can be reversed: the value that lost is restored by its own guarded write', async () => {
      const conflict = await collide();
      await rule(ruling(conflict, 'keep'));
      const now = await fresh();
      const restore = { ...ruling(now, 'write', { value: 'Customer Lane 3' }), conflictId: null };
      expect(await rule(restore)).toMatchObject({ ok: true, outcome: 'done' });
      expect(inCrm('address')).toBe('Customer Lane 3');
    });

    it('stands in the list of all records, and several are decided alike in one go', async () => {
      const conflict = await collide();
      const list = await desk.ask<ConflictsAnswer>(TOMASZ, '/desk/v1/conflicts', {
        query: { object: 'company' },
      });
      if (!list.ok) throw new Error(list.sentence);
      expect(list.conflicts.map(({ conflictId }) => conflictId)).toContain(conflict.conflictId);
      const many = {
        key: key(),
        choice: 'keep',
        note: null,
        conflicts: [conflict, { ...conflict, conflictId: '9999999' }].map(
          ({ conflictId, recordId: id, field, version }) => ({
            objectType: 'company',
            recordId: id,
            conflictId,
            field,
            version,
          }),
        ),
      };
      const done = await desk.ask<BulkAnswer>(NORA, '/desk/v1/rulings/many', { body: many });
      expect(done).toMatchObject({ ok: true, results: [{ ok: true }, { ok: false }] });
    });
  });

  describe('a proposal', () => {
    const propose = async (): Promise<DeskConflict> => {
      await desk.loop.ask({
        object: 'company',
        id: company,
        person: contact,
        fields: { vatNumber: { seen: null, wanted: 'DE123456789' } },
      });
      const record = await desk.recordWhen(
        'company',
        company,
        ({ status }) => status === 'needs-you',
        'proposed',
      );
      return record.conflicts.find(({ kind }) => kind === 'proposal')!;
    };

    it('is approved: the customer’s edit is written and ends verified', async () => {
      const proposal = await propose();
      expect(await rule(ruling(proposal, 'take'))).toMatchObject({ ok: true, outcome: 'done' });
      expect(inCrm('vat_number')).toBe('DE123456789');
    });

    it('is declined with a note that the customer reads', async () => {
      const proposal = await propose();
      expect(await rule(ruling(proposal, 'keep', { note: 'Please send the certificate.' }))).toMatchObject({
        ok: true,
      });
      const row = await desk.loop.db
        .selectFrom('edit_fields')
        .selectAll()
        .where('hub_id', '=', desk.loop.hubId)
        .where('record_id', '=', recordId(company))
        .where('field', '=', 'vatNumber')
        .where('state', '=', 'refused')
        .executeTakeFirstOrThrow();
      expect(row).toMatchObject({ reason: 'declined', note: 'Please send the certificate.', rule: 'R2' });
      expect(inCrm('vat_number')).toBeNull();
    });
  });

  describe('history', () => {
    it('pages the record’s journal, filters it, and tells the record as it was', async () => {
      const before = new Date().toISOString();
      const conflict = await collide();
      await rule(ruling(conflict, 'take'));
      const place = { objectType: 'company', recordId: company };
      const all = await desk.ask<HistoryAnswer>(NORA, '/desk/v1/history', { query: place });
      if (!all.ok) throw new Error(all.sentence);
      expect(all.entries.length).toBeGreaterThan(5);
      expect(all.entries[0]!.seq).toBeGreaterThan(all.entries.at(-1)!.seq);
      const asked = await desk.ask<HistoryAnswer>(NORA, '/desk/v1/history', {
        query: { ...place, field: 'street', kind: 'asked' },
      });
      if (!asked.ok) throw new Error(asked.sentence);
      expect(asked.entries.map(({ sentence }) => sentence)).toEqual([
        expect.stringContaining('decided: take what the customer asked for') as string,
        'Ada Byron (customer) saw “Old Street 1” and asked for “Customer Lane 3”',
      ]);
      const then = await desk.ask<AsOfAnswer>(NORA, '/desk/v1/as-of', { query: { ...place, at: before } });
      if (!then.ok) throw new Error(then.sentence);
      expect(then.fields?.find(({ name }) => name === 'street')).toMatchObject({
        crm: 'Old Street 1',
        portal: 'Old Street 1',
      });
      const long = await desk.ask<AsOfAnswer>(NORA, '/desk/v1/as-of', {
        query: { ...place, at: '2020-01-01T00:00:00Z' },
      });
      expect(long).toMatchObject({ ok: true, fields: null });
    });

    it('shows the activity of all records to whoever searches it', async () => {
      const found = await desk.ask<HistoryAnswer>(TOMASZ, '/desk/v1/activity', {
        query: { object: 'company', recordId: company },
      });
      if (!found.ok) throw new Error(found.sentence);
      expect(new Set(found.entries.map(({ title }) => title))).toEqual(new Set(['Engines Ltd']));
    });
  });

  it('shows the record as the customer sees it, and why each field is as it is', async () => {
    const seen = await desk.ask<ViewAsAnswer>(TOMASZ, '/desk/v1/view-as', {
      query: { objectType: 'company', recordId: company, contactId: contact },
    });
    if (!seen.ok) throw new Error(seen.sentence);
    expect(seen.record?.fields.street?.value).toBe('Old Street 1');
    expect(seen.record?.fields.internalRisk).toBeUndefined();
    expect(seen.fields.find(({ name }) => name === 'internalRisk')).toMatchObject({
      access: 'hidden',
      reason: 'The rules show this field to nobody in the portal.',
    });
    expect(seen.fields.find(({ name }) => name === 'name')).toMatchObject({ access: 'read-only' });
    expect(seen.fields.find(({ name }) => name === 'street')).toMatchObject({ access: 'editable' });
    const other = desk.loop.sim.world.create('companies', { name: 'Elsewhere' }, COLLEAGUE).id;
    await desk.loop.deliver([created('company', other)]);
    await eventually(
      async () => (await desk.loop.mirrored('company', other, 'name')) === 'Elsewhere',
      'the other company is mirrored',
    );
    const foreign = await desk.ask<ViewAsAnswer>(TOMASZ, '/desk/v1/view-as', {
      query: { objectType: 'company', recordId: other, contactId: contact },
    });
    if (!foreign.ok) throw new Error(foreign.sentence);
    expect(foreign.record).toBeNull();
    expect(
      new Set(foreign.fields.map(({ access, text, reason }) => `${access} ${text ?? ''} ${reason}`)),
    ).toEqual(new Set(['hidden  This person does not see the record at all.']));
    const nobody = { objectType: 'company', recordId: company, contactId: '424242' };
    expect(await desk.ask(NORA, '/desk/v1/view-as', { query: nobody })).toMatchObject({
      code: 'unknown-person',
    });
  });

  describe('orders', () => {
    const order = (what: object, user = NORA) =>
      desk.ask<OrderAnswer>(user, '/desk/v1/orders', { body: { key: key(), order: what } });

    it('have a record read again for anybody, and everything else for administrators only', async () => {
      const look = { do: 'look', object: '0-2', recordId: company };
      expect(await order(look, TOMASZ)).toMatchObject({ ok: true });
      const pause = { do: 'pause', object: null, field: null, direction: 'both', reason: 'moving house' };
      expect(await order(pause, TOMASZ)).toMatchObject({ ok: false, code: 'admins-only' });
    });

    it('pause a field outwards: edits wait, the card says so, and resuming drains them', async () => {
      const pause = {
        do: 'pause',
        object: 'company',
        field: 'street',
        direction: 'out',
        reason: 'Street names change',
      };
      expect(await order(pause)).toMatchObject({ ok: true });
      await askStreet('Waiting Street 1');
      const paused = await desk.recordWhen(
        'company',
        company,
        ({ status }) => status === 'paused',
        'it is paused',
      );
      expect(paused.sentence).toContain(
        'Street of Companies from the portal to the CRM: Street names change',
      );
      await eventually(async () => (await dueOf(company)) === 0, 'the worker has been there');
      expect(inCrm('address')).toBe('Old Street 1');
      expect(await order({ do: 'resume', pauseId: paused.pauses[0]!.pauseId })).toMatchObject({ ok: true });
      await eventually(() => inCrm('address') === 'Waiting Street 1', 'the edit is written');
    });

    it('pause an object inwards: the mirror stands still, and catches up when it is resumed', async () => {
      await order({ do: 'pause', object: 'company', field: null, direction: 'in', reason: 'A large import' });
      desk.loop.sim.world.update('companies', company, { address: 'Imported 1' }, COLLEAGUE);
      await desk.loop.deliver([
        {
          ...created('company', company),
          subscriptionType: 'company.propertyChange',
          propertyName: 'address',
          propertyValue: 'Imported 1',
        },
      ]);
      await order({ do: 'look', object: 'company', recordId: company });
      const record = await desk.record(NORA, 'company', company);
      expect(record.fields.find(({ name }) => name === 'street')?.crm.text).toBe('Old Street 1');
      // A backfill that had passed the record already, while it was not let in.
      desk.loop.sim.faults.api.down = true;
      const job = { kind: 'backfill' as const, object: 'company' as const, cursor: '999999999999999999' };
      await desk.loop.db
        .insertInto('jobs')
        .values({ hub_id: desk.loop.hubId, ...job, created_at: new Date() })
        .execute();
      await order({ do: 'resume', pauseId: record.pauses[0]!.pauseId });
      desk.loop.sim.faults.api.down = false;
      await eventually(
        async () => (await desk.loop.mirrored('company', company, 'street')) === 'Imported 1',
        'the mirror catches up',
      );
    });

    it('refuse to pause a field without its object, and say when there is nothing left to do', async () => {
      const pause = {
        do: 'pause',
        object: 'company',
        field: 'boat',
        direction: 'out',
        reason: 'no such field',
      };
      expect(await order(pause)).toMatchObject({ ok: false, code: 'unknown-field' });
      expect(await order({ do: 'resume', pauseId: '999999' })).toMatchObject({
        ok: false,
        code: 'nothing-there',
      });
      const discard = { do: 'discard', object: 'company', recordId: company, reason: 'not needed' };
      expect(await order(discard)).toMatchObject({ ok: false, code: 'nothing-there' });
    });

    it('try parked work again, or discard it with a reason', async () => {
      const park = () =>
        desk.loop.db
          .insertInto('due')
          .values({
            hub_id: desk.loop.hubId,
            object: 'company',
            record_id: recordId(company),
            lane: 3,
            not_before: new Date(),
            since: new Date(),
            attempts: 6,
            parked_at: new Date(),
            error: JSON.stringify({ code: 'refused', message: 'HubSpot refused to give the record out.' }),
          })
          .onConflict((conflict) =>
            conflict.columns(['hub_id', 'object', 'record_id']).doUpdateSet((eb) => ({
              parked_at: eb.ref('excluded.parked_at'),
              error: eb.ref('excluded.error'),
              attempts: 6,
            })),
          )
          .execute();
      await park();
      const list = await desk.ask<ParkedAnswer>(TOMASZ, '/desk/v1/parked');
      expect(list).toMatchObject({ ok: true, parked: [{ title: 'Engines Ltd', attempts: 6 }] });
      const record = await desk.record(NORA, 'company', company);
      expect(record).toMatchObject({
        status: 'needs-you',
        parked: { error: 'HubSpot refused to give the record out.' },
      });
      expect(await order({ do: 'retry', object: 'company', recordId: company })).toMatchObject({ ok: true });
      await desk.recordWhen('company', company, ({ parked }) => parked === null, 'it is tried again');
      await park();
      const discard = {
        do: 'discard',
        object: 'company',
        recordId: company,
        reason: 'The record is a test.',
      };
      expect(await order(discard)).toMatchObject({ ok: true });
      expect((await desk.record(NORA, 'company', company)).parked).toBeNull();
    });

    it('are done once, however often they are sent, and stand in the journal with who gave them', async () => {
      const body = { key: key(), order: { do: 'look', object: '0-2', recordId: company } };
      const twice = await Promise.all([1, 2].map(() => desk.ask(TOMASZ, '/desk/v1/orders', { body })));
      expect(twice.map(({ ok }) => ok)).toEqual([true, true]);
      const rows = await desk.loop.db
        .selectFrom('journal')
        .selectAll()
        .where('hub_id', '=', desk.loop.hubId)
        .where('record_id', '=', recordId(company))
        .where('kind', '=', 'ordered')
        .execute();
      expect(rows).toHaveLength(1);
      expect(rows[0]?.actor).toMatchObject({ via: 'STAFF', person: `user:${TOMASZ.id}` });
      const other = { ...body, order: { ...body.order, recordId: contact, object: '0-1' } };
      expect(await desk.ask(TOMASZ, '/desk/v1/orders', { body: other })).toMatchObject({
        code: 'key-reused',
      });
    });
  });

  it('says how the hub is, by numbers, channels and hours', async () => {
    const health = await desk.ask<HealthAnswer>(TOMASZ, '/desk/v1/health');
    if (!health.ok) throw new Error(health.sentence);
    expect(health.hours).toHaveLength(24);
    expect(health.hours.at(-1)!.changes + health.hours.at(-2)!.changes).toBeGreaterThan(0);
    expect(health.channels.map(({ label }) => label)).toEqual([
      'Worker',
      'Calls to the CRM',
      'Webhooks from the CRM',
      'Schema of the CRM',
      'Webhooks journal',
      'Everything compared',
    ]);
    expect(await desk.ask<HealthAnswer>(TOMASZ, '/desk/v1/health')).toMatchObject({ hours: { length: 24 } });
    // Nothing was compared yet: that is no fault while the first comparison is not due, and one afterwards.
    expect(health.channels.at(-1)).toMatchObject({
      ok: null,
      text: expect.stringMatching(/^not yet; the first time within (6|7) h/) as string,
    });
    const later = await healthAnswer(
      desk.loop.db,
      desk.loop.hubId,
      'admin',
      createHours(),
      Date.now() + 7 * 3_600_000,
    );
    expect(later.channels.at(-1)).toMatchObject({ ok: false, text: 'never yet, though it is due' });
  });

  it('shows the rules in force, and checks the connection step by step', async () => {
    const rules = await desk.ask<RulesAnswer>(TOMASZ, '/desk/v1/rules');
    expect(rules).toMatchObject({ ok: true, version: expect.any(String) as string });
    const settings = await desk.ask<SettingsAnswer>(NORA, '/desk/v1/settings');
    if (!settings.ok) throw new Error(settings.sentence);
    expect(settings.role).toBe('admin');
    expect(settings.checks.map(({ label }) => label).slice(0, 4)).toEqual([
      'Signature',
      'Access token',
      'Scopes',
      'Webhooks',
    ]);
    const companies = settings.checks.find(({ label }) => label === 'Properties of Companies');
    expect(companies).toMatchObject({
      state: 'wrong',
      text: expect.stringContaining('billing_email') as string,
    });
    expect(settings.staff.find(({ userId }) => userId === String(NORA.id))).toMatchObject({ fixed: true });
  });

  it('leaves a journal that still verifies', async () => {
    expect(await verifyJournal(desk.loop.db, desk.loop.hubId)).toMatchObject({ broken: null });
  });
});
