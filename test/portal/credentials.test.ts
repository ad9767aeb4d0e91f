import { hubId, identityId, recordId, type RecordId } from '@tallystick/shared/ids';
import { describe, expect, test } from 'vitest';
import { isAsOpened } from '../../backend/portal/credentials.ts';
import type { Session } from '../../backend/portal/session.ts';
import type { Tie } from '../../backend/store/identities.ts';
import type { ContactRow, LinkRow } from '../../backend/store/records.ts';

const [hub, ann, eve] = [hubId('4711'), recordId('1'), recordId('2')];
const [acme, beta] = [recordId('100'), recordId('200')];
const link = (companyId: RecordId, label = 'Portal partner', isPrimary = false): LinkRow => ({
  ...{ companyId, isPrimary, labels: [label] },
});
const contact = (...links: LinkRow[]): ContactRow => ({ life: 'present', email: 'ann@acme.example', links });
const PARTNER = contact(link(acme), link(beta));

describe('a session is as it was opened', () => {
  const session: Session = {
    person: { hubId: hub, contactId: ann, audience: 'partner', formerIds: [] },
    reach: new Set([acme, beta]),
    by: { is: 'token', token: 'x' },
  };
  const person = { hubId: hub, contactId: ann, audience: 'partner' as const };
  const tie: Tie = {
    ...{ tieId: 'x', identityId: identityId('00000000-0000-4000-8000-000000000001'), contactId: ann },
    ...{ address: 'ann@acme.example', contactEmail: 'ann@acme.example' },
  };

  test('while token or tie, contact, audience and companies are the same', () => {
    expect(isAsOpened(session, person, PARTNER)).toBe(true);
    expect(isAsOpened(session, tie, PARTNER)).toBe(true);
  });

  test.each([
    ['the token was revoked, or the tie ended', undefined, PARTNER],
    ['it names another contact', { ...person, contactId: eve }, PARTNER],
    ['the contact was archived', person, { ...PARTNER, life: 'archived' }],
    ['the contact was merged', person, { ...PARTNER, life: 'merged:2' }],
    ['the contact was never there', person, undefined],
    ['the token is of another audience', { ...person, audience: 'direct' as const }, PARTNER],
    [
      'the contact has another address than the one that was proven',
      tie,
      { ...PARTNER, email: 'eve@x.example' },
    ],
    ['one company less', person, contact(link(acme))],
    ['one company more', person, contact(link(acme), link(beta), link(recordId('300')))],
    ['one company is another', person, contact(link(acme), link(recordId('300')))],
    ['one company has lost its label', person, contact(link(acme), link(beta, 'Supplier'))],
    ['there is no company any more', tie, contact()],
  ] as const)('not when %s', (_, named, now) => {
    expect(isAsOpened(session, named, now)).toBe(false);
  });

  test('not when a label makes them of another audience with the same companies', () => {
    const member: Session = {
      ...session,
      person: { ...session.person, audience: 'member' },
      reach: new Set([acme]),
    };
    expect(isAsOpened(member, tie, contact(link(acme, 'Billing', true)))).toBe(true);
    expect(isAsOpened(member, tie, contact(link(acme, 'Portal admin', true)))).toBe(false);
  });
});
