/** Faults planted in what keeps harm small and tells of it: the breaker, drift, warnings. */
import { inFile, type Room } from './mutant.ts';
import { TOLD } from './telling.ts';

const breaker = [
  ...inFile(
    'backend/sync/breaker.ts',
    ['law/breaker'],
    [
      {
        id: 'blank-filled-is-emptied',
        find: 'const takes = canonical(kind, before) !== null;',
        replace: 'const takes = true;',
      },
      {
        id: 'blank-text-is-a-value',
        find: 'const value = canonical(kind, after);',
        replace: 'const value = after;',
      },
      {
        id: 'one-later-than-the-limit',
        find: 'if (records.size < tooMany) return [];',
        replace: 'if (records.size <= tooMany) return [];',
      },
      {
        id: 'record-counted-again',
        find: '    records.delete(record);\n    records.set(record, { at: now',
        replace: '    records.set(`${record} ${now}`, { at: now',
      },
      {
        id: 'any-value-is-one',
        find: 'if (!isAny && sum(counter.tally) < ONE_VALUE_SHARE * sum(all)) return [];',
        replace: '',
      },
      {
        id: 'every-value-apart-is-one',
        find: 'key: `${one.key} ${digestOf(value)}`',
        replace: 'key: one.key',
      },
      { id: 'window-never-ends', find: 'if (at > since && (!isFull', replace: 'if (at > 0 && (!isFull' },
      {
        id: 'option-as-a-text',
        find: "SHARED_KINDS.includes(kind) ? 'oneOption' : 'oneValue'",
        replace: "'oneValue'",
      },
      {
        id: 'staff-are-a-burst',
        find: 'if (person === null || isStaffId(person)) return null;',
        replace: 'if (person === null) return null;',
      },
      {
        id: 'bulk-edit-is-a-burst',
        find: 'return INTEGRATIONS.includes(via) ?',
        replace: "return via !== '' ?",
      },
      {
        id: 'counters-pile-up',
        find: 'if (counters.size > 1.5 * COUNTERS_MAX)',
        replace: 'if (counters.size < 0)',
      },
    ],
  ),
  ...inFile(
    'backend/sync/holding.ts',
    ['law/breaker', 'blast/held'],
    [
      {
        id: 'exempt-is-held',
        find: '!isExempt && !promise.editIds.every',
        replace: '!promise.editIds.every',
      },
      {
        id: 'released-is-held',
        find: ' && !promise.editIds.every((editId) => released.has(editId)),',
        replace: ',',
      },
      { id: 'half-of-an-edit-goes', find: '        held.set(other, key);', replace: '        void other;' },
      {
        id: 'open-set-lets-through',
        find: '(one) => open.has(one.key) || opened.has(one.key),',
        replace: '(one) => opened.has(one.key),',
      },
      {
        id: 'held-went-before',
        find: 'editId === null || here.has(editId) ? []',
        replace: 'editId === null ? []',
      },
      {
        id: 'ours-is-mass-change',
        find: "if (actor.via === 'INTEGRATION' && actor.id === appId) return null;",
        replace: '',
      },
      {
        id: 'backfill-is-a-burst',
        find: 'const isOld = crmAt !== null && crmAt < now - WINDOW_MS;',
        replace: 'const isOld = crmAt === 0;',
      },
      {
        id: 'back-is-gone',
        find: "return after === 'present'\n      ? null",
        replace: "return after === ''\n      ? null",
      },
      {
        id: 'told-for-ever',
        find: 'filter(([, at]) => at <= now - WINDOW_MS)',
        replace: 'filter(([, at]) => at < 0)',
      },
      {
        id: 'joined-again-and-again',
        near: ['blast/held'],
        find: 'const joining = members.filter((one) => !standing.members.some((old) => isSame(old, one)));',
        replace: 'const joining = members;',
      },
    ],
  ),
  ...inFile(
    'backend/sync/heldSets.ts',
    ['blast/held'],
    [
      {
        id: 'grown-set-is-settled',
        find: "if (closed === 'moved') return { ok: false, code: 'set-grew' };",
        replace: '',
      },
      {
        id: 'set-settled-twice',
        find: "if (closed === null) return { ok: false, code: 'nothing-there' };",
        replace: "if (closed === null) return { ok: true, code: 'done' };",
      },
      {
        id: 'held-warning-stands',
        find: "await endWarning(trx, hubId, { code: 'held-set', subject: setId }, now);",
        replace: '',
      },
      {
        id: 'released-and-forgotten',
        find: "await markDue(trx, hubId, 'observe', [...records.values()], { now });",
        replace: '',
      },
      { id: 'released-trips-again', find: 'forget(ctx.breaker.out, closed.key);', replace: '' },
      {
        id: 'discarded-goes-on',
        find: 'await moveEdits(trx, hubId, waiting.map(refused), now);',
        replace: '',
      },
      { id: 'discarded-unwritten', find: 'map(placeOf), drafts };', replace: 'map(placeOf), drafts: [] };' },
    ],
  ),
];

