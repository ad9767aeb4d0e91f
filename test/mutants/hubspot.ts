/** Faults planted in how we speak with HubSpot, and with the endpoints that are told of changes. */
import { inFile, type Room } from './mutant.ts';

const speaking = [
  ...inFile(
    'backend/hubspot/signature.ts',
    ['backend/signature'],
    [
      {
        id: 'signed-in-the-future',
        find: 'Math.abs(now - Number(timestamp))',
        replace: '(now - Number(timestamp))',
      },
      {
        id: 'replayed-for-ever',
        find: '> SIGNATURE_MAX_AGE_MS) {',
        replace: '> SIGNATURE_MAX_AGE_MS * 1_000) {',
      },
      { id: 'method-unsigned', find: '    .update(method)\n', replace: '' },
      { id: 'time-unsigned', find: '    .update(timestamp)\n', replace: '' },
      { id: 'newest-secret-only', find: 'fits.includes(true)', replace: 'fits[0] === true' },
      { id: 'at-sign-not-decoded', find: "  '%40': '@',\n", replace: '' },
      {
        id: 'every-escape-decoded',
        find: 'DECODED[escape.toUpperCase()] ?? escape',
        replace: 'decodeURIComponent(escape)',
      },
    ],
  ),
  ...inFile(
    'backend/hubspot/failure.ts',
    ['backend/failure'],
    [
      { id: 'lock-is-a-refusal', find: 'if (status === 423) return', replace: 'if (status === 424) return' },
      {
        id: 'gateway-error-is-a-refusal',
        find: 'status >= 500 || status === 408 || status === 477',
        replace: 'status > 599 || status === 408 || status === 477',
      },
      {
        id: 'day-is-over-in-a-second',
        find: "body.policyName === 'DAILY' || message.includes('daily limit')",
        replace: 'false',
      },
      { id: 'refused-without-names', find: 'properties: perProperty(body) };', replace: 'properties: [] };' },
      {
        id: 'gone-is-a-refusal',
        find: 'if (status === 404 || status === 410)',
        replace: 'if (status === 410)',
      },
      {
        id: 'unreachable-is-a-refusal',
        find: "return { is: 'ambiguous', message: `HubSpot could not",
        replace: "return { is: 'gone', message: `HubSpot could not",
      },
      {
        id: 'html-is-a-crash',
        find: 'return {}; // gateways',
        replace: 'throw new Error(text); // gateways',
      },
    ],
  ),
  ...inFile(
    'backend/hubspot/transport.ts',
    ['backend/transport'],
    [
      {
        id: 'waits-for-ever',
        find: 'return await Promise.race([work(), expired]);',
        replace: 'return await Promise.race([work()]);',
      },
      { id: 'limits-unread', find: '    limits = limitsOf(headers);\n', replace: '' },
      {
        id: 'any-shape-believed',
        find: 'if (parsed.success) return',
        replace: 'if (parsed.success || text.length > 0) return',
      },
      {
        id: 'redirect-is-an-answer',
        find: 'if (status < 200 || status > 299)',
        replace: 'if (status < 200 || status > 399)',
      },
      {
        id: 'no-limit-is-zero',
        find: 'text === null || !/^\\d+$/.test(text) ? null : Number(text)',
        replace: 'Number(text)',
      },
    ],
  ),
];

