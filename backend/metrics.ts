/** Prometheus metrics: what this process counts, and how each hub stands by the database when somebody asks. */
import type { HubId } from '@tallystick/shared/ids';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { Meter } from './meter.ts';
import type { Db } from './store/database.ts';
import { recentRoundTrips } from './store/figures.ts';
import { readGauges, type HubGauges } from './store/gauges.ts';
import { LANES } from './store/lanes.ts';

/** The database is asked at most this often, however many ask us. */
const FRESH_MS = 5_000;
const SECONDS = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export interface MeasuredHub {
  hubId: HubId;
  db: Db;
  /** Live streams of this process. */
  streams: () => number;
}

export interface Metrics {
  meter: Meter;
  /** The text that Prometheus reads. */
  text(): Promise<string>;
  names(): string[];
}

export function createMetrics(now: () => number, hubs: () => readonly MeasuredHub[]): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ service: 'tallystick' });
  collectDefaultMetrics({ register: registry });
  const meter = meterOf(registry);
  const gauges = gaugesOf(registry);
  let readAt = -Infinity;
  return {
    meter,
    text: async () => {
      if (now() - readAt >= FRESH_MS) {
        readAt = now();
        await fill(gauges, hubs(), now());
      }
      for (const { hubId, streams } of hubs()) gauges.streams.set({ hub: hubId }, streams());
      return registry.metrics();
    },
    names: () => registry.getMetricsAsArray().map(({ name }) => name),
  };
}

function meterOf(registry: Registry): Meter {
  const registers = [registry];
  const counter = (name: string, help: string, labelNames: readonly string[] = []) =>
    new Counter({ name: `tallystick_${name}`, help, labelNames, registers });
  const histogram = (name: string, help: string, labelNames: readonly string[] = []) =>
    new Histogram({ name: `tallystick_${name}_seconds`, help, labelNames, buckets: SECONDS, registers });
  const webhooks = counter('webhook_requests_total', 'Webhook requests, by what became of them.', [
    'outcome',
  ]);
  const storing = histogram(
    'webhook_store',
    'From the start of storing a group of webhook requests to its end.',
  );
  const events = counter('events_applied_total', 'Events taken from deliveries.', ['hub']);
  const applying = histogram('apply', 'Applying a batch of deliveries.', ['hub']);
  const mirrored = histogram('event_to_mirror', 'From a delivery being stored to the mirror holding it.', [
    'hub',
  ]);
  const calls = histogram('crm_call', 'Calls to the CRM, by operation and outcome.', [
    'hub',
    'operation',
    'outcome',
  ]);
  const requests = histogram('http_request', 'Requests, by route and status.', ['method', 'route', 'status']);
  const refusals = counter('refusals_total', 'Problems answered, by code.', ['code']);
  return {
    stored: (count, ms) => {
      webhooks.inc({ outcome: 'stored' }, count);
      storing.observe(ms / 1_000);
    },
    turnedAway: (code) => webhooks.inc({ outcome: code }),
    applied: (hub, count, ms, waits) => {
      events.inc({ hub }, count);
      applying.observe({ hub }, ms / 1_000);
      for (const wait of waits) mirrored.observe({ hub }, wait / 1_000);
    },
    called: (hub, operation, outcome, ms) => calls.observe({ hub, operation, outcome }, ms / 1_000),
    answered: ({ method, route, status, code, ms }) => {
      requests.observe({ method, route, status }, ms / 1_000);
      if (code !== null) refusals.inc({ code });
    },
  };
}

type Gauges = ReturnType<typeof gaugesOf>;

