/**
 * Search: a stale index for matching, fresh rows for the answer (three recordings of 2022).
 *
 * The index lags by the dial, for each record by another part of it, so that order is not kept either. What matches is
 * judged by the values of then, what is answered are the values of now; a record archived meanwhile counts in `total`
 * and is missing from `results`.
 */
import { z } from 'zod';
import { linked } from './associations.ts';
import { validationError } from './errors.ts';
import { valueAt } from './history.ts';
import { findType, recordsOf } from './objectTypes.ts';
import type { CrmRecord, ObjectType, Property, State } from './state.ts';

// Docs: search the CRM.
const PAGE_MAX = 200;
const RESULTS_MAX = 10_000;
const GROUPS_MAX = 5;
const GROUP_FILTERS_MAX = 6;
const FILTERS_MAX = 18;
export const BODY_MAX_CHARS = 3_000;

const filter = z.object({
  propertyName: z.string(),
  operator: z.enum([
    ...(['EQ', 'NEQ', 'LT', 'LTE', 'GT', 'GTE', 'BETWEEN', 'IN', 'NOT_IN'] as const),
    ...(['HAS_PROPERTY', 'NOT_HAS_PROPERTY', 'CONTAINS_TOKEN', 'NOT_CONTAINS_TOKEN'] as const),
  ]),
  value: z.coerce.string().optional(),
  highValue: z.coerce.string().optional(),
  values: z.array(z.coerce.string()).optional(),
});
const sort = z.union([
  z.string(),
  z.object({ propertyName: z.string(), direction: z.string().default('ASCENDING') }),
]);
export const searchBody = z.object({
  query: z.string().nullish(),
  limit: z.number().optional(),
  after: z.union([z.string(), z.number()]).nullish(),
  sorts: z.array(sort).optional(),
  properties: z.array(z.string()).optional(),
  filterGroups: z.array(z.object({ filters: z.array(filter) })).optional(),
  filters: z.array(filter).optional(),
});
export type SearchBody = z.infer<typeof searchBody>;
type Filter = z.infer<typeof filter>;

export interface Found {
  total: number;
  /** Live records only: fewer than the page asked for when the index still knows archived ones. */
  records: CrmRecord[];
  next: string | null;
}

export function search(state: State, type: ObjectType, body: SearchBody): Found {
  const { limit, start } = checkLimits(body);
  const groups = body.filterGroups ?? (body.filters === undefined ? [] : [{ filters: body.filters }]);
  for (const each of groups.flatMap((group) => group.filters)) checkFilter(state, type, each);
  const order = orderOf(state, type, body.sorts?.[0]);
  const matches = [...recordsOf(state, type).values()]
    .map((record) => ({ record, at: indexedAt(state, record) }))
    .filter(
      ({ record, at }) => record.createdAt <= at && (record.archivedAt === null || record.archivedAt > at),
    )
    .filter(
      ({ record, at }) =>
        groups.length === 0 ||
        groups.some((group) => group.filters.every((each) => holds(state, type, record, at, each))),
    )
    .filter(({ record, at }) => mentions(type, record, at, body.query ?? ''))
    .sort(order);
  const page = matches.slice(start, start + limit);
  const next = start + limit < matches.length ? String(start + limit) : null;
  return {
    total: matches.length,
    records: page.map(({ record }) => record).filter((record) => record.archivedAt === null),
    next,
  };
}

/** The moment whose values the index holds of a record: between half and all of the lag ago. */
function indexedAt(state: State, record: CrmRecord): number {
  const lag = state.faults.searchLagMs;
  if (lag === 0) return Infinity;
  const share = ((Number(record.id) * 2_654_435_761) % 1_000) / 2_000;
  return state.clock.now() - Math.round(lag * (0.5 + share));
}

