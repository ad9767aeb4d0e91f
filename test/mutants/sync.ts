/** Faults planted in the hub's worker. */
import { inFile, type Room } from './mutant.ts';
import { AROUND } from './worker.ts';

const loops = inFile(
  'backend/sync/loops.ts',
  ['backend/round'],
  [
    { id: 'full-rounds-never-rest', find: 'if (isFull) await', replace: 'if (lanes.length === 0) await' },
    { id: 'every-round-rests', find: 'if (isFull) await', replace: 'await' },
  ],
);
const plan = inFile(
  'backend/sync/plan.ts',
  ['law/visit', 'law/rulings'],
  [
    { id: 'decided-over-disbelief', find: 'if (!believed) return;', replace: '' },
    {
      id: 'paused-decided',
      find: "isGivenBack || situation.isPaused?.(field, 'out') === true",
      replace: 'isGivenBack',
    },
    {
      id: 'two-rulings-in-a-visit',
      find: ' || comesSecond(situation, rule, crm, edit, waiting)',
      replace: '',
    },
    { id: 'decided-over-an-older-read', find: ' && edit.at <= situation.read.begunAt &&', replace: ' &&' },
    {
      id: 'guards-disbelieved',
      find: 'edit.at <= situation.read.begunAt && guardsBelieved(situation, edit);',
      replace: 'edit.at <= situation.read.begunAt;',
    },
    {
      id: 'settled-over-disbelieved-guards',
      find: 'if (!carried.every((edit) => guardsBelieved(situation, edit)))',
      replace: 'if (carried.length < 0)',
    },
    {
      id: 'paused-observed',
      find: 'after !== situation.mirror[field] && !isPaused',
      replace: 'after !== situation.mirror[field]',
    },
    {
      id: 'disbelief-not-looked-into',
      find: "later(plan, 'observe', situation.now + LOOK_AGAIN_MS);\n  return false;",
      replace: 'return false;',
    },
    { id: 'overwritten-verified', find: "isThere ? 'verified' : 'superseded'", replace: "'verified'" },
    {
      id: 'own-write-nobodys',
      find: 'if (!isOurs(situation.appId, entry)) return entry;',
      replace: 'if (entry !== null) return entry;',
    },
    {
      id: 'another-app-is-ours',
      find: 'if (!isOurs(situation.appId, entry)) return entry;',
      replace: "if (entry.by.via !== 'INTEGRATION') return entry;",
    },
    {
      id: 'gone-without-reason',
      find: '.map((each) => ({ ...each, reason })),',
      replace: '.map((each) => each),',
    },
    {
      id: 'gone-leaves-its-conflict',
      find: 'rulings: edits.flatMap(settlementOf),',
      replace: 'rulings: [],',
    },
    { id: 'void-forgotten', find: 'voidDecisions(situation, situation.object, plan);', replace: '' },
    { id: 'taken-decided-twice', find: 'takenBy(waiting, edit) === undefined && ', replace: '' },
    {
      id: 'taken-in-the-name-of-staff',
      find: '(last.ruling.held?.person ?? last.person)',
      replace: 'last.person',
    },
    {
      id: 'asked-again-and-again',
      find: 'plan.notes.push(...edits.filter((edit) => !edit.journaled).map(noteAsked));',
      replace: 'plan.notes.push(...edits.map(noteAsked));',
    },
  ],
);

