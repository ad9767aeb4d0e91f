/**
 * What an admin, or HubSpot itself, does to an account's definitions: the ways of drift. Values are never touched: docs,
 * "a deleted property can be restored within 90 days"; GUESS: its values, and those of a changed type, come back as they were.
 */
import { z } from 'zod';
import { notFound } from './errors.ts';
import { typeOf } from './objectTypes.ts';
import { findPipeline, findStage, refreshStageOptions, refuseStageInUse } from './pipelines.ts';
import { archiveProperty, findProperty, propertiesOf } from './properties.ts';
import { archiveSchema } from './schemas.ts';
import type { LinkType, State } from './state.ts';

const option = z.strictObject({
  value: z.string(),
  label: z.string().optional(),
  hidden: z.boolean().optional(),
  remove: z.boolean().optional(),
});
const name = z.string();
const objectType = z.string();
export const definition = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('removeProperty'), objectType, name }),
  z.strictObject({ do: z.literal('restoreProperty'), objectType, name }),
  /** As if it had been deleted for good and made again: no record holds a value. */
  z.strictObject({ do: z.literal('forgetValues'), objectType, name }),
  z.strictObject({
    ...{ do: z.literal('changeProperty'), objectType, name },
    label: z.string().optional(),
    type: z.string().optional(),
    fieldType: z.string().optional(),
    readOnly: z.boolean().optional(),
    unique: z.boolean().optional(),
    option: option.optional(),
  }),
  z.strictObject({
    ...{ do: z.literal('changeStage'), objectType, pipeline: z.string(), stage: z.string() },
    label: z.string().optional(),
    archived: z.boolean().optional(),
  }),
  z.strictObject({ do: z.literal('renameLabel'), label: z.string(), to: z.string() }),
  z.strictObject({ do: z.literal('removeLabel'), label: z.string() }),
  z.strictObject({ do: z.literal('removeSchema'), objectType }),
  z.strictObject({ do: z.literal('restoreSchema'), objectType }),
  z.strictObject({ do: z.literal('requireProperty'), objectType, name, required: z.boolean() }),
]);
export type Definition = z.infer<typeof definition>;

export function define(state: State, what: Definition): void {
  switch (what.do) {
    case 'removeProperty':
      return archiveProperty(state, typeOf(state, what.objectType), what.name);
    case 'restoreProperty': {
      const property = propertiesOf(state, typeOf(state, what.objectType)).get(what.name);
      if (property === undefined) throw notFound(`no property ${what.name}`);
      property.archivedAt = null;
      return;
    }
    case 'forgetValues': {
      const type = typeOf(state, what.objectType);
      for (const record of state.data.records.get(type.typeId)?.values() ?? [])
        record.cells.delete(what.name);
      return;
    }
    case 'changeProperty':
      return changeProperty(state, what);
    case 'changeStage': {
      const type = typeOf(state, what.objectType);
      const whole = findPipeline(state, type, what.pipeline);
      if (what.archived === true) {
        const stage = findStage(state, type, what.pipeline, what.stage);
        refuseStageInUse(state, type, stage.id); // docs
        stage.archived = true;
      }
      const stage = whole.stages.find(({ id }) => id === what.stage);
      if (stage === undefined) throw notFound(`no stage ${what.stage}`);
      if (what.archived === false) stage.archived = false;
      if (what.label !== undefined) stage.label = what.label;
      return refreshStageOptions(state);
    }
    case 'renameLabel':
      for (const type of labelled(state, what.label)) type.label = what.to;
      return;
    case 'removeLabel': {
      const gone = labelled(state, what.label);
      state.data.linkTypes = state.data.linkTypes.filter((type) => !gone.includes(type));
      return;
    }
    case 'removeSchema':
      return archiveSchema(state, typeOf(state, what.objectType), false);
    case 'restoreSchema': {
      const { schema } = typeOf(state, what.objectType);
      if (schema !== null) schema.archived = false;
      return;
    }
    case 'requireProperty': {
      const { typeId } = typeOf(state, what.objectType);
      const rule = { typeId, property: what.name, ruleType: 'REQUIRED' as const, ruleArguments: [] };
      const others = state.data.rules.filter(
        (each) => each.typeId !== typeId || each.property !== what.name || each.ruleType !== 'REQUIRED',
      );
      state.data.rules = what.required ? [...others, rule] : others;
      return;
    }
    default:
      return what satisfies never;
  }
}

function changeProperty(
  state: State,
  { objectType: type, name: named, ...change }: Extract<Definition, { do: 'changeProperty' }>,
): void {
  const property = findProperty(state, typeOf(state, type), named);
  const { label, type: kind, fieldType, readOnly, unique, option: changed } = change;
  if (label !== undefined) property.label = label;
  if (kind !== undefined) property.type = kind;
  if (fieldType !== undefined) property.fieldType = fieldType;
  // Recorded 2026: whether a value may be written is said by `modificationMetadata.readOnlyValue`.
  if (readOnly !== undefined) property.readOnlyValue = readOnly;
  if (unique !== undefined) property.hasUniqueValue = unique;
  if (changed === undefined) return;
  const { value, remove = false } = changed;
  const before = property.options.find((each) => each.value === value);
  const rest = property.options.filter((each) => each.value !== value);
  const displayOrder = before?.displayOrder ?? property.options.length;
  const base = { ...(before ?? { value, label: value, hidden: false }), displayOrder };
  const shown = { ...base, label: changed.label ?? base.label, hidden: changed.hidden ?? base.hidden };
  property.options = remove ? rest : [...rest, shown].sort((a, b) => a.displayOrder - b.displayOrder);
}

/** Both directions of a label of the account's own. */
const labelled = (state: State, label: string): LinkType[] =>
  state.data.linkTypes.filter((type) => type.category === 'USER_DEFINED' && type.label === label);
