/** What the desk says of what is stored, held against rows that stand still: no worker moves them on meanwhile. */
import { randomUUID } from 'node:crypto';
import type { DeskConflict, HistoryAnswer } from '@tallystick/shared/deskMessages';
import {
  editId,
  hubId as toHubId,
  identityId,
  recordId,
  type EditId,
  type RecordId,
} from '@tallystick/shared/ids';
import type { EditState } from '@tallystick/shared/messages';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { claimsOfRecord } from '../../backend/desk/claims.ts';
import { historyAnswer, whyAnswer } from '../../backend/desk/history.ts';
import { deskRecord } from '../../backend/desk/record.ts';
import { openClaim } from '../../backend/store/claims.ts';
import { openConflicts } from '../../backend/store/conflicts.ts';
import type { Db, Kept, KeptRuling } from '../../backend/store/database.ts';
import { storeEdit } from '../../backend/store/edits.ts';
import { saveProof } from '../../backend/store/identities.ts';
import { append, chain, draft, readHead, SALT_BYTES, type Draft } from '../../backend/store/journal.ts';
import { saveLinks, saveMirror, type RecordLinks } from '../../backend/store/mirror.ts';
import { loadRecords } from '../../backend/store/records.ts';
import { openHubDatabase } from '../harness/hubDatabase.ts';

const HUB = toHubId('1');
const BY = { via: 'CRM_UI', id: 'userId:5', person: null };
const kept = (value: string, how: Kept['how'] = 'read'): Kept => ({
  ...{ value, at: 1, by: BY, how, begunAt: 2, learnedAt: 2, asOf: 2, seq: 1 },
});

