/** Faults planted in what tells endpoints of changes. */
import { inFile } from './mutant.ts';

const dispatch = inFile(
  'backend/hooks/dispatch.ts',
  ['hooks/telling'],
  [
    {
      id: 'batch-end-open',
      find: 'if (row.batchSeq === null && batch.events',
      replace: 'if (row.batchSeq === -1 && batch.events',
    },
    { id: 'told-events-again', find: 'if (event.seq <= row.sentSeq) continue;', replace: '' },
    {
      id: 'refusal-is-told',
      find: "if (answer.is === 'failed' || answer.status < 200 || answer.status > 299)",
      replace: "if (answer.is === 'failed' || answer.status < 200 || answer.status > 499)",
    },
    { id: 'redirect-is-told', find: 'answer.status > 299)', replace: 'answer.status > 399)' },
    {
      id: 'failed-and-on',
      find: 'return fail(telling, failing, answer, save);',
      replace: '{ await fail(telling, failing, answer, save); continue; }',
    },
    { id: 'taken-unwritten', find: 'sent_seq: event.seq, delivered_at', replace: 'delivered_at' },
    {
      id: 'cursor-too-far',
      find: 'await save({ cursor_seq: batch.upTo, batch_seq',
      replace: 'await save({ cursor_seq: batch.upTo + 1, batch_seq',
    },
    { id: 'id-of-each-attempt', find: '${event.seq}`;', replace: '${event.seq}_${deps.clock.now()}`;' },
    { id: 'attempts-stay', find: 'attempts: failing.attempts + 1', replace: 'attempts: failing.attempts' },
    { id: 'asked-at-once', find: 'not_before: new Date(now + waitMs)', replace: 'not_before: new Date(now)' },
    { id: 'failing-since-now', find: 'new Date(failing.failingSince ?? now)', replace: 'new Date(now)' },
    { id: 'gone-asked-on', find: '...(status === GONE ? { disabled_at: new Date(now) } : {}),', replace: '' },
    { id: 'switched-off-told', find: 'row === null || row.disabledAt !== null', replace: 'row === null' },
    {
      id: 'restart-asks-at-once',
      find: 'if (row.notBefore > clock.now()) return',
      replace: 'if (row.notBefore > Infinity) return',
    },
    {
      id: 'old-hooks-kept',
      find: 'hooks.map(({ hookId }) => hookId),',
      replace: '[...hooks.map(({ hookId }) => hookId), "old"],',
    },
    {
      id: 'news-of-a-hub-unheard',
      find: 'if (change.hubId === hubId) bell.ring();',
      replace: 'if (change.hubId !== hubId) bell.ring();',
    },
  ],
);

const lately = inFile(
  'backend/hooks/dispatch.ts',
  ['hooks/telling'],
  [
    { id: 'old-failures-count', find: '    failing = { attempts: 0, failingSince: null };\n', replace: '' },
    {
      id: 'told-without-the-hub',
      find: 'if (!(await save({ ...well, sent_seq',
      replace: 'if (null === (await save({ ...well, sent_seq',
    },
    {
      id: 'place-lost-and-on',
      find: "return isMoved ? 'more' :",
      replace: "return isMoved !== null ? 'more' :",
    },
  ],
);

const hooks = inFile(
  'backend/store/hooks.ts',
  ['hooks/telling'],
  [
    {
      id: 'new-hook-hears-all',
      find: '(select coalesce(max(seq), 0) from journal where hub_id = ${hubId})',
      replace: '0::bigint',
    },
    {
      id: 'hook-place-anew',
      find: 'on conflict (hub_id, hook_id) do nothing',
      replace: 'on conflict (hub_id, hook_id) do update set cursor_seq = excluded.cursor_seq',
    },
    { id: 'any-epoch-saves', find: "'=', String(epoch)),", replace: "'>=', '0')," },
    {
      id: 'other-hooks-saved',
      find: "    .where('hook_id', '=', hookId)\n    .where((eb) =>",
      replace: '    .where((eb) =>',
    },
    {
      id: 'sent-not-read',
      find: 'row.sent_seq === null ? cursorSeq : Number(row.sent_seq)',
      replace: 'cursorSeq',
    },
    { id: 'entry-told-twice', find: "'seq', '>', String(after)", replace: "'seq', '>=', String(after)" },
    { id: 'batch-end-grows', find: "query.where('seq', '<=', String(upTo ?? 0))", replace: 'query' },
    { id: 'entries-backwards', find: "    .orderBy('seq')\n", replace: "    .orderBy('seq', 'desc')\n" },
    { id: 'askers-of-all', find: 'row.edit_id, row.audience]', replace: "row.edit_id, 'direct']" },
    { id: 'all-hooks-forgotten', find: 'hook_id <> all(', replace: 'hook_id <> any(' },
  ],
);

export const TOLD = [dispatch, lately, hooks].flat();