const settling = [
  ...inFile(
    'backend/sync/moves.ts',
    ['law/visit', 'law/rulings'],
    [
      { id: 'refused-without-reason', find: 'reason: decision.reason }', replace: 'reason: null }' },
      { id: 'proposal-as-conflict', find: "kind: 'proposal', field", replace: "kind: 'conflict', field" },
      { id: 'last-look-counts', find: 'notBefore < first.notBefore', replace: 'notBefore > first.notBefore' },
      { id: 'restored-ends-again', find: 'if (promise.restores) continue;', replace: '' },
      {
        id: 'yields-to-nothing',
        find: "'superseded', decision.rule, decision.to)",
        replace: "'superseded', decision.rule, null)",
      },
    ],
  ),
  ...inFile(
    'backend/sync/settling.ts',
    ['law/visit', 'law/rulings'],
    [
      {
        id: 'no-patience-unanswered',
        find: 'read.begunAt < promise.sentAt + patience.ambiguousMs',
        replace: 'false',
      },
      {
        id: 'no-patience-answered',
        find: 'read.begunAt < promise.answeredAt + patience.answeredMs',
        replace: 'false',
      },
      {
        id: 'judged-by-the-answers-time',
        find: 'read.begunAt < promise.sentAt',
        replace: 'situation.now < promise.sentAt',
      },
      {
        id: 'guard-moved-and-verified',
        find: '.includes(edit.editId) && hasMovedUnder(situation, edit))',
        replace: '.includes(edit.editId) && edit.guards === undefined)',
      },
      { id: 'restore-in-the-customers-place', find: 'restores: !keepsOurs', replace: 'restores: false' },
      { id: 'wrong-side-restored', find: 'value: restore.value', replace: 'value: promise.value' },
      {
        id: 'owed-forgotten',
        find: '(promise.owed && top !== undefined',
        replace: '(!promise.owed && top !== undefined',
      },
      {
        id: 'owed-for-ever',
        find: ' && isOurs(situation.appId, top));',
        replace: ');',
      },
      {
        id: 'below-late-not-written-again',
        near: ['law/visitFound'],
        find: "rule === 'S6' || (promise.owed",
        replace: '(promise.owed',
      },
      {
        id: 'owed-of-a-union-forgotten',
        near: ['law/visitFound'],
        find: "if (promise.owed && rule.conflict === 'union')",
        replace: 'if (false)',
      },
      {
        id: 'owed-of-a-union-instead',
        near: ['law/visitFound'],
        find: 'return oweAgain(promise, base, value, plan);\n}',
        replace: 'return oweAgain(promise, base, promise.value, plan);\n}',
      },
      {
        id: 'made-good-is-there',
        near: ['law/visitFound'],
        find: 'promise, theirs, base.value, edit)',
        replace: 'promise, theirs, promise.value, edit)',
      },
      {
        id: 'given-up-forgotten',
        near: ['law/visitFound'],
        find: 'isUnseen && promise.sentAt > 0 ?',
        replace: 'false ?',
      },
      {
        id: 'watched-though-seen',
        near: ['law/visitFound'],
        find: 'isUnseen && promise.sentAt > 0 ?',
        replace: 'promise.sentAt > 0 ?',
      },
      {
        id: 'watched-though-unsent',
        near: ['law/visitFound'],
        find: 'isUnseen && promise.sentAt > 0 ?',
        replace: 'isUnseen ?',
      },
      {
        id: 'given-back-though-there',
        near: ['law/visitFound'],
        find: 'if (equal(kind, top.value, below.value)) return false;',
        replace: '',
      },
      {
        id: 'taken-not-held-again',
        find: 'if (taken !== undefined) holdAgain(taken, one.edit, theirs, plan);',
        replace: '',
      },
      {
        id: 'union-of-the-last',
        find: "rule.conflict === 'union' ? union : asked",
        replace: "rule.conflict === 'ask' ? union : asked",
      },
      {
        id: 'restore-attributed',
        find: 'const person = keepsOurs ? edit.person : null;',
        replace: 'const person = edit.person;',
      },
    ],
  ),
  ...inFile(
    'backend/sync/late.ts',
    ['law/visitFound'],
    [
      { id: 'looked-at-for-ever', find: 'plan.looked.push({ promiseId, from: top.at });', replace: '{}' },
      { id: 'looked-back', find: 'if (top.at > from)', replace: 'if (top.at < from)' },
      { id: 'late-of-another-field', find: 'one.field === field', replace: "one.field !== ''" },
      { id: 'late-by-anybody', find: 'isOurs(situation.appId, entry) &&\n', replace: 'true &&\n' },
      { id: 'late-before-the-look', find: 'entry.at > from && ', replace: '' },
      { id: 'late-of-any-value', find: ' && equal(rule.kind, value, entry.value)', replace: '' },
      { id: 'cover-untold', find: "plan.notes.push(covering('S7', field, null, one));", replace: '{}' },
      {
        id: 'late-not-given-back',
        find: '? leading(history, isLate)',
        replace: '? 0',
      },
      {
        id: 'late-beside-a-promise-stays',
        find: ': lateOnTop(writtenBy(situation, rule, promise), history);',
        replace: ': 0;',
      },
    ],
  ),
  ...inFile(
    'backend/sync/rulings.ts',
    ['law/rulings'],
    [
      { id: 'late-ruling-counts', find: 'ruling?.held?.isSettled === true', replace: 'ruling === null' },
      { id: 'declined-is-superseded', find: "isProposal ? ('refused' as const) : ", replace: '' },
      {
        id: 'note-of-staff-lost',
        find: 'editId: held.editId, field, note }',
        replace: 'editId: held.editId, field, note: null }',
      },
      { id: 'proposal-held-as-conflict', find: "by.ruling?.held?.kind ?? 'conflict'", replace: "'conflict'" },
    ],
  ),
  ...inFile(
    'backend/sync/voiding.ts',
    ['law/visit'],
    [
      {
        id: 'colleagues-decision-voided',
        find: '!isOurs(situation.appId, crm) ||',
        replace: '',
      },
      { id: 'void-while-busy', find: 'if (isBusy || situation', replace: 'if (situation' },
      {
        id: 'void-while-paused',
        find: "if (isBusy || situation.isPaused?.(field, 'out') === true) return;",
        replace: 'if (isBusy) return;',
      },
      { id: 'digest-stays', find: 'promise(plan, binds.digest, null, named);', replace: '' },
    ],
  ),
];

