/** Which contact somebody is: the two pure decisions, as tables. */
import { recordId } from '@tallystick/shared/ids';
import { describe, expect, test } from 'vitest';
import {
  decideLink,
  isRoleAddress,
  reviewTie,
  type FoundContact,
  type LinkFacts,
  type TieFacts,
} from '../../backend/sync/linking.ts';

const [ANN, BOB] = [recordId('1'), recordId('2')];
const ADDRESS = 'ann@acme.example';
const ann: FoundContact = { contactId: ANN, email: ADDRESS, additional: [] };
const clear: LinkFacts = {
  address: ADDRESS,
  found: ann,
  otherHolders: [],
  formerHolders: [],
  isTaken: false,
  hasCompany: true,
};

describe('a person is linked to the contact with their address', () => {
  test('when nothing speaks against it', () => {
    expect(decideLink(clear)).toEqual({ do: 'link', contact: ann });
  });

  test.each<[string, Partial<LinkFacts>, string, string[]]>([
    ['the CRM has no such contact', { found: null }, 'no-contact', []],
    ['only the mirror has one', { found: null, otherHolders: [BOB] }, 'several-contacts', [BOB]],
    [
      'it is only a secondary address',
      { found: { ...ann, email: 'a@acme.example', additional: [ADDRESS] } },
      'several-contacts',
      [ANN],
    ],
    ['the contact found has no primary one', { found: { ...ann, email: null } }, 'several-contacts', [ANN]],
    ['the mirror shows another contact with it', { otherHolders: [BOB] }, 'several-contacts', [ANN, BOB]],
    ['another contact had it before', { formerHolders: [BOB] }, 'reused-address', [ANN]],
    ['somebody else is or was linked by it', { isTaken: true }, 'reused-address', [ANN]],
    ['no company is in reach', { hasCompany: false }, 'no-company', [ANN]],
    [
      'it is the address of a role',
      { address: 'info@acme.example', found: { ...ann, email: 'info@acme.example' } },
      'shared-address',
      [ANN],
    ],
    [
      'it is the address of a role of nobody',
      { address: 'info@acme.example', found: null },
      'shared-address',
      [],
    ],
    [
      'everything speaks against it',
      { otherHolders: [BOB], formerHolders: [BOB], isTaken: true, hasCompany: false },
      'several-contacts',
      [ANN, BOB],
    ],
  ])('but not when %s', (_why, facts, reason, candidates) => {
    expect(decideLink({ ...clear, ...facts })).toEqual({ do: 'claim', reason, candidates });
  });

  test.each([
    ['info@a.example', true],
    ['INFO@a.example', true],
    ['info+berlin@a.example', true],
    ['no.reply@a.example', true],
    ['accounts@a.example', true],
    ['office@a.example', true],
    ['ann.info@a.example', false],
    ['infomann@a.example', false],
    ['ann@info.example', false],
  ])('%s is the address of a role: %s', (address, is) => {
    expect(isRoleAddress(address)).toBe(is);
  });
});

describe('a link is looked at again', () => {
  const tie: TieFacts = { contactId: ANN, contactEmail: ADDRESS, address: ADDRESS, now: ann, found: ann };
  const merged = { contactId: BOB, email: 'bob@acme.example', additional: [ADDRESS] };
  test.each<[string, Partial<TieFacts>, object]>([
    ['nothing moved', {}, { do: 'keep' }],
    ['the contact was archived', { now: null, found: null }, { do: 'keep' }],
    [
      'the contact was archived and another one has the address',
      { now: null, found: { ...ann, contactId: BOB } },
      { do: 'end', why: 'gone', reason: 'reused-address', candidates: [BOB] },
    ],
    [
      'it was merged and kept the address',
      { now: { ...ann, contactId: BOB } },
      { do: 'follow', contact: { ...ann, contactId: BOB } },
    ],
    ['it was merged and has it as a secondary one', { now: merged }, { do: 'follow', contact: merged }],
    [
      'it was merged and has it no more',
      { now: { ...merged, additional: [] } },
      { do: 'end', why: 'address-moved', reason: 'address-moved', candidates: [BOB] },
    ],
    [
      'it has another address',
      { now: { ...ann, email: 'new@acme.example', additional: [ADDRESS] } },
      { do: 'end', why: 'address-moved', reason: 'address-moved', candidates: [ANN] },
    ],
    [
      'it has none',
      { now: { ...ann, email: null } },
      { do: 'end', why: 'address-moved', reason: 'address-moved', candidates: [ANN] },
    ],
    [
      'staff linked by another address, and the proven one became the primary one',
      { contactEmail: 'old@acme.example' },
      { do: 'follow', contact: ann },
    ],
    [
      'staff linked a contact without an address',
      { contactEmail: null, address: null, now: { ...ann, email: null }, found: null },
      { do: 'keep' },
    ],
  ])('%s', (_what, facts, decision) => {
    expect(reviewTie({ ...tie, ...facts })).toEqual(decision);
  });
});
