/** The scopes that the ownership file needs, and for what; a test holds app-hsmeta.json against them. */
import type { ObjectSpec, Ownership } from '@tallystick/shared/defineOwnership';
import { ownership } from '@tallystick/shared/ownership';

export interface NeededScope {
  scope: string;
  object: string;
  of: 'reading' | 'writing' | 'schema' | 'other';
}

export function scopesOf(rules: Ownership): NeededScope[] {
  const objects = Object.entries(rules.objects).flatMap(([name, spec]) => ofObject(name, spec));
  const documents = Object.values(rules.creations).flatMap(({ document, object }) =>
    document === undefined ? [] : [{ scope: 'files', object, of: 'other' as const }],
  );
  const [first = ''] = Object.keys(rules.objects);
  return [...objects, { scope: 'crm.objects.owners.read', object: first, of: 'other' }, ...documents];
}

/** HubSpot has one scope for reading and writing tickets, and one family for all custom objects. */
function ofObject(object: string, spec: ObjectSpec<string>): NeededScope[] {
  if (spec.crm === 'tickets') return [{ scope: 'tickets', object, of: 'reading' }];
  const name = familyOf(spec);
  const fields = Object.values(spec.fields);
  const isWritten = fields.some((field) => field.owner !== 'crm');
  const hasLines = fields.some((field) => field.kind === 'lines');
  return [
    { scope: `crm.objects.${name}.read`, object, of: 'reading' },
    ...(isWritten ? [{ scope: `crm.objects.${name}.write`, object, of: 'writing' as const }] : []),
    { scope: `crm.schemas.${name}.read`, object, of: 'schema' },
    // Without the lines the record is not read whole.
    ...(hasLines ? [{ scope: 'crm.objects.line_items.read', object, of: 'reading' as const }] : []),
  ];
}

/** Docs: notes are read and written with the scopes of contacts. */
const familyOf = ({ crm, typeId }: ObjectSpec<string>): string =>
  typeId === null ? 'custom' : crm === 'notes' ? 'contacts' : crm;

/** Changing definitions needs this one; the app has it only while something is made. */
export const schemaWriteScope = (spec: ObjectSpec<string>): string =>
  spec.crm === 'tickets' ? 'tickets' : `crm.schemas.${familyOf(spec)}.write`;

export const neededScopes = (): string[] =>
  [...new Set(scopesOf(ownership).map(({ scope }) => scope))].sort();
