/** What is accepted of the CRM's schema: what was there at first, and each change that a person said is right. Pure. */
import { createHash } from 'node:crypto';
import type { CrmSchema, Finding, KeptProperty, ObjectSchema } from '../store/schemaTables.ts';

export const NOTHING_KNOWN: CrmSchema = { objects: {}, labels: null, scopes: null };

/** What is seen for the first time is how it should be; what was accepted before stays as it was. */
export function adopted(accepted: CrmSchema, now: CrmSchema): CrmSchema {
  const objects = { ...accepted.objects };
  for (const [name, found] of Object.entries(now.objects)) {
    const before = objects[name] ?? null;
    if (found === null) objects[name] = before;
    else objects[name] = before === null ? found : withNew(before, found);
  }
  const labels = accepted.labels === null ? now.labels : { ...now.labels, ...accepted.labels };
  const scopes = [...new Set([...(accepted.scopes ?? []), ...(now.scopes ?? [])])];
  return { objects, labels, scopes: now.scopes === null ? accepted.scopes : scopes };
}

const withNew = (before: ObjectSchema, found: ObjectSchema): ObjectSchema => ({
  ...before,
  others: {},
  properties: { ...found.properties, ...before.properties },
  pipelines: before.pipelines ?? found.pipelines,
});

/** Only what breaks nothing can be accepted; the rest ends when the CRM or the ownership file is put right. */
export const isAcceptable = (finding: Finding): boolean =>
  finding.severity !== 'breaks' && finding.code !== 'scope-lost';

/** Names what a person was shown: another fact, another name. */
export const shownAs = (finding: Finding): string =>
  createHash('sha256')
    .update(JSON.stringify(Object.entries(finding).sort(([a], [b]) => (a < b ? -1 : 1))))
    .digest('base64url')
    .slice(0, 16);

/** The accepted schema with this one change in it; unchanged where the finding cannot be accepted. */
export function accepting(accepted: CrmSchema, now: CrmSchema, finding: Finding): CrmSchema {
  if (!isAcceptable(finding) || !('object' in finding)) return accepted;
  const [before, found] = [accepted.objects[finding.object] ?? null, now.objects[finding.object] ?? null];
  if (before === null || found === null) return accepted;
  const object = changed(before, found, finding);
  return { ...accepted, objects: { ...accepted.objects, [finding.object]: object } };
}

function changed(before: ObjectSchema, found: ObjectSchema, finding: Finding): ObjectSchema {
  switch (finding.code) {
    case 'object-moved':
      return { ...before, typeId: found.typeId };
    case 'property-renamed':
      return withProperty(before, finding.property, (property) => ({ ...property, label: finding.is }));
    case 'type-changed': {
      const is = found.properties[finding.property];
      return withProperty(before, finding.property, (property) =>
        is === undefined ? property : { ...property, type: is.type, fieldType: is.fieldType },
      );
    }
    case 'option-added':
    case 'option-removed':
    case 'option-hidden':
    case 'option-renamed': {
      const is = found.properties[finding.property]?.options?.find(({ value }) => value === finding.option);
      return withProperty(before, finding.property, (property) => ({
        ...property,
        options: [
          ...(property.options ?? []).filter(({ value }) => value !== finding.option),
          ...(is === undefined ? [] : [is]),
        ],
      }));
    }
    case 'made-required':
      return { ...before, required: [...before.required, finding.property] };
    case 'pipeline-gone': {
      const { [finding.pipeline]: _, ...rest } = before.pipelines ?? {};
      return { ...before, pipelines: rest };
    }
    case 'stage-added':
    case 'stage-removed':
    case 'stage-renamed': {
      const is = found.pipelines?.[finding.pipeline];
      const was = before.pipelines?.[finding.pipeline] ?? { label: is?.label ?? '', stages: {} };
      const { [finding.stage]: _, ...rest } = was.stages;
      const label = is?.stages[finding.stage];
      const stages = label === undefined ? rest : { ...rest, [finding.stage]: label };
      return { ...before, pipelines: { ...before.pipelines, [finding.pipeline]: { ...was, stages } } };
    }
    case 'object-gone':
    case 'property-gone':
    case 'type-unfit':
    case 'read-only':
    case 'option-missing':
    case 'key-not-unique':
    case 'creation-lacks':
    case 'label-gone':
    case 'label-renamed':
    case 'scope-lost':
      return before;
    default:
      return finding satisfies never;
  }
}

function withProperty(
  object: ObjectSchema,
  name: string,
  change: (property: KeptProperty) => KeptProperty,
): ObjectSchema {
  const before = object.properties[name];
  if (before === undefined) return object;
  return { ...object, properties: { ...object.properties, [name]: change(before) } };
}
