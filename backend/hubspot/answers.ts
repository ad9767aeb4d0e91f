/** The shapes of HubSpot's answers that we rely on. Shapes: spec of the objects API; unknown members are ignored. */
import { z } from 'zod';

const numeric = z.union([z.string(), z.number()]).transform(String);
const instant = z.union([z.string(), z.number()]).transform((value) => {
  const ms = typeof value === 'number' ? value : Date.parse(value);
  return Number.isNaN(ms) ? 0 : ms;
});

const historyEntry = z.object({
  value: z.string().nullable(),
  timestamp: instant,
  sourceType: z.string(),
  sourceId: z.string().nullish(),
});

export const crmRecord = z.object({
  id: numeric,
  properties: z.record(z.string(), z.string().nullable()).default({}),
  propertiesWithHistory: z.record(z.string(), z.array(historyEntry)).default({}),
  archived: z.boolean().default(false),
});
export type CrmRecord = z.infer<typeof crmRecord>;

const standardError = z.object({
  message: z.string().default(''),
  category: z.string().default('VALIDATION_ERROR'),
  context: z.record(z.string(), z.array(z.string())).default({}),
});

/** Batch answers are judged by their body: docs promise 207 for a partial failure, the 2026-09 spec has no 207. */
export const batchAnswer = z.object({
  results: z.array(crmRecord),
  errors: z.array(standardError).default([]),
});

export const pageAnswer = z.object({
  results: z.array(crmRecord),
  paging: z.object({ next: z.object({ after: z.string() }).optional() }).optional(),
});

export const totalAnswer = z.object({ total: z.number() });

export const linksAnswer = z.object({
  results: z.array(
    z.object({
      from: z.object({ id: numeric }),
      to: z.array(
        z.object({
          toObjectId: numeric,
          associationTypes: z.array(z.object({ typeId: z.number(), label: z.string().nullish() })),
        }),
      ),
    }),
  ),
});

const option = z.object({ value: z.string(), label: z.string(), hidden: z.boolean().default(false) });

export const propertiesAnswer = z.object({
  results: z.array(
    z.object({
      name: z.string(),
      label: z.string().default(''),
      type: z.string(),
      fieldType: z.string().default(''),
      options: z.array(option).default([]),
      modificationMetadata: z.object({ readOnlyValue: z.boolean() }).optional(),
      externalOptions: z.boolean().default(false),
      hasUniqueValue: z.boolean().default(false),
    }),
  ),
});

export const ownersAnswer = z.object({
  results: z.array(
    z.object({
      id: numeric,
      firstName: z.string().nullish(),
      lastName: z.string().nullish(),
      email: z.string().nullish(),
      // A deactivated colleague has none.
      userId: numeric.nullish(),
      archived: z.boolean().default(false),
    }),
  ),
  paging: z.object({ next: z.object({ after: z.string() }).optional() }).optional(),
});

export const schemasAnswer = z.object({
  results: z.array(
    z.object({
      name: z.string(),
      objectTypeId: z.string(),
      requiredProperties: z.array(z.string()).default([]),
    }),
  ),
});

export const pipelinesAnswer = z.object({
  results: z.array(
    z.object({
      id: z.string(),
      label: z.string(),
      archived: z.boolean().default(false),
      stages: z.array(z.object({ id: z.string(), label: z.string(), archived: z.boolean().default(false) })),
    }),
  ),
});

export const labelsAnswer = z.object({
  results: z.array(z.object({ typeId: z.number(), label: z.string().nullish() })),
});

/** Spec: property validations. */
export const validationsAnswer = z.object({
  results: z.array(
    z.object({
      propertyName: z.string(),
      propertyValidationRules: z.array(z.object({ ruleType: z.string() })).default([]),
    }),
  ),
});

export const groupsAnswer = z.object({ results: z.array(z.object({ name: z.string() })) });

/** A definition as it is changed: options go back whole, with whatever HubSpot keeps of each. */
export const definitionAnswer = z.object({
  name: z.string(),
  options: z.array(option.loose()).default([]),
});

export const accountAnswer = z.object({ portalId: numeric, timeZone: z.string().default('UTC') });

export const tokenInfoAnswer = z.object({
  hubId: numeric.optional(),
  appId: numeric.optional(),
  scopes: z.array(z.string()).default([]),
});

export const fileAnswer = z.object({ id: numeric });

export const addressAnswer = z.object({
  url: z.string(),
  name: z.string().default('file'),
  extension: z.string().default(''),
});