const missed = inFile(
  'backend/sync/missed.ts',
  ['backend/missed'],
  [
    { id: 'our-own-missed', find: 'isNews && !isOurs &&', replace: 'isNews &&' },
    { id: 'calculated-missed', find: ' && isTold(facts, object, field) ?', replace: ' ?' },
    { id: 'missed-at-once', find: 'begunAt - at >= graceMs', replace: 'begunAt - at >= 0' },
    {
      id: 'missed-before-anybody-listened',
      find: 'held.at > Math.max(facts.since, before?.at ?? 0)',
      replace: 'held.at > (before?.at ?? 0)',
    },
    {
      id: 'archived-missed-at-first-sight',
      find: 'at === null ? hasWaited :',
      replace: 'at === null ? true :',
    },
    {
      id: 'journal-waits-for-nobody',
      find: "told === 'journal' || lane === 'reconcile'",
      replace: "lane === 'reconcile'",
    },
    {
      id: 'life-missed-before-anybody-listened',
      find: 'before !== undefined && knownAt > facts.since ? [null]',
      replace: 'before !== undefined ? [null]',
    },
    {
      id: 'first-life-missed',
      find: 'before !== undefined && knownAt > facts.since',
      replace: 'knownAt > facts.since',
    },
    {
      id: 'event-missed',
      find: "held.how !== 'read' || equal(",
      replace: 'equal(',
    },
    {
      id: 'respelt-is-missed',
      find: ' || equal(kindOf(object, field), before?.value, held.value)) return [];',
      replace: ') return [];',
    },
    {
      id: 'old-value-is-news',
      find: 'Math.max(facts.since, before?.at ?? 0)',
      replace: 'facts.since',
    },
    { id: 'record-of-old-missed', find: 'madeAt > facts.since ? [madeAt] : []', replace: '[madeAt]' },
    {
      id: 'record-made-when-it-was-changed-last',
      find: 'times.length === 0 ? begunAt : Math.min(...times)',
      replace: 'times.length === 0 ? begunAt : Math.max(...times)',
    },
    {
      id: 'undated-record-is-of-1970',
      find: 'field === LIFE || held.at <= 0 ? []',
      replace: 'field === LIFE ? []',
    },
    { id: 'lines-missed', find: " || spec.kind === 'lines') return false;", replace: ') return false;' },
    {
      id: 'journal-to-blame-for-its-own-word',
      find: "told === 'reconcile' && facts",
      replace: 'facts',
    },
    {
      id: 'journal-has-as-little-time',
      find: 'late(JOURNAL_GRACE_MS) : 0',
      replace: 'late(WEBHOOKS_GRACE_MS) : 0',
    },
    {
      id: 'one-change-a-record',
      find: 'counts.webhooks += late.webhooks;',
      replace: 'counts.webhooks += 1;',
    },
    {
      id: 'missed-since-the-last-change',
      find: 'known.length === 0 ? null : Math.min(...known)',
      replace: 'known.length === 0 ? null : Math.max(...known)',
    },
    {
      id: 'both-to-blame',
      find: "late.journal > 0 ? 'webhooks and the journal' : 'webhooks'",
      replace: "late.journal >= 0 ? 'webhooks and the journal' : 'webhooks'",
    },
    {
      id: 'nobody-waited-for-is-noted',
      find: 'if (late.webhooks === 0) continue;',
      replace: '',
    },
    { id: 'journal-blamed-when-off', find: ' && facts.health.journal.on;', replace: ';' },
    {
      id: 'told-and-missed',
      find: "if (work === null || work.told === 'webhooks') continue;",
      replace: 'if (work === null) continue;',
    },
  ],
);

