/**
 * Which contact somebody is who proved an address: never a guess. Pure.
 *
 * The CRM is asked for the one contact whose primary e-mail the address is; everything that speaks against it makes a
 * claim that staff decide. The first reason in the order of the lines below counts.
 */
import type { RecordId } from '@tallystick/shared/ids';
import type { ClaimReason } from '../store/signInTables.ts';

/** The contact that the CRM names for an address, or for an id. */
export interface FoundContact {
  contactId: RecordId;
  /** In canonical form. */
  email: string | null;
  /** Its secondary addresses, in canonical form. */
  additional: readonly string[];
}

export interface LinkFacts {
  address: string;
  /** What the CRM has for the address; null: nothing. */
  found: FoundContact | null;
  /** Other present contacts with this primary e-mail, as the mirror has it. */
  otherHolders: readonly RecordId[];
  /** Other contacts that had it before, or that are gone and have it. */
  formerHolders: readonly RecordId[];
  /** Somebody else is or was linked to that contact, or by that address. */
  isTaken: boolean;
  /** The contact reaches a company that an audience of ours admits. */
  hasCompany: boolean;
}

export type LinkDecision =
  { do: 'link'; contact: FoundContact } | { do: 'claim'; reason: ClaimReason; candidates: RecordId[] };

export function decideLink(facts: LinkFacts): LinkDecision {
  const { address, found, otherHolders, formerHolders } = facts;
  const candidates = [...new Set([...(found === null ? [] : [found.contactId]), ...otherHolders])];
  const claim = (reason: ClaimReason): LinkDecision => ({ do: 'claim', reason, candidates });
  if (isRoleAddress(address)) return claim('shared-address');
  if (found === null && otherHolders.length === 0) return claim('no-contact');
  if (found?.email !== address || otherHolders.length > 0) return claim('several-contacts');
  if (formerHolders.length > 0 || facts.isTaken) return claim('reused-address');
  if (!facts.hasCompany) return claim('no-company');
  return { do: 'link', contact: found };
}

export interface TieFacts {
  /** The contact and its primary e-mail as the tie has them, and the address that was proven. */
  contactId: RecordId;
  contactEmail: string | null;
  address: string | null;
  /** The contact as the CRM has it now, or the one that it was merged into; null: gone. */
  now: FoundContact | null;
  /** Whom the CRM names for the address now. */
  found: FoundContact | null;
}

export type TieDecision =
  | { do: 'keep' }
  /** The same person, under the survivor's id or with the proven address as the primary one. */
  | { do: 'follow'; contact: FoundContact }
  | { do: 'end'; why: 'address-moved' | 'gone'; reason: ClaimReason; candidates: RecordId[] };

/** Whether somebody is still who they were linked to, after the contact moved. */
export function reviewTie({ contactId, contactEmail, address, now, found }: TieFacts): TieDecision {
  if (now === null) {
    // An archived contact may be restored; but who has the address now is another person.
    if (found === null) return { do: 'keep' };
    return { do: 'end', why: 'gone', reason: 'reused-address', candidates: [found.contactId] };
  }
  const isMerged = now.contactId !== contactId;
  if (now.email === contactEmail) return isMerged ? { do: 'follow', contact: now } : { do: 'keep' };
  const isOwn = address !== null && now.email === address;
  // A merge keeps the other contact's address as a secondary one (docs: contacts guide).
  const isKept = address !== null && isMerged && now.additional.includes(address);
  if (isOwn || isKept) return { do: 'follow', contact: now };
  return { do: 'end', why: 'address-moved', reason: 'address-moved', candidates: [now.contactId] };
}

/** Addresses of a role, not of a person: whoever reads them is not known. RFC 2142, and what firms use besides. */
const ROLE_NAMES: ReadonlySet<string> = new Set([
  ...['abuse', 'accounting', 'accounts', 'admin', 'administration', 'billing', 'buchhaltung', 'contact'],
  ...['customerservice', 'einkauf', 'enquiries', 'finance', 'hello', 'help', 'helpdesk', 'hostmaster', 'hr'],
  ...['info', 'invoice', 'invoices', 'it', 'jobs', 'kontakt', 'legal', 'mail', 'marketing', 'news', 'noc'],
  ...['no-reply', 'noreply', 'office', 'order', 'orders', 'payments', 'postmaster', 'purchasing', 'rechnung'],
  ...[
    'reception',
    'root',
    'sales',
    'security',
    'service',
    'shop',
    'support',
    'team',
    'vertrieb',
    'webmaster',
  ],
]);

/** `info+berlin@…` is read by those who read `info@…`. */
export function isRoleAddress(address: string): boolean {
  const [name = ''] = address.toLowerCase().split(/[@+]/);
  return ROLE_NAMES.has(name.replaceAll(/[._]/g, ''));
}
