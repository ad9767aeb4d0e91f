/** Faults planted in what goes out to the CRM: writes and their answers, rounds that fail, records that are made. */
import { inFile } from './mutant.ts';

const send = inFile(
  'backend/sync/send.ts',
  ['backend/round'],
  [
    {
      id: 'left-out-is-taken',
      find: 'await storeAnswered(ctx, object, done);',
      replace: 'await storeAnswered(ctx, object, writes);',
    },
    { id: 'left-out-is-left', find: 'return oneByOne(ctx, object, rest);', replace: 'return;' },
    {
      id: 'one-by-one-ends',
      find: 'for (const write of writes) await sendWrites(ctx, object, [write]);',
      replace: 'for (const write of writes.slice(0, 1)) await sendWrites(ctx, object, [write]);',
    },
    {
      id: 'gone-takes-all',
      find: "(failure.is === 'refused' || failure.is === 'gone') && writes",
      replace: "failure.is === 'refused' && writes",
    },
    {
      id: 'refused-as-a-whole',
      find: "if (failure.is === 'refused' && write !== undefined && write.promises.length > 1) {",
      replace: "if (failure.is === 'gone' && write !== undefined && write.promises.length > 1) {",
    },
    { id: 'looked-for-never', find: "endings(object, writes, 'settle', now + LOOK_AFTER_MS)", replace: '[]' },
    {
      id: 'unsent-left-alone',
      find: "await endWork(trx, ctx.hubId, endings(object, writes, 'edit', notBefore), now);",
      replace: '',
    },
    {
      id: 'unsent-at-once',
      find: "endings(object, writes, 'edit', notBefore)",
      replace: "endings(object, writes, 'edit', now)",
    },
    {
      id: 'unsent-may-come',
      find: "promiseIds(writes), now, 'unsent');\n    await endWork",
      replace: "promiseIds(writes), now, 'unknown');\n    await endWork",
    },
    { id: 'barred-and-on', find: 'else ctx.budget.hold(BARRED_WAIT_MS);', replace: '' },
    {
      id: 'scope-stops-all',
      find: 'if (isOfScope(failure)) noteRefusedScopes',
      replace: 'if (isOfScope(failure) && failure.message === null) noteRefusedScopes',
    },
    {
      id: 'others-believed-sent',
      find: "await markSent(trx, ctx.hubId, others, now, 'unsent');",
      replace: "await markSent(trx, ctx.hubId, others, now, 'yes');",
    },
    { id: 'refusal-unsaid', find: 'await journal(drafts);', replace: 'await journal(drafts.slice(1));' },
    {
      id: 'refused-and-done',
      find: "    await endWork(trx, ctx.hubId, endings(object, writes, 'settle', now), now);\n    return next + drafts",
      replace: '    return next + drafts',
    },
    {
      id: 'schema-unasked',
      find: 'if (failure.properties.some(({ code }) => isSchemaCode(code))) wantSchema(ctx);',
      replace: '',
    },
    {
      id: 'answer-unproven',
      find: "endWork(trx, ctx.hubId, endings(object, writes, 'settle', now), now),",
      replace: '',
    },
    {
      id: 'answer-not-marked',
      find: "markSent(trx, ctx.hubId, promiseIds(writes), now, 'yes'),",
      replace: '',
    },
    {
      id: 'outcome-untold',
      find: '  tellEdits(ctx, object, writes, seq);\n}\n\nasync function storeFailure',
      replace: '}\n\nasync function storeFailure',
    },
    {
      id: 'refusal-untold',
      find: '  tellEdits(ctx, object, writes, seq);\n}\n\nfunction codeOf',
      replace: '}\n\nfunction codeOf',
    },
  ],
);

