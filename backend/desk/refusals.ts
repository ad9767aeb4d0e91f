/** Everything the desk refuses, with the one sentence its reader gets. */
import type { DeskRecord, DeskRefusal } from '@tallystick/shared/deskMessages';

const SENTENCES = {
  'bad-request': 'The request is not of the documented form.',
  'not-for-you': 'An administrator has taken Tallystick away from your user.',
  'admins-only': 'Only an administrator of Tallystick may do this. Yours is the role of a viewer.',
  'unknown-record': 'Tallystick does not know this record yet. “Sync now” has it read from the CRM.',
  'unknown-object': 'Tallystick keeps no records of this kind.',
  'unknown-field': 'There is no such field in the rules.',
  'owned-elsewhere':
    'Another system’s word counts for this field: it would be put back at once. Change it there.',
  'unknown-person': 'This person has no access to the portal.',
  'unknown-conflict': 'There is no such conflict.',
  moved: 'The record has changed since you saw it, so nothing was done. This is how it stands now.',
  'settled-before': 'Somebody has decided this already, so nothing was done. This is how it stands now.',
  'key-reused': 'This request was sent before with another content, so nothing was done.',
  'value-refused': 'The CRM would not take this value.',
  'nothing-there': 'There is nothing left to do: somebody was faster.',
  'finding-moved':
    'The CRM’s schema has changed since you saw it, so nothing was accepted. Look at it again.',
  'not-acceptable': 'This cannot be accepted: it has to be put right in the CRM or in the ownership file.',
  'record-gone': 'The record is no longer in the CRM, so nothing was written.',
} as const;
export type DeskCode = keyof typeof SENTENCES;

/** An expected refusal, thrown anywhere below a route and answered in one place. */
export class DeskRefused extends Error {
  override name = 'DeskRefused';
  readonly answer: DeskRefusal;

  constructor(code: DeskCode, more: { sentence?: string; fresh?: DeskRecord } = {}) {
    super(code);
    this.answer = { ok: false, code, sentence: SENTENCES[code], ...more };
  }
}
