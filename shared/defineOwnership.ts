/**
 * The language `ownership.ts` is written in. Every type the product uses of a business's objects and fields is
 * derived from that one literal, so a portal edit of a CRM-owned field does not compile.
 */
import { mistakesInBreaker, type BreakerSpec } from './breakerSpec.ts';
import { STAFF, type ConflictRule, type Rule } from './decide.ts';
import { mistakesInSources, sourceAudience, type SourceSpec } from './sourceSpec.ts';
import type { Kind, Value } from './values.ts';

interface FieldBase<A extends string> {
  /** HubSpot's internal property name; for the kind `lines` the associated object whose records are the lines. */
  property: string;
  label: string;
  /** One sentence for the customer: what the field is for. */
  help?: string;
  kind: Kind;
  /** The audiences that see the field. */
  see: readonly A[];
  /** Older than this, a portal page asks the CRM before it shows the value (default: `FRESH_WITHIN_S`). */
  freshWithinS?: number;
}

interface Editable<A extends string> {
  /** The audiences that may change the field; each must also see it. */
  edit: readonly A[];
  required?: true;
  /** Staff approve every change before it reaches the CRM. */
  approval?: true;
  /** A person who signed in must have proven who they are a short while ago to change it. */
  proof?: true;
  /** Only an action may set the field. */
  byActionOnly?: true;
}

interface Sourced {
  /** The other system whose word counts, and the column of its view that holds the value. */
  source: string;
  from: string;
}

/**
 * `crm`: the company's word, read-only in the portal; `canary`: we ourselves write it, to see how long that takes. `customer`: the customer's word. `both`: the conflict rule decides.
 * `source`: another system's word, written to the CRM by us and changed nowhere else.
 */
export type FieldSpec<A extends string> =
  | (FieldBase<A> & { owner: 'crm'; canary?: true })
  | (FieldBase<A> & Sourced & { owner: 'source' })
  | (FieldBase<A> & Editable<A> & { owner: 'customer' })
  | (FieldBase<A> & Editable<A> & { owner: 'both'; conflict: Exclude<ConflictRule, 'customer' | 'union'> })
  | (FieldBase<A> & Editable<A> & { owner: 'both'; kind: 'choices'; conflict: 'union' });

/** How an audience reaches companies: the contact's primary one, or those it is associated with under a label. */
export interface AudienceSpec {
  label: string;
  reaches: { company: 'primary' } | { company: 'labelled'; association: string };
  /** Only contacts associated with a company they reach under this label are of the audience. */
  admits?: { association: string };
}

/** `self`: only the person's own record. `company`: the records of every company the person reaches. */
export type Scope = 'self' | 'company' | 'none';

export interface ObjectSpec<A extends string> {
  /** HubSpot's name of the object type; for a custom object the name of its schema. */
  crm: string;
  /** HubSpot's object type id; null for a custom object, which has another one in every account, found by name. */
  typeId: string | null;
  label: { one: string; many: string };
  /** The field that names a record. */
  title: string;
  scope: Readonly<Record<A, Scope>>;
  /** Customers see a record only while the field holds one of these values. */
  shownWhen?: { field: string; is: readonly string[] };
  /** Of an object with many records that are none of the portal's business, only those ever shown are kept. */
  keeps?: 'shown';
  /** The objects it may hang on: it is seen where one of those it hangs on is; on a company alone, where that is reached. */
  parents?: readonly string[];
  fields: Readonly<Record<string, FieldSpec<A>>>;
}

/** Something a customer does that depends on what was read: refused when a guard moved (D11). */
export interface ActionSpec<A extends string, O extends string, F extends string> {
  object: O;
  label: string;
  sets: Readonly<Partial<Record<F, Value>>>;
  guards: readonly F[];
  /**
   * The decision counts for the guards as they were shown only (A1 to A3): `digest` is the field that names them, and
   * `voided` the value of the fields it sets once the CRM's guards are others.
   */
  binds?: { digest: F; voided: Value };
  /** A date: after that day it can no longer be done. */
  until?: F;
  audiences: readonly A[];
}

/** Something a customer makes in the CRM: made once, whatever is repeated. */
export interface CreationSpec<A extends string, O extends string, F extends string, N extends string> {
  object: O;
  label: string;
  audiences: readonly A[];
  /** The field that carries the creation's id, by which it is found again. Its property is unique in the CRM. */
  key: F;
  takes: Readonly<Partial<Record<F, 'required' | 'optional'>>>;
  /** CRM properties that are always set. */
  presets: Readonly<Record<string, string>>;
  /** What is set besides: the fields that get the person's name and the time, and the CRM property that gets the text as HTML for staff. */
  stamps?: { author: F; at: F; text: F; html: string };
  /** The objects it may hang on; none: it hangs on one of the person's companies. */
  on: readonly N[];
  /** A file comes with it; the fields that say which. */
  document?: { ids: F; name: F; size: F; type: F; digest: F };
}

type SourceOf<A extends string, O extends Record<string, ObjectSpec<A>>> = {
  [N in keyof O & string]: SourceSpec<A, N, keyof O[N]['fields'] & string>;
}[keyof O & string];

type ActionOf<A extends string, O extends Record<string, ObjectSpec<A>>> = {
  [N in keyof O & string]: ActionSpec<A, N, keyof O[N]['fields'] & string>;
}[keyof O & string];

type CreationOf<A extends string, O extends Record<string, ObjectSpec<A>>> = {
  [N in keyof O & string]: CreationSpec<A, N, keyof O[N]['fields'] & string, keyof O & string>;
}[keyof O & string];

export interface Ownership<
  A extends string = string,
  O extends Record<string, ObjectSpec<A>> = Record<string, ObjectSpec<A>>,
