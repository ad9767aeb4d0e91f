/**
 * Canonical values by kind: how a value is parsed, compared and shown.
 *
 * HubSpot gives every value as a string and reformats what it is given ("15000.00" becomes "15000", a date becomes
 * "2026-12-31T00:00:00Z", options change order), so two values are the same only when their canonical forms are.
 * Imports nothing: the cards and the functions run this file too.
 */

export const KINDS = [
  'text',
  'longtext',
  'email',
  'phone',
  'url',
  'number',
  'currency',
  'date',
  'datetime',
  'boolean',
  'choice',
  'choices',
  'owner',
  'lines',
] as const;
export type Kind = (typeof KINDS)[number];
export const isKind = (text: string): text is Kind => KINDS.some((kind) => kind === text);

/** A value in canonical form; `null` is "absent" (HubSpot: never set is null, cleared is ""). */
export type Value = string | null;

const TEXT_MAX_CHARS = 1_000;
const LONGTEXT_MAX_CHARS = 65_536; // HubSpot's own limit for a string property
const NUMBER_MAX_DIGITS = 15; // beyond this a double no longer holds every digit

/**
 * The canonical form of whatever the CRM or a person gave. Total: text that does not fit its kind stays as it is
 * (trimmed), so an odd CRM value is still shown, compared and never lost. Idempotent.
 */
export function canonical(kind: Kind, raw: string | null | undefined): Value {
  if (raw === null || raw === undefined) return null;
  // No database holds a NUL or half a surrogate pair: without them a value reads back as it was written.
  const text = raw.toWellFormed().replaceAll('\0', '').normalize('NFC').replace(/\r+\n/g, '\n').trim();
  if (text === '') return null;
  switch (kind) {
    case 'text':
    case 'longtext':
    case 'choice':
    case 'owner':
    case 'lines':
      return text;
    case 'email':
      return text.toLowerCase();
    case 'phone':
      return canonicalPhone(text);
    case 'url':
      return canonicalUrl(text);
    case 'number':
    case 'currency':
      return canonicalNumber(text);
    case 'date':
      return canonicalDate(text);
    case 'datetime':
      return canonicalDatetime(text);
    case 'boolean':
      return canonicalBoolean(text);
    case 'choices':
      return canonicalChoices(text);
    default:
      return kind satisfies never;
  }
}

/** Whether two values mean the same. */
export function equal(kind: Kind, a: string | null | undefined, b: string | null | undefined): boolean {
  return comparable(kind, a) === comparable(kind, b);
}

/** What of a value is compared. Phones compare by digits: "+44 20 7946" equals "44207946". */
export function comparable(kind: Kind, raw: string | null | undefined): Value {
  const value = canonical(kind, raw);
  return kind === 'phone' && value !== null ? value.replace(/^\+/, '') : value;
}

export type Problem =
  | 'too-long'
  | 'control-characters'
  | 'not-an-email'
  | 'not-a-phone'
  | 'not-a-url'
  | 'not-a-number'
  | 'not-a-date'
  | 'not-a-time'
  | 'not-yes-or-no'
  | 'not-an-option'
  | 'not-an-owner';

export type Parsed = { ok: true; value: Value } | { ok: false; problem: Problem };

/** Reads what a person typed, strictly. Options are checked elsewhere, against the CRM's property as it is now. */
export function parse(kind: Kind, input: string | null): Parsed {
  const value = canonical(kind, input);
  if (value === null) return { ok: true, value };
  const problem = problemOf(kind, value);
  return problem === null ? { ok: true, value } : { ok: false, problem };
}

/** The members of a `choices` value. */
export function members(value: Value): string[] {
  return value === null ? [] : value.split(';');
}

/** The canonical `choices` value with these members. */
export function fromMembers(options: Iterable<string>): Value {
  return canonicalChoices([...options].join(';'));
}

/** One line of a quote; numbers in canonical form, `null` where the CRM holds nothing. */
export interface Line {
  name: Value;
  description: Value;
  quantity: Value;
  price: Value;
  /** Per cent. */
  discount: Value;
  /** HubSpot's word: monthly, annually, …; null: once. */
  billing: Value;
  amount: Value;
}

