/** The table of docs/security.md cannot go stale: every test it names is there, by file and title. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const NAMED_MIN = 50;
const plain = (text: string): string => text.replace(/\s+/g, ' ').replaceAll('\\|', '|').trim();

describe('the table of what is defended', () => {
  it('names tests that are there', async () => {
    const text = await readFile(join(ROOT, 'docs/security.md'), 'utf8');
    const named = [...text.matchAll(/\| `(test\/[\w/.]+)`: ([^|]+?) +\|$/gm)].map(
      ([, file = '', title = '']) => ({ file, title: plain(title) }),
    );
    expect(named.length).toBeGreaterThan(NAMED_MIN);
    // Every mention is one of these: none is written in another way and so not looked at.
    expect([...text.matchAll(/`test\/[\w/.]+\.test\.tsx?`:/g)]).toHaveLength(named.length);
    const missing: string[] = [];
    for (const { file, title } of named) {
      const source = await readFile(join(ROOT, file), 'utf8').catch(() => '');
      if (!plain(source).includes(`'${title}'`)) missing.push(`${file}: ${title}`);
    }
    expect(missing).toEqual([]);
  });

  it('leaves no row without an item’s words and a test, or a dash', async () => {
    const text = await readFile(join(ROOT, 'docs/security.md'), 'utf8');
    const rows = text.split('\n').filter((line) => /^\| /.test(line) && !/^\| (item|-+) /.test(line));
    const odd = rows.filter((row) => {
      const [, , what, proof, ...more] = row.split('|').map((cell) => cell.trim());
      return what === undefined || more.length !== 1 || !/^(`test\/|–)/.test(proof ?? '');
    });
    expect(odd).toEqual([]);
  });
});
