/**
 * A service of real processes, the stand-in, and a client who keeps account: of every webhook that was acknowledged and
 * every edit that was accepted it knows in the end what became of it.
 */
import { randomUUID } from 'node:crypto';
import { hubId as toHubId, recordId, type HubId } from '@tallystick/shared/ids';
import { neededSubscriptions } from '../../backend/hubspot/subscriptions.ts';
import { INTAKE_PATH } from '../../backend/main.ts';
import { openDatabase } from '../../backend/store/connection.ts';
import type { Db } from '../../backend/store/database.ts';
import { freePort } from '../../backend/store/embedded.ts';
import { verifyJournal } from '../../backend/store/journal.ts';
import { addPerson } from '../../backend/store/people.ts';
import { breakableLine, type BrokenLine } from '../harness/brokenLine.ts';
import { eventually } from '../harness/eventually.ts';
import { killableService, type Killable, type Running } from '../harness/killable.ts';
import { startSimulator, type Simulator } from '../simulator/simulator.ts';

const CONTACTS = 6;
const COLLEAGUE = { sourceType: 'CRM_UI', sourceId: 'userId:7' };
const ANSWER_WITHIN_MS = 7_000;
/** The daily limit is asked about again after five minutes. */
const REST_WITHIN_MS = 420_000;
const BACKFILL_WITHIN_MS = 60_000;
/** What a service is started as; `web` and `worker` apart when there are such roles. */
export type Roles = readonly string[];
export const ALL: Roles = ['all'];

export interface Person {
  id: string;
  token: string;
}
export interface Asked {
  person: Person;
  key: string;
  seen: string;
  body: string;
}
export interface Process extends Running {
  /** Everything it asks of the CRM goes through here. */
  line: BrokenLine;
  url: string;
}
/** What the client's account says in the end. */
export interface Account {
  webhooksAcknowledged: number;
  webhooksLost: number;
  editsAccepted: number;
  editsLost: number;
  /** One sentence for each thing that is not as it should be. */
  wrong: string[];
}

export interface Town {
  hub: HubId;
  db: Db;
  sim: Simulator;
  people: Person[];
  /** Edits that nobody answered: a careful client sends them again under the same key. */
  unanswered: Asked[];
  /** Starts one process of the service; requests and webhooks go to the one that was started last. */
  start(options?: {
    roles?: Roles;
    killAt?: string | null;
    env?: Readonly<Record<string, string>>;
  }): Promise<Process>;
  /** Requests and webhooks go to this process from now on. */
  turnTo(process: Process): void;
  /** A colleague changes a field, a customer two others; every value occurs once. Answers whether it was durable. */
  load(): Promise<boolean>;
  /** Until a webhook or an edit is taken again; answers with the time it took, in ms. */
  firstAnswer(): Promise<number>;
  /** Until nothing waits any more; answers with the time it took, in ms. */
  rest(): Promise<number>;
  /** Notes what was acknowledged so far: the stand-in forgets its oldest deliveries. */
  harvest(): void;
  account(): Promise<Account>;
  /** Ends every process of the service. */
  stopAll(): Promise<void>;
  close(): Promise<void>;
}

/** The database's own life is somebody else's matter. */
export async function openTown(options: { databaseUrl: string; seed?: number }): Promise<Town> {
  const sim = await startSimulator({ seed: options.seed ?? 1 });
  const hub = toHubId(sim.hubId);
  const db = openDatabase(options.databaseUrl, hub, () => undefined);
  const people = inhabitants(sim);
  const front = await breakableLine('http://127.0.0.1:1');
  const killable = await killableService({
    DATABASE_URL: options.databaseUrl,
    HUBSPOT_ACCESS_TOKEN: sim.accessToken,
    HUBSPOT_CLIENT_ID: sim.clientId,
    HUBSPOT_CLIENT_SECRET: sim.clientSecret,
    HUBSPOT_APP_ID: String(sim.appId),
    HUBSPOT_WINDOW_LIMIT: '190',
    PUBLIC_URL: front.url,
  });
  sim.faults.webhooks.retryBackoffMs = 20;
  const town = assemble({ hub, db, sim, people, front, killable });
  const first = await town.start();
  await eventually(
    async () =>
      (await db.selectFrom('mirror').select('record_id').where('object', '=', 'contact').execute()).length ===
      CONTACTS,
    'the first backfill',
    BACKFILL_WITHIN_MS,
  );
  for (const person of people) {
    const facts = { hubId: hub, contactId: recordId(person.id), audience: 'direct' } as const;
    person.token = await addPerson(db, { ...facts, secret: randomUUID(), now: Date.now() });
  }
  await fetch(`${sim.url}/_sim/webhooks`, {
    method: 'PUT',
    body: JSON.stringify({ target: `${front.url}${INTAKE_PATH}`, subscriptions: neededSubscriptions({}) }),
  });
  await first.stop();
  return town;
}

