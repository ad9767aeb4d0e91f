/** Who am I, and what may I see and do: what a front end builds its forms from. */
import type { FieldMeta, Me, ObjectMeta } from '@tallystick/shared/messages';
import { objects, OBJECTS, ownership, type AppObject } from '@tallystick/shared/ownership';
import type { Definition } from '../store/database.ts';
import { definitionsOf, loadRecords } from '../store/records.ts';
import type { PortalDeps } from './access.ts';
import type { Session } from './session.ts';
import { mayEdit, visibleFields } from './visibility.ts';

export async function readMe({ db }: PortalDeps, { person }: Session): Promise<Me> {
  const [definitions, [contact]] = await Promise.all([
    definitionsOf(db, person.hubId),
    loadRecords(db, person.hubId, [{ object: 'contact', recordId: person.contactId }]),
  ]);
  const named = [contact?.fields.firstName?.value, contact?.fields.lastName?.value].filter(Boolean).join(' ');
  const seen = OBJECTS.filter((object) => objects[object].scope[person.audience] !== 'none');
  return {
    contactId: person.contactId,
    audience: person.audience,
    name: named === '' ? (contact?.fields.email?.value ?? `Contact ${person.contactId}`) : named,
    objects: Object.fromEntries(
      seen.map((object) => [object, objectMeta(object, person.audience, definitions)]),
    ),
  };
}

type Audience = Session['person']['audience'];

function objectMeta(
  object: AppObject,
  audience: Audience,
  definitions: ReadonlyMap<string, Definition>,
): ObjectMeta {
  const fields = visibleFields(object, audience).map(
    (name) => [name, fieldMeta(object, name, audience, definitions)] as const,
  );
  const actions = Object.entries(ownership.actions).flatMap(([name, action]) =>
    action.object === object && action.audiences.some((each) => each === audience)
      ? [{ name, label: action.label }]
      : [],
  );
  return { label: objects[object].label, fields: Object.fromEntries(fields), actions };
}

function fieldMeta(
  object: AppObject,
  name: string,
  audience: Audience,
  definitions: ReadonlyMap<string, Definition>,
): FieldMeta {
  const spec = objects[object].fields[name];
  const options = definitions.get(`${object}:${spec?.property ?? ''}`)?.options ?? null;
  return {
    label: spec?.label ?? name,
    ...(spec?.help === undefined ? {} : { help: spec.help }),
    kind: spec?.kind ?? 'text',
    editable: mayEdit(object, name, audience),
    required: spec !== undefined && spec.owner !== 'crm' && spec.required === true,
    ...(options === null
      ? {}
      : {
          options: options.filter((option) => !option.hidden).map(({ value, label }) => ({ value, label })),
        }),
  };
}
