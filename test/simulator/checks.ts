/** Whether a record may be written as sent: required, allowed, fitting, not taken. Changes nothing. */
import type { End } from './associations.ts';
import {
  contactExists,
  invalidProperties,
  missingProperties,
  valueTaken,
  type PropertyProblem,
} from './errors.ts';
import { currentValue } from './history.ts';
import { findRecord, ownerOfValue, recordsOf } from './objectTypes.ts';
import { pipelineProperties } from './pipelines.ts';
import { nextId, type CrmRecord, type LinkSpec, type ObjectType, type State } from './state.ts';
import { checkRules, checkValue, stageFits, type Raw } from './validation.ts';

/** Every type counts from the same number: ids are unique only within a type, and who forgets it should notice. */
export const FIRST_RECORD_ID = 410_000_000_001;

export type Sent = Readonly<Record<string, Raw>>;

export interface NewLink {
  to: End;
  specs: LinkSpec[];
}

export interface WriteOptions {
  /** When it happened, for a seed's past; else now. */
  at?: number;
  /** Whether admins' validation rules are enforced (since 2026-09). */
  rules?: boolean;
  links?: readonly NewLink[];
}

/** The stored values of a record to be, or an ApiError. `taken` gathers the unique values of a batch's earlier rows. */
export function checkCreation(
  state: State,
  type: ObjectType,
  sent: Sent,
  options: WriteOptions,
  taken = new Set<string>(),
): Map<string, string> {
  const values = checkSent(state, type, withDefaults(type, sent), null, options.rules ?? false);
  refuseMissing(type, values);
  refuseTaken(state, type, values, null, taken);
  for (const { to } of options.links ?? []) findRecord(state, to.type, to.id);
  return values;
}

export function checkUpdate(
  state: State,
  type: ObjectType,
  record: CrmRecord,
  sent: Sent,
  options: WriteOptions,
): Map<string, string> {
  const values = checkSent(state, type, sent, record, options.rules ?? false);
  refuseTaken(state, type, values, record);
  return values;
}

/** Each sent value in its stored form. One bad value refuses the whole record (docs). */
function checkSent(
  state: State,
  type: ObjectType,
  sent: Sent,
  record: CrmRecord | null,
  rules: boolean,
): Map<string, string> {
  const properties = state.data.properties.get(type.typeId)!;
  const problems: PropertyProblem[] = [];
  const values = new Map<string, string>();
  for (const [name, raw] of Object.entries(sent)) {
    const property = properties.get(name);
    if (property === undefined || property.archivedAt !== null) {
      problems.push({ name, code: 'PROPERTY_DOESNT_EXIST', message: `Property "${name}" does not exist` });
      continue;
    }
    if (property.readOnlyValue) {
      problems.push({
        name,
        code: 'READ_ONLY_VALUE',
        message: `"${name}" is a read only property; its value cannot be set.`,
      });
      continue;
    }
    const current = record === null ? null : currentValue(record, name);
    const checked = checkValue(state, property, raw, current);
    if ('code' in checked) problems.push({ name, ...checked });
    else if (
      name !== 'lifecyclestage' ||
      mayMove(
        property.options.map((option) => option.value),
        current,
        checked.value,
      )
    )
      values.set(name, checked.value);
  }
  problems.push(...misplaced(state, type, record, values));
  if (rules)
    problems.push(
      ...checkRules(
        state.data.rules.filter((rule) => rule.typeId === type.typeId),
        values,
      ),
    );
  if (problems.length > 0) throw invalidProperties(state.hubId, problems);
  return values;
}

/** Docs: lifecycle only moves forward unless cleared first. GUESS: a step back is ignored without an error. */
function mayMove(order: readonly string[], current: string | null, wanted: string): boolean {
  if (current === null || current === '' || wanted === '') return true;
  return order.indexOf(wanted) >= order.indexOf(current);
}

/** GUESS: a stage of another pipeline is refused as an invalid option. */
function misplaced(
  state: State,
  type: ObjectType,
  record: CrmRecord | null,
  values: ReadonlyMap<string, string>,
): PropertyProblem[] {
  const pipelines = state.data.pipelines.get(type.typeId);
  if (pipelines === undefined) return [];
  const names = pipelineProperties(type);
  const stage = values.get(names.stage);
  const pipeline =
    values.get(names.pipeline) ?? (record === null ? null : currentValue(record, names.pipeline));
  if (stage === undefined || stage === '' || pipeline === null || stageFits(pipelines, pipeline, stage))
    return [];
  return [
    { name: names.stage, code: 'INVALID_OPTION', message: `${stage} is not a stage of pipeline ${pipeline}` },
  ];
}

/** Docs: deals and tickets fall into the first pipeline. Recorded: a contact made by an app is a lead. */
function withDefaults(type: ObjectType, sent: Sent): Sent {
  if (type.typeId === '0-3') return { pipeline: 'default', ...sent };
  if (type.typeId === '0-5') return { hs_pipeline: '0', ...sent };
  if (type.typeId === '0-1') return { lifecyclestage: 'lead', ...sent };
  return sent;
}

function refuseMissing(type: ObjectType, values: ReadonlyMap<string, string>): void {
  const absent = (name: string): boolean => (values.get(name) ?? '') === '';
  const missing = type.required.filter(absent);
  if (missing.length > 0) throw missingProperties(type.constant, missing);
  if (type.requiredAnyOf.length > 0 && type.requiredAnyOf.every(absent))
    throw missingProperties(type.constant, type.requiredAnyOf);
}

function refuseTaken(
  state: State,
  type: ObjectType,
  values: ReadonlyMap<string, string>,
  record: CrmRecord | null,
  taken = new Set<string>(),
): void {
  for (const [property, value] of values) {
    if (value === '' || !state.data.unique.has(`${type.typeId}/${property}`)) continue;
    const owner = ownerOfValue(state, type, property, value);
    const repeated = taken.has(`${property}/${value}`);
    taken.add(`${property}/${value}`);
    if (!repeated && (owner === null || owner === record?.id)) continue;
    const holder = owner === null ? undefined : recordsOf(state, type).get(owner);
    // Docs: 409 for a contact's own e-mail; recorded 2026-09: 400 when another one holds it as a secondary address.
    // GUESS: custom unique properties answer as the latter, and an update answers as a creation does.
    if (
      type.typeId === '0-1' &&
      property === 'email' &&
      holder !== undefined &&
      currentValue(holder, 'email') === value
    )
      throw contactExists(holder.id);
    const half = record?.id ?? nextId(state, `record:${type.typeId}`, FIRST_RECORD_ID);
    throw valueTaken({ hubId: state.hubId, constant: type.constant, property, value }, half, owner ?? half);
  }
}
