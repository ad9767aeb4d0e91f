/** What of the portal a finding touches: fields, audiences, pages, actions, creations, sources, cards. Pure. */
import { isEditable, type FieldSpec, type Ownership } from '@tallystick/shared/defineOwnership';
import type { Finding } from '../store/schemaTables.ts';
import { neededProperties } from './needs.ts';

/** Everything by the name that people know. */
export interface Impact {
  fields: string[];
  /** Audiences that see, and that may change, what is touched. */
  seenBy: string[];
  editedBy: string[];
  /** The portal's pages, by the objects they are of. */
  pages: string[];
  actions: string[];
  creations: string[];
  sources: string[];
  /** The objects on whose card it shows. */
  cards: string[];
}

const NOTHING: Impact = {
  ...{ fields: [], seenBy: [], editedBy: [], pages: [] },
  ...{ actions: [], creations: [], sources: [], cards: [] },
};

export function impactOf(rules: Ownership, finding: Finding): Impact {
  if (finding.code === 'label-gone' || finding.code === 'label-renamed')
    return ofAudiences(rules, finding.audiences);
  const { object } = finding;
  const spec = rules.objects[object];
  if (spec === undefined) return NOTHING;
  const touched = Object.entries(spec.fields).filter(([name, field]) => isTouched(finding, name, field));
  const names = touched.map(([name]) => name);
  const creations = creationsOf(rules, finding);
  const isSeen = touched.some(([, field]) => field.see.length > 0);
  return {
    fields: touched.map(([, { label }]) => label),
    seenBy: called(
      rules,
      touched.flatMap(([, { see }]) => see),
    ),
    editedBy: called(
      rules,
      touched.flatMap(([, field]) => (isEditable(field) ? field.edit : [])),
    ),
    pages: isSeen ? [spec.label.many] : [],
    actions: Object.values(rules.actions).flatMap((action) =>
      action.object === object && touches(action, names, finding) ? [action.label] : [],
    ),
    creations: creations.map((name) => rules.creations[name]?.label ?? name),
    sources: unique(
      touched.flatMap(([name, field]) => [
        ...(field.owner === 'source' ? [field.source] : []),
        ...keysOf(rules, object, name),
      ]),
    ).map((name) => rules.sources?.[name]?.label ?? name),
    cards: touched.length > 0 ? [spec.label.many] : [],
  };
}

/** A finding of a whole object touches each of its fields, one of a property the field that maps it. */
function isTouched(finding: Finding, name: string, field: FieldSpec<string>): boolean {
  if ('field' in finding) return finding.field === name;
  switch (finding.code) {
    case 'object-gone':
    case 'object-moved':
      return true;
    case 'scope-lost':
      if (finding.scope === 'crm.objects.owners.read') return field.kind === 'owner';
      if (finding.scope === 'crm.objects.line_items.read') return field.kind === 'lines';
      if (finding.of === 'writing') return field.owner !== 'crm';
      return finding.of === 'reading';
    case 'pipeline-gone':
    case 'stage-added':
    case 'stage-removed':
    case 'stage-renamed':
      return field.property === 'dealstage' || field.property === 'hs_pipeline_stage';
    case 'label-gone':
    case 'label-renamed':
      return false;
    default:
      return finding satisfies never;
  }
}

function touches(action: Ownership['actions'][string], names: readonly string[], finding: Finding): boolean {
  if (finding.code === 'option-missing') return finding.neededBy.includes(action.label);
  if (finding.severity === 'tells') return false;
  const used = [
    ...Object.keys(action.sets),
    ...action.guards,
    action.binds?.digest ?? '',
    action.until ?? '',
  ];
  return used.some((field) => names.includes(field));
}

function creationsOf(rules: Ownership, finding: Finding): string[] {
  if (finding.bars.length > 0) return finding.bars;
  if (finding.code === 'stage-removed' || finding.code === 'pipeline-gone') return [];
  if (finding.severity === 'tells' || !('property' in finding)) return [];
  return neededProperties(rules, finding.object).get(finding.property)?.creations ?? [];
}

const keysOf = (rules: Ownership, object: string, field: string): string[] =>
  Object.entries(rules.sources ?? {}).flatMap(([name, { key }]) =>
    key.object === object && key.field === field ? [name] : [],
  );

/** Whoever is told by the label sees nothing: everything that the audience sees is touched. */
function ofAudiences(rules: Ownership, audiences: readonly string[]): Impact {
  const fits = (some: readonly string[]): boolean => some.some((one) => audiences.includes(one));
  const objects = Object.values(rules.objects).filter(({ scope }) =>
    audiences.some((audience) => (scope[audience] ?? 'none') !== 'none'),
  );
  return {
    ...NOTHING,
    seenBy: called(rules, audiences),
    editedBy: called(rules, audiences),
    pages: objects.map(({ label }) => label.many),
    actions: Object.values(rules.actions).flatMap((each) => (fits(each.audiences) ? [each.label] : [])),
    creations: Object.values(rules.creations).flatMap((each) => (fits(each.audiences) ? [each.label] : [])),
  };
}

const unique = <T>(all: readonly T[]): T[] => [...new Set(all)];
const called = (rules: Ownership, audiences: readonly string[]): string[] =>
  unique(audiences).map((audience) => rules.audiences[audience]?.label ?? audience);
