/** What the tests of completeness share: a hub with some records, its worker on the stand-in's clock. */
import { OBJECTS, type AppObject } from '@tallystick/shared/ownership';
import type { Comparison, JobKind } from '../../backend/store/layerTables.ts';
import { orderJobs } from '../../backend/store/jobs.ts';
import { eventually } from '../harness/eventually.ts';
import type { Simulator } from '../simulator/simulator.ts';
import { startLoop, type LoopHarness } from '../harness/loop.ts';
import { seedDefinitions } from '../simulator/seedSchema.ts';

export const COLLEAGUE = { sourceType: 'CRM_UI', sourceId: 'userId:7' };
/** The objects that these tests have records of; the others are compared as well, and empty. */
export const USED: readonly AppObject[] = ['contact', 'company', 'ticket'];
export const MINUTE_MS = 60_000;
const WITHIN_MS = 20_000;
const NUDGE_MS = 100;
/** Comparing waits for what may be in flight. */
const JOBS_NUDGE_MS = 1_000;

export interface Hub {
  loop: LoopHarness;
  contacts: string[];
  companies: string[];
  tickets: string[];
  /** World time. */
  now: () => number;
  /** Waits with world time running on quickly; counts nothing against what it waits for. */
  until<T>(
    condition: () => Promise<T | undefined | false> | T | undefined | false,
    what: string,
    nudgeMs?: number,
    withinMs?: number,
  ): Promise<T>;
  /** Everything that is due now, or will be within `ms`, is done. */
  rest(ms?: number): Promise<void>;
  /** Has everything compared, and answers with what was found, by object. */
  compare(kind?: JobKind, objects?: readonly AppObject[]): Promise<Record<string, Comparison>>;
  missed(): Promise<Record<string, number>>;
}

/** No webhook ever comes by itself; what is here first is read from nothing. */
export async function startHub(
  options: Parameters<typeof startLoop>[0] & { contacts?: number } = {},
): Promise<Hub> {
  const prepare = (sim: Simulator): void => void seedDefinitions(sim.world);
  const loop = await startLoop({ journal: true, worldTime: true, prepare, ...options });
  const { world } = loop.sim;
  const hub: Hub = {
    ...{ loop, contacts: [], companies: [], tickets: [] },
    now: () => world.clock.now(),
    until: (condition, what, nudgeMs = NUDGE_MS, withinMs = WITHIN_MS) =>
      eventually(
        () => {
          world.clock.advance(nudgeMs);
          return condition();
        },
        what,
        withinMs,
      ),
    rest: async (ms = 0) => {
      if (ms > 0) world.clock.advance(ms);
      await hub.until(async () => {
        // In one statement: what is applied between two becomes due, and neither of them would see it.
        const due = loop.db.selectFrom('due').select('hub_id');
        const waiting = loop.db.selectFrom('deliveries').select('hub_id').where('applied_at', 'is', null);
        return (await due.unionAll(waiting).limit(1).execute()).length === 0;
      }, 'the worker has come to rest');
    },
    compare: (kind = 'reconcile', objects = USED) => compare(hub, kind, objects),
    missed: async () => {
      const rows = await loop.db.selectFrom('warnings').select(['code', 'count']).execute();
      return Object.fromEntries(rows.map((row) => [row.code, Number(row.count)]));
    },
  };
  await hub.until(
    () => options.journal === false || world.state.data.journal.subscriptions.length > 8,
    'the journal is subscribed',
  );
  // Quietly: told by the webhooks journal they would count as missed, where that is read before the backfill is over.
  world.quietly(() => fill(hub, options.contacts ?? 5));
  const jobs = await orderJobs(loop.db, loop.hubId, 'backfill', OBJECTS, hub.now());
  await finished(hub, jobs);
  await hub.rest();
  return hub;
}

function fill(hub: Hub, contacts: number): void {
  const { world } = hub.loop.sim;
  for (let i = 0; i < contacts; i += 1) {
    const contact = world.create(
      'contacts',
      { email: `p${i}@example.com`, firstname: `First ${i}`, jobtitle: 'Analyst' },
      COLLEAGUE,
    );
    const company = world.create('companies', { name: `Company ${i}`, address: `Street ${i}` }, COLLEAGUE);
    const ticket = world.create(
      'tickets',
      { subject: `Case ${i}`, hs_pipeline: '0', hs_pipeline_stage: '1' },
      COLLEAGUE,
    );
    world.associate(['contacts', contact.id], ['companies', company.id], COLLEAGUE);
    world.associate(['tickets', ticket.id], ['companies', company.id], COLLEAGUE);
    hub.contacts.push(contact.id);
    hub.companies.push(company.id);
    hub.tickets.push(ticket.id);
  }
}

async function finished(hub: Hub, jobs: readonly string[]) {
  return hub.until(
    async () => {
      const rows = await hub.loop.db.selectFrom('jobs').selectAll().where('job_id', 'in', jobs).execute();
      return rows.every((row) => row.finished_at !== null) && rows;
    },
    'the jobs are done',
    JOBS_NUDGE_MS,
  );
}

async function compare(
  hub: Hub,
  kind: JobKind,
  objects: readonly AppObject[],
): Promise<Record<string, Comparison>> {
  const rows = await finished(hub, await orderJobs(hub.loop.db, hub.loop.hubId, kind, objects, hub.now()));
  return Object.fromEntries(rows.map((row) => [row.object, row.comparison!]));
}

export const allEqual = (found: Record<string, Comparison>): boolean =>
  Object.values(found).every((one) => one.differences === 0 && one.moving === 0 && one.mirror === one.crm);
