/** The fault dial: everything that HubSpot, the network or a colleague may do to a client, as numbers. */
import { z } from 'zod';

const rate = z.number().min(0).max(1);
const ms = z.number().min(0).max(604_800_000);

const webhookFaults = z.object({
  /** Events that are never sent: docs promise no delivery beyond the retries. */
  dropRate: rate,
  /** Events sent twice with the same eventId (docs: duplicates are possible). */
  duplicateRate: rate,
  /** Events held back so that later ones overtake them (docs: no order is guaranteed). */
  reorderRate: rate,
  /** How far a reordered or repeated event may lag behind. */
  spreadMs: ms,
  delayMs: ms,
  delayJitterMs: ms,
  paused: z.boolean(),
  /** Events in one request at most; docs: 100. */
  batchSize: z.number().int().min(1).max(100),
  /** First wait before a retry; it doubles each time. */
  retryBackoffMs: ms,
  /** Docs: any 4xx is retried. A community thread says the opposite; hence the switch. */
  retry4xx: z.boolean(),
  /** How long changed settings go unnoticed (docs: cached up to 5 minutes). */
  settingsCacheMs: ms,
});

const apiFaults = z.object({
  latencyMs: ms,
  latencyJitterMs: ms,
  /** A gateway's HTML page in place of an answer, nothing applied. */
  error502Rate: rate,
  /** The same after the change was applied. */
  error502AfterApplyRate: rate,
  error500Rate: rate,
  /** No answer ever; nothing applied. */
  timeoutBeforeApplyRate: rate,
  /** Applied; no answer ever. */
  timeoutAfterApplyRate: rate,
  /** Applied; the connection breaks. */
  resetAfterApplyRate: rate,
  /** Writes answered with 423, nothing applied (docs: a lock lasts two seconds). */
  locked423Rate: rate,
  /** Every connection is cut before it is answered. */
  down: z.boolean(),
  forced429: z.enum(['burst', 'daily']).nullable(),
  /** The app was uninstalled or its token revoked: 401 for everything. */
  revoked: z.boolean(),
  /** Scopes the token lacks, e.g. `crm.objects.contacts.write`. */
  missingScopes: z.array(z.string()),
});

export const faults = z.object({
  webhooks: webhookFaults,
  api: apiFaults,
  /** How far the search index lags (recorded: consistent after at most 30 s; issues: up to an hour). */
  searchLagMs: ms,
  /** How far reads by id lag. Recordings show none; the dial is for the careful. */
  readLagMs: ms,
  /** How long a change waits before the journal has it. */
  journalLagMs: ms,
  /** Reading the journal and its files is answered with 503. */
  journalDown: z.boolean(),
  /** Events the journal never gets: no source promises that it is whole. */
  journalDropRate: rate,
  /** Events the journal holds twice. */
  journalDuplicateRate: rate,
  /** How long a file is kept; docs: three days. Less makes offsets expire early. */
  journalRetentionMs: ms,
  /** How long an archived record stays in others' association lists (recorded incident: half a second and more). */
  associationLagMs: ms,
  /** Whether the modified date moves by itself 3 to 22 s after a creation (recorded 2022, six of six). */
  lastmodifiedBump: z.boolean(),
  /** Whether writing an unchanged value makes history and events. GUESS: HubSpot ignores it. */
  recordUnchanged: z.boolean(),
  /** Whether a merge answers with a new record, as the docs say it may, or with the primary one. */
  mergeMakesNewId: z.boolean(),
  /** The account's setting "associate contacts with companies by e-mail domain". */
  autoAssociateByDomain: z.boolean(),
});
export type Faults = z.infer<typeof faults>;

/** A part of the dial, as PUT to `/_sim/faults`: what is not named stays. */
export const faultsPatch = z.strictObject({
  ...faults.partial().shape,
  webhooks: z.strictObject(webhookFaults.partial().shape).optional(),
  api: z.strictObject(apiFaults.partial().shape).optional(),
});
export type FaultsPatch = z.input<typeof faultsPatch>;

export function noFaults(): Faults {
  return {
    webhooks: {
      dropRate: 0,
      duplicateRate: 0,
      reorderRate: 0,
      spreadMs: 2_000,
      delayMs: 0,
      delayJitterMs: 0,
      paused: false,
      batchSize: 100,
      retryBackoffMs: 60_000,
      retry4xx: true,
      settingsCacheMs: 0,
    },
    api: {
      latencyMs: 0,
      latencyJitterMs: 0,
      error502Rate: 0,
      error502AfterApplyRate: 0,
      error500Rate: 0,
      timeoutBeforeApplyRate: 0,
      timeoutAfterApplyRate: 0,
      resetAfterApplyRate: 0,
      locked423Rate: 0,
      down: false,
      forced429: null,
      revoked: false,
      missingScopes: [],
    },
    searchLagMs: 5_000,
    readLagMs: 0,
    journalLagMs: 0,
    journalDown: false,
    journalDropRate: 0,
    journalDuplicateRate: 0,
    journalRetentionMs: 3 * 86_400_000,
    associationLagMs: 0,
    lastmodifiedBump: true,
    recordUnchanged: false,
    mergeMakesNewId: true,
    autoAssociateByDomain: false,
  };
}

/** Turns the dial in place, so that whoever holds it sees the change. */
export function turn(dial: Faults, patch: unknown): Faults {
  const { webhooks, api, ...rest } = faultsPatch.parse(patch);
  Object.assign(dial, rest);
  Object.assign(dial.webhooks, webhooks ?? {});
  Object.assign(dial.api, api ?? {});
  return dial;
}
