/** Faults planted in the statements. That a statement forgets its hub is the second wall's matter: see the tests of the walls. */
import { inFile, type Room } from './mutant.ts';

const kept = inFile(
  'backend/store/kept.ts',
  ['backend/mirror'],
  [
    { id: 'claim-is-proof', find: '[value, at, ...who, 0,', replace: '[value, at, ...who, 1,' },
    { id: 'answer-forgotten', find: 'seq, learnedAt - kept.begunAt]', replace: 'seq]' },
    { id: 'as-if-at-once', find: 'learnedAt: from + tookMs', replace: 'learnedAt: from' },
    { id: 'old-row-says-nothing', find: 'tookMs = 0]', replace: 'tookMs = NaN]' },
  ],
);

const due = [
  ...inFile(
    'backend/store/due.ts',
    ['backend/due'],
    [
      {
        id: 'lane-of-the-last',
        find: 'lane = least(d.lane, excluded.lane)',
        replace: 'lane = excluded.lane',
      },
      {
        id: 'time-of-the-last',
        find: 'not_before = least(d.not_before, excluded.not_before)',
        replace: 'not_before = excluded.not_before',
      },
      {
        id: 'links-not-kept-due',
        find: 'links = d.links or excluded.links',
        replace: 'links = excluded.links',
      },
      { id: 'news-unnoticed', find: 'version = d.version + 1', replace: 'version = d.version' },
      {
        id: 'parked-for-ever',
        find: 'else 0 end, parked_at = null',
        replace: 'else 0 end, parked_at = d.parked_at',
      },
      {
        id: 'told-by-the-last',
        find: 'told = least(d.told, excluded.told)',
        replace: 'told = excluded.told',
      },
      {
        id: 'parked-keeps-its-count',
        find: 'case when d.parked_at is null then d.attempts else 0 end',
        replace: 'd.attempts',
      },
    ],
  ),
  ...inFile(
    'backend/store/work.ts',
    ['backend/due', 'backend/round'],
    [
      {
        id: 'seen-and-not-due',
        find: 'work === null && again !== null ?',
        replace: 'work === null && again === undefined ?',
      },
      {
        id: 'ended-with-news',
        find: 'and d.version = e.version and e.lane is null',
        replace: 'and e.lane is null',
      },
      { id: 'parked-is-claimed', find: 'parked_at is null and not_before <=', replace: 'not_before <=' },
      { id: 'claimed-before-its-time', find: ' and not_before <= ${new Date(now)}\n', replace: '\n' },
      {
        id: 'machines-before-people',
        find: 'order by lane, not_before, object, record_id limit 1',
        replace: 'order by not_before, object, record_id limit 1',
      },
      {
        id: 'busy-is-claimed',
        find: "and object || ':' || record_id not in (select unnest(${busy}::text[]))",
        replace: 'and ${busy}::text[] is not null',
      },
      { id: 'failed-tried-at-once', find: 'not_before = f.not_before, attempts', replace: 'attempts' },
      {
        id: 'attempts-uncounted',
        find: 'attempts = d.attempts + f.counts',
        replace: 'attempts = d.attempts',
      },
      { id: 'old-failures-count-on', find: 'attempts = 0, error = null', replace: 'error = null' },
      {
        id: 'news-put-off',
        find: 'else least(d.not_before, e.not_before) end',
        replace: 'else e.not_before end',
      },
      { id: 'news-in-a-lower-lane', find: 'else least(d.lane, e.lane) end', replace: 'else e.lane end' },
      {
        id: 'links-of-news-forgotten',
        find: 'links = case when d.version = e.version then false else d.links end',
        replace: 'links = false',
      },
    ],
  ),
];

