/**
 * One history of a small world, drawn from one seed: customers, colleagues, a workflow that answers our writes, imports,
 * merges, erasures; webhooks late, twice, out of order or never; calls that get lost; processes that die; a CRM whose
 * clock is minutes off. In the end everything calms down, and the invariants must hold.
 */
import { createHash } from 'node:crypto';
import { recordId as toRecordId, type RecordId } from '@tallystick/shared/ids';
import { READ_LAG_MS } from '@tallystick/shared/observe';
import { fieldOf, type AppObject } from '@tallystick/shared/ownership';
import { neededSubscriptions } from '../../backend/hubspot/subscriptions.ts';
import { sourceOf } from '../simulator/acting.ts';
import { createRandom, type Random } from '../simulator/random.ts';
import { PRIMARY_COMPANY } from '../simulator/seedKit.ts';
import { seedDefinitions } from '../simulator/seedSchema.ts';
import { startSimulator, type Simulator } from '../simulator/simulator.ts';
import type { Change, LinkSpec } from '../simulator/state.ts';
import { eventsOf, noWebhooks, subscribe, type WebhookEvent } from '../simulator/webhooks.ts';
import { calmDown, moreActs, resumeAll, seedQuote } from './acts.ts';
import { brokenInvariants, falseAges } from './invariants.ts';
import { Crash, openService, type Around, type SimulatedService } from './service.ts';
import { VirtualClock } from './time.ts';

export interface Outcome {
  seed: number;
  /** The same for the same seed: a digest of the journal and of the CRM as they are in the end. */
  trace: string;
  /** What happened, and how often. */
  counts: Record<string, number>;
  /** One sentence for each invariant that does not hold. */
  broken: string[];
  /** What was done, in order. */
  story: string[];
}

const BEGIN = Date.UTC(2026, 0, 5, 9);
const SKEW_MAX_MS = 600_000;
const STEPS = 90;
const STEPS_BETWEEN_LOOKS = 10;
const CALM_ROUNDS_MAX = 2_000;
const CALM_PAUSE_MS = 5_000;
const HOUR_MS = 3_600_000;
const IMPORTED = 6;

/** What both sides change: the field, and the values that each may give it. */
export const FIELDS: readonly { object: AppObject; field: string; values: readonly string[] }[] = [
  { object: 'contact', field: 'firstName', values: ['Ada', 'Bea', 'Cleo', 'Dora'] },
  { object: 'contact', field: 'phone', values: ['+49301234567', '+49307654321', '+4930999999'] },
  { object: 'contact', field: 'jobTitle', values: ['Buyer', 'Chief', 'Engineer'] },
  { object: 'company', field: 'street', values: ['Elm 1', 'Oak 2', 'Ash 3', 'Fir 4'] },
  {
    object: 'company',
    field: 'website',
    values: ['https://a.example', 'https://b.example', 'https://c.example'],
  },
  { object: 'company', field: 'billingEmail', values: ['x@a.example', 'y@a.example', 'z@a.example'] },
  { object: 'company', field: 'capabilities', values: ['repair', 'audit;repair', 'audit'] },
  { object: 'company', field: 'vatNumber', values: ['DE1', 'DE2', 'DE3'] },
  { object: 'ticket', field: 'reference', values: ['R-1', 'R-2', 'R-3'] },
];

export async function live(seed: number, databaseUrl: string): Promise<Outcome> {
  const history = await begin(seed, databaseUrl);
  try {
    for (let step = 0; step < STEPS; step += 1) await history.step();
    await history.calm();
    const broken = [...history.broken, ...(await brokenInvariants(history))];
    for (const [rule, count] of await rulesMet(history.service)) history.counts[`rule:${rule}`] = count;
    return { seed, trace: await history.trace(), counts: history.counts, broken, story: history.story };
  } finally {
    await history.close();
  }
}

export interface History {
  sim: Simulator;
  service: SimulatedService;
  time: VirtualClock;
  counts: Record<string, number>;
  story: string[];
  /** Records that took part in a merge: the CRM wrote their past anew. */
  merged: ReadonlySet<string>;
  /** What was wrong while it went on. */
  broken: readonly string[];
  step(): Promise<void>;
  /** Faults end, what waits is done, everything is compared with the CRM. */
  calm(): Promise<void>;
  trace(): Promise<string>;
  close(): Promise<void>;
}