function inhabitants({ world }: Simulator): Person[] {
  const company = world.create('companies', { name: 'Engines Ltd' }, COLLEAGUE);
  return Array.from({ length: CONTACTS }, (_, i) => {
    const properties = { email: `p${i}@example.com`, firstname: `First ${i}`, jobtitle: 'Analyst' };
    const { id } = world.create('contacts', properties, COLLEAGUE);
    const label = { category: 'HUBSPOT_DEFINED', typeId: 1 } as const;
    world.associate(['contacts', id], ['companies', company.id], COLLEAGUE, [label]);
    return { id, token: '' };
  });
}

interface Parts {
  hub: HubId;
  db: Db;
  sim: Simulator;
  people: Person[];
  front: BrokenLine;
  killable: Killable;
}

function assemble(parts: Parts): Town {
  const { db, sim, people, front, killable } = parts;
  const processes: Process[] = [];
  const acknowledged = new Set<string>();
  const accepted = new Set<string>();
  const unanswered: Asked[] = [];
  /** Names that were written, by contact: the history keeps only its newest entries. */
  const written = new Map<string, unknown[]>();
  sim.world.listen((change) => {
    if (change.is !== 'changed' || change.property !== 'firstname') return;
    written.set(change.id, [...(written.get(change.id) ?? []), change.value]);
  });
  let counter = 0;
  let head = 'j0';

  async function send(asked: Asked): Promise<boolean> {
    const answer = await patch(front.url, asked).catch(() => null);
    if (answer === null || answer.status >= 500) {
      unanswered.push(asked);
      return false;
    }
    if (answer.status === 429) return false; // this person asked too often: nothing was taken
    if (answer.status !== 200 && answer.status !== 202)
      throw new Error(`An edit was answered with ${answer.status}: ${answer.text}`);
    accepted.add((JSON.parse(answer.text) as { editId: string }).editId);
    return true;
  }

  const town: Town = {
    ...parts,
    unanswered,
    turnTo: ({ url }) => front.to(url),
    start: async ({ roles = ALL, killAt = null, env: own = {} } = {}) => {
      const port = await freePort();
      const line = await breakableLine(sim.url);
      const url = `http://127.0.0.1:${port}`;
      front.to(url);
      const env = {
        PORT: String(port),
        HUBSPOT_BASE_URL: line.url,
        TALLYSTICK_ROLE: roles.join(','),
        ...own,
      };
      const running = { ...(await killable.start(killAt, env)), line, url };
      processes.push(running);
      return running;
    },
    load: async () => {
      const n = (counter += 1); // several may be under way
      const [rep, other] = [people[n % people.length]!, people[(n * 7 + 3) % people.length]!];
      sim.world.update('contacts', rep.id, { jobtitle: `Title ${n}` }, COLLEAGUE);
      head = await newestVersion(db).catch(() => head);
      const mobile = `+44207946${String(n).padStart(4, '0')}`;
      const body = JSON.stringify({ fields: { firstName: `Name ${n}`, mobile } });
      return send({ person: other, key: `edit-${n}`, seen: head, body });
    },
    firstAnswer: async () => {
      const begunAt = performance.now();
      const last = processes.at(-1);
      await eventually(
        () => {
          if (last?.process.exitCode != null) throw new Error('The service has ended by itself.');
          return town.load();
        },
        'an edit is accepted',
        REST_WITHIN_MS,
      );
      return performance.now() - begunAt;
    },
    rest: async () => {
      const begunAt = performance.now();
      for (const asked of unanswered.splice(0)) await send(asked);
      await eventually(
        async () => {
          for (const asked of unanswered.splice(0)) await send(asked);
          const { idle } = sim.webhooks.counters();
          return idle && unanswered.length === 0 && (await waiting(db).catch(() => 1)) === 0;
        },
        'nothing waits any more',
        REST_WITHIN_MS,
      );
      await eventually(
        async () => (await unequal(parts)).length === 0,
        'the mirror equals the CRM',
        REST_WITHIN_MS,
      ).catch(() => undefined); // the account says which differ
      return performance.now() - begunAt;
    },
    harvest: () => {
      for (const delivery of sim.webhooks.deliveries()) {
        if (!delivery.attempts.some((attempt) => attempt.status === 200)) continue;
        for (const event of delivery.events) acknowledged.add(eventKey(event));
      }
    },
    account: async () => {
      town.harvest();
      return accountOf(parts, acknowledged, accepted, written);
    },
    stopAll: async () => {
      for (const one of processes.splice(0)) {
        one.process.kill('SIGKILL');
        await one.ended;
        await one.line.close();
      }
    },
    close: async () => {
      await town.stopAll();
      await front.close();
      await sim.close();
      await db.destroy();
      await killable.dispose();
    },
  };
  return town;
}