const visits = [
  ...inFile(
    'backend/store/visits.ts',
    ['backend/visits'],
    [
      {
        id: 'ended-moves-again',
        find: "and f.field = m.field\n      and f.state in ('accepted', 'written', 'held')`",
        replace: 'and f.field = m.field`',
      },
      {
        id: 'held-never-moves',
        find: "and f.state in ('accepted', 'written', 'held')`",
        replace: "and f.state in ('accepted', 'written')`",
      },
      {
        id: 'own-writes-from-the-oldest',
        find: 'order by promise_id desc) as n',
        replace: 'order by promise_id) as n',
      },
      {
        id: 'newest-edit-first',
        find: ".orderBy('e.number')",
        replace: ".orderBy('e.number', 'desc')",
      },
      {
        id: 'own-settlement-is-late',
        find: "c.settled_at is not null and c.settlement->>'editId' <> e.edit_id::text",
        replace: 'c.settled_at is not null',
      },
      {
        id: 'given-up-not-loaded',
        near: ['backend/round'],
        find: ".where('watched_from', 'is not', null)",
        replace: ".where('watched_from', 'is', null)",
      },
      {
        id: 'looked-through-not-stored',
        near: ['backend/round'],
        find: 'if (looked.length === 0) return;',
        replace: 'if (looked.length >= 0) return;',
      },
      {
        id: 'settled-promises-are-open',
        find: ".where('record_id', 'in', [...ids])\n    .where('settled_at', 'is', null)",
        replace: ".where('record_id', 'in', [...ids])",
      },
    ],
  ),
  ...inFile(
    'backend/store/edits.ts',
    ['backend/visits'],
    [
      {
        id: 'key-of-anybody',
        find: 'e.person = any(${[...person]}::text[]) and e.idempotency_key = ${key}',
        replace: '${[...person]}::text[] is not null and e.idempotency_key = ${key}',
      },
      {
        id: 'two-at-once-fail',
        find: '        on conflict (hub_id, person, idempotency_key) do nothing\n',
        replace: '',
      },
      {
        id: 'everybodys-edits',
        find: 'sql`e.person = any(${[...person]}::text[])`, limit',
        replace: 'sql`${[...person]}::text[] is not null`, limit',
      },
    ],
  ),
  ...inFile(
    'backend/store/conflicts.ts',
    ['backend/visits'],
    [
      {
        id: 'held-anew-and-settled',
        find: '        settled_at: null,\n        settlement: null,\n',
        replace: '',
      },
      {
        id: 'page-begins-with-the-last',
        find: "query.where('conflict_id', '<', before ?? '')",
        replace: "query.where('conflict_id', '<=', before ?? '')",
      },
    ],
  ),
];

const journal = inFile(
  'backend/store/journal.ts',
  ['backend/journalChain'],
  [
    { id: 'chain-without-its-links', find: '.update(previous).update(digest)', replace: '.update(digest)' },
    { id: 'values-out-of-the-chain', find: '.update(previous).update(digest)', replace: '.update(previous)' },
    { id: 'digest-unsalted', find: '.update(salt)\n', replace: '\n' },
    {
      id: 'one-salt-for-all',
      find: 'salts.subarray(index * SALT_BYTES, (index + 1) * SALT_BYTES)',
      replace: 'salts.subarray(0, SALT_BYTES)',
    },
    {
      id: 'first-page-verified',
      find: 'if (rows.length < VERIFY_PAGE_ROWS) return tally;',
      replace: 'return tally;',
    },
    {
      id: 'changed-value-unseen',
      find: '!digestOf(row.salt, row.before, row.after).equals(row.digest)',
      replace: 'row.digest.length === 0',
    },
    { id: 'hub-out-of-the-chain', find: '    hubId,\n    seq,', replace: '    seq,' },
  ],
);

const mirror = inFile(
  'backend/store/mirror.ts',
  ['backend/mirror'],
  [
    {
      id: 'fields-replaced',
      find: 'fields = m.fields || excluded.fields',
      replace: 'fields = excluded.fields',
    },
    { id: 'read-time-lost', find: 'coalesce(excluded.read_at, m.read_at)', replace: 'excluded.read_at' },
    {
      id: 'companies-pile-up',
      find: 'and d.record_id = s.record_id\n        and not exists',
      replace: 'and d.record_id = s.record_id and false\n        and not exists',
    },
    {
      id: 'labels-stand',
      find: 'set is_primary = excluded.is_primary, labels = excluded.labels',
      replace: 'set is_primary = excluded.is_primary',
    },
    {
      id: 'read-is-not-compared',
      find: ".where((eb) => eb.or([eb('read_at', 'is', null), eb('read_at', '<', new Date(since))]))",
      replace: '',
    },
    { id: 'gone-is-looked-for', find: ".where('life', '=', 'present')\n", replace: '\n' },
  ],
);