async function begin(seed: number, databaseUrl: string): Promise<History> {
  const random = createRandom(seed, 'history');
  const skewMs = random.int(2 * SKEW_MAX_MS) - SKEW_MAX_MS;
  // A hub of its own, so that histories share a database and nothing else.
  const hubId = 30_000_000 + random.int(900_000_000);
  const sim = await startSimulator({ seed, hubId, now: () => BEGIN + skewMs });
  sim.faults.lastmodifiedBump = false;
  sim.faults.journalDropRate = random.pick([0, 0.3, 1]);
  // Not longer than what the law allows a read to lag (O5).
  sim.faults.readLagMs = random.pick([0, 0, 0, READ_LAG_MS - 500]);
  const time = new VirtualClock(BEGIN, (ms) => sim.world.clock.advance(ms));
  const ids = seedWorld(sim);
  const weather = createWeather(random);
  const counts: Record<string, number> = {};
  const story: string[] = [];
  const count = (what: string): void => void (counts[what] = (counts[what] ?? 0) + 1);
  const tell = (what: string): void => {
    count(what.split(' ')[0] ?? what);
    story.push(`${new Date(time.now()).toISOString().slice(11, 23)} ${what}`);
  };
  const around: Around = {
    before: (name) => {
      if (weather.calm) return 'go';
      if (random.chance(0.15)) colleague(random, sim, ids, tell, 'meanwhile');
      if (random.chance(0.04)) return told(tell, 'lost', name);
      if (random.chance(0.04)) return told(tell, 'answer-lost', name);
      if (name.startsWith('update') && random.chance(0.1)) return told(tell, 'late', name);
      if (random.chance(0.01)) return told(tell, 'crash', name);
      return random.chance(0.01) ? told(tell, 'crash-after', name) : 'go';
    },
    diesAt: (step) => {
      if (weather.calm || !random.chance(0.008)) return false;
      tell(`died-at ${step}`);
      return true;
    },
  };
  const service = await openService({ databaseUrl, sim, time, random, around });
  const queue = webhooks(sim, random, weather, () => time.now(), count);
  workflow(sim, random, weather, tell);
  await service.order('backfill');
  // Most begin where everything is known; some in the middle of the first backfill.
  if (random.chance(0.8)) {
    weather.calm = true;
    await settle(service, time);
    weather.calm = false;
  }

  const merged = new Set<string>();
  const broken: string[] = [];
  let steps = 0;
  const history: History = {
    ...{ sim, service, time, counts, story, merged, broken },
    step: async () => {
      await act(random, { sim, service, time, ids, weather, queue, merged, tell });
      steps += 1;
      if (steps % STEPS_BETWEEN_LOOKS !== 0) return;
      broken.push(...(await falseAges(history)).map((why) => `I13, step ${steps}: ${why}`));
    },
    calm: async () => {
      weather.calm = true;
      calmDown(sim);
      tell('calm');
      await resumeAll(service);
      if (random.chance(0.5)) for (const { event } of queue.splice(0)) await service.store([event]);
      time.pass(HOUR_MS);
      await settle(service, time);
      await service.order('reconcile');
      await settle(service, time);
    },
    trace: () => traceOf(service, sim),
    close: async () => {
      await service.close();
      await sim.close();
    },
  };
  return history;
}

export interface Ids {
  contact: RecordId[];
  company: RecordId[];
  ticket: RecordId[];
  quote: RecordId[];
  /** What makes a contact more than somebody of the company. */
  label: LinkSpec;
}
export interface Weather {
  calm: boolean;
  drop: number;
  double: number;
}
export type Tell = (what: string) => void;
type Queue = { dueAt: number; event: WebhookEvent }[];

function told<T extends string>(tell: Tell, what: T, name: string): T {
  tell(`${what} ${name}`);
  return what;
}

const createWeather = (random: Random): Weather => ({
  calm: false,
  drop: random.pick([0, 0.2, 1]),
  double: random.pick([0, 0.3]),
});

function seedWorld({ world }: Simulator): Ids {
  const by = sourceOf('colleague');
  const label: LinkSpec = { category: 'USER_DEFINED', typeId: 0 };
  const ids: Ids = { contact: [], company: [], ticket: [], quote: [], label };
  world.quietly(() => {
    ids.label = seedDefinitions(world).partner;
    for (const name of ['Acme', 'Beta'])
      ids.company.push(toRecordId(world.create('companies', { name, billing_email: 'x@a.example' }, by).id));
    for (const firstname of ['Ann', 'Ben', 'Cid', 'Dan']) {
      const email = `${firstname.toLowerCase()}@a.example`;
      const { id } = world.create('contacts', { firstname, lastname: 'Doe', email }, by);
      ids.contact.push(toRecordId(id));
      const company = ids.company[ids.contact.length % 2] ?? '';
      world.associate(['contacts', id], ['companies', company], by, [PRIMARY_COMPANY]);
    }
    for (const subject of ['Cold', 'Loud']) {
      const { id } = world.create('tickets', { subject, hs_pipeline: '0', hs_pipeline_stage: '1' }, by);
      ids.ticket.push(toRecordId(id));
      world.associate(['tickets', id], ['companies', ids.company[0] ?? ''], by, [
        { category: 'HUBSPOT_DEFINED', typeId: 26 },
      ]);
    }
    ids.quote.push(seedQuote(world, ids));
  });
  return ids;
}

