/** Faults planted in what comes in: webhooks, the webhooks journal, reconcile, backfill. */
import { inFile, type Room } from './mutant.ts';

const webhooks = [
  ...inFile(
    'backend/intake/webhooks.ts',
    ['backend/webhooks'],
    [
      {
        id: 'answered-before-it-is-stored',
        find: 'stored = await store.store(deliveries);',
        replace: 'void store.store(deliveries).catch(() => undefined);\n      stored = new Map();',
      },
      {
        id: 'signature-over-the-text',
        find: '{ ...signed, url: publicUrl }',
        replace: "{ ...signed, body: Buffer.from(signed.body.toString('utf8').trim()), url: publicUrl }",
      },
      {
        id: 'not-stored-and-accepted',
        find: "turnAway(res, 503, 'cannot-store', 'The events could not be stored; please send them again.');",
        replace: 'res.writeHead(200, HEADERS).end();',
      },
      {
        id: 'no-end-of-waiting',
        find: 'waiting.length >= WAITING_MAX_REQUESTS || waitingBytes + body.length > waitingMaxBytes',
        replace: 'waiting.length < 0',
      },
      {
        id: 'answered-at-once',
        find: 'if (waitMs > 0) setTimeout(end, waitMs);\n  else end();',
        replace: 'end();',
      },
      { id: 'endless-body', find: 'if (bytes > BODY_MAX_BYTES) return stop(TOO_LARGE);', replace: '' },
      {
        id: 'told-to-another-hub',
        find: 'deliveries.filter((one) => one.hubId === hubId)',
        replace: 'deliveries',
      },
      {
        id: 'one-flush-and-no-more',
        find: 'while (waiting.length > 0) {',
        replace: 'if (waiting.length > 0) {',
      },
      { id: 'bytes-never-leave', find: '      waitingBytes = 0;\n      await', replace: '      await' },
      {
        id: 'packed-body-taken',
        find: "if (req.headers['content-encoding'] !== undefined)",
        replace: "if (req.headers['content-encoding'] === '')",
      },
      { id: 'closed-over-the-last', find: 'await flushing;', replace: '' },
      {
        id: 'accepts-while-stopping',
        find: 'closing ? STOPPING : outForS',
        replace: 'outForS',
      },
    ],
  ),
  ...inFile(
    'backend/intake/events.ts',
    ['backend/webhooks'],
    [
      { id: 'any-number-of-events', find: ' || events.length > EVENTS_MAX) {', replace: ') {' },
      { id: 'whole-body-to-each-hub', find: 'hubs.size === 1 ? text : JSON.stringify(own)', replace: 'text' },
      {
        id: 'hub-of-nobody',
        find: '!isWhole(event.portalId) || event.portalId <= 0',
        replace: '!isWhole(event.portalId)',
      },
    ],
  ),
];

const translating = [
  ...inFile(
    'backend/intake/translate.ts',
    ['backend/translate'],
    [
      {
        id: 'erasure-is-archiving',
        find: "life(event, object, recordId, 'erased')",
        replace: "life(event, object, recordId, 'archived')",
      },
      { id: 'primary-survives-its-merge', find: '[...listed, primary].filter', replace: 'listed.filter' },
      { id: 'merged-into-itself', find: 'each !== null && each !== survivor', replace: 'each !== null' },
      {
        id: 'restored-without-companies',
        find: ", { is: 'links', object, recordId }];\n    default",
        replace: '];\n    default',
      },
      {
        id: 'value-as-it-came',
        find: "canonical(objects[object].fields[field]?.kind ?? 'text', event.propertyValue)",
        replace: 'event.propertyValue',
      },
      {
        id: 'one-naming-only',
        find: 'textOf(raw.subscriptionType) ?? textOf(raw.eventType)',
        replace: 'textOf(raw.subscriptionType)',
      },
      {
        id: 'one-bad-event-spoils-all',
        find: "return [{ is: 'ignored', why: 'not understood' }];",
        replace: "throw new Error('not understood');",
      },
      {
        id: 'custom-objects-unknown',
        find: 'objects[object].typeId ?? typeIds()[objects[object].crm]',
        replace: 'objects[object].typeId',
      },
    ],
  ),
  ...inFile(
    'backend/intake/wire.ts',
    ['backend/translate'],
    [
      {
        id: 'one-end-of-an-association',
        find: 'objectOf(textOf(raw.toObjectTypeId) ?? TYPE_IDS.get(toName))',
        replace: 'objectOf(TYPE_IDS.get(toName))',
      },
      { id: 'associations-by-upper-case', find: ".toLowerCase().split('_to_')", replace: ".split('_to_')" },
    ],
  ),
  ...inFile(
    'backend/intake/journalEvents.ts',
    ['backend/translate'],
    [
      {
        id: 'merge-of-one',
        find: 'new Set([recordId, ...named.flatMap((id) => id ?? [])])',
        replace: 'new Set([recordId])',
      },
      { id: 'deleted-is-moved', find: "action === 'DELETE' ? 'gone' : 'moved'", replace: "'moved'" },
      {
        id: 'journal-restores-without-companies',
        find: "action === 'RESTORE' ? [touched, { is: 'links', object, recordId }] : [touched]",
        replace: '[touched]',
      },
      {
        id: 'journal-forgets-erasures',
        find: "if (type === 'gdprPrivacyDeletion') {",
        replace: "if (type === '') {",
      },
    ],
  ),
];

const comparing = [
  ...inFile(
    'backend/intake/compare.ts',
    ['backend/compare'],
    [
      { id: 'in-flight-is-wrong', find: 'now - at > IN_FLIGHT_MS', replace: 'now - at >= 0' },
      {
        id: 'undated-never-certain',
        find: '(at === null ? hasWaited : ',
        replace: '(at === null ? false : ',
      },
      {
        id: 'parents-uncompared',
        find: "['$parents', hangs.length === 0 ? null : hangs.join(', ')],",
        replace: '',
      },
      { id: 'companies-uncompared', find: "['$companies', linksText(links)],", replace: '' },
      {
        id: 'paused-compared',
        find: 'Object.keys(objects[object].fields).filter(isCompared)',
        replace: 'Object.keys(objects[object].fields)',
      },
      {
        id: 'archived-is-there',
        find: "if (found.is !== 'here' || found.reading.archived) return null;",
        replace: "if (found.is !== 'here') return null;",
      },
      {
        id: 'gone-is-mirrored',
        find: "if (row?.life !== 'present') return null;",
        replace: 'if (row === undefined) return null;',
      },
    ],
  ),
];

export const INTAKE: Room = {
  name: 'intake',
  needsDatabase: true,
  mutants: [webhooks, translating, comparing].flat(),
  stages: [
    { name: 'quick', tests: ['backend/translate', 'backend/webhooks'] },
    { name: 'completeness', tests: ['completeness/journal', 'completeness/verify', 'completeness/cli'] },
    { name: 'loop', tests: ['backend/loop', 'portal/making', 'backend/erasure'] },
    { name: 'world', tests: ['world/world'] },
  ],
};
