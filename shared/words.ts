/** What staff read, wherever they read it: who did something, and what a rule of SPEC.md means. */
import { isSourceId, type SourceId } from './ids.ts';
import type { Source } from './observe.ts';
import { sources } from './ownership.ts';

export function who(source: Source | null): string {
  if (source === null) return 'the CRM';
  const staff = /^user:(\d+)$/.exec(source.person ?? '');
  if (staff !== null) return `a colleague (CRM user ${staff[1] ?? ''})`;
  if (source.person !== null && isSourceId(source.person)) return sourceLabel(source.person);
  if (source.person !== null) return `customer ${source.person}`;
  const colleague = /^userId:(\d+)$/.exec(source.id ?? '');
  if (colleague !== null) return `a colleague (CRM user ${colleague[1] ?? ''})`;
  const named = SOURCES[source.via];
  if (named === undefined) return source.via.toLowerCase().replaceAll('_', ' ');
  return source.via === 'INTEGRATION' && source.id !== null ? `${named} ${source.id}` : named;
}

/** Another system, as people call it. */
export function sourceLabel(person: SourceId): string {
  const name = person.slice('source:'.length);
  return `${sources[name]?.label ?? name} (another system)`;
}

/** HubSpot's source types that people meet most (spec: the enum has 113). */
const SOURCES: Readonly<Record<string, string>> = {
  CRM_UI: 'a colleague',
  CRM_UI_BULK_ACTION: 'a colleague, for many records at once',
  INTEGRATION: 'the app',
  API: 'an API call',
  IMPORT: 'an import',
  AUTOMATION_PLATFORM: 'a workflow',
  WORKFLOWS: 'a workflow',
  CALCULATED: 'a calculation of the CRM',
  MERGE_OBJECTS: 'a merge',
  MERGE_CONTACTS: 'a merge',
  MERGE_COMPANIES: 'a merge',
  FORM: 'a form',
  MOBILE_IOS: 'a colleague, on the phone',
  MOBILE_ANDROID: 'a colleague, on the phone',
  CUSTOMER: 'a customer',
  STAFF: 'a colleague',
  SOURCE: 'another system',
  READ: 'a read of the CRM',
  UNKNOWN: 'an unknown source',
};

/** What a rule of SPEC.md means for the value that stands now. */
export const RULE_SENTENCES: Readonly<Record<string, string>> = {
  D1: 'the CRM already held what the customer asked for',
  D2: 'the change was refused',
  D3: 'the CRM still held what the customer saw, so the edit was written',
  D4: 'the customer had changed it before, so the next edit was written as well',
  D5: 'the CRM had moved and its word counts for this field',
  D6: 'the CRM had moved, but the customer’s word counts for this field',
  D7: 'the CRM had moved, and the later change counts for this field',
  D8: 'the CRM had moved, and both changes were put together',
  D9: 'both sides changed it, so a person has to decide; the CRM’s value stands until then',
  D10: 'the field wants approval, so the change waits for staff',
  D11: 'something the customer had read changed meanwhile, so the change was refused',
  F1: 'a later edit of the same field replaced it',
  R1: 'a colleague decided it, over the value they saw',
  R2: 'a colleague decided that the CRM’s value stands',
  R3: 'a colleague took what the customer had asked for',
  R4: 'a colleague decided on another value',
  R5: 'it had been decided before',
  A2: 'what it depends on changed at the same moment, so it does not count',
  A3: 'what it was decided on has changed since, so it no longer counts',
  K3: 'very many changes like it came at once, so it waits until an administrator has looked',
  K4: 'an administrator looked at the many changes that came at once, and did not let them through',
  S1: 'the CRM’s history shows the write, and nothing foreign in between',
  S2: 'a colleague’s change fell between our read and our write and was found in the history',
  S3: 'somebody changed it again after our write',
  S4: 'the write is not in the CRM’s history, so it was decided again',
  S5: 'somebody had just set the same value',
  S6: 'a late write of our own came on top, so it was written once more',
  S7: 'a write of ours that had been given up came after all, so what it covered was given back',
};

/** Whose word counts. */
export const OWNER_SENTENCES = {
  crm: 'The CRM’s word counts; customers cannot change it.',
  customer: 'The customer’s word counts.',
  both: 'Both sides may change it.',
  source: 'Another system’s word counts; nobody else can change it.',
} as const;

/** What happens when both sides change a field at once, by its conflict rule. */
export const CONFLICT_SENTENCES = {
  crm: 'If both change it at once, the CRM’s value stands.',
  customer: 'If both change it at once, the customer’s value is written; ours is kept and can be restored.',
  newest: 'If both change it at once, the later change counts.',
  union: 'If both change it at once, the two changes are put together.',
  ask: 'If both change it at once, a colleague decides.',
  source: 'A change in the CRM is put back to what the other system says; it is kept and attributed.',
} as const;
