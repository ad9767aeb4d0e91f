/**
 * Drift: what the rules expect, what the CRM's schema was when it was accepted, and what it is now, go in; every point
 * in which they part comes out. Pure. Subjects are stable, so that the same finding is known again.
 */
import type { Ownership } from '@tallystick/shared/defineOwnership';
import type { CrmSchema, Finding, KeptOption, KeptProperty, ObjectSchema } from '../store/schemaTables.ts';
import { holds } from './kinds.ts';
import { isPipeline, isStage, mayBeEmptied, neededLabels, neededProperties, type Needed } from './needs.ts';
import { scopesOf } from './scopes.ts';

export function findDrift(rules: Ownership, accepted: CrmSchema, now: CrmSchema): Finding[] {
  const objects = Object.keys(rules.objects).flatMap((object) => {
    const [before, found] = [accepted.objects[object] ?? null, now.objects[object]];
    return found === undefined ? [] : ofObject(rules, object, before, found); // undefined: never read
  });
  return [...objects, ...ofLabels(rules, accepted, now), ...ofScopes(rules, accepted, now)];
}

/** What the finding is about: with its code its name. */
export function subjectOf(finding: Finding): string {
  const parts: string[] = [];
  if ('object' in finding) parts.push(finding.object);
  if ('property' in finding) parts.push(finding.property);
  if ('option' in finding) parts.push(finding.option);
  if ('pipeline' in finding) parts.push(finding.pipeline);
  if ('stage' in finding) parts.push(finding.stage);
  if (finding.code === 'label-gone' || finding.code === 'label-renamed') parts.push(finding.label);
  if ('scope' in finding) parts.push(finding.scope);
  if ('creation' in finding) parts.push(finding.creation);
  return parts.join('.');
}

const TELLS = { severity: 'tells', stops: 'none', bars: [] } satisfies Partial<Finding>;
const WARNS = { severity: 'warns', stops: 'none', bars: [] } satisfies Partial<Finding>;
const breaks = (stops: Finding['stops'], bars: string[]) => ({ severity: 'breaks' as const, stops, bars });

const creationsOn = (rules: Ownership, object: string): string[] =>
  Object.entries(rules.creations).flatMap(([name, spec]) => (spec.object === object ? [name] : []));

function ofObject(
  rules: Ownership,
  object: string,
  before: ObjectSchema | null,
  now: ObjectSchema | null,
): Finding[] {
  if (now === null) return [{ code: 'object-gone', object, ...breaks('both', creationsOn(rules, object)) }];
  const needed = neededProperties(rules, object);
  const moved =
    before?.typeId != null && now.typeId !== null && before.typeId !== now.typeId
      ? [{ code: 'object-moved' as const, object, was: before.typeId, is: now.typeId, ...WARNS }]
      : [];
  return [
    ...moved,
    ...[...needed].flatMap(([property, need]) =>
      ofProperty(
        { object, property, field: need.field },
        need,
        before?.properties[property] ?? null,
        now.properties[property] ?? other(now, property),
      ),
    ),
    ...ofRequired(rules, object, needed, before, now),
    ...ofPipelines(object, before, now),
  ];
}

/** A property that no rule named when the schema was read: what is kept of it is enough to say whether it fits. */
function other({ others }: ObjectSchema, property: string): KeptProperty | null {
  const found = Object.hasOwn(others, property) ? others[property] : undefined;
  return found === undefined ? null : { ...found, label: property, unique: true, options: null };
}

interface At {
  object: string;
  property: string;
  field: string | null;
}

function ofProperty(at: At, need: Needed, before: KeptProperty | null, now: KeptProperty | null): Finding[] {
  const bars = need.creations;
  if (now === null)
    return [{ code: 'property-gone', ...at, was: before?.label ?? null, ...breaks('both', bars) }];
  const findings: Finding[] = [];
  const isUnfit = need.spec !== null && !holds(need.spec.kind, now);
  if (isUnfit) {
    const kind = need.spec?.kind ?? '';
    const was = before === null ? null : typeText(before);
    findings.push({ code: 'type-unfit', ...at, was, is: typeText(now), kind, ...breaks('both', bars) });
  }
  if (need.isWritten && now.readOnly) findings.push({ code: 'read-only', ...at, ...breaks('writing', bars) });
  for (const creation of now.unique ? [] : need.keyOf)
    findings.push({ code: 'key-not-unique', ...at, creation, ...breaks('none', [creation]) });
  findings.push(...ofNamedOptions(at, need, now));
  if (before === null) return findings;
  if (!isUnfit && typeText(before) !== typeText(now))
    findings.push({
      ...{ code: 'type-changed', ...at, was: typeText(before), is: typeText(now) },
      ...(before.type === now.type ? TELLS : WARNS), // another way to enter it is no other value
    });
  if (need.field !== null && before.label !== now.label)
    findings.push({ code: 'property-renamed', ...at, was: before.label, is: now.label, ...TELLS });
  return [...findings, ...ofOptions(at, before.options ?? [], now.options)];
}

const typeText = ({ type, fieldType }: KeptProperty): string =>
  fieldType === '' ? type : `${type} (${fieldType})`;