function checkLimits(body: SearchBody): { limit: number; start: number } {
  const limit = body.limit ?? 10;
  const after = body.after ?? 0;
  const groups = body.filterGroups ?? [];
  // GUESS at all the words; the limits: docs.
  if (limit < 1 || limit > PAGE_MAX) throw validationError(`limit must be between 1 and ${PAGE_MAX}`);
  if (!/^\d*$/.test(String(after))) throw validationError('after must be an integer');
  if (
    groups.length > GROUPS_MAX ||
    groups.some((group) => group.filters.length > GROUP_FILTERS_MAX) ||
    groups.reduce((sum, group) => sum + group.filters.length, 0) > FILTERS_MAX
  )
    throw validationError(
      `At most ${GROUPS_MAX} filter groups of ${GROUP_FILTERS_MAX} filters, ${FILTERS_MAX} filters in total`,
    );
  if ((body.sorts?.length ?? 0) > 1) throw validationError('Only one sort is supported');
  const start = Number(after);
  if (start + limit > RESULTS_MAX)
    throw validationError(`Search results are limited to ${RESULTS_MAX} for a query`);
  return { limit, start };
}

function checkFilter(
  state: State,
  type: ObjectType,
  { propertyName, operator, value, values, highValue }: Filter,
): void {
  const known = propertyName.startsWith('associations.')
    ? type.schema === null
    : state.data.properties.get(type.typeId)?.has(propertyName);
  if (known !== true)
    throw validationError(`There was a problem with the request. Property ${propertyName} does not exist`);
  const list = operator === 'IN' || operator === 'NOT_IN';
  const none = operator === 'HAS_PROPERTY' || operator === 'NOT_HAS_PROPERTY';
  const complete =
    none ||
    (list
      ? values !== undefined
      : value !== undefined && (operator !== 'BETWEEN' || highValue !== undefined));
  if (!complete) throw validationError(`Filter on ${propertyName} with ${operator} lacks its value`);
}

function holds(state: State, type: ObjectType, record: CrmRecord, at: number, each: Filter): boolean {
  if (each.propertyName.startsWith('associations.')) return isLinked(state, type, record, each);
  const property = state.data.properties.get(type.typeId)!.get(each.propertyName)!;
  const value = valueAt(record, each.propertyName, at) ?? '';
  return compare(property, value, each);
}

function compare(
  property: Property,
  value: string,
  { operator, value: wanted = '', highValue = '', values = [] }: Filter,
): boolean {
  const exact = property.type === 'enumeration'; // docs: case counts for enumerations
  const fold = (text: string): string => (exact ? text : text.toLowerCase());
  const parts = property.fieldType === 'checkbox' ? value.split(';') : [value];
  const is = (other: string): boolean =>
    parts.some((part) => fold(part) === fold(other)) || sameNumber(property, value, other);
  // Docs: values of IN must be given in lower case.
  const isIn = (): boolean =>
    values.some(
      (each) =>
        parts.some((part) => (exact ? part : part.toLowerCase()) === each) ||
        sameNumber(property, value, each),
    );
  const order = (other: string): number => compareValues(property, value, other);
  switch (operator) {
    case 'HAS_PROPERTY':
      return value !== '';
    case 'NOT_HAS_PROPERTY':
      return value === '';
    // GUESS: the negative operators hold for records without a value.
    case 'NEQ':
      return !is(wanted);
    case 'NOT_IN':
      return !isIn();
    case 'NOT_CONTAINS_TOKEN':
      return !containsToken(value, wanted);
    default:
      break;
  }
  if (value === '') return false;
  switch (operator) {
    case 'EQ':
      return is(wanted);
    case 'IN':
      return isIn();
    case 'LT':
      return order(wanted) < 0;
    case 'LTE':
      return order(wanted) <= 0;
    case 'GT':
      return order(wanted) > 0;
    case 'GTE':
      return order(wanted) >= 0;
    case 'BETWEEN':
      return order(wanted) >= 0 && order(highValue) <= 0;
    case 'CONTAINS_TOKEN':
      return containsToken(value, wanted);
    default:
      return operator satisfies never;
  }
}

