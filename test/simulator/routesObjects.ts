/** Objects, one record at a time: list, read, create, update, archive, merge, privacy deletion. */
import { z } from 'zod';
import type { NewLink } from './checks.ts';
import { archiveRecord, createRecord, updateRecord } from './records.ts';
import { objectNotFound, validationError } from './errors.ts';
import {
  bySelf,
  list,
  noContent,
  ok,
  pageLimit,
  param,
  parseBody,
  prefixes,
  route,
  under,
  type Call,
  type Reply,
  type Route,
} from './http.ts';
import { mergeRecords, privacyDelete } from './merge.ts';
import { findRecord, recordsOf, typeOf } from './objectTypes.ts';
import { linkTypesBetween } from './linkTypes.ts';
import type { ObjectType, State } from './state.ts';
import { listPage, readTime, viewRecord, viewWritten } from './view.ts';

export const OBJECT_PATHS = prefixes(
  ['/crm/v3/objects', '/crm/v4/objects'],
  (date) => `/crm/objects/${date}`,
);
/** Above this a page with history is refused (issues: activepieces 9359, hubspot-api-python 143). */
export const HISTORY_MAX_RECORDS = 50;
const PAGE_MAX_RECORDS = 100;

const id = z.union([z.string(), z.number()]).transform(String);
export const sentProperties = z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()]));
const spec = z.object({
  associationCategory: z.enum(['HUBSPOT_DEFINED', 'USER_DEFINED', 'INTEGRATOR_DEFINED']),
  associationTypeId: z.number(),
});
export const sentLinks = z.array(z.object({ to: z.object({ id }), types: z.array(spec) })).optional();
const creation = z.object({ properties: sentProperties, associations: sentLinks });
const change = z.object({ properties: sentProperties });
const merge = z.object({ primaryObjectId: id, objectIdToMerge: id });
const deletion = z.object({ objectId: id, idProperty: z.string().optional() });

export function objectRoutes(state: State): Route[] {
  return under(OBJECT_PATHS, [
    route('GET', '/:type', 'list', (call) => listRecords(state, call)),
    route('POST', '/:type', 'create', (call) => create(state, call)),
    route('GET', '/:type/:id', 'read', (call) => read(state, call)),
    route('PATCH', '/:type/:id', 'update', (call) => update(state, call)),
    route('DELETE', '/:type/:id', 'archive', (call) => archive(state, call)),
    route('POST', '/:type/merge', 'merge', (call) => mergeTwo(state, call)),
    route('POST', '/:type/gdpr-delete', 'gdprDelete', (call) => purge(state, call)),
  ]);
}

function listRecords(state: State, call: Call): Reply {
  const type = typeOf(state, param(call, 'type'));
  const history = list(call, 'propertiesWithHistory');
  const limit = pageLimit(call, 10, PAGE_MAX_RECORDS);
  refuseLongHistory(history, limit);
  const archived = call.query.get('archived') === 'true';
  const { records, next } = listPage(state, type, { limit, after: call.query.get('after'), archived });
  const wanted = { properties: list(call, 'properties'), history, associations: list(call, 'associations') };
  const link = new URL(`${call.origin}${call.path}?${call.query.toString()}`);
  link.searchParams.set('after', next ?? '');
  return ok({
    results: records.map((record) => viewRecord(state, type, record, wanted)),
    ...(next === null ? {} : { paging: { next: { after: next, link: link.href } } }),
  });
}

export function refuseLongHistory(history: readonly string[], records: number): void {
  if (history.length > 0 && records > HISTORY_MAX_RECORDS)
    throw validationError(
      `The maximum number of inputs supported in a batch request for property histories is ${HISTORY_MAX_RECORDS}. Please reduce the number of items and try again`,
    );
}

function read(state: State, call: Call): Reply {
  const type = typeOf(state, param(call, 'type'));
  const wantedId = param(call, 'id');
  const wanted = {
    properties: list(call, 'properties'),
    history: list(call, 'propertiesWithHistory'),
    associations: list(call, 'associations'),
  };
  if (call.query.get('archived') === 'true') {
    const archivedRecord = recordsOf(state, type).get(wantedId);
    if (archivedRecord?.archivedAt == null) throw objectNotFound(wantedId);
    return ok(viewRecord(state, type, archivedRecord, wanted));
  }
  const record = findRecord(state, type, wantedId, call.query.get('idProperty') ?? undefined);
  if (record.createdAt > readTime(state)) throw objectNotFound(wantedId);
  return ok(viewRecord(state, type, record, wanted));
}

function create(state: State, call: Call): Reply {
  const type = typeOf(state, param(call, 'type'));
  const body = parseBody(call, creation);
  const links = newLinks(state, type, body.associations ?? []);
  const record = createRecord(state, type, body.properties, bySelf(call), { rules: call.rules, links });
  return ok(viewWritten(state, type, record, Object.keys(body.properties)), 201);
}

function update(state: State, call: Call): Reply {
  const type = typeOf(state, param(call, 'type'));
  const { properties } = parseBody(call, change);
  // Docs: an id that was merged away still works here, and the answer has another id.
  const record = findRecord(state, type, param(call, 'id'), call.query.get('idProperty') ?? undefined);
  updateRecord(state, type, record, properties, bySelf(call), { rules: call.rules });
  return ok(viewWritten(state, type, record, Object.keys(properties)));
}

function archive(state: State, call: Call): Reply {
  const type = typeOf(state, param(call, 'type'));
  const record = recordsOf(state, type).get(param(call, 'id'));
  // GUESS: archiving what is not there is 204, as documented for the batch.
  if (record !== undefined) archiveRecord(state, type, record, bySelf(call));
  return noContent;
}

function mergeTwo(state: State, call: Call): Reply {
  const type = typeOf(state, param(call, 'type'));
  const { primaryObjectId, objectIdToMerge } = parseBody(call, merge);
  const record = mergeRecords(state, type, primaryObjectId, objectIdToMerge, bySelf(call));
  return ok(viewRecord(state, type, record, {}));
}

function purge(state: State, call: Call): Reply {
  const type = typeOf(state, param(call, 'type'));
  const body = parseBody(call, deletion);
  privacyDelete(state, type, findRecord(state, type, body.objectId, body.idProperty), bySelf(call));
  return noContent;
}

/** Which type a new record's association leads to follows from the association type (spec). */
export function newLinks(
  state: State,
  from: ObjectType,
  sent: NonNullable<z.infer<typeof sentLinks>>,
): NewLink[] {
  return sent.map(({ to, types }) => {
    const specs = types.map((each) => ({
      category: each.associationCategory,
      typeId: each.associationTypeId,
    }));
    const target = [...state.data.types.values()].find((type) =>
      linkTypesBetween(state, from.typeId, type.typeId).some(
        (each) => each.typeId === specs[0]?.typeId && each.category === specs[0].category,
      ),
    );
    if (target === undefined) throw validationError(`Invalid association type for ${from.constant}`); // GUESS at the words
    return { to: { type: target, id: to.id }, specs };
  });
}
