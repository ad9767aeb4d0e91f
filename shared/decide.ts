/**
 * The second law: what becomes of one field of one edit. Rules D1 to D11, F1 and R1 in SPEC.md.
 *
 * Pure. Every decision is computed from state, so deciding again is always safe.
 */
import type { Source } from './observe.ts';
import { equal, fromMembers, members, parse, type Kind, type Problem, type Value } from './values.ts';

export const CONFLICT_RULES = ['crm', 'customer', 'newest', 'union', 'ask'] as const;
export type ConflictRule = (typeof CONFLICT_RULES)[number];

/** What the law needs to know of a field; `ownership.ts` gives it. */
export interface Rule {
  kind: Kind;
  conflict: ConflictRule;
  /** The audiences that may write the field. */
  writers: readonly string[];
  /** D10: staff must approve every change. */
  approval: boolean;
  /** The field may not be emptied. */
  required: boolean;
}

/** The CRM's property as it is now; `options` is null where any value may stand. */
export interface Property {
  exists: boolean;
  readOnly: boolean;
  options: readonly string[] | null;
  /** It is of a type that cannot hold the field's kind. */
  unfit?: true;
}

/** What the CRM holds now: read from it, never assumed. */
export interface Standing {
  value: Value;
  /** CRM clock, ms. */
  at: number;
  by: Source;
}

/** The audience of our own staff: their edits are rulings (R1). No audience of customers may have this name. */
export const STAFF = 'staff';

export interface Actor {
  /** The contact id of the customer, or `user:` and the user id of a member of staff. */
  person: string;
  audience: string;
}

/** A field that the edit depends on (D11). */
export interface Guard {
  field: string;
  kind: Kind;
  seen: Value;
  crm: Value;
}

export interface Asked {
  /** The value the customer was looking at. */
  seen: Value;
  wanted: Value;
  /** Our clock, ms: when the customer asked. */
  at: number;
  actor: Actor;
  guards?: readonly Guard[];
}

export type Refusal =
  | Problem
  | 'not-yours-to-change'
  | 'required'
  | 'property-gone'
  | 'property-read-only'
  | 'property-unfit'
  | 'changed-while-looking'
  /** R2: staff declined what was proposed. */
  | 'declined'
  /** R5: somebody else had decided before. */
  | 'settled-before'
  | 'held-back'
  /** The record was archived or deleted in the CRM, or merged into another one. */
  | 'record-gone'
  | 'record-merged'
  /** The CRM itself refused the value when it was written. */
  | 'crm-refused';

export type Decision =
  | { do: 'already'; rule: 'D1' | 'D8' }
  | { do: 'refuse'; rule: 'D2' | 'D11' | 'R5'; reason: Refusal; field: string | null }
  | { do: 'write'; rule: 'D3' | 'D4' | 'D6' | 'D7' | 'D8' | 'R1'; value: Value; overwrites: Standing | null }
  | { do: 'yield'; rule: 'D5' | 'D7'; to: Standing }
  | { do: 'hold'; rule: 'D9'; against: Standing }
  | { do: 'propose'; rule: 'D10' };

/** D7: two clocks cannot be told apart within this; then the CRM's value stands. */
export const SKEW_TOLERANCE_MS = 2_000;

/** Decides one field of one edit over what the CRM holds now. */
export function decide(rule: Rule, property: Property, crm: Standing, asked: Asked): Decision {
  // Permission and guards come first: an answer must not tell what a stranger may not know (D2), and what was
  // approved must be what was read, even when the CRM already says "approved" (D11).
  const isRuling = asked.actor.audience === STAFF;
  if (!isRuling && !rule.writers.includes(asked.actor.audience)) return refuse('D2', 'not-yours-to-change');
  const moved = (asked.guards ?? []).find((guard) => !equal(guard.kind, guard.seen, guard.crm));
  if (moved !== undefined) return { ...refuse('D11', 'changed-while-looking'), field: moved.field };
  if (equal(rule.kind, asked.wanted, crm.value)) return { do: 'already', rule: 'D1' };
  const reason = unfit(rule, property, asked.wanted);
  if (reason !== null) return refuse('D2', reason);
  if (isRuling) return write('R1', asked.wanted, crm); // its guard says that staff saw what the CRM holds
  if (rule.approval) return { do: 'propose', rule: 'D10' };
  if (equal(rule.kind, asked.seen, crm.value)) return write('D3', asked.wanted, null);
  // A set that this person's own edit left may hold what a colleague had put there: it is merged like any other (D8).
  if (crm.by.person === asked.actor.person && rule.conflict !== 'union')
    return write('D4', asked.wanted, null);
  return collide(rule, crm, asked);
}

