/** Faults planted in what staff reach. */
import { inFile, type Room } from './mutant.ts';

const gate = [
  ...inFile(
    'backend/desk/gate.ts',
    ['desk/gate'],
    [
      {
        id: 'last-name-counts',
        find: 'query.getAll(name).length !== 1',
        replace: 'query.getAll(name).length < 1',
      },
      {
        id: 'any-app-of-the-hub',
        find: 'identity.hubId !== deps.hubId || identity.appId !== deps.appId',
        replace: 'identity.hubId !== deps.hubId',
      },
      {
        id: 'any-hub-of-the-app',
        find: 'identity.hubId !== deps.hubId || identity.appId !== deps.appId',
        replace: 'identity.appId !== deps.appId',
      },
      {
        id: 'first-of-two-signatures',
        find: 'values?.length === 1 ? values[0] : values',
        replace: 'values?.[0]',
      },
      {
        id: 'none-is-let-in',
        find: "if (role === 'none') throw new DeskRefused('not-for-you');",
        replace: '',
      },
      { id: 'everybody-before-one', find: 'own ?? desk.everybody', replace: 'desk.everybody ?? own' },
      { id: 'unknown-is-admin', find: "desk.everybody ?? 'viewer'", replace: "desk.everybody ?? 'admin'" },
      {
        id: 'body-unsigned',
        find: 'Buffer.isBuffer(body) ? body : Buffer.alloc(0)',
        replace: 'Buffer.alloc(0)',
      },
      {
        id: 'admin-by-spelling',
        find: 'deps.admins.includes(email.toLowerCase())',
        replace: 'deps.admins.includes(email)',
      },
    ],
  ),
  ...inFile(
    'backend/desk/router.ts',
    ['desk/gate', 'desk/desk'],
    [
      {
        id: 'viewers-decide',
        find: 'adminsOnly(user);\n      return answer',
        replace: 'return answer',
      },
      {
        id: 'viewers-change-much',
        find: '...forAdmins({',
        replace: '...({',
      },
      {
        id: 'viewers-order',
        find: 'adminsOnly(user);\n      checkPlace(asked.order);',
        replace: 'checkPlace(asked.order);',
      },
    ],
  ),
];

const rulings = [
  ...inFile(
    'backend/desk/rulings.ts',
    ['desk/desk'],
    [
      {
        id: 'decided-on-the-stale',
        find: 'if (!(await isAsShown(db, user.hubId, row, request)))',
        replace: 'if (seqOf(request.version) === null)',
      },
      {
        id: 'held-again-is-moved',
        find: 'return erased.length === 0 && equal(kind',
        replace: 'return erased.length < 0 && equal(kind',
      },
      {
        id: 'conflict-of-another-record',
        find: "if (conflictId !== null && !isOf) throw new DeskRefused('unknown-conflict');",
        replace: '',
      },
      { id: 'ruling-without-a-guard', find: 'guards: [{ field, seen }],', replace: 'guards: [],' },
      {
        id: 'takes-the-crms',
        find: "if (choice === 'take') return asked;",
        replace: "if (choice === 'take') return seen;",
      },
      {
        id: 'click-reused',
        find: "if (edit.fingerprint !== fingerprint) throw new DeskRefused('key-reused');",
        replace: '',
      },
      { id: 'staff-write-anything', find: 'unfit(ruleOf(spec), property, parsed.value)', replace: 'null' },
      { id: 'ruling-sleeps', find: 'signals.wake(user.hubId);', replace: '' },
      {
        id: 'one-refusal-fails-all',
        find: 'if (!(error instanceof DeskRefused)) throw error;',
        replace: 'throw error;',
      },
    ],
  ),
  ...inFile(
    'backend/desk/orders.ts',
    ['desk/desk'],
    [
      {
        id: 'another-order-under-the-key',
        find: "if (!sameOrder(first.order, asked.order)) throw new DeskRefused('key-reused');",
        replace: '',
      },
      {
        id: 'nothing-there-is-done',
        find: 'if (!outcome.ok) throw',
        replace: 'if (outcome === undefined) throw',
      },
    ],
  ),
];

