/** What the ownership file expects of the CRM's schema, gathered by object and property. Pure. */
import { isEditable, type FieldSpec, type Ownership } from '@tallystick/shared/defineOwnership';

export interface Needed {
  /** The field that maps the property; null: only creations use it. */
  field: string | null;
  spec: FieldSpec<string> | null;
  /** We write it: customers, another system, actions or creations. */
  isWritten: boolean;
  /** The creations that send it. */
  creations: string[];
  /** The creations that are found again by it. */
  keyOf: string[];
  /** Options that are named in the file, with what names them. */
  options: Map<string, string[]>;
}

/** The properties of an object that the rules name. */
export function neededProperties(rules: Ownership, object: string): Map<string, Needed> {
  const needed = new Map<string, Needed>();
  const spec = rules.objects[object];
  if (spec === undefined) return needed;
  const at = (property: string): Needed => {
    const found = needed.get(property) ?? {
      ...{ field: null, spec: null, isWritten: false },
      ...{ creations: [], keyOf: [], options: new Map<string, string[]>() },
    };
    needed.set(property, found);
    return found;
  };
  for (const [field, each] of Object.entries(spec.fields)) {
    if (each.kind === 'lines') continue; // records of their own
    Object.assign(at(each.property), { field, spec: each, isWritten: each.owner !== 'crm' });
  }
  const named = (field: string): Needed | null => {
    const property = spec.fields[field]?.property;
    return property === undefined ? null : at(property);
  };
  for (const value of spec.shownWhen?.is ?? [])
    name(named(spec.shownWhen?.field ?? ''), value, spec.label.many);
  for (const action of Object.values(rules.actions)) {
    if (action.object !== object) continue;
    for (const [field, value] of Object.entries(action.sets)) {
      name(named(field), value ?? null, action.label);
      name(named(field), action.binds?.voided ?? null, action.label);
    }
  }
  for (const [creation, each] of Object.entries(rules.creations)) {
    if (each.object !== object) continue;
    const { stamps, document } = each;
    const fields = [
      ...Object.entries(each.takes).flatMap(([field, need]) => (need === 'required' ? [field] : [])),
      ...[each.key, stamps?.author, stamps?.at, stamps?.text],
      ...Object.values(document ?? {}),
    ];
    for (const field of fields) if (field !== undefined) send(named(field), creation);
    named(each.key)?.keyOf.push(creation);
    if (stamps !== undefined) send(at(stamps.html), creation);
    for (const [property, value] of Object.entries(each.presets)) {
      send(at(property), creation);
      name(at(property), value, each.label);
    }
  }
  return needed;
}

function name(needed: Needed | null, value: string | null, by: string): void {
  if (needed === null || value === null) return;
  const before = needed.options.get(value) ?? [];
  if (!before.includes(by)) needed.options.set(value, [...before, by]);
}

function send(needed: Needed | null, creation: string): void {
  if (needed === null) return;
  needed.isWritten = true;
  if (!needed.creations.includes(creation)) needed.creations.push(creation);
}

/** The association labels that decide who is of an audience, with the audiences. */
export function neededLabels(rules: Ownership): Map<string, string[]> {
  const labels = new Map<string, string[]>();
  for (const [audience, { reaches, admits }] of Object.entries(rules.audiences)) {
    const named = [reaches.company === 'labelled' ? reaches.association : null, admits?.association ?? null];
    for (const label of named)
      if (label !== null) labels.set(label, [...(labels.get(label) ?? []), audience]);
  }
  return labels;
}

/** A customer may empty the field. */
export const mayBeEmptied = (spec: FieldSpec<string> | null): boolean =>
  spec !== null && isEditable(spec) && spec.edit.length > 0 && spec.required !== true;

/** The properties that hold a record's place in a pipeline: deals have names of their own. */
export const isStage = (property: string): boolean =>
  property === 'dealstage' || property === 'hs_pipeline_stage';
export const isPipeline = (property: string): boolean =>
  property === 'pipeline' || property === 'hs_pipeline';