const budget = inFile(
  'backend/sync/budget.ts',
  ['backend/budget'],
  [
    { id: 'one-too-many', find: 'if (free <= 0) return null;', replace: 'if (free < 0) return null;' },
    {
      id: 'in-flight-is-free',
      find: 'return this.#inFlight + this.#answered.length;',
      replace: 'return this.#answered.length;',
    },
    { id: 'no-reserve-for-people', find: 'free > reserve ||', replace: 'free > 0 ||' },
    { id: 'lower-lanes-starve', find: 'starved ?? waiting.find', replace: 'waiting.find' },
    { id: 'hold-ignored', find: 'if (now >= this.#heldUntil) {', replace: 'if (now >= 0) {' },
    {
      id: 'hold-shortened',
      find: 'Math.max(this.#heldUntil, this.#clock.now() + forMs)',
      replace: 'this.#clock.now() + forMs',
    },
    { id: 'others-not-counted', find: 'i < unknown;', replace: 'i < 0;' },
    {
      id: 'ours-counted-as-others',
      find: 'usedBefore + this.#everCounted - countedBefore',
      replace: 'usedBefore',
    },
    {
      id: 'day-without-reserve',
      find: 'return this.#dailyRemaining > this.#dailyLimit * DAILY_RESERVE[lane];',
      replace: 'return this.#dailyRemaining > 0;',
    },
    {
      id: 'waiter-hangs-at-the-end',
      find: 'for (const waiter of this.#waiters.flat()) waiter.refuse(new BudgetClosed());',
      replace: '',
    },
    { id: 'ticket-ends-twice', find: 'if (!open) return;', replace: '' },
    { id: 'nobody-woken', find: '    }\n    this.#schedule(now);', replace: '    }' },
  ],
);

const holding = [
  ...inFile(
    'backend/sync/lease.ts',
    ['backend/lease'],
    [
      {
        id: 'lease-not-asked',
        find: 'if (locked.rows[0]?.locked !== true) {',
        replace: 'if (locked.rows[0] === undefined) {',
      },
      { id: 'epoch-stands', find: 'epoch: sql`epoch + 1`, holder', replace: 'epoch: sql`epoch`, holder' },
      {
        id: 'one-failure-ends-the-turns',
        find: 'queue = turn.catch(() => undefined);',
        replace: 'queue = turn;',
      },
      {
        id: 'proven-once',
        find: 'gone === null && age >= 0 && age < PROOF_MAX_AGE_MS',
        replace: 'gone === null',
      },
      {
        id: 'failure-unheard',
        find: "if (command !== 'COMMIT') throw",
        replace: "if (command === '') throw",
      },
      { id: 'open-after-the-end', find: 'close(); // whatever', replace: '// whatever' },
      { id: 'not-rolled-back', find: "await client.query('rollback').catch(() => undefined);", replace: '' },
    ],
  ),
  ...inFile(
    'backend/sync/context.ts',
    ['backend/loop'],
    [{ id: 'head-stands', find: '    ctx.head = head;\n', replace: '' }],
  ),
];

