/** Values as this person reads them: in their language and time zone, with the CRM's labels for options. Pure. */
import type { FieldMeta } from '@tallystick/shared/messages';
import { linesOf, members, type Value } from '@tallystick/shared/values';
import { WORDS } from './words.ts';

/** One line of plain text; what comes from the CRM is never markup. */
export function textOf(meta: Pick<FieldMeta, 'kind' | 'options'>, value: Value, currency?: Value): string {
  if (value === null) return WORDS.none;
  switch (meta.kind) {
    case 'choice':
    case 'owner':
      return labelOf(meta, value);
    case 'choices':
      return members(value)
        .map((option) => labelOf(meta, option))
        .join(', ');
    case 'boolean':
      return value === 'true' ? WORDS.yes : WORDS.no;
    case 'date':
      return dayOf(value);
    case 'datetime':
      return instantOf(value);
    case 'number':
      return numberOf(value);
    case 'currency':
      return moneyOf(value, currency ?? null);
    case 'lines':
      return String(linesOf(value).length);
    default:
      return value;
  }
}

export const labelOf = ({ options }: Pick<FieldMeta, 'options'>, value: string): string =>
  options?.find((option) => option.value === value)?.label ?? value;

/** An option of another system, which has no labels for it: "partly_paid" reads as "Partly paid". */
export function optionOf(value: Value): string {
  if (value === null) return WORDS.none;
  const words = value.replaceAll(/[_-]+/g, ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

export function moneyOf(value: Value, currency: Value): string {
  if (value === null) return WORDS.none;
  const number = Number(value);
  if (!Number.isFinite(number)) return value;
  const isCode = currency !== null && /^[A-Z]{3}$/.test(currency);
  return new Intl.NumberFormat(undefined, {
    minimumFractionDigits: 2,
    ...(isCode ? { style: 'currency', currency } : {}),
  }).format(number);
}

export function numberOf(value: string): string {
  const number = Number(value);
  return Number.isFinite(number) ? new Intl.NumberFormat().format(number) : value;
}

/** A day is the same day wherever it is read. */
export function dayOf(value: string): string {
  const ms = Date.parse(`${value}T00:00:00Z`);
  if (Number.isNaN(ms)) return value;
  return new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeZone: 'UTC' }).format(ms);
}

export function instantOf(value: string): string {
  const ms = Date.parse(value);
  if (Number.isNaN(ms)) return value;
  return new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' }).format(ms);
}

export const timeOf = (ms: number): string =>
  new Intl.DateTimeFormat(undefined, { timeStyle: 'short' }).format(ms);

export function ageOf(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1_000));
  if (s < 2) return WORDS.justNow;
  if (s < 60) return WORDS.seconds(s);
  if (s < 3_600) return WORDS.minutes(Math.floor(s / 60));
  return s < 86_400 ? WORDS.hours(Math.floor(s / 3_600)) : WORDS.days(Math.floor(s / 86_400));
}

export function sizeOf(bytes: Value): string {
  const number = Number(bytes ?? 'none');
  if (!Number.isFinite(number)) return '';
  const rounded = (by: number): string =>
    new Intl.NumberFormat(undefined, { maximumFractionDigits: 1 }).format(number / by);
  if (number < 1_000) return WORDS.bytes(rounded(1));
  return number < 1_000_000 ? WORDS.kilobytes(rounded(1_000)) : WORDS.megabytes(rounded(1_000_000));
}

/** Only an address of the web may become a link. */
export function webAddress(value: string): string | null {
  if (!URL.canParse(value)) return null;
  const { protocol, href } = new URL(value);
  return protocol === 'https:' || protocol === 'http:' ? href : null;
}

/** The order decides: most browsers claim to be several. */
const BROWSERS = [
  ['Edg', 'Edge'],
  ['OPR', 'Opera'],
  ['Firefox', 'Firefox'],
  ['FxiOS', 'Firefox'],
  ['Chrome', 'Chrome'],
  ['CriOS', 'Chrome'],
  ['Safari', 'Safari'],
] as const;
const DEVICES = [
  ['iPhone', 'iPhone'],
  ['iPad', 'iPad'],
  ['Android', 'Android'],
  ['Windows', 'Windows'],
  ['Mac OS', 'Mac'],
  ['CrOS', 'Chromebook'],
  ['Linux', 'Linux'],
] as const;

/** "Safari on iPhone" from what a browser says of itself; what is not known stays as it is. */
export function browserOf(said: string): string {
  const browser = BROWSERS.find(([mark]) => said.includes(mark))?.[1];
  const device = DEVICES.find(([mark]) => said.includes(mark))?.[1];
  return browser === undefined || device === undefined ? said : WORDS.browserOn(browser, device);
}
