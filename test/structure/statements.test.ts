/**
 * Every statement names its hub: the ones that the service really sent in a whole journey (portal, desk, worker, signing
 * in, command line, directory) are parsed with Postgres' own parser. Row-level security would hide other hubs' rows from
 * one that forgets; this keeps the first wall whole, and the tables fit to be spread by hub.
 */
import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCommand } from '../../backend/cli/commands.ts';
import { sign } from '../../backend/hubspot/signature.ts';
import { eventually } from '../harness/eventually.ts';
import { newKey } from '../harness/hubs.ts';
import { startMailbox, type Mailbox } from '../harness/mailbox.ts';
import { asOwner, createTestDatabase } from '../harness/postgres.ts';
import { freshKey, REP, startWhole, type Whole } from '../harness/whole.ts';
import { withoutHub } from './hubInSql.ts';

const TABLES = new Set(['mirror', 'links', 'due']);

describe('the check itself', () => {
  it.each([
    ['select * from mirror where hub_id = $1', []],
    ['select * from mirror where record_id = $1', ['mirror (mirror) is not held to a hub.']],
    ['select * from mirror where hub_id = $1 or true', ['mirror (mirror) is not held to a hub.']],
    ['select * from mirror where hub_id > $1', ['mirror (mirror) is not held to a hub.']],
    ['select * from mirror m join links l on l.hub_id = m.hub_id where m.hub_id = $1', []],
    ['select * from mirror m join links l using (hub_id) where m.hub_id = $1', []],
    [
      'select * from mirror m join links l on l.record_id = m.record_id where m.hub_id = $1',
      ['links (l) is not held to a hub.'],
    ],
    [
      'select * from mirror m join links l on l.hub_id = m.hub_id',
      ['mirror (m) is not held to a hub.', 'links (l) is not held to a hub.'],
    ],
    [
      'select 1 from mirror m where m.hub_id = $1 and exists (select from links l where l.hub_id = m.hub_id)',
      [],
    ],
    [
      'select 1 from mirror m where m.hub_id = $1 and exists (select from links)',
      ['links (links) is not held to a hub.'],
    ],
    ['with d as (delete from due returning hub_id) select * from d', ['due (due) is not held to a hub.']],
    ['with due as (select 1) select * from due', []],
    ['insert into due (hub_id, object) select $1, object from mirror where hub_id = $1', []],
    ['insert into due (object) values ($1)', ['Rows of due are stored without a hub.']],
    ['update due d set lane = 1 from unnest($1::bigint[]) u(hub) where d.hub_id = u.hub', []],
    [
      'select * from mirror where (hub_id, object, record_id) in (select $1, a, b from unnest($2) u(a, b))',
      [],
    ],
    [
      'select 1 from mirror where hub_id = $1 union select 1 from mirror',
      ['mirror (mirror) is not held to a hub.'],
    ],
  ])('says of %s: %j', async (text, wrong) => {
    expect(await withoutHub(text, TABLES)).toEqual(wrong);
  });
});

describe('every statement of the service', () => {
  const sent = new Set<string>();
  const original = Object.getOwnPropertyDescriptor(pg.Client.prototype, 'query')!;
  let whole: Whole;
  let mailbox: Mailbox;

  beforeAll(async () => {
    pg.Client.prototype.query = function (this: pg.Client, ...args: unknown[]) {
      const [given] = args as [string | { text?: string }];
      const { options } = (this as unknown as { connectionParameters: { options?: string } })
        .connectionParameters;
      const text = typeof given === 'string' ? given : given.text;
      // At the door no hub is known yet; what may be read there is walled column by column.
      if (text !== undefined && options?.includes('role=tallystick_service') === true) sent.add(text);
      return (original.value as (...all: unknown[]) => unknown).apply(this, args);
    } as never;
    mailbox = await startMailbox();
    whole = await startWhole({
      env: (url) =>
        Promise.resolve({
          ...{ PORTAL_URL: url, SMTP_URL: mailbox.url, MAIL_FROM: 'Portal <portal@firm.example>' },
          DESK_ADMINS: 'nora@tallyheat.example',
        }),
    });
  });
  afterAll(async () => {
    Object.defineProperty(pg.Client.prototype, 'query', original);
    await whole.close();
    await mailbox.close();
  });

  it('holds each table to a hub', async () => {
    await journey(whole, mailbox);
    const tables = await tenantTables();
    const wrong: string[] = [];
    for (const text of sent)
      for (const why of await withoutHub(text, tables)) wrong.push(`${why}\n  ${text}`);
    expect(wrong).toEqual([]);
    if (process.env.TALLYSTICK_LOG !== undefined) console.log(`${sent.size} statements`);
    // The journey goes far enough to mean something.
    expect(sent.size).toBeGreaterThan(150);
    const all = [...sent].join(' ');
    const unseen = [...tables].filter((table) => !new RegExp(`\\b${table}\\b`).test(all));
    expect(unseen).toEqual([]);
  });
});

