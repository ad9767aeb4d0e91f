/** Making in the CRM's schema what the rules need and is not there. What is there is never changed or taken away. */
import { objects, type AppObject } from '@tallystick/shared/ownership';
import { schemaWriteScope } from '../drift/scopes.ts';
import type { Answer } from '../hubspot/transport.ts';
import type { OrderOutcome } from '../store/database.ts';
import type { Fix } from '../store/schemaTables.ts';
import type { Context } from './context.ts';
import { refreshDefinitions } from './definitions.ts';
import { paid } from './round.ts';

/** `value`: one line each of what was not made; nothing is made where the token lacks a scope. */
export async function makeFixes(ctx: Context, fixes: readonly Fix[]): Promise<OrderOutcome> {
  await refreshDefinitions(ctx, ctx.drift.onTypeIds); // what somebody made meanwhile is not made again
  const lacking = lackingScopes(ctx, fixes);
  if (lacking.length > 0) return { ok: false, code: 'scope', value: lacking.join('\n') };
  const failures: string[] = [];
  const grouped = new Set<AppObject>();
  for (const each of fixes) {
    const definition = ctx.definitions.get(`${each.object}:${each.property}`);
    const isThere = definition !== undefined && definition.gone !== true;
    if (each.do === 'property' ? isThere : !isThere) continue;
    const answer =
      each.do === 'option' ? await addOptions(ctx, each) : await makeProperty(ctx, each, grouped);
    if (answer.ok && each.do === 'property') forgetAccepted(ctx, each);
    if (!answer.ok && !isTaken(answer))
      failures.push(`${each.object}.${each.property}: ${answer.failure.message}`);
  }
  if (fixes.length > 0) await refreshDefinitions(ctx, ctx.drift.onTypeIds);
  return failures.length === 0
    ? { ok: true, code: 'done' }
    : { ok: false, code: 'not-made', value: failures.join('\n') };
}

/** Scopes that the CRM has not told of are left to the CRM to judge. */
function lackingScopes(ctx: Context, fixes: readonly Fix[]): string[] {
  const { scopes } = ctx.health;
  if (scopes.length === 0) return [];
  const needed = fixes.map(({ object }) => schemaWriteScope(objects[object]));
  return [...new Set(needed)].filter((scope) => !scopes.includes(scope)).sort();
}

const addOptions = (ctx: Context, { object, property, options }: Extract<Fix, { do: 'option' }>) =>
  paid(ctx, 'read', () => ctx.crm.addOptions(object, property, options));

async function makeProperty(
  ctx: Context,
  { object, property, label, type, fieldType, unique, options }: Extract<Fix, { do: 'property' }>,
  grouped: Set<AppObject>,
): Promise<Answer<unknown>> {
  if (!grouped.has(object)) {
    const group = await paid(ctx, 'read', () => ctx.crm.ensureGroup(object));
    if (!group.ok && !isTaken(group)) return group;
    grouped.add(object);
  }
  const made = { name: property, label, type, fieldType, hasUniqueValue: unique, options };
  return paid(ctx, 'read', () => ctx.crm.createProperty(object, made));
}

/** What we make by the file is how it should be, whatever a property of that name was before. */
function forgetAccepted({ drift }: Context, { object, property }: Fix): void {
  const before = drift.schema?.accepted.objects[object] ?? null;
  if (drift.schema === null || before === null) return;
  const { [property]: _, ...properties } = before.properties;
  const objects = { ...drift.schema.accepted.objects, [object]: { ...before, properties } };
  drift.schema = { ...drift.schema, accepted: { ...drift.schema.accepted, objects } };
}

/** Somebody was faster (observed: 409 with this category). */
const isTaken = (answer: Answer<unknown>): boolean =>
  !answer.ok && answer.failure.is === 'refused' && answer.failure.code === 'OBJECT_ALREADY_EXISTS';
