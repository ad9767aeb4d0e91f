/** Faults planted in the law, one at a time. Each must be found by a test, or stand here with the reason why it cannot be. */
export interface Mutant {
  id: string;
  /** In shared/. */
  file: 'values.ts' | 'observe.ts' | 'decide.ts' | 'settle.ts' | 'defineOwnership.ts';
  /** Occurs exactly once in the file. */
  find: string;
  replace: string;
  /** Why no test can tell the mutant from the law. */
  equivalent?: string;
}

const values: Omit<Mutant, 'file'>[] = [
  { id: 'absent-undefined', find: 'raw === null || raw === undefined', replace: 'raw === null' },
  { id: 'keep-surrogates', find: '.toWellFormed()', replace: '' },
  { id: 'keep-nul', find: ".replaceAll('\\0', '')", replace: '' },
  { id: 'no-nfc', find: ".normalize('NFC')", replace: '' },
  { id: 'nfkc', find: "normalize('NFC')", replace: "normalize('NFKC')" },
  { id: 'keep-crlf', find: ".replace(/\\r+\\n/g, '\\n')", replace: '' },
  { id: 'crlf-once', find: '/\\r+\\n/g', replace: '/\\r\\n/g' },
  { id: 'no-trim', find: ".replace(/\\r+\\n/g, '\\n').trim()", replace: ".replace(/\\r+\\n/g, '\\n')" },
  { id: 'blank-is-text', find: "if (text === '') return null;", replace: '' },
  { id: 'email-case', find: 'return text.toLowerCase();\n    case', replace: 'return text;\n    case' },
  {
    id: 'phone-plus-counts',
    find: "kind === 'phone' && value !== null ? value.replace(/^\\+/, '') : value",
    replace: 'value',
  },
  { id: 'every-plus-goes', find: "kind === 'phone' && value !== null ?", replace: 'value !== null ?' },
  {
    id: 'equal-by-one-side',
    find: 'comparable(kind, a) === comparable(kind, b)',
    replace: 'comparable(kind, a) === b',
  },
  {
    id: 'parse-anything',
    find: 'return problem === null ? { ok: true, value } : { ok: false, problem };',
    replace: 'return { ok: true, value };',
  },
  {
    id: 'parse-raw',
    find: 'const value = canonical(kind, input);\n  if (value === null) return',
    replace: 'const value = input;\n  if (value === null) return',
  },
  {
    id: 'members-of-nothing',
    find: "value === null ? [] : value.split(';')",
    replace: "(value ?? '').split(';')",
  },
  {
    id: 'members-unsorted',
    find: "return canonicalChoices([...options].join(';'));",
    replace: "return [...options].join(';');",
  },
  { id: 'show-boolean', find: "value === 'true' ? 'Yes' : 'No'", replace: "value === 'true' ? 'No' : 'Yes'" },
  { id: 'show-seconds-fraction', find: "'$1 UTC'", replace: "'$1$2 UTC'" },
  {
    id: 'phone-letters-lost',
    find: "if (national === '') return text;",
    replace: "if (digits === '') return text;",
  },
  {
    id: 'phone-00-national',
    find: "text.startsWith('+') || digits.startsWith('00')",
    replace: "text.startsWith('+')",
  },
  {
    id: 'phone-plus-national',
    find: "text.startsWith('+') || digits.startsWith('00')",
    replace: "digits.startsWith('00')",
  },
  { id: 'phone-00-by-text', find: "|| digits.startsWith('00')", replace: "|| text.startsWith('00')" },
  { id: 'phone-00-once', find: '/^(00)+/', replace: '/^00/' },
  { id: 'url-scheme-case', find: 'scheme.toLowerCase()', replace: 'scheme' },
  { id: 'url-host-case', find: 'host.toLowerCase()', replace: 'host' },
  {
    id: 'url-path-case',
    find: "${rest === '/' ? '' : rest}",
    replace: "${rest === '/' ? '' : rest.toLowerCase()}",
  },
  { id: 'url-root', find: "${rest === '/' ? '' : rest}", replace: '${rest}' },
  { id: 'url-every-slash', find: "rest === '/' ? ''", replace: "rest.endsWith('/') ? rest.slice(0, -1)" },
  { id: 'number-no-digits', find: "if (whole === '' && fraction === '') return text;", replace: '' },
  { id: 'number-exponent', find: 'exponent !== undefined || (fraction', replace: '(fraction' },
  {
    id: 'number-every-long-one',
    find: "(fraction !== '' && digits.length > NUMBER_MAX_DIGITS)",
    replace: 'digits.length > NUMBER_MAX_DIGITS',
  },
  {
    id: 'number-15-digits',
    find: 'digits.length > NUMBER_MAX_DIGITS',
    replace: 'digits.length >= NUMBER_MAX_DIGITS',
  },
  { id: 'number-leading-zeros', find: "whole.replace(/^0+(?=\\d)/, '')", replace: 'whole' },
  { id: 'number-zeros-count', find: "(whole + fraction).replace(/^0+/, '')", replace: 'whole + fraction' },
  { id: 'number-bare-fraction', find: "'') || '0';", replace: "'');" },
  { id: 'number-trailing-zeros', find: "fraction.replace(/0+$/, '')", replace: 'fraction' },
  { id: 'number-sign-lost', find: "sign === '-' && plain", replace: "sign === '+' && plain" },
  { id: 'number-minus-zero', find: "sign === '-' && plain !== '0'", replace: "sign === '-'" },
  { id: 'number-infinity', find: 'if (!Number.isFinite(number)) return text;', replace: '' },
  {
    id: 'number-minus-zero-double',
    find: 'String(number === 0 ? 0 : number)',
    replace: 'String(number)',
    equivalent: 'String(-0) is "0" already: the ternary only says so.',
  },
  {
    id: 'number-e-kept',
    find: "shortest.includes('e') ? text.toLowerCase() : shortest",
    replace: "shortest.includes('e') ? text : shortest",
  },
  {
    id: 'date-millis',
    find: 'if (/^-?\\d{9,}$/.test(text)) return isoDay(Number(text)) ?? text;',
    replace: '',
  },
  {
    id: 'date-8-digits',
    find: 'if (/^-?\\d{9,}$/.test(text)) return isoDay',
    replace: 'if (/^-?\\d{8,}$/.test(text)) return isoDay',
  },
  { id: 'date-keeps-time', find: 'return parts?.[1] ?? text;', replace: 'return text;' },
  {
    id: 'datetime-millis',
    find: 'if (/^-?\\d{9,}$/.test(text)) return isoInstant(Number(text)) ?? text;',
    replace: '',
  },
  {
    id: 'datetime-no-such-day',
    find: 'if (days === null || millisOfDay === null) return text;',
    replace: 'if (days === null) return text;',
  },
  {
    id: 'datetime-zone-sign',
    find: "(zone.startsWith('-') ? -1 : 1)",
    replace: "(zone.startsWith('-') ? 1 : -1)",
  },
  { id: 'datetime-zone-minutes', find: ' + Number(digits.slice(3, 5))', replace: '' },
  { id: 'datetime-fraction', find: "fraction.slice(0, 3).padEnd(3, '0')", replace: 'fraction' },
  { id: 'datetime-24h', find: 'h > 23', replace: 'h > 24' },
  { id: 'datetime-60m', find: 'm > 59', replace: 'm > 60' },
  { id: 'datetime-60s', find: 's > 59', replace: 's > 60' },
  { id: 'year-10000', find: 'return iso.length === 24 ? iso : null;', replace: 'return iso;' },
  { id: 'no-such-day', find: 'Number.isNaN(ms) || isoDay(ms) !== iso', replace: 'Number.isNaN(ms)' },
  { id: 'boolean-yes', find: "lower === 'true' || lower === 'yes'", replace: "lower === 'true'" },
  { id: 'boolean-no', find: "lower === 'false' || lower === 'no'", replace: "lower === 'false'" },
  {
    id: 'choices-twice',
    find: "[...new Set(options.filter((option) => option !== ''))]",
    replace: "options.filter((option) => option !== '')",
  },
  { id: 'choices-order', find: '.sort();', replace: ';' },
  { id: 'choices-empty', find: "unique.length === 0 ? null : unique.join(';')", replace: "unique.join(';')" },
  {
    id: 'too-long-text',
    find: "kind === 'longtext' ? LONGTEXT_MAX_CHARS : TEXT_MAX_CHARS",
    replace: 'LONGTEXT_MAX_CHARS',
  },
  { id: 'too-long-by-one', find: 'value.length > (', replace: 'value.length >= (' },
  {
    id: 'control-characters',
    find: "if (/[\\u0000-\\u0008\\u000b-\\u001f\\u007f]/.test(value)) return 'control-characters';",
    replace: '',
  },
  { id: 'text-lines', find: "value.includes('\\n') ? 'control-characters' : null", replace: 'null' },
  { id: 'email-no-dot', find: '(\\.[^\\s@.]+)+$/.test(value)', replace: '(\\.[^\\s@.]+)*$/.test(value)' },
  { id: 'phone-short', find: '\\d{4,15}', replace: '\\d{3,15}' },
  { id: 'phone-long', find: '\\d{4,15}', replace: '\\d{4,16}' },
  { id: 'url-any-scheme', find: '/^https?:', replace: '/^[a-z]+:' },
  { id: 'grouping', find: '(\\d{3})+$', replace: '(\\d{4})+$' },
  { id: 'cents', find: "fraction.padEnd(2, '0')", replace: 'fraction' },
];