const round = inFile(
  'backend/sync/round.ts',
  ['backend/round'],
  [
    {
      id: 'stopped-and-read',
      find: 'if (isObjectStopped(ctx, object)) {',
      replace: 'if (object === null) {',
    },
    { id: 'stopped-ticket-kept', find: '    ticket.unused();\n', replace: '' },
    {
      id: 'first-link-for-all',
      find: 'links: answer.value.get(one.recordId) ?? [],',
      replace: 'links: answer.value.get(ids[0]!) ?? [],',
    },
    {
      id: 'lines-failed-half',
      find: 'return seen.filter((one) => !here.includes(one));',
      replace: 'return [...seen];',
    },
    {
      id: 'second-half-unstored',
      find: '        ...(await commitEach(ctx, object, seen.slice(half))),\n',
      replace: '',
    },
    {
      id: 'unstorable-forever',
      find: "{ code: 'cannot-store', message },\n    );",
      replace: "{ code: 'cannot-store', message },\n    ).catch(() => undefined);\n    throw error;",
    },
    {
      id: 'second-half-unread',
      find: '[works.slice(0, half), works.slice(half)]',
      replace: '[works.slice(0, half)]',
    },
    {
      id: 'barred-read-on',
      find: '      ctx.budget.hold(BARRED_WAIT_MS);\n      return note(ctx, works, error);',
      replace: '      return note(ctx, works, error);',
    },
    {
      id: 'scope-read-on',
      find: 'noteRefusedScopes(ctx, failure.scopes);\n        return note(ctx, works, error, ctx.clock.now() + BARRED_WAIT_MS);',
      replace: 'return note(ctx, works, error, ctx.clock.now() + BARRED_WAIT_MS);',
    },
    { id: 'outage-never-longer', find: 'ctx.health.failures += 1;', replace: '' },
    {
      id: 'outage-without-end',
      find: 'Math.min(HUB_RETRY_MAX_MS, HUB_RETRY_FIRST_MS',
      replace: 'Math.max(HUB_RETRY_MAX_MS, HUB_RETRY_FIRST_MS',
    },
    { id: 'outage-remembered', find: '  ctx.health.failures = 0;\n', replace: '' },
    { id: 'outage-not-held', find: '  ctx.budget.hold(waitMs);\n', replace: '' },
    {
      id: 'put-off-at-once',
      find: 'notBefore: now + waitMs, counts: true',
      replace: 'notBefore: now, counts: true',
    },
    { id: 'put-off-longer-each', find: 'RETRY_FIRST_MS * 2 ** work.attempts);', replace: 'RETRY_FIRST_MS);' },
    {
      id: 'parked-in-silence',
      find: 'failures.filter(({ park }) => park)',
      replace: 'failures.filter(({ park }) => !park)',
    },
    {
      id: 'paid-and-throttled',
      find: "else if (answer.failure.is === 'throttled') ctx.budget.hold(answer.failure.retryAfterMs);",
      replace: '',
    },
  ],
);

const creations = inFile(
  'backend/sync/creations.ts',
  ['portal/made'],
  [
    {
      id: 'made-at-most-ten',
      find: 'await Promise.all(waiting.map((creation) => makeOne(ctx, creation)));',
      replace: 'await Promise.all(waiting.slice(0, 1).map((creation) => makeOne(ctx, creation)));',
    },
    {
      id: 'made-and-made',
      find: 'if (creation.recordId !== null) return prove',
      replace: 'if (creation.recordId === undefined) return prove',
    },
    {
      id: 'later-is-never',
      find: "if (found === 'later') return;\n    if (found !== null) return prove(ctx, creation, found);\n  }\n  // What",
      replace: "if (found !== null && found !== 'later') return prove(ctx, creation, found);\n  }\n  // What",
    },
    {
      id: 'one-stops-all',
      find: '    await ctx.lease.prove(); // not ours any more: nothing to isolate\n    if (error instanceof BudgetClosed) throw error;',
      replace: '    throw error;',
    },
    {
      id: 'asked-again-said',
      find: 'creation.fields.filter(({ journaled }) => !journaled)',
      replace: 'creation.fields.filter(({ journaled }) => !journaled || true)',
    },
    { id: 'made-unnamed', find: 'await nameRecord(trx, ctx.hubId, editId, recordId);', replace: '' },
    {
      id: 'any-key-will-do',
      find: 'keyIn(creation, answer.value) === editId',
      replace: 'keyIn(creation, answer.value) !== null',
    },
    { id: 'made-without-end', find: '{ endedAt: now, error: null }', replace: '{ error: null }' },
    { id: 'creation-refused-endless', find: '{ endedAt: now, error })', replace: '{ error })' },
    {
      id: 'put-off-for-nothing',
      find: 'notBefore: ctx.clock.now() + afterMs, error',
      replace: 'notBefore: ctx.clock.now(), error',
    },
    {
      id: 'made-and-throttled',
      find: '      ctx.budget.hold(failure.retryAfterMs);\n      return putOff(ctx, creation, error, failure.retryAfterMs);',
      replace: '      return putOff(ctx, creation, error, failure.retryAfterMs);',
    },
    {
      id: 'schema-refuses-customers',
      find: 'if (recordId !== null || !isOfSchema(creation, failure))',
      replace: 'if (recordId === null || !isOfSchema(creation, failure))',
    },
    {
      id: 'made-for-bars',
      find: "if (ctx.drift.bars.has(creation.name) && key === 'unique') return",
      replace: "if (ctx.drift.bars.has('') && key === 'unique') return",
    },
    { id: 'made-without-the-lease', find: '  await ctx.lease.fence(ctx.clock);\n', replace: '' },
    {
      id: 'made-untold',
      find: 'const records = [{ object, recordId: answer.value.id }];\n',
      replace: 'const records = [{ object, recordId: answer.value.id }];\n  if (isIt) return;\n',
    },
  ],
);

