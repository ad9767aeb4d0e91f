/** What of the findings can be made in the CRM's schema. Pure: only what is missing, and only what the file says of it. */
import type { Ownership } from '@tallystick/shared/defineOwnership';
import { isObject } from '@tallystick/shared/ownership';
import type { Finding, Fix } from '../store/schemaTables.ts';
import { MADE_AS } from './kinds.ts';
import { isPipeline, isStage, neededProperties } from './needs.ts';

/** HubSpot's own properties begin so; nobody can make one. */
const HUBSPOTS_OWN = /^hs_|^hubspot_/;
const YES_NO = [
  { value: 'true', label: 'Yes' },
  { value: 'false', label: 'No' },
];

export function fixesOf(rules: Ownership, findings: readonly Finding[]): Fix[] {
  const fixes = findings.flatMap((finding) => fixOf(rules, finding) ?? []);
  return fixes.reduce<Fix[]>((all, fix) => {
    const same = all.find((one) => one.do === 'option' && fix.do === 'option' && isOf(one, fix));
    if (same === undefined) return [...all, fix];
    const options = [...same.options, ...fix.options];
    return all.map((one) => (one === same ? { ...same, options } : one));
  }, []);
}

const isOf = (one: Fix, other: Fix): boolean =>
  one.object === other.object && one.property === other.property;

/** Null: it is for a person to put right. */
export function fixOf(rules: Ownership, finding: Finding): Fix | null {
  if (!('property' in finding) || !isObject(finding.object) || HUBSPOTS_OWN.test(finding.property))
    return null;
  const { object, property } = finding;
  const need = neededProperties(rules, object).get(property);
  if (need === undefined || isStage(property) || isPipeline(property)) return null;
  if (finding.code === 'option-missing')
    return {
      do: 'option',
      object,
      property,
      options: [{ value: finding.option, label: named(finding.option) }],
    };
  if (finding.code !== 'property-gone' || need.spec === null) return null;
  const { kind, label } = need.spec;
  const as = MADE_AS[kind];
  if (as === null) return null;
  const options =
    kind === 'boolean' ? YES_NO : [...need.options.keys()].map((value) => ({ value, label: named(value) }));
  // Which options a choice has is the business's to say.
  if (as[0] === 'enumeration' && options.length === 0) return null;
  const [type, fieldType] = as;
  return { do: 'property', object, property, label, type, fieldType, options, unique: need.keyOf.length > 0 };
}

/** `approved` → "Approved". */
const named = (value: string): string => {
  const words = value.replaceAll('_', ' ').toLowerCase();
  return words.charAt(0).toUpperCase() + words.slice(1);
};

export function fixLine(fix: Fix, of: string): string {
  const options = fix.options.map(({ value }) => value).join(', ');
  if (fix.do === 'option') return `add the options ${options} to the property ${fix.property} of ${of}`;
  const unique = fix.unique ? ', unique' : '';
  return `make the property ${fix.property} of ${of} (“${fix.label}”, ${fix.type}/${fix.fieldType}${unique}${options === '' ? '' : `; options ${options}`})`;
}
