/**
 * The part of the ownership language that speaks of other systems (sources): what they own, by which key they know a
 * customer, and who sees what.
 */
import type { Kind } from './values.ts';

export interface SourceFieldSpec<A extends string> {
  column: string;
  label: string;
  kind: Kind;
  see: readonly A[];
}

/** Rows of another system that customers look at; they are read there and kept nowhere. */
export interface SourceListSpec<A extends string> {
  label: { one: string; many: string };
  /** Has the columns `customer` and `id`, both text, beside those of the fields. */
  view: string;
  /** The audiences that see the list at all; a field is for some of them. */
  see: readonly A[];
  /** The field by which the list is ordered, newest first. */
  newestBy: string;
  fields: Readonly<Record<string, SourceFieldSpec<A>>>;
}

export interface SourceSpec<A extends string, O extends string = string, F extends string = string> {
  label: string;
  /** The field by which the other system knows a record. The CRM owns it: who could change it could read what is another's. */
  key: { object: O; field: F };
  /** One row a customer: the column `customer`, and those that fields of the owner `source` name. */
  view: string;
  lists: Readonly<Record<string, SourceListSpec<A>>>;
}

const PREFIX = 'source:';

/** The audience as which a source asks for edits; no audience of customers may be called like one. */
export const sourceAudience = (source: string): string => `${PREFIX}${source}`;
export const isSourceAudience = (audience: string): boolean => audience.startsWith(PREFIX);

/** What has to be known of the objects to judge the sources. */
interface Judged {
  audiences: Readonly<Record<string, unknown>>;
  objects: Readonly<
    Record<
      string,
      { fields: Readonly<Record<string, { owner: string; source?: string | undefined; from?: string }>> }
    >
  >;
  sources?: Readonly<Record<string, SourceSpec<string>>> | undefined;
}

/** One clause for each mistake. */
export function mistakesInSources({ audiences, objects, sources = {} }: Judged): string[] {
  const mistakes = Object.keys(audiences)
    .filter(isSourceAudience)
    .map((name) => `"${name}" is not an audience of customers`);
  for (const [name, source] of Object.entries(sources)) mistakes.push(...mistakesIn(objects, name, source));
  for (const [object, { fields }] of Object.entries(objects))
    for (const [field, { owner, source = '', from = '' }] of Object.entries(fields)) {
      if (owner !== 'source') continue;
      const spec = Object.hasOwn(sources, source) ? sources[source] : undefined;
      if (spec === undefined)
        mistakes.push(`${object}.${field}: it is owned by the source "${source}", which does not exist`);
      else if (spec.key.object !== object)
        mistakes.push(
          `${object}.${field}: the source "${source}" knows records of "${spec.key.object}" only`,
        );
      if (!isColumn(from)) mistakes.push(`${object}.${field}: "${from}" is not the name of a column`);
    }
  return mistakes;
}

function mistakesIn(objects: Judged['objects'], name: string, source: SourceSpec<string>): string[] {
  const mistakes: string[] = [];
  const { key, view, lists } = source;
  if (!/^[a-z][A-Za-z0-9]{0,29}$/.test(name))
    mistakes.push(`source ${name}: its name is not of up to 30 letters and digits`);
  const field = objects[key.object]?.fields[key.field];
  if (field === undefined) mistakes.push(`source ${name}: its key ${key.object}.${key.field} does not exist`);
  else if (field.owner !== 'crm')
    mistakes.push(`source ${name}: its key ${key.object}.${key.field} is not owned by the CRM`);
  if (!isView(view)) mistakes.push(`source ${name}: "${view}" is not the name of a view`);
  for (const [listName, list] of Object.entries(lists)) {
    const where = `source ${name}.${listName}`;
    if (!isView(list.view)) mistakes.push(`${where}: "${list.view}" is not the name of a view`);
    if (!Object.hasOwn(list.fields, list.newestBy))
      mistakes.push(`${where}: it is ordered by "${list.newestBy}", which does not exist`);
    for (const [fieldName, { column, see }] of Object.entries(list.fields)) {
      if (!isColumn(column)) mistakes.push(`${where}.${fieldName}: "${column}" is not the name of a column`);
      const blind = see.find((audience) => !list.see.includes(audience));
      if (blind !== undefined)
        mistakes.push(`${where}.${fieldName}: the audience "${blind}" sees the field but not the list`);
    }
  }
  return mistakes;
}

const isColumn = (name: string): boolean => /^[a-z_][a-z0-9_]{0,62}$/.test(name);
const isView = (name: string): boolean => name.split('.').length <= 2 && name.split('.').every(isColumn);
