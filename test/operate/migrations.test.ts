/** Two versions run at once while a new one is rolled out: what the version before uses must stay. */
import { readdir, readFile } from 'node:fs/promises';
import { expect, it } from 'vitest';

const DIR = new URL('../../backend/store/migrations/', import.meta.url);
/** Migrations before this one were shipped before the rule. */
const SINCE = 13;
const TAKES_AWAY =
  /\bdrop\s+(table|column|constraint|index|policy)\b|\brename\b|\balter\s+column\s+\w+\s+(type|set\s+not\s+null)\b/i;
const ADDS_REQUIRED = /\badd\s+column\s+\w+\s+[^`',]*\bnot\s+null\b(?![^`',]*\bdefault\b)/i;

function wrong(text: string): string | null {
  if (/two-step: unused since \S+/.test(text)) return null;
  if (TAKES_AWAY.test(text)) return 'takes something away';
  // Whoever knows nothing of the column inserts without it.
  return ADDS_REQUIRED.test(text) ? 'adds a column that must be given' : null;
}

it('a migration only adds, or says since when nothing uses what it takes away', async () => {
  const names = (await readdir(DIR)).filter((name) => Number(name.slice(0, 4)) >= SINCE);
  expect(names.length).toBeGreaterThan(0);
  for (const name of names) expect(wrong(await readFile(new URL(name, DIR), 'utf8')), name).toBeNull();
});

it.each([
  ['alter table edits drop column action', 'takes something away'],
  ['alter table edits rename column action to act', 'takes something away'],
  ['alter table edits alter column action set not null', 'takes something away'],
  ['alter table edits add column why text not null', 'adds a column that must be given'],
  ["alter table edits add column why text not null default ''", null],
  ['alter table edits add column why text', null],
  ['/** two-step: unused since 0.4 */ alter table edits drop column action', null],
])('reads %s as: %s', (statement, verdict) => expect(wrong(statement)).toBe(verdict));
