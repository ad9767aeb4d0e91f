/** The CRM's schema over HTTP: what is read of it besides the properties, and what can be made. */
import type { AppObject } from '@tallystick/shared/ownership';
import { z } from 'zod';
import * as answers from './answers.ts';
import type { Call, TypeOf } from './crm.ts';
import { API_DATE, mapped, type Answer } from './transport.ts';

/** What is made by us stands in a group of its own, where people find it. */
export const GROUP = { name: 'tallystick', label: 'Tallystick', displayOrder: -1 } as const;
const YES = z.unknown();

export type PipelinesRead = Record<string, { label: string; stages: Record<string, string> }>;

export interface MadeProperty {
  name: string;
  label: string;
  type: string;
  fieldType: string;
  hasUniqueValue: boolean;
  options: { value: string; label: string }[];
}

export interface SchemaPort {
  /** The custom objects, by schema name. */
  readTypes(): Promise<Answer<Record<string, { typeId: string; required: string[] }>>>;
  readPipelines(object: AppObject): Promise<Answer<PipelinesRead>>;
  /** Properties that an admin's rule requires. */
  readRequired(object: AppObject): Promise<Answer<string[]>>;
  /** The association labels from contacts to companies, by type id. */
  readLabels(): Promise<Answer<Record<string, string>>>;
  /** Makes the group of ours where it is not there. */
  ensureGroup(object: AppObject): Promise<Answer<unknown>>;
  /** Observed: the name of an archived property brings that one back. */
  createProperty(object: AppObject, made: MadeProperty): Promise<Answer<unknown>>;
  /** Reads the property's options and sends them back with those that are missing: HubSpot replaces the whole list. */
  addOptions(
    object: AppObject,
    property: string,
    missing: readonly { value: string; label: string }[],
  ): Promise<Answer<unknown>>;
}

export function schema(call: Call, typeOf: TypeOf): SchemaPort {
  const propertiesPath = (object: AppObject): string => `/crm/properties/${API_DATE}/${typeOf(object)}`;
  return {
    readTypes: async () =>
      mapped(
        await call({ method: 'GET', path: `/crm-object-schemas/${API_DATE}/schemas` }, answers.schemasAnswer),
        ({ results }) =>
          Object.fromEntries(
            results.map(({ name, objectTypeId: typeId, requiredProperties: required }) => [
              name,
              { typeId, required },
            ]),
          ),
      ),
    readPipelines: async (object) => {
      const path = `/crm/pipelines/${API_DATE}/${typeOf(object)}`;
      return mapped(await call({ method: 'GET', path }, answers.pipelinesAnswer), pipelinesOf);
    },
    readRequired: async (object) => {
      const path = `/crm/property-validations/${API_DATE}/${typeOf(object)}`;
      return mapped(await call({ method: 'GET', path }, answers.validationsAnswer), ({ results }) =>
        results.flatMap(({ propertyName, propertyValidationRules: rules }) =>
          rules.some(({ ruleType }) => ruleType === 'REQUIRED') ? [propertyName] : [],
        ),
      );
    },
    readLabels: async () => {
      const path = `/crm/associations/${API_DATE}/${typeOf('contact')}/${typeOf('company')}/labels`;
      return mapped(await call({ method: 'GET', path }, answers.labelsAnswer), ({ results }) =>
        Object.fromEntries(results.flatMap(({ typeId, label }) => (label == null ? [] : [[typeId, label]]))),
      );
    },
    ensureGroup: async (object) => {
      const path = `${propertiesPath(object)}/groups`;
      const groups = await call({ method: 'GET', path }, answers.groupsAnswer);
      if (!groups.ok || groups.value.results.some(({ name }) => name === GROUP.name)) return groups;
      return call({ method: 'POST', path, body: GROUP }, YES);
    },
    createProperty: (object, made) => {
      const options = made.options.map((option, displayOrder) => ({
        ...option,
        displayOrder,
        hidden: false,
      }));
      const body = { ...made, groupName: GROUP.name, options };
      return call({ method: 'POST', path: propertiesPath(object), body }, YES);
    },
    addOptions: async (object, property, missing) => {
      const path = `${propertiesPath(object)}/${property}`;
      const now = await call({ method: 'GET', path }, answers.definitionAnswer);
      if (!now.ok) return now;
      const { options } = now.value;
      const fresh = missing.filter(({ value }) => !options.some((option) => option.value === value));
      if (fresh.length === 0) return now;
      const added = fresh.map((option, index) => ({
        ...{ ...option, displayOrder: options.length + index, hidden: false },
      }));
      return call({ method: 'PATCH', path, body: { options: [...options, ...added] } }, YES);
    },
  };
}

function pipelinesOf({ results }: z.infer<typeof answers.pipelinesAnswer>): PipelinesRead {
  return Object.fromEntries(
    results
      .filter(({ archived }) => !archived)
      .map(({ id, label, stages }) => {
        const live = stages.filter(({ archived }) => !archived);
        return [id, { label, stages: Object.fromEntries(live.map((stage) => [stage.id, stage.label])) }];
      }),
  );
}
