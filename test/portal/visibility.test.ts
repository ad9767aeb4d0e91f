/** Who sees what, asked of the one function that decides it for every road. */
import { hubId, recordId } from '@tallystick/shared/ids';
import type { AppAudience, AppObject } from '@tallystick/shared/ownership';
import { describe, expect, test } from 'vitest';
import { mayEdit, sees, visibleFields, type Placed } from '../../backend/portal/visibility.ts';

const [own, foreign] = [recordId('100'), recordId('200')];
const ann = recordId('1');
const seen = (record: Placed, audience: AppAudience = 'direct'): boolean =>
  sees({ hubId: hubId('4711'), contactId: ann, audience }, new Set([own]), record);

const record = (object: AppObject, more: Partial<Placed> = {}): Placed => ({
  ...{ object, recordId: recordId('9'), life: 'present', fields: {}, companies: [own], parents: [] },
  ...more,
});
const shared = (value: string | null) => ({ shared: { value } });
const on = (more: Partial<Placed> = {}): Placed => record('ticket', { recordId: recordId('11'), ...more });

describe('P6: a record is seen', () => {
  test.each<[why: string, record: Placed, audience?: AppAudience]>([
    ['of the person’s company', record('ticket')],
    ['of several companies, one of which is theirs', record('ticket', { companies: [foreign, own] })],
    ['that is their company', record('company', { recordId: own, companies: [] })],
    [
      'that is themselves, whatever it is linked to',
      record('contact', { recordId: ann, companies: [foreign] }),
    ],
    [
      'that hangs on a case of theirs',
      record('note', { fields: shared('true'), companies: [], parents: [on()] }),
    ],
    [
      'that hangs on two cases, one of them theirs',
      record('note', {
        fields: shared('true'),
        companies: [],
        parents: [on({ companies: [foreign] }), on({ recordId: recordId('12') })],
      }),
    ],
    ['whose condition is met', record('quote', { fields: { status: { value: 'APPROVAL_NOT_NEEDED' } } })],
    ['of an object that the audience has', record('site'), 'partner'],
  ])('%s', (_, one, audience) => expect(seen(one, audience)).toBe(true));
});

describe('P6: a record is not seen', () => {
  test.each<[why: string, record: Placed, audience?: AppAudience]>([
    ['of another company', record('ticket', { companies: [foreign] })],
    ['of no company', record('ticket', { companies: [] })],
    [
      'that is another company, though linked to theirs',
      record('company', { recordId: foreign, companies: [own] }),
    ],
    ['that is a colleague', record('contact')],
    ['that only has the number of their contact', record('site', { recordId: ann, companies: [foreign] })],
    ['that is archived', record('ticket', { life: 'archived' })],
    ['that was merged', record('ticket', { life: 'merged:11' })],
    ['that was erased', record('contact', { recordId: ann, life: 'erased' })],
    ['that is a draft', record('quote', { fields: { status: { value: 'DRAFT' } } })],
    ['whose condition is not known', record('quote')],
    ['whose condition is empty', record('quote', { fields: { status: { value: null } } })],
    ['of an object that the audience does not have', record('deal'), 'partner'],
    [
      'on a case of another company, although it is linked to theirs itself',
      record('note', { fields: shared('true'), parents: [on({ companies: [foreign] })] }),
    ],
    [
      'on a case that is archived',
      record('note', { fields: shared('true'), parents: [on({ life: 'archived' })] }),
    ],
    ['on a case of theirs, but a note of ours', record('note', { fields: shared('false'), parents: [on()] })],
    [
      'on an order that the audience does not have',
      record('note', { fields: shared('true'), parents: [on({ object: 'deal' })] }),
      'partner',
    ],
  ])('%s', (_, one, audience) => expect(seen(one, audience)).toBe(false));
});

describe('a field', () => {
  test('is shown to its audiences only, and a field of staff to none', () => {
    expect(visibleFields('company', 'direct')).toContain('creditLimit');
    expect(visibleFields('company', 'member')).not.toContain('creditLimit');
    expect(visibleFields('company', 'direct')).not.toContain('internalRisk');
  });

  test.each([
    ['ticket', 'reference', 'partner', true],
    ['ticket', 'priority', 'partner', false],
    ['company', 'employees', 'member', false],
    ['company', 'employees', 'direct', true],
    ['company', 'creditLimit', 'direct', false],
    ['quote', 'decision', 'direct', false],
    ['quote', 'decisionNote', 'direct', true],
    ['ticket', 'toString', 'direct', false],
  ] as const)('%s.%s may be changed by %s: %s', (object, field, audience, may) => {
    expect(mayEdit(object, field, audience)).toBe(may);
  });
});