> {
  /** Changes with every change of the rules; the journal names it beside each decision. */
  version: string;
  audiences: Readonly<Record<A, AudienceSpec>>;
  objects: O;
  actions: Readonly<Record<string, ActionOf<A, O>>>;
  creations: Readonly<Record<string, CreationOf<A, O>>>;
  /** Other systems that own fields and lists; absent: there is none. */
  sources?: Readonly<Record<string, SourceOf<A, O>>>;
  /** When a mass change is not believed; absent: `BREAKER`. */
  breaker?: BreakerSpec<keyof O & string>;
}

export const FRESH_WITHIN_S = 300;

/** Checks what the compiler cannot, and returns the literal unchanged. Throws one sentence that names every mistake. */
export function defineOwnership<
  const A extends string,
  const O extends Record<string, ObjectSpec<NoInfer<A>>>,
>(literal: {
  version: string;
  audiences: Readonly<Record<A, AudienceSpec>>;
  objects: O;
  actions: Readonly<Record<string, ActionOf<NoInfer<A>, NoInfer<O>>>>;
  creations: Readonly<Record<string, CreationOf<NoInfer<A>, NoInfer<O>>>>;
  sources?: Readonly<Record<string, SourceOf<NoInfer<A>, NoInfer<O>>>>;
  breaker?: BreakerSpec<keyof NoInfer<O> & string>;
}): Ownership<A, O> {
  const mistakes = mistakesIn(literal);
  if (mistakes.length > 0) throw new Error(`ownership.ts cannot be used: ${mistakes.join('; ')}.`);
  return literal;
}

/** The law's view of a field. */
export function ruleOf(field: FieldSpec<string>): Rule {
  const { kind } = field;
  if (field.owner === 'crm' && field.canary === true)
    return {
      kind,
      conflict: 'customer',
      writers: [sourceAudience('canary')],
      approval: false,
      required: false,
    };
  if (field.owner === 'crm') return { kind, conflict: 'crm', writers: [], approval: false, required: false };
  if (field.owner === 'source') {
    const writers = [sourceAudience(field.source)];
    return { kind, conflict: 'customer', writers, approval: false, required: false };
  }
  return {
    kind,
    conflict: field.owner === 'customer' ? 'customer' : field.conflict,
    writers: field.edit,
    approval: field.approval === true,
    required: field.required === true,
  };
}

/** A customer may be allowed to change it. */
export const isEditable = <A extends string>(
  field: FieldSpec<A>,
): field is Exclude<FieldSpec<A>, { owner: 'crm' | 'source' }> =>
  field.owner !== 'crm' && field.owner !== 'source';

// Types a business's code is written against.

export type Objects = { objects: Readonly<Record<string, { fields: Readonly<Record<string, unknown>> }>> };

export type ObjectName<W extends Objects> = keyof W['objects'] & string;
export type FieldName<W extends Objects, N extends ObjectName<W>> = keyof W['objects'][N]['fields'] & string;
/** The fields of an object that a portal may edit: never one the CRM owns, never one only an action may set. */
export type EditableName<W extends Objects, N extends ObjectName<W>> = {
  [K in FieldName<W, N>]: W['objects'][N]['fields'][K] extends
    { owner: 'crm' } | { owner: 'source' } | { byActionOnly: true }
    ? never
    : K;
}[FieldName<W, N>];
export type PortalEdit<W extends Objects, N extends ObjectName<W>> = Partial<
  Record<EditableName<W, N>, Value>
>;

function mistakesIn(literal: Ownership): string[] {
  const mistakes: string[] = [];
  if (Object.hasOwn(literal.audiences, STAFF)) mistakes.push(`"${STAFF}" is not an audience of customers`);
  for (const [name, object] of Object.entries(literal.objects)) {
    if (!(object.title in object.fields))
      mistakes.push(`${name}: the title field "${object.title}" does not exist`);
    const properties = Object.values(object.fields).map((field) => field.property);
    const twice = properties.find((property, index) => properties.indexOf(property) !== index);
    if (twice !== undefined) mistakes.push(`${name}: two fields map the property "${twice}"`);
    for (const [fieldName, field] of Object.entries(object.fields)) {
      const blind = isEditable(field)
        ? field.edit.find((audience) => !field.see.includes(audience))
        : undefined;
      if (blind !== undefined)
        mistakes.push(`${name}.${fieldName}: the audience "${blind}" may edit but not see it`);
    }
  }
  for (const [name, object] of Object.entries(literal.objects)) {
    const field = object.shownWhen?.field;
    if (field !== undefined && !(field in object.fields))
      mistakes.push(`${name}: it is shown by the field "${field}", which does not exist`);
    for (const parent of object.parents ?? [])
      if (!(parent in literal.objects))
        mistakes.push(`${name}: it hangs on "${parent}", which does not exist`);
  }
  for (const [name, action] of Object.entries(literal.actions))
    mistakes.push(...mistakesInAction(literal, name, action));
  mistakes.push(...mistakesInSources(literal), ...mistakesInBreaker(literal));
  return mistakes;
}

function mistakesInAction(
  literal: Ownership,
  name: string,
  action: ActionSpec<string, string, string>,
): string[] {
  const mistakes: string[] = [];
  for (const fieldName of Object.keys(action.sets)) {
    const field = literal.objects[action.object]?.fields[fieldName];
    if (field === undefined || !isEditable(field)) {
      mistakes.push(`action ${name}: "${fieldName}" is not a field a customer may write`);
      continue;
    }
    const barred = action.audiences.find((audience) => !field.edit.includes(audience));
    if (barred !== undefined)
      mistakes.push(`action ${name}: the audience "${barred}" may not write "${fieldName}"`);
  }
  return mistakes;
}
