/** Whether a value fits its property, and what HubSpot makes of it: the stored form is rarely the sent one. */
import { iso } from './clock.ts';
import type { PropertyProblem } from './errors.ts';
import type { Pipeline, Property, State, ValidationRule } from './state.ts';

export const STRING_MAX_CHARS = 65_536; // docs: properties guide
const DAY_MS = 86_400_000;

/** A value as sent. Recorded: JSON numbers and booleans are taken and turned into strings. */
export type Raw = string | number | boolean | null | undefined;
export type Checked = { value: string } | { code: string; message: string };

/**
 * The stored form of a value as sent (string, number, boolean or null), or what is wrong with it.
 * `current` is the value held now, for the appending form of checkboxes.
 */
export function checkValue(state: State, property: Property, raw: Raw, current: string | null): Checked {
  // GUESS: null clears.
  const text =
    raw === null || raw === undefined ? '' : typeof raw === 'number' ? numberText(raw) : String(raw);
  const value = text.trim(); // recorded: the server trims
  if (value === '') return { value };
  switch (property.type) {
    case 'number':
      return checkNumber(value);
    case 'date':
      return checkDate(value);
    case 'datetime':
      return checkDatetime(value);
    case 'bool':
      return value === 'true' || value === 'false' ? { value } : badOption(value, ['true', 'false']);
    case 'enumeration':
      return checkOptions(state, property, value, current);
    default:
      return checkString(property, value);
  }
}

/** Rules an admin set on properties: enforced on writes since 2026-09 (changelog: crm-api-write-validation-enforcement). */
export function checkRules(
  rules: readonly ValidationRule[],
  values: ReadonlyMap<string, string>,
): PropertyProblem[] {
  return rules.flatMap((rule) => {
    const value = values.get(rule.property);
    const message = value === undefined ? null : brokenRule(rule, value);
    if (message === null) return [];
    const code = rule.ruleType === 'REQUIRED' ? 'MISSING_REQUIRED_PROPERTY' : `INVALID_${rule.ruleType}`; // GUESS but for the first
    return [{ name: rule.property, code, message }];
  });
}

function brokenRule(rule: ValidationRule, value: string): string | null {
  const argument = rule.ruleArguments[0] ?? '';
  const holds = {
    REQUIRED: value !== '',
    REGEX: value === '' || new RegExp(argument).test(value),
    MIN_LENGTH: value === '' || value.length >= Number(argument),
    MAX_LENGTH: value.length <= Number(argument),
    MIN_NUMBER: value === '' || Number(value) >= Number(argument),
    MAX_NUMBER: value === '' || Number(value) <= Number(argument),
  }[rule.ruleType];
  return holds ? null : `Property "${rule.property}" breaks the rule ${rule.ruleType} ${argument}`.trim();
}

