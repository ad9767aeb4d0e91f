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
        find: 'url: deps.publicUrl, body, signature',
        replace: "url: deps.publicUrl, body: Buffer.from(body.toString('utf8').trim()), signature",
      },
      {
        id: 'not-stored-and-accepted',
        find: "refuse(res, 503, 'cannot-store', 'The events could not be stored; please send them again.');",
        replace: 'res.writeHead(200, ACCEPTED).end();',
      },
      {
        id: 'no-end-of-waiting',
        find: 'waiting.length >= WAITING_MAX_REQUESTS || waitingBytes + body.length > waitingMaxBytes',
        replace: 'waiting.length < 0',
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
        find: 'closing ? STOPPING : unreadable(req)',
        replace: 'unreadable(req)',
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
        find: 'objectOf(textOf(raw.toObjectTypeId) ?? TYPE_IDS[toName])',
        replace: 'objectOf(TYPE_IDS[toName])',
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

const journal = inFile(
  'backend/intake/journal.ts',
  ['completeness/journal'],
  [
    {
      id: 'events-of-other-hubs',
      find: 'file.events.filter((event) => isOf(event, ctx.hubId))',
      replace: 'file.events',
    },
    {
      id: 'past-the-horizon',
      find: 'awayMs > HORIZON_MS) return',
      replace: 'awayMs > 100 * HORIZON_MS) return',
    },
    {
      id: 'stuck-at-an-unknown-offset',
      find: 'return isUnknown ? startOver',
      replace: 'return found.ok ? startOver',
    },
    {
      id: 'gap-not-compared',
      find: "await orderJobs(trx, ctx.hubId, 'reconcile', OBJECTS, now);",
      replace: '',
    },
    {
      id: 'unreadable-file-skipped',
      find: 'if (!read.ok) return failed(ctx, read.failure);',
      replace: 'if (!read.ok) continue;',
    },
    {
      id: 'one-failure-ends-the-layer',
      find: 'for (const file of found.value) {',
      replace: 'for (const file of found.value.slice(1)) {',
    },
  ],
);

const comparing = [
  ...inFile(
    'backend/intake/reconcile.ts',
    ['completeness/verify', 'completeness/journal'],
    [
      {
        id: 'unlisted-not-looked-for',
        find: 'if (unmet.length > 0) {',
        replace: 'if (unmet.length > 1_000) {',
      },
      { id: 'dry-run-repairs', find: 'isDry ? null : markDue(trx', replace: 'markDue(trx' },
      { id: 'suspects-forgotten', find: "comparison.suspects.length > 0 ? 'wait' : END", replace: 'END' },
      { id: 'memory-not-corrected', find: '  ctx.mirror.forget(wrong);\n', replace: '' },
      {
        id: 'certificate-unchained',
        find: 'if (isEnd(page) && !isDry) await',
        replace: 'if (isEnd(page) && isDry) await',
      },
      {
        id: 'difference-not-repaired',
        find: 'if (verdict.differences.length > 0) wrong.push',
        replace: 'if (verdict.differences.length > 1) wrong.push',
      },
    ],
  ),
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
  ...inFile(
    'backend/intake/backfill.ts',
    ['backend/loop', 'completeness/cli'],
    [
      {
        id: 'page-lost-on-a-failure',
        find: "if (linked.length < seen.length) return stuck(ctx, job, 'The associations of a page could not be read.');",
        replace: '',
      },
    ],
  ),
  ...inFile(
    'backend/intake/jobs.ts',
    ['completeness/verify'],
    [
      { id: 'no-sweep', find: 'return orderSweep(ctx, open);', replace: 'return false;' },
      { id: 'one-stuck-holds-up-all', find: 'if (went) return true;', replace: 'return went;' },
      {
        id: 'sweep-ordered-again',
        find: "open.some((job) => job.kind === 'reconcile' && job.object === object)",
        replace: 'open.length < 0',
      },
    ],
  ),
];

export const INTAKE: Room = {
  name: 'intake',
  needsDatabase: true,
  mutants: [webhooks, translating, journal, comparing].flat(),
  stages: [
    { name: 'quick', tests: ['backend/translate', 'backend/webhooks'] },
    { name: 'completeness', tests: ['completeness/journal', 'completeness/verify', 'completeness/cli'] },
    { name: 'loop', tests: ['backend/loop', 'portal/making', 'backend/erasure'] },
    { name: 'world', tests: ['world/world'] },
  ],
};
