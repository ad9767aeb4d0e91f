/** Every sentence a customer reads, in one place, beside no logic. */
import type { Refusal } from '@tallystick/shared/decide';
import type { EditState, UnlinkedReason } from '@tallystick/shared/messages';

/** Why a value, or a change, was not taken. */
export const REFUSALS: Readonly<Record<Refusal, string>> = {
  'too-long': 'This text is too long.',
  'control-characters':
    'This text has characters that cannot be stored, such as line breaks in a one-line field.',
  'not-an-email': 'This is not an e-mail address.',
  'not-a-phone':
    'This is not a phone number. Please write it with its country code and without an extension, such as +44 20 7946 0018.',
  'not-a-url': 'This is not a web address. It starts with https:// or http://.',
  'not-a-number': 'This is not a number.',
  'not-a-date': 'This is not a date.',
  'not-a-time': 'This is not a date with a time.',
  'not-yes-or-no': 'Please answer yes or no.',
  'not-an-option': 'This is not one of the options.',
  'not-an-owner': 'This is not one of our people.',
  'not-yours-to-change': 'You cannot change this here. Please ask us.',
  required: 'This cannot be empty.',
  'property-gone': 'This cannot be changed at the moment. We have been told.',
  'property-read-only': 'This cannot be changed at the moment. We have been told.',
  'property-unfit': 'This cannot be changed at the moment. We have been told.',
  'changed-while-looking': 'This changed while you were looking. Please read it again and decide then.',
  declined: 'Our team did not agree to this change.',
  'settled-before': 'This had been decided before.',
  'held-back':
    'Very many changes like this one came at once, and our team did not let them through. Please ask us.',
  'record-gone': 'This record is no longer there.',
  'record-merged':
    'This record was put together with another one. Please open it again and repeat your change.',
  'crm-refused': 'Our records did not take this value. Please check it, or ask us.',
};

/** Why a file was not taken. */
export const FILE_REFUSALS = {
  empty: 'This file is empty.',
  'too-large': 'This file is too large.',
  'not-allowed': 'Files of this kind cannot be taken. PDF, images, text and office documents can.',
  'other-content': 'The file is not what its name says. Please save it again and try once more.',
  'archive-bomb': 'This document would be too large when opened.',
  macros: 'Documents with macros cannot be taken. Please save it without them.',
  infected: 'Our virus scanner found something in this file.',
} as const;

export const NO_SUCH_FIELD = 'There is no such field.';
export const ONE_VALUE = 'This takes one value, not several.';

/** What a receipt says of one field, by its state; a refusal says its reason instead. */
export const RECEIPT_SENTENCES: Readonly<Record<Exclude<EditState, 'refused'>, string>> = {
  accepted: 'We have your change and are passing it on.',
  written: 'Your change is in our records; we are making sure of it.',
  verified: 'Your change is in our records.',
  held: 'Our team will look at your change before it counts.',
  superseded: 'Somebody else’s change counts here; both are kept.',
};

/** Finer than the state, where the rule tells more. */
export const RULE_SENTENCES: Readonly<Record<string, string>> = {
  D1: 'Our records already say so.',
  D5: 'Our team changed this while you were editing, and their change counts here.',
  D7: 'Our team changed this after you did, and the later change counts here.',
  D9: 'Our team changed this while you were editing. They will decide which of the two counts.',
  D10: 'Our team has to agree to this change first.',
  R2: 'Our team looked at both and decided that ours counts.',
  R4: 'Our team looked at both and decided on another value.',
  A2: 'This changed at the very moment you decided, so your decision does not count. Please read it again.',
  F1: 'A later change of yours took its place.',
  S3: 'Your change was in our records, and then somebody changed it again.',
};

/** While staff look at many changes that came at once (K3). */
export const HELD_BACK = 'Very many changes came at once, so our team looks at them first. Yours is kept.';

/** What is said of another system, by how it answered; null: nothing needs to be said. */
export const SOURCE_SENTENCES = {
  fresh: null,
  aged: 'This is not up to date: the system it comes from does not answer at the moment.',
  down: 'This cannot be shown at the moment: the system it comes from does not answer. Please try again later.',
  unlinked: 'Nothing is linked to this company yet.',
  cut: 'Only the newest entries are shown.',
} as const;
export const NAME_A_COMPANY = 'You look after several companies: name one with `company`.';
/** Why somebody who signed in sees nothing, and what happens next. */
export const UNLINKED: Readonly<Record<UnlinkedReason, string>> = {
  checking: 'We are looking up your records. This takes a moment.',
  'no-contact': 'We do not know this e-mail address. We have been told, or sign in with another address.',
  'several-contacts':
    'This e-mail address is not clear in our records. We have been told and will put it right.',
  'shared-address':
    'This e-mail address looks like one that several people read. We have been told; or sign in with your own.',
  'reused-address':
    'Somebody signed in with this e-mail address in another way before, or it was somebody else’s. If that was you, sign in as you did then; we have been told and will check it.',
  'no-company': 'Your company is not open in the portal yet. We have been told.',
  'unproven-address':
    'The service you signed in with does not vouch for your e-mail address. Please sign in by a link instead.',
  'address-moved':
    'In our records your e-mail address has changed. Please sign in with the new one; we have been told as well.',
  gone: 'We no longer have you in our records. Please ask us.',
  refused: 'Our team could not confirm who you are. Please ask us.',
};

