/** What a process has for those who operate it: metrics, and the watch over each hub it serves. */
import type { HubId } from '@tallystick/shared/ids';
import { startWatch, type Watch } from './alerts/watch.ts';
import type { Config, ProcessConfig } from './config.ts';
import { observed } from './hubspot/observed.ts';
import type { Crm } from './hubspot/crm.ts';
import { startMetricsServer, type MetricsServer } from './metricsServer.ts';
import type { Process } from './process.ts';

/** Calls are counted once the hub is known. */
export const meteredCrm = (crm: Crm, { metrics, now }: Process, hubId: () => HubId | null): Crm =>
  observed(crm, now, (operation, outcome, ms) => {
    const hub = hubId();
    if (hub !== null) metrics.meter.called(hub, operation, outcome, ms);
  });

/** Needs no worker: one that is gone cannot say so. */
export function startHubWatch(
  hubId: HubId,
  { alerts: settings }: Config,
  shared: Process,
  holdRetryMs?: number,
): Watch {
  const { databaseUrl, clock, log, alertPace } = shared;
  return startWatch({
    ...{ hubId, databaseUrl, settings, clock, log },
    pace: { ...(holdRetryMs === undefined ? {} : { holdRetryMs }), ...alertPace },
  });
}

/** Of many hubs: whoever has not the watch of one asks for it less often, because asking takes a connection. */
const HOLD_RETRY_MS = 30_000;

export interface HubWatches {
  /** Null: the hub is no longer served. */
  put(hubId: HubId, config: Config | null): Promise<void>;
  stop(): Promise<void>;
}

export function watchHubs(shared: Process): HubWatches {
  const watches = new Map<HubId, Watch>();
  return {
    put: async (hubId, config) => {
      await watches.get(hubId)?.stop();
      watches.delete(hubId);
      if (config !== null) watches.set(hubId, startHubWatch(hubId, config, shared, HOLD_RETRY_MS));
    },
    stop: async () => {
      await Promise.all([...watches.values()].map((watch) => watch.stop()));
    },
  };
}

/** Null: there is no METRICS_PORT. */
export async function serveMetrics(
  { metricsHost, metricsPort: port, metricsToken: token, host }: ProcessConfig,
  { metrics }: Process,
): Promise<MetricsServer | null> {
  return port === null ? null : startMetricsServer({ host: metricsHost ?? host, port, token, metrics });
}
