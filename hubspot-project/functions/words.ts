/** What `checkRecord` says. No logic beside it. */
import type { Decision, Refusal } from '@tallystick/shared/decide';

export const DECISIONS: Readonly<Record<Decision['do'], string>> = {
  write: 'It would be written, and then proven from the CRM’s history.',
  already: 'The CRM already says so: nothing would be written.',
  refuse: 'It would be refused:',
  propose: 'It would wait for a colleague’s approval; the CRM’s value stands until then.',
  yield: 'The CRM’s value would stand.',
  hold: 'It would wait for a colleague’s decision; the CRM’s value stands until then.',
};

export const REASONS: Readonly<Record<Refusal | 'no-such-field' | 'one-value-only', string>> = {
  'no-such-field': 'this audience sees no such field.',
  'one-value-only': 'the field takes one value, not several.',
  'too-long': 'the text is too long.',
  'control-characters': 'the text has characters that cannot be stored.',
  'not-an-email': 'this is not an e-mail address.',
  'not-a-phone': 'this is not a phone number.',
  'not-a-url': 'this is not a web address.',
  'not-a-number': 'this is not a number.',
  'not-a-date': 'this is not a date.',
  'not-a-time': 'this is not a date with a time.',
  'not-yes-or-no': 'this is neither yes nor no.',
  'not-an-option': 'this is not one of the CRM’s options.',
  'not-an-owner': 'this is not the id of an owner.',
  'not-yours-to-change': 'this audience may not change the field this way.',
  required: 'the rules want a value here.',
  'property-gone': 'the CRM has no such property.',
  'property-read-only': 'the CRM lets nobody write the property.',
  'property-unfit': 'the CRM’s property is of a type that cannot hold the field.',
  'changed-while-looking': 'something that was read changed meanwhile.',
  declined: 'a colleague declined it.',
  'settled-before': 'it had been decided before.',
  'held-back': 'an administrator did not let it through.',
  'record-gone': 'the record is no longer there.',
  'record-merged': 'the record was merged into another one.',
  'crm-refused': 'the CRM does not take this value.',
};