/** The mail with the link. */
export const MAIL = {
  subject: 'Your link to sign in',
  text: (link: string, host: string): string =>
    `Hello,

somebody, hopefully you, asked to sign in at ${host}. Open this link in the same browser:

${link}

It works once and for ten minutes. If you did not ask for it, you need do nothing.
`,
};

/** Problems of a request as a whole: by code, a title and one sentence. */
export const PROBLEMS = {
  'sign-in': [401, 'Sign in', 'Please sign in, or send a valid access token.'],
  'not-linked': [403, 'Not linked', 'You are signed in, but we do not know for certain who you are.'],
  'prove-again': [403, 'Prove who you are', 'Please sign in again before you change this.'],
  'cross-site': [403, 'Not from here', 'This request did not come from a page of the portal.'],
  'way-not-offered': [404, 'Not offered', 'This way of signing in is not offered here.'],
  'link-over': [
    410,
    'Link no longer valid',
    'This link was used before or is too old. Please ask for a new one.',
  ],
  'other-browser': [
    403,
    'Another browser',
    'Please open the link in the browser in which you asked for it, or ask for a new one here.',
  ],
  'not-found': [404, 'Not found', 'There is no such record.'],
  'no-such-address': [404, 'Not found', 'There is nothing at this address.'],
  'method-not-allowed': [405, 'Method not allowed', 'This address does not take that method.'],
  'not-json': [415, 'Not JSON', 'Send the request as application/json.'],
  encoded: [415, 'Encoded', 'Send the request as it is, not packed.'],
  'bad-json': [400, 'Bad request', 'The request is not valid JSON.'],
  'bad-request': [400, 'Bad request', 'The request is not of the documented form.'],
  'too-large': [413, 'Too large', 'The request is too large.'],
  'precondition-required': [
    428,
    'Say what was seen',
    'Send If-Match with the version you saw, or `seen` for each field.',
  ],
  'unknown-version': [
    400,
    'Unknown version',
    'That version is not one this record ever had. Read the record again.',
  ],
  'version-expired': [
    409,
    'Version expired',
    'That version is too old to compare with. Read the record again.',
  ],
  'idempotency-key-required': [
    400,
    'Idempotency key missing',
    'Send an Idempotency-Key of 1 to 200 characters.',
  ],
  'idempotency-key-reused': [
    422,
    'Idempotency key reused',
    'That Idempotency-Key was used for another request.',
  ],
  'cannot-be-made': [
    503,
    'Not possible just now',
    'This cannot be done here at the moment, because of a setting on our side. Please call or write to us.',
  ],
  'which-company': [422, 'Which company?', 'Say for which of your companies this is.'],
  'no-such-upload': [404, 'Not found', 'There is no such upload.'],
  'not-bytes': [415, 'Not bytes', 'Send the piece as application/octet-stream.'],
  'wrong-offset': [409, 'Wrong offset', 'The file is at another place by now: Upload-Offset says where.'],
  'upload-incomplete': [409, 'Upload incomplete', 'Parts of the file are still missing.'],
  'too-many-uploads': [429, 'Too many uploads', 'Too many files are under way. Please wait for them.'],
  'file-refused': [422, 'Please check', 'This file cannot be taken.'],
  'scanner-down': [
    503,
    'Please try again',
    'The file could not be checked just now. Please try again in a minute.',
  ],
  'file-unavailable': [
    503,
    'Please try again',
    'The file cannot be fetched just now. Please try again in a minute.',
  ],
  'too-late': [409, 'Too late', 'The day until which this could be done is over. Please ask us.'],
  'fields-refused': [422, 'Please check', 'Some of the values cannot be taken.'],
  'too-many-requests': [429, 'Too many requests', 'Please wait a moment and try again.'],
  'too-many-streams': [429, 'Too many streams', 'Too many live connections are open for you.'],
} as const satisfies Record<string, readonly [status: number, title: string, detail: string]>;
