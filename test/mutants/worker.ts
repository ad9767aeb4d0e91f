/** Faults planted in what stands around the law in the hub's worker: what is heard, what a visit stores, what staff order. */
import { inFile } from './mutant.ts';

const apply = inFile(
  'backend/sync/apply.ts',
  ['backend/apply'],
  [
    {
      id: 'data-stops-all',
      find: 'if (!isOfTheData(error)) throw error;',
      replace: 'if (error) throw error;',
    },
    { id: 'lines-unheard', find: "one.is === 'line' ? one.lineId : []", replace: '[]' },
    { id: 'applied-twice-due', find: "due.push({ ...record, told: 'webhooks' })", replace: 'due.push()' },
    {
      id: 'never-due',
      find: "dueRows(ctx.hubId, 'observe', due,",
      replace: "dueRows(ctx.hubId, 'observe', due.slice(0, 1),",
    },
    {
      id: 'wrong-lane',
      find: "dueRows(ctx.hubId, 'observe', due,",
      replace: "dueRows(ctx.hubId, 'read', due,",
    },
    {
      id: 'old-mirror-kept',
      find: '      ctx.mirror.clear();\n',
      replace: '',
      equivalent:
        'what is refused leaves memory as it was, and a lost connection ends the term and its memory',
    },
    {
      id: 'mass-change-unheard',
      find: 'countedAlike(ctx.breaker, all.drafts, ctx.appId, now)',
      replace: '[]',
    },
    {
      id: 'erased-delivery-kept',
      find: 'if (erased.length > 0) await eraseDeliveries',
      replace: 'if (erased.length > 99) await eraseDeliveries',
    },
    {
      id: 'head-not-moved',
      find: 'if (last !== undefined) ctx.head =',
      replace: 'if (last === null) ctx.head =',
    },
    {
      id: 'nobody-told',
      find: '  if (change.moved.length > 0) {',
      replace: '  if (change.moved.length > 9) {',
    },
  ],
);

