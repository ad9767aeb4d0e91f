/** Associations of one record, v4 and dated. Status codes: strict in @hubspot/api-client 14.0.1. */
import { z } from 'zod';
import { associate, dissociate, linked, type End } from './associations.ts';
import { iso } from './clock.ts';
import {
  bySelf,
  DATES,
  noContent,
  ok,
  pageLimit,
  param,
  parseBody,
  route,
  under,
  type Call,
  type Reply,
  type Route,
} from './http.ts';
import { plainType } from './linkTypes.ts';
import { findRecord, typeOf } from './objectTypes.ts';
import type { LinkType, State } from './state.ts';

export const PAGE_MAX_LINKS = 500; // docs: associations v4

const spec = z.object({
  associationCategory: z.enum(['HUBSPOT_DEFINED', 'USER_DEFINED', 'INTEGRATOR_DEFINED']),
  associationTypeId: z.number(),
});
export const sentSpecs = z.array(spec);

export function associationRoutes(state: State): Route[] {
  return under(
    ['/crm/v4/objects', ...DATES.map((date) => `/crm/objects/${date}`)],
    [
      route('GET', '/:type/:id/associations/:toType', 'links', (call) => links(state, call)),
      route('PUT', '/:type/:id/associations/:toType/:toId', 'associate', (call) => put(state, call)),
      route('DELETE', '/:type/:id/associations/:toType/:toId', 'dissociate', (call) => remove(state, call)),
      route('PUT', '/:type/:id/associations/default/:toType/:toId', 'associateDefault', (call) =>
        putDefault(state, call),
      ),
    ],
  );
}

const fromEnd = (state: State, call: Call): End => ({
  type: typeOf(state, param(call, 'type')),
  id: param(call, 'id'),
});
const toEnd = (state: State, call: Call): End => ({
  type: typeOf(state, param(call, 'toType')),
  id: param(call, 'toId'),
});
export const specsOf = (sent: z.infer<typeof sentSpecs>) =>
  sent.map(({ associationCategory, associationTypeId }) => ({
    category: associationCategory,
    typeId: associationTypeId,
  }));
export const viewType = (type: LinkType) => ({
  category: type.category,
  typeId: type.typeId,
  label: type.label,
});

function links(state: State, call: Call): Reply {
  const from = fromEnd(state, call);
  const record = findRecord(state, from.type, from.id);
  const limit = pageLimit(call, PAGE_MAX_LINKS, PAGE_MAX_LINKS);
  const all = linked(state, from.type.typeId, record.id, typeOf(state, param(call, 'toType')).typeId);
  const start = Number(call.query.get('after') ?? 0);
  const next = start + limit < all.length ? String(start + limit) : null;
  return ok({
    results: all.slice(start, start + limit).map(viewLink),
    ...(next === null ? {} : { paging: { next: { after: next } } }),
  });
}

export const viewLink = (link: { id: string; types: LinkType[] }) => ({
  toObjectId: link.id,
  associationTypes: link.types.map(viewType),
});

function put(state: State, call: Call): Reply {
  const [from, to] = [fromEnd(state, call), toEnd(state, call)];
  const types = associate(state, from, to, specsOf(parseBody(call, sentSpecs)), bySelf(call));
  return ok(viewPair(from, to, types), 201);
}

export const viewPair = (from: End, to: End, types: LinkType[]) => ({
  fromObjectTypeId: from.type.typeId,
  fromObjectId: from.id,
  toObjectTypeId: to.type.typeId,
  toObjectId: to.id,
  labels: types.flatMap((type) => type.label ?? []),
});

function remove(state: State, call: Call): Reply {
  dissociate(state, fromEnd(state, call), toEnd(state, call), bySelf(call));
  return noContent;
}

function putDefault(state: State, call: Call): Reply {
  return ok(frame(state, defaultPair(state, fromEnd(state, call), toEnd(state, call), call)));
}

/** Docs: the default answer shows both directions. */
export function defaultPair(state: State, from: End, to: End, call: Call) {
  associate(state, from, to, [], bySelf(call));
  const one = (a: End, b: End) => {
    const type = plainType(state, a.type.typeId, b.type.typeId);
    const associationSpec = { associationCategory: type?.category, associationTypeId: type?.typeId };
    return { from: { id: a.id }, to: { id: b.id }, associationSpec };
  };
  return [one(from, to), one(to, from)];
}

export function frame(state: State, results: object[]) {
  const at = iso(state.clock.now());
  return { status: 'COMPLETE', results, startedAt: at, completedAt: at };
}