function gaugesOf(registry: Registry) {
  const gauge = (name: string, help: string, ...more: string[]) =>
    new Gauge({ name: `tallystick_${name}`, help, labelNames: ['hub', ...more], registers: [registry] });
  return {
    databaseUp: gauge('database_up', '1: the database answers.'),
    streams: gauge('streams_open', 'Live streams of this process.'),
    deliveries: gauge('deliveries_waiting', 'Deliveries that are not applied yet.'),
    due: gauge('due_records', 'Records with work waiting, by lane.', 'lane'),
    dueAge: gauge('due_oldest_seconds', 'Age of the oldest work that could be done, by lane.', 'lane'),
    parked: gauge('parked_records', 'Records whose work was set aside for a person.'),
    edits: gauge('edit_fields', 'Fields of the edits of the last day, by state.', 'state'),
    proven: gauge(
      'edit_to_proven_seconds',
      'Of the newest edits: asked until proven in the CRM.',
      'quantile',
    ),
    conflicts: gauge('conflicts_open', 'Conflicts and proposals that wait for staff.'),
    claims: gauge('claims_open', 'People who signed in and wait to be linked.'),
    sessions: gauge('sessions_open', 'Sessions of people who signed in.'),
    journal: gauge('journal_entries', 'Entries of the journal.'),
    journalLag: gauge('webhooks_journal_lag_seconds', 'Since the webhooks journal was read to its end.'),
    windowUsed: gauge('budget_window_used', 'Calls in the last ten seconds.'),
    windowLimit: gauge('budget_window_limit', 'Calls HubSpot allows in ten seconds.'),
    dailyLeft: gauge('budget_daily_left', 'Calls that are left today.'),
    dailyLimit: gauge('budget_daily_limit', 'Calls HubSpot allows a day.'),
    heartbeat: gauge('worker_heartbeat_age_seconds', 'Since a worker last said that it holds the lease.'),
    epoch: gauge('lease_epoch', 'How often the lease was taken.'),
    warnings: gauge('warnings', 'Warnings that stand, with how often they were counted.', 'code'),
    missed: gauge('missed_changes', 'Changes a layer should have brought, since its warning began.', 'layer'),
    alertsFailing: gauge('alerts_failing', 'Alerts a channel did not take yet.', 'channel'),
    hooksFailing: gauge('hooks_failing', 'Endpoints that do not take our messages.'),
    jobDone: gauge('job_records_done', 'Records an open job has gone through.', 'kind', 'object'),
    jobExpected: gauge(
      'job_records_expected',
      'Records an open job will go through, by the CRM.',
      'kind',
      'object',
    ),
    canaryOut: gauge('canary_out_seconds', 'The canary’s last edit until it was proven in the CRM.'),
    canaryIn: gauge('canary_in_seconds', 'The canary’s last change in the CRM until we were told of it.'),
    canaryAge: gauge('canary_age_seconds', 'Since the canary’s last edit was asked for.'),
    connections: gauge(
      'database_connections',
      'Connections of our roles to the database, by state.',
      'state',
    ),
  };
}

async function fill(gauges: Gauges, hubs: readonly MeasuredHub[], now: number): Promise<void> {
  for (const gauge of Object.values(gauges)) gauge.reset();
  for (const { hubId, db } of hubs) {
    const hub = { hub: hubId };
    try {
      const [found, trips] = [await readGauges(db, hubId, now), await recentRoundTrips(db, hubId)];
      gauges.databaseUp.set(hub, 1);
      show(gauges, hubId, found);
      if (trips.medianMs !== null) gauges.proven.set({ ...hub, quantile: '0.5' }, trips.medianMs / 1_000);
      if (trips.p95Ms !== null) gauges.proven.set({ ...hub, quantile: '0.95' }, trips.p95Ms / 1_000);
    } catch {
      gauges.databaseUp.set(hub, 0); // what was counted in memory is told all the same
    }
  }
}

function show(gauges: Gauges, hubId: HubId, found: HubGauges): void {
  const hub = { hub: hubId };
  const { numbers } = found;
  const set = (gauge: Gauge, value: number | null | undefined): void => {
    if (value !== null && value !== undefined) gauge.set(hub, value);
  };
  set(gauges.deliveries, numbers.deliveries);
  set(gauges.parked, numbers.parked);
  set(gauges.conflicts, numbers.conflicts);
  set(gauges.claims, numbers.claims);
  set(gauges.sessions, numbers.sessions);
  set(gauges.journal, numbers.journal);
  set(gauges.journalLag, numbers.journalLagS);
  set(gauges.hooksFailing, numbers.hooksFailing);
  set(gauges.heartbeat, numbers.heartbeatAgeS);
  set(gauges.epoch, numbers.epoch);
  set(gauges.windowUsed, found.budget?.windowUsed);
  set(gauges.windowLimit, found.budget?.windowLimit);
  set(gauges.dailyLeft, found.budget?.dailyRemaining);
  set(gauges.dailyLimit, found.budget?.dailyLimit);
  set(gauges.canaryOut, found.canary?.outS);
  set(gauges.canaryIn, found.canary?.inS);
  set(gauges.canaryAge, found.canary?.ageS);
  for (const [number, lane] of LANES.entries()) {
    const due = found.due.find((each) => each.lane === number);
    gauges.due.set({ ...hub, lane }, due?.records ?? 0);
    gauges.dueAge.set({ ...hub, lane }, due?.oldestS ?? 0);
  }
  for (const { state, fields } of found.edits) gauges.edits.set({ ...hub, state }, fields);
  for (const layer of ['webhooks', 'journal'])
    gauges.missed.set({ ...hub, layer }, found.warnings.get(`missed-by-${layer}`) ?? 0);
  for (const [code, count] of found.warnings) gauges.warnings.set({ ...hub, code }, count);
  for (const { channel, alerts } of found.alertsFailing)
    gauges.alertsFailing.set({ ...hub, channel }, alerts);
  for (const { state, count } of found.connections) gauges.connections.set({ ...hub, state }, count);
  for (const { kind, object, done, expected } of found.jobs) {
    gauges.jobDone.set({ ...hub, kind, object }, done);
    if (expected !== null) gauges.jobExpected.set({ ...hub, kind, object }, expected);
  }
}