const listen = inFile(
  'backend/sync/listen.ts',
  ['law/listen'],
  [
    { id: 'erased-heard-again', find: 'if (life === ERASED) {', replace: 'if (life === null) {' },
    {
      id: 'erased-life-of-the-row',
      find: 'working.get(key)?.latest.get(LIFE)?.value ?? row?.life',
      replace: 'row?.life',
    },
    { id: 'merged-never-erased', find: ' && one.life !== ERASED) continue;', replace: ') continue;' },
    { id: 'merged-into-none-other', find: '!isMergedAway(one.life) && ', replace: '' },
    {
      id: 'merged-lives-again',
      find: "one.is === 'life' && isMergedAway(life) && !isMergedAway(one.life) && one.life !== ERASED",
      replace: 'life === null',
    },
    {
      id: 'links-not-read',
      find: "if (one.is === 'links') due.set(key, { ...marked, links: true });",
      replace: "if (one.is === 'links') due.set(key, marked);",
    },
    {
      id: 'touch-unheard',
      find: "if (one.is === 'touched' && !isKnown(row, one))",
      replace: "if (one.is === 'touched' && isKnown(row, one))",
    },
    {
      id: 'touch-always-reads',
      find: "one.is === 'touched' && !isKnown(row, one)",
      replace: "one.is === 'touched'",
    },
    {
      id: 'half-a-record',
      find: '    if (row === null && !isErasure) {\n      due.set(key, marked);\n      continue;\n    }',
      replace: '',
    },
    { id: 'erasure-waits-for-read', find: 'row === null && !isErasure', replace: 'row === null' },
    {
      id: 'paused-let-in',
      find: "if (isPaused(ctx.pauses, object, field, 'in') && field !== LIFE) continue;",
      replace: '',
    },
    {
      id: 'pause-hides-archiving',
      find: "isPaused(ctx.pauses, object, field, 'in') && field !== LIFE",
      replace: "isPaused(ctx.pauses, object, field, 'in')",
    },
    { id: 'apart-let-in', find: 'if (isApart(ctx, object, field)) continue;', replace: '' },
    {
      id: 'new-option-unnoticed',
      find: "if (one.is === 'value') isUnknownOption(ctx, object, field, one.value);",
      replace: '',
    },
    {
      id: 'later-value-forgets',
      find: 'work.latest.get(field) ?? row?.fields[field] ?? null',
      replace: 'row?.fields[field] ?? null',
    },
    { id: 'echo-costs-a-read', find: "if (after === before && after.how === 'read') continue;", replace: '' },
    {
      id: 'claim-told-twice-unread',
      find: "after === before && after.how === 'read'",
      replace: 'after === before',
    },
    {
      id: 'new-record-without-links',
      find: '{ object, recordId, links: row === null }',
      replace: '{ object, recordId, links: false }',
    },
    { id: 'layer-of-the-last', find: "  if (layer !== 'webhooks') return before;\n", replace: '' },
    {
      id: 'webhook-waits',
      find: '  const { notBefore: _, ...rest } = before;\n  return { ...rest, told: layer };',
      replace: '  return { ...before, told: layer };',
    },
    {
      id: 'journal-does-not-wait',
      find: 'if (before !== undefined && before.notBefore === undefined) return marked;\n',
      replace: 'return marked;\n',
    },
    {
      id: 'grace-on-top',
      find: 'if (before !== undefined && before.notBefore === undefined) return marked;\n',
      replace: '',
    },
    {
      id: 'crm-clock-ahead-waits',
      find: 'Math.min(at, now) + WEBHOOKS_GRACE_MS',
      replace: 'at + WEBHOOKS_GRACE_MS',
    },
    { id: 'known-by-event', find: ' && held.asOf === held.begunAt;', replace: ';' },
    { id: 'known-by-an-older-answer', find: ' && held.learnedAt >= held.begunAt', replace: '' },
    {
      id: 'known-by-claim',
      find: "held.how === 'read' && held.learnedAt >= held.begunAt && held.asOf === held.begunAt",
      replace: "held.how === 'event' || (held.learnedAt >= held.begunAt && held.asOf === held.begunAt)",
    },
    { id: 'known-by-older-proof', find: 'held.at >= at', replace: 'held.at >= 0' },
    { id: 'known-by-our-clock', find: ' && held.by.via !== BY_OUR_CLOCK', replace: '' },
    {
      id: 'gone-is-known',
      find: "if (how === 'gone') return row.life !== 'present';",
      replace: "if (how === 'gone') return true;",
    },
    {
      id: 'gone-is-unknown',
      find: "if (how === 'gone') return row.life !== 'present';",
      replace: "if (how === 'gone') return false;",
    },
    { id: 'ignored-not-counted', find: '(counts.get(one.why) ?? 0) + 1', replace: '1' },
  ],
);

const apart = inFile(
  'backend/sync/apart.ts',
  ['backend/apply'],
  [
    { id: 'data-codes-fewer', find: '/^(22...|23502|23514)$/', replace: '/^(23502|23514)$/' },
    {
      id: 'set-aside-unread',
      find: "await markDue(trx, ctx.hubId, 'observe', [...records], { now });",
      replace: '',
    },
    { id: 'set-aside-again', find: 'await deliveryApplied(trx, ctx.hubId, id, now);', replace: '' },
    {
      id: 'set-aside-silently',
      find: "await journal([draft({ kind: 'ignored', detail: { [SET_ASIDE]: 1 } })]);",
      replace: '',
    },
    {
      id: 'all-set-aside',
      find: '      await apply({ ids: [id], deliveries: [delivery] });',
      replace: "      throw new RangeError('all');",
    },
  ],
);

