/**
 * The CRM's own description of itself: types, scopes, owners, properties, pipelines, labels. Read now and then, and at
 * once when an answer of HubSpot's says that it moved; kept in the store, and held against the rules (`drifted.ts`).
 */
import type { HubId } from '@tallystick/shared/ids';
import { objects, OBJECTS, ownership, type AppObject } from '@tallystick/shared/ownership';
import { holds } from '../drift/kinds.ts';
import { isPipeline, isStage, neededProperties } from '../drift/needs.ts';
import { scopesOf } from '../drift/scopes.ts';
import { NOTHING_KNOWN } from '../drift/accepting.ts';
import type { Owner, PropertyRead } from '../hubspot/readings.ts';
import type { Db, Definition } from '../store/database.ts';
import type { CrmSchema, KeptProperty, ObjectSchema } from '../store/schemaTables.ts';
import { saveColleagues } from '../store/staff.ts';
import type { Context } from './context.ts';
import { clearDoubts } from './drift.ts';
import { storeSchema } from './drifted.ts';
import { paid } from './round.ts';

/** Definitions older than this are read again. */
export const DEFINITIONS_FRESH_MS = 300_000;

/** What the store last knew; enough to start with while the CRM is down. */
export async function loadDefinitions(db: Db, hubId: HubId): Promise<Map<string, Definition>> {
  const rows = await db.selectFrom('properties').selectAll().where('hub_id', '=', hubId).execute();
  return new Map(rows.map((row) => [`${row.object}:${row.property}`, row.definition]));
}

/** Reads everything; what cannot be read stays as it was. True when all was read. One reading after the other. */
export function refreshDefinitions(
  ctx: Context,
  typeIds: (ids: Record<string, string>) => void,
): Promise<boolean> {
  const reading = ctx.drift.reading.then(() => refresh(ctx, typeIds));
  ctx.drift.reading = reading.catch(() => undefined);
  return reading;
}

async function refresh(ctx: Context, typeIds: (ids: Record<string, string>) => void): Promise<boolean> {
  const begunAt = ctx.clock.now();
  Object.assign(ctx.drift, { isWanted: false, readAt: begunAt });
  const types = await readTypes(ctx, typeIds);
  const scopes = await readScopes(ctx);
  const owners = await paid(ctx, 'reconcile', () => ctx.crm.readOwners());
  if (owners.ok) await ctx.lease.exclusive((db) => saveColleagues(db, ctx.hubId, owners.value));
  const labels = await paid(ctx, 'reconcile', () => ctx.crm.readLabels());
  const before = ctx.drift.schema?.found ?? NOTHING_KNOWN;
  const found: CrmSchema = {
    objects: { ...before.objects },
    labels: labels.ok ? labels.value : before.labels,
    scopes: scopes ?? before.scopes,
  };
  let isWhole = types !== null && scopes !== null && owners.ok && labels.ok;
  const definitions = new Map<string, Definition>();
  for (const object of OBJECTS) {
    const isGone = types !== null && objects[object].typeId === null && !(objects[object].crm in types);
    const read = isGone ? null : await readObject(ctx, object, types);
    if (read === undefined) {
      isWhole = false;
      continue;
    }
    found.objects[object] = read;
    if (read === null) continue;
    const options = owners.ok ? owners.value.map(optionOf) : undefined;
    for (const [property, definition] of definitionsOf(ctx, object, read, options))
      definitions.set(`${object}:${property}`, definition);
  }
  for (const [key, definition] of definitions) ctx.definitions.set(key, definition);
  await storeSchema(ctx, found, definitions, begunAt);
  clearDoubts(ctx, begunAt);
  return isWhole;
}

const optionOf = ({ ownerId, name, archived }: Owner) => ({ value: ownerId, label: name, hidden: archived });

type Types = Record<string, { typeId: string; required: string[] }>;

async function readTypes(
  ctx: Context,
  typeIds: (ids: Record<string, string>) => void,
): Promise<Types | null> {
  const types = await paid(ctx, 'reconcile', () => ctx.crm.readTypes());
  if (!types.ok) return null;
  const ids = Object.fromEntries(Object.entries(types.value).map(([name, { typeId }]) => [name, typeId]));
  typeIds(ids);
  await ctx.lease.exclusive((db) =>
    db
      .updateTable('hubs')
      .set({ type_ids: JSON.stringify(ids) })
      .where('hub_id', '=', ctx.hubId)
      .execute(),
  );
  return types.value;
}