describe('the desk, over what is stored,', () => {
  let db: Db;
  let close: () => Promise<void>;
  beforeAll(async () => {
    ({ db, close } = await openHubDatabase(HUB));
  });
  afterAll(() => close());

  const mirror = (object: 'company' | 'contact' | 'quote', id: RecordId, fields: Record<string, Kept>) =>
    saveMirror(db, HUB, [
      { object, recordId: id, life: 'present', fields, foundSeq: 1, changedSeq: 1, readAt: 2 },
    ]);
  const journal = async (drafts: readonly Draft[]): Promise<void> => {
    const salts = Buffer.alloc(drafts.length * SALT_BYTES);
    await append(db, HUB, chain(HUB, await readHead(db, HUB), 3, drafts, salts));
  };
  const ask = async (company: RecordId, field: string, ruling?: KeptRuling) => {
    const id = editId(randomUUID());
    await storeEdit(db, HUB, {
      ...{ editId: id, object: 'company', recordId: company, person: recordId(700), audience: 'direct' },
      ...{ askedAt: 4, action: null, guards: [], idempotencyKey: id, fingerprint: id },
      fields: [{ field, seen: 'before', wanted: 'customer’s' }],
      ...(ruling === undefined ? {} : { ruling }),
    });
    return id;
  };

  const move = (edit: EditId, state: EditState) =>
    db
      .updateTable('edit_fields')
      .set({ state })
      .where('hub_id', '=', HUB)
      .where('edit_id', '=', edit)
      .execute();

  it('turns the pages of a history until it is told, also where the last page is full', async () => {
    const [full, over] = [recordId(10), recordId(11)];
    for (const company of [full, over])
      await journal(
        Array.from({ length: company === full ? 25 : 26 }, (_, n) =>
          draft({ kind: 'changed', object: 'company', recordId: company, field: 'city', after: String(n) }),
        ),
      );
    const page = (company: RecordId, before?: number): Promise<HistoryAnswer> =>
      historyAnswer(db, HUB, { recordId: company, before });
    expect(await page(full)).toMatchObject({ entries: { length: 25 }, next: null });
    const first = await page(over);
    expect(first).toMatchObject({ entries: { length: 25 }, next: first.entries.at(-1)?.seq });
    const rest = await page(over, first.next ?? 0);
    expect(rest).toMatchObject({ entries: [{ seq: (first.next ?? 0) - 1 }], next: null });
  });

  it('says of a value whether it is proven, and which value of each entry was lost and can be restored', async () => {
    const company = recordId(20);
    await mirror('company', company, { street: kept('is'), city: kept('is', 'event') });
    const facts = { object: 'company', recordId: company, field: 'street', before: 'was' } as const;
    const entries: [Draft['kind'], string | null, string | null][] = [
      ['changed', null, 'was'],
      ['asked', null, null],
      ['decided', 'write', null],
      ['decided', 'yield', 'is'],
      ['decided', 'keep', 'is'],
      ['sent', null, 'was'],
      ['proven', 'confirmed', null],
      ['proven', 'missing', null],
      ['proven', 'overtaken', 'was'],
      ['proven', 'superseded', 'is'],
    ];
    await journal([
      draft({ ...facts, kind: 'changed', before: null, after: 'is' }),
      ...entries.map(([kind, outcome]) =>
        draft({ ...facts, kind, after: 'is', detail: outcome === null ? null : { outcome } }),
      ),
    ]);
    const [row] = await loadRecords(db, HUB, [{ object: 'company', recordId: company }]);
    const why = await whyAnswer(db, HUB, row!, 'street');
    expect(why.proven).toBe(true);
    expect(why.evidence.map(({ kind, lost }) => [kind, lost]).reverse()).toEqual([
      ['changed', null],
      ...entries.map(([kind, , lost]) => [kind, lost]),
    ]);
    expect((await whyAnswer(db, HUB, row!, 'city')).proven).toBe(false);
  });

  it('asks for no decision while one is on its way, and again when it came to nothing', async () => {
    const place = { object: 'company', recordId: recordId(30) } as const;
    await mirror('company', place.recordId, { street: kept('theirs'), city: kept('theirs') });
    const crm = { value: 'theirs', at: 1, by: BY };
    for (const field of ['street', 'city']) {
      const held = await ask(place.recordId, field);
      await move(held, 'held');
      const asked = { seen: 'before', wanted: 'customer’s', person: recordId(700), editId: held, crm };
      await openConflicts(db, HUB, [{ kind: 'conflict', ...place, field, ...asked }], 5);
    }
    const of = (field: string, all: readonly DeskConflict[]) => all.find((one) => one.field === field)!;
    const { conflictId } = of('street', (await deskRecord(db, HUB, place)).conflicts);
    const ruling = await ask(place.recordId, 'street', { choice: 'take', conflictId, note: null });
    const both = '2 fields wait for your decision, City among them.';
    const one = 'customer 700 and CRM user 5 (colleague) both changed City: which of the two counts?';
    const states: [EditState, boolean, string][] = [
      ['accepted', true, one],
      ['written', true, one],
      ['refused', false, both],
      ['superseded', false, both],
    ];
    for (const [state, pending, said] of states) {
      await move(ruling, state);
      const { conflicts, sentence } = await deskRecord(db, HUB, place);
      expect([of('street', conflicts).pending, sentence], state).toEqual([pending, said]);
      expect(of('city', conflicts).pending, state).toBe(false);
    }
  });

  it('counts for a claim what the person would see, and not what is merely within reach', async () => {
    const [contact, company] = [recordId(40), recordId(41)];
    await mirror('contact', contact, { firstName: kept('Ada') });
    await mirror('company', company, { name: kept('Engines Ltd') });
    const under = (object: RecordLinks['object'], id: RecordId): RecordLinks => ({
      ...{ object, recordId: id, links: [{ companyId: company, isPrimary: true, labels: [] }] },
    });
    await mirror('quote', recordId(42), { status: kept('DRAFT') });
    await mirror('quote', recordId(43), { status: kept('APPROVED') });
    await mirror('quote', recordId(44), { status: kept('PENDING_APPROVAL') });
    const quotes = [42, 43, 44].map((id) => under('quote', recordId(id)));
    await saveLinks(db, HUB, [under('contact', contact), ...quotes]);
    const proof = {
      issuer: '',
      subject: 'info@engines.example',
      address: null,
      provenAt: 1,
      continues: null,
    };
    const person = await saveProof(db, HUB, { ...proof, newId: identityId(randomUUID()) });
    const claim = { identityId: person, reason: 'shared-address', address: null } as const;
    await openClaim(db, HUB, { ...claim, candidates: [contact], now: 2 });
    const [row] = await loadRecords(db, HUB, [{ object: 'contact', recordId: contact }]);
    const { claims } = await claimsOfRecord(db, HUB, row!);
    expect(claims[0]?.candidates[0]?.sees).toEqual([
      { label: 'company', text: '1' },
      { label: 'quote', text: '1' },
    ]);
  });
});