/** F1: several open edits of one field, oldest first, each decided over what the one before would leave. */
export function fold(
  rule: Rule,
  property: Property,
  crm: Standing,
  edits: readonly Asked[],
): { decisions: Decision[]; write: Extract<Decision, { do: 'write' }> | null } {
  let standing = crm;
  let last: Extract<Decision, { do: 'write' }> | null = null;
  const decisions = edits.map((asked) => {
    const decision = decide(rule, property, standing, asked);
    if (decision.do === 'write') {
      const by: Source = { via: 'customer', id: null, person: asked.actor.person };
      standing = { value: decision.value, at: asked.at, by };
      last = decision;
    }
    return decision;
  });
  // An edit that undid the ones before it leaves nothing to write.
  return { decisions, write: equal(rule.kind, standing.value, crm.value) ? null : last };
}

/** Why the CRM's property, as it is now, would not take the value; null when it would. */
export function unfit(
  rule: Pick<Rule, 'kind' | 'required'>,
  property: Property,
  wanted: Value,
): Refusal | null {
  if (!property.exists) return 'property-gone';
  if (property.readOnly) return 'property-read-only';
  if (property.unfit === true) return 'property-unfit';
  if (wanted === null) return rule.required ? 'required' : null;
  const parsed = parse(rule.kind, wanted);
  if (!parsed.ok) return parsed.problem;
  const { options } = property;
  if (options === null) return null;
  const chosen = rule.kind === 'choices' ? members(wanted) : [wanted];
  return chosen.every((option) => options.includes(option)) ? null : 'not-an-option';
}

/** The CRM moved while the customer was looking: the field's conflict rule decides. */
function collide(rule: Rule, crm: Standing, asked: Asked): Decision {
  switch (rule.conflict) {
    case 'crm':
      return { do: 'yield', rule: 'D5', to: crm };
    case 'customer':
      return write('D6', asked.wanted, crm);
    case 'newest':
      return asked.at > crm.at + SKEW_TOLERANCE_MS
        ? write('D7', asked.wanted, crm)
        : { do: 'yield', rule: 'D7', to: crm };
    case 'union': {
      const merged = merge(asked.seen, crm.value, asked.wanted);
      if (merged === null && rule.required) return refuse('D2', 'required'); // each took out what the other left
      return equal('choices', merged, crm.value) ? { do: 'already', rule: 'D8' } : write('D8', merged, crm);
    }
    case 'ask':
      return { do: 'hold', rule: 'D9', against: crm };
    default:
      return rule.conflict satisfies never;
  }
}

/** The three-way merge of sets: theirs, plus what was added, less what was taken out. */
export function merge(seen: Value, theirs: Value, wanted: Value): Value {
  const before = new Set(members(seen));
  const after = new Set(members(wanted));
  const added = [...after].filter((option) => !before.has(option));
  const kept = members(theirs).filter((option) => after.has(option) || !before.has(option));
  return fromMembers([...kept, ...added]);
}

function refuse(rule: 'D2' | 'D11', reason: Refusal): Extract<Decision, { do: 'refuse' }> {
  return { do: 'refuse', rule, reason, field: null };
}

function write(
  rule: Extract<Decision, { do: 'write' }>['rule'],
  value: Value,
  overwrites: Standing | null,
): Extract<Decision, { do: 'write' }> {
  return { do: 'write', rule, value, overwrites };
}
