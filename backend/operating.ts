/** What a process has for those who operate it: metrics, and the watch over each hub it serves. */
import type { HubId } from '@tallystick/shared/ids';
import { startWatch, type Watch, type WatchedHub } from './alerts/watch.ts';
import type { ProcessConfig } from './config.ts';
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

/** Needs no worker: one that is gone cannot say so. `over` names the hubs together: one process at a time watches them. */
export function watchHubs(over: string, hubs: () => readonly WatchedHub[], shared: Process): Watch {
  const { databaseUrl, clock, log, alertPace } = shared;
  return startWatch({
    ...{ lock: over, hubs, databaseUrl, clock, log },
    ...(alertPace === undefined ? {} : { pace: alertPace }),
  });
}

/** Null: there is no METRICS_PORT. */
export async function serveMetrics(
  { metricsHost, metricsPort: port, metricsToken: token, host }: ProcessConfig,
  { metrics }: Process,
): Promise<MetricsServer | null> {
  return port === null ? null : startMetricsServer({ host: metricsHost ?? host, port, token, metrics });
}