const commit = inFile(
  'backend/sync/commit.ts',
  ['backend/commit', 'backend/round'],
  [
    {
      id: 'empty-page-keeps-its-cursor',
      near: ['completeness/verify'],
      find: 'await storing(ctx, ({ trx }) => also(trx)); // an empty',
      replace: '// an empty',
    },
    {
      id: 'held-back-written',
      near: ['blast/held'],
      find: 'holding.holds(one.seen.recordId) ? visitOne',
      replace: 'holding.holds(one.seen.recordId) && now < 0 ? visitOne',
    },
    {
      id: 'missed-unsaid',
      near: ['completeness/journal'],
      find: 'journal([...all.drafts, ...missed.drafts])',
      replace: 'journal(all.drafts)',
    },
    { id: 'missed-unwarned', near: ['completeness/journal'], find: '...missed.warnings, ', replace: '' },
    { id: 'held-unwarned', near: ['blast/held'], find: '...holding.warnings, ', replace: '' },
    {
      id: 'read-change-unheard',
      find: ', ...heard(ctx.breaker, all.drafts, ctx.appId, now)]',
      replace: ']',
    },
    { id: 'links-not-kept', find: 'saveLinks(trx, ctx.hubId, all.links),', replace: '' },
    {
      id: 'hangs-on-nothing',
      find: 'visits.filter(({ move }) => move.readAt !== null).map',
      replace: 'visits.filter(({ move }) => move.readAt === 0).map',
    },
    {
      id: 'nobody-told-of-edits',
      find: 'if (done.moved.length + edits.length > 0)',
      replace: 'if (done.moved.length > 0)',
    },
    {
      id: 'nobody-told-of-records',
      find: 'if (done.moved.length + edits.length > 0)',
      replace: 'if (edits.length > 0)',
    },
    {
      id: 'number-too-small',
      find: 'seq: next + all.drafts.length + missed.drafts.length - 1 }',
      replace: 'seq: next - 1 }',
    },
    {
      id: 'links-of-all-forgotten',
      find: 'seen.filter(({ links }) => links !== null).map',
      replace: 'seen.filter(({ links }) => links === null).map',
    },
    {
      id: 'first-row-of-a-record',
      find: '[...(map.get(row.recordId) ?? []), row]',
      replace: 'map.get(row.recordId) ?? [row]',
    },
    {
      id: 'owed-is-held-back',
      find: 'promise.restores || promise.owed || isRuled',
      replace: 'promise.restores || isRuled',
    },
    {
      id: 'restore-is-held-back',
      find: 'promise.restores || promise.owed || isRuled',
      replace: 'promise.owed || isRuled',
    },
    {
      id: 'ruling-is-held-back',
      find: 'promise.restores || promise.owed || isRuled',
      replace: 'promise.restores || promise.owed',
    },
    {
      id: 'erased-comes-back',
      near: ['backend/erasure'],
      find: '    row?.life === ERASED\n      ? {',
      replace: '    row?.life === null\n      ? {',
    },
    {
      id: 'gone-keeps-its-promise',
      find: "settled: promises.map(({ promiseId }) => ({ promiseId, outcome: 'missing', watchedFrom: null })),",
      replace: 'settled: [],',
    },
    {
      id: 'merged-is-gone',
      find: "found.is === 'gone' ? 'record-gone' : 'record-merged'",
      replace: "'record-gone'",
    },
    {
      id: 'ghost-kept',
      find: "row === null && (found.is !== 'here' || isNoneOfOurs(object, found.reading))",
      replace: "row === null && found.is === 'here' && isNoneOfOurs(object, found.reading)",
    },
    {
      id: 'none-of-ours-kept',
      near: ['portal/records', 'portal/making', 'completeness/verify'],
      find: "(found.is !== 'here' || isNoneOfOurs(object, found.reading))",
      replace: "found.is !== 'here'",
    },
    {
      id: 'took-over-in-time',
      find: 'Math.max(row.promisedAt, ctx.lease.acquiredAt)',
      replace: 'row.promisedAt',
    },
    {
      id: 'own-promise-as-if-late',
      find: 'row.epoch === ctx.lease.epoch ? row.promisedAt :',
      replace: 'row.epoch === ctx.lease.epoch ? now :',
    },
    {
      id: 'asked-told-again',
      find: "kind === 'asked' && editId !== null ? [{ editId, field }] : []",
      replace: '[]',
    },
    {
      id: 'rulings-settle-nothing',
      near: ['desk/desk'],
      find: 'each(({ plan }) => plan.rulings),',
      replace: '[],',
    },
    { id: 'looked-through-nothing', find: 'each(({ plan }) => plan.looked),', replace: '[],' },
    {
      id: 'decision-unsigned',
      near: ['portal/statement'],
      find: 'await signDecisions(ctx, trx, object, moves, now);',
      replace: '',
    },
    {
      id: 'writes-of-others',
      find: 'promised.filter((promise) => promise.recordId === seen.recordId)',
      replace: 'promised.filter(() => seen.work !== undefined)',
    },
    {
      id: 'promise-not-looked-for',
      find: 'plan.promises.length > 0 ? settle : plan.again',
      replace: 'plan.again',
    },
    { id: 'settled-at-once', find: 'notBefore: now + ctx.patience.ambiguousMs', replace: 'notBefore: now' },
  ],
);

