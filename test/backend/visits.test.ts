/** What a visit loads and stores: edits move forward only, one promise a field is open, a conflict is settled once. */
import { editId, hubId as toHubId, recordId, staffId, type EditId } from '@tallystick/shared/ids';
import type { AppObject } from '@tallystick/shared/ownership';
import type { EditState } from '@tallystick/shared/messages';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listConflicts, openConflicts, settleConflicts } from '../../backend/store/conflicts.ts';
import type { Db } from '../../backend/store/database.ts';
import { editByKey, recentEdits, storeEdit } from '../../backend/store/edits.ts';
import * as store from '../../backend/store/visits.ts';
import { openHubDatabase } from '../harness/hubDatabase.ts';

const HUB = toHubId('1');
const [ADA, BOB] = [recordId('410'), recordId('411')];
const CRM = { value: 'theirs', at: 1, by: { via: 'CRM_UI', id: null, person: null } };

describe('what a visit stores', () => {
  let db: Db;
  let close: () => Promise<void>;
  let count = 0;
  beforeAll(async () => {
    ({ db, close } = await openHubDatabase(HUB));
  });
  afterAll(() => close());

  const freshRecord = () => recordId(String(1_000 + (count += 1)));
  const freshEdit = (): EditId => editId(`00000000-0000-4000-8000-${String((count += 1)).padStart(12, '0')}`);
  type Asked = Partial<store.OpenEditRow> & { key?: string; object?: AppObject; fields?: string[] };
  async function ask(record = freshRecord(), facts: Asked = {}) {
    const {
      person = ADA,
      wanted = 'mine',
      ruling = null,
      key,
      object = 'company',
      fields = ['street'],
    } = facts;
    const id = freshEdit();
    const isStored = await storeEdit(db, HUB, {
      ...{
        editId: id,
        object,
        recordId: record,
        person,
        audience: 'direct',
        askedAt: 5,
        action: null,
      },
      ...{
        guards: [],
        idempotencyKey: key ?? id,
        fingerprint: id,
        fields: fields.map((field) => ({ field, seen: null, wanted })),
      },
      ...(ruling === null ? {} : { ruling }),
    });
    return { id, record, isStored };
  }
  const open = (record: ReturnType<typeof freshRecord>) => store.loadOpenEdits(db, HUB, 'company', [record]);
  const move = (id: EditId, state: EditState): Promise<void> =>
    store.moveEdits(
      db,
      HUB,
      [{ editId: id, field: 'street', state, rule: 'D3', reason: null, crm: null }],
      9,
    );
  async function stateOf(id: EditId): Promise<EditState> {
    const query = db
      .selectFrom('edit_fields')
      .select('state')
      .where('hub_id', '=', HUB)
      .where('edit_id', '=', id);
    return (await query.executeTakeFirstOrThrow()).state;
  }
  async function promised(
    record: ReturnType<typeof freshRecord>,
    value: string,
    person = ADA,
    { object = 'company', field = 'street' }: { object?: AppObject; field?: string } = {},
  ): Promise<string> {
    const facts = { field, value, base: CRM, editIds: [], person, restores: false, owed: false };
    const [id = ''] = await store.addPromises(db, HUB, 1, [{ object, recordId: record, ...facts }], 5);
    return id;
  }
  const settle = (promiseId: string) =>
    store.settlePromises(db, HUB, [{ promiseId, outcome: 'confirmed', watchedFrom: null }], 9);

  it('never moves an edit that has come to its end, and a held one when staff have decided', async () => {
    const { id } = await ask();
    await move(id, 'held');
    await move(id, 'accepted');
    await move(id, 'verified');
    await move(id, 'written');
    expect(await stateOf(id)).toBe('verified');
  });

  it('is loaded in the order in which it was asked for, until it has come to its end', async () => {
    const { record, id } = await ask();
    const later = await ask(record, { person: BOB, wanted: 'other' });
    expect((await open(record)).map(({ editId: each }) => each)).toEqual([id, later.id]);
    await move(id, 'written');
    expect(await open(record)).toHaveLength(2);
    await move(id, 'held');
    await move(later.id, 'refused');
    expect(await open(record)).toEqual([]);
  });

  it('is of one object: another may have a record of the same number', async () => {
    const record = freshRecord();
    await ask(record, { object: 'contact', fields: ['mobile'] });
    const of = { object: 'contact' as const };
    const given = { promiseId: await promised(record, 'y', ADA, of), outcome: 'missing', watchedFrom: 3_000 };
    await store.settlePromises(db, HUB, [given], 9);
    await promised(record, 'x', ADA, of);
    expect(await open(record)).toEqual([]);
    expect(await store.loadOpenPromises(db, HUB, 'company', [record])).toEqual([]);
    expect(await store.loadOwnWrites(db, HUB, 'company', [record])).toEqual([]);
    expect(await store.loadGivenUp(db, HUB, 'company', [record], 10)).toEqual([]);
  });

  it('moves the field that it names, keeps rule and note until there are others, and says what the CRM holds', async () => {
    const { id } = await ask(freshRecord(), { fields: ['street', 'city'] });
    const fields = () =>
      db
        .selectFrom('edit_fields')
        .select(['field', 'state', 'rule', 'reason', 'note', 'crm_value', 'journaled'])
        .where('hub_id', '=', HUB)
        .where('edit_id', '=', id)
        .orderBy('field')
        .execute();
    await store.markJournaled(db, HUB, [{ editId: id, field: 'city' }]);
    expect((await fields()).map(({ journaled }) => journaled)).toEqual([true, false]);
    const of = { editId: id, field: 'street', crm: null } as const;
    const held = {
      ...of,
      state: 'held',
      rule: 'D9',
      reason: 'first',
      note: 'We call you.',
      crm: CRM,
    } as const;
    await store.moveEdits(db, HUB, [held], 9);
    expect((await fields())[1]).toMatchObject({ state: 'held', rule: 'D9', crm_value: 'theirs' });
    const both = ['accepted', 'written'] as const;
    await store.moveEdits(
      db,
      HUB,
      both.map((state) => ({ ...of, state, rule: null, reason: null })),
      10,
    );
    expect(await fields()).toMatchObject([
      { field: 'city', state: 'accepted', rule: null },
      { field: 'street', state: 'written', rule: 'D9', reason: null, note: 'We call you.', crm_value: null },
    ]);
  });

  it('knows of a call that it was answered, that it may have been applied, or that it never went out', async () => {
    const record = freshRecord();
    const [yes, unknown, unsent] = [
      await promised(record, 'a', ADA, { field: 'street' }),
      await promised(record, 'b', ADA, { field: 'city' }),
      await promised(record, 'c', ADA, { field: 'zip' }),
    ];
    await store.markSent(db, HUB, [yes], 20, 'yes');
    await store.markSent(db, HUB, [unknown], 20, 'unknown');
    await store.markSent(db, HUB, [unsent], 20, 'unsent');
    const known = async () =>
      new Map(
        (await store.loadOpenPromises(db, HUB, 'company', [record])).map((row) => [
          row.promiseId,
          [row.promisedAt, row.answeredAt],
        ]),
      );
    expect(await known()).toEqual(
      new Map([
        [yes, [20, 20]],
        [unknown, [20, null]],
        [unsent, [0, null]],
      ]),
    );
    await settle(yes);
    await store.markSent(db, HUB, [yes], 99, 'unknown'); // its answer comes after all: it is settled
    const row = await db
      .selectFrom('promises')
      .select('promised_at')
      .where('hub_id', '=', HUB)
      .where('promise_id', '=', yes)
      .executeTakeFirst();
    expect(row?.promised_at.getTime()).toBe(20);
  });

  it('knows the open promise alone, and for whom the latest writes were, newest first', async () => {
    const record = freshRecord();
    for (const value of ['1', '2', '3', '4'])
      await settle(await promised(record, value, value === '4' ? BOB : ADA));
    const last = await promised(record, '5');
    await settle(await promised(record, 'Bath', ADA, { field: 'city' }));
    expect(
      (await store.loadOpenPromises(db, HUB, 'company', [record])).map(({ promiseId }) => promiseId),
    ).toEqual([last]);
    const own = await store.loadOwnWrites(db, HUB, 'company', [record]);
    expect(own.filter(({ field }) => field === 'city')).toMatchObject([{ value: 'Bath' }]);
    expect(own.flatMap(({ field, value, person }) => (field === 'city' ? [] : [[value, person]]))).toEqual([
      ['5', ADA],
      ['4', BOB],
      ['3', ADA],
    ]);
  });

  it('S7: knows for a day what was given up, and until when its history was looked through', async () => {
    const record = freshRecord();
    await settle(await promised(record, 'seen'));
    const unseen = await promised(record, 'unseen');
    const given = { promiseId: unseen, outcome: 'missing', watchedFrom: 3_000 };
    await store.settlePromises(db, HUB, [given], 9);
    const givenUp = (now: number) => store.loadGivenUp(db, HUB, 'company', [record], now);
    expect(await givenUp(10)).toEqual([
      { recordId: record, promiseId: unseen, field: 'street', value: 'unseen', from: 3_000 },
    ]);
    await store.lookedThrough(db, HUB, [{ promiseId: unseen, from: 5_000 }]);
    expect(await givenUp(10)).toMatchObject([{ from: 5_000 }]);
    expect(await givenUp(10 + 24 * 60 * 60 * 1_000)).toEqual([]);
  });

  it('knows a ruling to be too late where another one settled its conflict, and not where it did so itself', async () => {
    const { id, record } = await ask();
    const conflict = {
      kind: 'conflict' as const,
      object: 'company' as const,
      recordId: record,
      field: 'street',
    };
    const rest = { editId: id, person: ADA, seen: null, wanted: 'mine', crm: CRM };
    await openConflicts(db, HUB, [{ ...conflict, ...rest }], 5);
    const filter = { open: true, kind: null, object: null, field: null, before: null, limit: 10 };
    const [kept] = await listConflicts(db, HUB, filter);
    const conflictId = kept!.conflictId;
    const ruling = { choice: 'take', conflictId, note: null } as never;
    const first = await ask(record, { person: staffId('7') as never, ruling });
    const second = await ask(record, { person: staffId('8') as never, ruling });
    const settled = {
      conflictId,
      choice: 'take' as const,
      value: 'mine',
      by: staffId('7'),
      editId: first.id,
      note: null,
    };
    await settleConflicts(db, HUB, [settled], 9);
    const late = new Map((await open(record)).map((each) => [each.editId, each.ruling?.held?.isSettled]));
    expect([late.get(first.id), late.get(second.id)]).toEqual([false, true]);
    expect(await listConflicts(db, HUB, { ...filter, open: false })).toHaveLength(1);
    // Its ruling fell: the same edit is held anew, and waits for staff again.
    await openConflicts(db, HUB, [{ ...conflict, ...rest }], 12);
    expect(await listConflicts(db, HUB, filter)).toMatchObject([
      { conflictId, settledAt: null, settlement: null },
    ]);
    expect(await listConflicts(db, HUB, { ...filter, before: conflictId })).toEqual([]);
  });

  it('stores one edit under a person’s key, whoever else uses the same, and finds nobody else’s', async () => {
    const record = freshRecord();
    const both = await Promise.all([ask(record, { key: 'k' }), ask(record, { key: 'k' })]);
    expect(both.map(({ isStored }) => isStored).sort()).toEqual([false, true]);
    const bobs = await ask(record, { key: 'k', person: BOB });
    expect(bobs.isStored).toBe(true);
    expect((await editByKey(db, HUB, [BOB], 'k')).map(({ editId: each }) => each)).toEqual([bobs.id]);
    const adas = both.find(({ isStored }) => isStored);
    expect((await editByKey(db, HUB, [ADA], 'k')).map(({ editId: each }) => each)).toEqual([adas?.id]);
    expect((await recentEdits(db, HUB, [BOB], 50)).every(({ person }) => person === BOB)).toBe(true);
  });
});