const people = [
  ...inFile(
    'backend/store/sessions.ts',
    ['signIn/sessions'],
    [
      { id: 'never-too-old', find: "    .where('s.expires_at', '>', new Date(now))\n", replace: '' },
      { id: 'never-idle', find: "    .where('s.seen_at', '>', new Date(now - idleMs));", replace: ';' },
      {
        id: 'sessions-of-others-end',
        find: "    .where('identity_id', '=', identityId)\n    .$if",
        replace: '    .$if',
      },
    ],
  ),
  ...inFile(
    'backend/store/signIns.ts',
    ['signIn/mail'],
    [
      {
        id: 'link-in-another-browser',
        find: "    .where('browser_hash', '=', hashOf(browser))\n",
        replace: '',
      },
      {
        id: 'link-used-twice',
        find: "hashOf(browser))\n    .where('used_at', 'is', null)\n    .where('expires_at', '>', new Date(now))\n    .returning",
        replace: "hashOf(browser))\n    .where('expires_at', '>', new Date(now))\n    .returning",
      },
      {
        id: 'link-for-ever',
        find: "    .where('expires_at', '>', new Date(now))\n    .returning",
        replace: '    .returning',
      },
    ],
  ),
];

const rest = [
  ...inFile(
    'backend/store/orders.ts',
    ['desk/desk', 'law/rulings'],
    [
      {
        id: 'pause-both-is-neither',
        near: ['backend/mirror'],
        find: "(pause.direction === 'both' || pause.direction === direction)",
        replace: '(pause.direction === direction)',
      },
      {
        id: 'pause-of-an-object-is-of-none',
        near: ['backend/mirror'],
        find: '(pause.field === null || pause.field === field)',
        replace: '(pause.field === field)',
      },
    ],
  ),
  ...inFile(
    'backend/store/warnings.ts',
    ['backend/warnings'],
    [
      {
        id: 'count-goes-on-after-the-end',
        find: 'case when w.ended_at is null then w.count else 0 end',
        replace: 'w.count',
      },
      {
        id: 'not-told-again',
        find: 'told_at = case when w.ended_at is null then w.told_at end',
        replace: 'told_at = w.told_at',
      },
      { id: 'all-of-a-code-end', find: "    .where('subject', '=', subject)\n", replace: '' },
      {
        id: 'ended-stays-ended',
        find: 'last_at = excluded.last_at, ended_at = null',
        replace: 'last_at = excluded.last_at',
      },
    ],
  ),
  ...inFile(
    'backend/store/records.ts',
    ['portal/edits', 'portal/records', 'portal/stream'],
    [
      {
        id: 'seen-after-the-change',
        find: 'and field = a.field and seq > a.seq',
        replace: 'and field = a.field and seq >= a.seq',
      },
      {
        id: 'seen-before-the-last-change',
        find: 'order by seq limit 1\n    ) j',
        replace: 'order by seq desc limit 1\n    ) j',
      },
      {
        id: 'resumed-after-the-first',
        find: 'where hub_id = ${hubId} and seq > ${after}\n    group by',
        replace: 'where hub_id = ${hubId} and seq > ${after} + 1\n    group by',
      },
      {
        id: 'own-edits-end-early',
        find: "and f.state in ('accepted', 'written', 'held')) as open_edits",
        replace: "and f.state in ('accepted', 'held')) as open_edits",
      },
      {
        id: 'reach-of-whatever-has-the-number',
        near: ['portal/records'],
        find: "    .where('object', '=', 'contact')\n    .where('record_id', '=', contactId)",
        replace: "    .where('record_id', '=', contactId)",
      },
      {
        id: 'companies-of-whatever-has-the-number',
        near: ['portal/records'],
        find: 'where l.hub_id = m.hub_id and l.object = m.object and l.record_id = m.record_id) as companies',
        replace: 'where l.hub_id = m.hub_id and l.record_id = m.record_id) as companies',
      },
      {
        id: 'parents-companies-of-any-object',
        near: ['portal/records'],
        find: 'where pl.hub_id = p.hub_id and pl.object = p.object and pl',
        replace: 'where pl.hub_id = p.hub_id and pl',
      },
      {
        id: 'parents-of-any-object',
        near: ['portal/records'],
        find: 'p.object = c.parent_object and p.record_id = c.parent_id\n',
        replace: 'p.record_id = c.parent_id\n',
      },
      {
        id: 'edits-of-whatever-has-the-number',
        near: ['portal/records'],
        find: 'where f.hub_id = m.hub_id and f.object = m.object and f.record_id',
        replace: 'where f.hub_id = m.hub_id and f.record_id',
      },
      {
        id: 'edits-newest-first',
        near: ['portal/records'],
        find: "'state', f.state) order by e.number)",
        replace: "'state', f.state) order by e.number desc)",
      },
      {
        id: 'any-finding-stops',
        near: ['portal/edits'],
        find: " and d.stops <> 'none') as stopped",
        replace: ') as stopped',
      },
      {
        id: 'findings-of-any-object',
        near: ['drift/service'],
        find: 'where d.hub_id = m.hub_id and d.object = m.object and d.stops',
        replace: 'where d.hub_id = m.hub_id and d.stops',
      },
      {
        id: 'any-pair-of-object-and-number',
        near: ['portal/records'],
        find: 'and (m.object, m.record_id) in (\n      select * from unnest(${wanted.map((one) => one.object)}::text[], ${wanted.map((one) => one.recordId)}::text[]))`',
        replace:
          'and m.object = any(${wanted.map((one) => one.object)}::text[]) and m.record_id = any(${wanted.map((one) => one.recordId)}::text[])`',
        equivalent:
          'Whoever asks for records of several objects finds each by its key, and passes over what else comes.',
      },
      {
        id: 'page-by-text',
        near: ['portal/records'],
        find: ") r join mirror m on m.hub_id = ${hubId} and m.object = ${object} and m.record_id = r.record_id\n    where m.life = 'present'\n      and (${page.after}::text is null or (length(m.record_id), m.record_id) > (length(${page.after}::text), ${page.after}::text))\n    order by length(m.record_id), m.record_id",
        replace:
          ") r join mirror m on m.hub_id = ${hubId} and m.object = ${object} and m.record_id = r.record_id\n    where m.life = 'present'\n      and (${page.after}::text is null or m.record_id > ${page.after}::text)\n    order by m.record_id",
      },
      {
        id: 'messages-of-cases-unlisted',
        near: ['portal/records'],
        find: '      union\n      select p.record_id from parents p\n      join links l on l.hub_id = p.hub_id and l.object = p.parent_object and l.record_id = p.parent_id\n      where p.hub_id = ${hubId} and p.object = ${object} and l.company_id = any(${[...reach.companies]}::text[])\n',
        replace: '',
      },
      {
        id: 'messages-of-another-object',
        near: ['portal/records'],
        find: 'and p.parent_object = ${parent.object} and p.parent_id',
        replace: 'and p.parent_id',
      },
      {
        id: 'archived-messages-listed',
        near: ['portal/records'],
        find: "and p.parent_id = ${parent.recordId}\n      and m.life = 'present'\n",
        replace: 'and p.parent_id = ${parent.recordId}\n',
        equivalent:
          'Who lists them asks of each whether it is seen, and a record that is not present is seen by nobody.',
      },
      {
        id: 'seen-of-another-object',
        near: ['portal/edits'],
        find: 'where hub_id = ${hubId} and object = ${record.object} and record_id = ${record.recordId}',
        replace: 'where hub_id = ${hubId} and record_id = ${record.recordId}',
      },
      {
        id: 'seen-of-another-record',
        near: ['portal/edits'],
        find: 'and record_id = ${record.recordId}\n        and kind',
        replace: 'and ${record.recordId}::text is not null\n        and kind',
      },
      {
        id: 'mentioned-first-is-mentioned-last',
        near: ['portal/stream'],
        find: 'edit_id, max(seq) as seq, max(max(seq)) over () as head',
        replace: 'edit_id, min(seq) as seq, max(max(seq)) over () as head',
      },
      {
        id: 'head-of-the-first-only',
        near: ['portal/stream'],
        find: 'max(max(seq)) over () as head',
        replace: 'min(max(seq)) over () as head',
      },
      {
        id: 'messages-are-not-known',
        near: ['portal/stream'],
        find: '    select * from l\n    union\n    select p.object, p.record_id, l.company_id from parents p join l on l.object = p.parent_object and l.record_id = p.parent_id\n    where p.hub_id = ${hubId}\n',
        replace: '    select * from l\n',
      },
    ],
  ),
  ...inFile(
    'backend/store/placing.ts',
    ['portal/stream'],
    [
      { id: 'placing-unordered', find: '    order by seq`', replace: '    order by seq desc`' },
      {
        id: 'placing-from-the-next',
        find: 'seq > ${after} and object',
        replace: 'seq > ${after} + 1 and object',
      },
      {
        id: 'placing-by-companies-only',
        find: "kind in ('life', 'links', 'linked', 'erased') or",
        replace: "kind in ('life', 'links') or",
      },
      {
        id: 'placing-by-no-condition',
        find: "or kind = 'changed' and (object",
        replace: "or kind = 'found' and (object",
      },
    ],
  ),
  ...inFile(
    'backend/store/owned.ts',
    ['sources/portal'],
    [
      { id: 'owned-of-the-dead', find: " and m.life = 'present' and ${some}", replace: ' and ${some}' },
      {
        id: 'owned-by-anybodys-edit',
        find: "and f.state in ('accepted', 'written', 'held') and e.person = ${person}",
        replace: "and f.state in ('accepted', 'written', 'held') and ${person}::text is not null",
      },
      {
        id: 'owned-by-the-first-edit',
        find: 'order by f.field, e.number desc) o',
        replace: 'order by f.field, e.number) o',
      },
      {
        id: 'owned-and-ended',
        find: "          and f.state in ('accepted', 'written', 'held') and e.person",
        replace: '          and e.person',
      },
      {
        id: 'owned-page-begins-with-the-last',
        find: 'm.record_id > ${which.after}::text',
        replace: 'm.record_id >= ${which.after}::text',
      },
      { id: 'owned-and-empty', find: 'm.fields->f->>0 is not null', replace: 'm.fields ? f' },
      {
        id: 'owned-of-another-object',
        find: 'and m.object = ${object} and m.life',
        replace: 'and ${object}::text is not null and m.life',
      },
      {
        id: 'owned-edits-of-another-object',
        find: 'where f.hub_id = m.hub_id and f.object = m.object and f.record_id',
        replace: 'where f.hub_id = m.hub_id and f.record_id',
      },
      {
        id: 'owned-and-not-asked-for',
        find: 'from unnest(${[...fields]}::text[]) f where m.fields ? f) as fields',
        replace: 'from jsonb_object_keys(m.fields) f where ${[...fields]}::text[] is not null) as fields',
      },
    ],
  ),
  ...inFile(
    'backend/store/deliveries.ts',
    ['backend/webhooks', 'structure/walls'],
    [{ id: 'as-anybody', find: "...sessionConfig(url, 'door'),", replace: 'connectionString: url,' }],
  ),
];

