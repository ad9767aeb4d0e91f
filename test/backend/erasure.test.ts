/** A person whom HubSpot erased for privacy: nothing of theirs is left in any table or log, and nothing comes back. */
import { recordId, type RecordId } from '@tallystick/shared/ids';
import { Kysely, PostgresDialect, sql } from 'kysely';
import pg from 'pg';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sign } from '../../backend/hubspot/signature.ts';
import { INTAKE_PATH } from '../../backend/main.ts';
import type { Database, Db } from '../../backend/store/database.ts';
import { markDue } from '../../backend/store/due.ts';
import { listErasures } from '../../backend/store/erasing.ts';
import { verifyJournal } from '../../backend/store/journal.ts';
import { eventually } from '../harness/eventually.ts';
import { startMailbox, type Mailbox } from '../harness/mailbox.ts';
import { freshKey, REP, startWhole, type Whole } from '../harness/whole.ts';

const PRIMARY = { category: 'HUBSPOT_DEFINED' as const, typeId: 1 };
const TARGET = `https://sync.example.com${INTAKE_PATH}`;
const EMAIL = 'kingfisher@birds.example';
const OLD_EMAIL = 'kingfisher.before@birds.example';
/** Whatever of the person contains one of these, in any spelling of letters. */
const MARKS = ['kingfis', '7654321'];
/** Tables in which a person can leave nothing but ids, and why. */
const HARMLESS: Record<string, string> = {
  alerts: 'sentences on warnings, which name no person',
  canaries: 'the newest round trip',
  crm_schema: 'definitions',
  directory: 'sealed settings of the account',
  findings: 'what does not fit in definitions',
  erasures: 'numbers',
  held_sets: 'a pattern, ids, and until it is closed the digest of a value that many have',
  hooks: 'endpoints',
  hubs: 'settings of the account',
  lines: 'ids',
  pauses: 'words of staff on objects',
  properties: 'definitions',
  staff: 'colleagues',
  warnings: 'codes and numbers',
  webhooks_journal: 'a place in HubSpot’s journal',
  kysely_migration: 'names of migrations',
  kysely_migration_lock: 'a lock',
  upload_pieces: 'erased with the upload',
};

let whole: Whole;
/** Sees every table, and every row of it. */
let owner: Db;
let mailbox: Mailbox;
let contact: RecordId;
let absorbed: RecordId;
let cookies: string;
const lines: string[] = [];

beforeAll(async () => {
  mailbox = await startMailbox();
  whole = await startWhole({
    overrides: { log: pino({ level: 'trace' }, { write: (line: string) => void lines.push(line) }) },
    env: (url) =>
      Promise.resolve({ PORTAL_URL: url, SMTP_URL: mailbox.url, MAIL_FROM: 'portal@firm.example' }),
  });
  owner = new Kysely<Database>({
    dialect: new PostgresDialect({ pool: new pg.Pool({ connectionString: whole.service.databaseUrl }) }),
  });
  await live();
});
afterAll(async () => {
  await owner.destroy();
  await whole.close();
  await mailbox.close();
});

/** A life with everything in it that this service can keep of a person. */
async function live(): Promise<void> {
  const { world } = whole.sim;
  const person = (email: string): RecordId => {
    const { id } = world.create('contacts', { firstname: 'Kingfisa', lastname: 'Kingfisher', email }, REP);
    world.associate(['contacts', id], ['companies', whole.ids.acme], REP, [PRIMARY, whole.labels.admin]);
    return recordId(id);
  };
  [contact, absorbed] = [person(EMAIL), person(OLD_EMAIL)];
  await known(absorbed);
  const merged = world.merge('contacts', contact, absorbed, REP);
  contact = recordId(merged.id);
  await known(contact);
  cookies = await signIn();
  const token = await whole.token(contact, 'direct');
  const edit = async (object: string, id: string, fields: object): Promise<string> => {
    const path = `/records/${object}/${id}`;
    const { headers } = await whole.call(token, 'GET', path);
    const answer = await whole.call(token, 'PATCH', path, {
      body: { fields },
      headers: { ...freshKey(), 'if-match': headers.get('etag') ?? '' },
    });
    expect([200, 202]).toContain(answer.status);
    return answer.body.editId;
  };
  await whole.settled(token, await edit('contact', contact, { mobile: '+49 30 7654321' }));
  await whole.settled(
    token,
    await edit('company', whole.ids.acme, { deliveryNotes: 'Ask for the kestrel.' }),
  );
  // Held for staff: an e-mail address wants their approval.
  await whole.settled(token, await edit('contact', contact, { email: 'new.kingfisher@birds.example' }));
  const made = await whole.call(token, 'POST', '/creations/raiseCase', {
    body: { fields: { subject: 'My kestrel is cold', description: 'It is grey.' } },
    headers: freshKey(),
  });
  await whole.settled(token, made.body.editId);
  const begun = await whole.call(token, 'POST', '/uploads', {
    body: { name: 'kingfisher.txt', size: 10 },
    headers: freshKey(),
  });
  await whole.call(token, 'PATCH', `/uploads/${(begun.body as { uploadId?: string }).uploadId}`, {
    bytes: Buffer.from('Kingfisher'),
    headers: { 'upload-offset': '0' },
  });
  world.update('contacts', contact, { jobtitle: 'Keeper of kingfishers' }, REP);
  await eventually(async () => (await scan()).length > 8, 'everything is stored');
}

