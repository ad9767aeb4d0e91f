/**
 * What the access matrix is asked about: of every object a record of the people's own company, and one of every kind
 * that they must not be able to tell from none. A value says who may see it: `SEE:direct+member;`.
 */
import { randomBytes, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { editId, identityId, recordId, type HubId } from '@tallystick/shared/ids';
import { objects, OBJECTS, type AppAudience, type AppObject } from '@tallystick/shared/ownership';
import type { SignInSettings } from '../../../backend/portal/signIn/settings.ts';
import { toldSource } from '../../../backend/sources/cache.ts';
import type { Db } from '../../../backend/store/database.ts';
import { storeEdit } from '../../../backend/store/edits.ts';
import { beginTie, saveProof } from '../../../backend/store/identities.ts';
import type { Life } from '../../../backend/store/mirror.ts';
import { addPiece, openUpload } from '../../../backend/store/uploads.ts';
import { beginSession } from '../../../backend/store/sessions.ts';
import { clock } from '../../harness/loop.ts';
import { HUB, OTHER_HUB, startPortal, type PortalHarness } from '../../harness/portal.ts';
import { startBillingWorld } from '../../sources/world.ts';

/** Each kind of id with what is added to the object's thousands. */
const RECORD_KINDS = {
  own: 1,
  'merged into own': 401,
  foreign: 501,
  'other hub’s': 502,
  'merged into foreign': 503,
  archived: 504,
  erased: 505,
  hidden: 506,
  'foreign, archived': 507,
  /** Another person of the own company; a message of the own company, but on a foreign case. */
  colleague: 508,
  unknown: 599,
  /** Own as well, behind every other id: pages are never empty. */
  later: 900,
} as const;
export type RecordKind = keyof typeof RECORD_KINDS;
export const OUT_OF_REACH: readonly RecordKind[] = [
  ...(['foreign', 'other hub’s', 'merged into foreign', 'archived', 'erased', 'hidden'] as const),
  ...(['foreign, archived', 'colleague'] as const),
];
export const MALFORMED = [
  '0',
  '-1',
  '01',
  '1e3',
  'abc',
  '1%20or%201=1',
  '%00',
  '%2e%2e',
  '9'.repeat(40),
  '%EF%BC%91',
];

export const idOf = (object: AppObject, kind: RecordKind): string =>
  String(10_000 * (1 + OBJECTS.indexOf(object)) + RECORD_KINDS[kind]);
const OWN_COMPANY = idOf('company', 'own');
const FOREIGN_COMPANY = idOf('company', 'foreign');
export const NOBODY = 'SEE:nobody;';

export interface Caller {
  audience: AppAudience;
  contactId: string;
  token: string;
}

export interface Matrix extends PortalHarness {
  callers: Caller[];
  /** Of the same company, of another one, of another hub: who owns what nobody here may see. */
  colleague: Caller;
  stranger: Caller;
  /** Ids of edits, uploads and sessions by whose they are. */
  edits: Record<'own' | 'colleague' | 'foreign' | 'other hub’s', string>;
  uploads: Record<'own' | 'colleague' | 'foreign' | 'other hub’s', string>;
  sessions: Record<'own' | 'colleague' | 'foreign' | 'other hub’s', string>;
  cookies: Record<'living' | 'expired' | 'idle' | 'ended', string>;
  /** The last journal number that is about somebody else’s record. */
  foreignSeq: number;
  /** The version of whatever is read now. */
  head: string;
  close(): Promise<void>;
}

export const SHARED_KEY = 'a key that two people made';
const PORTAL_URL = 'https://portal.example';
const HOUR_MS = 3_600_000;

export async function startMatrix(): Promise<Matrix> {
  const books = await startBillingWorld();
  await books.billing.run(`update books.invoice set reference = '${NOBODY}' where customer <> 'K-10001'`);
  await books.billing.run(`update books.subscription set plan = '${NOBODY}' where customer <> 'K-10001'`);
  const signIn: SignInSettings = {
    ...{ hubId: HUB, portalUrl: PORTAL_URL, mailer: null, providers: [], randomBytes },
    ...{ idleMs: HOUR_MS, absoluteMs: 24 * HOUR_MS },
  };
  const portal = await startPortal({
    signIn,
    sources: { hubId: HUB, told: [toldSource(books.open(), clock)] },
    limits: { requestsPerMinute: 1e6, writesPerMinute: 1e6, signInsPerMinute: 1e6, streamsPerPerson: 1e3 },
  });
  const stopFiles = await answerOrders(portal);
  const { foreignSeq, head } = await seedRecords(portal);
  const caller = async (audience: AppAudience, contactId: string, hubId?: HubId): Promise<Caller> => ({
    ...{ audience, contactId },
    token: await portal.token({ contactId, audience, ...(hubId === undefined ? {} : { hubId }) }),
  });
  const callers = [
    await caller('direct', '10001'),
    await caller('member', '10002'),
    await caller('partner', '10003'),
  ];
  const colleague = await caller('direct', idOf('contact', 'colleague'));
  const stranger = await caller('direct', idOf('contact', 'foreign'));
  const signed = await seedSessions(portal);
  return {
    ...portal,
    ...{ callers, colleague, stranger, foreignSeq, head, ...signed },
    edits: await seedEdits(portal),
    uploads: await seedUploads(portal),
    close: async () => {
      await portal.close();
      await stopFiles();
      await books.close();
    },
  };
}

// --- records ------------------------------------------------------------------------------------------------------

async function seedRecords({ crm, reaching }: PortalHarness): Promise<{ foreignSeq: number; head: string }> {
  const people = [['10001', [{ id: OWN_COMPANY }]] as const, ['10002', [{ id: OWN_COMPANY }]] as const];
  for (const [id, companies] of people)
    await crm.find({ object: 'contact', id, fields: valuesOf('contact', 'own'), companies: [...companies] });
  await crm.find({
    ...{ object: 'contact', id: '10003', fields: valuesOf('contact', 'own') },
    companies: [
      { id: FOREIGN_COMPANY },
      { id: OWN_COMPANY, primary: false, labels: ['Portal partner'] },
      { id: idOf('company', 'unknown'), primary: false },
    ],
  });
  let foreignSeq = 0;
  for (const object of OBJECTS)
    for (const kind of Object.keys(RECORD_KINDS) as RecordKind[]) {
      if (kind === 'unknown' || (object === 'contact' && kind === 'own')) continue;
      if (object === 'company' && (kind === 'later' || kind === 'colleague')) continue;
      const isTheirs = kind === 'foreign' || kind === 'foreign, archived';
      const seq = await crm.find({
        ...{ object, id: idOf(object, kind), fields: valuesOf(object, kind), life: lifeOf(object, kind) },
        companies: object === 'company' ? [] : [{ id: isTheirs ? FOREIGN_COMPANY : OWN_COMPANY }],
        ...(kind === 'other hub’s' ? { hub: OTHER_HUB } : {}),
      });
      if (kind === 'foreign') foreignSeq = seq;
    }
  // The same ids as our own, in another hub: its contact 10001 hangs on its company 20001.
  for (const object of ['contact', 'company', 'ticket'] as const)
    await crm.find({
      ...{ object, id: idOf(object, 'own'), fields: valuesOf(object, 'foreign'), hub: OTHER_HUB },
      companies: object === 'company' ? [] : [{ id: OWN_COMPANY }],
    });
  for (const kind of Object.keys(RECORD_KINDS) as RecordKind[]) await hang(reaching(HUB), kind);
  return { foreignSeq, head: `j${await crm.pad(1)}` };
}

/** Messages hang on cases. */
async function hang(db: Db, kind: RecordKind): Promise<void> {
  if (kind === 'unknown' || kind === 'other hub’s') return;
  const on = ['foreign', 'colleague', 'foreign, archived'].includes(kind) ? 'foreign' : 'own';
  await db
    .insertInto('parents')
    .values({
      ...{ hub_id: HUB, object: 'note', record_id: recordId(idOf('note', kind)) },
      ...{ parent_object: 'ticket', parent_id: recordId(idOf('ticket', on)) },
    })
    .execute();
}

function lifeOf(object: AppObject, kind: RecordKind): Life {
  if (kind === 'merged into own') return `merged:${idOf(object, 'own')}`;
  if (kind === 'merged into foreign') return `merged:${idOf(object, 'foreign')}`;
  if (kind === 'erased') return 'erased';
  // What no rule hides but its own life: objects without a condition have no hidden records.
  if (kind === 'hidden' && objects[object].shownWhen === undefined) return 'archived';
  if (kind === 'colleague' && object !== 'contact' && object !== 'note') return 'archived';
  return kind === 'archived' || kind === 'foreign, archived' ? 'archived' : 'present';
}

function valuesOf(object: AppObject, kind: RecordKind): Record<string, string> {
  const isOurs = kind === 'own' || kind === 'later';
  const { shownWhen, fields } = objects[object];
  const values = Object.entries(fields).map(([name, { see, kind: valueKind }]) => {
    const mark = isOurs ? `SEE:${see.join('+')};` : NOBODY;
    if (name === shownWhen?.field) return [name, kind === 'hidden' ? 'NO' : shownWhen.is[0]!];
    if (object === 'note' && name === 'files') return [name, isOurs ? '777' : '888'];
    if (object === 'company' && name === 'billingCustomer') return [name, isOurs ? 'K-10001' : 'K-10002'];
    if (object === 'quote' && name === 'expiresOn') return [name, '2099-01-31'];
    if (valueKind === 'lines') return [name, JSON.stringify([{ id: '1', name: mark, price: '1' }])];
    return [name, mark];
  });
  return Object.fromEntries(values) as Record<string, string>;
}

// --- what people made ---------------------------------------------------------------------------------------------

const WHOSE = ['own', 'colleague', 'foreign', 'other hub’s'] as const;
type Whose = (typeof WHOSE)[number];
const personOf = (whose: Whose) =>
  recordId(whose === 'own' || whose === 'other hub’s' ? '10001' : idOf('contact', whose));
const hubOf = (whose: Whose): HubId => (whose === 'other hub’s' ? OTHER_HUB : HUB);

async function forEach<T>(make: (whose: Whose) => Promise<T>): Promise<Record<Whose, T>> {
  const made = await Promise.all(WHOSE.map(async (whose) => [whose, await make(whose)] as const));
  return Object.fromEntries(made) as Record<Whose, T>;
}

const seedEdits = ({ reaching }: PortalHarness): Promise<Record<Whose, string>> =>
  forEach(async (whose) => {
    const id = editId(randomUUID());
    await storeEdit(reaching(hubOf(whose)), hubOf(whose), {
      ...{ editId: id, object: 'ticket', person: personOf(whose), audience: 'direct', askedAt: Date.now() },
      recordId: recordId(idOf('ticket', whose === 'foreign' ? 'foreign' : 'later')),
      ...{ action: null, guards: [], fingerprint: 'theirs' },
      idempotencyKey: whose === 'own' ? id : SHARED_KEY,
      fields: [{ field: 'reference', seen: null, wanted: whose === 'own' ? 'mine' : NOBODY }],
    });
    return id;
  });

const seedUploads = ({ reaching }: PortalHarness): Promise<Record<Whose, string>> =>
  forEach(async (whose) => {
    const uploadId = randomUUID();
    const bytes = Buffer.from(whose === 'own' ? 'mine' : NOBODY);
    const [db, hub] = [reaching(hubOf(whose)), hubOf(whose)];
    const name = whose === 'own' ? 'mine.txt' : `${NOBODY}.txt`;
    await openUpload(db, hub, {
      ...{ uploadId, person: personOf(whose), name, sizeBytes: bytes.length, now: Date.now() },
    });
    await addPiece(db, hub, uploadId, 0, bytes);
    return uploadId;
  });

async function seedSessions({ reaching, ...portal }: PortalHarness) {
  const now = (): number => portal.now();
  const secrets = { living: '', expired: '', idle: '', ended: '' };
  const begin = async (whose: Whose, at: number, lastsMs: number): Promise<[string, string]> => {
    const [db, hub] = [reaching(hubOf(whose)), hubOf(whose)];
    const [sessionId, secret] = [randomUUID(), randomBytes(32).toString('base64url')];
    const email = whose === 'own' ? 'SEE:direct+member+partner;' : NOBODY;
    const identity = await saveProof(db, hub, {
      ...{ newId: identityId(randomUUID()), issuer: '', subject: `${whose}@x.example`, address: email },
      ...{ provenAt: at, continues: null },
    });
    const tied = await db.selectFrom('ties').select('tie_id').where('identity_id', '=', identity).execute();
    if (tied.length === 0)
      await beginTie(db, hub, {
        ...{ identityId: identity, contactId: personOf(whose), address: email, proof: 'mail' },
        contactEmail: whose === 'own' ? `SEE:${objects.contact.fields.email!.see.join('+')};` : NOBODY,
        ...{ addressSince: null, readAt: null, claimId: null, by: 'test', now: at },
      });
    await beginSession(db, hub, {
      ...{ sessionId, identityId: identity, browser: whose === 'own' ? 'mine' : NOBODY, address: '::1' },
      ...{ begunAt: at, provenAt: at, expiresAt: at + lastsMs, secret },
    });
    return [sessionId, `__Host-portal_session=${secret}`];
  };
  const sessions = await forEach(async (whose) => {
    const [sessionId, cookie] = await begin(whose, now(), HOUR_MS);
    if (whose === 'own') secrets.living = cookie;
    return sessionId;
  });
  [, secrets.expired] = await begin('own', now() - HOUR_MS / 2, HOUR_MS / 4);
  [, secrets.idle] = await begin('own', now() - 2 * HOUR_MS, 24 * HOUR_MS);
  const [ended, cookie] = await begin('own', now(), HOUR_MS);
  secrets.ended = cookie;
  await reaching(HUB).deleteFrom('sessions').where('session_id', '=', ended).execute();
  return { sessions, cookies: secrets };
}

/** The worker's answer to whoever downloads: an address at which the file is. */
async function answerOrders({
  reaching,
  signals,
}: Pick<PortalHarness, 'reaching' | 'signals'>): Promise<() => Promise<void>> {
  const server = createServer((req, res) => res.end(req.url === '/777' ? 'the file' : NOBODY));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const off = signals.onWake((hubId) => {
    void (async () => {
      const db = reaching(hubId);
      for (const { order_id, ordered } of await db
        .selectFrom('orders')
        .selectAll()
        .where('done_at', 'is', null)
        .execute()) {
        const fileId = ordered.do === 'address' ? ordered.fileId : '';
        const outcome = { ok: true, code: 'done', value: `http://127.0.0.1:${port}/${fileId}` };
        await db
          .updateTable('orders')
          .set({ done_at: new Date(), outcome: JSON.stringify(outcome) })
          .where('order_id', '=', order_id)
          .execute();
      }
      signals.changed({ hubId, seq: 0, records: [], edits: [] });
    })();
  });
  return async () => {
    off();
    await new Promise((resolve) => server.close(resolve));
  };
}