async function patch(
  url: string,
  { person, key, seen, body }: Asked,
): Promise<{ status: number; text: string }> {
  const answer = await fetch(`${url}/portal/v1/records/contact/${person.id}`, {
    method: 'PATCH',
    headers: {
      authorization: `Bearer ${person.token}`,
      'content-type': 'application/json',
      'idempotency-key': key,
      'if-match': seen,
    },
    body,
    signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
  });
  return { status: answer.status, text: await answer.text() };
}

async function newestVersion(db: Db): Promise<string> {
  const row = await db
    .selectFrom('journal')
    .select((eb) => eb.fn.max('seq').as('seq'))
    .executeTakeFirst();
  return `j${String(row?.seq ?? 0)}`;
}

async function waiting(db: Db): Promise<number> {
  // In one statement: between two, what is applied becomes due unseen.
  const deliveries = db.selectFrom('deliveries').select('hub_id').where('applied_at', 'is', null);
  const promises = db.selectFrom('promises').select('hub_id').where('settled_at', 'is', null);
  const all = db.selectFrom('due').select('hub_id').unionAll(deliveries).unionAll(promises);
  return (await all.execute()).length;
}

async function unequal({ db, sim, people }: Parts): Promise<string[]> {
  const rows = await db
    .selectFrom('mirror')
    .select(['record_id', 'fields'])
    .where('object', '=', 'contact')
    .execute();
  return people.flatMap(({ id }) => {
    const fields = rows.find((row) => row.record_id === id)?.fields;
    return [
      ['jobTitle', 'jobtitle'],
      ['firstName', 'firstname'],
    ].flatMap(([field = '', property = '']) => {
      const [ours, crm] = [fields?.[field]?.[0], sim.world.value('contacts', id, property)];
      return ours === crm ? [] : [`${field} of ${id} is “${String(ours)}”, in the CRM “${String(crm)}”`];
    });
  });
}

const eventKey = (event: Record<string, unknown>): string =>
  JSON.stringify([
    event.eventId,
    event.subscriptionType,
    event.objectId,
    event.propertyName,
    event.occurredAt,
  ]);

async function accountOf(
  parts: Parts,
  acknowledged: ReadonlySet<string>,
  accepted: ReadonlySet<string>,
  written: ReadonlyMap<string, readonly unknown[]>,
): Promise<Account> {
  const { db, hub } = parts;
  const stored = new Set<string>();
  for (const { events } of await db.selectFrom('deliveries').select('events').execute())
    for (const event of JSON.parse(events) as Record<string, unknown>[]) stored.add(eventKey(event));
  const lost = [...acknowledged].filter((key) => !stored.has(key));
  const fields = await db.selectFrom('edit_fields').selectAll().execute();
  const open = fields.filter(({ state }) => state === 'accepted' || state === 'written');
  const forgotten = [...accepted].filter((id) => !fields.some((field) => field.edit_id === id));
  const twice = [...written].filter(([, names]) => new Set(names).size < names.length);
  const unproven = fields.filter(
    ({ field, state, record_id, wanted }) =>
      field === 'firstName' && state === 'verified' && !(written.get(record_id ?? '') ?? []).includes(wanted),
  );
  const { broken } = await verifyJournal(db, hub);
  return {
    webhooksAcknowledged: acknowledged.size,
    webhooksLost: lost.length,
    editsAccepted: accepted.size,
    editsLost: forgotten.length + open.length,
    wrong: [
      ...lost.map((key) => `the event ${key} was acknowledged and is not there`),
      ...forgotten.map((id) => `the edit ${id} was accepted and is not there`),
      ...open.map(({ edit_id, field }) => `${field} of the edit ${edit_id} is still open`),
      ...twice.map(([id]) => `a name of ${id} was written twice`),
      ...unproven.map(({ edit_id }) => `the edit ${edit_id} is verified and was never written`),
      ...(await unequal(parts)),
      ...(broken === null ? [] : [`the journal is broken: ${JSON.stringify(broken)}`]),
    ],
  };
}
