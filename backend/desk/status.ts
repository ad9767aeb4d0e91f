/** How a hub stands, in numbers: what the command line and the health page show. */
import type { HubId } from '@tallystick/shared/ids';
import { sql } from 'kysely';
import type { BudgetState, Db, HubHealth } from '../store/database.ts';
import { CANARY_PERSON, loadCanary, type Canary } from '../store/canaries.ts';
import { barredCreations } from '../store/creationKeys.ts';
import { hooksOf, type HookRow } from '../store/hooks.ts';
import { LANES, type Lane } from '../store/lanes.ts';
import type { JobKind } from '../store/layerTables.ts';
import { layersStatus, type LayersStatus } from './layers.ts';
import { definitionsOf } from '../store/records.ts';
import { loadFindings, schemaReadAt } from '../store/schema.ts';
import type { KeptFinding } from '../store/schemaTables.ts';

export interface HubStatus {
  hubId: HubId;
  /** The worker that speaks for the hub, and when it last said so; older than a few seconds means nobody does. */
  worker: { holder: string; heartbeatAgeMs: number } | null;
  records: Record<string, number>;
  deliveriesWaiting: number;
  due: Record<Lane, number>;
  /** The age of the oldest work waiting, ms. */
  oldestDueMs: number | null;
  parked: number;
  openEdits: number;
  openConflicts: number;
  journalEntries: number;
  budget: BudgetState | null;
  health: HubHealth;
  /** What customers cannot make, because the CRM's property of its key is not unique. */
  barredCreations: ReturnType<typeof barredCreations>;
  /** Endpoints that are told of changes. */
  hooks: HookRow[];
  /** The canary's newest round trip; null: none was made. */
  canary: Canary | null;
  layers: LayersStatus;
  /** Where the CRM's schema no longer fits the rules. */
  drift: { readAt: number | null; findings: KeptFinding[] };
  /** The newest job of each kind and object. */
  jobs: {
    kind: JobKind;
    object: string;
    done: number;
    finished: boolean;
    error: string | null;
    startedAt: number | null;
    finishedAt: number | null;
  }[];
}

export async function hubStatus(db: Db, hubId: HubId, now: number): Promise<HubStatus> {
  const [hub, records, due, counts, jobs, hooks, definitions, findings, schema] = await Promise.all([
    db.selectFrom('hubs').selectAll().where('hub_id', '=', hubId).executeTakeFirstOrThrow(),
    db
      .selectFrom('mirror')
      .select((eb) => ['object', eb.fn.countAll<string>().as('n')])
      .where('hub_id', '=', hubId)
      .where('life', '=', 'present')
      .groupBy('object')
      .execute(),
    db
      .selectFrom('due')
      .select((eb) => ['lane', eb.fn.countAll<string>().as('n'), eb.fn.min('since').as('since')])
      .where('hub_id', '=', hubId)
      .where('parked_at', 'is', null)
      .groupBy('lane')
      .execute(),
    countsOf(db, hubId),
    db
      .selectFrom('jobs')
      .distinctOn(['kind', 'object'])
      .select(['kind', 'object', 'done', 'finished_at', 'started_at', 'error'])
      .where('hub_id', '=', hubId)
      .orderBy('kind')
      .orderBy('object')
      .orderBy('job_id', 'desc')
      .execute(),
    hooksOf(db, hubId),
    definitionsOf(db, hubId),
    loadFindings(db, hubId),
    schemaReadAt(db, hubId),
  ]);
  const oldest = due.map((row) => new Date(row.since).getTime());
  return {
    hubId,
    worker:
      hub.holder === null || hub.heartbeat_at === null
        ? null
        : { holder: hub.holder, heartbeatAgeMs: now - hub.heartbeat_at.getTime() },
    records: Object.fromEntries(records.map((row) => [row.object, Number(row.n)])),
    deliveriesWaiting: Number(counts.deliveries),
    due: lanesOf((number) => Number(due.find((row) => row.lane === number)?.n ?? 0)),
    oldestDueMs: oldest.length === 0 ? null : now - Math.min(...oldest),
    parked: Number(counts.parked),
    openEdits: Number(counts.edits),
    openConflicts: Number(counts.conflicts),
    journalEntries: Number(counts.journal),
    budget: hub.budget,
    health: hub.health,
    barredCreations: barredCreations(definitions),
    hooks: hooks.map((hook) => ({ ...hook, url: withoutQuery(hook.url) })),
    canary: await loadCanary(db, hubId),
    layers: await layersStatus(
      db,
      hubId,
      { health: hub.health, connectedAt: hub.connected_at.getTime() },
      now,
    ),
    drift: { readAt: schema, findings },
    jobs: jobs.map((job) => ({
      kind: job.kind,
      object: job.object,
      done: Number(job.done),
      finished: job.finished_at !== null,
      error: job.error,
      startedAt: job.started_at?.getTime() ?? null,
      finishedAt: job.finished_at?.getTime() ?? null,
    })),
  };
}

/** A query may hold what is nobody's business here. */
function withoutQuery(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

function lanesOf(count: (laneNumber: number) => number): Record<Lane, number> {
  const [edit = 0, read = 0, settle = 0, observe = 0, reconcile = 0, backfill = 0] = LANES.map((_, number) =>
    count(number),
  );
  return { edit, read, settle, observe, reconcile, backfill };
}

async function countsOf(db: Db, hubId: HubId) {
  const { rows } = await sql<Record<'deliveries' | 'parked' | 'edits' | 'conflicts' | 'journal', string>>`
    select
      (select count(*) from deliveries where hub_id = ${hubId} and applied_at is null) as deliveries,
      (select count(*) from due where hub_id = ${hubId} and parked_at is not null) as parked,
      (select count(distinct edit_id) from edit_fields where hub_id = ${hubId} and state in ('accepted', 'written')
        and not exists (select from edits e where e.hub_id = ${hubId} and e.edit_id = edit_fields.edit_id
          and e.person = ${CANARY_PERSON})) as edits,
      (select count(*) from conflicts where hub_id = ${hubId} and settled_at is null) as conflicts,
      (select coalesce(max(seq), 0) from journal where hub_id = ${hubId}) as journal`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new Error('A count query answered no row.');
  return row;
}
