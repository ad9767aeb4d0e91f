/** What a creation becomes in the CRM: its properties, and what it hangs on. */
import { creations as creationSpecs, fieldOf } from '@tallystick/shared/ownership';
import { isRecordId, type PersonId } from '@tallystick/shared/ids';
import type { Making } from '../hubspot/crm.ts';
import type { Creation } from '../store/creations.ts';
import { personName } from '../store/people.ts';
import type { Context } from './context.ts';

/** A file that HubSpot keeps. */
export interface SentFile {
  fileId: string;
  name: string;
  sizeBytes: number;
  type: string;
  /** SHA-256, hex. */
  digest: string;
}

export async function propertiesOfCreation(
  ctx: Context,
  creation: Creation,
  file: SentFile | null,
): Promise<Making> {
  const spec = creationSpecs[creation.name];
  if (spec === undefined) throw new Error(`There is no creation "${creation.name}" in the ownership file.`);
  const { stamps, document } = spec;
  const properties: Record<string, string> = { ...spec.presets };
  const set = (field: string, value: string | null): void => {
    const property = fieldOf(creation.object, field)?.property;
    if (property !== undefined && value !== null) properties[property] = value;
  };
  for (const { field, wanted } of creation.fields) set(field, wanted);
  set(spec.key, creation.editId);
  if (stamps !== undefined) {
    const author = await personName(ctx.db, ctx.hubId, creation.person);
    set(stamps.author, author);
    set(stamps.at, new Date(creation.askedAt).toISOString());
    const text = creation.fields.find(({ field }) => field === stamps.text)?.wanted ?? '';
    properties[stamps.html] = htmlOf(author, text, file?.name ?? null);
  }
  if (document !== undefined && file !== null) {
    set(document.ids, file.fileId);
    set(document.name, file.name);
    set(document.size, String(file.sizeBytes));
    set(document.type, file.type);
    set(document.digest, file.digest);
  }
  return { properties, on: hangsOn(creation) };
}

function hangsOn({ on, companies, person }: Creation): Making['on'] {
  const firms = on.object === 'company' ? [on.recordId] : companies;
  return [
    ...firms.map((id) => ({ object: 'company' as const, id })),
    ...(isContact(person) ? [{ object: 'contact' as const, id: person }] : []),
    ...(on.object === 'company' ? [] : [{ object: on.object, id: on.recordId }]),
  ];
}

const isContact = (person: PersonId): person is Extract<PersonId, Making['on'][number]['id']> =>
  isRecordId(person);

/** What staff read on the record's timeline: who wrote it, as text that cannot be anything else. */
function htmlOf(author: string, text: string, fileName: string | null): string {
  const lines = [
    `<strong>${escaped(author)}</strong> (customer portal)`,
    ...text.split('\n').map(escaped),
    ...(fileName === null ? [] : [`File: ${escaped(fileName)}`]),
  ];
  return `<p>${lines.join('<br>')}</p>`;
}

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