const observe: Omit<Mutant, 'file'>[] = [
  { id: 'read-lag', find: 'READ_LAG_MS = 2_000', replace: 'READ_LAG_MS = 0' },
  { id: 'forget-others', find: '{ ...mirror, ...changed }', replace: 'changed' },
  { id: 'always-new-mirror', find: 'Object.keys(changed).length === 0 ? mirror', replace: 'false ? mirror' },
  {
    id: 'new-object',
    find: 'if (after !== before) changed[field] = after;',
    replace: 'changed[field] = after;',
  },
  { id: 'older-event', find: 'if (event.at < held.at) return held;', replace: '' },
  { id: 'same-instant-is-older', find: 'event.at < held.at', replace: 'event.at <= held.at' },
  {
    id: 'same-is-news',
    find: 'if (equal(kind, event.value, held.value)) return setAgain(held, event);',
    replace: '',
  },
  { id: 'same-is-nothing', find: 'return setAgain(held, event);', replace: 'return held;' },
  {
    id: 'believe-old-events',
    find: "if (held.how === 'read' && held.learnedAt >= event.receivedAt + READ_LAG_MS) return held;",
    replace: '',
  },
  {
    id: 'disbelieve-any',
    find: "if (held.how === 'read' && held.learnedAt >= event.receivedAt + READ_LAG_MS)",
    replace: 'if (held.learnedAt >= event.receivedAt + READ_LAG_MS)',
  },
  {
    id: 'disbelieve-by-one',
    find: 'held.learnedAt >= event.receivedAt + READ_LAG_MS',
    replace: 'held.learnedAt > event.receivedAt + READ_LAG_MS',
  },
  {
    id: 'disbelieve-sooner',
    find: 'held.learnedAt >= event.receivedAt + READ_LAG_MS',
    replace: 'held.learnedAt >= event.receivedAt',
  },
  { id: 'newer-event-waits', find: 'if (event.at > held.at) return fresh(event);', replace: '' },
  { id: 'claim-beats-proof', find: "if (held.how === 'read') return held; // O4", replace: '// O4' },
  {
    id: 'lesser-text',
    find: "(comparable(kind, event.value) ?? '') > (comparable",
    replace: "(comparable(kind, event.value) ?? '') < (comparable",
  },
  {
    id: 'compare-raw',
    find: "(comparable(kind, event.value) ?? '') > (comparable(kind, held.value) ?? '')",
    replace: "(event.value ?? '') > (held.value ?? '')",
  },
  { id: 'first-of-instant', find: 'return greater ? fresh(event) : held;', replace: 'return held;' },
  { id: 'last-of-instant', find: 'return greater ? fresh(event) : held;', replace: 'return fresh(event);' },
  {
    id: 'earlier-read',
    find: "if (held.how === 'read' && read.begunAt < held.learnedAt) return held; // O6",
    replace: '',
  },
  {
    id: 'earlier-read-any',
    find: "if (held.how === 'read' && read.begunAt < held.learnedAt) return held; // O6",
    replace: 'if (read.begunAt < held.learnedAt) return held;',
  },
  {
    id: 'equal-begin-lost',
    find: 'read.begunAt < held.learnedAt) return held; // O6',
    replace: 'read.begunAt <= held.learnedAt) return held;',
  },
  {
    id: 'lagging-read',
    find: 'if (!same && older && read.begunAt < held.learnedAt + READ_LAG_MS) return held; // O5',
    replace: '',
  },
  {
    id: 'never-believe-older',
    find: '!same && older && read.begunAt < held.learnedAt + READ_LAG_MS',
    replace: '!same && older',
  },
  {
    id: 'lag-by-one',
    find: 'read.begunAt < held.learnedAt + READ_LAG_MS',
    replace: 'read.begunAt <= held.learnedAt + READ_LAG_MS',
  },
  {
    id: 'older-or-equal',
    find: 'const older = read.at < held.at;',
    replace: 'const older = read.at <= held.at;',
  },
  { id: 'lag-of-same', find: 'if (!same && older &&', replace: 'if (older &&' },
  {
    id: 'read-again-new',
    find: "if (held.how === 'read' && same && read.at <= held.at && read.begunAt === held.learnedAt) return held; // O3",
    replace: '',
  },
  {
    id: 'read-again-claim',
    find: "if (held.how === 'read' && same && read.at <= held.at",
    replace: 'if (same && read.at <= held.at',
  },
  {
    id: 'read-turns-clock-back',
    find: 'same && older ? { ...fresh(read), at: held.at } : fresh(read)',
    replace: 'fresh(read)',
  },
  { id: 'again-same-instant', find: 'if (event.at === held.at) return held;\n', replace: '' },
  { id: 'again-old-instant', find: '    at: event.at,\n    by: event.by,', replace: '    by: event.by,' },
  {
    id: 'again-unproven',
    find: '    ...held,\n    at: event.at,',
    replace: "    ...held,\n    how: 'event' as const,\n    at: event.at,",
  },
  {
    id: 'again-as-of-back',
    find: 'Math.max(held.asOf, Math.min(event.at, event.receivedAt))',
    replace: 'Math.min(event.at, event.receivedAt)',
  },
  {
    id: 'again-as-of-ahead',
    find: 'Math.max(held.asOf, Math.min(event.at, event.receivedAt))',
    replace: 'Math.max(held.asOf, event.at)',
  },
  {
    id: 'read-as-of',
    find: 'learnedAt: told.begunAt, asOf: told.begunAt',
    replace: 'learnedAt: told.begunAt, asOf: told.at',
  },
  { id: 'event-as-of', find: 'asOf: Math.min(told.at, told.receivedAt)', replace: 'asOf: told.receivedAt' },
  { id: 'event-as-of-ahead', find: 'asOf: Math.min(told.at, told.receivedAt)', replace: 'asOf: told.at' },
];

