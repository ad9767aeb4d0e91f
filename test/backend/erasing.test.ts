/** What is erased of a person, table by table, and whose rows next to them stay as they are. */
import { hubId as toHubId, recordId } from '@tallystick/shared/ids';
import { sql, type ControlledTransaction } from 'kysely';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Database, Db } from '../../backend/store/database.ts';
import * as store from '../../backend/store/erasing.ts';
import { eraseWaiting } from '../../backend/sync/erasure.ts';
import { openHubDatabase } from '../harness/hubDatabase.ts';
import { startStepped } from '../harness/stepped.ts';

const HUB = toHubId('1');
const [ADA, BOB] = [recordId('410'), recordId('4100')];
const NOW = 1_000_000;
const at = new Date(5);
const idOf = (kind: number, who: string): string =>
  `00000000-0000-4000-8000-${String(kind)}${who.padStart(11, '0')}`;
const mailOf = (who: string): string => `secret${who}@birds.example`;

/** Whoever holds a mark here is told by it. */
const TABLES = [
  ...['mirror', 'journal', 'edit_fields', 'conflicts', 'promises', 'creations', 'edits', 'due', 'jobs'],
  ...['orders', 'deliveries', 'uploads', 'upload_pieces', 'sessions', 'sign_ins', 'claims', 'identities'],
  ...['ties', 'links', 'parents', 'held_edits'],
];