const creationsStore = inFile(
  'backend/store/creations.ts',
  ['portal/made'],
  [
    {
      id: 'made-twice-by-key',
      find: 'on conflict (hub_id, person, idempotency_key) do nothing',
      replace: 'on conflict (hub_id, edit_id) do nothing',
    },
    { id: 'ended-waits', find: 'c.ended_at is null and c.not_before <=', replace: 'c.not_before <=' },
    {
      id: 'waits-not',
      find: 'and c.not_before <= ${new Date(now)}',
      replace: 'and ${new Date(now)}::timestamptz is not null',
    },
    { id: 'youngest-first', find: 'order by e.number limit', replace: 'order by e.number desc limit' },
    {
      id: 'next-of-ended',
      find: "    .where('ended_at', 'is', null)\n    .executeTakeFirst();\n  return row",
      replace: '    .executeTakeFirst();\n  return row',
    },
    {
      id: 'move-every-creation',
      find: "    .where('hub_id', '=', hubId)\n    .where('edit_id', '=', editId)\n    .execute();\n}\n\n/** The CRM has",
      replace: "    .where('hub_id', '=', hubId)\n    .execute();\n}\n\n/** The CRM has",
    },
    { id: 'creation-uncounted', find: "eb('attempts', '+', 1)", replace: "eb('attempts', '+', 0)" },
    { id: 'named-in-one-table', find: "['edits', 'edit_fields'] as const", replace: "['edits'] as const" },
  ],
);

const edits = inFile(
  'backend/store/edits.ts',
  ['backend/visits'],
  [
    { id: 'lane-of-people', find: "edit.lane ?? 'edit'", replace: "'edit'" },
    { id: 'asked-and-not-due', find: ' d as (${due})', replace: ' d as (select)' },
    {
      id: 'ruling-dropped',
      find: '${edit.ruling === undefined ? null : JSON.stringify(edit.ruling)}::jsonb,',
      replace: 'null::jsonb,',
    },
    { id: 'oldest-receipts', find: 'order by e.number desc limit', replace: 'order by e.number limit' },
    { id: 'made-is-open', find: 'and e.creation is null and exists (', replace: 'and exists (' },
    {
      id: 'held-is-over',
      find: "f.state in ('accepted', 'written', 'held'))",
      replace: "f.state in ('accepted', 'written'))",
    },
    { id: 'open-turned', find: 'return found.reverse();', replace: 'return found;' },
    {
      id: 'promised-is-undecided',
      find: 'and f.edit_id = any(p.edit_ids)',
      replace: 'and f.edit_id <> all(p.edit_ids)',
    },
    { id: 'settled-promise-holds', find: 'and p.settled_at is null and f.edit_id', replace: 'and f.edit_id' },
    {
      id: 'written-is-undecided',
      find: "and f.state = 'accepted' and not exists",
      replace: 'and not exists',
    },
    { id: 'ids-cut', find: '::uuid[])`, editIds.length)', replace: '::uuid[])`, 1)' },
  ],
);

const conflicts = inFile(
  'backend/store/conflicts.ts',
  ['backend/visits'],
  [
    { id: 'settled-again', find: ' and c.settled_at is null`', replace: '`' },
    { id: 'settled-all', find: 'and c.conflict_id = s.conflict_id and', replace: 'and' },
    { id: 'held-anew-old-crm', find: "        crm: eb.ref('excluded.crm'),\n", replace: '' },
    {
      id: 'settled-ones-first',
      find: "sql`settled_at is null`, 'desc'",
      replace: "sql`settled_at is null`, 'asc'",
    },
    { id: 'conflicts-of-any-object', find: "    .where('object', '=', object)\n", replace: '' },
    {
      id: 'open-with-settled',
      find: "    .where('settled_at', open ? 'is' : 'is not', null)\n",
      replace: '',
    },
    { id: 'kind-ignored', find: "query.where('kind', '=', kind ?? 'conflict')", replace: 'query' },
    { id: 'field-ignored', find: "query.where('field', '=', field ?? '')", replace: 'query' },
  ],
);

export const SENDING = [send, round, creations].flat();
export const ASKED = [creationsStore, edits, conflicts].flat();