/** Events as HubSpot would send them, each with its own fate. */
function webhooks(
  sim: Simulator,
  random: Random,
  weather: Weather,
  now: () => number,
  count: (what: string) => void,
): Queue {
  const settings = noWebhooks();
  const { state } = sim.world;
  const typeIds = { installed_site: sim.world.type('installed_site').typeId };
  for (const each of neededSubscriptions(typeIds)) subscribe(state, settings, { ...each, active: true });
  const queue: Queue = [];
  sim.world.listen((change: Change) => {
    for (const event of eventsOf(state, settings, change, () => 1 + random.int(4_294_967_295))) {
      if (random.chance(weather.drop)) {
        count('webhook-dropped');
        continue;
      }
      const times = random.chance(weather.double) ? 2 : 1;
      if (times === 2) count('webhook-doubled');
      for (let copy = 0; copy < times; copy += 1)
        queue.push({ dueAt: now() + random.pick([50, 500, 5_000, 600_000]), event });
    }
  });
  return queue;
}

/** A workflow in the CRM that now and then answers a write of ours with one of its own, at once. */
function workflow(sim: Simulator, random: Random, weather: Weather, tell: Tell): void {
  sim.world.listen((change) => {
    const isOurs = change.is === 'changed' && change.by.sourceType === 'INTEGRATION';
    if (!isOurs || weather.calm || !random.chance(0.12)) return;
    const spec = FIELDS.find(({ object, field }) => fieldOf(object, field)?.property === change.property);
    if (spec === undefined) return;
    tell(`workflow ${change.property}`);
    const type = sim.world.state.data.types.get(change.typeId)?.name ?? '';
    sim.world.update(type, change.id, { [change.property]: random.pick(spec.values) }, sourceOf('workflow'));
  });
}

const CRM_TYPES = { contact: 'contacts', company: 'companies', ticket: 'tickets', quote: 'quotes' } as const;
export type Acting = keyof typeof CRM_TYPES;

function colleague(
  random: Random,
  sim: Simulator,
  ids: Ids,
  tell: Tell,
  what: string,
  as = 'colleague',
): void {
  const { object, field, values } = random.pick(FIELDS);
  const acting = object as Acting;
  const id = random.pick(ids[acting]);
  const property = fieldOf(object, field)?.property ?? '';
  if (!isLive(sim, acting, id)) return;
  tell(`${what} ${object} ${id} ${field}`);
  sim.world.update(CRM_TYPES[acting], id, { [property]: random.pick(values) }, sourceOf(as));
}

function imported(random: Random, sim: Simulator, ids: Ids, tell: Tell): void {
  for (let rows = 0; rows < IMPORTED; rows += 1) colleague(random, sim, ids, tell, 'import', 'import');
}

const recordOf = (sim: Simulator, acting: Acting, id: string) =>
  sim.world.state.data.records.get(sim.world.type(CRM_TYPES[acting]).typeId)?.get(id);
export const isLive = (sim: Simulator, acting: Acting, id: string): boolean =>
  recordOf(sim, acting, id)?.archivedAt === null;

export interface Scene {
  sim: Simulator;
  service: SimulatedService;
  time: VirtualClock;
  ids: Ids;
  weather: Weather;
  queue: Queue;
  merged: Set<string>;
  tell: Tell;
}

