/** The few reads the functions need of HubSpot's API, all of them within one deadline. */
import type { Property } from '@tallystick/shared/decide';
import { recordId, type RecordId } from '@tallystick/shared/ids';
import { isObject, objects, OBJECTS, type AppObject } from '@tallystick/shared/ownership';
import type { Entry } from '@tallystick/shared/settle';
import { canonical } from '@tallystick/shared/values';
import { got, idOf, isMap, member, refuse, textOf, type Got } from './parameters.ts';

const API_DATE = '2026-09';
const DEFAULT_BASE = 'https://api.hubapi.com';
/** HubSpot ends a function after 15 s, without a word to the card. */
export const DEADLINE_MS = 10_000;

export interface HubSpot {
  /** The object and HubSpot's type id of it, from whatever it was called. */
  resolve(objectType: string): Promise<Got<Resolved>>;
  readRecord(resolved: Resolved, id: RecordId): Promise<Got<Reading>>;
  readProperties(resolved: Resolved): Promise<Got<Map<string, Property>>>;
}

export interface Resolved {
  object: AppObject;
  typeId: string;
}

export interface Reading {
  id: RecordId;
  /** By field, newest first; a field never set has none. */
  history: Map<string, Entry[]>;
}

export function openHubSpot(): HubSpot {
  const signal = AbortSignal.timeout(DEADLINE_MS);
  const get = (path: string, gone: Absent): Promise<Got<unknown>> => ask(path, gone, signal);
  return {
    resolve: (objectType) => resolve(get, objectType),
    readRecord: async ({ object, typeId }, id) => {
      const names = Object.values(objects[object].fields)
        .map((field) => field.property)
        .join(',');
      const query = new URLSearchParams({ properties: names, propertiesWithHistory: names });
      const answer = await get(`/crm/objects/${API_DATE}/${typeId}/${id}?${query.toString()}`, NO_RECORD);
      return answer.ok ? readingOf(object, answer.value) : answer;
    },
    readProperties: async ({ typeId }) => {
      const answer = await get(`/crm/properties/${API_DATE}/${typeId}`, NO_OBJECT);
      return answer.ok ? propertiesOf(answer.value) : answer;
    },
  };
}

type Get = (path: string, gone: Absent) => Promise<Got<unknown>>;
type Absent = ReturnType<typeof refuse>;

const NO_RECORD = refuse('unknown-record', 'The CRM has no such record, or it is archived.');
export const NO_OBJECT = refuse('unknown-object', 'Tallystick keeps no records of this kind.');
const NOT_TOLD = refuse('unexpected', 'The CRM’s answer has another shape than documented.');

/** What can be told without asking HubSpot. */
export const objectNamed = (objectType: string): AppObject | undefined =>
  isObject(objectType)
    ? objectType
    : OBJECTS.find((each) => [objects[each].typeId, objects[each].crm].includes(objectType));
export const isCustomTypeId = (objectType: string): boolean => /^2-\d+$/.test(objectType);

async function resolve(get: Get, objectType: string): Promise<Got<Resolved>> {
  const named = objectNamed(objectType);
  const typeId = named === undefined ? null : objects[named].typeId;
  if (named !== undefined && typeId !== null) return got({ object: named, typeId });
  if (named === undefined && !isCustomTypeId(objectType)) return NO_OBJECT;
  // A custom object has another type id in every account.
  const answer = await get(`/crm-object-schemas/${API_DATE}/schemas`, NO_OBJECT);
  if (!answer.ok) return answer;
  const schemas = member(answer.value, 'results');
  if (!Array.isArray(schemas)) return NOT_TOLD;
  for (const schema of schemas) {
    const id = textOf(member(schema, 'objectTypeId'));
    const object = OBJECTS.find(
      (each) => objects[each].typeId === null && objects[each].crm === member(schema, 'name'),
    );
    if (id !== null && object !== undefined && (object === named || id === objectType))
      return got({ object, typeId: id });
  }
  return NO_OBJECT;
}

async function ask(path: string, gone: Absent, signal: AbortSignal): Promise<Got<unknown>> {
  const token = process.env.PRIVATE_APP_ACCESS_TOKEN ?? '';
  if (token === '') return refuse('not-configured', 'The function has no access token of the app.');
  const base = (process.env.HUBSPOT_API_BASE ?? DEFAULT_BASE).replace(/\/$/, '');
  let status: number;
  let text: string;
  try {
    const response = await fetch(`${base}${path}`, {
      headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
      redirect: 'error', // the token goes to HubSpot and nowhere else
      signal,
    });
    ({ status } = response);
    text = await response.text();
  } catch {
    return signal.aborted
      ? refuse('no-answer', `HubSpot did not answer within ${DEADLINE_MS / 1_000} seconds.`)
      : refuse('no-answer', 'HubSpot could not be reached.');
  }
  if (status !== 200) return failureOf(status, gone);
  try {
    return got(JSON.parse(text));
  } catch {
    return NOT_TOLD;
  }
}

function failureOf(status: number, gone: Absent): Absent {
  if (status === 401) return refuse('not-configured', 'HubSpot does not accept the app’s access token.');
  if (status === 403) return refuse('not-configured', 'The app’s access token lacks a scope.');
  if (status === 404 || status === 410) return gone;
  if (status === 429 || status === 423)
    return refuse('too-many-calls', 'HubSpot has no room for this call now. Try again in a moment.');
  if (status >= 500 || status === 408 || status === 477)
    return refuse('no-answer', `HubSpot failed with status ${status}. Try again in a moment.`);
  return refuse('unexpected', `HubSpot answered with status ${status}.`);
}

function readingOf(object: AppObject, answer: unknown): Got<Reading> {
  const id = idOf(member(answer, 'id'));
  if (id === null) return NOT_TOLD;
  const history = new Map<string, Entry[]>();
  for (const [name, { kind, property }] of Object.entries(objects[object].fields)) {
    const told = member(member(answer, 'propertiesWithHistory'), property) ?? [];
    if (!Array.isArray(told) || !told.every(isMap)) return NOT_TOLD;
    const entries = told.map((entry): Entry => {
      const at = Date.parse(textOf(member(entry, 'timestamp')) ?? '');
      const via = textOf(member(entry, 'sourceType')) ?? 'UNKNOWN';
      return {
        value: canonical(kind, textOf(member(entry, 'value'))),
        at: Number.isNaN(at) ? 0 : at,
        by: { via, id: textOf(member(entry, 'sourceId')), person: null },
      };
    });
    const value = canonical(kind, textOf(member(member(answer, 'properties'), property)));
    // A value without history (a default, or a source that keeps none) was set at an unknown time.
    if (entries.length === 0 && value !== null)
      entries.push({ value, at: 0, by: { via: 'UNKNOWN', id: null, person: null } });
    history.set(name, entries);
  }
  return got({ id: recordId(id), history });
}

function propertiesOf(answer: unknown): Got<Map<string, Property>> {
  const results = member(answer, 'results');
  if (!Array.isArray(results)) return NOT_TOLD;
  const found = new Map<string, Property>();
  for (const result of results) {
    const name = textOf(member(result, 'name'));
    if (name === null) return NOT_TOLD;
    const options = member(result, 'options');
    const isClosed = member(result, 'type') === 'enumeration' && member(result, 'externalOptions') !== true;
    found.set(name, {
      exists: true,
      readOnly: member(member(result, 'modificationMetadata'), 'readOnlyValue') === true,
      options:
        isClosed && Array.isArray(options)
          ? options.flatMap((option) => textOf(member(option, 'value')) ?? [])
          : null,
    });
  }
  return got(found);
}