const jobs = inFile(
  'backend/store/jobs.ts',
  ['backend/jobs'],
  [
    {
      id: 'finished-job-is-ordered',
      find: ".where('object', 'in', [...wanted])\n    .where('finished_at', 'is', null)\n    .execute();\n  return open",
      replace: ".where('object', 'in', [...wanted])\n    .execute();\n  return open",
    },
    {
      id: 'order-answers-with-other-kinds',
      find: ".where('kind', '=', kind)\n    .where('object', 'in'",
      replace: ".where('object', 'in'",
    },
    {
      id: 'every-kind-ended',
      find: '.$if(kind !== undefined, (query)',
      replace: '.$if(kind === null, (query)',
    },
    { id: 'what-was-done-ended-again', find: ".where('finished_at', 'is', null)\n    .$if", replace: '.$if' },
    {
      id: 'ended-is-compared',
      find: ".set({ finished_at: new Date(now), error: 'It was begun anew.' })",
      replace: '.set({ finished_at: new Date(now) })',
    },
    {
      id: 'finished-job-worked-on',
      find: ".where('finished_at', 'is', null)\n    .orderBy(sql`error",
      replace: '.orderBy(sql`error',
    },
    { id: 'stuck-job-first', find: '    .orderBy(sql`error is not null`)\n', replace: '' },
    { id: 'backfill-in-its-turn', find: "    .orderBy(sql`kind <> 'backfill'`)\n", replace: '' },
    { id: 'job-begins-where-it-should-go-on', find: 'cursor: row.cursor,', replace: 'cursor: null,' },
    {
      id: 'begun-job-not-begun',
      find: 'startedAt: row.started_at?.getTime() ?? null,',
      replace: 'startedAt: null,',
    },
    { id: 'failure-outlives-the-next-page', find: '            error: null,\n', replace: '' },
    {
      id: 'last-page-is-all-that-was-done',
      find: "done: eb('done', '+', String(step.done)),",
      replace: 'done: String(step.done),',
    },
    {
      id: 'comparison-forgotten-by-a-step',
      find: 'step.comparison === undefined ? {} :',
      replace: 'step.comparison === undefined ? { comparison: null } :',
    },
    {
      id: 'finished-at-each-step',
      find: '...(step.isFinished ? { finished_at: at } : {}),',
      replace: '...{ finished_at: at },',
    },
    {
      id: 'ended-job-goes-on',
      find: ".where('job_id', '=', jobId)\n    .where('finished_at', 'is', null)\n    .execute();\n}\n\n/** Ends a comparison",
      replace: ".where('job_id', '=', jobId)\n    .execute();\n}\n\n/** Ends a comparison",
    },
    {
      id: 'ended-job-given-up',
      find: ".where('job_id', '=', jobId)\n    .where('finished_at', 'is', null)\n    .execute();\n}\n\nexport async function beginJob",
      replace: ".where('job_id', '=', jobId)\n    .execute();\n}\n\nexport async function beginJob",
    },
    { id: 'begun-twice', find: "    .where('started_at', 'is', null)\n", replace: '' },
    {
      id: 'in-vain-is-compared',
      find: "eb.fn.max('finished_at').filterWhere('error', 'is', null).as('at')",
      replace: "eb.fn.max('finished_at').as('at')",
    },
    { id: 'dry-run-is-a-comparison', find: "      .where('kind', '<>', 'dry-run')\n", replace: '' },
    {
      id: 'new-hub-overdue-at-once',
      find: 'rowOf(object)?.at ?? hub.connected_at',
      replace: 'rowOf(object)?.at ?? 0',
    },
    {
      id: 'in-vain-tried-at-once',
      find: 'all.filter((object) => triedAt(object) < triedSince)',
      replace: '[...all]',
    },
    { id: 'newest-is-overdue', find: 'lastAt(a) - lastAt(b)', replace: 'lastAt(b) - lastAt(a)' },
    {
      id: 'never-overdue',
      find: 'oldest !== undefined && lastAt(oldest) < since',
      replace: 'oldest !== undefined && lastAt(oldest) < 0',
    },
    {
      id: 'first-comparison-counts',
      find: "eb.fn.max('finished_at').filterWhere",
      replace: "eb.fn.min('finished_at').filterWhere",
    },
    {
      id: 'first-time-each-time',
      find: 'if (any === undefined) await orderJobs',
      replace: 'await orderJobs',
    },
    {
      id: 'new-hub-compared-only',
      find: "await orderJobs(db, hubId, 'backfill', objects, now);",
      replace: "await orderJobs(db, hubId, 'reconcile', objects, now);",
    },
  ],
);

export const STORE: Room = {
  name: 'store',
  needsDatabase: true,
  mutants: [kept, due, visits, journal, mirror, people, rest, jobs].flat(),
  stages: [
    { name: 'loop', tests: ['backend/loop', 'desk/desk', 'portal/edits', 'portal/records'] },
    { name: 'world', tests: ['world/world'] },
    {
      name: 'life',
      tests: ['completeness/journal', 'completeness/verify', 'portal/making', 'backend/erasure'],
    },
    { name: 'people', tests: ['signIn/identity', 'signIn/claims', 'signIn/sessions', 'portal/stream'] },
  ],
};
