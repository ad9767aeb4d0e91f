/** What the stand-in holds, as plain data: records, definitions, associations; and the changes it announces. */
import type { Clock } from './clock.ts';
import type { Faults } from './faults.ts';
import type { StoredFile } from './files.ts';
import type { JournalData } from './journal.ts';
import type { Random } from './random.ts';

/** Who made a change, as property history and webhooks tell it (enum of sources: spec, imports API 2026-08). */
export interface Source {
  sourceType: string;
  sourceId: string | null;
  userId?: number;
}

/** One value of a property. `''` means cleared; a property never set has no entry at all. */
export interface Entry {
  value: string;
  at: number;
  by: Source;
}

/** A record is its history: each cell holds a property's values, newest first. */
export interface CrmRecord {
  typeId: string;
  id: string;
  createdAt: number;
  updatedAt: number;
  archivedAt: number | null;
  cells: Map<string, Entry[]>;
}

export interface ObjectType {
  typeId: string;
  /** As in paths: `contacts`; for a custom object its name. */
  name: string;
  singular: string;
  /** As in error texts and association names: `CONTACT`. */
  constant: string;
  /** `p{hubId}_{name}` for custom objects, else the plural name. */
  fullyQualifiedName: string;
  createdProperty: 'createdate' | 'hs_createdate';
  modifiedProperty: 'lastmodifieddate' | 'hs_lastmodifieddate';
  defaultProperties: readonly string[];
  /** All of these must be set at creation … */
  required: readonly string[];
  /** … and at least one of these, when there are any. */
  requiredAnyOf: readonly string[];
  /** Prefix of classic webhook types (`contact.creation`), null when only `object.*` exists. */
  webhookPrefix: string | null;
  schema: SchemaDetails | null;
}

export interface SchemaDetails {
  labels: { singular: string; plural: string };
  primaryDisplayProperty: string;
  secondaryDisplayProperties: string[];
  searchableProperties: string[];
  description: string | null;
  createdAt: number;
  updatedAt: number;
  archived: boolean;
}

export interface Option {
  label: string;
  value: string;
  displayOrder: number;
  hidden: boolean;
  description?: string;
}

export interface Property {
  name: string;
  label: string;
  type: string;
  fieldType: string;
  groupName: string;
  description: string;
  options: Option[];
  displayOrder: number;
  hasUniqueValue: boolean;
  hidden: boolean;
  hubspotDefined: boolean;
  calculated: boolean;
  formField: boolean;
  readOnlyValue: boolean;
  externalOptions: boolean;
  referencedObjectType: string | null;
  createdAt: number;
  updatedAt: number;
  archivedAt: number | null;
}

export type Category = 'HUBSPOT_DEFINED' | 'USER_DEFINED' | 'INTEGRATOR_DEFINED';
export interface LinkSpec {
  category: Category;
  typeId: number;
}
/** One direction of an association type; its partner has `inverseTypeId`. */
export interface LinkType extends LinkSpec {
  from: string;
  to: string;
  inverseTypeId: number;
  label: string | null;
  name: string;
  primary: boolean;
}

export interface Stage {
  id: string;
  label: string;
  displayOrder: number;
  metadata: Record<string, string>;
  createdAt: number;
  updatedAt: number;
  archived: boolean;
}
export interface Pipeline {
  id: string;
  label: string;
  displayOrder: number;
  stages: Stage[];
  createdAt: number;
  updatedAt: number;
  archived: boolean;
}

export interface Owner {
  id: string;
  userId: number;
  email: string;
  firstName: string;
  lastName: string;
  archived: boolean;
  createdAt: number;
  updatedAt: number;
}

/** A rule an admin set on a property (spec: property validations; enforced on writes since 2026-09). */
export interface ValidationRule {
  typeId: string;
  property: string;
  ruleType: 'REQUIRED' | 'REGEX' | 'MIN_LENGTH' | 'MAX_LENGTH' | 'MIN_NUMBER' | 'MAX_NUMBER';
  ruleArguments: string[];
}

/** Everything that a snapshot keeps. Only Maps, arrays and plain values. */
export interface Data {
  types: Map<string, ObjectType>;
  properties: Map<string, Map<string, Property>>;
  records: Map<string, Map<string, CrmRecord>>;
  /** Old id → the id of the record it was merged into. */
  mergedInto: Map<string, Map<string, string>>;
  /** `typeId/property` → value → id of the record that holds it. */
  unique: Map<string, Map<string, string>>;
  /** `typeId/id` → other type id → other id → the types of the pair, seen from here. */
  links: Map<string, Map<string, Map<string, LinkSpec[]>>>;
  linkTypes: LinkType[];
  pipelines: Map<string, Pipeline[]>;
  /** Type id → property groups that were made without a property in them. */
  groups: Map<string, { name: string; label: string }[]>;
  owners: Owner[];
  rules: ValidationRule[];
  counters: Map<string, number>;
  files: Map<string, StoredFile>;
  /** Task id → file id. */
  importTasks: Map<string, string>;
  journal: JournalData;
}

export interface State {
  hubId: number;
  appId: number;
  timeZone: string;
  clock: Clock;
  faults: Faults;
  /** Draws for what the CRM does by itself (late bumps, order of a privacy deletion's two events). */
  random: Random;
  data: Data;
  listeners: ((change: Change) => void)[];
}

interface Happened {
  typeId: string;
  id: string;
  at: number;
  by: Source;
}
/** What webhooks, the journal and the live stream are told. */
export type Change =
  | (Happened & { is: 'created' })
  | (Happened & { is: 'changed'; property: string; value: string; before: string | null })
  | (Happened & { is: 'archived' })
  | (Happened & { is: 'restored' })
  | (Happened & { is: 'privacyDeleted' })
  | (Happened & { is: 'merged'; primaryId: string; mergedIds: string[]; newId: string; moved: number })
  | (Happened & {
      is: 'linked';
      toTypeId: string;
      toId: string;
      category: Category;
      linkTypeId: number;
      removed: boolean;
      primary: boolean;
    });

export function announce(state: State, change: Change): void {
  for (const listener of state.listeners) listener(change);
}

/** The next number of a counter. Ids have 12 digits, as new accounts' have (recorded 2026). */
export function nextId(state: State, counter: string, first: number): string {
  const id = state.data.counters.get(counter) ?? first;
  state.data.counters.set(counter, id + 1);
  return String(id);
}

/** Own write of an app through the API (recorded 2024–2026: INTEGRATION with the writing app's id). */
export const integration = (appId: number | string): Source => ({
  sourceType: 'INTEGRATION',
  sourceId: String(appId),
});
