/** What everything that speaks for one hub shares while the lease lasts. */
import type { Property, Rule } from '@tallystick/shared/decide';
import { ruleOf } from '@tallystick/shared/defineOwnership';
import type { HubId } from '@tallystick/shared/ids';
import type { Statement } from '@tallystick/shared/messages';
import { fieldOf, objects, OBJECTS, type AppObject } from '@tallystick/shared/ownership';
import type { Kind } from '@tallystick/shared/values';
import type { Logger } from 'pino';
import type { Crm } from '../hubspot/crm.ts';
import type { Meter } from '../meter.ts';
import type { Signals } from '../signals.ts';
import type { Db, Definition, WorkError } from '../store/database.ts';
import { chain, insertRows, SALT_BYTES, type Draft, type Head } from '../store/journal.ts';
import type { Budget, Clock } from './budget.ts';
import type { DriftState } from './drift.ts';
import type { Breaker } from './holding.ts';
import type { Lease } from './lease.ts';
import type { SourceHealth } from '../store/sourceHealth.ts';
import { saveMirror, type MirrorPatch } from '../store/mirror.ts';
import type { Pause } from '../store/orders.ts';
import type { MirrorCache } from './mirrorCache.ts';
import type { Patience } from './situation.ts';

export interface Context {
  hubId: HubId;
  /** The id of our app: it marks our own writes in history and webhooks. */
  appId: string;
  db: Db;
  lease: Lease;
  crm: Crm;
  budget: Budget;
  clock: Clock;
  randomBytes: (count: number) => Buffer;
  signals: Signals;
  log: Logger;
  /** Named steps of the loop. Does nothing in production; tests kill the process there. */
  at: (step: string) => void;
  patience: Patience;
  meter?: Meter | undefined;
  /** Signs the statement of a decision; absent: none is made. */
  sign?: ((statement: Statement) => Promise<string>) | undefined;
  /** How the hub's CRM has been answering. */
  health: {
    failures: number;
    lastSuccessAt: number;
    failure: WorkError | null;
    scopes: string[];
    sources: Record<string, SourceHealth>;
    journal: { on: boolean; failure: WorkError | null };
  };
  mirror: MirrorCache;
  /** The newest journal entry; moves only inside `storing` and `applyBatch`. */
  head: Head;
  /** What staff have paused; moves only with their orders. */
  pauses: readonly Pause[];
  /** What the breaker remembers of the last while. */
  breaker: Breaker;
  /** The CRM's property definitions as last read, by object and property. */
  definitions: Map<string, Definition>;
  /** Where the CRM's schema no longer fits the rules. */
  drift: DriftState;
}

/** What a transaction of the worker stores through: journal and mirror move only when it has committed. */
export interface Storing {
  trx: Db;
  /** The number the first draft will get. */
  next: number;
  journal: (drafts: readonly Draft[]) => Promise<void>;
  saveMirror: (patches: readonly MirrorPatch[]) => Promise<void>;
}

/** One transaction, in its turn. */
export function storing<T>(ctx: Context, work: (storing: Storing) => Promise<T>): Promise<T> {
  return ctx.lease.exclusive(async (_, transaction) => {
    let { head } = ctx;
    const patches: MirrorPatch[] = [];
    const run = (trx: Db): Promise<T> =>
      work({
        trx,
        next: head.seq + 1,
        journal: async (drafts) => {
          if (drafts.length === 0) return;
          const salts = ctx.randomBytes(drafts.length * SALT_BYTES);
          const rows = chain(ctx.hubId, head, ctx.clock.now(), drafts, salts);
          const last = rows.at(-1);
          if (last !== undefined) head = { seq: last.seq, hash: last.hash };
          await insertRows(ctx.hubId, rows).execute(trx);
        },
        saveMirror: async (own) => {
          patches.push(...own);
          await saveMirror(trx, ctx.hubId, own);
        },
      });
    const result = await transaction(run).catch((error: unknown) => {
      ctx.mirror.clear();
      throw error;
    });
    ctx.head = head;
    ctx.mirror.applied(patches);
    return result;
  });
}

const RULES = new Map(
  OBJECTS.map((object) => [
    object,
    Object.fromEntries(Object.entries(objects[object].fields).map(([name, field]) => [name, ruleOf(field)])),
  ]),
);

/** The rules of an object's fields; a field without a rule is none of ours. */
export const rulesOf = (object: AppObject): Readonly<Record<string, Rule>> => RULES.get(object) ?? {};

export const kindOf = (object: AppObject, field: string): Kind => fieldOf(object, field)?.kind ?? 'text';

/** The CRM's property as it is now; one whose definition is not known yet is left to the CRM to judge. */
export function propertyOf(ctx: Context, object: AppObject, field: string): Property {
  const property = fieldOf(object, field)?.property ?? field;
  const definition = ctx.definitions.get(`${object}:${property}`);
  if (definition === undefined) return { exists: true, readOnly: false, options: null };
  return {
    exists: definition.gone !== true,
    readOnly: definition.readOnly,
    options: definition.options?.map((option) => option.value) ?? null,
    ...(definition.unfit === true ? { unfit: true as const } : {}),
  };
}
