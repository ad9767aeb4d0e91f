/** Property definitions: what an answer shows of them, and how they are made and changed. */
import { z } from 'zod';
import { blankProperty } from './catalog.ts';
import { iso } from './clock.ts';
import { ApiError, notFound, validationError } from './errors.ts';
import { currentValue } from './history.ts';
import type { ObjectType, Property, State } from './state.ts';

const UNIQUE_MAX_PROPERTIES = 10; // docs: properties guide

const option = z.object({
  label: z.string(),
  value: z.string(),
  displayOrder: z.number().default(-1),
  hidden: z.boolean().default(false),
  description: z.string().optional(),
});
const types = z.enum(['string', 'number', 'date', 'datetime', 'enumeration', 'bool', 'phone_number']);
const TEXT_FIELDS = ['text', 'textarea', 'html', 'phonenumber', 'file'] as const;
const OTHER_FIELDS = [
  'number',
  'date',
  'select',
  'radio',
  'checkbox',
  'booleancheckbox',
  'calculation_equation',
] as const;
const fieldTypes = z.enum([...TEXT_FIELDS, ...OTHER_FIELDS]);
export const newProperty = z.object({
  name: z.string().regex(/^[a-z][a-z0-9_]*$/),
  label: z.string().min(1),
  type: types,
  fieldType: fieldTypes,
  groupName: z.string().default('custom'),
  description: z.string().default(''),
  options: z.array(option).default([]),
  displayOrder: z.number().default(-1),
  hasUniqueValue: z.boolean().default(false),
  hidden: z.boolean().default(false),
  formField: z.boolean().default(false),
});
export type NewProperty = z.input<typeof newProperty>;
export const changedProperty = newProperty.omit({ name: true, hasUniqueValue: true }).partial();

/** Recorded 2026: whether a value may be written is said by `modificationMetadata`, not by `calculated`. */
export function viewProperty(property: Property) {
  return {
    ...(property.hubspotDefined
      ? {}
      : { updatedAt: iso(property.updatedAt), createdAt: iso(property.createdAt) }),
    name: property.name,
    label: property.label,
    type: property.type,
    fieldType: property.fieldType,
    description: property.description,
    groupName: property.groupName,
    options: property.options,
    displayOrder: property.displayOrder,
    calculated: property.calculated,
    externalOptions: property.externalOptions,
    ...(property.referencedObjectType === null
      ? {}
      : { referencedObjectType: property.referencedObjectType }),
    hasUniqueValue: property.hasUniqueValue,
    hidden: property.hidden,
    ...(property.hubspotDefined ? { hubspotDefined: true } : {}),
    modificationMetadata: {
      archivable: !property.hubspotDefined,
      readOnlyDefinition: property.hubspotDefined,
      readOnlyOptions: property.externalOptions,
      readOnlyValue: property.readOnlyValue,
    },
    formField: property.formField,
    dataSensitivity: 'non_sensitive',
    ...(property.archivedAt === null ? {} : { archived: true, archivedAt: iso(property.archivedAt) }),
  };
}

/** Observed live 2026-09: a taken name is 409, the name of an archived one brings that one back. */
export function createProperty(state: State, type: ObjectType, sent: NewProperty): Property {
  const given = newProperty.parse(sent);
  const all = propertiesOf(state, type);
  const before = all.get(given.name);
  if (before !== undefined && before.archivedAt === null)
    throw new ApiError(409, {
      message: `A property named '${given.name}' already exists.`,
      category: 'OBJECT_ALREADY_EXISTS',
      subCategory: 'Properties.PROPERTY_WITH_NAME_EXISTS',
    });
  if (
    given.hasUniqueValue &&
    [...all.values()].filter((each) => each.hasUniqueValue && !each.hubspotDefined).length >=
      UNIQUE_MAX_PROPERTIES
  )
    throw validationError(`An object can have at most ${UNIQUE_MAX_PROPERTIES} unique properties`); // GUESS at the words
  const at = state.clock.now();
  const { options, ...rest } = given;
  const made: Property = {
    ...blankProperty(given.name, given.label, given.type, given.fieldType, given.groupName),
    ...rest,
    options: ordered(options),
    createdAt: before?.createdAt ?? at,
    updatedAt: at,
  };
  all.set(given.name, made);
  if (given.hasUniqueValue && before === undefined)
    state.data.unique.set(`${type.typeId}/${given.name}`, new Map());
  return made;
}

/** Observed: `options` replaces the whole list. Docs: name and uniqueness never change. */
export function changeProperty(
  state: State,
  type: ObjectType,
  name: string,
  sent: z.infer<typeof changedProperty>,
): Property {
  const property = findProperty(state, type, name);
  if (property.hubspotDefined && sent.options === undefined)
    throw validationError(`Property ${name} is HubSpot's own and cannot be changed`); // GUESS at the words
  const { options, ...rest } = sent;
  const given = Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined));
  Object.assign(property, given, { updatedAt: state.clock.now() });
  if (options !== undefined) property.options = ordered(options);
  return property;
}

export function archiveProperty(state: State, type: ObjectType, name: string): void {
  const property = findProperty(state, type, name);
  if (property.hubspotDefined)
    throw validationError(`Property ${name} is HubSpot's own and cannot be archived`); // GUESS at the words
  // Observed 2026-09: in use means by forms, lists, workflows; the stand-in has none, so a rule counts.
  if (state.data.rules.some((rule) => rule.typeId === type.typeId && rule.property === name))
    throw validationError(`Property ${name} is in use`, {
      subCategory: 'PropertyValidationError.CANNOT_DELETE_PROPERTY_IN_USE',
    });
  property.archivedAt = state.clock.now();
}

export function findProperty(state: State, type: ObjectType, name: string): Property {
  const property = propertiesOf(state, type).get(name);
  if (property?.archivedAt !== null) throw notFound(`Property ${name} does not exist for ${type.typeId}`); // GUESS at the words
  return property;
}

export function propertiesOf(state: State, type: ObjectType): Map<string, Property> {
  return state.data.properties.get(type.typeId)!;
}

/** How many records hold a value: for whoever looks at the stand-in's state. */
export function usesOf(state: State, type: ObjectType, name: string): number {
  const records = state.data.records.get(type.typeId);
  return [...(records?.values() ?? [])].filter((record) => (currentValue(record, name) ?? '') !== '').length;
}

function ordered(options: z.infer<typeof option>[]): Property['options'] {
  return options.map(({ description, ...rest }, index) => ({
    ...rest,
    ...(description === undefined ? {} : { description }),
    displayOrder: rest.displayOrder < 0 ? index : rest.displayOrder,
  }));
}
