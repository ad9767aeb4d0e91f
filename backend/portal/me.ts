/** Who am I, and what may I see and do: what a front end builds its forms from. */
import { isEditable } from '@tallystick/shared/defineOwnership';
import type { CreationMeta, FieldMeta, Me, ObjectMeta } from '@tallystick/shared/messages';
import { objects, OBJECTS, ownership, type AppObject } from '@tallystick/shared/ownership';
import type { Definition } from '../store/database.ts';
import { definitionsOf, loadRecords } from '../store/records.ts';
import { personNameOf } from '../store/people.ts';
import type { PortalDeps } from './access.ts';
import type { Session } from './session.ts';
import { sourceMetas } from './sources.ts';
import { recordView } from './views.ts';
import { mayEdit, sees, visibleFields } from './visibility.ts';

export async function readMe(deps: PortalDeps, session: Session): Promise<Me> {
  const { db, now } = deps;
  const { person, reach } = session;
  const companies = [...reach].map((recordId) => ({ object: 'company' as const, recordId }));
  const [definitions, loaded] = await Promise.all([
    definitionsOf(db, person.hubId),
    loadRecords(db, person.hubId, [{ object: 'contact', recordId: person.contactId }, ...companies]),
  ]);
  const contact = loaded.find(({ object }) => object === 'contact');
  const seen = OBJECTS.filter((object) => objects[object].scope[person.audience] !== 'none');
  return {
    contactId: person.contactId,
    audience: person.audience,
    name: personNameOf(person.contactId, contact?.fields ?? {}),
    companies: loaded
      .filter((row) => row.object === 'company' && sees(person, reach, row))
      .map((row) => ({ id: row.recordId, name: recordView({ person, reach }, row, now()).title })),
    creations: creationsOf(person.audience),
    sources: sourceMetas(deps, session),
    objects: Object.fromEntries(
      seen.map((object) => [object, objectMeta(object, person.audience, definitions)]),
    ),
  };
}

function creationsOf(audience: Audience): CreationMeta[] {
  return Object.entries(ownership.creations).flatMap(
    ([name, { label, object, audiences, takes, on, ...more }]) =>
      audiences.some((each) => each === audience)
        ? [{ name, label, object, takes: { ...takes }, on: [...on], document: 'document' in more }]
        : [],
  );
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
    required: spec !== undefined && isEditable(spec) && spec.required === true,
    ...(options === null
      ? {}
      : {
          options: options.filter((option) => !option.hidden).map(({ value, label }) => ({ value, label })),
        }),
  };
}
