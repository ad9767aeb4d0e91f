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
    ['desk/desk'],
    [
      {
        id: 'viewers-decide',
        find: "'/rulings': (user, input) => {\n      adminsOnly(user);",
        replace: "'/rulings': (user, input) => {",
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
        find: 'if (seqOf(request.version) !== (held?.seq ?? row.foundSeq))',
        replace: 'if (seqOf(request.version) === null)',
      },
      {
        id: 'conflict-of-another-record',
        find: "if (conflictId !== null && !isOf) throw new DeskRefused('unknown-conflict');",
        replace: '',
      },
      { id: 'ruling-without-a-guard', find: 'guards: [{ field, seen }],', replace: 'guards: [],' },
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

export const DESK: Room = {
  name: 'desk',
  needsDatabase: true,
  mutants: [gate, rulings, nudge].flat(),
  stages: [
    { name: 'desk', tests: ['desk/gate', 'desk/desk', 'desk/size'] },
    {
      name: 'beside',
      tests: ['signIn/claims', 'backend/nudge', 'backend/cli', 'sources/push', 'backend/erasure'],
    },
  ],
};