const decide: Omit<Mutant, 'file'>[] = [
  { id: 'skew', find: 'SKEW_TOLERANCE_MS = 2_000', replace: 'SKEW_TOLERANCE_MS = -1' },
  {
    id: 'anyone-writes',
    find: "if (!isRuling && !rule.writers.includes(asked.actor.audience)) return refuse('D2', 'not-yours-to-change');",
    replace: '',
  },
  {
    id: 'rulings-need-an-audience',
    find: 'const isRuling = asked.actor.audience === STAFF;',
    replace: 'const isRuling = false;',
  },
  {
    id: 'rulings-follow-the-conflict-rule',
    find: "if (isRuling) return write('R1', asked.wanted, crm); // its guard says that staff saw what the CRM holds",
    replace: '',
  },
  {
    id: 'guards-ignored',
    find: "if (moved !== undefined) return { ...refuse('D11', 'changed-while-looking'), field: moved.field };",
    replace: '',
  },
  {
    id: 'guard-unnamed',
    find: "{ ...refuse('D11', 'changed-while-looking'), field: moved.field }",
    replace: "refuse('D11', 'changed-while-looking')",
  },
  {
    id: 'guards-by-text',
    find: '!equal(guard.kind, guard.seen, guard.crm)',
    replace: 'guard.seen !== guard.crm',
  },
  { id: 'guards-still', find: '!equal(guard.kind, guard.seen', replace: 'equal(guard.kind, guard.seen' },
  {
    id: 'no-already',
    find: "if (equal(rule.kind, asked.wanted, crm.value)) return { do: 'already', rule: 'D1' };",
    replace: '',
  },
  {
    id: 'already-by-text',
    find: 'if (equal(rule.kind, asked.wanted, crm.value))',
    replace: 'if (asked.wanted === crm.value)',
  },
  { id: 'unfit-written', find: "if (reason !== null) return refuse('D2', reason);", replace: '' },
  { id: 'approval-skipped', find: "if (rule.approval) return { do: 'propose', rule: 'D10' };", replace: '' },
  {
    id: 'seen-ignored',
    find: "if (equal(rule.kind, asked.seen, crm.value)) return write('D3', asked.wanted, null);",
    replace: '',
  },
  {
    id: 'seen-by-text',
    find: 'if (equal(rule.kind, asked.seen, crm.value))',
    replace: 'if (asked.seen === crm.value)',
  },
  { id: 'seen-always', find: 'if (equal(rule.kind, asked.seen, crm.value))', replace: 'if (true)' },
  {
    id: 'own-edit-conflicts',
    find: "if (crm.by.person === asked.actor.person && rule.conflict !== 'union')\n    return write('D4', asked.wanted, null);",
    replace: '',
  },
  { id: 'own-set-tramples', find: " && rule.conflict !== 'union'", replace: '' },
  {
    id: 'set-emptied',
    find: "if (merged === null && rule.required) return refuse('D2', 'required');",
    replace: '',
  },
  {
    id: 'any-person-is-own',
    find: 'crm.by.person === asked.actor.person',
    replace: 'crm.by.person !== null',
  },
  {
    id: 'writes-seen',
    find: "return write('D3', asked.wanted, null)",
    replace: "return write('D3', asked.seen, null)",
  },
  {
    id: 'fold-forgets',
    find: '      standing = { value: decision.value, at: asked.at, by };\n',
    replace: '',
  },
  {
    id: 'fold-time',
    find: 'standing = { value: decision.value, at: asked.at, by };',
    replace: 'standing = { value: decision.value, at: crm.at, by };',
  },
  { id: 'fold-person', find: 'person: asked.actor.person };\n', replace: 'person: null };\n' },
  {
    id: 'fold-wanted',
    find: 'standing = { value: decision.value',
    replace: 'standing = { value: asked.wanted',
  },
  { id: 'fold-first', find: '      last = decision;\n', replace: '      last ??= decision;\n' },
  { id: 'fold-cancel', find: 'equal(rule.kind, standing.value, crm.value) ? null : last', replace: 'last' },
  {
    id: 'fold-cancel-by-text',
    find: 'equal(rule.kind, standing.value, crm.value) ? null',
    replace: 'standing.value === crm.value ? null',
  },
  { id: 'gone-property', find: "if (!property.exists) return 'property-gone';", replace: '' },
  { id: 'read-only-property', find: "if (property.readOnly) return 'property-read-only';", replace: '' },
  { id: 'required-empty', find: "rule.required ? 'required' : null", replace: 'null' },
  { id: 'empty-refused', find: "rule.required ? 'required' : null", replace: "'required'" },
  { id: 'problem-ignored', find: 'if (!parsed.ok) return parsed.problem;', replace: '' },
  {
    id: 'options-ignored',
    find: "chosen.every((option) => options.includes(option)) ? null : 'not-an-option'",
    replace: 'null',
  },
  { id: 'some-option', find: 'chosen.every(', replace: 'chosen.some(' },
  { id: 'choices-as-one', find: "rule.kind === 'choices' ? members(wanted) : [wanted]", replace: '[wanted]' },
  {
    id: 'choice-as-many',
    find: "rule.kind === 'choices' ? members(wanted) : [wanted]",
    replace: 'members(wanted)',
  },
  {
    id: 'crm-writes',
    find: "      return { do: 'yield', rule: 'D5', to: crm };",
    replace: "      return write('D6', asked.wanted, crm);",
  },
  {
    id: 'customer-yields',
    find: "return write('D6', asked.wanted, crm);",
    replace: "return { do: 'yield', rule: 'D5', to: crm };",
  },
  {
    id: 'customer-forgets',
    find: "write('D6', asked.wanted, crm)",
    replace: "write('D6', asked.wanted, null)",
  },
  {
    id: 'newest-reversed',
    find: 'asked.at > crm.at + SKEW_TOLERANCE_MS',
    replace: 'asked.at < crm.at + SKEW_TOLERANCE_MS',
  },
  {
    id: 'newest-skew-equal',
    find: 'asked.at > crm.at + SKEW_TOLERANCE_MS',
    replace: 'asked.at >= crm.at + SKEW_TOLERANCE_MS',
  },
  { id: 'newest-skew-sign', find: 'crm.at + SKEW_TOLERANCE_MS', replace: 'crm.at - SKEW_TOLERANCE_MS' },
  {
    id: 'newest-forgets',
    find: "write('D7', asked.wanted, crm)",
    replace: "write('D7', asked.wanted, null)",
  },
  {
    id: 'union-overwrites',
    find: 'const merged = merge(asked.seen, crm.value, asked.wanted);',
    replace: 'const merged = asked.wanted;',
  },
  {
    id: 'union-two-way',
    find: 'merge(asked.seen, crm.value, asked.wanted)',
    replace: 'merge(crm.value, crm.value, asked.wanted)',
  },
  {
    id: 'union-always-writes',
    find: "equal('choices', merged, crm.value) ? { do: 'already', rule: 'D8' } : write",
    replace: 'write',
  },
  { id: 'union-forgets', find: "write('D8', merged, crm)", replace: "write('D8', merged, null)" },
  {
    id: 'ask-yields',
    find: "return { do: 'hold', rule: 'D9', against: crm };",
    replace: "return { do: 'yield', rule: 'D5', to: crm };",
  },
  {
    id: 'merge-adds-nothing',
    find: 'return fromMembers([...kept, ...added]);',
    replace: 'return fromMembers(kept);',
  },
  {
    id: 'merge-keeps-nothing',
    find: 'return fromMembers([...kept, ...added]);',
    replace: 'return fromMembers(added);',
  },
  { id: 'merge-never-takes-out', find: 'after.has(option) || !before.has(option)', replace: 'true' },
  {
    id: 'merge-drops-theirs',
    find: 'after.has(option) || !before.has(option)',
    replace: 'after.has(option)',
  },
  {
    id: 'merge-drops-common',
    find: 'after.has(option) || !before.has(option)',
    replace: '!before.has(option)',
  },
  {
    id: 'merge-adds-all',
    find: '.filter((option) => !before.has(option));\n  const kept',
    replace: ';\n  const kept',
  },
];