const inbox = inFile(
  'backend/sync/inbox.ts',
  ['backend/inbox'],
  [
    {
      id: 'found-and-handed-over',
      find: 'if (this.#behind || this.#isFound(arrived)) return;',
      replace: 'if (this.#behind) return;',
    },
    {
      id: 'behind-and-handed-over',
      find: 'if (this.#behind || this.#isFound(arrived)) return;',
      replace: 'if (this.#isFound(arrived)) return;',
      equivalent:
        'what waits is forgotten at the next full look, or left to the last one: only the looks cost more',
    },
    { id: 'never-falls-behind', find: 'if (this.#bytes > INBOX_MAX_BYTES) this.#fallBehind();', replace: '' },
    { id: 'not-soon', find: '    this.#lookedAt = -Infinity;\n', replace: '' },
    {
      id: 'never-looks',
      find: 'this.#behind || this.#clock.now() - this.#lookedAt >= this.#lookMs',
      replace: 'this.#behind',
    },
    {
      id: 'looks-not-again-when-full',
      find: 'if (isFull) this.#fallBehind();',
      replace: 'if (isFull) this.#bytes = 0;',
    },
    {
      id: 'keeps-what-it-found',
      find: 'this.#waiting.filter((arrived) => !this.#isFound(arrived))',
      replace: 'this.#waiting',
    },
    {
      id: 'without-limit',
      find: 'if (bytes > 0 && bytes + bytesOf(arrived) > this.#batchBytes) break;',
      replace: '',
    },
    { id: 'stuck-at-a-large-one', find: 'if (bytes > 0 && bytes + bytesOf', replace: 'if (bytes + bytesOf' },
    { id: 'applying-found-again', find: '[...applying, ...this.#waiting', replace: '[...this.#waiting' },
    {
      id: 'newest-first',
      find: 'order by delivery_id limit ${BATCH_MAX_DELIVERIES}',
      replace: 'order by delivery_id desc limit ${BATCH_MAX_DELIVERIES}',
    },
    {
      id: 'large-one-never-read',
      find: '- octet_length(events) as bytes_before',
      replace: 'as bytes_before',
    },
  ],
);