const drift = [
  ...inFile(
    'backend/drift/findings.ts',
    ['drift/findings'],
    [
      {
        id: 'never-read-is-gone',
        find: 'return found === undefined ? [] : ofObject(rules, object, before, found);',
        replace: 'return ofObject(rules, object, before, found ?? null);',
      },
      {
        id: 'gone-object-stops-nothing',
        find: "...breaks('both', creationsOn(rules, object)) }];\n  const needed",
        replace: "...breaks('none', creationsOn(rules, object)) }];\n  const needed",
      },
      {
        id: 'gone-property-is-fine',
        find: '  if (now === null)\n    return [{',
        replace: '  if (now === null) return [];\n  if (need === null)\n    return [{',
      },
      {
        id: 'read-only-unseen',
        find: 'if (need.isWritten && now.readOnly)',
        replace: 'if (need.isWritten && now.readOnly && before === null)',
      },
      {
        id: 'repeatable-key-unseen',
        find: 'for (const creation of now.unique ? [] : need.keyOf)',
        replace: 'for (const creation of now.unique ? need.keyOf : [])',
      },
      {
        id: 'hidden-option-unseen',
        find: 'found.hidden && !option.hidden',
        replace: 'found.hidden && option.hidden',
      },
      {
        id: 'removed-option-is-told-only',
        find: 'label: option.label, ...WARNS }];\n      const renamed',
        replace: 'label: option.label, ...TELLS }];\n      const renamed',
      },
      {
        id: 'unlisted-scope-stops',
        find: "if (!was) return [{ code: 'scope-lost', scope, object, of, was, ...WARNS }];",
        replace: '',
      },
      {
        id: 'required-and-unasked',
        find: '...lacking.map((creation): Finding',
        replace: '...lacking.slice(0, 0).map((creation): Finding',
      },
      {
        id: 'label-gone-unnamed',
        find: 'if (Object.values(now).includes(label)) return [];',
        replace: 'return [];',
      },
      {
        id: 'same-name-whatever-option',
        find: "if ('option' in finding) parts.push(finding.option);",
        replace: '',
      },
    ],
  ),
  ...inFile(
    'backend/intake/jobs.ts',
    ['drift/service'],
    [
      {
        id: 'what-is-gone-compared-for-ever',
        find: '      await giveUp(ctx, job, why);\n      return true;',
        replace: '      continue;',
      },
    ],
  ),
  ...inFile(
    'backend/intake/reconcile.ts',
    ['drift/service'],
    [
      {
        id: 'hangs-on-what-is-refused-for-ever',
        find: "[object, 'company', ...parents]",
        replace: '[object, ...parents]',
      },
    ],
  ),
  ...inFile(
    'backend/cli/certificate.ts',
    ['drift/service'],
    [
      {
        id: 'not-compared-is-equal',
        find: 'notCompared.length === 0 && objects.every(isEqual)',
        replace: 'objects.every(isEqual)',
      },
    ],
  ),
  ...inFile(
    'backend/sync/drift.ts',
    ['drift/visits'],
    [
      { id: 'absent-is-blank', find: "return 'unsure';", replace: 'return null;' },
      { id: 'lost-scope-writes-on', find: "if (stop?.code === 'scope-lost') return 'waits';", replace: '' },
      { id: 'unknown-option-decided', find: "? 'asking' : null;", replace: '? null : null;' },
      { id: 'stopped-value-let-in', find: "if (stop?.stops === 'both') return 'apart';", replace: '' },
      {
        id: 'doubt-unasked',
        find: 'doubts.set(key, { at: now, clearedAt: null });\n  wantSchema(ctx);',
        replace: 'doubts.set(key, { at: now, clearedAt: null });',
      },
      {
        id: 'doubt-for-ever',
        find: 'if (clearedAt === null && at <= begunAt)',
        replace: 'if (clearedAt === null && at < 0)',
      },
      {
        id: 'one-object-stops-all',
        find: 'drift.stopped.filter((each) => each.object === object),',
        replace: 'drift.stopped,',
      },
    ],
  ),
];

