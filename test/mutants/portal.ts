/** Faults planted in what customers reach. */
import { inFile, type Room } from './mutant.ts';

const seeing = [
  ...inFile(
    'backend/portal/uploads.ts',
    ['portal/making'],
    [{ id: 'any-number-of-uploads', find: '>= uploadsPerPerson', replace: '< 0' }],
  ),
  ...inFile(
    'backend/portal/visibility.ts',
    ['portal/matrix/matrix', 'portal/records'],
    [
      {
        id: 'archived-is-seen',
        find: "record.life !== 'present' || !isShown(record)",
        replace: '!isShown(record)',
      },
    ],
  ),
  ...inFile(
    'backend/portal/access.ts',
    ['portal/records', 'portal/matrix/matrix'],
    [
      {
        id: 'found-is-seen',
        find: 'row === null || !sees(session.person, session.reach, row)',
        replace: 'row === null',
      },
      {
        id: 'refreshed-is-seen',
        find: 'return sees(session.person, session.reach, found) ? [found] : [];',
        replace: 'return [found];',
      },
      { id: 'stale-and-asleep', find: 'signals.wake(hubId);', replace: '' },
      {
        id: 'stale-and-unasked',
        find: "await markDue(db, hubId, 'read', stale, { now: now() });",
        replace: '',
      },
    ],
  ),
  ...inFile(
    'backend/portal/views.ts',
    ['portal/records'],
    [
      {
        id: 'edits-of-others-on-top',
        find: 'row.openEdits.filter((edit) => isOwn(person, edit.person))',
        replace: '[...row.openEdits]',
      },
      {
        id: 'told-is-proven',
        find: "kept.how === 'read' ? ('confirmed' as const) : ('reported' as const)",
        replace: "'confirmed' as const",
      },
    ],
  ),
];

const asking = [
  ...inFile(
    'backend/portal/accept.ts',
    ['portal/edits'],
    [
      {
        id: 'replayed-after-the-checks',
        find: 'if (before !== null) return { edit: before, replayed: true };',
        replace: '',
      },
      {
        id: 'another-edit-under-the-key',
        find: "if (edit.fingerprint !== fingerprint) throw new Refused('idempotency-key-reused');",
        replace: '',
      },
      { id: 'version-of-the-future', find: 'seq === null || seq > head ||', replace: 'seq === null ||' },
      { id: 'version-before-it-was-there', find: ' || seq < record.foundSeq)', replace: ')' },
      {
        id: 'erased-version-is-blank',
        find: "if (erased.length > 0) throw new Refused('version-expired');",
        replace: '',
      },
      {
        id: 'approved-too-late',
        near: ['portal/making'],
        find: 'if (action !== null) refuseTooLate(record, action.until, now());',
        replace: '',
      },
      {
        id: 'digest-of-what-stands',
        find: '({ field, value: seen.get(field) ?? null }));',
        replace: '({ field, value: record.fields[field]?.value ?? null }));',
      },
      {
        id: 'one-option-is-two',
        find: "if (Array.isArray(asked) && asked.some((option) => option.includes(';')))",
        replace: 'if (Array.isArray(asked) && asked.length < 0)',
      },
      {
        id: 'nothing-seen-is-all-seen',
        find: "if (version === undefined) throw new Refused('precondition-required');",
        replace: 'if (version === undefined) return { field, seq: head };',
      },
      { id: 'edit-sleeps', find: 'if (stored) signals.wake(person.hubId);', replace: '' },
      {
        id: 'fields-that-fit-are-taken',
        find: 'if (refused.size > 0) throw',
        replace: 'if (refused.size > 0 && values.size === 0) throw',
      },
      {
        id: 'action-of-any-audience',
        near: ['portal/making'],
        find: 'action.audiences.some((each) => each === audience)',
        replace: 'action.audiences.length > 0',
      },
    ],
  ),
  ...inFile(
    'backend/portal/edits.ts',
    ['portal/edits'],
    [
      {
        id: 'receipt-of-anybody',
        find: 'found === undefined || !isOwn(session.person, found.person)',
        replace: 'found === undefined',
      },
    ],
  ),
  ...inFile(
    'backend/portal/receipts.ts',
    ['portal/edits'],
    [
      { id: 'final-by-one-field', find: 'const state = moving ?? ORDER', replace: 'const state = ORDER' },
      {
        id: 'written-is-final',
        find: "['accepted', 'written'];\n\nexport",
        replace: "['accepted'];\n\nexport",
      },
    ],
  ),
];

const entering = [
  ...inFile(
    'backend/portal/session.ts',
    ['portal/records', 'signIn/identity'],
    [
      {
        id: 'archived-opens-a-session',
        find: "if (contact.life === 'present') return",
        replace: "if (!contact.life.startsWith('merged:')) return",
      },
      {
        id: 'merged-asker-is-another',
        near: ['portal/edits', 'portal/records'],
        find: 'formerIds.push(contactId);',
        replace: '',
      },
      {
        id: 'reach-of-the-old-contact',
        find: 'linksOf(db, person.hubId, person.contactId)',
        replace: 'linksOf(db, person.hubId, bound.contactId)',
      },
    ],
  ),
];

const streaming = [
  ...inFile(
    'backend/portal/waiting.ts',
    ['portal/edits'],
    [
      {
        id: 'ring-missed',
        find: 'if (rings !== before) continue;',
        replace: '',
        equivalent: 'It looks again after 250 ms in any case: only the answer is later.',
      },
    ],
  ),
];

export const PORTAL: Room = {
  name: 'portal',
  needsDatabase: true,
  mutants: [seeing, asking, entering, streaming].flat(),
  stages: [
    { name: 'portal', tests: ['portal/records', 'portal/edits', 'portal/stream', 'portal/matrix/matrix'] },
    { name: 'making', tests: ['portal/making', 'portal/statement', 'portal/creationKeys'] },
    { name: 'people', tests: ['signIn/identity', 'signIn/claims', 'signIn/sessions', 'signIn/mail'] },
    { name: 'beside', tests: ['hooks/dispatch', 'portal/client', 'backend/service'] },
  ],
};
