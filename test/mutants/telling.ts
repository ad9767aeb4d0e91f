/** Faults planted in what tells others: endpoints of changes, the CRM of other systems' word, people of problems. */
import { inFile } from './mutant.ts';

const dispatch = inFile(
  'backend/hooks/dispatch.ts',
  ['hooks/dispatch'],
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
      find: 'return fail(telling, row, answer, save);',
      replace: '{ await fail(telling, row, answer, save); continue; }',
    },
    { id: 'taken-unwritten', find: 'sent_seq: event.seq, delivered_at', replace: 'delivered_at' },
    {
      id: 'cursor-too-far',
      find: 'await save({ cursor_seq: batch.upTo, batch_seq',
      replace: 'await save({ cursor_seq: batch.upTo + 1, batch_seq',
    },
    { id: 'id-of-each-attempt', find: '${event.seq}`;', replace: '${event.seq}_${deps.clock.now()}`;' },
    { id: 'attempts-stay', find: 'attempts: row.attempts + 1', replace: 'attempts: row.attempts' },
    { id: 'asked-at-once', find: 'not_before: new Date(now + waitMs)', replace: 'not_before: new Date(now)' },
    { id: 'failing-since-now', find: 'new Date(row.failingSince ?? now)', replace: 'new Date(now)' },
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

const hooks = inFile(
  'backend/store/hooks.ts',
  ['hooks/dispatch'],
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

const sources = inFile(
  'backend/sync/sources.ts',
  ['sources/push'],
  [
    {
      id: 'look-of-any-hub',
      find: 'if (hubId !== ctx.hubId) return;',
      replace: 'if (hubId === ctx.hubId) return;',
    },
    {
      id: 'second-page-unread',
      find: 'if (rows.length < PAGE_ROWS || term',
      replace: 'if (rows.length > 0 || term',
    },
    {
      id: 'half-answer-whole',
      find: 'if (!answer.ok) return { records, answer };',
      replace: 'if (!answer.ok) return { records, answer: { ok: true, value: said } };',
    },
    {
      id: 'failed-look-known',
      find: 'for (const { recordId } of records) look.known.delete(recordId);',
      replace: '',
    },
    {
      id: 'blow-for-blow',
      find: 'before !== after && mayPush(look, row.recordId)',
      replace: 'before !== after',
    },
    { id: 'still-looked-at', find: 'before !== after && mayPush', replace: 'mayPush' },
    {
      id: 'key-of-the-value-only',
      find: 'keyOf([object, recordId, asked.field, seq, asked.wanted], now)',
      replace: 'keyOf([object, asked.field, asked.wanted], now)',
    },
    { id: 'never-asked-again', find: 'Math.floor(now / REFUSED_AGAIN_MS)', replace: '0' },
    { id: 'pushed-each-time', find: 'Math.floor(now / REFUSED_AGAIN_MS)', replace: 'now' },
    {
      id: 'pushes-first-field',
      find: 'for (const { seq, ...asked } of fields) {',
      replace: 'for (const { seq, ...asked } of fields.slice(0, 1)) {',
    },
    { id: 'pushes-sleep', find: 'if (pushes.length > 0) ctx.signals.wake(ctx.hubId);', replace: '' },
    {
      id: 'look-failed-ends',
      find: 'if (!isAborted(term))\n          ctx.log',
      replace: 'if (!isAborted(term)) throw error;\n        if (isAborted(term))\n          ctx.log',
    },
  ],
);

const watch = inFile(
  'backend/alerts/watch.ts',
  ['operate/alerts'],
  [
    {
      id: 'watch-without-lock',
      find: 'takeHold(databaseUrl, WATCH_LOCK_CLASS, lock)',
      replace: 'takeHold(databaseUrl, WATCH_LOCK_CLASS, `${lock}${Math.random()}`)',
    },
    {
      id: 'hub-stops-the-watch',
      find: '      await hold.prove().catch(async (lost: unknown) => {\n        await hold.release();\n        throw lost;\n      });',
      replace: '      throw error;',
    },
    {
      id: 'attempt-unnoted',
      find: 'attempts: attempts + 1, notBefore: retryAt(attempts, clock.now())',
      replace: 'attempts, notBefore: 0',
    },
    {
      id: 'untaken-is-told',
      find: 'if (reason === null) await noteTold',
      replace: 'if (reason !== undefined) await noteTold',
    },
    {
      id: 'number-of-each-attempt',
      find: 'alert?.number ?? 0, clock.now()',
      replace: 'attempts, clock.now()',
    },
    {
      id: 'one-channel-for-all',
      find: 'alert.code === code && alert.subject === subject && alert.channel === channel',
      replace: 'alert.code === code && alert.subject === subject',
    },
    {
      id: 'one-subject-for-all',
      find: 'alert.code === code && alert.subject === subject && alert.channel === channel',
      replace: 'alert.code === code && alert.channel === channel',
    },
    { id: 'never-settled', find: 'await endWarning(db, hubId, warning, now);', replace: '' },
    { id: 'outage-told-each-look', find: 'if (!told.has(channel) && (await', replace: 'if ((await' },
    {
      id: 'outage-at-once',
      find: 'if (clock.now() - since < patienceMs || isAborted(stopping)) return;',
      replace: 'if (isAborted(stopping)) return;',
    },
    {
      id: 'outage-untaken-told',
      find: "if (!told.has(channel) && (await say(channel, 'begun', since))) told.add(channel);",
      replace: "if (!told.has(channel) && ((await say(channel, 'begun', since)) || true)) told.add(channel);",
    },
    {
      id: 'outage-never-over',
      find: "if (await say(channel, 'over', since)) told.delete(channel);",
      replace: 'told.delete(channel);',
    },
  ],
);

const alerts = inFile(
  'backend/store/alerts.ts',
  ['operate/alerts'],
  [
    {
      id: 'attempt-over-all',
      find: "['hub_id', 'code', 'subject', 'channel']).doUpdateSet(tried))",
      replace: "['hub_id', 'code', 'subject', 'channel']).doNothing())",
    },
    {
      id: 'over-is-begun',
      find: "told.kind === 'over' ? ('none' as const) : ('begun' as const)",
      replace: "('begun' as const)",
    },
    {
      id: 'begun-with-reminder',
      find: "...(told.kind === 'begun' ? { begun_at: at } : {}),",
      replace: 'begun_at: at,',
    },
    { id: 'one-number-for-ever', find: "eb('number', '+', 1)", replace: "eb('number', '+', 0)" },
    { id: 'attempts-after-told', find: '      attempts: 0,\n', replace: '' },
    { id: 'error-after-told', find: '      error: null,\n', replace: '' },
    { id: 'order-after-told', find: '      message: null,\n', replace: '' },
    { id: 'ordered-over', find: "        .where('alerts.message', 'is', null),\n", replace: '        ,\n' },
    { id: 'told-in-all-channels', find: "    .where('channel', '=', channel);", replace: ';' },
    { id: 'told-anew-each', find: "    .where('told_at', 'is', null)\n", replace: '' },
    { id: 'over-is-told-too', find: "if (told.kind !== 'begun') return;", replace: '' },
  ],
);

export const LOOKED = sources;
export const TOLD = [dispatch, hooks, watch, alerts].flat();
