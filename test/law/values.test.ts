import {
  canonical,
  equal,
  fromMembers,
  KINDS,
  members,
  parse,
  show,
  type Kind,
} from '@tallystick/shared/values';
import { describe, expect, it } from 'vitest';

/** What people, HubSpot's screens and its API write, and the one form it has for us. */
const FORMS: readonly [Kind, string, string | null][] = [
  ['text', '  Anna  ', 'Anna'],
  ['text', 'a\0b', 'ab'],
  ['text', 'half \ud800', 'half \ufffd'],
  ['text', 'e\u0301', '\u00e9'],
  ['longtext', 'one\r\ntwo\n', 'one\ntwo'],
  ['longtext', 'one\r\r\ntwo', 'one\ntwo'],
  ['choice', ' gold ', 'gold'],
  ['owner', ' 42', '42'],
  ['email', ' Ann@Example.COM', 'ann@example.com'],
  ['phone', '+44 (20) 7946-0000', '+442079460000'],
  ['phone', '0044 20 7946 0000', '+442079460000'],
  ['phone', '0 044 20 7946 0000', '+442079460000'],
  ['phone', '+0044 20 7946 0000', '+442079460000'],
  ['phone', '000044 20 7946 0000', '+442079460000'],
  ['phone', '0 - 0', '0 - 0'],
  ['phone', '020 7946 0000', '02079460000'],
  ['phone', 'ask Tom', 'ask Tom'],
  ['url', 'HTTPS://Example.COM/', 'https://example.com'],
  ['url', 'https://Example.com/Path?Q=A', 'https://example.com/Path?Q=A'],
  ['url', 'http://h/?q', 'http://h/?q'],
  ['url', 'example.com', 'example.com'],
  ['text', 'ﬁne ①', 'ﬁne ①'],
  ['number', '15000.00', '15000'],
  ['number', '+007', '7'],
  ['number', '-0.0', '0'],
  ['number', '-0', '0'],
  ['number', '.50', '0.5'],
  ['number', '5.', '5'],
  ['number', '-1.250', '-1.25'],
  ['number', '0.40000000000000002220446049250313080847263336181640625', '0.4'],
  ['number', '123456789012345.6', '123456789012345.6'],
  ['number', '12345678901234567890', '12345678901234567890'],
  ['number', '0.1234567890123456', '0.1234567890123456'],
  ['number', '0.123456789012345', '0.123456789012345'],
  ['number', '+0.000000123456789012345', '0.000000123456789012345'],
  ['number', '1.5E4', '15000'],
  ['number', '-0e5', '0'],
  ['number', '1E400', '1E400'],
  ['number', '1E21', '1e21'],
  ['number', '.', '.'],
  ['number', '-', '-'],
  ['number', '1,5', '1,5'],
  ['currency', '10.10', '10.1'],
  ['currency', '0.00', '0'],
  ['date', '2026-12-31', '2026-12-31'],
  ['date', '2026-12-31T00:00:00Z', '2026-12-31'],
  ['date', '1798675200000', '2026-12-31'],
  ['date', '-86400000000', '1967-04-07'],
  ['date', '99999999999999999', '99999999999999999'],
  ['date', '12345678', '12345678'],
  ['date', 'soon', 'soon'],
  ['datetime', '2026-12-31', '2026-12-31T00:00:00.000Z'],
  ['datetime', '2026-12-31T00:00:00Z', '2026-12-31T00:00:00.000Z'],
  ['datetime', '2026-12-31 10:30', '2026-12-31T10:30:00.000Z'],
  ['datetime', '2026-12-31T10:30:15.5Z', '2026-12-31T10:30:15.500Z'],
  ['datetime', '2026-12-31T10:30:15.123456z', '2026-12-31T10:30:15.123Z'],
  ['datetime', '2026-12-31T10:30:00+02:00', '2026-12-31T08:30:00.000Z'],
  ['datetime', '2026-12-31T10:30:00-0130', '2026-12-31T12:00:00.000Z'],
  ['datetime', '2026-12-31T23:59:59Z', '2026-12-31T23:59:59.000Z'],
  ['datetime', '2026-12-31T24:00:00Z', '2026-12-31T24:00:00Z'],
  ['datetime', '2026-12-31T10:60:00Z', '2026-12-31T10:60:00Z'],
  ['datetime', '2026-12-31T10:30:60Z', '2026-12-31T10:30:60Z'],
  ['datetime', '2026-02-30T10:30:00Z', '2026-02-30T10:30:00Z'],
  ['datetime', '1798675200000', '2026-12-31T00:00:00.000Z'],
  ['datetime', '9999999999999999', '9999999999999999'],
  ['datetime', '253402300800000', '253402300800000'],
  ['boolean', 'TRUE', 'true'],
  ['boolean', 'Yes', 'true'],
  ['boolean', 'no', 'false'],
  ['boolean', 'False', 'false'],
  ['boolean', 'maybe', 'maybe'],
  ['choices', 'b; a;b;;', 'a;b'],
  ['choices', ';;', null],
];

