/** The scopes that the ownership file needs; a test holds app-hsmeta.json against them. */
import { creations, objects, OBJECTS, type AppObject } from '@tallystick/shared/ownership';

/** HubSpot has one scope for reading and writing tickets, and one family for all custom objects. */
function scopesOf(object: AppObject): string[] {
  const { crm, typeId, fields } = objects[object];
  if (crm === 'tickets') return ['tickets'];
  // Docs: notes are read and written with the scopes of contacts.
  const name = typeId === null ? 'custom' : crm === 'notes' ? 'contacts' : crm;
  const isWritten = Object.values(fields).some((field) => field.owner !== 'crm');
  return [
    `crm.objects.${name}.read`,
    ...(isWritten ? [`crm.objects.${name}.write`] : []),
    `crm.schemas.${name}.read`,
    ...(Object.values(fields).some((field) => field.kind === 'lines') ? ['crm.objects.line_items.read'] : []),
  ];
}

export function neededScopes(): string[] {
  const sendsFiles = Object.values(creations).some(({ document }) => document !== undefined);
  const others = ['crm.objects.owners.read', ...(sendsFiles ? ['files'] : [])];
  return [...new Set([...OBJECTS.flatMap(scopesOf), ...others])].sort();
}