describe('erasing a person', () => {
  let whole: Db;
  /** What a test writes is taken back after it. */
  let db: ControlledTransaction<Database>;
  let close: () => Promise<void>;
  beforeAll(async () => {
    ({ db: whole, close } = await openHubDatabase(HUB));
  });
  afterAll(() => close());
  afterEach(() => db.rollback().execute());
  beforeEach(async () => {
    db = await whole.startTransaction().execute();
    await live(ADA);
    await live(BOB);
  });

  /** A row in every table, with `secret` and their number in whatever can tell of them. */
  async function live(who: string): Promise<void> {
    const [edit, identity, upload] = [idOf(1, who), idOf(2, who), idOf(3, who)];
    const mark = `secret${who}`;
    const value = JSON.stringify({ value: mark, note: mark });
    const record = sql`${HUB}, 'contact', ${who}`;
    for (const statement of [
      sql`insert into mirror (hub_id, object, record_id, life, fields, found_seq, changed_seq) values
        (${record}, 'erased', ${JSON.stringify({ email: [mailOf(who).toUpperCase()], $life: ['x'] })}, 1, 1)`,
      sql`insert into links (hub_id, object, record_id, company_id, is_primary, labels) values
        (${record}, '9', true, ${[mark]})`,
      sql`insert into parents values (${record}, 'company', ${`9${mark}`})`,
      sql`insert into edits (hub_id, edit_id, object, record_id, person, audience, asked_at, idempotency_key,
        fingerprint, guards, ruling, evidence, statement) values (${HUB}, ${edit}, 'company', '9', ${who}, 'direct',
        ${at}, ${mark}, ${mark}, ${JSON.stringify([mark])}, ${value}::jsonb - 'value', ${value}, ${mark})`,
      sql`insert into edit_fields (hub_id, edit_id, field, object, record_id, seen, wanted, crm_value, note, state,
        changed_at) values (${HUB}, ${edit}, 'city', 'company', '9', ${mark}, ${mark}, ${mark}, ${mark}, 'held', ${at})`,
      sql`insert into creations (hub_id, edit_id, on_object, on_id, companies, not_before, error) values
        (${HUB}, ${edit}, 'company', '9', '{}', ${at}, ${value})`,
      sql`insert into journal (hub_id, seq, at, kind, object, record_id, field, before, after, salt, digest, hash)
        values (${HUB}, ${Number(who) * 2}, ${at}, 'changed', 'contact', ${who}, 'email', ${`before.${mailOf(who)}`},
        ${mark}, 's', 'd', 'h')`,
      sql`insert into journal (hub_id, seq, at, kind, object, record_id, edit_id, after, salt, digest, hash)
        values (${HUB}, ${Number(who) * 2 + 1}, ${at}, 'changed', 'company', '9', ${edit}, ${mark}, 's', 'd', 'h')`,
      sql`insert into conflicts (hub_id, kind, object, record_id, field, edit_id, person, seen, wanted, crm, opened_at,
        settlement) values (${HUB}, 'conflict', 'company', '9', 'city', ${edit}, ${who}, ${mark}, ${mark},
        ${value}::jsonb - 'note', ${at}, ${value})`,
      sql`insert into promises (hub_id, object, record_id, field, value, base, edit_ids, restores, owed, epoch,
        promised_at, settled_at) values (${HUB}, 'company', '9', 'city', ${mark}, ${value}::jsonb - 'note',
        ${[edit]}::uuid[], false, false, 1, ${at}, ${at})`,
      sql`insert into held_edits values (${record}, ${mark}, 1, '{}', ${at})`,
      sql`insert into due (hub_id, object, record_id, lane, not_before, since, error) values
        (${record}, 1, ${at}, ${at}, ${value})`,
      sql`insert into jobs (hub_id, kind, object, created_at, finished_at, comparison) values (${HUB}, 'reconcile', 'contact', ${at}, ${at},
        ${JSON.stringify({ named: [{ recordId: who, digest: mark }] })})`,
      sql`insert into orders (hub_id, user_id, idempotency_key, ordered, ordered_at, outcome) values (${HUB}, '7',
        ${who}, ${JSON.stringify({ do: 'x', object: 'contact', recordId: who, value: mark })}, ${at}, ${value}::jsonb - 'note')`,
      sql`insert into deliveries (hub_id, received_at, events, applied_at) values
        (${HUB}, ${at}, ${JSON.stringify([{ objectId: Number(who), v: mark }])}, ${at}),
        (${HUB}, ${at}, ${JSON.stringify([{ fromObjectId: Number(who), v: mark }])}, ${at})`,
      sql`insert into uploads (hub_id, upload_id, person, name, size_bytes, digest, created_at) values
        (${HUB}, ${upload}, ${who}, ${mark}, 1, ${mark}, ${at})`,
      sql`insert into upload_pieces values (${HUB}, ${upload}, 0, ${Buffer.from(mark)})`,
      sql`insert into people values (${HUB}, ${Buffer.from(who)}, ${who}, 'direct', ${at}, null)`,
      sql`insert into sign_ins (hub_id, secret_hash, browser_hash, address, begun_at, expires_at) values
        (${HUB}, ${Buffer.from(`a${who}`)}, 'b', ${mailOf(who)}, ${at}, ${at}),
        (${HUB}, ${Buffer.from(`b${who}`)}, 'b', ${`before.${mailOf(who)}`}, ${at}, ${at}),
        (${HUB}, ${Buffer.from(`c${who}`)}, 'b', ${`tied.${mailOf(who)}`}, ${at}, ${at}),
        (${HUB}, ${Buffer.from(`d${who}`)}, 'b', ${`then.${mailOf(who)}`}, ${at}, ${at})`,
      ...[0, 1].flatMap((nth) => signedIn(who, nth === 0 ? identity : idOf(4, who), nth === 0)),
    ])
      await statement.execute(db);
  }

  /** Tied by what a provider says of them; or only known by an address that they had. */
  function signedIn(who: string, id: string, isTied: boolean) {
    const mark = `secret${who}`;
    return [
      sql`insert into identities (hub_id, identity_id, issuer, subject, address, proven_at, look_at) values
        (${HUB}, ${id}, 'x', ${`${mark}${id}`}, ${isTied ? `other.${mailOf(who)}` : `Before.${mailOf(who)}`}, ${at}, ${at})`,
      sql`insert into sessions values (${HUB}, ${id}, ${Buffer.from(id)}, ${id}, ${mark}, ${mark}, ${at}, ${at}, ${at},
        ${at})`,
      sql`insert into claims (hub_id, identity_id, reason, address, candidates, opened_at) values
        (${HUB}, ${id}, 'no-contact', ${mailOf(who)}, '{}', ${at})`,
      ...(isTied
        ? [
            sql`insert into ties (hub_id, identity_id, contact_id, address, contact_email, proof, begun_at, begun_by)
              values (${HUB}, ${id}, ${who}, ${`tied.${mailOf(who)}`}, ${`then.${mailOf(who)}`}, 'mail', ${at}, 'worker')`,
          ]
        : []),
    ];
  }

  /** How many rows of each table tell of them. */
  async function told(who: string): Promise<Record<string, number>> {
    const found: Record<string, number> = {};
    for (const table of TABLES) {
      const bytes = table === 'upload_pieces' ? sql` || encode(t.bytes, 'escape')` : sql``;
      const { rows } = await sql<{ n: number }>`select count(*)::int as n from ${sql.table(table)} t
        where hub_id = ${HUB} and lower(t::text${bytes}) ~ ${`secret${who}([^0-9]|$)`}`.execute(db);
      if (rows[0] !== undefined && rows[0].n > 0) found[table] = rows[0].n;
    }
    return found;
  }
  const erase = (object: 'contact' | 'company', ...ids: string[]) =>
    store.erase(db, HUB, { object, ids: ids.map(recordId) }, NOW);
  const ended = async (who: string): Promise<unknown> => {
    const { rows } = await sql`select
      (select count(*)::int from people where hub_id = ${HUB} and contact_id = ${who} and revoked_at is null) as tokens,
      (select count(*)::int from ties where hub_id = ${HUB} and contact_id = ${who} and ended_at is null) as ties,
      (select count(*)::int from uploads where hub_id = ${HUB} and person = ${who} and erased_at is null) as uploads,
      (select count(*)::int from claims where hub_id = ${HUB} and identity_id = ${idOf(2, who)}
        and settled_at is null) as claims,
      (select count(*)::int from identities where hub_id = ${HUB} and identity_id = ${idOf(2, who)}
        and look_at is not null) as looks,
      (select count(*)::int from creations where hub_id = ${HUB} and edit_id = ${idOf(1, who)}
        and ended_at is null) as creations`.execute(db);
    return rows[0];
  };

  it('leaves nothing of theirs in any table, and everything of whoever stands next to them', async () => {
    // Ada went on in her session and was linked to nobody yet; Bob went on in it and is himself.
    await sql`insert into identities (hub_id, identity_id, issuer, subject, proven_at, continues) values
      (${HUB}, ${idOf(5, ADA)}, 'x', ${`secret${ADA}`}, ${at}, ${idOf(2, ADA)}),
      (${HUB}, ${idOf(6, BOB)}, 'x', ${`secret${BOB}`}, ${at}, ${idOf(2, ADA)})`.execute(db);
    await sql`insert into ties (hub_id, identity_id, contact_id, proof, begun_at, begun_by)
      values (${HUB}, ${idOf(6, BOB)}, ${BOB}, 'mail', ${at}, 'worker')`.execute(db);
    const before = await told(BOB);
    expect(Object.keys(await told(ADA)).sort()).toEqual([...TABLES].sort());
    const counts = await erase('contact', ADA);
    expect(await told(ADA)).toEqual({});
    expect(await told(BOB)).toEqual(before);
    const none = { tokens: 0, ties: 0, uploads: 0, claims: 0, looks: 0, creations: 0 };
    const all = { tokens: 1, ties: 2, uploads: 1, claims: 1, looks: 1, creations: 1 };
    expect([await ended(ADA), await ended(BOB)]).toEqual([none, all]);
    expect(counts).toMatchObject({ mirror: 1, journal: 2, uploads: 2, sessions: 2, sign_ins: 4, ties: 1 });
  });

  it('of a company takes nothing from the person with its number, and waits for none of their requests', async () => {
    const before = await told(ADA);
    await erase('company', ADA);
    // A delivery that has been applied is of no use any more, whichever object it names.
    expect(await told(ADA)).toEqual({ ...before, deliveries: undefined });
    expect(await store.openRequests(db, HUB, { object: 'company', ids: [ADA] })).toEqual([]);
    expect(await store.openRequests(db, HUB, { object: 'contact', ids: [ADA] })).toMatchObject([
      { editId: idOf(1, ADA), field: 'city', sent: false },
    ]);
  });

  it('waits for what the CRM may have of a request, written or sent', async () => {
    const sent = async () =>
      (await store.openRequests(db, HUB, { object: 'contact', ids: [ADA] })).map((one) => one.sent);
    await sql`update creations set sent_at = ${at} where hub_id = ${HUB}`.execute(db);
    expect(await sent()).toEqual([true]);
    await sql`update creations set ended_at = ${at} where hub_id = ${HUB}`.execute(db);
    expect(await sent()).toEqual([false]);
    await sql`update edit_fields set state = 'written' where hub_id = ${HUB}`.execute(db);
    expect(await sent()).toEqual([true]);
  });

  it('goes through every merge, and each record waits until it is certified itself', async () => {
    await sql`update mirror set life = 'merged:410' where hub_id = ${HUB} and record_id = ${BOB}`.execute(db);
    await sql`insert into mirror (hub_id, object, record_id, life, fields, found_seq, changed_seq) values
      (${HUB}, 'contact', '5', 'merged:4100', '{}', 1, 1),
      (${HUB}, 'company', '6', 'merged:410', '{}', 1, 1)`.execute(db);
    const ids = await store.withMerged(db, HUB, 'contact', ADA);
    expect([...ids].sort()).toEqual(['410', '4100', '5']);
    const waiting = () => store.waitingErasures(db, HUB, null, 9);
    await store.saveErasure(db, HUB, { object: 'company', ids: [ADA] }, {}, NOW);
    expect(await waiting()).toEqual([{ object: 'contact', recordId: ADA }]);
    await store.saveErasure(db, HUB, { object: 'contact', ids }, {}, NOW);
    expect(await waiting()).toEqual([]);
    expect(await store.listErasures(db, HUB, 9)).toHaveLength(4);
  });
});

describe('an erasure', () => {
  it('that waits for a request holds up none behind it', async () => {
    const stepped = await startStepped();
    const ids = Array.from({ length: 12 }, (_, n) => recordId(String(500 + n)));
    for (const id of ids) {
      const row = { object: 'contact' as const, record_id: id, life: 'erased', fields: '{}' };
      await stepped.db
        .insertInto('mirror')
        .values({ hub_id: stepped.hubId, ...row, found_seq: 1, changed_seq: 1 })
        .execute();
      if (id !== ids.at(-1)) await stepped.ask('contact', id, { firstName: [null, 'Ada'] });
    }
    await sql`update edits set person = record_id where hub_id = ${stepped.hubId}`.execute(stepped.db);
    const sent = { state: 'written' as const };
    await stepped.db.updateTable('edit_fields').set(sent).where('hub_id', '=', stepped.hubId).execute();
    expect(await eraseWaiting(await stepped.context())).toBe(1);
    expect(await store.listErasures(stepped.db, stepped.hubId, 20)).toMatchObject([{ recordId: ids.at(-1) }]);
    await stepped.close();
  });
});