async function tenantTables(): Promise<Set<string>> {
  const database = await createTestDatabase();
  const owner = asOwner(database.url);
  const { rows } = await sql<{ name: string }>`
    select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'hub_id'
    where c.relnamespace = 'public'::regnamespace and c.relkind = 'r'`.execute(owner);
  await owner.destroy();
  await database.drop();
  return new Set(rows.map(({ name }) => name));
}

/** What customers, staff, the CRM and whoever operates the service do. */
async function journey(whole: Whole, mailbox: Mailbox): Promise<void> {
  const { ids, sim } = whole;
  const call: Whole['call'] = (...asked) => whole.call(...asked);
  await fetch(`${whole.service.url}/readyz`);
  const ada = await whole.token(ids.ada, 'direct');
  const pia = await whole.token(ids.pia, 'partner');
  for (const token of [ada, pia])
    for (const path of [
      '/me',
      '/records/company',
      '/records/contact',
      '/records/quote',
      '/records/ticket',
      '/edits',
      '/sources/billing',
    ])
      await call(token, 'GET', path);
  await edits(whole, ada);
  sim.world.update('companies', ids.acme, { city: 'Ulm' }, REP);
  const spare = sim.world.create('contacts', { firstname: 'Eve', email: 'eve@spare.example' }, REP).id;
  const other = sim.world.create('contacts', { firstname: 'Eva', email: 'eva@spare.example' }, REP).id;
  await fetch(`${sim.url}/crm/objects/2026-09/contacts/merge`, {
    ...{
      method: 'POST',
      headers: { authorization: `Bearer ${sim.accessToken}`, 'content-type': 'application/json' },
    },
    body: JSON.stringify({ primaryObjectId: spare, objectIdToMerge: other }),
  });
  await fetch(`${sim.url}/crm/objects/2026-09/contacts/gdpr-delete`, {
    ...{
      method: 'POST',
      headers: { authorization: `Bearer ${sim.accessToken}`, 'content-type': 'application/json' },
    },
    body: JSON.stringify({ objectId: ids.cleo }),
  });
  await signIn(whole, mailbox);
  await desk(whole);
  await commands(whole);
  const stream = new AbortController();
  const answer = await fetch(`${whole.service.url}/portal/v1/stream`, {
    headers: { authorization: `Bearer ${ada}`, 'last-event-id': '1' },
    signal: stream.signal,
  });
  await answer.body!.getReader().read();
  stream.abort();
}

async function edits(whole: Whole, ada: string): Promise<void> {
  const { ids } = whole;
  const call: Whole['call'] = (...asked) => whole.call(...asked);
  const { body: contact } = await call(ada, 'GET', `/records/contact/${ids.ada}`);
  const patch = await call(ada, 'PATCH', `/records/contact/${ids.ada}`, {
    body: { fields: { firstName: 'Augusta' } },
    headers: { ...freshKey(), 'if-match': contact.version },
  });
  await whole.settled(ada, patch.body.editId);
  const raised = await call(ada, 'POST', '/creations/request', {
    body: { fields: { subject: 'Cold again', content: 'It is cold.' }, company: ids.acme },
    headers: freshKey(),
  });
  if (raised.status < 300) await whole.settled(ada, raised.body.editId);
  const { body: quote } = await call(ada, 'GET', `/records/quote/${ids.quote}`);
  const decided = await call(ada, 'POST', `/records/quote/${ids.quote}/actions/approve`, {
    body: {},
    headers: { ...freshKey(), 'if-match': quote.version },
  });
  if (decided.status < 300) await whole.settled(ada, decided.body.editId);
  const bytes = Buffer.from('%PDF-1.4\n%%EOF\n');
  const begun = await call(ada, 'POST', '/uploads', {
    body: { name: 'a.pdf', size: bytes.length },
    headers: freshKey(),
  });
  if (begun.status < 300) {
    const path = `/uploads/${(begun.body as unknown as { uploadId: string }).uploadId}`;
    await call(ada, 'HEAD', path);
    await call(ada, 'PATCH', path, { bytes, headers: { 'upload-offset': '0' } });
  }
}

