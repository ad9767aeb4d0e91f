/** What a process has for those who operate it: metrics, and the watch over each hub it serves. */
import type { HubId } from '@tallystick/shared/ids';
import { startWatch, type Watch } from './alerts/watch.ts';
import type { Config } from './config.ts';
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
export function startHubWatch(hubId: HubId, { alerts: settings }: Config, shared: Process): Watch {
  const { databaseUrl, clock, log, alertPace } = shared;
  return startWatch({
    ...{ hubId, databaseUrl, settings, clock, log },
    ...(alertPace === undefined ? {} : { pace: alertPace }),
  });
}

/** Null: there is no METRICS_PORT. */
export async function serveMetrics(
  { metricsHost, metricsPort: port, metricsToken: token, host }: Config,
  { metrics }: Process,
): Promise<MetricsServer | null> {
  return port === null ? null : startMetricsServer({ host: metricsHost ?? host, port, token, metrics });
}
