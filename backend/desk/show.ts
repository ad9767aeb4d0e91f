/** Values as staff read them: the CRM's own labels for options, long texts cut. */
import { fieldOf, type AppObject } from '@tallystick/shared/ownership';
import { members, show, type Value } from '@tallystick/shared/values';
import type { Canary } from '../store/canaries.ts';
import type { Definition } from '../store/database.ts';

/** Keeps an answer with every field of a record well below what a card may be sent. */
export const TEXT_MAX_CHARS = 160;

export type Definitions = ReadonlyMap<string, Definition>;

export function showValue(definitions: Definitions, object: AppObject, field: string, value: Value): string {
  const spec = fieldOf(object, field);
  if (spec === undefined || value === null) return cut(value ?? '—');
  const options = definitions.get(`${object}:${spec.property}`)?.options ?? null;
  const label = (option: string): string => options?.find((each) => each.value === option)?.label ?? option;
  if (spec.kind === 'choices') return cut(members(value).map(label).join(', '));
  if (spec.kind === 'choice' || spec.kind === 'owner') return cut(label(value));
  return cut(show(spec.kind, value));
}

export const cut = (text: string): string =>
  text.length > TEXT_MAX_CHARS ? `${text.slice(0, TEXT_MAX_CHARS - 1)}…` : text;

const OPTIONS_MAX = 60;

/** The options a person may choose from, where there are not too many to send. */
export function optionsOf(
  definitions: Definitions,
  object: AppObject,
  field: string,
): { value: string; label: string }[] | undefined {
  const property = fieldOf(object, field)?.property ?? field;
  const options = definitions.get(`${object}:${property}`)?.options?.filter((option) => !option.hidden);
  if (options === undefined || options.length > OPTIONS_MAX) return undefined;
  return options.map(({ value, label }) => ({ value, label }));
}

const HOUR_MS = 3_600_000;

/** "350 ms", "12 s", "5 min", "3 h", "2 days". */
export function inWords(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  if (ms < 60_000) return `${Math.round(ms / 1_000)} s`;
  if (ms < HOUR_MS) return `${Math.round(ms / 60_000)} min`;
  return ms < 48 * HOUR_MS ? `${Math.round(ms / HOUR_MS)} h` : `${Math.round(ms / (24 * HOUR_MS))} days`;
}

/** The canary's round trip, for the health page and the command line. */
export function canaryText({ outMs, inMs, problem, askedAt }: Canary, now: number): string {
  if (problem !== null) return problem;
  const ms = (value: number | null): string => (value === null ? 'not yet' : `${value} ms`);
  const age = askedAt === null ? 'never' : `${inWords(now - askedAt)} ago`;
  return `edit to proven ${ms(outMs)}, change to webhook ${ms(inMs)}, the newest ${age}`;
}
