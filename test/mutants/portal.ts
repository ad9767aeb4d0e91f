/** Faults planted in what customers reach. */
import { inFile, type Room } from './mutant.ts';

const seeing = [
  ...inFile(
    'backend/portal/visibility.ts',
    ['portal/matrix/matrix', 'portal/records'],
    [
      {
        id: 'archived-is-seen',
        find: "record.life !== 'present' || !isShown(record)",
        replace: '!isShown(record)',
      },
      {
        id: 'draft-is-seen',
        find: "record.life !== 'present' || !isShown(record)",
        replace: "record.life !== 'present'",
      },
      {
        id: 'note-on-anything-is-seen',
        find: 'if (record.parents.length > 0 && !record',
        replace: 'if (record.parents.length > 99 && !record',
      },
      {
        id: 'company-of-anybody',
        find: 'record.companies.some((company) => reach.has(company))',
        replace: 'record.companies.length > 0',
      },
      {
        id: 'edited-without-its-action',
        find: ' || spec.byActionOnly === true) return false;',
        replace: ') return false;',
      },
      {
        id: 'whoever-sees-edits',
        find: 'return spec.edit.includes(audience);',
        replace: 'return spec.see.includes(audience);',
      },
      {
        id: 'every-audience-sees',
        find: 'field.see.includes(audience) ? [name] : []',
        replace: 'field.see.length > 0 ? [name] : []',
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
        id: 'old-proof-is-proof',
        near: ['signIn/sessions'],
        find: 'now - by.provenAt <= PROOF_MAX_AGE_MS',
        replace: 'by.provenAt <= now',
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
      {
        id: 'hidden-field-named',
        find: 'spec === undefined || !visibleFields(record.object, audience).includes(name)',
        replace: 'spec === undefined',
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
  ...inFile(
    'backend/portal/versions.ts',
    ['portal/records', 'portal/edits'],
    [
      {
        id: 'one-etag-for-stale',
        find: 'if (open.length === 0 && !stale) return',
        replace: 'if (open.length === 0) return',
      },
      { id: 'one-etag-for-every-edit', find: 'value, state, edit?.editId ?? null]', replace: 'null]' },
    ],
  ),
];

const entering = [
  ...inFile(
    'backend/portal/session.ts',
    ['portal/records', 'signIn/identity'],
    [
      { id: 'merged-asker-is-another', find: 'formerIds.push(contactId);', replace: '' },
      {
        id: 'archived-opens-a-session',
        find: "if (contact.life === 'present') return",
        replace: "if (!contact.life.startsWith('merged:')) return",
      },
      {
        id: 'reach-of-the-old-contact',
        find: 'linksOf(db, person.hubId, person.contactId)',
        replace: 'linksOf(db, person.hubId, bound.contactId)',
      },
    ],
  ),
  ...inFile(
    'backend/portal/standing.ts',
    ['signIn/identity', 'signIn/claims'],
    [
      {
        id: 'moved-address-stays-in',
        find: 'if ((contact.fields.email?.value ?? null) !== contactEmail)',
        replace: 'if (contact.fields.email === null)',
      },
      {
        id: 'doubt-unasked',
        find: 'if (isDoubtful && identity?.isWaiting === false) {',
        replace: 'if (isDoubtful && identity === null) {',
      },
      {
        id: 'refused-is-checking',
        find: "if (claim !== null && claim.contactId === null) return 'refused';",
        replace: '',
      },
    ],
  ),
  ...inFile(
    'backend/portal/signIn/enter.ts',
    ['signIn/sessions', 'signIn/identity', 'signIn/claims'],
    [
      {
        id: 'old-session-stays',
        find: 'if (before !== null) await endSessions',
        replace: 'if (before === undefined) await endSessions',
      },
      {
        id: 'staff-undone-by-signing-in',
        find: "if (standing.is === 'in' || DECIDED.includes(standing.reason)) return;",
        replace: "if (standing.is === 'in') return;",
      },
      {
        id: 'session-without-end',
        find: 'expiresAt: begunAt + absoluteMs,',
        replace: 'expiresAt: begunAt + 1_000 * absoluteMs,',
      },
    ],
  ),
];

const streaming = [
  ...inFile(
    'backend/portal/stream.ts',
    ['portal/stream', 'signIn/sessions'],
    [
      { id: 'reach-of-the-beginning', find: 'if (isOwn) await recheck(deps, hub, stream);', replace: '' },
      {
        id: 'stream-outlives-its-session',
        find: 'if (!open.has(stream.session.by)) end(hub, stream);',
        replace: 'if (open.size < 0) end(hub, stream);',
      },
      { id: 'resumes-from-anywhere', find: ' && head - from <= RESUME_MAX_ENTRIES;', replace: ';' },
      {
        id: 'told-twice',
        find: '(hub.told.get(one.editId ?? keyOf(one)) ?? 0) < one.seq',
        replace: 'one.seq > 0',
      },
      {
        id: 'never-looks',
        find: '  hub.looked = head;\n  for',
        replace: '  hub.looked = head + 1_000;\n  for',
      },
      {
        id: 'gone-untold',
        find: 'stream.known = new Set(readable.map(keyOf));',
        replace: 'stream.known = new Set();',
      },
      {
        id: 'unlimited-streams',
        find: "if (own.length >= limitsOf(deps).streamsPerPerson) throw new Refused('too-many-streams');",
        replace: '',
      },
      {
        id: 'resync-unsaid',
        find: '  await know(deps, stream);\n  resync(stream, null);',
        replace: '  await know(deps, stream);',
      },
    ],
  ),
  ...inFile(
    'backend/portal/news.ts',
    ['portal/stream', 'portal/matrix/matrix'],
    [
      {
        id: 'own-edits-for-everybody',
        find: 'ownEdits(person, row).length === 0 && row.parents.length < 2',
        replace: 'row.parents.length < 2',
      },
      {
        id: 'one-view-for-every-audience',
        find: 'const place = `${key}:${person.audience}`;',
        replace: 'const place = key;',
      },
      {
        id: 'receipts-for-everybody',
        find: 'news.edits.filter((edit) => isOwn(person, edit.person))',
        replace: 'news.edits',
      },
      {
        id: 'edit-told-to-others',
        find: 'if (!news.moved.has(key) && !own.some((edit) => keyOf(edit) === key)) continue;',
        replace: '',
      },
      {
        id: 'seen-before-it-was-told',
        find: 'if (!sees(person, reach, row)) {',
        replace: 'if (!sees(person, reach, { ...row, life: "present" })) {',
      },
    ],
  ),
  ...inFile(
    'backend/portal/credentials.ts',
    ['signIn/sessions', 'portal/stream'],
    [
      { id: 'tokens-never-end', find: 'goodTokens.has(by.token)', replace: 'goodTokens.size >= 0' },
      { id: 'cookies-never-end', find: 'goodIds.has(by.sessionId)', replace: 'goodIds.size >= 0' },
    ],
  ),
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
      {
        id: 'waits-for-the-first-ring',
        find: 'if (done || over.aborted) return value;',
        replace: 'if (done || rings > 0 || over.aborted) return value;',
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