const orders = inFile(
  'backend/sync/orders.ts',
  ['backend/orders'],
  [
    {
      id: 'begins-without-orders',
      find: 'const waiting = (await waitingOrders(ctx.db, ctx.hubId)).filter(isInTurn);\n    if',
      replace: 'const waiting: OrderRow[] = [];\n    if',
    },
    {
      id: 'order-unsaid',
      find: 'await journal([entryOf(row, outcome), ...drafts]);',
      replace: 'await journal(drafts);',
    },
    {
      id: 'carried-out-again',
      find: '      await endOrder(trx, ctx.hubId, row.orderId, outcome, ctx.clock.now());\n      // Read',
      replace: '      // Read',
    },
    { id: 'pause-in-memory-late', find: 'if (done.pauses !== null) ctx.pauses = done.pauses;', replace: '' },
    { id: 'orders-wake-nobody', find: '    ctx.signals.wake(ctx.hubId);\n', replace: '' },
    {
      id: 'address-for-nobody',
      find: "? { ok: true, code: 'done', value: answer.value.url }",
      replace: "? { ok: true, code: 'done' }",
    },
    { id: 'looked-at-without-links', find: "links: order.object !== 'company'", replace: 'links: false' },
    { id: 'discards-what-goes-on', find: "        .where('parked_at', 'is not', null)\n", replace: '' },
    { id: 'discards-every-record', find: "        .where('record_id', '=', order.recordId)\n", replace: '' },
    {
      id: 'discarded-nothing-is-done',
      find: 'gone.numDeletedRows > 0n ? DONE : NOTHING_THERE',
      replace: 'DONE',
    },
    { id: 'resumes-every-pause', find: "    .where('pause_id', '=', pauseId)\n", replace: '' },
    {
      id: 'resume-leaves-edits',
      find: "if (pause.direction !== 'in') {",
      replace: "if (pause.direction === 'in') {",
    },
    {
      id: 'resume-leaves-reads',
      find: "if (pause.direction !== 'out') {",
      replace: "if (pause.direction === 'in' && now < 0) {",
    },
    {
      id: 'resume-goes-on-from-its-cursor',
      find: 'await endJobs(trx, ctx.hubId, covered, now);',
      replace: '',
    },
    {
      id: 'resume-of-one-object',
      find: 'pause.object === null ? OBJECTS : [pause.object]',
      replace: "[pause.object ?? 'company']",
    },
    {
      id: 'edit-discarded-unsaid',
      find: 'return { ...DONE, ended: [{ editId, object, recordId }], drafts };',
      replace: 'return { ...DONE, ended: [{ editId, object, recordId }] };',
    },
    {
      id: 'edit-discarded-untold',
      find: 'return { ...DONE, ended: [{ editId, object, recordId }], drafts };',
      replace: 'return { ...DONE, drafts };',
    },
    {
      id: 'staff-as-command-line',
      find: 'userId === COMMAND_LINE\n    ?',
      replace: 'userId !== COMMAND_LINE\n    ?',
    },
    {
      id: 'role-of-another',
      find: 'await setRole(trx, ctx.hubId, order.userId, order.role);',
      replace: 'await setRole(trx, ctx.hubId, userId, order.role);',
    },
  ],
);

const worker = inFile(
  'backend/sync/worker.ts',
  ['backend/worker'],
  [
    {
      id: 'wakes-for-every-hub',
      find: 'const offWake = deps.signals.onWake((hubId) => {\n    if (hubId !== deps.hubId) return;',
      replace: 'const offWake = deps.signals.onWake(() => {',
      equivalent: 'a ring too many costs a look',
    },
    {
      id: 'hears-every-hub',
      find: 'if (hubId !== deps.hubId) return;\n    if (arrived',
      replace: 'if (arrived',
    },
    {
      id: 'lost-and-goes-on',
      find: '  void lease.lost.then(end);\n',
      replace: '',
      equivalent: 'the next statement or proof over the lost connection ends the term too, only later',
    },
    { id: 'lease-kept', find: '        await lease.release();\n', replace: '' },
    {
      id: 'begins-before-orders',
      find: '    await carryOutStored(ctx);\n',
      replace: '',
    },
    { id: 'one-loop-ends-alone', find: 'loops.map((loop) => loop.finally(end))', replace: 'loops' },
    {
      id: 'failure-swallowed',
      find: "    if (failed?.status === 'rejected') throw failed.reason;\n",
      replace: '',
    },
    {
      id: 'people-rest-too',
      find: '{ ...shared, rest: NO_REST }, PEOPLE_LANES',
      replace: 'shared, PEOPLE_LANES',
    },
    { id: 'ears-kept', find: '    offWake();\n    offArrived();\n', replace: '' },
    {
      id: 'one-term-for-ever',
      find: '(term === 1 || deps.oneTerm !== true)',
      replace: 'term > 0',
    },
    { id: 'takes-no-second-term', find: '(term === 1 || deps.oneTerm !== true)', replace: 'term === 1' },
  ],
);

export const AROUND = [apply, listen, apart, commit, inbox, orders, worker].flat();
