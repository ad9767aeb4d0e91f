/** Who decides, as of now, and how they have proven who they are: kept with a decision and signed with it. */
import type { StatementEvidence } from '@tallystick/shared/messages';
import { personNameOf } from '../store/people.ts';
import { loadRecords } from '../store/records.ts';
import type { PortalDeps } from './access.ts';
import type { Session } from './session.ts';

export async function evidenceOf({ db }: PortalDeps, { person, by }: Session): Promise<StatementEvidence> {
  const { hubId, contactId } = person;
  const [contact] = await loadRecords(db, hubId, [{ object: 'contact', recordId: contactId }]);
  const fields = contact?.fields ?? {};
  return {
    name: personNameOf(contactId, fields),
    email: fields.email?.value ?? null,
    session:
      by.is === 'token'
        ? { by: 'token' }
        : {
            ...{ by: 'sign-in', sessionId: by.sessionId, address: by.proven },
            provenAt: new Date(by.provenAt).toISOString(),
          },
  };
}