const journal = [
  ...inFile(
    'backend/hubspot/webhooksJournal.ts',
    ['backend/webhooksJournal'],
    [
      {
        id: 'earliest-for-ever',
        find: "offset === null ? 'earliest'",
        replace: "offset !== '' ? 'earliest'",
      },
      { id: 'latest-first', find: "offset === null ? 'earliest'", replace: "offset === null ? 'latest'" },
      { id: 'offset-as-it-is', find: 'encodeURIComponent(offset)', replace: 'offset' },
      { id: 'too-many-files-asked-for', find: 'BATCH_FILES = 20;', replace: 'BATCH_FILES = 200;' },
      {
        id: 'token-never-renewed',
        find: 'const isFresh = now() >= usableUntil;',
        replace: 'const isFresh = usableUntil === 0;',
      },
      { id: 'token-to-its-last-ms', find: ' - TOKEN_MARGIN_MS;', replace: ';' },
      { id: 'token-for-each-call', find: 'usableUntil = now() + got', replace: 'usableUntil = 0 * got' },
      {
        id: 'newest-secret-or-none',
        find: "if (got.ok || got.failure.is === 'ambiguous' || got.failure.is === 'throttled') return answer;",
        replace: 'return answer;',
      },
      {
        id: 'throttled-tries-the-next-secret',
        find: " || got.failure.is === 'throttled') return answer;",
        replace: ') return answer;',
      },
      {
        id: 'withdrawn-token-used-on',
        find: 'return renewed.ok ? send(client, REQUEST_TIMEOUT_MS, request, shape) : renewed;',
        replace: 'return answer;',
      },
      {
        id: 'lost-scope-renews-the-token',
        find: " || answer.failure.code !== 'token' || isFresh",
        replace: ' || isFresh',
      },
      {
        id: 'fresh-token-made-anew',
        find: "answer.failure.code !== 'token' || isFresh)",
        replace: "answer.failure.code !== 'token')",
      },
      {
        id: 'expired-address-is-an-empty-file',
        find: 'if (!response.ok) return { ok: false, failure: failureOf(response.status, body), limits: NO_LIMITS };',
        replace:
          'if (!response.ok) return { ok: true, value: { publishedAt: null, events: [] }, limits: NO_LIMITS };',
      },
      {
        id: 'file-of-another-shape-is-empty',
        find: 'journalEvents: z.array(z.unknown()),',
        replace: 'journalEvents: z.array(z.unknown()).default([]),',
      },
      { id: 'file-of-any-size', find: 'if (bytes > FILE_MAX_BYTES) {', replace: 'if (bytes < 0) {' },
      {
        id: 'publishing-time-in-words-unread',
        find: "typeof value === 'string' ? Date.parse(value)",
        replace: "typeof value === 'string' ? NaN",
      },
      {
        id: 'bare-list-is-none',
        find: 'Array.isArray(answer) ? answer',
        replace: 'Array.isArray(answer) ? []',
      },
      {
        id: 'subscribed-for-nobody',
        find: '{ ...wanted, portalId: Number(hubId) }',
        replace: '{ ...wanted, portalId: 0 * Number(hubId) }',
      },
      {
        id: 'nothing-new-is-odd',
        find: 'z.object({ results: z.array(place) }).nullable()',
        replace: 'z.object({ results: z.array(place) })',
      },
    ],
  ),
  ...inFile(
    'backend/hubspot/journalSubscriptions.ts',
    ['backend/webhooksJournal'],
    [
      {
        id: 'custom-types-untold',
        find: 'objects[object].typeId ?? typeIds[objects[object].crm]',
        replace: 'objects[object].typeId',
      },
      { id: 'restored-untold', find: ", 'MERGE', 'RESTORE'];", replace: ", 'MERGE'];" },
      { id: 'lines-untold', find: 'OBJECTS.some(hasLines)', replace: 'OBJECTS.every(hasLines)' },
      {
        id: 'lines-of-a-record-untold',
        find: '...(hasLines(object) ? [LINE_TYPE.typeId] : [])',
        replace: '',
      },
      {
        id: 'erasures-untold',
        find: ", { subscriptionType: 'GDPR_PRIVACY_DELETION', objectTypeId: '0-1' }];",
        replace: '];',
      },
      { id: 'parents-untold', find: "['company', ...parents];", replace: "['company'];" },
      { id: 'company-told-of-itself', find: "object === 'company' ? parents : ", replace: '' },
      {
        id: 'other-hubs-subscriptions-cancelled',
        find: 'kept.filter(({ portalId }) => portalId === hubId)',
        replace: '[...kept]',
      },
      { id: 'order-of-properties-counts', find: '[...kept].sort().join();', replace: '[...kept].join();' },
      {
        id: 'new-property-untold',
        find: '    sameList(wanted.properties, kept.properties) &&\n',
        replace: '',
      },
      { id: 'new-action-untold', find: '    sameList(wanted.actions, kept.actions) &&\n', replace: '' },
      {
        id: 'new-parent-untold',
        find: ' &&\n    sameList(wanted.associatedObjectTypeIds, kept.associatedObjectTypeIds)',
        replace: '',
      },
      {
        id: 'one-type-is-like-another',
        find: '    (kept.objectTypeId ?? wanted.objectTypeId) === wanted.objectTypeId &&\n',
        replace: '',
      },
      {
        id: 'unsaid-list-is-empty',
        find: 'kept === null || kept === undefined || [...wanted].sort().join() === [...kept]',
        replace: '[...wanted].sort().join() === [...(kept ?? [])]',
      },
    ],
  ),
];

export const HUBSPOT: Room = {
  name: 'hubspot',
  needsDatabase: true,
  mutants: [speaking, journal].flat(),
  stages: [
    {
      name: 'pure',
      tests: ['backend/signature', 'backend/failure', 'backend/transport', 'backend/webhooksJournal'],
    },
    { name: 'loop', tests: ['backend/loop', 'backend/webhooks', 'hooks/dispatch', 'portal/making'] },
    { name: 'world', tests: ['world/world'] },
  ],
};
