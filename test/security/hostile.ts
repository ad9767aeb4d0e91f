/** Names and values that somebody chose to do harm with, wherever a name or a value may stand. */

export const HOSTILE_NAMES: readonly string[] = [
  ...['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'valueOf', '__defineGetter__'],
  ...[
    '__proto__.polluted',
    'constructor.prototype.polluted',
    '__proto__[polluted]',
    'a"b',
    "a'b",
    'a`b',
    'a;b--',
  ],
  ...[
    '%',
    '%00',
    '%2e%2e',
    '..',
    '../..',
    '..%2f..',
    'a\nb',
    'a\r\nx: y',
    '\u0000',
    'a\u0000b',
    '\ud800',
    '\u202e',
  ],
  ...[
    '${7*7}',
    '{{7*7}}',
    '$ne',
    "' or 1=1 --",
    'null',
    'undefined',
    'NaN',
    '[object Object]',
    '',
    ' ',
    '-1',
    '0',
  ],
  ...['1e3', '0x10', '٣', '9'.repeat(400), 'x'.repeat(5_000)],
];

export const SCRIPT = '<img src=x onerror="globalThis.owned=1">';

export const HOSTILE_VALUES: readonly string[] = [
  ...[
    SCRIPT,
    '<script>globalThis.owned=1</script>',
    '"><svg/onload=globalThis.owned=1>',
    "';globalThis.owned=1;//",
  ],
  ...[
    'javascript:globalThis.owned=1',
    ' \tJaVaScRiPt:globalThis.owned=1',
    'data:text/html,<script>owned=1</script>',
  ],
  ...[
    'vbscript:x',
    'https://x.example/"onmouseover="globalThis.owned=1',
    '//evil.example',
    'http://169.254.169.254/',
  ],
  ...['=cmd|"/c calc"!A1', '+1+1', '@SUM(1)', '-2+3', 'a\r\nSet-Cookie: owned=1', 'x"; filename="evil.html'],
  ...[
    '\u202egpj.exe',
    '\u2066\u2069\u200b',
    'a\u0000b',
    '\ud83d',
    'Ä'.repeat(20_000),
    '{{constructor.constructor("x")()}}',
  ],
  ...['__proto__', '${globalThis.owned=1}', '\u001b[31m', '%s%s%s%n', '../../etc/passwd'],
];

/** What a JSON member may be that should be something else. */
export const WRONG_TYPES: readonly unknown[] = [
  ...[
    null,
    true,
    0,
    -1,
    1e308,
    1.5,
    '',
    'x',
    [],
    {},
    [[]],
    [null],
    { length: 9 },
    { toString: 1 },
    { valueOf: null },
  ],
  ...[{ then: 1 }, { toJSON: 'x' }, Array.from({ length: 300 }, () => 'x'), { $gt: '' }],
];

/** A list within a list, so deep that nothing that calls itself comes back. */
export const deep = (levels: number): string => `${'['.repeat(levels)}${']'.repeat(levels)}`;
