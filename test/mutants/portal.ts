/** Faults planted in what customers reach. */
import { inFile, type Room } from './mutant.ts';

const seeing = [
  ...inFile(
    'backend/portal/uploads.ts',
    ['portal/making'],
    [
      { id: 'any-number-of-uploads', find: '>= uploadsPerPerson', replace: '< 0' },
      {
        id: 'upload-of-anybody',
        find: 'found === null || !isOwn(person, found.person)',
        replace: 'found === null',
      },
      { id: 'upload-of-any-size', find: 'if (size > fileMaxBytes)', replace: 'if (size < 0)' },
      {
        id: 'half-a-file',
        find: "if (upload.receivedBytes < upload.sizeBytes) throw new Refused('upload-incomplete');",
        replace: '',
      },
      {
        id: 'piece-beyond-the-end',
        find: '    Number.isSafeInteger(at) && at === upload.receivedBytes && at + body.length <= upload.sizeBytes;',
        replace: '    Number.isSafeInteger(at) && at === upload.receivedBytes;',
        equivalent: 'The statement that adds the piece asks it again.',
      },
      {
        id: 'piece-anywhere',
        near: ['portal/scan'],
        find: 'Number.isSafeInteger(at) && at === upload.receivedBytes &&',
        replace: 'Number.isSafeInteger(at) &&',
      },
      {
        id: 'judged-again-and-again',
        near: ['portal/scan'],
        find: 'if (upload.refused !== null)\n',
        replace: "if (upload.refused === '')\n",
      },
      { id: 'unscanned', near: ['portal/scan'], find: 'await scanned(deps, bytes);', replace: 'null;' },
      {
        id: 'scanner-away-is-clean',
        near: ['portal/scan'],
        find: "throw new Refused('scanner-down');",
        replace: 'return null;',
      },
      {
        id: 'infected-is-clean',
        near: ['portal/scan'],
        find: "isClean ? null : 'infected'",
        replace: 'null',
      },
      { id: 'name-is-a-path', find: '.split(/[\\\\/]/).at(-1)', replace: '' },
      { id: 'name-backwards', find: '\\u202a-\\u202e', replace: '' },
      { id: 'name-is-hidden', find: 'replace(/^[.\\s]+|', replace: 'replace(/^\\s+|' },
    ],
  ),
  ...inFile(
    'backend/portal/visibility.ts',
    ['portal/visibility', 'portal/records'],
    [
      {
        id: 'archived-is-seen',
        find: "record.life !== 'present' || !isShown(record)",
        replace: '!isShown(record)',
      },
      { id: 'draft-is-seen', find: "!== 'present' || !isShown(record)", replace: "!== 'present'" },
      {
        id: 'hangs-on-all-in-sight',
        find: '!record.parents.some((parent)',
        replace: '!record.parents.every((parent)',
      },
      {
        id: 'opened-by-its-own-company',
        find: 'record.parents.length > 0 && !record',
        replace: 'record.parents.length > 0 && record.companies.length === 0 && !record',
      },
      {
        id: 'no-company-of-its-parents',
        find: '[...record.companies, ...record.parents.flatMap((parent) => [...parent.companies])]',
        replace: '[...record.companies]',
      },
      { id: 'own-number-opens', find: "record.object === 'contact' && record", replace: 'record' },
      {
        id: 'colleague-is-self',
        find: "    case 'self':\n      return isOwn;",
        replace: "    case 'self':\n      return record.companies.some((company) => reach.has(company));",
      },
      {
        id: 'own-contact-unseen',
        find: 'if (isOwn) return true;',
        replace: '',
        equivalent:
          'With the rules as they are, of people everybody sees themselves alone; the line is for a file that says otherwise.',
      },
      { id: 'every-company-is-theirs', find: 'return reach.has(record.recordId);', replace: 'return true;' },
      {
        id: 'all-companies-in-reach',
        find: 'record.companies.some((company) => reach.has(company))',
        replace: 'record.companies.every((company) => reach.has(company))',
      },
      { id: 'shown-by-any-word', find: 'shownWhen.is.includes(value)', replace: "value !== ''" },
      {
        id: 'fields-of-all-audiences',
        find: 'field.see.includes(audience) ? [name] : []',
        replace: 'field.see.length > 0 ? [name] : []',
      },
      { id: 'action-field-by-edit', find: ' || spec.byActionOnly === true', replace: '' },
      {
        id: 'who-sees-may-edit',
        find: 'return spec.edit.includes(audience);',
        replace: 'return spec.see.includes(audience);',
      },
    ],
  ),
  ...inFile(
    'backend/portal/records.ts',
    ['portal/records'],
    [
      {
        id: 'hidden-object-is-listed',
        find: "!isObject(object) || objects[object].scope[person.audience] === 'none'",
        replace: '!isObject(object)',
      },
      {
        id: 'listed-without-asking',
        find: 'page.push(...inOrder.filter((row) => sees(person, reach, row)));',
        replace: 'page.push(...inOrder);',
      },
      { id: 'list-in-any-order', find: 'page.push(...inOrder.filter', replace: 'page.push(...loaded.filter' },
      {
        id: 'gaps-behind-the-hidden',
        find: 'if (ids.length < limit || page.length >= limit) return',
        replace: 'if (ids.length <= limit) return',
      },
      {
        id: 'cursor-of-what-was-shown',
        find: 'cursor = ids.at(-1) ?? cursor;',
        replace: 'cursor = page.at(-1)?.recordId ?? null;\n    if (ids.length === 0) return page;',
      },
      {
        id: 'last-page-is-never-the-last',
        find: 'found.length > query.limit ?',
        replace: 'found.length >= query.limit ?',
      },
      { id: 'page-mark-too-far', find: '(page.at(-1)?.recordId', replace: '(found.at(-1)?.recordId' },
      {
        id: 'children-of-any-parent',
        find: 'const parent = await findRecord(deps, session, parentObject, parentId);',
        replace: 'const parent = { object: parentObject as AppObject, recordId: parentId as RecordId };',
      },
      {
        id: 'own-contact-unlisted',
        find: "const self = object === 'contact' ? person.contactId : null;",
        replace: 'const self = null;',
      },
      {
        id: 'read-goes-on-without-a-row',
        find: "if (row === undefined) throw new Refused('not-found');",
        replace: 'if (row === undefined) return void res.json(recordView(session, found, deps.now()));',
      },
      {
        id: 'survivor-unsaid',
        find: "row.recordId !== param(req, 'id')",
        replace: "row.object !== param(req, 'object')",
      },
    ],
  ),
  ...inFile(
    'backend/portal/download.ts',
    ['portal/download'],
    [
      { id: 'any-file-number', find: 'if (!/^\\d{1,20}$/.test(fileId)) return null;', replace: '' },
      {
        id: 'file-as-it-says',
        find: "isServed(file.type) ? file.type : 'application/octet-stream'",
        replace: "file.type ?? 'application/octet-stream'",
      },
      {
        id: 'file-is-a-page',
        find: "res.setHeader('Content-Security-Policy', \"default-src 'none'; sandbox\");",
        replace: '',
      },
      { id: 'address-leads-on', find: "redirect: 'error', ", replace: '' },
      {
        id: 'refused-address-is-taken',
        find: 'outcome?.value !== undefined && outcome.ok',
        replace: 'outcome?.value !== undefined',
      },
      {
        id: 'gone-is-unavailable',
        find: "outcome?.code === 'gone' ? 'not-found' : 'file-unavailable'",
        replace: "'file-unavailable'",
      },
      {
        id: 'failed-file-is-sent',
        find: 'answer?.ok !== true || answer.body === null',
        replace: 'answer === null || answer.body === null',
      },
      { id: 'name-breaks-the-header', find: ".replace(/[\\u0000-\\u001f\\u007f]/g, ' ')\n", replace: '\n' },
      { id: 'name-ends-its-quotes', find: '|["\\\\%]/g', replace: '/g' },
      { id: 'endless-name', find: '.slice(-NAME_MAX_CHARS)', replace: '' },
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
        id: 'key-for-another-version',
        find: '    ifMatch ?? null,\n  ]);',
        replace: '    null,\n  ]);',
      },
      { id: 'key-for-another-record', find: '    id,\n    action === null', replace: '    action === null' },
      { id: 'key-for-another-object', find: '    object,\n    id,\n', replace: '    id,\n' },
      {
        id: 'key-for-another-action',
        find: ' ? sorted(fields) : action.name',
        replace: ' ? sorted(fields) : null',
      },
      { id: 'key-for-what-was-seen', find: '    sorted(seen),\n', replace: '' },
      { id: 'no-key-at-all', find: "key === undefined || key === ''", replace: 'key === undefined' },
      { id: 'endless-key', find: ' || key.length > KEY_MAX_CHARS)', replace: ')' },
      {
        id: 'hidden-field-says-so',
        near: ['portal/records'],
        find: 'spec === undefined || !visibleFields(record.object, audience).includes(name)',
        replace: 'spec === undefined',
      },
      {
        id: 'any-field-is-theirs',
        find: 'action === null && !mayEdit(record.object, name, audience)',
        replace: 'spec.kind === undefined',
      },
      {
        id: 'whatever-the-crm-takes',
        find: '? unfit(ruleOf(spec), propertyOf(record.object, spec, known.definitions), parsed.value)',
        replace: '? null',
      },
      {
        id: 'options-of-nobody',
        find: 'options: definition?.options?.map((option) => option.value) ?? null,',
        replace: 'options: null,',
      },
      {
        id: 'list-for-one-value',
        find: "Array.isArray(asked) && spec.kind !== 'choices'",
        replace: 'spec.kind === undefined',
      },
      {
        id: 'country-of-a-stranger',
        find: 'record.companies.filter((company) => reach.has(company))',
        replace: '[...record.companies]',
      },
      {
        id: 'country-of-the-first',
        find: 'countries.size === 1 ?',
        replace: 'countries.size > 0 ?',
      },
      {
        id: 'proof-of-any-age',
        near: ['signIn/sessions'],
        find: ' || now - by.provenAt <= PROOF_MAX_AGE_MS) return;',
        replace: ' || by.provenAt <= now) return;',
      },
      {
        id: 'proof-for-everything',
        near: ['signIn/sessions'],
        find: 'spec !== undefined && isEditable(spec) && spec.proof === true',
        replace: 'spec !== undefined && isEditable(spec)',
      },
      {
        id: 'held-back-is-taken',
        find: '      stoppedReason(record, name) ??\n',
        replace: '',
      },
      {
        id: 'decided-on-what-is-held-back',
        find: '  refuseStopped(record, guards);\n',
        replace: '',
      },
      {
        id: 'seen-by-the-record-only',
        find: 'Object.hasOwn(seen, field) ? seen[field] : ifMatch',
        replace: 'ifMatch ?? seen[field]',
      },
      {
        id: 'guards-unseen',
        find: 'guards: guards.map((field) => ({ field, seen: seen.get(field) ?? null })),',
        replace: 'guards: [],',
      },
      {
        id: 'stored-for-whom-it-was-merged',
        find: '    recordId: record.recordId,\n    person',
        replace: '    recordId: request.id as typeof record.recordId,\n    person',
      },
      {
        id: 'action-of-any-object',
        find: 'action?.object === object && action',
        replace: 'action !== undefined && action',
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
      {
        id: 'receipts-of-one-id',
        find: 'recentEdits(deps.db, person.hubId, idsOf(person), RECENT',
        replace: 'recentEdits(deps.db, person.hubId, [person.contactId], RECENT',
      },
      {
        id: 'waits-as-long-as-asked',
        find: 'Math.min(waitOf(req) ?? 0, WAIT_MAX_S)',
        replace: 'waitOf(req) ?? 0',
      },
      { id: 'waits-for-anything', find: 'done: value.final, value', replace: 'done: true, value' },
      { id: 'waits-with-the-old-receipt', find: 'receiptOf(row ?? first)', replace: 'receiptOf(first)' },
      { id: 'done-while-on-its-way', find: 'receipt.final ? 200 : 202', replace: '200' },
      { id: 'repeated-unsaid', find: 'if (replayed) res', replace: 'if (!replayed) res' },
      { id: 'action-without-guards', find: 'guards: action.guards,', replace: 'guards: [],' },
      {
        id: 'action-without-its-day',
        near: ['portal/making'],
        find: 'until: action.until ?? null',
        replace: 'until: null',
      },
      { id: 'action-unbound', find: 'binds: action.binds?.digest ?? null', replace: 'binds: null' },
      {
        id: 'seen-of-the-action-forgotten',
        find: 'until: action.until ?? null },\n    seen: body.seen ?? {},',
        replace: 'until: action.until ?? null },\n    seen: {},',
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
      {
        id: 'gone-signs-in',
        find: "if (survivor === null) return 'gone';",
        replace: 'if (survivor === null) return { contact, formerIds };',
      },
      {
        id: 'circle-signs-in',
        near: ['portal/records'],
        find: "    contactId = survivor;\n  }\n  return 'gone';",
        replace:
          "    contactId = survivor;\n    if (merges === MERGES_MAX) return { contact, formerIds };\n  }\n  return 'gone';",
      },
      {
        id: 'former-ids-are-nobodys',
        near: ['portal/edits'],
        find: 'asker === person.contactId || person.formerIds.some((id) => id === asker)',
        replace: 'asker === person.contactId',
      },
      {
        id: 'keys-of-one-id',
        near: ['portal/edits'],
        find: '[person.contactId, ...person.formerIds];',
        replace: '[person.contactId];',
      },
      {
        id: 'bad-token-good-cookie',
        near: ['portal/records', 'portal/matrix/matrix', 'signIn/sessions'],
        find: 'if (authorization !== undefined) return',
        replace: 'if (authorization !== undefined && credentials.cookie === undefined) return',
      },
      {
        id: 'unlinked-is-signed-out',
        near: ['signIn/identity'],
        find: "throw new Refused('not-linked', { detail: UNLINKED[standing.reason] })",
        replace: "throw new Refused('sign-in')",
      },
    ],
  ),
  ...inFile(
    'backend/portal/credentials.ts',
    ['portal/credentials', 'portal/stream'],
    [
      { id: 'tokens-never-end', find: 'tokens.has(by.token) : ids', replace: "by.token !== '' : ids" },
      {
        id: 'cookies-never-end',
        near: ['signIn/sessions'],
        find: ': ids.has(by.sessionId))',
        replace: ": by.sessionId !== '')",
      },
      { id: 'another-contact-is-as-opened', find: ' || named.contactId !== person.contactId', replace: '' },
      {
        id: 'gone-is-as-opened',
        find: " || contact?.life !== 'present')",
        replace: ' || contact === undefined)',
      },
      {
        id: 'address-moved-is-as-opened',
        find: "if ('contactEmail' in named && named.contactEmail !== contact.email) return false;",
        replace: '',
      },
      {
        id: 'audience-moved-is-as-opened',
        find: 'if (audience !== person.audience) return false;',
        replace: 'if (audience === null) return false;',
      },
      { id: 'less-reach-is-as-opened', find: 'now.size === reach.size && [', replace: '[' },
      { id: 'one-company-is-all', find: '[...now].every((company)', replace: '[...now].some((company)' },
    ],
  ),
];

const streaming = [
  ...inFile(
    'backend/portal/stream.ts',
    ['portal/stream'],
    [
      {
        id: 'signals-unheard',
        find: 'if (hub.waiting.length === 1) enqueue',
        replace: 'if (hub.waiting.length === 0) enqueue',
      },
      { id: 'looks-but-once', find: '      hub.willLook = false;\n', replace: '' },
      {
        id: 'streams-end-with-nothing',
        find: 'for (const [hub, stream] of all()) end(hub, stream);',
        replace: 'all();',
      },
      { id: 'one-stream-too-many', find: 'own.length >= limitsOf', replace: 'own.length > limitsOf' },
      {
        id: 'streams-of-a-token',
        find: 'stream.session.person.contactId === contactId)',
        replace: 'stream.session.by === session.by)',
      },
      {
        id: 'streams-of-the-hub',
        find: '.filter((stream) => stream.session.person.contactId === contactId)',
        replace: '',
      },
      {
        id: 'closed-streams-stay',
        find: 'hub.streams.delete(stream));\n  res.on',
        replace: 'undefined);\n  res.on',
      },
      {
        id: 'fault-keeps-a-deaf-stream',
        find: '      end(hub, stream); // it comes again by itself\n',
        replace: '',
      },
      {
        id: 'queue-at-once',
        find: 'hub.queue = hub.queue.then(work)',
        replace: 'hub.queue = Promise.resolve().then(work)',
      },
      {
        id: 'stopped-by-a-fault',
        find: 'hub.queue.then(work).catch((error: unknown) => {',
        replace:
          'hub.queue.then(work).then(() => undefined, (error: unknown) => {\n    hub.queue = new Promise(() => undefined);',
      },
      {
        id: 'joiner-skips-for-all',
        find: 'if (![...hub.streams].some((each) => each.live)) hub.looked = head;',
        replace: 'hub.looked = head;',
      },
      {
        id: 'first-hears-all-there-was',
        find: 'if (![...hub.streams].some((each) => each.live)) hub.looked = head;',
        replace: '',
      },
      {
        id: 'moved-before-the-first-look',
        find: 'if (moved.size > 0) await recheck(deps, hub, stream);',
        replace: '',
      },
      {
        id: 'knows-nothing',
        find: '  stream.known = await knownOf(deps, stream.session);\n  if (from',
        replace: '  if (from',
      },
      {
        id: 'resumed-and-told-nothing',
        find: 'if (from !== null) await catchUp',
        replace: 'if (from === null) await catchUp',
      },
      {
        id: 'resumed-from-the-head',
        find: 'const { moved } = await movedSince(deps.db, hubId, from);',
        replace: 'const { moved } = await movedSince(deps.db, hubId, head);',
      },
      {
        id: 'resumed-from-the-next',
        find: 'await movedSince(deps.db, hubId, from)',
        replace: 'await movedSince(deps.db, hubId, from + 1)',
      },
      { id: 'live-at-once', find: '    live: false,\n', replace: '    live: true,\n' },
      { id: 'number-of-the-future', find: ' && from <= head && head - from', replace: ' && head - from' },
      { id: 'resumed-one-too-late', find: 'head - from <= RESUME_MAX', replace: 'head - from < RESUME_MAX' },
      { id: 'resumed-from-any-time', find: ' && head - from <= RESUME_MAX_ENTRIES', replace: '' },
      { id: 'too-much-and-silent', find: '    resync(stream, head);\n    return;', replace: '    return;' },
      {
        id: 'reach-of-before-the-cut',
        find: "kind === 'erased' || (object === 'contact' && kind !== 'changed' && isOwn(session.person, recordId))",
        replace: "kind === 'erased' && object !== null && recordId !== session.person.contactId",
      },
      { id: 'erased-and-untold', find: "kind === 'erased' || (object", replace: '(object' },
      { id: 'anybody-moved-starts-over', find: ' && isOwn(session.person, recordId))', replace: ')' },
      {
        id: 'missed-without-its-place',
        find: '{ ...(await loadNews(deps, changeOf(hubId, head, moved))), placing }',
        replace: 'await loadNews(deps, changeOf(hubId, head, moved))',
      },
      {
        id: 'number-of-the-first-signal',
        find: 'Math.max(...changes.map',
        replace: 'Math.min(...changes.map',
      },
      {
        id: 'first-signal-only',
        find: 'const changes = hub.waiting.splice(0);',
        replace: 'const changes = hub.waiting.splice(0).slice(0, 1);',
      },
      {
        id: 'edits-unsignalled',
        find: 'changes.flatMap((change) => change.edits)',
        replace: 'changes.slice(1).flatMap((change) => change.edits)',
      },
      {
        id: 'told-before-it-was',
        find: '  await pass(deps, hub, { hubId: hub.hubId, seq, records, edits });\n  for (const record of records) hub.told.set(keyOf(record), seq);',
        replace:
          '  for (const record of records) hub.told.set(keyOf(record), seq);\n  await pass(deps, hub, { hubId: hub.hubId, seq, records, edits });',
      },
      {
        id: 'looked-before-it-was-told',
        find: '  await pass(deps, hub, changeOf(hub.hubId, head, untold));\n  hub.looked = head;',
        replace: '  hub.looked = head;\n  await pass(deps, hub, changeOf(hub.hubId, head, untold));',
      },
      {
        id: 'told-once-is-told-for-ever',
        find: '(hub.told.get(one.editId ?? keyOf(one)) ?? 0) < one.seq',
        replace: '!hub.told.has(one.editId ?? keyOf(one))',
      },
      { id: 'told-again-by-looking', find: '?? 0) < one.seq', replace: '?? 0) <= one.seq' },
      {
        id: 'records-told-for-their-edits',
        find: 'hub.told.get(one.editId ?? keyOf(one))',
        replace: 'hub.told.get(keyOf({ object: one.object, recordId: one.recordId! }))',
      },
      {
        id: 'passed-before-it-is-live',
        find: '[...hub.streams].filter((stream) => stream.live);\n  const news',
        replace: '[...hub.streams];\n  const news',
      },
      {
        id: 'own-move-unseen',
        find: '    if (contacts.has(stream.session.person.contactId)) await recheck(deps, hub, stream);\n',
        replace: '',
      },
      {
        id: 'own-move-unseen-in-a-flood',
        find: 'if (contacts.has(',
        replace: 'if (news !== null && contacts.has(',
      },
      {
        id: 'flood-is-silent',
        find: 'if (news === null) resync(stream, seq);',
        replace: 'if (news === null) continue;',
      },
      {
        id: 'those-who-stand-are-asked',
        find: 'if (moved.has(session)) enqueue',
        replace: 'if (!moved.has(session)) enqueue',
      },
      {
        id: 'revoked-goes-on',
        find: 'if (!open.has(session)) end(hub, stream);',
        replace: 'if (!open.has(session)) resync(stream, null);',
      },
      {
        id: 'given-anew-is-over',
        find: 'if (!open.has(session)) end',
        replace: 'if (!open.has(stream.session)) end',
      },
      {
        id: 'gone-contact-goes-on',
        find: '    end(hub, stream);\n    return;\n  }\n  if (isSame',
        replace: '    return;\n  }\n  if (isSame',
      },
      {
        id: 'reach-of-before-is-known',
        find: '    stream.known = await knownOf(deps, stream.session);\n  } catch',
        replace: '  } catch',
      },
      {
        id: 'elsewhere-and-untold',
        find: '  resync(stream, null);\n}\n\nfunction isSame',
        replace: '}\n\nfunction isSame',
      },
      { id: 'another-contact-is-the-same', find: '    was.contactId === is.contactId &&\n', replace: '' },
      {
        id: 'another-audience-is-the-same',
        near: ['signIn/identity'],
        find: '    was.audience === is.audience &&\n',
        replace: '',
      },
      { id: 'less-is-the-same', find: '    reach.size === before.reach.size &&\n', replace: '' },
      { id: 'some-is-the-same', find: '[...reach].every((company)', replace: '[...reach].some((company)' },
    ],
  ),
  ...inFile(
    'backend/portal/news.ts',
    ['portal/stream'],
    [
      {
        id: 'edits-move-it-for-all',
        find: 'editId === null && recordId !== null ?',
        replace: 'recordId !== null ?',
      },
      {
        id: 'receipt-without-its-record',
        find: '[...records, ...edits].flatMap',
        replace: '[...records].flatMap',
      },
      {
        id: 'receipts-of-all',
        find: 'news.edits.filter((edit) => isOwn(person, edit.person))',
        replace: '[...news.edits]',
      },
      {
        id: 'receipts-unsent',
        find: '  for (const edit of own) send',
        replace: '  for (const edit of own.slice(1)) send',
      },
      {
        id: 'edit-moves-the-record',
        find: 'if (!news.moved.has(key) && !own.some((edit) => keyOf(edit) === key)) continue;',
        replace: '',
      },
      {
        id: 'own-edit-moves-nothing',
        find: ' && !own.some((edit) => keyOf(edit) === key)) continue;',
        replace: ') continue;',
      },
      { id: 'gone-and-still-known', find: 'to.known.delete(key) ||', replace: 'to.known.has(key) ||' },
      {
        id: 'gone-only-if-known',
        find: "        sees(person, reach, { ...row, life: 'present' }) ||\n",
        replace: '',
        equivalent:
          'What one may read is known, or was where the stream was cut; beyond that only where more than is kept was in reach.',
      },
      {
        id: 'gone-only-if-known-now',
        find: ' ||\n        sees(person, reach, asBefore(row, placingOf(news, key)))',
        replace: '',
      },
      { id: 'gone-tells-everybody', find: 'if (wasSeen) send', replace: 'send' },
      { id: 'shown-and-not-known', find: '    to.known.add(key);\n', replace: '' },
      { id: 'shown-by-the-first-edit', find: 'ownEdits(person, row).length === 0 && row', replace: 'row' },
      { id: 'shown-with-all-it-hangs-on', find: ' && row.parents.length < 2;', replace: ';' },
      { id: 'shown-as-to-another-audience', find: '`${key}:${person.audience}`', replace: '`${key}`' },
      {
        id: 'out-of-reach-is-told',
        find: 'if (!sees(person, reach, row)) {',
        replace: "if (row.life !== 'present') {",
      },
      {
        id: 'any-amount-is-held',
        find: 'if (res.writableLength > BUFFERED_MAX_BYTES)',
        replace: 'if (res.writableLength < 0)',
      },
      { id: 'told-without-its-number', find: 'res.write(`id: ${seq}\\nevent', replace: 'res.write(`event' },
    ],
  ),
  ...inFile(
    'backend/portal/known.ts',
    ['portal/stream'],
    [
      {
        id: 'conditional-is-not-known',
        find: '[...placed, ...loaded].filter',
        replace: '[...placed].filter',
      },
      {
        id: 'quotes-are-plain',
        find: 'return shownWhen === undefined && parents === undefined;',
        replace: 'return parents === undefined;',
      },
      {
        id: 'known-without-asking',
        near: ['portal/stream', 'portal/matrix/matrix'],
        find: '.filter((record) => sees(person, reach, record)).map',
        replace: '.map',
      },
    ],
  ),
  ...inFile(
    'backend/portal/before.ts',
    ['portal/stream', 'hooks/dispatch'],
    [
      {
        id: 'before-is-the-last',
        find: 'entries.find((entry) => entry.kind',
        replace: 'entries.findLast((entry) => entry.kind',
      },
      {
        id: 'companies-of-now',
        find: 'links === undefined ? row.companies : companiesIn(links.before)',
        replace: 'row.companies',
      },
      { id: 'condition-of-now', find: '{ ...kept, value: shown.before }', replace: '{ ...kept }' },
      {
        id: 'life-of-now',
        near: ['hooks/dispatch'],
        find: "life === undefined ? row.life : (life.before ?? 'present')",
        replace: 'row.life',
      },
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