/** Options that actions, creations or conditions name. */
function ofNamedOptions(at: At, need: Needed, { options }: KeptProperty): Finding[] {
  if (options === null) return [];
  return [...need.options].flatMap(([option, neededBy]): Finding[] =>
    options.some(({ value }) => value === option)
      ? []
      : [{ code: 'option-missing', ...at, option, neededBy, ...breaks('none', need.creations) }],
  );
}

function ofOptions(at: At, before: readonly KeptOption[], now: readonly KeptOption[] | null): Finding[] {
  // A stage's options are told as stages.
  if (at.field === null || now === null || isStage(at.property) || isPipeline(at.property)) return [];
  const byValue = new Map(now.map((option) => [option.value, option]));
  const known = new Set(before.map(({ value }) => value));
  return [
    ...before.flatMap((option): Finding[] => {
      const about = { ...at, option: option.value };
      const found = byValue.get(option.value);
      if (found === undefined) return [{ code: 'option-removed', ...about, label: option.label, ...WARNS }];
      const renamed: Finding[] =
        found.label === option.label
          ? []
          : [{ code: 'option-renamed', ...about, was: option.label, is: found.label, ...TELLS }];
      const hidden: Finding[] =
        found.hidden && !option.hidden
          ? [{ code: 'option-hidden', ...about, label: found.label, ...WARNS }]
          : [];
      return [...renamed, ...hidden];
    }),
    ...now.flatMap(({ value, label }): Finding[] =>
      known.has(value) ? [] : [{ code: 'option-added', ...at, option: value, label, ...TELLS }],
    ),
  ];
}

function ofRequired(
  rules: Ownership,
  object: string,
  needed: ReadonlyMap<string, Needed>,
  before: ObjectSchema | null,
  now: ObjectSchema,
): Finding[] {
  return now.required.flatMap((property): Finding[] => {
    const need = needed.get(property);
    const at = { object, property, field: need?.field ?? null };
    const lacking = creationsOn(rules, object).filter((name) => need?.creations.includes(name) !== true);
    const isNew = before !== null && !before.required.includes(property);
    return [
      ...lacking.map((creation): Finding => ({
        code: 'creation-lacks',
        ...{ ...at, creation },
        ...breaks('none', [creation]),
      })),
      ...(isNew && mayBeEmptied(need?.spec ?? null)
        ? [{ code: 'made-required' as const, ...at, ...WARNS }]
        : []),
    ];
  });
}

function ofPipelines(object: string, before: ObjectSchema | null, now: ObjectSchema): Finding[] {
  if (before?.pipelines == null || now.pipelines === null) return [];
  const [was, is] = [before.pipelines, now.pipelines];
  return [...new Set([...Object.keys(was), ...Object.keys(is)])].flatMap((pipeline): Finding[] => {
    const [old, found] = [was[pipeline], is[pipeline]];
    if (found === undefined)
      return [{ code: 'pipeline-gone', object, pipeline, label: old?.label ?? pipeline, ...WARNS }];
    const stages = old?.stages ?? {};
    const about = { object, pipeline };
    return [
      ...Object.entries(stages).flatMap(([stage, label]): Finding[] => {
        const now = found.stages[stage];
        if (now === undefined) return [{ code: 'stage-removed', ...about, stage, label, ...WARNS }];
        return now === label
          ? []
          : [{ code: 'stage-renamed', ...about, stage, was: label, is: now, ...TELLS }];
      }),
      ...Object.entries(found.stages).flatMap(([stage, label]): Finding[] =>
        stage in stages ? [] : [{ code: 'stage-added', ...about, stage, label, ...TELLS }],
      ),
    ];
  });
}

/** Who is of an audience is told by the label's name: another name, and nobody is of it. */
function ofLabels(rules: Ownership, accepted: CrmSchema, { labels: now }: CrmSchema): Finding[] {
  if (now === null) return [];
  return [...neededLabels(rules)].flatMap(([label, audiences]): Finding[] => {
    if (Object.values(now).includes(label)) return [];
    const typeId = Object.entries(accepted.labels ?? {}).find(([, name]) => name === label)?.[0];
    const is = typeId === undefined ? undefined : now[typeId];
    return is === undefined
      ? [{ code: 'label-gone', label, was: typeId !== undefined, audiences, ...breaks('none', []) }]
      : [{ code: 'label-renamed', label, is, audiences, ...breaks('none', []) }];
  });
}

/**
 * A scope that was there and is not any more holds back what needs it. One that was never listed holds back nothing:
 * should HubSpot list scopes in another way than we think, nothing must stand still for it.
 */
function ofScopes(rules: Ownership, accepted: CrmSchema, { scopes }: CrmSchema): Finding[] {
  if (scopes === null) return [];
  return scopesOf(rules).flatMap(({ scope, object, of }): Finding[] => {
    if (scopes.includes(scope)) return [];
    const was = accepted.scopes?.includes(scope) === true;
    if (!was) return [{ code: 'scope-lost', scope, object, of, was, ...WARNS }];
    const isSome = of === 'schema' || of === 'other';
    const stops = isSome ? 'none' : of === 'reading' ? 'both' : 'writing';
    const bars =
      of === 'schema'
        ? []
        : creationsOn(rules, object).filter(
            (name) => of !== 'other' || (scope === 'files' && rules.creations[name]?.document !== undefined),
          );
    return [{ code: 'scope-lost', scope, object, of, was, ...breaks(stops, bars) }];
  });
}