/** The lines of a `lines` value: JSON, in the order in which they stand on the quote. */
export function linesOf(value: Value): Line[] {
  if (value === null) return [];
  try {
    const lines: unknown = JSON.parse(value);
    return Array.isArray(lines) ? lines.filter(isLine) : [];
  } catch {
    return []; // not one of ours
  }
}

function isLine(line: unknown): line is Line {
  return typeof line === 'object' && line !== null && 'name' in line && 'amount' in line;
}

/** The `lines` value of these lines. */
export function fromLines(lines: readonly Line[]): Value {
  const plain = lines.map(({ name, description, quantity, price, discount, billing, amount }) => ({
    ...{ name, description, quantity, price, discount, billing, amount },
  }));
  return plain.length === 0 ? null : JSON.stringify(plain);
}

/** The value as a person reads it, without the options' labels (those are the CRM's to give). */
export function show(kind: Kind, value: Value): string {
  if (value === null) return '—';
  switch (kind) {
    case 'boolean':
      return value === 'true' ? 'Yes' : 'No';
    case 'choices':
      return members(value).join(', ');
    case 'datetime':
      return value.replace('T', ' ').replace(/(:\d\d)(\.\d+)?Z$/, '$1 UTC');
    case 'currency':
      return grouped(value);
    case 'lines':
      return linesOf(value).map(showLine).join('\n');
    case 'text':
    case 'longtext':
    case 'email':
    case 'phone':
    case 'url':
    case 'number':
    case 'date':
    case 'choice':
    case 'owner':
      return value;
    default:
      return kind satisfies never;
  }
}

function canonicalPhone(text: string): Value {
  const digits = text.replace(/\D/g, '');
  const national = digits.replace(/^(00)+/, '');
  if (national === '') return text;
  return text.startsWith('+') || digits.startsWith('00') ? `+${national}` : digits;
}

function canonicalUrl(text: string): Value {
  const parts = /^([a-z][a-z0-9+.-]*):\/\/([^/?#]*)(.*)$/i.exec(text);
  if (parts === null) return text;
  const [, scheme = '', host = '', rest = ''] = parts;
  return `${scheme.toLowerCase()}://${host.toLowerCase()}${rest === '/' ? '' : rest}`;
}

function canonicalNumber(text: string): Value {
  const parts = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d+))?$/i.exec(text);
  if (parts === null) return text;
  const [, sign = '', whole = '', fraction = '', exponent] = parts;
  if (whole === '' && fraction === '') return text;
  const digits = (whole + fraction).replace(/^0+/, '');
  if (exponent !== undefined || (fraction !== '' && digits.length > NUMBER_MAX_DIGITS))
    return viaDouble(text);
  const left = whole.replace(/^0+(?=\d)/, '') || '0';
  const right = fraction.replace(/0+$/, '');
  const plain = right === '' ? left : `${left}.${right}`;
  return sign === '-' && plain !== '0' ? `-${plain}` : plain;
}

/** HubSpot sends 0.4 as "0.40000000000000002220446…": the shortest text of the same double is the same number. */
function viaDouble(text: string): Value {
  const number = Number(text);
  if (!Number.isFinite(number)) return text;
  const shortest = String(number === 0 ? 0 : number);
  return shortest.includes('e') ? text.toLowerCase() : shortest;
}

function canonicalDate(text: string): Value {
  if (/^-?\d{9,}$/.test(text)) return isoDay(Number(text)) ?? text;
  const parts = /^(\d{4}-\d{2}-\d{2})(T.*)?$/.exec(text);
  return parts?.[1] ?? text;
}

function canonicalDatetime(text: string): Value {
  if (/^-?\d{9,}$/.test(text)) return isoInstant(Number(text)) ?? text;
  const parts =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2})(?::(\d{2}))?(?:\.(\d{1,9}))?(Z|[+-]\d{2}:?\d{2})?)?$/i.exec(
      text,
    );
  if (parts === null) return text;
  const [, day = '', minutes = '00:00', seconds = '00', fraction = '', zone = 'Z'] = parts;
  const days = dayNumber(day);
  const millisOfDay = clockMillis(minutes, seconds);
  if (days === null || millisOfDay === null) return text;
  const ms = days * DAY_MS + millisOfDay + Number(fraction.slice(0, 3).padEnd(3, '0')) - zoneMillis(zone);
  return isoInstant(ms) ?? text;
}

