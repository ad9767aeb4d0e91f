/** Custom objects: a schema makes a type with properties of its own and associations to the standard ones. */
import { z } from 'zod';
import { standardProperties } from './catalog.ts';
import { ApiError, validationError } from './errors.ts';
import { bothWays, pairNames, plainType } from './linkTypes.ts';
import { recordsOf, typeOf } from './objectTypes.ts';
import { createProperty, newProperty } from './properties.ts';
import { nextId, type ObjectType, type State } from './state.ts';

const FIRST_TYPE_NUMBER = 77_001;
const FIRST_LINK_TYPE_ID = 11;

const labels = z.object({ singular: z.string().min(1), plural: z.string().min(1) });
export const newSchema = z.object({
  // Docs: letters, digits, underscore; starts with a letter; never changes.
  name: z.string().regex(/^[a-zA-Z][a-zA-Z0-9_]*$/),
  labels,
  primaryDisplayProperty: z.string().optional(),
  secondaryDisplayProperties: z.array(z.string()).default([]),
  searchableProperties: z.array(z.string()).default([]),
  requiredProperties: z.array(z.string()).default([]),
  description: z.string().nullish(),
  properties: z.array(newProperty.partial({ groupName: true })).min(1),
  associatedObjects: z.array(z.string()).default([]),
});
export const changedSchema = newSchema
  .omit({ name: true, properties: true, associatedObjects: true })
  .partial();

export function createSchema(state: State, sent: z.input<typeof newSchema>): ObjectType {
  const given = newSchema.parse(sent);
  const name = given.name.toLowerCase();
  if ([...state.data.types.values()].some((type) => type.name === name))
    throw new ApiError(409, {
      message: `An object with name ${given.name} already exists`,
      category: 'OBJECT_ALREADY_EXISTS',
    }); // GUESS at the words
  const defined = new Set(given.properties.map((property) => property.name));
  const unknown = [...given.requiredProperties, ...given.searchableProperties].find(
    (each) => !defined.has(each),
  );
  if (unknown !== undefined) throw validationError(`Property ${unknown} is not defined`); // GUESS at the words
  const type = newType(state, name, given);
  state.data.types.set(type.typeId, type);
  state.data.properties.set(type.typeId, standardProperties(name, true));
  for (const property of given.properties)
    createProperty(state, type, { ...property, groupName: property.groupName ?? `${name}_information` });
  for (const to of given.associatedObjects) addAssociation(state, type, typeOf(state, to));
  return type;
}

function newType(state: State, name: string, given: z.infer<typeof newSchema>): ObjectType {
  const at = state.clock.now();
  const primary = given.primaryDisplayProperty ?? given.properties[0]!.name;
  return {
    typeId: `2-${nextId(state, 'schema', FIRST_TYPE_NUMBER)}`,
    name,
    singular: name,
    constant: name.toUpperCase(),
    fullyQualifiedName: `p${state.hubId}_${name}`,
    createdProperty: 'hs_createdate',
    modifiedProperty: 'hs_lastmodifieddate',
    defaultProperties: ['hs_createdate', 'hs_lastmodifieddate', 'hs_object_id'], // recorded 2022
    required: given.requiredProperties,
    requiredAnyOf: [],
    webhookPrefix: null,
    schema: {
      labels: given.labels,
      primaryDisplayProperty: primary,
      secondaryDisplayProperties: given.secondaryDisplayProperties,
      searchableProperties: given.searchableProperties,
      description: given.description ?? null,
      createdAt: at,
      updatedAt: at,
      archived: false,
    },
  };
}

/** GUESS: a custom object's plain association is USER_DEFINED without a label, as the labels endpoint shows it. */
export function addAssociation(state: State, from: ObjectType, to: ObjectType): void {
  if (plainType(state, from.typeId, to.typeId) !== null) return;
  const there = Number(nextId(state, 'linkType', FIRST_LINK_TYPE_ID));
  const back = Number(nextId(state, 'linkType', FIRST_LINK_TYPE_ID));
  const pair = {
    from: from.typeId,
    to: to.typeId,
    there,
    back,
    label: null,
    inverseLabel: null,
    primary: false,
  };
  state.data.linkTypes.push(...bothWays({ ...pair, category: 'USER_DEFINED' }, pairNames(from, to)));
}

/** Docs: a schema can be deleted only when it has no records. */
export function archiveSchema(state: State, type: ObjectType, hard: boolean): void {
  if (type.schema === null) throw validationError(`${type.name} is not a custom object`);
  const live = [...recordsOf(state, type).values()].some((record) => record.archivedAt === null);
  if (live) throw validationError(`Cannot delete object type ${type.typeId}: it still has records`); // GUESS at the words
  type.schema.archived = true;
  if (hard) {
    state.data.types.delete(type.typeId);
    state.data.properties.delete(type.typeId);
    state.data.records.delete(type.typeId);
    state.data.linkTypes = state.data.linkTypes.filter(
      (link) => link.from !== type.typeId && link.to !== type.typeId,
    );
  }
}