const settle: Omit<Mutant, 'file'>[] = [
  {
    id: 'all-history',
    find: 'const since = entriesSince(written, history);',
    replace: 'const since = history;',
  },
  {
    id: 'anybody-is-ours',
    find: '(entry) => isOurs(written, entry) && equal(written.kind, entry.value, written.value),',
    replace: '(entry) => equal(written.kind, entry.value, written.value),',
  },
  {
    id: 'any-value-is-ours',
    find: '(entry) => isOurs(written, entry) && equal(written.kind, entry.value, written.value),',
    replace: '(entry) => isOurs(written, entry),',
  },
  {
    id: 'ours-by-text',
    find: 'isOurs(written, entry) && equal(written.kind, entry.value, written.value)',
    replace: 'isOurs(written, entry) && entry.value === written.value',
  },
  { id: 'theirs-above', find: 'since.slice(ours + 1)', replace: 'since.slice(0, ours)' },
  {
    id: 'theirs-oldest',
    find: '.find((entry) => !isOurs(written, entry)) ?? null',
    replace: '.findLast((entry) => !isOurs(written, entry)) ?? null',
  },
  {
    id: 'theirs-only-next',
    find: 'since.slice(ours + 1).find',
    replace: 'since.slice(ours + 1, ours + 2).find',
  },
  {
    id: 'theirs-any',
    find: 'since.slice(ours + 1).find((entry) => !isOurs(written, entry))',
    replace: 'since[ours + 1]',
  },
  {
    id: 'top-ignored',
    find: 'if (ours > 0 && !equal(written.kind, top.value, written.value)) {',
    replace: 'if (false) {',
  },
  {
    id: 'top-same-supersedes',
    find: 'ours > 0 && !equal(written.kind, top.value, written.value)',
    replace: 'ours > 0',
  },
  {
    id: 'late-is-theirs',
    find: "return isOurs(written, top)\n      ? { is: 'missing', rule: 'S6' }\n      :",
    replace: 'return',
  },
  { id: 'theirs-is-late', find: 'return isOurs(written, top)\n', replace: 'return !isOurs(written, top)\n' },
  {
    id: 'superseded-forgets',
    find: "{ is: 'superseded', rule: 'S3', by: top, theirs };\n  }\n  if",
    replace: "{ is: 'superseded', rule: 'S3', by: top, theirs: null };\n  }\n  if",
  },
  {
    id: 'overtaken-unseen',
    find: 'if (theirs !== null && !equal(written.kind, theirs.value, written.value)) {',
    replace: 'if (false && theirs !== null) {',
  },
  {
    id: 'overtaken-by-same',
    find: 'theirs !== null && !equal(written.kind, theirs.value, written.value)',
    replace: 'theirs !== null',
  },
  {
    id: 'written-back-over-news',
    find: "if (!isOurs(written, top)) return { is: 'superseded', rule: 'S3', by: top, theirs };",
    replace: '',
  },
  {
    id: 'confirmed-at-top',
    find: "return { is: 'confirmed', rule: 'S1', at: own.at };",
    replace: "return { is: 'confirmed', rule: 'S1', at: top.at };",
  },
  {
    id: 'missing-same',
    find: "if (equal(written.kind, top.value, written.value)) return { is: 'confirmed', rule: 'S5', at: top.at };",
    replace: '',
  },
  {
    id: 'missing-confirmed',
    find: "if (equal(written.kind, top.value, written.value)) return { is: 'confirmed', rule: 'S5', at: top.at };",
    replace: "return { is: 'confirmed', rule: 'S5', at: top.at };",
  },
  {
    id: 'base-by-instant',
    find: 'entry.at === base.at && equal(kind, entry.value, base.value)',
    replace: 'entry.at === base.at',
  },
  {
    id: 'base-by-value',
    find: 'entry.at === base.at && equal(kind, entry.value, base.value)',
    replace: 'equal(kind, entry.value, base.value)',
  },
  { id: 'base-gone-all', find: 'history.filter((entry) => entry.at > base.at)', replace: 'history' },
  { id: 'base-gone-equal', find: 'entry.at > base.at)', replace: 'entry.at >= base.at)' },
  { id: 'base-included', find: 'history.slice(0, found)', replace: 'history.slice(0, found + 1)' },
  {
    id: 'any-integration-is-ours',
    find: "entry.by.via === 'INTEGRATION' && entry.by.id === written.appId",
    replace: "entry.by.via === 'INTEGRATION'",
  },
  {
    id: 'any-with-our-id-is-ours',
    find: "entry.by.via === 'INTEGRATION' && entry.by.id === written.appId",
    replace: 'entry.by.id === written.appId',
  },
  {
    id: 'good-keeps-ours',
    find: "decision.do === 'write' ? decision.value : theirs.value",
    replace: "decision.do === 'write' ? decision.value : ours",
  },
  {
    id: 'good-restores-always',
    find: "decision.do === 'write' ? decision.value : theirs.value",
    replace: 'theirs.value',
  },
  {
    id: 'good-writes-wanted',
    find: "decision.do === 'write' ? decision.value : theirs.value",
    replace: "decision.do === 'write' ? asked.wanted : theirs.value",
  },
  {
    id: 'good-writes-again',
    find: 'equal(rule.kind, stands, ours) ? null : { value: stands }',
    replace: '{ value: stands }',
  },
  { id: 'good-by-text', find: 'equal(rule.kind, stands, ours) ? null', replace: 'stands === ours ? null' },
];

