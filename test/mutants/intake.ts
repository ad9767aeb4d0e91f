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
        id: 'journal-lines-unheard',
        find: "if (typeId === LINE_TYPE_ID) return [{ is: 'line', lineId: recordId }];",
        replace: '',
      },
      {
        id: 'journal-links-unheard',
        find: "if (type === 'association') return associations(raw, objectOf);",
        replace: '',
      },
      {
        id: 'journal-of-no-time-believed',
        find: 'recordId === null || at === null',
        replace: 'recordId === null',
      },
      {
        id: 'journal-of-no-record-believed',
        find: 'recordId === null || at === null',
        replace: 'at === null',
      },
      {
        id: 'any-type-is-a-record',
        find: "if (type !== 'crmObject') return ignored(`journal ${type}`);",
        replace: '',
      },
      {
        id: 'strange-object-heard',
        find: 'if (object === undefined) return ignored(`journal ${type}`);',
        replace: '',
      },
      {
        id: 'merged-are-moved',
        find: "recordId: id, how: 'gone', at }",
        replace: "recordId: id, how: 'moved', at }",
      },
      { id: 'merged-without-companies', find: "    { is: 'links', object, recordId: id },\n", replace: '' },
      {
        id: 'primary-of-a-merge-forgotten',
        find: '[raw.primaryObjectId, raw.newObjectId, ...listed]',
        replace: '[raw.newObjectId, ...listed]',
      },
      {
        id: 'survivor-of-a-merge-forgotten',
        find: '[raw.primaryObjectId, raw.newObjectId, ...listed]',
        replace: '[raw.primaryObjectId, ...listed]',
      },
      {
        id: 'journal-time-in-ms-unread',
        find: "typeof value === 'string' ? Date.parse(value) : value;",
        replace: 'Date.parse(String(value));',
      },
      {
        id: 'journal-time-in-words-unread',
        find: "typeof value === 'string' ? Date.parse(value) : value;",
        replace: 'value;',
      },
      {
        id: 'erased-is-archived',
        find: "recordId, life: 'erased', at, by",
        replace: "recordId, life: 'archived', at, by",
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

const polling = [
  ...inFile(
    'backend/intake/journal.ts',
    ['completeness/journalSteps'],
    [
      {
        id: 'horizon-unnoticed',
        find: 'if (awayMs > HORIZON_MS) return startOver(ctx, place, true);',
        replace: '',
      },
      {
        id: 'unknown-offset-for-ever',
        find: 'return isFirst && isUnknown\n',
        replace: 'return isFirst && isUnknown && awayMs < 0\n',
      },
      {
        id: 'away-is-unknown',
        find: "['gone', 'refused'].includes(found.failure.is) && place.offset",
        replace: 'place.offset',
      },
      {
        id: 'forgotten-is-harmless',
        find: 'startOver(ctx, place, awayMs > FORGOTTEN_MAX_MS)',
        replace: 'startOver(ctx, place, false)',
      },
      {
        id: 'old-file-compares-all',
        find: 'startOver(ctx, place, awayMs > FORGOTTEN_MAX_MS)',
        replace: 'startOver(ctx, place, true)',
      },
      {
        id: 'unreadable-file-skipped',
        find: 'if (!read.ok) return failed(ctx, read.failure);',
        replace: 'if (!read.ok) continue;',
      },
      {
        id: 'events-apart-from-their-place',
        find: 'deliver(trx, ctx.hubId, deliveries, now)',
        replace: 'deliver(ctx.db, ctx.hubId, deliveries, now)',
      },
      {
        id: 'place-apart-from-its-events',
        find: 'saveJournalPlace(trx, ctx.hubId, { offset, caughtUpAt })',
        replace: 'saveJournalPlace(ctx.db, ctx.hubId, { offset, caughtUpAt })',
      },
      {
        id: 'next-files-at-the-next-look',
        find: "if (found.value.length > 0) return 'more';",
        replace: "if (found.value.length > 0) return 'end';",
      },
      {
        id: 'quiet-is-not-caught-up',
        find: 'saveJournalPlace(db, ctx.hubId, { offset: place.offset, caughtUpAt: begunAt })',
        replace: 'Promise.resolve(db)',
      },
      {
        id: 'quiet-forgets-the-offset',
        find: 'offset: place.offset, caughtUpAt: begunAt',
        replace: 'offset: null, caughtUpAt: begunAt',
      },
      {
        id: 'other-hubs-events-taken',
        find: 'file.events.filter((event) => isOf(event, ctx.hubId))',
        replace: 'file.events',
      },
      {
        id: 'last-event-of-a-batch-lost',
        find: 'own.slice(at, at + DELIVERY_EVENTS)',
        replace: 'own.slice(at, at + DELIVERY_EVENTS - 1)',
      },
      {
        id: 'whole-file-in-one-delivery',
        find: 'const DELIVERY_EVENTS = 500;',
        replace: 'const DELIVERY_EVENTS = 5_000_000;',
      },
      { id: 'journal-passes-as-webhooks', find: "events, 'journal'\n", replace: "events, 'webhooks'\n" },
      {
        id: 'horizon-not-compared',
        find: "await orderJobs(trx, ctx.hubId, 'reconcile', OBJECTS, now);",
        replace: '',
      },
      {
        id: 'horizon-untold',
        find: "await raise(trx, ctx.hubId, [{ code: 'journal-horizon', count: 1, detail: null }], now);",
        replace: '',
      },
      { id: 'new-type-waits-an-hour', find: 'typeIds === before.for && now', replace: 'now' },
      {
        id: 'subscribed-once-and-for-all',
        find: 'typeIds === before.for && now - before.at < SUBSCRIPTIONS_CHECK_MS',
        replace: 'typeIds === before.for',
      },
      {
        id: 'half-subscribed-is-subscribed',
        find: 'return null; // the rest at the next look',
        replace: 'break;',
      },
      {
        id: 'unwanted-subscription-kept',
        find: '...cancel.map((each) => () => journal.unsubscribe(each.id)),',
        replace: '',
      },
      {
        id: 'caught-up-with-an-old-file',
        find: 'Math.min(now, file.publishedAt ?? before.caughtUpAt)',
        replace: 'now',
      },
      {
        id: 'journal-failure-unshown',
        find: 'ctx.health.journal = { on: true, failure: { code: failure.is, message: failure.message } };',
        replace: '',
      },
      {
        id: 'journal-failure-shown-for-ever',
        find: "if (read !== 'failed' && subscribed !== null) ctx.health.journal = { on: true, failure: null };",
        replace: '',
      },
      {
        id: 'journal-off-is-on',
        find: '{ on: journal !== null, failure: null }',
        replace: '{ on: true, failure: null }',
      },
      {
        id: 'one-failure-ends-the-journal',
        find: 'ctx.log.error({ err: error, hub: ctx.hubId }, message);',
        replace: 'throw error;',
      },
      {
        id: 'goes-back-to-the-earliest-file',
        find: 'Math.max(before.caughtUpAt, Math.min(now, file.publishedAt ?? before.caughtUpAt))',
        replace: 'Math.min(now, file.publishedAt ?? before.caughtUpAt)',
      },
      {
        id: 'undated-file-is-of-now',
        find: 'file.publishedAt ?? before.caughtUpAt)',
        replace: 'file.publishedAt ?? now)',
      },
      {
        id: 'refused-without-end',
        find: 'return isFirst && isUnknown\n',
        replace: 'return isUnknown\n',
      },
      {
        id: 'forgotten-and-caught-up',
        find: 'caughtUpAt: isIncomplete ? now : caughtUpAt',
        replace: 'caughtUpAt: now',
      },
      {
        id: 'horizon-stands-for-ever',
        find: 'caughtUpAt: isIncomplete ? now : caughtUpAt',
        replace: 'caughtUpAt',
      },
      {
        id: 'compared-before-it-was-lost',
        find: "await endJobs(trx, ctx.hubId, OBJECTS, now, 'reconcile');",
        replace: '',
      },
      {
        id: 'subscribing-failed-unshown',
        find: "if (read !== 'failed' && subscribed !== null)",
        replace: "if (read !== 'failed')",
      },
      {
        id: 'refused-subscription-is-made',
        find: 'if (made.ok) continue;',
        replace: 'if (made.ok || changes.length > 0) continue;',
      },
      {
        id: 'unknown-subscriptions-are-none',
        find: '    failed(ctx, kept.failure);\n    return null;',
        replace: '    return before;',
      },
      {
        id: 'reads-on-after-its-term',
        find: "read === 'more' && !term.aborted;",
        replace: "read === 'more';",
      },
      {
        id: 'cannot-store-unshown',
        find: "ctx.health.journal = { on: true, failure: { code: 'cannot-store', message } };",
        replace: '',
      },
    ],
  ),
];

const jobs = [
  ...inFile(
    'backend/intake/reconcile.ts',
    ['completeness/jobSteps'],
    [
      {
        id: 'second-page-unasked',
        find: 'comparison.listed = listed.value.next === null;',
        replace: 'comparison.listed = true;',
      },
      {
        id: 'same-page-for-ever',
        find: 'cursor: listed.value.next, met',
        replace: 'cursor: job.cursor, met',
      },
      {
        id: 'listed-not-met',
        find: 'met: seen.map((one) => one.recordId), wrong };',
        replace: 'met: [], wrong };',
      },
      { id: 'unlisted-not-looked-for', find: 'if (unmet.length > 0) {', replace: 'if (unmet.length < 0) {' },
      {
        id: 'suspects-forgotten',
        find: "return comparison.suspects.length > 0 ? 'wait' : END;",
        replace: 'return END;',
      },
      {
        id: 'suspects-looked-at-twice',
        find: 'comparison.suspects = comparison.suspects.filter((each) => !ripe.includes(each));',
        replace: '',
      },
      {
        id: 'suspect-since-it-was-seen-last',
        find: 'recordId: one.recordId, since, lookAt',
        replace: 'recordId: one.recordId, since: now, lookAt',
      },
      { id: 'suspects-looked-at-at-once', find: 'lookAt: now + SUSPECT_AGAIN_MS', replace: 'lookAt: now' },
      {
        id: 'first-look-convicts',
        find: "    if (differences.length === 0 || job.kind === 'dry-run')",
        replace: '    if (differences.length >= 0)',
      },
      {
        id: 'dry-run-looks-again',
        find: "differences.length === 0 || job.kind === 'dry-run')",
        replace: 'differences.length === 0)',
      },
      {
        id: 'one-suspect-of-a-batch-lost',
        find: 'suspects.slice(at, at + READ_MAX_RECORDS)',
        replace: 'suspects.slice(at, at + READ_MAX_RECORDS - 1)',
      },
      {
        id: 'page-without-links-compared',
        find: 'if (seen.length < listed.value.records.length) return { failure: null };',
        replace: '',
      },
      {
        id: 'suspect-without-links-dropped',
        find: 'return linked.length < seen.length ? { failure: null } : linked;',
        replace: 'return linked;',
      },
      { id: 'moving-uncounted', find: 'comparison.moving += 1;', replace: 'comparison.moving += 0;' },
      {
        id: 'one-wrong-field-is-none',
        find: 'if (verdict.differences.length > 0) wrong.push',
        replace: 'if (verdict.differences.length > 1) wrong.push',
      },
      {
        id: 'wrong-not-repaired',
        find: "isDry ? null : markDue(trx, ctx.hubId, 'reconcile', wrong, { now }),",
        replace: '',
      },
      { id: 'dry-run-repairs', find: 'isDry ? null : markDue(trx', replace: 'markDue(trx' },
      {
        id: 'repaired-in-the-lane-of-people',
        find: "markDue(trx, ctx.hubId, 'reconcile', wrong",
        replace: "markDue(trx, ctx.hubId, 'read', wrong",
      },
      {
        id: 'wrong-companies-unread',
        find: "links: object !== 'company' }));",
        replace: 'links: false }));',
      },
      { id: 'repaired-by-what-is-remembered', find: 'ctx.mirror.forget(wrong);', replace: '' },
      { id: 'dry-run-warns', find: 'isDry || wrong.length === 0\n', replace: 'wrong.length === 0\n' },
      {
        id: 'one-warning-for-all',
        find: 'count: wrong.length, detail: { object }',
        replace: 'count: 1, detail: { object }',
      },
      {
        id: 'dry-run-certified',
        find: 'if (isEnd(page) && !isDry) await',
        replace: 'if (isEnd(page)) await',
      },
      {
        id: 'nothing-certified',
        find: 'if (isEnd(page) && !isDry) await',
        replace: 'if (isEnd(page) && isDry) await',
      },
      { id: 'each-page-certified', find: 'if (isEnd(page) && !isDry) await', replace: 'if (!isDry) await' },
      {
        id: 'certificate-of-the-crm-alone',
        find: 'differences, moving, calls, mirror, crm };\n  return',
        replace: 'differences, moving, calls, mirror: crm, crm };\n  return',
      },
      {
        id: 'old-refusal-ends-a-comparison',
        find: '(at >= begunAt ? scope : [])',
        replace: '(at > 0 ? scope : [])',
      },
      {
        id: 'missing-scope-asked-for-ever',
        find: 'return isOfScope(failure) ?',
        replace: 'return isOfScope(failure) && failure.scopes.length > 9 ?',
      },
      {
        id: 'given-up-without-why',
        find: '{ ...emptyComparison([]), notCompared: why }',
        replace: 'emptyComparison([])',
      },
      {
        id: 'calls-uncounted',
        find: "comparison.calls += ctx.budget.calls('reconcile') - callsBefore;",
        replace: '',
      },
      {
        id: 'paused-value-differs',
        find: "if (isPaused(ctx.pauses, object, field, 'in') || isApart(ctx, object, field)) return false;",
        replace: 'if (isApart(ctx, object, field)) return false;',
      },
      {
        id: 'pause-that-ended-unsaid',
        find: '[...new Set([...comparison.paused, ...pausedFields(ctx, job.object)])]',
        replace: 'pausedFields(ctx, job.object)',
      },
      {
        id: 'strangers-added',
        find: 'if (row === undefined && one.found.is',
        replace: 'if (row === null && one.found.is',
      },
      {
        id: 'parents-not-loaded',
        find: 'objects[object].parents === undefined ? []',
        replace: 'objects[object].parents !== undefined ? []',
      },
      {
        id: 'others-companies-too',
        find: 'links.filter((link) => link.recordId === recordId)',
        replace: 'links',
      },
      {
        id: 'page-failure-unsaid',
        find: 'saveStep(db, ctx.hubId, job.jobId, ctx.clock.now(), { error })',
        replace: 'Promise.resolve([db, error])',
      },
      {
        id: 'gone-unlisted-is-left',
        find: "reading === undefined ? { is: 'gone' }",
        replace: "reading === null ? { is: 'gone' }",
      },
    ],
  ),
  ...inFile(
    'backend/intake/backfill.ts',
    ['completeness/jobSteps'],
    [
      { id: 'first-page-is-all', find: 'isFinished: cursor === null,', replace: 'isFinished: true,' },
      {
        id: 'page-read-for-ever',
        find: '...{ done: seen.length, cursor },',
        replace: '...{ done: seen.length, cursor: job.cursor },',
      },
      {
        id: 'page-without-its-companies',
        find: 'if (linked.length < seen.length) return stuck',
        replace: 'if (linked.length < 0) return stuck',
      },
      {
        id: 'what-was-read-is-not-sent',
        find: 'await sendWrites(ctx, job.object, writes);',
        replace: 'void writes;',
        near: ['backend/round'],
      },
      {
        id: 'one-record-ends-the-term',
        find: 'leaveToRounds(ctx, job.object, linked, behind, error),',
        replace: 'Promise.reject(error),',
      },
      {
        id: 'page-not-stored-is-left-out',
        find: "markDue(trx, ctx.hubId, 'backfill', records, { now: ctx.clock.now() }),",
        replace: '',
      },
      {
        id: 'page-not-stored-loses-its-companies',
        find: "links: object !== 'company' }));",
        replace: 'links: false }));',
      },
      { id: 'place-before-its-page', find: 'saveStep(trx, ctx.hubId', replace: 'saveStep(ctx.db, ctx.hubId' },
      {
        id: 'backfill-failure-unsaid',
        find: 'return stuck(ctx, job, page.failure.message);',
        replace: 'return false;',
      },
      {
        id: 'backfill-stuck-goes-on',
        find: '{ error }));\n  return false;',
        replace: '{ error }));\n  return true as false;',
      },
      { id: 'lost-scope-unnoted', find: 'noteObjectRefused(ctx, job.object, page.failure);', replace: '' },
      { id: 'records-uncounted', find: 'done: seen.length, cursor', replace: 'done: 1, cursor' },
    ],
  ),
  ...inFile(
    'backend/intake/jobs.ts',
    ['completeness/jobSteps'],
    [
      { id: 'stuck-job-holds-up-all', find: 'if (went) return true;', replace: 'return went;' },
      {
        id: 'begun-anew-each-page',
        find: 'if (job.startedAt === null) await begin(ctx, job);',
        replace: 'await begin(ctx, job);',
      },
      { id: 'unreadable-backfill-ended', find: "if (job.kind === 'backfill') continue;", replace: '' },
      {
        id: 'counted-as-often-as-begun',
        find: 'const mayCount = startedAt - (countedAt.get(ctx) ?? -Infinity) >= COUNT_EVERY_MS;',
        replace: 'const mayCount = true;',
      },
      {
        id: 'count-that-failed-is-zero',
        find: 'count?.ok === true ? count.value : null',
        replace: 'count?.ok === true ? count.value : 0',
      },
      {
        id: 'sweep-of-what-is-under-way',
        find: ' && !isUnderWay(name));',
        replace: ');',
      },
      {
        id: 'one-under-way-holds-up-the-sweep',
        find: 'if (object === null) return false;',
        replace: "if (object === null || open.some(({ kind }) => kind === 'reconcile')) return false;",
      },
      { id: 'sweep-without-end', find: 'since: now - SWEEP_EVERY_MS,', replace: 'since: now,' },
      { id: 'swept-never', find: 'return orderSweep(ctx, open);', replace: 'return false;' },
      {
        id: 'tried-in-vain-at-once-again',
        find: 'triedSince: now - SWEEP_RETRY_MS',
        replace: 'triedSince: now + 1',
      },
      {
        id: 'unreadable-swept',
        find: 'unreadable(ctx, name) === null && !isUnderWay',
        replace: '!isUnderWay',
      },
    ],
  ),
];

export const INTAKE: Room = {
  name: 'intake',
  needsDatabase: true,
  mutants: [webhooks, translating, comparing, polling, jobs].flat(),
  stages: [
    { name: 'quick', tests: ['backend/translate', 'backend/webhooks'] },
    {
      name: 'completeness',
      tests: [
        'completeness/journalSteps',
        'completeness/jobSteps',
        'completeness/journal',
        'completeness/verify',
        'completeness/cli',
      ],
    },
    { name: 'loop', tests: ['backend/loop', 'portal/making', 'backend/erasure'] },
    { name: 'world', tests: ['world/world'] },
  ],
};
