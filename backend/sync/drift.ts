/**
 * What the worker knows of drift while it works: which fields are held back, what is in doubt, and whether the CRM's
 * schema is to be read at once.
 *
 * A read that no longer names a property says nothing of its value. Until the schema has been read once more nobody
 * knows whether the property is gone (then the field is held back, and the mirror keeps its last value) or merely empty.
 */
import type { Refusal } from '@tallystick/shared/decide';
import { fieldOf, type AppObject } from '@tallystick/shared/ownership';
import type { HubId } from '@tallystick/shared/ids';
import { members, type Value } from '@tallystick/shared/values';
import type { Failure } from '../hubspot/failure.ts';
import type { Reading } from '../hubspot/readings.ts';
import type { Db } from '../store/database.ts';
import {
  loadFindings,
  loadSchema,
  stopOf,
  stoppedBy,
  unreadableIn,
  type KeptSchema,
  type Stopped,
} from '../store/schema.ts';
import type { Unreadable } from '../store/layerTables.ts';
import type { KeptFinding } from '../store/schemaTables.ts';
import type { Context } from './context.ts';

/** The schema is not read more often than this, whatever is in doubt. */
export const AT_ONCE_EVERY_MS = 5_000;
/** What the schema said is trusted this long where a read contradicts it. */
const TRUSTED_MS = 30_000;
/** An option that the schema did not have when it was asked is asked for again after this long. */
const OPTION_TRUSTED_MS = 3_600_000;
const DOUBTS_MAX = 1_000;

interface Doubt {
  at: number;
  /** When the schema had been read again, and the property was there. */
  clearedAt: number | null;
}

export interface DriftState {
  schema: KeptSchema | null;
  findings: readonly KeptFinding[];
  stopped: readonly Stopped[];
  bars: ReadonlySet<string>;
  doubts: Map<string, Doubt>;
  /** Scopes that HubSpot named when it refused a call, with when. */
  refusedScopes: Map<string, number>;
  isWanted: boolean;
  /** When the schema was last read; one reading after the other. */
  readAt: number;
  reading: Promise<unknown>;
  onTypeIds: (typeIds: Record<string, string>) => void;
}

export async function loadDrift(
  db: Db,
  hubId: HubId,
  onTypeIds: DriftState['onTypeIds'],
): Promise<DriftState> {
  const [schema, findings] = await Promise.all([loadSchema(db, hubId), loadFindings(db, hubId)]);
  return {
    ...{ schema, onTypeIds, ...standing(findings) },
    ...{ doubts: new Map(), refusedScopes: new Map(), isWanted: false },
    ...{ readAt: -Infinity, reading: Promise.resolve() },
  };
}

export const standing = (
  findings: readonly KeptFinding[],
): Pick<DriftState, 'findings' | 'stopped' | 'bars'> => ({
  findings,
  stopped: findings.flatMap((kept) => stoppedBy(kept) ?? []),
  bars: new Set(findings.flatMap(({ finding }) => finding.bars)),
});

type Knowing = Pick<Context, 'drift'>;

/** What holds the field back; null: nothing. */
export function stopped({ drift }: Knowing, object: AppObject, field: string): Stopped | null {
  if (drift.stopped.length === 0) return null;
  return stopOf(
    drift.stopped.filter((each) => each.object === object),
    field,
  );
}

/** Values of the field are not let in. */
export const isApart = (ctx: Knowing, object: AppObject, field: string): boolean =>
  stopped(ctx, object, field)?.stops === 'both';

/** Why nothing of the object can be read; null: it can. */
export const unreadable = ({ drift }: Knowing, object: AppObject): Unreadable | null =>
  unreadableIn(drift.findings, object);

/** Nothing of the object can be read. */
export const isObjectStopped = (ctx: Knowing, object: AppObject): boolean => unreadable(ctx, object) !== null;

/** HubSpot's answer says that the schema moved: it is read at once. */
export function wantSchema({ drift }: Knowing): void {
  drift.isWanted = true;
}