const defineOwnership: Omit<Mutant, 'file'>[] = [
  {
    id: 'crm-owned-written',
    find: "conflict: 'crm', writers: [],",
    replace: "conflict: 'crm', writers: field.see,",
  },
  {
    id: 'customer-asks',
    find: "field.owner === 'customer' ? 'customer' : field.conflict",
    replace: "field.owner === 'customer' ? 'ask' : field.conflict",
  },
  {
    id: 'source-owned-asks',
    find: "return { kind, conflict: 'customer', writers,",
    replace: "return { kind, conflict: 'ask', writers,",
  },
  {
    id: 'source-owned-by-those-who-see',
    find: 'const writers = [sourceAudience(field.source)];',
    replace: 'const writers = field.see;',
  },
  { id: 'approval-lost', find: 'approval: field.approval === true,', replace: 'approval: false,' },
  { id: 'required-lost', find: 'required: field.required === true,', replace: 'required: false,' },
  { id: 'mistakes-pass', find: 'if (mistakes.length > 0) throw', replace: 'if (mistakes.length > 99) throw' },
];

const of = (file: Mutant['file'], mutants: Omit<Mutant, 'file'>[]): Mutant[] =>
  mutants.map((mutant) => ({ ...mutant, file }));

export const MUTANTS: readonly Mutant[] = [
  ...of('values.ts', values),
  ...of('observe.ts', observe),
  ...of('decide.ts', decide),
  ...of('settle.ts', settle),
  ...of('defineOwnership.ts', defineOwnership),
];
