/** A CRM schema that fits the ownership file, to be changed by a test. */
import { ownership } from '@tallystick/shared/ownership';
import { MADE_AS } from '../../backend/drift/kinds.ts';
import { neededLabels, neededProperties } from '../../backend/drift/needs.ts';
import { neededScopes } from '../../backend/drift/scopes.ts';
import type { CrmSchema, KeptProperty, ObjectSchema } from '../../backend/store/schemaTables.ts';

const STAGES: Record<string, NonNullable<ObjectSchema['pipelines']>> = {
  deal: { default: { label: 'Sales', stages: { appointmentscheduled: 'Booked', closedwon: 'Won' } } },
  ticket: { '0': { label: 'Support', stages: { '1': 'New', '4': 'Closed' } } },
};

export function fitting(): CrmSchema {
  const objects = Object.keys(ownership.objects).map((object): [string, ObjectSchema] => {
    const properties = [...neededProperties(ownership, object)].map(
      ([name, need]): [string, KeptProperty] => {
        const [type, fieldType] = (need.spec === null ? null : MADE_AS[need.spec.kind]) ?? ['string', 'text'];
        const options = [...need.options.keys()].map((value) => ({ value, label: value, hidden: false }));
        return [
          name,
          {
            ...{
              label: need.spec?.label ?? name,
              type,
              fieldType,
              readOnly: false,
              unique: need.keyOf.length > 0,
            },
            options: type === 'enumeration' ? [...options, { value: 'a', label: 'A', hidden: false }] : null,
          },
        ];
      },
    );
    return [
      object,
      {
        typeId: object === 'site' ? '2-7' : '0-1',
        properties: Object.fromEntries(properties),
        ...{ others: {}, required: [], pipelines: structuredClone(STAGES[object] ?? null) },
      },
    ];
  });
  const labels = [...neededLabels(ownership).keys()].map((label, index): [string, string] => [
    String(91 + index),
    label,
  ]);
  return {
    objects: Object.fromEntries(objects),
    labels: Object.fromEntries(labels),
    scopes: neededScopes(),
  };
}

export const property = (schema: CrmSchema, object: string, name: string): KeptProperty =>
  schema.objects[object]!.properties[name]!;
