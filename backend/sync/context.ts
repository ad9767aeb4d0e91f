/** What everything that speaks for one hub shares while the lease lasts. */
import type { Property, Rule } from '@tallystick/shared/decide';
import { ruleOf } from '@tallystick/shared/defineOwnership';
import type { HubId } from '@tallystick/shared/ids';
import { fieldOf, objects, OBJECTS, type AppObject } from '@tallystick/shared/ownership';
import type { Kind } from '@tallystick/shared/values';
import type { Logger } from 'pino';
import type { Crm } from '../hubspot/crm.ts';
import type { Signals } from '../signals.ts';
import type { Db, Definition } from '../store/database.ts';
import { chain, insertRows, SALT_BYTES, type Draft, type Head } from '../store/journal.ts';
import type { Budget, Clock } from './budget.ts';
import type { Lease } from './lease.ts';

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
  /** How the hub's CRM has been answering. */
  health: { failures: number; lastSuccessAt: number };
  /** The newest journal entry; moves only inside `journaling`. */
  head: Head;
  /** The CRM's property definitions as last read, by object and property. */
  definitions: Map<string, Definition>;
}

export type Journal = (drafts: readonly Draft[]) => Promise<void>;

/**
 * One transaction that may append to the journal. `next` is the number the first draft will get; the head moves only
 * when the transaction has committed.
 */
export function journaling<T>(
  ctx: Context,
  work: (trx: Db, next: number, journal: Journal) => Promise<T>,
): Promise<T> {
  return ctx.lease.exclusive(async (db) => {
    let head = ctx.head;
    const result = await db.transaction().execute((trx) =>
      work(trx, head.seq + 1, async (drafts) => {
        if (drafts.length === 0) return;
        const rows = chain(
          ctx.hubId,
          head,
          ctx.clock.now(),
          drafts,
          ctx.randomBytes(drafts.length * SALT_BYTES),
        );
        head = rows.at(-1) ?? head;
        await insertRows(ctx.hubId, rows).execute(trx);
      }),
    );
    ctx.head = { seq: head.seq, hash: head.hash };
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
    exists: true,
    readOnly: definition.readOnly,
    options: definition.options?.map((option) => option.value) ?? null,
  };
}