const showing = [
  ...inFile(
    'backend/desk/record.ts',
    ['desk/desk'],
    [
      {
        id: 'conflict-beside-an-older-record',
        find: '  const [definitions, kept, parked, pauses] = await Promise.all([\n    definitionsOf(db, hubId),\n    conflictsOfRecord(db, hubId, object, recordId, CONFLICTS_MAX),\n    parkedOf(db, hubId, { object, recordId }),\n    loadPauses(db, hubId),\n  ]);\n  const row = await load(db, hubId, { object, recordId });\n',
        replace:
          '  const row = await load(db, hubId, { object, recordId });\n  const [definitions, kept, parked, pauses] = await Promise.all([\n    definitionsOf(db, hubId),\n    conflictsOfRecord(db, hubId, object, recordId, CONFLICTS_MAX),\n    parkedOf(db, hubId, { object, recordId }),\n    loadPauses(db, hubId),\n  ]);\n',
      },
      { id: 'reported-is-agreed', find: "if (how === 'event') return 'reported';", replace: '' },
      {
        id: 'held-looks-written',
        find: "edit === undefined || edit.state === 'held'\n        ? crm",
        replace: 'edit === undefined\n        ? crm',
      },
    ],
  ),
  ...inFile(
    'backend/desk/history.ts',
    ['desk/stored', 'desk/desk'],
    [
      { id: 'no-next-page', find: 'limit: PAGE_ENTRIES + 1 }', replace: 'limit: PAGE_ENTRIES }' },
      {
        id: 'next-page-of-nothing',
        find: 'rows.length > PAGE_ENTRIES ?',
        replace: 'rows.length >= PAGE_ENTRIES ?',
      },
      { id: 'as-it-is-now', find: 'past.changed.has(name)\n', replace: 'past.changed.has(`${name}?`)\n' },
    ],
  ),
  ...inFile(
    'backend/desk/viewAs.ts',
    ['desk/desk'],
    [
      {
        id: 'sees-everything',
        find: 'sees(person, reach, row) ? recordView(linked, row, now) : null',
        replace: 'recordView(linked, row, now)',
      },
      {
        id: 'everything-editable',
        find: "shown.editable ? 'editable' : 'read-only'",
        replace: "'editable'",
      },
    ],
  ),
  ...inFile(
    'backend/desk/conflicts.ts',
    ['desk/stored', 'desk/desk'],
    [
      {
        id: 'never-moved',
        find: "moved: !equal(spec?.kind ?? 'text', now, crm.value)",
        replace: 'moved: false',
      },
      {
        id: 'ruling-under-way-unseen',
        find: "f.state in ('accepted', 'written')) as pending",
        replace: "f.state in ('held')) as pending",
      },
      {
        id: 'ruling-of-another-conflict',
        find: "and r.ruling->>'conflictId' = c.conflict_id::text and f.state",
        replace: "and r.ruling->>'conflictId' is not null and f.state",
      },
    ],
  ),
  ...inFile(
    'backend/desk/claims.ts',
    ['desk/stored'],
    [
      {
        id: 'counts-what-is-unseen',
        find: 'rows.filter((row) => sees(person, reach, row)).length',
        replace: 'rows.length',
      },
    ],
  ),
  ...inFile(
    'backend/desk/explain.ts',
    ['desk/stored'],
    [
      { id: 'always-proven', find: "proven: held.how === 'read'", replace: 'proven: true' },
      {
        id: 'wish-not-restorable',
        find: "if (kind === 'proven' && outcome === 'superseded') return after;",
        replace: '',
      },
    ],
  ),
];

const nudge = inFile(
  'backend/desk/nudge.ts',
  ['backend/nudge'],
  [
    {
      id: 'wrongly-signed-nudge',
      find: 'if (!verdict.ok) {',
      replace: "if (!verdict.ok && verdict.code !== 'signature-wrong') {",
    },
    {
      id: 'nudged-for-another-hub',
      find: 'asked.data.hubId !== undefined && asked.data.hubId !== hubId',
      replace: 'asked.data.hubId === null',
    },
    { id: 'nudge-sleeps', find: '  signals.wake(hubId);\n', replace: '' },
    {
      id: 'old-secret-only',
      find: 'deps.secrets.map(webhookKey)',
      replace: 'deps.secrets.slice(-1).map(webhookKey)',
    },
    {
      id: 'nudge-in-no-hurry',
      find: "markDue(db, hubId, 'read',",
      replace: "markDue(db, hubId, 'reconcile',",
    },
  ],
);