function canonicalBoolean(text: string): Value {
  const lower = text.toLowerCase();
  if (lower === 'true' || lower === 'yes') return 'true';
  if (lower === 'false' || lower === 'no') return 'false';
  return text;
}

function canonicalChoices(text: string): Value {
  const options = text.split(';').map((option) => option.trim());
  const unique = [...new Set(options.filter((option) => option !== ''))].sort();
  return unique.length === 0 ? null : unique.join(';');
}

function problemOf(kind: Kind, value: string): Problem | null {
  if (value.length > (kind === 'longtext' ? LONGTEXT_MAX_CHARS : TEXT_MAX_CHARS)) return 'too-long';
  if (/[\u0000-\u0008\u000b-\u001f\u007f]/.test(value)) return 'control-characters';
  switch (kind) {
    case 'text':
      return value.includes('\n') ? 'control-characters' : null;
    case 'longtext':
    case 'choice':
    case 'choices':
    case 'lines':
      return null;
    case 'email':
      return /^[^\s@<>()[\],;:"]+@[^\s@.]+(\.[^\s@.]+)+$/.test(value) ? null : 'not-an-email';
    case 'phone':
      return /^\+?\d{4,15}$/.test(value) ? null : 'not-a-phone';
    case 'url':
      return /^https?:\/\/[^\s/?#]+\.[^\s/?#.]+([/?#]\S*)?$/.test(value) ? null : 'not-a-url';
    case 'number':
    case 'currency':
      return /^-?\d+(\.\d+)?$/.test(value) ? null : 'not-a-number';
    case 'date':
      return dayNumber(value) === null ? 'not-a-date' : null;
    case 'datetime':
      return /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/.test(value) ? null : 'not-a-time';
    case 'boolean':
      return value === 'true' || value === 'false' ? null : 'not-yes-or-no';
    case 'owner':
      return /^\d+$/.test(value) ? null : 'not-an-owner';
    default:
      return kind satisfies never;
  }
}

function grouped(number: string): string {
  const [whole = '', fraction] = number.split('.');
  const left = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? left : `${left}.${fraction.padEnd(2, '0')}`;
}

function showLine({ name, quantity, price, discount, amount }: Line): string {
  const off = discount === null || discount === '0' ? '' : `, less ${discount} %`;
  const sum = amount === null ? '' : ` = ${grouped(amount)}`;
  return `${quantity ?? '1'} × ${name ?? '—'} at ${grouped(price ?? '0')}${off}${sum}`;
}

const DAY_MS = 86_400_000;

/** Days since 1970-01-01, or null when there is no such day (2026-02-30). */
function dayNumber(iso: string): number | null {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(iso)) return null;
  const ms = Date.parse(`${iso}T00:00:00.000Z`);
  return Number.isNaN(ms) || isoDay(ms) !== iso ? null : ms / DAY_MS;
}

function isoDay(ms: number): string | null {
  return isoInstant(ms)?.slice(0, 10) ?? null;
}

function isoInstant(ms: number): string | null {
  const instant = new Date(ms);
  if (Number.isNaN(instant.getTime())) return null;
  const iso = instant.toISOString();
  return iso.length === 24 ? iso : null; // years outside 0..9999 have a sign
}

function clockMillis(minutes: string, seconds: string): number | null {
  const [h, m, s] = [Number(minutes.slice(0, 2)), Number(minutes.slice(3, 5)), Number(seconds)];
  return h > 23 || m > 59 || s > 59 ? null : ((h * 60 + m) * 60 + s) * 1_000;
}

function zoneMillis(zone: string): number {
  if (/^z$/i.test(zone)) return 0;
  const digits = zone.replace(':', '');
  const minutes = Number(digits.slice(1, 3)) * 60 + Number(digits.slice(3, 5));
  return (zone.startsWith('-') ? -1 : 1) * minutes * 60_000;
}