const known = (id: RecordId): Promise<unknown> =>
  eventually(async () => {
    const row = await mirrored(id);
    const links = await whole.db
      .selectFrom('links')
      .select('labels')
      .where('hub_id', '=', whole.hubId)
      .where('record_id', '=', id)
      .execute();
    return row?.life === 'present' && links.length > 0;
  }, `contact ${id} is known`);
const mirrored = (id: RecordId) =>
  whole.db
    .selectFrom('mirror')
    .selectAll()
    .where('hub_id', '=', whole.hubId)
    .where('object', '=', 'contact')
    .where('record_id', '=', id)
    .executeTakeFirst();

async function signIn(): Promise<string> {
  const url = whole.service.url;
  const post = (path: string, body: unknown, cookie = ''): Promise<Response> =>
    fetch(`${url}/portal/v1${path}`, {
      method: 'POST',
      headers: {
        ...{ 'content-type': 'application/json', origin: url, 'sec-fetch-site': 'same-origin', cookie },
        'user-agent': 'Kingfisher/1.0',
      },
      body: JSON.stringify(body),
    });
  const pairs = (answer: Response): string =>
    answer.headers
      .getSetCookie()
      .map((line) => line.split(';')[0] ?? '')
      .join('; ');
  const asked = await post('/sign-in/mail', { email: EMAIL });
  const mail = await eventually(() => mailbox.mails.find(({ to }) => to === EMAIL), 'the mail');
  return pairs(await post('/sign-in/mail/confirm', { token: mail.token }, pairs(asked)));
}