const alerts = [
  ...inFile(
    'backend/alerts/standing.ts',
    ['operate/next'],
    [
      {
        id: 'never-heard-is-well',
        find: 'older(facts.heartbeatAt ?? facts.connectedAt,',
        replace: 'older(facts.heartbeatAt,',
      },
      { id: 'dead-worker-speaks', find: 'if (isLed) for (const one of', replace: 'for (const one of' },
      {
        id: 'barred-is-away',
        find: 'failure !== null && !isBarred && older',
        replace: 'failure !== null && older',
      },
      {
        id: 'silence-since-ever',
        find: 'facts.journalAt - (facts.webhookAt ?? facts.connectedAt)',
        replace: 'facts.journalAt - (facts.webhookAt ?? facts.journalAt)',
      },
      {
        id: 'given-up-hook-unsaid',
        find: 'disabledAt !== null || older(failingSince',
        replace: 'older(failingSince',
      },
      {
        id: 'told-by-the-journal-is-in-time',
        find: "toldBy !== null && toldBy !== 'webhooks'",
        replace: 'toldBy === null',
      },
      { id: 'off-journal-is-late', find: 'journal?.on === true && older', replace: 'older' },
      {
        id: 'withheld-source-is-well',
        find: 'source.failure !== null || source.withheld !== null,',
        replace: 'source.failure !== null,',
      },
    ],
  ),
  ...inFile(
    'backend/alerts/next.ts',
    ['operate/next'],
    [
      {
        id: 'told-before-its-time',
        find: 'if (alert !== null && alert.notBefore > now) return null;',
        replace: '',
      },
      { id: 'over-to-who-never-knew', find: "return knows ? 'over' : null;", replace: "return 'over';" },
      {
        id: 'no-quiet-time',
        find: "now - (alert?.begunAt ?? -Infinity) >= quietMs ? 'begun' : null",
        replace: "'begun'",
      },
      {
        id: 'reminded-from-the-beginning',
        find: 'now - (alert.toldAt ?? now) >= remindAfterMs',
        replace: 'now - (alert.begunAt ?? now) >= remindAfterMs',
      },
      { id: 'unknown-code-is-over', find: 'COUNTED[code];', replace: 'COUNTED[code] ?? 0;' },
      {
        id: 'ended-is-settled-again',
        find: 'return endedAt === null && quietFor',
        replace: 'return quietFor',
      },
      {
        id: 'retried-without-end',
        find: 'Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** Math.min(attempts, DOUBLINGS_MAX))',
        replace: 'RETRY_FIRST_MS * 2 ** attempts',
      },
    ],
  ),
];

export const OPERATE: Room = {
  name: 'operate',
  needsDatabase: true,
  mutants: [breaker, drift, alerts, TOLD].flat(),
  stages: [
    { name: 'quick', tests: ['law/breaker', 'drift/findings', 'operate/next', 'drift/visits'] },
    { name: 'blast', tests: ['blast/held', 'blast/pauses', 'drift/service'] },
    { name: 'alerts', tests: ['operate/alerts', 'operate/metrics', 'operate/canary', 'backend/warnings'] },
  ],
};
