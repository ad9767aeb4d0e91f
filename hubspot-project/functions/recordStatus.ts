/**
 * The card's fallback while our service cannot be reached: whose word counts for each field, and who last changed it.
 *
 * It authorises nothing: HubSpot promises a function no identity that could be trusted, so none from the context is
 * ever used. Whoever may open the card may call it with any record's id.
 */
import type { FunctionAnswer, OwnedField, RecordStatusAnswer } from '@tallystick/shared/functionAnswers';
import { objects, type AppObject } from '@tallystick/shared/ownership';
import { OWNER_SENTENCES, who } from '@tallystick/shared/words';
import { openHubSpot, type Reading } from './hubspot.ts';
import { member, namedRecord } from './parameters.ts';
import { readRecordOf, shown } from './show.ts';

/** Parameters: `{ objectTypeId or object, objectId }`. */
export async function main(context: unknown): Promise<FunctionAnswer<RecordStatusAnswer>> {
  const named = namedRecord(member(context, 'parameters'));
  if (!named.ok) return named;
  const hubspot = openHubSpot();
  const resolved = await hubspot.resolve(named.value.objectType);
  if (!resolved.ok) return resolved;
  const { object } = resolved.value;
  const reading = await hubspot.readRecord(resolved.value, named.value.recordId);
  if (!reading.ok) return reading;
  return {
    ok: true,
    reduced: true,
    sentence: 'Tallystick cannot be reached: this is what the CRM alone can tell.',
    ...readRecordOf(object, reading.value, Date.now()),
    fields: fieldsOf(object, reading.value),
  };
}

function fieldsOf(object: AppObject, reading: Reading): OwnedField[] {
  return Object.entries(objects[object].fields).map(([name, { label, owner, kind }]) => {
    const newest = reading.history.get(name)?.[0];
    const isKnown = newest !== undefined && newest.at !== 0;
    return {
      name,
      label,
      owner,
      ownerSentence: OWNER_SENTENCES[owner],
      text: shown(kind, newest?.value ?? null),
      who: isKnown ? who(newest.by) : '',
      at: isKnown ? new Date(newest.at).toISOString() : null,
    };
  });
}
