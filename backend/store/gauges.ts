/** A hub in numbers, for metrics: cheap enough to be asked every few seconds. */
import type { HubId } from '@tallystick/shared/ids';
import { sql } from 'kysely';
import { loadCanary } from './canaries.ts';
import type { BudgetState, Db } from './database.ts';
import { raisedWarnings } from './warnings.ts';

const DAY_MS = 86_400_000;

/** Ages in seconds; null: not known. */
export interface HubGauges {
  numbers: Record<
    | 'deliveries'
    | 'parked'
    | 'conflicts'
    | 'claims'
    | 'sessions'
    | 'journal'
    | 'hooksFailing'
    | 'epoch'
    | 'heartbeatAgeS'
    | 'journalLagS',
    number | null
  >;
  budget: BudgetState | null;
  /** `lane` is its number. */
  due: { lane: number; records: number; oldestS: number }[];
  edits: { state: string; fields: number }[];
  /** By code, how often it was counted. */
  warnings: Map<string, number>;
  alertsFailing: { channel: string; alerts: number }[];
  jobs: { kind: string; object: string; done: number; expected: number | null }[];
  connections: { state: string; count: number }[];
  canary: { outS: number | null; inS: number | null; ageS: number | null } | null;
}

export async function readGauges(db: Db, hubId: HubId, now: number): Promise<HubGauges> {
  const [numbers, hub, due, edits, warned, failing, jobs, connections, canary] = await Promise.all([
    numbersOf(db, hubId, now),
    db.selectFrom('hubs').select('budget').where('hub_id', '=', hubId).executeTakeFirst(),
    sql<{ lane: number; records: number; oldest: number }>`
      select lane, count(*)::int as records,
        coalesce(extract(epoch from ${new Date(now)}::timestamptz - min(greatest(since, not_before))
          filter (where not_before <= ${new Date(now)})), 0)::float as oldest
      from due where hub_id = ${hubId} and parked_at is null group by lane`.execute(db),
    sql<{ state: string; fields: number }>`
      select f.state, count(*)::int as fields from edit_fields f join edits e
        on e.hub_id = f.hub_id and e.edit_id = f.edit_id
      where f.hub_id = ${hubId} and e.hub_id = ${hubId} and e.asked_at >= ${new Date(now - DAY_MS)}
      group by f.state`.execute(db),
    raisedWarnings(db, hubId),
    sql<{ channel: string; alerts: number }>`
      select channel, count(*)::int as alerts from alerts
      where hub_id = ${hubId} and error is not null group by channel`.execute(db),
    db
      .selectFrom('jobs')
      .select(['kind', 'object', 'done', 'expected'])
      .where('hub_id', '=', hubId)
      .where('finished_at', 'is', null)
      .execute(),
    sql<{ state: string; count: number }>`
      select coalesce(state, 'unknown') as state, count(*)::int as count from pg_stat_activity
      where datname = current_database() and usename = session_user group by 1`.execute(db),
    loadCanary(db, hubId),
  ]);
  const warnings = new Map<string, number>();
  for (const { code, count } of warned) warnings.set(code, (warnings.get(code) ?? 0) + count);
  const seconds = (ms: number | null): number | null => (ms === null ? null : ms / 1_000);
  return {
    numbers,
    budget: hub?.budget ?? null,
    due: due.rows.map(({ lane, records, oldest }) => ({ lane, records, oldestS: oldest })),
    edits: edits.rows,
    warnings,
    alertsFailing: failing.rows,
    jobs: jobs.map(({ kind, object, done, expected }) => ({
      ...{ kind, object, done: Number(done) },
      expected: expected === null ? null : Number(expected),
    })),
    connections: connections.rows,
    canary:
      canary === null
        ? null
        : {
            outS: seconds(canary.outMs),
            inS: seconds(canary.inMs),
            ageS: seconds(canary.askedAt === null ? null : now - canary.askedAt),
          },
  };
}

async function numbersOf(db: Db, hubId: HubId, now: number): Promise<HubGauges['numbers']> {
  const { rows } = await sql<HubGauges['numbers']>`
    select
      (select count(*)::int from deliveries where hub_id = ${hubId} and applied_at is null) as deliveries,
      (select count(*)::int from due where hub_id = ${hubId} and parked_at is not null) as parked,
      (select count(*)::int from conflicts where hub_id = ${hubId} and settled_at is null) as conflicts,
      (select count(*)::int from claims where hub_id = ${hubId} and settled_at is null) as claims,
      (select count(*)::int from sessions where hub_id = ${hubId} and expires_at > ${new Date(now)}) as sessions,
      (select coalesce(max(seq), 0)::float from journal where hub_id = ${hubId}) as journal,
      (select count(*)::int from hooks where hub_id = ${hubId}
        and (failing_since is not null or disabled_at is not null)) as "hooksFailing",
      (select epoch::float from hubs where hub_id = ${hubId}) as epoch,
      (select extract(epoch from ${new Date(now)}::timestamptz - heartbeat_at)::float from hubs
        where hub_id = ${hubId}) as "heartbeatAgeS",
      (select extract(epoch from ${new Date(now)}::timestamptz - caught_up_at)::float from webhooks_journal
        where hub_id = ${hubId}) as "journalLagS"`.execute(db);
  const [row] = rows;
  if (row === undefined) throw new Error('A count query answered no row.');
  return row;
}
