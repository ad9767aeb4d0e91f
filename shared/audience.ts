/** Of which audience a contact is, and which companies it reaches: computed from its associations, stored nowhere. */
import type { AudienceSpec } from './defineOwnership.ts';
import type { RecordId } from './ids.ts';
import { isAudience, ownership, type AppAudience } from './ownership.ts';

export interface CompanyLink {
  companyId: RecordId;
  isPrimary: boolean;
  labels: readonly string[];
}

/** The companies a person reaches: where everything else they see hangs. */
export type Reach = ReadonlySet<RecordId>;

/** Of which audience a contact is: the first of the file whose companies it reaches and that admits it; null: of none. */
export function audienceOf(linksOfContact: readonly CompanyLink[]): AppAudience | null {
  const found = Object.entries(ownership.audiences).find(([name, spec]: [string, AudienceSpec]) => {
    if (!isAudience(name)) return false;
    const reach = reachOf(name, linksOfContact);
    const { admits } = spec;
    return linksOfContact.some(
      ({ companyId, labels }) =>
        reach.has(companyId) && (admits === undefined || labels.includes(admits.association)),
    );
  });
  return found !== undefined && isAudience(found[0]) ? found[0] : null;
}

export function reachOf(audience: AppAudience, linksOfContact: readonly CompanyLink[]): Reach {
  const { reaches } = ownership.audiences[audience];
  const reached = linksOfContact.filter((link) =>
    reaches.company === 'primary' ? link.isPrimary : link.labels.includes(reaches.association),
  );
  return new Set(reached.map((link) => link.companyId));
}
