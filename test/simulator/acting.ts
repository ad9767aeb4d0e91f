/** Acting as somebody else: a colleague in the CRM's pages, an import, a workflow, another app. */
import { z } from 'zod';
import { validationError } from './errors.ts';
import type { Source } from './state.ts';
import type { World } from './world.ts';

const spec = z.object({
  category: z.enum(['HUBSPOT_DEFINED', 'USER_DEFINED', 'INTEGRATOR_DEFINED']),
  typeId: z.number(),
});
export const act = z.strictObject({
  as: z.string().regex(/^(colleague|import|workflow|app:\d+)$/),
  userId: z.number().optional(),
  do: z.enum(['update', 'create', 'archive', 'restore', 'merge', 'privacyDelete', 'associate', 'dissociate']),
  objectType: z.string(),
  id: z.string().optional(),
  properties: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
  /** The other record: of an association, or the one merged away. */
  to: z.object({ objectType: z.string().optional(), id: z.string() }).optional(),
  /** Association types as seen from the first record; none means the plain one. */
  types: z.array(spec).optional(),
});
export type Act = z.input<typeof act>;

const COLLEAGUE = 51_446_676;

/** Does it, and answers with the id of the record it ended in. */
export function perform(world: World, given: unknown): { id: string } {
  const { objectType, properties = {}, types = [], ...what } = act.parse(given);
  const by = sourceOf(what.as, what.userId);
  const id = (): string => what.id ?? missing('id');
  const to = (): { objectType: string; id: string } =>
    what.to === undefined ? missing('to') : { objectType: what.to.objectType ?? objectType, id: what.to.id };
  switch (what.do) {
    case 'create':
      return { id: world.create(objectType, properties, by).id };
    case 'update':
      return { id: world.update(objectType, id(), properties, by).id };
    case 'archive':
      world.archive(objectType, id(), by);
      return { id: id() };
    case 'restore':
      world.restore(objectType, id(), { ...by, sourceType: 'RESTORE_OBJECTS' });
      return { id: id() };
    case 'merge':
      return { id: world.merge(objectType, id(), to().id, by).id };
    case 'privacyDelete':
      world.privacyDelete(objectType, id(), by);
      return { id: id() };
    case 'associate':
      world.associate([objectType, id()], [to().objectType, to().id], by, types);
      return { id: id() };
    case 'dissociate':
      world.dissociate([objectType, id()], [to().objectType, to().id], by, types);
      return { id: id() };
    default:
      return what.do satisfies never;
  }
}

/** How each of them shows in history and webhooks. CRM_UI and INTEGRATION: recorded; the other two ids: GUESS. */
export function sourceOf(as: string, userId = COLLEAGUE): Source {
  if (as.startsWith('app:')) return { sourceType: 'INTEGRATION', sourceId: as.slice(4) };
  if (as === 'import') return { sourceType: 'IMPORT', sourceId: '73000001' };
  if (as === 'workflow')
    return { sourceType: 'AUTOMATION_PLATFORM', sourceId: 'enrollmentId:1400000001;actionExecutionIndex:0' };
  return { sourceType: 'CRM_UI', sourceId: `userId:${userId}`, userId };
}

function missing(name: string): never {
  throw validationError(`"${name}" is missing`);
}