function checkString(property: Property, value: string): Checked {
  // Docs: 65,536 characters. GUESS at code and words.
  if (value.length > STRING_MAX_CHARS)
    return {
      code: 'INVALID_STRING',
      message: `Property "${property.name}" is longer than ${STRING_MAX_CHARS} characters`,
    };
  if (property.name === 'email' && property.hubspotDefined)
    // Recorded: INVALID_EMAIL. Lower case: inference.
    return /^[^\s@<>"]+@[^\s@<>"]+\.[^\s@<>".]+$/.test(value)
      ? { value: value.toLowerCase() }
      : { code: 'INVALID_EMAIL', message: `Email address ${value} is invalid` };
  // Recorded: phones are normalised. GUESS how: an international number loses its spaces and punctuation.
  if (property.fieldType === 'phonenumber')
    return { value: value.startsWith('+') ? value.replace(/[\s().-]/g, '') : value };
  // GUESS: a company's domain is kept bare and in lower case.
  if (property.name === 'domain' && property.hubspotDefined)
    return {
      value: value
        .toLowerCase()
        .replace(/^https?:\/\//, '')
        .replace(/^www\./, '')
        .replace(/\/.*$/, ''),
    };
  return { value };
}

/** Recorded: a float comes back with every binary digit, "0.40000000000000002220446049250313…". */
function numberText(raw: number): string {
  return Number.isInteger(raw) || !Number.isFinite(raw) ? String(raw) : raw.toFixed(100).replace(/0+$/, '');
}

function checkNumber(value: string): Checked {
  // Recorded: INVALID_LONG. GUESS at the words.
  if (!/^[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d+)?$/.test(value))
    return { code: 'INVALID_LONG', message: `${value} was not a valid number.` };
  if (/[eE]/.test(value)) return { value: String(Number(value)) };
  const [whole = '', fraction = ''] = value.replace(/^\+/, '').split('.');
  const digits = fraction.replace(/0+$/, '');
  const head = whole.replace(/^(-?)0+(?=\d)/, '$1') || '0';
  return { value: digits === '' ? head : `${head === '-' ? '-0' : head}.${digits}` };
}

/** Docs: YYYY-MM-DD, or epoch milliseconds at midnight UTC. */
function checkDate(value: string): Checked {
  const bad = { code: 'INVALID_DATE', message: `${value} was not a valid date.` };
  const at = instantOf(value);
  if (at === null) return bad;
  return at % DAY_MS === 0
    ? { value: new Date(at).toISOString().slice(0, 10) }
    : { ...bad, message: `${value} is at midnight in no UTC day.` };
}

/** Docs: ISO with Z, or epoch milliseconds. Recorded: a date alone comes back as "2026-12-31T00:00:00Z". */
function checkDatetime(value: string): Checked {
  const at = instantOf(value);
  return at === null
    ? { code: 'INVALID_DATE', message: `${value} was not a valid date.` }
    : { value: iso(at) };
}

function instantOf(value: string): number | null {
  if (/^-?\d{1,15}$/.test(value)) return Number(value);
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:?\d{2}))?$/.test(value)) return null;
  const at = Date.parse(value);
  if (Number.isNaN(at)) return null;
  return new Date(Date.parse(`${value.slice(0, 10)}T00:00:00Z`)).toISOString().slice(0, 10) ===
    value.slice(0, 10)
    ? at
    : null;
}

function checkOptions(state: State, property: Property, value: string, current: string | null): Checked {
  if (property.referencedObjectType === 'OWNER')
    // Docs: an owner id, not a user id. GUESS: an archived owner is still taken; GUESS at code and words.
    return state.data.owners.some((owner) => owner.id === value)
      ? { value }
      : { code: 'INVALID_OWNER_ID', message: `Owner ${value} does not exist` };
  const allowed = property.options.map((option) => option.value);
  if (property.fieldType !== 'checkbox')
    return allowed.includes(value) ? { value } : badOption(value, allowed);
  // Docs: a leading ";" appends, anything else replaces. GUESS: the stored order is that of the options.
  const sent = value.split(';').map((part) => part.trim());
  const wanted = new Set(
    [...(value.startsWith(';') ? (current ?? '').split(';') : []), ...sent].filter((part) => part !== ''),
  );
  const wrong = [...wanted].find((part) => !allowed.includes(part));
  if (wrong !== undefined && property.options.length > 0) return badOption(wrong, allowed);
  return {
    value: (property.options.length === 0
      ? [...wanted]
      : allowed.filter((option) => wanted.has(option))
    ).join(';'),
  };
}

const badOption = (value: string, allowed: readonly string[]): Checked => ({
  code: 'INVALID_OPTION',
  message: `${value} was not one of the allowed options: [${allowed.join(', ')}]`,
});

/** Whether a stage belongs to a pipeline; the properties' options are kept equal to the pipelines. */
export function stageFits(pipelines: readonly Pipeline[], pipeline: string, stage: string): boolean {
  return pipelines.some((one) => one.id === pipeline && one.stages.some((each) => each.id === stage));
}
