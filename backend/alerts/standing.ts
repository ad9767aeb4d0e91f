/** Which warnings stand, by the facts. Pure. What the worker raises itself is not derived here. */
import type { WarningDetail } from '../store/layerTables.ts';
import type { Facts } from '../store/facts.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;

/** A worker says every two seconds that it is there. */
export const HEARTBEAT_MAX_AGE_MS = 30 * SECOND_MS;
const BARRED_FOR_MS = 10 * SECOND_MS;
const AWAY_FOR_MS = 5 * MINUTE_MS;
const PEOPLE_WAIT_MS = 5 * MINUTE_MS;
const OBSERVE_WAIT_MS = 15 * MINUTE_MS;
const DELIVERY_WAIT_MS = 2 * MINUTE_MS;
/** The webhooks journal brings what webhooks should have brought long before. */
const WEBHOOKS_SILENT_MS = 10 * MINUTE_MS;
const JOURNAL_LATE_MS = 10 * MINUTE_MS;
const HOOK_FAILING_MS = 15 * MINUTE_MS;
const JOB_FAILING_MS = 15 * MINUTE_MS;
const CLAIMS_WAIT_MS = 4 * HOUR_MS;
const DAY_NEARLY_USED = 0.1;
/** From the edit until it is proven, and from then until a webhook tells of it. */
export const CANARY_OUT_MAX_MS = MINUTE_MS;
export const CANARY_IN_MAX_MS = MINUTE_MS;

export const STATE_CODES = [
  'no-worker',
  'crm-barred',
  'crm-away',
  'daily-budget',
  'people-wait',
  'changes-wait',
  'webhooks-silent',
  'journal-late',
  'hook-failing',
  'source-failing',
  'job-failing',
  'parked',
  'claims-wait',
  'creation-barred',
  'canary-failing',
  'canary-late',
] as const;
export type StateCode = (typeof STATE_CODES)[number];

export interface Standing {
  code: StateCode;
  subject: string;
  detail: WarningDetail | null;
}

export function standing(facts: Facts, now: number): Standing[] {
  const older = (since: number | null, thanMs: number): boolean => since !== null && now - since > thanMs;
  const found: Standing[] = [];
  const stands = (code: StateCode, is: boolean, subject = '', detail: WarningDetail | null = null): void => {
    if (is) found.push({ code, subject, detail });
  };
  const isLed = !older(facts.heartbeatAt ?? facts.connectedAt, HEARTBEAT_MAX_AGE_MS);
  stands('no-worker', !isLed);
  // What a worker that is gone last said of the CRM says nothing of it now.
  if (isLed) for (const one of ofTheCrm(facts, older)) stands(...one);
  stands('people-wait', older(facts.peopleDueSince, PEOPLE_WAIT_MS));
  stands(
    'changes-wait',
    older(facts.observeDueSince, OBSERVE_WAIT_MS) || older(facts.deliveryWaitsSince, DELIVERY_WAIT_MS),
  );
  stands(
    'webhooks-silent',
    facts.journalAt !== null && facts.journalAt - (facts.webhookAt ?? facts.connectedAt) > WEBHOOKS_SILENT_MS,
  );
  for (const { hookId, url, failingSince, disabledAt } of facts.hooks) {
    const isFailing = disabledAt !== null || older(failingSince, HOOK_FAILING_MS);
    stands('hook-failing', isFailing, hookId, { host: new URL(url).host, gone: disabledAt === null ? 0 : 1 });
  }
  for (const { name, since } of facts.jobs) stands('job-failing', older(since, JOB_FAILING_MS), name);
  stands('parked', facts.parked > 0, '', { records: facts.parked });
  stands('claims-wait', older(facts.claims.oldestAt, CLAIMS_WAIT_MS), '', { open: facts.claims.open });
  for (const name of facts.barred) stands('creation-barred', true, name);
  for (const one of ofTheCanary(facts, older)) stands(...one);
  return found;
}

type One = [code: StateCode, is: boolean, subject?: string, detail?: WarningDetail | null];
type Older = (since: number | null, thanMs: number) => boolean;

function ofTheCrm({ health, budget, journalReadAt }: Facts, older: Older): One[] {
  const { failure = null, failingSince = null, sources = {}, journal } = health;
  const since = failingSince === null ? null : Date.parse(failingSince);
  const isBarred = failure?.code === 'barred';
  const { dailyLimit = null, dailyRemaining = null } = budget ?? {};
  return [
    ['crm-barred', isBarred && older(since, BARRED_FOR_MS)],
    ['crm-away', failure !== null && !isBarred && older(since, AWAY_FOR_MS)],
    [
      'daily-budget',
      dailyLimit !== null && dailyRemaining !== null && dailyRemaining < dailyLimit * DAY_NEARLY_USED,
      '',
      { left: dailyRemaining, of: dailyLimit },
    ],
    ['journal-late', journal?.on === true && older(journalReadAt, JOURNAL_LATE_MS)],
    ...Object.entries(sources).map(([name, source]): One => [
      'source-failing',
      source.failure !== null || source.withheld !== null,
      name,
      { code: source.failure?.code ?? 'withheld' },
    ]),
  ];
}

/** `canary-failing`: it cannot be made, or was not proven. `canary-late`: no webhook told of it. */
function ofTheCanary({ canary }: Facts, older: Older): One[] {
  if (canary === null) return [];
  const { askedAt, provenAt, toldAt, toldBy, problem } = canary;
  return [
    ['canary-failing', problem !== null || (provenAt === null && older(askedAt, CANARY_OUT_MAX_MS))],
    [
      'canary-late',
      provenAt !== null &&
        (toldAt === null ? older(provenAt, CANARY_IN_MAX_MS) : toldBy !== null && toldBy !== 'webhooks'),
    ],
  ];
}
