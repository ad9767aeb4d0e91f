/** How a hub stands, as far as a person may have to be told: a few cheap statements, made again and again. */
import type { HubId } from '@tallystick/shared/ids';
import { sql } from 'kysely';
import { loadCanary, type Canary } from './canaries.ts';
import { barredCreations } from './creationKeys.ts';
import type { BudgetState, Db, HubHealth } from './database.ts';
import { hooksOf, type HookRow } from './hooks.ts';
import { journalPlace } from './layers.ts';
import { definitionsOf } from './records.ts';

/** All instants in ms; null: none. */
export interface Facts {
  connectedAt: number;
  heartbeatAt: number | null;
  health: HubHealth;
  budget: BudgetState | null;
  parked: number;
  /** Since when the oldest work of people, and of confirming, could have been done. */
  peopleDueSince: number | null;
  observeDueSince: number | null;
  deliveryWaitsSince: number | null;
  webhookAt: number | null;
  journalAt: number | null;
  journalReadAt: number | null;
  claims: { open: number; oldestAt: number | null };
  hooks: readonly HookRow[];
  /** Open jobs that failed. */
  jobs: readonly { name: string; since: number }[];
  /** What customers cannot make. */
  barred: readonly string[];
  canary: Canary | null;
}

const at = (stamp: Date | null | undefined): number | null => stamp?.getTime() ?? null;

export async function readFacts(db: Db, hubId: HubId, now: number): Promise<Facts> {
  const [hub, waiting, place, hooks, jobs, definitions, canary] = await Promise.all([
    db
      .selectFrom('hubs')
      .select(['connected_at', 'heartbeat_at', 'health', 'budget'])
      .where('hub_id', '=', hubId)
      .executeTakeFirstOrThrow(),
    waitingSince(db, hubId, now),
    journalPlace(db, hubId),
    hooksOf(db, hubId),
    db
      .selectFrom('jobs')
      .select(['kind', 'object', 'started_at', 'created_at'])
      .where('hub_id', '=', hubId)
      .where('finished_at', 'is', null)
      .where('error', 'is not', null)
      .execute(),
    definitionsOf(db, hubId),
    loadCanary(db, hubId),
  ]);
  return {
    connectedAt: hub.connected_at.getTime(),
    heartbeatAt: at(hub.heartbeat_at),
    health: hub.health,
    budget: hub.budget,
    parked: Number(waiting.parked),
    peopleDueSince: at(waiting.people),
    observeDueSince: at(waiting.observe),
    deliveryWaitsSince: at(waiting.delivery),
    webhookAt: at(waiting.webhook),
    journalAt: at(waiting.journal),
    journalReadAt: place?.caughtUpAt ?? null,
    claims: { open: Number(waiting.claims), oldestAt: at(waiting.claim) },
    hooks,
    jobs: jobs.map((job) => ({
      name: `${job.kind} ${job.object}`,
      since: (job.started_at ?? job.created_at).getTime(),
    })),
    barred: barredCreations(definitions).map(({ name }) => name),
    canary,
  };
}

interface Waiting {
  parked: string;
  people: Date | null;
  observe: Date | null;
  delivery: Date | null;
  webhook: Date | null;
  journal: Date | null;
  claims: string;
  claim: Date | null;
}

async function waitingSince(db: Db, hubId: HubId, now: number): Promise<Waiting> {
  const { rows } = await sql<Waiting>`
    select
      (select count(*) from due where hub_id = ${hubId} and parked_at is not null) as parked,
      (select min(greatest(since, not_before)) from due where hub_id = ${hubId} and parked_at is null
        and lane <= 2 and not_before <= ${new Date(now)}) as people,
      (select min(greatest(since, not_before)) from due where hub_id = ${hubId} and parked_at is null
        and lane = 3 and not_before <= ${new Date(now)}) as observe,
      (select min(received_at) from deliveries where hub_id = ${hubId} and applied_at is null) as delivery,
      (select received_at from deliveries where hub_id = ${hubId} and layer = 'webhooks'
        order by delivery_id desc limit 1) as webhook,
      (select received_at from deliveries where hub_id = ${hubId} and layer = 'journal'
        order by delivery_id desc limit 1) as journal,
      (select count(*) from claims where hub_id = ${hubId} and settled_at is null) as claims,
      (select min(opened_at) from claims where hub_id = ${hubId} and settled_at is null) as claim`.execute(
    db,
  );
  const [row] = rows;
  if (row === undefined) throw new Error('A count query answered no row.');
  return row;
}
