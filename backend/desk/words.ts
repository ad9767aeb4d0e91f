/** What the lanes are called where people read of them. */
import type { Lane } from '../store/lanes.ts';
import type { ClaimReason } from '../store/signInTables.ts';

export const LANE_SENTENCES: Readonly<Record<Lane, string>> = {
  edit: 'customers’ edits to write',
  read: 'pages waiting for a fresh value',
  settle: 'writes to prove',
  observe: 'changes to confirm',
  reconcile: 'records to compare',
  backfill: 'records to load',
};

/** Why it is not certain which contact somebody is who signed in. */
export const CLAIM_SENTENCES: Readonly<Record<ClaimReason, string>> = {
  'no-contact': 'No contact in the CRM has this address.',
  'several-contacts':
    'The address is not the primary e-mail of exactly one contact: it is a secondary one, or another contact has it as well.',
  'shared-address': 'This is the address of a role, so several people may read it.',
  'reused-address':
    'The address, or the contact, was somebody else’s before: whoever reads the mailbox now may be another person.',
  'no-company': 'The contact has this address, but no company through which it would see anything.',
  'address-moved':
    'The contact has another e-mail now than the one this person proved, so their link was ended.',
};