/** One thing happens. */
async function act(random: Random, scene: Scene): Promise<void> {
  const { sim, service, time, ids, queue, merged, tell } = scene;
  const { world } = sim;
  const by = sourceOf('colleague');
  const acts: [weight: number, () => unknown][] = [
    [20, () => customer(random, scene)],
    [
      10,
      () => {
        colleague(random, sim, ids, tell, 'colleague');
      },
    ],
    [2, () => imported(random, sim, ids, tell)],
    [18, () => deliver(random, scene)],
    [14, () => worked(scene, () => service.apply(), 'apply')],
    [26, () => worked(scene, () => service.work(), 'work')],
    [3, () => worked(scene, () => service.jobs(), 'jobs')],
    [5, () => worked(scene, () => service.erase(), 'erase')],
    [
      10,
      () => {
        time.pass(random.pick([20, 300, 1_500, 12_000, 120_000]));
      },
    ],
    [
      1,
      () => {
        tell('hours');
        time.pass(5 * HOUR_MS);
      },
    ],
    [
      1,
      () => {
        sim.faults.api.down = !sim.faults.api.down;
        tell(`down ${String(sim.faults.api.down)}`);
      },
    ],
    [
      1,
      () => {
        sim.faults.api.locked423Rate = random.pick([0, 0.5]);
        tell('locks');
      },
    ],
    [
      1,
      () => {
        queue.splice(0, 3);
        tell('never-delivered');
      },
    ],
    [
      1,
      () => {
        tell('restart');
        return service.restart();
      },
    ],
    [
      2,
      () => {
        const id = random.pick(ids.ticket);
        tell(`life ticket ${id}`);
        if (isLive(sim, 'ticket', id)) world.archive('tickets', id, by);
        else world.restore('tickets', id, { ...by, sourceType: 'RESTORE_OBJECTS' });
      },
    ],
    [
      1,
      () => {
        const [one, other] = [random.pick(ids.contact), random.pick(ids.contact)];
        if (one === other || !isLive(sim, 'contact', one) || !isLive(sim, 'contact', other)) return;
        tell(`merge ${other} into ${one}`);
        const survivor = toRecordId(world.merge('contacts', one, other, by).id);
        for (const id of [one, other, survivor]) merged.add(id);
        if (!ids.contact.includes(survivor)) ids.contact.push(survivor);
      },
    ],
    [
      1.5,
      () => {
        const id = random.pick(ids.contact);
        if (!isLive(sim, 'contact', id) || ids.contact.length < 4) return;
        tell(`privacy ${id}`);
        world.privacyDelete('contacts', id, by);
        ids.contact.splice(ids.contact.indexOf(id), 1);
      },
    ],
    [
      1,
      () => {
        const id = random.pick(ids.contact);
        if (!isLive(sim, 'contact', id)) return;
        tell(`links ${id}`);
        const [at = ''] = world.linked('contacts', id, 'companies').map((link) => link.id);
        if (at === '')
          world.associate(['contacts', id], ['companies', random.pick(ids.company)], by, [PRIMARY_COMPANY]);
        else world.dissociate(['contacts', id], ['companies', at], by, []);
      },
    ],
    [1.5, () => label(random, scene)],
    [
      2,
      async () => {
        if (await service.lateCall(random.next())) tell('late-applied');
      },
    ],
  ];
  acts.push(...moreActs(random, scene));
  const total = acts.reduce((sum, [weight]) => sum + weight, 0);
  let left = random.next() * total;
  const chosen = acts.find(([weight]) => (left -= weight) < 0) ?? acts[0];
  await chosen?.[1]();
}

/** A colleague gives a contact another role in its company, or takes it away. */
function label(random: Random, { sim, ids, tell }: Scene): void {
  const { world } = sim;
  const id = random.pick(ids.contact);
  if (!isLive(sim, 'contact', id)) return;
  const [link] = world.linked('contacts', id, 'companies');
  if (link === undefined) return;
  const isThere = link.types.some(({ typeId }) => typeId === ids.label.typeId);
  tell(`label ${id} ${String(!isThere)}`);
  const by = sourceOf('colleague');
  if (isThere) world.dissociate(['contacts', id], ['companies', link.id], by, [ids.label]);
  else world.associate(['contacts', id], ['companies', link.id], by, [ids.label]);
}

/** Somebody in the portal changes one or two fields of a record, looking at what is there now, or was a while ago. */
async function customer(random: Random, { service, ids, tell }: Scene): Promise<void> {
  const { object, field, values } = random.pick(FIELDS);
  const recordId = random.pick(ids[object as Acting]);
  const row = await service.db
    .selectFrom('mirror')
    .select(['fields', 'life'])
    .where('hub_id', '=', service.hubId)
    .where('object', '=', object)
    .where('record_id', '=', recordId)
    .executeTakeFirst();
  if (row?.life !== 'present') return;
  const now = row.fields[field]?.[0] ?? null;
  const seen = random.chance(0.25) ? random.pick(values) : now;
  const wanted = random.pick(values);
  tell(`customer ${object} ${recordId} ${field} ${seen ?? '-'} → ${wanted}`);
  await service.ask({
    object,
    recordId,
    person: random.pick(ids.contact),
    fields: { [field]: { seen, wanted } },
  });
}

