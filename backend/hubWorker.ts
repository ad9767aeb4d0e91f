/** What one hub needs in a process that speaks with HubSpot: its worker, and what runs beside it. */
import { hostname } from 'node:os';
import type { Config } from './config.ts';
import { dispatchHooks } from './hooks/dispatch.ts';
import type { Crm } from './hubspot/crm.ts';
import { openWebhooksJournal, type WebhooksJournal } from './hubspot/webhooksJournal.ts';
import type { ServedHub } from './hubWeb.ts';
import { translator } from './intake/translate.ts';
import type { Process } from './process.ts';
import { revealed } from './secret.ts';
import { startWorker, type Worker, type WorkerDeps } from './sync/worker.ts';

export interface SpokenHub extends ServedHub {
  crm: Crm;
  typeIds: () => Readonly<Record<string, string>>;
  onTypeIds: (typeIds: Record<string, string>) => void;
}

/** `manners`: how the worker behaves beside others. */
export function startHubWorker(hub: SpokenHub, shared: Process, manners: Partial<WorkerDeps> = {}): Worker {
  const { hubId, appId, config, db, sources, crm, typeIds, onTypeIds } = hub;
  const { signals, clock, log, at } = shared;
  const telling = { db, signals, clock, random: Math.random, log, at };
  return startWorker({
    ...{ hubId, appId, db, crm, onTypeIds, signals, clock, log, at },
    databaseUrl: shared.databaseUrl,
    translate: translator(typeIds),
    windowLimit: config.hubspot.windowLimit,
    holder: `${hostname()}:${process.pid}`,
    patience: shared.patience,
    sign: shared.signer.sign,
    meter: shared.metrics.meter,
    ...{ sources, sourceLookMs: config.sourceLookMs, webhooksJournal: journalOf(config) },
    canary: config.canary,
    alertTaskOwner: config.alerts.taskOwner,
    beside: (term) => dispatchHooks({ ...telling, hubId, hooks: config.hooks }, term),
    ...manners,
  });
}

/** Null without a client id: the layer is off, and the status says so. */
function journalOf({ hubspot }: Config): WebhooksJournal | null {
  const { baseUrl, clientId, clientSecrets } = hubspot;
  return clientId === null
    ? null
    : openWebhooksJournal({ baseUrl, clientId, clientSecrets: revealed(clientSecrets), now: Date.now });
}