const sending = [
  ...inFile(
    'backend/sync/send.ts',
    ['backend/round'],
    [
      { id: 'refused-together', find: ' && writes.length > 1)', replace: ' && writes.length > 1_000)' },
      { id: 'sent-without-the-lease', find: 'await ctx.lease.fence(ctx.clock);', replace: '' },
      {
        id: 'throttled-and-on',
        find: 'ctx.budget.hold(failure.retryAfterMs);\n      return storeUnsent',
        replace: 'return storeUnsent',
      },
      {
        id: 'ambiguous-is-unsent',
        find: "promiseIds(writes), now, 'unknown')",
        replace: "promiseIds(writes), now, 'unsent')",
      },
      { id: 'blank-is-a-word', find: "value ?? ''", replace: 'String(value)' },
      {
        id: 'refused-with-the-others',
        find: '(named.length === 0 ? write.promises : named).map(',
        replace: 'write.promises.map(',
      },
      { id: 'restored-is-written', find: 'restores ? [] : editIds.map', replace: 'editIds.map' },
    ],
  ),
  ...inFile(
    'backend/sync/commit.ts',
    ['backend/round'],
    [
      {
        id: 'gone-owes',
        find: "settled: promises.map(({ promiseId }) => ({ promiseId, outcome: 'missing', watchedFrom: null })),",
        replace: 'settled: [],',
      },
      { id: 'never-read', find: 'readAt: ghost ? null : begunAt,', replace: 'readAt: null,' },
    ],
  ),
];

const creating = inFile(
  'backend/sync/creations.ts',
  ['portal/made'],
  [
    {
      id: 'made-without-looking',
      find: 'if (creation.sentAt !== null) {',
      replace: 'if (creation.sentAt === -1) {',
    },
    { id: 'call-unsaid', find: '      sentAt: now,\n', replace: '' },
    {
      id: 'not-there-too-early',
      find: "if (answer.failure.is === 'gone' && !mayStillCome) return null;",
      replace: "if (answer.failure.is === 'gone') return null;",
    },
    {
      id: 'unknown-key-used',
      near: ['portal/made', 'portal/creationKeys'],
      find: "if (key === 'unknown') return",
      replace: 'if (key === null) return',
    },
    {
      id: 'taken-key-is-a-refusal',
      find: "if (answer.failure.is === 'refused') {",
      replace: "if (answer.failure.is === 'gone') {",
    },
  ],
);

const reading = [
  ...inFile(
    'backend/sync/round.ts',
    ['backend/round'],
    [
      {
        id: 'survivor-under-the-old-id',
        find: "reading.id === work.recordId ? { is: 'here', reading }",
        replace: "reading.id !== '' ? { is: 'here', reading }",
      },
      {
        id: 'unanswered-is-gone',
        find: "if (answer.failure.is === 'gone') return",
        replace: "if (answer.failure.is !== 'unexpected') return",
      },
      {
        id: 'links-forgotten-on-failure',
        find: 'return seen.filter((one) => !wanting.includes(one));',
        replace: 'return [...seen];',
      },
      { id: 'parked-at-the-first', find: 'park: work.attempts + 1 >= MAX_ATTEMPTS', replace: 'park: true' },
      {
        id: 'never-parked',
        find: 'park: work.attempts + 1 >= MAX_ATTEMPTS',
        replace: 'park: false',
      },
      {
        id: 'outage-blamed-on-records',
        find: 'return unwell(ctx, works, error);',
        replace: 'return putOff(ctx, object, works, error);',
      },
      {
        id: 'throttled-read-on',
        find: 'ctx.budget.hold(failure.retryAfterMs);\n      return;',
        replace: 'return;',
      },
    ],
  ),
  ...inFile(
    'backend/sync/record.ts',
    ['backend/record'],
    [
      {
        id: 'version-without-a-change',
        find: '{ ...held, seq: old.seq }',
        replace: '{ ...held, seq: numberOf() }',
      },
      { id: 'proof-untold', find: 'if (hasMoved || isProven) all', replace: 'if (hasMoved) all' },
      {
        id: 'last-company-stays',
        find: 'if (was === is) return;',
        replace: 'if (was === is || is === null) return;',
      },
      {
        id: 'links-move-in-silence',
        find: "if (row !== null) all.drafts.push(ofRecord(move, { kind: 'links'",
        replace: "if (row === null) all.drafts.push(ofRecord(move, { kind: 'links'",
      },
      { id: 'labels-uncompared', find: '[...labels].sort()', replace: '[]' },
    ],
  ),
];

