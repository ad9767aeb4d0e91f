/** What the lanes are called where people read of them. */
import type { AlertChannel } from '../store/operatingTables.ts';
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

/** Beside the proof of a decision that was made on what was shown. */
export const signedSentence = (editId: string): string =>
  `A signed statement of who decided what is kept with receipt ${editId}.`;

/** Why customers cannot make something. */
export const barredSentence = ({
  label,
  property,
  of,
}: {
  label: string;
  property: string;
  of: string;
}): string =>
  `“${label}” is refused: the property ${property} of ${of} is not unique in the CRM, so a call sent twice would make two.`;
export const BARRED_ADVICE =
  'Make the property anew in the CRM with “Require unique values for this property”: it cannot be changed later.';

/** What to do about an endpoint that is not told of changes. */
export const HOOK_ADVICE = {
  failing: 'See whether it answers 2xx. Nothing is lost: everything it missed is sent in order when it does.',
  gone: 'If it is to be told again, take it out of HOOKS, start the service, put it in and start again; it then begins anew.',
} as const;

/** What to do about another system, by what is wrong with it. */
export const SOURCE_ADVICE: Readonly<Record<string, string>> = {
  unreachable:
    'See whether it runs and whether the address in the settings is right. Customers see its last word with its age.',
  'too-slow':
    'See whether its views have an index on the customer. Customers see its last word with its age.',
  barred: 'Give the role SELECT on the views that shared/ownership.ts names, and check its password.',
  misfit: 'Make the views and columns that shared/ownership.ts names; the key and the id are text.',
  'may-write': 'Take every right but SELECT on the views from the role. Until then nothing is read with it.',
  withheld:
    'If it is right, empty the fields in the CRM yourself. If not, mend its view: the next look counts.',
  odd: 'Compare the keys in the CRM with the other system’s, and the kinds of the fields with its columns.',
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

/** What was raised, behind its number. */
export const WARNING_SENTENCES: Readonly<Record<string, string>> = {
  'missed-by-webhooks': 'changes missed by the webhooks',
  'missed-by-journal': 'changes missed by the webhooks journal',
  'journal-horizon': 'times away for longer than HubSpot keeps its journal',
  'mirror-differs': 'records found to differ and repaired',
  'schema-drift': 'point in which the CRM’s schema no longer fits the rules',
  'mass-change': 'records changed alike in the CRM, more than is plausible',
  'held-set': 'changes held back because too many came at once: see the page Held back',
  'canary-failing': 'times that the canary’s edit did not arrive in the CRM',
  'canary-late': 'times that no webhook told of the canary’s change',
  test: 'test alerts',
};

export const ALERT_CHANNELS: Readonly<Record<AlertChannel, string>> = {
  mail: 'e-mail',
  webhook: 'webhook',
  task: 'HubSpot task',
};
export const NO_ALERTS = {
  text: 'Nobody is told of warnings: no channel is set.',
  advice: 'Set ALERT_MAIL_TO, ALERT_WEBHOOK or ALERT_TASK_OWNER (docs/operations.md, “Alerts”).',
};

/** What is too much at once, by its pattern. */
export const HELD_SENTENCES: Readonly<Record<string, string>> = {
  emptied: '{place} would be emptied on many records',
  oneValue: '{place} would get one and the same value on many records',
  oneOption: '{place} would get one and the same option on many records',
  person: '{who} changes very many records',
  source: '{who} changes nearly all records: {place}',
};
export const heldPlace = (many: string | null, label: string | null): string =>
  many === null ? 'everything' : label === null ? many : `${label} of ${many}`;
export const SOURCE_HELD_ADVICE =
  'Mend it in the other system first: what it says is asked for again at its next look.';

/** Why a write of ours is not put back. */
export const UNDO_LEFT = {
  changed: 'changed since by somebody else, and left alone',
  already: 'hold again what stood there before',
  underway: 'are on their way at the moment',
  source: 'are another system’s, which would write them again',
  action: 'are a customer’s decision, which is not taken back for them',
  gone: 'are of records that are no longer there',
  unfit: 'could not be put back: the CRM or the rules would not take what stood there before',
} as const;

/** How an undo stands. */
export function undoneSentence({
  waiting,
  done,
  refused,
}: {
  waiting: number;
  done: number;
  refused: number;
}): string {
  const left = refused === 0 ? '' : ` ${refused} had changed meanwhile and were left alone.`;
  return waiting === 0
    ? `${done} put back, and proven in the CRM.${left}`
    : `${done} put back so far, ${waiting} on their way.${left}`;
}