/** Codes that say that the schema is not what we think (docs, recorded), with the reason that people are told. */
const SCHEMA_CODES: Readonly<Record<string, Refusal>> = {
  PROPERTY_DOESNT_EXIST: 'property-gone',
  READ_ONLY_VALUE: 'property-read-only',
  INVALID_OPTION: 'not-an-option',
};
export const isSchemaCode = (code: string): boolean => Object.hasOwn(SCHEMA_CODES, code);
export const reasonOfCode = (code: string): Refusal =>
  (isSchemaCode(code) ? SCHEMA_CODES[code] : undefined) ?? 'crm-refused';

/** HubSpot named what it wants: then it is not the whole token that is refused. */
export function isOfScope(failure: Failure): failure is Failure & { is: 'barred'; scopes: string[] } {
  return failure.is === 'barred' && failure.code === 'scope' && (failure.scopes ?? []).length > 0;
}

/** HubSpot refused a call for want of these scopes. */
export function noteRefusedScopes(ctx: Pick<Context, 'drift' | 'clock'>, scopes: readonly string[]): void {
  for (const scope of scopes) ctx.drift.refusedScopes.set(scope, ctx.clock.now());
  wantSchema(ctx);
}

/** HubSpot refused to tell of an object as a whole: whether it is there, and may be read, is looked at now and then. */
export function noteObjectRefused(
  ctx: Pick<Context, 'drift' | 'clock'>,
  object: AppObject,
  failure: Failure,
): void {
  if (isOfScope(failure)) noteRefusedScopes(ctx, failure.scopes);
  else if (failure.is === 'gone' || failure.is === 'refused') isInDoubt(ctx, object, TRUSTED_MS);
}

/**
 * `apart`: what the CRM answers for it counts for nothing. `unsure`: the same, until the schema was read again.
 * `asking`: its value is let in, and edits of it wait until the schema was read again. `waits`: edits of it wait.
 */
export type FieldDrift = 'apart' | 'unsure' | 'asking' | 'waits';

export function fieldDrift(
  ctx: Pick<Context, 'drift' | 'clock' | 'definitions'>,
  object: AppObject,
  field: string,
  reading: Pick<Reading, 'absent' | 'history'>,
  mirrored: Value,
): FieldDrift | null {
  const stop = stopped(ctx, object, field);
  if (stop?.stops === 'both') return 'apart';
  if (mirrored !== null && reading.absent.includes(field) && isInDoubt(ctx, `${object}:${field}`, TRUSTED_MS))
    return 'unsure';
  if (stop?.code === 'scope-lost') return 'waits';
  const value = reading.history[field]?.[0]?.value ?? null;
  return isUnknownOption(ctx, object, field, value) ? 'asking' : null;
}

/** The value has an option that the schema did not have when it was last read, and it was not read since. */
export function isUnknownOption(
  ctx: Pick<Context, 'drift' | 'clock' | 'definitions'>,
  object: AppObject,
  field: string,
  value: Value,
): boolean {
  const spec = fieldOf(object, field);
  if (value === null || (spec?.kind !== 'choice' && spec?.kind !== 'choices')) return false;
  const options = ctx.definitions.get(`${object}:${spec.property}`)?.options ?? null;
  if (options === null) return false;
  const unknown = (spec.kind === 'choices' ? members(value) : [value]).find(
    (member) => !options.some((option) => option.value === member),
  );
  return unknown !== undefined && isInDoubt(ctx, `${object}:${field}=${unknown}`, OPTION_TRUSTED_MS);
}

function isInDoubt(ctx: Pick<Context, 'drift' | 'clock'>, key: string, trustedMs: number): boolean {
  const { doubts } = ctx.drift;
  const now = ctx.clock.now();
  const doubt = doubts.get(key);
  if (doubt !== undefined && doubt.clearedAt === null) return true;
  if (doubt?.clearedAt != null && now - doubt.clearedAt <= trustedMs) return false;
  if (doubts.size >= DOUBTS_MAX) doubts.clear();
  doubts.set(key, { at: now, clearedAt: null });
  wantSchema(ctx);
  return true;
}

/** The schema was read from `begunAt` on: what was in doubt before is answered. */
export function clearDoubts({ drift, clock }: Pick<Context, 'drift' | 'clock'>, begunAt: number): void {
  for (const [key, { at, clearedAt }] of drift.doubts)
    if (clearedAt === null && at <= begunAt) drift.doubts.set(key, { at, clearedAt: clock.now() });
}