/** The token's scopes, without those for whose want HubSpot still refuses calls. Null: not told. */
async function readScopes(ctx: Context): Promise<string[] | null> {
  const token = await paid(ctx, 'reconcile', () => ctx.crm.readToken());
  if (!token.ok) return null;
  ctx.health.scopes = token.value.scopes;
  const { refusedScopes } = ctx.drift;
  for (const [scope, at] of refusedScopes)
    if (!(await isStillRefused(ctx, scope, at))) refusedScopes.delete(scope);
  const { scopes } = token.value;
  return scopes.length === 0 ? null : scopes.filter((scope) => !refusedScopes.has(scope));
}

/** What was refused for reading is tried; anything else is when it is needed next. */
async function isStillRefused(ctx: Context, scope: string, at: number): Promise<boolean> {
  const need = scopesOf(ownership).find((each) => each.scope === scope && each.of === 'reading');
  const object = OBJECTS.find((name) => name === need?.object);
  if (object === undefined) return ctx.clock.now() - at < DEFINITIONS_FRESH_MS;
  const answer = await paid(ctx, 'reconcile', () => ctx.crm.listValues(object, null));
  return !answer.ok && answer.failure.is === 'barred';
}

/** Undefined: it could not be read, and stays as it was. */
async function readObject(
  ctx: Context,
  object: AppObject,
  types: Types | null,
): Promise<ObjectSchema | undefined> {
  const read = await paid(ctx, 'reconcile', () => ctx.crm.readProperties(object));
  if (!read.ok) {
    const why = `The property definitions could not be read: ${read.failure.message}`;
    ctx.log.warn({ hub: ctx.hubId, object }, why);
    return undefined;
  }
  const before = ctx.drift.schema?.found.objects[object] ?? null;
  const needed = neededProperties(ownership, object);
  const hasPipelines = [...needed.keys()].some((property) => isStage(property) || isPipeline(property));
  const pipelines = hasPipelines ? await paid(ctx, 'reconcile', () => ctx.crm.readPipelines(object)) : null;
  const rules = await paid(ctx, 'reconcile', () => ctx.crm.readRequired(object));
  const type = types?.[objects[object].crm];
  const required = [...(type?.required ?? []), ...(rules.ok ? rules.value : [])];
  const named = read.value.filter(({ property }) => needed.has(property));
  const others = read.value.filter(({ property }) => !needed.has(property));
  return {
    typeId: objects[object].typeId ?? type?.typeId ?? before?.typeId ?? null,
    properties: Object.fromEntries(
      named.map((each) => [each.property, kept(each, needed.get(each.property)?.spec?.kind === 'owner')]),
    ),
    others: Object.fromEntries(
      others.map(({ property, type, fieldType, readOnly }) => [property, { type, fieldType, readOnly }]),
    ),
    required: rules.ok ? [...new Set(required)].sort() : (before?.required ?? required),
    pipelines: pipelines?.ok === true ? pipelines.value : (before?.pipelines ?? null),
  };
}

/** Owners are people: they are kept with the colleagues, not with the schema. */
function kept(read: PropertyRead, isOwner: boolean): KeptProperty {
  const { label, type, fieldType, readOnly, unique, options } = read;
  return { label, type, fieldType, readOnly, unique, options: isOwner ? null : options };
}

/** What the law and the pages need of each property; of one that is gone what was last known, and that it is. */
function* definitionsOf(
  ctx: Context,
  object: AppObject,
  { properties }: ObjectSchema,
  owners: Definition['options'] | undefined,
): Generator<[property: string, definition: Definition]> {
  for (const [property, { spec }] of neededProperties(ownership, object)) {
    const before = ctx.definitions.get(`${object}:${property}`);
    const found = properties[property];
    if (found === undefined) {
      yield [property, { ...(before ?? { type: '', readOnly: false, options: null }), gone: true }];
      continue;
    }
    const { type, readOnly, unique } = found;
    const options = spec?.kind === 'owner' ? (owners ?? before?.options ?? null) : found.options;
    const isUnfit = spec !== null && !holds(spec.kind, found);
    yield [property, { type, readOnly, options, unique, ...(isUnfit ? { unfit: true } : {}) }];
  }
}