const undo = [
  ...inFile(
    'backend/desk/undoPlan.ts',
    ['blast/undoPlan'],
    [
      { id: 'undone-over-the-source', find: "if (owner === 'source') return leave('source');", replace: '' },
      { id: 'decision-undone', find: "if (last.isAction) return leave('action');", replace: '' },
      { id: 'undone-of-the-gone', find: "if (!isPresent) return leave('gone');", replace: '' },
      {
        id: 'undone-while-under-way',
        find: 'if (isAsked || writes.some(({ isOpen }) => isOpen))',
        replace: 'if (isAsked)',
      },
      { id: 'undone-while-asked', find: 'if (isAsked || writes', replace: 'if (writes' },
      {
        id: 'undone-over-somebody',
        find: 'if (!isOurs || at < writes.length - 1 ||',
        replace: 'if (at < writes.length - 1 ||',
      },
      {
        id: 'undone-under-a-later-write',
        find: '!isOurs || at < writes.length - 1 ||',
        replace: '!isOurs ||',
      },
      {
        id: 'undone-to-the-unfit',
        find: "if (unfit(rule, property, wanted) !== null) return leave('unfit');",
        replace: '',
      },
      {
        id: 'undone-one-step',
        find: 'return isUnbroken ? firstOfRun',
        replace: 'return at < 0 ? firstOfRun',
      },
      { id: 'undone-past-another', find: 'equal(kind, before.value, one.base.value) &&\n', replace: '\n' },
    ],
  ),
  ...inFile(
    'backend/desk/undo.ts',
    ['blast/ownWrites', 'blast/undo'],
    [
      {
        id: 'undo-of-everything',
        find: "throw new DeskRefused('undo-everything');",
        replace: 'void 0;',
      },
      {
        id: 'undo-grows',
        find: "if (putBack.length > shown) throw new DeskRefused('undo-grew');",
        replace: '',
      },
      {
        id: 'undo-of-later-writes',
        find: 'until: until === undefined ? now : instant(until),',
        replace: 'until: now,',
      },
      {
        id: 'undo-repeated-is-nothing',
        find: 'if (putBack.length === 0 && !isRepeated)',
        replace: 'if (putBack.length === 0)',
      },
      {
        id: 'held-undo-is-done',
        find: "waiting: of('accepted', 'written', 'held')",
        replace: "waiting: of('accepted')",
      },
    ],
  ),
  ...inFile(
    'backend/store/ownWrites.ts',
    ['blast/ownWrites', 'blast/undo'],
    [
      {
        id: 'refused-is-undone',
        find: "outcome in ('confirmed', 'overtaken', 'superseded'))",
        replace: 'outcome is not null)',
      },
      {
        id: 'open-write-unseen',
        find: 'p.settled_at is null or p.outcome in',
        replace: 'p.outcome in',
      },
      {
        id: 'undo-of-all-that-is-chosen-later',
        find: 'p.promised_at <= ${new Date(until)}',
        replace: 'p.promised_at <= now()',
      },
      {
        id: 'put-back-unguarded',
        find: "jsonb_build_array(jsonb_build_object('field', field, 'seen', seen)), key, key",
        replace: "'[]'::jsonb, key, key",
      },
    ],
  ),
];

export const DESK: Room = {
  name: 'desk',
  needsDatabase: true,
  mutants: [gate, rulings, showing, undo, nudge].flat(),
  stages: [
    {
      name: 'desk',
      tests: [
        'desk/gate',
        'blast/undoPlan',
        'desk/stored',
        'blast/ownWrites',
        'desk/desk',
        'desk/size',
        'blast/undo',
      ],
    },
    {
      name: 'beside',
      tests: ['signIn/claims', 'backend/nudge', 'backend/cli', 'sources/push', 'backend/erasure'],
    },
  ],
};
