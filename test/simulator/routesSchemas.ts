/** Custom object schemas (docs: schemas guide; status codes: @hubspot/api-client 14.0.1). */
import { z } from 'zod';
import { iso } from './clock.ts';
import { notFound } from './errors.ts';
import {
  noContent,
  ok,
  param,
  parseBody,
  prefixes,
  under,
  type Call,
  type Reply,
  type Route,
} from './http.ts';
import { typeOf } from './objectTypes.ts';
import { propertiesOf, viewProperty } from './properties.ts';
import { addAssociation, archiveSchema, changedSchema, createSchema, newSchema } from './schemas.ts';
import type { LinkType, ObjectType, State } from './state.ts';

const association = z.object({
  fromObjectTypeId: z.string(),
  toObjectTypeId: z.string(),
  name: z.string().optional(),
});

export function schemaRoutes(state: State): Route[] {
  const read = { access: 'read' as const, limit: 'burst' as const, scopes: ['crm.schemas.custom.read'] };
  const write = { access: 'write' as const, limit: 'burst' as const, scopes: ['crm.schemas.custom.write'] };
  const schema = (call: Call): ObjectType => {
    const type = typeOf(state, param(call, 'type'));
    if (type.schema === null || type.schema.archived)
      throw notFound(`Object type ${param(call, 'type')} is not a custom object`); // GUESS
    return type;
  };
  const all = (call: Call): Reply => {
    const archived = call.query.get('archived') === 'true';
    const found = [...state.data.types.values()].filter(
      (type) => type.schema !== null && type.schema.archived === archived,
    );
    return ok({ results: found.map((type) => viewSchema(state, type)) });
  };
  const remove = (call: Call): Reply => {
    archiveSchema(state, schema(call), call.query.get('archived') === 'true');
    return noContent;
  };
  const addLink = (call: Call): Reply => {
    const { toObjectTypeId } = parseBody(call, association);
    const from = schema(call);
    const to = typeOf(state, toObjectTypeId);
    addAssociation(state, from, to);
    const made = state.data.linkTypes.find((type) => type.from === from.typeId && type.to === to.typeId);
    return ok(made === undefined ? {} : viewAssociation(made), 201);
  };
  return under(
    prefixes(
      ['/crm-object-schemas/v3/schemas', '/crm/v3/schemas'],
      (date) => `/crm-object-schemas/${date}/schemas`,
    ),
    [
      { ...read, method: 'GET', pattern: '', name: 'schemas', handle: all },
      {
        ...write,
        method: 'POST',
        pattern: '',
        name: 'createSchema',
        handle: (call) => ok(viewSchema(state, createSchema(state, parseBody(call, newSchema))), 201),
      },
      {
        ...read,
        method: 'GET',
        pattern: '/:type',
        name: 'schema',
        handle: (call) => ok(viewSchema(state, schema(call))),
      },
      {
        ...write,
        method: 'PATCH',
        pattern: '/:type',
        name: 'updateSchema',
        handle: (call) => ok(change(state, schema(call), call)),
      },
      { ...write, method: 'DELETE', pattern: '/:type', name: 'archiveSchema', handle: remove },
      {
        ...write,
        method: 'POST',
        pattern: '/:type/associations',
        name: 'createSchemaAssociation',
        handle: addLink,
      },
    ],
  );
}

function change(state: State, type: ObjectType, call: Call) {
  const sent = parseBody(call, changedSchema);
  const details = type.schema!;
  if (sent.labels !== undefined) details.labels = sent.labels;
  if (sent.primaryDisplayProperty !== undefined) details.primaryDisplayProperty = sent.primaryDisplayProperty;
  if (sent.secondaryDisplayProperties !== undefined)
    details.secondaryDisplayProperties = sent.secondaryDisplayProperties;
  if (sent.searchableProperties !== undefined) details.searchableProperties = sent.searchableProperties;
  if (sent.requiredProperties !== undefined) type.required = sent.requiredProperties;
  if (sent.description !== undefined) details.description = sent.description ?? null;
  details.updatedAt = state.clock.now();
  // From practice: a PATCH answers with the definition alone, without properties and associations.
  const { properties: _, associations: __, ...definition } = viewSchema(state, type);
  return definition;
}

function viewSchema(state: State, type: ObjectType) {
  const details = type.schema!;
  const { labels, primaryDisplayProperty, secondaryDisplayProperties, searchableProperties, description } =
    details;
  return {
    labels,
    requiredProperties: [...type.required],
    searchableProperties,
    primaryDisplayProperty,
    secondaryDisplayProperties,
    ...(description === null ? {} : { description }),
    archived: details.archived,
    restorable: true,
    metaType: 'PORTAL_SPECIFIC',
    id: type.typeId.slice(2),
    fullyQualifiedName: type.fullyQualifiedName,
    createdAt: iso(details.createdAt),
    updatedAt: iso(details.updatedAt),
    objectTypeId: type.typeId,
    properties: [...propertiesOf(state, type).values()]
      .filter((property) => property.archivedAt === null)
      .map(viewProperty),
    associations: state.data.linkTypes
      .filter((link) => link.from === type.typeId || link.to === type.typeId)
      .map(viewAssociation),
    name: type.name,
  };
}

const viewAssociation = (link: LinkType) => ({
  id: String(link.typeId),
  fromObjectTypeId: link.from,
  toObjectTypeId: link.to,
  name: link.name,
});