/** Docs: dates are compared as epoch milliseconds. */
function magnitude(property: Property, text: string): number {
  if (property.type === 'number') return Number(text);
  if (property.type !== 'date' && property.type !== 'datetime') return NaN;
  return /^-?\d+$/.test(text) ? Number(text) : Date.parse(text);
}
function sameNumber(property: Property, value: string, other: string): boolean {
  return value !== '' && magnitude(property, value) === magnitude(property, other);
}
function compareValues(property: Property, value: string, other: string): number {
  const [a, b] = [magnitude(property, value), magnitude(property, other)];
  if (!Number.isNaN(a) && !Number.isNaN(b)) return a - b;
  const [left, right] = [value.toLowerCase(), other.toLowerCase()];
  return left < right ? -1 : left > right ? 1 : 0;
}

/** Docs: `*` stands for any characters at either end of a token. */
function containsToken(value: string, wanted: string): boolean {
  const pattern = wanted
    .toLowerCase()
    .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*');
  const whole = new RegExp(`^${pattern}$`, 's');
  const text = value.toLowerCase();
  return whole.test(text) || text.split(/[^\p{L}\p{N}]+/u).some((token) => whole.test(token));
}

/** Docs: `associations.{type}` is not available for custom objects. Not lagging here: GUESS. */
function isLinked(
  state: State,
  type: ObjectType,
  record: CrmRecord,
  { propertyName, operator, value = '', values = [] }: Filter,
): boolean {
  const to = findType(state, propertyName.slice('associations.'.length));
  const ids = to === null ? [] : linked(state, type.typeId, record.id, to.typeId).map((link) => link.id);
  if (operator === 'HAS_PROPERTY') return ids.length > 0;
  if (operator === 'NOT_HAS_PROPERTY') return ids.length === 0;
  if (operator === 'IN') return values.some((id) => ids.includes(id));
  return operator === 'EQ' && ids.includes(value);
}

const SEARCHABLE: Record<string, string[]> = {
  contacts: ['firstname', 'lastname', 'email', 'phone', 'company'],
  companies: ['name', 'domain', 'website', 'phone'],
  deals: ['dealname', 'description'],
  tickets: ['subject', 'content'],
  quotes: ['hs_title'],
  notes: ['hs_note_body'],
};

/** Docs: default searchable properties of each object. Every word must be found. */
function mentions(type: ObjectType, record: CrmRecord, at: number, query: string): boolean {
  const words = query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '');
  if (words.length === 0) return true;
  const names = type.schema?.searchableProperties ?? SEARCHABLE[type.name] ?? ['hs_object_id'];
  const text = names
    .map((name) => valueAt(record, name, at) ?? '')
    .join('\n')
    .toLowerCase();
  return words.every((word) => text.includes(word));
}

/** Docs: by creation, oldest first, when nothing is said. By the index's values, hence not by the answer's. */
function orderOf(state: State, type: ObjectType, given: z.infer<typeof sort> | undefined) {
  const named =
    typeof given === 'string'
      ? {
          propertyName: given.replace(/^-/, ''),
          direction: given.startsWith('-') ? 'DESCENDING' : 'ASCENDING',
        }
      : given;
  const property =
    named === undefined ? undefined : state.data.properties.get(type.typeId)?.get(named.propertyName);
  const sign = named?.direction.startsWith('DESC') === true ? -1 : 1;
  return (a: { record: CrmRecord; at: number }, b: { record: CrmRecord; at: number }): number => {
    if (property === undefined)
      return a.record.createdAt - b.record.createdAt || Number(a.record.id) - Number(b.record.id);
    const [left, right] = [
      valueAt(a.record, property.name, a.at) ?? '',
      valueAt(b.record, property.name, b.at) ?? '',
    ];
    return sign * compareValues(property, left, right) || Number(a.record.id) - Number(b.record.id);
  };
}