/** One request with whatever is due, in any order. */
async function deliver(random: Random, { service, time, queue, tell }: Scene): Promise<void> {
  const due = queue.filter(({ dueAt }) => dueAt <= time.now());
  if (due.length === 0) return;
  const events: WebhookEvent[] = [];
  for (let left = 1 + random.int(5); left > 0 && due.length > 0; left -= 1) {
    const [one] = due.splice(random.int(due.length), 1);
    if (one === undefined) break;
    queue.splice(queue.indexOf(one), 1);
    events.push(one.event);
  }
  tell(`webhook ${events.length}`);
  await service.store(events);
}

/** A crash leaves the database as it is; the next process goes on from there. */
export async function worked(
  { service, tell }: Scene,
  work: () => Promise<boolean>,
  what: string,
): Promise<void> {
  try {
    if (await work()) tell(what);
  } catch (error) {
    if (!(error instanceof Crash) && !isOfDeadProcess(error)) throw error;
    tell('crashed');
    await service.restart();
  }
}

/** What the dead process's own code met on its way down: its connection has ended. */
const isOfDeadProcess = (error: unknown): boolean =>
  error instanceof Error && /connection|Connection|ended|closed/.test(error.message);

async function settle(service: SimulatedService, time: VirtualClock): Promise<void> {
  await service.db
    .updateTable('due')
    .set({ parked_at: null, attempts: 0 })
    .where('hub_id', '=', service.hubId)
    .execute();
  for (let rounds = 0; rounds < CALM_ROUNDS_MAX; rounds += 1) {
    const moved = [
      ...[await service.apply(), await service.work(), await service.jobs()],
      ...[await service.erase(), await service.orders(), await service.make()],
    ];
    if (moved.some(Boolean)) continue;
    if (await isQuiet(service)) return;
    time.pass(CALM_PAUSE_MS);
  }
}

async function isQuiet({ db, hubId }: SimulatedService): Promise<boolean> {
  const [due, deliveries, jobs] = await Promise.all([
    db.selectFrom('due').select('lane').where('hub_id', '=', hubId).execute(),
    db
      .selectFrom('deliveries')
      .select('delivery_id')
      .where('hub_id', '=', hubId)
      .where('applied_at', 'is', null)
      .execute(),
    db
      .selectFrom('jobs')
      .select('job_id')
      .where('hub_id', '=', hubId)
      .where('finished_at', 'is', null)
      .execute(),
  ]);
  const making = await db
    .selectFrom('creations')
    .select('edit_id')
    .where('hub_id', '=', hubId)
    .where('ended_at', 'is', null)
    .execute();
  return due.length + deliveries.length + jobs.length + making.length === 0;
}

/** The rules that were applied, as journal and receipts name them. */
async function rulesMet({ db, hubId }: SimulatedService): Promise<[string, number][]> {
  const told = await db.selectFrom('journal').select('rule').where('hub_id', '=', hubId).execute();
  const moved = await db.selectFrom('edit_fields').select('rule').where('hub_id', '=', hubId).execute();
  const counts = new Map<string, number>();
  for (const { rule } of [...told, ...moved])
    if (rule !== null) counts.set(rule, (counts.get(rule) ?? 0) + 1);
  return [...counts];
}

/** Pauses get their numbers from the database, which other histories use too: here each has its place in this one. */
function numbered(): (key: string, value: unknown) => unknown {
  const places = new Map<unknown, number>();
  return (key, value) => {
    if (key !== 'pause' || value === null) return value;
    if (!places.has(value)) places.set(value, places.size);
    return places.get(value);
  };
}

async function traceOf({ db, hubId }: SimulatedService, sim: Simulator): Promise<string> {
  const rows = await db
    .selectFrom('journal')
    .select([
      'seq',
      'at',
      'kind',
      'object',
      'record_id',
      'field',
      'actor',
      'rule',
      'before',
      'after',
      'detail',
    ])
    .where('hub_id', '=', hubId)
    .orderBy('seq')
    .execute();
  const crm = [...sim.world.state.data.records].map(([type, records]) => [
    type,
    [...records].map(([id, { cells }]) => [id, [...cells]]),
  ]);
  return createHash('sha256')
    .update(JSON.stringify([rows, crm], numbered()))
    .digest('hex');
}
