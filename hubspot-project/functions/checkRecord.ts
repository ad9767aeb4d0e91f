/**
 * "What would happen to this edit?": a record held against the ownership rules, and edits against the law of decision.
 * Nothing is written.
 *
 * It authorises nothing: HubSpot promises a function no identity that could be trusted, so none from the context is
 * ever used. The audience is a parameter of the question, not a claim about who asks.
 */
import { decide, unfit, type Decision, type Property, type Refusal } from '@tallystick/shared/decide';
import { isEditable, ruleOf, type FieldSpec } from '@tallystick/shared/defineOwnership';
import type {
  CheckedEdit,
  CheckedField,
  CheckRecordAnswer,
  FunctionAnswer,
} from '@tallystick/shared/functionAnswers';
import {
  fieldOf,
  isAudience,
  objects,
  OBJECTS,
  ownership,
  type AppAudience,
  type AppObject,
} from '@tallystick/shared/ownership';
import { parse, type Parsed, type Value } from '@tallystick/shared/values';
import { CONFLICT_SENTENCES } from '@tallystick/shared/words';
import { openHubSpot, type Reading } from './hubspot.ts';
import { askedEdits, got, member, namedRecord, refuse, type Asked, type Got } from './parameters.ts';
import { readRecordOf, shown, valueOf } from './show.ts';
import { DECISIONS, REASONS } from './words.ts';

/** Parameters: `{ objectTypeId or object, objectId, edits?: { field: wanted }, audience? }`. */
export async function main(context: unknown): Promise<FunctionAnswer<CheckRecordAnswer>> {
  const parameters = member(context, 'parameters');
  const named = namedRecord(parameters);
  if (!named.ok) return named;
  const edits = askedEdits(parameters);
  if (!edits.ok) return edits;
  const audience = audienceOf(parameters);
  if (!audience.ok) return audience;
  const hubspot = openHubSpot();
  const resolved = await hubspot.resolve(named.value.objectType);
  if (!resolved.ok) return resolved;
  const { object } = resolved.value;
  const [reading, properties] = await Promise.all([
    hubspot.readRecord(resolved.value, named.value.recordId),
    hubspot.readProperties(resolved.value),
  ]);
  if (!reading.ok) return reading;
  if (!properties.ok) return properties;
  const crm: Crm = { object, reading: reading.value, properties: properties.value, now: Date.now() };
  const fields = fieldsOf(crm);
  return {
    ok: true,
    ...readRecordOf(object, reading.value, crm.now),
    ruleVersion: ownership.version,
    audience: audience.value,
    fits: fields.every((field) => field.fits),
    fields,
    edits: edits.value.map(({ field, asked }) => editOf(crm, audience.value, field, asked)),
  };
}

interface Crm {
  object: AppObject;
  reading: Reading;
  properties: ReadonlyMap<string, Property>;
  now: number;
}

const AUDIENCES = Object.keys(ownership.audiences).filter(isAudience);
const mayChange = (audience: AppAudience): number =>
  OBJECTS.flatMap((object) => Object.values(objects[object].fields)).filter((field) =>
    ruleOf(field).writers.includes(audience),
  ).length;
const MOST = [...AUDIENCES].sort((a, b) => mayChange(b) - mayChange(a))[0];

/** Where none is named: the audience that may change most. */
function audienceOf(parameters: unknown): Got<AppAudience> {
  const audience = member(parameters, 'audience') ?? MOST;
  return typeof audience === 'string' && isAudience(audience)
    ? got(audience)
    : refuse('bad-request', `There is no such audience. The rules know ${AUDIENCES.join(', ')}.`);
}

const GONE: Property = { exists: false, readOnly: false, options: null };

/** Whether what the CRM holds fits the rules: a value the CRM alone writes may well be read-only. */
function fieldsOf({ object, reading, properties }: Crm): CheckedField[] {
  return Object.entries(objects[object].fields).map(([name, spec]) => {
    const value = valueOf(reading, name);
    const property = { ...(properties.get(spec.property) ?? GONE), readOnly: false };
    const problem = unfit(ruleOf(spec), property, value);
    return {
      name,
      label: spec.label,
      text: shown(spec.kind, value),
      fits: problem === null,
      problem,
      sentence: problem === null ? 'It fits.' : `It does not fit: ${REASONS[problem]}`,
    };
  });
}

function editOf(crm: Crm, audience: AppAudience, field: string, asked: Asked): CheckedEdit {
  const { object, reading, properties } = crm;
  const spec = fieldOf(object, field);
  if (spec === undefined || objects[object].scope[audience] === 'none' || !spec.see.includes(audience))
    return refused(field, null, 'no-such-field');
  // The law knows who may write a field, the portal also by which road.
  if (isEditable(spec) && spec.byActionOnly === true) return refused(field, null, 'not-yours-to-change');
  if (Array.isArray(asked) && spec.kind !== 'choices') return refused(field, null, 'one-value-only');
  const rule = ruleOf(spec);
  const parsed = readValue(spec, asked);
  // Permission comes first, so that the answer tells a stranger nothing about the value.
  if (!parsed.ok && rule.writers.includes(audience)) return refused(field, null, parsed.problem);
  const wanted = parsed.ok ? parsed.value : null;
  const newest = reading.history.get(field)?.[0];
  const standing = newest ?? { value: null, at: 0, by: { via: 'UNKNOWN', id: null, person: null } };
  const decision = decide(rule, properties.get(spec.property) ?? GONE, standing, {
    seen: standing.value,
    wanted,
    at: crm.now,
    actor: { person: '', audience },
  });
  if (decision.do === 'refuse') return { ...refused(field, wanted, decision.reason), rule: decision.rule };
  return {
    field,
    wanted,
    decision: decision.do,
    rule: decision.rule,
    reason: null,
    sentence: `${DECISIONS[decision.do]}${isNational(spec, asked) ? NATIONAL : ''}`,
    collision: collisionOf(rule, decision),
  };
}

function refused(
  field: string,
  wanted: Value,
  reason: Refusal | 'no-such-field' | 'one-value-only',
): CheckedEdit {
  const sentence = `${DECISIONS.refuse} ${REASONS[reason]}`;
  return { field, wanted, decision: 'refuse', rule: null, reason, sentence, collision: null };
}

/** As the portal reads it, except that a phone number without its country is taken as it stands. */
function readValue(spec: FieldSpec<string>, asked: Asked): Parsed {
  if (Array.isArray(asked) && asked.some((option) => option.includes(';')))
    return { ok: false, problem: 'not-an-option' };
  const text = Array.isArray(asked) ? asked.join(';') : asked === null ? null : String(asked);
  // An extension would melt into the number.
  if (spec.kind === 'phone' && text !== null && !/^\s*\+?[\d\s().\-/]*$/.test(text))
    return { ok: false, problem: 'not-a-phone' };
  return parse(spec.kind, text);
}

const NATIONAL =
  ' The portal reads a phone number without a country code as one of the record’s country; here it was taken as it stands.';
const isNational = (spec: FieldSpec<string>, asked: Asked): boolean =>
  spec.kind === 'phone' && /^\s*[^\s+0]|^\s*0[^0]/.test(String(asked ?? ''));

function collisionOf(rule: ReturnType<typeof ruleOf>, decision: Decision): string | null {
  if (decision.do !== 'write' && decision.do !== 'propose') return null;
  return rule.approval
    ? 'Whatever the CRM holds by then, a colleague decides.'
    : CONFLICT_SENTENCES[rule.conflict];
}