/** What HubSpot would send, signed; returns when it is applied. */
async function tell(id: RecordId, ...events: object[]): Promise<void> {
  const { sim, service, db, hubId } = whole;
  const about = {
    ...{ eventId: 1, portalId: sim.hubId, appId: sim.appId, objectId: Number(id), objectTypeId: '0-1' },
    ...{ changeSource: 'CRM_UI', sourceId: 'userId:7', occurredAt: Date.now() },
  };
  const body = JSON.stringify(events.map((event) => ({ ...about, ...event })));
  const at = Date.now();
  const answer = await fetch(`${service.url}${INTAKE_PATH}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-hubspot-signature-v3': sign(sim.clientSecret, 'POST', TARGET, Buffer.from(body), at),
      'x-hubspot-request-timestamp': String(at),
    },
    body,
  });
  expect(answer.status).toBe(200);
  const waiting = db.selectFrom('deliveries').select('delivery_id').where('hub_id', '=', hubId);
  await eventually(
    async () => (await waiting.where('applied_at', 'is', null).execute()).length === 0,
    'applied',
  );
}

const due = async (id: RecordId): Promise<number> =>
  (
    await whole.db
      .selectFrom('due')
      .select('lane')
      .where('hub_id', '=', whole.hubId)
      .where('record_id', '=', id)
      .execute()
  ).length;

const tables = async (): Promise<string[]> => {
  const { rows } = await sql<{ name: string }>`
    select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where c.relkind = 'r' and n.nspname = 'public' order by 1`.execute(owner);
  return rows.map(({ name }) => name);
};

/** Every row of every table in which one of the marks stands. */
async function scan(marks: readonly string[] = MARKS): Promise<string[]> {
  const found: string[] = [];
  for (const table of await tables()) {
    const bytes = table === 'upload_pieces' ? sql` || encode(t.bytes, 'escape')` : sql``;
    const { rows } = await sql<{ text: string }>`
      select left(t::text, 300) as text from ${sql.table(table)} t
      where lower(t::text${bytes}) ~ ${marks.join('|')}`.execute(owner);
    found.push(...rows.map(({ text }) => `${table}: ${text}`));
  }
  return found;
}

describe('a person erased for privacy', () => {
  test('was everywhere before', async () => {
    const found = new Set((await scan()).map((line) => line.split(':')[0]));
    const expected = [
      'conflicts',
      'deliveries',
      'edit_fields',
      'identities',
      'journal',
      'mirror',
      'promises',
    ];
    expect([...found]).toEqual(
      expect.arrayContaining([...expected, 'sessions', 'sign_ins', 'ties', 'uploads']),
    );
  });

  test('is erased from every table and was never in a log; the chain still verifies, and a certificate says so', async () => {
    const { sim, db, hubId } = whole;
    sim.world.privacyDelete('contacts', contact, REP);
    const done = await eventually(
      async () => (await listErasures(db, hubId, 10))[0],
      'the certificate',
      20_000,
    );
    expect([contact, absorbed]).toContain(done.recordId);
    expect(await scan()).toEqual([]);
    expect(lines.filter((line) => new RegExp(MARKS.join('|'), 'i').test(line))).toEqual([]);
    expect(await verifyJournal(db, hubId)).toMatchObject({ broken: null });
    const certificate = await db
      .selectFrom('journal')
      .select(['kind', 'detail'])
      .where('hub_id', '=', hubId)
      .where('record_id', '=', contact)
      .where('kind', '=', 'erased')
      .executeTakeFirst();
    expect(certificate?.detail).toMatchObject({ mirror: 3, sessions: 1 });
  });

  test('leaves nothing of what they asked for; what the CRM made of it is the CRM’s', async () => {
    const found = await scan(['kestrel']);
    const where = new Set(found.map((line) => line.split(':')[0]));
    expect([...where].sort()).toEqual(['deliveries', 'journal', 'mirror']);
    const theirs = whole.db
      .selectFrom('journal as j')
      .innerJoin('edits as e', (join) =>
        join.onRef('e.hub_id', '=', 'j.hub_id').onRef('e.edit_id', '=', 'j.edit_id'),
      )
      .select('j.seq')
      .where('j.hub_id', '=', whole.hubId)
      .where('e.person', '=', contact)
      .where((where) => where.or([where('j.before', 'is not', null), where('j.after', 'is not', null)]));
    expect(await theirs.execute()).toEqual([]);
  });

  test('has no session and no token any more, and no link brings them back', async () => {
    const answer = await fetch(`${whole.service.url}/portal/v1/me`, { headers: { cookie: cookies } });
    expect(answer.status).toBe(401);
  });

  test('stays erased, whatever late webhooks say', async () => {
    const change = {
      subscriptionType: 'object.propertyChange',
      propertyName: 'firstname',
      propertyValue: 'Kingfisa',
    };
    await tell(contact, change, { subscriptionType: 'contact.restore' }, change);
    expect((await mirrored(contact))?.life).toBe('erased');
    expect(await scan()).toEqual([]);
  });

  test.each([
    ['that the mirror holds', true],
    ['that it never met', false],
  ])('stays erased while the CRM still answers with the record: one %s', async (_which, isKnown) => {
    const { sim, db, hubId } = whole;
    const make = (): void => {
      const of = { firstname: 'Kingfisrina', email: `kingfisrina.${isKnown}@birds.example` };
      contact = recordId(sim.world.create('contacts', of, REP).id);
      sim.world.associate(['contacts', contact], ['companies', whole.ids.beta], REP, [PRIMARY]);
    };
    if (isKnown) make();
    else sim.world.quietly(make);
    if (isKnown) await known(contact);
    await tell(contact, { subscriptionType: 'contact.privacyDeletion' });
    const certified = async (): Promise<boolean> =>
      (await listErasures(db, hubId, 10)).some(({ recordId: id }) => id === contact);
    await eventually(certified, 'the certificate');
    await tell(contact, { subscriptionType: 'contact.restore' });
    await markDue(db, hubId, 'read', [{ object: 'contact', recordId: contact, links: true }], {
      now: Date.now(),
    });
    await eventually(async () => (await due(contact)) === 0, 'it was read');
    expect((await mirrored(contact))?.life).toBe('erased');
    expect(await scan()).toEqual([]);
  });

  test('every table is either erased or can hold nothing of a person', async () => {
    const [done] = await listErasures(whole.db, whole.hubId, 1);
    const erased = Object.keys(done?.counts ?? {});
    expect([...erased, ...Object.keys(HARMLESS)].sort()).toEqual(await tables());
  });
});
