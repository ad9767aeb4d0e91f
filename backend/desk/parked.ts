/** Parked work in words: what went wrong, and what to do. */
import type { DeskParked } from '@tallystick/shared/deskMessages';
import type { ParkedRow } from '../store/parked.ts';

const ADVICE: Readonly<Record<string, string>> = {
  refused:
    'The CRM refuses to give this record out. Check that the app still has its scopes, then try again.',
  gone: 'The CRM says that the record is gone. Try again; if it stays so, discard the work.',
  'cannot-store':
    'A value of this record could not be stored. Look for unusual characters in it, then try again.',
};
const ADVICE_ELSE =
  'Try again. If it fails once more, open the record in the CRM and look for what is unusual.';

export function deskParked(
  { object, recordId, parkedAt, attempts, error }: ParkedRow,
  title: string,
): DeskParked {
  return {
    object,
    recordId,
    title,
    since: new Date(parkedAt).toISOString(),
    attempts,
    error: error.message,
    advice: ADVICE[error.code] ?? ADVICE_ELSE,
  };
}
