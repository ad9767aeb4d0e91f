/** Phone numbers as people write them, to E.164. A national number needs a country, which the CRM holds in words. */
import type { Parsed } from '@tallystick/shared/values';
import parsePhoneNumber, { getCountries, isSupportedCountry, type CountryCode } from 'libphonenumber-js';

/** `country` is what the CRM says of it: "DE", "Germany", "Deutschland"; null when it says nothing. */
export function readPhone(text: string, country: string | null): Parsed {
  const code = country === null ? undefined : countryCode(country);
  const options = { extract: false, ...(code === undefined ? {} : { defaultCountry: code }) };
  const phone = parsePhoneNumber(text.replace(/^\s*00/, '+'), options);
  // E.164 has no place for an extension: taking the rest of the number would lose it silently.
  if (phone?.isPossible() !== true || phone.ext !== undefined) return { ok: false, problem: 'not-a-phone' };
  return { ok: true, value: phone.number };
}

/** Such a number says its country itself. */
export const isInternational = (text: string): boolean => /^\s*(\+|00)/.test(text);

const LANGUAGES = ['en', 'de', 'fr', 'es', 'it', 'nl', 'pt'];
let byName: Map<string, CountryCode> | undefined;

function countryCode(text: string): CountryCode | undefined {
  const code = text.trim().toUpperCase();
  if (isSupportedCountry(code)) return code;
  byName ??= namesOfCountries();
  return byName.get(text.trim().toLowerCase());
}

function namesOfCountries(): Map<string, CountryCode> {
  const names = new Map<string, CountryCode>([['usa', 'US']]);
  for (const language of LANGUAGES) {
    for (const style of ['long', 'short'] as const) {
      const regions = new Intl.DisplayNames([language], { type: 'region', style });
      for (const code of getCountries()) names.set((regions.of(code) ?? code).toLowerCase(), code);
    }
  }
  return names;
}
