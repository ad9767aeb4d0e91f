/** The CRM's own description of itself: property definitions, owners, type ids. Read now and then, kept in the store. */
import type { HubId } from '@tallystick/shared/ids';
import { objects, OBJECTS, type AppObject } from '@tallystick/shared/ownership';
import type { Db, Definition } from '../store/database.ts';
import type { Context } from './context.ts';
import type { Owner } from '../hubspot/readings.ts';
import { saveColleagues } from '../store/staff.ts';
import { paid } from './round.ts';

/** Definitions older than this are read again. */
export const DEFINITIONS_FRESH_MS = 300_000;

/** What the store last knew; enough to start with while the CRM is down. */
export async function loadDefinitions(db: Db, hubId: HubId): Promise<Map<string, Definition>> {
  const rows = await db.selectFrom('properties').selectAll().where('hub_id', '=', hubId).execute();
  return new Map(rows.map((row) => [`${row.object}:${row.property}`, row.definition]));
}

/** Reads type ids, then every object's properties; what cannot be read stays as it was. True when all were read. */
export async function refreshDefinitions(
  ctx: Context,
  typeIds: (ids: Record<string, string>) => void,
): Promise<boolean> {
  const types = await paid(ctx, 'reconcile', () => ctx.crm.readTypeIds());
  if (types.ok) {
    typeIds(types.value);
    const known = JSON.stringify(types.value);
    await ctx.lease.exclusive((db) =>
      db.updateTable('hubs').set({ type_ids: known }).where('hub_id', '=', ctx.hubId).execute(),
    );
  }
  const token = await paid(ctx, 'reconcile', () => ctx.crm.readToken());
  if (token.ok) ctx.health.scopes = token.value.scopes;
  const owners = await paid(ctx, 'reconcile', () => ctx.crm.readOwners());
  if (owners.ok) await ctx.lease.exclusive((db) => saveColleagues(db, ctx.hubId, owners.value));
  let complete = types.ok && token.ok && owners.ok;
  for (const object of OBJECTS) {
    const read = await paid(ctx, 'reconcile', () => ctx.crm.readProperties(object));
    if (!read.ok) {
      complete = false;
      ctx.log.warn(
        { hub: ctx.hubId, object },
        `The property definitions could not be read: ${read.failure.message}`,
      );
      continue;
    }
    const definitions = mappedDefinitions(object, read.value, owners.ok ? owners.value.map(optionOf) : null);
    for (const [property, definition] of definitions)
      ctx.definitions.set(`${object}:${property}`, definition);
    await saveDefinitions(ctx, object, definitions);
  }
  return complete;
}

const optionOf = ({ ownerId, name, archived }: Owner) => ({ value: ownerId, label: name, hidden: archived });

type Read = Definition & { property: string };

function mappedDefinitions(
  object: AppObject,
  read: readonly Read[],
  owners: NonNullable<Definition['options']> | null,
): Map<string, Definition> {
  const mapped = new Map(Object.values(objects[object].fields).map((field) => [field.property, field]));
  return new Map(
    read.flatMap(({ property, options, ...rest }) => {
      const field = mapped.get(property);
      if (field === undefined) return [];
      return [[property, { ...rest, options: field.kind === 'owner' ? owners : options }] as const];
    }),
  );
}

async function saveDefinitions(
  ctx: Context,
  object: AppObject,
  definitions: Map<string, Definition>,
): Promise<void> {
  if (definitions.size === 0) return;
  const now = new Date(ctx.clock.now());
  const rows = [...definitions].map(([property, definition]) => ({
    hub_id: ctx.hubId,
    object,
    property,
    definition: JSON.stringify(definition),
    read_at: now,
  }));
  await ctx.lease.exclusive((db) =>
    db
      .insertInto('properties')
      .values(rows)
      .onConflict((conflict) =>
        conflict.columns(['hub_id', 'object', 'property']).doUpdateSet((eb) => ({
          definition: eb.ref('excluded.definition'),
          read_at: eb.ref('excluded.read_at'),
        })),
      )
      .execute(),
  );
}