async function signIn(whole: Whole, mailbox: Mailbox): Promise<void> {
  const origin = { origin: whole.service.url };
  const asked = await whole.call(null, 'POST', '/sign-in/mail', {
    body: { email: 'ada@byron.example' },
    headers: origin,
  });
  const cookies = (answer: { headers: Headers }): string =>
    answer.headers
      .getSetCookie()
      .map((cookie) => cookie.split(';')[0])
      .join('; ');
  const mail = await eventually(() => mailbox.mails.at(-1), 'the mail');
  const confirmed = await whole.call(null, 'POST', '/sign-in/mail/confirm', {
    body: { token: mail.token },
    headers: { ...origin, cookie: cookies(asked) },
  });
  const headers = { ...origin, cookie: cookies(confirmed) };
  for (const path of ['/me', '/sessions', '/edits']) await whole.call(null, 'GET', path, { headers });
  await whole.call(null, 'POST', '/sign-out', { headers });
}

async function desk(whole: Whole): Promise<void> {
  const { sim, ids, service } = whole;
  const ask = async (path: string, query: Record<string, string>, body?: unknown): Promise<unknown> => {
    const identity = {
      userId: '7',
      portalId: String(sim.hubId),
      userEmail: 'nora@tallyheat.example',
      appId: String(sim.appId),
    };
    const address = `/desk/v1${path}?${new URLSearchParams({ ...query, ...identity }).toString()}`;
    const text = body === undefined ? '' : JSON.stringify(body);
    const method = body === undefined ? 'GET' : 'POST';
    const at = Date.now();
    const answer = await fetch(`${service.url}${address}`, {
      method,
      ...(text === '' ? {} : { body: text }),
      headers: {
        ...{ 'content-type': 'application/json', 'x-hubspot-request-timestamp': String(at) },
        'x-hubspot-signature-v3': sign(
          sim.clientSecret,
          method,
          `https://sync.example.com${address}`,
          Buffer.from(text),
          at,
        ),
      },
    });
    expect(answer.status, address).toBe(200);
    return answer.json();
  };
  const record = { objectType: 'contact', recordId: ids.ada };
  await ask('/record', record);
  await ask('/why', { ...record, field: 'firstName' });
  await ask('/history', record);
  await ask('/as-of', { ...record, at: new Date().toISOString() });
  await ask('/view-as', { objectType: 'company', recordId: ids.acme, contactId: ids.ada });
  await ask('/claims', { open: 'true' });
  await ask('/conflicts', { open: 'true' });
  for (const path of ['/health', '/parked', '/activity', '/rules', '/settings']) await ask(path, {});
  const order = (what: object): Promise<unknown> => ask('/orders', {}, { key: randomUUID(), order: what });
  await order({ do: 'look', object: 'contact', recordId: ids.ada });
  await order({ do: 'pause', object: 'company', field: null, direction: 'out', reason: 'A test.' });
  await order({ do: 'role', userId: '8', role: 'viewer' });
  await order({ do: 'everybody', role: 'viewer' });
  await ask(
    '/rulings',
    {},
    {
      ...{ key: randomUUID(), object: 'contact', recordId: ids.ada, field: 'firstName' },
      ...{ choice: 'write', value: 'Ada', conflictId: null, note: null, seen: 'Augusta' },
    },
  );
}

async function commands(whole: Whole): Promise<void> {
  const hubId = String(whole.hubId);
  const env = {
    ...{
      DATABASE_URL: whole.service.databaseUrl,
      TALLYSTICK_KEYS: `k1:${newKey()}`,
      HUBSPOT_ACCESS_TOKEN: 'pat',
    },
    ...{ HUBSPOT_CLIENT_SECRET: 's', HUBSPOT_APP_ID: '9', PUBLIC_URL: 'https://sync.example.com' },
  };
  const terminal = { env, print: () => undefined, complain: () => undefined, rewrite: null, now: Date.now };
  for (const words of [
    ['status'],
    ['explain', 'contact', whole.ids.ada, 'firstName'],
    ['journal'],
    ['verify-journal'],
    ['erasures'],
    ['token', whole.ids.bob, 'direct'],
    ['hub', 'add', hubId],
    ['hub', 'list'],
    ['hub', 'remove', hubId],
  ])
    expect([words, await runCommand(words, {}, terminal)]).toEqual([words, 0]);
  expect(await runCommand(['verify', 'contact', 'company'], {}, terminal)).toBeLessThan(2);
}