const making = [
  ...inFile(
    'backend/sync/creations.ts',
    ['portal/making'],
    [
      {
        id: 'repeatable-key-used',
        near: ['portal/creationKeys'],
        find: "if (key === 'repeatable') return",
        replace: 'if (key === null) return',
      },
      {
        id: 'document-kept',
        find: 'if (creation.uploadId !== null) await eraseUploads(trx, ctx.hubId, [creation.uploadId], now);\n    return next;\n  });\n  const records',
        replace: 'return next;\n  });\n  const records',
      },
    ],
  ),
  ...inFile(
    'backend/sync/making.ts',
    ['portal/making'],
    [
      {
        id: 'script-on-the-timeline',
        find: "...text.split('\\n').map(escaped),",
        replace: "...text.split('\\n'),",
      },
      { id: 'key-not-set', find: 'set(spec.key, creation.editId);', replace: '' },
    ],
  ),
];

const identities = [
  ...inFile(
    'backend/sync/identities.ts',
    ['signIn/identity', 'signIn/claims'],
    [
      {
        id: 'archived-signs-in',
        find: 'answer.value.archived ? null : answer.value',
        replace: 'answer.value',
        equivalent:
          'HubSpot answers 404 for an archived contact: archived ones are read only where that is asked for.',
      },
    ],
  ),
  ...inFile(
    'backend/sync/linking.ts',
    ['signIn/linking'],
    [
      {
        id: 'office-is-a-person',
        find: "if (isRoleAddress(address)) return claim('shared-address');",
        replace: '',
      },
      {
        id: 'first-of-several',
        find: 'found?.email !== address || otherHolders.length > 0',
        replace: 'found?.email !== address',
      },
      {
        id: 'secondary-address-links',
        find: 'found?.email !== address || otherHolders.length > 0',
        replace: 'found === null || otherHolders.length > 0',
      },
      {
        id: 'taken-links',
        find: 'formerHolders.length > 0 || facts.isTaken',
        replace: 'formerHolders.length > 0',
      },
      {
        id: 'linked-to-no-company',
        find: 'if (!facts.hasCompany) return',
        replace: 'if (facts.hasCompany === null) return',
      },
      {
        id: 'secondary-without-a-merge',
        find: 'address !== null && isMerged && now',
        replace: 'address !== null && now',
      },
      {
        id: 'address-of-somebody-new',
        find: "if (found === null) return { do: 'keep' };",
        replace: "return { do: 'keep' };",
      },
    ],
  ),
];

const sources = [
  ...inFile(
    'backend/sync/push.ts',
    ['law/push'],
    [
      { id: 'unknown-key-empties', find: 'if (values === undefined && !whole) return [];', replace: '' },
      { id: 'silence-believed', find: 'return isMost || isSilent ?', replace: 'return isMost ?' },
      { id: 'emptiness-believed', find: 'return isMost || isSilent ?', replace: 'return isSilent ?' },
      {
        id: 'asked-for-already',
        find: 'Object.hasOwn(record.asking, field) ? (record.asking[field] ?? null) : held.value',
        replace: 'held.value',
      },
      {
        id: 'source-saw-everything',
        find: 'held.ours || held.value === null ? held.value : wanted',
        replace: 'held.value',
      },
      {
        id: 'no-answer-is-nothing',
        find: 'if (said === null) return { pushes: [], withheld: null, unfit: 0 };',
        replace: 'if (said === undefined) return { pushes: [], withheld: null, unfit: 0 };',
      },
    ],
  ),
];

export const SYNC: Room = {
  name: 'sync',
  needsDatabase: true,
  mutants: [
    ...[AROUND, loops, plan, settling, missed, budget, holding, sending, creating, reading, making],
    ...[identities, sources],
  ].flat(),
  stages: [
    { name: 'exploration', tests: ['law/explore'] },
    {
      name: 'loop',
      tests: ['backend/round', 'backend/loop', 'backend/lease', 'desk/desk', 'completeness/journal'],
    },
    { name: 'world', tests: ['world/world'] },
    { name: 'life', tests: ['backend/erasure', 'completeness/verify', 'portal/making', 'portal/statement'] },
    { name: 'people', tests: ['signIn/identity', 'signIn/claims', 'sources/push', 'backend/service'] },
  ],
};