describe('V: values in canonical form', () => {
  it.each(FORMS)('V1, V3: the %s %j has the form %j, and having it changes nothing', (kind, raw, form) => {
    expect(canonical(kind, raw)).toBe(form);
    expect(canonical(kind, form)).toBe(form);
    expect(equal(kind, raw, form)).toBe(true);
  });

  it.each(KINDS)('V2: never set, cleared and blank are one value for the kind %s', (kind) => {
    for (const nothing of [null, undefined, '', '   ', '\r\n', '\0']) {
      expect(canonical(kind, nothing)).toBeNull();
      expect(equal(kind, nothing, null)).toBe(true);
      expect(parse(kind, nothing ?? null)).toEqual({ ok: true, value: null });
    }
    expect(equal(kind, null, '1')).toBe(false);
    expect(equal(kind, '1', '')).toBe(false);
  });

  it('V3: a phone is its digits, with or without the plus', () => {
    expect(equal('phone', '+44 20 7946 0000', '442079460000')).toBe(true);
    expect(equal('phone', '442079460000', '+44 20 7946 0000')).toBe(true);
    expect(equal('phone', '+44 20 7946 0000', '+44 20 7946 0001')).toBe(false);
    expect(equal('text', '+44', '44')).toBe(false);
  });

  it.each([
    ['text', 'a', 'A'],
    ['number', '1', '-1'],
    ['choices', 'a;b', 'a'],
    ['url', 'https://a.de/x', 'https://a.de/X'],
    ['url', 'https://a.de/x/', 'https://a.de/x'],
    ['date', '2026-12-31', '2026-12-30'],
    ['longtext', 'a\nb', 'a b'],
  ] as const)('V3: what is more than formatting is a change: the %s %j is not %j', (kind, one, other) => {
    expect(equal(kind, one, other)).toBe(false);
  });

  const ACCEPTED: readonly [Kind, string, string][] = [
    ['text', 'x'.repeat(1_000), 'x'.repeat(1_000)],
    ['text', 'tab\tis text', 'tab\tis text'],
    ['longtext', 'two\nlines', 'two\nlines'],
    ['longtext', 'x'.repeat(65_536), 'x'.repeat(65_536)],
    ['email', 'Ann+x@Example.co.uk', 'ann+x@example.co.uk'],
    ['phone', '12-34', '1234'],
    ['phone', '+123456789012345', '+123456789012345'],
    ['url', 'https://example.com/a?b#c', 'https://example.com/a?b#c'],
    ['url', 'HTTP://example.com', 'http://example.com'],
    ['number', '-1.50', '-1.5'],
    ['currency', '1e3', '1000'],
    ['date', '2028-02-29', '2028-02-29'],
    ['datetime', '2026-12-31T10:30', '2026-12-31T10:30:00.000Z'],
    ['boolean', 'Yes', 'true'],
    ['boolean', 'no', 'false'],
    ['choice', 'gold', 'gold'],
    ['choices', 'b;a', 'a;b'],
    ['owner', '42', '42'],
  ];
  it.each(ACCEPTED)('V4: a person may enter the %s %j', (kind, input, value) => {
    expect(parse(kind, input)).toEqual({ ok: true, value });
  });

  const REFUSED: readonly [Kind, string, string][] = [
    ['text', 'x'.repeat(1_001), 'too-long'],
    ['email', `${'x'.repeat(1_000)}@a.de`, 'too-long'],
    ['longtext', 'x'.repeat(65_537), 'too-long'],
    ['text', 'two\nlines', 'control-characters'],
    ['text', 'bell\u0007', 'control-characters'],
    ['text', 'a\u000bb', 'control-characters'],
    ['text', 'a\u001fb', 'control-characters'],
    ['longtext', 'a\u007fb', 'control-characters'],
    ['longtext', 'a\rb', 'control-characters'],
    ['email', 'ann', 'not-an-email'],
    ['email', 'ann@example', 'not-an-email'],
    ['email', 'a b@example.com', 'not-an-email'],
    ['email', 'ann@example..com', 'not-an-email'],
    ['email', 'a@b@example.com', 'not-an-email'],
    ['email', 'ann@example.com, ben@example.com', 'not-an-email'],
    ['phone', '123', 'not-a-phone'],
    ['phone', '1234567890123456', 'not-a-phone'],
    ['phone', 'ask Tom', 'not-a-phone'],
    ['url', 'example.com', 'not-a-url'],
    ['url', 'ftp://example.com', 'not-a-url'],
    ['url', 'https://localhost', 'not-a-url'],
    ['url', 'https://example.com/a b', 'not-a-url'],
    ['url', 'javascript://example.com', 'not-a-url'],
    ['number', '1,5', 'not-a-number'],
    ['number', '1e400', 'not-a-number'],
    ['currency', 'ten', 'not-a-number'],
    ['date', '2026-02-30', 'not-a-date'],
    ['date', '31.12.2026', 'not-a-date'],
    ['date', 'x2026-12-31', 'not-a-date'],
    ['datetime', 'noon', 'not-a-time'],
    ['datetime', '2026-02-30T00:00:00Z', 'not-a-time'],
    ['boolean', 'maybe', 'not-yes-or-no'],
    ['owner', 'Ann', 'not-an-owner'],
    ['owner', '42a', 'not-an-owner'],
  ];
  it.each(REFUSED)('V4: a person may not enter the %s %j: %s', (kind, input, problem) => {
    expect(parse(kind, input)).toEqual({ ok: false, problem });
  });

  it.each(REFUSED)('V5: the same %s %j from the CRM is kept, compared and shown', (kind, raw) => {
    const value = canonical(kind, raw);
    expect(value).not.toBeNull();
    expect(canonical(kind, value)).toBe(value);
    expect(equal(kind, value, raw)).toBe(true);
    expect(show(kind, value)).not.toBe('—');
  });

  it('V3: the members of a set have no order, and no twice', () => {
    expect(members('a;b')).toEqual(['a', 'b']);
    expect(members(null)).toEqual([]);
    expect(fromMembers(['b', 'a', 'b', ' '])).toBe('a;b');
    expect(fromMembers([])).toBeNull();
  });

  it.each([
    ['boolean', 'true', 'Yes'],
    ['boolean', 'false', 'No'],
    ['choices', 'a;b', 'a, b'],
    ['datetime', '2026-12-31T10:30:15.250Z', '2026-12-31 10:30:15 UTC'],
    ['currency', '1234567.5', '1,234,567.50'],
    ['currency', '-1234', '-1,234'],
    ['currency', '999', '999'],
    ['number', '1234567', '1234567'],
    ['phone', '+442079460000', '+442079460000'],
    ['text', null, '—'],
  ] as const)('V5: the %s %j is shown as %j', (kind, value, shown) => {
    expect(show(kind, value)).toBe(shown);
  });
});
